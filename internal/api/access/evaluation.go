package access

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Evaluation answers one question.
func Evaluation() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "access-evaluation", Method: http.MethodPost, Path: "/access/v1/evaluation", Status: http.StatusOK, Open: true,
		Summary: "Tells whether somebody may do something, and if not, why (AuthZEN access evaluation).",
		Access:  endpoint.Service(domain.MayEvaluate),
		Needs:   []endpoint.Need{endpoint.ReadItems},
	}, func(in *evaluationRequest, want *domain.Want) { in.question.want(want) }, evaluate)
}

type evaluationRequest struct {
	Subject  *subject     `json:"subject" required:"true"`
	Action   *action      `json:"action" required:"true"`
	Resource *resource    `json:"resource" required:"true"`
	Context  surroundings `json:"context,omitempty" description:"Accepted, and counts for nothing."`

	question question
}

func (in *evaluationRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.question = read(p, in.Subject, in.Action, in.Resource, "", faults)
}

// read checks the entities of an evaluation and makes a question of them.
func read(p *domain.Profile, s *subject, a *action, r *resource, pointer string, faults *domain.Faults) (q question) {
	before := len(*faults)
	s.check(pointer+"/subject", faults)
	a.check(pointer+"/action", faults)
	r.check(pointer+"/resource", faults)
	if len(*faults) == before {
		q = ask(p, *s, *a, *r)
	}
	return q
}

func evaluate(_ context.Context, call *endpoint.Call, in *evaluationRequest) (decision, error) {
	return answer(call, in.question, &call.Scene.Grounds), nil
}

// answer answers a question by the next of the grounds, if it stands on some.
func answer(call *endpoint.Call, q question, grounds *[]*domain.Grounds) decision {
	var g *domain.Grounds
	if q.denied == "" {
		g, *grounds = (*grounds)[0], (*grounds)[1:]
	}
	if why := q.refused(call.Scene.Service, call.Profile); why != nil {
		return decision{Context: why}
	}
	g.Profile = call.Profile
	v := q.verdict(g, call.Now())
	if v == domain.Allowed {
		return decision{Decision: true}
	}
	return decision{Context: denial(v, g, call.Now())}
}

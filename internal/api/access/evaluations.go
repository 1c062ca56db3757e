package access

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Evaluations answers several questions.
func Evaluations() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "access-evaluations", Method: http.MethodPost, Path: "/access/v1/evaluations", Status: http.StatusOK, Open: true,
		Summary: "Answers up to 100 questions at once (AuthZEN access evaluations); without any, the one that the defaults make.",
		Access:  endpoint.Service(domain.MayEvaluate),
		Needs:   []endpoint.Need{endpoint.ReadItems},
	}, func(in *evaluationsRequest, want *domain.Want) { in.want(want) }, evaluateAll)
}

// maxEvaluations bounds what is asked at once.
const maxEvaluations = 100

// Semantics say when the answering ends.
const (
	executeAll          = "execute_all"
	denyOnFirstDeny     = "deny_on_first_deny"
	permitOnFirstPermit = "permit_on_first_permit"
)

type evaluationsRequest struct {
	Subject     *subject     `json:"subject,omitempty" description:"Of the evaluations that have none."`
	Action      *action      `json:"action,omitempty" description:"Of the evaluations that have none."`
	Resource    *resource    `json:"resource,omitempty" description:"Of the evaluations that have none."`
	Context     surroundings `json:"context,omitempty" description:"Accepted, and counts for nothing."`
	Evaluations []evaluation `json:"evaluations,omitempty" maxItems:"100"`
	Options     *options     `json:"options,omitempty"`

	questions []item
}

type evaluation struct {
	Subject  *subject     `json:"subject,omitempty"`
	Action   *action      `json:"action,omitempty"`
	Resource *resource    `json:"resource,omitempty"`
	Context  surroundings `json:"context,omitempty" description:"Accepted, and counts for nothing."`
}

type options struct {
	Semantic string `json:"evaluations_semantic,omitzero" enum:"execute_all,deny_on_first_deny,permit_on_first_permit" description:"Whether all are answered, which is the default, or none after the first denial or permission."`
}

// item is one evaluation, or what is wrong with it.
type item struct {
	question
	failure *failure
}

func (in *evaluationsRequest) Read(p *domain.Profile, faults *domain.Faults) {
	switch in.semantic() {
	case executeAll, denyOnFirstDeny, permitOnFirstPermit:
	default:
		faults.Add("/options/evaluations_semantic", "value-unknown", "Use execute_all, deny_on_first_deny or permit_on_first_permit.")
	}
	if len(in.Evaluations) > maxEvaluations {
		faults.Add("/evaluations", "value-invalid", "Ask at most 100 questions at once.")
		return
	}
	if len(in.Evaluations) == 0 {
		in.questions = []item{{question: read(p, in.Subject, in.Action, in.Resource, "", faults)}}
		return
	}
	for i, e := range in.Evaluations {
		var wrong domain.Faults
		q := read(p, cmp.Or(e.Subject, in.Subject), cmp.Or(e.Action, in.Action), cmp.Or(e.Resource, in.Resource), "/evaluations/"+strconv.Itoa(i), &wrong)
		one := item{question: q}
		if len(wrong) > 0 {
			one.failure = &failure{Status: http.StatusBadRequest, Message: wrong[0].Pointer + ": " + wrong[0].Detail}
		}
		in.questions = append(in.questions, one)
	}
}

func (in *evaluationsRequest) semantic() string {
	if in.Options == nil {
		return executeAll
	}
	return cmp.Or(in.Options.Semantic, executeAll)
}

func (in *evaluationsRequest) want(want *domain.Want) {
	for _, q := range in.questions {
		if q.failure == nil {
			q.want(want)
		}
	}
}

// evaluationsResponse has a decision when only one was asked for.
type evaluationsResponse struct {
	Decision    *bool      `json:"decision,omitempty" description:"Of a request without evaluations."`
	Context     *because   `json:"context,omitempty" description:"Of a request without evaluations: why not."`
	Evaluations []decision `json:"evaluations,omitempty" description:"In the order of the request's."`
}

func evaluateAll(_ context.Context, call *endpoint.Call, in *evaluationsRequest) (out evaluationsResponse, err error) {
	grounds := call.Scene.Grounds
	if len(in.Evaluations) == 0 {
		d := answer(call, in.questions[0].question, &grounds)
		return evaluationsResponse{Decision: &d.Decision, Context: d.Context}, nil
	}
	for _, q := range in.questions {
		d := decision{Context: &because{Error: q.failure}}
		if q.failure == nil {
			d = answer(call, q.question, &grounds)
		}
		out.Evaluations = append(out.Evaluations, d)
		if d.Decision && in.semantic() == permitOnFirstPermit || !d.Decision && in.semantic() == denyOnFirstDeny {
			break
		}
	}
	return out, nil
}

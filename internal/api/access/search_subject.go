package access

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// SearchSubject finds who may do something.
func SearchSubject() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "access-search-subject", Method: http.MethodPost, Path: "/access/v1/search/subject", Status: http.StatusOK, Open: true,
		Summary: "Finds who may do something on a resource: users of its organization, then those of the organizations with its mandates (AuthZEN subject search).",
		Access:  endpoint.Service(domain.MaySearch),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.QueryNames},
	}, func(in *searchSubjectRequest, want *domain.Want) {
		endpoint.WantPaging(want)
		in.question.want(want)
	}, searchSubject)
}

type searchSubjectRequest struct {
	Subject  *sought      `json:"subject" required:"true"`
	Action   *action      `json:"action" required:"true"`
	Resource *resource    `json:"resource" required:"true"`
	Context  surroundings `json:"context,omitempty" description:"Accepted, and counts for nothing."`
	Page     *page        `json:"page,omitempty"`

	question question
}

func (in *searchSubjectRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.Subject.check("/subject", faults)
	in.Action.check("/action", faults)
	in.Resource.check("/resource", faults)
	in.Page.check(faults)
	if len(*faults) == 0 {
		in.question = ask(p, subject{Type: in.Subject.Type, Properties: in.Subject.Properties}, *in.Action, *in.Resource)
	}
}

type searchSubjectResponse struct {
	Page    nextPage       `json:"page"`
	Context *because       `json:"context,omitempty" description:"Why there is nothing to find."`
	Results []foundSubject `json:"results"`
}

type foundSubject struct {
	Type       string     `json:"type" enum:"user"`
	ID         string     `json:"id" example:"usr_01k9a2b3c4d5e6f7g8h9jkmnpq"`
	Properties properties `json:"properties"`
}

// maxOthers bounds into how many organizations one request looks.
const maxOthers = 8

func searchSubject(ctx context.Context, call *endpoint.Call, in *searchSubjectRequest) (out searchSubjectResponse, err error) {
	out.Results = []foundSubject{}
	at, err := in.Page.resume(call, in.Subject, in.Action, in.Resource, in.Context)
	if err != nil {
		return out, err
	}
	if out.Context = in.question.refused(call.Scene.Service, call.Profile); out.Context != nil {
		return out, nil
	}
	if !in.question.fits(call.Scene.Grounds[0]) {
		out.Context = &because{Reason: string(domain.UnknownPlaces)}
		return out, nil
	}
	looked, room := 0, at.Limit
	for !at.Done && looked < maxOthers && room > 0 {
		g, behind, err := in.source(ctx, call, at)
		if err != nil {
			return out, err
		}
		looked++
		if g == nil {
			at = behind
			continue
		}
		users, err := call.Store.Users(ctx, g.Member.Organization.ID, domain.PageRequest{Limit: room, After: at.After})
		if err != nil {
			return out, err
		}
		room -= len(users.Items)
		if at.After = users.Next; at.After == "" {
			at = behind
		}
		for _, m := range users.Items {
			g.Member.Membership = m
			v := in.question.verdict(g, call.Now())
			if v == domain.Allowed {
				out.Results = append(out.Results, foundSubject{Type: user, ID: string(m.Person), Properties: properties{Organization: string(m.Organization)}})
			}
			if v == domain.NoMandate || v == domain.AboveMandate { // for none of them
				at = behind
				break
			}
		}
	}
	out.Page, err = at.next(call, len(out.Results))
	return out, err
}

// source is the organization whose users are next, with the position behind
// them; nil if there is none.
func (in *searchSubjectRequest) source(ctx context.Context, call *endpoint.Call, at position) (g *domain.Grounds, behind position, err error) {
	behind = at
	behind.After = ""
	grounds := call.Scene.Grounds
	if !at.Beyond {
		behind.Beyond = true
		behind.Done = in.Subject.Properties.organization() != "" // only those are sought
	} else {
		q := in.question.about
		given, err := call.Store.Given(ctx, q.Where, domain.PageRequest{Limit: 1, After: at.Others})
		if err != nil {
			return nil, at, err
		}
		behind.Others, behind.Done = given.Next, given.Next == ""
		if len(given.Items) == 0 {
			return nil, behind, nil
		}
		q.From = given.Items[0].Agent
		scene, err := call.Store.Load(ctx, domain.Want{Questions: []domain.Question{q}})
		if err != nil {
			return nil, at, err
		}
		grounds = scene.Grounds
	}
	if grounds[0].Member.Organization == nil {
		return nil, behind, nil
	}
	grounds[0].Profile = call.Profile
	return grounds[0], behind, nil
}

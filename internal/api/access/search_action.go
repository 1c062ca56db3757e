package access

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// SearchAction finds what somebody may do.
func SearchAction() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "access-search-action", Method: http.MethodPost, Path: "/access/v1/search/action", Status: http.StatusOK, Open: true,
		Summary: "Finds all that somebody may do on a resource (AuthZEN action search).",
		Access:  endpoint.Service(domain.MaySearch),
		Needs:   []endpoint.Need{endpoint.ReadItems},
	}, func(in *searchActionRequest, want *domain.Want) {
		endpoint.WantPaging(want)
		in.question.want(want)
	}, searchAction)
}

type searchActionRequest struct {
	Subject  *subject     `json:"subject" required:"true"`
	Resource *resource    `json:"resource" required:"true"`
	Context  surroundings `json:"context,omitempty" description:"Accepted, and counts for nothing."`
	Page     *page        `json:"page,omitempty"`

	question question
}

func (in *searchActionRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.Subject.check("/subject", faults)
	in.Resource.check("/resource", faults)
	in.Page.check(faults)
	if len(*faults) == 0 {
		in.question = ask(p, *in.Subject, action{}, *in.Resource)
	}
}

type searchActionResponse struct {
	Page    nextPage `json:"page"`
	Context *because `json:"context,omitempty" description:"Why there is nothing to find."`
	Results []action `json:"results"`
}

func searchAction(_ context.Context, call *endpoint.Call, in *searchActionRequest) (out searchActionResponse, err error) {
	out.Results = []action{}
	at, err := in.Page.resume(call, in.Subject, in.Resource, in.Context)
	if err != nil {
		return out, err
	}
	if in.question.denied != "" {
		out.Context = &because{Reason: in.question.denied}
		return out, nil
	}
	g := call.Scene.Grounds[0]
	if !in.question.fits(g) {
		out.Context = &because{Reason: string(domain.UnknownPlaces)}
		return out, nil
	}
	g.Profile = call.Profile
	rights := slices.DeleteFunc(g.Rights(call.Now()), func(r domain.RightKey) bool { return !call.Scene.Service.MayAsk(r) })
	from, _ := strconv.Atoi(at.After) // of the first page nothing
	from = min(from, len(rights))
	to := min(from+at.Limit, len(rights))
	for _, r := range rights[from:to] {
		out.Results = append(out.Results, action{Name: string(r)})
	}
	at.After, at.Done = strconv.Itoa(to), to == len(rights)
	out.Page, err = at.next(call, len(out.Results))
	return out, err
}

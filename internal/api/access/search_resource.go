package access

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// SearchResource finds on what somebody may do something.
func SearchResource() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "access-search-resource", Method: http.MethodPost, Path: "/access/v1/search/resource", Status: http.StatusOK, Open: true,
		Summary: "Finds the resources of a type in an organization on which somebody may do something; of the type organization: the subject's own and those that gave it mandates (AuthZEN resource search).",
		Access:  endpoint.Service(domain.MaySearch),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryNames},
	}, func(in *searchResourceRequest, want *domain.Want) {
		endpoint.WantPaging(want)
		in.question.want(want)
	}, searchResource)
}

type searchResourceRequest struct {
	Subject  *subject     `json:"subject" required:"true"`
	Action   *action      `json:"action" required:"true"`
	Resource *sought      `json:"resource" required:"true"`
	Context  surroundings `json:"context,omitempty" description:"Accepted, and counts for nothing."`
	Page     *page        `json:"page,omitempty"`

	question question // about the organization to look into, or to act from
}

func (in *searchResourceRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.Subject.check("/subject", faults)
	in.Action.check("/action", faults)
	in.Resource.check("/resource", faults)
	in.Page.check(faults)
	if len(*faults) > 0 {
		return
	}
	r := resource{Type: in.Resource.Type, Properties: in.Resource.Properties}
	if r.Type == organization {
		r.Properties = in.Subject.Properties
	}
	in.question = ask(p, *in.Subject, *in.Action, r)
}

type searchResourceResponse struct {
	Page    nextPage        `json:"page"`
	Context *because        `json:"context,omitempty" description:"Why there is nothing to find."`
	Results []foundResource `json:"results"`
}

type foundResource struct {
	Type       string     `json:"type" example:"worksite"`
	ID         string     `json:"id" example:"res_01k9a2b3c4d5e6f7g8h9jkmnpq"`
	Properties properties `json:"properties,omitzero" description:"Of an organization none."`
}

func searchResource(ctx context.Context, call *endpoint.Call, in *searchResourceRequest) (out searchResourceResponse, err error) {
	out.Results = []foundResource{}
	at, err := in.Page.resume(call, in.Subject, in.Action, in.Resource, in.Context)
	if err != nil {
		return out, err
	}
	if out.Context = in.question.refused(call.Scene.Service, call.Profile); out.Context != nil {
		return out, nil
	}
	find := in.inside
	if in.question.on == domain.InOrganization {
		find = in.organizations
	}
	if at.Limit > 0 {
		if at, err = find(ctx, call, at, &out); err != nil {
			return out, err
		}
	}
	out.Page, err = at.next(call, len(out.Results))
	return out, err
}

// inside looks at resources in the organization, and returns where it has come to.
func (in *searchResourceRequest) inside(ctx context.Context, call *endpoint.Call, at position, out *searchResourceResponse) (position, error) {
	g := call.Scene.Grounds[0]
	g.Profile = call.Profile
	if g.Where == nil {
		out.Context, at.Done = &because{Reason: string(domain.UnknownPlaces)}, true
		return at, nil
	}
	found, err := call.Store.Resources(ctx, g.Where.ID, in.question.on, domain.PageRequest{Limit: at.Limit, After: at.After})
	if err != nil {
		return at, err
	}
	at.After, at.Done = found.Next, found.Next == ""
	for _, r := range found.Items {
		g.Resource = r
		switch v := in.question.verdict(g, call.Now()); v {
		case domain.Allowed:
			out.Results = append(out.Results, foundResource{Type: string(r.Type), ID: string(r.ID), Properties: properties{Organization: string(r.Organization)}})
		case domain.NotAssigned, domain.NoFeature, domain.WithoutOther:
		default: // the same for all of them
			out.Context, at.Done = denial(v, g, call.Now()), true
			return at, nil
		}
	}
	return at, nil
}

// maxClients bounds how many other organizations one request looks at.
const maxClients = 100

// organizations looks at the one that the subject acts from and then at those
// that gave it mandates, and returns where it has come to.
func (in *searchResourceRequest) organizations(ctx context.Context, call *endpoint.Call, at position, out *searchResourceResponse) (position, error) {
	var grounds []*domain.Grounds
	room := at.Limit
	if !at.Beyond {
		grounds, at.Beyond = call.Scene.Grounds, true
		room--
	}
	if room > 0 {
		q := in.question.about
		received, err := call.Store.Received(ctx, q.From, domain.PageRequest{Limit: min(room, maxClients), After: at.After})
		if err != nil {
			return at, err
		}
		at.After, at.Done = received.Next, received.Next == ""
		var want domain.Want
		for _, m := range received.Items {
			q.Where = m.Principal
			want.Questions = append(want.Questions, q)
		}
		clients, err := call.Store.Load(ctx, want)
		if err != nil {
			return at, err
		}
		grounds = append(grounds, clients.Grounds...)
	}
	for _, g := range grounds {
		g.Profile = call.Profile
		switch v := in.question.verdict(g, call.Now()); v {
		case domain.Allowed:
			out.Results = append(out.Results, foundResource{Type: organization, ID: string(g.Where.ID)})
		case domain.NoMembership, domain.NotValid: // the same for all of them
			out.Context, at.Done = denial(v, g, call.Now()), true
			return at, nil
		}
	}
	return at, nil
}

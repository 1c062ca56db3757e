package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List lists an organization's users.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-list", Method: http.MethodGet, Path: "/v1/organizations/{org}/users", Status: http.StatusOK,
		Summary: "Lists the users, by family and given name unless sorted otherwise. A page by name can have fewer than were asked for, and not be the last. A change may take a moment to show there.",
		Access:  endpoint.Right(domain.RightSeeUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryNames, endpoint.QueryTable},
	}, func(in *listRequest, want *domain.Want) {
		endpoint.WantPaging(want)
		in.want(want)
	}, list)
}

type listRequest struct {
	Org domain.OrganizationID `path:"org" json:"-"`
	filters
	Count string `query:"count" json:"-" enum:"true" description:"true: how many there are in all is told. It reads the whole list."`
	endpoint.Paging
}

func (in *listRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.read(p, faults)
	if in.Count != "" && in.Count != "true" {
		faults.Add("?count", "value-unknown", "Use true, or leave it out.")
	}
}

type listResponse struct {
	Items []user `json:"items"`
	Next  string `json:"next" description:"The cursor of the next page; empty: there is none."`
	Count *int   `json:"count,omitempty" description:"Of all pages; where it was asked for, or the order has asked for the whole list."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	f, err := in.finder(ctx, call)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: []user{}}
	if !in.whole() && in.Count == "" {
		page, err := f.Page(ctx, req)
		if err != nil {
			return listResponse{}, err
		}
		out.show(call, page.Items)
		out.Next, err = call.Next(page.Next)
		return out, err
	}
	all, err := in.sorted(ctx, call, f)
	if err != nil {
		return listResponse{}, err
	}
	count := len(all)
	out.Count = &count
	rest := in.after(all, req.After)
	page := rest[:min(req.Limit, len(rest))]
	for _, m := range page {
		out.show(call, []*domain.Membership{m.Membership})
	}
	if len(page) < len(rest) {
		out.Next, err = call.Next(page[len(page)-1].place)
	}
	return out, err
}

func (r *listResponse) show(call *endpoint.Call, users []*domain.Membership) {
	zone := call.Scene.Organization.Zone()
	for _, m := range users {
		u := userOf(m, call.Profile, call.Now(), zone)
		u.JobTitles = nil // of which somebody can have thousands
		r.Items = append(r.Items, u)
	}
}

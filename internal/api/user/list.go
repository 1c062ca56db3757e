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
		Summary: "Lists the users by family and given name, or those who were removed and can be restored. A change may take a moment to show.",
		Access:  endpoint.Right(domain.RightSeeUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryNames},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct {
	Org    domain.OrganizationID `path:"org" json:"-"`
	Status domain.Status         `query:"status" json:"-" enum:"inactive" description:"inactive: those who were removed and can be restored, and nobody else."`
	endpoint.Paging
}

func (in *listRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	if in.Status != "" && in.Status != domain.StatusInactive {
		faults.Add("?status", "value-unknown", "Use inactive, or leave it out.")
	}
}

type listResponse struct {
	Items []user `json:"items"`
	Next  string `json:"next" description:"The cursor of the next page; empty: there is none."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	users := call.Store.Users
	if in.Status == domain.StatusInactive {
		users = call.Store.Removed
	}
	page, err := users(ctx, in.Org, req)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: make([]user, len(page.Items))}
	zone := call.Scene.Organization.Zone()
	for i, m := range page.Items {
		out.Items[i] = userOf(m, call.Profile, call.Now(), zone)
	}
	out.Next, err = call.Next(page.Next)
	return out, err
}

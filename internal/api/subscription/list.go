package subscription

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List lists an organization's subscriptions.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "subscription-list", Method: http.MethodGet, Path: "/v1/organizations/{org}/subscriptions", Status: http.StatusOK,
		Summary: "Lists what is known of the organization's subscriptions, in no order that means anything.",
		Access:  endpoint.Right(domain.RightSeeUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct {
	Org domain.OrganizationID `path:"org" json:"-"`
	endpoint.Paging
}

type listResponse struct {
	Items []subscription `json:"items"`
	Next  string         `json:"next" description:"The cursor of the next page; empty: there is none."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	page, err := call.Store.Subscriptions(ctx, in.Org, req)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: make([]subscription, len(page.Items))}
	for i, s := range page.Items {
		out.Items[i] = subscriptionOf(s)
	}
	out.Next, err = call.Next(page.Next)
	return out, err
}

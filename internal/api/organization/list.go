package organization

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List lists organizations.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "organization-list", Method: http.MethodGet, Path: "/v1/organizations", Status: http.StatusOK,
		Summary: "Lists all organizations by name, to the operator; to everybody else those where they are a user.",
		Access:  endpoint.Signed("everybody may see where they are a user"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryNames},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct{ endpoint.Paging }

type listResponse struct {
	Items []organization `json:"items"`
	Next  string         `json:"next" description:"The cursor of the next page; empty: there is none."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: []organization{}}
	if call.Caller().Operates(call.Profile, call.Now()) {
		page, err := call.Store.Organizations(ctx, req)
		if err != nil {
			return listResponse{}, err
		}
		for _, o := range page.Items {
			out.Items = append(out.Items, organizationOf(o))
		}
		out.Next, err = call.Next(page.Next)
		return out, err
	}
	places, err := call.Caller().Places(ctx, call.Store)
	if err != nil {
		return listResponse{}, err
	}
	for _, p := range places {
		if p.Lets(call.Profile, call.Now()) {
			out.Items = append(out.Items, organizationOf(p.Organization))
		}
	}
	return out, nil
}

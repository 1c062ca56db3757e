package service

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List lists the service clients.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "service-list", Method: http.MethodGet, Path: "/v1/services", Status: http.StatusOK,
		Summary: "Lists the service clients, the oldest first, revoked ones included.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct{ endpoint.Paging }

type listResponse struct {
	Items []service `json:"items"`
	Next  string    `json:"next" description:"The cursor of the next page; empty: there is none."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	page, err := call.Store.Services(ctx, req)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: make([]service, len(page.Items))}
	for i, s := range page.Items {
		out.Items[i] = serviceOf(s)
	}
	out.Next, err = call.Next(page.Next)
	return out, err
}

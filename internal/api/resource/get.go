package resource

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Get shows a resource.
func Get() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "resource-get", Method: http.MethodGet, Path: "/v1/organizations/{org}/resources/{resource}", Status: http.StatusOK,
		Summary: "Shows a resource.",
		// As in the list: Caller.Sees decides.
		Access: endpoint.Signed("whoever may do anything on a resource may know of it, and to others it is not there"),
		Needs:  []endpoint.Need{endpoint.ReadItems},
	}, nil, get)
}

func get(_ context.Context, call *endpoint.Call, _ *oneRequest) (resource, error) {
	if call.Resource == nil || !call.Caller().Sees(call.Profile, call.Resource, call.Now()) {
		return resource{}, domain.ErrNotFound
	}
	return shown(call, call.Resource), nil
}

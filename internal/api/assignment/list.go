package assignment

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List shows what a user was given.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "assignment-list", Method: http.MethodGet, Path: "/v1/organizations/{org}/users/{user}/assignments", Status: http.StatusOK,
		Summary: "Shows a user's assignments: all of them, also those of a removed user that would come back.",
		Access:  endpoint.RightOrSelf(domain.RightSeeUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems},
	}, nil, list)
}

func list(_ context.Context, call *endpoint.Call, _ *oneRequest) (assignments, error) {
	if call.Scene.Membership == nil {
		return assignments{}, domain.ErrNotFound
	}
	return shown(call, call.Scene.Membership), nil
}

package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Get shows a user.
func Get() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-get", Method: http.MethodGet, Path: "/v1/organizations/{org}/users/{user}", Status: http.StatusOK,
		Summary: "Shows a user.",
		Access:  endpoint.Right(domain.RightSeeUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems},
	}, nil, get)
}

func get(_ context.Context, call *endpoint.Call, _ *oneRequest) (user, error) {
	if call.Scene.Membership == nil {
		return user{}, domain.ErrNotFound
	}
	return shown(call, call.Scene.Membership), nil
}

package me

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Get shows the caller.
func Get() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "me-get", Method: http.MethodGet, Path: "/v1/me", Status: http.StatusOK,
		Summary: "Shows the caller and where they are a user.",
		Access:  endpoint.Signed("everybody may see themselves"),
		Needs:   []endpoint.Need{endpoint.ReadItems},
	}, nil, get)
}

type getRequest struct{}

func get(ctx context.Context, call *endpoint.Call, _ *getRequest) (response, error) {
	places, err := call.Caller().Places(ctx, call.Store)
	if err != nil {
		return response{}, err
	}
	return responseOf(call, call.Caller().Person, places), nil
}

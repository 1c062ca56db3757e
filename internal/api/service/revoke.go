package service

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Revoke ends a service client.
func Revoke() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "service-revoke", Method: http.MethodDelete, Path: "/v1/services/{service}", Status: http.StatusNoContent,
		Summary: "Ends a service client at once.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
	}, func(in *revokeRequest, want *domain.Want) {
		if in.Service.Valid() {
			want.Service = in.Service
		}
	}, revoke)
}

type revokeRequest struct {
	Service domain.ServiceID `path:"service" json:"-"`
}

func revoke(_ context.Context, call *endpoint.Call, _ *revokeRequest) (endpoint.None, error) {
	return endpoint.None{}, domain.RevokeService(call.Change, call.Scene)
}

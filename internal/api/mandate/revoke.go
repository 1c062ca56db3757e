package mandate

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Revoke ends a mandate.
func Revoke() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "mandate-revoke", Method: http.MethodDelete, Path: "/v1/organizations/{org}/mandates/{mandate}", Status: http.StatusNoContent,
		Summary: "Ends a mandate that the organization has given, with effect on the agent's next request. It stays in the list.",
		Access:  endpoint.Right(domain.RightEditMandates),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrMandateOver},
	}, nil, revoke)
}

func revoke(ctx context.Context, call *endpoint.Call, in *oneRequest) (endpoint.None, error) {
	all, m, err := find(ctx, call, in.Org, in.Mandate)
	if err != nil {
		return endpoint.None{}, err
	}
	return endpoint.None{}, domain.RevokeMandate(call.Change, call.Scene, all, m)
}

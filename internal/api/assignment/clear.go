package assignment

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Clear takes everything from a user.
func Clear() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "assignment-clear", Method: http.MethodDelete, Path: "/v1/organizations/{org}/users/{user}/assignments", Status: http.StatusNoContent,
		Summary: "Takes all assignments and all roles from a user. A removed one then comes back with nothing.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrNothingGiven, domain.ErrSelf, domain.ErrLastAdmin, domain.ErrRoleNotYours, domain.ErrRightNotYours},
	}, func(_ *oneRequest, want *domain.Want) { want.Administrators = true }, clearAll)
}

func clearAll(ctx context.Context, call *endpoint.Call, _ *oneRequest) (endpoint.None, error) {
	return endpoint.None{}, domain.ClearAccess(ctx, call.Store, call.Change, call.Scene, call.Profile)
}

package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Remove takes a user out of the organization.
func Remove() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-remove", Method: http.MethodDelete, Path: "/v1/organizations/{org}/users/{user}", Status: http.StatusNoContent,
		Summary: "Removes a user. As the profile says they become inactive and can be restored, or, if they are a user nowhere else, are erased.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems, endpoint.DeleteItems},
		Errors:  []*domain.Error{domain.ErrSelf, domain.ErrLastAdmin, domain.ErrRoleNotYours, domain.ErrRightNotYours, domain.ErrInactive},
	}, func(_ *oneRequest, want *domain.Want) { want.ForRemoval() }, remove)
}

func remove(ctx context.Context, call *endpoint.Call, _ *oneRequest) (endpoint.None, error) {
	return endpoint.None{}, domain.RemoveUser(ctx, call.Store, call.Change, call.Scene, call.Profile)
}

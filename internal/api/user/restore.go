package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Restore brings a removed user back.
func Restore() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-restore", Method: http.MethodPost, Path: "/v1/organizations/{org}/users/{user}/restore", Status: http.StatusOK,
		Summary: "Brings a removed user back with what they held at removal, but for what the caller may not give today. The user is mailed a link to begin anew with.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrNotInactive, domain.ErrTooMuch, domain.ErrThrottled},
	}, func(_ *oneRequest, want *domain.Want) { want.Administrators = true }, restore)
}

type restoreResponse struct {
	user
	Dropped dropped `json:"dropped"`
}

// dropped in JSON: what did not come back.
type dropped struct {
	Roles       []domain.RoleKey  `json:"roles" example:"[]"`
	Assignments []body.Assignment `json:"assignments" example:"[]"`
}

func restore(ctx context.Context, call *endpoint.Call, _ *oneRequest) (restoreResponse, error) {
	m, lost, err := domain.RestoreUser(ctx, call.Store, call.Change, call.Scene, call.Profile)
	if err != nil {
		return restoreResponse{}, err
	}
	return restoreResponse{user: shown(call, m), Dropped: dropped{lost.Roles, body.AssignmentsOf(lost.Assignments)}}, nil
}

package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// ResetPassword mails a link to a new password.
func ResetPassword() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-reset-password", Method: http.MethodPost, Path: "/v1/organizations/{org}/users/{user}/password-reset", Status: http.StatusAccepted,
		Summary: "Mails an own user a link to a new password. Nobody else ever sees it.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrPartnerCard, domain.ErrNotActivated, domain.ErrInactive, domain.ErrNoSignIn, domain.ErrRoleNotYours, domain.ErrRightNotYours, domain.ErrUnreachable, domain.ErrThrottled},
	}, nil, resetPassword)
}

func resetPassword(ctx context.Context, call *endpoint.Call, _ *oneRequest) (body.Empty, error) {
	return body.Empty{}, domain.ResetByAdministrator(ctx, call.Store, call.Change, call.Scene, call.Profile)
}

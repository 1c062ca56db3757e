package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// ResendActivation mails a new activation link.
func ResendActivation() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-resend-activation", Method: http.MethodPost, Path: "/v1/organizations/{org}/users/{user}/activation", Status: http.StatusAccepted,
		Summary: "Mails a user who has not activated the account a new link. The older one is dead.",
		Access:  endpoint.Right(domain.RightSendActivation),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrActivated, domain.ErrNoSignIn, domain.ErrInactive, domain.ErrUnreachable, domain.ErrThrottled},
	}, nil, resendActivation)
}

func resendActivation(ctx context.Context, call *endpoint.Call, _ *oneRequest) (body.Empty, error) {
	return body.Empty{}, domain.ResendActivation(ctx, call.Store, call.Change, call.Scene, call.Profile)
}

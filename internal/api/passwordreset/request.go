package passwordreset

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Request asks for a link to a new password.
func Request() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "password-reset-request", Method: http.MethodPost, Path: "/v1/password-resets", Status: http.StatusAccepted,
		Summary: "Mails a link to a new password, if anyone has the address. The answer is the same for every address.",
		Access:  endpoint.Public("who has forgotten the password cannot sign in"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems},
		Errors:  []*domain.Error{domain.ErrThrottled},
	}, nil, request)
}

type requestRequest struct {
	Email string `json:"email" required:"true" format:"email" maxLength:"254" example:"aino.virtanen@example.com"`

	email domain.Email
}

func (in *requestRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	in.email = body.Email(in.Email, "/email", faults)
}

func request(ctx context.Context, call *endpoint.Call, in *requestRequest) (body.Empty, error) {
	return body.Empty{}, domain.RequestPasswordReset(ctx, call.Store, call.Change, in.email, call.Source)
}

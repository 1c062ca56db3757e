package passwordreset

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Check says whose password a link resets.
func Check() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "password-reset-check", Method: http.MethodPost, Path: "/v1/password-resets/check", Status: http.StatusOK,
		Summary: "Says whose password a link resets. The link stays good.",
		Access:  endpoint.Public("the link is the proof"),
		Needs:   []endpoint.Need{endpoint.ReadItems},
		Errors:  []*domain.Error{domain.ErrLink},
	}, func(in *checkRequest, w *domain.Want) { want(in.Token, w) }, check)
}

type checkRequest struct {
	Token string `json:"token" required:"true" minLength:"1" description:"From the link in the mail."`
}

type checkResponse struct {
	Email     string    `json:"email" description:"Masked." example:"ai***@example.com"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func check(ctx context.Context, call *endpoint.Call, in *checkRequest) (checkResponse, error) {
	t, _ := token(in.Token)
	p, err := domain.CheckReset(ctx, call.Store, call.Change, call.Scene, t, call.Profile)
	if err != nil {
		return checkResponse{}, err
	}
	return checkResponse{Email: p.Email.Masked(), ExpiresAt: call.Scene.Link.ExpiresAt}, nil
}

package emailundo

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Check says which address a link leads back to.
func Check() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "email-undo-check", Method: http.MethodPost, Path: "/v1/email-undos/check", Status: http.StatusOK,
		Summary: "Says which address a link leads back to. The link stays good.",
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

func check(_ context.Context, call *endpoint.Call, in *checkRequest) (checkResponse, error) {
	t, _ := token(in.Token)
	link, err := domain.CheckEmailUndo(call.Change, call.Scene, t)
	if err != nil {
		return checkResponse{}, err
	}
	return checkResponse{Email: link.Email.Masked(), ExpiresAt: link.ExpiresAt}, nil
}

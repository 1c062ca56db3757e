package emailchange

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Complete confirms the new address.
func Complete() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "email-change-complete", Method: http.MethodPost, Path: "/v1/email-changes", Status: http.StatusOK,
		Summary: "Consumes the link that was mailed to a new address: the caller has it from now on, and all their other sessions end.",
		Access:  endpoint.Signed("the link is the proof, and opens to nobody but who asked for it"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.DeleteItems},
		Errors:  []*domain.Error{domain.ErrLink},
	}, func(in *completeRequest, w *domain.Want) {
		if t, ok := token(in.Token); ok {
			w.ForEmailConfirmation(t)
		}
	}, complete)
}

type completeRequest struct {
	Token string `json:"token" required:"true" minLength:"1" description:"From the link in the mail."`
}

type completeResponse struct {
	Email domain.Email `json:"email" format:"email" example:"aino.virtanen@example.com"`
}

func complete(ctx context.Context, call *endpoint.Call, in *completeRequest) (completeResponse, error) {
	t, _ := token(in.Token)
	p, err := domain.ChangeEmail(ctx, call.Store, call.Change, call.Scene, t)
	if err != nil {
		return completeResponse{}, err
	}
	return completeResponse{Email: p.Email}, nil
}

package emailundo

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Complete undoes the change.
func Complete() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "email-undo-complete", Method: http.MethodPost, Path: "/v1/email-undos", Status: http.StatusOK,
		Summary: "Consumes the link that was mailed to the address before: puts that address back, sets a new password and ends all sessions.",
		Access:  endpoint.Public("the link is the proof"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.DeleteItems},
		Hashes:  true,
		Errors:  []*domain.Error{domain.ErrLink},
	}, func(in *completeRequest, w *domain.Want) { want(in.Token, w) }, complete)
}

type completeRequest struct {
	Token    string `json:"token" required:"true" minLength:"1" description:"From the link in the mail."`
	Password string `json:"password" required:"true" format:"password" minLength:"8" maxLength:"128"`
}

type completeResponse struct {
	Email domain.Email `json:"email" format:"email" example:"aino.virtanen@example.com"`
}

func complete(ctx context.Context, call *endpoint.Call, in *completeRequest) (completeResponse, error) {
	t, _ := token(in.Token)
	p, err := domain.UndoEmailChange(ctx, call.Store, call.Hasher, call.Change, call.Scene, t, in.Password, call.Source)
	if err != nil {
		return completeResponse{}, err
	}
	return completeResponse{Email: p.Email}, nil
}

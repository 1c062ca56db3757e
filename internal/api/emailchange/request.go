package emailchange

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Request asks for another address.
func Request() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "email-change-request", Method: http.MethodPost, Path: "/v1/me/email", Status: http.StatusAccepted,
		Summary: "Mails a link to an address that the caller wants to have, and one that undoes it to the address that they have. The answer is the same for every new address.",
		Access:  endpoint.Signed("everybody may change their own address, who knows the password"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems, endpoint.DeleteItems},
		Hashes:  true,
		Errors:  []*domain.Error{domain.ErrWrongPassword, domain.ErrThrottled, domain.ErrEmailChanged},
	}, func(in *requestRequest, w *domain.Want) { w.ForEmailChange(in.email) }, request)
}

type requestRequest struct {
	Email    string `json:"email" required:"true" format:"email" maxLength:"254" example:"aino.virtanen@example.com"`
	Password string `json:"password" required:"true" format:"password" minLength:"1" maxLength:"512" description:"The caller's present one."`

	email domain.Email
}

func (in *requestRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	in.email = body.Email(in.Email, "/email", faults)
	body.Text(in.Password, "/password", 512, faults)
}

func request(ctx context.Context, call *endpoint.Call, in *requestRequest) (body.Empty, error) {
	return body.Empty{}, domain.RequestEmailChange(ctx, call.Store, call.Hasher, call.Change, call.Scene, in.email, in.Password, call.Source)
}

package session

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Create signs in.
func Create() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "session-create", Method: http.MethodPost, Path: "/v1/sessions", Status: http.StatusCreated,
		Summary: "Signs in with e-mail address and password.",
		Access:  endpoint.Public("it is how one becomes somebody"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.DeleteItems},
		Hashes:  true,
		Errors:  []*domain.Error{domain.ErrSignIn, domain.ErrThrottled},
	}, nil, create)
}

type createRequest struct {
	Email    string `json:"email" required:"true" format:"email" maxLength:"254" example:"aino.virtanen@example.com"`
	Password string `json:"password" required:"true" format:"password" minLength:"1" maxLength:"512"`

	email domain.Email
}

func (in *createRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	in.email = body.Email(in.Email, "/email", faults)
	body.Text(in.Password, "/password", 512, faults)
}

type createResponse struct {
	Token       string            `json:"token" description:"Bearer token; it is shown this once."`
	ExpiresAt   time.Time         `json:"expiresAt" description:"When the session ends even if it is in use."`
	Session     sessionRef        `json:"session"`
	Person      body.Person       `json:"person"`
	Memberships []body.Membership `json:"memberships"`
}

type sessionRef struct {
	ID domain.SessionID `json:"id"`
}

func create(ctx context.Context, call *endpoint.Call, in *createRequest) (createResponse, error) {
	signed, err := domain.SignIn(ctx, call.Store, call.Hasher, call.Change, call.Profile, domain.Credentials{
		Email: in.email, Password: in.Password, Source: call.Source, UserAgent: call.UserAgent,
	})
	if err != nil {
		return createResponse{}, err
	}
	return createResponse{
		Token: signed.Token.String(), ExpiresAt: signed.Session.ExpiresAt, Session: sessionRef{signed.Session.ID},
		Person: body.PersonOf(signed.Person), Memberships: body.MembershipsOf(signed.Places, call.Profile, call.Now()),
	}, nil
}

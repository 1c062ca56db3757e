package activation

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Check says whom an activation link is for.
func Check() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "activation-check", Method: http.MethodPost, Path: "/v1/activations/check", Status: http.StatusOK,
		Summary: "Says whom an activation link is for. The link stays good.",
		Access:  endpoint.Public("the link is the proof"),
		Needs:   []endpoint.Need{endpoint.ReadItems},
		Errors:  []*domain.Error{domain.ErrLink},
	}, func(in *checkRequest, w *domain.Want) { want(in.Token, w) }, check)
}

type checkRequest struct {
	Token string `json:"token" required:"true" minLength:"1" description:"From the link in the mail."`
}

type checkResponse struct {
	Email            string    `json:"email" description:"Masked." example:"ai***@example.com"`
	GivenName        string    `json:"givenName" example:"Aino"`
	OrganizationName string    `json:"organizationName" example:"Mallinosturit Oy"`
	HasPassword      bool      `json:"hasPassword" description:"The person has an account already and types its password instead of choosing one."`
	ExpiresAt        time.Time `json:"expiresAt"`
}

func check(_ context.Context, call *endpoint.Call, in *checkRequest) (checkResponse, error) {
	t, _ := token(in.Token)
	found, err := domain.CheckActivation(call.Scene, t, call.Change, call.Profile)
	if err != nil {
		return checkResponse{}, err
	}
	return checkResponse{
		Email: found.Person.Email.Masked(), GivenName: found.Membership.GivenName, OrganizationName: found.Organization.Name,
		HasPassword: found.Person.PasswordHash != "", ExpiresAt: found.Link.ExpiresAt,
	}, nil
}

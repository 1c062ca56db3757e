package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// RevealNationalID shows a user's national id whole.
func RevealNationalID() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-reveal-national-id", Method: http.MethodPost, Path: "/v1/organizations/{org}/users/{user}/national-id/reveal", Status: http.StatusOK,
		Summary: "Shows a user's national id whole to who types their own password again. The audit tells each time who has looked, and why.",
		Access:  endpoint.Right(domain.RightSeeNationalIDs),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems, endpoint.DeleteItems, endpoint.OpenFields},
		Hashes:  true,
		Secret:  true,
		Errors:  []*domain.Error{domain.ErrNoNationalID, domain.ErrWrongPassword, domain.ErrThrottled},
	}, func(_ *revealNationalIDRequest, want *domain.Want) { want.ForReveal() }, revealNationalID)
}

type revealNationalIDRequest struct {
	Org      domain.OrganizationID `path:"org" json:"-"`
	User     domain.PersonID       `path:"user" json:"-"`
	Password string                `json:"password" required:"true" format:"password" minLength:"1" maxLength:"512" description:"The caller's own."`
	Reason   string                `json:"reason" required:"true" minLength:"1" maxLength:"200" description:"For the audit, where it stays: no names, and not the code itself." example:"A call about the pension case"`
}

func (in *revealNationalIDRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	body.Text(in.Password, "/password", 512, faults)
	if in.Reason = body.Line(in.Reason, "/reason", faults); in.Reason == "" {
		faults.Add("/reason", "required", "This is needed.")
	}
}

type revealNationalIDResponse struct {
	Country domain.Country `json:"country" enum:"FI,SE,NO" example:"FI"`
	Code    string         `json:"code" example:"010594Y9032"`
}

func revealNationalID(ctx context.Context, call *endpoint.Call, in *revealNationalIDRequest) (revealNationalIDResponse, error) {
	code, err := domain.RevealNationalID(ctx, call.Store, call.Hasher, call.Vault, call.Change, call.Scene, domain.Reveal{
		Password: in.Password, Reason: in.Reason, Source: call.Source,
	})
	if err != nil {
		return revealNationalIDResponse{}, err
	}
	return revealNationalIDResponse{Country: code.Country, Code: code.Text}, nil
}

package partner

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Find finds somebody by their address.
func Find() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "partner-find", Method: http.MethodPost, Path: "/v1/organizations/{org}/partners/search", Status: http.StatusOK,
		Summary: "Finds a user of another organization by their whole address, to be made a partner. Who is not to be found is not told from who is not there. Searches are limited to a number a day, and told to the organization's audit.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrNoPartners, domain.ErrThrottled},
	}, func(in *findRequest, want *domain.Want) { want.ForPartnerSearch(in.address) }, find)
}

type findRequest struct {
	Org   domain.OrganizationID `path:"org" json:"-"`
	Email string                `json:"email" required:"true" format:"email" maxLength:"254" description:"The whole address, without wildcards." example:"armas.piirto@example.com"`

	address domain.Email
}

func (in *findRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	in.address = exactly(in.Email, "/email", faults)
}

type findResponse struct {
	Found   bool   `json:"found" description:"False for nobody, and for whoever is not to be found."`
	Partner *found `json:"partner,omitempty"`
}

// found is what is told of a person whom another organization has found.
type found struct {
	ID           domain.PersonID `json:"id"`
	GivenName    string          `json:"givenName" example:"Armas"`
	FamilyName   string          `json:"familyName" example:"Piirto"`
	Email        string          `json:"email" description:"Masked." example:"ar***@example.com"`
	Organization string          `json:"organization" description:"Name of the company that they come from." example:"Mallinosturit Oy"`
	Confirmed    bool            `json:"confirmed" description:"The company itself has them as its user. Otherwise it is what another customer has said."`
}

func find(ctx context.Context, call *endpoint.Call, in *findRequest) (findResponse, error) {
	p, err := domain.FindPartner(ctx, call.Store, call.Change, call.Scene, call.Profile, in.address)
	if err != nil || p == nil {
		return findResponse{}, err
	}
	return findResponse{Found: true, Partner: &found{
		ID: p.Person.ID, GivenName: p.Person.GivenName, FamilyName: p.Person.FamilyName, Email: p.Person.Email.Masked(),
		Organization: p.Company.Name, Confirmed: p.Confirmed,
	}}, nil
}

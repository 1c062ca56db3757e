// Package registry is what public company registers know.
package registry

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{Lookup()} }

// Lookup looks a company up.
func Lookup() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "registry-lookup", Method: http.MethodGet, Path: "/v1/registry/{country}/{company}", Status: http.StatusOK,
		Summary: "Shows the organization that a company is here or, if it is none yet, what the public register knows of it. For the operator and, in a portal with partners, for those who edit users. Look-ups are limited to a number a day.",
		Access:  endpoint.Signed("it is decided over all organizations of the caller, for it is about none of them"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.ReadRegistry},
		Errors:  []*domain.Error{domain.ErrForbidden, domain.ErrNoPartners, domain.ErrNoRegistry, domain.ErrNoCompany, domain.ErrThrottled},
	}, func(in *lookupRequest, want *domain.Want) { want.ForLookUp(in.claim) }, lookup)
}

type lookupRequest struct {
	Country domain.Country `path:"country" json:"-"`
	Company string         `path:"company" json:"-" description:"The business id, as the country writes it."`

	claim domain.OrganizationClaim
}

func (in *lookupRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	in.claim = body.CompanyAt(in.Country, in.Company, "{country}", "{company}", faults)
}

// lookupResponse has one of organization and company.
type lookupResponse struct {
	Country      domain.Country `json:"country" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	BusinessID   string         `json:"businessId" description:"As the country writes it." example:"9900001-8"`
	Organization *organization  `json:"organization,omitempty" description:"It is in the system. The register was not asked."`
	Company      *company       `json:"company,omitempty" description:"What the register says. It is others' words: show it as text."`
}

// organization in JSON: no more than it takes to choose it.
type organization struct {
	ID   domain.OrganizationID `json:"id"`
	Name string                `json:"name" example:"Mallinosturit Oy"`
}

// company in JSON.
type company struct {
	Name      string               `json:"name" example:"Keksitty Esimerkki Oy"`
	Form      form                 `json:"form"`
	Address   address              `json:"address"`
	Status    domain.CompanyStatus `json:"status" enum:"active,winding-up,ceased,unknown" example:"active" description:"No organization is made of a company that has ceased to be."`
	Register  string               `json:"register" example:"PRH"`
	FetchedAt time.Time            `json:"fetchedAt" description:"Answers are kept for a day."`
}

// form is a legal form, in the register's own code and words.
type form struct {
	Code string `json:"code" example:"16"`
	Text string `json:"text" example:"Osakeyhtiö"`
}

type address struct {
	Lines      []string `json:"lines" example:"[\"Esimerkkikatu 17-19 B 4a\"]"`
	PostalCode string   `json:"postalCode" example:"00100"`
	City       string   `json:"city" example:"HELSINKI"`
}

func lookup(ctx context.Context, call *endpoint.Call, in *lookupRequest) (lookupResponse, error) {
	out := lookupResponse{Country: in.claim.Country, BusinessID: in.claim.BusinessID}
	known, registered, err := domain.LookUpCompany(ctx, call.Store, call.Registry, call.Change, call.Scene, call.Profile, in.claim)
	switch {
	case err != nil:
		return lookupResponse{}, err
	case known != nil:
		out.Organization = &organization{ID: known.ID, Name: known.Name}
	default:
		out.Company = &company{
			Name: registered.Name, Form: form(registered.Form), Status: registered.Status, Register: registered.Source, FetchedAt: registered.FetchedAt,
			Address: address{Lines: append([]string{}, registered.AddressLines...), PostalCode: registered.PostalCode, City: registered.City},
		}
	}
	return out, nil
}

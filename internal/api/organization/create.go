package organization

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Create makes a customer.
func Create() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "organization-create", Method: http.MethodPost, Path: "/v1/organizations", Status: http.StatusCreated,
		Summary: "Makes a customer organization and mails its first administrator an activation link.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems, endpoint.SealFields, endpoint.IndexFields},
		Errors:  []*domain.Error{domain.ErrOrganizationHere, domain.ErrThrottled, domain.ErrTooMany, domain.ErrSubscription, domain.ErrNationalIDExists},
	}, func(in *createRequest, want *domain.Want) { want.ForCustomer(in.customer) }, create)
}

type createRequest struct {
	Name          string          `json:"name" required:"true" minLength:"1" maxLength:"100" example:"Mallinosturit Oy"`
	Country       domain.Country  `json:"country" required:"true" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	BusinessID    string          `json:"businessId" required:"true" description:"Y-tunnus, organisationsnummer, organisasjonsnummer, or what the country has." minLength:"1" example:"9000000-3"`
	Language      domain.Language `json:"language,omitzero" enum:"fi,sv,nb,en" description:"The profile's first by default."`
	TimeZone      string          `json:"timeZone,omitzero" description:"IANA name; the country's by default." example:"Europe/Helsinki"`
	Administrator card            `json:"administrator" required:"true"`

	customer domain.Customer
}

func (in *createRequest) Read(p *domain.Profile, faults *domain.Faults) {
	claim := body.CompanyAt(in.Country, in.BusinessID, "/country", "/businessId", faults)
	language := body.Language(in.Language, p.DefaultLanguage(), p, "/language", faults)
	in.customer = domain.Customer{
		Name: body.Name(in.Name, "/name", faults), Country: in.Country, BusinessID: claim.BusinessID, Language: language,
		TimeZone:      zone(in.TimeZone, "/timeZone", faults),
		Administrator: in.Administrator.read("/administrator", language, p, faults),
		Subscription:  body.Subscription(in.Administrator.Subscription, p, "/administrator/subscription", faults),
	}
}

type createResponse struct {
	organization
	Administrator body.Person `json:"administrator"`
}

func create(ctx context.Context, call *endpoint.Call, in *createRequest) (createResponse, error) {
	var err error
	if in.customer.NationalID, err = in.Administrator.NationalID.Given(call, in.Country, "/administrator/nationalId"); err != nil {
		return createResponse{}, err
	}
	org, admin, err := domain.CreateOrganization(ctx, call.Store, call.Change, call.Scene, call.Profile, in.customer)
	if err != nil {
		return createResponse{}, err
	}
	call.Location = "/v1/organizations/" + string(org.ID)
	return createResponse{
		organization: shown(call, org),
		Administrator: body.Person{
			ID: admin.Person, GivenName: admin.GivenName, FamilyName: admin.FamilyName, Email: admin.Email, Language: admin.Language,
		},
	}, nil
}

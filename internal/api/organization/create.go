package organization

import (
	"context"
	"net/http"
	"regexp"

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
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems},
		Errors:  []*domain.Error{domain.ErrOrganizationHere, domain.ErrThrottled, domain.ErrTooMany},
	}, func(in *createRequest, want *domain.Want) { want.ForCustomer(in.customer) }, create)
}

var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)

type createRequest struct {
	Name          string          `json:"name" required:"true" maxLength:"100"`
	Country       domain.Country  `json:"country" required:"true" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2."`
	BusinessID    string          `json:"businessId" required:"true" description:"Y-tunnus, organisationsnummer, organisasjonsnummer, or what the country has."`
	Language      domain.Language `json:"language,omitzero" enum:"fi,sv,nb,en" description:"The profile's first by default."`
	TimeZone      string          `json:"timeZone,omitzero" description:"The country's by default."`
	Administrator card            `json:"administrator" required:"true"`

	customer domain.Customer
}

func (in *createRequest) Read(p *domain.Profile, faults *domain.Faults) {
	if !countryForm.MatchString(string(in.Country)) {
		faults.Add("/country", "value-invalid", "Give a country as two capital letters.")
	}
	businessID, ok := domain.CheckBusinessID(in.Country, in.BusinessID)
	if !ok {
		faults.Add("/businessId", "business-id-invalid", "This is not a business id of the country.")
	}
	language := body.Language(in.Language, p.DefaultLanguage(), p, "/language", faults)
	in.customer = domain.Customer{
		Name: body.Name(in.Name, "/name", faults), Country: in.Country, BusinessID: businessID, Language: language,
		TimeZone:      zone(in.TimeZone, "/timeZone", faults),
		Administrator: in.Administrator.read("/administrator", language, p, faults),
	}
}

type createResponse struct {
	organization
	Administrator body.Person `json:"administrator"`
}

func create(ctx context.Context, call *endpoint.Call, in *createRequest) (createResponse, error) {
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

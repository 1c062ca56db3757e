package body

import "github.com/fullmakt/fullmakt/internal/domain"

// Company names an organization as its register does.
type Company struct {
	Country    domain.Country `json:"country" required:"true" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	BusinessID string         `json:"businessId" required:"true" minLength:"1" description:"Y-tunnus, organisationsnummer, organisasjonsnummer, or what the country has." example:"9000000-3"`
}

// Read reads what the organization is found by, the business id in its canonical form.
func (c Company) Read(pointer string, faults *domain.Faults) domain.OrganizationClaim {
	return CompanyAt(c.Country, c.BusinessID, pointer+"/country", pointer+"/businessId", faults)
}

// CompanyAt is Company.Read of a company whose members are in other places.
func CompanyAt(country domain.Country, id, countryPointer, idPointer string, faults *domain.Faults) domain.OrganizationClaim {
	canonical, ok := domain.CheckBusinessID(country, id)
	switch {
	case !country.Known():
		faults.Add(countryPointer, "value-unknown", "Give a country as two capital letters, such as FI.")
	case !ok:
		faults.Add(idPointer, "business-id-invalid", "This is not a business id of the country.")
	}
	return domain.OrganizationClaim{Country: country, BusinessID: canonical}
}

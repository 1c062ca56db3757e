// Package organization is the customer companies.
package organization

import (
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{Create(), List(), Get(), Update(), SetStatus()}
}

// organization in JSON.
type organization struct {
	ID         domain.OrganizationID `json:"id"`
	Name       string                `json:"name" example:"Mallinosturit Oy"`
	Country    domain.Country        `json:"country" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	BusinessID string                `json:"businessId" example:"9000000-3"`
	Language   domain.Language       `json:"language" enum:"fi,sv,nb,en" example:"fi"`
	TimeZone   string                `json:"timeZone" description:"IANA name. Days of validity are days there." example:"Europe/Helsinki"`
	Suspended  bool                  `json:"suspended" description:"Closed by the operator: nothing that derives from it counts."`
	CreatedAt  time.Time             `json:"createdAt"`
	UpdatedAt  time.Time             `json:"updatedAt"`
}

func organizationOf(o *domain.Organization) organization {
	return organization{
		ID: o.ID, Name: o.Name, Country: o.Country, BusinessID: o.BusinessID, Language: o.Language, TimeZone: o.TimeZone, Suspended: o.Suspended,
		CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}
}

// shown is one organization with its tag.
func shown(call *endpoint.Call, o *domain.Organization) organization {
	call.ETag = endpoint.ETag(o.Revision)
	return organizationOf(o)
}

// zone reads an optional time zone.
func zone(s, pointer string, faults *domain.Faults) string {
	if s == "" {
		return ""
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		faults.Add(pointer, "value-unknown", "Give an IANA time zone such as Europe/Helsinki.")
	}
	return s
}

// card reads how an organization knows a person.
type card struct {
	GivenName  string          `json:"givenName" required:"true" minLength:"1" maxLength:"100" example:"Aino"`
	FamilyName string          `json:"familyName" required:"true" minLength:"1" maxLength:"100" example:"Virtanen"`
	Email      string          `json:"email" required:"true" format:"email" maxLength:"254" example:"aino.virtanen@example.com"`
	Language   domain.Language `json:"language,omitzero" enum:"fi,sv,nb,en" description:"The organization's by default."`
	// Subscription is not of the person but of their access.
	Subscription domain.SubscriptionID `json:"subscription,omitzero" maxLength:"100" description:"Under which the administrator has access, where the portal asks for one. It is taken as active." example:"+4790000001"`
}

func (c card) read(pointer string, fallback domain.Language, p *domain.Profile, faults *domain.Faults) domain.Card {
	return domain.Card{
		GivenName:  body.Name(c.GivenName, pointer+"/givenName", faults),
		FamilyName: body.Name(c.FamilyName, pointer+"/familyName", faults),
		Email:      body.Email(c.Email, pointer+"/email", faults),
		Language:   body.Language(c.Language, fallback, p, pointer+"/language", faults),
	}
}

// Package organization is the customer companies.
package organization

import (
	"regexp"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{Create(), List(), Get(), Update(), SetStatus(), AnnounceAgreement()}
}

// organization in JSON.
type organization struct {
	ID         domain.OrganizationID `json:"id"`
	Name       string                `json:"name" example:"Mallinosturit Oy"`
	Country    domain.Country        `json:"country" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	BusinessID string                `json:"businessId" example:"9000000-3"`
	Language   domain.Language       `json:"language" enum:"fi,sv,nb,en" example:"fi"`
	TimeZone   string                `json:"timeZone" description:"IANA name. Days of validity are days there." example:"Europe/Helsinki"`
	Status     status                `json:"status" enum:"active,suspended" description:"Nothing that derives from a suspended one counts." example:"active"`
	Register   string                `json:"register,omitzero" description:"The public register that it was made from; absent where somebody entered it by hand." example:"PRH"`
	Unverified bool                  `json:"unverified,omitzero" description:"Somebody entered it by hand: no public register has said that there is such a company."`
	Unclaimed  bool                  `json:"unclaimed,omitzero" description:"It is no customer yet: somebody from it is another one's partner, and nobody administers it. organization-create makes it a customer."`
	CreatedAt  time.Time             `json:"createdAt"`
	UpdatedAt  time.Time             `json:"updatedAt"`
}

// status of an organization.
type status string

const (
	active    status = "active"
	suspended status = "suspended"
)

func statusOf(o *domain.Organization) status {
	if o.Suspended {
		return suspended
	}
	return active
}

func organizationOf(o *domain.Organization) organization {
	return organization{
		ID: o.ID, Name: o.Name, Country: o.Country, BusinessID: o.BusinessID, Language: o.Language, TimeZone: o.TimeZone, Status: statusOf(o),
		Register: o.Register, Unverified: o.Register == "", Unclaimed: o.Unclaimed, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}
}

// shown is one organization with its tag.
func shown(call *endpoint.Call, o *domain.Organization) organization {
	call.ETag = endpoint.ETag(o.Revision)
	return organizationOf(o)
}

// zoneForm is that of a place; what else a host has among its zones is no zone everywhere.
var zoneForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Za-z]+(/[A-Z][A-Za-z_-]+)+$`) })

// zone reads an optional time zone.
func zone(s, pointer string, faults *domain.Faults) string {
	if s == "" {
		return ""
	}
	if _, err := time.LoadLocation(s); err != nil || !zoneForm().MatchString(s) {
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
	// NationalID is for portals that keep them.
	NationalID *body.NationalID `json:"nationalId,omitempty" description:"Where the portal asks for it."`
}

func (c card) read(pointer string, fallback domain.Language, p *domain.Profile, faults *domain.Faults) domain.Card {
	return domain.Card{
		GivenName:  body.Name(c.GivenName, pointer+"/givenName", faults),
		FamilyName: body.Name(c.FamilyName, pointer+"/familyName", faults),
		Email:      body.Email(c.Email, pointer+"/email", faults),
		Language:   body.Language(c.Language, fallback, p, pointer+"/language", faults),
	}
}

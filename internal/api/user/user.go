// Package user is an organization's people.
package user

import (
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{List(), Create(), Get(), Update(), Remove(), ResendActivation(), ResetPassword()}
}

// user in JSON: a membership with its person, as the organization knows them.
type user struct {
	ID               domain.PersonID       `json:"id"`
	OrganizationID   domain.OrganizationID `json:"organizationId"`
	Kind             domain.MembershipKind `json:"kind" enum:"own,partner"`
	GivenName        string                `json:"givenName" example:"Aino"`
	FamilyName       string                `json:"familyName" example:"Virtanen"`
	Email            domain.Email          `json:"email" format:"email" example:"aino.virtanen@example.com"`
	Phone            string                `json:"phone" pattern:"^([+][1-9][0-9]{6,14})?$" description:"E.164; empty for none." example:"+358401234567"`
	Language         domain.Language       `json:"language" enum:"fi,sv,nb,en" example:"fi"`
	HomeOrganization domain.OrganizationID `json:"homeOrganization" description:"Keeps the person's details."`
	Roles            []domain.RoleKey      `json:"roles" description:"Keys of the profile's roles." example:"[\"user\"]"`
	Validity         validity              `json:"validity"`
	Status           domain.Status         `json:"status" enum:"invited,active,upcoming,expired,locked" example:"active"`
	DefaultTask      string                `json:"defaultTask" example:"Site 12"`
	ActivatedAt      time.Time             `json:"activatedAt,omitzero" description:"Absent until the account is activated."`
	LastSignInAt     time.Time             `json:"lastSignInAt,omitzero" description:"In this organization; absent before the first."`
	CreatedAt        time.Time             `json:"createdAt"`
	UpdatedAt        time.Time             `json:"updatedAt"`
}

// validity in JSON.
type validity struct {
	Type   domain.ValidityType `json:"type" required:"true" enum:"indefinite,fixedTerm,locked" example:"indefinite"`
	From   domain.Date         `json:"from,omitzero" format:"date" description:"First day of a fixed term, in the organization's time zone."`
	To     domain.Date         `json:"to,omitzero" format:"date" description:"Last day of a fixed term, included."`
	Reason string              `json:"reason,omitzero" maxLength:"200" description:"Of a lock."`
}

func (v validity) read(pointer string, faults *domain.Faults) domain.Validity {
	v.Reason = body.Line(v.Reason, pointer+"/reason", faults)
	return domain.Validity(v)
}

func userOf(m *domain.Membership, now time.Time, zone *time.Location) user {
	v := validity(m.Validity)
	if v.Type == "" {
		v.Type = domain.Indefinite
	}
	return user{
		ID: m.Person, OrganizationID: m.Organization, Kind: m.Kind, GivenName: m.GivenName, FamilyName: m.FamilyName,
		Email: m.Email, Phone: m.Phone, Language: m.Language, HomeOrganization: m.Home, Roles: m.Roles, Validity: v,
		Status: m.Status(now, zone), DefaultTask: m.DefaultTask, ActivatedAt: m.ActivatedAt, LastSignInAt: m.LastSignInAt,
		CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
}

// shown is one user with its tag.
func shown(call *endpoint.Call, m *domain.Membership) user {
	call.ETag = endpoint.ETag(m.Revision)
	return userOf(m, call.Now(), call.Scene.Organization.Zone())
}

// oneRequest is a request about one user without a body.
type oneRequest struct {
	Org  domain.OrganizationID `path:"org" json:"-"`
	User domain.PersonID       `path:"user" json:"-"`
}

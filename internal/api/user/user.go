// Package user is an organization's people.
package user

import (
	"maps"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{List(), Create(), Get(), Export(), Import(), Update(), Remove(), Restore(), SetValidity(), ResendActivation(), ResetPassword(), Access(), RevealNationalID(), FindByNationalID()}
}

// user in JSON: a membership with its person, as the organization knows them.
type user struct {
	ID                 domain.PersonID            `json:"id"`
	OrganizationID     domain.OrganizationID      `json:"organizationId"`
	Kind               domain.MembershipKind      `json:"kind" enum:"own,partner"`
	GivenName          string                     `json:"givenName" example:"Aino"`
	FamilyName         string                     `json:"familyName" example:"Virtanen"`
	Email              domain.Email               `json:"email" format:"email" example:"aino.virtanen@example.com"`
	EmailUndeliverable domain.UndeliverableReason `json:"emailUndeliverable,omitzero" enum:"bounced,complained" description:"Mails to the address come back, or the receiver says that they are spam. Nothing is sent to it until it is another one. Absent where nothing of that is known."`
	Phone              string                     `json:"phone" pattern:"^([+][1-9][0-9]{6,14})?$" description:"E.164; empty for none." example:"+358401234567"`
	Language           domain.Language            `json:"language" enum:"fi,sv,nb,en" example:"fi"`
	HomeOrganization   domain.OrganizationID      `json:"homeOrganization" description:"Keeps the person's details."`
	Roles              []domain.RoleKey           `json:"roles" description:"Those that hold for the whole organization; keys of the profile's roles." example:"[\"user\"]"`
	AssignedRoles      []domain.RoleKey           `json:"assignedRoles" description:"Those that the user was given by assignments." example:"[]"`
	Validity           body.Validity              `json:"validity"`
	Status             domain.Status              `json:"status" enum:"invited,active,upcoming,expired,locked,unsubscribed,inactive" example:"active"`
	SignIn             bool                       `json:"signIn" description:"False for who has only roles without sign-in: there is no account to activate."`
	DefaultTask        string                     `json:"defaultTask" example:"Site 12"`
	JobTitles          []jobTitle                 `json:"jobTitles,omitempty" description:"On resources whose type has them."`
	Mail               body.Mail                  `json:"mail"`
	Subscription       domain.SubscriptionID      `json:"subscription,omitzero" description:"Under which the user has access, where the portal asks for one."`
	NationalID         *body.MaskedNationalID     `json:"nationalId,omitempty" description:"Absent where none is known."`
	Warnings           []body.Warning             `json:"warnings,omitempty" description:"What is allowed and worth a second look."`
	ActivatedAt        time.Time                  `json:"activatedAt,omitzero" description:"Absent until the account is activated."`
	LastSignInAt       time.Time                  `json:"lastSignInAt,omitzero" description:"In this organization; absent before the first."`
	CreatedAt          time.Time                  `json:"createdAt"`
	UpdatedAt          time.Time                  `json:"updatedAt"`
}

// jobTitle on a resource in JSON.
type jobTitle struct {
	ResourceID domain.ResourceID `json:"resourceId"`
	Title      string            `json:"title" example:"Site manager"`
}

func userOf(m *domain.Membership, p *domain.Profile, now time.Time, zone *time.Location) user {
	v := body.Validity(m.Validity)
	if v.Type == "" {
		v.Type = domain.Indefinite
	}
	u := user{
		ID: m.Person, OrganizationID: m.Organization, Kind: m.Kind, GivenName: m.GivenName, FamilyName: m.FamilyName,
		Email: m.Email, Phone: m.Phone, Language: m.Language, HomeOrganization: m.Home, Roles: m.Roles, Validity: v,
		Status: m.Status(p, now, zone), SignIn: m.SignsIn(p), DefaultTask: m.DefaultTask, Mail: body.MailOfMember(m, p), Subscription: m.Subscription, ActivatedAt: m.ActivatedAt, LastSignInAt: m.LastSignInAt,
		CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, AssignedRoles: m.AssignedRoles(), Warnings: body.WarningsOf(m, p),
		NationalID: body.MaskedNationalIDOf(m),
	}
	u.EmailUndeliverable = m.Undeliverable.Of(m.Email)
	for _, id := range slices.Sorted(maps.Keys(m.JobTitles)) {
		u.JobTitles = append(u.JobTitles, jobTitle{id, m.JobTitles[id]})
	}
	return u
}

// shown is one user with its tag.
func shown(call *endpoint.Call, m *domain.Membership) user {
	call.ETag = endpoint.ETag(m.Revision)
	return userOf(m, call.Profile, call.Now(), call.Scene.Organization.Zone())
}

// oneRequest is a request about one user without a body.
type oneRequest struct {
	Org  domain.OrganizationID `path:"org" json:"-"`
	User domain.PersonID       `path:"user" json:"-"`
}

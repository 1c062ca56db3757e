// Package profile is what kind of portal this is.
package profile

import (
	"cmp"
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{Get()} }

// Get shows the profile.
func Get() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "profile-get", Method: http.MethodGet, Path: "/v1/profile", Status: http.StatusOK,
		Summary: "Shows the portal's languages, resource types, roles, rights and mandates.",
		Access:  endpoint.Public("the sign-in page needs it, and it tells of nobody"),
	}, nil, get)
}

type getRequest struct{}

type response struct {
	Key           string            `json:"key"`
	Languages     []domain.Language `json:"languages" description:"The first is the default."`
	TimeZone      string            `json:"timeZone" description:"IANA name." example:"Europe/Helsinki"`
	Country       domain.Country    `json:"country" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	ResourceTypes []resourceType    `json:"resourceTypes" description:"What access is given on inside an organization."`
	Roles         []role            `json:"roles"`
	Rights        []right           `json:"rights"`
	Mandates      []mandate         `json:"mandates" description:"Types of powers of attorney; none where nobody acts for others."`
	// OwnRights have no names in a profile.
	OwnRights []domain.RightKey `json:"ownRights" description:"Those of the user administration itself, which can be given too; docs/access.md says what each is." example:"[\"users:see\"]"`
	Policies  policies          `json:"policies"`
	Mail      body.Mail         `json:"mail" description:"Which mails that can be done without are sent to those who have said nothing of them."`
}

// policies are what portals choose between.
type policies struct {
	RemovalOwn       domain.RemovalPolicy    `json:"removalOwn" enum:"erase,deactivate" description:"What becomes of an own user who is removed: gone, or inactive and to be restored."`
	SelfEdit         bool                    `json:"selfEdit" description:"People may change their own roles and rights, as far as they may give them."`
	AccessOnly       bool                    `json:"accessOnly" description:"Of others who are users already, administrators change the access and no details."`
	FixedTerm        bool                    `json:"fixedTerm" description:"Users may be valid from a first to a last day; both are needed."`
	Reminders        []int                   `json:"reminders" description:"So many days before the last one, the user and the administrators are told." example:"[30,14,3]"`
	Partners         bool                    `json:"partners" description:"People of other organizations may be users."`
	Subscription     bool                    `json:"subscription" description:"A user needs an active subscription of the organization's."`
	NationalID       domain.Presence         `json:"nationalId" enum:"none,optional,required" description:"Of users."`
	SelfRegistration bool                    `json:"selfRegistration" description:"People may make accounts themselves."`
	CreationRequires []domain.CreationChoice `json:"creationRequires" description:"What must be chosen for a new user, beside a role: modules, or the key of a resource type." example:"[\"modules\"]"`
}

type resourceType struct {
	Key       domain.ScopeType    `json:"key" example:"worksite"`
	Name      domain.Text         `json:"name"`
	Parent    domain.ScopeType    `json:"parent" description:"The resource type that it lies in, or organization." example:"customer-number"`
	Features  []domain.FeatureKey `json:"features" description:"What one of it may have."`
	Operator  bool                `json:"operator" description:"Only the operator makes, changes and removes them."`
	JobTitles bool                `json:"jobTitles" description:"Who is given something on one gets their default task as a job title there."`
}

type role struct {
	Key        domain.RoleKey     `json:"key"`
	Name       domain.Text        `json:"name"`
	Info       domain.Text        `json:"info"`
	Level      int                `json:"level" description:"The higher, the more the role may."`
	All        bool               `json:"all" description:"All rights but the sensitive ones, later ones included."`
	Rights     []domain.RightKey  `json:"rights" description:"Beside all: the sensitive rights of the role."`
	Scopes     []domain.ScopeType `json:"scopes" description:"Where the role can be given: organization, clients, client, or a resource type."`
	SignIn     bool               `json:"signIn" description:"False for a role of people whom mails reach and who have no password."`
	DefaultFor []domain.Origin    `json:"defaultFor" description:"The origins of users who get the role of themselves: administrator, self."`
}

type right struct {
	Key         domain.RightKey   `json:"key"`
	Name        domain.Text       `json:"name"`
	Info        domain.Text       `json:"info"`
	On          domain.ScopeType  `json:"on" description:"The resource type that it is a right on, or organization." example:"worksite"`
	Feature     domain.FeatureKey `json:"feature,omitzero" description:"What the resource must have for the right to hold there."`
	With        domain.RightKey   `json:"with,omitzero" description:"Another right that must be held in the same place."`
	Module      bool              `json:"module" description:"A part of the portal."`
	Recommended bool              `json:"recommended" description:"Leaving it out is warned of."`
	Sensitive   bool              `json:"sensitive" description:"Never part of all."`
	Notice      domain.NoticeKey  `json:"notice,omitzero" enum:"agreement-changed" description:"Whoever holds the right is told of this by mail." example:"agreement-changed"`
}

type mandate struct {
	Key    domain.MandateTypeKey `json:"key"`
	Name   domain.Text           `json:"name"`
	Info   domain.Text           `json:"info"`
	Rights []domain.RightKey     `json:"rights" description:"The most that a mandate of the type can give."`
}

func get(_ context.Context, call *endpoint.Call, _ *getRequest) (response, error) {
	p := call.Profile
	out := response{Key: p.Key, Languages: p.Languages, TimeZone: p.TimeZone, Country: p.Country}
	for _, t := range p.ResourceTypes {
		out.ResourceTypes = append(out.ResourceTypes, resourceType{
			Key: t.Key, Name: t.Name, Parent: orOrganization(t.Parent), Features: t.Features, Operator: t.Operator, JobTitles: t.JobTitles,
		})
	}
	for _, r := range p.Roles {
		out.Roles = append(out.Roles, role{
			Key: r.Key, Name: r.Name, Info: r.Info, Level: r.Level, All: r.All, Rights: r.Rights,
			Scopes: r.Scopes, SignIn: !r.NoSignIn, DefaultFor: r.DefaultFor,
		})
	}
	for _, r := range p.Rights {
		shown := right(r)
		shown.On = orOrganization(r.On)
		out.Rights = append(out.Rights, shown)
	}
	for _, m := range p.Mandates {
		out.Mandates = append(out.Mandates, mandate(m))
	}
	out.OwnRights, out.Policies = domain.AdministrativeRights, policies(p.Policies)
	out.Mail = body.MailOf(p.Mails)
	out.Policies.NationalID = cmp.Or(p.Policies.NationalID, domain.NotAsked)
	return out, nil
}

func orOrganization(t domain.ScopeType) domain.ScopeType { return cmp.Or(t, domain.InOrganization) }

package profile

import (
	"cmp"

	jsonx "github.com/go-json-experiment/json"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Document is how a profile is written. Its JSON names are those of
// profile.yaml too. A member marked omitzero may be left out, and stands then
// for what Profile says; every other must be there.
type Document struct {
	Key           string              `json:"key"`
	Languages     []domain.Language   `json:"languages"`
	TimeZone      string              `json:"timeZone"`
	Country       domain.Country      `json:"country"`
	ResourceTypes []ResourceType      `json:"resourceTypes,omitzero"`
	Roles         []Role              `json:"roles"`
	Rights        []Right             `json:"rights"`
	Mandates      []Mandate           `json:"mandates,omitzero"`
	Mail          domain.MailSettings `json:"mail,omitzero"`
	Policies      Policies            `json:"policies"`
}

// ResourceType is how a type of resource is written.
type ResourceType struct {
	Key      domain.ScopeType    `json:"key"`
	Name     domain.Text         `json:"name"`
	Parent   domain.ScopeType    `json:"parent,omitzero"`
	Features []domain.FeatureKey `json:"features,omitzero"`
	// Operator keeps them to the operator; JobTitles gives users a job title on them.
	Operator  bool `json:"operator,omitzero"`
	JobTitles bool `json:"jobTitles,omitzero"`
}

// Role is how a role is written.
type Role struct {
	Key        domain.RoleKey     `json:"key"`
	Name       domain.Text        `json:"name"`
	Info       domain.Text        `json:"info"`
	Level      int                `json:"level"`
	Rights     RoleRights         `json:"rights"`
	Scopes     []domain.ScopeType `json:"scopes,omitzero"`
	SignIn     *bool              `json:"signIn,omitzero"`
	DefaultFor []domain.Origin    `json:"defaultFor,omitzero"`
}

// RoleRights are the rights of a role, or the one word all. In a list, all is
// the first, before the sensitive rights that it leaves out.
type RoleRights []domain.RightKey

// All is the word that stands for all rights but the sensitive ones.
const All domain.RightKey = "all"

// Word is what may be written in the place of the list.
func (RoleRights) Word() string { return string(All) }

func (r RoleRights) all() bool { return len(r) > 0 && r[0] == All }

// Right is how a right is written.
type Right struct {
	Key         domain.RightKey   `json:"key"`
	Name        domain.Text       `json:"name"`
	Info        domain.Text       `json:"info"`
	On          domain.ScopeType  `json:"on,omitzero"`
	Feature     domain.FeatureKey `json:"feature,omitzero"`
	With        domain.RightKey   `json:"with,omitzero"`
	Module      bool              `json:"module,omitzero"`
	Recommended bool              `json:"recommended,omitzero"`
	Sensitive   bool              `json:"sensitive,omitzero"`
	Notice      domain.NoticeKey  `json:"notice,omitzero"`
}

// Mandate is how a type of mandate is written.
type Mandate struct {
	Key    domain.MandateTypeKey `json:"key"`
	Name   domain.Text           `json:"name"`
	Info   domain.Text           `json:"info"`
	Rights []domain.RightKey     `json:"rights"`
}

// Policies is how the policies are written.
type Policies struct {
	Removal          Removal         `json:"removal"`
	SelfEdit         bool            `json:"selfEdit"`
	AccessOnly       bool            `json:"accessOnly,omitzero"`
	FixedTerm        bool            `json:"fixedTerm"`
	Reminders        []int           `json:"reminders,omitzero"`
	Partners         bool            `json:"partners,omitzero"`
	NationalID       domain.Presence `json:"nationalId,omitzero"`
	SelfRegistration bool            `json:"selfRegistration,omitzero"`
	Subscription     Subscription    `json:"subscription,omitzero"`
	Creation         Creation        `json:"creation,omitzero"`
}

// reminders are so many days before the end of a fixed term, of a portal that has any.
func (p Policies) reminders() []int {
	if p.FixedTerm && p.Reminders == nil {
		return []int{30, 14, 3}
	}
	return p.Reminders
}

// Removal says what becomes of users who are removed.
type Removal struct {
	Own domain.RemovalPolicy `json:"own"`
}

// Subscription says whether access asks for one.
type Subscription struct {
	Required bool `json:"required"`
}

// Creation says what must be chosen for a new user, beside a role.
type Creation struct {
	Requires []domain.CreationChoice `json:"requires"`
}

// Profile is the profile that the document describes. Check judges it.
func (d *Document) Profile() *domain.Profile {
	p := &domain.Profile{
		Key: d.Key, Languages: d.Languages, TimeZone: d.TimeZone, Country: d.Country, Mail: d.Mail,
		Policies: domain.Policies{
			RemovalOwn:       d.Policies.Removal.Own,
			SelfEdit:         d.Policies.SelfEdit,
			AccessOnly:       d.Policies.AccessOnly,
			FixedTerm:        d.Policies.FixedTerm,
			Reminders:        d.Policies.reminders(),
			Partners:         d.Policies.Partners,
			Subscription:     d.Policies.Subscription.Required,
			NationalID:       cmp.Or(d.Policies.NationalID, domain.NotAsked),
			SelfRegistration: d.Policies.SelfRegistration,
			CreationRequires: d.Policies.Creation.Requires,
		},
	}
	for _, t := range d.ResourceTypes {
		p.ResourceTypes = append(p.ResourceTypes, domain.ResourceType{
			Key: t.Key, Name: t.Name, Parent: above(t.Parent), Features: t.Features, Operator: t.Operator, JobTitles: t.JobTitles,
		})
	}
	for _, r := range d.Roles {
		p.Roles = append(p.Roles, r.role())
	}
	for _, r := range d.Rights {
		p.Rights = append(p.Rights, domain.RightInfo{
			Key: r.Key, Name: r.Name, Info: r.Info, On: above(r.On), Feature: r.Feature, With: r.With,
			Module: r.Module, Recommended: r.Recommended, Sensitive: r.Sensitive, Notice: r.Notice,
		})
	}
	for _, m := range d.Mandates {
		p.Mandates = append(p.Mandates, domain.MandateType(m))
	}
	return p
}

func (r *Role) role() domain.Role {
	role := domain.Role{
		Key: r.Key, Name: r.Name, Info: r.Info, Level: r.Level, Rights: r.Rights,
		Scopes: r.Scopes, NoSignIn: r.SignIn != nil && !*r.SignIn, DefaultFor: r.DefaultFor,
	}
	if r.Rights.all() {
		role.Rights, role.All = r.Rights[1:], true
	}
	if r.Scopes == nil {
		role.Scopes = []domain.ScopeType{domain.InOrganization}
	}
	return role
}

// above is what lies above or around: the organization, written or left out,
// is the empty one.
func above(t domain.ScopeType) domain.ScopeType {
	if t == domain.InOrganization {
		return ""
	}
	return t
}

// Parse reads the compiled form. It refuses what is not of that form and
// leaves the rest to Check, which every profile has passed before it was compiled.
// Every start of a function parses one: this library takes a quarter less time
// for it than encoding/json.
func Parse(compiled []byte) (*domain.Profile, error) {
	var d Document
	if err := jsonx.Unmarshal(compiled, &d, jsonx.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	return d.Profile(), nil
}

package domain

import "slices"

// Profile turns Fullmakt into one operator's portal. Package profile reads and checks it.
type Profile struct {
	Key           string
	Languages     []Language // the first is the default
	TimeZone      string
	Country       Country
	ResourceTypes []ResourceType
	Roles         []Role
	Rights        []RightInfo
	Mandates      []MandateType
	Mail          MailSettings // of those who have said nothing
	Policies      Policies
}

// ResourceType is a kind of thing inside an organization that access is given
// on: a customer number, a worksite, a project.
type ResourceType struct {
	Key      ScopeType
	Name     Text
	Parent   ScopeType // what each of them lies in; empty: the organization
	Features []FeatureKey
	// Operator says that only the operator makes, changes and removes them.
	Operator bool
	// JobTitles says that a user who is given something on one gets a job title there.
	JobTitles bool
}

// FeatureKey names something that a resource may have, and that a right may ask for.
type FeatureKey string

// MandateType is a kind of power of attorney, with the most that one of it can give.
type MandateType struct {
	Key    MandateTypeKey
	Name   Text
	Info   Text
	Rights []RightKey
}

// MandateTypeKey is a stable English key.
type MandateTypeKey string

// Text is a text in each language.
type Text map[Language]string

// RoleKey and RightKey are stable English keys.
type (
	RoleKey  string
	RightKey string
)

// Role is a named set of rights.
type Role struct {
	Key    RoleKey
	Name   Text
	Info   Text
	Level  int // the higher, the more it may
	Rights []RightKey
	All    bool        // all rights but the sensitive ones, later ones included
	Scopes []ScopeType // where it can be given: the organization, resource types, clients
	// NoSignIn is of a role for people whom mails reach and who have no password.
	NoSignIn bool
	// DefaultFor are the origins of people who get the role of themselves.
	DefaultFor []Origin
}

// Origin is how somebody became a user.
type Origin string

const (
	ByAdministrator Origin = "administrator" // made by an administrator
	ByThemselves    Origin = "self"          // registered themselves
)

// RightInfo tells what a right is.
type RightInfo struct {
	Key  RightKey
	Name Text
	Info Text
	// On is the type of resource that the right is a right on; of the organization itself if empty.
	On ScopeType
	// Feature is what the resource must have for the right to hold there.
	Feature FeatureKey
	// With is another right that must be held in the same place.
	With        RightKey
	Module      bool      // a part of the portal
	Recommended bool      // leaving it out is warned of
	Sensitive   bool      // never part of "all"
	Notice      NoticeKey // of what the operator tells whoever holds the right
}

// NoticeKey names something that the operator tells an organization's people.
type NoticeKey string

// AgreementChanged tells that the customer agreement changes.
const AgreementChanged NoticeKey = "agreement-changed"

// told is the rights whose holders get a notice.
func (p *Profile) told(notice NoticeKey) (rights []RightKey) {
	for _, r := range p.Rights {
		if r.Notice == notice {
			rights = append(rights, r.Key)
		}
	}
	return rights
}

// Policies are the choices between which portals differ.
type Policies struct {
	RemovalOwn       RemovalPolicy
	SelfEdit         bool
	AccessOnly       bool // of others who are users already, administrators change the access and nothing else
	FixedTerm        bool
	Reminders        []int // of the end of a fixed term: so many days before
	Partners         bool
	Subscription     bool     // access asks for an active subscription
	NationalID       Presence // of people
	SelfRegistration bool
	CreationRequires []CreationChoice // what must be chosen for a new user, beside a role
}

// Presence of a piece of data.
type Presence string

const (
	NotAsked    Presence = "none"
	MayBeGiven  Presence = "optional"
	MustBeGiven Presence = "required"
)

// CreationChoice is something that must be chosen for a new user: a resource of
// a type, or a module.
type CreationChoice string

// ChooseModules asks for at least one right that is a module; every other
// choice is the key of a resource type.
const ChooseModules CreationChoice = "modules"

// RemovalPolicy is what becomes of an own user who is removed.
type RemovalPolicy string

const (
	Erase      RemovalPolicy = "erase"      // gone; the address is free again
	Deactivate RemovalPolicy = "deactivate" // can be restored with the assignments held
)

// Role finds a role by its key; nil when the profile has none.
func (p *Profile) Role(key RoleKey) *Role {
	for i := range p.Roles {
		if p.Roles[i].Key == key {
			return &p.Roles[i]
		}
	}
	return nil
}

// DefaultLanguage is the first of the profile's.
func (p *Profile) DefaultLanguage() Language { return p.Languages[0] }

// Speaks tells whether the profile has the language.
func (p *Profile) Speaks(l Language) bool { return slices.Contains(p.Languages, l) }

// Right finds a right by its key; nil when the profile declares none of that
// key, as it does not declare Fullmakt's own.
func (p *Profile) Right(key RightKey) *RightInfo {
	for i := range p.Rights {
		if p.Rights[i].Key == key {
			return &p.Rights[i]
		}
	}
	return nil
}

// ResourceType finds a type of resource by its key; nil when the profile has none.
func (p *Profile) ResourceType(key ScopeType) *ResourceType {
	for i := range p.ResourceTypes {
		if p.ResourceTypes[i].Key == key {
			return &p.ResourceTypes[i]
		}
	}
	return nil
}

// MandateType finds a type of mandate by its key; nil when the profile has none.
func (p *Profile) MandateType(key MandateTypeKey) *MandateType {
	for i := range p.Mandates {
		if p.Mandates[i].Key == key {
			return &p.Mandates[i]
		}
	}
	return nil
}

// gives tells whether the role gives the right. All gives whatever there is
// and will be, but for what the profile calls sensitive.
func (r *Role) gives(p *Profile, right RightKey) bool {
	if slices.Contains(r.Rights, right) {
		return true
	}
	return r.All && !p.Sensitive(right)
}

// holds tells whether the roles together give the right.
func (p *Profile) holds(roles []RoleKey, right RightKey) bool {
	return slices.ContainsFunc(roles, func(key RoleKey) bool {
		role := p.Role(key)
		return role != nil && role.gives(p, right)
	})
}

// Knows tells whether there is a right of this key: one that the profile
// declares, or one of Fullmakt's own that a role can hold.
func (p *Profile) Knows(right RightKey) bool {
	return p.Right(right) != nil || slices.Contains(AdministrativeRights, right)
}

// EveryRight is the keys of the rights that there are.
func (p *Profile) EveryRight() []RightKey {
	rights := slices.Clone(AdministrativeRights)
	for _, r := range p.Rights {
		rights = append(rights, r.Key)
	}
	return rights
}

// automatic are the roles that users of an origin get of themselves.
func (p *Profile) automatic(origin Origin) (roles []RoleKey) {
	for _, r := range p.Roles {
		if slices.Contains(r.DefaultFor, origin) {
			roles = append(roles, r.Key)
		}
	}
	return roles
}

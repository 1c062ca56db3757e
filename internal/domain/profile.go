package domain

import "slices"

// Profile turns Fullmakt into one operator's portal. Package profile reads and checks it.
type Profile struct {
	Key       string
	Languages []Language // the first is the default
	TimeZone  string
	Country   Country
	Roles     []Role
	Rights    []RightInfo
	Policies  Policies
}

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
	All    bool // all rights of the organization, later ones included
}

// RightInfo tells people what a right is.
type RightInfo struct {
	Key  RightKey
	Name Text
	Info Text
}

// Policies are the choices between which portals differ.
type Policies struct {
	RemovalOwn RemovalPolicy
	SelfEdit   bool
	FixedTerm  bool
}

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

// known are those of the roles that the profile still has. One that it has lost
// gives nothing, and anybody who may edit the user may take it away.
func (p *Profile) known(roles []RoleKey) (known []RoleKey) {
	for _, key := range roles {
		if p.Role(key) != nil {
			known = append(known, key)
		}
	}
	return known
}

// holds tells whether the roles together give the right.
func (p *Profile) holds(roles []RoleKey, right RightKey) bool {
	return slices.ContainsFunc(roles, func(key RoleKey) bool {
		role := p.Role(key)
		return role != nil && (role.All || slices.Contains(role.Rights, right))
	})
}

// administers tells whether the roles make an administrator: one who can give
// the rights of the organization to others.
func (p *Profile) administers(roles []RoleKey) bool { return p.holds(roles, RightEditUsers) }

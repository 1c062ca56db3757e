package domain

import (
	"cmp"
	"slices"
)

// ScopeType is the type of place where an assignment holds: one of those
// below, or the key of a resource type.
type ScopeType string

const (
	// InOrganization is the organization and all in it, also what comes later.
	InOrganization ScopeType = "organization"
	// ForClients is every organization that has given a mandate, also those
	// that will; never the own one.
	ForClients ScopeType = "clients"
	// ForClient is one organization that has given a mandate.
	ForClient ScopeType = "client"
)

// Scope is a place where an assignment holds: with ID that of a client or a
// resource, and all below it.
type Scope struct {
	Type ScopeType
	ID   string
}

// compareScopes orders scopes.
func compareScopes(a, b Scope) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Type, b.Type))
}

// Assignment gives roles and rights in scopes: each of them in each.
type Assignment struct {
	ID     AssignmentID
	Roles  []RoleKey
	Rights []RightKey
	Scopes []Scope // sorted, so that one of thousands is found at once; see Sorted
}

// Sorted is the assignment as it is kept: everything in order, and once.
func (a Assignment) Sorted() Assignment {
	a.Roles, a.Rights, a.Scopes = slices.Clone(a.Roles), slices.Clone(a.Rights), slices.Clone(a.Scopes)
	slices.Sort(a.Roles)
	slices.Sort(a.Rights)
	slices.SortFunc(a.Scopes, compareScopes)
	a.Roles, a.Rights, a.Scopes = slices.Compact(a.Roles), slices.Compact(a.Rights), slices.Compact(a.Scopes)
	return a
}

// gives tells whether the assignment gives the right, wherever it holds.
func (a *Assignment) gives(p *Profile, right RightKey) bool {
	return slices.Contains(a.Rights, right) || p.holds(a.Roles, right)
}

// holdsIn tells whether the assignment names the scope.
func (a *Assignment) holdsIn(s Scope) bool {
	_, found := slices.BinarySearchFunc(a.Scopes, s, compareScopes)
	return found
}

// holdsOn tells whether the assignment names the resource, whose id alone says which it is.
func (a *Assignment) holdsOn(id ResourceID) bool {
	i, found := slices.BinarySearchFunc(a.Scopes, string(id), func(s Scope, id string) int { return cmp.Compare(s.ID, id) })
	return found && a.Scopes[i].Type != ForClient
}

// Given are the rights that the membership was given in exactly the scope, by
// roles too. Whether they count there now is for a decision to say. For clients
// only what a mandate can have room for is anything.
func (m *Membership) Given(p *Profile, s Scope) (rights []RightKey) {
	for _, right := range p.EveryRight() {
		if (s.Type == ForClient || s.Type == ForClients) && !p.mandated(right) {
			continue
		}
		if slices.ContainsFunc(m.Assignments, func(a Assignment) bool { return a.holdsIn(s) && a.gives(p, right) }) {
			rights = append(rights, right)
		}
	}
	return rights
}

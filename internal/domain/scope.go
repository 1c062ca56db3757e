package domain

import "slices"

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

// Assignment gives roles and rights in scopes: each of them in each.
type Assignment struct {
	ID     AssignmentID
	Roles  []RoleKey
	Rights []RightKey
	Scopes []Scope
}

// gives tells whether the assignment gives the right, wherever it holds.
func (a *Assignment) gives(p *Profile, right RightKey) bool {
	return slices.Contains(a.Rights, right) || p.holds(a.Roles, right)
}

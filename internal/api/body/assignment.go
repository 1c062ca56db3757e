package body

import (
	"fmt"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Scope in JSON.
type Scope struct {
	Type domain.ScopeType `json:"type" required:"true" description:"organization: the whole, also what comes later; clients: all that have given a mandate, also those that will; client: one of them; or a resource type." example:"worksite"`
	ID   string           `json:"id,omitzero" description:"Of a client or a resource."`
}

// Assignment in JSON.
type Assignment struct {
	ID     domain.AssignmentID `json:"id,omitzero" description:"Sent back, the assignment keeps it."`
	Roles  []domain.RoleKey    `json:"roles,omitempty" uniqueItems:"true" description:"Keys of the profile's roles." example:"[\"user\"]"`
	Rights []domain.RightKey   `json:"rights,omitempty" uniqueItems:"true" description:"Keys of rights." example:"[\"order\"]"`
	Scopes []Scope             `json:"scopes" required:"true" minItems:"1" description:"Each role and right holds in each of them."`
}

// AssignmentsOf shows assignments.
func AssignmentsOf(assignments []domain.Assignment) []Assignment {
	out := make([]Assignment, len(assignments))
	for i, a := range assignments {
		out[i] = Assignment{ID: a.ID, Roles: a.Roles, Rights: a.Rights}
		for _, s := range a.Scopes {
			out[i].Scopes = append(out[i].Scopes, Scope(s))
		}
	}
	return out
}

// Assignments reads assignments. All of their places are read in one batch, so
// there is a bound to how many a request can name.
func Assignments(in []Assignment, p *domain.Profile, pointer string, faults *domain.Faults) []domain.Assignment {
	if len(in) > domain.MaxAssignments {
		faults.Add(pointer, "too-long", "There are too many of them.")
		return nil
	}
	out := make([]domain.Assignment, len(in))
	places := 0
	for i, a := range in {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if a.ID != "" && !a.ID.Valid() {
			faults.Add(at+"/id", "value-invalid", "This is not the id of an assignment.")
		}
		g := Grants(a.Roles, a.Rights, a.Scopes, p, at, faults)
		out[i] = domain.Assignment{ID: a.ID, Roles: g.Roles, Rights: g.Rights, Scopes: g.Scopes}
		places += len(g.Scopes)
	}
	if places > domain.MaxPlaces {
		faults.Add(pointer, "too-long", "They name too many places for one request.")
	}
	return out
}

// Grants reads roles and rights in scopes: something of either, somewhere.
func Grants(roles []domain.RoleKey, rights []domain.RightKey, scopes []Scope, p *domain.Profile, pointer string, faults *domain.Faults) domain.Grants {
	Keys(roles, rights, p, pointer, faults)
	if len(roles)+len(rights) == 0 {
		faults.Add(pointer+"/roles", "required", "Give at least one role or right.")
	}
	if len(scopes) == 0 {
		faults.Add(pointer+"/scopes", "required", "Say where it holds.")
	}
	if len(scopes) > domain.MaxPlaces {
		faults.Add(pointer+"/scopes", "too-long", "These are too many places for one request.")
		return domain.Grants{}
	}
	g := domain.Grants{Roles: roles, Rights: rights}
	for i, s := range scopes {
		at := fmt.Sprintf("%s/scopes/%d", pointer, i)
		var valid bool
		switch s.Type {
		case domain.InOrganization, domain.ForClients:
			valid = s.ID == ""
		case domain.ForClient:
			valid = domain.OrganizationID(s.ID).Valid()
		default:
			if p.ResourceType(s.Type) == nil {
				faults.Add(at+"/type", "value-unknown", "There is no such type of place.")
			}
			valid = domain.ResourceID(s.ID).Valid()
		}
		if !valid {
			faults.Add(at+"/id", "value-invalid", "The id of a client or a resource is needed for one of those, and for nothing else.")
		}
		g.Scopes = append(g.Scopes, domain.Scope(s))
	}
	return g
}

// Keys reads keys of roles and rights: all of the profile, none twice.
func Keys(roles []domain.RoleKey, rights []domain.RightKey, p *domain.Profile, pointer string, faults *domain.Faults) {
	Each(roles, func(k domain.RoleKey) bool { return p.Role(k) != nil }, pointer+"/roles", faults)
	Rights(rights, p, pointer+"/rights", faults)
}

// Rights reads keys of rights: those of the profile and Fullmakt's own, none twice.
func Rights(rights []domain.RightKey, p *domain.Profile, pointer string, faults *domain.Faults) {
	Each(rights, p.Knows, pointer, faults)
}

// Each reads a list of keys that are known, none of them twice.
func Each[K comparable](keys []K, known func(K) bool, pointer string, faults *domain.Faults) {
	seen := map[K]bool{}
	for i, key := range keys {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if !known(key) {
			faults.Add(at, "value-unknown", "There is no such thing here.")
		}
		if seen[key] {
			faults.Add(at, "value-repeated", "Give each once.")
		}
		seen[key] = true
	}
}

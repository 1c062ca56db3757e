package domain

import (
	"slices"
	"time"
)

// Resource is a thing inside an organization that access is given on. The
// profile says of which types there are, and what lies in what.
type Resource struct {
	Version      int64
	Revision     int64 // counts edits; the ETag
	ID           ResourceID
	Organization OrganizationID
	Type         ScopeType
	// Path is what it lies in, from the outermost to its parent. It never
	// changes, so a resource alone tells which scopes reach it.
	Path      []ResourceID
	Name      string
	Reference string // the operator's own number for it; may be empty
	Features  []FeatureKey
	CreatedAt time.Time
	UpdatedAt time.Time
}

// within tells whether the resource is the one of this id or lies in it.
func (r *Resource) within(id string) bool {
	return string(r.ID) == id || slices.Contains(r.Path, ResourceID(id))
}

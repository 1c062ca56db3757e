// Package assignment is what users were given: roles and rights in scopes.
package assignment

import (
	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{List(), Replace(), Clear(), Bulk()}
}

// assignments in JSON: all of one user's.
type assignments struct {
	Items    []body.Assignment `json:"items" description:"The roles for the whole organization that the user has beside them are the user's own member."`
	Warnings []body.Warning    `json:"warnings,omitempty" description:"What is allowed and worth a second look."`
}

// shown is what a user has, with the tag of the user.
func shown(call *endpoint.Call, m *domain.Membership) assignments {
	call.ETag = endpoint.ETag(m.Revision)
	return assignments{Items: body.AssignmentsOf(m.Assignments), Warnings: body.WarningsOf(m, call.Profile)}
}

// oneRequest is a request about one user without a body.
type oneRequest struct {
	Org  domain.OrganizationID `path:"org" json:"-"`
	User domain.PersonID       `path:"user" json:"-"`
}

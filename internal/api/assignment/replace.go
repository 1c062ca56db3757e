package assignment

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Replace gives a user other assignments.
func Replace() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "assignment-replace", Method: http.MethodPut, Path: "/v1/organizations/{org}/users/{user}/assignments", Status: http.StatusOK,
		Summary: "Gives a user these assignments in the place of all they had. The user's roles for the whole organization stay.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors: []*domain.Error{
			domain.ErrStale, domain.ErrVersionRequired, domain.ErrInactive, domain.ErrSelf, domain.ErrLastAdmin, domain.ErrRoleNotYours,
			domain.ErrRightNotYours, domain.ErrScope, domain.ErrAboveMandate, domain.ErrTooMuch, domain.ErrThrottled,
		},
	}, func(in *replaceRequest, want *domain.Want) {
		want.Administrators = true
		want.ForPlaces(in.assignments)
	}, replace)
}

type replaceRequest struct {
	Org         domain.OrganizationID `path:"org" json:"-"`
	User        domain.PersonID       `path:"user" json:"-"`
	IfMatch     string                `header:"If-Match" json:"-" required:"true"`
	Assignments []body.Assignment     `json:"assignments" required:"true" maxItems:"200" description:"Empty for none."`

	assignments []domain.Assignment
}

func (in *replaceRequest) Read(p *domain.Profile, faults *domain.Faults) {
	if in.Assignments == nil {
		faults.Add("/assignments", "required", "This is needed.")
	}
	in.assignments = body.Assignments(in.Assignments, p, "/assignments", faults)
}

func replace(ctx context.Context, call *endpoint.Call, in *replaceRequest) (assignments, error) {
	if call.Scene.Membership == nil {
		return assignments{}, domain.ErrNotFound
	}
	if err := call.Match(call.Scene.Membership.Revision); err != nil {
		return assignments{}, err
	}
	m, err := domain.ReplaceAssignments(ctx, call.Store, call.Change, call.Scene, call.Profile, in.assignments)
	if err != nil {
		return assignments{}, err
	}
	return shown(call, m), nil
}

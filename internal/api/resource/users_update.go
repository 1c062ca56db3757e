package resource

import (
	"context"
	"fmt"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// UsersUpdate says what users have on a resource.
func UsersUpdate() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "resource-users-update", Method: http.MethodPatch, Path: "/v1/organizations/{org}/resources/{resource}/users", Status: http.StatusOK,
		Summary: "Says what some users have on a resource, in the place of what they had on it, and what they are there. All of it is done, or nothing. What they have from elsewhere stays, and so do users who are not named.",
		Access:  endpoint.Right(domain.RightShareResource),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors: []*domain.Error{
			domain.ErrSelf, domain.ErrLastAdmin, domain.ErrRoleNotYours, domain.ErrRightNotYours, domain.ErrScope, domain.ErrTooMuch, domain.ErrThrottled,
		},
	}, func(in *usersUpdateRequest, want *domain.Want) {
		want.Administrators = true
		for _, u := range in.users {
			want.Users = append(want.Users, u.Person)
		}
	}, usersUpdate)
}

type usersUpdateRequest struct {
	oneRequest
	Users []userGrants `json:"users" required:"true" minItems:"1" maxItems:"40"`

	users []domain.ResourceUser
}

// userGrants is all that a user is to have on a resource.
type userGrants struct {
	ID     domain.PersonID   `json:"id" required:"true"`
	Roles  []domain.RoleKey  `json:"roles,omitempty" uniqueItems:"true" description:"Keys of the profile's roles." example:"[]"`
	Rights []domain.RightKey `json:"rights,omitempty" uniqueItems:"true" description:"Keys of rights. With no roles and no rights, the user loses what they had." example:"[\"order\"]"`
	// JobTitle is for types that have them.
	JobTitle *string `json:"jobTitle,omitempty" maxLength:"200" description:"On resources whose type has them; empty for none. Left out, it stays, and who is new there gets their default task." example:"Site manager"`
}

func (in *usersUpdateRequest) Read(p *domain.Profile, faults *domain.Faults) {
	switch {
	case len(in.Users) == 0:
		faults.Add("/users", "required", "Name at least one user.")
	case len(in.Users) > domain.MaxResourceUsers:
		faults.Add("/users", "too-long", "These are too many users for one request.")
		return
	}
	seen := map[domain.PersonID]bool{}
	for i, u := range in.Users {
		at := fmt.Sprintf("/users/%d", i)
		switch {
		case !u.ID.Valid():
			faults.Add(at+"/id", "value-invalid", "This is not the id of a person.")
		case seen[u.ID]:
			faults.Add(at+"/id", "value-repeated", "Name each user once.")
		}
		seen[u.ID] = true
		body.Keys(u.Roles, u.Rights, p, at, faults)
		body.Change(u.JobTitle, func(s string) string { return body.Line(s, at+"/jobTitle", faults) })
		in.users = append(in.users, domain.ResourceUser{Person: u.ID, Roles: u.Roles, Rights: u.Rights, JobTitle: u.JobTitle})
	}
}

type usersUpdateResponse struct {
	Users []user `json:"users" description:"Those of the request, as they are now."`
}

func usersUpdate(ctx context.Context, call *endpoint.Call, in *usersUpdateRequest) (usersUpdateResponse, error) {
	changed, err := domain.UpdateResourceUsers(ctx, call.Store, call.Change, call.Scene, call.Profile, call.Resource, in.users)
	if err != nil {
		return usersUpdateResponse{}, err
	}
	return usersUpdateResponse{Users: usersOf(call, changed)}, nil
}

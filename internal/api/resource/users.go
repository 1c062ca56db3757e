package resource

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Users lists the users of a resource.
func Users() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "resource-users", Method: http.MethodGet, Path: "/v1/organizations/{org}/resources/{resource}/users", Status: http.StatusOK,
		Summary: "Lists the users who have anything on a resource, by family and given name. A page can have fewer than were asked for, and not be the last.",
		Access:  endpoint.Right(domain.RightShareResource),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryNames},
	}, func(_ *usersRequest, want *domain.Want) { endpoint.WantPaging(want) }, users)
}

type usersRequest struct {
	oneRequest
	Candidates string `query:"candidates" json:"-" enum:"true" description:"true: also those who have nothing on it yet, to choose from."`
	endpoint.Paging
}

func (in *usersRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	if in.Candidates != "" && in.Candidates != "true" {
		faults.Add("?candidates", "value-unknown", "Use true, or leave it out.")
	}
}

type usersResponse struct {
	Items []user `json:"items"`
	Next  string `json:"next" description:"The cursor of the next page; empty: there is none."`
}

// user in JSON: what a user has on a resource.
type user struct {
	ID         domain.PersonID       `json:"id"`
	Kind       domain.MembershipKind `json:"kind" enum:"own,partner"`
	GivenName  string                `json:"givenName" example:"Aino"`
	FamilyName string                `json:"familyName" example:"Virtanen"`
	Email      domain.Email          `json:"email" format:"email" example:"aino.virtanen@example.com"`
	Status     domain.Status         `json:"status" enum:"invited,active,upcoming,expired,locked,unsubscribed,inactive" example:"active"`
	Roles      []domain.RoleKey      `json:"roles" description:"Given on this very resource; keys of the profile's roles." example:"[]"`
	Rights     []domain.RightKey     `json:"rights" description:"Given on this very resource, beside the roles." example:"[\"order\"]"`
	JobTitle   string                `json:"jobTitle,omitzero" description:"On resources whose type has them." example:"Site manager"`
	Inherited  bool                  `json:"inherited" description:"The user has rights here also from a wider place: the organization, or a resource that this one lies in."`
}

func userOf(m *domain.Membership, r *domain.Resource, p *domain.Profile, now time.Time, zone *time.Location) user {
	direct, inherited := m.On(p, r)
	return user{
		ID: m.Person, Kind: m.Kind, GivenName: m.GivenName, FamilyName: m.FamilyName, Email: m.Email, Status: m.Status(p, now, zone),
		Roles: direct.Roles, Rights: direct.Rights, JobTitle: m.JobTitles[r.ID], Inherited: inherited,
	}
}

func users(ctx context.Context, call *endpoint.Call, in *usersRequest) (usersResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return usersResponse{}, err
	}
	list := domain.UsersOn
	if in.Candidates != "" {
		list = domain.Candidates
	}
	page, err := list(ctx, call.Store, call.Profile, call.Resource, req)
	if err != nil {
		return usersResponse{}, err
	}
	out := usersResponse{Items: usersOf(call, page.Items)}
	out.Next, err = call.Next(page.Next)
	return out, err
}

func usersOf(call *endpoint.Call, members []*domain.Membership) []user {
	out := make([]user, len(members))
	for i, m := range members {
		out[i] = userOf(m, call.Resource, call.Profile, call.Now(), call.Scene.Organization.Zone())
	}
	return out
}

package assignment

import (
	"context"
	"fmt"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Bulk gives many users the same, or takes it.
func Bulk() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "assignment-bulk", Method: http.MethodPost, Path: "/v1/organizations/{org}/assignments", Status: http.StatusOK,
		Summary: "Gives each of these users each of these roles and rights in each of these scopes, or takes them. An operation that breaks off is sent again as it was.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Whole:   true,
		Errors: []*domain.Error{
			domain.ErrSelf, domain.ErrRoleNotYours, domain.ErrRightNotYours, domain.ErrScope, domain.ErrAboveMandate,
		},
	}, func(in *bulkRequest, want *domain.Want) {
		want.ForBulk(in.bulk)
		in.want = *want
	}, bulk)
}

type bulkRequest struct {
	Org    domain.OrganizationID `path:"org" json:"-"`
	Action string                `json:"action" required:"true" enum:"add,remove" example:"add"`
	Users  []domain.PersonID     `json:"users" required:"true" minItems:"1" maxItems:"500" uniqueItems:"true"`
	Roles  []domain.RoleKey      `json:"roles,omitempty" uniqueItems:"true" description:"Keys of the profile's roles." example:"[\"user\"]"`
	Rights []domain.RightKey     `json:"rights,omitempty" uniqueItems:"true" description:"Keys of rights." example:"[\"order\"]"`
	Scopes []body.Scope          `json:"scopes" required:"true" minItems:"1" description:"Roles in the scope organization are the users' roles for the whole organization."`

	bulk domain.Bulk
	want domain.Want
}

func (in *bulkRequest) Read(p *domain.Profile, faults *domain.Faults) {
	if in.Action != "add" && in.Action != "remove" {
		faults.Add("/action", "value-unknown", "Use add or remove.")
	}
	switch n := len(in.Users); {
	case n == 0:
		faults.Add("/users", "required", "Name at least one user.")
	case n > domain.MaxBulkUsers:
		faults.Add("/users", "too-long", "These are too many users for one request.")
		return
	}
	seen := map[domain.PersonID]bool{}
	for i, user := range in.Users {
		at := fmt.Sprintf("/users/%d", i)
		if !user.Valid() {
			faults.Add(at, "value-invalid", "This is not the id of a user.")
		}
		if seen[user] {
			faults.Add(at, "value-repeated", "Give each once.")
		}
		seen[user] = true
	}
	in.bulk = domain.Bulk{
		Take: in.Action == "remove", Users: in.Users, Grants: body.Grants(in.Roles, in.Rights, in.Scopes, p, "", faults),
	}
}

type bulkResponse struct {
	Items    []result `json:"items" description:"In the order of the users."`
	Complete bool     `json:"complete" description:"False: some are pending, so send the same again."`
}

// result for one user in JSON.
type result struct {
	User    domain.PersonID    `json:"user"`
	Outcome domain.BulkOutcome `json:"outcome" enum:"done,unchanged,refused,pending" description:"unchanged: the user had it already, or did not have it; pending: not got to, or not known."`
	Code    domain.Code        `json:"code,omitzero" description:"Of an error: why it was refused, or why the operation broke off." example:"last-administrator"`
	Detail  string             `json:"detail,omitzero"`
}

func bulk(ctx context.Context, call *endpoint.Call, in *bulkRequest) (bulkResponse, error) {
	results, err := domain.AssignMany(ctx, call.Store, call.Change, call.Scene, in.want, call.Profile, in.bulk)
	if err != nil {
		return bulkResponse{}, err
	}
	out := bulkResponse{Items: make([]result, len(results)), Complete: true}
	for i, r := range results {
		out.Items[i] = result{User: r.Person, Outcome: r.Outcome}
		if r.Err != nil {
			out.Items[i].Code, out.Items[i].Detail = r.Err.Code, r.Err.Detail
		}
		out.Complete = out.Complete && r.Outcome != domain.BulkPending
	}
	return out, nil
}

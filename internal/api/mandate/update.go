package mandate

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Update changes a mandate.
func Update() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "mandate-update", Method: http.MethodPatch, Path: "/v1/organizations/{org}/mandates/{mandate}", Status: http.StatusOK,
		Summary: "Changes what a mandate has room for, or its last day, with effect on the agent's next request.",
		Access:  endpoint.Right(domain.RightEditMandates),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrStale, domain.ErrVersionRequired, domain.ErrMandateOver, domain.ErrRightNotYours},
	}, nil, update)
}

type updateRequest struct {
	Org     domain.OrganizationID `path:"org" json:"-"`
	Mandate domain.MandateID      `path:"mandate" json:"-"`
	IfMatch string                `header:"If-Match" json:"-" required:"true"`
	Rights  *[]domain.RightKey    `json:"rights,omitempty" uniqueItems:"true" minItems:"1" description:"Of those of the mandate's type." example:"[\"invoices:see\"]"`
	To      *domain.Date          `json:"to,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$" description:"The last day, included; empty: until it is revoked. A later one than before gives all of the mandate anew." example:"2027-12-31"`
}

func (in *updateRequest) Read(p *domain.Profile, faults *domain.Faults) {
	if in.Rights != nil {
		rights(*in.Rights, p.Knows, faults)
	}
	if in.To != nil {
		day(*in.To, "/to", faults)
	}
}

func update(ctx context.Context, call *endpoint.Call, in *updateRequest) (mandate, error) {
	all, old, err := find(ctx, call, in.Org, in.Mandate)
	if err != nil {
		return mandate{}, err
	}
	if err := call.Match(old.Revision); err != nil {
		return mandate{}, err
	}
	m, err := domain.UpdateMandate(call.Change, call.Scene, call.Profile, all, old, domain.MandatePatch{Rights: in.Rights, To: in.To})
	if err != nil {
		return mandate{}, err
	}
	agent, err := agentOf(ctx, call, all)
	if err != nil {
		return mandate{}, err
	}
	return shown(call, m, agent), nil
}

// Package mandate is the powers of attorney between organizations.
package mandate

import (
	"context"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{List(), Create(), Get(), Update(), Revoke()}
}

// mandate in JSON.
type mandate struct {
	ID        domain.MandateID      `json:"id"`
	Principal party                 `json:"principal" description:"Gives the mandate."`
	Agent     party                 `json:"agent" description:"May act for the principal."`
	Type      domain.MandateTypeKey `json:"type" description:"Key of one of the profile's types." example:"web-service"`
	Rights    []domain.RightKey     `json:"rights" description:"The most that the agent's people can do for the principal." example:"[\"invoices:see\"]"`
	From      domain.Date           `json:"from" format:"date" description:"The first day, in the principal's time zone."`
	To        domain.Date           `json:"to,omitzero" format:"date" description:"The last day, included; absent: until it is revoked."`
	Status    domain.MandateStatus  `json:"status" enum:"upcoming,active,ended,revoked" example:"active"`
	RevokedAt time.Time             `json:"revokedAt,omitzero"`
	CreatedAt time.Time             `json:"createdAt"`
	UpdatedAt time.Time             `json:"updatedAt"`
}

// party to a mandate.
type party struct {
	ID   domain.OrganizationID `json:"id"`
	Name string                `json:"name" example:"Mallinosturit Oy"`
}

func partyOf(o *domain.Organization) party { return party{o.ID, o.Name} }

func mandateOf(m *domain.Mandate, principal, agent *domain.Organization, now time.Time) mandate {
	return mandate{
		ID: m.ID, Principal: partyOf(principal), Agent: partyOf(agent), Type: m.Type, Rights: m.Rights, From: m.From, To: m.To,
		Status: m.Status(now, principal.Zone()), RevokedAt: m.RevokedAt, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
}

// shown is one mandate that the organization has given, with its tag.
func shown(call *endpoint.Call, m *domain.Mandate, agent *domain.Organization) mandate {
	call.ETag = endpoint.ETag(m.Revision)
	return mandateOf(m, call.Scene.Organization, agent, call.Now())
}

// oneRequest is a request about one mandate without a body.
type oneRequest struct {
	Org     domain.OrganizationID `path:"org" json:"-"`
	Mandate domain.MandateID      `path:"mandate" json:"-"`
}

// find finds a mandate that the organization has given.
func find(ctx context.Context, call *endpoint.Call, org domain.OrganizationID, id domain.MandateID) (*domain.Mandates, *domain.Mandate, error) {
	if !id.Valid() {
		return nil, nil, domain.ErrNotFound
	}
	return domain.FindMandate(ctx, call.Store, org, id)
}

// agentOf reads the organization that mandates were given to.
func agentOf(ctx context.Context, call *endpoint.Call, all *domain.Mandates) (*domain.Organization, error) {
	s, err := call.Store.Load(ctx, domain.Want{Organizations: []domain.OrganizationID{all.Agent}})
	if err != nil {
		return nil, err
	}
	return s.Organizations[all.Agent], nil
}

// rights reads those of a mandate: some of the profile's, none twice.
func rights(in []domain.RightKey, known func(domain.RightKey) bool, faults *domain.Faults) {
	if len(in) == 0 {
		faults.Add("/rights", "required", "Give at least one right, or revoke the mandate.")
	}
	body.Each(in, known, "/rights", faults)
}

// Package agreementchanged tells an organization's people that their agreement
// with the operator changes, when another of the operator's systems says so.
package agreementchanged

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
)

// ID is the job's, and the detail-type of its events.
const ID = "agreement-changed"

// Job is started by the event.
func Job() job.Job {
	return job.Job{
		ID: ID, Summary: "Tells those whom it concerns that their organization's agreement changes.",
		Trigger: job.Trigger{Event: ID},
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems},
		Run:     run,
	}
}

// Detail of the event: whose agreement, and from when on it is another one.
type Detail struct {
	Country    domain.Country `json:"country"` // ISO 3166-1 alpha-2
	BusinessID string         `json:"businessId"`
	From       domain.Date    `json:"from"` // YYYY-MM-DD
}

func run(ctx context.Context, deps job.Deps, raw json.RawMessage) (any, error) {
	var in Detail
	event, err := job.ReadEvent(raw, ID, &in)
	if err != nil {
		return nil, err
	}
	var faults domain.Faults
	claim := body.CompanyAt(in.Country, in.BusinessID, "/country", "/businessId", &faults)
	if _, ok := domain.ParseDate(string(in.From)); !ok {
		faults.Add("/from", "date-invalid", "Give the day as YYYY-MM-DD.")
	}
	if err := job.Refused(faults); err != nil {
		return nil, err
	}
	want := domain.Want{Business: claim}
	want.ForEvent(event.Key())
	found, err := deps.Store.Load(ctx, want)
	if err != nil || found.Receipt != nil {
		return nil, err
	}
	if found.BusinessClaim == nil {
		return nil, fmt.Errorf("%w: there is no such organization", job.ErrEvent)
	}
	org := found.BusinessClaim.Organization
	scene, err := deps.Store.Load(ctx, domain.Want{Organization: org})
	if err != nil {
		return nil, err
	}
	change := deps.Change(ID)
	if err := domain.AnnounceAgreement(change, scene, domain.AgreementChange{Organization: org, From: in.From}); err != nil {
		return nil, err
	}
	change.Seen(event.Key())
	err = deps.Store.Commit(ctx, change)
	if errors.Is(err, domain.ErrContended) {
		return nil, nil // the same event, at the same time
	}
	return nil, err
}

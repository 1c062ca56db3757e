// Package expirememberships does what the clock brings to memberships.
package expirememberships

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
)

// ID is the job's.
const ID = "expire-memberships"

// Job ends fixed-term memberships whose last day has passed, reminds people of
// the days to come, and writes to those who were invited and did not come. It
// runs every hour of UTC, where no hour is missing or comes twice; on whose
// calendar something is due, the data says.
func Job() job.Job {
	return job.Job{
		ID: ID, Summary: "Ends what is over, and reminds of what soon will be.",
		Trigger: job.Trigger{Every: time.Hour}, Timeout: 15 * time.Minute, // the most that Lambda gives
		Measures: []string{"due", "done", "failed", "overdueSeconds"},
		Needs:    []endpoint.Need{endpoint.ReadItems, endpoint.QueryTimes, endpoint.WriteItems, endpoint.CheckItems},
		Run:      run,
	}
}

// Result is what a run came to.
type Result struct {
	Due     int `json:"due"`
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Overdue int `json:"overdueSeconds"` // of the longest due, at the end of the run
}

func run(ctx context.Context, deps job.Deps, _ json.RawMessage) (any, error) {
	k := domain.Clockwork{
		Store: deps.Store, Profile: deps.Profile,
		Begin: func() *domain.Change { return deps.Change(ID) },
		Failed: func(due domain.DueMembership, err error) {
			deps.Log.ErrorContext(ctx, "membership put aside", "organization", due.Organization, "user", due.Person, "error", err)
		},
	}
	tally, err := k.Run(ctx)
	if errors.Is(err, domain.ErrRunning) {
		deps.Log.InfoContext(ctx, "another run is under way")
		return nil, nil
	}
	r := Result{Due: tally.Due, Done: tally.Done, Failed: tally.Failed}
	if !tally.OldestDueAt.IsZero() {
		r.Overdue = int(deps.Clock().Sub(tally.OldestDueAt).Seconds())
	}
	deps.Measure(ctx, Job(), map[string]int{"due": r.Due, "done": r.Done, "failed": r.Failed, "overdueSeconds": r.Overdue})
	if err == nil && r.Failed > 0 {
		err = fmt.Errorf("%d memberships were put aside", r.Failed)
	}
	return r, err
}

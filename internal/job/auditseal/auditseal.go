// Package auditseal seals what organizations' audits say.
package auditseal

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
)

// ID is the job's.
const ID = "audit-seal"

// Job seals the audit entries of all organizations, a few minutes after they were
// written. Sooner is no use: an entry has to settle first.
func Job() job.Job {
	return job.Job{
		ID: ID, Summary: "Seals the audit of every organization in a chain of hashes.",
		Trigger: job.Trigger{Every: 5 * time.Minute}, Measures: []string{"organizations", "entries"},
		Needs: []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.QueryTimes, endpoint.WriteItems},
		Run:   run,
	}
}

// Result is what was done.
type Result struct {
	Organizations int `json:"organizations"`
	Entries       int `json:"entries"`
}

func run(ctx context.Context, deps job.Deps, _ json.RawMessage) (any, error) {
	sealing := domain.Sealing{Store: deps.Store, Begin: func() *domain.Change { return deps.Change(ID) }}
	organizations, entries, err := sealing.SealAll(ctx)
	deps.Measure(ctx, Job(), map[string]int{"organizations": organizations, "entries": entries})
	return Result{Organizations: organizations, Entries: entries}, err
}

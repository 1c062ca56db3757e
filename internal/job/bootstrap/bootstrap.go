// Package bootstrap fills an empty store.
package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/mailaddr"
)

// ID is the job's.
const ID = "store-bootstrap"

// Job makes the operator's organization with its first administrator, who is
// mailed. It is invoked once after the first deploy, and harmless after that.
func Job() job.Job {
	return job.Job{
		ID: ID, Summary: "Fills an empty store: the operator's organization and its first administrator.",
		Needs: []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems},
		Run:   run,
	}
}

// Event is what the job is invoked with.
type Event struct {
	OperatorName  string `json:"operatorName"`
	OperatorEmail string `json:"operatorEmail"`
	// OperatorLanguage is that of the first administrator's mail; the profile's first by default.
	OperatorLanguage domain.Language `json:"operatorLanguage,omitzero"`
}

// Result says whether there was anything to do.
type Result struct {
	Made bool `json:"made"`
}

func run(ctx context.Context, deps job.Deps, event json.RawMessage) (any, error) {
	var e Event
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, fmt.Errorf("%w: %w", job.ErrEvent, err)
	}
	email, err := mailaddr.Parse(e.OperatorEmail)
	if err != nil {
		return nil, fmt.Errorf("%w: operatorEmail: %w", job.ErrEvent, err)
	}
	if e.OperatorName == "" {
		return nil, fmt.Errorf("%w: operatorName is missing", job.ErrEvent)
	}
	language := e.OperatorLanguage
	if language == "" {
		language = deps.Profile.DefaultLanguage()
	}
	if !deps.Profile.Speaks(language) {
		return nil, fmt.Errorf("%w: operatorLanguage: the profile does not speak %q", job.ErrEvent, language)
	}
	change := deps.Change(ID)
	err = domain.Bootstrap(ctx, deps.Store, change, deps.Profile, domain.Operator{Name: e.OperatorName, Email: email, Language: language})
	if err != nil || change.Empty() {
		return Result{}, err
	}
	return Result{Made: true}, deps.Store.Commit(ctx, change)
}

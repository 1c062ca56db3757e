// Package vaultrotate seals anew what was sealed with older keys.
package vaultrotate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
)

// ID is the job's.
const ID = "vault-rotate"

// Job seals every national id with the newest key, and claims it by the newest
// hash. It is invoked by hand when a key has been added, again with what it
// returns as next until that is empty, and then no function needs the older keys.
// What is changed meanwhile is sealed with the newest key anyway.
func Job() job.Job {
	return job.Job{
		ID: ID, Summary: "Seals what is encrypted in the table with the newest key, and hashes it anew.",
		Needs: []endpoint.Need{
			endpoint.ReadItems, endpoint.QueryTable, endpoint.QueryNames, endpoint.WriteItems, endpoint.DeleteItems,
			endpoint.SealFields, endpoint.OpenFields, endpoint.IndexFields,
		},
		Run: run,
	}
}

// Place is where a run begins, or would go on.
type Place struct {
	Organizations string                `json:"organizations,omitempty"` // the page of organizations, as the store gave it
	Organization  domain.OrganizationID `json:"organization,omitempty"`  // the first one of it that is not done
	User          domain.PersonID       `json:"user,omitempty"`          // the last one there that is
}

// Result tells what was done, and where to go on.
type Result struct {
	Seen     int    `json:"seen"`     // users with a national id
	Resealed int    `json:"resealed"` // of them with an older key
	Next     *Place `json:"next"`     // nil: that was all
}

// spare is what a run leaves of its time, so that it can say where it was.
const spare = 15 * time.Second

func run(ctx context.Context, deps job.Deps, event json.RawMessage) (any, error) {
	var from Place
	if err := json.Unmarshal(event, &from); err != nil {
		return nil, fmt.Errorf("%w: %w", job.ErrEvent, err)
	}
	r := &rotation{deps: deps}
	if deadline, ok := ctx.Deadline(); ok {
		r.until = deadline.Add(-spare)
	}
	for {
		page, err := deps.Store.Organizations(ctx, domain.PageRequest{Limit: 100, After: from.Organizations})
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(page.Items, func(o *domain.Organization) bool { return o.ID == from.Organization }) {
			from.Organization, from.User = "", "" // it has another name by now, and another place
		}
		for _, org := range page.Items {
			if from.Organization != "" && org.ID != from.Organization {
				continue
			}
			last, all, err := r.organization(ctx, org.ID, from.User)
			if err != nil {
				return nil, err
			}
			if !all {
				r.Next = &Place{Organizations: from.Organizations, Organization: org.ID, User: last}
				return r.Result, nil
			}
			from.Organization, from.User = "", ""
		}
		if page.Next == "" {
			return r.Result, nil
		}
		from = Place{Organizations: page.Next}
	}
}

type rotation struct {
	Result
	deps  job.Deps
	until time.Time // zero: there is time
}

// organization seals the codes of an organization's users behind one. It returns
// the last who is done, and whether all are or the time was up before.
func (r *rotation) organization(ctx context.Context, org domain.OrganizationID, behind domain.PersonID) (last domain.PersonID, all bool, err error) {
	users, err := r.deps.Store.AllUsers(ctx, org)
	if err != nil {
		return "", false, err
	}
	slices.SortFunc(users, func(a, b *domain.Membership) int { return cmp.Compare(a.Person, b.Person) })
	for _, m := range users {
		if m.Person <= behind || !m.NationalID.Known() {
			continue
		}
		if r.Seen > 0 && !r.until.IsZero() && time.Now().After(r.until) { // each run does something
			return behind, false, nil
		}
		if err := r.user(ctx, m); err != nil {
			return "", false, fmt.Errorf("%s in %s: %w", m.Person, org, err)
		}
		behind = m.Person
	}
	return behind, true, nil
}

// tries is how often a user is read anew whom others change at the same time.
const tries = 6

func (r *rotation) user(ctx context.Context, m *domain.Membership) error {
	r.Seen++
	for try := 1; ; try++ {
		c := r.deps.Change(ID)
		changed, err := domain.Reseal(ctx, r.deps.Vault, c, m)
		if err == nil && changed {
			err = r.deps.Store.Commit(ctx, c)
		}
		if !errors.Is(err, domain.ErrContended) || try == tries {
			if err == nil && changed {
				r.Resealed++
			}
			return err
		}
		s, err := r.deps.Store.Load(ctx, domain.Want{Organization: m.Organization, Users: []domain.PersonID{m.Person}})
		if err != nil {
			return err
		}
		if m = s.Memberships[m.Person]; m == nil || !m.NationalID.Known() {
			return nil // gone meanwhile
		}
	}
}

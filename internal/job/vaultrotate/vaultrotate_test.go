package vaultrotate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/vault/localvault"
)

// world is a store with organizations of a few users, all sealed with an old
// key, and the job's dependencies with a new one before that.
type world struct {
	store *store.Store
	deps  job.Deps
	codes map[domain.PersonID]domain.IdentityCode
}

func open(t *testing.T, organizations, users int) *world {
	t.Helper()
	tb, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	w := &world{store: store.New(tb), codes: map[domain.PersonID]domain.IdentityCode{}}
	first, second := localvault.Fresh("1"), localvault.Fresh("2")
	old, err := localvault.New(first)
	if err != nil {
		t.Fatal(err)
	}
	both, err := localvault.New(second, first)
	if err != nil {
		t.Fatal(err)
	}
	w.deps = job.Deps{Store: w.store, Vault: both, Clock: time.Now, Log: slog.New(slog.DiscardHandler)}
	for o := range organizations {
		c := w.deps.Change("test")
		org := &domain.Organization{ID: domain.NewOrganizationID(c.At.Add(time.Duration(o) * time.Second)), Name: fmt.Sprint("Number ", o), Alphabet: "sv"}
		c.Put(org)
		for u := range users {
			m := &domain.Membership{Organization: org.ID, Person: domain.NewPersonID(), Kind: domain.Own, Alphabet: "sv", CreatedAt: c.At, UpdatedAt: c.At}
			if u > 0 { // the first has none
				code := domain.IdentityCode{Country: "FI", Text: fmt.Sprintf("code %d of %d", u, o)}
				claim, err := domain.Entrust(t.Context(), old, m, code)
				if err != nil {
					t.Fatal(err)
				}
				c.Put(claim)
				w.codes[m.Person] = code
			}
			c.Put(m)
		}
		c.Record(org.ID, domain.OrganizationCreated, domain.Subject{})
		if err := w.store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) run(ctx context.Context, t *testing.T, from *Place) Result {
	t.Helper()
	event, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	result, err := Job().Run(ctx, w.deps, event)
	if err != nil {
		t.Fatal(err)
	}
	return result.(Result)
}

// XI12: a run whose time is up says where to go on, and each code is sealed
// anew once, wherever the runs end.
func TestXI12_RunsGoOnWhereTheLastOneEnded(t *testing.T) {
	t.Parallel()
	w := open(t, 3, 4)
	var seen, resealed, runs int
	for from := new(Place); from != nil; runs++ {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(spare-time.Second)) // there is time for one
		r := w.run(ctx, t, from)
		cancel()
		seen, resealed, from = seen+r.Seen, resealed+r.Resealed, r.Next
		if runs > 20 {
			t.Fatal("it never ends")
		}
	}
	if seen != 9 || resealed != 9 || runs < 3 {
		t.Errorf("%d seen, %d sealed anew in %d runs", seen, resealed, runs)
	}
	if r := w.run(t.Context(), t, new(Place)); r.Seen != 9 || r.Resealed != 0 || r.Next != nil {
		t.Errorf("afterwards %+v", r)
	}
}

// An organization that was renamed between two runs is no reason to leave any out.
func TestXI12_APlaceThatIsGoneBeginsAnew(t *testing.T) {
	t.Parallel()
	w := open(t, 2, 3)
	if r := w.run(t.Context(), t, &Place{Organization: "org_01jbn00000000000000000000a", User: "usr_zzz"}); r.Seen != 4 || r.Resealed != 4 {
		t.Errorf("%+v", r)
	}
}

// contended is a store in which others change what the job was about to.
type contended struct {
	domain.Store
	times int
}

func (c *contended) Commit(ctx context.Context, change *domain.Change) error {
	if c.times > 0 {
		c.times--
		return domain.ErrContended
	}
	return c.Store.Commit(ctx, change)
}

func TestOthersChangeTheSameUser(t *testing.T) {
	t.Parallel()
	w := open(t, 1, 2)
	w.deps.Store = &contended{w.store, tries - 1}
	if r := w.run(t.Context(), t, new(Place)); r.Resealed != 1 {
		t.Errorf("%+v", r)
	}
	w = open(t, 1, 2)
	w.deps.Store = &contended{w.store, tries}
	if _, err := Job().Run(t.Context(), w.deps, json.RawMessage(`{}`)); !errors.Is(err, domain.ErrContended) {
		t.Errorf("it has given up with %v", err)
	}
}

func TestAnEventThatIsNone(t *testing.T) {
	t.Parallel()
	if _, err := Job().Run(t.Context(), job.Deps{}, json.RawMessage(`[]`)); !errors.Is(err, job.ErrEvent) {
		t.Errorf("%v", err)
	}
}

// Package simulation lets a year pass: hourly runs of the jobs on a store of many
// memberships, with dates that are moved and runs that break off, and holds what
// came of it against a model of what should have.
package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/job/expirememberships"
	"github.com/fullmakt/fullmakt/internal/job/maildispatch"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// zones are where the customers are, one after the other.
var zones = []string{"Europe/Helsinki", "Europe/Stockholm", "Europe/Oslo", "Europe/Mariehamn"}

// start is a whole hour of a year with a leap day.
var start = time.Date(2027, 9, 1, 0, 0, 0, 0, time.UTC)

// world is a store with jobs that can be killed.
type world struct {
	testing.TB
	random  *rand.Rand
	base    *sqlitetable.Table
	count   *tabletest.Counter
	store   *store.Store // of those who edit: nothing befalls it
	deps    job.Deps
	now     time.Time
	spoil   func(tabletest.Call) tabletest.Fault
	profile *domain.Profile
	orgs    []*domain.Organization
	admins  []*domain.Membership // of the organizations
	sent    map[domain.MailID]int
	sending sync.Mutex
}

func newWorld(tb testing.TB, organizations int) *world {
	tb.Helper()
	base, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { base.Close() })
	rental, err := profile.Load("rental")
	if err != nil {
		tb.Fatal(err)
	}
	p := *rental
	p.Policies.RemovalOwn = domain.Deactivate // so that people can come back
	w := &world{TB: tb, random: rand.New(rand.NewPCG(1, 2)), base: base, now: start, profile: &p, sent: map[domain.MailID]int{}}
	w.count = tabletest.Count(base)
	w.store = store.New(base)
	spoiled := tabletest.Inject(w.count, func(c tabletest.Call) tabletest.Fault {
		if w.spoil == nil {
			return tabletest.Fault{}
		}
		return w.spoil(c)
	})
	w.deps = job.Deps{
		Store: store.New(spoiled), Profile: w.profile, Clock: func() time.Time { return w.now }, Sender: w, Operator: "Example Portal",
		Portal: "https://portal.example", Mint: domain.HMACMinter(make([]byte, 32)), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	w.organization(domain.OperatorID, "Europe/Helsinki")
	for i := range organizations {
		w.organization(domain.NewOrganizationID(start), zones[i%len(zones)])
	}
	return w
}

// Send counts a mail.
func (w *world) Send(_ context.Context, m domain.Message) (string, error) {
	w.sending.Lock()
	defer w.sending.Unlock()
	w.sent[m.ID]++
	return "sent", nil
}

func (w *world) change() *domain.Change {
	return domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, w.now, "test")
}

func (w *world) commit(c *domain.Change) {
	w.Helper()
	c.Record(domain.OperatorID, domain.UserUpdated, domain.Subject{Type: "user", ID: "test"})
	if err := w.store.Commit(w.Context(), c); err != nil {
		w.Fatal(err)
	}
}

// organization makes one with an administrator.
func (w *world) organization(id domain.OrganizationID, zone string) {
	w.Helper()
	org := &domain.Organization{
		ID: id, Revision: 1, Name: "Example " + fmt.Sprint(len(w.orgs)), Country: "FI", Language: domain.English, Alphabet: domain.Finnish,
		TimeZone: zone, CreatedAt: start, UpdatedAt: start,
	}
	m := w.member(org, "administrator", domain.Validity{})
	c := w.change()
	c.Put(org)
	w.put(c, m)
	c.Put(&domain.Administrators{Organization: id, Seats: []domain.Seat{{Person: m.Person, Activated: true, Chief: true}}})
	w.commit(c)
	w.orgs, w.admins = append(w.orgs, org), append(w.admins, m)
}

// member is somebody who has come, and whose validity has just been set.
func (w *world) member(org *domain.Organization, role domain.RoleKey, v domain.Validity) *domain.Membership {
	person := domain.NewPersonID()
	m := &domain.Membership{
		Revision: 1, Organization: org.ID, Person: person, Kind: domain.Own, Home: org.ID, Alphabet: domain.Finnish, Roles: []domain.RoleKey{role},
		Card: domain.Card{
			GivenName: "Ulla", FamilyName: "User", Email: domain.Email(strings.TrimPrefix(string(person), "usr_") + "@example.com"), Language: domain.English,
		},
		Validity: v, Agenda: domain.Agenda{Since: w.now, SetAt: w.now}, ActivatedAt: w.now, CreatedAt: w.now, UpdatedAt: w.now,
	}
	m.Plan(w.profile, org.Zone())
	return m
}

// put writes a membership with its person.
func (w *world) put(c *domain.Change, m *domain.Membership) {
	c.Put(m)
	c.Put(&domain.Person{
		ID: m.Person, Revision: 1, Email: m.Email, GivenName: m.GivenName, FamilyName: m.FamilyName, Language: m.Language, Home: m.Organization,
		Organizations: []domain.OrganizationID{m.Organization}, Security: 1, CreatedAt: w.now, UpdatedAt: w.now,
	})
}

// customer is one of the customers.
func (w *world) customer(i int) *domain.Organization { return w.orgs[1+i%(len(w.orgs)-1)] }

// crowd makes memberships without an end, whom the clock has nothing to do with.
func (w *world) crowd(n int) {
	w.Helper()
	c := w.change()
	for i := range n {
		c.Put(w.member(w.customer(i), "user", domain.Validity{}))
		if len(c.Writes) == 90 || i == n-1 {
			w.commit(c)
			c = w.change()
		}
	}
}

// run runs the job of the clock, as often as is said and all at once.
func (w *world) run(times int) error {
	errs := make([]error, times)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() { _, errs[i] = expirememberships.Job().Run(w.Context(), w.deps, json.RawMessage("{}")) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// dispatch sends what is in the outbox. A request becomes mails in one round, which
// the next one sends.
func (w *world) dispatch() error {
	for rounds := 2; rounds > 0; rounds-- {
		before := len(w.sent)
		if _, err := maildispatch.Job().Run(w.Context(), w.deps, json.RawMessage("{}")); err != nil {
			return err
		}
		if len(w.sent) > before {
			rounds = 2
		}
	}
	return nil
}

// broken runs something that dies at a call of the table, before or after what it
// asked for has happened: nothing that it asks for later happens.
func (w *world) broken(call int, do func() error) {
	left, dead := call, false
	lost := w.random.IntN(2) == 0
	w.spoil = func(tabletest.Call) tabletest.Fault {
		left--
		switch {
		case dead, left == 0 && !lost:
			dead = true
			return tabletest.Down
		case left == 0:
			dead = true
			return tabletest.LostAnswer
		}
		return tabletest.Fault{}
	}
	_ = do()
	w.spoil = nil
}

// items are the bodies of all items whose partition begins so.
func (w *world) items(prefix string, read func(item table.Item)) {
	w.Helper()
	for item, err := range w.base.Dump(context.Background()) {
		if err != nil {
			w.Fatal(err)
		}
		if strings.HasPrefix(item.PK, prefix) {
			read(item)
		}
	}
}

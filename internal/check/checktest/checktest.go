// Package checktest makes healthy stores, of which something can be broken by hand.
package checktest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job/auditseal"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/password"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/profile/profilefile"
	"github.com/fullmakt/fullmakt/internal/seed"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/vault/localvault"
	"github.com/fullmakt/fullmakt/profiles"
)

// Start is when a world begins.
var Start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// World is a store in which about everything is that can be: the demo data of a
// profile, invited by the use cases and mailed, made-up users, one of them signed
// in, one erased; with the audit sealed, and some of it still to be.
type World struct {
	testing.TB
	*store.Store
	Table   *sqlitetable.Table
	App     *localapp.App
	Profile *domain.Profile
	Vault   domain.Vault
	Clock   time.Time

	Customers []seed.Customer
	SignedIn  *domain.Membership       // who administers the first of them
	Token     domain.SessionToken      // of their session
	Erased    map[table.Key]table.Item // what there was of who was erased
	ErasedID  domain.PersonID
}

// New makes a world on a table in memory, or in the file if one is named.
func New(t testing.TB, profileName, file string) *World {
	t.Helper()
	p, err := profile.Load(profileName)
	must(t, err)
	tb, err := sqlitetable.Open(file)
	must(t, err)
	t.Cleanup(func() { tb.Close() })
	mailbox, err := filemail.New("")
	must(t, err)
	vault, err := localvault.New(localvault.Fresh("1"))
	must(t, err)
	w := &World{TB: t, Store: store.New(tb), Table: tb, Profile: p, Vault: vault, Clock: Start}
	w.App = localapp.New(localapp.Config{
		Table: tb, Profile: p, Hasher: password.New(), Mailbox: mailbox, LinkKey: bytes.Repeat([]byte{7}, 32), Vault: vault,
		PortalURL: "https://portal.example", Operator: "Example Portal", Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return w.Clock },
	})
	data, err := profiles.Demo(profileName)
	must(t, err)
	demo, faults := profilefile.ParseDemo("demo.yaml", data, p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	_, err = w.App.Bootstrap(t.Context(), "operator@portal.example", p.DefaultLanguage(), demo)
	must(t, err)
	w.Customers, err = seed.Fill(t.Context(), w.Store, p, seed.Options{Users: 60, Organizations: 2, Hash: "a hash", Now: w.Clock})
	must(t, err)
	w.Run("mail-dispatch")
	w.signIn()
	w.Clock = w.Clock.Add(10 * time.Minute)
	w.Run(auditseal.ID)
	w.ErasedID = w.user().Person
	w.Erased = w.Of(w.ErasedID)
	w.Erase(w.ErasedID)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Run runs a job.
func (w *World) Run(id string) {
	w.Helper()
	_, err := w.App.Run(w.Context(), id, json.RawMessage(nil))
	must(w, err)
}

func (w *World) signIn() {
	w.Helper()
	for _, m := range w.Users(w.Customers[0].ID) {
		if m.Email == w.Customers[0].Administrator {
			w.SignedIn = m
		}
	}
	p, err := w.Person(w.Context(), w.SignedIn.Person)
	must(w, err)
	c := domain.NewChange(domain.Actor{Type: domain.ByPerson, ID: string(p.ID)}, w.Clock, "test")
	_, w.Token = c.Open(p, "test")
	must(w, w.Commit(w.Context(), c))
}

// Users are those of an organization.
func (w *World) Users(org domain.OrganizationID) []*domain.Membership {
	w.Helper()
	all, err := w.AllUsers(w.Context(), org)
	must(w, err)
	return all
}

// user is one of the first customer's who is there in that organization only, is
// active and does not administer it.
func (w *World) user() *domain.Membership {
	w.Helper()
	return w.Find(func(m *domain.Membership) bool {
		p, err := w.Person(w.Context(), m.Person)
		must(w, err)
		_, seat := m.Seat(w.Profile)
		return m.Organization == w.Customers[0].ID && !seat && m.Kind == domain.Own && len(p.Organizations) == 1 && !m.ActivatedAt.IsZero() && m.RemovedAt.IsZero()
	})
}

// Find is the first membership of its kind.
func (w *World) Find(is func(*domain.Membership) bool) *domain.Membership {
	w.Helper()
	for _, e := range w.Entities() {
		if m, ok := e.(*domain.Membership); ok && is(m) {
			return m
		}
	}
	w.Fatal("there is none of these")
	return nil
}

// Entities are all that there are, in the order of their keys.
func (w *World) Entities() (all []domain.Entity) {
	w.Helper()
	for item, err := range w.Table.Dump(w.Context()) {
		must(w, err)
		e, err := store.Entity(item)
		must(w, err)
		if e != nil {
			all = append(all, e)
		}
	}
	return all
}

// Of is everything that there is of a person.
func (w *World) Of(id domain.PersonID) map[table.Key]table.Item {
	w.Helper()
	all := map[table.Key]table.Item{}
	for item, err := range w.Table.Dump(w.Context()) {
		must(w, err)
		e, err := store.Entity(item)
		must(w, err)
		mine := false
		switch e := e.(type) {
		case *domain.Person:
			mine = e.ID == id
		case *domain.EmailClaim:
			mine = e.Person == id
		case *domain.Membership:
			mine = e.Person == id
		}
		if mine {
			all[item.Key] = item
		}
	}
	return all
}

// Erase erases a person, as the operator's tool does.
func (w *World) Erase(id domain.PersonID) {
	w.Helper()
	var want domain.Want
	want.ForErasure(id)
	s, err := w.Load(w.Context(), want)
	must(w, err)
	must(w, domain.ErasePerson(w.Context(), w.Store, domain.NewChange(w.actor(), w.Clock, "test"), s, w.Profile, true))
}

func (w *World) actor() domain.Actor { return domain.Actor{Type: domain.ByJob, ID: "test"} }

// Plant writes entities as they are, past every rule.
func (w *World) Plant(entities ...domain.Entity) {
	w.Helper()
	c := domain.NewChange(w.actor(), w.Clock, "test")
	for _, e := range entities {
		c.Put(e)
	}
	c.Record(domain.OperatorID, domain.UserUpdated, domain.Subject{Type: "user", ID: "test"})
	must(w, w.Commit(w.Context(), c))
}

// Put writes items as they are.
func (w *World) Put(items ...table.Item) {
	w.Helper()
	for _, item := range items {
		must(w, w.Table.Transact(w.Context(), table.Put(item, table.Always)))
	}
}

// Item is one that is there.
func (w *World) Item(key table.Key) table.Item {
	w.Helper()
	found, err := w.Table.Get(w.Context(), key)
	must(w, err)
	if _, ok := found[key]; !ok {
		w.Fatalf("there is no %v", key)
	}
	return found[key]
}

// Drop takes an entity's item away.
func (w *World) Drop(e domain.Entity) {
	w.Helper()
	at, err := store.Place(e)
	must(w, err)
	must(w, w.Table.Transact(w.Context(), table.Delete(at.Key, table.IfPresent)))
}

// First is the first entity of a type that is of a kind.
func First[E domain.Entity](w *World, is func(E) bool) (found E) {
	w.Helper()
	for _, e := range w.Entities() {
		if e, ok := e.(E); ok && is(e) {
			return e
		}
	}
	w.Fatalf("there is no such %T", found)
	return found
}

package restore_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/check"
	"github.com/fullmakt/fullmakt/internal/check/checktest"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/restore"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dump"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// hasher knows no password.
type hasher struct{}

func (hasher) Hash(string) (string, error) { return "", errors.New("nothing is to be hashed") }
func (hasher) Verify(string, string) bool  { return false }
func (hasher) Common(string) bool          { return false }

// dumped writes a world's store to a file.
func dumped(w *checktest.World) string {
	w.Helper()
	name := filepath.Join(w.TempDir(), "dump.json")
	f, err := os.Create(name)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := dump.Write(f, w.Table.Dump(w.Context())); err != nil {
		w.Fatal(err)
	}
	if err := f.Close(); err != nil {
		w.Fatal(err)
	}
	return name
}

// loaded is a fresh table of what was dumped, and what has to be known of it.
func loaded(t testing.TB, name string) (*sqlitetable.Table, *restore.State) {
	t.Helper()
	tb, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	d, err := dump.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dump.Load(t.Context(), tb, d.Items(t.Context())); err != nil {
		t.Fatal(err)
	}
	s, err := restore.Survey(t.Context(), tb.Dump(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return tb, s
}

func violations(w *checktest.World, tb check.Table, now time.Time) []check.Violation {
	w.Helper()
	r, err := check.Run(w.Context(), tb, check.Options{Profile: w.Profile, Now: now, Vault: w.Vault})
	if err != nil {
		w.Fatal(err)
	}
	return r.Violations()
}

// of are the entities of a type that are in a table.
func of[E domain.Entity](t testing.TB, tb *sqlitetable.Table) (all []E) {
	t.Helper()
	for item, err := range tb.Dump(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e, err := store.Entity(item); err == nil {
			if e, ok := e.(E); ok {
				all = append(all, e)
			}
		}
	}
	return all
}

// XI10, XH7: a state is brought back from which somebody was erased since.
func TestXI10_XH7_AnOlderStateIsBroughtBack(t *testing.T) {
	t.Parallel()
	w := checktest.New(t, "insurance", sqlitetable.Memory)
	w.Clock = w.Clock.Add(10 * time.Minute)
	w.Run("audit-seal")
	// What is under way at that moment: a mail, an answer that can be asked for again.
	receipts := domain.NewChange(domain.Actor{Type: domain.ByPublic}, w.Clock, "test")
	receipts.Put(&domain.Receipt{Key: "a", Status: 200, Body: []byte(`{"x":1}`), ExpiresAt: w.Clock.Add(domain.ReceiptLife)})
	receipts.Send(&domain.Mail{Kind: domain.MailResetRequest, Email: "somebody@example.com"})
	if err := w.Commit(t.Context(), receipts); err != nil {
		t.Fatal(err)
	}
	older := dumped(w)

	// Then somebody is erased, a service is shut out, and the audit goes on.
	gone := w.Find(func(m *domain.Membership) bool {
		_, seat := m.Seat(w.Profile)
		return m.Organization == w.Customers[1].ID && !seat
	})
	w.Clock = w.Clock.Add(time.Hour)
	w.Erase(gone.Person)
	c := domain.NewChange(domain.Actor{Type: domain.ByPerson, ID: "usr_1"}, w.Clock, "test")
	c.Record(domain.OperatorID, domain.ServiceRevoked, domain.Subject{Type: "service", ID: "svc_1"})
	if err := w.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	w.Clock = w.Clock.Add(10 * time.Minute)
	w.Run("audit-seal")
	newer := dumped(w)

	tb, s := loaded(t, older)
	links := of[*domain.Link](t, tb)
	if len(of[*domain.Session](t, tb)) == 0 || len(links) == 0 || len(w.Of(gone.Person)) > 0 {
		t.Fatal("the older state has nothing that must not live again")
	}
	ledger, err := restore.ReadLedger(t.Context(), newer, s)
	if err != nil {
		t.Fatal(err)
	}
	now := w.Clock.Add(24 * time.Hour)
	r := &restore.Restoration{Table: tb, Profile: w.Profile, Now: now, Ledger: ledger}
	lost, err := r.Compare(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var again []domain.Action
	for _, e := range lost.Again {
		again = append(again, e.Action)
	}
	if diff := cmp.Diff([]domain.Action{domain.ServiceRevoked}, again); diff != "" || lost.Entries != 3 || lost.Seals != 2 {
		t.Errorf("lost: %d entries, %d seals\n%s", lost.Entries, lost.Seals, diff)
	}
	before := violations(w, tb, s.Newest)
	out, err := r.Apply(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := restore.Outcome{Sessions: 1, Links: len(links), Mails: 1, Receipts: 1, Listed: 2, Erased: 1}
	if diff := cmp.Diff(&want, out); diff != "" || len(before) > 0 {
		t.Errorf("%v\n%s", before, diff)
	}
	if v := violations(w, tb, now); len(v) > 0 {
		t.Errorf("%v", v)
	}
	for item, err := range tb.Dump(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		personal := strings.HasPrefix(item.PK, "AUDIT#") || strings.HasPrefix(item.PK, "SEAL#") || item.PK == "ERASED" || strings.HasPrefix(item.PK, "DIGEST#")
		if !personal && (bytes.Contains(item.Body, []byte(gone.Email)) || bytes.Contains(item.Body, []byte(gone.Person))) {
			t.Errorf("%s %s tells of who was erased", item.PK, item.SK)
		}
	}
	if n := len(of[*domain.Session](t, tb)) + len(of[*domain.Link](t, tb)) + len(of[*domain.Receipt](t, tb)); n > 0 {
		t.Errorf("%d sessions, links and receipts live again", n)
	}
	// All of it has an actor, and an entry in the audits of those whose links died.
	told := map[domain.OrganizationID]bool{}
	for _, e := range of[*domain.AuditEntry](t, tb) {
		if e.Action == domain.StoreRestored {
			told[e.Organization] = e.Actor == restore.Actor
		}
	}
	for _, l := range links {
		if !told[l.Organization] {
			t.Errorf("the audit of %s tells nothing", l.Organization)
		}
	}
	if !told[domain.OperatorID] {
		t.Error("the operator's audit tells nothing")
	}

	// Doing it again changes nothing more.
	ctx := t.Context()
	twice, err := r.Apply(ctx, s)
	if diff := cmp.Diff(&restore.Outcome{Listed: 2}, twice); diff != "" || err != nil {
		t.Errorf("again: %v\n%s", err, diff)
	}
	size := len(of[domain.Entity](t, tb))
	tried, err := restore.Smoke{Table: tb, Profile: w.Profile, Hasher: hasher{}, Vault: w.Vault, Now: now}.Run(ctx)
	if err != nil || len(tried) < 10 {
		t.Errorf("%q, %v", tried, err)
	}
	if after := len(of[domain.Entity](t, tb)); after != size {
		t.Errorf("the smoke test has left something: %d items, were %d", after, size)
	}
}

// The mail that takes a change of an address back, and its link, live on; what
// waits for a day to come waits.
func TestXI10_XA26_WhatLivesOn(t *testing.T) {
	t.Parallel()
	w := checktest.New(t, "rental", sqlitetable.Memory)
	p := w.SignedIn
	c := domain.NewChange(domain.Actor{Type: domain.ByPerson, ID: string(p.Person)}, w.Clock, "test")
	undo := &domain.Link{
		LinkRef: domain.LinkRef{Person: p.Person, Purpose: domain.ForEmailUndo, Organization: p.Organization}, ID: domain.NewLinkID(w.Clock),
		Email: p.Email, Security: 1, CreatedAt: w.Clock, ExpiresAt: w.Clock.Add(domain.EmailUndoLife),
	}
	c.Put(undo)
	back := &domain.Mail{Kind: domain.MailEmailChanging, Person: p.Person, Organization: p.Organization, Link: undo.ID}
	c.Send(back)
	tomorrow := &domain.Mail{Kind: domain.MailDigests, Organization: p.Organization, Day: "2026-11-03"}
	c.Send(tomorrow)
	tomorrow.NotBefore = w.Clock.Add(24 * time.Hour)
	c.Put(&domain.Receipt{Key: "a", Status: 200, ExpiresAt: w.Clock.Add(domain.ReceiptLife)})
	c.Put(&domain.Receipt{Key: "b", Status: 200, ExpiresAt: w.Clock})
	c.Record(p.Organization, domain.EmailChangeRequested, domain.Subject{Type: "user", ID: string(p.Person)})
	if err := w.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	tb, s := loaded(t, dumped(w))
	r := &restore.Restoration{Table: tb, Profile: w.Profile, Now: w.Clock.Add(time.Hour), Ledger: &restore.Ledger{}}
	if _, err := r.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	var waiting []domain.MailID
	for _, m := range of[*domain.Mail](t, tb) {
		if m.State == domain.MailQueued {
			waiting = append(waiting, m.ID)
		}
	}
	left := of[*domain.Link](t, tb)
	if diff := cmp.Diff([]domain.MailID{back.ID, tomorrow.ID}, waiting); diff != "" || len(left) != 1 || left[0].ID != undo.ID {
		t.Errorf("%v\n%s", left, diff)
	}
	if kept := of[*domain.Receipt](t, tb); len(kept) != 1 || kept[0].Key != "a" {
		t.Errorf("receipts: %v", kept)
	}
}

// XI10: of every transaction any one item may be missing. Each is found; what can be
// told from the rest is put right, in as many rounds as it takes, and nobody is let
// in by that.
func TestXI10_ATornTransactionIsFoundAndRepaired(t *testing.T) {
	t.Parallel()
	w := checktest.New(t, "insurance", sqlitetable.Memory)
	before := map[table.Key]bool{}
	for item, err := range w.Table.Dump(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		before[item.Key] = true
	}
	invite(w)
	var written []table.Key
	for item, err := range w.Table.Dump(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if !before[item.Key] {
			written = append(written, item.Key)
		}
	}
	name := dumped(w)
	found := 0
	for _, key := range written {
		if strings.HasPrefix(key.PK, "ATTEMPTS#") {
			continue // a counter, which nothing else tells of
		}
		found++
		t.Run(strings.Split(key.PK, "#")[0]+" "+strings.Split(key.SK, "#")[0], func(t *testing.T) {
			t.Parallel()
			tb, s := loaded(t, name)
			if err := tb.Transact(t.Context(), table.Delete(key, table.IfPresent)); err != nil {
				t.Fatal(err)
			}
			torn := violations(w, tb, w.Clock)
			if len(torn) == 0 {
				t.Fatal("nobody notices")
			}
			r := &restore.Restoration{Table: tb, Profile: w.Profile, Now: w.Clock.Add(time.Minute), Ledger: &restore.Ledger{}}
			if _, err := r.Apply(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			left := violations(w, tb, r.Now)
			for range 3 {
				if _, err := r.Repair(t.Context(), left); err != nil {
					t.Fatal(err)
				}
				left = violations(w, tb, r.Now)
			}
			if len(left) > 0 {
				t.Errorf("torn: %v\nleft: %v", torn, left)
			}
		})
	}
	if found < 6 {
		t.Errorf("an invitation wrote %v", written)
	}
}

// invite lets an administrator invite another one.
func invite(w *checktest.World) {
	w.Helper()
	w.Clock = w.Clock.Add(time.Second)
	in := domain.Invitation{
		Card:  domain.Card{GivenName: "Torn", FamilyName: "Test", Email: "torn@example.com", Language: domain.Finnish},
		Roles: w.SignedIn.Roles,
	}
	want := domain.Want{Session: w.Token, Organization: w.SignedIn.Organization}
	want.ForInvitation(in)
	s, err := w.Load(w.Context(), want)
	if err != nil {
		w.Fatal(err)
	}
	in.NationalID = domain.GivenNationalID{Code: domain.IdentityCode{Country: "FI", Text: "010199-9999"}, Vault: w.Vault}
	c := domain.NewChange(domain.Actor{Type: domain.ByPerson, ID: string(w.SignedIn.Person)}, w.Clock, "test")
	if _, err := domain.Invite(w.Context(), w.Store, c, s, w.Profile, in); err != nil {
		w.Fatal(err)
	}
	if err := w.Commit(w.Context(), c); err != nil {
		w.Fatal(err)
	}
}

// Whatever can be half there is put right, by what is there for certain.
func TestXI10_EveryRepair(t *testing.T) {
	t.Parallel()
	touched := func(w *checktest.World) time.Time { return w.Clock.Add(time.Second) }
	for name, c := range map[string]struct {
		profile string
		plant   func(w *checktest.World)
		fault   check.Fault
	}{
		"administrators": {"rental", func(w *checktest.World) {
			a := checktest.First(w, func(a *domain.Administrators) bool { return a.Organization == w.Customers[0].ID })
			a.Seats = nil
			w.Plant(a)
		}, check.SeatsWrong},
		"children": {"rental", func(w *checktest.World) {
			r := checktest.First(w, func(r *domain.Resource) bool { return r.Children > 0 })
			r.Children = 0
			w.Plant(r)
		}, check.ChildrenWrong},
		"a reference": {"rental", func(w *checktest.World) {
			w.Drop(checktest.First(w, func(*domain.ResourceClaim) bool { return true }))
		}, check.RefUnclaimed},
		"a reference of nothing": {"rental", func(w *checktest.World) {
			r := checktest.First(w, func(*domain.Resource) bool { return true })
			w.Plant(&domain.ResourceClaim{Organization: r.Organization, ResourceRef: domain.ResourceRef{Type: r.Type, Reference: "stray"}, Resource: r.ID})
		}, check.RefAstray},
		"a business id": {"rental", func(w *checktest.World) {
			w.Drop(checktest.First(w, func(*domain.OrganizationClaim) bool { return true }))
		}, check.BusinessUnclaimed},
		"a business id of nobody": {"rental", func(w *checktest.World) {
			w.Plant(&domain.OrganizationClaim{Country: "FI", BusinessID: "0", Organization: domain.NewOrganizationID(w.Clock)})
		}, check.BusinessAstray},
		"an address of nobody": {"rental", func(w *checktest.World) {
			w.Plant(&domain.EmailClaim{Email: "nobody@example.com", Person: domain.NewPersonID()})
		}, check.EmailAstray},
		"somebody who is nowhere": {"rental", func(w *checktest.World) {
			p := &domain.Person{ID: domain.NewPersonID(), Revision: 1, Email: "nowhere@example.com", Home: w.Customers[0].ID, Security: 1, UpdatedAt: w.Clock}
			w.Plant(p, &domain.EmailClaim{Email: p.Email, Person: p.ID}, audited(w, domain.UserCreated, "user", string(p.ID), w.Customers[0].ID))
			w.Plant(audited(w, domain.UserRemoved, "user", string(p.ID), w.Customers[0].ID))
		}, check.PersonNowhere},
		"a national id of nobody": {"insurance", func(w *checktest.World) {
			w.Plant(&domain.NationalIDClaim{Organization: domain.OperatorID, Hash: "00", Person: domain.NewPersonID()})
		}, check.IDAstray},
		"a national id": {"insurance", func(w *checktest.World) {
			w.Drop(checktest.First(w, func(*domain.NationalIDClaim) bool { return true }))
		}, check.IDUnclaimed},
		"a session for ever": {"rental", func(w *checktest.World) {
			s := checktest.First(w, func(*domain.Session) bool { return true })
			s.ExpiresAt = s.ExpiresAt.Add(time.Hour)
			w.Plant(s)
		}, check.SessionTooLong},
		"a link of no membership": {"insurance", func(w *checktest.World) {
			l := checktest.First(w, func(l *domain.Link) bool { return l.Purpose == domain.ForActivation })
			l.Version, l.Organization = 0, w.Customers[0].ID
			w.Plant(l)
		}, check.LinkAstray},
		"a subscription that is nobody's": {"telecom", func(w *checktest.World) {
			s := checktest.First(w, func(s *domain.Subscription) bool { return s.Person != "" })
			s.Person = ""
			w.Plant(s)
		}, check.SubscriptionWrong},
		"a subscription that has ended": {"telecom", func(w *checktest.World) {
			s := checktest.First(w, func(s *domain.Subscription) bool { return s.Person != w.SignedIn.Person && s.Active && s.Person != "" })
			s.Active = false
			w.Plant(s)
		}, check.SubscriptionWrong},
		"a subscription of who has not got it": {"telecom", func(w *checktest.World) {
			told := audited(w, domain.SubscriptionSet, "subscription", "1", w.Customers[0].ID)
			w.Plant(told, &domain.Subscription{Organization: told.Organization, ID: "1", Active: true, Person: w.SignedIn.Person, UpdatedAt: told.At})
		}, check.SubscriptionWrong},
		"a change of a user": {"rental", func(w *checktest.World) {
			m := *w.SignedIn
			m.UpdatedAt = touched(w)
			w.Plant(&m)
		}, check.Unaudited},
		"a change of a person": {"rental", func(w *checktest.World) {
			p := checktest.First(w, func(p *domain.Person) bool { return p.ID == w.SignedIn.Person })
			p.UpdatedAt = touched(w)
			w.Plant(p)
		}, check.Unaudited},
		"a change of a resource": {"rental", func(w *checktest.World) {
			r := checktest.First(w, func(*domain.Resource) bool { return true })
			r.UpdatedAt = touched(w)
			w.Plant(r)
		}, check.Unaudited},
		"a change of an organization": {"rental", func(w *checktest.World) {
			o := checktest.First(w, func(*domain.Organization) bool { return true })
			o.UpdatedAt = touched(w)
			w.Plant(o)
		}, check.Unaudited},
		"a resource that is lost": {"rental", func(w *checktest.World) {
			w.Plant(audited(w, domain.ResourceCreated, "resource", string(domain.NewResourceID(w.Clock)), w.Customers[0].ID))
		}, check.EffectMissing},
		"who was erased is back": {"insurance", func(w *checktest.World) {
			for _, item := range w.Erased {
				w.Put(item)
			}
		}, check.ErasedThere},
		"a membership that is lost, of two": {"construction", func(w *checktest.World) {
			w.Drop(w.Find(func(m *domain.Membership) bool {
				_, seat := m.Seat(w.Profile)
				return m.Kind == domain.Partner && !seat
			}))
		}, check.MemberMissing},
		"a membership of nobody who knows of it": {"rental", func(w *checktest.World) {
			p := checktest.First(w, func(p *domain.Person) bool { return p.ID == w.SignedIn.Person })
			p.Organizations = []domain.OrganizationID{}
			w.Plant(p)
		}, check.MemberUnlisted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := checktest.New(t, c.profile, sqlitetable.Memory)
			c.plant(w)
			found := violations(w, w.Table, w.Clock)
			if !slices.ContainsFunc(found, func(v check.Violation) bool { return v.Fault == c.fault }) {
				t.Fatalf("found: %v", found)
			}
			r := &restore.Restoration{Table: w.Table, Profile: w.Profile, Now: w.Clock.Add(time.Minute), Ledger: &restore.Ledger{}}
			for range 3 {
				if _, err := r.Repair(t.Context(), found); err != nil {
					t.Fatal(err)
				}
				found = violations(w, w.Table, r.Now)
			}
			// An organization that has lost its administrator by it is for somebody to see to.
			found = slices.DeleteFunc(found, func(v check.Violation) bool {
				return v.Fault == check.Unadministered && c.fault == check.MemberUnlisted
			})
			if len(found) > 0 {
				t.Errorf("left: %v", found)
			}
		})
	}
}

// audited is an entry of the audit.
func audited(w *checktest.World, action domain.Action, of, id string, org domain.OrganizationID) *domain.AuditEntry {
	w.Clock = w.Clock.Add(time.Millisecond)
	return &domain.AuditEntry{
		ID: domain.NewAuditID(w.Clock), Organization: org, At: w.Clock, Actor: domain.Actor{Type: domain.ByPublic}, Action: action,
		Subject: domain.Subject{Type: of, ID: id},
	}
}

// What nobody can tell from the rest is left for somebody to see.
func TestXI10_WhatIsNotRepaired(t *testing.T) {
	t.Parallel()
	for _, fault := range []check.Fault{
		check.Unreadable, check.Unadministered, check.AboveMandate, check.AboveProfile, check.MandateCycle, check.AuditBroken, check.NoActor, check.IDBroken,
		check.Foreign, check.PlaceWrong, check.EmailTorn, check.RefTorn, check.SealedWrong, check.ApprovalUnknown, check.NoPassword, check.MailState, check.CardAddress,
	} {
		if restore.Reparable(check.Violation{Fault: fault}) {
			t.Errorf("%s is repaired", fault)
		}
	}
	// Two people of one address: nobody knows whose it is.
	w := checktest.New(t, "rental", sqlitetable.Memory)
	var people []*domain.Person
	for _, e := range w.Entities() {
		if p, ok := e.(*domain.Person); ok {
			people = append(people, p)
		}
	}
	claim := checktest.First(w, func(e *domain.EmailClaim) bool { return e.Person == people[0].ID })
	claim.Person = people[1].ID
	w.Plant(claim)
	r := &restore.Restoration{Table: w.Table, Profile: w.Profile, Now: w.Clock, Ledger: &restore.Ledger{}}
	found := violations(w, w.Table, w.Clock)
	done, err := r.Repair(t.Context(), slices.DeleteFunc(found, func(v check.Violation) bool { return v.Fault == check.EmailAstray }))
	if err != nil || len(done) > 0 {
		t.Errorf("%v, %v", done, err)
	}
}

func TestXI10_LedgersThatAreNone(t *testing.T) {
	t.Parallel()
	w := checktest.New(t, "rental", sqlitetable.Memory)
	older := dumped(w)
	tb, s := loaded(t, older)
	another := dumped(checktest.New(t, "rental", sqlitetable.Memory))
	l, err := restore.ReadLedger(t.Context(), another, s)
	if err != nil {
		t.Fatal(err)
	}
	r := &restore.Restoration{Table: tb, Profile: w.Profile, Now: w.Clock, Ledger: l}
	if _, err := r.Compare(t.Context(), s); !errors.Is(err, restore.ErrOtherPast) {
		t.Errorf("another store's: %v", err)
	}
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "ledger")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	line := fmt.Sprintf(`{"person":%q,"organizations":[],"at":"2026-11-02T09:00:00Z"}`+"\n", w.SignedIn.Person)
	ends := func(n int) string { return fmt.Sprintf(`{"people":%d,"at":"2026-11-02T10:00:00Z"}`+"\n", n) }
	if l, err := restore.ReadLedger(t.Context(), file(line+ends(1)), s); err != nil || l.Whole || len(l.Erasures) != 1 || l.Erasures[0].Person != w.SignedIn.Person {
		t.Errorf("%v, %v", l, err)
	}
	for name, text := range map[string]string{
		"nothing": "", "one that was cut, or of an older version": line, "one with a line less": ends(1), "one with a line more": line + line + ends(1),
		"one that goes on": line + ends(1) + line, "two": ends(0) + ends(0), "one of no time": `{"people":0}` + "\n",
	} {
		if _, err := restore.ReadLedger(t.Context(), file(text), s); !errors.Is(err, restore.ErrCut) {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole, err := os.ReadFile(older)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"half": line + "{", "another thing": "{}\n"} {
		if _, err := restore.ReadLedger(t.Context(), file(text), s); err == nil {
			t.Errorf("%s is a ledger", name)
		}
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	first := slices.IndexFunc(lines, func(one []byte) bool { return bytes.Contains(one, []byte(`"pk":{"S":"ERASED"}`)) })
	if first < 0 || len(of[*domain.Erasure](t, tb)) == 0 {
		t.Fatal("nobody was erased")
	}
	if _, err := restore.ReadLedger(t.Context(), file(string(bytes.Join(lines[:first], nil))), s); !errors.Is(err, restore.ErrNoStore) {
		t.Errorf("a newer dump that was cut: %v", err)
	}
	if _, err := restore.ReadLedger(t.Context(), filepath.Join(t.TempDir(), "absent"), s); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if l, err := restore.ReadLedger(t.Context(), file(ends(0)), s); err != nil || len(l.Erasures) > 0 {
		t.Errorf("nobody was erased: %v, %v", l, err)
	}
	var b bytes.Buffer
	if err := restore.WriteLedger(t.Context(), &b, w.Store, w.Clock); err != nil {
		t.Fatal(err)
	}
	if l, err := restore.ReadLedger(t.Context(), file(b.String()), s); err != nil || len(l.Erasures) != 1 || l.Erasures[0].Person != w.ErasedID || !l.At.Equal(w.Clock) {
		t.Errorf("%s, %v, %v", b.String(), l, err)
	}
}

// XI10: of a subscription, an address and a reference, a half that would let somebody
// in does not: what has ended stays ended, and of two neither is given.
func TestXI10_NoRepairLetsAnybodyIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		profile string
		plant   func(w *checktest.World)
		fault   check.Fault
		mended  bool
	}{
		"a subscription that has ended for its user": {"telecom", func(w *checktest.World) {
			m := *subscriber(w)
			m.Unsubscribed = true
			w.Plant(&m)
		}, check.SubscriptionWrong, true},
		"one that is nobody's, too": {"telecom", func(w *checktest.World) {
			m := *subscriber(w)
			sub := checktest.First(w, func(s *domain.Subscription) bool { return s.Person == m.Person })
			m.Unsubscribed, sub.Person = true, ""
			w.Plant(&m, sub)
		}, check.SubscriptionWrong, true},
		"a change to another address": {"rental", func(w *checktest.World) {
			w.Drop(checktest.First(w, func(e *domain.EmailClaim) bool { return e.Person == w.SignedIn.Person }))
			w.Plant(&domain.EmailClaim{Email: "another@example.com", Person: w.SignedIn.Person})
		}, check.EmailTorn, false},
		"one with the older claim": {"rental", func(w *checktest.World) {
			w.Plant(&domain.EmailClaim{Email: "another@example.com", Person: w.SignedIn.Person})
		}, check.EmailTorn, false},
		"one with nothing but the way back": {"rental", func(w *checktest.World) {
			e := checktest.First(w, func(e *domain.EmailClaim) bool { return e.Person == w.SignedIn.Person })
			e.Until = w.Clock.Add(domain.EmailUndoLife)
			w.Plant(e)
		}, check.EmailTorn, false},
		"a change to another reference": {"rental", func(w *checktest.World) {
			claim := checktest.First(w, func(*domain.ResourceClaim) bool { return true })
			w.Drop(claim)
			w.Plant(&domain.ResourceClaim{Organization: claim.Organization, ResourceRef: domain.ResourceRef{Type: claim.Type, Reference: "another"}, Resource: claim.Resource})
		}, check.RefTorn, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := checktest.New(t, c.profile, sqlitetable.Memory)
			c.plant(w)
			let, claims := lets(w), claimed(w)
			found := violations(w, w.Table, w.Clock)
			if !slices.ContainsFunc(found, func(v check.Violation) bool { return v.Fault == c.fault }) {
				t.Fatalf("found: %v", found)
			}
			r := &restore.Restoration{Table: w.Table, Profile: w.Profile, Now: w.Clock.Add(time.Minute), Ledger: &restore.Ledger{}}
			done, err := r.Mend(t.Context(), func() ([]check.Violation, error) { return violations(w, w.Table, r.Now), nil })
			if err != nil || len(done) > 0 != c.mended || len(violations(w, w.Table, r.Now)) > 0 == c.mended {
				t.Errorf("repaired: %v, %v; left: %v", done, err, violations(w, w.Table, r.Now))
			}
			if diff := cmp.Diff(let, lets(w)); diff != "" {
				t.Errorf("who is let in:\n%s", diff)
			}
			if diff := cmp.Diff(claims, claimed(w)); diff != "" {
				t.Errorf("what is claimed:\n%s", diff)
			}
		})
	}
}

// subscriber is somebody with an active subscription who administers nothing.
func subscriber(w *checktest.World) *domain.Membership {
	w.Helper()
	return w.Find(func(m *domain.Membership) bool {
		_, seat := m.Seat(w.Profile)
		return m.Subscription != "" && !m.Unsubscribed && !seat && m.Person != w.SignedIn.Person
	})
}

// lets tells of each membership whether it lets its person in.
func lets(w *checktest.World) map[domain.PersonID]int {
	w.Helper()
	let, orgs := map[domain.PersonID]int{}, map[domain.OrganizationID]*domain.Organization{}
	for _, e := range w.Entities() {
		if o, ok := e.(*domain.Organization); ok {
			orgs[o.ID] = o
		}
	}
	for _, e := range w.Entities() {
		if m, ok := e.(*domain.Membership); ok && (domain.Place{Membership: m, Organization: orgs[m.Organization]}).Lets(w.Profile, w.Clock) {
			let[m.Person]++
		}
	}
	return let
}

// claimed are the addresses and references that lead to somebody or something.
func claimed(w *checktest.World) map[string]string {
	w.Helper()
	leads := map[string]string{}
	for _, e := range w.Entities() {
		switch e := e.(type) {
		case *domain.EmailClaim:
			leads[string(e.Email)] = string(e.Person) + e.Until.String()
		case *domain.ResourceClaim:
			leads[string(e.Type)+"#"+e.Reference] = string(e.Resource)
		}
	}
	return leads
}

// XI10: the limit is of all rounds, as the table itself is to be repaired in one.
func TestXI10_TooMuchIsBrokenOverRounds(t *testing.T) {
	t.Parallel()
	w := checktest.New(t, "rental", sqlitetable.Memory)
	r := &restore.Restoration{Table: w.Table, Profile: w.Profile, Now: w.Clock.Add(time.Minute), Ledger: &restore.Ledger{}}
	for n, want := range map[int]error{restore.Few / 3: nil, restore.Few/3 + 1: restore.ErrTooBroken} {
		all, err := r.Mend(t.Context(), func() (round []check.Violation, err error) {
			for range n {
				round = append(round, check.Violation{Fault: check.EffectMissing, Organization: w.Customers[0].ID, Person: domain.NewPersonID()})
			}
			return round, nil
		})
		if !errors.Is(err, want) || len(all) > restore.Few {
			t.Errorf("%d a round: %d repaired, %v", n, len(all), err)
		}
		if _, err := r.Repair(t.Context(), all); err != nil {
			t.Errorf("%d at once: %v", len(all), err)
		}
	}
}

// XI10, XH7: a restore breaks off behind an erasure. The receipts go when it is said
// again, though nobody is there to be erased any more.
func TestXI10_XH7_ReceiptsOfARestoreThatBrokeOff(t *testing.T) {
	t.Parallel()
	w := checktest.New(t, "rental", sqlitetable.Memory)
	c := domain.NewChange(domain.Actor{Type: domain.ByPublic}, w.Clock, "test")
	c.Put(&domain.Receipt{Key: "a", Status: 200, Body: []byte(`{"name":"somebody"}`), ExpiresAt: w.Clock.Add(domain.ReceiptLife)})
	if err := w.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	gone := w.Find(func(m *domain.Membership) bool {
		_, seat := m.Seat(w.Profile)
		return m.Organization == w.Customers[1].ID && !seat
	})
	tb, s := loaded(t, dumped(w))
	line := domain.Erasure{Person: gone.Person, Organizations: []domain.OrganizationID{gone.Organization}, At: w.Clock}
	r := &restore.Restoration{Table: tb, Profile: w.Profile, Now: w.Clock.Add(time.Hour), Ledger: &restore.Ledger{Erasures: []domain.Erasure{line}}}
	broke := domain.NewChange(restore.Actor, r.Now, "test")
	if was, err := domain.EraseAgain(t.Context(), store.New(tb), broke, w.Profile, line); !was || err != nil {
		t.Fatal(was, err)
	}
	out, err := r.Apply(t.Context(), s)
	if err != nil || out.Erased != 0 || out.Receipts != 1 || len(of[*domain.Receipt](t, tb)) > 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

// XI10: whoever adds an action to the audit says whether it takes something away.
func TestXI10_EveryActionIsKnownToShutOrNot(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../domain/audit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := restore.Actions()
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "Action" {
			return true
		}
		for _, value := range spec.Values {
			action, err := strconv.Unquote(value.(*ast.BasicLit).Value)
			if n++; err != nil || !slices.Contains(known, domain.Action(action)) {
				t.Errorf("%s: nobody has said whether it takes something away", action)
			}
		}
		return true
	})
	if n < 35 || n != len(known) {
		t.Errorf("%d actions, %d are known", n, len(known))
	}
	if !restore.Shuts(domain.ResourceUpdated) || restore.Shuts(domain.ResourceCreated) || !restore.Shuts("attestation.withdrawn") {
		t.Error("what takes something away is not to be done again")
	}
}

// A store on which the endpoints do not work is not passed.
func TestXI10_SmokeOfABrokenStore(t *testing.T) {
	t.Parallel()
	w := checktest.New(t, "rental", sqlitetable.Memory)
	smoke := restore.Smoke{Table: w.Table, Profile: w.Profile, Hasher: hasher{}, Vault: w.Vault, Now: w.Clock}
	if _, err := smoke.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Drop(checktest.First(w, func(o *domain.Organization) bool { return o.ID == domain.OperatorID }))
	if _, err := smoke.Run(t.Context()); err == nil {
		t.Error("it works without an operator")
	}
}

package maildispatch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

const (
	usr = domain.PersonID("usr_01jbn00000000000000000000a")
	org = domain.OrganizationID("org_01jbn00000000000000000000a")
)

// world is a store with one person, a clock, and a sender that does as it is told.
type world struct {
	*testing.T
	table table.Table
	job.Deps
	now  time.Time
	log  bytes.Buffer
	made int // people
	sent []domain.MailID
	send func(domain.Message) error // nil: succeeds
}

func newWorld(t *testing.T) *world {
	t.Helper()
	tb, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	w := &world{T: t, table: tb, now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	w.Deps = job.Deps{
		Store: store.New(tb), Clock: func() time.Time { return w.now }, Sender: w, Operator: "Example Portal", Portal: "https://portal.example",
		Mint: domain.HMACMinter(bytes.Repeat([]byte{7}, 32)), Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
		Profile: &domain.Profile{Languages: []domain.Language{domain.Swedish}, Roles: []domain.Role{
			{Key: "user", Name: domain.Text{"en": "User"}},
			{Key: "signatory", Name: domain.Text{"sv": "Firmatecknare"}, NoSignIn: true},
			{Key: "attestant", Name: domain.Text{"en": "Attestant", "sv": "Attestant"}, NoSignIn: true},
		}},
	}
	c := w.Change("test")
	c.Put(&domain.Person{ID: usr, Email: "aino@example.com", GivenName: "Aino", FamilyName: "E", Language: "en", Home: org, Organizations: []domain.OrganizationID{org}})
	c.Put(&domain.Organization{ID: org, Name: "Esimerkki Oy", TimeZone: "Europe/Helsinki"})
	c.Put(member(org))
	c.Put(&domain.Link{
		LinkRef: domain.LinkRef{Person: usr, Purpose: domain.ForActivation, Organization: org}, ID: "lnk_1", Email: "aino@example.com",
		ExpiresAt: w.now.Add(domain.ActivationLife),
	})
	c.Record(org, domain.UserCreated, domain.Subject{})
	w.commit(c)
	return w
}

// member is the person's membership in an organization.
func member(in domain.OrganizationID) *domain.Membership {
	return &domain.Membership{
		Organization: in, Person: usr, Roles: []domain.RoleKey{"user"},
		Card: domain.Card{GivenName: "Aino", FamilyName: "E", Email: "aino@example.com", Language: "en"},
	}
}

// Send implements domain.Sender.
func (w *world) Send(_ context.Context, m domain.Message) (string, error) {
	if w.send != nil {
		if err := w.send(m); err != nil {
			return "", err
		}
	}
	w.sent = append(w.sent, m.ID)
	return "message of " + string(m.ID), nil
}

func (w *world) commit(c *domain.Change) {
	w.Helper()
	if err := w.Store.Commit(w.Context(), c); err != nil {
		w.Fatal(err)
	}
}

// queue puts notices into the outbox, each to somebody else and a second after
// the other.
func (w *world) queue(n int) (ids []domain.MailID) {
	w.Helper()
	for i := range n {
		w.made++
		p := &domain.Person{
			ID: domain.NewPersonID(), Email: domain.Email(fmt.Sprintf("user%d@example.com", w.made)), GivenName: "Ulla", FamilyName: "E", Language: "en",
			Home: org, Organizations: []domain.OrganizationID{org},
		}
		m := member(org)
		m.Person, m.Email = p.ID, p.Email
		c := w.Change("test")
		c.Put(p)
		c.Put(m)
		c.Record(org, domain.UserCreated, domain.Subject{})
		w.commit(c)
		ids = append(ids, w.queueTo(p.ID, time.Duration(i-n)*time.Second))
	}
	return ids
}

// queueTo puts a notice to somebody into the outbox, due after a while.
func (w *world) queueTo(person domain.PersonID, after time.Duration) domain.MailID {
	w.Helper()
	c := w.Change("test")
	m := &domain.Mail{Kind: domain.MailPasswordChanged, Person: person, Organization: org}
	c.Send(m)
	m.NotBefore = c.At.Add(after)
	w.commit(c)
	return m.ID
}

func (w *world) mail(id domain.MailID) *domain.Mail {
	w.Helper()
	m, err := store.New(w.table).Mail(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// sweep is the job, started by the clock.
func (w *world) sweep() error { return w.run(w.Context(), "{}", nil) }

func (w *world) run(ctx context.Context, event string, want any) error {
	w.Helper()
	got, err := Job().Run(ctx, w.Deps, json.RawMessage(event))
	if err == nil {
		if diff := cmp.Diff(want, got); diff != "" {
			w.Error(diff)
		}
	}
	return err
}

// stream is an event that tells of new items.
func stream(ids ...domain.MailID) string {
	var records []string
	for i, id := range ids {
		records = append(records, fmt.Sprintf(`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"%d","Keys":{"pk":{"S":"MAIL#%s"},"sk":{"S":"%s"}}}}`, i, id, id))
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

// poisoned is a store that cannot read, or cannot write, some mails.
type poisoned struct {
	domain.Store
	read, write map[domain.MailID]error
}

func (p poisoned) Mail(ctx context.Context, id domain.MailID) (*domain.Mail, error) {
	if err := p.read[id]; err != nil {
		return nil, err
	}
	return p.Store.Mail(ctx, id)
}

func (p poisoned) Commit(ctx context.Context, c *domain.Change) error {
	for _, w := range c.Writes {
		if m, ok := w.Entity.(*domain.Mail); ok && p.write[m.ID] != nil {
			return p.write[m.ID]
		}
	}
	return p.Store.Commit(ctx, c)
}

func TestMailLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.queue(3)
	if err := w.sweep(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids, w.sent); diff != "" {
		t.Error(diff)
	}
	m := w.mail(ids[1])
	if m.State != domain.MailSent || m.MessageID != "message of "+string(m.ID) || !m.SentAt.Equal(w.now) || m.Attempts != 1 {
		t.Errorf("%+v", m)
	}
	// The stream tells of them once more, of one that is long gone, and
	// of what is no mail.
	if err := w.run(t.Context(), stream(append(ids, domain.NewMailID(w.now), "mai_x", "")...), Failures{BatchItemFailures: []Failure{}}); err != nil || len(w.sent) != 3 {
		t.Errorf("%v, %d sent", err, len(w.sent))
	}
	if err := w.run(t.Context(), `{"Records":[]}`, Failures{BatchItemFailures: []Failure{}}); err != nil {
		t.Error(err)
	}
}

func TestEventThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, event := range []string{``, `{`, `[]`, `{"Records":{}}`, `{"Records":[{"dynamodb":{"Keys":{"sk":{"S":7}}}}]}`} {
		if err := w.run(t.Context(), event, nil); !errors.Is(err, job.ErrEvent) {
			t.Errorf("%s: %v", event, err)
		}
	}
}

// One item that cannot be read or written does not stand in the way of others.
func TestOnePoisonItem(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, poison := range map[string]func(*poisoned, domain.MailID){
		"cannot be read":     func(p *poisoned, id domain.MailID) { p.read[id] = broken },
		"store is down":      func(p *poisoned, id domain.MailID) { p.read[id] = domain.ErrUnavailable },
		"cannot be written":  func(p *poisoned, id domain.MailID) { p.write[id] = broken },
		"store down in part": func(p *poisoned, id domain.MailID) { p.write[id] = domain.ErrUnavailable },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, streamed := range []bool{false, true} {
				w := newWorld(t)
				ids := w.queue(3)
				p := poisoned{w.Store, map[domain.MailID]error{}, map[domain.MailID]error{}}
				poison(&p, ids[1])
				w.Store = p
				if streamed {
					if err := w.run(t.Context(), stream(ids...), Failures{BatchItemFailures: []Failure{{ItemIdentifier: "1"}}}); err != nil {
						t.Error(err)
					}
					if !strings.Contains(w.log.String(), string(ids[1])) {
						t.Errorf("log: %s", w.log.String())
					}
				} else if err := w.sweep(); err == nil || !strings.Contains(err.Error(), string(ids[1])) || strings.Contains(err.Error(), string(ids[0])) {
					t.Errorf("%v", err)
				}
				if diff := cmp.Diff([]domain.MailID{ids[0], ids[2]}, w.sent); diff != "" {
					t.Errorf("streamed %v: %s", streamed, diff)
				}
				if m := w.mail(ids[1]); m.State != domain.MailQueued || m.Attempts != 0 {
					t.Errorf("%+v", m)
				}
			}
		})
	}
}

// An item whose body is broken in the table fails alone where the stream names it.
func TestStreamNamesABrokenItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.queue(3)
	key := table.Key{PK: "MAIL#" + string(ids[1]), SK: string(ids[1])}
	if err := w.table.Transact(t.Context(), table.Put(table.Item{Key: key, Version: 2, Body: []byte(`{"attempts":"many"}`)}, table.IfVersion(1))); err != nil {
		t.Fatal(err)
	}
	if err := w.run(t.Context(), stream(ids...), Failures{BatchItemFailures: []Failure{{ItemIdentifier: "1"}}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]domain.MailID{ids[0], ids[2]}, w.sent); diff != "" {
		t.Error(diff)
	}
}

func TestSenderRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.queue(3)
	w.send = func(m domain.Message) error {
		switch m.ID {
		case ids[0]:
			return domain.ErrUndeliverable.Because(errors.New("no such domain"))
		case ids[1]:
			return errors.New("the line is dead: aino@example.com")
		}
		return nil
	}
	if err := w.sweep(); err != nil {
		t.Fatal(err)
	}
	if m := w.mail(ids[0]); m.State != domain.MailDead || m.Attempts != 1 || m.Reason == "" {
		t.Errorf("for good: %+v", m)
	}
	m := w.mail(ids[1])
	if m.State != domain.MailQueued || m.Attempts != 1 || !m.NotBefore.Equal(w.now.Add(domain.MailRetryFirst)) || strings.Contains(m.Reason, "aino") {
		t.Errorf("for now: %+v", m)
	}
	if m := w.mail(ids[2]); m.State != domain.MailSent {
		t.Errorf("beside them: %+v", m)
	}

	// What passes passes in the end, and what does not is given up on.
	waits := []time.Duration{domain.MailRetryFirst}
	for m.State == domain.MailQueued {
		w.now = m.NotBefore.Add(-time.Millisecond)
		if err := w.sweep(); err != nil || w.mail(ids[1]).Version != m.Version {
			t.Fatalf("before its time: %v", err)
		}
		w.now = m.NotBefore
		if err := w.sweep(); err != nil {
			t.Fatal(err)
		}
		if m = w.mail(ids[1]); m.State == domain.MailQueued {
			waits = append(waits, m.NotBefore.Sub(w.now))
		}
	}
	if m.State != domain.MailDead || m.Attempts != domain.MailTries {
		t.Errorf("%+v", m)
	}
	for i, wait := range waits {
		if want := min(domain.MailRetryFirst<<i, domain.MailRetryMost); wait != want {
			t.Errorf("wait %d: %v, want %v", i, wait, want)
		}
	}
	w.now = w.now.Add(24 * time.Hour)
	if err := w.sweep(); err != nil || len(w.sent) != 1 {
		t.Errorf("%v, %d sent", err, len(w.sent))
	}
}

// A mail that there is no text for is given up on.
func TestMailOfNoKnownKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.Change("test")
	odd := &domain.Mail{Kind: "carrier-pigeon", Person: usr, Organization: org}
	c.Send(odd)
	w.commit(c)
	ids := w.queue(1)
	if err := w.sweep(); err != nil {
		t.Fatal(err)
	}
	if m := w.mail(odd.ID); m.State != domain.MailDead || !strings.Contains(w.log.String(), string(odd.ID)) {
		t.Errorf("%+v, log %s", m, w.log.String())
	}
	if diff := cmp.Diff(ids, w.sent); diff != "" {
		t.Error(diff)
	}
}

// A panic is a fault of ours in one mail: it is noted, and the others leave.
// The mail has been begun, so it waits for its lease and is tried again.
func TestPanic(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(w *world, poison domain.MailID){
		"in Send": func(w *world, poison domain.MailID) {
			w.send = func(m domain.Message) error {
				if m.ID == poison {
					panic("sender is nil")
				}
				return nil
			}
		},
		"on the way to Render": func(w *world, poison domain.MailID) {
			c := w.Change("test")
			c.Put(&domain.Organization{ID: "org_2", Name: "Elsewhere", TimeZone: "Nowhere/At_All"})
			m, there := w.mail(poison), member("org_2")
			m.Organization, there.Person = "org_2", m.Person
			c.Put(there)
			c.Record("org_2", domain.OrganizationCreated, domain.Subject{})
			c.Put(m)
			w.commit(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ids := w.queue(3)
			arrange(w, ids[1])
			if err := w.sweep(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]domain.MailID{ids[0], ids[2]}, w.sent); diff != "" {
				t.Error(diff)
			}
			if log := w.log.String(); !strings.Contains(log, "panic: ") || !strings.Contains(log, string(ids[1])) {
				t.Errorf("log: %s", log)
			}
			if m := w.mail(ids[1]); m.State != domain.MailSending && m.State != domain.MailQueued || m.Attempts != 1 || !m.NotBefore.After(w.now) {
				t.Errorf("%+v", m)
			}
			w.send = nil
			w.now = w.now.Add(domain.MailLease)
			if err := w.sweep(); err != nil || w.mail(ids[1]).Attempts != 2 {
				t.Errorf("%v, %+v", err, w.mail(ids[1]))
			}
		})
	}
}

// A key that does not answer is like a store that does not: nothing is begun.
func TestNoKeyNoMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.Change("test")
	m := &domain.Mail{Kind: domain.MailActivation, Person: usr, Organization: org, Link: "lnk_1"}
	c.Send(m)
	w.commit(c)
	mint := w.Mint
	w.Mint = func([]byte) (domain.Secret, error) { return domain.Secret{}, errors.New("kms is away") }
	if err := w.sweep(); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("got %v", err)
	}
	if m := w.mail(m.ID); m.State != domain.MailQueued || m.Attempts != 0 || m.Version != 1 {
		t.Errorf("%+v", m)
	}
	w.Mint = mint
	var links []string
	w.send = func(m domain.Message) error { links = m.Links; return nil }
	if err := w.sweep(); err != nil || len(links) != 1 || !strings.HasPrefix(links[0], "https://portal.example/activate#token=fml_") {
		t.Errorf("%v, %v", err, links)
	}
}

// Somebody else who sends the mail first is no failure, and it leaves once.
func TestSomebodyElseIsFaster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.queue(2)
	w.Store = poisoned{w.Store, nil, map[domain.MailID]error{ids[0]: domain.ErrContended}}
	if err := w.sweep(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(ids[1:], w.sent); diff != "" {
		t.Error(diff)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(80)
	w.queue(70)
	if err := w.sweep(); err != nil || len(w.sent) != 150 {
		t.Errorf("%v, %d sent", err, len(w.sent))
	}

	// With little time left no further mail is begun.
	w = newWorld(t)
	ids := w.queue(3)
	ctx, cancel := context.WithTimeout(t.Context(), margin/2)
	defer cancel()
	if err := w.run(ctx, "{}", nil); err != nil || len(w.sent) != 0 {
		t.Errorf("%v, %d sent", err, len(w.sent))
	}
	if err := w.run(ctx, stream(ids...), Failures{BatchItemFailures: []Failure{}}); err != nil || len(w.sent) != 0 {
		t.Errorf("%v, %d sent", err, len(w.sent))
	}

	// A store that does not answer at all is an error.
	w.Store = silent{}
	if err := w.sweep(); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

type silent struct{ domain.Store }

func (silent) DueMail(context.Context, time.Time, domain.PageRequest) (list domain.Page[domain.MailID], err error) {
	return list, domain.ErrUnavailable
}

// Who is named has no account. The mail says which roles they have as it leaves,
// in their language where there is one, and is dropped where it is not true any more.
func TestNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		since func(m *domain.Membership, o *domain.Organization)
		want  string // in the text; empty: it is dropped
	}{
		"as it was": {func(*domain.Membership, *domain.Organization) {}, "portal: Firmatecknare, Attestant."},
		"in an assignment": {func(m *domain.Membership, _ *domain.Organization) {
			m.Roles, m.Assignments = nil, []domain.Assignment{{Roles: []domain.RoleKey{"attestant"}}}
		}, "portal: Attestant."},
		"removed":                     {func(m *domain.Membership, _ *domain.Organization) { m.RemovedAt = time.Now() }, ""},
		"with sign-in by now":         {func(m *domain.Membership, _ *domain.Organization) { m.Roles = append(m.Roles, "user") }, ""},
		"without a role by now":       {func(m *domain.Membership, _ *domain.Organization) { m.Roles = nil }, ""},
		"of a suspended organization": {func(_ *domain.Membership, o *domain.Organization) { o.Suspended = true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s, err := w.Store.Load(t.Context(), domain.Want{Organization: org, User: usr})
			if err != nil {
				t.Fatal(err)
			}
			s.Membership.Roles = []domain.RoleKey{"attestant", "signatory"}
			c.since(s.Membership, s.Organization)
			m := &domain.Mail{Kind: domain.MailNamed, Person: usr, Organization: org}
			change := w.Change("test")
			change.Put(s.Membership)
			change.Put(s.Organization)
			change.Record(org, domain.UserUpdated, domain.Subject{})
			change.Send(m)
			w.commit(change)
			var text string
			w.send = func(m domain.Message) error { text = strings.Join(strings.Fields(m.Text), " "); return nil }
			if err := w.sweep(); err != nil {
				t.Fatal(err)
			}
			state := domain.MailSent
			if c.want == "" {
				state = domain.MailDropped
			}
			if got := w.mail(m.ID); got.State != state || !strings.Contains(text, c.want) || (text == "") != (c.want == "") {
				t.Errorf("%s %s: %q", got.State, got.Reason, text)
			}
		})
	}
}

// XI17: each run counts what became of mails; that the clock came only its own
// runs tell, so that a busy stream does not hide that it has stopped.
func TestXI17_WhatIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Metrics = "fullmakt-test"
	ids := w.queue(3)
	w.send = func(domain.Message) error {
		if len(w.sent) == 1 {
			return domain.ErrUndeliverable.Because(errors.New("no such domain"))
		}
		return nil
	}
	if err := w.run(t.Context(), stream(ids...), Failures{BatchItemFailures: []Failure{}}); err != nil {
		t.Fatal(err)
	}
	w.counted(map[string]any{"sent": 1.0, "dead": 2.0})
	if err := w.sweep(); err != nil {
		t.Fatal(err)
	}
	w.counted(map[string]any{"swept": 1.0, "sent": 0.0, "dead": 0.0})
}

// counted holds what the last run has counted.
func (w *world) counted(want map[string]any) {
	w.Helper()
	got := map[string]any{}
	for line := range strings.Lines(w.log.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			w.Fatal(err)
		}
		if entry["msg"] == "measured" {
			clear(got)
			for _, name := range []string{"swept", "sent", "dead"} {
				if value, told := entry[name]; told {
					got[name] = value
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("counted (-want +got):\n%s", diff)
	}
}

package maildispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
)

// busy is what a sender says that takes nothing now.
func busy(atLeast time.Duration) error {
	err := domain.ErrSenderBusy.Because(errors.New("Throttling"))
	err.RetryAfter = atLeast
	return err
}

// SES throttles twenty times. No mail dies of it, none is sent twice, and those to
// one person keep their order.
func TestXF8_XF2_ThrottledTwentyTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := []domain.MailID{w.queueTo(usr, 0)}
	w.now = w.now.Add(time.Second)
	ids = append(ids, w.queueTo(usr, 0))
	calls := 0
	w.send = func(domain.Message) error {
		if calls++; calls <= 20 {
			return busy(0)
		}
		return nil
	}
	for runs := 0; len(w.sent) < 2 && runs < 1000; runs++ {
		before := calls
		if err := w.sweep(); err != nil {
			t.Fatal(err)
		}
		if calls > before+1 && calls <= 20 {
			t.Fatal("a run goes on although the sender is busy")
		}
		w.now = w.now.Add(5 * time.Minute)
	}
	if diff := cmp.Diff(ids, w.sent); diff != "" {
		t.Error(diff)
	}
	for _, id := range ids {
		if m := w.mail(id); m.State != domain.MailSent || m.Attempts != 1 || m.Throttled != 0 {
			t.Errorf("%+v", m)
		}
	}
}

// The wait grows, is never the same for all, and is at least what the sender says.
func TestXF8_ThrottledWaitsLonger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.queueTo(usr, 0)
	atLeast := time.Duration(0)
	w.send = func(domain.Message) error { return busy(atLeast) }
	waits := map[time.Duration]bool{}
	for i := range 15 {
		if i == 14 {
			atLeast = 3 * time.Hour
		}
		if err := w.sweep(); err != nil {
			t.Fatal(err)
		}
		m := w.mail(id)
		wait, least := m.NotBefore.Sub(w.now), max(atLeast, min(domain.MailRetryFirst<<i, domain.MailRetryMost))
		if wait < least || wait > least*3/2 || m.State != domain.MailQueued || m.Attempts != 0 || m.Throttled != i+1 {
			t.Errorf("after %d times: %v, %+v", i+1, wait, m)
		}
		waits[wait] = true
		w.now = m.NotBefore
	}
	if len(waits) < 12 {
		t.Errorf("the waits are %v", waits)
	}
}

// A younger mail waits for an older one that is tried again, and passes one that
// has failed too often, one whose time is to come, and one that nobody comes for.
func TestXF8_OrderOfOnePersonsMails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		older   func(*domain.Mail, time.Time)
		overtak bool
	}{
		"due":              {func(*domain.Mail, time.Time) {}, false},
		"tried again soon": {func(m *domain.Mail, now time.Time) { m.Attempts, m.NotBefore = 1, now.Add(time.Minute) }, false},
		"throttled":        {func(m *domain.Mail, now time.Time) { m.Throttled, m.NotBefore = 9, now.Add(time.Hour) }, false},
		"being sent": {func(m *domain.Mail, now time.Time) {
			m.State, m.Attempts, m.NotBefore = domain.MailSending, 1, now.Add(domain.MailLease)
		}, false},
		"of tomorrow": {func(m *domain.Mail, now time.Time) { m.NotBefore = now.Add(24 * time.Hour) }, true},
		"failed too often": {func(m *domain.Mail, now time.Time) {
			m.Attempts, m.NotBefore = domain.MailYields+1, now.Add(time.Minute)
		}, true},
		"left lying": {func(m *domain.Mail, now time.Time) { m.NotBefore = now.Add(-domain.MailRetryMost) }, true},
		"sent":       {func(m *domain.Mail, _ time.Time) { m.State = domain.MailSent }, true},
		"dead":       {func(m *domain.Mail, _ time.Time) { m.State = domain.MailDead }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			older := w.queueTo(usr, 0)
			w.now = w.now.Add(time.Second)
			younger := w.queueTo(usr, 0)
			m := w.mail(older)
			c.older(m, w.now)
			change := w.Change("test")
			change.Put(m)
			w.commit(change)
			if err := w.run(t.Context(), stream(younger), Failures{BatchItemFailures: []Failure{}}); err != nil {
				t.Fatal(err)
			}
			if got := len(w.sent) == 1; got != c.overtak {
				t.Errorf("it is sent: %v", got)
			}
			is := w.mail(younger)
			if !c.overtak && (is.Behind != older || is.Attempts != 0 || is.NotBefore.Before(w.now.Add(domain.MailRetryFirst)) || is.NotBefore.Before(m.NotBefore)) {
				t.Errorf("%+v", is)
			}
			// In the end all have left, in their order.
			for range 100 {
				w.now = w.now.Add(30 * time.Minute)
				if err := w.sweep(); err != nil {
					t.Fatal(err)
				}
			}
			if !c.overtak {
				if diff := cmp.Diff([]domain.MailID{older, younger}, w.sent); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// Who has waited leaves with the one that they have waited for, and not with the
// clock's next run.
func TestXF8_FollowersLeaveAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []domain.MailID
	for range 3 {
		ids = append(ids, w.queueTo(usr, 0))
		w.now = w.now.Add(time.Second)
	}
	if err := w.run(t.Context(), stream(ids[2], ids[1], ids[0]), Failures{BatchItemFailures: []Failure{}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids, w.sent); diff != "" {
		t.Error(diff)
	}
}

// Only the newest link of a kind is sent, whatever else waits.
func TestXF8_OnlyTheNewestLinkLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.Change("test")
	old := &domain.Mail{Kind: domain.MailActivation, Person: usr, Organization: org, Link: "lnk_0"}
	c.Send(old)
	w.commit(c)
	w.now = w.now.Add(time.Second)
	c = w.Change("test")
	newest := &domain.Mail{Kind: domain.MailActivation, Person: usr, Organization: org, Link: "lnk_1"}
	c.Send(newest)
	w.commit(c)
	if err := w.run(t.Context(), stream(newest.ID, old.ID), Failures{BatchItemFailures: []Failure{}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]domain.MailID{newest.ID}, w.sent); diff != "" {
		t.Error(diff)
	}
	if m := w.mail(old.ID); m.State != domain.MailDropped {
		t.Errorf("%+v", m)
	}
}

// The stream delivers at least once, and in no order that counts: five times over
// and backwards, each mail leaves once.
func TestXF12_RecordsComeFiveTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := append(w.queue(3), w.queueTo(usr, 0))
	for range 5 {
		if err := w.run(t.Context(), stream(ids[3], ids[2], ids[1], ids[0], ids[3], ids[0]), Failures{BatchItemFailures: []Failure{}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.sent) != 4 {
		t.Errorf("%v were sent", w.sent)
	}
}

// A hundred broken items at the head of what is due are put aside, and the mail
// behind them leaves in the same run; the next run finds none of them.
func TestXF14_XF15_AHundredPoisonItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	poison := w.queue(100)
	good := w.queueTo(usr, 0)
	for _, id := range poison {
		w.breakItem(id)
	}
	err := w.sweep()
	if err == nil || !strings.Contains(err.Error(), string(poison[99])) {
		t.Errorf("nobody hears of it: %v", err)
	}
	if diff := cmp.Diff([]domain.MailID{good}, w.sent); diff != "" {
		t.Error(diff)
	}
	aside, err := w.Store.MailsOn(t.Context(), domain.MailsAside, domain.PageRequest{Limit: 200})
	if err != nil || len(aside.Items) != 100 || strings.Count(w.log.String(), "mail put aside") != 100 {
		t.Errorf("%d are aside, %v", len(aside.Items), err)
	}
	if err := w.sweep(); err != nil {
		t.Errorf("the next run: %v", err)
	}
}

// breakItem makes an outbox item one that cannot be read.
func (w *world) breakItem(id domain.MailID) {
	w.Helper()
	key := table.Key{PK: "MAIL#" + string(id), SK: string(id)}
	found, err := w.table.Get(w.Context(), key)
	if err != nil {
		w.Fatal(err)
	}
	item := found[key]
	item.Version, item.Body = 2, []byte(`{"attempts":"many"}`)
	if err := w.table.Transact(w.Context(), table.Put(item, table.IfVersion(1))); err != nil {
		w.Fatal(err)
	}
}

// One bad record in a hundred: the others are done, and it alone is named.
func TestXF14_OneBadRecordInAHundred(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.queue(100)
	w.breakItem(ids[42])
	for range 3 { // as often as the stream tries
		if err := w.run(t.Context(), stream(ids...), Failures{BatchItemFailures: []Failure{{ItemIdentifier: "42"}}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.sent) != 99 {
		t.Errorf("%d were sent", len(w.sent))
	}
}

// The stream is away for a day, which is as long as it keeps what it has not
// delivered: the clock's run finds all of it.
func TestXF16_TheClockFindsWhatTheStreamMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []domain.MailID
	for range 6 {
		ids = append(ids, w.queueTo(usr, 0))
		ids = append(ids, w.queue(1)...)
		w.now = w.now.Add(4 * time.Hour)
	}
	if err := w.sweep(); err != nil {
		t.Fatal(err)
	}
	sent := map[domain.MailID]int{}
	for _, id := range w.sent {
		sent[id]++
	}
	for _, id := range ids {
		if sent[id] != 1 {
			t.Errorf("%s was sent %d times", id, sent[id])
		}
	}
	if err := w.sweep(); err != nil || len(w.sent) != len(ids) {
		t.Errorf("%v, %d sent", err, len(w.sent))
	}
}

// inserts is a table with its stream: the new outbox items, which is what the
// stream's filter lets through (see infra's TestXF22).
type inserts struct {
	table.Table
	mu  sync.Mutex
	new []domain.MailID
}

func (s *inserts) Transact(ctx context.Context, ops ...table.Op) error {
	if err := s.Table.Transact(ctx, ops...); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range ops {
		if op.Kind == table.OpPut && op.Item.Version == 1 && strings.HasPrefix(op.Item.PK, "MAIL#") {
			s.new = append(s.new, domain.MailID(op.Item.SK))
		}
	}
	return nil
}

// What the job writes does not start it again, but for the new mails that it
// makes: the chain of its runs ends.
func TestXF22_TheJobDoesNotStartItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &inserts{Table: w.table}
	w.Store = store.New(s)
	c := w.Change("test")
	p, err := w.Store.Person(t.Context(), usr)
	if err != nil {
		t.Fatal(err)
	}
	p.PasswordHash = "hash"
	c.Put(p)
	c.Put(&domain.EmailClaim{Email: p.Email, Person: usr})
	c.Record(org, domain.PasswordChanged, domain.Subject{})
	for range 5 {
		c.Send(&domain.Mail{Kind: domain.MailPasswordChanged, Person: usr, Organization: org})
	}
	c.Send(&domain.Mail{Kind: domain.MailResetRequest, Email: p.Email})
	c.Send(&domain.Mail{Kind: "carrier-pigeon", Person: usr, Organization: org})
	w.commit(c)
	tries := map[string]int{}
	w.send = func(m domain.Message) error {
		if tries[m.Subject]++; tries[m.Subject] == 1 {
			return errors.New("the line is dead")
		}
		return nil
	}
	runs := 0
	for ; len(s.new) > 0 && runs < 50; runs++ {
		ids := s.new
		s.new = nil
		if err := w.run(t.Context(), stream(ids...), Failures{BatchItemFailures: []Failure{}}); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 2 { // the seven, and the mail that one of them became
		t.Errorf("%d runs", runs)
	}
}

// Two hundred mails at ten a second take twenty seconds, less the first.
func TestXF8_PaceIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, p := time.Now(), paceOf(10)
		for range 200 {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 19900*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		// What was not used is not saved up.
		time.Sleep(time.Hour)
		began = time.Now()
		for range 11 {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("after a rest it took %v", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		free := paceOf(0)
		for range 1000 {
			if err := free.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The run keeps to the rate that it is given.
func TestXF8_ARunKeepsThePace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(6)
	w.MailRate = 50
	began := time.Now()
	if err := w.sweep(); err != nil || len(w.sent) != 6 {
		t.Fatalf("%v, %d sent", err, len(w.sent))
	}
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("six mails took %v", took)
	}
}

// To an address that mails come back from nothing leaves, until it is another one;
// the organization whose mail it was sees why.
func TestXF9_NothingLeavesToAnAddressThatTakesNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, err := w.Store.Person(t.Context(), usr)
	if err != nil {
		t.Fatal(err)
	}
	p.Undeliverable = domain.Undeliverable{Email: p.Email, Reason: domain.AddressComplained, At: w.now}
	write := func() {
		t.Helper()
		c := w.Change("test")
		c.Put(p)
		c.Record(org, domain.UserUpdated, domain.Subject{})
		w.commit(c)
		p.Version++
	}
	write()
	c := w.Change("test")
	linked := &domain.Mail{Kind: domain.MailActivation, Person: usr, Organization: org, Link: "lnk_1"}
	c.Send(linked)
	w.commit(c)
	ids := []domain.MailID{w.queueTo(usr, 0), linked.ID}
	if err := w.sweep(); err != nil || len(w.sent) != 0 {
		t.Fatalf("%v, %d sent", err, len(w.sent))
	}
	for _, id := range ids {
		if m := w.mail(id); m.State != domain.MailDropped || !strings.Contains(m.Reason, "come back") {
			t.Errorf("%+v", m)
		}
	}
	s, err := w.Store.Load(t.Context(), domain.Want{Organization: org, User: usr})
	if err != nil || s.Membership.Undeliverable.Of("aino@example.com") != domain.AddressComplained {
		t.Errorf("%+v, %v", s.Membership, err)
	}
	audit, err := w.Store.Audit(t.Context(), org, domain.AuditSpan{}, domain.PageRequest{Limit: 10})
	if err != nil || !slices.ContainsFunc(audit.Items, func(e *domain.AuditEntry) bool {
		return e.Action == domain.UserEmailUndeliverable && e.Actor.ID == id && e.Subject.ID == string(usr)
	}) {
		text, _ := json.Marshal(audit.Items)
		t.Errorf("%s, %v", text, err)
	}
	p.Email = "aino@another.example" // by whoever, in whichever way
	write()
	next := w.queueTo(usr, 0)
	if err := w.sweep(); err != nil || fmt.Sprint(w.sent) != fmt.Sprint([]domain.MailID{next}) {
		t.Errorf("%v, %v sent", err, w.sent)
	}
}

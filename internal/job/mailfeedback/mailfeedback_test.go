package mailfeedback

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

const (
	usr   = domain.PersonID("usr_01jbn00000000000000000000a")
	org   = domain.OrganizationID("org_01jbn00000000000000000000a")
	other = domain.OrganizationID("org_01jbn00000000000000000000b") // has invited the person, who has not come
	third = domain.OrganizationID("org_01jbn00000000000000000000c") // the person is a user here too
	mai   = domain.MailID("mai_01jbn00000000000000000000a")
	email = domain.Email("aino@example.com")
	topic = "arn:aws:sns:eu-north-1:123456789012:mails"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// world is a store with one person, in three organizations, and one mail that was sent.
type world struct {
	fataler
	job.Deps
	log bytes.Buffer
}

// fataler is a test, or a part of a property.
type fataler interface {
	Helper()
	Cleanup(func())
	Fatal(args ...any)
	Errorf(format string, args ...any)
}

func newWorld(t fataler) *world {
	t.Helper()
	tb, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	w := &world{fataler: t}
	w.Deps = job.Deps{Store: store.New(tb), Clock: func() time.Time { return now }, Log: slog.New(slog.NewJSONHandler(&w.log, nil)), MailTopic: topic}
	c := w.Change("test")
	orgs := []domain.OrganizationID{org, other, third}
	c.Put(&domain.Person{ID: usr, Email: email, Home: org, Organizations: orgs})
	for _, id := range orgs {
		c.Put(&domain.Organization{ID: id, TimeZone: "Europe/Helsinki"})
		m := &domain.Membership{Organization: id, Person: usr, Card: domain.Card{Email: email}, ActivatedAt: now}
		if id == other {
			m.ActivatedAt = time.Time{}
		}
		c.Put(m)
	}
	c.Put(&domain.Mail{ID: mai, Kind: domain.MailPasswordChanged, State: domain.MailSent, Person: usr, Organization: org, MessageID: "message-1", CreatedAt: now, SentAt: now})
	c.Record(org, domain.UserCreated, domain.Subject{})
	w.commit(c)
	return w
}

func (w *world) commit(c *domain.Change) {
	w.Helper()
	if err := w.Store.Commit(ctx(), c); err != nil {
		w.Fatal(err)
	}
}

func (w *world) mail() *domain.Mail {
	w.Helper()
	m, err := w.Store.Mail(ctx(), mai)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// addresses are what is known of the person's address: of themselves, and in the organizations.
func (w *world) addresses() (all []domain.UndeliverableReason) {
	w.Helper()
	for _, id := range []domain.OrganizationID{org, other, third} {
		s, err := w.Store.Load(ctx(), domain.Want{User: usr, Organization: id})
		if err != nil {
			w.Fatal(err)
		}
		if len(all) == 0 {
			all = append(all, s.User.Undeliverable.Of(s.User.Email))
		}
		all = append(all, s.Membership.Undeliverable.Of(s.Membership.Email))
	}
	return all
}

// audited are the organizations whose audit says that mails come back, an entry each.
func (w *world) audited() (all []domain.OrganizationID) {
	w.Helper()
	for _, id := range []domain.OrganizationID{org, other, third} {
		page, err := w.Store.Audit(ctx(), id, domain.AuditSpan{}, domain.PageRequest{Limit: 50})
		if err != nil {
			w.Fatal(err)
		}
		for _, e := range page.Items {
			if e.Action == domain.UserEmailUndeliverable && e.Actor == (domain.Actor{Type: domain.ByJob, ID: ID}) && e.Subject.ID == string(usr) {
				all = append(all, id)
			}
		}
	}
	return all
}

// say is an event of SES of a kind, a while after the mail was sent.
func say(kind string, after time.Duration, change ...func(notice map[string]any)) string {
	at := now.Add(after).Format(time.RFC3339Nano)
	notice := map[string]any{
		"eventType": kind,
		"mail": map[string]any{
			"messageId": "message-1", "timestamp": now.Format(time.RFC3339Nano), "destination": []string{string(email)},
			"tags": map[string][]string{"mail": {string(mai)}, "kind": {"password-changed"}},
		},
		"bounce": map[string]any{"bounceType": "Permanent", "timestamp": at}, "complaint": map[string]any{"timestamp": at},
		"delivery": map[string]any{"timestamp": at}, "deliveryDelay": map[string]any{"timestamp": at},
	}
	for _, c := range change {
		c(notice)
	}
	text, err := json.Marshal(notice)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// transient makes a bounce one that passes.
func transient(notice map[string]any) {
	notice["bounce"].(map[string]any)["bounceType"] = "Transient"
}

// event wraps messages of a topic.
func event(topic string, messages ...string) json.RawMessage {
	records := []any{}
	for i, m := range messages {
		records = append(records, map[string]any{"EventSource": "aws:sns", "Sns": map[string]any{"MessageId": fmt.Sprintf("sns-%d", i), "TopicArn": topic, "Message": m}})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		panic(err)
	}
	return text
}

// hear runs the job with messages, which it has to take.
func (w *world) hear(want Result, messages ...string) {
	w.Helper()
	got, err := Job().Run(ctx(), w.Deps, event(topic, messages...))
	if err != nil || got != want {
		w.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// What SES tells becomes the mail's state; an address that nobody is reached by is
// marked on the person, in the organizations that they have joined, and in the one
// whose mail it was.
func TestXF9_WhatSESTells(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message string
		state   domain.MailState
		note    string
		reason  domain.UndeliverableReason
	}{
		"delivery":         {say("Delivery", time.Second), domain.MailDelivered, "", ""},
		"permanent bounce": {say("Bounce", time.Second), domain.MailBounced, "", domain.AddressBounced},
		"transient bounce": {say("Bounce", time.Second, transient), domain.MailSent, "returned", ""},
		"suppressed": {say("Bounce", time.Second, func(n map[string]any) {
			n["bounce"].(map[string]any)["bounceSubType"] = "OnAccountSuppressionList"
		}), domain.MailBounced, "", domain.AddressBounced},
		"complaint": {say("Complaint", time.Second), domain.MailComplained, "", domain.AddressComplained},
		"reject":    {say("Reject", time.Second), domain.MailDead, "", ""},
		"delay":     {say("DeliveryDelay", time.Second), domain.MailSent, "delayed", ""},
		"with a name": {say("Bounce", time.Second, func(n map[string]any) {
			n["mail"].(map[string]any)["destination"] = []string{`"Aino \"A\" E" <Aino@Example.COM>`}
		}), domain.MailBounced, "", domain.AddressBounced},
		"of another address": {say("Bounce", time.Second, func(n map[string]any) {
			n["mail"].(map[string]any)["destination"] = []string{"aino@another.example"}
		}), domain.MailBounced, "", ""},
		"of two addresses": {say("Bounce", time.Second, func(n map[string]any) {
			n["mail"].(map[string]any)["destination"] = []string{string(email), "aino@another.example"}
		}), domain.MailBounced, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for range 3 { // SNS delivers at least once
				w.hear(Result{Noted: 1}, c.message)
			}
			if m := w.mail(); m.State != c.state || m.Note != c.note || (c.state == domain.MailDead) != (m.Reason != "") {
				t.Errorf("%+v", m)
			}
			want := []domain.UndeliverableReason{c.reason, c.reason, "", c.reason}
			if diff := cmp.Diff(want, w.addresses()); diff != "" {
				t.Errorf("addresses:\n%s", diff)
			}
			audited := []domain.OrganizationID{org, third}
			if c.reason == "" {
				audited = nil
			}
			if diff := cmp.Diff(audited, w.audited()); diff != "" {
				t.Errorf("audit:\n%s", diff)
			}
			if strings.Contains(w.log.String(), "aino") {
				t.Errorf("the log tells the address: %s", w.log.String())
			}
		})
	}
}

// An organization that has only invited the person is told by its own mail.
func TestXF9_TheInvitersOwnMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.mail()
	m.Organization = other
	c := w.Change("test")
	c.Put(m)
	w.commit(c)
	w.hear(Result{Noted: 1}, say("Bounce", time.Second))
	const bounced = domain.AddressBounced
	if diff := cmp.Diff([]domain.UndeliverableReason{bounced, bounced, bounced, bounced}, w.addresses()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]domain.OrganizationID{org, other, third}, w.audited()); diff != "" {
		t.Error(diff)
	}
}

// Whatever the order of events and however often they come, the end is the same:
// the heaviest of the states, and the last of the notes.
func TestXF10_XF12_OrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	said := []string{
		say("Delivery", time.Second), say("Delivery", 2*time.Second), say("Bounce", 3*time.Second), say("Bounce", 4*time.Second), say("Complaint", 5*time.Second),
		say("Complaint", 6*time.Second), say("DeliveryDelay", 7*time.Second), say("Bounce", 8*time.Second, transient), say("DeliveryDelay", 8*time.Second),
	}
	type end struct {
		State, Note        string
		OutcomeAt, NotedAt time.Time
		Addresses          []domain.UndeliverableReason
		At                 time.Time
	}
	of := func(t fataler, messages []string) end {
		w := newWorld(t)
		for _, m := range messages {
			w.hear(Result{Noted: 1}, m)
		}
		m := w.mail()
		p, err := w.Store.Person(ctx(), usr)
		if err != nil {
			t.Fatal(err)
		}
		return end{string(m.State), m.Note, m.OutcomeAt, m.NotedAt, w.addresses(), p.Undeliverable.At}
	}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.SampledFrom(said), 1, 8).Draw(t, "events")
		want := of(t, some)
		again := append(slices.Clone(some), some...)
		mixed := rapid.Permutation(again).Draw(t, "in another order")
		if diff := cmp.Diff(want, of(t, mixed)); diff != "" {
			t.Fatal(diff)
		}
	})
	slices.Reverse(said)
	want := end{
		string(domain.MailComplained), "returned", now.Add(5 * time.Second), now.Add(8 * time.Second),
		[]domain.UndeliverableReason{"complained", "complained", "", "complained"},
		now.Add(5 * time.Second),
	}
	if diff := cmp.Diff(want, of(t, said)); diff != "" {
		t.Error(diff)
	}
}

// What is not from our topic, not of SES, or of no mail of ours changes nothing,
// and is logged by ids only.
func TestXF9_WhatIsNotOurs(t *testing.T) {
	t.Parallel()
	tagged := func(tags map[string][]string) func(map[string]any) {
		return func(n map[string]any) { n["mail"].(map[string]any)["tags"] = tags }
	}
	ofMail := func(name string, value any) func(map[string]any) {
		return func(n map[string]any) { n["mail"].(map[string]any)[name] = value }
	}
	for name, c := range map[string]struct{ topic, message string }{
		"another topic":           {topic + "2", say("Bounce", time.Second)},
		"no topic":                {"", say("Bounce", time.Second)},
		"no JSON":                 {topic, "Successfully validated SNS topic for Amazon SES event publishing."},
		"no object":               {topic, `["Bounce"]`},
		"unknown kind":            {topic, say("Open", time.Second)},
		"no kind":                 {topic, say("", time.Second)},
		"no tags":                 {topic, say("Bounce", time.Second, tagged(nil))},
		"no mail's id":            {topic, say("Bounce", time.Second, tagged(map[string][]string{"mail": {"aino@example.com"}}))},
		"two mails":               {topic, say("Bounce", time.Second, tagged(map[string][]string{"mail": {string(mai), string(mai)}}))},
		"a mail that there isn't": {topic, say("Bounce", time.Second, tagged(map[string][]string{"mail": {string(domain.NewMailID(now))}}))},
		"another message id":      {topic, say("Bounce", time.Second, ofMail("messageId", "message-2"))},
		"no message id":           {topic, say("Bounce", time.Second, ofMail("messageId", ""))},
		"no time":                 {topic, say("Bounce", time.Second, func(n map[string]any) { delete(n["bounce"].(map[string]any), "timestamp") })},
		"no spam after all": {topic, say("Complaint", time.Second, func(n map[string]any) {
			n["complaint"].(map[string]any)["complaintFeedbackType"] = "not-spam"
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got, err := Job().Run(ctx(), w.Deps, event(c.topic, c.message))
			if err != nil || got != (Result{Ignored: 1}) {
				t.Errorf("%+v, %v", got, err)
			}
			if m := w.mail(); m.Version != 1 || len(w.audited()) != 0 {
				t.Errorf("%+v", m)
			}
			if log := w.log.String(); !strings.Contains(log, "sns-0") || strings.Contains(log, "aino") || strings.Contains(log, "validated") {
				t.Errorf("log: %s", log)
			}
		})
	}
	w := newWorld(t)
	w.MailTopic = "" // as if it were not configured
	if got, err := Job().Run(ctx(), w.Deps, event("", say("Bounce", time.Second))); err != nil || got != (Result{Ignored: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, raw := range []string{``, `{`, `[]`, `{"Records":{}}`} {
		if _, err := Job().Run(ctx(), w.Deps, json.RawMessage(raw)); !errors.Is(err, job.ErrEvent) {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// What comes before the sender's answer has been noted comes again.
func TestXF10_BeforeTheMailIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.mail()
	m.State, m.MessageID = domain.MailSending, ""
	c := w.Change("test")
	c.Put(m)
	w.commit(c)
	if _, err := Job().Run(ctx(), w.Deps, event(topic, say("Delivery", time.Second))); !errors.Is(err, domain.ErrContended) {
		t.Errorf("got %v", err)
	}
	m = w.mail()
	m.State, m.MessageID = domain.MailSent, "message-1"
	c = w.Change("test")
	c.Put(m)
	w.commit(c)
	w.hear(Result{Noted: 1}, say("Delivery", time.Second))
	if m := w.mail(); m.State != domain.MailDelivered {
		t.Errorf("%+v", m)
	}
}

// Of a person who has another address by now, or is gone, only the mail is noted;
// a mark is of the address that it names, however the person comes to another one.
func TestXF9_TheAddressIsAnotherOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(Result{Noted: 1}, say("Bounce", time.Second))
	p, err := w.Store.Person(ctx(), usr)
	if err != nil {
		t.Fatal(err)
	}
	p.Email = "aino@another.example"
	c := w.Change("test")
	c.Put(p)
	c.Record(org, domain.UserUpdated, domain.Subject{})
	w.commit(c)
	if got := w.addresses()[0]; got != "" {
		t.Errorf("of the new address: %s", got)
	}
	w.hear(Result{Noted: 1}, say("Complaint", 2*time.Second))
	if got := w.addresses()[0]; got != "" || w.mail().State != domain.MailComplained {
		t.Errorf("of the new address: %s", got)
	}
	c = w.Change("test")
	if p, err = w.Store.Person(ctx(), usr); err != nil {
		t.Fatal(err)
	}
	c.Remove(p)
	c.Record(org, domain.UserRemoved, domain.Subject{})
	w.commit(c)
	m := w.mail()
	m.State = domain.MailSent
	c = w.Change("test")
	c.Put(m)
	w.commit(c)
	w.hear(Result{Noted: 1}, say("Bounce", time.Second))
	if m := w.mail(); m.State != domain.MailBounced {
		t.Errorf("%+v", m)
	}
}

func ctx() context.Context { return context.Background() }

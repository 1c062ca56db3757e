package domain

import (
	"context"
	"errors"
	"time"
)

// FeedbackKind is what the world says became of a mail.
type FeedbackKind string

const (
	FeedbackDelivered  FeedbackKind = "delivered"
	FeedbackBounced    FeedbackKind = "bounced"    // for good: nobody is reached by the address
	FeedbackComplained FeedbackKind = "complained" // the receiver says that it is spam
	FeedbackRejected   FeedbackKind = "rejected"   // the sender has taken it, and will not send it
	FeedbackDelayed    FeedbackKind = "delayed"    // the sender still tries
	FeedbackReturned   FeedbackKind = "returned"   // the mailbox was full or away, and nobody tries any more
)

// Feedback says what became of a mail. It may come twice, late, and in any order.
type Feedback struct {
	Mail      MailID
	MessageID string // the sender's
	Kind      FeedbackKind
	Email     Email // of the receiver; empty: it does not say
	At        time.Time
}

// outcomes are the states that feedback puts a mail into; other kinds are only noted.
var outcomes = map[FeedbackKind]MailState{
	FeedbackDelivered: MailDelivered, FeedbackBounced: MailBounced, FeedbackComplained: MailComplained, FeedbackRejected: MailDead,
}

// weight orders the states of a mail that was sent. Feedback only ever makes it
// heavier, so that its order does not matter.
var weight = map[MailState]int{MailSent: 1, MailDelivered: 2, MailDead: 3, MailBounced: 4, MailComplained: 5}

// heard is the mail with what is said of it; changed is false if that was known.
func (m *Mail) heard(f Feedback) (next Mail, changed bool) {
	next = *m
	state, ends := outcomes[f.Kind]
	if !ends {
		if changed = f.At.After(m.NotedAt) || f.At.Equal(m.NotedAt) && string(f.Kind) > m.Note; changed {
			next.Note, next.NotedAt = string(f.Kind), f.At
		}
		return next, changed
	}
	switch {
	case weight[state] > weight[m.State]:
		next.State, next.OutcomeAt, next.Reason = state, f.At, ""
		if state == MailDead {
			next.Reason = "the sender would not send it"
		}
	case state == m.State && f.At.Before(m.OutcomeAt):
		next.OutcomeAt = f.At
	default:
		return next, false
	}
	return next, true
}

// UndeliverableReason is why an address takes no mails.
type UndeliverableReason string

const (
	AddressBounced    UndeliverableReason = "bounced"
	AddressComplained UndeliverableReason = "complained"
)

// undeliverables are the states of a mail after which its address gets no more.
var undeliverables = map[MailState]UndeliverableReason{MailBounced: AddressBounced, MailComplained: AddressComplained}

// Undeliverable says that an address takes no mails. It names the address: of
// another one, which somebody has been given since, it says nothing.
type Undeliverable struct {
	Email  Email
	Reason UndeliverableReason
	At     time.Time
}

// Of is why an address takes no mails; empty: it does, for all that is known.
func (u Undeliverable) Of(e Email) UndeliverableReason {
	if u.Email != e {
		return ""
	}
	return u.Reason
}

func (u Undeliverable) equal(v Undeliverable) bool {
	return u.Email == v.Email && u.Reason == v.Reason && u.At.Equal(v.At)
}

// with is the heavier of two: a complaint, or what came first.
func (u Undeliverable) with(v Undeliverable) Undeliverable {
	lighter := u.Reason == AddressBounced && v.Reason == AddressComplained
	if u.Email != v.Email || lighter || u.Reason == v.Reason && v.At.Before(u.At) {
		return v
	}
	return u
}

// TakeFeedback notes what became of a mail. Where that says that nobody is reached
// by the address, and the person still has it, no mail is sent to it any more, and
// those who administer the person are told.
//
// ErrNotFound: it is of no mail of ours. ErrContended: the mail is only being sent;
// it can be said again once that is known.
func TakeFeedback(ctx context.Context, store Store, c *Change, f Feedback) error {
	m, err := store.Mail(ctx, f.Mail)
	if err != nil {
		return err
	}
	if m.State == MailSending {
		return ErrContended
	}
	if m.MessageID == "" || m.MessageID != f.MessageID {
		return ErrNotFound
	}
	next, changed := m.heard(f)
	if !changed {
		return nil
	}
	c.Put(&next)
	reason := undeliverables[next.State]
	if reason == "" || m.Person == "" {
		return nil
	}
	p, err := store.Person(ctx, m.Person)
	if errors.Is(err, ErrNotFound) { // erased since
		return nil
	}
	if err != nil || p.Email != f.Email {
		return err
	}
	return c.giveUp(ctx, store, p, m.Organization, Undeliverable{Email: f.Email, Reason: reason, At: next.OutcomeAt})
}

// giveUp sends no more to a person's address. The organizations that they have
// joined see it on their cards, and so does the one whose mail it was. Another one
// that has only invited them sees it when a mail of its own does not leave: before
// that it would learn that somebody else has written to the address.
func (c *Change) giveUp(ctx context.Context, store Store, p *Person, from OrganizationID, u Undeliverable) error {
	next := *p
	next.Undeliverable = p.Undeliverable.with(u)
	if next.Undeliverable.equal(p.Undeliverable) {
		return nil
	}
	places, err := store.Places(ctx, p)
	if err != nil {
		return err
	}
	c.Put(&next)
	told := false
	for _, place := range places {
		if m := place.Membership; !m.ActivatedAt.IsZero() || m.Organization == from {
			told = c.mark(m, next.Undeliverable) || told
		}
	}
	if !told { // on their cards is another address
		c.Record(from, UserEmailUndeliverable, aboutUser(p.ID), FieldChange{
			Field: "emailUndeliverable", Before: string(p.Undeliverable.Of(p.Email)), After: string(next.Undeliverable.Reason),
		})
	}
	return nil
}

// mark shows on an organization's card that its address takes no mails.
func (c *Change) mark(m *Membership, u Undeliverable) bool {
	if m.Email != u.Email || m.Undeliverable.equal(u) {
		return false
	}
	next := *m
	next.Undeliverable = u
	c.Put(&next)
	var changed diff
	changed.field("emailUndeliverable", string(m.Undeliverable.Of(m.Email)), string(u.Reason))
	c.Record(m.Organization, UserEmailUndeliverable, aboutUser(m.Person), changed...)
	return true
}

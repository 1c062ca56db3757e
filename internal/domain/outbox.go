package domain

import (
	"context"
	"time"
)

// How the outbox tries: a mail that somebody has begun to send is given up on
// after MailLease, a failed try waits from MailRetryFirst, doubling up to
// MailRetryMost, and after MailTries tries the mail is dead.
const (
	MailLease      = 2 * time.Minute
	MailRetryFirst = 30 * time.Second
	MailRetryMost  = time.Hour
	MailTries      = 12
)

// Due tells whether the mail is to be sent at this moment: it waits for its
// time, or whoever began to send it has not been heard of since.
func (m *Mail) Due(now time.Time) bool {
	return (m.State == MailQueued || m.State == MailSending) && !now.Before(m.NotBefore)
}

// Delivery is a mail whose sending has begun, with all that it tells.
type Delivery struct {
	Mail         *Mail
	Person       *Person
	Organization *Organization
	Membership   *Membership // the receiver's in the organization
	Token        LinkToken   // of a mail with a link
	Expires      time.Time   // of that link
}

// Begin claims a due mail, and seals the link that it carries: the link opens
// from now on. It returns nil, with the change marking the mail as dropped,
// when there is nobody to tell or a newer link has taken its place, or as dead
// when it was tried too often.
func (c *Change) Begin(ctx context.Context, store Store, profile *Profile, m *Mail, mint Minter) (*Delivery, error) {
	ref := LinkRef{Person: m.Person, Purpose: m.Kind.purpose(), Organization: m.Organization}
	want := Want{User: m.Person, Organization: m.Organization}
	if ref.Purpose != "" {
		want.Link = ref
	}
	s, err := store.Load(ctx, want)
	if err != nil {
		return nil, err
	}
	claimed := *m
	claimed.Attempts++
	if reason := undeliverable(s, profile, m, ref, c.At); reason != "" {
		claimed.State, claimed.Reason = MailDropped, reason
		c.Put(&claimed)
		return nil, nil
	}
	if m.Attempts >= MailTries { // whoever tried before never came back to say why
		claimed.State, claimed.Reason = MailDead, "every try broke off"
		c.Put(&claimed)
		return nil, nil
	}
	claimed.State, claimed.NotBefore = MailSending, c.At.Add(MailLease)
	c.Put(&claimed)
	begun := claimed
	begun.Version++ // as it will be once this change is committed
	d := &Delivery{Mail: &begun, Person: s.User, Organization: s.Organization, Membership: s.Membership}
	if ref.Purpose != "" {
		link := *s.Link
		if d.Token, err = link.Mint(mint); err != nil {
			return nil, ErrUnavailable.Because(err)
		}
		d.Expires = link.ExpiresAt
		link.Seal(d.Token)
		c.Put(Sealed{&link})
	}
	return d, nil
}

// undeliverable says why a mail is not to leave any more. An item is no more
// than a claim: that its person, organization and link belong together is asked
// again, so that none that was forged or mixed up tells one customer of another.
func undeliverable(s *Scene, p *Profile, m *Mail, ref LinkRef, now time.Time) string {
	member := s.Membership
	switch {
	case s.User == nil || s.Organization == nil:
		return "the person or the organization is gone"
	case member == nil:
		return "the person is no user of the organization"
	case s.Organization.Suspended && m.Kind.invites():
		return "the organization is suspended"
	case m.Kind == MailNamed && (!member.RemovedAt.IsZero() || member.SignsIn(p)):
		return "the user has no role without sign-in any more"
	case ref.Purpose == "":
		return ""
	case s.Link == nil || s.Link.ID != m.Link || s.Link.Organization != m.Organization || !s.Link.counts(s.User):
		return "the link has been used or replaced"
	case !now.Before(s.Link.ExpiresAt):
		return "the link has expired"
	}
	return ""
}

// Sealed is a link of which nothing changes but that its token is now known.
type Sealed struct{ *Link }

// Sent notes the success of a mail whose sending this change's reader began.
func (c *Change) Sent(m *Mail, messageID string) {
	done := *m
	done.State, done.MessageID, done.SentAt = MailSent, messageID, c.At
	c.Put(&done)
}

// Failed notes that a try did not succeed, and when the next one is.
func (c *Change) Failed(m *Mail, reason string, forGood bool) {
	next := *m
	next.Reason = reason
	if forGood || m.Attempts >= MailTries {
		next.State = MailDead
	} else {
		next.State = MailQueued
		next.NotBefore = c.At.Add(min(MailRetryFirst<<(m.Attempts-1), MailRetryMost))
	}
	c.Put(&next)
}

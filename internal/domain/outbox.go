package domain

import (
	"context"
	"math/rand/v2"
	"time"
)

// How the outbox tries: a mail that somebody has begun to send is given up on
// after MailLease, a failed try waits from MailRetryFirst, doubling up to
// MailRetryMost, and after MailTries tries the mail is dead. A mail that has
// failed MailYields times lets younger ones to the same person pass.
const (
	MailLease      = 2 * time.Minute
	MailRetryFirst = 30 * time.Second
	MailRetryMost  = time.Hour
	MailTries      = 12
	MailYields     = 3
)

// Due tells whether the mail is to be sent at this moment: it waits for its
// time, or whoever began to send it has not been heard of since.
func (m *Mail) Due(now time.Time) bool {
	return (m.State == MailQueued || m.State == MailSending) && !now.Before(m.NotBefore)
}

// Delivery is a mail whose sending has begun, with all that it tells.
type Delivery struct {
	Mail         *Mail
	To           Email
	Person       *Person
	Organization *Organization
	Membership   *Membership  // the receiver's in the organization
	Token        LinkToken    // of a mail with a link
	Expires      time.Time    // of that link
	Digest       []DigestLine // of a MailDigest
	More         int          // lines that found no room in it
}

// Begin claims a due mail, and seals the link that it carries: the link opens
// from now on. It returns nil, with the change marking the mail as dropped,
// when there is nobody to tell or a newer link has taken its place, or as dead
// when it was tried too often.
func (c *Change) Begin(ctx context.Context, store Store, profile *Profile, m *Mail, mint Minter) (*Delivery, error) {
	s, reason, err := m.over(ctx, store, profile, c.At)
	if err != nil {
		return nil, err
	}
	claimed := *m
	claimed.Attempts++
	claimed.Behind = ""
	if reason == unreachable {
		c.mark(s.Membership, s.User.Undeliverable)
	}
	var lines []DigestLine
	digest := &Digest{}
	if reason == "" && m.Kind == MailDigest {
		if digest, lines, err = readDigest(ctx, store, DigestRef{m.Organization, m.Day}); err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			reason = "there is nothing to tell"
		}
	}
	if reason != "" {
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
	d := &Delivery{Mail: &begun, To: s.receiver(), Person: s.User, Organization: s.Organization, Membership: s.Membership, Digest: lines, More: digest.More}
	if m.Kind.purpose() != "" {
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

// unreachable is why a mail does not leave to an address that takes none.
const unreachable = "mails to the address come back"

// over reads what a mail tells of, and says why it is not to leave any more;
// empty: it is.
func (m *Mail) over(ctx context.Context, store Store, p *Profile, now time.Time) (s *Scene, reason string, err error) {
	ref := LinkRef{Person: m.Person, Purpose: m.Kind.purpose(), Organization: m.Organization}
	want := Want{User: m.Person, Organization: m.Organization}
	if ref.Purpose != "" {
		want.Link = ref
	}
	if s, err = store.Load(ctx, want); err != nil {
		return nil, "", err
	}
	reason = undeliverable(s, p, m, ref, now)
	// The mail that takes a change of the address back is tried all the same: without
	// it nothing is changed, and who has complained of mails still reads them.
	if reason == "" && m.Kind != MailEmailChanging && s.User.Undeliverable.Of(s.receiver()) != "" {
		reason = unreachable
	}
	if reason == "" && m.Kind == MailEmailChange {
		reason, err = takenSince(ctx, store, s.Link.Email, now)
	}
	return s, reason, err
}

// receiver is the address that a mail goes to, which stands on the scene.
func (s *Scene) receiver() Email {
	if s.Link != nil {
		return s.Link.Email
	}
	return s.User.Email
}

// undeliverable says why a mail is not to leave any more. An item is no more
// than a claim: that its person, organization and link belong together is asked
// again, so that none that was forged or mixed up tells one customer of another.
func undeliverable(s *Scene, p *Profile, m *Mail, ref LinkRef, now time.Time) string {
	member, topic := s.Membership, m.Kind.topic()
	switch {
	case s.User == nil || s.Organization == nil:
		return "the person or the organization is gone"
	case member == nil:
		return "the person is no user of the organization"
	case s.Organization.Suspended && m.Kind.invites():
		return "the organization is suspended"
	case m.Kind.invites() && member.ActivatedAt.IsZero() && member.Email != s.User.Email:
		return "whoever was invited has another address by now" // which nobody has named
	case m.Kind == MailNamed && (!member.RemovedAt.IsZero() || member.SignsIn(p)):
		return "the user has no role without sign-in any more"
	case !m.holds(Place{member, s.Organization}, p, now):
		return "it is not so any more"
	case topic != "" && !member.WantsMail(p, topic):
		return "the user wants no mails about " + string(topic)
	case ref.Purpose == "":
		return ""
	case s.Link == nil || s.Link.ID != m.Link || s.Link.Organization != m.Organization || !s.Link.counts(s.User):
		return "the link has been used or replaced"
	case !now.Before(s.Link.ExpiresAt):
		return "the link has expired"
	}
	return ""
}

// holds tells whether what the mail says of a membership still is so. Days move,
// and people are removed, between a mail's being due and its leaving.
func (m *Mail) holds(at Place, p *Profile, now time.Time) bool {
	member, status := at.Membership, at.Membership.Status(p, now, at.Organization.Zone())
	switch m.Kind {
	case MailEnding, MailLastAdministrator:
		return member.Validity.To == m.Day && (status == StatusActive || status == StatusInvited)
	case MailEnded:
		return status == StatusExpired
	case MailBegun:
		return at.Lets(p, now)
	case MailDigest:
		return at.Lets(p, now) && member.administers(p) && member.everywhere(p, RightSeeUsers)
	case MailAgreement:
		return at.hears(p, AgreementChanged, now)
	}
	return true
}

// takenSince says why an address is not to be written to that somebody wants to
// have: whose it is has neither asked for this nor is their business known to them.
func takenSince(ctx context.Context, store Store, email Email, now time.Time) (reason string, err error) {
	s, err := store.Load(ctx, Want{Email: email})
	if err != nil {
		return "", err
	}
	if s.EmailClaim.taken(now) {
		return "the address is somebody's", nil
	}
	return "", nil
}

// Sealed is a link of which nothing changes but that its token is now known.
type Sealed struct{ *Link }

// Sent notes the success of a mail whose sending this change's reader began.
func (c *Change) Sent(m *Mail, messageID string) {
	done := *m
	done.State, done.MessageID, done.SentAt, done.Throttled, done.Reason = MailSent, messageID, c.At, 0, ""
	c.Put(&done)
}

// Failed notes that a try did not succeed, and when the next one is.
func (c *Change) Failed(m *Mail, reason string, forGood bool) {
	next := *m
	next.Reason, next.Throttled = reason, 0
	if forGood || m.Attempts >= MailTries {
		next.State = MailDead
	} else {
		next.State = MailQueued
		next.NotBefore = c.At.Add(min(MailRetryFirst<<(m.Attempts-1), MailRetryMost))
	}
	c.Put(&next)
}

// Throttled notes that the sender took nothing. That is no try: however long it
// lasts, no mail dies of it. Waits are spread, so that not all come back at once.
func (c *Change) Throttled(m *Mail, atLeast time.Duration) {
	next := *m
	next.State, next.Reason = MailQueued, "the sender is busy"
	next.Attempts--
	next.Throttled++
	wait := max(atLeast, min(MailRetryFirst<<min(m.Throttled, 8), MailRetryMost))
	next.NotBefore = c.At.Add(wait + rand.N(wait/2)) //nolint:gosec // G404: it spreads waits, and need not be secret
	c.Put(&next)
}

// holdsUp tells whether younger mails to the same person wait for this one: it is
// on its way, or is going to be tried again. One that has its time still to come
// is waited for by nobody, nor is one that has failed too often, or that nobody
// has come for in a long time.
func (m *Mail) holdsUp(now time.Time) bool {
	begun := m.Attempts+m.Throttled > 0 || !now.Before(m.NotBefore)
	return (m.State == MailSending || m.State == MailQueued && begun) && m.Attempts <= MailYields && now.Before(m.NotBefore.Add(MailRetryMost))
}

// Ahead is the older mail to the same person that this one waits for; nil: none.
// It is found by an index that may miss what was written a moment ago.
func (m *Mail) Ahead(ctx context.Context, store Store, now time.Time) (ahead *Mail, err error) {
	err = m.siblings(ctx, store, func(other *Mail) error {
		if other.ID >= m.ID || !other.holdsUp(now) {
			return nil
		}
		// The index may be late the other way, too.
		is, err := store.Mail(ctx, other.ID)
		if err == nil && is.holdsUp(now) {
			ahead = is
		}
		return err
	})
	return ahead, err
}

// Followers are the mails to the same person that wait for this one.
func (m *Mail) Followers(ctx context.Context, store Store) (ids []MailID, err error) {
	err = m.siblings(ctx, store, func(other *Mail) error {
		if other.Behind == m.ID && other.State == MailQueued {
			ids = append(ids, other.ID)
		}
		return nil
	})
	return ids, err
}

// siblings reads the mails to the same person. One that cannot be read holds
// nobody up: then there are none.
func (m *Mail) siblings(ctx context.Context, store Store, each func(*Mail) error) error {
	if m.Person == "" {
		return nil
	}
	for req := (PageRequest{Limit: 100}); ; {
		page, err := store.MailsTo(ctx, m.Person, req)
		for _, other := range page.Items {
			if err == nil {
				err = each(other)
			}
		}
		switch {
		case KindOf(err) == Unavailable:
			return err
		case err != nil, page.Next == "":
			return nil
		}
		req.After = page.Next
	}
}

// Wait lets an older mail to the same person go first.
func (c *Change) Wait(m, ahead *Mail) {
	next := *m
	next.Behind, next.NotBefore = ahead.ID, c.At.Add(MailRetryFirst)
	if ahead.NotBefore.After(next.NotBefore) {
		next.NotBefore = ahead.NotBefore
	}
	c.Put(&next)
}

// Retry queues a mail anew that was given up. What is waiting already, it leaves
// alone. It says why a mail is not to leave any more: one whose link is over, or
// whose receiver is gone, would only be dropped.
func (c *Change) Retry(ctx context.Context, store Store, p *Profile, m *Mail) (why string, err error) {
	switch m.State {
	case MailQueued, MailSending:
		return "", nil
	case MailDead:
	default:
		return "it is not dead but " + string(m.State), nil
	}
	if m.Person != "" {
		if _, why, err = m.over(ctx, store, p, c.At); err != nil || why != "" {
			return why, err
		}
	}
	next := *m
	next.State, next.NotBefore, next.Attempts, next.Throttled = MailQueued, c.At, 0, 0
	next.Behind, next.Reason, next.MessageID, next.SentAt, next.OutcomeAt = "", "", "", time.Time{}, time.Time{}
	c.Put(&next)
	return "", nil
}

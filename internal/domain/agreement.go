package domain

import (
	"context"
	"slices"
	"time"
)

// AgreementChange says that an organization's agreement with the operator is
// another one from a day on. The agreement itself is kept elsewhere.
type AgreementChange struct {
	Organization OrganizationID
	From         Date
}

// AnnounceAgreement tells everybody in an organization whom a change of the
// agreement concerns. Who they are is found out when the mails leave.
func AnnounceAgreement(c *Change, s *Scene, in AgreementChange) error {
	if s.Organization == nil {
		return ErrNotFound
	}
	c.Send(&Mail{Kind: MailAgreements, Organization: in.Organization, Day: in.From})
	c.Record(in.Organization, AgreementAnnounced, aboutOrganization(in.Organization), FieldChange{Field: "from", After: string(in.From)})
	return nil
}

// hears tells whether the person is to get a notice from the organization: they
// hold one of its rights there now, with or without sign-in.
func (p Place) hears(profile *Profile, notice NoticeKey, now time.Time) bool {
	return p.counts(profile, now) && slices.ContainsFunc(profile.told(notice), func(right RightKey) bool {
		return p.Membership.everywhere(profile, right)
	})
}

// readAtOnce is how many users are looked through for one transaction of mails.
const readAtOnce = 80

// ResolveAgreement makes of the mail for an agreement's change one to each whom
// it concerns: of a large organization, to some, and the rest when it is asked again.
func ResolveAgreement(ctx context.Context, store Store, c *Change, p *Profile, request *Mail) error {
	s, err := store.Load(ctx, Want{Organization: request.Organization})
	if err != nil {
		return err
	}
	next := *request
	next.State, next.Reason = MailDropped, "resolved"
	if s.Organization == nil || s.Organization.Suspended {
		next.Reason = "the organization is gone or suspended"
		c.Put(&next)
		return nil
	}
	page, err := store.Users(ctx, request.Organization, PageRequest{Limit: readAtOnce, After: request.After})
	if err != nil {
		return err
	}
	for _, m := range page.Items {
		if (Place{m, s.Organization}).hears(p, AgreementChanged, c.At) {
			c.Send(&Mail{Kind: MailAgreement, Person: m.Person, Organization: m.Organization, Day: request.Day})
		}
	}
	if page.Next != "" {
		next.State, next.Reason, next.After = MailQueued, "", page.Next
	}
	c.Put(&next)
	return nil
}

// Seen is the receipt of an event that comes once or more often: a change that
// holds it is committed once.
func (c *Change) Seen(event string) {
	c.Put(&Receipt{Key: hash("event\x00" + event), ExpiresAt: c.At.Add(eventLife)})
}

// ForEvent names the receipt of an event.
func (w *Want) ForEvent(event string) { w.Receipt = hash("event\x00" + event) }

// eventLife is how long an event is known again. Who sends events tries for a day.
const eventLife = 7 * 24 * time.Hour

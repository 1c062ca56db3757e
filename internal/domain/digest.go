package domain

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// digestHour is when a day's mails that can wait for the morning leave, by the
// organization's clock.
const digestHour = 8

// digestShut is how long before it leaves nothing more is put into a digest. A
// run whose clock is slow, or that takes its time, must not put a line into one
// that has left.
const digestShut = 5 * time.Minute

// digestItems is how many items one digest names; of more it tells how many.
const digestItems = 200

// DigestItemKind is what an item of a digest tells.
type DigestItemKind string

const (
	DigestEnding    DigestItemKind = "ending"    // Day is the last
	DigestEnded     DigestItemKind = "ended"     // Day was the last
	DigestUnclaimed DigestItemKind = "unclaimed" // invited on Day, reminded, and never came
	// DigestLastAdministrator tells that an organization is to be without anybody
	// who administers it after Day, or is by now.
	DigestLastAdministrator DigestItemKind = "last-administrator"
)

// DigestItem is a line of a digest. It says who by id: what they are called is
// read when the mail leaves.
type DigestItem struct {
	Kind         DigestItemKind
	Organization OrganizationID
	Person       PersonID
	Day          Date
}

// DigestRef names the digest of an organization's administrators on a day.
type DigestRef struct {
	Organization OrganizationID
	Day          Date
}

// Digest is what an organization's administrators are told on a day, in one mail
// to each.
type Digest struct {
	DigestRef
	Version int64
	Items   []DigestItem
	More    int // items that found no room
}

// digestDay is the day whose digest is still open, and when it leaves.
func digestDay(now time.Time, zone *time.Location) (day Date, leaves time.Time) {
	for day = Today(now, zone); ; day = day.days(1) {
		if leaves = day.morning(zone); leaves.Add(-digestShut).After(now) {
			return day, leaves
		}
	}
}

// morning is when the mails of a day leave.
func (d Date) morning(zone *time.Location) time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return time.Date(t.Year(), t.Month(), t.Day(), digestHour, 0, 0, 0, zone).UTC()
}

// tell puts an item into the digest of an organization, which a mail then goes
// for. The scene holds the digest of that day, if there is one.
func (c *Change) tell(s *Scene, org *Organization, item DigestItem) {
	day, leaves := digestDay(c.At, org.Zone())
	ref := DigestRef{Organization: org.ID, Day: day}
	d := c.digested(ref)
	if d == nil {
		d = &Digest{DigestRef: ref}
		if was := s.Digests[ref]; was != nil {
			*d = *was
			d.Items = slices.Clone(was.Items)
		} else {
			m := &Mail{Kind: MailDigests, Organization: org.ID, Day: day}
			c.Send(m)
			m.NotBefore = leaves
		}
		c.Put(d)
	}
	if len(d.Items) < digestItems {
		d.Items = append(d.Items, item)
	} else {
		d.More++
	}
}

// digested is a digest as the change puts it; nil if it does not.
func (c *Change) digested(ref DigestRef) *Digest {
	for _, w := range c.Writes {
		if d, ok := w.Entity.(*Digest); ok && d.DigestRef == ref {
			return d
		}
	}
	return nil
}

// digestsAtOnce is how many administrators one transaction mails.
const digestsAtOnce = 80

// ResolveDigest makes of the mail for a digest one to each administrator who can
// administer by now: of many, of some, and the rest when it is asked again.
func ResolveDigest(ctx context.Context, store Store, c *Change, request *Mail) error {
	s, err := store.Load(ctx, Want{Organization: request.Organization, Administrators: true})
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
	seats := slices.SortedFunc(slices.Values(s.Administrators.Seats), func(a, b Seat) int { return cmp.Compare(a.Person, b.Person) })
	told := 0
	for _, seat := range seats {
		if string(seat.Person) <= request.After || !seat.effective(c.At, s.Organization.Zone()) {
			continue
		}
		if told == digestsAtOnce {
			next.State, next.Reason = MailQueued, ""
			break
		}
		c.Send(&Mail{Kind: MailDigest, Person: seat.Person, Organization: request.Organization, Day: request.Day})
		next.After = string(seat.Person)
		told++
	}
	c.Put(&next)
	return nil
}

// DigestLine is an item with the names in it.
type DigestLine struct {
	DigestItem
	Name             string // of the person
	OrganizationName string
}

// readDigest reads a digest and what its items are called. What is gone is left out.
func readDigest(ctx context.Context, store Store, ref DigestRef) (d *Digest, lines []DigestLine, err error) {
	s, err := store.Load(ctx, Want{Digests: []DigestRef{ref}})
	if err != nil {
		return nil, nil, err
	}
	if d = s.Digests[ref]; d == nil {
		return &Digest{}, nil, nil
	}
	people := map[OrganizationID][]PersonID{}
	for _, item := range d.Items {
		people[item.Organization] = append(people[item.Organization], item.Person)
	}
	scenes := map[OrganizationID]*Scene{}
	for org, ids := range people {
		slices.Sort(ids)
		if scenes[org], err = store.Load(ctx, Want{Organization: org, Users: slices.Compact(ids)}); err != nil {
			return nil, nil, err
		}
	}
	for _, item := range d.Items {
		s := scenes[item.Organization]
		if m := s.Memberships[item.Person]; m != nil && s.Organization != nil {
			lines = append(lines, DigestLine{item, m.GivenName + " " + m.FamilyName, s.Organization.Name})
		}
	}
	return d, lines, nil
}

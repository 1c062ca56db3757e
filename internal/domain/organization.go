package domain

import (
	"sync"
	"time"
)

// Organization is a customer company, or the operator itself.
type Organization struct {
	Version    int64
	Revision   int64 // counts edits; the ETag
	ID         OrganizationID
	Name       string
	Country    Country
	BusinessID string
	Language   Language
	TimeZone   string   // IANA name
	Alphabet   Language // orders the operator's list of organizations
	Suspended  bool     // closed by the operator: nothing that derives from it counts
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Zone is the organization's time zone.
func (o *Organization) Zone() *time.Location {
	zonesRead.RLock()
	zone := zonesRead.of[o.TimeZone]
	zonesRead.RUnlock()
	if zone != nil {
		return zone
	}
	zone, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		// The name was checked when it was stored, so the zone database of this
		// process is broken; letting people in by a wrong calendar would be worse.
		panic(err)
	}
	zonesRead.Lock()
	zonesRead.of[o.TimeZone] = zone
	zonesRead.Unlock()
	return zone
}

// zonesRead keeps what was read of the zone database, which a decision must not
// read from disk each time.
var zonesRead = struct {
	sync.RWMutex
	of map[string]*time.Location
}{of: map[string]*time.Location{}}

// alphabet is the language whose order names are listed in: where a letter
// stands is the country's custom, not the reader's.
func (c Country) alphabet() Language {
	switch c {
	case "NO", "DK":
		return Norwegian
	}
	return Swedish // å ä ö at the end, as in Finnish
}

// Country is an ISO 3166-1 alpha-2 code.
type Country string

// Language is one of the four that Fullmakt speaks.
type Language string

const (
	Finnish   Language = "fi"
	Swedish   Language = "sv"
	Norwegian Language = "nb"
	English   Language = "en"
)

// Languages are all of them.
var Languages = []Language{Finnish, Swedish, Norwegian, English}

// OrganizationClaim keeps country and business id unique: it exists exactly
// while an organization holds them.
type OrganizationClaim struct {
	Version      int64
	Country      Country
	BusinessID   string
	Organization OrganizationID
}

// Administrators lists an organization's administrators with all that decides
// whether they are effective. Every change to one of them also writes this
// item on the version it read, so that two of them cannot remove each other.
type Administrators struct {
	Version      int64
	Organization OrganizationID
	Seats        []Seat
}

// Seat is one administrator.
type Seat struct {
	Person    PersonID
	Activated bool
	Barred    bool // without the subscription that the portal asks for
	Validity  Validity
}

// with returns the seats with m's, or without when m holds no administrator role.
func (a *Administrators) with(m *Membership, p *Profile) []Seat {
	seats := a.without(m.Person)
	if m.administers(p) && m.RemovedAt.IsZero() {
		seats = append(seats, Seat{Person: m.Person, Activated: !m.ActivatedAt.IsZero(), Barred: !m.subscribed(p), Validity: m.Validity})
	}
	return seats
}

func (a *Administrators) without(person PersonID) []Seat {
	var seats []Seat
	for _, s := range a.Seats {
		if s.Person != person {
			seats = append(seats, s)
		}
	}
	return seats
}

// effective counts the seats whose people can administer now; of those, lasting
// the ones that no calendar ends.
func effective(seats []Seat, now time.Time, zone *time.Location) (n, lasting int) {
	for _, s := range seats {
		if s.Activated && !s.Barred && s.Validity.at(now, zone) == valid {
			n++
			if s.Validity.Type != FixedTerm {
				lasting++
			}
		}
	}
	return n, lasting
}

// keeps tells whether the organization is still administered with these seats in
// the place of those: it does not lose its last effective administrator, nor the
// last one without an end, nor (before anyone has activated) the last invited.
func keeps(before, after []Seat, now time.Time, was, is *time.Location) bool {
	n, lasting := effective(before, now, was)
	left, leftLasting := effective(after, now, is)
	return len(after) > 0 && (n == 0 || left > 0) && (lasting == 0 || leftLasting > 0)
}

// seatOf is a person's seat, if they have one.
func seatOf(seats []Seat, person PersonID) Seat {
	for _, s := range seats {
		if s.Person == person {
			return s
		}
	}
	return Seat{}
}

// reseat writes the administrators if what the membership has become is another
// seat than it was, or none.
func (c *Change) reseat(s *Scene, p *Profile, m *Membership) error {
	seats := s.Administrators.with(m, p)
	if seatOf(s.Administrators.Seats, m.Person) == seatOf(seats, m.Person) {
		return nil
	}
	return c.seat(s.Organization, s.Administrators, seats)
}

// seat puts the administrators as they will be into the change, or refuses it.
func (c *Change) seat(org *Organization, a *Administrators, seats []Seat) error {
	if !keeps(a.Seats, seats, c.At, org.Zone(), org.Zone()) {
		return ErrLastAdmin
	}
	next := *a
	next.Organization, next.Seats = org.ID, seats
	c.Put(&next)
	return nil
}

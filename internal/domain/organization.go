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
	Register   string   // the public register that it was made from; empty: somebody entered it
	// Unclaimed says that it is no customer: it was made because somebody from it
	// became another one's partner, and nobody administers it.
	Unclaimed bool
	CreatedAt time.Time
	UpdatedAt time.Time
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
	// Chief says that the seat is by a role that can give every role: without such
	// an administrator nobody could make another one.
	Chief    bool
	Validity Validity
}

// with returns the seats with m's, or without when m holds no administrator role.
func (a *Administrators) with(m *Membership, p *Profile) []Seat {
	seats := a.without(m.Person)
	if seat, ok := m.Seat(p); ok {
		seats = append(seats, seat)
	}
	return seats
}

// Seat is the one that the membership makes; ok is false when it makes none.
func (m *Membership) Seat(p *Profile) (seat Seat, ok bool) {
	if !m.administers(p) || !m.RemovedAt.IsZero() {
		return seat, false
	}
	return Seat{
		Person: m.Person, Activated: !m.ActivatedAt.IsZero(), Barred: !m.subscribed(p), Chief: m.leads(p), Validity: m.Validity,
	}, true
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

func (s Seat) effective(now time.Time, zone *time.Location) bool {
	return s.Activated && !s.Barred && s.Validity.at(now, zone) == valid
}

// effective counts the seats whose people can administer now; of those, lasting
// the ones that no calendar ends.
func effective(seats []Seat, now time.Time, zone *time.Location) (n, lasting int) {
	for _, s := range seats {
		if s.effective(now, zone) {
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
	holds := func(before, after []Seat) bool {
		n, lasting := effective(before, now, was)
		left, leftLasting := effective(after, now, is)
		return (len(before) == 0 || len(after) > 0) && (n == 0 || left > 0) && (lasting == 0 || leftLasting > 0)
	}
	return len(after) > 0 && holds(before, after) && holds(chiefs(before), chiefs(after))
}

// chiefs are the seats of those who can give every role.
func chiefs(seats []Seat) (chiefs []Seat) {
	for _, s := range seats {
		if s.Chief {
			chiefs = append(chiefs, s)
		}
	}
	return chiefs
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

// seat puts the administrators as they will be into the change, or refuses it. A
// change that has put them already is given them anew: nothing is written twice.
func (c *Change) seat(org *Organization, a *Administrators, seats []Seat) error {
	if !keeps(a.Seats, seats, c.At, org.Zone(), org.Zone()) {
		return ErrLastAdmin
	}
	next := *a
	next.Organization, next.Seats = org.ID, seats
	if put := c.seated(); put != nil {
		*put = next
		return nil
	}
	c.Put(&next)
	return nil
}

// seated is the administrators as the change puts them; nil if it does not.
func (c *Change) seated() *Administrators {
	for _, w := range c.Writes {
		if a, ok := w.Entity.(*Administrators); ok && !w.Hold {
			return a
		}
	}
	return nil
}

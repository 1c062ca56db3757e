package domain

import (
	"slices"
	"time"
)

// MaxMemberships bounds the organizations of one person, so that whatever
// touches all of them fits one transaction.
const MaxMemberships = 40

// Person is a human being, unique by e-mail, the holder of the password.
type Person struct {
	Version       int64
	Revision      int64 // counts edits; the ETag
	ID            PersonID
	Email         Email
	GivenName     string
	FamilyName    string
	Phone         string
	Language      Language
	Home          OrganizationID   // whose administrators keep the person's details
	Organizations []OrganizationID // where the person is a user
	PasswordHash  string           // PHC string; empty until the first activation
	// Security rises with everything that must end the sessions and links
	// made before it: a new password, a new address.
	Security  int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// EmailClaim keeps an address unique: it exists exactly while a person holds it.
type EmailClaim struct {
	Version int64
	Email   Email
	Person  PersonID
}

// MembershipKind says whose the person is.
type MembershipKind string

const (
	Own     MembershipKind = "own"
	Partner MembershipKind = "partner"
)

// Membership is a person in an organization: what the API calls a user. The
// card (names, address, phone, language) is this organization's own copy, so
// that what one organization edits never shows in another.
type Membership struct {
	Version      int64
	Revision     int64 // counts edits; the ETag
	Organization OrganizationID
	Person       PersonID
	Kind         MembershipKind
	Card
	Home         OrganizationID
	Alphabet     Language     // orders the organization's lists
	Roles        []RoleKey    // that hold for the whole organization
	Assignments  []Assignment // what holds elsewhere, and rights without a role
	Validity     Validity
	DefaultTask  string
	ActivatedAt  time.Time // zero until the person has accepted
	LastSignInAt time.Time // in this organization
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Card is how an organization knows a person.
type Card struct {
	GivenName  string
	FamilyName string
	Email      Email
	Phone      string
	Language   Language
}

// Status of a user, derived, never stored.
type Status string

const (
	StatusInvited  Status = "invited"
	StatusActive   Status = "active"
	StatusUpcoming Status = "upcoming"
	StatusExpired  Status = "expired"
	StatusLocked   Status = "locked"
)

// Status is the membership's at a moment, in its organization's zone. What
// keeps a person out for good is told before what is only not done yet.
func (m *Membership) Status(now time.Time, zone *time.Location) Status {
	switch m.Validity.at(now, zone) {
	case locked:
		return StatusLocked
	case over:
		return StatusExpired
	}
	if m.ActivatedAt.IsZero() {
		return StatusInvited
	}
	if m.Validity.at(now, zone) == notYet {
		return StatusUpcoming
	}
	return StatusActive
}

// SignInMark is a membership of which nothing changes but the last sign-in.
type SignInMark struct{ *Membership }

// Place is a membership with its organization.
type Place struct {
	Membership   *Membership
	Organization *Organization
}

// Lets tells whether the place lets its person in at this moment.
func (p Place) Lets(now time.Time) bool {
	return p.Membership != nil && p.Organization != nil &&
		p.Membership.Status(now, p.Organization.Zone()) == StatusActive
}

// anyWaits tells whether one of the places lets its person in, or waits for them
// to accept, for which they need their password too.
func anyWaits(places []Place, now time.Time) bool {
	return slices.ContainsFunc(places, func(p Place) bool {
		status := p.Membership.Status(now, p.Organization.Zone())
		return status == StatusActive || status == StatusInvited
	})
}

// anyLets tells whether one of the places lets its person in.
func anyLets(places []Place, now time.Time) bool {
	return slices.ContainsFunc(places, func(p Place) bool { return p.Lets(now) })
}

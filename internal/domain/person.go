package domain

import (
	"iter"
	"slices"
	"time"
)

// MaxMemberships bounds the organizations of one person, so that whatever
// touches all of them fits one transaction.
const MaxMemberships = 40

// Person is a human being, unique by e-mail, the holder of the password.
type Person struct {
	Version  int64
	Revision int64 // counts edits; the ETag
	ID       PersonID
	Email    Email
	// Undeliverable may be of an address before this one.
	Undeliverable Undeliverable
	GivenName     string
	FamilyName    string
	Phone         string
	Language      Language
	// Home is where the person is a user first of all: where they are an own user,
	// if anywhere, and there the administrators keep the person's details. Of
	// somebody who is a user nowhere any more it is the company they came from.
	Home          OrganizationID
	Organizations []OrganizationID // where the person is a user
	PasswordHash  string           // PHC string; empty until the first activation
	// Security rises with everything that must end the sessions and links
	// made before it: a new password, a new address.
	Security  int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// EmailClaim keeps an address unique: nobody else can be given it.
type EmailClaim struct {
	Version int64
	Email   Email
	Person  PersonID
	// Until is zero for the address that the person has. The one before is kept for
	// them until then, so that the change can be undone; it leads to nobody.
	Until time.Time
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
	Undeliverable Undeliverable  // as far as the organization is to know
	Home          OrganizationID // the company that a partner comes from, as this organization has it; of others, this one
	NationalID    NationalID     // of an own user, where the portal asks for them
	Alphabet      Language       // orders the organization's lists
	Roles         []RoleKey      // that hold for the whole organization
	Assignments   []Assignment   // what holds elsewhere, and rights without a role
	Validity      Validity
	Agenda        Agenda // what the clock has to do with it
	DefaultTask   string
	JobTitles     map[ResourceID]string // on resources whose type has them
	Mail          MailSettings
	Subscription  SubscriptionID // under which the person has access, where the portal asks for one
	Unsubscribed  bool           // that one has ended
	RemovedAt     time.Time      // of a user who can be restored
	ActivatedAt   time.Time      // zero until the person has accepted
	LastSignInAt  time.Time      // in this organization
	CreatedAt     time.Time
	UpdatedAt     time.Time
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
	StatusInvited      Status = "invited"
	StatusActive       Status = "active"
	StatusUpcoming     Status = "upcoming"
	StatusExpired      Status = "expired"
	StatusLocked       Status = "locked"
	StatusUnsubscribed Status = "unsubscribed"
	StatusInactive     Status = "inactive"
)

// Status is the membership's at a moment, in its organization's zone. What
// keeps a person out for good is told before what is only not done yet. Who
// has no sign-in has nothing to activate.
func (m *Membership) Status(p *Profile, now time.Time, zone *time.Location) Status {
	standing := m.Validity.at(now, zone)
	switch {
	case !m.RemovedAt.IsZero():
		return StatusInactive
	case standing == locked:
		return StatusLocked
	case standing == over:
		return StatusExpired
	case !m.subscribed(p):
		return StatusUnsubscribed
	case m.ActivatedAt.IsZero() && m.SignsIn(p):
		return StatusInvited
	case standing == notYet:
		return StatusUpcoming
	}
	return StatusActive
}

// subscribed tells whether the membership has the subscription that the portal
// asks for. The operator's own people need none.
func (m *Membership) subscribed(p *Profile) bool {
	return !p.Policies.Subscription || m.Organization == OperatorID || m.Subscription != "" && !m.Unsubscribed
}

// SignsIn tells whether the person can have a credential here. Those who hold
// nothing but roles without sign-in cannot, whatever else they were given.
func (m *Membership) SignsIn(p *Profile) bool {
	without := false
	for role := range m.everyRole() {
		if info := p.Role(role); info != nil {
			if !info.NoSignIn {
				return true
			}
			without = true
		}
	}
	return !without
}

// everyRole is the roles held for the whole organization and those in some places only.
func (m *Membership) everyRole() iter.Seq[RoleKey] {
	return func(yield func(RoleKey) bool) {
		for _, role := range m.Roles {
			if !yield(role) {
				return
			}
		}
		for i := range m.Assignments {
			for _, role := range m.Assignments[i].Roles {
				if !yield(role) {
					return
				}
			}
		}
	}
}

// AssignedRoles are those that the membership was given by assignments, each once.
func (m *Membership) AssignedRoles() []RoleKey {
	roles := []RoleKey{}
	for _, a := range m.Assignments {
		roles = append(roles, a.Roles...)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// administers tells whether the membership makes an administrator: one who can
// give the rights of the organization to others. Without sign-in nobody can.
func (m *Membership) administers(p *Profile) bool {
	return m.everywhere(p, RightEditUsers) && m.SignsIn(p)
}

// leads tells whether the membership makes an administrator by a role that can
// give every role there is.
func (m *Membership) leads(p *Profile) bool {
	top := p.Role(p.administrator())
	leads := func(key RoleKey) bool {
		role := p.Role(key)
		return role != nil && top != nil && role.Level >= top.Level && role.gives(p, RightEditUsers)
	}
	return slices.ContainsFunc(m.Roles, leads) || slices.ContainsFunc(m.Assignments, func(a Assignment) bool {
		return a.holdsIn(Scope{Type: InOrganization}) && slices.ContainsFunc(a.Roles, leads)
	})
}

// everywhere tells whether the membership has the right in the whole organization.
func (m *Membership) everywhere(p *Profile, right RightKey) bool {
	return p.holds(m.Roles, right) || slices.ContainsFunc(m.Assignments, func(a Assignment) bool {
		return a.holdsIn(Scope{Type: InOrganization}) && a.gives(p, right)
	})
}

// SignInMark is a membership of which nothing changes but the last sign-in.
type SignInMark struct{ *Membership }

// Place is a membership with its organization.
type Place struct {
	Membership   *Membership
	Organization *Organization
}

// Lets tells whether the place lets its person in at this moment.
func (p Place) Lets(profile *Profile, now time.Time) bool {
	return p.counts(profile, now) && p.Membership.SignsIn(profile)
}

// counts tells whether what the membership gives counts at this moment, signed in or not.
func (p Place) counts(profile *Profile, now time.Time) bool {
	return p.Membership != nil && p.Organization != nil && !p.Organization.Suspended &&
		p.Membership.Status(profile, now, p.Organization.Zone()) == StatusActive
}

// anyWaits tells whether one of the places lets its person in, or waits for them
// to accept, for which they need their password too.
func anyWaits(places []Place, profile *Profile, now time.Time) bool {
	return slices.ContainsFunc(places, func(p Place) bool {
		status := p.Membership.Status(profile, now, p.Organization.Zone())
		return !p.Organization.Suspended && p.Membership.SignsIn(profile) && (status == StatusActive || status == StatusInvited)
	})
}

// anyLets tells whether one of the places lets its person in.
func anyLets(places []Place, profile *Profile, now time.Time) bool {
	return slices.ContainsFunc(places, func(p Place) bool { return p.Lets(profile, now) })
}

package domain

import (
	"errors"
	"slices"
	"time"
)

// The rights that Fullmakt itself asks for. A profile's roles hold them beside
// the portal's own rights.
const (
	RightSeeOrganization  RightKey = "organization:see"
	RightEditOrganization RightKey = "organization:edit"
	RightSeeUsers         RightKey = "users:see"
	RightEditUsers        RightKey = "users:edit"
	// RightSendActivation is apart from editing, so that the operator can help a
	// customer whose only invitation was lost.
	RightSendActivation RightKey = "users:send-activation"
	RightSeeAudit       RightKey = "audit:see"
	// RightExportUsers is apart from seeing, since what is exported leaves the
	// portal whole. The operator has it in no customer organization.
	RightExportUsers RightKey = "users:export"
	// RightSeeNationalIDs is to see national ids whole and to find users by them. It
	// is sensitive: no role of all rights has it of itself, and the operator has it
	// in no customer organization.
	RightSeeNationalIDs RightKey = "national-ids:see"
	// These hold on the organization and on every resource.
	RightSeeResources  RightKey = "resources:see"
	RightEditResources RightKey = "resources:edit"  // to make, change and remove them
	RightShareResource RightKey = "resources:share" // to say who may do what on them
	RightSeeMandates   RightKey = "mandates:see"
	RightEditMandates  RightKey = "mandates:edit"
	// RightOperate is the operator's: to create and list organizations. It is
	// held by the administrators of the operator's own organization and by
	// nobody else.
	RightOperate RightKey = "operator:organizations"
)

// AdministrativeRights are those a profile may name without declaring them.
var AdministrativeRights = []RightKey{
	RightSeeOrganization, RightEditOrganization, RightSeeUsers, RightEditUsers, RightExportUsers, RightSendActivation, RightSeeNationalIDs, RightSeeAudit,
	RightSeeResources, RightEditResources, RightShareResource, RightSeeMandates, RightEditMandates,
}

// anywhere are those of them that hold on every resource too.
var anywhere = map[RightKey]bool{RightSeeResources: true, RightEditResources: true, RightShareResource: true}

// operates are the rights that the operator's administrators have in every
// customer organization.
var operates = map[RightKey]bool{
	RightSeeOrganization: true, RightEditOrganization: true, RightSeeUsers: true, RightSendActivation: true,
	RightSeeResources: true, RightEditResources: true, RightSeeMandates: true, RightEditMandates: true,
}

// Administers are the administrative rights that the place gives its person at
// this moment.
func (p Place) Administers(profile *Profile, now time.Time) (rights []RightKey) {
	if !p.Lets(profile, now) {
		return nil
	}
	for _, right := range AdministrativeRights {
		if p.Membership.everywhere(profile, right) {
			rights = append(rights, right)
		}
	}
	if p.operates(profile, now) {
		rights = append(rights, RightOperate)
	}
	return rights
}

// operates tells whether the place makes its person one who runs the portal.
func (p Place) operates(profile *Profile, now time.Time) bool {
	return p.Lets(profile, now) && p.Organization.ID == OperatorID && p.Membership.administers(profile)
}

// Caller is a signed-in person with all that decides what they may do.
type Caller struct {
	Session *Session
	Person  *Person
	Home    Place // the one that the session's token names
	Here    Place // in the organization that the request is about
}

// Decide says whether the caller may use a right in the organization that the
// request is about, or on a resource there if at is not nil. Every endpoint that
// asks for a right asks here. It is nil, ErrForbidden where the caller may know
// of the place, and ErrNotFound everywhere else, so that nobody learns of an
// organization or a resource that is not theirs.
func (c *Caller) Decide(p *Profile, right RightKey, at *Resource, now time.Time) error {
	switch {
	case right == RightOperate:
		if c.Home.operates(p, now) {
			return nil
		}
		return ErrForbidden
	case c.Here.Organization == nil:
		return ErrNotFound
	case c.Here.Lets(p, now):
		g := c.Grounds(p, at)
		if g.Decide(right, now) == Allowed || operates[right] && c.Home.operates(p, now) {
			return nil
		}
		if at != nil && !g.Sees(now) {
			return ErrNotFound
		}
		return ErrForbidden
	case operates[right] && c.Home.operates(p, now):
		return nil
	}
	return ErrNotFound
}

// Grounds are those of the caller's own rights in the organization, on a resource if not nil.
func (c *Caller) Grounds(p *Profile, at *Resource) *Grounds {
	return &Grounds{Profile: p, Member: c.Here, Where: c.Here.Organization, Resource: at}
}

// DecideSomewhere says whether the caller may use a right in the organization
// or at least on some resource in it: for what then decides for each resource.
func (c *Caller) DecideSomewhere(p *Profile, right RightKey, now time.Time) error {
	err := c.Decide(p, right, nil, now)
	if errors.Is(err, ErrForbidden) && slices.ContainsFunc(c.Here.Membership.Assignments, func(a Assignment) bool {
		return a.gives(p, right) && slices.ContainsFunc(a.Scopes, func(s Scope) bool { return p.ResourceType(s.Type) != nil })
	}) {
		return nil
	}
	return err
}

// Operates tells whether the caller runs the portal.
func (c *Caller) Operates(p *Profile, now time.Time) bool { return c.Home.operates(p, now) }

// level is the highest level among roles.
func (p *Profile) level(roles []RoleKey) (level int) {
	for _, key := range roles {
		if role := p.Role(key); role != nil {
			level = max(level, role.Level)
		}
	}
	return level
}

// Hold makes a change fail if what the decision stood on has changed since: the
// membership that gave the caller the right. Who is removed while a request of
// theirs is under way does not see it through.
func (c *Caller) Hold(p *Profile, change *Change) {
	c.hold(c.Here.Membership, change)
	if c.Operates(p, change.At) {
		c.hold(c.Home.Membership, change)
	}
}

func (c *Caller) hold(m *Membership, change *Change) {
	if m == nil {
		return
	}
	for _, w := range change.Writes {
		if written, ok := w.Entity.(*Membership); ok && written.Organization == m.Organization && written.Person == m.Person {
			return // on the version that was read, or held already
		}
	}
	change.Hold(m)
}

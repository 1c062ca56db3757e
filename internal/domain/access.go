package domain

import "time"

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
	RightSeeOrganization, RightEditOrganization, RightSeeUsers, RightEditUsers, RightSendActivation, RightSeeAudit,
	RightSeeResources, RightEditResources, RightShareResource, RightSeeMandates, RightEditMandates,
}

// anywhere are those of them that hold on every resource too.
var anywhere = map[RightKey]bool{RightSeeResources: true, RightEditResources: true, RightShareResource: true}

// operates are the rights that the operator's administrators have in every
// customer organization.
var operates = map[RightKey]bool{
	RightSeeOrganization: true, RightEditOrganization: true, RightSeeUsers: true, RightSendActivation: true,
}

// Administers are the administrative rights that the place gives its person at
// this moment.
func (p Place) Administers(profile *Profile, now time.Time) (rights []RightKey) {
	if !p.Lets(now) {
		return nil
	}
	for _, right := range AdministrativeRights {
		if profile.holds(p.Membership.Roles, right) {
			rights = append(rights, right)
		}
	}
	if p.Organization.ID == OperatorID && profile.administers(p.Membership.Roles) {
		rights = append(rights, RightOperate)
	}
	return rights
}

// Caller is a signed-in person with all that decides what they may do.
type Caller struct {
	Session *Session
	Person  *Person
	Home    Place // the one that the session's token names
	Here    Place // in the organization that the request is about
}

// Decide says whether the caller may use a right in the organization that the
// request is about. Every endpoint that asks for a right asks here. It is nil,
// ErrForbidden where the caller is a user, and ErrNotFound everywhere else, so
// that nobody learns of an organization that is not theirs.
func (c *Caller) Decide(p *Profile, right RightKey, now time.Time) error {
	switch {
	case right == RightOperate:
		if c.operates(p, now) {
			return nil
		}
		return ErrForbidden
	case c.Here.Organization == nil:
		return ErrNotFound
	case c.Here.Lets(now):
		g := Grounds{Profile: p, Member: c.Here, Where: c.Here.Organization}
		if g.Decide(right, now) == Allowed {
			return nil
		}
		return ErrForbidden
	case operates[right] && c.operates(p, now):
		return nil
	}
	return ErrNotFound
}

func (c *Caller) operates(p *Profile, now time.Time) bool {
	return c.Home.Lets(now) && c.Home.Organization.ID == OperatorID && p.administers(c.Home.Membership.Roles)
}

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
func (c *Caller) Hold(change *Change) {
	m := c.Here.Membership
	if m == nil {
		m = c.Home.Membership // the operator's
	}
	for _, w := range change.Writes {
		if written, ok := w.Entity.(*Membership); ok && written.Organization == m.Organization && written.Person == m.Person {
			return // on the version that was read, so held already
		}
	}
	change.Hold(m)
}

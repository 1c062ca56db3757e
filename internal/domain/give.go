package domain

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Gift is what somebody is about to be given, or to lose, with the places that
// its scopes name.
type Gift struct {
	Roles       []RoleKey // for the whole organization
	Assignments []Assignment
	Resources   map[ResourceID]*Resource
	Clients     map[OrganizationID]*Client
}

// Client is an organization that has given a mandate, or several.
type Client struct {
	Organization *Organization
	Mandates     *Mandates
}

// Room is every right that somebody may have at the client at a moment: none
// when no mandate holds, or while the client is closed.
func (c *Client) Room(p *Profile, now time.Time) []RightKey {
	if c.Organization.Suspended {
		return nil
	}
	return c.Mandates.Room(p, now, c.Organization.Zone())
}

// MayGive says whether the caller may give this to a user of the organization
// that the request is about, and with MayTake is the one place where that is
// decided. The attack it stops: somebody who may edit users gives an
// accomplice, or themselves, more than they hold, directly or by a path that
// looks harmless. Nobody gives a role above their own, a right that they do not
// hold in that place, a role or right in a place that it is not made for, or at
// a client what its mandate has no room for.
func (c *Caller) MayGive(p *Profile, gift Gift, now time.Time) error {
	return (&giving{Gift: gift, caller: c, profile: p, now: now}).all()
}

// MayTake says whether the caller may take this away from a user: who could not
// give it cannot take it either. What is of no use any more, because the role,
// the resource or the mandate is gone, anybody may take away who may edit the user.
func (c *Caller) MayTake(p *Profile, gift Gift, now time.Time) error {
	return (&giving{Gift: gift, caller: c, profile: p, now: now, taking: true}).all()
}

// MayReturn says whether the caller may let a user have this again who never lost
// it and is kept out: by a lock, a term, a subscription. It asks for what giving
// it would, but for what is gone for good; of a client's mandate nobody knows.
func (c *Caller) MayReturn(p *Profile, gift Gift, now time.Time) error {
	return (&giving{Gift: gift, caller: c, profile: p, now: now, taking: true, returning: true}).all()
}

type giving struct {
	Gift
	caller            *Caller
	profile           *Profile
	now               time.Time
	taking, returning bool
}

func (v *giving) all() error {
	if !v.caller.Here.Lets(v.profile, v.now) {
		return ErrNotFound
	}
	whole := Assignment{Roles: v.Roles, Scopes: []Scope{{Type: InOrganization}}}
	for _, a := range append([]Assignment{whole}, v.Assignments...) {
		for _, s := range a.Scopes {
			g := v.place(s)
			if g == nil && !v.taking {
				return ErrNotFound
			}
			if g == nil {
				continue
			}
			for _, role := range a.Roles {
				if err := v.role(g, role, s); err != nil {
					return about(err, string(role), s)
				}
			}
			for _, right := range a.Rights {
				if err := v.right(g, right, s); err != nil {
					return about(err, string(right), s)
				}
			}
		}
	}
	return nil
}

// about says which role or right is refused, and where: it may be one that the
// request only implies, as what somebody would lose.
func about(err error, key string, s Scope) error {
	known, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	told := *known
	told.Detail = strings.TrimSuffix(known.Detail, ".") + ": " + strings.TrimSpace(key+" in "+string(s.Type)+" "+s.ID) + "."
	return &told
}

// place finds the place that a scope names; nil if it is not there, or not the
// organization's.
func (v *giving) place(s Scope) *Grounds {
	g := &Grounds{Profile: v.profile, Member: v.caller.Here, Where: v.caller.Here.Organization}
	switch s.Type {
	case InOrganization:
	case ForClients:
		g.Where = &Organization{} // any but the own one
	case ForClient:
		client := v.Clients[OrganizationID(s.ID)]
		if client == nil || v.taking && !v.returning && !client.Mandates.open(v.now, client.Organization.Zone()) {
			return nil
		}
		g.Where, g.Mandates = client.Organization, client.Mandates
	default:
		r := v.Resources[ResourceID(s.ID)]
		if r == nil || r.Type != s.Type || r.Organization != v.caller.Here.Organization.ID {
			return nil
		}
		g.Resource = r
	}
	return g
}

// role holds a role against the caller. What it has and the place has no use
// for, or no mandate room for, is not given there; something has to be.
func (v *giving) role(g *Grounds, key RoleKey, s Scope) error {
	role := v.profile.Role(key)
	if role == nil && v.taking {
		return nil
	}
	if role == nil || role.Level > v.caller.levelAt(g) || role.All && !v.holdsAll() {
		return ErrRoleNotYours
	}
	if !v.taking && !slices.Contains(role.Scopes, s.Type) {
		return ErrScope
	}
	given, refused := role.All || len(role.Rights) == 0, error(nil)
	for _, right := range role.Rights {
		switch err := v.right(g, right, s); {
		case err == nil:
			given = true
		case errors.Is(err, ErrAboveMandate) && v.profile.mandated(right) && !v.holds(g, right):
			return ErrRightNotYours // a wider mandate, tomorrow, would give it
		case errors.Is(err, ErrScope), errors.Is(err, ErrAboveMandate):
			refused = err
		default:
			return err
		}
	}
	if !given {
		return refused
	}
	return nil
}

// right holds one right in one place against the caller.
func (v *giving) right(g *Grounds, right RightKey, s Scope) error {
	useless := v.useless(g, right, s)
	if v.returning && errors.Is(useless, ErrAboveMandate) && v.profile.mandated(right) {
		useless = nil // today
	}
	switch {
	case useless != nil && v.taking:
		return nil
	case useless != nil:
		return useless
	}
	// Whoever has everything else may take what is sensitive, or nobody could lock
	// out the only one who has it.
	if v.holds(g, right) || v.taking && !v.returning && v.holdsAll() {
		return nil
	}
	return ErrRightNotYours
}

// holds tells whether the caller has the right in the place, whatever a mandate
// has room for.
func (v *giving) holds(g *Grounds, right RightKey) bool {
	return g.assigned(right) || v.holdsAll() && !v.profile.Sensitive(right)
}

// useless tells that the right can be of no use in the place, and why.
func (v *giving) useless(g *Grounds, right RightKey, s Scope) error {
	switch s.Type {
	case InOrganization:
		if !v.profile.Knows(right) {
			return ErrScope // it is gone from the profile, or the operator's alone
		}
	case ForClients:
		if !v.profile.mandated(right) {
			return ErrScope
		}
	case ForClient:
		if g.mandated(right, v.now) != Allowed {
			return ErrAboveMandate
		}
	default:
		if !v.profile.holdsOn(right, s.Type) {
			return ErrScope
		}
	}
	return nil
}

// holdsAll tells whether the caller has a role of all rights for the whole
// organization, in whichever of the two ways it was given.
func (v *giving) holdsAll() bool {
	m := v.caller.Here.Membership
	all := func(key RoleKey) bool {
		role := v.profile.Role(key)
		return role != nil && role.All
	}
	return slices.ContainsFunc(m.Roles, all) || slices.ContainsFunc(m.Assignments, func(a Assignment) bool {
		return a.holdsIn(Scope{Type: InOrganization}) && slices.ContainsFunc(a.Roles, all)
	})
}

// levelAt is the highest level that the caller's roles have in a place.
func (c *Caller) levelAt(g *Grounds) int {
	m := c.Here.Membership
	level := g.Profile.level(m.Roles)
	for i := range m.Assignments {
		if a := &m.Assignments[i]; g.reached(a) {
			level = max(level, g.Profile.level(a.Roles))
		}
	}
	return level
}

// Sensitive tells whether a right is never part of all.
func (p *Profile) Sensitive(right RightKey) bool {
	info := p.Right(right)
	return right == RightSeeNationalIDs || info != nil && info.Sensitive
}

// mandated tells whether any type of mandate can have room for the right.
func (p *Profile) mandated(right RightKey) bool {
	return slices.ContainsFunc(p.Mandates, func(m MandateType) bool { return slices.Contains(m.Rights, right) })
}

// holdsOn tells whether the right can hold on a resource of the type or on one below it.
func (p *Profile) holdsOn(right RightKey, on ScopeType) bool {
	info := p.Right(right)
	if info == nil {
		return anywhere[right]
	}
	for t := p.ResourceType(info.On); t != nil; t = p.ResourceType(t.Parent) {
		if t.Key == on {
			return true
		}
	}
	return false
}

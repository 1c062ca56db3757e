package domain

import (
	"errors"
	"slices"
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
	Mandates     []*Mandate
}

// MayGive says whether the caller may give this to a user of the organization
// that the request is about, and is the one place where that is decided. The
// attack it stops: somebody who may edit users gives an accomplice, or
// themselves, more than they hold, directly or by a path that looks harmless.
// Nobody gives a role above their own, a right that they do not hold in that
// place, a role or right in a place that it is not made for, or at a client
// what its mandate has no room for. To take away asks for the same.
func (c *Caller) MayGive(p *Profile, gift Gift, now time.Time) error {
	if !c.Here.Lets(now) {
		return ErrNotFound
	}
	for _, role := range gift.Roles {
		if err := c.mayGiveRole(p, gift, role, Scope{Type: InOrganization}, now); err != nil {
			return err
		}
	}
	for _, a := range gift.Assignments {
		for _, s := range a.Scopes {
			for _, role := range a.Roles {
				if err := c.mayGiveRole(p, gift, role, s, now); err != nil {
					return err
				}
			}
			for _, right := range a.Rights {
				if err := c.mayGiveRight(p, gift, right, s, now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// mayGiveRole holds a role against the caller. What it has and the place has no
// use for, or no mandate room for, is not given there; something has to be.
func (c *Caller) mayGiveRole(p *Profile, gift Gift, key RoleKey, s Scope, now time.Time) error {
	g, err := c.placeOf(p, gift, s)
	if err != nil {
		return err
	}
	role := p.Role(key)
	if role == nil || role.Level > c.levelAt(g) {
		return ErrRoleNotYours
	}
	if !slices.Contains(role.Scopes, s.Type) {
		return ErrScope
	}
	if role.All && !p.all(c.Here.Membership.Roles) {
		return ErrRoleNotYours
	}
	given, refused := role.All || len(role.Rights) == 0, error(nil)
	for _, right := range role.Rights {
		switch err := c.mayGiveHere(g, right, s, now); {
		case err == nil:
			given = true
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

func (c *Caller) mayGiveRight(p *Profile, gift Gift, right RightKey, s Scope, now time.Time) error {
	g, err := c.placeOf(p, gift, s)
	if err != nil {
		return err
	}
	return c.mayGiveHere(g, right, s, now)
}

// placeOf finds the place that a scope names; ErrNotFound for one that is not
// there, or not the organization's.
func (c *Caller) placeOf(p *Profile, gift Gift, s Scope) (*Grounds, error) {
	g := &Grounds{Profile: p, Member: c.Here, Where: c.Here.Organization}
	switch s.Type {
	case InOrganization:
	case ForClients:
		g.Where = &Organization{} // any but the own one
	case ForClient:
		client := gift.Clients[OrganizationID(s.ID)]
		if client == nil {
			return nil, ErrNotFound
		}
		g.Where, g.Mandates = client.Organization, client.Mandates
	default:
		r := gift.Resources[ResourceID(s.ID)]
		if r == nil || r.Type != s.Type || r.Organization != c.Here.Organization.ID {
			return nil, ErrNotFound
		}
		g.Resource = r
	}
	return g, nil
}

// mayGiveHere holds one right in one place against the caller.
func (c *Caller) mayGiveHere(g *Grounds, right RightKey, s Scope, now time.Time) error {
	switch s.Type {
	case InOrganization:
	case ForClients:
		if !g.Profile.mandated(right) {
			return ErrScope
		}
	case ForClient:
		if g.mandated(right, now) != Allowed {
			return ErrAboveMandate
		}
	default:
		if !g.Profile.holdsOn(right, s.Type) {
			return ErrScope
		}
	}
	if g.assigned(right) || g.Profile.all(c.Here.Membership.Roles) && !g.Profile.sensitive(right) {
		return nil
	}
	return ErrRightNotYours
}

// levelAt is the highest level that the caller's roles have in a place.
func (c *Caller) levelAt(g *Grounds) int {
	m := c.Here.Membership
	level := g.Profile.level(m.Roles)
	for _, a := range m.Assignments {
		if slices.ContainsFunc(a.Scopes, g.reaches) {
			level = max(level, g.Profile.level(a.Roles))
		}
	}
	return level
}

// all tells whether one of the roles, held for the whole organization, is that of all rights.
func (p *Profile) all(roles []RoleKey) bool {
	return slices.ContainsFunc(roles, func(key RoleKey) bool {
		role := p.Role(key)
		return role != nil && role.All
	})
}

func (p *Profile) sensitive(right RightKey) bool {
	info := p.Right(right)
	return info != nil && info.Sensitive
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

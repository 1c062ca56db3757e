package check

import (
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// How long links may live, as the rule has it, and how far the clocks of those
// who write may be ahead.
var lives = map[domain.Purpose]time.Duration{
	domain.ForActivation: 7 * 24 * time.Hour, domain.ForPasswordReset: time.Hour, domain.ForEmailChange: 24 * time.Hour, domain.ForEmailUndo: 7 * 24 * time.Hour,
}

const (
	skew        = 5 * time.Minute
	sessionLife = 12 * time.Hour
)

// stands says anew, from what is stored, whether a membership lets its person in:
// beside the domain's own decision, and not by it.
func (c *checker) stands(m *domain.Membership, org *domain.Organization) bool {
	today := domain.Date(c.Now.In(org.Zone()).Format(time.DateOnly))
	switch v := m.Validity; {
	case org.Suspended, !m.RemovedAt.IsZero(), m.ActivatedAt.IsZero(), v.Type == domain.Locked:
		return false
	case v.Type == domain.FixedTerm && (today < v.From || today > v.To):
		return false
	case c.Profile.Policies.Subscription && org.ID != domain.OperatorID && (m.Subscription == "" || m.Unsubscribed):
		return false
	}
	return true
}

// session holds what the domain would accept against who is active.
func (c *checker) session(key table.Key, s *domain.Session) {
	c.looked(4)
	k := c.people[s.Person]
	if s.ExpiresAt.After(s.CreatedAt.Add(sessionLife)) || s.SeenAt.After(c.Now.Add(skew)) || s.CreatedAt.After(c.Now.Add(skew)) {
		c.found(4, SessionTooLong, key, "", of("", s.Person), entity(s))
	}
	if k == nil || !k.is {
		return // of nobody: no token opens it
	}
	accepted, active := false, false
	if s.Live(&domain.Person{ID: s.Person, Security: k.security}, c.Now) {
		for _, at := range k.places {
			accepted = accepted || at.lets
			active = active || at.stands && slices.Contains(k.lists, at.org)
		}
	}
	if accepted && (!active || !k.password) {
		c.found(4, SessionAccepted, key, "", of("", s.Person), entity(s))
	}
}

// ceiling are the rights that roles and assignments may give in a sort of place,
// read from the profile alone.
func (c *checker) ceiling(in domain.ScopeType, roles []domain.RoleKey, rights []domain.RightKey, into map[domain.RightKey]bool) {
	for _, key := range roles {
		role := c.Profile.Role(key)
		if role == nil || !slices.Contains(role.Scopes, in) {
			continue
		}
		for _, right := range role.Rights {
			into[right] = true
		}
		for _, right := range c.Profile.EveryRight() {
			info := c.Profile.Right(right)
			if role.All && right != domain.RightSeeNationalIDs && (info == nil || !info.Sensitive) {
				into[right] = true
			}
		}
	}
	for _, right := range rights {
		into[right] = true
	}
}

// asIfItCounted is the place as it would be if nothing kept the person out: what
// they were given is looked at, not whether they may use it today.
func (c *checker) asIfItCounted(m *domain.Membership, org *domain.Organization) domain.Place {
	is, open := *m, *org
	is.ActivatedAt, is.RemovedAt, is.Validity, is.Unsubscribed = c.Now, time.Time{}, domain.Validity{}, false
	if is.Subscription == "" {
		is.Subscription = "any"
	}
	open.Suspended = false
	return domain.Place{Membership: &is, Organization: &open}
}

// ownRights holds what the domain lets somebody do in their organization, and on
// what they were given something on, against what the profile lets be given there.
func (c *checker) ownRights(key table.Key, m *domain.Membership, org *domain.Organization) {
	c.looked(3)
	if !m.RemovedAt.IsZero() {
		return // a restore asks anew what may be given
	}
	at := c.asIfItCounted(m, org)
	g := &domain.Grounds{Profile: c.Profile, Member: at, Where: at.Organization}
	room := map[domain.RightKey]bool{}
	c.ceiling(domain.InOrganization, m.Roles, nil, room)
	for _, a := range m.Assignments {
		if slices.Contains(a.Scopes, domain.Scope{Type: domain.InOrganization}) {
			c.ceiling(domain.InOrganization, a.Roles, a.Rights, room)
		}
	}
	for _, right := range append(g.Rights(c.Now), domain.RightOperate) {
		may := room[right]
		if right == domain.RightOperate {
			may = org.ID == domain.OperatorID || g.Decide(right, c.Now) != domain.Allowed
		}
		if !may {
			c.found(3, AboveProfile, key, string(right), of(m.Organization, m.Person))
			return
		}
	}
	for _, a := range m.Assignments {
		for _, s := range a.Scopes {
			r := c.here.resources[domain.ResourceID(s.ID)]
			if r == nil {
				continue
			}
			// Only a role that does not belong there can give too much.
			for _, role := range a.Roles {
				if c.stray(role, s.Type) && len(c.onlyBy(m, role, s, org, r)) > 0 {
					c.found(3, AboveProfile, key, string(role)+" on "+string(r.ID), of(m.Organization, m.Person))
					return
				}
			}
		}
	}
}

// stray tells whether the profile does not let a role be given in a sort of place.
func (c *checker) stray(key domain.RoleKey, in domain.ScopeType) bool {
	role := c.Profile.Role(key)
	return role != nil && !slices.Contains(role.Scopes, in)
}

// onlyBy are the rights that somebody would have on a resource by one role there.
func (c *checker) onlyBy(m *domain.Membership, role domain.RoleKey, s domain.Scope, org *domain.Organization, r *domain.Resource) []domain.RightKey {
	only := *m
	only.Roles, only.Assignments = nil, []domain.Assignment{{Roles: []domain.RoleKey{role}, Scopes: []domain.Scope{s}}}
	at := c.asIfItCounted(&only, org)
	return (&domain.Grounds{Profile: c.Profile, Member: at, Where: at.Organization, Resource: r}).Rights(c.Now)
}

// clients holds what the domain lets people do at clients against the mandates as
// the audit says that they were given.
func (c *checker) clients() {
	for p, all := range c.mandates {
		c.looked(3)
		back := c.mandates[pair{p.agent, p.principal}]
		if back != nil && p.principal < p.agent && c.holding(all) && c.holding(back) {
			c.found(3, MandateCycle, table.Key{PK: "ORG#" + string(p.principal), SK: "MANDATES#" + string(p.agent)}, "", of(p.principal, ""))
		}
	}
	for _, m := range c.acting {
		org := c.organizations[m.Organization]
		if org == nil || !m.RemovedAt.IsZero() {
			continue
		}
		key := table.Key{PK: "ORG#" + string(m.Organization), SK: "USER#" + string(m.Person)}
		for _, a := range m.Assignments {
			for _, s := range a.Scopes {
				client := domain.OrganizationID(s.ID)
				if s.Type == domain.ForClient && c.mandates[pair{client, m.Organization}] == nil && c.organizations[client] != nil {
					c.found(11, Foreign, key, "acts for "+s.ID+", which has given no mandate", of(m.Organization, m.Person))
				}
			}
		}
		at := c.asIfItCounted(m, org)
		for _, principal := range c.received[m.Organization] {
			where := c.organizations[principal]
			if where == nil {
				continue
			}
			c.looked(3)
			open := *where
			open.Suspended = false
			all := c.mandates[pair{principal, m.Organization}]
			g := &domain.Grounds{Profile: c.Profile, Member: at, Where: &open, Mandates: all}
			room := c.room(all, where)
			for _, right := range c.Profile.EveryRight() {
				if !room[right] && c.somewhere(g, right) {
					c.found(3, AboveMandate, key, string(right)+" at "+string(principal), of(m.Organization, m.Person))
					break
				}
			}
		}
	}
}

// somewhere tells whether the domain gives a right at the client, or on any sort of
// resource that it can be a right on.
func (c *checker) somewhere(g *domain.Grounds, right domain.RightKey) bool {
	if g.Decide(right, c.Now) == domain.Allowed {
		return true
	}
	for _, t := range c.Profile.ResourceTypes {
		at := *g
		at.Resource = &domain.Resource{Organization: g.Where.ID, Type: t.Key, Features: t.Features}
		if at.Decide(right, c.Now) == domain.Allowed {
			return true
		}
	}
	return false
}

// room is what mandates have room for today: as the audit tells of them, and the
// profile of their types.
func (c *checker) room(all *domain.Mandates, principal *domain.Organization) map[domain.RightKey]bool {
	today := domain.Date(c.Now.In(principal.Zone()).Format(time.DateOnly))
	room := map[domain.RightKey]bool{}
	for _, m := range all.Items {
		was, told := c.given[m.ID]
		if !told || was.revoked || today < m.From || was.to != "" && today > was.to {
			continue
		}
		for _, t := range c.Profile.Mandates {
			for _, right := range t.Rights {
				if t.Key == m.Type && slices.Contains(was.rights, string(right)) {
					room[right] = true
				}
			}
		}
	}
	return room
}

// holding tells whether any mandate of a pair counts today.
func (c *checker) holding(all *domain.Mandates) bool {
	principal := c.organizations[all.Principal]
	if principal == nil {
		return false
	}
	today := domain.Date(c.Now.In(principal.Zone()).Format(time.DateOnly))
	return slices.ContainsFunc(all.Items, func(m domain.Mandate) bool {
		return m.RevokedAt.IsZero() && m.From <= today && (m.To == "" || today <= m.To)
	})
}

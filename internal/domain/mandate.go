package domain

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Mandate is a power of attorney: the principal lets the agent act for it. It
// is a ceiling: the agent's people can do for the principal what they are
// given, and never more than it says.
type Mandate struct {
	ID        MandateID
	Type      MandateTypeKey
	Rights    []RightKey
	From, To  Date // first and last day in the principal's zone, both included; an empty To is open
	RevokedAt time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
	Revision  int64 // counts edits; the ETag
}

// Mandates are all that one organization, the principal, has given another,
// the agent. They are kept together, so that a decision finds them by the two
// names; and no mandate reaches further, because nothing looks for those that
// an agent's agents might have.
type Mandates struct {
	Version   int64
	Principal OrganizationID
	Agent     OrganizationID
	// Name is the principal's, as it was when one of the mandates last changed.
	// It orders the agent's list of clients.
	Name     string
	Alphabet Language // orders the agent's list
	Items    []Mandate
}

// MaxMandates bounds the mandates from one organization to another. Past ones
// are among them until they have to make room; the audit keeps those.
const MaxMandates = 50

// MandateStatus is what a mandate is at a moment, derived, never stored.
type MandateStatus string

const (
	MandateIsUpcoming MandateStatus = "upcoming"
	MandateIsActive   MandateStatus = "active"
	MandateIsEnded    MandateStatus = "ended"
	MandateIsRevoked  MandateStatus = "revoked"
)

// Status is the mandate's at a moment, in the principal's zone.
func (m *Mandate) Status(now time.Time, zone *time.Location) MandateStatus {
	switch {
	case !m.RevokedAt.IsZero():
		return MandateIsRevoked
	case m.over(now, zone):
		return MandateIsEnded
	case m.HoldsAt(now, zone):
		return MandateIsActive
	}
	return MandateIsUpcoming
}

// HoldsAt tells whether the mandate counts at a moment, in the principal's zone.
func (m *Mandate) HoldsAt(now time.Time, zone *time.Location) bool {
	return m.RevokedAt.IsZero() && !m.From.after(now, zone) && !m.over(now, zone)
}

// over tells that the mandate will not count again.
func (m *Mandate) over(now time.Time, zone *time.Location) bool {
	return !m.RevokedAt.IsZero() || m.To != "" && m.To.before(now, zone)
}

// open tells whether one of the mandates counts, or will.
func (m *Mandates) open(now time.Time, zone *time.Location) bool {
	return m != nil && slices.ContainsFunc(m.Items, func(one Mandate) bool { return !one.over(now, zone) })
}

// lets tells whether the mandate's ceiling has room for the right. What the
// profile has taken out of the type since is out of the mandate too.
func (m *Mandate) lets(p *Profile, right RightKey) bool {
	t := p.MandateType(m.Type)
	return t != nil && slices.Contains(t.Rights, right) && slices.Contains(m.Rights, right)
}

// Room is every right that the mandates have room for at a moment, each once.
func (m *Mandates) Room(p *Profile, now time.Time, zone *time.Location) (rights []RightKey) {
	if m == nil {
		return nil
	}
	for _, right := range p.EveryRight() {
		if slices.ContainsFunc(m.Items, func(one Mandate) bool { return one.HoldsAt(now, zone) && one.lets(p, right) }) {
			rights = append(rights, right)
		}
	}
	return rights
}

// Agent is an organization that mandates may be given to, with those between
// the two: never nil, but new where there are none.
type Agent struct {
	Organization *Organization
	Given        *Mandates // to the agent
	Received     *Mandates // from the agent
}

// NewMandate is a mandate to be.
type NewMandate struct {
	Type     MandateTypeKey
	Rights   []RightKey // of those of the type
	From, To Date       // an empty From is today
}

// ForMandate names what a new mandate stands on, beside its principal.
func (w *Want) ForMandate(agent OrganizationClaim) {
	w.Business = agent
	w.Attempts = append(w.Attempts, limitUnknown(w.Organization).Key)
}

// GiveMandate lets an organization act for the one that the request is about.
// Nobody hands on a right that they do not hold themselves, but the operator,
// who writes down what the principal has signed. What can be refused without a
// look at who the agent is comes first, so that nobody asks who is here with a
// request that cannot succeed.
func GiveMandate(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, in NewMandate) (*Organization, *Mandate, error) {
	if err := mayMandate(s.Caller, p, in.Rights, c.At); err != nil {
		return nil, nil, err
	}
	zone := s.Organization.Zone()
	m := Mandate{
		ID: NewMandateID(c.At), Type: in.Type, Rights: in.Rights, From: in.From, To: in.To,
		Revision: 1, CreatedAt: c.At, UpdatedAt: c.At,
	}
	if m.From == "" {
		m.From = Today(c.At, zone)
	}
	if err := m.checkEnd(c.At, zone); err != nil {
		return nil, nil, err
	}
	agent, err := c.agent(ctx, store, s, p)
	if err != nil {
		return nil, nil, err
	}
	if agent.Received.open(c.At, agent.Organization.Zone()) {
		return nil, nil, ErrMandateCycle
	}
	next := *agent.Given
	next.Items = append(slices.Clone(next.Items), m)
	if len(next.Items) > MaxMandates {
		past := slices.IndexFunc(next.Items, func(one Mandate) bool { return one.over(c.At, zone) })
		if past < 0 {
			return nil, nil, ErrTooMuch
		}
		next.Items = slices.Delete(next.Items, past, past+1)
	}
	c.putMandates(s.Organization, agent.Organization, &next)
	c.Hold(agent.Received) // or the two could give each other one at the same moment
	var made diff
	made.field("agent", "", string(agent.Organization.ID))
	made.field("type", "", string(m.Type))
	made.field("rights", "", words(m.Rights))
	made.field("from", "", string(m.From))
	made.field("to", "", string(m.To))
	c.recordMandate(&next, &m, MandateGiven, made)
	return agent.Organization, &m, nil
}

// agent finds the organization that a mandate is for. Who else uses the portal
// is nobody's to find out by trying: what is not found is counted, and who has
// asked for too many is told nothing. The operator knows them all.
func (c *Change) agent(ctx context.Context, store Store, s *Scene, p *Profile) (*Agent, error) {
	limit, operator := limitUnknown(s.Organization.ID), !s.Caller.Here.Lets(p, c.At)
	if wait := limit.wait(s.Attempts[limit.Key], c.At); wait > 0 && !operator {
		return nil, throttled(wait)
	}
	switch {
	case s.BusinessClaim == nil && operator:
		return nil, ErrNoOrganization
	case s.BusinessClaim == nil:
		return nil, c.miss(ctx, store, s, limit, ErrNoOrganization)
	case s.BusinessClaim.Organization == s.Organization.ID:
		return nil, ErrMandateSelf
	}
	id := s.BusinessClaim.Organization
	found, err := store.Load(ctx, Want{Organization: s.Organization.ID, Agents: []OrganizationID{id}})
	if err != nil {
		return nil, err
	}
	if agent := found.Agents[id]; agent == nil || agent.Organization.Unclaimed {
		if operator {
			return nil, ErrNoOrganization
		}
		return nil, c.miss(ctx, store, s, limit, ErrNoOrganization)
	}
	return found.Agents[id], nil
}

// mayMandate says whether the caller may hand these rights on to an agent.
func mayMandate(caller *Caller, p *Profile, rights []RightKey, now time.Time) error {
	if !caller.Here.Lets(p, now) {
		return nil // the operator
	}
	return caller.MayGive(p, Gift{Assignments: []Assignment{{Rights: rights, Scopes: []Scope{{Type: InOrganization}}}}}, now)
}

// checkEnd refuses a last day that makes no sense.
func (m *Mandate) checkEnd(now time.Time, zone *time.Location) error {
	if m.To != "" && (m.To < m.From || m.To.before(now, zone)) {
		return Fault("/to", "dates-past", "The last day has passed, or comes before the first.")
	}
	return nil
}

func (c *Change) putMandates(principal, agent *Organization, m *Mandates) {
	m.Name = principal.Name
	if agent != nil {
		m.Alphabet = agent.Country.alphabet()
	}
	c.Put(m)
}

// recordMandate tells both organizations.
func (c *Change) recordMandate(all *Mandates, m *Mandate, action Action, changes diff) {
	c.Record(all.Principal, action, aboutMandate(m.ID), changes...)
	c.Record(all.Agent, action, aboutMandate(m.ID), append(slices.Clone(changes), FieldChange{Field: "principal", After: string(all.Principal)})...)
}

// MandatePatch changes a mandate; nil leaves a field alone.
type MandatePatch struct {
	Rights *[]RightKey
	To     *Date // empty: open
}

// FindMandate finds a mandate among those that an organization has given.
func FindMandate(ctx context.Context, store Store, principal OrganizationID, id MandateID) (*Mandates, *Mandate, error) {
	for page := (PageRequest{Limit: 100}); ; {
		found, err := store.Given(ctx, principal, page)
		if err != nil {
			return nil, nil, err
		}
		for _, all := range found.Items {
			for i := range all.Items {
				if all.Items[i].ID == id {
					return all, &all.Items[i], nil
				}
			}
		}
		if page.After = found.Next; page.After == "" {
			return nil, nil, ErrNotFound
		}
	}
}

// UpdateMandate changes what a mandate has room for, or how long it holds. To
// let it hold longer is to give all of it anew.
func UpdateMandate(c *Change, s *Scene, p *Profile, all *Mandates, old *Mandate, in MandatePatch) (*Mandate, error) {
	zone := s.Organization.Zone()
	if old.over(c.At, zone) {
		return nil, ErrMandateOver
	}
	m := *old
	var changed diff
	var given []RightKey
	if in.Rights != nil {
		t := p.MandateType(m.Type)
		for i, right := range *in.Rights {
			if t == nil || !slices.Contains(t.Rights, right) {
				return nil, Fault(fmt.Sprintf("/rights/%d", i), "value-unknown", "A mandate of this type has no room for this right.")
			}
		}
		given = slices.DeleteFunc(slices.Clone(*in.Rights), func(r RightKey) bool { return slices.Contains(m.Rights, r) })
		changed.field("rights", words(m.Rights), words(*in.Rights))
		m.Rights = *in.Rights
	}
	if in.To != nil {
		m.To = *in.To
		if err := m.checkEnd(c.At, zone); err != nil {
			return nil, err
		}
		if old.To != "" && (m.To == "" || m.To > old.To) {
			// What the profile has taken out of the type since is given by nobody.
			given = slices.DeleteFunc(slices.Clone(m.Rights), func(r RightKey) bool { return !m.lets(p, r) })
		}
		changed.field("to", string(old.To), string(m.To))
	}
	if len(changed) == 0 {
		return &m, nil
	}
	if err := mayMandate(s.Caller, p, given, c.At); err != nil {
		return nil, err
	}
	c.changeMandate(s, all, &m, MandateUpdated, changed)
	return &m, nil
}

// RevokeMandate ends a mandate at once.
func RevokeMandate(c *Change, s *Scene, all *Mandates, old *Mandate) error {
	if old.over(c.At, s.Organization.Zone()) {
		return ErrMandateOver
	}
	m := *old
	m.RevokedAt = c.At
	c.changeMandate(s, all, &m, MandateRevoked, nil)
	return nil
}

func (c *Change) changeMandate(s *Scene, all *Mandates, m *Mandate, action Action, changes diff) {
	m.UpdatedAt = c.At
	m.Revision++
	next := *all
	next.Items = slices.Clone(all.Items)
	for i := range next.Items {
		if next.Items[i].ID == m.ID {
			next.Items[i] = *m
		}
	}
	c.putMandates(s.Organization, nil, &next)
	c.recordMandate(&next, m, action, changes)
}

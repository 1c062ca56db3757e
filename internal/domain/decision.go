package domain

import (
	"slices"
	"time"
)

// Grounds is everything that a decision stands on: who asks, and where.
type Grounds struct {
	Profile  *Profile
	Member   Place         // whose rights they are
	Where    *Organization // the member's own organization, or a client
	Resource *Resource     // in Where; nil: the organization itself
	Mandates *Mandates     // from Where to the member's organization, where they are two; nil: none
}

// Verdict is the outcome of a decision, and of a denial the reason.
type Verdict string

const (
	Allowed       Verdict = "allowed"
	NoMembership  Verdict = "no-membership"  // the person is no member of the organization that they act from
	NotValid      Verdict = "not-valid"      // what the member has does not count now: not activated, locked, outside the term
	Suspended     Verdict = "suspended"      // the organization is closed
	NoMandate     Verdict = "no-mandate"     // the client has given none that holds today
	AboveMandate  Verdict = "above-mandate"  // none that holds today has room for the right
	NotAssigned   Verdict = "not-assigned"   // nothing that the member was given gives the right here
	WrongType     Verdict = "wrong-type"     // it is no right on this type of resource
	NoFeature     Verdict = "no-feature"     // the resource lacks what the right asks for
	WithoutOther  Verdict = "without-other"  // it counts only beside another right, which is not held here
	UnknownPlaces Verdict = "unknown-places" // the organization or the resource is not there
)

// Decide says what a membership may do on a resource now. Nothing is looked up
// and nothing remembered: rights are computed when asked, from what was given,
// the mandate, the validity and the status of this moment.
func (g *Grounds) Decide(right RightKey, now time.Time) Verdict {
	if g.Where == nil || g.Resource != nil && g.Resource.Organization != g.Where.ID {
		return UnknownPlaces
	}
	switch {
	case g.Member.Membership == nil:
		return NoMembership
	case g.Where.Suspended:
		return Suspended
	case !g.Member.counts(g.Profile, now):
		return NotValid
	}
	info := g.Profile.Right(right)
	if info == nil {
		info = &RightInfo{Key: right} // one of Fullmakt's own, on the organization
	}
	if g.Resource != nil && g.Resource.Type != info.On && !anywhere[right] {
		return WrongType
	}
	if v := g.mandated(right, now); v != Allowed {
		return v
	}
	held := g.assigned(right)
	if right == RightOperate { // no role gives it: see operates
		held = g.Member.operates(g.Profile, now)
	}
	if !held {
		return NotAssigned
	}
	if info.With != "" && (g.mandated(info.With, now) != Allowed || !g.assigned(info.With)) {
		return WithoutOther
	}
	if info.Feature != "" && (g.Resource == nil || !slices.Contains(g.Resource.Features, info.Feature)) {
		return NoFeature
	}
	return Allowed
}

// own tells whether the place is the member's own organization.
func (g *Grounds) own() bool { return g.Where.ID == g.Member.Membership.Organization }

// mandated holds the right against the mandates. In the own organization there
// is nothing to hold it against.
func (g *Grounds) mandated(right RightKey, now time.Time) Verdict {
	if g.own() {
		return Allowed
	}
	if m := g.Mandates; m == nil || m.Principal != g.Where.ID || m.Agent != g.Member.Membership.Organization {
		return NoMandate
	}
	verdict, zone := NoMandate, g.Where.Zone()
	for i := range g.Mandates.Items {
		m := &g.Mandates.Items[i]
		if !m.HoldsAt(now, zone) {
			continue
		}
		if m.lets(g.Profile, right) {
			return Allowed
		}
		verdict = AboveMandate
	}
	return verdict
}

// assigned tells whether anything that the member was given gives the right here.
func (g *Grounds) assigned(right RightKey) bool {
	m := g.Member.Membership
	if g.own() && g.Profile.holds(m.Roles, right) {
		return true
	}
	for i := range m.Assignments {
		if a := &m.Assignments[i]; g.reached(a) && a.gives(g.Profile, right) {
			return true
		}
	}
	return false
}

// reached tells whether an assignment holds in the place. Scopes of clients
// never reach the own organization, and those of the own organization no client.
func (g *Grounds) reached(a *Assignment) bool {
	if !g.own() {
		return a.holdsIn(Scope{Type: ForClients}) || a.holdsIn(Scope{Type: ForClient, ID: string(g.Where.ID)})
	}
	if a.holdsIn(Scope{Type: InOrganization}) {
		return true
	}
	if g.Resource == nil {
		return false
	}
	for _, id := range g.Resource.Path {
		if a.holdsOn(id) {
			return true
		}
	}
	return a.holdsOn(g.Resource.ID)
}

// Sees tells whether the member may know of the resource: they have some right on it.
func (g *Grounds) Sees(now time.Time) bool {
	for right := range anywhere {
		if g.Decide(right, now) == Allowed {
			return true
		}
	}
	for i := range g.Profile.Rights {
		if r := &g.Profile.Rights[i]; r.On == g.Resource.Type && g.Decide(r.Key, now) == Allowed {
			return true
		}
	}
	return false
}

// Rights are all that the member may use in the place now.
func (g *Grounds) Rights(now time.Time) (rights []RightKey) {
	for _, right := range g.Profile.EveryRight() {
		if g.Decide(right, now) == Allowed {
			rights = append(rights, right)
		}
	}
	return rights
}

// Within are all rights that the member may use now on the resource or on what
// lies in it, there if it has the feature that a right asks for.
func (g *Grounds) Within(now time.Time) (rights []RightKey) {
	for _, right := range g.Profile.EveryRight() {
		at := *g
		if info := g.Profile.Right(right); info != nil && info.On != g.Resource.Type && g.Profile.holdsOn(right, g.Resource.Type) {
			below := *g.Resource
			below.Type, below.Features = info.On, g.Profile.ResourceType(info.On).Features
			below.Path = append(slices.Clip(below.Path), below.ID)
			at.Resource = &below
		}
		if at.Decide(right, now) == Allowed {
			rights = append(rights, right)
		}
	}
	return rights
}

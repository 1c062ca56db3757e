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
	Mandates []*Mandate    // from Where to the member's organization, where they are two
}

// Verdict is the outcome of a decision, and of a denial the reason.
type Verdict string

const (
	Allowed       Verdict = "allowed"
	NotValid      Verdict = "not-valid"      // the member may not sign in now: not activated, locked, outside the term
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
	if !g.Member.Lets(now) {
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
	if !g.assigned(right) || right == RightOperate && g.Member.Membership.Organization != OperatorID {
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
	verdict, zone := NoMandate, g.Where.Zone()
	for _, m := range g.Mandates {
		if m.Principal != g.Where.ID || m.Agent != g.Member.Membership.Organization || !m.holds(now, zone) {
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
		a := &m.Assignments[i]
		if slices.ContainsFunc(a.Scopes, g.reaches) && a.gives(g.Profile, right) {
			return true
		}
	}
	return false
}

// reaches tells whether a scope reaches the place. Those of clients never
// reach the own organization, and those of the own organization no client.
func (g *Grounds) reaches(s Scope) bool {
	switch s.Type {
	case ForClients:
		return !g.own()
	case ForClient:
		return !g.own() && s.ID == string(g.Where.ID)
	case InOrganization:
		return g.own()
	}
	return g.own() && g.Resource != nil && g.Resource.within(s.ID)
}

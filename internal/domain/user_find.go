package domain

import (
	"context"
	"slices"
	"strings"
	"time"
)

// UserQuery says which of an organization's users are asked for. The zero value
// is everybody who is there.
type UserQuery struct {
	Text string // in the name or the address, in whichever case; empty: any
	// Name, Email and Phone look in one of them each.
	Name, Email, Phone string
	Role               RoleKey    // held for the organization or somewhere in it
	Rights             []RightKey // all of which they may use now: on the resource, or else somewhere
	Resource           *Resource  // on which they have something
	Home               OrganizationID
	Kind               MembershipKind
	Status             Status // StatusInactive: those who were removed and can be restored
	Undeliverable      bool   // mails to the address come back
	// The last sign-in here. Who never signed in has not done so since any moment.
	SignedInSince, NotSignedInSince time.Time
}

// Narrow tells whether the query leaves anybody out.
func (q *UserQuery) Narrow() bool {
	return q.Text+q.Name+q.Email+q.Phone+string(q.Role)+string(q.Home)+string(q.Kind) != "" || len(q.Rights) > 0 || q.Resource != nil ||
		q.Status != "" && q.Status != StatusInactive || q.Undeliverable || !q.SignedInSince.IsZero() || !q.NotSignedInSince.IsZero()
}

// Finder finds users of one organization at one moment.
type Finder struct {
	query   UserQuery
	store   Store
	profile *Profile
	org     *Organization
	now     time.Time
	rooms   map[OrganizationID][]RightKey // what today's mandates have room for, by client
}

// NewFinder prepares a query. If it asks for rights that can hold at clients, it
// reads who those are.
func NewFinder(ctx context.Context, store Store, p *Profile, org *Organization, q UserQuery, now time.Time) (*Finder, error) {
	f := &Finder{query: q, store: store, profile: p, org: org, now: now, rooms: map[OrganizationID][]RightKey{}}
	if q.Resource != nil || !slices.ContainsFunc(q.Rights, p.mandated) {
		return f, nil
	}
	for page := (PageRequest{Limit: 100}); ; {
		found, err := store.Received(ctx, org.ID, page)
		if err != nil {
			return nil, err
		}
		want := Want{Organization: org.ID}
		for _, m := range found.Items {
			want.Clients = append(want.Clients, m.Principal)
		}
		scene, err := store.Load(ctx, want)
		if err != nil {
			return nil, err
		}
		for id, client := range scene.Clients {
			f.rooms[id] = client.Room(p, now)
		}
		if page.After = found.Next; page.After == "" {
			return f, nil
		}
	}
}

// Page is a part of the list by name. It can be short, and not the last.
func (f *Finder) Page(ctx context.Context, req PageRequest) (Page[*Membership], error) {
	read := func(part PageRequest) (Page[*Membership], error) { return f.store.Users(ctx, f.org.ID, part) }
	if f.query.Status == StatusInactive {
		read = func(part PageRequest) (Page[*Membership], error) { return f.store.Removed(ctx, f.org.ID, part) }
	}
	return sift(req, read, f.matches)
}

// All is the whole list, in no order, as it was last written.
func (f *Finder) All(ctx context.Context) ([]*Membership, error) {
	all, err := f.store.AllUsers(ctx, f.org.ID)
	return slices.DeleteFunc(all, func(m *Membership) bool {
		return m.RemovedAt.IsZero() == (f.query.Status == StatusInactive) || !f.matches(m)
	}), err
}

func (f *Finder) matches(m *Membership) bool {
	q := &f.query
	name := m.GivenName + " " + m.FamilyName + " " + m.GivenName // either may come first
	return (contains(name, q.Text) || contains(string(m.Email), q.Text)) &&
		contains(name, q.Name) && contains(string(m.Email), q.Email) && contains(m.Phone, strings.ReplaceAll(q.Phone, " ", "")) &&
		(q.Role == "" || slices.Contains(m.Roles, q.Role) || slices.Contains(m.AssignedRoles(), q.Role)) &&
		(q.Home == "" || q.Home == m.Home) && (q.Kind == "" || q.Kind == m.Kind) &&
		(q.Status == "" || q.Status == m.Status(f.profile, f.now, f.org.Zone())) &&
		(!q.Undeliverable || m.Undeliverable.Of(m.Email) != "") &&
		(q.SignedInSince.IsZero() || !m.LastSignInAt.Before(q.SignedInSince)) &&
		(q.NotSignedInSince.IsZero() || m.LastSignInAt.Before(q.NotSignedInSince)) &&
		f.onResource(m) && f.holds(m)
}

// contains looks for a text in another, in whichever case.
func contains(in, text string) bool {
	return text == "" || strings.Contains(strings.ToLower(in), strings.ToLower(text))
}

// onResource tells whether the member has anything on the resource asked about.
func (f *Finder) onResource(m *Membership) bool {
	if f.query.Resource == nil || len(f.query.Rights) > 0 {
		return true // or the rights say more
	}
	direct, inherited := m.On(f.profile, f.query.Resource)
	return inherited || len(direct.Roles)+len(direct.Rights) > 0
}

// holds tells whether the member may use all of the rights asked for.
func (f *Finder) holds(m *Membership) bool {
	for _, right := range f.query.Rights {
		g := &Grounds{Profile: f.profile, Member: Place{Membership: m, Organization: f.org}, Where: f.org, Resource: f.query.Resource}
		if g.Decide(right, f.now) != Allowed && (g.Resource != nil || !g.Member.counts(f.profile, f.now) || !f.somewhere(m, right)) {
			return false
		}
	}
	return true
}

// somewhere tells whether the member was given the right in a place where it can
// hold: a resource, or a client whose mandate has room for it today. A right that
// counts only beside another asks for both.
func (f *Finder) somewhere(m *Membership, right RightKey) bool {
	info := f.profile.Right(right)
	if info != nil && info.With != "" && !f.given(m, info.With) {
		return false
	}
	return f.given(m, right)
}

func (f *Finder) given(m *Membership, right RightKey) bool {
	if info := f.profile.Right(right); info != nil && info.On != "" && m.everywhere(f.profile, right) {
		return true // on every resource
	}
	for i := range m.Assignments {
		a := &m.Assignments[i]
		if a.gives(f.profile, right) && slices.ContainsFunc(a.Scopes, func(s Scope) bool {
			switch s.Type {
			case InOrganization:
				return false // decided already
			case ForClient:
				return slices.Contains(f.rooms[OrganizationID(s.ID)], right)
			case ForClients:
				for _, room := range f.rooms {
					if slices.Contains(room, right) {
						return true
					}
				}
				return false
			}
			return f.profile.holdsOn(right, s.Type)
		}) {
			return true
		}
	}
	return false
}

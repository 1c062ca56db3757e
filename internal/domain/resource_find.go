package domain

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strings"
	"time"
)

// ResourceQuery says which resources of an organization are asked for.
type ResourceQuery struct {
	Type   ScopeType
	Parent ResourceID // directly in this one; empty: wherever they lie
	Text   string     // in the name or the reference, in whichever case; empty: any
}

func (q ResourceQuery) matches(r *Resource) bool {
	contains := func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(q.Text)) }
	return r.Type == q.Type && (q.Parent == "" || q.Parent == r.Parent()) && (contains(r.Name) || contains(r.Reference))
}

// Parent is the resource that it lies in directly; empty: the organization.
func (r *Resource) Parent() ResourceID {
	if len(r.Path) == 0 {
		return ""
	}
	return r.Path[len(r.Path)-1]
}

// Sees tells whether the caller may know of a resource in the organization that
// the request is about: whoever may do anything on it may.
func (c *Caller) Sees(p *Profile, r *Resource, now time.Time) bool {
	return !errors.Is(c.Decide(p, RightSeeResources, r, now), ErrNotFound)
}

// FindResources lists by name those resources that the caller may know of in the
// organization that the request is about. Every member may ask, and whoever runs
// the portal; to everybody else the organization is not there.
func FindResources(ctx context.Context, store Store, c *Caller, p *Profile, q ResourceQuery, req PageRequest, now time.Time) (Page[*Resource], error) {
	if err := c.Decide(p, RightSeeResources, nil, now); errors.Is(err, ErrNotFound) {
		return Page[*Resource]{}, err
	}
	org := c.Here.Organization.ID
	read := func(part PageRequest) (Page[*Resource], error) { return store.Resources(ctx, org, q.Type, part) }
	if c.Here.Lets(p, now) {
		// Who knows of a few only does not go through all there are.
		if ids, few := c.Here.Membership.singled(p, q.Type); few {
			read = func(part PageRequest) (Page[*Resource], error) {
				all, err := store.ResourcesAmong(ctx, org, ids)
				behind := sort.Search(len(all.Keys), func(i int) bool { return all.Keys[i] > part.After })
				return Page[*Resource]{Items: all.Items[behind:], Keys: all.Keys[behind:]}, err
			}
		}
	}
	return sift(req, read, func(r *Resource) bool { return q.matches(r) && c.Sees(p, r, now) })
}

// singled are the resources of a type that the member was given something on,
// one by one. It is not for those who may know of others of the type, by
// something given more widely, nor for more than a list reads anyway.
func (m *Membership) singled(p *Profile, of ScopeType) (ids []ResourceID, few bool) {
	shows := func(gives func(RightKey) bool) bool {
		for right := range anywhere {
			if gives(right) {
				return true
			}
		}
		return slices.ContainsFunc(p.Rights, func(r RightInfo) bool { return r.On == of && gives(r.Key) })
	}
	if shows(func(right RightKey) bool { return p.holds(m.Roles, right) }) {
		return nil, false
	}
	for i := range m.Assignments {
		a := &m.Assignments[i]
		if !shows(func(right RightKey) bool { return a.gives(p, right) }) {
			continue
		}
		for _, s := range a.Scopes {
			switch {
			case s.Type == of:
				ids = append(ids, ResourceID(s.ID))
			case s.Type == InOrganization, p.liesIn(of, s.Type):
				return nil, false
			}
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return ids, len(ids) <= siftMost
}

// liesIn tells whether resources of a type lie in such of another one, at any depth.
func (p *Profile) liesIn(of, in ScopeType) bool {
	for t := p.ResourceType(of); t != nil; t = p.ResourceType(t.Parent) {
		if t.Parent == in {
			return true
		}
	}
	return false
}

// ResourceUser is what a user has directly on a resource.
type ResourceUser struct {
	Person   PersonID
	Roles    []RoleKey
	Rights   []RightKey
	JobTitle *string // nil: as it is, or of somebody new their default task
}

// On is what the membership was given on a resource: directly, and whether it has
// any right there from a wider place. Whether that counts now is another matter.
func (m *Membership) On(p *Profile, r *Resource) (direct ResourceUser, inherited bool) {
	direct.Person = m.Person
	for _, a := range m.Assignments {
		if a.holdsIn(Scope{Type: r.Type, ID: string(r.ID)}) {
			direct.Roles, direct.Rights = append(direct.Roles, a.Roles...), append(direct.Rights, a.Rights...)
		}
	}
	slices.Sort(direct.Roles)
	slices.Sort(direct.Rights)
	direct.Roles, direct.Rights = slices.Compact(direct.Roles), slices.Compact(direct.Rights)

	// What reaches the place that it lies in reaches it.
	wider := &Grounds{Profile: p, Member: Place{Membership: m}, Where: &Organization{ID: m.Organization}}
	if n := len(r.Path); n > 0 {
		wider.Resource = &Resource{ID: r.Path[n-1], Path: r.Path[:n-1]}
	}
	return direct, slices.ContainsFunc(p.EveryRight(), func(right RightKey) bool {
		info := p.Right(right)
		return (anywhere[right] || info != nil && info.On == r.Type) && wider.assigned(right)
	})
}

// Candidates lists by name everybody to whom something on a resource could be given.
func Candidates(ctx context.Context, store Store, _ *Profile, r *Resource, req PageRequest) (Page[*Membership], error) {
	return store.Users(ctx, r.Organization, req)
}

// UsersOn lists by name the users who have anything on a resource.
func UsersOn(ctx context.Context, store Store, p *Profile, r *Resource, req PageRequest) (Page[*Membership], error) {
	read := func(part PageRequest) (Page[*Membership], error) { return store.Users(ctx, r.Organization, part) }
	return sift(req, read, func(m *Membership) bool {
		direct, inherited := m.On(p, r)
		return inherited || len(direct.Roles)+len(direct.Rights) > 0
	})
}

package domain

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Resource is a thing inside an organization that access is given on. The
// profile says of which types there are, and what lies in what.
type Resource struct {
	Version      int64
	Revision     int64 // counts edits; the ETag
	ID           ResourceID
	Organization OrganizationID
	Type         ScopeType
	// Path is what it lies in, from the outermost to its parent. It never
	// changes, so a resource alone tells which scopes reach it.
	Path      []ResourceID
	Name      string
	Reference string // the operator's own number for it; may be empty
	Features  []FeatureKey
	// Children counts what lies directly in it. Whoever makes or removes one of
	// those also writes this, so that nothing is left without what it lies in.
	Children  int
	Alphabet  Language // orders the organization's lists
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ResourceRef is the operator's own number for a resource of a type, unique in
// an organization.
type ResourceRef struct {
	Type      ScopeType
	Reference string
}

// ResourceClaim keeps a reference unique: it exists exactly while a resource has it.
type ResourceClaim struct {
	Version      int64
	Organization OrganizationID
	ResourceRef
	Resource ResourceID
}

// NewResource is a resource to be.
type NewResource struct {
	ResourceRef
	Parent   ResourceID // empty: it lies in the organization itself
	Name     string
	Features []FeatureKey
}

// ForNewResource names what a new resource stands on, beside its organization.
func (w *Want) ForNewResource(in NewResource) {
	if in.Parent != "" {
		w.Resources = append(w.Resources, in.Parent)
	}
	w.Reference = in.ResourceRef
}

// CreateResource makes a resource. Who may is decided on what it will lie in.
func CreateResource(c *Change, s *Scene, p *Profile, in NewResource) (*Resource, error) {
	var parent *Resource
	if in.Parent != "" {
		if parent = s.Resources[in.Parent]; parent == nil {
			return nil, ErrNotFound
		}
	}
	if err := s.Caller.Decide(p, RightEditResources, parent, c.At); err != nil {
		return nil, err
	}
	t := p.ResourceType(in.Type)
	if (t.Operator || len(in.Features) > 0) && !s.Caller.Operates(p, c.At) {
		return nil, ErrOperatorOnly
	}
	r := &Resource{
		Revision: 1, ID: NewResourceID(c.At), Organization: s.Organization.ID, Type: in.Type, Name: in.Name, Reference: in.Reference,
		Features: in.Features, Alphabet: s.Organization.Country.alphabet(), CreatedAt: c.At, UpdatedAt: c.At,
	}
	within := ScopeType("")
	if parent != nil {
		within = parent.Type
		r.Path = append(slices.Clone(parent.Path), parent.ID)
		grown := *parent
		grown.Children++
		c.Put(&grown)
	}
	if t.Parent != within {
		return nil, Fault("/parent", "parent-wrong", "A resource of this type does not lie there.")
	}
	if in.Reference != "" {
		if s.Reference != nil {
			return nil, ErrResourceExists
		}
		c.Put(&ResourceClaim{Organization: r.Organization, ResourceRef: in.ResourceRef, Resource: r.ID})
	}
	c.Put(r)
	var made diff
	made.field("type", "", string(r.Type))
	made.field("parent", "", string(in.Parent))
	made.field("name", "", r.Name)
	made.field("reference", "", r.Reference)
	made.field("features", "", words(r.Features))
	c.Record(r.Organization, ResourceCreated, aboutResource(r.ID), made...)
	return r, nil
}

// ResourcePatch changes a resource; nil leaves a field alone.
type ResourcePatch struct {
	Name      *string
	Reference *string
	Features  *[]FeatureKey
}

// UpdateResource changes what is known of a resource. What it has of the
// operator's (its features) is the operator's to say.
func UpdateResource(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, old *Resource, in ResourcePatch) (*Resource, error) {
	r := *old
	var changed diff
	if in.Name != nil {
		changed.field("name", r.Name, *in.Name)
		r.Name = *in.Name
	}
	if in.Features != nil && words(r.Features) != words(*in.Features) {
		if !s.Caller.Operates(p, c.At) {
			return nil, ErrOperatorOnly
		}
		changed.field("features", words(r.Features), words(*in.Features))
		r.Features = *in.Features
	}
	if in.Reference != nil && *in.Reference != r.Reference {
		if err := c.refer(ctx, store, &r, *in.Reference); err != nil {
			return nil, err
		}
		changed.field("reference", old.Reference, r.Reference)
	}
	if len(changed) == 0 {
		return &r, nil
	}
	if t := p.ResourceType(r.Type); t != nil && t.Operator && !s.Caller.Operates(p, c.At) {
		return nil, ErrOperatorOnly
	}
	r.Revision++
	r.UpdatedAt = c.At
	c.Put(&r)
	c.Record(r.Organization, ResourceUpdated, aboutResource(r.ID), changed...)
	return &r, nil
}

// refer gives the resource another reference, or none.
func (c *Change) refer(ctx context.Context, store Store, r *Resource, reference string) error {
	next := ResourceRef{Type: r.Type, Reference: reference}
	found, err := store.Load(ctx, Want{Organization: r.Organization, Reference: next})
	if err != nil {
		return err
	}
	if found.Reference != nil {
		return ErrResourceExists
	}
	if r.Reference != "" {
		// A claim is never changed.
		c.Remove(&ResourceClaim{Version: 1, Organization: r.Organization, ResourceRef: ResourceRef{r.Type, r.Reference}, Resource: r.ID})
	}
	if reference != "" {
		c.Put(&ResourceClaim{Organization: r.Organization, ResourceRef: next, Resource: r.ID})
	}
	r.Reference = reference
	return nil
}

// RemoveResource takes a resource away, and from every user what they were
// given on it. Unconfirmed, it only says from how many. Users are changed one by
// one before the resource goes, so that a removal that breaks off can be begun
// anew; what is given on it meanwhile holds nowhere, since its id never comes
// back. What the caller has on it goes last, with the resource: it may be all
// that lets them do this.
func RemoveResource(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, r *Resource, confirmed bool) error {
	if t := p.ResourceType(r.Type); t != nil && t.Operator && !s.Caller.Operates(p, c.At) {
		return ErrOperatorOnly
	}
	if r.Children > 0 {
		return ErrResourceNotEmpty
	}
	users, err := store.AllUsers(ctx, r.Organization)
	if err != nil {
		return err
	}
	here := Scope{Type: r.Type, ID: string(r.ID)}
	users = slices.DeleteFunc(users, func(m *Membership) bool { return !m.hasOn(here) })
	if len(users) > 0 && !confirmed {
		return ErrResourceInUse.Affecting(len(users))
	}
	for _, m := range users {
		one := c
		if m.Person != s.Caller.Person.ID {
			one = c.apart()
		}
		next, taken := m.without(Grants{Scopes: []Scope{here}, All: true})
		next.untitle(taken)
		if err := one.reseat(s, p, next); err != nil {
			return err
		}
		next.Plan(p, s.Organization.Zone())
		one.rewrite(m, next, UserUpdated, assignmentChange(taken, nil))
		if one == c {
			continue
		}
		s.Caller.Hold(p, one)
		if err := store.Commit(ctx, one); err != nil {
			return err
		}
		s.follow(one)
	}
	if parent := r.Parent(); parent != "" {
		found, err := store.Load(ctx, Want{Organization: r.Organization, Resources: []ResourceID{parent}})
		if err != nil {
			return err
		}
		if within := found.Resources[parent]; within != nil {
			shrunk := *within
			shrunk.Children--
			c.Put(&shrunk)
		}
	}
	c.Remove(r)
	if r.Reference != "" {
		c.Remove(&ResourceClaim{Version: 1, Organization: r.Organization, ResourceRef: ResourceRef{r.Type, r.Reference}, Resource: r.ID})
	}
	var gone diff
	gone.field("type", string(r.Type), "")
	gone.field("parent", string(r.Parent()), "")
	gone.field("name", r.Name, "")
	gone.field("reference", r.Reference, "")
	gone.field("features", words(r.Features), "")
	c.Record(r.Organization, ResourceRemoved, aboutResource(r.ID), gone...)
	return nil
}

// MaxResourceUsers is how many can be changed at once: all of them or none.
const MaxResourceUsers = 40

// UpdateResourceUsers says what users have directly on a resource; of those who
// are not named nothing changes. Roles and rights that hold more widely stay.
func UpdateResourceUsers(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, r *Resource, users []ResourceUser) ([]*Membership, error) {
	here := Scope{Type: r.Type, ID: string(r.ID)}
	scene := *s
	scene.Resources = map[ResourceID]*Resource{r.ID: r}
	var out []*Membership
	for i, u := range users {
		m := s.Memberships[u.Person]
		if m == nil || !m.RemovedAt.IsZero() {
			return nil, ErrNotFound
		}
		next, _ := m.without(Grants{Scopes: []Scope{here}, All: true})
		if len(u.Roles)+len(u.Rights) > 0 {
			next = next.with(c.At, Grants{Roles: u.Roles, Rights: u.Rights, Scopes: []Scope{here}})
		}
		var changed diff
		if given, taken := difference(m, next); len(given)+len(taken) == 0 {
			same := *m
			next = &same
		}
		if u.JobTitle != nil {
			if t := p.ResourceType(r.Type); t == nil || !t.JobTitles || *u.JobTitle != "" && !next.hasOn(here) {
				return nil, Fault(fmt.Sprintf("/users/%d/jobTitle", i), "value-unexpected", "A job title goes with what is given on a resource that has them.")
			}
			next.entitle(r.ID, *u.JobTitle)
			if err := next.fits(); err != nil {
				return nil, err
			}
			changed.personal("jobTitle", m.JobTitles[r.ID], *u.JobTitle)
			// Nor does the lower change what the higher is called.
			bare, _ := m.without(Grants{Scopes: []Scope{here}, All: true})
			if _, direct := difference(m, bare); len(changed) > 0 && m.Person != s.Caller.Person.ID {
				if err := s.Caller.MayTake(p, Gift{Assignments: direct, Resources: scene.Resources}, c.At); err != nil {
					return nil, err
				}
			}
		}
		if err := c.changeAccess(ctx, store, &scene, p, m, next, changed); err != nil {
			return nil, err
		}
		if seated := c.seated(); seated != nil { // for the next of them to see
			scene.Administrators = seated
		}
		out = append(out, next)
	}
	if len(c.Writes) > maxWrites {
		return nil, ErrTooMuch
	}
	return out, nil
}

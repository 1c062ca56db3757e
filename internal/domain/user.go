package domain

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Invitation is a new user of an organization.
type Invitation struct {
	Card
	Roles       []RoleKey
	Validity    Validity
	DefaultTask string
}

// ForInvitation names what an invitation stands on, beside its organization.
func (w *Want) ForInvitation(email Email) {
	w.Email, w.Administrators = email, w.Organization != ""
	w.Attempts = append(w.Attempts, limitMail(MailActivation, w.Organization, email).Key, limitInvitations(w.Organization, email).Key)
}

// Invite makes a user who is mailed an activation link. An address that is
// known from elsewhere gets the same answer and the same invitation as one
// that is not: the person joins only by opening the link.
func Invite(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile, in Invitation) (*Membership, error) {
	if err := s.Caller.MayGive(profile, Gift{Roles: in.Roles}, c.At); err != nil {
		return nil, err
	}
	return c.invite(ctx, store, s, s.Organization.ID, s.Organization, profile, in)
}

// invite is Invite for those whose right to it has been decided. The scene
// holds what ForInvitation names; by is the organization whose mail is counted,
// if any.
func (c *Change) invite(ctx context.Context, store Store, s *Scene, by OrganizationID, org *Organization, profile *Profile, in Invitation) (*Membership, error) {
	limits := []Limit{limitMail(MailActivation, by, in.Email)}
	if by != "" { // the operator may bring in as many customers as there are
		limits = append(limits, limitInvitations(by, in.Email))
	}
	if err := c.count(s, limits...); err != nil {
		return nil, err
	}
	ref := LinkRef{Purpose: ForActivation, Organization: org.ID}
	var p Person
	var old *Link
	ref.Person = NewPersonID()
	if s.EmailClaim != nil {
		ref.Person = s.EmailClaim.Person
	}
	// Of an address that nobody has the same is read, and is not there.
	known, err := store.Load(ctx, Want{User: ref.Person, Organization: org.ID, Link: ref})
	if err != nil {
		return nil, err
	}
	if s.EmailClaim == nil {
		p = Person{
			ID: ref.Person, Email: in.Email, GivenName: in.GivenName, FamilyName: in.FamilyName, Phone: in.Phone,
			Language: in.Language, Home: org.ID, Security: 1, Revision: 1, CreatedAt: c.At,
		}
		c.Put(&EmailClaim{Email: in.Email, Person: p.ID})
	} else {
		switch {
		case known.Membership != nil:
			return nil, ErrUserExists
		case known.User == nil:
			return nil, ErrContended // erased since
		case len(known.User.Organizations) >= MaxMemberships:
			return nil, ErrTooMany
		}
		p, old = *known.User, known.Link
	}
	p.Organizations = append(slices.Clone(p.Organizations), org.ID)
	p.UpdatedAt = c.At
	c.Put(&p)

	if in.Validity.at(c.At, org.Zone()) == over {
		return nil, Fault("/validity/to", "dates-past", "The last day has passed.")
	}
	m := &Membership{
		Revision: 1, Organization: org.ID, Person: p.ID, Kind: Own, Card: in.Card, Home: org.ID, Alphabet: org.Country.alphabet(),
		Roles: in.Roles, Validity: in.Validity, DefaultTask: in.DefaultTask, CreatedAt: c.At, UpdatedAt: c.At,
	}
	c.Put(m)
	if profile.administers(m.Roles) {
		if err := c.seat(org, s.Administrators, s.Administrators.with(m, profile)); err != nil {
			return nil, err
		}
	}
	c.issue(old, ref, &p, MailActivation, ActivationLife)
	var made diff
	made.field("roles", "", roleList(m.Roles))
	made.field("kind", "", string(m.Kind))
	c.Record(org.ID, UserCreated, aboutUser(p.ID), made...)
	return m, nil
}

// UserPatch changes a user; nil leaves a field alone.
type UserPatch struct {
	GivenName   *string
	FamilyName  *string
	Phone       *string
	Language    *Language
	Roles       *[]RoleKey
	DefaultTask *string
}

// UpdateUser changes the organization's own copy of a user's details, and the
// user's roles. Where the organization is the person's home, the person's own
// details follow.
func UpdateUser(c *Change, s *Scene, profile *Profile, in UserPatch) (*Membership, error) {
	if s.Membership == nil || s.User == nil {
		return nil, ErrNotFound
	}
	m, p := *s.Membership, *s.User
	var changed diff
	if in.Roles != nil {
		if err := c.changeRoles(s, profile, &m, *in.Roles, &changed); err != nil {
			return nil, err
		}
	}
	if in.DefaultTask != nil {
		changed.field("defaultTask", m.DefaultTask, *in.DefaultTask)
		m.DefaultTask = *in.DefaultTask
	}
	before := len(changed)
	set := func(name string, field *string, value *string) {
		if value != nil {
			changed.field(name, *field, *value)
			*field = *value
		}
	}
	set("givenName", &m.GivenName, in.GivenName)
	set("familyName", &m.FamilyName, in.FamilyName)
	set("phone", &m.Phone, in.Phone)
	set("language", (*string)(&m.Language), (*string)(in.Language))
	if len(changed) > before {
		if m.Kind != Own {
			return nil, ErrPartnerCard
		}
		if p.Home == m.Organization && !m.ActivatedAt.IsZero() {
			p.GivenName, p.FamilyName, p.Phone, p.Language = m.GivenName, m.FamilyName, m.Phone, m.Language
			p.UpdatedAt = c.At
			p.Revision++
			c.Put(&p)
		}
	}
	if len(changed) == 0 {
		return &m, nil
	}
	m.UpdatedAt = c.At
	m.Revision++
	c.Put(&m)
	c.Record(m.Organization, UserUpdated, aboutUser(m.Person), changed...)
	return &m, nil
}

// changeRoles takes every role that is added and every one that is taken away
// past MayGive: who cannot give a role cannot take it either.
func (c *Change) changeRoles(s *Scene, profile *Profile, m *Membership, roles []RoleKey, changed *diff) error {
	var moved []RoleKey
	for _, r := range roles {
		if !slices.Contains(m.Roles, r) {
			moved = append(moved, r)
		}
	}
	taken := slices.DeleteFunc(slices.Clone(m.Roles), func(r RoleKey) bool { return slices.Contains(roles, r) })
	moved = append(moved, profile.known(taken)...)
	if len(moved)+len(taken) == 0 {
		return nil
	}
	if !profile.Policies.SelfEdit && m.Person == s.Caller.Person.ID {
		return ErrSelf
	}
	if err := s.Caller.MayGive(profile, Gift{Roles: moved}, c.At); err != nil {
		return err
	}
	administered := profile.administers(m.Roles)
	changed.field("roles", roleList(m.Roles), roleList(roles))
	m.Roles = roles
	if administered || profile.administers(roles) {
		return c.seat(s.Organization, s.Administrators, s.Administrators.with(m, profile))
	}
	return nil
}

// RemoveUser takes a user out of the organization. Somebody who is a user
// nowhere else is erased: the address is free for a new person, and every
// session and link is dead with the person they were for.
func RemoveUser(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile) error {
	m, p := s.Membership, s.User
	if m == nil || p == nil {
		return ErrNotFound
	}
	if p.ID == s.Caller.Person.ID {
		return ErrSelf
	}
	if err := s.Caller.MayGive(profile, Gift{Roles: profile.known(m.Roles)}, c.At); err != nil {
		return err
	}
	c.Remove(m)
	if s.Link != nil {
		c.Remove(s.Link)
	}
	if profile.administers(m.Roles) {
		if err := c.seat(s.Organization, s.Administrators, s.Administrators.without(p.ID)); err != nil {
			return err
		}
	}
	left := *p
	left.Organizations = slices.DeleteFunc(slices.Clone(p.Organizations), func(o OrganizationID) bool { return o == m.Organization })
	if len(left.Organizations) == 0 {
		c.Remove(p)
		c.Remove(&EmailClaim{Version: 1, Email: p.Email}) // a claim is never changed
	} else {
		if left.Home == m.Organization {
			home, err := nextHome(ctx, store, &left)
			if err != nil {
				return err
			}
			left.Home = home
		}
		left.UpdatedAt = c.At
		c.Put(&left)
	}
	c.Record(m.Organization, UserRemoved, aboutUser(p.ID))
	return nil
}

// ForRemoval names what the removal of a user stands on, beside the user.
func (w *Want) ForRemoval() {
	w.Administrators = true
	w.Link = LinkRef{Person: w.User, Purpose: ForActivation, Organization: w.Organization}
}

// nextHome is an organization that the person has joined, or else any that
// waits for them to.
func nextHome(ctx context.Context, store Store, p *Person) (OrganizationID, error) {
	places, err := store.Places(ctx, p)
	if err != nil {
		return "", err
	}
	for _, place := range places {
		if !place.Membership.ActivatedAt.IsZero() {
			return place.Organization.ID, nil
		}
	}
	return p.Organizations[0], nil
}

// ResendActivation mails a new activation link, which kills the older one.
func ResendActivation(ctx context.Context, store Store, c *Change, s *Scene) error {
	if s.Membership == nil || s.User == nil {
		return ErrNotFound
	}
	if !s.Membership.ActivatedAt.IsZero() {
		return ErrActivated
	}
	ref := LinkRef{Person: s.User.ID, Purpose: ForActivation, Organization: s.Organization.ID}
	return c.mailLink(ctx, store, s, ref, MailActivation, ActivationLife, ActivationSent)
}

// ResetByAdministrator mails a user a link to a new password. Nobody but the
// user ever sees it.
func ResetByAdministrator(ctx context.Context, store Store, c *Change, s *Scene) error {
	switch {
	case s.Membership == nil || s.User == nil:
		return ErrNotFound
	case s.Membership.Kind != Own:
		return ErrPartnerCard
	case s.Membership.ActivatedAt.IsZero():
		return ErrNotActivated
	}
	ref := LinkRef{Person: s.User.ID, Purpose: ForPasswordReset, Organization: s.Organization.ID}
	return c.mailLink(ctx, store, s, ref, MailPasswordByAdmin, PasswordResetLife, PasswordResetRequested)
}

// mailLink reads the counters and the link that only now are known by name.
func (c *Change) mailLink(ctx context.Context, store Store, s *Scene, ref LinkRef, kind MailKind, life time.Duration, action Action) error {
	limits := []Limit{limitMail(kind, s.Organization.ID, s.User.Email), limitOrganizationMail(s.Organization.ID)}
	scene, err := store.Load(ctx, Want{Link: ref, Attempts: []string{limits[0].Key, limits[1].Key}})
	if err != nil {
		return err
	}
	if err := c.count(scene, limits...); err != nil {
		return err
	}
	c.issue(scene.Link, ref, s.User, kind, life)
	c.Record(s.Organization.ID, action, aboutUser(s.User.ID))
	return nil
}

func roleList(roles []RoleKey) string {
	texts := make([]string, len(roles))
	for i, r := range roles {
		texts[i] = string(r)
	}
	return strings.Join(texts, " ")
}

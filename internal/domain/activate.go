package domain

import (
	"context"
	"slices"
)

// Invited is what an activation link opens.
type Invited struct {
	Link         *Link
	Person       *Person
	Membership   *Membership
	Organization *Organization
}

// ForActivation names what an activation link stands on.
func (w *Want) ForActivation(t LinkToken) {
	w.Link, w.User, w.Organization, w.Administrators = t.LinkRef, t.Person, t.Organization, true
}

// CheckActivation says for whom the link is; ErrLink for every link that does not open.
func CheckActivation(s *Scene, t LinkToken, c *Change, profile *Profile) (*Invited, error) {
	m, org := s.Membership, s.Organization
	if !s.Link.Live(t, s.User, c.At) || m == nil || org == nil || org.Suspended || !m.ActivatedAt.IsZero() {
		return nil, ErrLink
	}
	if status := m.Status(profile, c.At, org.Zone()); status != StatusInvited {
		return nil, ErrLink // locked, over, removed, or without sign-in by now
	}
	return &Invited{Link: s.Link, Person: s.User, Membership: m, Organization: org}, nil
}

// Activate consumes an activation link. A person without a password chooses
// one; a person who has one, from another organization, types it.
func Activate(ctx context.Context, store Store, h Hasher, c *Change, s *Scene, t LinkToken, profile *Profile, password, source string) (*Invited, error) {
	in, err := CheckActivation(s, t, c, profile)
	if err != nil {
		return nil, err
	}
	p := *in.Person
	if p.PasswordHash == "" {
		if err := p.setPassword(h, c, password, "/password", in.Organization.Name); err != nil {
			return nil, err
		}
	} else {
		// A batch read is no snapshot: the password may be what a twin of this
		// request has just set, and that must not count as a wrong guess.
		again, err := store.Load(ctx, Want{Link: t.LinkRef})
		if err != nil {
			return nil, err
		}
		if !again.Link.Live(t, &p, c.At) {
			return nil, ErrLink
		}
		if err := prove(ctx, store, h, c, &p, password, source); err != nil {
			return nil, err
		}
	}
	m := *in.Membership
	if in.Person.PasswordHash == "" {
		// Whose invitation a person accepts first is their home, whoever else
		// invited them before; and they are who that organization says.
		p.Home = m.Organization
		p.GivenName, p.FamilyName, p.Phone, p.Language = m.GivenName, m.FamilyName, m.Phone, m.Language
	}
	if in.Person.PasswordHash != "" && m.Kind == Own && p.Home != m.Organization {
		places, err := store.Places(ctx, &p)
		if err != nil {
			return nil, err
		}
		// Who was only ever another one's partner comes home.
		if !slices.ContainsFunc(places, func(at Place) bool { return at.Organization.ID == p.Home && at.Membership.Kind == Own }) {
			p.Home = m.Organization
		}
	}
	m.Email = p.Email // which may be another than was invited
	m.ActivatedAt, m.UpdatedAt = c.At, c.At
	m.Revision++
	m.Plan(profile, in.Organization.Zone())

	c.Actor = Actor{Type: ByPerson, ID: string(p.ID)}
	c.Remove(in.Link)
	c.Put(&p) // also where nothing of it changes: a removal at the same time loses, or wins whole
	c.Put(&m)
	if m.administers(profile) {
		if err := c.seat(in.Organization, s.Administrators, s.Administrators.with(&m, profile)); err != nil {
			return nil, err
		}
	}
	c.Record(m.Organization, UserActivated, aboutUser(p.ID))
	in.Person, in.Membership = &p, &m
	return in, nil
}

// RequestPasswordReset notes that somebody wants to reset the password of an
// address. It does the same for every address; ResolveReset finds out whether
// anyone has it. Past the limit of mails to the address nothing more is sent,
// and nobody is told.
func RequestPasswordReset(ctx context.Context, store Store, c *Change, email Email, source string) error {
	here, there := limitResetSource(source), limitMail(MailPasswordReset, "", email)
	s, err := store.Load(ctx, Want{Attempts: []string{here.Key, there.Key}})
	if err != nil {
		return err
	}
	if err := c.count(s, here); err != nil {
		return err
	}
	if c.count(s, there) == nil {
		c.Send(&Mail{Kind: MailResetRequest, Email: email})
	}
	return nil
}

// ResolveReset turns a request into a link and its mail if a person with a
// password has the address and may sign in somewhere, and into nothing if not.
func ResolveReset(ctx context.Context, store Store, c *Change, profile *Profile, request *Mail) error {
	scene, err := store.Load(ctx, Want{Email: request.Email})
	if err != nil {
		return err
	}
	p, places, err := whoIs(ctx, store, scene.EmailClaim)
	if err != nil {
		return err
	}
	done := *request
	done.State, done.Reason, done.Email = MailDropped, "resolved", ""
	if p.PasswordHash == "" || !anyWaits(places, profile, c.At) {
		done.Reason = "nobody may sign in with the address"
		c.Put(&done)
		return nil
	}
	ref := LinkRef{Person: p.ID, Purpose: ForPasswordReset, Organization: p.Home}
	scene, err = store.Load(ctx, Want{Link: ref})
	if err != nil {
		return err
	}
	c.Put(&done)
	c.issue(scene.Link, ref, p, MailPasswordReset, PasswordResetLife)
	c.Hold(p)
	c.Record(p.Home, PasswordResetRequested, aboutUser(p.ID))
	return nil
}

// ForReset names what a password-reset link stands on.
func (w *Want) ForReset(t LinkToken) {
	w.Link, w.User, w.Organization = t.LinkRef, t.Person, t.Organization
}

// CheckReset says whose password the link resets; ErrLink for every link that does not open.
func CheckReset(ctx context.Context, store Store, c *Change, s *Scene, t LinkToken, profile *Profile) (*Person, error) {
	if !s.Link.Live(t, s.User, c.At) {
		return nil, ErrLink
	}
	if !(Place{Membership: s.Membership, Organization: s.Organization}).Lets(profile, c.At) {
		places, err := store.Places(ctx, s.User)
		if err != nil {
			return nil, err
		}
		if !anyWaits(places, profile, c.At) {
			return nil, ErrLink
		}
	}
	return s.User, nil
}

// ResetPassword consumes a password-reset link and ends all sessions. Having
// proven the mailbox, the person is no longer held up by failed sign-ins.
func ResetPassword(ctx context.Context, store Store, h Hasher, c *Change, s *Scene, t LinkToken, profile *Profile, password, source string) (*Person, error) {
	found, err := CheckReset(ctx, store, c, s, t, profile)
	if err != nil {
		return nil, err
	}
	p := *found
	organization := ""
	if s.Organization != nil {
		organization = s.Organization.Name
	}
	if err := p.setPassword(h, c, password, "/password", organization); err != nil {
		return nil, err
	}
	c.Actor = Actor{Type: ByPerson, ID: string(p.ID)}
	c.Remove(s.Link)
	c.Put(&p)
	c.passwordChanged(&p)
	counted, err := store.Load(ctx, Want{Attempts: []string{limitAccountAndSource(p.Email, source).Key, limitAccount(p.Email).Key}})
	if err != nil {
		return nil, err
	}
	if err := forgive(ctx, store, c, counted, p.Email, source); err != nil {
		return nil, err
	}
	return &p, nil
}

func (c *Change) passwordChanged(p *Person) {
	c.Record(p.Home, PasswordChanged, aboutUser(p.ID))
	c.Send(&Mail{Kind: MailPasswordChanged, Person: p.ID, Organization: p.Home})
}

// prove compares a password that somebody signed in, or with a link, types once
// more. Attempts are counted as those of signing in are.
func prove(ctx context.Context, store Store, h Hasher, c *Change, p *Person, password, source string) error {
	taken, err := takeAttempts(ctx, store, c, Want{}, p.Email, source)
	if err != nil {
		return err
	}
	if !h.Verify(p.PasswordHash, password) {
		if err := blame(ctx, store, c, taken, source); err != nil {
			return err
		}
		return ErrWrongPassword
	}
	return forgive(ctx, store, c, taken, p.Email, source)
}

// ChangePassword sets a new password for the caller. All other sessions end.
func ChangePassword(ctx context.Context, store Store, h Hasher, c *Change, caller *Caller, current, password, source string) error {
	p, session := *caller.Person, *caller.Session
	if err := prove(ctx, store, h, c, &p, current, source); err != nil {
		return err
	}
	organization := ""
	if caller.Home.Organization != nil {
		organization = caller.Home.Organization.Name
	}
	if err := p.setPassword(h, c, password, "/newPassword", organization); err != nil {
		return err
	}
	session.Security = p.Security
	c.Put(&p)
	c.Put(&session)
	c.passwordChanged(&p)
	return nil
}

// Details are what a person may change of themselves; nil leaves a field alone.
type Details struct {
	Language *Language
	Phone    *string
}

// UpdateDetails changes the caller's own details, on the cards that their
// organizations keep too.
func UpdateDetails(ctx context.Context, store Store, c *Change, caller *Caller, in Details) (*Person, []Place, error) {
	places, err := caller.Places(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	p := *caller.Person
	if !in.changes(p.Language, p.Phone) {
		return &p, places, nil
	}
	in.set(&p.Language, &p.Phone, new(diff))
	p.Revision++
	p.UpdatedAt = c.At
	c.Put(&p)
	places = slices.Clone(places)
	for i, place := range places {
		m := *place.Membership
		var changed diff
		// Who has not accepted an invitation is nobody to the organization yet.
		if m.ActivatedAt.IsZero() {
			continue
		}
		if in.set(&m.Language, &m.Phone, &changed); len(changed) == 0 {
			continue
		}
		m.UpdatedAt = c.At
		m.Revision++
		c.Put(&m)
		places[i].Membership = &m
		c.Record(m.Organization, UserDetailsChanged, aboutUser(p.ID), changed...)
	}
	if len(c.Writes) == 1 { // of the person, whose cards said so already
		c.Record(p.Home, UserDetailsChanged, aboutUser(p.ID))
	}
	return &p, places, nil
}

func (d Details) changes(language Language, phone string) bool {
	return d.Language != nil && *d.Language != language || d.Phone != nil && *d.Phone != phone
}

// set changes what was given, and nothing else.
func (d Details) set(language *Language, phone *string, changed *diff) {
	if d.Language != nil {
		changed.field("language", string(*language), string(*d.Language))
		*language = *d.Language
	}
	if d.Phone != nil {
		changed.personal("phone", *phone, *d.Phone)
		*phone = *d.Phone
	}
}

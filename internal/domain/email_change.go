package domain

import (
	"context"
	"time"
)

// taken tells whether the address is not free at this moment: somebody has it, or
// it is kept for who had it before.
func (e *EmailClaim) taken(now time.Time) bool {
	return e != nil && (e.Until.IsZero() || now.Before(e.Until))
}

// leads tells whether the address is the one that a person has.
func (e *EmailClaim) leads() bool { return e != nil && e.Until.IsZero() }

// claimEmail makes the address the person's, over what was read of it: nothing, a claim
// of theirs, or one that has ended.
func (c *Change) claimEmail(read *EmailClaim, email Email, person PersonID, until time.Time) {
	claim := &EmailClaim{Email: email, Person: person, Until: until}
	if read != nil {
		claim.Version = read.Version
	}
	c.Put(claim)
}

// release frees the addresses of a person who is erased: the one that they have,
// and the one that undo leads back to, if it is another. The link of a password
// reset goes with them, since it names the address.
func (c *Change) release(ctx context.Context, store Store, p *Person, undo *Link) error {
	emails := []Email{p.Email}
	if undo != nil && undo.Email != p.Email {
		emails = append(emails, undo.Email)
	}
	s, err := store.Load(ctx, Want{Emails: emails, Link: LinkRef{Person: p.ID, Purpose: ForPasswordReset}})
	if err != nil {
		return err
	}
	if s.Link != nil {
		c.Remove(s.Link)
	}
	for _, email := range emails {
		if claim := s.EmailClaims[email]; claim != nil && claim.Person == p.ID {
			c.Remove(claim)
		}
	}
	return nil
}

// ForEmailChange names what the request of a new address stands on.
func (w *Want) ForEmailChange(to Email) {
	w.EmailLinks = w.Session.Person
	w.Attempts = append(w.Attempts, keys(limitEmailChanges(w.Session.Person), limitMail(MailEmailChange, "", to))...)
}

// RequestEmailChange mails a link to the address that the caller wants to have, and
// another one to the address that they have, which undoes the change before and
// after it is made. Of an address that somebody has it does the same: no mail
// leaves to it then, nor past the limit of mails to it, and nobody is told.
//
// ErrEmailChanged: the last change can still be undone. One more would take that
// away from whom somebody else has changed it for.
func RequestEmailChange(ctx context.Context, store Store, h Hasher, c *Change, s *Scene, to Email, password, source string) error {
	p, undo := s.Caller.Person, s.EmailUndo
	switch {
	case to == p.Email:
		return Fault("/email", "email-unchanged", "This is the e-mail address that you have.")
	case undo != nil && undo.Email != p.Email && c.At.Before(undo.ExpiresAt):
		return ErrEmailChanged
	}
	if err := prove(ctx, store, h, c, p, password, source); err != nil {
		return err
	}
	if err := c.count(s, limitEmailChanges(p.ID)); err != nil {
		return err
	}
	back := c.replace(undo, LinkRef{Person: p.ID, Purpose: ForEmailUndo, Organization: p.Home}, p, p.Email, EmailUndoLife)
	c.mail(back, MailEmailChanging)
	if c.count(s, limitMail(MailEmailChange, "", to)) == nil {
		c.mail(c.replace(s.EmailChange, LinkRef{Person: p.ID, Purpose: ForEmailChange, Organization: p.Home}, p, to, EmailChangeLife), MailEmailChange)
	}
	c.Hold(p) // nothing is left of who is erased meanwhile
	c.Record(p.Home, EmailChangeRequested, aboutUser(p.ID))
	return nil
}

// ForEmailConfirmation names what the confirmation of a new address stands on.
func (w *Want) ForEmailConfirmation(t LinkToken) { w.EmailLinks = t.Person }

// ChangeEmail consumes the link that was mailed to a new address. It opens only to
// the person who asked for it: whoever else reads the mail cannot use it. All
// other sessions end. The address before is kept for the person for as long as the
// change can be undone.
//
// ErrLink: also where somebody has taken the address since.
func ChangeEmail(ctx context.Context, store Store, c *Change, s *Scene, t LinkToken) (*Person, error) {
	p, session, link, undo := *s.Caller.Person, *s.Caller.Session, s.EmailChange, s.EmailUndo
	// Nothing is changed before the mail that undoes it has begun to leave.
	if t.Person != p.ID || !link.Live(t, &p, c.At) || undo == nil || undo.Hash == "" || undo.Email != p.Email || !c.At.Before(undo.ExpiresAt) {
		return nil, ErrLink
	}
	claims, err := store.Load(ctx, Want{Emails: []Email{p.Email, link.Email}})
	if err != nil {
		return nil, err
	}
	if claims.EmailClaims[link.Email].taken(c.At) {
		return nil, ErrLink
	}
	places, err := s.Caller.Places(ctx, store)
	if err != nil {
		return nil, err
	}
	c.claimEmail(claims.EmailClaims[link.Email], link.Email, p.ID, time.Time{})
	c.claimEmail(claims.EmailClaims[p.Email], p.Email, p.ID, undo.ExpiresAt)
	c.Remove(link)
	c.readdress(&p, places, link.Email, EmailChanged)
	p.Security++
	session.Security = p.Security
	c.Put(&p)
	c.Put(&session)
	return &p, nil
}

// readdress gives a person another address, which the organizations that they have
// joined see on their cards. Those that only invited them see it when they accept.
func (c *Change) readdress(p *Person, places []Place, to Email, action Action) {
	p.Email, p.Undeliverable, p.UpdatedAt = to, Undeliverable{}, c.At
	p.Revision++
	told := false
	for _, place := range places {
		m := *place.Membership
		if m.ActivatedAt.IsZero() || m.Email == to {
			continue
		}
		var changed diff
		changed.personal("email", string(m.Email), string(to))
		m.Email, m.UpdatedAt = to, c.At
		m.Revision++
		c.Put(&m)
		c.Record(m.Organization, action, aboutUser(p.ID), changed...)
		told = told || m.Organization == p.Home
	}
	if !told {
		c.Record(p.Home, action, aboutUser(p.ID))
	}
}

// ForEmailUndo names what the undoing of a change of the address stands on.
func (w *Want) ForEmailUndo(t LinkToken) {
	w.EmailLinks, w.User, w.Organization = t.Person, t.Person, t.Organization
}

// CheckEmailUndo says which address a link leads back to; ErrLink for every link
// that does not open.
func CheckEmailUndo(c *Change, s *Scene, t LinkToken) (*Link, error) {
	if !s.EmailUndo.Live(t, s.User, c.At) {
		return nil, ErrLink
	}
	return s.EmailUndo, nil
}

// UndoEmailChange consumes the link that was mailed to the address before: the
// person has it again, or keeps it if the change was not made yet. Who asked for
// the change knows the password; so there is a new one, and all sessions end.
func UndoEmailChange(ctx context.Context, store Store, h Hasher, c *Change, s *Scene, t LinkToken, password, source string) (*Person, error) {
	link, err := CheckEmailUndo(c, s, t)
	if err != nil {
		return nil, err
	}
	p := *s.User
	c.Actor = Actor{Type: ByPerson, ID: string(p.ID)}
	organization := ""
	if s.Organization != nil {
		organization = s.Organization.Name
	}
	newer := p.Email
	p.Email = link.Email
	// First, because it takes long: what is read after it is all the fresher when it
	// is written, and a thief's edits are less likely to come between.
	if err := p.setPassword(h, c, password, "/password", organization); err != nil {
		return nil, err
	}
	if newer != p.Email {
		if err := c.goBack(ctx, store, &p, newer); err != nil {
			return nil, err
		}
	} else {
		c.Record(p.Home, EmailChangeUndone, aboutUser(p.ID))
	}
	c.Remove(link)
	if s.EmailChange != nil {
		c.Remove(s.EmailChange)
	}
	c.Put(&p)
	c.passwordChanged(&p)
	counted, err := store.Load(ctx, Want{Attempts: keys(limitAccountAndSource(p.Email, source), limitAccount(p.Email))})
	if err != nil {
		return nil, err
	}
	return &p, forgive(ctx, store, c, counted, p.Email, source)
}

// goBack takes a newer address away from a person, who has the one again that was
// kept for them.
func (c *Change) goBack(ctx context.Context, store Store, p *Person, from Email) error {
	to := p.Email
	claims, err := store.Load(ctx, Want{Emails: []Email{from, to}})
	if err != nil {
		return err
	}
	newer, kept := claims.EmailClaims[from], claims.EmailClaims[to]
	if kept == nil || kept.Person != p.ID {
		return ErrContended // both have changed since the link was read
	}
	places, err := store.Places(ctx, p)
	if err != nil {
		return err
	}
	if newer != nil && newer.Person == p.ID {
		c.Remove(newer)
	}
	c.claimEmail(kept, to, p.ID, time.Time{})
	c.readdress(p, places, to, EmailChangeUndone)
	return nil
}

package domain

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Erasure is a line of the ledger of who was erased, by ids only. It is never
// taken away: what brings an older state of the store back, brings the people
// back who were erased since, and the ledger says who they are.
type Erasure struct {
	Version       int64
	Person        PersonID
	Organizations []OrganizationID // where they were a user, and where things of theirs can be
	At            time.Time
}

// erasedAtOnce is how many memberships go in one transaction.
const erasedAtOnce = 5

// ForErasure names what the erasure of a person stands on.
func (w *Want) ForErasure(id PersonID) { w.User, w.Erasure = id, id }

// ErasePerson erases a person everywhere: what they may do, their sessions and
// links, their memberships with all that was given to them, their address, which
// is free again, and what was mailed to them. What the audit says of them stays,
// under an id that then leads to nobody.
//
// ErrLastAdmin: an organization would lose its last administrator; with force it
// does, but the operator's own never. Nothing is written then. What broke off is
// finished by asking again; the scene holds what ForErasure names. It commits by
// itself: of c it takes the actor and the moment.
func ErasePerson(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, force bool) error {
	ledger, person := s.Erasure, s.User
	switch {
	case ledger == nil && person == nil:
		return ErrNotFound
	case ledger == nil:
		ledger = &Erasure{Person: person.ID, At: c.At}
	}
	if s.Caller != nil && s.Caller.Person.ID == ledger.Person {
		return ErrSelf
	}
	e := &eraser{store: store, profile: p, begin: c.apart, caller: s.Caller, force: force}
	if err := e.plan(ctx, ledger, person); err != nil {
		return err
	}
	if err := e.access(ctx, person); err != nil {
		return err
	}
	return e.leftovers(ctx)
}

type eraser struct {
	store   Store
	profile *Profile
	begin   func() *Change
	caller  *Caller // nil: a tool of the operator's
	force   bool

	ledger Erasure
	scenes []*Scene // of each organization where they are a user
}

// plan reads everything, and refuses before anything is written.
func (e *eraser) plan(ctx context.Context, ledger *Erasure, person *Person) error {
	e.ledger = *ledger
	if person != nil {
		for _, org := range person.Organizations {
			if !slices.Contains(e.ledger.Organizations, org) {
				e.ledger.Organizations = append(slices.Clone(e.ledger.Organizations), org)
			}
		}
	}
	for _, org := range e.ledger.Organizations {
		s, err := e.store.Load(ctx, Want{Organization: org, User: e.ledger.Person, Administrators: true})
		if err != nil {
			return err
		}
		if s.Membership == nil || s.Organization == nil {
			continue
		}
		if err := e.mayLose(s); err != nil {
			return err
		}
		e.scenes = append(e.scenes, s)
	}
	return nil
}

// mayLose refuses to take an organization's last administrator.
func (e *eraser) mayLose(s *Scene) error {
	before, after, zone := s.Administrators.Seats, s.Administrators.without(e.ledger.Person), s.Organization.Zone()
	if len(before) == len(after) || keeps(before, after, e.begin().At, zone, zone) || e.force && s.Organization.ID != OperatorID {
		return nil
	}
	return ErrLastAdmin
}

// access takes away memberships and, with the last of them, the person. Of
// somebody with many, the first step ends the sessions and the password.
func (e *eraser) access(ctx context.Context, person *Person) error {
	left := person
	for {
		n := min(erasedAtOnce, len(e.scenes))
		c := e.begin()
		if e.ledger.Version == 0 {
			ledger := e.ledger
			c.Put(&ledger)
		}
		for _, s := range e.scenes[:n] {
			if err := e.membership(ctx, c, s); err != nil {
				return err
			}
		}
		e.scenes = e.scenes[n:]
		last := len(e.scenes) == 0
		switch {
		case left == nil:
		case last:
			if err := e.person(ctx, c, left); err != nil {
				return err
			}
		default:
			next := *left
			next.Organizations = nil
			for _, s := range e.scenes {
				next.Organizations = append(next.Organizations, s.Organization.ID)
			}
			next.PasswordHash, next.UpdatedAt = "", c.At
			next.Security++
			c.Put(&next)
			left = &next
		}
		if !c.Empty() {
			if e.caller != nil {
				e.caller.Hold(e.profile, c)
			}
			if err := e.store.Commit(ctx, c); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
		e.ledger.Version = 1
		if left != nil {
			left.Version++
		}
	}
}

// membership takes a membership away, and what hangs on it.
func (e *eraser) membership(ctx context.Context, c *Change, s *Scene) error {
	m, org := s.Membership, s.Organization.ID
	if seats := s.Administrators.without(m.Person); len(seats) < len(s.Administrators.Seats) {
		next := *s.Administrators
		next.Organization, next.Seats = org, seats
		c.Put(&next)
	}
	if err := c.unsubscribe(ctx, e.store, m); err != nil {
		return err
	}
	c.Remove(m)
	c.reclaim(org, m.Person, m.NationalID, NationalID{})
	c.Record(org, UserErased, aboutUser(m.Person))
	return nil
}

func (e *eraser) person(ctx context.Context, c *Change, p *Person) error {
	links, err := e.store.Links(ctx, p.ID)
	if err != nil {
		return err
	}
	var undo *Link
	for _, l := range links {
		if l.Purpose != ForPasswordReset { // which release takes away
			c.Remove(l)
		}
		if l.Purpose == ForEmailUndo {
			undo = l
		}
	}
	c.Remove(p)
	if err := c.release(ctx, e.store, p, undo); err != nil {
		return err
	}
	c.Record(OperatorID, UserErased, aboutUser(p.ID))
	return nil
}

// leftovers takes away what does no more, and tells of somebody all the same.
func (e *eraser) leftovers(ctx context.Context) error {
	for {
		sessions, err := e.store.Sessions(ctx, e.ledger.Person)
		if err != nil {
			return err
		}
		if len(sessions) == 0 {
			break
		}
		if err := remove(ctx, e, sessions); err != nil {
			return err
		}
	}
	// The list of mails may show some that are gone already; but it has an end.
	for req := (PageRequest{Limit: maxWrites}); ; {
		mails, err := e.store.MailsTo(ctx, e.ledger.Person, req)
		if err != nil {
			return err
		}
		for _, m := range mails.Items {
			there, err := e.store.Mail(ctx, m.ID)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := remove(ctx, e, []*Mail{there}); err != nil {
				return err
			}
		}
		if req.After = mails.Next; req.After == "" {
			return nil
		}
	}
}

func remove[E Entity](ctx context.Context, e *eraser, entities []E) error {
	for batch := range slices.Chunk(entities, maxWrites) {
		c := e.begin()
		for _, one := range batch {
			c.Remove(one)
		}
		if err := e.store.Commit(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// EraseAgain does an erasure that the ledger tells of, in a store that an older
// state was brought back to. It says whether there was anything of the person.
func EraseAgain(ctx context.Context, store Store, c *Change, p *Profile, line Erasure) (found bool, err error) {
	var want Want
	want.ForErasure(line.Person)
	s, err := store.Load(ctx, want)
	if err != nil {
		return false, err
	}
	found = s.User != nil
	if s.Erasure == nil {
		line.Version = 0
		s.Erasure = &line
	}
	return found, ErasePerson(ctx, store, c, s, p, true)
}

// Disclosure is everything that is known of a person, wherever they are a user.
type Disclosure struct {
	Person   *Person
	Places   []Place
	Sessions []*Session
	Links    []*Link
	Mails    []*Mail
	// Audit is a part of what they did and of what was done to them. Its Next leads
	// to the rest.
	Audit Page[*AuditEntry]
}

// How much of the audit one part of a disclosure goes through.
const (
	disclosedAtOnce = 500
	disclosedSteps  = 10
)

// Disclose gathers what is known of a person, for them: the operator hands it
// over. The first part has everything but for the rest of the audit, which the
// further ones go on with, each from where the one before ended. A part may have
// no entries and not be the last.
func Disclose(ctx context.Context, store Store, c *Change, s *Scene, after string) (*Disclosure, error) {
	p := s.User
	if p == nil {
		return nil, ErrNotFound
	}
	d := &Disclosure{Person: p}
	if after == "" {
		if err := d.gather(ctx, store); err != nil {
			return nil, err
		}
		c.Record(OperatorID, PersonExported, aboutUser(p.ID))
	}
	return d, d.audit(ctx, store, after)
}

func (d *Disclosure) gather(ctx context.Context, store Store) (err error) {
	if d.Places, err = store.Places(ctx, d.Person); err != nil {
		return err
	}
	if d.Sessions, err = store.Sessions(ctx, d.Person.ID); err != nil {
		return err
	}
	if d.Links, err = store.Links(ctx, d.Person.ID); err != nil {
		return err
	}
	for req := (PageRequest{Limit: disclosedAtOnce}); ; {
		page, err := store.MailsTo(ctx, d.Person.ID, req)
		if err != nil {
			return err
		}
		d.Mails = append(d.Mails, page.Items...)
		if req.After = page.Next; req.After == "" {
			return nil
		}
	}
}

// audit goes through the audit of one organization after the other. Where it
// ends is the organization's id and, behind it, where in its audit.
func (d *Disclosure) audit(ctx context.Context, store Store, after string) error {
	orgs := slices.Clone(d.Person.Organizations)
	if !slices.Contains(orgs, d.Person.Home) {
		orgs = append(orgs, d.Person.Home)
	}
	slices.Sort(orgs)
	const size = len(OperatorID)
	from, key := OrganizationID(after[:min(size, len(after))]), after[min(size, len(after)):]
	orgs = slices.DeleteFunc(orgs, func(org OrganizationID) bool { return org < from })
	steps := disclosedSteps
	for i, org := range orgs {
		req := PageRequest{Limit: disclosedAtOnce}
		if org == from {
			req.After = key
		}
		for ; ; steps-- {
			if steps == 0 {
				d.Audit.Next = string(org) + req.After
				return nil
			}
			page, err := store.Audit(ctx, org, AuditSpan{}, req)
			if err != nil {
				return err
			}
			for _, e := range page.Items {
				if id := string(d.Person.ID); e.Actor.ID == id || e.Subject == aboutUser(d.Person.ID) {
					d.Audit.Items = append(d.Audit.Items, e)
				}
			}
			if req.After = page.Next; req.After == "" {
				steps--
				break
			}
		}
		if steps <= 0 && i+1 < len(orgs) {
			d.Audit.Next = string(orgs[i+1])
			return nil
		}
	}
	return nil
}

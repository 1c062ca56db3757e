package restore

import (
	"context"
	"errors"
	"slices"

	"github.com/fullmakt/fullmakt/internal/check"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
)

// mender puts one thing right, and says whether it could.
type mender func(r *Restoration, ctx context.Context, v *check.Violation) (bool, error)

// menders are what half a transaction can leave behind, and what can be told from
// the other half. Nobody is let in by them: where the two halves disagree on
// whether somebody is a user, they are none, and where they disagree on which of two
// addresses or references is the one, neither is given. Everything else is for a
// human to see.
var menders = map[check.Fault]mender{
	check.EmailUnclaimed:    (*Restoration).claimEmail,
	check.EmailAstray:       (*Restoration).freeEmail,
	check.MemberUnlisted:    (*Restoration).dropMembership,
	check.MemberMissing:     (*Restoration).unlist,
	check.PersonNowhere:     (*Restoration).eraseNobody,
	check.BusinessUnclaimed: (*Restoration).claimBusiness,
	check.BusinessAstray:    (*Restoration).drop,
	check.RefUnclaimed:      (*Restoration).claimReference,
	check.RefAstray:         (*Restoration).drop,
	check.LinkSpent:         (*Restoration).drop,
	check.LinkAstray:        (*Restoration).drop,
	check.LinkTooLong:       (*Restoration).drop,
	check.SessionTooLong:    (*Restoration).drop,
	check.SessionAccepted:   (*Restoration).drop,
	check.ErasedThere:       (*Restoration).eraseListed,
	check.IDUnclaimed:       (*Restoration).claimID,
	check.IDAstray:          (*Restoration).drop,
	check.SeatsWrong:        (*Restoration).reseat,
	check.ChildrenWrong:     (*Restoration).recount,
	check.SubscriptionWrong: (*Restoration).resubscribe,
	check.Unaudited:         (*Restoration).tell,
	check.EffectMissing:     (*Restoration).acknowledge,
}

// Reparable tells whether Repair knows what to do about a violation.
func Reparable(v check.Violation) bool { return menders[v.Fault] != nil }

// Few is how many faults a restore may have left behind that took a moment's
// transactions apart. What is more broken is not of that kind: to repair it would be
// to take away what was lost by accident, and all that hangs on it.
const Few = 30

// ErrTooBroken: there are more faults than Few.
var ErrTooBroken = errors.New("so much is broken that these are not the halves of a few transactions: nothing is repaired")

// Mend repairs in rounds what found finds, since one repair can be what the next
// stands on. Few is the limit of all rounds together: Repair is to do the same
// elsewhere at once.
func (r *Restoration) Mend(ctx context.Context, found func() ([]check.Violation, error)) (done []check.Violation, err error) {
	for range 3 {
		violations, err := found()
		if err != nil {
			return done, err
		}
		if len(done)+len(violations) > Few {
			return done, ErrTooBroken
		}
		mended, err := r.Repair(ctx, violations)
		done = append(done, mended...)
		if err != nil || len(mended) == 0 {
			return done, err
		}
	}
	return done, nil
}

// Repair puts right what it can, and returns what it has.
func (r *Restoration) Repair(ctx context.Context, violations []check.Violation) (done []check.Violation, err error) {
	if len(violations) > Few {
		return nil, ErrTooBroken
	}
	for _, v := range violations {
		mend := menders[v.Fault]
		if mend == nil {
			continue
		}
		ok, err := mend(r, ctx, &v)
		if errors.Is(err, domain.ErrContended) {
			continue // what came before has put it right
		}
		if err != nil {
			return done, err
		}
		if ok {
			done = append(done, v)
		}
	}
	return done, nil
}

// commit writes a repair with its audit entry.
func (r *Restoration) commit(ctx context.Context, c *domain.Change, org domain.OrganizationID, subject domain.Subject, fault check.Fault) (bool, error) {
	c.Record(org, domain.StoreRepaired, subject, domain.FieldChange{Field: "fault", Before: string(fault)})
	return true, r.store().Commit(ctx, c)
}

// person is one as they are now; nil: there is none.
func (r *Restoration) person(ctx context.Context, id domain.PersonID) (*domain.Person, error) {
	p, err := r.store().Person(ctx, id)
	if errors.Is(err, domain.ErrNotFound) {
		return nil, nil
	}
	return p, err
}

func (r *Restoration) claimEmail(ctx context.Context, v *check.Violation) (bool, error) {
	p, err := r.person(ctx, v.Person)
	if p == nil || err != nil {
		return false, err
	}
	s, err := r.store().Load(ctx, domain.Want{Email: p.Email})
	if err != nil {
		return false, err
	}
	claim := &domain.EmailClaim{Email: p.Email, Person: p.ID}
	if was := s.EmailClaim; was != nil {
		other, err := r.person(ctx, was.Person)
		if err != nil || other != nil {
			return false, err // two have one address, or half of a change is there
		}
		claim.Version = was.Version
	}
	c := r.change()
	c.Put(claim)
	return r.commit(ctx, c, p.Home, aboutUser(p.ID), v.Fault)
}

// freeEmail frees an address that is kept for nobody.
func (r *Restoration) freeEmail(ctx context.Context, v *check.Violation) (bool, error) {
	email := v.Entity.(*domain.EmailClaim).Email
	s, err := r.store().Load(ctx, domain.Want{Email: email, User: v.Person})
	if err != nil || s.EmailClaim == nil || s.EmailClaim.Person != v.Person || s.User != nil {
		return false, err
	}
	c := r.change()
	c.Remove(s.EmailClaim)
	return r.commit(ctx, c, domain.OperatorID, aboutUser(v.Person), v.Fault)
}

// dropMembership takes away a membership that its person knows nothing of, with
// what hangs on it.
func (r *Restoration) dropMembership(ctx context.Context, v *check.Violation) (bool, error) {
	s, err := r.store().Load(ctx, domain.Want{Organization: v.Organization, User: v.Person, Administrators: true})
	if err != nil || s.Membership == nil || s.User != nil && slices.Contains(s.User.Organizations, v.Organization) {
		return false, err
	}
	m, c := s.Membership, r.change()
	c.Remove(m)
	more, err := r.store().Load(ctx, domain.Want{
		Organization: v.Organization, Subscription: m.Subscription, NationalIDs: slices.DeleteFunc([]string{m.NationalID.Hash}, func(h string) bool { return h == "" }),
		Link: domain.LinkRef{Person: m.Person, Purpose: domain.ForActivation, Organization: m.Organization},
	})
	if err != nil {
		return false, err
	}
	if claim := more.NationalIDs[m.NationalID.Hash]; claim != nil && claim.Person == m.Person {
		c.Remove(claim)
	}
	if sub := more.Subscription; sub != nil && sub.Person == m.Person {
		free := *sub
		free.Person = ""
		c.Put(&free)
	}
	if more.Link != nil {
		c.Remove(more.Link)
	}
	seats := slices.DeleteFunc(slices.Clone(s.Administrators.Seats), func(seat domain.Seat) bool { return seat.Person == m.Person })
	if len(seats) < len(s.Administrators.Seats) {
		next := *s.Administrators
		next.Seats = seats
		c.Put(&next)
	}
	return r.commit(ctx, c, v.Organization, aboutUser(m.Person), v.Fault)
}

// unlist takes an organization off a person where they are no user. Who is then
// none anywhere, and never had an account, is erased.
func (r *Restoration) unlist(ctx context.Context, v *check.Violation) (bool, error) {
	s, err := r.store().Load(ctx, domain.Want{Organization: v.Organization, User: v.Person})
	if err != nil || s.User == nil || s.Membership != nil || !slices.Contains(s.User.Organizations, v.Organization) {
		return false, err
	}
	p := *s.User
	p.Organizations = slices.DeleteFunc(slices.Clone(p.Organizations), func(o domain.OrganizationID) bool { return o == v.Organization })
	if len(p.Organizations) == 0 && p.PasswordHash == "" {
		return r.eraseNobody(ctx, v)
	}
	if p.Home == v.Organization && len(p.Organizations) > 0 {
		p.Home = p.Organizations[0]
	}
	p.UpdatedAt = r.change().At
	c := r.change()
	c.Put(&p)
	return r.commit(ctx, c, v.Organization, aboutUser(p.ID), v.Fault)
}

// eraseNobody erases somebody who is a user nowhere and never had an account.
func (r *Restoration) eraseNobody(ctx context.Context, v *check.Violation) (bool, error) {
	line := domain.Erasure{Person: v.Person, Organizations: []domain.OrganizationID{}, At: r.change().At}
	return domain.EraseAgain(ctx, r.store(), r.change(), r.Profile, line)
}

// eraseListed finishes an erasure that the ledger tells of.
func (r *Restoration) eraseListed(ctx context.Context, v *check.Violation) (bool, error) {
	line, ok := v.Entity.(*domain.Erasure)
	if !ok {
		return false, nil
	}
	_, err := domain.EraseAgain(ctx, r.store(), r.change(), r.Profile, domain.Erasure{Person: line.Person, Organizations: line.Organizations, At: line.At})
	return err == nil, err
}

// drop takes away what leads nowhere.
func (r *Restoration) drop(ctx context.Context, v *check.Violation) (bool, error) {
	at, err := store.Place(v.Entity)
	if err != nil {
		return false, err
	}
	found, err := r.Table.Get(ctx, at.Key)
	if err != nil || len(found) == 0 {
		return false, err
	}
	e, err := store.Entity(found[at.Key])
	if err != nil {
		return false, err
	}
	org, subject := v.Organization, aboutUser(v.Person)
	if org == "" {
		org = domain.OperatorID
	}
	if v.Person == "" {
		subject = aboutOrganization(org)
	}
	c := r.change()
	c.Remove(e)
	return r.commit(ctx, c, org, subject, v.Fault)
}

func (r *Restoration) claimBusiness(ctx context.Context, v *check.Violation) (bool, error) {
	o := v.Entity.(*domain.Organization)
	claim := &domain.OrganizationClaim{Country: o.Country, BusinessID: o.BusinessID, Organization: o.ID}
	s, err := r.store().Load(ctx, domain.Want{Business: *claim})
	if err != nil || s.BusinessClaim != nil {
		return false, err
	}
	c := r.change()
	c.Put(claim)
	return r.commit(ctx, c, o.ID, aboutOrganization(o.ID), v.Fault)
}

func (r *Restoration) claimReference(ctx context.Context, v *check.Violation) (bool, error) {
	e := v.Entity.(*domain.Resource)
	ref := domain.ResourceRef{Type: e.Type, Reference: e.Reference}
	s, err := r.store().Load(ctx, domain.Want{Organization: e.Organization, Reference: ref})
	if err != nil || s.Reference != nil {
		return false, err
	}
	c := r.change()
	c.Put(&domain.ResourceClaim{Organization: e.Organization, ResourceRef: ref, Resource: e.ID})
	return r.commit(ctx, c, e.Organization, domain.Subject{Type: "resource", ID: string(e.ID)}, v.Fault)
}

func (r *Restoration) claimID(ctx context.Context, v *check.Violation) (bool, error) {
	hash := v.Entity.(*domain.Membership).NationalID.Hash
	s, err := r.store().Load(ctx, domain.Want{Organization: v.Organization, User: v.Person, NationalIDs: []string{hash}})
	if err != nil || s.Membership == nil || s.Membership.NationalID.Hash != hash || s.NationalIDs[hash] != nil {
		return false, err
	}
	c := r.change()
	c.Put(&domain.NationalIDClaim{Organization: v.Organization, Hash: hash, Person: v.Person})
	return r.commit(ctx, c, v.Organization, aboutUser(v.Person), v.Fault)
}

// reseat makes the administrators those whom the memberships make.
func (r *Restoration) reseat(ctx context.Context, v *check.Violation) (bool, error) {
	users, err := r.store().AllUsers(ctx, v.Organization)
	if err != nil {
		return false, err
	}
	s, err := r.store().Load(ctx, domain.Want{Organization: v.Organization, Administrators: true})
	if err != nil {
		return false, err
	}
	next := *s.Administrators
	next.Organization, next.Seats = v.Organization, nil
	for _, m := range users {
		if seat, ok := m.Seat(r.Profile); ok {
			next.Seats = append(next.Seats, seat)
		}
	}
	c := r.change()
	c.Put(&next)
	return r.commit(ctx, c, v.Organization, aboutOrganization(v.Organization), v.Fault)
}

func (r *Restoration) recount(ctx context.Context, v *check.Violation) (bool, error) {
	id := v.Entity.(*domain.Resource).ID
	s, err := r.store().Load(ctx, domain.Want{Organization: v.Organization, Resources: []domain.ResourceID{id}})
	if err != nil || s.Resources[id] == nil {
		return false, err
	}
	next := *s.Resources[id]
	next.Children = v.Count
	c := r.change()
	c.Put(&next)
	return r.commit(ctx, c, v.Organization, domain.Subject{Type: "resource", ID: string(id)}, v.Fault)
}

// resubscribe makes a subscription's user the one whose membership names it. Where
// one of the two says that it has ended, it has: the operator can say otherwise.
func (r *Restoration) resubscribe(ctx context.Context, v *check.Violation) (bool, error) {
	id := domain.SubscriptionID("")
	switch e := v.Entity.(type) {
	case *domain.Membership:
		id = e.Subscription
	case *domain.Subscription:
		id = e.ID
	}
	s, err := r.store().Load(ctx, domain.Want{Organization: v.Organization, User: v.Person, Subscription: id})
	if err != nil || s.Subscription == nil {
		return false, err // whether there is such a subscription, the operator knows
	}
	sub, c := *s.Subscription, r.change()
	switch m := s.Membership; {
	case m == nil || m.Subscription != id:
		sub.Person = ""
		c.Put(&sub)
	case sub.Person != "" && sub.Person != v.Person:
		return false, nil // two hang on one
	default:
		sub.Person, sub.Active = v.Person, sub.Active && !m.Unsubscribed
		c.Put(&sub)
		if !sub.Active && !m.Unsubscribed {
			next := *m
			next.Unsubscribed = true
			c.Put(&next)
		}
	}
	return r.commit(ctx, c, v.Organization, aboutUser(v.Person), v.Fault)
}

// tell gives a change whose audit entry is lost one that says that nobody knows
// whose it was.
func (r *Restoration) tell(ctx context.Context, v *check.Violation) (bool, error) {
	c := r.change()
	switch e := v.Entity.(type) {
	case *domain.Membership:
		s, err := r.store().Load(ctx, domain.Want{Organization: e.Organization, User: e.Person})
		if err != nil || s.Membership == nil {
			return false, err
		}
		next := *s.Membership
		next.UpdatedAt = c.At
		next.Revision++
		c.Put(&next)
		return r.commit(ctx, c, e.Organization, aboutUser(e.Person), v.Fault)
	case *domain.Person:
		p, err := r.person(ctx, e.ID)
		if err != nil || p == nil {
			return false, err
		}
		p.UpdatedAt = c.At
		c.Put(p)
		return r.commit(ctx, c, p.Home, aboutUser(p.ID), v.Fault)
	case *domain.Resource:
		s, err := r.store().Load(ctx, domain.Want{Organization: e.Organization, Resources: []domain.ResourceID{e.ID}})
		if err != nil || s.Resources[e.ID] == nil {
			return false, err
		}
		next := *s.Resources[e.ID]
		next.UpdatedAt = c.At
		next.Revision++
		c.Put(&next)
		return r.commit(ctx, c, e.Organization, domain.Subject{Type: "resource", ID: string(e.ID)}, v.Fault)
	case *domain.Organization:
		s, err := r.store().Load(ctx, domain.Want{Organization: e.ID})
		if err != nil || s.Organization == nil {
			return false, err
		}
		next := *s.Organization
		next.UpdatedAt = c.At
		next.Revision++
		c.Put(&next)
		return r.commit(ctx, c, e.ID, aboutOrganization(e.ID), v.Fault)
	}
	return false, nil
}

// acknowledge says that what the audit tells of is not there.
func (r *Restoration) acknowledge(ctx context.Context, v *check.Violation) (bool, error) {
	subject := aboutUser(v.Person)
	if v.Person == "" {
		subject = domain.Subject{Type: "resource", ID: v.Key.SK[len("RES#"):]}
	}
	return r.commit(ctx, r.change(), v.Organization, subject, v.Fault)
}

package domain

import (
	"context"
	"time"
)

// Subscription is what a user's access hangs on, in a portal whose profile asks
// for one: a telephone subscription under the organization's agreement. The
// operator says which there are.
type Subscription struct {
	Version      int64
	Organization OrganizationID
	ID           SubscriptionID
	Active       bool
	Person       PersonID // the one user who has access under it; empty: free
	UpdatedAt    time.Time
}

// SetSubscription notes what the operator says of a subscription. Where a user
// has access under it, the access comes and goes with it. The organization's
// last administrator is no exception: the operator tells what is, and gives
// another subscription where need be.
func SetSubscription(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, id SubscriptionID, active bool) (*Subscription, error) {
	if s.Organization == nil {
		return nil, ErrNotFound
	}
	sub, before := &Subscription{Organization: s.Organization.ID, ID: id}, ""
	if s.Subscription != nil {
		*sub = *s.Subscription
		if sub.Active == active {
			return sub, nil
		}
		before = activity(sub.Active)
	}
	sub.Active, sub.UpdatedAt = active, c.At
	c.Put(sub)
	c.Record(sub.Organization, SubscriptionSet, aboutSubscription(id), FieldChange{Field: "status", Before: before, After: activity(active)})
	if sub.Person == "" {
		return sub, nil
	}
	found, err := store.Load(ctx, Want{Organization: sub.Organization, User: sub.Person})
	if err != nil {
		return nil, err
	}
	if m := found.Membership; m != nil && m.Subscription == id {
		next := *m
		next.Unsubscribed = !active
		c.rewrite(m, &next, UserUpdated, FieldChange{Field: "subscription", Before: before, After: activity(active)})
		if seats := s.Administrators.with(&next, p); seatOf(seats, m.Person) != seatOf(s.Administrators.Seats, m.Person) {
			known := *s.Administrators
			known.Organization, known.Seats = sub.Organization, seats
			c.Put(&known)
		}
	}
	return sub, nil
}

func activity(active bool) string {
	if active {
		return "active"
	}
	return "ended"
}

// subscribe puts a user's access under a subscription of the organization's that
// is active and free.
func (c *Change) subscribe(m *Membership, sub *Subscription) error {
	if sub == nil || !sub.Active || sub.Person != "" && sub.Person != m.Person {
		return ErrSubscription
	}
	taken := *sub
	taken.Person = m.Person
	c.Put(&taken)
	m.Subscription, m.Unsubscribed = sub.ID, false
	return nil
}

// unsubscribe frees the subscription that a user had access under.
func (c *Change) unsubscribe(ctx context.Context, store Store, m *Membership) error {
	if m.Subscription == "" {
		return nil
	}
	found, err := store.Load(ctx, Want{Organization: m.Organization, Subscription: m.Subscription})
	if err != nil || found.Subscription == nil {
		return err
	}
	free := *found.Subscription
	free.Person = ""
	c.Put(&free)
	return nil
}

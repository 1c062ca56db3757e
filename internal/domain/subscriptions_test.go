package domain_test

import (
	"slices"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// telecom is a portal that asks for a subscription.
func telecom(t *testing.T) (*world, domain.OrganizationID, domain.PersonID) {
	t.Helper()
	w := newWorld(t)
	w.profile.Policies.Subscription = true
	return w, w.organization("Firma"), w.operator()
}

// set is the operator's word on a subscription.
func (w *world) set(by domain.PersonID, org domain.OrganizationID, id domain.SubscriptionID, active bool) error {
	w.Helper()
	return w.request(by, domain.Want{Organization: org, Subscription: id}, func(c *domain.Change, s *domain.Scene) error {
		_, err := domain.SetSubscription(w.Context(), w.store, c, s, w.profile, id, active)
		return err
	})
}

func (w *world) subscription(org domain.OrganizationID, id domain.SubscriptionID) *domain.Subscription {
	w.Helper()
	return w.load(domain.Want{Organization: org, Subscription: id}).Subscription
}

// subscriber is an active user with a subscription of their own.
func (w *world) subscriber(operator domain.PersonID, org domain.OrganizationID, id domain.SubscriptionID, roles ...domain.RoleKey) domain.PersonID {
	w.Helper()
	w.is("subscription "+string(id), w.set(operator, org, id, true), nil)
	sub := w.subscription(org, id)
	user := w.userWith(org, domain.Membership{Roles: roles, ActivatedAt: w.now, Subscription: id})
	sub.Person = user
	w.write(sub)
	return user
}

// move is an administrator's word on whose subscription it is.
func (w *world) move(by domain.PersonID, org domain.OrganizationID, user domain.PersonID, to domain.SubscriptionID) error {
	w.Helper()
	return w.request(by, domain.Want{Organization: org, User: user, Subscription: to}, func(c *domain.Change, s *domain.Scene) error {
		_, err := domain.UpdateUser(w.Context(), w.store, c, s, w.profile, domain.UserPatch{Subscription: &to})
		return err
	})
}

// Access comes and goes with the subscription, at once; the operator tells what
// is, and the last administrator is no exception.
func TestP09_AccessFollowsTheSubscription(t *testing.T) {
	t.Parallel()
	w, org, operator := telecom(t)
	boss := w.subscriber(operator, org, "1", "administrator")
	clerk := w.subscriber(operator, org, "2", "clerk")
	signedIn := func(person domain.PersonID) error {
		return w.request(person, domain.Want{Organization: org}, func(*domain.Change, *domain.Scene) error { return nil })
	}
	for _, step := range []struct {
		name        string
		id          domain.SubscriptionID
		active      bool
		boss, clerk error
	}{
		{"all are active", "2", true, nil, nil},
		{"the clerk's ends", "2", false, nil, domain.ErrUnauthenticated},
		{"and again", "2", false, nil, domain.ErrUnauthenticated},
		{"the last administrator's ends", "1", false, domain.ErrUnauthenticated, domain.ErrUnauthenticated},
		{"the clerk's comes back", "2", true, domain.ErrUnauthenticated, nil},
		{"the administrator's comes back", "1", true, nil, nil},
		{"one of nobody's ends", "3", false, nil, nil},
	} {
		w.is(step.name, w.set(operator, org, step.id, step.active), nil)
		w.is(step.name+": the administrator", signedIn(boss), step.boss)
		w.is(step.name+": the clerk", signedIn(clerk), step.clerk)
		seats := w.load(domain.Want{Organization: org, Administrators: true}).Administrators.Seats
		if len(seats) != 1 || seats[0].Person != boss || seats[0].Barred != (step.boss != nil) {
			t.Errorf("%s: seats %+v", step.name, seats)
		}
		if m := w.member(org, clerk); m.Unsubscribed != (step.clerk != nil) || m.Subscription != "2" {
			t.Errorf("%s: %+v", step.name, m)
		}
	}
	// What is said twice is noted once.
	noted := 0
	for _, action := range w.audit(org) {
		if action == domain.SubscriptionSet {
			noted++
		}
	}
	if noted != 2+4+1 {
		t.Errorf("%d entries on subscriptions", noted)
	}
	if sub := w.subscription(org, "3"); sub.Active || sub.Person != "" {
		t.Errorf("%+v", sub)
	}
}

// An administrator whose subscription has ended does not count as one: the last
// one besides them stays, and once they are back, need not.
func TestXC9_BarredAdministratorIsNone(t *testing.T) {
	t.Parallel()
	w, org, operator := telecom(t)
	one, two := w.subscriber(operator, org, "1", "administrator"), w.subscriber(operator, org, "2", "administrator")
	stepDown := func() error {
		return w.request(one, domain.Want{Organization: org, User: one}, func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.UpdateUser(t.Context(), w.store, c, s, w.profile, domain.UserPatch{Roles: &[]domain.RoleKey{"clerk"}})
			return err
		})
	}
	w.is("the other's ends", w.set(operator, org, "2", false), nil)
	w.is("while the other is barred", stepDown(), domain.ErrLastAdmin)
	w.is("the other's comes back", w.set(operator, org, "2", true), nil)
	w.is("while the other is not", stepDown(), nil)
	if got := w.seats(org); !slices.Equal(got, []domain.PersonID{two}) {
		t.Errorf("seats %v", got)
	}
}

// A subscription is one user's at a time, of the same organization, and active.
func TestP09_WhoseSubscriptionItIs(t *testing.T) {
	t.Parallel()
	w, org, operator := telecom(t)
	other := w.organization("Other")
	boss := w.subscriber(operator, org, "1", "administrator")
	clerk := w.subscriber(operator, org, "2", "clerk")
	w.is("a free one", w.set(operator, org, "3", true), nil)
	w.is("an ended one", w.set(operator, org, "4", false), nil)
	w.is("another's of the same name", w.set(operator, other, "5", true), nil)
	for _, c := range []struct {
		name string
		to   domain.SubscriptionID
		want error
	}{
		{"somebody else's", "1", domain.ErrSubscription},
		{"an ended one", "4", domain.ErrSubscription},
		{"another organization's", "5", domain.ErrSubscription},
		{"none there is", "6", domain.ErrSubscription},
		{"their own", "2", nil},
		{"a free one", "3", nil},
		{"back to the first, which is free again", "2", nil},
		{"none", "", domain.ErrSubscription},
	} {
		before := w.member(org, clerk)
		w.is(c.name, w.move(boss, org, clerk, c.to), c.want)
		m := w.member(org, clerk)
		if c.want == nil && m.Subscription != c.to || c.want != nil && (m.Subscription != before.Subscription || m.Revision != before.Revision) {
			t.Errorf("%s: %q after %q", c.name, m.Subscription, before.Subscription)
		}
		for _, id := range []domain.SubscriptionID{"1", "2", "3"} {
			holder := map[domain.SubscriptionID]domain.PersonID{"1": boss, m.Subscription: clerk}[id]
			if got := w.subscription(org, id).Person; got != holder {
				t.Errorf("%s: %s is %q's, want %q", c.name, id, got, holder)
			}
		}
	}
	// Who is erased frees theirs.
	w.profile.Policies.RemovalOwn = domain.Erase
	w.remove(boss, org, clerk)
	if got := w.subscription(org, "2").Person; got != "" {
		t.Errorf("of one who is gone: %s", got)
	}
}

// Another subscription gives back all that hung on the one before, so it takes
// the power to give it; and nobody's own access is theirs to mend where the
// profile says so.
func TestXC5_AnotherSubscriptionIsAGift(t *testing.T) {
	t.Parallel()
	w, org, operator := telecom(t)
	boss, keeper := w.subscriber(operator, org, "1", "administrator"), w.subscriber(operator, org, "2", "keeper")
	w.is("a free one", w.set(operator, org, "3", true), nil)
	w.is("the administrator's ends", w.set(operator, org, "1", false), nil)
	w.is("to one above", w.move(keeper, org, boss, "3"), domain.ErrRoleNotYours)
	w.is("to themselves", w.move(keeper, org, keeper, "3"), nil)
	w.profile.Policies.SelfEdit = false
	w.is("to themselves, where nobody may", w.move(keeper, org, keeper, "2"), domain.ErrSelf)
}

// Two users who are given the same free subscription at once: one gets it.
func TestP09_OneSubscriptionForTwo(t *testing.T) {
	t.Parallel()
	w, org, operator := telecom(t)
	boss := w.subscriber(operator, org, "1", "administrator")
	one, two := w.subscriber(operator, org, "2", "clerk"), w.subscriber(operator, org, "3", "clerk")
	w.is("a free one", w.set(operator, org, "4", true), nil)
	free := domain.SubscriptionID("4")
	prepare := func(user domain.PersonID) *domain.Change {
		c, err := w.begin(boss, domain.Want{Organization: org, User: user, Subscription: free}, func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.UpdateUser(t.Context(), w.store, c, s, w.profile, domain.UserPatch{Subscription: &free})
			return err
		})
		w.is("prepared", err, nil)
		return c
	}
	first, second := prepare(one), prepare(two)
	w.is("who is first", w.commit(first), nil)
	w.is("who is second", w.commit(second), domain.ErrContended)
	if got := w.subscription(org, free).Person; got != one {
		t.Errorf("it is %s's", got)
	}
}

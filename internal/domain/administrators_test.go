package domain_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
)

// loss is a way by which somebody could cease to administer.
type loss struct {
	name string
	self bool // it is nothing that anybody does to themselves
	term bool // the seat stays, with its days
	do   func(w *world) act
}

// losses are all of them. What they take is taken whichever way it was given.
var losses = []loss{
	{name: "access cleared", do: func(w *world) act {
		return func(c *domain.Change, s *domain.Scene) error {
			return domain.ClearAccess(w.Context(), w.store, c, s, w.profile)
		}
	}},
	{name: "locked", self: true, term: true, do: validity(domain.Validity{Type: domain.Locked})},
	{name: "given an end", self: true, term: true, do: validity(domain.Validity{Type: domain.FixedTerm, From: "2026-01-01", To: "2027-01-01"})},
	{name: "over", self: true, term: true, do: validity(domain.Validity{Type: domain.FixedTerm, From: "2026-01-01", To: "2026-05-04"})},
	{name: "not yet", self: true, term: true, do: validity(domain.Validity{Type: domain.FixedTerm, From: "2026-05-06", To: "2027-01-01"})},
	{name: "removed", self: true, do: func(w *world) act {
		return func(c *domain.Change, s *domain.Scene) error {
			return domain.RemoveUser(w.Context(), w.store, c, s, w.profile)
		}
	}},
	{name: "no sign-in", do: func(w *world) act {
		return func(c *domain.Change, s *domain.Scene) error {
			// All rights that are needed, and no way to use them.
			if s.Membership != nil && len(s.Membership.Roles) > 0 {
				_, err := domain.UpdateUser(w.Context(), w.store, c, s, w.profile, domain.UserPatch{Roles: &[]domain.RoleKey{"named"}})
				return err
			}
			_, err := domain.ReplaceAssignments(w.Context(), w.store, c, s, w.profile, []domain.Assignment{
				{Roles: []domain.RoleKey{"named"}, Rights: keys(domain.RightEditUsers, domain.RightSeeUsers), Scopes: []domain.Scope{whole}},
			})
			return err
		}
	}},
}

func validity(v domain.Validity) func(*world) act {
	return func(w *world) act {
		return func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.SetValidity(w.Context(), w.store, c, s, w.profile, v)
			return err
		}
	}
}

// ways are how somebody is made an administrator.
var ways = map[string]domain.Membership{
	"role":                {Roles: []domain.RoleKey{"administrator"}},
	"assignment":          {Assignments: []domain.Assignment{roles("administrator", whole)}},
	"right in assignment": {Assignments: []domain.Assignment{rights(keys(domain.RightEditUsers, domain.RightSeeUsers), whole)}},
}

func (w *world) administrator(org domain.OrganizationID, way string) domain.PersonID {
	w.Helper()
	m := ways[way]
	m.ActivatedAt, m.Assignments = w.now.Add(-time.Hour), slices.Clone(m.Assignments)
	return w.userWith(org, m)
}

// effective counts, by the members themselves, who can administer now.
func (w *world) effective(org domain.OrganizationID) (n int) {
	w.Helper()
	users, err := w.store.AllUsers(w.Context(), org)
	if err != nil {
		w.Fatal(err)
	}
	o := w.load(domain.Want{Organization: org}).Organization
	for _, m := range users {
		if slices.Contains((domain.Place{Membership: m, Organization: o}).Administers(w.profile, w.now), domain.RightEditUsers) {
			n++
		}
	}
	return n
}

// Two administrators who do away with each other at the same moment: one of them
// does not see it through, whatever each does and however each was made one.
func TestXC9_XC10_TwoAdministratorsAgainstEachOther(t *testing.T) {
	t.Parallel()
	for way := range ways {
		for i, first := range losses {
			second := losses[(i+len(way))%len(losses)]
			t.Run(way+", "+first.name+" and "+second.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				org := w.organization("Firma")
				one, other := w.administrator(org, way), w.administrator(org, way)
				byOne, err := w.begin(one, domain.Want{Organization: org, User: other}, first.do(w))
				w.is("the one", err, nil)
				byOther, err := w.begin(other, domain.Want{Organization: org, User: one}, second.do(w))
				w.is("the other", err, nil)
				w.is("who is first", w.commit(byOne), nil)
				w.is("who is second", w.commit(byOther), domain.ErrContended)
				if n := w.effective(org); n != 1 && (first.name != "given an end" || n != 2) {
					t.Errorf("%d administrators are left", n)
				}
			})
		}
	}
}

// Nobody is the last to go: not by their own hand, and not by that of somebody
// whose own seat does not count.
func TestXC9_TheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	for way := range ways {
		for _, path := range losses {
			t.Run(way+", "+path.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				org := w.organization("Firma")
				last := w.administrator(org, way)
				// Beside them is everybody who does not make up for them.
				w.userWith(org, domain.Membership{Roles: []domain.RoleKey{"administrator"}}) // invited
				w.userWith(org, domain.Membership{Roles: []domain.RoleKey{"administrator"}, ActivatedAt: noon.Add(-time.Hour), Validity: domain.Validity{Type: domain.Locked}})
				w.userWith(org, domain.Membership{ActivatedAt: noon.Add(-time.Hour), Assignments: []domain.Assignment{roles("administrator", clients, at("org_x"))}})
				w.userWith(org, domain.Membership{
					Roles: []domain.RoleKey{"named"}, ActivatedAt: noon.Add(-time.Hour),
					Assignments: []domain.Assignment{rights(keys(domain.RightEditUsers), whole)},
				})
				want := domain.ErrLastAdmin
				if path.self {
					want = domain.ErrSelf
				}
				w.is("by themselves", w.request(last, domain.Want{Organization: org, User: last}, path.do(w)), want)
				if n := w.effective(org); n != 1 {
					t.Errorf("%d administrators are left", n)
				}
			})
		}
	}
}

// Where another one is left, each way is open, and the seat goes and comes with it.
func TestXC9_SeatFollowsTheMember(t *testing.T) {
	t.Parallel()
	for way := range ways {
		for _, path := range losses {
			t.Run(way+", "+path.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				org := w.organization("Firma")
				boss, leaving := w.user(org, "administrator"), w.administrator(org, way)
				w.is("by the other", w.request(boss, domain.Want{Organization: org, User: leaving}, path.do(w)), nil)
				if seated := slices.Contains(w.seats(org), leaving); seated != path.term {
					t.Errorf("has a seat: %v", seated)
				}
				want := 1
				if path.name == "given an end" {
					want = 2
				}
				if n := w.effective(org); n != want {
					t.Errorf("%d administrators", n)
				}
			})
		}
	}
}

// To lock somebody out, to remove them or to clear what they have is to take all
// of it away, whichever of these it is.
func TestXC1_WhoMayTakeAllFromWhom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   domain.Membership
		want error
	}{
		"one with less":             {domain.Membership{Roles: []domain.RoleKey{"clerk"}}, nil},
		"one of the same":           {domain.Membership{Roles: []domain.RoleKey{"keeper"}}, nil},
		"one above":                 {domain.Membership{Roles: []domain.RoleKey{"administrator"}}, domain.ErrRoleNotYours},
		"one above by assignment":   {domain.Membership{Assignments: []domain.Assignment{roles("administrator", whole)}}, domain.ErrRoleNotYours},
		"one with another right":    {domain.Membership{Assignments: []domain.Assignment{rights(keys("attest"), whole)}}, domain.ErrRightNotYours},
		"one who acts for clients":  {domain.Membership{Assignments: []domain.Assignment{rights(keys("report"), clients)}}, domain.ErrRightNotYours},
		"one with what is gone":     {domain.Membership{Roles: []domain.RoleKey{"gone"}, Assignments: []domain.Assignment{rights(keys("fax"), whole)}}, nil},
		"one with a place gone":     {domain.Membership{Assignments: []domain.Assignment{roles("administrator", domain.Scope{Type: "site", ID: "res_gone"})}}, nil},
		"one with a client's past":  {domain.Membership{Assignments: []domain.Assignment{roles("administrator", at("org_gone"))}}, nil},
		"one who is invited, above": {domain.Membership{Roles: []domain.RoleKey{"administrator"}, CreatedAt: noon}, domain.ErrRoleNotYours},
	} {
		for _, path := range losses {
			if path.name == "no sign-in" {
				continue // it takes a part only
			}
			t.Run(name+", "+path.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				org := w.organization("Firma")
				w.user(org, "administrator")
				keeper, m := w.user(org, "keeper"), c.of
				if m.Assignments = slices.Clone(m.Assignments); m.CreatedAt.IsZero() {
					m.ActivatedAt = noon
				}
				of := w.userWith(org, m)
				w.is(path.name, w.request(keeper, domain.Want{Organization: org, User: of}, path.do(w)), c.want)
			})
		}
	}
}

// A lock is anybody's who may take; to end it takes the power to give what the
// user has, also where no mandate has room for it today.
func TestXC5_UnlockingIsGiving(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	past := w.client("Past", org, domain.Mandate{Type: "web", Rights: keys("report"), From: "2025-01-01", To: "2025-12-31"})
	boss, keeper := w.user(org, "administrator"), w.user(org, "keeper")
	user := w.userWith(org, domain.Membership{ActivatedAt: noon, Roles: []domain.RoleKey{"clerk"}, Assignments: []domain.Assignment{roles("administrator", at(past))}})
	set := func(by domain.PersonID, v domain.Validity) error {
		return w.request(by, domain.Want{Organization: org, User: user}, validity(v)(w))
	}
	locked := domain.Validity{Type: domain.Locked}
	term := domain.Validity{Type: domain.FixedTerm, From: "2026-01-01", To: "2026-12-31"}
	w.is("locked", set(keeper, locked), nil)
	w.is("unlocked by one of less power", set(keeper, domain.Validity{}), domain.ErrRoleNotYours)
	w.is("given a term by one of less power", set(keeper, term), domain.ErrRoleNotYours)
	w.is("unlocked", set(boss, domain.Validity{}), nil)
	w.is("locked again", set(keeper, locked), nil)
	w.is("given a term", set(boss, term), nil)
}

// Bulk operations are one more way to make administrators, and to lose them.
func TestXC9_BulkKeepsTheLastAdministrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	one, two, three := w.user(org, "administrator"), w.user(org, "clerk"), w.administrator(org, "assignment")
	bulk := func(by domain.PersonID, take bool, users ...domain.PersonID) []domain.BulkResult {
		t.Helper()
		in := domain.Bulk{Grants: domain.Grants{Roles: []domain.RoleKey{"administrator"}, Scopes: []domain.Scope{whole}}, Take: take, Users: users}
		want := domain.Want{Session: w.tokens[by], Organization: org}
		want.ForBulk(in)
		c := domain.NewChange(domain.Actor{Type: domain.ByPublic}, w.now, "bulk")
		s := w.load(want)
		w.is("sign-in", domain.Authenticate(t.Context(), w.store, w.profile, s, c), nil)
		results, err := domain.AssignMany(t.Context(), w.store, c, s, want, w.profile, in)
		w.is("bulk", err, nil)
		return results
	}
	check := func(what string, got []domain.BulkResult, want ...domain.BulkOutcome) {
		t.Helper()
		for i, r := range got {
			if r.Outcome != want[i] || r.Outcome == domain.BulkRefused && r.Err.Code != domain.ErrLastAdmin.Code {
				t.Errorf("%s: %s is %s, %v", what, r.Person, r.Outcome, r.Err)
			}
		}
	}
	check("given", bulk(one, false, two, three, one), domain.BulkDone, domain.BulkDone, domain.BulkUnchanged)
	if got := w.seats(org); len(got) != 3 {
		t.Errorf("seats %v", got)
	}
	check("given again", bulk(one, false, two, three), domain.BulkUnchanged, domain.BulkUnchanged)
	check("taken from two", bulk(one, true, two, three), domain.BulkDone, domain.BulkDone)
	check("taken from the last", bulk(one, true, two, one), domain.BulkUnchanged, domain.BulkRefused)
	if got := w.seats(org); !slices.Equal(got, []domain.PersonID{one}) || w.effective(org) != 1 {
		t.Errorf("seats %v", got)
	}
}

// An organization that moves to another calendar does not move its last
// administrator out of their term.
func TestXC9_ZoneThatEndsATerm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = time.Date(2026, 5, 5, 21, 30, 0, 0, time.UTC) // May 6 in Helsinki, May 5 still in Oslo
	org := w.organization("Firma")
	w.userWith(org, domain.Membership{
		Roles: []domain.RoleKey{"administrator"}, ActivatedAt: w.now.Add(-time.Hour),
		Validity: domain.Validity{Type: domain.FixedTerm, From: "2026-05-06", To: "2027-01-01"},
	})
	operator := w.operator()
	move := func(zone string) error {
		return w.request(operator, domain.Want{Organization: org}, func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.UpdateOrganization(c, s, w.profile, domain.OrganizationPatch{TimeZone: &zone})
			return err
		})
	}
	w.is("to Oslo, where the first day is tomorrow", move("Europe/Oslo"), domain.ErrLastAdmin)
	w.is("to Vilnius", move("Europe/Vilnius"), nil)
}

// Whoever loses the right to do something while they do it does not see it
// through, be they of the organization or of the operator's.
func TestXC10_WhoIsDemotedMeanwhileDoesNotSeeItThrough(t *testing.T) {
	t.Parallel()
	for name, operates := range map[string]bool{"a keeper": false, "the operator": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			org := w.organization("Firma")
			boss := w.user(org, "administrator")
			home, by := org, domain.PersonID("")
			if operates {
				w.operator()
				home, by = domain.OperatorID, w.user(domain.OperatorID, "administrator")
			} else {
				by = w.user(org, "keeper")
			}
			c, err := w.begin(by, domain.Want{Organization: org}, func(c *domain.Change, s *domain.Scene) error {
				_, err := domain.CreateResource(c, s, w.profile, domain.NewResource{ResourceRef: domain.ResourceRef{Type: "number"}, Name: "N"})
				return err
			})
			w.is("begun", err, nil)
			m := w.member(home, by)
			m.Roles = nil
			w.write(m)
			w.is("seen through", w.commit(c), domain.ErrContended)
			w.is("by another", w.request(boss, domain.Want{Organization: org}, func(c *domain.Change, s *domain.Scene) error {
				_, err := domain.CreateResource(c, s, w.profile, domain.NewResource{ResourceRef: domain.ResourceRef{Type: "number"}, Name: "N"})
				return err
			}), nil)
		})
	}
}

// meddler is a store in which somebody else is faster, once.
type meddler struct {
	*store.Store
	meddle func()
}

func (m *meddler) Commit(ctx context.Context, c *domain.Change) error {
	if meddle := m.meddle; meddle != nil {
		m.meddle = nil
		meddle()
	}
	return m.Store.Commit(ctx, c)
}

// A bulk operation whose caller is demoted in its midst ends there: what is
// begun anew is decided anew.
func TestXC10_BulkOfOneWhoIsDemotedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	w.user(org, "administrator")
	keeper, one, two := w.user(org, "keeper"), w.user(org, "clerk"), w.user(org, "clerk")
	in := domain.Bulk{Grants: domain.Grants{Rights: keys("report"), Scopes: []domain.Scope{whole}}, Users: []domain.PersonID{one, two}}
	want := domain.Want{Session: w.tokens[keeper], Organization: org}
	want.ForBulk(in)
	s, c := w.load(want), domain.NewChange(domain.Actor{}, w.now, "bulk")
	w.is("sign-in", domain.Authenticate(t.Context(), w.store, w.profile, s, c), nil)
	faster := &meddler{Store: w.store, meddle: func() {
		m := w.member(org, keeper)
		m.Roles = []domain.RoleKey{"clerk"}
		w.write(m)
	}}
	results, err := domain.AssignMany(t.Context(), faster, c, s, want, w.profile, in)
	w.is("bulk", err, nil)
	for _, r := range results {
		if r.Outcome != domain.BulkRefused || r.Err.Kind != domain.Forbidden {
			t.Errorf("%s: %v", r.Outcome, r.Err)
		}
	}
	for _, user := range in.Users {
		if got := told(w.member(org, user).Assignments); got != nil {
			t.Errorf("given: %q", got)
		}
	}
}

package seed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mailaddr"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/seed"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// filled is a store that was filled, with all that is in it.
type filled struct {
	*testing.T
	*store.Store
	profile   *domain.Profile
	customers []seed.Customer
}

func fill(t *testing.T, key string, users, organizations int) (*filled, error) {
	t.Helper()
	p, err := profile.Load(key)
	if err != nil {
		t.Fatal(err)
	}
	table, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	f := &filled{T: t, Store: store.New(table), profile: p}
	f.customers, err = seed.Fill(t.Context(), f, p, seed.Options{Users: users, Organizations: organizations, Hash: "hash", Now: now})
	return f, err
}

func (f *filled) load(want domain.Want) *domain.Scene {
	f.Helper()
	s, err := f.Load(f.Context(), want)
	if err != nil {
		f.Fatal(err)
	}
	return s
}

func (f *filled) members(org domain.OrganizationID) []*domain.Membership {
	f.Helper()
	all, err := f.AllUsers(f.Context(), org)
	if err != nil {
		f.Fatal(err)
	}
	return all
}

// resources are those of an organization, by id.
func (f *filled) resources(org domain.OrganizationID) map[domain.ResourceID]*domain.Resource {
	f.Helper()
	all := map[domain.ResourceID]*domain.Resource{}
	for _, t := range f.profile.ResourceTypes {
		found, err := f.Resources(f.Context(), org, t.Key, domain.PageRequest{Limit: 1000})
		if err != nil || len(found.Items) < 3 || found.Next != "" {
			f.Fatalf("%d of the type %s: %v", len(found.Items), t.Key, err)
		}
		for _, r := range found.Items {
			all[r.ID] = r
		}
	}
	return all
}

// What the store is filled with is what the use cases could have left there, in
// every profile.
func TestSeedsPassTheRules(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"rental", "telecom", "public-sector", "insurance", "construction"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			f, err := fill(t, key, 600, 3)
			if err != nil {
				t.Fatal(err)
			}
			emails, states, kinds, letters := map[domain.Email]domain.PersonID{}, map[domain.Status]int{}, map[domain.MembershipKind]int{}, ""
			for _, c := range f.customers {
				s := f.load(domain.Want{Organization: c.ID, Administrators: true})
				resources := f.resources(c.ID)
				for _, r := range resources {
					f.resource(r, resources)
				}
				members := f.members(c.ID)
				if len(members) != c.Users {
					t.Errorf("%d users of %d", len(members), c.Users)
				}
				caller := f.administrator(s.Organization, members, c.Administrator)
				for _, m := range members {
					f.member(m, s.Organization, caller, resources)
					if other, taken := emails[m.Email]; taken && other != m.Person {
						t.Errorf("%s is two people's", m.Email)
					}
					emails[m.Email] = m.Person
					states[m.Status(f.profile, now, s.Organization.Zone())]++
					kinds[m.Kind]++
					letters += strings.ToLower(m.GivenName + m.FamilyName)
				}
				f.seats(s, members)
			}
			want := []domain.Status{domain.StatusInvited, domain.StatusActive, domain.StatusLocked}
			if f.profile.Policies.FixedTerm {
				want = append(want, domain.StatusUpcoming, domain.StatusExpired)
			}
			if f.profile.Policies.Subscription {
				want = append(want, domain.StatusUnsubscribed)
			}
			if f.profile.Policies.RemovalOwn == domain.Deactivate {
				want = append(want, domain.StatusInactive)
			}
			for _, status := range want {
				if states[status] < 5 {
					t.Errorf("%d are %s: %v", states[status], status, states)
				}
			}
			if len(states) != len(want) {
				t.Errorf("%v, want %v", states, want)
			}
			if kinds[domain.Own] == 0 || (kinds[domain.Partner] > 0) != f.profile.Policies.Partners {
				t.Errorf("%v", kinds)
			}
			for _, letter := range []string{"å", "ä", "ö", "æ", "ø", "-", " "} {
				if !strings.Contains(letters, letter) {
					t.Errorf("no name has the letter %q", letter)
				}
			}
			if _, err := seed.Fill(t.Context(), f, f.profile, seed.Options{Users: 3, Organizations: 3, Now: now}); !errors.Is(err, seed.ErrThere) {
				t.Errorf("once more: %v", err)
			}
		})
	}
}

// administrator is the one who is named, as they would call.
func (f *filled) administrator(org *domain.Organization, members []*domain.Membership, email domain.Email) *domain.Caller {
	f.Helper()
	i := slices.IndexFunc(members, func(m *domain.Membership) bool { return m.Email == email })
	if i < 0 {
		f.Fatalf("%s is not there", email)
	}
	here := domain.Place{Membership: members[i], Organization: org}
	caller := &domain.Caller{Person: f.load(domain.Want{Organization: org.ID, User: members[i].Person}).User, Home: here, Here: here}
	if err := caller.Decide(f.profile, domain.RightEditUsers, nil, now); err != nil || !here.Lets(f.profile, now) {
		f.Fatalf("%s does not administer: %v", email, err)
	}
	return caller
}

func (f *filled) resource(r *domain.Resource, all map[domain.ResourceID]*domain.Resource) {
	f.Helper()
	of := f.profile.ResourceType(r.Type)
	switch {
	case of.Parent == "" && len(r.Path) > 0:
		f.Errorf("%+v lies in another", r)
	case of.Parent != "":
		in := all[r.Path[len(r.Path)-1]]
		if in == nil || in.Type != of.Parent || !slices.Equal(append(slices.Clone(in.Path), in.ID), r.Path) {
			f.Errorf("%+v lies in %+v", r, in)
		}
	}
	children := 0
	for _, other := range all {
		if n := len(other.Path); n > 0 && other.Path[n-1] == r.ID {
			children++
		}
	}
	if children != r.Children {
		f.Errorf("%d lie in %+v", children, r)
	}
}

// member holds a user against what the administrator could have given, and what
// the store has elsewhere.
func (f *filled) member(m *domain.Membership, org *domain.Organization, by *domain.Caller, resources map[domain.ResourceID]*domain.Resource) {
	f.Helper()
	what := fmt.Sprintf("%s %s %s of %s", m.Person, m.GivenName, m.FamilyName, org.Name)
	if err := by.MayGive(f.profile, domain.Gift{Roles: m.Roles, Assignments: m.Assignments, Resources: resources}, now); err != nil {
		f.Errorf("%s: %v %+v: %v", what, m.Roles, m.Assignments, err)
	}
	for _, a := range m.Assignments {
		if d := cmp.Diff(a.Sorted(), a); d != "" || !a.ID.Valid() || len(a.Scopes) == 0 || len(a.Rights) == 0 {
			f.Errorf("%s: %+v %s", what, a, d)
		}
	}
	var faults domain.Faults
	m.Validity.Check(f.profile, "", &faults)
	if err := faults.Err(); err != nil {
		f.Errorf("%s: %+v: %v", what, m.Validity, err)
	}
	if email, err := mailaddr.Parse(string(m.Email)); err != nil || email != m.Email {
		f.Errorf("%s: %s: %v", what, m.Email, err)
	}
	if !f.profile.Speaks(m.Language) || len(m.Roles) == 0 || m.ActivatedAt.After(now) || m.LastSignInAt.After(now) ||
		!m.LastSignInAt.IsZero() && (m.ActivatedAt.IsZero() || m.LastSignInAt.Before(m.ActivatedAt)) {
		f.Errorf("%s: %+v", what, m)
	}
	if (m.Kind == domain.Partner) != (m.Home != m.Organization) {
		f.Errorf("%s: %s from %s", what, m.Kind, m.Home)
	}
	s := f.load(domain.Want{Organization: org.ID, User: m.Person, Email: m.Email, Subscription: m.Subscription})
	p := s.User
	if p == nil || p.Email != m.Email || p.GivenName != m.GivenName || p.FamilyName != m.FamilyName || !slices.Contains(p.Organizations, org.ID) ||
		p.Home != m.Home || (p.PasswordHash == "") != m.ActivatedAt.IsZero() {
		f.Errorf("%s: the person %+v", what, p)
	}
	if s.EmailClaim == nil || s.EmailClaim.Person != m.Person {
		f.Errorf("%s: the address %+v", what, s.EmailClaim)
	}
	if f.profile.Policies.Subscription && (s.Subscription == nil || s.Subscription.Person != m.Person || s.Subscription.Active == m.Unsubscribed) {
		f.Errorf("%s: the subscription %+v", what, s.Subscription)
	}
}

// seats holds the noted administrators against those who are.
func (f *filled) seats(s *domain.Scene, members []*domain.Membership) {
	f.Helper()
	noted := map[domain.PersonID]domain.Seat{}
	for _, seat := range s.Administrators.Seats {
		noted[seat.Person] = seat
	}
	if len(noted) != len(s.Administrators.Seats) || len(noted) < 2 {
		f.Errorf("seats: %+v", s.Administrators.Seats)
	}
	for _, m := range members {
		seat, has := noted[m.Person]
		here := domain.Place{Membership: m, Organization: s.Organization}
		as := &domain.Caller{Person: &domain.Person{ID: m.Person}, Home: here, Here: here}
		administers := here.Lets(f.profile, now) && as.Decide(f.profile, domain.RightEditUsers, nil, now) == nil
		if has != administers || has && (!seat.Activated || seat.Barred || !seat.Chief || seat.Validity != m.Validity) {
			f.Errorf("%s administers: %v, seat %+v", m.Email, administers, seat)
		}
	}
}

// The same is made every time, but for the ids.
func TestSeedsAreAlike(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"rental", "construction", "telecom"} {
		var made [2][]string
		for i := range made {
			f, err := fill(t, key, 300, 2)
			if err != nil {
				t.Fatal(err)
			}
			names := map[domain.OrganizationID]string{}
			for _, c := range f.customers {
				names[c.ID] = c.Name
			}
			for _, c := range f.customers {
				made[i] = append(made[i], fmt.Sprintf("%s %d %s", c.Name, c.Users, c.Administrator))
				resources := f.resources(c.ID)
				for _, r := range resources {
					made[i] = append(made[i], fmt.Sprintln(r.Type, r.Name, r.Reference, r.Features, r.Children, r.CreatedAt, named(resources, r.Path...)))
				}
				for _, m := range f.members(c.ID) {
					line := fmt.Sprintln(m.Card, m.Kind, names[m.Home], m.Alphabet, m.Roles, m.Validity, m.DefaultTask, m.Subscription, m.Unsubscribed, m.RemovedAt, m.ActivatedAt, m.LastSignInAt, m.CreatedAt)
					for _, a := range m.Assignments {
						var places []domain.ResourceID
						for _, s := range a.Scopes {
							places = append(places, domain.ResourceID(s.ID))
						}
						line += fmt.Sprintln(a.Roles, a.Rights, named(resources, places...))
					}
					made[i] = append(made[i], line)
				}
			}
			slices.Sort(made[i])
		}
		if d := cmp.Diff(made[0], made[1]); d != "" || len(made[0]) < 300 {
			t.Errorf("%s: %d lines (-first +second)\n%s", key, len(made[0]), d)
		}
	}
}

// named are the references of resources, in an order without their ids.
func named(all map[domain.ResourceID]*domain.Resource, ids ...domain.ResourceID) (names []string) {
	for _, id := range ids {
		if r := all[id]; r != nil {
			names = append(names, r.Reference)
		} else {
			names = append(names, string(id)) // the organization has none
		}
	}
	slices.Sort(names)
	return names
}

// Wherever a transaction happens to be full, the next one has what it needs: with
// 40,000 users the seats of the administrators were left alone in the last one.
func TestSeedsOfEverySize(t *testing.T) {
	t.Parallel()
	p, err := profile.Load("rental")
	if err != nil {
		t.Fatal(err)
	}
	for users := 1; users <= 400; users++ {
		c := &checker{}
		made, err := seed.Fill(t.Context(), c, p, seed.Options{Users: users, Organizations: 1 + users%2*min(1, users-1), Hash: "hash", Now: now})
		if err != nil || len(made) == 0 || c.people != users {
			t.Fatalf("%d users: %d people, %+v, %v", users, c.people, made, err)
		}
	}
}

// checker is a store that holds changes against their rules and keeps nothing.
type checker struct {
	domain.Store
	people int
}

func (c *checker) Load(context.Context, domain.Want) (*domain.Scene, error) {
	return &domain.Scene{}, nil
}

func (c *checker) Commit(_ context.Context, change *domain.Change) error {
	for _, w := range change.Writes {
		if _, ok := w.Entity.(*domain.Person); ok {
			c.people++
		}
	}
	if len(change.Writes) > 95 {
		return fmt.Errorf("%d writes", len(change.Writes))
	}
	return change.Check()
}

func TestSeedFaults(t *testing.T) {
	t.Parallel()
	for _, o := range [][2]int{{0, 1}, {1, 2}, {5, 0}} {
		if _, err := fill(t, "rental", o[0], o[1]); err == nil {
			t.Errorf("%d users in %d organizations are made", o[0], o[1])
		}
	}
}

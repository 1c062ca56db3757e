package domain_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// path is a way by which somebody is given something on a resource.
type path func(w *world, by, to domain.PersonID, r *domain.Resource, what domain.Grants) error

// paths are all of them but the restore, which drops what it may not give.
var paths = map[string]path{
	"invitation": func(w *world, by, _ domain.PersonID, r *domain.Resource, what domain.Grants) error {
		in := domain.Invitation{
			Card:        domain.Card{GivenName: "A", FamilyName: "B", Email: "new@example.com", Language: domain.English},
			Assignments: []domain.Assignment{{Roles: what.Roles, Rights: what.Rights, Scopes: what.Scopes}},
		}
		want := domain.Want{Organization: r.Organization}
		want.ForInvitation(in)
		return w.request(by, want, func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.Invite(w.Context(), w.store, c, s, w.profile, in)
			return err
		})
	},
	"assignments": func(w *world, by, to domain.PersonID, r *domain.Resource, what domain.Grants) error {
		return w.request(by, domain.Want{Organization: r.Organization, User: to}, func(c *domain.Change, s *domain.Scene) error {
			had := s.Membership.Assignments
			_, err := domain.ReplaceAssignments(w.Context(), w.store, c, s, w.profile, append(slices.Clone(had), domain.Assignment{Roles: what.Roles, Rights: what.Rights, Scopes: what.Scopes}))
			return err
		})
	},
	"users of a resource": func(w *world, by, to domain.PersonID, r *domain.Resource, what domain.Grants) error {
		return w.share(by, r, domain.ResourceUser{Person: to, Roles: what.Roles, Rights: what.Rights})
	},
	"bulk": func(w *world, by, to domain.PersonID, r *domain.Resource, what domain.Grants) error {
		in := domain.Bulk{Grants: what, Users: []domain.PersonID{to}}
		want := domain.Want{Organization: r.Organization}
		want.ForBulk(in)
		return w.request(by, want, func(c *domain.Change, s *domain.Scene) error {
			results, err := domain.AssignMany(w.Context(), w.store, c, s, want, w.profile, in)
			if err != nil {
				return err
			}
			if results[0].Err != nil {
				return results[0].Err
			}
			return nil
		})
	},
}

// What one path refuses, all refuse, and for the same reason.
func TestXC5_XB10_EveryPathRefusesTheSame(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		what domain.Grants
		want error
	}{
		"what they hold":              {domain.Grants{Rights: keys("order")}, nil},
		"a role of theirs":            {domain.Grants{Roles: []domain.RoleKey{"keeper"}}, nil},
		"a role above":                {domain.Grants{Roles: []domain.RoleKey{"administrator"}}, domain.ErrRoleNotYours},
		"a right that they lack":      {domain.Grants{Rights: keys("invoices")}, domain.ErrRightNotYours},
		"one of two that they lack":   {domain.Grants{Rights: keys("order", "invoices")}, domain.ErrRightNotYours},
		"a right of the organization": {domain.Grants{Rights: keys("report")}, domain.ErrScope},
		"what the profile has not":    {domain.Grants{Rights: keys("fax")}, domain.ErrScope},
		"a role that there is not":    {domain.Grants{Roles: []domain.RoleKey{"gone"}}, domain.ErrRoleNotYours},
	} {
		for way, give := range paths {
			t.Run(name+", "+way, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				org := w.organization("Firma")
				boss, keeper, to := w.user(org, "administrator"), w.user(org, "keeper"), w.userWith(org, domain.Membership{ActivatedAt: noon})
				r := w.resource(org, w.site(org).Path[0])
				what := c.what
				what.Scopes = []domain.Scope{on(r)}
				w.is("given", give(w, keeper, to, r, what), c.want)
				if way == "invitation" {
					return
				}
				want := told([]domain.Assignment{{Roles: what.Roles, Rights: what.Rights, Scopes: what.Scopes}})
				if c.want != nil {
					want = nil
				}
				if got := told(w.member(org, to).Assignments); !slices.Equal(got, want) {
					t.Errorf("has %q, want %q", got, want)
				}
				// And a restore, of somebody who had it, drops it.
				m := w.member(org, to)
				m.Assignments = []domain.Assignment{domain.Assignment{ID: "asg_1", Roles: what.Roles, Rights: what.Rights, Scopes: what.Scopes}.Sorted()}
				m.RemovedAt = noon
				w.write(m)
				dropped, err := w.restored(keeper, org, to)
				w.is("restored", err, nil)
				if lost := len(dropped.Assignments) > 0; lost != (c.want != nil) {
					t.Errorf("restored without %v", dropped.Assignments)
				}
				if n := w.effective(org); n != 2 {
					t.Errorf("%d administrators beside %s", n, boss)
				}
			})
		}
	}
}

// Where the profile says so, nobody changes their own access: not even to have less.
func TestXC6_P22_NobodyEditsTheirOwnAccess(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{true, false} {
		w := newWorld(t)
		w.profile.Policies.SelfEdit = allowed
		org := w.organization("Firma")
		w.user(org, "administrator")
		self := w.user(org, "administrator")
		r := w.resource(org, w.site(org).Path[0])
		var want error
		if !allowed {
			want = domain.ErrSelf
		}
		for way, give := range paths {
			if way == "invitation" {
				continue // to another one
			}
			w.is(way, give(w, self, self, r, domain.Grants{Rights: keys("invoices"), Scopes: []domain.Scope{on(r)}}), want)
		}
		change := func(do func(c *domain.Change, s *domain.Scene) error) error {
			return w.request(self, domain.Want{Organization: org, User: self}, do)
		}
		for name, do := range map[string]act{
			"roles": func(c *domain.Change, s *domain.Scene) error {
				_, err := domain.UpdateUser(t.Context(), w.store, c, s, w.profile, domain.UserPatch{Roles: &[]domain.RoleKey{"administrator", "clerk"}})
				return err
			},
			"cleared": func(c *domain.Change, s *domain.Scene) error {
				return domain.ClearAccess(t.Context(), w.store, c, s, w.profile)
			},
		} {
			if name == "cleared" && allowed {
				continue // it would be their last request
			}
			w.is(name, change(do), want)
		}
		// Their term and their place in the organization are nobody's own anywhere.
		for _, l := range losses {
			if l.self {
				w.is(l.name, change(l.do(w)), domain.ErrSelf)
			}
		}
		// What is not access is theirs.
		task := "weld"
		w.is("default task", change(func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.UpdateUser(t.Context(), w.store, c, s, w.profile, domain.UserPatch{DefaultTask: &task})
			return err
		}), nil)
	}
}

// Nobody outside an organization gives anything in it, the operator included,
// and whoever has been let in no longer.
func TestXB3_NobodyElseGives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org, other := w.organization("Firma"), w.organization("Other")
	w.user(org, "administrator")
	to, r := w.userWith(org, domain.Membership{ActivatedAt: noon}), w.resource(org, w.site(org).Path[0])
	both := w.user(other, "administrator")
	p := w.load(domain.Want{User: both}).User
	p.Organizations = append(p.Organizations, org)
	w.write(p, &domain.Membership{
		Organization: org, Person: both, Kind: domain.Own, Roles: []domain.RoleKey{"administrator"}, ActivatedAt: noon,
		Validity: domain.Validity{Type: domain.Locked},
	})
	for name, by := range map[string]domain.PersonID{
		"another organization's administrator": w.user(other, "administrator"), "the operator": w.operator(), "one who is locked here, and at home elsewhere": both,
	} {
		for way, give := range paths {
			if err := give(w, by, to, r, domain.Grants{Rights: keys("invoices"), Scopes: []domain.Scope{on(r)}}); !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s, %s: %v", name, way, err)
			}
		}
	}
}

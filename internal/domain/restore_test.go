package domain_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// told is what assignments give, sorted, each role and right in each place on a line.
func told(assignments []domain.Assignment) (lines []string) {
	for _, a := range assignments {
		for _, s := range a.Scopes {
			where := strings.TrimSuffix(string(s.Type)+" "+s.ID, " ")
			for _, r := range a.Roles {
				lines = append(lines, string(r)+" in "+where)
			}
			for _, r := range a.Rights {
				lines = append(lines, string(r)+" in "+where)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// restored is what a removed user comes back with, and without.
func (w *world) restored(by domain.PersonID, org domain.OrganizationID, user domain.PersonID) (dropped domain.Gift, err error) {
	w.Helper()
	err = w.request(by, domain.Want{Organization: org, User: user}, func(c *domain.Change, s *domain.Scene) error {
		var m *domain.Membership
		var err error
		m, dropped, err = domain.RestoreUser(w.Context(), w.store, c, s, w.profile)
		if err == nil && !m.RemovedAt.IsZero() {
			w.Error("restored, and still removed")
		}
		return err
	})
	return dropped, err
}

func (w *world) remove(by domain.PersonID, org domain.OrganizationID, user domain.PersonID) {
	w.Helper()
	err := w.request(by, domain.Want{Organization: org, User: user}, func(c *domain.Change, s *domain.Scene) error {
		return domain.RemoveUser(w.Context(), w.store, c, s, w.profile)
	})
	w.is("removal", err, nil)
}

// Whoever comes back gets what they had, but for what may not be given today,
// by this one: that is dropped and told, to the letter.
func TestXC8_RestoreDropsExactlyWhatMayNotBeGiven(t *testing.T) {
	t.Parallel()
	// setting is a user who had something of each kind, and what became of the
	// places since.
	type setting struct {
		*world
		org, lost, kept        domain.OrganizationID
		boss, keeper, fellow   domain.PersonID
		here, gone             *domain.Resource
		everything             []string
		atLost, atKept, onGone string
	}
	prepare := func(t *testing.T) *setting {
		s := &setting{world: newWorld(t)}
		s.org = s.organization("Firma")
		s.lost, s.kept = s.client("Lost", s.org, web("report", "order")), s.client("Kept", s.org, web("report", "order"))
		s.boss = s.user(s.org, "administrator")
		s.keeper = s.userWith(s.org, domain.Membership{
			Roles: []domain.RoleKey{"keeper"}, ActivatedAt: noon, Assignments: []domain.Assignment{rights(keys("report"), clients)},
		})
		s.here, s.gone = s.site(s.org), s.site(s.org)
		s.fellow = s.userWith(s.org, domain.Membership{
			Roles: []domain.RoleKey{"clerk", "administrator"}, ActivatedAt: noon, DefaultTask: "weld",
			JobTitles: map[domain.ResourceID]string{s.here.ID: "welder", s.gone.ID: "foreman"},
			Assignments: []domain.Assignment{
				{Roles: []domain.RoleKey{"clerk"}, Rights: keys("order"), Scopes: []domain.Scope{on(s.here), on(s.gone)}},
				rights(keys("report", "order"), at(s.lost), at(s.kept)),
				rights(keys("report", "secret", "fax"), whole),
				roles("clerk", clients),
			},
		})
		s.everything = told(s.member(s.org, s.fellow).Assignments)
		removed := s.member(s.org, s.fellow)
		removed.RemovedAt = s.now
		s.write(removed)
		number := s.resource(s.org, s.gone.Path[0])
		number.Children = 0
		c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, s.now, "")
		c.Remove(s.resource(s.org, s.gone.ID))
		c.Put(number)
		c.Record(s.org, domain.ResourceRemoved, domain.Subject{})
		s.is("the site goes", s.store.Commit(t.Context(), c), nil)
		ended := s.load(domain.Want{Organization: s.org, Clients: []domain.OrganizationID{s.lost}}).Clients[s.lost].Mandates
		ended.Items[0].RevokedAt = s.now
		s.write(ended)
		s.atLost, s.atKept, s.onGone = "client "+string(s.lost), "client "+string(s.kept), "site "+string(s.gone.ID)
		return s
	}
	for name, c := range map[string]struct {
		by      func(*setting) domain.PersonID
		roles   []domain.RoleKey
		dropped func(*setting) []string
	}{
		"by an administrator": {
			by: func(s *setting) domain.PersonID { return s.boss },
			dropped: func(s *setting) []string {
				return []string{
					"clerk in " + s.onGone, "order in " + s.onGone, "order in " + s.atLost, "report in " + s.atLost,
					"secret in organization", "fax in organization",
				}
			},
		},
		"by one of less power": {
			by:    func(s *setting) domain.PersonID { return s.keeper },
			roles: []domain.RoleKey{"administrator"},
			dropped: func(s *setting) []string {
				return []string{
					"clerk in " + s.onGone, "order in " + s.onGone, "order in " + s.atLost, "report in " + s.atLost,
					"secret in organization", "fax in organization",
					"order in " + s.atKept, "clerk in clients", // they hold reports at clients, and no more
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t)
			before := s.member(s.org, s.fellow)
			dropped, err := s.restored(c.by(s), s.org, s.fellow)
			s.is("restore", err, nil)
			want := c.dropped(s)
			slices.Sort(want)
			if diff := cmp.Diff(want, told(dropped.Assignments)); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.roles, dropped.Roles); diff != "" {
				t.Errorf("roles dropped (-want +got):\n%s", diff)
			}
			m := s.member(s.org, s.fellow)
			left := slices.DeleteFunc(slices.Clone(s.everything), func(line string) bool { return slices.Contains(want, line) })
			if diff := cmp.Diff(left, told(m.Assignments)); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			if got := append(slices.Clone(m.Roles), dropped.Roles...); !slices.Equal(got, before.Roles) {
				t.Errorf("roles %v and %v of %v", m.Roles, dropped.Roles, before.Roles)
			}
			if diff := cmp.Diff(map[domain.ResourceID]string{s.here.ID: "welder"}, m.JobTitles); diff != "" {
				t.Errorf("job titles (-want +got):\n%s", diff)
			}
			ids := map[domain.AssignmentID]bool{}
			for _, a := range m.Assignments {
				if diff := cmp.Diff(a.Sorted(), a); diff != "" || !a.ID.Valid() || ids[a.ID] {
					t.Errorf("%+v is not as stored ones are", a)
				}
				ids[a.ID] = true
			}
			// They have to accept anew, with a password of their own, and old sessions are dead.
			if p := s.load(domain.Want{User: s.fellow}).User; !m.ActivatedAt.IsZero() || p.PasswordHash != "" || p.Security != 2 {
				t.Errorf("activated %v, password %q, security %d", m.ActivatedAt, p.PasswordHash, p.Security)
			}
			if got := s.mails()[s.fellow]; !slices.Equal(got, []domain.MailKind{domain.MailActivation}) {
				t.Errorf("mails %v", got)
			}
			if done := s.audit(s.org); !slices.Contains(done, domain.ActivationSent) || !slices.Contains(done, domain.UserRestored) {
				t.Errorf("audit %v", done)
			}
		})
	}
}

// Who is removed is out at once, and comes back once, by a new activation.
func TestXC8_RemovedAndRestoredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	boss, user := w.user(org, "administrator"), w.user(org, "clerk")
	_, err := w.restored(boss, org, user)
	w.is("who is not removed", err, domain.ErrNotInactive)
	w.remove(boss, org, user)
	w.is("a session of theirs", w.request(user, domain.Want{Organization: org}, nil), domain.ErrUnauthenticated)
	if got := w.may(user, org, org, nil, "report"); got != domain.NotValid {
		t.Errorf("removed: %s", got)
	}
	again := w.request(boss, domain.Want{Organization: org, User: user}, func(c *domain.Change, s *domain.Scene) error {
		return domain.RemoveUser(w.Context(), w.store, c, s, w.profile)
	})
	w.is("removed again", again, domain.ErrInactive)
	_, err = w.restored(boss, org, domain.NewPersonID())
	w.is("nobody", err, domain.ErrNotFound)
	_, err = w.restored(boss, org, user)
	w.is("restored", err, nil)
	w.is("the old session", w.request(user, domain.Want{Organization: org}, nil), domain.ErrUnauthenticated)
}

// Who has roles without sign-in comes back without a mail; who is a user
// elsewhere too keeps their password and the sessions there.
func TestRestoreOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org, other := w.organization("Firma"), w.organization("Other")
	boss, silent := w.user(org, "administrator"), w.userWith(org, domain.Membership{Roles: []domain.RoleKey{"attestant"}})
	both := w.user(org, "clerk")
	p := w.load(domain.Want{User: both}).User
	p.Organizations = append(p.Organizations, other)
	w.write(p, &domain.Membership{Organization: other, Person: both, Kind: domain.Own, Roles: []domain.RoleKey{"clerk"}, ActivatedAt: noon})
	for _, user := range []domain.PersonID{silent, both} {
		w.remove(boss, org, user)
		_, err := w.restored(boss, org, user)
		w.is("restored", err, nil)
	}
	if got := w.mails()[silent]; got != nil {
		t.Errorf("mails to one who cannot sign in: %v", got)
	}
	if p := w.load(domain.Want{User: both}).User; p.PasswordHash != "hash" || p.Security != 1 {
		t.Errorf("of a user elsewhere: %+v", p)
	}
	if got := w.may(silent, org, org, nil, "attest"); got != domain.Allowed {
		t.Errorf("who needs no activation: %s", got)
	}
	if got := w.may(both, org, org, nil, "report"); got != domain.NotValid {
		t.Errorf("before they accept: %s", got)
	}
	w.is("their session, elsewhere", w.request(both, domain.Want{Organization: other}, func(_ *domain.Change, s *domain.Scene) error {
		return s.Caller.Decide(w.profile, "report", nil, w.now)
	}), nil)
}

// full is a user with as much as one can have.
func (w *world) full(org domain.OrganizationID, s domain.ScopeType, id func(int) string) domain.PersonID {
	w.Helper()
	a := domain.Assignment{Roles: []domain.RoleKey{"clerk"}, Rights: keys("order", domain.RightSeeResources, domain.RightEditResources)}
	for i := range domain.MaxScopes {
		a.Scopes = append(a.Scopes, domain.Scope{Type: s, ID: id(i)})
	}
	return w.userWith(org, domain.Membership{Roles: []domain.RoleKey{"clerk"}, ActivatedAt: noon, Assignments: []domain.Assignment{a}})
}

// Who was given as much as anybody can be can lose it again, in every way.
func TestWhoHasMostCanLoseIt(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(context.Context, *world, *domain.Change, *domain.Scene) error{
		"cleared": func(ctx context.Context, w *world, c *domain.Change, s *domain.Scene) error {
			return domain.ClearAccess(ctx, w.store, c, s, w.profile)
		},
		"replaced": func(ctx context.Context, w *world, c *domain.Change, s *domain.Scene) error {
			_, err := domain.ReplaceAssignments(ctx, w.store, c, s, w.profile, []domain.Assignment{rights(keys("report"), whole)})
			return err
		},
		"locked": func(ctx context.Context, w *world, c *domain.Change, s *domain.Scene) error {
			_, err := domain.SetValidity(ctx, w.store, c, s, w.profile, domain.Validity{Type: domain.Locked})
			return err
		},
		"removed": func(ctx context.Context, w *world, c *domain.Change, s *domain.Scene) error {
			return domain.RemoveUser(ctx, w.store, c, s, w.profile)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			org := w.organization("Firma")
			boss := w.user(org, "administrator")
			user := w.full(org, "site", func(i int) string { return string(domain.NewResourceID(noon.Add(time.Duration(i) * time.Millisecond))) })
			err := w.request(boss, domain.Want{Organization: org, User: user}, func(c *domain.Change, s *domain.Scene) error {
				return lose(t.Context(), w, c, s)
			})
			w.is(name, err, nil)
		})
	}
}

func TestNobodyIsGivenMoreThanCanBeKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	boss, site := w.user(org, "administrator"), w.site(org)
	user := w.full(org, "site", func(i int) string { return string(domain.NewResourceID(noon.Add(time.Duration(i) * time.Millisecond))) })
	w.is("one place more", w.share(boss, site, domain.ResourceUser{Person: user, Rights: keys("order")}), domain.ErrTooMuch)
	w.is("a role for all", w.request(boss, domain.Want{Organization: org, User: user}, func(c *domain.Change, s *domain.Scene) error {
		_, err := domain.UpdateUser(t.Context(), w.store, c, s, w.profile, domain.UserPatch{Roles: &[]domain.RoleKey{"clerk", "keeper"}})
		return err
	}), nil)
}

// Who served more clients than one transaction can hold can still come back.
func TestRestoreOfWhoServedManyClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	boss := w.user(org, "administrator")
	var all []domain.Scope
	for i := range 150 {
		all = append(all, at(w.client(fmt.Sprintf("Client %d", i), org, web("report"))))
	}
	user := w.userWith(org, domain.Membership{Roles: []domain.RoleKey{"clerk"}, ActivatedAt: noon, Assignments: []domain.Assignment{rights(keys("report"), all...)}})
	w.remove(boss, org, user)
	dropped, err := w.restored(boss, org, user)
	w.is("restored", err, nil)
	if len(dropped.Roles)+len(dropped.Assignments) > 0 || len(told(w.member(org, user).Assignments)) != 150 {
		t.Errorf("dropped %+v, kept %d of 150", dropped, len(told(w.member(org, user).Assignments)))
	}
}

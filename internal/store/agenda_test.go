package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// What is due is in the order of time, page by page, whatever the shard; what is
// put aside is in none of them until it is taken up, or changed.
func TestAgenda(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		due := func(at time.Time) (all []domain.DueMembership) {
			t.Helper()
			for shard := range domain.AgendaShards {
				var last time.Time
				for req := (domain.PageRequest{Limit: 2}); ; {
					page, err := s.DueMemberships(t.Context(), shard, at, req)
					if err != nil {
						t.Fatal(err)
					}
					for _, d := range page.Items {
						if d.At.Before(last) {
							t.Errorf("shard %d: %v comes after %v", shard, d.At, last)
						}
						last = d.At
					}
					all = append(all, page.Items...)
					if req.After = page.Next; req.After == "" {
						break
					}
				}
			}
			return all
		}
		var members []*domain.Membership
		for i := range 30 {
			m := *everything().removed
			m.RemovedAt, m.Agenda.Next = time.Time{}, now.Add(time.Duration(i)*time.Minute)
			if i == 29 {
				m.Agenda.Next = time.Time{} // waits for nothing
			}
			members = append(members, &m)
			commit(t, s, puts(&m))
		}
		if got := len(due(now.Add(14 * time.Minute))); got != 15 {
			t.Errorf("%d are due after 14 minutes, want 15", got)
		}
		if got := len(due(now.Add(24 * time.Hour))); got != 29 {
			t.Errorf("%d are due in the end, want 29", got)
		}

		first := domain.DueMembership{Organization: org, Person: members[0].Person, At: now.Truncate(time.Millisecond)}
		aside := func() []domain.DueMembership {
			t.Helper()
			page, err := s.Aside(t.Context(), domain.PageRequest{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return page.Items
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(s.PutAside(t.Context(), org, first.Person))
		must(s.PutAside(t.Context(), org, first.Person))
		must(s.PutAside(t.Context(), org, members[29].Person))
		must(s.PutAside(t.Context(), org, "usr_of_nobody"))
		if diff := cmp.Diff([]domain.DueMembership{first}, aside()); diff != "" {
			t.Errorf("aside:\n%s", diff)
		}
		if got := len(due(now)); got != 0 {
			t.Errorf("%d are due", got)
		}
		must(s.TakeUp(t.Context(), first))
		if diff := cmp.Diff([]domain.DueMembership{first}, due(now)); diff != "" {
			t.Errorf("taken up:\n%s", diff)
		}
		if got := aside(); len(got) != 0 {
			t.Errorf("aside: %v", got)
		}
		must(s.PutAside(t.Context(), org, first.Person))
		again := *members[0]
		again.Version = 4 // written, put aside, taken up, put aside
		commit(t, s, puts(&again))
		if got := due(now); len(got) != 1 {
			t.Errorf("changed, and due are %v", got)
		}
	})
}

// A broken item can be put aside too.
func TestABrokenMembershipIsPutAside(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	s, m := New(tb), *everything().removed
	commit(t, s, puts(&m))
	key := membershipKey(org, m.Person)
	found, err := tb.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	item := found[key]
	item.Version, item.Body = 2, []byte(`{"roles":7}`)
	if err := tb.Transact(t.Context(), table.Put(item, table.IfVersion(1))); err != nil {
		t.Fatal(err)
	}
	if err := s.PutAside(t.Context(), org, m.Person); err != nil {
		t.Fatal(err)
	}
	page, err := s.Aside(t.Context(), domain.PageRequest{Limit: 10})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("aside: %v, %v", page.Items, err)
	}
}

package simulation

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job/expirememberships"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// ending makes people whose last day is the third of September, and returns when
// it ends in all of the zones.
func (w *world) ending(n int) (people []*domain.Membership, end time.Time) {
	w.Helper()
	c := w.change()
	for i := range n {
		m := w.member(w.customer(i), "user", domain.Validity{Type: domain.FixedTerm, From: "2027-08-01", To: "2027-09-03"})
		m.Agenda.Reminded = domain.Reminder{To: "2027-09-03"} // of everything
		m.Plan(w.profile, w.customer(i).Zone())
		w.put(c, m)
		people = append(people, m)
		if len(c.Writes) >= 90 || i == n-1 {
			w.commit(c)
			c = w.change()
		}
	}
	return people, time.Date(2027, 9, 3, 22, 0, 0, 0, time.UTC)
}

// toldOnce demands that the end of all of them was told once, in everything that
// tells of it, and of nobody else's.
func (w *world) toldOnce(people []*domain.Membership) {
	w.Helper()
	mails, lines, audit, ended := map[domain.PersonID]int{}, map[domain.PersonID]int{}, map[domain.PersonID]int{}, map[domain.PersonID]int{}
	w.items("", func(item table.Item) {
		var body struct {
			ID        domain.PersonID
			Kind      domain.MailKind
			Person    domain.PersonID
			Items     []domain.DigestItem
			Action    domain.Action
			SubjectID domain.PersonID
			Security  int
		}
		if err := json.Unmarshal(item.Body, &body); err != nil {
			w.Fatalf("%s: %v", item.Body, err)
		}
		switch {
		case strings.HasPrefix(item.PK, "MAIL#") && body.Kind == domain.MailEnded:
			mails[body.Person]++
		case strings.HasPrefix(item.PK, "DIGEST#"):
			for _, one := range body.Items {
				lines[one.Person]++
			}
		case body.Action == domain.UserExpired:
			audit[body.SubjectID]++
		case body.Security > 1:
			ended[body.ID] += body.Security - 1
		}
	})
	for what, told := range map[string]map[domain.PersonID]int{"mails": mails, "lines of a digest": lines, "entries in the audit": audit, "ends of sessions": ended} {
		if len(told) != len(people) {
			w.Errorf("%s of %d people, want %d", what, len(told), len(people))
		}
		for _, m := range people {
			if told[m.Person] != 1 {
				w.Errorf("%d %s of %s", told[m.Person], what, m.Person)
			}
		}
	}
}

// A run is broken off at each of its calls in turn, before it has happened and
// after. The next run does the rest.
func TestXG9_ARunIsBrokenOffAtEveryCall(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]tabletest.Fault{"before": tabletest.Down, "after": tabletest.LostAnswer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := false
			for call := 1; !done; call++ {
				w := newWorld(t, 2)
				people, end := w.ending(5)
				w.now = end
				calls, dead := 0, false
				w.spoil = func(tabletest.Call) tabletest.Fault {
					calls++
					switch {
					case dead:
						return tabletest.Down
					case calls == call:
						dead = true
						return fault
					}
					return tabletest.Fault{}
				}
				err := w.run(1)
				if dead && err == nil && calls == call && fault.Before != nil {
					t.Errorf("call %d failed, and the run did not", call)
				}
				done = !dead
				w.spoil = nil
				w.now = w.now.Add(2 * time.Minute)
				if err := w.run(1); err != nil {
					t.Fatalf("after call %d: %v", call, err)
				}
				w.toldOnce(people)
				if t.Failed() {
					t.Fatalf("broken off at call %d", call)
				}
				w.base.Close()
			}
		})
	}
}

// One process's clock is fast or slow by a minute and a half, and the other one's
// run comes into its own at any call: the lease is taken away from who seems to
// have gone, who then writes nothing more.
func TestXG13_TwoRunsWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-90 * time.Second, 90 * time.Second, -5 * time.Minute, 5 * time.Minute} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			t.Parallel()
			done, taken := false, 0
			for call := 1; !done; call++ {
				w := newWorld(t, 2)
				people, end := w.ending(5)
				w.now = end.Add(10 * time.Minute)
				other := w.deps
				other.Store, other.Clock = store.New(w.base), func() time.Time { return w.now.Add(skew) }
				calls := 0
				w.spoil = func(tabletest.Call) tabletest.Fault {
					if calls++; calls == call {
						out, err := expirememberships.Job().Run(t.Context(), other, json.RawMessage("{}"))
						if err != nil {
							t.Error(err)
						}
						if r, ok := out.(expirememberships.Result); ok && r.Done > 0 {
							taken++
						}
					}
					return tabletest.Fault{}
				}
				if err := w.run(1); err != nil {
					t.Fatal(err)
				}
				done = calls < call
				w.spoil = nil
				w.now = w.now.Add(10 * time.Minute)
				if err := w.run(1); err != nil {
					t.Fatal(err)
				}
				w.toldOnce(people)
				if t.Failed() {
					t.Fatalf("the other run came at call %d", call)
				}
				w.base.Close()
			}
			if taken == 0 {
				t.Error("the other run never did anything")
			}
		})
	}
}

// XG10: who has lost the lease writes nothing more, though nobody has done its
// work: the other one has only just begun when it dies.
func TestXG10_WhoHasLostTheLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	done := false
	for call := 3; !done; call++ { // the first two take the lease
		w := newWorld(t, 2)
		people, end := w.ending(5)
		w.now = end
		told := func() (n int) {
			w.items("MAIL#", func(table.Item) { n++ })
			return n
		}
		other, calls, before := w.deps, 0, -1
		taking := tabletest.Inject(w.base, func(c tabletest.Call) tabletest.Fault {
			if c.Method == tabletest.Query || c.Method == tabletest.Transact && c.N > 1 {
				return tabletest.Down
			}
			return tabletest.Fault{}
		})
		other.Store, other.Clock = store.New(taking), func() time.Time { return w.now.Add(5 * time.Minute) }
		w.spoil = func(tabletest.Call) tabletest.Fault {
			if calls++; calls == call {
				if _, err := expirememberships.Job().Run(t.Context(), other, json.RawMessage("{}")); err == nil {
					t.Error("the other run has not died")
				}
				before = told()
			}
			return tabletest.Fault{}
		}
		if err := w.run(1); err != nil {
			t.Fatal(err)
		}
		done = calls < call
		if n := told(); !done && n != before {
			t.Errorf("the lease was lost at call %d, and %d mails were written after", call, n-before)
		}
		w.spoil = nil
		w.now = w.now.Add(8 * time.Minute)
		if err := w.run(1); err != nil {
			t.Fatal(err)
		}
		w.toldOnce(people)
		w.base.Close()
	}
}

// Who ends early by a fast clock ends so much too early and no more, and once.
func TestXG13_NobodyEndsEarlierThanTheClockIsFast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1) // in Helsinki, where midnight is an hour earlier
	people, end := w.ending(5)
	end = end.Add(-time.Hour)
	const skew = 90 * time.Second
	for _, at := range []time.Duration{-skew - time.Second, -skew, 0, skew - time.Second, skew, time.Hour} {
		w.now = end.Add(at)
		for _, off := range []time.Duration{skew, -skew, 0} {
			w.deps.Clock = func() time.Time { return w.now.Add(off) }
			if err := w.run(1); err != nil {
				t.Fatal(err)
			}
		}
		if at < -skew {
			w.toldOnce(nil)
		} else {
			w.toldOnce(people)
		}
	}
}

// A digest takes nothing more shortly before it leaves: a run whose clock is slow
// would put a line into one that has left.
func TestXG13_NoLineComesTooLateForItsDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1) // in Helsinki
	c := w.change()
	early := w.member(w.customer(0), "user", domain.Validity{Type: domain.FixedTerm, From: "2027-08-01", To: "2027-09-02"})
	late := w.member(w.customer(0), "user", domain.Validity{Type: domain.FixedTerm, From: "2027-08-01", To: "2027-09-02"})
	late.Agenda.Next = time.Date(2027, 9, 3, 4, 58, 0, 0, time.UTC) // it was put aside until then
	w.put(c, early)
	w.put(c, late)
	w.commit(c)
	leaves := time.Date(2027, 9, 3, 5, 0, 0, 0, time.UTC)
	w.now = leaves.Add(-6 * time.Hour)
	if err := w.run(1); err != nil {
		t.Fatal(err)
	}
	w.now = leaves // by the clock of who sends
	if err := w.dispatch(); err != nil {
		t.Fatal(err)
	}
	w.now = leaves.Add(-90 * time.Second) // by the clock of who runs
	if err := w.run(1); err != nil {
		t.Fatal(err)
	}
	for day, who := range map[domain.Date]domain.PersonID{"2027-09-03": early.Person, "2027-09-04": late.Person} {
		ref := domain.DigestRef{Organization: early.Organization, Day: day}
		s, err := w.store.Load(t.Context(), domain.Want{Digests: []domain.DigestRef{ref}})
		if err != nil {
			t.Fatal(err)
		}
		if d := s.Digests[ref]; d == nil || len(d.Items) != 1 || d.Items[0].Person != who {
			t.Errorf("the digest of %s: %+v, want one line of %s", day, d, who)
		}
	}
}

// Of fifty one is broken: it is put aside, and the run says so; the others are
// seen to. Mended and taken up again, it is one of them.
func TestXG9_ABrokenMembershipStopsNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	people, end := w.ending(50)
	broken := people[17]
	var whole table.Item
	w.items("ORG#"+string(broken.Organization), func(item table.Item) {
		if item.SK == "USER#"+string(broken.Person) {
			whole = item
		}
	})
	write := func(body []byte) {
		t.Helper()
		found, err := w.base.Get(t.Context(), whole.Key)
		if err != nil {
			t.Fatal(err)
		}
		next := found[whole.Key]
		next.Body, next.Version = body, next.Version+1
		if err := w.base.Transact(t.Context(), table.Put(next, table.IfVersion(next.Version-1))); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte(`{"roles":7}`))
	w.now = end
	out, err := expirememberships.Job().Run(t.Context(), w.deps, json.RawMessage("{}"))
	if r := out.(expirememberships.Result); err == nil || r.Due != 50 || r.Done != 49 || r.Failed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	page, err := w.store.Aside(t.Context(), domain.PageRequest{Limit: 10})
	if err != nil || len(page.Items) != 1 || page.Items[0].Person != broken.Person {
		t.Fatalf("aside: %+v, %v", page.Items, err)
	}
	if err := w.run(1); err != nil {
		t.Errorf("the next run: %v", err) // of what is aside nobody hears every hour
	}
	write(whole.Body)
	if err := w.run(1); err != nil {
		t.Fatal(err)
	}
	if err := w.store.TakeUp(t.Context(), page.Items[0]); err != nil {
		t.Fatal(err)
	}
	if err := w.run(1); err != nil {
		t.Fatal(err)
	}
	w.toldOnce(people)
}

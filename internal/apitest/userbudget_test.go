package apitest

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/seed"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// fixture is a customer of a size, as fullmakt seed makes it, in a world that
// counts its use of the table.
type fixture struct {
	*World
	Customer
	counter     *tabletest.Counter
	users, gone int // those listed, and those removed
	resource    string
}

func fixtureOf(t testing.TB, users int) *fixture {
	t.Helper()
	f := &fixture{}
	f.World = On(t, SQLite(t), Options{Profile: "construction", Wrap: func(tb table.Table) table.Table {
		f.counter = tabletest.Count(tb)
		return f.counter
	}})
	hash, err := f.Hasher.Hash(Password)
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(f.Base)
	made, err := seed.Fill(t.Context(), s, f.Profile, seed.Options{Users: users, Organizations: 1, Hash: hash, Now: f.Now()})
	if err != nil {
		t.Fatal(err)
	}
	f.Customer = Customer{ID: string(made[0].ID), Token: f.SignIn(string(made[0].Administrator), Password)}
	f.AdminID = f.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: f.Token}).Text("id")
	all, err := s.AllUsers(t.Context(), made[0].ID)
	if err != nil || len(all) != users {
		t.Fatalf("%d users, %v", len(all), err)
	}
	for _, m := range all {
		if !m.RemovedAt.IsZero() {
			f.gone++
		}
	}
	f.users = users - f.gone
	f.resource = f.ask("/resources?type=project&limit=1").Text("items/0/id")
	f.ask("/users/export?format=csv") // from the second one on, there is a count of them to read
	return f
}

func (f *fixture) ask(path string) Answer {
	f.T.Helper()
	return f.Want(http.StatusOK, Request{Method: "GET", Path: f.Path(path), Token: f.Token})
}

// spent is what one request to the table comes to.
func (f *fixture) spent(path string) tabletest.Counts {
	f.T.Helper()
	f.counter.Reset()
	f.ask(path)
	return f.counter.Counts()
}

// cost is how much of the table one request for a page of 50 may read: queries
// and items.
type cost func(f *fixture) (queries, items int)

// byName is a page of an index, whatever the size of the organization.
func byName(f *fixture) (int, int) { return 1, min(50, f.users) }

// sifted is a part of the list by name, of which not everybody is shown: never
// more than a few steps.
func sifted(f *fixture) (int, int) { return 5, min(850, f.users) }

// whole is everybody in the organization, and nobody else.
func whole(f *fixture) (int, int) {
	n := f.users + f.gone
	return (n + 999) / 1000, n
}

func removedByName(f *fixture) (int, int) { return 1, min(50, f.gone) }

// ways are all kinds of lists of users.
func (f *fixture) ways() map[string]cost {
	since := url.QueryEscape(f.Now().AddDate(0, -1, 0).Format("2006-01-02T15:04:05Z"))
	return map[string]cost{
		"?":                                      byName,
		"?sort=name":                             byName,
		"?sort=-name":                            whole,
		"?sort=email":                            whole,
		"?sort=-lastSignInAt":                    whole,
		"?q=a":                                   sifted,
		"?q=%C3%B6":                              sifted,
		"?q=nobody-has-this":                     sifted,
		"?name=Aalto":                            sifted,
		"?email=aalto":                           sifted,
		"?phone=358":                             sifted,
		"?role=report-reader":                    sifted,
		"?right=reports":                         sifted,
		"?right=reports&right=users:edit":        sifted,
		"?right=schedule&resource=" + f.resource: sifted,
		"?resource=" + f.resource:                sifted,
		"?homeOrganization=" + f.ID:              sifted,
		"?status=invited":                        sifted,
		"?status=locked":                         sifted,
		"?kind=partner":                          sifted,
		"?kind=own":                              sifted,
		"?signedInSince=" + since:                sifted,
		"?notSignedInSince=" + since:             sifted,
		"?status=inactive":                       removedByName,
		"?status=inactive&sort=-email":           whole,
		"?count=true":                            whole,
		"?count=true&q=a":                        whole,
		"?sort=-role&q=a&status=active":          whole,
		"/export?format=csv":                     whole,
		"/export?format=csv&q=a&sort=-email":     whole,
	}
}

// keeps holds every kind of list to its cost.
func (f *fixture) keeps() map[string]tabletest.Counts {
	f.T.Helper()
	all := map[string]tabletest.Counts{}
	for way, most := range f.ways() {
		got := f.spent("/users" + way)
		all[way] = got
		queries, items := most(f)
		if got.Gets != 1 || got.Keys > 6 || got.Queries > queries || got.ItemsQueried > items || got.Transacts > 1 {
			f.T.Errorf("%d users, %s: %+v, budget %d queries of %d items", f.users+f.gone, way, got, queries, items)
		}
	}
	return all
}

// The default page of a list costs the same in an organization of 100 users as
// in one of 10,000; what is filtered by name a few steps; what has to be read whole
// the organization. What others in the portal have is no matter to any of them.
// 100,000 users: BenchmarkUserLists.
func TestBudgetOfLists(t *testing.T) {
	t.Parallel()
	defaults := map[int]tabletest.Counts{}
	for _, users := range []int{100, 10_000} {
		f := fixtureOf(t, users)
		alone := f.keeps()
		defaults[users] = alone["?"]
		f.Populate(f.World.Customer("beta"), 1500)
		if d := cmp.Diff(alone, f.keeps()); d != "" {
			t.Errorf("%d users, (-alone +beside others)\n%s", users, d)
		}
		// All pages of a filtered list: nobody is read much more often than once.
		for _, way := range []string{"?kind=partner", "?q=a", "?role=report-reader", "?sort=name"} {
			items, pages := 0, 0
			for cursor := ""; ; pages++ {
				f.counter.Reset()
				a := f.ask("/users" + way + "&limit=200" + cursor)
				items += f.counter.Counts().ItemsQueried
				if a.Text("next") == "" {
					break
				}
				cursor = "&cursor=" + url.QueryEscape(a.Text("next"))
			}
			if items > 2*f.users {
				t.Errorf("%d users, %s: %d items in %d pages", f.users, way, items, pages+1)
			}
		}
	}
	if defaults[100] != defaults[10_000] {
		t.Errorf("100 users: %+v, 10,000 users: %+v", defaults[100], defaults[10_000])
	}
}

// What the lists take in time and in memory, of 100,000 users too, who take too
// long to make for a test. They are held to the same budgets.
// Run with: go test -run '^$' -bench UserLists -benchtime 5x ./internal/apitest
func BenchmarkUserLists(b *testing.B) {
	for _, users := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			f := fixtureOf(b, users)
			f.keeps()
			for _, way := range []string{"?", "?q=a", "?q=nobody-has-this", "?right=reports", "?sort=email", "?sort=-lastSignInAt&q=a", "?count=true"} {
				b.Run(way, func(b *testing.B) {
					runtime.GC()
					peak, stop := watchHeap()
					for b.Loop() {
						f.ask("/users" + way)
					}
					b.ReportMetric(float64(peak()>>20), "heap-MB")
					stop()
				})
			}
		})
	}
}

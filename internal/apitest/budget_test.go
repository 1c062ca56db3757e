package apitest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// counted is a world that counts its use of the table.
func counted(t *testing.T) (*World, *tabletest.Counter) {
	t.Helper()
	var counter *tabletest.Counter
	w := On(t, SQLite(t), Options{Wrap: func(tb table.Table) table.Table {
		counter = tabletest.Count(tb)
		return counter
	}})
	return w, counter
}

// An authenticated request is one batch read for its context, then at most one
// read or one transaction of its own. What does more says why here.
func TestBudgetOfEveryRequest(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "budget@alpha.example", "user")
	joined, _ := w.Join(alpha, "joined@alpha.example", "user")
	operator := w.Operator()
	etag := func(path string) []Header {
		return []Header{{"If-Match", w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: alpha.Token}).Header.Get("ETag")}}
	}
	links := func(path, token string, body Object) Request {
		body["token"] = token
		return Request{Method: "POST", Path: path, Body: body}
	}
	w.Invite(alpha, "link@alpha.example", "user")
	activation := w.Link("link@alpha.example")
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": joined.Email}})
	reset := w.Link(joined.Email)
	tried := map[string]bool{}
	for _, c := range []struct {
		name                     string
		request                  Request
		gets, queries, transacts int
	}{
		{"activation-check", links("/v1/activations/check", activation, Object{}), 1, 0, 0},
		{"activation-complete", links("/v1/activations", activation, Object{"password": Password}), 1, 0, 1},
		{"password-reset-check", links("/v1/password-resets/check", reset, Object{}), 1, 0, 0},
		// The counters of failed sign-ins are cleared with it.
		{"password-reset-complete", links("/v1/password-resets/complete", reset, Object{"password": Password}), 2, 0, 2},
		{"me-get", Request{Method: "GET", Path: "/v1/me", Token: alpha.Token}, 1, 0, 0},
		{"me-update", Request{Method: "PATCH", Path: "/v1/me", Token: alpha.Token, Body: Object{"language": "sv"}, Headers: etag("/v1/me")}, 1, 0, 1},
		{"session-list", Request{Method: "GET", Path: "/v1/me/sessions", Token: alpha.Token}, 1, 1, 0},
		{"organization-get", Request{Method: "GET", Path: alpha.Path(""), Token: alpha.Token}, 1, 0, 0},
		{"organization-update", Request{Method: "PATCH", Path: alpha.Path(""), Token: alpha.Token, Body: Object{"name": "A"}, Headers: etag(alpha.Path(""))}, 1, 0, 1},
		{"organization-list", Request{Method: "GET", Path: "/v1/organizations", Token: alpha.Token}, 1, 0, 0},
		{"organization-list of the operator", Request{Method: "GET", Path: "/v1/organizations", Token: operator}, 1, 1, 0},
		// Who has the address is read too, and somebody who is not there for an address that nobody has.
		{"organization-create", Request{Method: "POST", Path: "/v1/organizations", Token: operator, Body: bodies["organization-create"]}, 2, 0, 1},
		{"user-list", Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token}, 1, 1, 0},
		{"user-get", Request{Method: "GET", Path: u.Path, Token: alpha.Token}, 1, 0, 0},
		{"user-create", Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: bodies["user-create"]}, 2, 0, 1},
		{"user-update", Request{Method: "PATCH", Path: u.Path, Token: alpha.Token, Body: Object{"givenName": "B"}, Headers: etag(u.Path)}, 1, 0, 1},
		// The counters and the link are found by the address and the home of the user, who has to be read first.
		{"user-resend-activation", Request{Method: "POST", Path: u.Path + "/activation", Token: alpha.Token}, 2, 0, 1},
		{"user-reset-password", Request{Method: "POST", Path: joined.Path + "/password-reset", Token: alpha.Token}, 2, 0, 1},
		{"user-remove", Request{Method: "DELETE", Path: u.Path, Token: alpha.Token}, 1, 0, 1},
		{"audit-list", Request{Method: "GET", Path: alpha.Path("/audit"), Token: alpha.Token}, 1, 1, 0},
		{"profile-get", Request{Method: "GET", Path: "/v1/profile"}, 0, 0, 0},
		// Attempts are counted before the password is compared, and cleared after, each in a transaction of its own.
		{"me-password", Request{Method: "PUT", Path: "/v1/me/password", Token: alpha.Token, Body: bodies["me-password"]}, 2, 0, 3},
		{"session-create", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": joined.Email, "password": Password}}, 3, 0, 3},
		{"password-reset-request", Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": joined.Email}}, 1, 0, 1},
		{"session-revoke", Request{Method: "DELETE", Path: "/v1/me/sessions/current", Token: operator}, 1, 0, 1},
	} {
		id, _, _ := strings.Cut(c.name, " ")
		tried[id] = true
		counter.Reset()
		if a := w.Send(c.request); a.Status >= 300 {
			t.Errorf("%s: %d %s", c.name, a.Status, a.Raw)
		}
		got := counter.Counts()
		calls := got.Gets
		if got.Keys == 0 {
			calls = 0 // nothing was asked for
		}
		if calls != c.gets || got.Queries != c.queries || got.Transacts != c.transacts {
			t.Errorf("%s: %d batch reads, %d queries, %d transactions; budget %d, %d, %d", c.name, calls, got.Queries, got.Transacts, c.gets, c.queries, c.transacts)
		}
		if got.Keys > 12 || got.ItemsQueried > 50 || got.Ops > 14 {
			t.Errorf("%s: %d keys, %d items, %d operations", c.name, got.Keys, got.ItemsQueried, got.Ops)
		}
	}
	for _, e := range api.Endpoints() {
		if !tried[e.ID] {
			t.Errorf("%s has no budget", e.ID)
		}
	}
}

// A session in use is written down once a minute and not more often.
func TestSessionsAreTouchedOnceAMinute(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	alpha := w.Customer("alpha")
	counter.Reset()
	for range 60 {
		w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: alpha.Token})
		w.Pass(10 * time.Second)
	}
	if n := counter.Counts().Transacts; n != 9 {
		t.Errorf("%d writes in ten minutes of use", n)
	}
}

// The default page costs the same in a small organization and in a large one.
func TestTheDefaultPageCostsTheSame(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	cost := map[string]tabletest.Counts{}
	for name, users := range map[string]int{"alpha": 60, "beta": 2000} {
		c := w.Customer(name)
		w.Populate(c, users)
		counter.Reset()
		w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users"), Token: c.Token})
		cost[name] = counter.Counts()
	}
	if cost["alpha"] != cost["beta"] {
		t.Errorf("60 users: %+v, 2000 users: %+v", cost["alpha"], cost["beta"])
	}
}

// Populate gives a customer users, past the API.
func (w *World) Populate(c Customer, users int) {
	w.T.Helper()
	s := store.New(w.Base)
	org := domain.OrganizationID(c.ID)
	for i := 0; i < users; {
		change := &domain.Change{Actor: domain.Actor{Type: domain.ByJob, ID: "test"}, At: w.Now()}
		for ; i < users && len(change.Writes) < 90; i++ {
			m := &domain.Membership{
				Revision: 1, Organization: org, Person: domain.NewPersonID(), Kind: domain.Own, Home: org, Alphabet: domain.Swedish,
				Card:  domain.Card{GivenName: "N", FamilyName: fmt.Sprintf("N%05d", i), Email: domain.Email(fmt.Sprintf("n%d@populated.example", i)), Language: domain.Finnish},
				Roles: []domain.RoleKey{"user"}, CreatedAt: w.Now(), UpdatedAt: w.Now(),
			}
			change.Put(m)
		}
		change.Record(org, domain.UserCreated, domain.Subject{Type: "organization", ID: c.ID})
		if err := s.Commit(context.Background(), change); err != nil {
			w.T.Fatal(err)
		}
	}
}

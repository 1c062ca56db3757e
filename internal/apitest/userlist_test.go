package apitest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// emails are the addresses that a list shows, all pages of it, without what is
// behind the @.
func (w *World) emails(c Customer, query string) (all []string) {
	w.T.Helper()
	for cursor := ""; ; {
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?" + query + cursor), Token: c.Token})
		for _, item := range a.Body["items"].([]any) {
			name, _, _ := strings.Cut(item.(Object)["email"].(string), "@")
			all = append(all, name)
		}
		if a.Text("next") == "" {
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(a.Text("next"))
	}
}

func (w *World) lists(c Customer, query string, want ...string) {
	w.T.Helper()
	if got := w.emails(c, query); !slices.Equal(got, want) {
		w.T.Errorf("%s: %v, want %v", query, got, want)
	}
}

func TestUserList(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Customer("alpha")
		number := w.Resource(c, "customer-number", "", "1001")
		harbour := w.Resource(c, "worksite", number, "Harbour")
		airport := w.Resource(c, "worksite", number, "Airport")
		add := func(given, family, name string, said Object) User {
			t.Helper()
			said["givenName"], said["familyName"] = given, family
			return w.InviteWith(c, name+"@alpha.example", said)
		}
		add("Östen", "Åberg", "osten", Object{"roles": []string{"user"}, "phone": "+358 40 1234567"})
		zeb := add("Zeb", "Zorn", "zeb", Object{"roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"order"}, Scope("worksite", harbour))}})
		add("Åke", "Ärla", "ake", Object{"assignments": []Object{Assignment([]string{"superuser"}, nil, Scope("customer-number", number))}})
		add("Änne", "Öst", "anne", Object{"roles": []string{"superuser"}})
		token := w.Enter(zeb)
		w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})

		for _, name := range []string{"", "limit=1&", "limit=2&"} {
			t.Run("A36 V04 B02 all of them, in the order of the alphabet "+name, func(*testing.T) {
				w.lists(c, name, "admin", "zeb", "osten", "ake", "anne")
			})
		}
		t.Run("V06 from one character", func(*testing.T) {
			w.lists(c, "q=z", "zeb")
			w.lists(c, "q=%C3%96ST", "osten", "anne") // ö is no o, and capitals are no matter
			w.lists(c, "q=ake@", "ake")
			w.lists(c, "q="+url.QueryEscape("zorn zeb"), "zeb")
			w.lists(c, "q="+url.QueryEscape("zeb zorn"), "zeb")
		})
		t.Run("B04 V05 V08 a filter per column", func(*testing.T) {
			w.lists(c, "name=%C3%A5", "osten", "ake")
			w.lists(c, "email=an", "anne")
			w.lists(c, "phone="+url.QueryEscape("40 123"), "osten")
			w.lists(c, "role=superuser", "ake", "anne")
			w.lists(c, "kind=own&role=user", "zeb", "osten")
			w.lists(c, "kind=partner")
			w.lists(c, "homeOrganization="+c.ID+"&role=administrator", "admin")
			w.lists(c, "status=invited", "osten", "ake", "anne")
			w.lists(c, "resource="+airport, "admin", "ake", "anne")
		})
		t.Run("V07 several rights, all of them, as they are now", func(*testing.T) {
			w.lists(c, "right=order", "admin", "zeb") // those invited may nothing yet
			w.Activate("ake@alpha.example", Password)
			w.Activate("anne@alpha.example", Password)
			w.lists(c, "right=order", "admin", "zeb", "ake", "anne")
			w.lists(c, "right=order&right=equipment:list", "admin", "ake", "anne")
			w.lists(c, "right=order&resource="+harbour, "admin", "zeb", "ake", "anne")
			w.lists(c, "right=order&resource="+airport, "admin", "ake", "anne")
			w.lists(c, "right=access-control&resource="+harbour) // the worksite has none
			w.lists(c, "right=users:edit", "admin")
		})
		t.Run("A37 last sign-in", func(*testing.T) {
			when := url.QueryEscape(w.Now().Add(-time.Hour).Format(time.RFC3339))
			w.lists(c, "signedInSince="+when, "admin", "zeb")
			w.lists(c, "notSignedInSince="+when, "osten", "ake", "anne")
		})
		t.Run("B03 sorted by a column, both ways", func(*testing.T) {
			for _, limit := range []string{"", "&limit=1", "&limit=2", "&limit=4"} {
				w.lists(c, "sort=-name"+limit, "anne", "ake", "osten", "zeb", "admin")
				w.lists(c, "sort=email"+limit, "admin", "ake", "anne", "osten", "zeb")
				w.lists(c, "sort=-email"+limit, "zeb", "osten", "anne", "ake", "admin")
				w.lists(c, "sort=role"+limit, "admin", "ake", "anne", "zeb", "osten")
				w.lists(c, "sort=-status&role=superuser"+limit, "anne", "ake")
			}
		})
		t.Run("a count", func(t *testing.T) {
			a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?count=true&limit=2"), Token: c.Token})
			if a.Text("count") != "5" || len(a.Body["items"].([]any)) != 2 {
				t.Errorf("%s", a.Raw)
			}
			w.lists(c, "count=true&limit=2&q=a", w.emails(c, "q=a")...)
		})
		t.Run("pages keep their place while users come and go", func(t *testing.T) {
			first := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?sort=email&limit=2"), Token: c.Token})
			add("Aa", "Aa", "aa", Object{"roles": []string{"user"}})
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: zeb.Path, Token: c.Token})
			a := w.Want(http.StatusOK, Request{
				Method: "GET", Path: c.Path("/users?sort=email&limit=2&cursor=" + url.QueryEscape(first.Text("next"))), Token: c.Token,
			})
			if a.Text("items/0/email") != "anne@alpha.example" || a.Text("items/1/email") != "osten@alpha.example" || a.Text("next") != "" {
				t.Errorf("%s", a.Raw)
			}
		})
	})
}

func TestUserListFaults(t *testing.T) {
	t.Parallel()
	w := New(t)
	c, other := w.Customer("alpha"), w.Customer("beta")
	theirs := w.Resource(other, "customer-number", "", "1")
	for _, query := range []string{
		"role=boss", "right=fly", "kind=best", "status=dead", "sort=shoe-size", "sort=--name", "resource=x", "resource=" + theirs,
		"homeOrganization=x", "signedInSince=yesterday", "count=yes", "limit=201", "limit=0", "q=a&q=b", "q=%0A",
	} {
		w.Fails(http.StatusBadRequest, "invalid", Request{Method: "GET", Path: c.Path("/users?" + query), Token: c.Token})
	}
	// XB7: a cursor is of its filter and order.
	w.Populate(c, 5)
	a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?limit=2"), Token: c.Token})
	for _, query := range []string{"q=a", "sort=email", "count=true"} {
		w.Fails(http.StatusBadRequest, "invalid", Request{Method: "GET", Path: c.Path("/users?" + query + "&cursor=" + url.QueryEscape(a.Text("next"))), Token: c.Token})
	}
}

// Rights at clients count as the mandates of today have room for them.
func TestV05_V07_RightsAtClients(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	anna := w.InviteWith(beta, "anna@beta.example", Object{
		"roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"payroll:report"}, Scope("clients", ""))},
	})
	w.Activate(anna.Email, Password)
	w.lists(beta, "right=payroll:report", "admin")
	mandate := w.Mandate(alpha, "beta", "web-service", []string{"payroll:report", "invoices:see"}, "")
	w.lists(beta, "right=payroll:report", "admin", "anna")
	w.lists(beta, "right=payroll:report&right=invoices:see", "admin")
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.Path("/mandates/" + mandate), Token: alpha.Token})
	w.lists(beta, "right=payroll:report", "admin")
}

// A filtered list costs in proportion to the organization, and a page by name of
// it no more than a few steps.
func TestUserListBudget(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	c := w.Customer("alpha")
	w.Populate(c, 1500)
	for query, want := range map[string][2]int{ // queries, items
		"":                 {1, 50},
		"q=nobody":         {5, 850},
		"sort=email":       {2, 1501},
		"count=true":       {2, 1501},
		"sort=email&q=n01": {2, 1501},
	} {
		counter.Reset()
		w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?" + query), Token: c.Token})
		if got := counter.Counts(); got.Gets != 1 || got.Queries > want[0] || got.ItemsQueried > want[1] {
			t.Errorf("%q: %+v, want %v", query, got, want)
		}
	}
}

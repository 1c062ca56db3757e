package apitest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

func TestXE1_TheSecondEditorLoses(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		u := w.Invite(alpha, "edited@alpha.example", "user")
		read := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: alpha.Token})
		patch := func(etag, name string) Answer {
			r := Request{Method: "PATCH", Path: u.Path, Token: alpha.Token, Body: Object{"givenName": name}}
			if etag != "" {
				r.Headers = []Header{{"If-Match", etag}}
			}
			return w.Send(r)
		}
		if a := patch("", "Nobody"); a.Status != http.StatusPreconditionRequired || a.Code() != "if-match-required" {
			t.Errorf("without If-Match: %d %s", a.Status, a.Raw)
		}
		first := patch(read.Header.Get("ETag"), "First")
		if first.Status != http.StatusOK || first.Header.Get("ETag") == read.Header.Get("ETag") {
			t.Errorf("first: %d %s", first.Status, first.Raw)
		}
		for _, etag := range []string{read.Header.Get("ETag"), `"99"`, `W/` + first.Header.Get("ETag"), "*"} {
			if a := patch(etag, "Second"); a.Status != http.StatusPreconditionFailed || a.Code() != "stale" {
				t.Errorf("If-Match %s: %d %s", etag, a.Status, a.Raw)
			}
		}
		if a := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: alpha.Token}); a.Text("givenName") != "First" {
			t.Errorf("overwritten: %s", a.Raw)
		}
		// A sign-in in between is no edit: its writer does not stand in the editor's way.
		w.Activate(u.Email, Password)
		read = w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: alpha.Token})
		w.SignIn(u.Email, Password)
		if a := patch(read.Header.Get("ETag"), "Third"); a.Status != http.StatusOK {
			t.Errorf("after a sign-in: %d %s", a.Status, a.Raw)
		}
	})
}

func TestXE2_OneKeyOneEffect(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		create := Request{
			Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Headers: []Header{{"Idempotency-Key", "double-click"}},
			Body: Object{"givenName": "N", "familyName": "N", "email": "once@alpha.example", "roles": []string{"user"}},
		}
		const n = 20
		answers := make([]Answer, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				a, err := w.Try(create)
				if err != nil {
					t.Error(err)
				}
				answers[i] = a
			})
		}
		wg.Wait()
		for i, a := range answers {
			if a.Status != http.StatusCreated || string(a.Raw) != string(answers[0].Raw) ||
				a.Header.Get("ETag") != answers[0].Header.Get("ETag") || a.Header.Get("Location") != answers[0].Header.Get("Location") {
				t.Errorf("answer %d: %d %s", i, a.Status, a.Raw)
			}
		}
		if n := len(w.Mails("once@alpha.example")); n != 1 {
			t.Errorf("%d mails", n)
		}
		if list := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token}); len(list.Items()) != 2 {
			t.Errorf("users: %s", list.Raw)
		}

		// XE3: the key belongs to its request, its path and its caller.
		other := create
		other.Body = Object{"givenName": "N", "familyName": "N", "email": "twice@alpha.example", "roles": []string{"user"}}
		if a := w.Want(http.StatusUnprocessableEntity, other); a.Code() != "idempotency-key-reused" {
			t.Errorf("another body: %s", a.Raw)
		}
		_, second := w.Join(alpha, "second@alpha.example", "administrator")
		other.Token = second
		w.Want(http.StatusCreated, other)
		for _, key := range []string{"näppäin", strings.Repeat("k", 129)} {
			create.Headers = []Header{{"Idempotency-Key", key}}
			if a := w.Send(create); a.Status != http.StatusBadRequest {
				t.Errorf("key %q: %d", key, a.Status)
			}
		}
	})
}

func TestXE5_OneAddressOnePerson(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		const n = 64
		statuses := map[int]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				a, err := w.Try(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
					"givenName": "N", "familyName": "N", "email": "race@alpha.example", "roles": []string{"user"},
				}})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				statuses[a.Status]++
			})
		}
		wg.Wait()
		if statuses[http.StatusCreated] != 1 || statuses[http.StatusConflict] != n-1 {
			t.Errorf("statuses: %v", statuses)
		}
		if n := len(w.Mails("race@alpha.example")); n != 1 {
			t.Errorf("%d mails", n)
		}
		if list := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token}); len(list.Items()) != 2 {
			t.Errorf("users: %s", list.Raw)
		}
	})
}

// XC9: two administrators take each other's role away at once, round after
// round; one is always left.
func TestXC9_TheLastAdministratorStays(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		if a := w.Want(http.StatusConflict, w.demote(alpha, alpha.AdminID, alpha.Token)); a.Code() != "last-administrator" {
			t.Errorf("demoting oneself as the last: %s", a.Raw)
		}
		if a := w.Want(http.StatusUnprocessableEntity, Request{Method: "DELETE", Path: alpha.Path("/users/" + alpha.AdminID), Token: alpha.Token}); a.Code() != "self" {
			t.Errorf("removing oneself: %s", a.Raw)
		}
		for round := range 5 {
			other, token := w.Join(alpha, "other"+text(round)+"@alpha.example", "administrator")
			requests := []Request{
				w.demote(alpha, other.ID, alpha.Token),
				{Method: "DELETE", Path: alpha.Path("/users/" + alpha.AdminID), Token: token},
			}
			answers := make([]Answer, 2)
			var wg sync.WaitGroup
			for i := range requests {
				wg.Go(func() {
					a, err := w.Try(requests[i])
					if err != nil {
						t.Error(err)
					}
					answers[i] = a
				})
			}
			wg.Wait()
			done := 0
			for _, a := range answers {
				if a.Status < 300 {
					done++
				}
			}
			if done != 1 {
				t.Errorf("round %d: %d of the two happened: %s | %s", round, done, answers[0].Raw, answers[1].Raw)
			}
			if answers[1].Status < 300 { // the other one stays: from now on they are the administrator
				alpha.AdminID, alpha.AdminEmail, alpha.Token = other.ID, other.Email, token
			}
		}
	})
}

// demote takes a user's administrator role away.
func (w *World) demote(c Customer, user, token string) Request {
	w.T.Helper()
	read := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + user), Token: token})
	return Request{
		Method: "PATCH", Path: c.Path("/users/" + user), Token: token, Body: Object{"roles": []string{"user"}},
		Headers: []Header{{"If-Match", read.Header.Get("ETag")}},
	}
}

// A receipt counts for a day; after that its key is free, whether or not the
// storage has tidied it away.
func TestAKeyIsFreeAfterADay(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	create := Request{
		Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Headers: []Header{{"Idempotency-Key", "daily"}},
		Body: Object{"givenName": "N", "familyName": "N", "email": "one@alpha.example", "roles": []string{"user"}},
	}
	w.Want(http.StatusCreated, create)
	w.Pass(25 * time.Hour)
	create.Token = w.SignIn(alpha.AdminEmail, Password)
	create.Body = Object{"givenName": "N", "familyName": "N", "email": "two@alpha.example", "roles": []string{"user"}}
	w.Want(http.StatusCreated, create)
}

// The store keeps nothing that a password could be guessed from quickly.
func TestXA18_ReceiptsHoldNoHashOfTheBody(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	body := `{"currentPassword":"` + Password + `","newPassword":"a wholly new one"}`
	w.Want(http.StatusNoContent, Request{
		Method: "PUT", Path: "/v1/me/password", Token: alpha.Token, Body: body, Headers: []Header{{"Idempotency-Key", "k"}},
	})
	everything := w.DumpAll()
	for _, guess := range []string{body, "PUT /v1/me/password \x00" + body, "PUT /v1/me/password\x00" + body} {
		sum := sha256.Sum256([]byte(guess))
		if strings.Contains(everything, hex.EncodeToString(sum[:])) {
			t.Errorf("the store holds the plain hash of %q", guess)
		}
	}
}

// Nor is it lost by the calendar: who has an end does not stand in for who has none.
func TestXC9_TheCalendarDoesNotTakeTheLastAdministrator(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	a := w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
		"givenName": "T", "familyName": "T", "email": "today@alpha.example", "roles": []string{"administrator"},
		"validity": Object{"type": "fixedTerm", "from": "2026-11-02", "to": "2026-11-02"},
	}})
	w.Activate("today@alpha.example", Password)
	today := w.SignIn("today@alpha.example", Password)
	if a := w.Want(http.StatusConflict, Request{Method: "DELETE", Path: alpha.Path("/users/" + alpha.AdminID), Token: today}); a.Code() != "last-administrator" {
		t.Errorf("%s", a.Raw)
	}
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.Path("/users/" + a.Text("id")), Token: alpha.Token})
}

// XC11: a right that is lost while a request is under way is lost for it.
func TestXC11_ARemovedAdministratorsRequestDoesNotLand(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	alpha := w.Customer("alpha")
	other, token := w.Join(alpha, "other@alpha.example", "administrator")
	var once sync.Once
	var removal sync.WaitGroup
	spoil(func(c tabletest.Call) tabletest.Fault {
		for _, op := range c.Ops {
			if strings.HasPrefix(op.Item.PK, "EMAIL#") && op.Kind == table.OpPut {
				once.Do(func() {
					removal.Go(func() {
						if a, err := w.Try(Request{Method: "DELETE", Path: other.Path, Token: alpha.Token}); err != nil || a.Status != http.StatusNoContent {
							t.Errorf("removal: %d %v", a.Status, err)
						}
					})
				})
				return tabletest.Fault{Latency: 300 * time.Millisecond}
			}
		}
		return tabletest.Fault{}
	})
	a := w.Send(Request{Method: "POST", Path: alpha.Path("/users"), Token: token, Body: bodies["user-create"]})
	removal.Wait()
	if a.Status != http.StatusUnauthorized {
		t.Errorf("%d %s", a.Status, a.Raw)
	}
}

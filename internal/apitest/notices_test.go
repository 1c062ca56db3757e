package apitest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/job/agreementchanged"
	"github.com/fullmakt/fullmakt/internal/job/customercreated"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// happens runs a job on an event of its type.
func (w *World) happens(id, event string, detail Object) (any, error) {
	return w.App.Run(context.Background(), id, json.RawMessage(text(Object{
		"version": "0", "id": event, "detail-type": id, "source": "crm.example", "time": "2026-11-02T09:00:00Z", "detail": detail,
		"resources": []string{}, "new-member": 1,
	})))
}

// Whoever is named for it is told that the agreement changes, and nobody else:
// by the operator's word or by an event, which may come more than once.
func TestI14_ContactPersonsAreToldOfTheAgreement(t *testing.T) {
	t.Parallel()
	w := With(t, "public-sector")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	told, gone, other := w.Invite(alpha, "told@alpha.example", "contact-person"), w.Invite(alpha, "gone@alpha.example", "contact-person"), w.Invite(alpha, "other@alpha.example", "orderer")
	muted, elsewhere := w.Invite(alpha, "muted@alpha.example", "contact-person"), w.Invite(beta, "told@beta.example", "contact-person")
	invited := w.Invite(alpha, "invited@alpha.example", "contact-person")
	for _, u := range []User{told, gone, other, muted, elsewhere} {
		w.Activate(u.Email, Password)
	}
	w.Lock(alpha, gone.Email)
	w.Want(http.StatusOK, Request{
		Method: "PATCH", Path: "/v1/me/organizations/" + alpha.ID + "/mail", Token: w.SignIn(muted.Email, Password), Body: Object{"agreements": false},
	})
	announce := Request{Method: "POST", Path: alpha.Path("/agreement-changes"), Token: w.Operator(), Body: Object{"from": "2027-01-01"}}
	w.Want(http.StatusAccepted, announce)
	counts := func(want int) {
		t.Helper()
		if n := w.of("agreement-changed", told.Email); n != want {
			t.Errorf("%d mails, want %d", n, want)
		}
		for _, u := range []User{gone, other, muted, elsewhere, invited} {
			if n := w.of("agreement-changed", u.Email); n != 0 {
				t.Errorf("%d mails to %s", n, u.Email)
			}
		}
	}
	counts(1)
	if m := w.Mails(told.Email)[0]; !strings.Contains(m.Subject, "Alpha Oy") || !strings.Contains(m.Text, "2027") {
		t.Errorf("the mail: %s\n%s", m.Subject, m.Text)
	}

	event := Object{"country": "FI", "businessId": BusinessIDs["alpha"], "from": "2027-02-01"}
	for range 3 {
		if _, err := w.happens(agreementchanged.ID, "1", event); err != nil {
			t.Fatal(err)
		}
	}
	counts(2)
	if _, err := w.happens(agreementchanged.ID, "2", event); err != nil {
		t.Fatal(err)
	}
	counts(3)
	if got := w.ofAction(Customer{ID: alpha.ID, Token: w.SignIn(alpha.AdminEmail, Password)}, "organization.agreement-announced"); len(got) != 3 {
		t.Errorf("the audit: %v", got)
	}

	for name, bad := range map[string]Object{
		"of nobody": {"country": "FI", "businessId": BusinessIDs["gamma"], "from": "2027-02-01"},
		"of no day": {"country": "FI", "businessId": BusinessIDs["alpha"], "from": "soon"},
		"no id":     {"country": "FI", "businessId": "1234567-8", "from": "2027-02-01"},
		"nothing":   {},
	} {
		if _, err := w.happens(agreementchanged.ID, "3", bad); !errors.Is(err, job.ErrEvent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	announce.Token = alpha.Token
	w.Want(http.StatusForbidden, announce)
	w.Want(http.StatusBadRequest, Request{Method: "POST", Path: alpha.Path("/agreement-changes"), Token: w.Operator(), Body: Object{"from": "2027-02-30"}})

	// In a portal without the notice it is nobody.
	rental := New(t)
	gamma := rental.Customer("gamma")
	rental.Want(http.StatusAccepted, Request{Method: "POST", Path: gamma.Path("/agreement-changes"), Token: rental.Operator(), Body: Object{"from": "2027-01-01"}})
	if n := rental.of("agreement-changed", gamma.AdminEmail); n != 0 {
		t.Errorf("%d mails", n)
	}
}

// Of a large organization everybody who is to be told is told once, though it
// takes more than one transaction, and wherever that breaks off.
func TestI14_EverybodyIsToldOnce(t *testing.T) {
	t.Parallel()
	down := false
	calls := 0
	w := On(t, SQLite(t), Options{Profile: "public-sector", Wrap: func(tb table.Table) table.Table {
		return tabletest.Inject(tb, func(c tabletest.Call) tabletest.Fault {
			if calls++; down && c.Method == "Transact" && calls%3 == 0 {
				return tabletest.LostAnswer
			}
			return tabletest.Fault{}
		})
	}})
	alpha := w.Customer("alpha")
	const n = 12
	for i := range n {
		w.Activate(w.Invite(alpha, fmt.Sprintf("told%d@alpha.example", i), "contact-person").Email, Password)
	}
	w.Populate(alpha, 300)
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: alpha.Path("/agreement-changes"), Token: w.Operator(), Body: Object{"from": "2027-01-01"}})
	down = true
	for range 40 {
		_, _ = w.App.Run(t.Context(), "mail-dispatch", nil)
		w.Pass(3 * 60e9)
	}
	down = false
	for i := range n {
		if got := w.of("agreement-changed", fmt.Sprintf("told%d@alpha.example", i)); got < 1 || got > 2 {
			t.Errorf("%d mails to %d", got, i) // one more where only the answer to its being sent was lost
		}
	}
}

// A02: another system has a new customer, and the customer's administrator gets
// what is needed to sign in, once.
func TestA02_FirstSignInDetailsGoOutByThemselves(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		detail := func() Object {
			return Object{
				"name": "Gamma Oy", "country": "FI", "businessId": BusinessIDs["gamma"],
				"administrator": Object{"givenName": "Gunnel", "familyName": "Granlund", "email": "gunnel@gamma.example", "phone": "+358 40 1234567", "language": "sv"},
			}
		}
		made := 0
		var org string
		for i := range 3 {
			out, err := w.happens(customercreated.ID, text(i), detail())
			if err != nil {
				t.Fatal(err)
			}
			r := out.(customercreated.Result)
			if r.Made {
				made++
			}
			if org == "" {
				org = string(r.Organization)
			}
			if string(r.Organization) != org {
				t.Errorf("organization %s, then %s", org, r.Organization)
			}
		}
		if got := w.kinds("gunnel@gamma.example"); made != 1 || !slices.Equal(got, []string{"activation"}) {
			t.Errorf("made %d times, mails %v", made, got)
		}
		w.Activate("gunnel@gamma.example", Password)
		token := w.SignIn("gunnel@gamma.example", Password)
		users := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations/" + org + "/users", Token: token})
		if got := users.Text("items/0/language") + users.Text("items/0/phone"); len(users.Items()) != 1 || got != "sv+358401234567" {
			t.Errorf("users: %s", users.Raw)
		}

		for name, edit := range map[string]func(Object){
			"no name":       func(d Object) { delete(d, "name") },
			"another id":    func(d Object) { d["businessId"] = "1234567-8" },
			"no address":    func(d Object) { d["administrator"].(Object)["email"] = "gunnel" },
			"no language":   func(d Object) { d["language"] = "de" },
			"a link in it":  func(d Object) { d["administrator"].(Object)["givenName"] = "https://evil.example" },
			"a second line": func(d Object) { d["name"] = "Gamma\r\nBcc: all@example.com" },
		} {
			d := detail()
			d["businessId"] = BusinessIDs["delta"]
			edit(d)
			if _, err := w.happens(customercreated.ID, "4", d); !errors.Is(err, job.ErrEvent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.App.Run(t.Context(), customercreated.ID, json.RawMessage(`{"id":"1","detail-type":"agreement-changed","detail":{}}`)); !errors.Is(err, job.ErrEvent) {
			t.Errorf("an event of another type: %v", err)
		}
	})
}

package apitest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job/vaultrotate"
	"github.com/fullmakt/fullmakt/internal/table"
)

// canary is an artificial code that must come out of nowhere but a reveal.
const canary = "010594Y9032"

// traces are what of the canary could be recognized.
var traces = []string{canary, "010594", "Y9032", "010594Y", "9032", base64.StdEncoding.EncodeToString([]byte(canary))}

// coded is a user with the canary.
func coded(w *World, c Customer, email string) User {
	w.T.Helper()
	return w.InviteWith(c, email, Object{"roles": []string{"user"}, "nationalId": Object{"code": canary}})
}

func reveal(u User, token, password, reason string) Request {
	return Request{Method: "POST", Path: u.Path + "/national-id/reveal", Token: token, Body: Object{"password": password, "reason": reason}}
}

func search(c Customer, token string, id Object) Request {
	return Request{Method: "POST", Path: c.Path("/users/search"), Token: token, Body: Object{"nationalId": id}}
}

func userBody(email string, id any) Object {
	body := Object{"givenName": "Ulla", "familyName": "User", "email": email, "roles": []string{"user"}}
	if id != nil {
		body["nationalId"] = id
	}
	return body
}

// actions are those of an organization's audit, the newest first.
func actions(w *World, c Customer, action string) (found []Object) {
	w.T.Helper()
	for _, item := range w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit?limit=200&action=" + action), Token: c.Token}).Items() {
		found = append(found, item.(Object))
	}
	return found
}

// Everybody has a code, it is unique in the organization, and only its having
// one is ever shown.
func TestV10_NationalIDIsMandatory(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "insurance"})
			alpha, beta := w.Customer("alpha"), w.Customer("beta")
			create := func(id any) Request {
				return Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: userBody("new@alpha.example", id)}
			}
			for _, missing := range []string{"givenName", "familyName", "email", "nationalId"} {
				r := create(Object{"code": canary})
				delete(r.Body.(Object), missing)
				if a := w.Want(http.StatusBadRequest, r); a.Text("errors/0/pointer") != "/"+missing || a.Text("errors/0/code") != "required" {
					t.Errorf("without %s: %s", missing, a.Raw)
				}
			}
			made := w.Want(http.StatusCreated, create(Object{"code": " " + strings.ToLower(canary)}))
			want := Object{"country": "FI", "masked": "•••"}
			if diff := cmp.Diff(want, made.Body["nationalId"]); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
			u := User{ID: made.Text("id"), Path: alpha.Path("/users/" + made.Text("id"))}
			if got := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: alpha.Token}); cmp.Diff(want, got.Body["nationalId"]) != "" {
				t.Errorf("shown %s", got.Raw)
			}

			// The code is somebody's here, and nobody's elsewhere.
			second := create(Object{"code": canary})
			second.Body.(Object)["email"] = "second@alpha.example"
			w.Fails(http.StatusConflict, "national-id-exists", second)
			coded(w, beta, "same@beta.example")

			// It is changed, and not taken away.
			w.Fails(http.StatusBadRequest, "invalid", w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": ""}}))
			other := w.Code()
			w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": other}}))
			if a := w.Want(http.StatusOK, reveal(u, alpha.Token, Password, "Check")); a.Text("code") != other {
				t.Errorf("revealed %s", a.Raw)
			}
			third := w.InviteWith(alpha, "third@alpha.example", Object{"roles": []string{"user"}, "nationalId": Object{"code": canary}})
			w.Fails(http.StatusConflict, "national-id-exists", w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": canary}}))
			w.Want(http.StatusOK, w.Edit("PATCH", third.Path, "", alpha.Token, Object{"nationalId": Object{"code": canary}})) // their own, again

			// Who goes frees it.
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: third.Path, Token: alpha.Token})
			w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": canary}}))
			w.InviteWith(alpha, "fourth@alpha.example", Object{"roles": []string{"user"}, "nationalId": Object{"code": other}})
		})
	}
}

// The operator's own people need none; a customer's first administrator does.
func TestV10_TheFirstAdministratorToo(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	body := Object{
		"name": "Gamma", "country": "FI", "businessId": BusinessIDs["gamma"],
		"administrator": Object{"givenName": "G", "familyName": "G", "email": "g@gamma.example"},
	}
	r := Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: body}
	if a := w.Want(http.StatusBadRequest, r); a.Text("errors/0/pointer") != "/administrator/nationalId" || a.Text("errors/0/code") != "required" {
		t.Errorf("without: %s", a.Raw)
	}
	body["administrator"].(Object)["nationalId"] = Object{"code": "010594Y9033"}
	if a := w.Want(http.StatusBadRequest, r); a.Text("errors/0/pointer") != "/administrator/nationalId/code" {
		t.Errorf("a wrong one: %s", a.Raw)
	}
	body["administrator"].(Object)["nationalId"] = Object{"code": canary}
	w.Want(http.StatusCreated, r)
}

func TestV10_WhereItIsOptionalOrNotAskedFor(t *testing.T) {
	t.Parallel()
	w := On(t, SQLite(t), Options{Alter: func(p *domain.Profile) { p.Policies.NationalID = domain.MayBeGiven }})
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "without@alpha.example", "user")
	if a := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: alpha.Token}); a.Body["nationalId"] != nil {
		t.Errorf("one that is not there is shown: %s", a.Raw)
	}
	w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": ""}})) // nothing to take away
	w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": canary}}))
	if a := w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": ""}})); a.Body["nationalId"] != nil {
		t.Errorf("it is still there: %s", a.Raw)
	}
	coded(w, alpha, "other@alpha.example")
	if strings.Count(w.DumpAll(), " NID#") != 1 {
		t.Errorf("claims:\n%s", w.DumpAll())
	}

	none := New(t)
	beta := none.Customer("beta")
	for _, r := range []Request{
		{Method: "POST", Path: beta.Path("/users"), Token: beta.Token, Body: userBody("x@beta.example", Object{"code": canary})},
		none.Edit("PATCH", none.Invite(beta, "y@beta.example", "user").Path, "", beta.Token, Object{"nationalId": Object{"code": canary}}),
	} {
		if a := none.Want(http.StatusBadRequest, r); a.Text("errors/0/code") != "value-unexpected" {
			t.Errorf("%s", a.Raw)
		}
	}
}

// Codes of the three countries are read in the forms in which they are written,
// and known as the same; what is not one is refused without being repeated.
func TestXD20_CodesAreValidated(t *testing.T) {
	t.Parallel()
	w := On(t, SQLite(t), Options{Profile: "insurance"})
	alpha := w.Customer("alpha")
	n := 0
	send := func(id Object) Answer {
		n++
		return w.Send(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: userBody(fmt.Sprintf("u%d@alpha.example", n), id)})
	}
	for _, c := range []struct{ country, code, again string }{
		{"FI", "020594X902N", " 020594x902n "},
		{"SE", "850709-9805", "198507099805"},
		{"NO", "10915596784", "109155 96784"},
	} {
		if a := send(Object{"country": c.country, "code": c.code}); a.Status != http.StatusCreated || a.Text("nationalId/country") != c.country {
			t.Errorf("%v: %s", c, a.Raw)
		}
		if a := send(Object{"country": c.country, "code": c.again}); a.Status != http.StatusConflict || a.Code() != "national-id-exists" {
			t.Errorf("%v, again: %s", c, a.Raw)
		}
	}
	for _, c := range []struct{ country, code, pointer, fault string }{
		{"", "010594Y9033", "/nationalId/code", "national-id-invalid"},   // check character
		{"", "310252-308Y", "/nationalId/code", "national-id-invalid"},   // no such day
		{"", "0105949032", "/nationalId/code", "national-id-invalid"},    // without its sign, which tells people apart
		{"", "010594", "/nationalId/code", "national-id-invalid"},        // a birthday
		{"", "850709-9805", "/nationalId/code", "national-id-invalid"},   // another country's
		{"SE", "010594Y9032", "/nationalId/code", "national-id-invalid"}, // another country's
		{"DK", "0101011234", "/nationalId/country", "value-unknown"},
		{"AX", "010594Y9032", "/nationalId/country", "value-unknown"}, // the authorities are Finland's
		{"", "", "/nationalId/code", "national-id-invalid"},
		{"", strings.Repeat("1", 1000), "/nationalId/code", "national-id-invalid"},
	} {
		id := Object{"code": c.code}
		if c.country != "" {
			id["country"] = c.country
		}
		a := send(id)
		if a.Status != http.StatusBadRequest || a.Text("errors/0/pointer") != c.pointer || a.Text("errors/0/code") != c.fault {
			t.Errorf("%v: %d %s", c, a.Status, a.Raw)
		}
		if c.code != "" && strings.Contains(string(a.Raw), c.code) {
			t.Errorf("%v: the answer repeats it: %s", c, a.Raw)
		}
	}
}

// XF7: without its vault the portal shows and changes all but codes, and keeps
// none in plain text.
func TestXF7_TheVaultIsDown(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha := w.Customer("alpha")
	u := coded(w, alpha, "coded@alpha.example")
	operator := w.Operator()
	w.Vault.SetDown(true)
	before := w.Dump()
	for name, r := range map[string]Request{
		"create": {Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: userBody("new@alpha.example", Object{"code": w.Code()})},
		"update": w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": w.Code()}}),
		"reveal": reveal(u, alpha.Token, Password, "Check"),
		"search": search(alpha, alpha.Token, Object{"code": canary}),
		"organization": {Method: "POST", Path: "/v1/organizations", Token: operator, Body: Object{
			"name": "Gamma", "country": "FI", "businessId": BusinessIDs["gamma"],
			"administrator": Object{"givenName": "G", "familyName": "G", "email": "g@gamma.example", "nationalId": Object{"code": w.Code()}},
		}},
	} {
		if a := w.Send(r); a.Status != http.StatusServiceUnavailable || a.Code() != "unavailable" {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	for name, r := range map[string]Request{
		"get":    {Method: "GET", Path: u.Path, Token: alpha.Token},
		"list":   {Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token},
		"rename": w.Edit("PATCH", u.Path, "", alpha.Token, Object{"givenName": "Una"}),
	} {
		if a := w.Want(http.StatusOK, r); !strings.Contains(string(a.Raw), "•••") {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: alpha.Token})
	w.Vault.SetDown(false)
	coded(w, alpha, "again@alpha.example")
}

// XH4: to see a code takes the right, the password and a reason; each look is in
// the audit once; there is an end to looking.
func TestXH4_SeeingACodeWhole(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha := w.Customer("alpha")
	u := coded(w, alpha, "coded@alpha.example")

	// Who may do almost everything may not do this, nor give it to themselves.
	controller := w.Invite(alpha, "controller@alpha.example", "access-rights-controller")
	token := w.Enter(controller)
	w.Fails(http.StatusForbidden, "forbidden", reveal(u, token, Password, "Curious"))
	w.Fails(http.StatusForbidden, "forbidden", search(alpha, token, Object{"code": canary}))
	w.Fails(http.StatusUnprocessableEntity, "right-not-yours-to-give", w.Edit("PUT", controller.Path, "/assignments", token, Object{
		"assignments": []Object{Assignment(nil, []string{"national-ids:see"}, Scope("organization", ""))},
	}))
	w.Want(http.StatusNotFound, reveal(u, w.Operator(), Password, "Curious")) // nor the operator

	for name, r := range map[string]Request{
		"no password": {Method: "POST", Path: u.Path + "/national-id/reveal", Token: alpha.Token, Body: Object{"reason": "Check"}},
		"no reason":   {Method: "POST", Path: u.Path + "/national-id/reveal", Token: alpha.Token, Body: Object{"password": Password}},
		"blank":       reveal(u, alpha.Token, Password, " "),
		"the code":    reveal(u, alpha.Token, Password, "I know: 010594 Y 9032"),
	} {
		if a := w.Send(r); a.Status != http.StatusBadRequest || strings.Contains(string(a.Raw), canary) {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	w.Fails(http.StatusUnprocessableEntity, "password-wrong", reveal(u, alpha.Token, "not the password", "Check"))
	if seen := actions(w, alpha, "user.national-id-seen"); len(seen) != 0 {
		t.Errorf("nobody has seen it, and the audit says %v", seen)
	}

	r := reveal(u, alpha.Token, Password, "The pension case")
	r.Headers = []Header{{"Idempotency-Key", "once"}}
	a := w.Want(http.StatusOK, r)
	if diff := cmp.Diff(Object{"country": "FI", "code": canary}, a.Body); diff != "" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("ETag") != "" {
		t.Errorf("revealed (-want +got):\n%s%v", diff, a.Header)
	}
	w.Want(http.StatusOK, r) // is another look: no receipt holds the first
	seen := actions(w, alpha, "user.national-id-seen")
	if len(seen) != 2 {
		t.Fatalf("2 looks, and %d entries", len(seen))
	}
	for _, e := range seen {
		if text(e["subject"]) != text(Object{"type": "user", "id": u.ID}) || !strings.Contains(text(e["actor"]), alpha.AdminID) || !strings.Contains(text(e["changes"]), "The pension case") {
			t.Errorf("entry %s", text(e))
		}
	}

	// Nobody looks a hundred times.
	looks := 2
	for w.Send(reveal(u, alpha.Token, Password, "Again")).Status == http.StatusOK {
		if looks++; looks >= 100 {
			t.Fatal("a hundred looks")
		}
	}
	throttled := w.Fails(http.StatusTooManyRequests, "throttled", reveal(u, alpha.Token, Password, "Again"))
	if throttled.Header.Get("Retry-After") == "" || looks != 50 {
		t.Errorf("%d looks: %s", looks, throttled.Raw)
	}
	if seen := actions(w, alpha, "user.national-id-seen"); len(seen) != looks {
		t.Errorf("%d looks, and %d entries", looks, len(seen))
	}
	w.Want(http.StatusConflict, reveal(User{Path: alpha.Path("/users/" + without(w, alpha).ID)}, alpha.Token, Password, "Check"))
}

// without is a user without a code, as there were before the portal asked.
func without(w *World, c Customer) User {
	w.T.Helper()
	w.Profile.Policies.NationalID = domain.MayBeGiven
	defer func() { w.Profile.Policies.NationalID = domain.MustBeGiven }()
	return w.Invite(c, "before@alpha.example", "user")
}

// XH4: a stolen session without the password is stopped as at sign-in.
func TestXH4_PasswordsAreNotTriedOut(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha := w.Customer("alpha")
	u := coded(w, alpha, "coded@alpha.example")
	for range 5 {
		w.Fails(http.StatusUnprocessableEntity, "password-wrong", reveal(u, alpha.Token, "not the password", "Check"))
	}
	w.Fails(http.StatusTooManyRequests, "throttled", reveal(u, alpha.Token, Password, "Check"))
}

// XH5: a code is found whole or not at all, by who has the right, and the audit
// tells that somebody searched.
func TestXH5_SearchByCode(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	u := coded(w, alpha, "coded@alpha.example")
	coded(w, beta, "same@beta.example")
	a := w.Want(http.StatusOK, search(alpha, alpha.Token, Object{"code": strings.ToLower(canary)}))
	if len(a.Items()) != 1 || a.Text("items/0/id") != u.ID || a.Text("items/0/nationalId/masked") != "•••" {
		t.Errorf("found %s", a.Raw)
	}
	if a := w.Want(http.StatusOK, search(alpha, alpha.Token, Object{"code": w.Code()})); len(a.Items()) != 0 {
		t.Errorf("found %s", a.Raw)
	}
	for _, part := range []string{"010594", "010594Y", "010594Y903", "010594Y903*", "%", "", "9032", "010594Y90320"} {
		w.Fails(http.StatusBadRequest, "invalid", search(alpha, alpha.Token, Object{"code": part}))
	}
	w.Want(http.StatusBadRequest, search(alpha, alpha.Token, Object{"country": "SE", "code": canary}))
	w.Want(http.StatusNotFound, search(beta, alpha.Token, Object{"code": canary}))
	searched := actions(w, alpha, "user.national-id-searched")
	if len(searched) != 2 || text(searched[1]["subject"]) != text(Object{"type": "user", "id": u.ID}) || text(searched[0]["subject"]) != text(Object{"type": "organization", "id": alpha.ID}) {
		t.Errorf("audit %s", text(searched))
	}
	tries := 2
	for ; w.Send(search(alpha, alpha.Token, Object{"code": canary})).Status == http.StatusOK; tries++ {
		if tries > 200 {
			t.Fatal("there is no end to searching")
		}
	}
	if tries != 100 {
		t.Errorf("%d searches", tries)
	}
}

// Who may edit users does not learn by trying whose code is whose: not by a
// change that changes nothing, and not for long by what is taken.
func TestXH5_NoOracle(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha := w.Customer("alpha")
	u := coded(w, alpha, "coded@alpha.example")
	for _, code := range []string{canary, w.Code()} {
		r := w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": code}})
		if a := w.Want(http.StatusOK, r); a.Header.Get("ETag") == r.Headers[0][1] {
			t.Errorf("%s was the code: nothing has changed", code)
		}
	}
	w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": canary}}))
	statuses := map[int]int{}
	for i := range 30 {
		a := w.Send(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: userBody(fmt.Sprintf("u%d@alpha.example", i), Object{"code": canary})})
		statuses[a.Status]++
	}
	if diff := cmp.Diff(map[int]int{http.StatusConflict: 20, http.StatusTooManyRequests: 10}, statuses); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// XH1, XH3: the code is in no answer but the one, no list, no export, no mail, no
// audit entry, no log line and no item of the table.
func TestXH1_XH3_TheCodeIsNowhere(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha := w.Customer("alpha")
	answers := []Answer{}
	ask := func(r Request) Answer {
		t.Helper()
		a := w.Send(r)
		answers = append(answers, a)
		return a
	}
	create := Request{
		Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Headers: []Header{{"Idempotency-Key", "canary"}},
		Body: userBody("coded@alpha.example", Object{"code": canary}),
	}
	made := ask(create)
	again := ask(create)
	if made.Status != http.StatusCreated || again.Status != http.StatusCreated || made.Text("id") != again.Text("id") {
		t.Fatalf("made %s, then %s", made.Raw, again.Raw)
	}
	u := User{ID: made.Text("id"), Email: "coded@alpha.example", Path: alpha.Path("/users/" + made.Text("id"))}
	token := w.Enter(u)
	ask(w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": canary}}))
	ask(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: userBody("other@alpha.example", Object{"code": canary})})
	for _, path := range []string{
		"", "/users", "/users?q=0105", "/users?q=010594Y9032", "/users?count=true", "/users/" + u.ID, "/users/" + u.ID + "/access", "/users/" + u.ID + "/assignments", "/audit",
	} {
		r := Request{Method: "GET", Path: alpha.Path(path), Token: alpha.Token}
		if strings.Contains(path, canary) {
			r.Path = alpha.Path("/users?q=nobody") // a code is never in an address; there is no parameter for one
		}
		ask(r)
	}
	ask(Request{Method: "GET", Path: "/v1/me", Token: token})
	ask(search(alpha, alpha.Token, Object{"code": canary}))
	ask(search(alpha, alpha.Token, Object{"code": canary + "x"}))
	ask(Request{Method: "POST", Path: alpha.Path("/users/search"), Token: alpha.Token, Body: `{"nationalId":{"code":"` + canary + `"`})
	ask(Request{Method: "POST", Path: alpha.Path("/users/search"), Token: alpha.Token, Body: Object{"nationalId": canary}})
	ask(Request{Method: "POST", Path: alpha.Path("/users/search"), Token: alpha.Token, Body: Object{"nationalId": Object{canary: canary}}})
	if a := w.Want(http.StatusOK, reveal(u, alpha.Token, Password, "The case")); a.Text("code") != canary {
		t.Fatalf("revealed %s", a.Raw)
	}
	w.Vault.SetDown(true)
	ask(reveal(u, alpha.Token, Password, "The case"))
	ask(w.Edit("PATCH", u.Path, "", alpha.Token, Object{"nationalId": Object{"code": canary}}))
	w.Vault.SetDown(false)
	w.Dispatch()

	for i, a := range answers {
		for _, s := range []string{canary, "010594", "Y9032"} {
			// A name of a member that is none is repeated where it was sent; so is nothing else.
			if strings.Contains(string(a.Raw), s) && a.Text("errors/0/code") != "member-unknown" {
				t.Errorf("answer %d: %s", i, a.Raw)
			}
		}
	}
	var mails strings.Builder
	for _, m := range w.Mailbox.Messages() {
		mails.WriteString(text(m))
	}
	for where, all := range map[string]string{"table": w.DumpAll(), "log": w.Log.String(), "mails": mails.String()} {
		if all == "" {
			t.Errorf("there is no %s to look into", where)
		}
		for _, s := range traces {
			if s != "9032" && strings.Contains(all, s) {
				t.Errorf("%s is in the %s", s, where)
			}
		}
	}
	for _, e := range actions(w, alpha, "user.updated") {
		if changes := text(e["changes"]); !strings.Contains(changes, `"nationalId"`) || strings.Contains(changes, `"before":"`+canary) {
			t.Errorf("audit %s", changes)
		}
	}
}

// A receipt's fingerprint of a body with a code cannot be tried out by who reads
// the table: it is keyed with what is stored nowhere.
func TestXH1_FingerprintsOfCodesAreKeyed(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha := w.Customer("alpha")
	r := Request{
		Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Headers: []Header{{"Idempotency-Key", "canary"}},
		Body: text(userBody("coded@alpha.example", Object{"code": canary})),
	}
	w.Want(http.StatusCreated, r)
	plain := domain.Fingerprint("", r.Method+" "+r.Path+" ", []byte(r.Body.(string)))
	if strings.Contains(w.DumpAll(), plain) {
		t.Error("the fingerprint is a plain hash")
	}
	if keyed := domain.Fingerprint(alpha.Token, r.Method+" "+r.Path+" ", []byte(r.Body.(string))); !strings.Contains(w.DumpAll(), keyed) {
		t.Error("the fingerprint is not the one that this test knows")
	}
	// With the session gone, the same key is another request's.
	r.Token = w.SignIn(alpha.AdminEmail, Password)
	w.Fails(http.StatusUnprocessableEntity, "idempotency-key-reused", r)
}

// What is sealed of one user is of no use to another, whoever writes the table.
func TestXH3_SealedForOneUserOnly(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha := w.Customer("alpha")
	one, two := coded(w, alpha, "one@alpha.example"), w.Invite(alpha, "two@alpha.example", "user")
	w.swapSealed(alpha, one, two)
	if a := w.Want(http.StatusInternalServerError, reveal(two, alpha.Token, Password, "Check")); strings.Contains(string(a.Raw), "Y9032") {
		t.Errorf("revealed %s", a.Raw)
	}
}

// swapSealed puts what is sealed of one user into another's item.
func (w *World) swapSealed(c Customer, from, to User) {
	w.T.Helper()
	key := func(u User) table.Key { return table.Key{PK: "ORG#" + c.ID, SK: "USER#" + u.ID} }
	items, err := w.Base.Get(w.T.Context(), key(from), key(to))
	if err != nil {
		w.T.Fatal(err)
	}
	one, two := Object{}, Object{}
	if err := errors.Join(json.Unmarshal(items[key(from)].Body, &one), json.Unmarshal(items[key(to)].Body, &two)); err != nil {
		w.T.Fatal(err)
	}
	two["nationalId"].(Object)["sealed"] = one["nationalId"].(Object)["sealed"]
	item := items[key(to)]
	item.Body, item.Version = []byte(text(two)), item.Version+1
	if err := w.Base.Transact(w.T.Context(), table.Put(item, table.IfVersion(item.Version-1))); err != nil {
		w.T.Fatal(err)
	}
}

// XI12: while keys rotate, what was sealed and claimed with the old one is opened,
// found and unique as what is new; in the end the new one is enough.
func TestXI12_KeysRotate(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "insurance"})
			alpha, beta := w.Customer("alpha"), w.Customer("beta")
			codes := map[string]string{} // by user
			add := func(c Customer, email string) User {
				code := w.Code()
				u := w.InviteWith(c, email, Object{"roles": []string{"user"}, "nationalId": Object{"code": code}})
				codes[u.ID] = code
				return u
			}
			var users []User
			for i := range 3 {
				users = append(users, add(alpha, fmt.Sprintf("old%d@alpha.example", i)))
			}
			add(beta, "old@beta.example")
			check := func(when string) {
				t.Helper()
				for _, u := range users {
					if a := w.Want(http.StatusOK, search(alpha, alpha.Token, Object{"code": codes[u.ID]})); a.Text("items/0/id") != u.ID {
						t.Errorf("%s: %s is not found: %s", when, u.Email, a.Raw)
					}
					if a := w.Want(http.StatusOK, reveal(u, alpha.Token, Password, "Check")); a.Text("code") != codes[u.ID] {
						t.Errorf("%s: %s is %s", when, u.Email, a.Raw)
					}
					w.Fails(http.StatusConflict, "national-id-exists", Request{
						Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: userBody("twice@alpha.example", Object{"code": codes[u.ID]}),
					})
				}
			}
			check("before")
			w.Vault.Rotate()
			users = append(users, add(alpha, "new@alpha.example"))
			check("at half")
			// A claim by the old hash goes with its user, and another takes its code.
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: users[0].Path, Token: alpha.Token})
			taken := w.InviteWith(alpha, "heir@alpha.example", Object{"roles": []string{"user"}, "nationalId": Object{"code": codes[users[0].ID]}})
			codes[taken.ID], users[0] = codes[users[0].ID], taken
			w.Want(http.StatusOK, w.Edit("PATCH", users[1].Path, "", alpha.Token, Object{"nationalId": Object{"code": codes[users[1].ID]}}))
			check("after changes")

			etag := w.Want(http.StatusOK, Request{Method: "GET", Path: users[2].Path, Token: alpha.Token}).Header.Get("ETag")
			rotate := func() vaultrotate.Result {
				t.Helper()
				result, err := w.App.Run(t.Context(), vaultrotate.ID, nil)
				if err != nil {
					t.Fatal(err)
				}
				return result.(vaultrotate.Result)
			}
			// Both administrators, two users of alpha and beta's were sealed with the old key.
			if got := rotate(); got.Seen != 7 || got.Resealed != 4 || got.Next != nil {
				t.Errorf("rotated %+v", got)
			}
			if got := rotate(); got.Seen != 7 || got.Resealed != 0 {
				t.Errorf("the second time %+v", got)
			}
			if now := w.Want(http.StatusOK, Request{Method: "GET", Path: users[2].Path, Token: alpha.Token}).Header.Get("ETag"); now != etag {
				t.Error("an administrator's If-Match has gone stale")
			}
			w.Pass(24 * 3600e9)
			alpha.Token = w.SignIn(alpha.AdminEmail, Password)
			w.Vault.Forget()
			check("with the new key alone")
		})
	}
}

// A partner's code is for the company that they come from: none is kept, and none is asked for.
func TestV10_OfAPartnerNoneIsKept(t *testing.T) {
	t.Parallel()
	w := On(t, SQLite(t), Options{Profile: "construction", Alter: func(p *domain.Profile) { p.Policies.NationalID = domain.MustBeGiven }})
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	body := userBody("partner@beta.example", nil)
	body["roles"] = []string{"report-reader"}
	body["homeOrganization"] = Object{"country": "FI", "businessId": BusinessIDs["beta"]}
	create := Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: body}
	body["nationalId"] = Object{"code": canary}
	w.Fails(http.StatusForbidden, "not-own-user", create)
	delete(body, "nationalId")
	made := w.Want(http.StatusCreated, create)
	if made.Text("kind") != "partner" || made.Body["nationalId"] != nil {
		t.Errorf("made %s", made.Raw)
	}
	w.Fails(http.StatusForbidden, "not-own-user", w.Edit("PATCH", alpha.Path("/users/"+made.Text("id")), "", alpha.Token, Object{"nationalId": Object{"code": canary}}))
	// At home they have one as everybody has.
	own := userBody("partner@beta.example", nil)
	own["roles"] = []string{"report-reader"}
	r := Request{Method: "POST", Path: beta.Path("/users"), Token: beta.Token, Body: own}
	w.Fails(http.StatusBadRequest, "invalid", r)
	own["nationalId"] = Object{"code": canary}
	w.Want(http.StatusCreated, r)
}

package apitest

import (
	"net/http"
	"strings"
	"testing"
)

// Links are built from configuration, never from what a request says.
func TestXD1_HeadersDoNotMakeLinks(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	evil := []Header{
		{"Host", "evil.example"},
		{"X-Forwarded-Host", "evil.example"},
		{"Forwarded", "host=evil.example"},
		{"X-Original-Host", "evil.example"},
		{"X-Forwarded-Proto", "http"},
		{"Origin", "https://evil.example"},
		{"Referer", "https://evil.example/"},
	}
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": alpha.AdminEmail}, Headers: evil})
	w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Headers: evil, Body: Object{
		"givenName": "N", "familyName": "N", "email": "n@alpha.example", "roles": []string{"user"},
	}})
	mails := append(w.Mails(alpha.AdminEmail), w.Mails("n@alpha.example")...)
	if len(mails) < 3 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, m := range mails {
		if strings.Contains(m.Text+m.HTML+m.Subject, "evil.example") {
			t.Errorf("%s to %s names evil.example", m.Kind, m.To)
		}
		for _, link := range m.Links {
			if !strings.HasPrefix(link, Portal+"/") {
				t.Errorf("link %s", link)
			}
		}
	}
}

// One address in two spellings is one person; what only looks alike is refused.
func TestXD6_AddressesAreCanonical(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	invite := func(email string) Answer {
		return w.Send(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
			"givenName": "N", "familyName": "N", "email": email, "roles": []string{"user"},
		}})
	}
	for _, pair := range [][2]string{
		{"kalle@alpha.example", "KALLE@Alpha.EXAMPLE"},
		{"olle@blåbär.example", "OLLE@BLÅBÄR.example"},
		{"eva@xn--blbr-noa8k.example", "Eva@XN--BLBR-NOA8K.example"},
		{"space@alpha.example", "  space@alpha.example "},
	} {
		if a := invite(pair[0]); a.Status != http.StatusCreated {
			t.Errorf("%s: %d %s", pair[0], a.Status, a.Raw)
		}
		if a := invite(pair[1]); a.Status != http.StatusConflict || a.Code() != "user-exists" {
			t.Errorf("%s after %s: %d %s", pair[1], pair[0], a.Status, a.Raw)
		}
	}
	// XD7: a tag makes another address.
	if a := invite("kalle+tag@alpha.example"); a.Status != http.StatusCreated {
		t.Errorf("tagged: %d %s", a.Status, a.Raw)
	}
	for name, email := range map[string]string{
		"display name": "Kalle <kalle@alpha.example>", "address literal": "kalle@[192.0.2.1]", "Kelvin sign": "\u212aalle@alpha.example",
		"long s": "\u017feppo@alpha.example", "Cyrillic a": "k\u0430lle@alpha.example", "mixed domain": "kalle@\u0430lpha.example",
		"zero width": "kal\u200ble@alpha.example", "line break": "kalle@alpha.example\r\nBcc: x@y.example", "NUL": "kalle\x00@alpha.example",
		"two": "a@alpha.example,b@alpha.example", "none": "kalle", "no domain": "kalle@", "no dot": "kalle@localhost", "quoted": `"k k"@alpha.example`,
		"too long": strings.Repeat("a", 65) + "@alpha.example", "full width": "\uff4balle@alpha.example",
	} {
		a := invite(email)
		if a.Status != http.StatusBadRequest || a.Text("errors/0/pointer") != "/email" || a.Text("errors/0/code") != "email-invalid" {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
}

// XD3, XD4: names are one line of plain text.
func TestXD3_NamesAreOneLineOfText(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	for name, value := range map[string]string{
		"header": "Eve\r\nBcc: x@y.example", "NUL": "Eve\x00", "markup": "<b>Eve</b>", "address": "Visit https://evil.example",
		"too long": strings.Repeat("a", 101), "empty": "", "spaces": "   ", "bidi": "Eve\u202e", "line separator": "Eve\u2028x",
		"host": "www.evil.example", "mail": "eve@evil.example", "only marks": "\u0301", "filler": "\u3164",
	} {
		a := w.Send(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
			"givenName": value, "familyName": "N", "email": "n@alpha.example", "roles": []string{"user"},
		}})
		if a.Status != http.StatusBadRequest || a.Text("errors/0/pointer") != "/givenName" {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	a := w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
		"givenName": "  Anna-Liisa   Mary ", "familyName": "O'Brien & Söner", "email": "n@alpha.example", "roles": []string{"user"},
	}})
	if a.Text("givenName") != "Anna-Liisa Mary" {
		t.Errorf("name: %q", a.Text("givenName"))
	}
}

func TestFaultsAreToldTogetherWithPointers(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	a := w.Want(http.StatusBadRequest, Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
		"familyName": "N", "email": "x", "phone": "123", "language": "de", "roles": []string{"king"},
		"validity": Object{"type": "fixedTerm", "from": "2026-02-30", "to": "2026-01-01"},
	}})
	want := map[string]string{
		"/givenName": "required", "/email": "email-invalid", "/phone": "phone-invalid", "/language": "value-unknown",
		"/roles/0": "value-unknown", "/validity/from": "date-invalid",
	}
	for _, e := range a.Body["errors"].([]any) {
		fault := e.(Object)
		if want[fault["pointer"].(string)] != fault["code"] {
			t.Errorf("%v", fault)
		}
		delete(want, fault["pointer"].(string))
	}
	if len(want) > 0 {
		t.Errorf("not told: %v in %s", want, a.Raw)
	}
}

func TestPasswordsAreLongAndUncommon(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "ulla.user@alpha.example", "user")
	token := w.Link(u.Email)
	for password, code := range map[string]string{
		"seven77": "password-too-short", strings.Repeat("a", 129): "password-too-long", "password123": "password-common",
		"salasana1": "password-common", "UllaUser1": "password-own-words", "alphaqqq9": "password-own-words", "": "password-too-short",
	} {
		a := w.Want(http.StatusBadRequest, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": token, "password": password}})
		if a.Text("errors/0/code") != code || a.Text("errors/0/pointer") != "/password" {
			t.Errorf("%q: %s", password, a.Raw)
		}
	}
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": token, "password": "åttaåtta ☂"}})
	w.SignIn(u.Email, "åttaåtta ☂")
}

// Whatever a request holds, its answer is a problem document and small.
func TestOddRequestsGetSmallProblems(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	for _, r := range []Request{
		{Method: "GET", Path: "/v1/profile?%ff=1"},
		{Method: "GET", Path: alpha.Path("/users?a%80b=1"), Token: alpha.Token},
		{Method: "GET", Path: alpha.Path("/users?limit=1;x=1"), Token: alpha.Token},
		{Method: "GET", Path: alpha.Path("/users?cursor=%zz"), Token: alpha.Token},
		{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: `{"roles":[` + strings.Repeat(`"a",`, 60_000) + `"a"]}`},
		{Method: "GET", Path: "/v1/profile?" + strings.Repeat("x=1&", 3)},
	} {
		a := w.Send(r)
		if a.Status != http.StatusBadRequest || a.Body["code"] == nil || len(a.Raw) > 16<<10 {
			t.Errorf("%s %.60s: %d, %d bytes, %.200s", r.Method, r.Path, a.Status, len(a.Raw), a.Raw)
		}
	}
}

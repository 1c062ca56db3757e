package apitest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// bodies are valid ones for every endpoint that reads one. The loops below go
// over the registry; an endpoint without its body here fails them.
var bodies = map[string]Object{
	"session-create":          {"email": "nobody@alpha.example", "password": Password},
	"activation-check":        {"token": "fml_0"},
	"activation-complete":     {"token": "fml_0", "password": Password},
	"password-reset-request":  {"email": "nobody@alpha.example"},
	"password-reset-check":    {"token": "fml_0"},
	"password-reset-complete": {"token": "fml_0", "password": Password},
	"me-update":               {"language": "sv"},
	"me-mail":                 {"notices": false},
	"me-password":             {"currentPassword": Password, "newPassword": "a wholly new one"},
	"email-change-request":    {"email": "another@alpha.example", "password": Password},
	"email-change-complete":   {"token": "fml_0"},
	"email-undo-check":        {"token": "fml_0"},
	"email-undo-complete":     {"token": "fml_0", "password": Password},
	"organization-create": {
		"name": "Gamma Oy", "country": "FI", "businessId": "0116297-6",
		"administrator": Object{"givenName": "G", "familyName": "G", "email": "admin@gamma.example"},
	},
	"organization-update":             {"name": "Another"},
	"organization-set-status":         {"status": "suspended"},
	"organization-announce-agreement": {"from": "2027-01-01"},
	"subscription-set":                {"status": "active"},
	"service-create":                  {"name": "Orders", "scopes": []string{"evaluate"}},
	"resource-create":                 {"type": "customer-number", "name": "1002"},
	"resource-update":                 {"name": "Another"},
	"resource-users-update":           {"users": []Object{{"id": "usr_01h2xcejqtf2nbrexx3vqjhp41", "rights": []string{"order"}}}},
	"user-create":                     {"givenName": "N", "familyName": "N", "email": "new@alpha.example", "roles": []string{"user"}},
	"user-update":                     {"givenName": "Another"},
	"user-import":                     {"format": "csv", "file": "Z2l2ZW5OYW1lO2ZhbWlseU5hbWU7ZW1haWw7cm9sZXMKTjtOO2ltcG9ydGVkQGFscGhhLmV4YW1wbGU7dXNlcgo="},
	"partner-find":                    {"email": "nobody@beta.example"},
	"partner-add":                     {"email": "nobody@beta.example", "roles": []string{"user"}},
	"access-evaluation":               {"subject": absentSubject, "action": Object{"name": "order"}, "resource": absentPlace},
	"access-evaluations":              {"subject": absentSubject, "action": Object{"name": "order"}, "evaluations": []Object{{"resource": absentPlace}}},
	"access-search-subject":           {"subject": Object{"type": "user"}, "action": Object{"name": "order"}, "resource": absentPlace},
	"access-search-resource":          {"subject": absentSubject, "action": Object{"name": "order"}, "resource": Object{"type": "organization"}},
	"access-search-action":            {"subject": absentSubject, "resource": absentPlace},
	"user-set-validity":               {"type": "locked"},
	"user-reveal-national-id":         {"password": Password, "reason": "Check"},
	"user-find-by-national-id":        {"nationalId": Object{"code": canary}},
	"mandate-create":                  {"agent": Object{"country": "FI", "businessId": BusinessIDs["alpha"]}, "type": "web-service"},
	"mandate-update":                  {"to": "2027-12-31"},
	"assignment-replace":              {"assignments": []Object{Assignment([]string{"user"}, nil, Scope("organization", ""))}},
	"assignment-bulk": {
		"action": "add", "users": []string{"usr_01h2xcejqtf2nbrexx3vqjhp41"}, "roles": []string{"user"}, "scopes": []Object{Scope("organization", "")},
	},
}

// What is asked about in the portal's name, and is nobody's.
var (
	absentSubject = Object{"type": "user", "id": "usr_01h2xcejqtf2nbrexx3vqjhp41"}
	absentPlace   = Object{"type": "organization", "id": "org_01h2xcejqtf2nbrexx3vqjhp41"}
)

// queries are those of endpoints that need one.
var queries = map[string]string{"resource-list": "?type=worksite"}

// absentResource is the id of none, in requests that nobody has aimed at one.
const absentResource = "res_01h2xcejqtf2nbrexx3vqjhp41"

// at aims a request at a resource.
func (r Request) at(resource string) Request {
	r.Path = strings.Replace(r.Path, absentResource, resource, 1)
	return r
}

// Site makes a worksite in a customer number.
func (w *World) Site(c Customer) (id string) {
	w.T.Helper()
	return w.Resource(c, "worksite", w.Resource(c, "customer-number", "", "1001"), "Harbour")
}

// request is a valid request to an endpoint about an organization and a user.
func request(t *testing.T, e endpoint.Endpoint, org, user, token string) Request {
	t.Helper()
	path := strings.NewReplacer(
		"{org}", org, "{user}", user, "{resource}", absentResource, "{session}", "ses_01h2xcejqtf2nbrexx3vqjhp41",
		"{mandate}", "man_01h2xcejqtf2nbrexx3vqjhp41", "{service}", "svc_01h2xcejqtf2nbrexx3vqjhp41", "{subscription}", "+4790000001",
		"{country}", "FI", "{company}", "9900001-8",
	).Replace(e.Path)
	if strings.Contains(path, "{") {
		t.Fatalf("%s: the loops do not know a parameter of %s", e.ID, e.Path)
	}
	r := Request{Method: e.Method, Path: path + queries[e.ID], Token: token, Headers: []Header{{"If-Match", `"1"`}}}
	if e.HasBody() {
		body, ok := bodies[e.ID]
		if !ok {
			t.Fatalf("%s reads a body and the loops have none for it", e.ID)
		}
		r.Body = body
	}
	return r
}

// everyRight is a world whose administrators have every right, those too that
// are part of no "all".
func everyRight(t *testing.T) *World {
	t.Helper()
	return On(t, SQLite(t), Options{Alter: func(p *domain.Profile) {
		p.Policies.NationalID = domain.MayBeGiven
		p.Roles[0].Rights = append(p.Roles[0].Rights, domain.RightSeeNationalIDs)
	}})
}

// public says that the endpoint is for everybody, as the reader of this file
// expects: an endpoint that becomes public by mistake fails here.
var public = map[string]bool{
	"session-create": true, "activation-check": true, "activation-complete": true, "password-reset-request": true,
	"password-reset-check": true, "password-reset-complete": true, "email-undo-check": true, "email-undo-complete": true, "profile-get": true, "authzen-configuration": true,
}

func TestEveryEndpointDemandsASession(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	ended := w.SignIn(alpha.AdminEmail, Password)
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: "/v1/me/sessions/current", Token: ended})
	forged := alpha.Token[:len(alpha.Token)-4] + "AAAA"
	for _, e := range api.Endpoints() {
		if isPublic := e.Access.Public != ""; isPublic != public[e.ID] {
			t.Errorf("%s: public is %v", e.ID, isPublic)
		}
		if e.Access.Public != "" {
			continue
		}
		for name, token := range map[string]string{"none": "", "nonsense": "abc", "ended": ended, "forged": forged, "other prefix": "fml_" + alpha.Token[4:]} {
			a := w.Send(request(t, e, alpha.ID, alpha.AdminID, token))
			if a.Status != http.StatusUnauthorized || a.Code() != "unauthenticated" {
				t.Errorf("%s with a session of kind %q: %d %s", e.ID, name, a.Status, a.Raw)
			}
		}
	}
}

func TestEveryRightIsDemanded(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	// The user may know of the resource, and may not do any of this with it.
	site := w.Site(alpha)
	user := w.Enter(w.InviteWith(alpha, "user@alpha.example", Object{
		"roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"order"}, Scope("worksite", site))},
	}))
	for _, e := range api.Endpoints() {
		if e.Access.Right == "" {
			continue
		}
		a := w.Send(request(t, e, alpha.ID, alpha.AdminID, user).at(site))
		if a.Status != http.StatusForbidden || a.Code() != "forbidden" {
			t.Errorf("%s without the right %s: %d %s", e.ID, e.Access.Right, a.Status, a.Raw)
		}
		// Whoever may not do it is not told what is wrong with the request.
		if e.HasBody() {
			r := request(t, e, alpha.ID, alpha.AdminID, user).at(site)
			r.Body = `{"nonsense":1}`
			if a := w.Send(r); a.Status != http.StatusForbidden {
				t.Errorf("%s without the right and with a bad body: %d %s", e.ID, a.Status, a.Raw)
			}
		}
	}
}

// Another tenant's ids are as good as none: same answer as for what does not
// exist, and nothing has changed.
func TestXB1_AnotherTenantsIdsAreNotThere(t *testing.T) {
	t.Parallel()
	w := everyRight(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	victim := w.Invite(beta, "victim@beta.example", "user")
	site := w.Site(beta)
	w.Dispatch()
	absentOrg, absentUser := "org_01h2xcejqtf2nbrexx3vqjhp41", "usr_01h2xcejqtf2nbrexx3vqjhp41"

	before := w.Dump()
	tried := 0
	for _, e := range api.Endpoints() {
		if !strings.Contains(e.Path, "{") || e.Access.Right == "" && !strings.Contains(e.Path, "{org}") {
			continue
		}
		if e.Access.Right == domain.RightOperate {
			continue // refused alike wherever it is: TestOperatorEndpointsAreNobodyElses
		}
		foreign := w.Send(request(t, e, beta.ID, victim.ID, alpha.Token).at(site))
		absent := w.Send(request(t, e, absentOrg, absentUser, alpha.Token))
		broken := w.Send(request(t, e, "org_x", "usr_x", alpha.Token))
		answers := []Answer{foreign, absent, broken}
		if strings.Contains(e.Path, "{user}") {
			answers = append(answers,
				w.Send(request(t, e, alpha.ID, victim.ID, alpha.Token)),
				w.Send(request(t, e, beta.ID, alpha.AdminID, alpha.Token)))
		}
		if strings.Contains(e.Path, "{resource}") {
			answers = append(answers,
				w.Send(request(t, e, alpha.ID, alpha.AdminID, alpha.Token).at(site)),
				w.Send(request(t, e, alpha.ID, alpha.AdminID, alpha.Token)),
				w.Send(request(t, e, alpha.ID, alpha.AdminID, alpha.Token).at("res_x")))
		}
		for i, a := range answers {
			tried++
			if a.Status != http.StatusNotFound || same(a) != same(absent) {
				t.Errorf("%s, answer %d: %d %s", e.ID, i, a.Status, a.Raw)
			}
		}
	}
	// Somebody else's session, in the one path that names a session.
	theirs := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me/sessions", Token: beta.Token}).Text("items/0/id")
	w.Want(http.StatusNotFound, Request{Method: "DELETE", Path: "/v1/me/sessions/" + theirs, Token: alpha.Token})
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: beta.Token})
	if tried < 20 {
		t.Errorf("only %d requests were tried", tried)
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

// same is what must not differ between answers.
func same(a Answer) string {
	b := Object{}
	for k, v := range a.Body {
		if k != "requestId" {
			b[k] = v
		}
	}
	headers := a.Header.Clone()
	headers.Del("X-Request-Id")
	headers.Del("Date")
	headers.Del("Content-Length")
	return text(a.Status) + text(b) + text(headers)
}

func TestXD12_BodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	w := everyRight(t)
	alpha := w.Customer("alpha")
	operator, service := w.Operator(), w.Service("evaluate", "search")
	site := w.Site(alpha)
	before := w.Dump()
	for _, e := range api.Endpoints() {
		if !e.HasBody() {
			r := request(t, e, alpha.ID, alpha.AdminID, operator).at(site)
			r.Body = `{}`
			if a := w.Send(r); e.Access.Public == "" && a.Status != http.StatusBadRequest && a.Status != http.StatusNotFound && a.Status != http.StatusForbidden {
				t.Errorf("%s with a body it does not read: %d %s", e.ID, a.Status, a.Raw)
			}
			continue
		}
		member := ""
		for name, value := range bodies[e.ID] {
			if _, plain := value.(string); plain || member == "" {
				member = name
			}
		}
		value := text(bodies[e.ID][member])
		for _, c := range []struct{ name, body, code, pointer string }{
			{"malformed", `{"` + member + `":`, "json-invalid", ""},
			{"empty", ``, "json-invalid", ""},
			{"not an object", `[]`, "type-wrong", ""},
			{"behind the value", `{} {}`, "json-invalid", ""},
			{"unknown member", `{"isAdmin":true}`, "member-unknown", "/isAdmin"},
			{"read-only member", `{"id":"x"}`, "member-unknown", "/id"},
			{"repeated member", `{"` + member + `":` + value + `,"` + member + `":` + value + `}`, "member-repeated", "/" + member},
			{"other case", `{"` + strings.ToUpper(member) + `":` + value + `}`, "member-unknown", "/" + strings.ToUpper(member)},
			{"null", `{"` + member + `":null}`, "null-not-allowed", "/" + member},
			{"wrong type", `{"` + member + `":7}`, "type-wrong", "/" + member},
			{"invalid UTF-8", "{\"" + member + "\":\"\xff\"}", "json-invalid", ""},
		} {
			if e.Open && (c.code == "member-unknown" || c.code == "null-not-allowed") {
				continue // TestTheForeignProtocol
			}
			r := request(t, e, alpha.ID, alpha.AdminID, alpha.Token).at(site)
			switch {
			case e.Access.Right == domain.RightOperate:
				r.Token = operator
			case e.Access.Service != "":
				r.Token = service
			}
			r.Body = c.body
			a := w.Send(r)
			if a.Status != http.StatusBadRequest || a.Code() != c.code && a.Text("errors/0/code") != c.code || c.pointer != "" && a.Text("errors/0/pointer") != c.pointer {
				t.Errorf("%s, %s: %d %s", e.ID, c.name, a.Status, a.Raw)
			}
			if strings.Contains(string(a.Raw), Password) {
				t.Errorf("%s, %s: the answer repeats what was sent", e.ID, c.name)
			}
		}
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

func TestXD14_OversizeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	w := everyRight(t)
	alpha, operator, service := w.Customer("alpha"), w.Operator(), w.Service("evaluate", "search")
	site := w.Site(alpha)
	for _, e := range api.Endpoints() {
		if !e.HasBody() {
			continue
		}
		token := alpha.Token
		switch {
		case e.Access.Right == domain.RightOperate:
			token = operator
		case e.Access.Service != "":
			token = service
		}
		for _, size := range []int{256<<10 + 1, 1 << 20} {
			r := request(t, e, alpha.ID, alpha.AdminID, token).at(site)
			r.Body = strings.Repeat(" ", size)
			if a := w.Send(r); a.Status != http.StatusRequestEntityTooLarge || a.Code() != "too-large" {
				t.Errorf("%s with %d bytes: %d %s", e.ID, size, a.Status, a.Raw)
			}
		}
		r := request(t, e, alpha.ID, alpha.AdminID, token).at(site)
		r.Headers = append(r.Headers, Header{"Content-Encoding", "gzip"})
		if a := w.Send(r); a.Status != http.StatusUnsupportedMediaType {
			t.Errorf("%s packed: %d %s", e.ID, a.Status, a.Raw)
		}
	}
}

func TestXD15_DeepJSONIsRefused(t *testing.T) {
	t.Parallel()
	w := New(t)
	for _, depth := range []int{33, 9999, 100_000} {
		body := strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
		a := w.Want(http.StatusBadRequest, Request{Method: "POST", Path: "/v1/sessions", Body: body[:min(len(body), 256<<10)]})
		if a.Text("errors/0/code") != "json-too-deep" {
			t.Errorf("depth %d: %s", depth, a.Raw)
		}
	}
}

func TestXD17_OnlyJSONIsRead(t *testing.T) {
	t.Parallel()
	w := everyRight(t)
	alpha, operator, service := w.Customer("alpha"), w.Operator(), w.Service("evaluate", "search")
	site := w.Site(alpha)
	for _, e := range api.Endpoints() {
		if !e.HasBody() {
			continue
		}
		token := alpha.Token
		switch {
		case e.Access.Right == domain.RightOperate:
			token = operator
		case e.Access.Service != "":
			token = service
		}
		for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/json; charset=latin1", "application/problem+json"} {
			r := request(t, e, alpha.ID, alpha.AdminID, token).at(site)
			r.Headers = append(r.Headers, Header{"Content-Type", contentType})
			if a := w.Send(r); a.Status != http.StatusUnsupportedMediaType || a.Code() != "content-type" {
				t.Errorf("%s as %q: %d %s", e.ID, contentType, a.Status, a.Raw)
			}
		}
	}
}

func TestMethodsAndPathsThatAreNotThere(t *testing.T) {
	t.Parallel()
	w := New(t)
	for _, c := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "/v1/nothing", 404, "not-found"},
		{"GET", "/v1/organizations/x/y/z", 404, "not-found"},
		{"DELETE", "/v1/sessions", 405, "method-not-allowed"},
		{"PUT", "/v1/me", 405, "method-not-allowed"},
		{"TRACE", "/v1/me", 405, "method-not-allowed"},
	} {
		a := w.Send(Request{Method: c.method, Path: c.path})
		if a.Status != c.status || a.Code() != c.code {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.Status, a.Raw)
		}
	}
	if a := w.Send(Request{Method: "HEAD", Path: "/v1/profile"}); a.Status != http.StatusMethodNotAllowed {
		t.Errorf("HEAD: %d", a.Status)
	}
	// A method cannot be put in a header.
	if a := w.Send(Request{Method: "POST", Path: "/v1/me", Headers: []Header{{"X-HTTP-Method-Override", "GET"}}}); a.Status != http.StatusMethodNotAllowed {
		t.Errorf("override: %d", a.Status)
	}
}

func TestXI7_EveryAnswerCarriesItsHeaders(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	for _, r := range []Request{
		{Method: "GET", Path: "/v1/me", Token: alpha.Token},
		{Method: "GET", Path: "/v1/me"},
		{Method: "GET", Path: "/v1/nothing"},
		{Method: "DELETE", Path: "/v1/sessions"},
		{Method: "POST", Path: "/v1/sessions", Body: "{"},
		{Method: "POST", Path: "/v1/sessions", Body: strings.Repeat(" ", 300<<10)},
		{Method: "GET", Path: alpha.Path("/users?limit=0"), Token: alpha.Token},
	} {
		a := w.Send(r)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'",
			"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s %s (%d): %s is %q", r.Method, r.Path, a.Status, name, got)
			}
		}
		for name := range a.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s %s: %s", r.Method, r.Path, name)
			}
		}
	}
}

package conform_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/docs"
	"github.com/fullmakt/fullmakt/internal/openapi/conform"
)

const (
	org   = "/v1/organizations/org_01k9a2b3c4d5e6f7g8h9jkmnpq"
	shown = `{"id":"org_01k9a2b3c4d5e6f7g8h9jkmnpq","name":"N","country":"FI","businessId":"9000000-3","language":"fi",` +
		`"timeZone":"Europe/Helsinki","status":"active","createdAt":"2026-11-02T09:00:00Z","updatedAt":"2026-11-02T09:00:00.5Z"}`
)

func checker(t *testing.T) *conform.Checker {
	t.Helper()
	c, err := conform.New(docs.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func problem(status int, code string) string {
	return fmt.Sprintf(`{"type":"about:blank","title":"T","status":%d,"code":%q,"detail":"D","requestId":"r"}`, status, code)
}

// headers are name and value in turn.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	c := checker(t)
	const plain, fault = "application/json", "application/problem+json"
	for name, test := range map[string]struct {
		method, path string
		status       int
		header       http.Header
		body         string
		want         string // part of the error; empty: none
	}{
		"as described":        {"GET", org, 200, headers("Content-Type", plain, "ETag", `"3"`), shown, ""},
		"with a charset":      {"GET", org, 200, headers("Content-Type", plain+"; charset=utf-8", "ETag", `"3"`), shown, ""},
		"no content":          {"DELETE", org + "/users/usr_01k9a2b3c4d5e6f7g8h9jkmnpq", 204, nil, "", ""},
		"a literal segment":   {"DELETE", "/v1/me/sessions/current", 204, nil, "", ""},
		"a problem":           {"GET", org, 404, headers("Content-Type", fault), problem(404, "not-found"), ""},
		"a shared problem":    {"GET", org, 401, headers("Content-Type", fault, "WWW-Authenticate", "Bearer"), problem(401, "unauthenticated"), ""},
		"a wait":              {"POST", "/v1/sessions", 429, headers("Content-Type", fault, "Retry-After", "30"), problem(429, "throttled"), ""},
		"no such path":        {"GET", "/v1/nothing", 404, headers("Content-Type", fault), problem(404, "not-found"), ""},
		"no such method":      {"PUT", org, 405, headers("Content-Type", fault, "Allow", "GET"), problem(405, "method-not-allowed"), ""},
		"HEAD is no GET":      {"HEAD", org, 405, headers("Content-Type", fault), "", ""},
		"HEAD as GET":         {"HEAD", org, 200, headers("Content-Type", plain), "", "405 was to be expected"},
		"an unknown status":   {"GET", org, 418, headers("Content-Type", plain), "{}", "status is not described"},
		"another media type":  {"GET", org, 200, headers("Content-Type", "text/html", "ETag", `"3"`), shown, `"text/html", described as application/json`},
		"no media type":       {"GET", org, 200, headers("ETag", `"3"`), shown, "described as application/json"},
		"no tag":              {"GET", org, 200, headers("Content-Type", plain), shown, "no header ETag"},
		"a tag too many":      {"POST", "/v1/password-resets", 202, headers("Content-Type", plain, "ETag", `"3"`), "{}", "header ETag"},
		"a member too many":   {"GET", org, 200, headers("Content-Type", plain, "ETag", `"3"`), strings.Replace(shown, "{", `{"secret":1,`, 1), "'secret' not allowed"},
		"a member too few":    {"GET", org, 200, headers("Content-Type", plain, "ETag", `"3"`), strings.Replace(shown, `"name":"N",`, "", 1), "missing property 'name'"},
		"another type of id":  {"GET", org, 200, headers("Content-Type", plain, "ETag", `"3"`), strings.Replace(shown, "org_", "usr_", 1), "does not match pattern"},
		"no time":             {"GET", org, 200, headers("Content-Type", plain, "ETag", `"3"`), strings.Replace(shown, "2026-11-02T", "2026-13-02T", 1), "is not valid date-time"},
		"a time elsewhere":    {"GET", org, 200, headers("Content-Type", plain, "ETag", `"3"`), strings.Replace(shown, "00Z", "00+02:00", 1), "does not match pattern"},
		"null":                {"GET", org, 200, headers("Content-Type", plain, "ETag", `"3"`), strings.Replace(shown, `"N"`, "null", 1), "got null"},
		"no JSON":             {"GET", org, 200, headers("Content-Type", plain, "ETag", `"3"`), "<html>", "not JSON"},
		"content with 204":    {"DELETE", "/v1/me/sessions/current", 204, nil, "{}", "a body, and none is described"},
		"a code of another":   {"GET", org, 404, headers("Content-Type", fault), problem(404, "lost"), `code "lost"`},
		"two statuses":        {"GET", org, 404, headers("Content-Type", fault), problem(403, "not-found"), "the body says status 403"},
		"a wait without time": {"POST", "/v1/sessions", 429, headers("Content-Type", fault), problem(429, "throttled"), "no header Retry-After"},
		"a wait until a day":  {"POST", "/v1/sessions", 429, headers("Content-Type", fault, "Retry-After", "Mon"), problem(429, "throttled"), "no number"},
		"a path from nowhere": {"GET", "/v1/nothing", 200, headers("Content-Type", plain), "{}", "404 was to be expected"},
		"a page for 404":      {"GET", "/v1/nothing", 404, headers("Content-Type", "text/plain"), "404 page not found", "described as application/problem+json"},
	} {
		err := c.Response(test.method, test.path, test.status, test.header, []byte(test.body))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: want an error with %q, got %v", name, test.want, err)
		}
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	c := checker(t)
	for name, test := range map[string]struct{ method, path, body, want string }{
		"as described":      {"POST", "/v1/sessions", `{"email":"a@example.com","password":"p"}`, ""},
		"a nested object":   {"POST", org + "/users", `{"givenName":"A","familyName":"B","email":"a@example.com","roles":["user"],"validity":{"type":"indefinite"}}`, ""},
		"none expected":     {"GET", org, "", ""},
		"nothing changed":   {"PATCH", org, "{}", ""},
		"a member too many": {"POST", "/v1/sessions", `{"email":"a@example.com","password":"p","admin":true}`, "'admin' not allowed"},
		"a member too few":  {"POST", "/v1/sessions", `{"email":"a@example.com"}`, "missing property 'password'"},
		"no address":        {"POST", "/v1/sessions", `{"email":"a","password":"p"}`, "is not valid email"},
		"a name too long":   {"PATCH", org, `{"name":"` + strings.Repeat("ä", 101) + `"}`, "maxLength"},
		"null":              {"PATCH", org, `{"name":null}`, "got null"},
		"no body":           {"POST", "/v1/sessions", "", "not JSON"},
		"a body with GET":   {"GET", org, "{}", "none is described"},
		"no such operation": {"PUT", org, "{}", "not described"},
		"no path":           {"GET", "v1", "", "not described"},
	} {
		err := c.Request(test.method, test.path, []byte(test.body))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: want an error with %q, got %v", name, test.want, err)
		}
	}
}

// failing notes failures instead of failing.
type failing struct {
	testing.TB
	said []string
}

func (f *failing) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func TestTransportFailsTheTest(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			w.Header().Set("Content-Type", "application/json")
		}
		w.Write([]byte(`{"hello":"world"}`))
	}))
	defer server.Close()
	var f failing
	client := http.Client{Transport: checker(t).Transport(http.DefaultTransport, &f)}
	for _, path := range []string{"/somewhere/else", "/v1/me"} {
		res, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || string(body) != `{"hello":"world"}` {
			t.Errorf("%s: the body came as %q, %v", path, body, err)
		}
	}
	if len(f.said) != 1 || !strings.Contains(f.said[0], "GET /v1/me: answer 200: no header ETag") {
		t.Errorf("want one failure about /v1/me, got %q", f.said)
	}
}

func TestBrokenDocuments(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no JSON":        "openapi: 3.1.0",
		"no problem":     `{"paths":{}}`,
		"a lost schema":  strings.Replace(string(docs.OpenAPI), `"#/components/schemas/User"`, `"#/components/schemas/Nobody"`, 1),
		"a status range": strings.Replace(string(docs.OpenAPI), `"200":`, `"2XX":`, 1),
	} {
		if _, err := conform.New([]byte(document)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

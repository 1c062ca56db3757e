package apitest

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/openapi"
)

// unpacked is all that an exported file holds.
func unpacked(t *testing.T, format string, file []byte) string {
	t.Helper()
	if format == "csv" {
		return string(file)
	}
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range archive.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, part); err != nil {
			t.Fatal(err)
		}
		part.Close()
	}
	return all.String()
}

// XD10: an export has whom the list has by the same filters, and of them no more
// than the list tells. A national id is in neither, whoever asks.
func TestXD10_ExportsGoNoFurtherThanTheListAndTheRight(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	coded(w, alpha, "coded@alpha.example")
	w.Join(alpha, "joined@alpha.example", "user")
	w.InviteWith(alpha, "boss@alpha.example", Object{"roles": []string{"main-user"}})
	w.Invite(beta, "other@beta.example", "user")
	controller := alpha
	_, controller.Token = w.Join(alpha, "controller@alpha.example", "access-rights-controller")
	_, plain := w.Join(alpha, "plain@alpha.example", "user")

	for _, c := range []Customer{alpha, controller} { // the one may see codes whole, the other not
		for _, query := range []string{"", "role=user", "status=invited&sort=-email", "q=coded", "right=users:edit", "kind=partner"} {
			list := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?limit=200&" + query), Token: c.Token})
			var want []string
			for _, item := range list.Items() {
				want = append(want, item.(Object)["email"].(string))
			}
			format := map[bool]string{true: "csv", false: "xlsx"}[c.Token == controller.Token]
			a, file := w.exports(c, "language=en&format="+format+"&"+query)
			told := unpacked(t, format, file)
			for _, email := range []string{"coded@alpha.example", "joined@alpha.example", "boss@alpha.example", "controller@alpha.example", "plain@alpha.example", alpha.AdminEmail, "other@beta.example", beta.AdminEmail} {
				if listed, exported := slices.Contains(want, email), strings.Contains(told, email); listed != exported {
					t.Errorf("%q: %s is in the list: %v, and in the export: %v", query, email, listed, exported)
				}
			}
			if a.Text("count") != text(len(want)) {
				t.Errorf("%q: %s, and the list has %d", query, a.Raw, len(want))
			}
			for _, trace := range []string{canary, canary[:7], canary[6:]} {
				if strings.Contains(told, trace) || strings.Contains(string(list.Raw), trace) {
					t.Errorf("%q: %s is told", query, trace)
				}
			}
			last := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/audit?limit=1"), Token: alpha.Token}).Items()[0].(Object)
			if changes := text(last["changes"]); last["action"] != "users.exported" || !strings.Contains(changes, `{"after":"`+text(len(want))+`","before":"","field":"count"}`) {
				t.Errorf("%q: the audit tells %s %s", query, last["action"], changes)
			}
		}
	}
	// Without the right there is nothing, and of a company that is not theirs there is none.
	for token, status := range map[string]int{plain: http.StatusForbidden, beta.Token: http.StatusNotFound, "": http.StatusUnauthorized} {
		a := w.Want(status, Request{Method: "GET", Path: alpha.Path("/users/export?format=csv"), Token: token})
		if a.Text("url") != "" {
			t.Errorf("%d, and %s", status, a.Raw)
		}
	}
}

// XD11: what an export is called and how it is served is nobody's to choose.
func TestXD11_ExportsAreServedAsFilesToKeep(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	w.Want(http.StatusOK, w.Edit("PATCH", c.Path(""), "", c.Token, Object{"name": `A"; filename=x.html`}))
	for format, kind := range map[string]string{
		"csv": "text/csv; charset=utf-8; header=present", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	} {
		query := url.Values{"format": {format}, "q": {`"; filename=evil.html`}, "language": {"en"}}
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/export?" + query.Encode()), Token: c.Token})
		plain := map[string]string{"Content-Type": "application/json", "Content-Disposition": "", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
		if got := only(a.Header, plain); !maps.Equal(got, plain) {
			t.Errorf("%s, the answer: %v", format, got)
		}
		_, header, content := w.fetch(a.Text("url"))
		file := map[string]string{
			"Content-Type": kind, "Content-Disposition": "attachment; filename=users-2026-11-02." + format, "X-Content-Type-Options": "nosniff",
			"Cache-Control": "no-store", "Set-Cookie": "", "Access-Control-Allow-Origin": "",
		}
		if got := only(header, file); !maps.Equal(got, file) {
			t.Errorf("%s, the file: %v", format, got)
		}
		if magic := map[string]string{"csv": "\xef\xbb\xbf", "xlsx": "PK\x03\x04"}[format]; !bytes.HasPrefix(content, []byte(magic)) {
			t.Errorf("%s begins with %q", format, content[:4])
		}
	}
	for _, format := range []string{"html", "XLSX", "csv.html", "../csv", "csv%0D%0AX-Header:%20x"} {
		a := w.Fails(http.StatusBadRequest, "invalid", Request{Method: "GET", Path: c.Path("/users/export?format=" + format), Token: c.Token})
		if a.Header.Get("X-Header") != "" {
			t.Errorf("%s: %v", format, a.Header)
		}
	}
}

// only are those of the headers that something is said of.
func only(h http.Header, said map[string]string) map[string]string {
	out := map[string]string{}
	for name := range said {
		out[name] = h.Get(name)
	}
	return out
}

// XD13: what an answer or a request may hold is listed to the last member, for
// every operation. The rest are maps, whose keys are data.
func TestXD13_SchemasAreClosed(t *testing.T) {
	t.Parallel()
	document, err := openapi.Document(api.Endpoints())
	if err != nil {
		t.Fatal(err)
	}
	var d Object
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	foreign := map[string]bool{}
	for _, e := range api.Endpoints() {
		foreign[strings.ToLower(e.Method)+" "+e.Path] = e.Open
	}
	var open map[string]bool // where somebody could put something more
	var walk func(at string, node any, seen []string)
	walk = func(at string, node any, seen []string) {
		switch n := node.(type) {
		case []any:
			for i, v := range n {
				walk(fmt.Sprintf("%s/%d", at, i), v, seen)
			}
		case Object:
			if ref, ok := n["$ref"].(string); ok {
				kind, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
				found, ok := d["components"].(Object)[kind].(Object)[name]
				if !ok {
					t.Fatalf("%s: %s leads nowhere", at, ref)
				}
				if !slices.Contains(seen, ref) {
					walk(at+">"+name, found, append(seen, ref))
				}
				return
			}
			if _, has := n["properties"]; has || n["type"] == "object" {
				closed := n["additionalProperties"] == false
				_, isMap := n["additionalProperties"].(Object)
				if !closed && (!isMap || has) {
					open[at] = true
				}
			}
			for key, v := range n {
				if key != "example" && key != "examples" && key != "enum" {
					walk(at+"/"+key, v, seen)
				}
			}
		}
	}
	operations, found := 0, 0
	for path, methods := range d["paths"].(Object) {
		for method, o := range methods.(Object) {
			operations++
			open = map[string]bool{}
			walk(method+" "+path, Object{"request": o.(Object)["requestBody"], "responses": o.(Object)["responses"]}, nil)
			if foreign[method+" "+path] {
				found += len(open)
			} else if len(open) > 0 {
				t.Errorf("%q", slices.Sorted(maps.Keys(open)))
			}
		}
	}
	if operations != len(api.Endpoints()) || found == 0 {
		t.Errorf("%d operations, and %d endpoints; %d places that are open where more is allowed", operations, len(api.Endpoints()), found)
	}
}

// What a test's client has taken for right, with one member more anywhere in it,
// it refuses: so no answer in any test of this package had one.
func TestXD13_AMemberMoreIsRefused(t *testing.T) {
	t.Parallel()
	w := With(t, "construction")
	alpha := w.Customer("alpha")
	project := w.Resource(alpha, "project", "", "Harbour")
	w.InviteWith(alpha, "pia@alpha.example", Object{
		"defaultTask": "Engineer", "roles": []string{"report-reader"}, "assignments": []Object{Assignment([]string{"project-member"}, nil, Scope("project", project))},
	})
	check, err := checker()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, r := range []Request{
		{Method: "GET", Path: "/v1/me", Token: alpha.Token},
		{Method: "GET", Path: "/v1/me/sessions", Token: alpha.Token},
		{Method: "GET", Path: "/v1/profile"},
		{Method: "GET", Path: "/v1/organizations", Token: w.Operator()},
		{Method: "GET", Path: alpha.Path(""), Token: alpha.Token},
		{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token},
		{Method: "GET", Path: alpha.Path("/users/" + alpha.AdminID), Token: alpha.Token},
		{Method: "GET", Path: alpha.Path("/users/" + alpha.AdminID + "/assignments"), Token: alpha.Token},
		{Method: "GET", Path: alpha.Path("/users/" + alpha.AdminID + "/access"), Token: alpha.Token},
		{Method: "GET", Path: alpha.Path("/resources?type=project"), Token: alpha.Token},
		{Method: "GET", Path: alpha.resource(project) + "/users", Token: alpha.Token},
		{Method: "GET", Path: alpha.Path("/audit"), Token: alpha.Token},
		{Method: "POST", Path: alpha.Path("/partners/search"), Token: alpha.Token, Body: Object{"email": "nobody@beta.example"}},
		{Method: "POST", Path: "/v1/sessions", Body: Object{"email": alpha.AdminEmail, "password": Password}},
		{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": alpha.AdminEmail}},
		{Method: "GET", Path: alpha.Path("/users")},
		{Method: "GET", Path: "/v1/nothing"},
		{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{"givenName": "N"}},
	} {
		a := w.Send(r)
		path, _, _ := strings.Cut(r.Path, "?")
		if err := check.Response(r.Method, path, a.Status, a.Header, a.Raw); err != nil {
			t.Fatal(err)
		}
		for where, grown := range growths(t, a.Raw) {
			if err := check.Response(r.Method, path, a.Status, a.Header, grown); err == nil {
				t.Errorf("%s %s, %d: a member more is taken in %q", r.Method, path, a.Status, where)
			}
			tried++
		}
	}
	if tried < 100 {
		t.Errorf("only %d answers were tried", tried)
	}
}

// growths are a body with one member more, in each of its objects in turn.
func growths(t *testing.T, body []byte) map[string][]byte {
	t.Helper()
	decode := func() (v any) {
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	var places [][]any // the steps to each object
	var find func(v any, at []any)
	find = func(v any, at []any) {
		switch v := v.(type) {
		case Object:
			places = append(places, slices.Clone(at))
			for name, inner := range v {
				find(inner, append(slices.Clone(at), name))
			}
		case []any:
			for i, inner := range v {
				find(inner, append(slices.Clone(at), i))
			}
		}
	}
	find(decode(), nil)
	out := map[string][]byte{}
	for _, place := range places {
		whole := decode()
		v := whole
		for _, step := range place {
			switch s := step.(type) {
			case string:
				v = v.(Object)[s]
			case int:
				v = v.([]any)[s]
			}
		}
		v.(Object)["passwordHash"] = Object{"kept": true}
		grown, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		out[fmt.Sprint(place)] = grown
	}
	return out
}

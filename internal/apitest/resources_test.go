package apitest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// resource is the path of a resource.
func (c Customer) resource(id string) string { return c.Path("/resources/" + id) }

// find lists the names of what somebody may know of, page after page.
func (w *World) find(c Customer, token, query string) (names []string, pages int) {
	w.T.Helper()
	cursor := ""
	for {
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/resources?" + query + "&cursor=" + cursor), Token: token})
		for _, item := range a.Items() {
			names = append(names, item.(Object)["name"].(string))
		}
		pages++
		if cursor = a.Text("next"); cursor == "" {
			return names, pages
		}
	}
}

// finds demands that somebody may know of just these.
func (w *World) finds(c Customer, token, query string, want ...string) {
	w.T.Helper()
	got, _ := w.find(c, token, query)
	if diff := cmp.Diff(want, got); diff != "" {
		w.T.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

// change is a request to change a resource as it is now.
func (w *World) change(c Customer, id, token string, body Object) Request {
	w.T.Helper()
	return w.Edit("PATCH", c.resource(id), "", token, body)
}

// share says what users have on a resource: of each the roles or rights.
func (w *World) share(c Customer, id, token string, users ...Object) Request {
	return Request{Method: "PATCH", Path: c.resource(id) + "/users", Token: token, Body: Object{"users": users}}
}

// history is what the audit tells, the oldest first, without the people's names for things.
func (w *World) history(c Customer, about string) (lines []string) {
	w.T.Helper()
	for _, item := range w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit?limit=200"), Token: c.Token}).Items() {
		entry := item.(Object)
		if entry["subject"].(Object)["id"] != about {
			continue
		}
		line := entry["action"].(string)
		for _, item := range entry["changes"].([]any) {
			ch := item.(Object)
			line += fmt.Sprintf("; %s: %s -> %s", ch["field"], ch["before"], ch["after"])
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines
}

func TestResources(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha, operator := w.Customer("alpha"), w.Operator()
		create := func(token string, body Object) Request {
			return Request{Method: "POST", Path: alpha.Path("/resources"), Token: token, Body: body}
		}
		a := w.Want(http.StatusCreated, create(operator, Object{"type": "customer-number", "name": "1001", "reference": " 1001 "}))
		number := a.Text("id")
		if a.Header.Get("ETag") != `"1"` || a.Header.Get("Location") != alpha.resource(number) || a.Text("organizationId") != alpha.ID ||
			a.Text("reference") != "1001" || a.Text("path") != "[]" || a.Text("features") != "[]" || a.Text("parent") != "" {
			t.Errorf("customer number: %v %s", a.Header, a.Raw)
		}
		a = w.Want(http.StatusCreated, create(alpha.Token, Object{"type": "worksite", "parent": number, "name": "Harbour"}))
		site := a.Text("id")
		if a.Text("parent") != number || a.Text("path") != "["+number+"]" || a.Text("type") != "worksite" || a.Text("reference") != "" {
			t.Errorf("worksite: %s", a.Raw)
		}
		for _, token := range []string{alpha.Token, operator} {
			got := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.resource(site), Token: token})
			if string(got.Raw) != string(a.Raw) || got.Header.Get("ETag") != `"1"` {
				t.Errorf("got %v %s, made %s", got.Header, got.Raw, a.Raw)
			}
		}

		patch := Request{Method: "PATCH", Path: alpha.resource(site), Token: alpha.Token, Body: Object{"name": "Port", "reference": "W-1"}}
		w.Fails(http.StatusPreconditionRequired, "if-match-required", patch)
		patch.Headers = []Header{{"If-Match", `"2"`}}
		w.Fails(http.StatusPreconditionFailed, "stale", patch)
		w.Pass(time.Second)
		a = w.Want(http.StatusOK, w.change(alpha, site, alpha.Token, Object{"name": "Port", "reference": "W-1"}))
		if a.Text("name") != "Port" || a.Text("reference") != "W-1" || a.Header.Get("ETag") != `"2"` || a.Text("updatedAt") == a.Text("createdAt") {
			t.Errorf("changed: %v %s", a.Header, a.Raw)
		}
		if a = w.Want(http.StatusOK, w.change(alpha, site, alpha.Token, Object{"name": "Port", "reference": "W-1"})); a.Header.Get("ETag") != `"2"` {
			t.Errorf("changed to what it was: %v", a.Header)
		}
		w.Want(http.StatusOK, w.change(alpha, site, operator, Object{"reference": "", "features": []string{"access-control"}}))

		w.Fails(http.StatusConflict, "resource-not-empty", Request{Method: "DELETE", Path: alpha.resource(number) + "?confirm=true", Token: operator})
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.resource(site), Token: alpha.Token})
		for _, method := range []string{"GET", "DELETE"} {
			w.Fails(http.StatusNotFound, "not-found", Request{Method: method, Path: alpha.resource(site), Token: alpha.Token})
		}
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.resource(number), Token: operator})
		w.finds(alpha, alpha.Token, "type=customer-number")

		if diff := cmp.Diff([]string{
			"resource.created; type:  -> worksite; parent:  -> " + number + "; name:  -> Harbour",
			"resource.updated; name: Harbour -> Port; reference:  -> W-1",
			"resource.updated; features:  -> access-control; reference: W-1 -> ",
			"resource.removed; type: worksite -> ; parent: " + number + " -> ; name: Port -> ; features: access-control -> ",
		}, w.history(alpha, site)); diff != "" {
			t.Errorf("audit (-want +got):\n%s", diff)
		}
	})
}

func TestResourcesAreOfTheProfile(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, operator := w.Customer("alpha"), w.Operator()
	number := w.Resource(alpha, "customer-number", "", "1001")
	site := w.Resource(alpha, "worksite", number, "Harbour")
	before := w.Dump()
	for name, c := range map[string]struct {
		body          Object
		code, pointer string
	}{
		"no type":              {Object{"name": "N"}, "required", "/type"},
		"unknown type":         {Object{"type": "project", "name": "N"}, "value-unknown", "/type"},
		"no name":              {Object{"type": "customer-number", "name": " "}, "required", "/name"},
		"markup":               {Object{"type": "customer-number", "name": "<b>N</b>"}, "value-invalid", "/name"},
		"hidden in reference":  {Object{"type": "customer-number", "name": "N", "reference": "1\u202e2"}, "value-invalid", "/reference"},
		"long reference":       {Object{"type": "customer-number", "name": "N", "reference": strings.Repeat("9", 201)}, "too-long", "/reference"},
		"no id":                {Object{"type": "worksite", "name": "N", "parent": "org_1"}, "value-invalid", "/parent"},
		"other type's feature": {Object{"type": "customer-number", "name": "N", "features": []string{"access-control"}}, "value-unknown", "/features/0"},
		"unknown feature":      {Object{"type": "worksite", "name": "N", "parent": number, "features": []string{"sauna"}}, "value-unknown", "/features/0"},
		"lies nowhere":         {Object{"type": "worksite", "name": "N"}, "parent-wrong", "/parent"},
		"lies in its own kind": {Object{"type": "worksite", "name": "N", "parent": site}, "parent-wrong", "/parent"},
		"lies in something":    {Object{"type": "customer-number", "name": "N", "parent": number}, "parent-wrong", "/parent"},
	} {
		a := w.Send(Request{Method: "POST", Path: alpha.Path("/resources"), Token: operator, Body: c.body})
		if a.Status != http.StatusBadRequest || a.Text("errors/0/code") != c.code || a.Text("errors/0/pointer") != c.pointer {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	for name, c := range map[string]struct {
		body          Object
		code, pointer string
	}{
		"no name":         {Object{"name": ""}, "required", "/name"},
		"unknown feature": {Object{"features": []string{"sauna"}}, "value-unknown", "/features/0"},
		"twice":           {Object{"features": []string{"access-control", "access-control"}}, "value-repeated", "/features/1"},
		"another place":   {Object{"parent": number}, "member-unknown", "/parent"},
		"another type":    {Object{"type": "worksite"}, "member-unknown", "/type"},
	} {
		a := w.Send(w.change(alpha, site, operator, c.body))
		if a.Status != http.StatusBadRequest || a.Text("errors/0/code") != c.code || a.Text("errors/0/pointer") != c.pointer {
			t.Errorf("change, %s: %d %s", name, a.Status, a.Raw)
		}
	}
	for query, pointer := range map[string]string{
		"":                             "?type",
		"?type=":                       "?type",
		"?type=project":                "?type",
		"?type=worksite&type=worksite": "?type",
		"?type=worksite&parent=x":      "?parent",
		"?type=worksite&q=%E2%80%AE":   "?q",
		"?type=worksite&q=" + strings.Repeat("q", 201): "?q",
		"?type=worksite&name=x":                        "?name",
		"?type=worksite&limit=201":                     "?limit",
	} {
		a := w.Send(Request{Method: "GET", Path: alpha.Path("/resources" + query), Token: alpha.Token})
		if a.Status != http.StatusBadRequest || a.Text("errors/0/pointer") != pointer {
			t.Errorf("list%s: %d %s", query, a.Status, a.Raw)
		}
	}
	if a := w.Send(Request{Method: "DELETE", Path: alpha.resource(site) + "?confirm=yes", Token: alpha.Token}); a.Text("errors/0/pointer") != "?confirm" {
		t.Errorf("confirm: %s", a.Raw)
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

// What the profile keeps to the operator nobody else makes, changes or removes,
// whatever they may do with other types; and what a resource has is the operator's to say.
func TestWhatIsTheOperatorsAlone(t *testing.T) {
	t.Parallel()
	for profile, of := range map[string]string{"rental": "customer-number", "telecom": "customer-number"} {
		w := With(t, profile)
		alpha := w.Customer("alpha")
		number := w.Resource(alpha, of, "", "1001")
		before := w.Dump()
		w.Fails(http.StatusForbidden, "operator-only", Request{Method: "POST", Path: alpha.Path("/resources"), Token: alpha.Token, Body: Object{"type": of, "name": "1002"}})
		w.Fails(http.StatusForbidden, "operator-only", w.change(alpha, number, alpha.Token, Object{"name": "1002"}))
		w.Fails(http.StatusForbidden, "operator-only", Request{Method: "DELETE", Path: alpha.resource(number), Token: alpha.Token})
		if after := w.Dump(); after != before {
			t.Errorf("%s: something has changed:\n%s", profile, Difference(before, after))
		}
		w.Want(http.StatusOK, w.change(alpha, number, w.Operator(), Object{"name": "1002"}))
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.resource(number), Token: w.Operator()})
	}

	w := New(t)
	alpha := w.Customer("alpha")
	number := w.Resource(alpha, "customer-number", "", "1001")
	w.Fails(http.StatusForbidden, "operator-only", Request{Method: "POST", Path: alpha.Path("/resources"), Token: alpha.Token, Body: Object{
		"type": "worksite", "parent": number, "name": "Harbour", "features": []string{"access-control"},
	}})
	site := w.Resource(alpha, "worksite", number, "Harbour", "access-control")
	w.Fails(http.StatusForbidden, "operator-only", w.change(alpha, site, alpha.Token, Object{"name": "Port", "features": []string{}}))
	// To say again what is there is no change.
	if a := w.Want(http.StatusOK, w.change(alpha, site, alpha.Token, Object{"name": "Port", "features": []string{"access-control"}})); a.Text("name") != "Port" {
		t.Errorf("renamed: %s", a.Raw)
	}
	if a := w.Want(http.StatusOK, w.change(alpha, site, w.Operator(), Object{"features": []string{}})); a.Text("features") != "[]" {
		t.Errorf("without: %s", a.Raw)
	}
}

func TestReferencesAreUnique(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha, beta := w.Customer("alpha"), w.Customer("beta")
		number, other := w.Resource(alpha, "customer-number", "", "1001"), w.Resource(alpha, "customer-number", "", "1002")
		create := func(c Customer, parent, reference string) Request {
			return Request{Method: "POST", Path: c.Path("/resources"), Token: c.Token, Body: Object{"type": "worksite", "parent": parent, "name": "N", "reference": reference}}
		}
		site := w.Want(http.StatusCreated, create(alpha, number, "W-1")).Text("id")
		w.Fails(http.StatusConflict, "resource-exists", create(alpha, number, "W-1"))
		w.Fails(http.StatusConflict, "resource-exists", create(alpha, other, "W-1"))
		second := w.Want(http.StatusCreated, create(alpha, other, "W-2")).Text("id")
		w.Fails(http.StatusConflict, "resource-exists", w.change(alpha, second, alpha.Token, Object{"reference": "W-1"}))
		// Another type, another organization.
		w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/resources"), Token: w.Operator(), Body: Object{"type": "customer-number", "name": "N", "reference": "W-1"}})
		w.Want(http.StatusCreated, create(beta, w.Resource(beta, "customer-number", "", "1001"), "W-1"))
		// What is given up is free: by a change, and by a removal.
		w.Want(http.StatusOK, w.change(alpha, site, alpha.Token, Object{"reference": "W-3"}))
		w.Want(http.StatusOK, w.change(alpha, second, alpha.Token, Object{"reference": "W-1"}))
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.resource(second), Token: alpha.Token})
		w.Want(http.StatusCreated, create(alpha, number, "W-1"))
		w.Want(http.StatusCreated, create(alpha, number, "W-2"))

		// XE5, of resources: one of many at once.
		outcomes := map[string]int{}
		for _, a := range w.atOnce(slices.Repeat([]Request{create(alpha, number, "W-9")}, 16)...) {
			outcomes[fmt.Sprint(a.Status)]++
		}
		if diff := cmp.Diff(map[string]int{"201": 1, "409": 15}, outcomes); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
	})
}

func TestResourceListsShowWhatMayBeKnown(t *testing.T) {
	Each(t, func(_ *testing.T, w *World) {
		alpha, beta := w.Customer("alpha"), w.Customer("beta")
		one, two := w.Resource(alpha, "customer-number", "", "1001"), w.Resource(alpha, "customer-number", "", "1002")
		harbour := w.Resource(alpha, "worksite", one, "Harbour")
		w.Resource(alpha, "worksite", one, "Åkeri")
		w.Resource(alpha, "worksite", two, "Ärla")
		airport := w.Resource(alpha, "worksite", two, "Airport")
		w.Resource(beta, "worksite", w.Resource(beta, "customer-number", "", "2001"), "Beta's")
		enter := func(email string, assignments ...Object) string {
			return w.Enter(w.InviteWith(alpha, email, Object{"roles": []string{"user"}, "assignments": append([]Object{}, assignments...)}))
		}
		all := []string{"Airport", "Harbour", "Åkeri", "Ärla"}

		w.finds(alpha, alpha.Token, "type=worksite", all...)
		w.finds(alpha, alpha.Token, "type=customer-number", "1001", "1002")
		w.finds(alpha, w.Operator(), "type=worksite", all...)

		nothing := enter("nothing@alpha.example")
		w.finds(alpha, nothing, "type=worksite")
		w.finds(alpha, nothing, "type=customer-number")

		some := enter("some@alpha.example", Assignment(nil, []string{"order"}, Scope("worksite", harbour), Scope("worksite", airport)))
		w.finds(alpha, some, "type=worksite", "Airport", "Harbour")
		w.finds(alpha, some, "type=worksite&limit=1", "Airport", "Harbour")
		w.finds(alpha, some, "type=worksite&parent="+one, "Harbour")
		w.finds(alpha, some, "type=worksite&q=PORT", "Airport")
		w.finds(alpha, some, "type=customer-number")

		number := enter("number@alpha.example", Assignment([]string{"superuser"}, nil, Scope("customer-number", two)))
		w.finds(alpha, number, "type=worksite", "Airport", "Ärla")
		w.finds(alpha, number, "type=customer-number", "1002")
		w.Resource(alpha, "worksite", two, "Made later")
		w.finds(alpha, number, "type=worksite", "Airport", "Made later", "Ärla")

		both := enter("both@alpha.example",
			Assignment([]string{"superuser"}, nil, Scope("customer-number", two)), Assignment(nil, []string{"equipment:list"}, Scope("worksite", harbour)))
		w.finds(alpha, both, "type=worksite", "Airport", "Harbour", "Made later", "Ärla")

		// A right given for the whole organization holds on every site.
		wide := enter("wide@alpha.example", Assignment(nil, []string{"order"}, Scope("organization", "")))
		w.finds(alpha, wide, "type=worksite&q=har", "Harbour")
		w.finds(alpha, wide, "type=customer-number")

		// Who is no member here is told nothing, not even that there is anything.
		list := Request{Method: "GET", Path: alpha.Path("/resources?type=worksite"), Token: beta.Token}
		w.Fails(http.StatusNotFound, "not-found", list)
		w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: alpha.resource(harbour), Token: beta.Token})
		shared := w.InviteWith(alpha, "shared@person.example", Object{"roles": []string{"superuser"}})
		w.Activate(shared.Email, Password)
		w.Invite(beta, shared.Email, "user")
		w.Activate(shared.Email, Password)
		list.Token = w.SignIn(shared.Email, Password)
		w.Want(http.StatusOK, list)
		w.Lock(alpha, shared.Email)
		w.Fails(http.StatusNotFound, "not-found", list)
		w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: alpha.resource(harbour), Token: list.Token})
	})
}

func TestResourcesAreFoundByNameAndReference(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	number := w.Resource(alpha, "customer-number", "", "1001")
	for name, reference := range map[string]string{"Ängsgården": "W-1", "Kauppakatu 5": "ÅÄÖ-22", "Harbour (north)": "", "harbour south": "HS%_"} {
		w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/resources"), Token: alpha.Token, Body: Object{
			"type": "worksite", "parent": number, "name": name, "reference": reference,
		}})
	}
	for q, want := range map[string][]string{
		"": {"harbour south", "Harbour (north)", "Kauppakatu 5", "Ängsgården"}, "HARBOUR": {"Harbour (north)", "harbour south"}, "äng": {"Ängsgården"}, "åäö": {"Kauppakatu 5"},
		"w-1": {"Ängsgården"}, " 5 ": {"Kauppakatu 5"}, "(": {"Harbour (north)"}, "%": {"harbour south"}, "_": {"harbour south"}, "nothing": nil, "harbour  south": nil,
	} {
		got, _ := w.find(alpha, alpha.Token, "type=worksite&q="+url.QueryEscape(q))
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", q, diff)
		}
	}
	w.finds(alpha, alpha.Token, "type=worksite&parent="+absentResource)
}

// However large a list is, a page reads a bounded part of it, and the pages
// together are the list.
func TestResourceListsArePaged(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	alpha := w.Customer("alpha")
	one, two := w.Resource(alpha, "customer-number", "", "1001"), w.Resource(alpha, "customer-number", "", "1002")
	var all, inTwo []string
	ids := map[string]string{}
	for i := range 450 {
		name, parent := fmt.Sprintf("Site %03d", i), one
		if i%9 == 8 {
			parent, inTwo = two, append(inTwo, name)
		}
		all = append(all, name)
		ids[name] = w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/resources"), Token: alpha.Token, Body: Object{
			"type": "worksite", "parent": parent, "name": name,
		}}).Text("id")
	}
	number := w.Enter(w.InviteWith(alpha, "number@alpha.example", Object{"assignments": []Object{Assignment([]string{"superuser"}, nil, Scope("customer-number", two))}}))
	// More than one batch holds, given in several steps, none of them in order.
	few := w.Invite(alpha, "few@alpha.example", "user")
	var known []string
	for i := 449; i >= 0; i -= 3 {
		known = append(known, all[i])
	}
	for part := range slices.Chunk(known, 50) {
		var scopes []Object
		for _, name := range part {
			scopes = append(scopes, Scope("worksite", ids[name]))
		}
		w.Want(http.StatusOK, Request{Method: "POST", Path: alpha.Path("/assignments"), Token: alpha.Token, Body: Object{
			"action": "add", "users": []string{few.ID}, "rights": []string{"order"}, "scopes": scopes,
		}})
	}
	slices.Sort(known)
	knower := w.Enter(few)

	for _, c := range []struct {
		name, token, query string
		want               []string
		pages, read        int // at most in a page
	}{
		{"administrator", alpha.Token, "", all, 9, 50},
		{"administrator, large pages", alpha.Token, "&limit=200", all, 3, 200},
		{"operator", w.Operator(), "&limit=150", all, 3, 150},
		{"superuser of a number", number, "", inTwo, 1, 450},
		{"superuser of a number, small pages", number, "&limit=7", inTwo, 8, 407},
		{"a number", alpha.Token, "&limit=7&parent=" + two, inTwo, 8, 407},
		{"a text", alpha.Token, "&limit=7&q=44", []string{"Site 044", "Site 144", "Site 244", "Site 344", "Site 440", "Site 441", "Site 442", "Site 443", "Site 444", "Site 445", "Site 446", "Site 447", "Site 448", "Site 449"}, 2, 450},
		{"who knows of a few", knower, "&limit=40", known, 4, 0},
	} {
		if got, pages := w.find(alpha, c.token, "type=worksite"+c.query); !slices.Equal(got, c.want) || pages != c.pages {
			t.Errorf("%s: %d in %d pages, want %d in %d: %v", c.name, len(got), pages, len(c.want), c.pages, got)
		}
		counter.Reset()
		w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/resources?type=worksite" + c.query), Token: c.token})
		if got := counter.Counts(); got.ItemsQueried > c.read+1 || got.Queries > 5 {
			t.Errorf("%s: a page reads %+v", c.name, got)
		}
	}
	// XB7, of this list: a cursor counts for its filter and its caller.
	cursor := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/resources?type=worksite"), Token: alpha.Token}).Text("next")
	for name, r := range map[string]Request{
		"another filter": {Method: "GET", Path: alpha.Path("/resources?type=worksite&q=4&cursor=" + cursor), Token: alpha.Token},
		"another type":   {Method: "GET", Path: alpha.Path("/resources?type=customer-number&cursor=" + cursor), Token: alpha.Token},
		"another caller": {Method: "GET", Path: alpha.Path("/resources?type=worksite&cursor=" + cursor), Token: number},
	} {
		if a := w.Send(r); a.Status != http.StatusBadRequest || a.Text("errors/0/code") != "cursor-invalid" {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
}

// A removal says first what it takes away, and then takes it, from each user
// with an entry in the audit.
func TestRemovingAResourceTakesWhatWasGivenOnIt(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		number := w.Resource(alpha, "customer-number", "", "1001")
		harbour, airport := w.Resource(alpha, "worksite", number, "Harbour"), w.Resource(alpha, "worksite", number, "Airport")
		var users []User
		for i := range 3 {
			users = append(users, w.InviteWith(alpha, fmt.Sprintf("u%d@alpha.example", i), Object{"roles": []string{"user"}, "assignments": []Object{
				Assignment([]string{"user"}, []string{"order", "equipment:list"}, Scope("worksite", harbour), Scope("worksite", airport)),
			}}))
		}
		w.InviteWith(alpha, "elsewhere@alpha.example", Object{"roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"order"}, Scope("worksite", airport))}})
		remove := Request{Method: "DELETE", Path: alpha.resource(harbour), Token: alpha.Token}
		for _, query := range []string{"", "?confirm=false"} {
			remove.Path = alpha.resource(harbour) + query
			if a := w.Fails(http.StatusConflict, "resource-in-use", remove); a.Body["affected"] != 3.0 {
				t.Errorf("unconfirmed: %s", a.Raw)
			}
		}
		if got := w.usersOf(alpha, harbour); len(got) != 4 {
			t.Errorf("users after that: %q", got)
		}
		remove.Path = alpha.resource(harbour) + "?confirm=true"
		w.Want(http.StatusNoContent, remove)
		w.Fails(http.StatusNotFound, "not-found", remove)
		for _, u := range users {
			left := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path + "/assignments", Token: alpha.Token})
			if strings.Contains(string(left.Raw), harbour) || !strings.Contains(string(left.Raw), airport) {
				t.Errorf("%s has %s", u.Email, left.Raw)
			}
			lines := w.history(alpha, u.ID)
			if want := "user.updated; assignments: user equipment:list order in worksite:" + harbour + " -> "; lines[len(lines)-1] != want {
				t.Errorf("%s: %q, want %q", u.Email, lines, want)
			}
		}
		w.finds(alpha, alpha.Token, "type=worksite", "Airport")
	})
}

// Somebody who may remove a resource only by what they have on it removes all of
// it: what they have goes last.
func TestRemovingWhatOneHasOneselfOnly(t *testing.T) {
	t.Parallel()
	w := With(t, "construction")
	defer w.Planned()
	alpha := w.Customer("alpha")
	project := w.Resource(alpha, "project", "", "Bridge")
	manager := w.InviteWith(alpha, "manager@alpha.example", Object{"assignments": []Object{Assignment([]string{"project-manager"}, nil, Scope("project", project))}})
	session := w.Enter(manager)
	for i := range 3 {
		w.InviteWith(alpha, fmt.Sprintf("member%d@alpha.example", i), Object{"assignments": []Object{Assignment([]string{"project-member"}, nil, Scope("project", project))}})
	}
	object := w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/resources"), Token: session, Body: Object{"type": "object", "parent": project, "name": "Pylon"}}).Text("id")
	w.Fails(http.StatusConflict, "resource-not-empty", Request{Method: "DELETE", Path: alpha.resource(project) + "?confirm=true", Token: session})
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.resource(object), Token: session})
	if a := w.Fails(http.StatusConflict, "resource-in-use", Request{Method: "DELETE", Path: alpha.resource(project), Token: session}); a.Body["affected"] != 4.0 {
		t.Errorf("unconfirmed: %s", a.Raw)
	}
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.resource(project) + "?confirm=true", Token: session})
	w.finds(alpha, session, "type=project")
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: alpha.resource(project), Token: alpha.Token})
	if lines := w.history(alpha, manager.ID); lines[len(lines)-1] != "user.updated; assignments: project-manager in project:"+project+" -> " {
		t.Errorf("audit: %q", lines)
	}
}

// onResource is what users have on a resource, a line each.
func onResource(users []any) (lines []string) {
	for _, item := range users {
		u := item.(Object)
		lines = append(lines, fmt.Sprint(u["familyName"], " ", u["roles"], " ", u["rights"], " ", u["inherited"]))
	}
	return lines
}

// usersOf are the users of a resource.
func (w *World) usersOf(c Customer, id string) []string {
	w.T.Helper()
	return onResource(w.Want(http.StatusOK, Request{Method: "GET", Path: c.resource(id) + "/users", Token: c.Token}).Items())
}

func TestUsersOfAResource(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		number := w.Resource(alpha, "customer-number", "", "1001")
		harbour, airport := w.Resource(alpha, "worksite", number, "Harbour"), w.Resource(alpha, "worksite", number, "Airport")
		invite := func(name string, assignments ...Object) User {
			return w.InviteWith(alpha, name+"@alpha.example", Object{"familyName": name, "roles": []string{"user"}, "assignments": append([]Object{}, assignments...)})
		}
		onNumber := Assignment([]string{"superuser"}, nil, Scope("customer-number", number))
		plain := invite("Plain")
		direct := invite("Direct", Assignment(nil, []string{"order"}, Scope("worksite", harbour)), Assignment([]string{"user"}, []string{"equipment:list"}, Scope("worksite", harbour), Scope("worksite", airport)))
		invite("Wider", onNumber)
		both := invite("Both", onNumber, Assignment(nil, []string{"access-control"}, Scope("worksite", harbour)))
		invite("Elsewhere", Assignment(nil, []string{"order"}, Scope("worksite", airport)))
		if diff := cmp.Diff([]string{"Admin [] [] true", "Both [] [access-control] true", "Direct [user] [equipment:list order] false", "Wider [] [] true"}, w.usersOf(alpha, harbour)); diff != "" {
			t.Errorf("users (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Admin [] [] true", "Both [superuser] [] false", "Wider [superuser] [] false"}, w.usersOf(alpha, number)); diff != "" {
			t.Errorf("users of the number (-want +got):\n%s", diff)
		}

		a := w.Want(http.StatusOK, w.share(alpha, harbour, alpha.Token,
			Object{"id": both.ID, "rights": []string{}},
			Object{"id": plain.ID, "roles": []string{"user"}, "rights": []string{"order", "equipment:comment"}},
			Object{"id": direct.ID, "rights": []string{"order"}},
		))
		told := a.Body["users"].([]any)
		if diff := cmp.Diff([]string{"Both [] [] true", "Plain [user] [equipment:comment order] false", "Direct [] [order] false"}, onResource(told)); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Admin [] [] true", "Both [] [] true", "Direct [] [order] false", "Plain [user] [equipment:comment order] false", "Wider [] [] true"}, w.usersOf(alpha, harbour)); diff != "" {
			t.Errorf("users after (-want +got):\n%s", diff)
		}
		// What they have on the other site stays.
		if diff := cmp.Diff([]string{"Admin [] [] true", "Both [] [] true", "Direct [user] [equipment:list] false", "Elsewhere [] [order] false", "Wider [] [] true"}, w.usersOf(alpha, airport)); diff != "" {
			t.Errorf("users of the other site (-want +got):\n%s", diff)
		}
		lines := w.history(alpha, direct.ID)
		if want := "user.updated; assignments: user equipment:list in worksite:" + harbour + " -> "; lines[len(lines)-1] != want {
			t.Errorf("audit: %q, want %q", lines, want)
		}
		// The same again is no change.
		w.Want(http.StatusOK, w.share(alpha, harbour, alpha.Token, Object{"id": direct.ID, "rights": []string{"order"}}))
		if again := w.history(alpha, direct.ID); len(again) != len(lines) {
			t.Errorf("audit: %q", again)
		}
	})
}

// XB2, XC1: all of it or nothing.
func TestXB2_UsersOfAResourceAreChangedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	number := w.Resource(alpha, "customer-number", "", "1001")
	site := w.Resource(alpha, "worksite", number, "Harbour", "access-control")
	theirs := w.Site(beta)
	foreign := w.Invite(beta, "foreign@beta.example", "user")
	gone := w.Invite(alpha, "gone@alpha.example", "user")
	w.SetRemoved(alpha, gone)
	guarded := w.InviteWith(alpha, "guarded@alpha.example", Object{"roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"access-control"}, Scope("worksite", site))}})
	super := w.Enter(w.InviteWith(alpha, "super@alpha.example", Object{"assignments": []Object{Assignment([]string{"superuser"}, nil, Scope("customer-number", number))}}))
	var good, crowd []Object
	for i := range 41 {
		id := "usr_01h2xcejqtf2nbrexx3vqjh" + fmt.Sprintf("%03d", i)
		if i < 9 {
			id = w.Invite(alpha, fmt.Sprintf("u%d@alpha.example", i), "user").ID
			good = append(good, Object{"id": id, "rights": []string{"order"}})
		}
		crowd = append(crowd, Object{"id": id, "rights": []string{"order"}})
	}
	before := w.Dump()
	for name, c := range map[string]struct {
		token  string
		last   Object
		status int
		code   string
	}{
		"another tenant's":             {alpha.Token, Object{"id": foreign.ID, "rights": []string{"order"}}, 404, "not-found"},
		"nobody":                       {alpha.Token, Object{"id": "usr_01h2xcejqtf2nbrexx3vqjhp41", "rights": []string{"order"}}, 404, "not-found"},
		"removed":                      {alpha.Token, Object{"id": gone.ID, "rights": []string{"order"}}, 404, "not-found"},
		"broken id":                    {alpha.Token, Object{"id": "usr_1"}, 400, "invalid"},
		"twice":                        {alpha.Token, good[0], 400, "invalid"},
		"unknown right":                {alpha.Token, Object{"id": alpha.AdminID, "rights": []string{"sauna"}}, 400, "invalid"},
		"role for another place":       {alpha.Token, Object{"id": alpha.AdminID, "roles": []string{"superuser"}}, 422, "scope-not-fitting"},
		"right of another place":       {alpha.Token, Object{"id": alpha.AdminID, "rights": []string{"users:edit"}}, 422, "scope-not-fitting"},
		"role above one's own":         {super, Object{"id": alpha.AdminID, "roles": []string{"administrator"}}, 422, "role-not-yours-to-give"},
		"right one does not hold":      {super, Object{"id": alpha.AdminID, "rights": []string{"access-control"}}, 422, "right-not-yours-to-give"},
		"take what one could not give": {super, Object{"id": guarded.ID}, 422, "right-not-yours-to-give"},
	} {
		a := w.Send(w.share(alpha, site, c.token, append(slices.Clone(good), c.last)...))
		if a.Status != c.status || a.Code() != c.code {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	if a := w.Send(w.share(alpha, site, alpha.Token, crowd...)); a.Text("errors/0/code") != "too-long" {
		t.Errorf("41 users: %s", a.Raw)
	}
	if a := w.Send(w.share(alpha, site, alpha.Token)); a.Status != http.StatusBadRequest {
		t.Errorf("nobody: %s", a.Raw)
	}
	// Another tenant's resource, in the path and in bodies.
	w.Fails(http.StatusNotFound, "not-found", w.share(alpha, theirs, alpha.Token, good...))
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "POST", Path: alpha.Path("/resources"), Token: alpha.Token, Body: Object{"type": "worksite", "parent": theirs, "name": "N"}})
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
		"givenName": "N", "familyName": "N", "email": "n@alpha.example", "roles": []string{"user"},
		"assignments": []Object{Assignment(nil, []string{"order"}, Scope("worksite", site), Scope("worksite", theirs))},
	}})
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	w.Want(http.StatusOK, w.share(alpha, site, super, good...))
}

// The most that can be changed at once is one transaction, whatever it takes.
func TestManyUsersOfAResourceAtOnce(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		site := w.Site(alpha)
		var users []Object
		for i := range 40 {
			users = append(users, Object{"id": w.Invite(alpha, fmt.Sprintf("u%d@alpha.example", i), "user").ID, "rights": []string{"order"}})
		}
		r := w.share(alpha, site, alpha.Token, users...)
		r.Headers = []Header{{"Idempotency-Key", "all-of-them"}}
		first := w.Want(http.StatusOK, r)
		if again := w.Want(http.StatusOK, r); string(again.Raw) != string(first.Raw) || len(first.Body["users"].([]any)) != 40 {
			t.Errorf("first %s, again %s", first.Raw, again.Raw)
		}
	})
}

// A list of users is read a part at a time, too.
func TestUsersOfAResourceArePaged(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	alpha := w.Customer("alpha")
	site := w.Site(alpha)
	w.Populate(alpha, 1900)
	w.InviteWith(alpha, "last@alpha.example", Object{"familyName": "Öst", "roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"order"}, Scope("worksite", site))}})
	var found []string
	pages, cursor := 0, ""
	for {
		counter.Reset()
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.resource(site) + "/users?cursor=" + cursor, Token: alpha.Token})
		if got := counter.Counts(); got.Queries > 5 || got.ItemsQueried > 1000 {
			t.Errorf("page %d reads %+v", pages, got)
		}
		for _, item := range a.Items() {
			found = append(found, item.(Object)["familyName"].(string))
		}
		pages++
		if cursor = a.Text("next"); cursor == "" {
			break
		}
	}
	if !slices.Equal(found, []string{"Admin", "Öst"}) || pages != 3 {
		t.Errorf("%v in %d pages", found, pages)
	}
}

// People without sign-in who are given a role with it on a resource, two at
// once, are both mailed a link.
func TestUsersOfAResourceAreLetIn(t *testing.T) {
	t.Parallel()
	w := With(t, "public-sector")
	defer w.Planned()
	alpha := w.Customer("alpha")
	place := w.Resource(alpha, "agent-assignment", "", "North")
	var users []Object
	for _, name := range []string{"per", "pia"} {
		u := w.Invite(alpha, name+"@alpha.example", "attestant")
		users = append(users, Object{"id": u.ID, "roles": []string{"agent-handler"}})
	}
	w.Want(http.StatusOK, w.share(alpha, place, alpha.Token, users...))
	for _, email := range []string{"per@alpha.example", "pia@alpha.example"} {
		w.Activate(email, Password)
		w.finds(alpha, w.SignIn(email, Password), "type=agent-assignment", "North")
	}
}

// Rights on the organization, on projects and on objects, given and taken.
func TestB16_B17_RightsAreGivenAndTakenOnEachLevel(t *testing.T) {
	t.Parallel()
	w := With(t, "construction")
	defer w.Planned()
	alpha := w.Customer("alpha")
	service := w.Service("evaluate")
	bridge, tunnel := w.Resource(alpha, "project", "", "Bridge"), w.Resource(alpha, "project", "", "Tunnel")
	pylon, deck := w.Resource(alpha, "object", bridge, "Pylon"), w.Resource(alpha, "object", bridge, "Deck")
	portal := w.Resource(alpha, "object", tunnel, "Portal")
	may := func(u User, want bool, right, of, id string) {
		t.Helper()
		if got := w.Evaluate(service, u, alpha, alpha, right, of, id); got != want {
			t.Errorf("%s, %s on %s %s: %v", u.Email, right, of, id, got)
		}
	}
	join := func(name string) (User, string) { return w.Join(alpha, name+"@alpha.example", "report-reader") }

	// The organization: roles, by the user's own form.
	u, session := join("organization")
	may(u, false, "resources:edit", "project", bridge)
	w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{"roles": []string{"coordinator"}}))
	may(u, true, "resources:edit", "project", bridge)
	w.finds(alpha, session, "type=object", "Deck", "Portal", "Pylon")
	w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{"roles": []string{"report-reader"}}))
	may(u, false, "resources:edit", "project", bridge)
	w.finds(alpha, session, "type=object")

	// A project: its users, and what lies in it.
	u, session = join("project")
	w.Want(http.StatusOK, w.share(alpha, bridge, alpha.Token, Object{"id": u.ID, "roles": []string{"project-member"}, "rights": []string{"schedule"}}))
	may(u, true, "schedule", "project", bridge)
	may(u, true, "object:publish", "object", pylon)
	may(u, false, "project:documents", "project", tunnel)
	may(u, false, "object:documents", "object", portal)
	w.finds(alpha, session, "type=project", "Bridge")
	w.finds(alpha, session, "type=object", "Deck", "Pylon")
	w.Want(http.StatusOK, w.share(alpha, bridge, alpha.Token, Object{"id": u.ID, "roles": []string{"project-member"}}))
	may(u, false, "schedule", "project", bridge)
	may(u, true, "project:documents", "project", bridge)
	w.Want(http.StatusOK, w.share(alpha, bridge, alpha.Token, Object{"id": u.ID}))
	may(u, false, "project:documents", "project", bridge)
	w.finds(alpha, session, "type=object")

	// An object: that one alone. Its manager shares it with others, and nothing else.
	u, session = join("object")
	w.Want(http.StatusOK, w.share(alpha, pylon, alpha.Token, Object{"id": u.ID, "roles": []string{"object-manager"}}))
	may(u, true, "object:approve", "object", pylon)
	may(u, false, "object:documents", "object", deck)
	w.finds(alpha, session, "type=object", "Pylon")
	w.finds(alpha, session, "type=project")
	other, _ := join("other")
	w.Want(http.StatusOK, w.share(alpha, pylon, session, Object{"id": other.ID, "roles": []string{"object-member"}}))
	may(other, true, "object:documents", "object", pylon)
	w.Fails(http.StatusNotFound, "not-found", w.share(alpha, deck, session, Object{"id": other.ID, "roles": []string{"object-member"}}))
	w.Fails(http.StatusNotFound, "not-found", w.share(alpha, bridge, session, Object{"id": other.ID, "roles": []string{"project-member"}}))
	w.Want(http.StatusOK, w.share(alpha, pylon, session, Object{"id": other.ID}))
	may(other, false, "object:documents", "object", pylon)
}

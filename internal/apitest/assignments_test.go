package apitest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// given is what a user was given by assignments, in what they are shown as.
func (w *World) given(c Customer, u User) map[gift]bool {
	w.T.Helper()
	return spread(nil, w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path + "/assignments", Token: c.Token}).Body["items"])
}

// has demands that a user was given these by assignments, and nothing else.
func (w *World) has(c Customer, u User, want ...gift) {
	w.T.Helper()
	got := w.given(c, u)
	for _, g := range want {
		if !got[g] {
			w.T.Errorf("%s lacks %+v", u.Email, g)
		}
		delete(got, g)
	}
	if len(got) > 0 {
		w.T.Errorf("%s has also %v", u.Email, got)
	}
}

// bulk is a bulk operation.
func (w *World) bulk(c Customer, action string, users []User, what Object) Request {
	body := Object{"action": action, "users": []string{}}
	for _, u := range users {
		body["users"] = append(body["users"].([]string), u.ID)
	}
	for name, value := range what {
		body[name] = value
	}
	return Request{Method: "POST", Path: c.Path("/assignments"), Token: c.Token, Body: body}
}

// outcomes are those of a bulk operation, in the order of its users.
func outcomes(a Answer) (out []string) {
	for _, item := range a.Items() {
		out = append(out, strings.TrimSuffix(item.(Object)["outcome"].(string)+" "+fmt.Sprint(item.(Object)["code"]), " <nil>"))
	}
	return out
}

func TestAssignmentsAreReplaced(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		site := w.Resource(alpha, "worksite", w.Resource(alpha, "customer-number", "", "1"), "Harbour")
		u := w.Invite(alpha, "user@alpha.example", "user")
		first := w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/assignments", alpha.Token, Object{"assignments": []Object{
			Assignment(nil, []string{"order"}, Scope("worksite", site)), Assignment([]string{"superuser"}, nil, Scope("organization", "")),
		}}))
		w.has(alpha, u, gift{right: "order", of: "worksite", id: site}, gift{role: "superuser", of: "organization"})
		shown := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: alpha.Token})
		if shown.Header.Get("ETag") != first.Header.Get("ETag") || shown.Text("roles") != "[user]" || shown.Text("assignedRoles") != "[superuser]" {
			t.Errorf("user: %s %s", shown.Header.Get("ETag"), shown.Raw)
		}

		// Sent back with its id, an assignment keeps it; any other gets one of its own.
		id := first.Text("items/0/id")
		again := w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/assignments", alpha.Token, Object{"assignments": []Object{
			{"id": id, "rights": []string{"order", "equipment:list"}, "scopes": []Object{Scope("worksite", site)}},
			{"id": id, "rights": []string{"equipment:comment"}, "scopes": []Object{Scope("worksite", site)}},
			{"id": "asg_01h2xcejqtf2nbrexx3vqjhp41", "rights": []string{"equipment:pickup"}, "scopes": []Object{Scope("worksite", site)}},
		}}))
		ids := map[string]bool{again.Text("items/0/id"): true, again.Text("items/1/id"): true, again.Text("items/2/id"): true}
		if again.Text("items/0/id") != id || len(ids) != 3 || ids["asg_01h2xcejqtf2nbrexx3vqjhp41"] {
			t.Errorf("ids: %s, before %s", again.Raw, first.Raw)
		}

		// The same in other words changes nothing, and is shown as it is.
		same := w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/assignments", alpha.Token, Object{"assignments": []Object{
			Assignment(nil, []string{"equipment:pickup", "equipment:comment", "equipment:list", "order"}, Scope("worksite", site)),
		}}))
		if string(same.Raw) != string(again.Raw) || same.Header.Get("ETag") != again.Header.Get("ETag") {
			t.Errorf("the same again: %s, before %s", same.Raw, again.Raw)
		}

		put := w.Edit("PUT", u.Path, "/assignments", alpha.Token, Object{"assignments": []Object{}})
		stale, blind := put, put
		stale.Headers, blind.Headers = []Header{{"If-Match", first.Header.Get("ETag")}}, nil
		w.Fails(http.StatusPreconditionFailed, "stale", stale)
		w.Fails(http.StatusPreconditionRequired, "if-match-required", blind)
		w.Want(http.StatusOK, put)
		w.has(alpha, u)

		// Users see their own, and nobody else's.
		other := w.Invite(alpha, "other@alpha.example", "user")
		token := w.Enter(other)
		w.Want(http.StatusOK, Request{Method: "GET", Path: other.Path + "/assignments", Token: token})
		w.Fails(http.StatusForbidden, "forbidden", Request{Method: "GET", Path: u.Path + "/assignments", Token: token})
		w.Fails(http.StatusForbidden, "forbidden", Request{Method: "PUT", Path: other.Path + "/assignments", Token: token, Headers: put.Headers, Body: put.Body})
	})
}

func TestAssignmentsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	site := w.Resource(alpha, "worksite", w.Resource(alpha, "customer-number", "", "1"), "Harbour")
	foreign := w.Resource(beta, "customer-number", "", "2")
	u, v := w.Invite(alpha, "user@alpha.example", "user"), w.Invite(beta, "user@beta.example", "user")
	many := func(n int, one Object) (all []Object) {
		for range n {
			all = append(all, one)
		}
		return all
	}
	before := w.Dump()
	for name, c := range map[string]struct {
		assignment Object
		pointer    string // of the fault; empty: another answer
		status     int
	}{
		"nothing":              {Object{"scopes": []Object{Scope("organization", "")}}, "/roles", 400},
		"nowhere":              {Assignment([]string{"user"}, nil), "/scopes", 400},
		"unknown role":         {Assignment([]string{"owner"}, nil, Scope("organization", "")), "/roles/0", 400},
		"unknown right":        {Assignment(nil, []string{"fly"}, Scope("organization", "")), "/rights/0", 400},
		"twice":                {Assignment(nil, []string{"order", "order"}, Scope("organization", "")), "/rights/1", 400},
		"unknown type":         {Assignment(nil, []string{"order"}, Scope("planet", site)), "/scopes/0/type", 400},
		"without an id":        {Assignment(nil, []string{"order"}, Scope("worksite", "")), "/scopes/0/id", 400},
		"with one too many":    {Assignment(nil, []string{"order"}, Scope("organization", site)), "/scopes/0/id", 400},
		"not an id":            {Assignment(nil, []string{"order"}, Scope("worksite", "1")), "/scopes/0/id", 400},
		"81 places":            {Assignment(nil, []string{"order"}, many(81, Scope("worksite", site))...), "/scopes", 400},
		"not there":            {Assignment(nil, []string{"order"}, Scope("worksite", "res_01h2xcejqtf2nbrexx3vqjhp41")), "", 404},
		"another customer's":   {Assignment(nil, []string{"order"}, Scope("customer-number", foreign)), "", 404},
		"as of another type":   {Assignment(nil, []string{"order"}, Scope("customer-number", site)), "", 404},
		"no client":            {Assignment(nil, []string{"order"}, Scope("client", beta.ID)), "", 404},
		"right of another":     {Assignment(nil, []string{"users:edit"}, Scope("worksite", site)), "", 422},
		"role not given there": {Assignment([]string{"administrator"}, nil, Scope("worksite", site)), "", 422},
	} {
		bulk := Object{"scopes": c.assignment["scopes"]}
		if bulk["scopes"] == nil || len(c.assignment["scopes"].([]Object)) == 0 {
			bulk["scopes"] = []Object{}
		}
		for _, member := range []string{"roles", "rights"} {
			if c.assignment[member] != nil {
				bulk[member] = c.assignment[member]
			}
		}
		put := c.assignment
		put["scopes"] = bulk["scopes"]
		for path, r := range map[string]Request{
			"/assignments/0": w.Edit("PUT", u.Path, "/assignments", alpha.Token, Object{"assignments": []Object{put}}),
			"":               w.bulk(alpha, "add", []User{u}, bulk),
		} {
			if a := w.Send(r); a.Status != c.status || c.pointer != "" && a.Text("errors/0/pointer") != path+c.pointer {
				t.Errorf("%s by %s: %d %s", name, r.Method, a.Status, a.Raw)
			}
		}
	}
	fine := Object{"rights": []string{"order"}, "scopes": []Object{Scope("worksite", site)}}
	for name, c := range map[string]struct {
		body    Object
		pointer string
	}{
		"no action":       {Object{"users": []string{u.ID}}, "/action"},
		"another action":  {Object{"action": "toggle", "users": []string{u.ID}}, "/action"},
		"nobody":          {Object{"action": "add", "users": []string{}}, "/users"},
		"501 users":       {Object{"action": "add", "users": slices.Repeat([]string{u.ID}, 501)}, "/users"},
		"somebody twice":  {Object{"action": "add", "users": []string{u.ID, u.ID}}, "/users/1"},
		"not an id":       {Object{"action": "add", "users": []string{"1"}}, "/users/0"},
		"another's user":  {Object{"action": "add", "users": []string{u.ID, v.ID}}, "/users/1"},
		"somebody absent": {Object{"action": "add", "users": []string{u.ID, "usr_01h2xcejqtf2nbrexx3vqjhp41"}}, "/users/1"},
	} {
		for member, value := range fine {
			c.body[member] = value
		}
		a := w.Fails(http.StatusBadRequest, "invalid", Request{Method: "POST", Path: alpha.Path("/assignments"), Token: alpha.Token, Body: c.body})
		if a.Text("errors/0/pointer") != c.pointer {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	w.Want(http.StatusBadRequest, w.Edit("PUT", u.Path, "/assignments", alpha.Token, Object{"assignments": many(201, fine)}))
	w.Want(http.StatusBadRequest, w.Edit("PUT", u.Path, "/assignments", alpha.Token, Object{}))
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

// More than a user's item can hold is refused, however it comes about.
func TestAssignmentsFitTheirItem(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "user@alpha.example", "user")
	w.PastAPI(alpha, u, func(m *domain.Membership) {
		for range domain.MaxAssignments {
			m.Assignments = append(m.Assignments, domain.Assignment{
				ID: domain.NewAssignmentID(w.Now()), Rights: []domain.RightKey{"order"}, Scopes: []domain.Scope{{Type: domain.InOrganization}},
			})
		}
	})
	a := w.Want(http.StatusOK, w.bulk(alpha, "add", []User{u}, Object{"rights": []string{"equipment:list"}, "scopes": []Object{Scope("organization", "")}}))
	if got := outcomes(a); !slices.Equal(got, []string{"refused too-much"}) || a.Body["complete"] != true {
		t.Errorf("bulk: %s", a.Raw)
	}
}

// building is a construction company with two projects and an object in each.
type building struct {
	*World
	alpha            Customer
	bridge, tunnel   string // projects
	pier, ventilator string // objects
	service          string
}

func build(w *World) *building {
	w.T.Helper()
	b := &building{World: w, alpha: w.Customer("alpha"), service: w.Service("evaluate")}
	b.bridge, b.tunnel = w.Resource(b.alpha, "project", "", "Bridge"), w.Resource(b.alpha, "project", "", "Tunnel")
	b.pier, b.ventilator = w.Resource(b.alpha, "object", b.bridge, "Pier"), w.Resource(b.alpha, "object", b.tunnel, "Ventilator")
	return b
}

// eachBuilding runs a test on every driver.
func eachBuilding(t *testing.T, test func(t *testing.T, b *building)) {
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, build(On(t, open(t), Options{Profile: "construction"})))
		})
	}
}

func (b *building) staff(n int) (users []User) {
	b.T.Helper()
	for i := range n {
		users = append(users, b.Invite(b.alpha, fmt.Sprintf("staff%d@alpha.example", i), "report-reader"))
	}
	return users
}

func TestB18_RolesInTheOrganizationAreAddedAndRemoved(t *testing.T) {
	eachBuilding(t, func(t *testing.T, b *building) {
		users := b.staff(2)
		roles := func(u User, want string) {
			t.Helper()
			a := b.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: b.alpha.Token})
			if a.Text("roles") != want {
				t.Errorf("roles: %s, want %s", a.Text("roles"), want)
			}
			b.has(b.alpha, u)
		}
		b.Want(http.StatusOK, b.Edit("PATCH", users[0].Path, "", b.alpha.Token, Object{"roles": []string{"report-reader", "coordinator"}}))
		roles(users[0], "[report-reader coordinator]")

		// In bulk they are the users' roles too, and those that one has already are nothing new.
		everywhere := func(role string) Object {
			return Object{"roles": []string{role}, "scopes": []Object{Scope("organization", "")}}
		}
		a := b.Want(http.StatusOK, b.bulk(b.alpha, "add", users, everywhere("coordinator")))
		if got := outcomes(a); !slices.Equal(got, []string{"unchanged", "done"}) {
			t.Errorf("add: %s", a.Raw)
		}
		roles(users[1], "[report-reader coordinator]")
		a = b.Want(http.StatusOK, b.bulk(b.alpha, "remove", users, everywhere("report-reader")))
		if got := outcomes(a); !slices.Equal(got, []string{"done", "done"}) {
			t.Errorf("remove: %s", a.Raw)
		}
		for _, u := range users {
			roles(u, "[coordinator]")
		}
		if got := outcomes(b.Want(http.StatusOK, b.bulk(b.alpha, "remove", users, everywhere("report-reader")))); !slices.Equal(got, []string{"unchanged", "unchanged"}) {
			t.Errorf("remove again: %v", got)
		}
	})
}

// The same roles on several places in one operation: of one user by their
// assignments, of many in bulk; and away again, several at once.
func TestB19_B20_B21_RolesOnProjectsAndObjects(t *testing.T) {
	eachBuilding(t, func(t *testing.T, b *building) {
		users := b.staff(3)
		b.Activate(users[0].Email, Password)
		for kind, c := range map[string]struct {
			places []string
			roles  []string
			right  string // that the roles give there
		}{
			"project": {[]string{b.bridge, b.tunnel}, []string{"project-member", "project-manager"}, "project:documents"},
			"object":  {[]string{b.pier, b.ventilator}, []string{"object-member", "object-manager"}, "object:approve"},
		} {
			var scopes []Object
			var every []gift
			for _, id := range c.places {
				scopes = append(scopes, Scope(kind, id))
				for _, role := range c.roles {
					every = append(every, gift{role: role, of: kind, id: id})
				}
			}
			allowed := func(u User, id string) bool { return b.Evaluate(b.service, u, b.alpha, b.alpha, c.right, kind, id) }

			one := users[0]
			b.Assign(b.alpha, one, Assignment(c.roles, nil, scopes...))
			b.has(b.alpha, one, every...)
			for _, id := range c.places {
				if !allowed(one, id) {
					t.Errorf("%s may not use %s on the %s", one.Email, c.right, kind)
				}
			}

			a := b.Want(http.StatusOK, b.bulk(b.alpha, "add", users, Object{"roles": c.roles, "scopes": scopes}))
			if got := outcomes(a); !slices.Equal(got, []string{"unchanged", "done", "done"}) || a.Body["complete"] != true {
				t.Errorf("%s, add: %s", kind, a.Raw)
			}
			for _, u := range users {
				b.has(b.alpha, u, every...)
			}

			// Some of it goes: the one role, on the one place.
			a = b.Want(http.StatusOK, b.bulk(b.alpha, "remove", users[:2], Object{"roles": c.roles[:1], "scopes": scopes[:1]}))
			if got := outcomes(a); !slices.Equal(got, []string{"done", "done"}) {
				t.Errorf("%s, remove one: %s", kind, a.Raw)
			}
			b.has(b.alpha, users[1], every[1:]...)
			b.has(b.alpha, users[2], every...)
			// And all of it, of all of them, wherever it is.
			a = b.Want(http.StatusOK, b.bulk(b.alpha, "remove", users, Object{"roles": c.roles, "scopes": scopes}))
			if got := outcomes(a); !slices.Equal(got, []string{"done", "done", "done"}) {
				t.Errorf("%s, remove all: %s", kind, a.Raw)
			}
			for _, u := range users {
				b.has(b.alpha, u)
			}
			if allowed(one, c.places[0]) {
				t.Errorf("%s may still use %s on the %s", one.Email, c.right, kind)
			}
		}
	})
}

func TestB42_TheDefaultTaskBecomesTheJobTitleOnAProject(t *testing.T) {
	t.Parallel()
	b := build(With(t, "construction"))
	project, object := Scope("project", b.bridge), Scope("object", b.pier)
	member := Object{"roles": []string{"project-member"}, "scopes": []Object{project}}
	titles := func(u User) string {
		return b.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: b.alpha.Token}).Text("jobTitles")
	}
	for way, give := range map[string]func(u User){
		"replace": func(u User) { b.Assign(b.alpha, u, member) },
		"bulk":    func(u User) { b.Want(http.StatusOK, b.bulk(b.alpha, "add", []User{u}, member)) },
		"resource": func(u User) {
			b.Want(http.StatusOK, Request{Method: "PATCH", Path: b.alpha.Path("/resources/" + b.bridge + "/users"), Token: b.alpha.Token, Body: Object{
				"users": []Object{{"id": u.ID, "roles": []string{"project-member"}}},
			}})
		},
		"create": nil,
	} {
		invited := Object{"roles": []string{"report-reader"}, "defaultTask": "Site engineer"}
		if give == nil {
			invited["assignments"] = []Object{member}
		}
		u := b.InviteWith(b.alpha, way+"@alpha.example", invited)
		if give != nil {
			if got := titles(u); got != "" {
				t.Errorf("%s, before: %s", way, got)
			}
			give(u)
		}
		want := "[map[resourceId:" + b.bridge + " title:Site engineer]]"
		if got := titles(u); got != want {
			t.Errorf("%s: %s, want %s", way, got, want)
		}
		// It is theirs there from then on, whatever their default task becomes.
		b.Want(http.StatusOK, b.Edit("PATCH", u.Path, "", b.alpha.Token, Object{"defaultTask": "Surveyor"}))
		b.Want(http.StatusOK, b.bulk(b.alpha, "add", []User{u}, Object{"roles": []string{"project-manager"}, "scopes": []Object{project}}))
		if got := titles(u); got != want {
			t.Errorf("%s, with another default task: %s", way, got)
		}
		// An object has none, and another project gets the new one.
		b.Want(http.StatusOK, b.bulk(b.alpha, "add", []User{u}, Object{"roles": []string{"object-member"}, "scopes": []Object{object}}))
		b.Want(http.StatusOK, b.bulk(b.alpha, "add", []User{u}, Object{"roles": []string{"project-member"}, "scopes": []Object{Scope("project", b.tunnel)}}))
		if got := titles(u); !strings.Contains(got, "title:Surveyor") || strings.Contains(got, b.pier) || strings.Count(got, "resourceId") != 2 {
			t.Errorf("%s, on two projects: %s", way, got)
		}
		// It goes with the last that is held there.
		b.Want(http.StatusOK, b.bulk(b.alpha, "remove", []User{u}, Object{"roles": []string{"project-manager"}, "scopes": []Object{project}}))
		if got := titles(u); !strings.Contains(got, b.bridge) {
			t.Errorf("%s, with one role left: %s", way, got)
		}
		b.Want(http.StatusOK, b.bulk(b.alpha, "remove", []User{u}, member))
		if got := titles(u); strings.Contains(got, b.bridge) || !strings.Contains(got, b.tunnel) {
			t.Errorf("%s, with none left: %s", way, got)
		}
	}
	// Who has no default task gets no title.
	u := b.Invite(b.alpha, "none@alpha.example", "report-reader")
	b.Assign(b.alpha, u, member)
	if got := titles(u); got != "" {
		t.Errorf("without a default task: %s", got)
	}
}

// The telephone company recommends a module: leaving it out is told, and no more.
func TestP11_LeavingOutTheDashboardIsWarnedOf(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	kari, _ := x.employ("kari@alpha.example", x.sales, "invoices")
	warned := "[map[code:recommended-right-missing right:dashboard]]"
	warnings := func(what, want string, a Answer) {
		t.Helper()
		if got := a.Text("warnings"); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	warnings("user", warned, x.Want(http.StatusOK, Request{Method: "GET", Path: kari.Path, Token: x.alpha.Token}))
	warnings("list", warned, x.Want(http.StatusOK, Request{Method: "GET", Path: kari.Path + "/assignments", Token: x.alpha.Token}))
	give := func(modules ...string) Answer {
		return x.Want(http.StatusOK, x.Edit("PUT", kari.Path, "/assignments", x.alpha.Token, Object{
			"assignments": []Object{Assignment(nil, modules, Scope("customer-number", x.depot))},
		}))
	}
	warnings("with it", "", give("dashboard", "invoices"))
	warnings("without it again", warned, give("orders"))
	warnings("a superuser", "", x.Want(http.StatusOK, x.Edit("PATCH", kari.Path, "", x.alpha.Token, Object{"roles": []string{"superuser"}})))
}

func TestP17_NumbersModulesAndTypeAreChosenAtCreation(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	x.subscribe(x.alpha, "+4790000001", "active")
	body := func(roles []string, assignments ...Object) Request {
		return Request{Method: "POST", Path: x.alpha.Path("/users"), Token: x.alpha.Token, Body: Object{
			"givenName": "N", "familyName": "N", "email": "new@alpha.example", "subscription": "+4790000001",
			"roles": append([]string{}, roles...), "assignments": append([]Object{}, assignments...),
		}}
	}
	number := Scope("customer-number", x.sales)
	before := x.Dump()
	for name, c := range map[string]struct {
		request Request
		missing []string
	}{
		// A module is given on customer numbers, so without any there is no module either.
		"no customer number":        {body([]string{"user"}), []string{"customer-number", "modules"}},
		"no module":                 {body([]string{"user"}, Assignment(nil, []string{"resources:see"}, number)), []string{"modules"}},
		"no module, on all numbers": {body([]string{"user"}, Assignment(nil, []string{"resources:see"}, Scope("organization", ""))), []string{"modules"}},
	} {
		a := x.Fails(http.StatusUnprocessableEntity, "choice-required", c.request)
		for i, what := range c.missing {
			if !strings.Contains(a.Text(fmt.Sprintf("errors/%d/detail", i)), what) {
				t.Errorf("%s: %s", name, a.Raw)
			}
		}
		if a.Text(fmt.Sprintf("errors/%d/code", len(c.missing))) != "" {
			t.Errorf("%s, more than is missing: %s", name, a.Raw)
		}
	}
	a := x.Fails(http.StatusBadRequest, "invalid", body(nil, Assignment(nil, []string{"dashboard"}, number)))
	if a.Text("errors/0/pointer") != "/roles" {
		t.Errorf("no type: %s", a.Raw)
	}
	if after := x.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	x.Want(http.StatusCreated, body([]string{"user"}, Assignment(nil, []string{"dashboard"}, number)))
}

func TestP19_P20_P21_NumbersModulesAndTypeAreEdited(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	kari, token := x.employ("kari@alpha.example", x.sales, "invoices")
	x.want(kari, x.sales, "invoices")
	give := func(number string, modules ...string) {
		x.Assign(x.alpha, kari, Assignment(nil, modules, Scope("customer-number", number)))
	}
	give(x.depot, "invoices") // P19: another customer number
	x.want(kari, x.sales)
	x.want(kari, x.depot, "invoices")
	give(x.depot, "usage", "reports") // P20: other modules
	x.want(kari, x.depot, "usage", "reports")

	// P21: promoted, and back.
	list := Request{Method: "GET", Path: x.alpha.Path("/users"), Token: token}
	x.Fails(http.StatusForbidden, "forbidden", list)
	x.Want(http.StatusOK, x.Edit("PATCH", kari.Path, "", x.alpha.Token, Object{"roles": []string{"superuser"}}))
	x.Want(http.StatusOK, list)
	x.Want(http.StatusOK, x.Edit("PATCH", kari.Path, "", x.alpha.Token, Object{"roles": []string{"user"}}))
	x.Fails(http.StatusForbidden, "forbidden", list)
	x.want(kari, x.depot, "usage", "reports")
}

// P22, XC6: where the portal says so, nobody edits their own access: by no path
// and in no field. Elsewhere one may, but for when one is let in.
func TestP22_XC6_NobodyEditsTheirOwnAccess(t *testing.T) {
	for profile, selfEdit := range map[string]bool{"telecom": false, "rental": true} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			h := hand(t, profile)
			number := func(id string) gift { return gift{right: "resources:see", of: "customer-number", id: id} }
			held, fresh := number(h.first("customer-number")), number(h.second("customer-number"))
			top, lowest := string(h.top()), h.lowest()
			other := h.user
			h.user = h.made([]string{top}, []Object{held.assignment()})
			token := h.Enter(h.user)
			tries := []struct {
				name    string
				request func() *Request
				never   bool // wherever it is
			}{
				{"roles", func() *Request { return h.edit("PATCH", "", token, Object{"roles": []string{top, lowest}}) }, false},
				{"on a resource", func() *Request { return waysToGive["resource-users-update"](h, fresh, token) }, false},
				{"off a resource", func() *Request { return waysToTake["resource-users-update"](h, held, token) }, false},
				{"in bulk", func() *Request { return h.bulk("add", held, token) }, false},
				{"in bulk, with another", func() *Request {
					r := h.bulk("remove", held, token)
					r.Body.(Object)["users"] = []string{other.ID, h.user.ID}
					return r
				}, false},
				{"assignments", func() *Request { return waysToGive["assignment-replace"](h, fresh, token) }, false},
				{"a lock", func() *Request { return waysToTake["user-set-validity"](h, held, token) }, true},
				{"the same term", func() *Request { return h.edit("PUT", "/validity", token, Object{"type": "indefinite"}) }, true},
				{"removal", func() *Request { return waysToTake["user-remove"](h, held, token) }, true},
				{"everything off", func() *Request { return waysToTake["assignment-clear"](h, held, token) }, false},
			}
			if h.Profile.Policies.Subscription {
				subscription := h.invitation(nil, nil)["subscription"]
				tries = append(tries, struct {
					name    string
					request func() *Request
					never   bool
				}{"subscription", func() *Request { return h.edit("PATCH", "", token, Object{"subscription": subscription}) }, true})
			}
			before := h.Dump()
			for _, c := range tries {
				h.etag = ""
				a := h.Send(*c.request())
				refused := a.Status == http.StatusUnprocessableEntity && a.Code() == "self"
				if allowed := selfEdit && !c.never; allowed && a.Status >= 300 || !allowed && !refused {
					t.Errorf("%s: %d %s", c.name, a.Status, a.Raw)
				}
			}
			if after := h.Dump(); (after == before) == selfEdit {
				t.Errorf("what has changed:\n%s", Difference(before, after))
			}
			if !selfEdit { // a name is no access
				h.Want(http.StatusOK, *h.edit("PATCH", "", token, Object{"givenName": "Another"}))
			}
		})
	}
}

// A user who is removed is inactive: nothing opens for them any more. Whoever
// restores them gives them back what they had. Also B08, B09, B24, B25.
func TestB23_B26_XC8_RemovedUsersAreRestored(t *testing.T) {
	eachBuilding(t, func(t *testing.T, b *building) {
		defer b.Planned()
		liisa := b.InviteWith(b.alpha, "liisa@alpha.example", Object{
			"roles": []string{"coordinator"}, "defaultTask": "Site engineer", "assignments": []Object{
				Assignment([]string{"project-member"}, nil, Scope("project", b.bridge)),
				Assignment([]string{"object-member"}, []string{"object:approve"}, Scope("object", b.pier), Scope("object", b.ventilator)),
			},
		})
		token := b.Enter(liisa)
		read := func() Answer {
			return b.Want(http.StatusOK, Request{Method: "GET", Path: liisa.Path, Token: b.alpha.Token})
		}
		assignments := func() string {
			return string(b.Want(http.StatusOK, Request{Method: "GET", Path: liisa.Path + "/assignments", Token: b.alpha.Token}).Raw)
		}
		listed := func(query string) bool {
			return strings.Contains(string(b.Want(http.StatusOK, Request{Method: "GET", Path: b.alpha.Path("/users" + query), Token: b.alpha.Token}).Raw), liisa.ID)
		}
		before, held := read(), assignments()
		restore := Request{Method: "POST", Path: liisa.Path + "/restore", Token: b.alpha.Token}
		b.Fails(http.StatusConflict, "user-not-inactive", restore)
		if !listed("") || listed("?status=inactive") {
			t.Error("before the removal: in the wrong list")
		}

		b.Want(http.StatusNoContent, Request{Method: "DELETE", Path: liisa.Path, Token: b.alpha.Token})
		if got := read().Text("status"); got != "inactive" || assignments() != held {
			t.Errorf("removed: %s, %s", got, assignments())
		}
		if listed("") || !listed("?status=inactive") {
			t.Error("after the removal: in the wrong list")
		}
		b.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
		signIn := Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": liisa.Email, "password": Password}}
		b.Fails(http.StatusUnauthorized, "sign-in-failed", signIn)
		if b.Evaluate(b.service, liisa, b.alpha, b.alpha, "project:documents", "project", b.bridge) {
			t.Error("a removed user may still read documents")
		}
		// Nothing but restoring and clearing is done to somebody who is not there.
		for name, r := range map[string]Request{
			"update":      {Method: "PATCH", Path: liisa.Path, Body: Object{"roles": []string{"main-user"}}},
			"assignments": {Method: "PUT", Path: liisa.Path + "/assignments", Body: Object{"assignments": []Object{}}},
			"validity":    {Method: "PUT", Path: liisa.Path + "/validity", Body: Object{"type": "locked"}},
			"removal":     {Method: "DELETE", Path: liisa.Path},
			"activation":  {Method: "POST", Path: liisa.Path + "/activation"},
			"password":    {Method: "POST", Path: liisa.Path + "/password-reset"},
			"invitation": {Method: "POST", Path: b.alpha.Path("/users"), Body: Object{
				"givenName": "N", "familyName": "N", "email": liisa.Email, "roles": []string{"main-user"},
			}},
		} {
			r.Token, r.Headers = b.alpha.Token, []Header{{"If-Match", read().Header.Get("ETag")}}
			if a := b.Send(r); a.Status != http.StatusConflict || a.Code() != "user-inactive" {
				t.Errorf("%s of a removed user: %d %s", name, a.Status, a.Raw)
			}
		}
		bulk := b.Want(http.StatusOK, b.bulk(b.alpha, "add", []User{liisa}, Object{"roles": []string{"main-user"}, "scopes": []Object{Scope("organization", "")}}))
		if got := outcomes(bulk); !slices.Equal(got, []string{"refused not-found"}) {
			t.Errorf("bulk: %s", bulk.Raw)
		}

		mails := len(b.Mails(liisa.Email))
		a := b.Want(http.StatusOK, restore)
		if text(a.Body["dropped"]) != `{"assignments":[],"roles":[]}` || a.Text("status") != "invited" {
			t.Errorf("restored: %s", a.Raw)
		}
		for _, member := range []string{"roles", "jobTitles", "defaultTask", "validity", "createdAt"} {
			if a.Text(member) != before.Text(member) {
				t.Errorf("%s: %s, before %s", member, a.Text(member), before.Text(member))
			}
		}
		if got := assignments(); got != held {
			t.Errorf("assignments: %s, before %s", got, held)
		}
		if !listed("") || listed("?status=inactive") {
			t.Error("after restoring: in the wrong list")
		}
		// They begin anew: by a mail, with another password.
		all := b.Mails(liisa.Email)
		if len(all) != mails+1 || all[0].Kind != "activation" {
			t.Fatalf("mails: %v", all)
		}
		b.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
		b.Fails(http.StatusUnauthorized, "sign-in-failed", signIn)
		b.Activate(liisa.Email, "a wholly new one")
		b.Fails(http.StatusUnauthorized, "sign-in-failed", signIn)
		b.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
		b.SignIn(liisa.Email, "a wholly new one")
		if !b.Evaluate(b.service, liisa, b.alpha, b.alpha, "object:approve", "object", b.ventilator) {
			t.Error("what came back does not count")
		}
		b.Fails(http.StatusConflict, "user-not-inactive", restore)
	})
}

// XC8: only what may be given today comes back, and what does not is told: the
// rest was taken away meanwhile, or is not the restorer's to give.
func TestXC8_WhatMayNotBeGivenTodayDoesNotComeBack(t *testing.T) {
	t.Parallel()
	b := build(With(t, "construction"))
	liisa := b.InviteWith(b.alpha, "liisa@alpha.example", Object{
		"roles": []string{"main-user", "report-reader"}, "defaultTask": "Site engineer", "assignments": []Object{
			Assignment([]string{"project-member"}, nil, Scope("project", b.bridge), Scope("project", b.tunnel)),
			Assignment(nil, []string{"reports", "audit:see"}, Scope("organization", "")),
		},
	})
	weak := b.InviteWith(b.alpha, "weak@alpha.example", Object{
		"roles": []string{"report-reader"}, "assignments": []Object{
			Assignment(nil, []string{"users:see", "users:edit"}, Scope("organization", "")),
			Assignment([]string{"project-member"}, nil, Scope("project", b.tunnel)),
		},
	})
	token := b.Enter(weak)
	b.Want(http.StatusNoContent, Request{Method: "DELETE", Path: liisa.Path, Token: b.alpha.Token})
	a := b.Want(http.StatusOK, Request{Method: "POST", Path: liisa.Path + "/restore", Token: token})
	dropped, _ := a.Body["dropped"].(Object)
	got := spread(dropped["roles"], dropped["assignments"])
	for _, g := range []gift{
		{role: "main-user", of: "organization"}, {role: "project-member", of: "project", id: b.bridge}, {right: "audit:see", of: "organization"},
	} {
		if !got[g] {
			t.Errorf("not told: %+v", g)
		}
		delete(got, g)
	}
	if len(got) > 0 || a.Text("roles") != "[report-reader]" {
		t.Errorf("told beside: %v; roles %s", got, a.Text("roles"))
	}
	b.has(b.alpha, liisa, gift{role: "project-member", of: "project", id: b.tunnel}, gift{right: "reports", of: "organization"})
	if title := a.Text("jobTitles"); strings.Contains(title, b.bridge) || !strings.Contains(title, b.tunnel) {
		t.Errorf("job titles: %s", title)
	}
	entry := b.audit(b.alpha, "user.restored", liisa)[0]
	for _, lost := range []string{`"before":"main-user"`, "project-member in project:" + b.bridge, "audit:see in organization"} {
		if !strings.Contains(text(entry["changes"]), lost) {
			t.Errorf("the audit does not tell of %s: %s", lost, text(entry))
		}
	}

	// A mandate that ended while they were away gives nothing any more.
	w := With(t, "insurance")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	mandate := w.Mandate(beta, "alpha", "web-service", []string{"payroll:report"}, "")
	anna := w.InviteWith(alpha, "anna@alpha.example", Object{"roles": []string{"user"}, "assignments": []Object{
		Assignment(nil, []string{"payroll:report"}, Scope("client", beta.ID)), Assignment(nil, []string{"payroll:report"}, Scope("clients", "")),
	}})
	w.SetRemoved(alpha, anna)
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: beta.Path("/mandates/" + mandate), Token: beta.Token})
	a = w.Want(http.StatusOK, Request{Method: "POST", Path: anna.Path + "/restore", Token: alpha.Token})
	dropped, _ = a.Body["dropped"].(Object)
	if got := spread(dropped["roles"], dropped["assignments"]); len(got) != 1 || !got[gift{right: "payroll:report", of: "client", id: beta.ID}] {
		t.Errorf("dropped: %s", a.Raw)
	}
	w.has(alpha, anna, gift{right: "payroll:report", of: "clients"})
}

// A removed user can be stripped of everything at once, as long as there is
// anything; so can one who is not removed. Also B27, B28.
func TestXC8_EverythingIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	b := build(With(t, "construction"))
	for name, said := range map[string]Object{
		"roles": {"roles": []string{"coordinator"}},
		"both": {"roles": []string{"coordinator"}, "defaultTask": "Welder", "assignments": []Object{
			Assignment([]string{"project-member"}, nil, Scope("project", b.bridge)),
		}},
		"assignments": {"assignments": []Object{Assignment([]string{"object-member"}, nil, Scope("object", b.pier))}},
	} {
		for _, removed := range []bool{false, true} {
			u := b.InviteWith(b.alpha, fmt.Sprintf("%s-%v@alpha.example", name, removed), said)
			if removed {
				b.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: b.alpha.Token})
			}
			mails := len(b.Mails(u.Email))
			clear := Request{Method: "DELETE", Path: u.Path + "/assignments", Token: b.alpha.Token}
			b.Want(http.StatusNoContent, clear)
			b.has(b.alpha, u)
			shown := b.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: b.alpha.Token})
			if shown.Text("roles") != "[]" || shown.Text("jobTitles") != "" || (shown.Text("status") == "inactive") != removed {
				t.Errorf("%s, removed %v: %s", name, removed, shown.Raw)
			}
			b.Fails(http.StatusConflict, "nothing-given", clear)
			if got := len(b.Mails(u.Email)); got != mails {
				t.Errorf("%s, removed %v: %d mails, before %d", name, removed, got, mails)
			}
			if removed {
				a := b.Want(http.StatusOK, Request{Method: "POST", Path: u.Path + "/restore", Token: b.alpha.Token})
				if text(a.Body["dropped"]) != `{"assignments":[],"roles":[]}` || a.Text("roles") != "[]" {
					t.Errorf("%s, restored: %s", name, a.Raw)
				}
				b.has(b.alpha, u)
			}
		}
	}
	b.Fails(http.StatusConflict, "last-administrator", Request{Method: "DELETE", Path: b.alpha.Path("/users/" + b.alpha.AdminID + "/assignments"), Token: b.alpha.Token})
}

// Who has only roles without sign-in and loses them is not invited by that.
func TestNobodyIsLetInByLosingSomething(t *testing.T) {
	t.Parallel()
	w := With(t, "public-sector")
	defer w.Planned()
	alpha := w.Customer("alpha")
	for name, lose := range map[string]func(u User) Request{
		"clear": func(u User) Request {
			return Request{Method: "DELETE", Path: u.Path + "/assignments", Token: alpha.Token}
		},
		"bulk": func(u User) Request {
			return w.bulk(alpha, "remove", []User{u}, Object{"roles": []string{"attestant"}, "scopes": []Object{Scope("organization", "")}})
		},
	} {
		u := w.Invite(alpha, name+"@alpha.example", "attestant")
		if a := w.Send(lose(u)); a.Status >= 300 {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
		for _, m := range w.Mails(u.Email) {
			if len(m.Links) > 0 {
				t.Errorf("%s: a mail %s with a link", name, m.Kind)
			}
		}
	}
}

// audit is what is on record about a user under an action, the newest first.
func (w *World) audit(c Customer, action string, u User) (entries []Object) {
	w.T.Helper()
	for next := ""; ; {
		page := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit?limit=200" + next), Token: c.Token})
		for _, item := range page.Items() {
			if e := item.(Object); e["action"] == action && (u.ID == "" || e["subject"].(Object)["id"] == u.ID) {
				entries = append(entries, e)
			}
		}
		if page.Text("next") == "" {
			return entries
		}
		next = "&cursor=" + page.Text("next")
	}
}

func TestValidityIsSet(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		u, token := w.Join(alpha, "user@alpha.example", "user")
		set := func(validity Object) Answer {
			t.Helper()
			return w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/validity", alpha.Token, validity))
		}
		me := func(status int) {
			t.Helper()
			if a := w.Send(Request{Method: "GET", Path: "/v1/me", Token: token}); a.Status != status {
				t.Errorf("me: %d %s, want %d", a.Status, a.Raw, status)
			}
		}
		mails := len(w.Mails(u.Email))
		me(http.StatusOK)
		// A lock counts at the next request, and only as long as it is there.
		if a := set(Object{"type": "locked", "reason": "On leave"}); a.Text("status") != "locked" || text(a.Body["validity"]) != `{"reason":"On leave","type":"locked"}` {
			t.Errorf("locked: %s", a.Raw)
		}
		me(http.StatusUnauthorized)
		w.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": u.Email, "password": Password}})
		set(Object{"type": "indefinite"})
		me(http.StatusOK)

		// Days are the organization's, the last one included; past and future ones can be set.
		if a := set(Object{"type": "fixedTerm", "from": "2026-10-01", "to": "2026-11-01"}); a.Text("status") != "expired" {
			t.Errorf("past: %s", a.Raw)
		}
		me(http.StatusUnauthorized)
		if a := set(Object{"type": "fixedTerm", "from": "2026-11-03", "to": "2026-11-30"}); a.Text("status") != "upcoming" {
			t.Errorf("future: %s", a.Raw)
		}
		me(http.StatusUnauthorized)
		// Longer again, they are let in as they were: nobody is invited anew.
		if a := set(Object{"type": "fixedTerm", "from": "2026-10-01", "to": "2026-11-02"}); a.Text("status") != "active" {
			t.Errorf("extended: %s", a.Raw)
		}
		me(http.StatusOK)
		w.SignIn(u.Email, Password)
		if got := len(w.Mails(u.Email)); got != mails {
			t.Errorf("%d mails, before %d", got, mails)
		}
		w.SetNow(time.Date(2026, 11, 2, 22, 0, 0, 0, time.UTC)) // midnight in Helsinki
		alpha.Token = w.SignIn(alpha.AdminEmail, Password)
		w.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": u.Email, "password": Password}})

		// The audit tells each as it was and became. The same again is no change.
		etag := set(Object{"type": "locked"}).Header.Get("ETag")
		if again := set(Object{"type": "locked"}).Header.Get("ETag"); again != etag {
			t.Errorf("the same again: %s, before %s", again, etag)
		}
		entries := w.audit(alpha, "user.validity-set", u)
		var told []string
		for _, e := range entries {
			change := e["changes"].([]any)[0].(Object)
			told = append(told, fmt.Sprintf("%s: %s > %s", change["field"], change["before"], change["after"]))
		}
		slices.Reverse(told)
		if want := []string{
			"validity: indefinite > locked", "validity: locked > indefinite", "validity: indefinite > fixedTerm 2026-10-01 2026-11-01",
			"validity: fixedTerm 2026-10-01 2026-11-01 > fixedTerm 2026-11-03 2026-11-30", "validity: fixedTerm 2026-11-03 2026-11-30 > fixedTerm 2026-10-01 2026-11-02",
			"validity: fixedTerm 2026-10-01 2026-11-02 > locked",
		}; !slices.Equal(told, want) {
			t.Errorf("audit:\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestValiditiesThatCannotBe(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "user@alpha.example", "user")
	before := w.Dump()
	for name, c := range map[string]struct {
		validity Object
		pointer  string
	}{
		"no type":             {Object{}, "/type"},
		"another type":        {Object{"type": "monthly"}, "/type"},
		"a lock with days":    {Object{"type": "locked", "from": "2026-11-02", "to": "2026-11-03"}, "/from"},
		"a reason for nought": {Object{"type": "indefinite", "reason": "x"}, "/reason"},
		"no last day":         {Object{"type": "fixedTerm", "from": "2026-11-02"}, "/to"},
		"no such day":         {Object{"type": "fixedTerm", "from": "2026-11-02", "to": "2026-11-31"}, "/to"},
		"backwards":           {Object{"type": "fixedTerm", "from": "2026-11-02", "to": "2026-11-01"}, "/to"},
		"a long reason":       {Object{"type": "locked", "reason": strings.Repeat("x", 201)}, "/reason"},
	} {
		a := w.Fails(http.StatusBadRequest, "invalid", w.Edit("PUT", u.Path, "/validity", alpha.Token, c.validity))
		if a.Text("errors/0/pointer") != c.pointer {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	put := w.Edit("PUT", u.Path, "/validity", alpha.Token, Object{"type": "locked"})
	put.Headers = []Header{{"If-Match", `"99"`}}
	w.Fails(http.StatusPreconditionFailed, "stale", put)
	put.Headers = nil
	w.Fails(http.StatusPreconditionRequired, "if-match-required", put)
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	// Where the portal has no fixed terms, none is set.
	b := build(With(t, "construction"))
	u = b.Invite(b.alpha, "user@alpha.example", "report-reader")
	b.Want(http.StatusBadRequest, b.Edit("PUT", u.Path, "/validity", b.alpha.Token, Object{"type": "fixedTerm", "from": "2026-11-02", "to": "2026-11-03"}))
	b.Want(http.StatusOK, b.Edit("PUT", u.Path, "/validity", b.alpha.Token, Object{"type": "locked"}))
}

// Neither a lock nor a last day takes the last administrator, however that one
// came to be one.
func TestXC9_TheLastAdministratorIsNotLockedOrLimited(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	helper := w.InviteWith(alpha, "helper@alpha.example", Object{"roles": []string{"user"}, "assignments": []Object{
		Assignment([]string{"administrator"}, nil, Scope("organization", "")),
	}})
	token := w.Enter(helper)
	first := User{ID: alpha.AdminID, Path: alpha.Path("/users/" + alpha.AdminID)}
	// One who administers by an assignment appoints and dismisses as any other does.
	third := w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/users"), Token: token, Body: Object{
		"givenName": "T", "familyName": "T", "email": "third@alpha.example", "roles": []string{"administrator"},
	}})
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.Path("/users/" + third.Text("id")), Token: token})

	// Who is locked out or comes to an end is no successor.
	for _, validity := range []Object{{"type": "locked"}, {"type": "fixedTerm", "from": "2026-11-01", "to": "2027-11-01"}} {
		w.Want(http.StatusOK, w.Edit("PUT", helper.Path, "/validity", alpha.Token, validity))
		w.Fails(http.StatusConflict, "last-administrator", w.demote(alpha, alpha.AdminID, alpha.Token))
	}
	for _, validity := range []Object{
		{"type": "locked"},
		{"type": "fixedTerm", "from": "2026-01-01", "to": "2026-11-01"},
		{"type": "fixedTerm", "from": "2026-11-01", "to": "2027-11-01"},
		{"type": "fixedTerm", "from": "2027-01-01", "to": "2027-11-01"},
	} {
		w.Fails(http.StatusConflict, "last-administrator", w.Edit("PUT", first.Path, "/validity", token, validity))
	}
	w.Fails(http.StatusConflict, "last-administrator", Request{Method: "DELETE", Path: first.Path + "/assignments", Token: token})
	bulk := w.Want(http.StatusOK, w.bulk(Customer{ID: alpha.ID, Token: token}, "remove", []User{first, helper}, Object{
		"roles": []string{"administrator"}, "scopes": []Object{Scope("organization", "")},
	}))
	if got := outcomes(bulk); !slices.Equal(got, []string{"refused last-administrator", "done"}) {
		t.Errorf("bulk: %s", bulk.Raw)
	}
	w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token})
	w.Fails(http.StatusForbidden, "forbidden", Request{Method: "GET", Path: alpha.Path("/users"), Token: token})
}

// duel is two administrators of one customer who try to get rid of each other.
type duel struct {
	*World
	alpha Customer
	site  string
	both  [2]duelist
	made  int
}

type duelist struct {
	User
	token string
}

// attacks are the ways to end, or limit, somebody's being an administrator, by
// how they are one: by a role of their own, or by an assignment.
var attacks = map[string][]string{
	"roles":       {"demoted", "cleared", "in bulk", "locked", "ended", "removed", "on a resource"},
	"assignments": {"replaced", "cleared", "in bulk", "locked", "ended", "removed", "on a resource"},
}

func (d *duel) attack(how string, victim, by duelist) Request {
	d.T.Helper()
	switch how {
	case "demoted":
		return d.Edit("PATCH", victim.Path, "", by.token, Object{"roles": []string{"user"}})
	case "replaced":
		return d.Edit("PUT", victim.Path, "/assignments", by.token, Object{"assignments": []Object{}})
	case "cleared":
		return Request{Method: "DELETE", Path: victim.Path + "/assignments", Token: by.token}
	case "in bulk":
		return d.bulk(Customer{ID: d.alpha.ID, Token: by.token}, "remove", []User{victim.User}, Object{
			"roles": []string{"administrator"}, "scopes": []Object{Scope("organization", "")},
		})
	case "locked":
		return d.Edit("PUT", victim.Path, "/validity", by.token, Object{"type": "locked"})
	case "ended":
		return d.Edit("PUT", victim.Path, "/validity", by.token, Object{"type": "fixedTerm", "from": "2026-01-01", "to": "2026-11-01"})
	case "removed":
		return Request{Method: "DELETE", Path: victim.Path, Token: by.token}
	}
	return Request{Method: "PATCH", Path: d.alpha.Path("/resources/" + d.site + "/users"), Token: by.token, Body: Object{
		"users": []Object{{"id": victim.ID, "rights": []string{"order"}}},
	}}
}

// administers tells whether somebody can manage users at their next request.
func (d *duel) administers(who duelist) bool {
	me := d.Send(Request{Method: "GET", Path: "/v1/me", Token: who.token})
	return me.Status == http.StatusOK && strings.Contains(me.Text("memberships/0/rights"), "users:edit")
}

// crown makes somebody an administrator in that one way, as another one.
func (d *duel) crown(who *duelist, how, token string) {
	d.T.Helper()
	now := d.Send(Request{Method: "GET", Path: d.alpha.Path("/users/" + who.ID), Token: token})
	if who.ID == "" || now.Status == http.StatusNotFound {
		d.made++
		c := d.alpha
		c.Token = token
		who.User = d.Invite(c, fmt.Sprintf("duelist%d@alpha.example", d.made), "administrator")
		who.token = d.Enter(who.User)
		now = d.Send(Request{Method: "GET", Path: who.Path, Token: token})
	}
	if now.Text("validity/type") != "indefinite" {
		d.Want(http.StatusOK, d.Edit("PUT", who.Path, "/validity", token, Object{"type": "indefinite"}))
	}
	roles, assignments := Object{"roles": []string{"administrator"}}, Object{"assignments": []Object{}}
	if how == "roles" {
		d.Want(http.StatusOK, d.Edit("PATCH", who.Path, "", token, roles))
		d.Want(http.StatusOK, d.Edit("PUT", who.Path, "/assignments", token, assignments))
		return
	}
	roles["roles"] = []string{"user"}
	assignments["assignments"] = []Object{Assignment([]string{"administrator"}, nil, Scope("organization", ""))}
	d.Want(http.StatusOK, d.Edit("PUT", who.Path, "/assignments", token, assignments))
	d.Want(http.StatusOK, d.Edit("PATCH", who.Path, "", token, roles))
}

// fight goes over all pairs of attacks, both ways of being an administrator, and
// some again up to so many rounds.
func (d *duel) fight(t *testing.T, rounds int) {
	t.Helper()
	d.alpha = d.Customer("alpha")
	d.site = d.Resource(d.alpha, "worksite", d.Resource(d.alpha, "customer-number", "", "1"), "Harbour")
	d.both[0] = duelist{User{ID: d.alpha.AdminID, Email: d.alpha.AdminEmail, Path: d.alpha.Path("/users/" + d.alpha.AdminID)}, d.alpha.Token}
	survivor := 0
	for round := range rounds {
		how := []string{"roles", "assignments"}[round%2]
		d.crown(&d.both[1-survivor], how, d.both[survivor].token)
		d.crown(&d.both[survivor], how, d.both[1-survivor].token)

		kinds, pair := attacks[how], round/2
		kind := [2]string{kinds[pair%len(kinds)], kinds[pair/len(kinds)%len(kinds)]}
		requests := [2]Request{d.attack(kind[0], d.both[1], d.both[0]), d.attack(kind[1], d.both[0], d.both[1])}
		var answers [2]Answer
		var wg sync.WaitGroup
		for i := range requests {
			wg.Go(func() {
				a, err := d.Try(requests[i])
				if err != nil || a.Status >= 500 {
					t.Errorf("round %d, %v: %v %d %s", round, kind, err, a.Status, a.Raw)
				}
				answers[i] = a
			})
		}
		wg.Wait()
		switch {
		case d.administers(d.both[0]):
			survivor = 0
		case d.administers(d.both[1]):
			survivor = 1
		default:
			t.Fatalf("round %d, %v by %s: nobody is left: %s | %s", round, kind, how, answers[0].Raw, answers[1].Raw)
		}
	}
}

// XC9: two administrators get rid of each other at the same moment, in every
// pair of ways; one is always left.
func TestXC9_OneOfTwoAdministratorsIsAlwaysLeft(t *testing.T) {
	Each(t, func(t *testing.T, w *World) { (&duel{World: w}).fight(t, 100) })
}

// XC10: the same, and each decides long before it writes.
func TestXC10_OneOfTwoAdministratorsIsLeftAfterADelay(t *testing.T) {
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow := func(tb table.Table) table.Table {
				return tabletest.Inject(tb, func(c tabletest.Call) tabletest.Fault {
					if slices.ContainsFunc(c.Ops, func(op table.Op) bool { return op.Item.SK == "ADMINS" }) {
						return tabletest.Fault{Latency: 10 * time.Millisecond}
					}
					return tabletest.Fault{}
				})
			}
			(&duel{World: On(t, open(t), Options{Wrap: slow})}).fight(t, 100)
		})
	}
}

// XE10: a bulk operation breaks off in the middle. It tells how far it came, and
// sent again it does the rest: each user once, in a transaction of their own.
func TestXE10_ABulkOperationIsResumed(t *testing.T) {
	const users, at = 250, 130
	for fault, f := range map[string]struct {
		tabletest.Fault
		done int // before the second time
	}{"not done": {tabletest.Down, at - 1}, "done, and the answer lost": {tabletest.LostAnswer, at}} {
		for name, open := range Drivers {
			t.Run(fault+" "+name, func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				count, most := 0, 0
				w := On(t, open(t), Options{Wrap: func(tb table.Table) table.Table {
					return tabletest.Inject(tb, func(c tabletest.Call) tabletest.Fault {
						mu.Lock()
						defer mu.Unlock()
						if !slices.ContainsFunc(c.Ops, func(op table.Op) bool {
							return op.Kind == table.OpPut && strings.HasPrefix(op.Item.SK, "USER#") && strings.Contains(string(op.Item.Body), "equipment:list")
						}) {
							return tabletest.Fault{}
						}
						most = max(most, len(c.Ops))
						if count++; count == at {
							return f.Fault
						}
						return tabletest.Fault{}
					})
				}})
				alpha := w.Customer("alpha")
				w.Populate(alpha, users)
				var everybody []User
				for next := ""; ; {
					page := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users?limit=200" + next), Token: alpha.Token})
					for _, item := range page.Items() {
						if u := item.(Object); u["id"] != alpha.AdminID {
							everybody = append(everybody, User{ID: u["id"].(string)})
						}
					}
					if page.Text("next") == "" {
						break
					}
					next = "&cursor=" + page.Text("next")
				}
				add := w.bulk(alpha, "add", everybody, Object{"rights": []string{"equipment:list"}, "scopes": []Object{Scope("organization", "")}})

				first := w.Want(http.StatusOK, add)
				want := slices.Concat(slices.Repeat([]string{"done"}, at-1), []string{"pending unavailable"}, slices.Repeat([]string{"pending"}, users-at))
				if got := outcomes(first); !slices.Equal(got, want) || first.Body["complete"] != false {
					t.Errorf("first: %v, complete: %v", got, first.Body["complete"])
				}
				second := w.Want(http.StatusOK, add)
				want = slices.Concat(slices.Repeat([]string{"unchanged"}, f.done), slices.Repeat([]string{"done"}, users-f.done))
				if got := outcomes(second); !slices.Equal(got, want) || second.Body["complete"] != true {
					t.Errorf("second: %v, complete: %v", got, second.Body["complete"])
				}
				third := w.Want(http.StatusOK, add)
				if got := outcomes(third); !slices.Equal(got, slices.Repeat([]string{"unchanged"}, users)) {
					t.Errorf("third: %v", got)
				}
				times := map[string]int{}
				for _, e := range w.audit(alpha, "user.updated", User{}) {
					times[e["subject"].(Object)["id"].(string)]++
				}
				for _, u := range everybody {
					if times[u.ID] != 1 {
						t.Errorf("%s was changed %d times", u.ID, times[u.ID])
					}
				}
				if most == 0 || most > 10 {
					t.Errorf("a transaction of %d operations", most)
				}
			})
		}
	}
}

// Two bulk operations on the same people at once both do all they are asked.
func TestBulkOperationsAtOnce(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		_, token := w.Join(alpha, "second@alpha.example", "administrator")
		var users []User
		for i := range 20 {
			users = append(users, w.Invite(alpha, fmt.Sprintf("n%d@alpha.example", i), "user"))
		}
		rights := []string{"equipment:list", "equipment:comment"}
		var wg sync.WaitGroup
		for i, by := range []string{alpha.Token, token} {
			wg.Go(func() {
				a, err := w.Try(w.bulk(Customer{ID: alpha.ID, Token: by}, "add", users, Object{"rights": rights[i : i+1], "scopes": []Object{Scope("organization", "")}}))
				if err != nil || a.Status != http.StatusOK || a.Body["complete"] != true {
					t.Errorf("%v %d %s", err, a.Status, a.Raw)
				}
			})
		}
		wg.Wait()
		for _, u := range users {
			w.has(alpha, u, gift{right: rights[0], of: "organization"}, gift{right: rights[1], of: "organization"})
		}
	})
}

// XC11: who loses the right to edit users while a bulk operation of theirs is
// under way changes nobody from then on.
func TestXC11_ABulkOperationEndsWithTheRightToIt(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	alpha := w.Customer("alpha")
	other, token := w.Join(alpha, "other@alpha.example", "administrator")
	var users []User
	for i := range 10 {
		users = append(users, w.Invite(alpha, fmt.Sprintf("n%d@alpha.example", i), "user"))
	}
	changed := 0
	var demotion sync.WaitGroup
	demote := w.demote(alpha, other.ID, alpha.Token)
	spoil(func(c tabletest.Call) tabletest.Fault {
		if slices.ContainsFunc(c.Ops, func(op table.Op) bool {
			return op.Kind == table.OpPut && strings.Contains(string(op.Item.Body), "equipment:list")
		}) {
			if changed++; changed == 4 {
				demotion.Go(func() {
					if a, err := w.Try(demote); err != nil || a.Status != http.StatusOK {
						t.Errorf("demotion: %d %v", a.Status, err)
					}
				})
				return tabletest.Fault{Latency: 300 * time.Millisecond}
			}
		}
		return tabletest.Fault{}
	})
	a := w.Want(http.StatusOK, w.bulk(Customer{ID: alpha.ID, Token: token}, "add", users, Object{"rights": []string{"equipment:list"}, "scopes": []Object{Scope("organization", "")}}))
	demotion.Wait()
	want := slices.Concat(slices.Repeat([]string{"done"}, 3), slices.Repeat([]string{"refused forbidden"}, 7))
	if got := outcomes(a); !slices.Equal(got, want) {
		t.Errorf("outcomes: %v", got)
	}
	spoil(nil)
	for i, u := range users {
		if got := len(w.given(alpha, u)); (got == 1) != (i < 3) {
			t.Errorf("user %d was given %d", i, got)
		}
	}
}

// A job title is edited where the users of the project are, and is that project's only.
func TestB42_JobTitlesAreEditedPerProject(t *testing.T) {
	t.Parallel()
	b := build(With(t, "construction"))
	invite := func(name string) User {
		return b.InviteWith(b.alpha, name+"@alpha.example", Object{"familyName": name, "roles": []string{"report-reader"}, "defaultTask": "Engineer"})
	}
	uno, duo := invite("uno"), invite("duo")
	member := func(u User, title ...string) Object {
		one := Object{"id": u.ID, "roles": []string{"project-member"}}
		if len(title) > 0 {
			one["jobTitle"] = title[0]
		}
		return one
	}
	for _, c := range []struct {
		what string
		on   string
		said []Object
		uno  string // their titles on the bridge and in the tunnel
		duo  string
	}{
		{"new, with and without one said", b.bridge, []Object{member(uno, " Site manager "), member(duo)}, "Site manager,", "Engineer,"},
		{"new, and none wanted", b.tunnel, []Object{member(uno, ""), member(duo, "Surveyor")}, "Site manager,", "Engineer,Surveyor"},
		{"left alone", b.bridge, []Object{member(uno), member(duo)}, "Site manager,", "Engineer,Surveyor"},
		{"another one", b.bridge, []Object{member(uno, "Foreman")}, "Foreman,", "Engineer,Surveyor"},
		{"cleared", b.bridge, []Object{member(uno, ""), member(duo)}, ",", "Engineer,Surveyor"},
		{"given again", b.bridge, []Object{member(uno, "Foreman")}, "Foreman,", "Engineer,Surveyor"},
		{"gone with what they had", b.bridge, []Object{{"id": uno.ID}, {"id": duo.ID, "jobTitle": ""}}, ",", ",Surveyor"},
	} {
		answer := b.Want(http.StatusOK, b.share(b.alpha, c.on, b.alpha.Token, c.said...))
		for u, want := range map[User]string{uno: c.uno, duo: c.duo} {
			shown := map[string]string{}
			titles, _ := b.user(b.alpha, u.ID).Body["jobTitles"].([]any)
			for _, title := range titles {
				shown[title.(Object)["resourceId"].(string)] = title.(Object)["title"].(string)
			}
			if got := shown[b.bridge] + "," + shown[b.tunnel]; got != want || len(shown) != len(titles) {
				t.Errorf("%s: the titles of %s are %s, want %s", c.what, u.Email, got, want)
			}
			lists := [][]any{b.Want(http.StatusOK, Request{Method: "GET", Path: b.alpha.resource(c.on) + "/users", Token: b.alpha.Token}).Items(), answer.Body["users"].([]any)}
			for _, list := range lists {
				for _, item := range list {
					one := item.(Object)
					if got, _ := one["jobTitle"].(string); one["id"] == u.ID && got != shown[c.on] {
						t.Errorf("%s: the users of the project have %s as %q, want %q", c.what, u.Email, got, shown[c.on])
					}
				}
			}
		}
	}
	history := strings.Join(b.history(b.alpha, uno.ID), "\n")
	if strings.Contains(history, "Foreman") || strings.Count(history, "jobTitle:") != 4 {
		t.Errorf("the audit tells\n%s", history)
	}
	// There are none on objects, nor for who has nothing on the project.
	before := b.Dump()
	for what, r := range map[string]Request{
		"on an object": b.share(b.alpha, b.pier, b.alpha.Token, Object{"id": uno.ID, "roles": []string{"object-member"}, "jobTitle": "Foreman"}),
		"of nobody":    b.share(b.alpha, b.bridge, b.alpha.Token, member(duo), Object{"id": uno.ID, "jobTitle": "Foreman"}),
		"of two lines": b.share(b.alpha, b.bridge, b.alpha.Token, member(duo), member(uno, "Fore\nman")),
		"too long":     b.share(b.alpha, b.bridge, b.alpha.Token, member(uno, strings.Repeat("ä", 201))),
	} {
		a := b.Want(http.StatusBadRequest, r)
		if pointer := a.Text("errors/0/pointer"); !strings.HasSuffix(pointer, "/jobTitle") {
			t.Errorf("%s: %s", what, a.Raw)
		}
	}
	if after := b.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	// Who says who is on the project says what they are there.
	manager := b.InviteWith(b.alpha, "manager@alpha.example", Object{"assignments": []Object{Assignment([]string{"project-manager"}, nil, Scope("project", b.bridge))}})
	session := b.Enter(manager)
	b.Want(http.StatusOK, b.share(b.alpha, b.bridge, session, member(uno, "Foreman")))
	b.Fails(http.StatusForbidden, "forbidden", b.share(b.alpha, b.bridge, b.Enter(uno), member(uno, "Chief")))
}

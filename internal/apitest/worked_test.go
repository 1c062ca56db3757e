package apitest

import (
	"net/http"
	"testing"
)

// The worked examples of docs/access.md, sentence by sentence.
func TestWorkedExamples(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*testing.T, *example){
		"rental": workedRental, "telecom": workedTelecom, "public-sector": workedPublicSector,
		"insurance": workedInsurance, "construction": workedConstruction,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := With(t, name)
			play(t, &example{World: w, t: t, home: w.Customer("alpha"), service: w.Service("evaluate")})
		})
	}
}

// example is a portal with one customer and a service client that asks.
type example struct {
	*World
	t       *testing.T
	home    Customer
	service string
}

// place is what is asked about: an organization, or a resource in it.
type place struct {
	of     Customer
	kind   string
	id     string
	called string
}

func (e *example) place(of, parent, name string) place {
	return place{of: e.home, kind: of, id: e.Resource(e.home, of, parent, name), called: name}
}

func (p place) scope() Object { return Scope(p.kind, p.id) }

// says asks whether somebody who acts from an organization may do something in a
// place: "" if so, and else the reason.
func (e *example) says(u User, from Customer, right string, in place, want string) {
	e.t.Helper()
	on := Object{"type": "organization", "id": in.of.ID}
	if in.kind != "" {
		on = Object{"type": in.kind, "id": in.id, "properties": Object{"organization": in.of.ID}}
	}
	a := e.Want(http.StatusOK, Request{Method: "POST", Path: "/access/v1/evaluation", Token: e.service, Body: Object{
		"subject": Object{"type": "user", "id": u.ID, "properties": Object{"organization": from.ID}},
		"action":  Object{"name": right}, "resource": on,
	}})
	reason := ""
	if a.Body["decision"] != true {
		reason = a.Text("context/reason")
	}
	if reason != want {
		e.t.Errorf("%s, %s in %q: %q, want %q", u.Email, right, in.called, reason, want)
	}
}

func (e *example) join(c Customer, email string, said Object) User {
	u := e.InviteWith(c, email, said)
	e.Activate(email, Password)
	return u
}

func workedRental(t *testing.T, e *example) {
	number := e.place("customer-number", "", "1001")
	harbour, airport := e.place("worksite", number.id, "Harbour"), e.place("worksite", number.id, "Airport")
	matti := e.join(e.home, "matti@alpha.example", Object{"roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"order"}, harbour.scope())}})
	e.says(matti, e.home, "order", harbour, "")
	e.says(matti, e.home, "order", airport, "not-assigned")
	list := e.Want(http.StatusOK, Request{Method: "GET", Path: e.home.Path("/resources?type=worksite"), Token: e.SignIn(matti.Email, Password)})
	if items, _ := list.Body["items"].([]any); len(items) != 1 || list.Text("items/0/name") != "Harbour" {
		t.Errorf("Matti's worksites: %s", list.Raw)
	}

	saara := e.join(e.home, "saara@alpha.example", Object{"assignments": []Object{Assignment([]string{"superuser"}, nil, number.scope())}})
	for _, site := range []place{harbour, airport, e.place("worksite", number.id, "Made tomorrow")} {
		e.says(saara, e.home, "order", site, "")
	}
	e.says(saara, e.home, "access-control", harbour, "not-assigned")

	admin := User{ID: e.home.AdminID, Email: e.home.AdminEmail}
	e.says(admin, e.home, "access-control", harbour, "no-feature")
	path, operator := e.home.Path("/resources/"+harbour.id), e.Operator()
	etag := e.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: operator}).Header.Get("ETag")
	e.Want(http.StatusOK, Request{
		Method: "PATCH", Path: path, Token: operator, Headers: []Header{{"If-Match", etag}}, Body: Object{"features": []string{"access-control"}},
	})
	e.says(admin, e.home, "access-control", harbour, "")
}

func workedTelecom(_ *testing.T, e *example) {
	sales, support := e.place("customer-number", "", "Sales"), e.place("customer-number", "", "Support")
	subscription := func(status string) {
		e.Want(http.StatusOK, Request{
			Method: "PUT", Path: e.home.Path("/subscriptions/kari"), Token: e.Operator(), Body: Object{"status": status},
		})
	}
	subscription("active")
	kari := e.join(e.home, "kari@alpha.example", Object{
		"roles": []string{"user"}, "subscription": "kari",
		"assignments": []Object{Assignment(nil, []string{"dashboard", "invoices"}, sales.scope())},
	})
	e.says(kari, e.home, "invoices", sales, "")
	e.says(kari, e.home, "invoices", support, "not-assigned")
	e.says(kari, e.home, "reports", sales, "not-assigned")
	e.Fails(http.StatusUnprocessableEntity, "choice-required", Request{Method: "POST", Path: e.home.Path("/users"), Token: e.home.Token, Body: Object{
		"givenName": "N", "familyName": "N", "email": "none@alpha.example", "roles": []string{"user"}, "subscription": "kari",
	}})
	subscription("ended")
	e.says(kari, e.home, "invoices", sales, "not-valid")
	subscription("active")
	e.says(kari, e.home, "invoices", sales, "")
}

func workedPublicSector(t *testing.T, e *example) {
	north := e.place("agent-assignment", "", "North")
	eva := e.join(e.home, "eva@alpha.example", Object{"roles": []string{"agent-handler"}})
	e.says(eva, e.home, "application:handle", north, "without-other")
	e.Assign(e.home, eva, Assignment(nil, []string{"agent-permission"}, north.scope()))
	e.says(eva, e.home, "application:handle", north, "")

	per := e.InviteWith(e.home, "per@alpha.example", Object{"roles": []string{"attestant"}})
	if mails := e.Mails(per.Email); len(mails) != 1 || mails[0].Kind != "named" || len(mails[0].Links) != 0 {
		t.Errorf("mails to an attestant: %+v", mails)
	}
	e.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": per.Email, "password": Password}})
	e.says(per, e.home, "attest", place{of: e.home}, "")
}

func workedInsurance(_ *testing.T, e *example) {
	alpha, beta, gamma := e.home, e.Customer("beta"), e.Customer("gamma")
	of := func(c Customer) place { return place{of: c, called: c.AdminEmail} }
	mandate := e.Mandate(alpha, "beta", "web-service", []string{"payroll:report", "invoices:see"}, "")
	anna := e.join(beta, "anna@beta.example", Object{
		"roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"payroll:report"}, Scope("clients", ""))},
	})
	e.says(anna, beta, "payroll:report", of(alpha), "")
	e.says(anna, beta, "invoices:see", of(alpha), "not-assigned")
	e.says(anna, beta, "payroll:report", of(beta), "not-assigned")
	e.Assign(beta, anna, Assignment(nil, []string{"payroll:report", "insurance:edit"}, Scope("clients", "")))
	e.says(anna, beta, "insurance:edit", of(alpha), "above-mandate")
	e.says(anna, beta, "payroll:report", of(gamma), "no-mandate")
	e.Mandate(gamma, "beta", "web-service", []string{"payroll:report"}, "")
	e.says(anna, beta, "payroll:report", of(gamma), "")
	e.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.Path("/mandates/" + mandate), Token: alpha.Token})
	e.says(anna, beta, "payroll:report", of(alpha), "no-mandate")
}

func workedConstruction(t *testing.T, e *example) {
	bridge := e.place("project", "", "Bridge")
	first := e.place("object", bridge.id, "First")
	liisa := e.join(e.home, "liisa@alpha.example", Object{
		"defaultTask": "Site engineer", "assignments": []Object{Assignment([]string{"project-member"}, nil, bridge.scope())},
	})
	olli := e.join(e.home, "olli@alpha.example", Object{"assignments": []Object{Assignment([]string{"object-member"}, nil, first.scope())}})
	later := e.place("object", bridge.id, "Later")
	e.says(liisa, e.home, "project:documents", bridge, "")
	e.says(liisa, e.home, "object:documents", first, "")
	e.says(liisa, e.home, "object:documents", later, "")
	e.says(olli, e.home, "object:documents", first, "")
	e.says(olli, e.home, "object:documents", later, "not-assigned")
	token := e.SignIn(olli.Email, Password)
	e.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: e.home.Path("/resources/" + bridge.id), Token: token})
	e.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: e.home.Path("/resources/" + later.id), Token: token})
	shown := e.Want(http.StatusOK, Request{Method: "GET", Path: liisa.Path, Token: e.home.Token})
	if shown.Text("jobTitles/0/title") != "Site engineer" || shown.Text("jobTitles/0/resourceId") != bridge.id {
		t.Errorf("Liisa's job titles: %s", shown.Raw)
	}
}

package apitest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// agency is a public-sector portal with one customer and somebody who asks.
type agency struct {
	*World
	alpha   Customer
	service string
}

func newAgency(t *testing.T) *agency {
	t.Helper()
	w := With(t, "public-sector")
	return &agency{World: w, alpha: w.Customer("alpha"), service: w.Service("evaluate")}
}

// asked are the rights that can be asked about in an organization itself.
func (g *agency) asked() (rights []string) {
	for _, r := range g.Profile.EveryRight() {
		if info := g.Profile.Right(r); (info == nil || info.On == "") && r != domain.RightSeeNationalIDs { // of which there are none
			rights = append(rights, string(r))
		}
	}
	return rights
}

// may are the rights that a user has in the organization itself.
func (g *agency) may(u User) (rights []string) {
	g.T.Helper()
	for _, r := range g.asked() {
		if g.Evaluate(g.service, u, g.alpha, g.alpha, r, "", "") {
			rights = append(rights, r)
		}
	}
	return rights
}

func (g *agency) only(u User, rights ...string) {
	g.T.Helper()
	got := g.may(u)
	slices.Sort(got)
	slices.Sort(rights)
	if !slices.Equal(got, rights) {
		g.T.Errorf("%s may %v, want %v", u.Email, got, rights)
	}
}

// on tells whether a user has a right on an agent assignment.
func (g *agency) on(u User, right, assignment string) bool {
	g.T.Helper()
	return g.Evaluate(g.service, u, g.alpha, g.alpha, right, "agent-assignment", assignment)
}

// set gives a user other roles.
func (g *agency) set(u User, roles ...string) Answer {
	g.T.Helper()
	return g.Want(http.StatusOK, g.Edit("PATCH", u.Path, "", g.alpha.Token, Object{"roles": roles}))
}

func (g *agency) session(email string) Request {
	return Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": email, "password": Password}}
}

func TestI01_I02_I03_I04_AdministratorsManageTheOrganization(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	admin := User{ID: g.alpha.AdminID, Email: g.alpha.AdminEmail}
	g.only(admin, g.asked()...) // billing too
	changed := g.Want(http.StatusOK, g.Edit("PATCH", g.alpha.Path(""), "", g.alpha.Token, Object{"name": "Another", "language": "fi"}))
	if changed.Text("name") != "Another" || changed.Text("language") != "fi" {
		t.Errorf("organization: %s", changed.Raw)
	}
	u, token := g.Join(g.alpha, "u@alpha.example", "orderer")
	g.only(u, "organization:see", "order")
	if a := g.set(u, "connection-handler", "contact-person"); text(a.Body["roles"]) != `["connection-handler","contact-person"]` {
		t.Errorf("user: %s", a.Raw)
	}
	g.only(u, "organization:see", "order", "users:see", "agreement:news")
	g.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: g.alpha.Token})
	g.only(u)
	g.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
}

// What each role may, of all that can be asked, beside what everybody who signs
// in may by the default role.
func TestI11_I15_I17_I20_I23_I26_I28_RolesMayJustTheirOwn(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	for role, rights := range map[string][]string{
		"orderer":            {"organization:see", "order"},
		"connection-handler": {"organization:see", "order"}, // I23: as an orderer
		"agent-orderer":      {"organization:see", "resources:see"},
		"agent-handler":      {"organization:see", "resources:see", "users:see"},
		"contact-person":     {"organization:see", "users:see", "agreement:news"},
		"own-cases-handler":  {"organization:see", "own-cases"},
		"default":            {"organization:see"},
	} {
		u, _ := g.Join(g.alpha, role+"@alpha.example", role)
		g.only(u, rights...)
	}
	for role, right := range map[string]string{"attestant": "attest", "signatory": "agreement:sign"} {
		g.only(g.Invite(g.alpha, role+"@alpha.example", role), right)
	}
}

// changes are all endpoints that change something in an organization.
func changes(t *testing.T) (found []endpoint.Endpoint) {
	t.Helper()
	for _, e := range api.Endpoints() {
		if e.Access.Right != "" && e.Needing(endpoint.WriteItems) {
			found = append(found, e)
		}
	}
	if len(found) < 15 {
		t.Errorf("only %d endpoints change something", len(found))
	}
	return found
}

// Who only sees can read, and every endpoint that changes something refuses them.
func TestI15_I20_WhoSeesDataCannotChangeIt(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	mission := g.Resource(g.alpha, "agent-assignment", "", "Mission")
	victim := g.Invite(g.alpha, "victim@alpha.example", "orderer")
	for _, role := range []string{"contact-person", "agent-handler"} {
		u := g.InviteWith(g.alpha, role+"@alpha.example", Object{
			"roles": []string{role}, "assignments": []Object{Assignment(nil, []string{"agent-permission"}, Scope("agent-assignment", mission))},
		})
		token := g.Enter(u)
		for _, path := range []string{"", "/users", "/users/" + victim.ID} {
			g.Want(http.StatusOK, Request{Method: "GET", Path: g.alpha.Path(path), Token: token})
		}
		before := g.Dump()
		for _, e := range changes(t) {
			r := request(t, e, g.alpha.ID, victim.ID, token).at(mission)
			if a := g.Send(r); a.Status != http.StatusForbidden || a.Code() != "forbidden" {
				t.Errorf("%s, %s: %d %s", role, e.ID, a.Status, a.Raw)
			}
		}
		if after := g.Dump(); after != before {
			t.Errorf("something has changed:\n%s", Difference(before, after))
		}
	}
}

// An attestant and a signatory are users whom mails reach and who have no
// account: nothing opens a session for them, and the approval that they may give
// is asked about by others.
func TestI07_I08_I16_I17_I18_RolesWithoutSignIn(t *testing.T) {
	t.Parallel()
	for role, right := range map[string]string{"attestant": "attest", "signatory": "agreement:sign"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			g := newAgency(t)
			u := g.Invite(g.alpha, "per@alpha.example", role)
			shown := g.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: g.alpha.Token})
			if shown.Body["signIn"] != false || shown.Text("status") != "active" || text(shown.Body["roles"]) != text([]string{role}) {
				t.Errorf("user: %s", shown.Raw)
			}
			mails := g.Mails(u.Email)
			if len(mails) != 1 || mails[0].Kind != domain.MailNamed || len(mails[0].Links) != 0 || strings.Contains(mails[0].HTML, "href") {
				t.Fatalf("mails: %+v", mails)
			}
			g.only(u, right)

			// There is nothing to activate and no password to choose.
			before := g.Dump()
			g.Fails(http.StatusConflict, "no-sign-in", Request{Method: "POST", Path: u.Path + "/activation", Token: g.alpha.Token})
			g.Fails(http.StatusConflict, "no-sign-in", Request{Method: "POST", Path: u.Path + "/password-reset", Token: g.alpha.Token})
			if after := g.Dump(); after != before {
				t.Errorf("something has changed:\n%s", Difference(before, after))
			}
			g.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
			for _, password := range []string{Password, "12345678"} {
				g.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": u.Email, "password": password}})
			}
			if mails := g.Mails(u.Email); len(mails) != 1 {
				t.Errorf("mails: %+v", mails)
			}
			if dump := g.DumpAll(); strings.Contains(dump, "PERSON#"+u.ID+" LINK") || strings.Contains(dump, "SESSION#"+u.ID) {
				t.Error("there is a link or a session")
			}

			// With the password of another organization they are at home there, and nobody here.
			beta := g.Customer("beta")
			there := g.Invite(beta, u.Email, "orderer")
			token := g.Enter(there)
			g.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path(""), Token: token})
			mission := g.Resource(g.alpha, "agent-assignment", "", "Mission")
			for _, e := range api.Endpoints() {
				if e.InSession() && e.Access.Right != domain.RightOperate && strings.Contains(e.Path, "{org}") {
					r := request(t, e, g.alpha.ID, u.ID, token).at(mission)
					r.Path = strings.Replace(r.Path, "worksite", "agent-assignment", 1)
					g.Fails(http.StatusNotFound, "not-found", r)
				}
			}
			if list := g.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations", Token: token}); strings.Contains(string(list.Raw), g.alpha.ID) {
				t.Errorf("organizations: %s", list.Raw)
			}
			g.only(u, right)
			// Where that ends, so does the session, and sign-in with it.
			g.Want(http.StatusNoContent, Request{Method: "DELETE", Path: there.Path, Token: beta.Token})
			g.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
			g.Fails(http.StatusUnauthorized, "sign-in-failed", g.session(u.Email))
			g.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
			if mails := g.Mails(u.Email); mails[0].Kind == domain.MailPasswordReset {
				t.Error("a link to a password that opens nothing")
			}
		})
	}
}

// The mail to who is named says which roles they have, in their language.
func TestI08_I18_TheMailToWhoIsNamed(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	for language, want := range map[string]string{
		"fi": "Roolisi: Hyväksyjä, Nimenkirjoittaja.", "sv": "Attestant, Företrädare/firmatecknare.",
		"nb": "Attestant, Signaturberettiget.", "en": "Attestant, Signatory.",
	} {
		u := g.InviteWith(g.alpha, language+"@alpha.example", Object{"roles": []string{"signatory", "attestant"}, "language": language})
		mails := g.Mails(u.Email)
		if len(mails) != 1 || string(mails[0].Language) != language {
			t.Fatalf("mails: %+v", mails)
		}
		for _, part := range []string{want, "Alpha Oy", "Example Portal"} {
			if !strings.Contains(strings.Join(strings.Fields(mails[0].Text), " "), part) {
				t.Errorf("%s: no %q in %s", language, part, mails[0].Text)
			}
		}
	}
	gone := g.Invite(g.alpha, "gone@alpha.example", "attestant")
	g.Want(http.StatusNoContent, Request{Method: "DELETE", Path: gone.Path, Token: g.alpha.Token})
	changed := g.Invite(g.alpha, "changed@alpha.example", "attestant")
	g.set(changed, "attestant", "orderer")
	if mails := g.Mails(gone.Email); len(mails) != 0 {
		t.Errorf("mails to who is gone: %+v", mails)
	}
	if mails := g.Mails(changed.Email); len(mails) != 1 || mails[0].Kind != domain.MailActivation {
		t.Errorf("mails to who has sign-in by now: %+v", mails)
	}
}

// With a role that has sign-in comes a link to an account, at that change and by
// whichever path; without one goes the session, and the links.
func TestI08_I30_SignInComesAndGoesWithTheRoles(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	defer g.Planned()
	mission := g.Resource(g.alpha, "agent-assignment", "", "Mission")
	agent := Assignment([]string{"agent-orderer"}, nil, Scope("agent-assignment", mission))
	for name, give := range map[string]func(User){
		"role":       func(u User) { g.set(u, "attestant", "orderer") },
		"assignment": func(u User) { g.Assign(g.alpha, u, agent) },
		"bulk": func(u User) {
			g.Want(http.StatusOK, Request{Method: "POST", Path: g.alpha.Path("/assignments"), Token: g.alpha.Token, Body: Object{
				"action": "add", "users": []string{u.ID}, "roles": []string{"agent-orderer"}, "scopes": []Object{Scope("agent-assignment", mission)},
			}})
		},
		"resource": func(u User) {
			g.Want(http.StatusOK, Request{Method: "PATCH", Path: g.alpha.Path("/resources/" + mission + "/users"), Token: g.alpha.Token, Body: Object{
				"users": []Object{{"id": u.ID, "roles": []string{"agent-orderer"}}},
			}})
		},
	} {
		u := g.Invite(g.alpha, name+"@alpha.example", "attestant")
		g.Dispatch()
		give(u)
		if status := g.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: g.alpha.Token}).Text("status"); status != "invited" {
			t.Errorf("%s: the user is %s", name, status)
		}
		g.only(u)
		if mails := g.Mails(u.Email); len(mails) != 2 || mails[0].Kind != domain.MailActivation {
			t.Fatalf("%s: mails %+v", name, mails)
		}
		token := g.Enter(u)
		g.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
		if got := g.may(u); !slices.Contains(got, "attest") {
			t.Errorf("%s: may %v", name, got)
		}

		// And away again.
		g.set(u, "attestant")
		g.Assign(g.alpha, u)
		g.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
		g.Fails(http.StatusUnauthorized, "sign-in-failed", g.session(u.Email))
		g.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
		if mails := g.Mails(u.Email); len(mails) != 2 {
			t.Errorf("%s: mails %+v", name, mails)
		}
		g.only(u, "attest")

		// Who has been in has an account: it opens again, and no link is mailed.
		g.set(u, "orderer")
		g.Want(http.StatusCreated, g.session(u.Email))
		if mails := g.Mails(u.Email); len(mails) != 2 {
			t.Errorf("%s: mails %+v", name, mails)
		}
	}

	// A link that was mailed opens nothing for who is without sign-in by now.
	u := g.Invite(g.alpha, "was@alpha.example", "orderer")
	link := g.Link(u.Email)
	g.set(u, "attestant")
	g.Fails(http.StatusBadRequest, "link-invalid", Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": link, "password": Password}})
}

// Without sign-in nobody administers, whatever else they were given: they do not
// keep another from being the last who does.
func TestI08_WhoCannotSignInIsNoAdministrator(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	second, token := g.Join(g.alpha, "second@alpha.example", "administrator")
	first := User{Path: g.alpha.Path("/users/" + g.alpha.AdminID)}
	g.Assign(g.alpha, second, Assignment(nil, []string{"users:edit"}, Scope("organization", "")))
	g.set(second, "attestant")
	g.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
	g.Fails(http.StatusConflict, "last-administrator", g.Edit("PATCH", first.Path, "", g.alpha.Token, Object{"roles": []string{"orderer"}}))
	// With sign-in, but by a right alone, they could make no other administrator.
	g.set(second, "attestant", "orderer")
	g.Fails(http.StatusConflict, "last-administrator", g.Edit("PATCH", first.Path, "", g.alpha.Token, Object{"roles": []string{"orderer"}}))
	g.set(second, "attestant", "administrator")
	g.Want(http.StatusOK, g.Edit("PATCH", first.Path, "", g.alpha.Token, Object{"roles": []string{"orderer"}}))
}

func TestI13_AgentOrderersOrderWithinAgentAssignments(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	north, south := g.Resource(g.alpha, "agent-assignment", "", "North"), g.Resource(g.alpha, "agent-assignment", "", "South")
	all, _ := g.Join(g.alpha, "all@alpha.example", "agent-orderer")
	orderer, _ := g.Join(g.alpha, "orderer@alpha.example", "orderer")
	one := g.InviteWith(g.alpha, "one@alpha.example", Object{"assignments": []Object{Assignment([]string{"agent-orderer"}, nil, Scope("agent-assignment", north))}})
	g.Enter(one)
	later := g.Resource(g.alpha, "agent-assignment", "", "Later")
	for _, c := range []struct {
		user User
		on   string
		want bool
	}{
		{all, north, true},
		{all, south, true},
		{all, later, true},
		{one, north, true},
		{one, south, false},
		{one, later, false},
		{orderer, north, false},
	} {
		if got := g.on(c.user, "agent-order", c.on); got != c.want {
			t.Errorf("%s on %s: %v", c.user.Email, c.on, got)
		}
	}
	g.only(one, "organization:see") // by the default role
}

// Handling an application takes the role and the permission, both on that agent
// assignment, and neither without the other.
func TestI19_I21_HandlingTakesTheRoleAndThePermission(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	north, south := g.Resource(g.alpha, "agent-assignment", "", "North"), g.Resource(g.alpha, "agent-assignment", "", "South")
	role := func(scope Object) Object { return Assignment([]string{"agent-handler"}, nil, scope) }
	permission := func(scope Object) Object { return Assignment(nil, []string{"agent-permission"}, scope) }
	inNorth, inSouth, everywhere := Scope("agent-assignment", north), Scope("agent-assignment", south), Scope("organization", "")
	u, token := g.Join(g.alpha, "handler@alpha.example", "default")
	for i, c := range []struct {
		given        []Object
		north, south bool
	}{
		{nil, false, false},
		{[]Object{role(everywhere)}, false, false},
		{[]Object{permission(everywhere)}, false, false},
		{[]Object{role(everywhere), permission(inNorth)}, true, false},
		{[]Object{role(inNorth), permission(everywhere)}, true, false},
		{[]Object{role(inNorth), permission(inSouth)}, false, false},
		{[]Object{role(inNorth), permission(inNorth), role(inSouth)}, true, false},
		{[]Object{Assignment([]string{"agent-handler"}, []string{"agent-permission"}, inNorth, inSouth)}, true, true},
		{[]Object{role(everywhere), permission(everywhere)}, true, true},
	} {
		g.Assign(g.alpha, u, c.given...)
		if gotNorth, gotSouth := g.on(u, "application:handle", north), g.on(u, "application:handle", south); gotNorth != c.north || gotSouth != c.south {
			t.Errorf("case %d: %v, %v", i, gotNorth, gotSouth)
		}
	}
	if later := g.Resource(g.alpha, "agent-assignment", "", "Later"); !g.on(u, "application:handle", later) {
		t.Error("both everywhere do not reach what is made later")
	}
	// A handler finds the assignments that they handle.
	if list := g.Want(http.StatusOK, Request{Method: "GET", Path: g.alpha.Path("/resources?type=agent-assignment"), Token: token}); len(list.Items()) != 3 {
		t.Errorf("agent assignments: %s", list.Raw)
	}
	// Why the role alone does not do is told to who asks.
	g.Assign(g.alpha, u, role(everywhere))
	a := g.Want(http.StatusOK, Request{Method: "POST", Path: "/access/v1/evaluation", Token: g.service, Body: Object{
		"subject": Object{"type": "user", "id": u.ID}, "action": Object{"name": "application:handle"},
		"resource": Object{"type": "agent-assignment", "id": north, "properties": Object{"organization": g.alpha.ID}},
	}})
	if a.Text("context/reason") != "without-other" {
		t.Errorf("why not: %s", a.Raw)
	}
}

// Whoever an administrator makes a user has the default role of itself, beside
// what was chosen; the role of those who register themselves is not theirs. Who
// is not to sign in gets nothing that would let them.
func TestI26_I28_I29_TheRoleGivenOfItselfDependsOnTheOrigin(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	mission := Scope("agent-assignment", g.Resource(g.alpha, "agent-assignment", "", "Mission"))
	for i, c := range []struct {
		said Object
		want []string
	}{
		{Object{}, []string{"default"}},
		{Object{"roles": []string{}}, []string{"default"}},
		{Object{"roles": []string{"default"}}, []string{"default"}},
		{Object{"roles": []string{"orderer", "contact-person"}}, []string{"orderer", "contact-person", "default"}},
		{Object{"assignments": []Object{Assignment([]string{"agent-orderer"}, nil, mission)}}, []string{"default"}},
		{Object{"assignments": []Object{Assignment(nil, []string{"agent-permission"}, mission)}}, []string{"default"}},
		{Object{"roles": []string{"attestant", "orderer"}}, []string{"attestant", "orderer", "default"}},
		{Object{"roles": []string{"attestant"}}, []string{"attestant"}},
		{Object{"roles": []string{"attestant", "signatory"}, "assignments": []Object{Assignment(nil, []string{"agent-permission"}, mission)}}, []string{"attestant", "signatory"}},
		{Object{"roles": []string{"own-cases-handler"}}, []string{"own-cases-handler", "default"}}, // chosen, not of itself
	} {
		u := g.InviteWith(g.alpha, fmt.Sprintf("u%d@alpha.example", i), c.said)
		if got := g.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: g.alpha.Token}); text(got.Body["roles"]) != text(c.want) {
			t.Errorf("case %d: %v, want %v", i, got.Body["roles"], c.want)
		}
	}
	// A company's first administrator was made by the operator.
	if admin := g.Want(http.StatusOK, Request{Method: "GET", Path: g.alpha.Path("/users/" + g.alpha.AdminID), Token: g.alpha.Token}); text(admin.Body["roles"]) != `["administrator"]` {
		t.Errorf("administrator: %s", admin.Raw)
	}
}

// Roles add up: somebody who orders can be the one who approves, too, which they
// then do signed out.
func TestI30_RolesCombine(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	u := g.InviteWith(g.alpha, "all@alpha.example", Object{"roles": []string{"orderer", "attestant", "signatory", "contact-person"}})
	if mails := g.Mails(u.Email); len(mails) != 1 || mails[0].Kind != domain.MailActivation {
		t.Errorf("mails: %+v", mails)
	}
	g.only(u) // not before they have accepted
	g.Enter(u)
	g.only(u, "organization:see", "order", "attest", "agreement:sign", "users:see", "agreement:news")
	g.set(u, "orderer", "signatory")
	g.only(u, "organization:see", "order", "agreement:sign")
}

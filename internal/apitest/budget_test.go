package apitest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// counted is a world that counts its use of the table.
func counted(t *testing.T) (*World, *tabletest.Counter) {
	t.Helper()
	return countedIn(t, "rental")
}

func countedIn(t *testing.T, profile string) (*World, *tabletest.Counter) {
	t.Helper()
	var counter *tabletest.Counter
	w := On(t, SQLite(t), Options{Profile: profile, Wrap: func(tb table.Table) table.Table {
		counter = tabletest.Count(tb)
		return counter
	}})
	return w, counter
}

// An authenticated request is one batch read for its context, then at most one
// read or one transaction of its own. What does more says why here.
func TestBudgetOfEveryRequest(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "budget@alpha.example", "user")
	joined, _ := w.Join(alpha, "joined@alpha.example", "user")
	termed, given, cleared := w.Invite(alpha, "termed@alpha.example", "user"), w.Invite(alpha, "given@alpha.example", "user"), w.Invite(alpha, "cleared@alpha.example", "user")
	holder, removed := w.Invite(alpha, "holder@alpha.example", "user"), w.Invite(alpha, "removed@alpha.example", "user")
	w.Assign(alpha, holder, Assignment(nil, []string{"order"}, Scope("worksite", w.Resource(alpha, "worksite", w.Resource(alpha, "customer-number", "", "1"), "2"))))
	w.SetRemoved(alpha, removed)
	erased := w.Invite(alpha, "erased@alpha.example", "user")
	everywhere := []Object{Assignment(nil, []string{"order"}, Scope("organization", ""))}
	number := w.Resource(alpha, "customer-number", "", "3")
	site := alpha.Path("/resources/" + w.Resource(alpha, "worksite", number, "4"))
	known := w.Enter(w.InviteWith(alpha, "known@alpha.example", Object{"assignments": []Object{
		Assignment([]string{"user"}, []string{"order"}, Scope("worksite", w.Resource(alpha, "worksite", number, "5"))),
	}}))
	operator, beta := w.Operator(), w.Customer("beta")
	service := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/services", Token: operator, Body: bodies["service-create"]}).Text("id")
	etag := func(path string) []Header {
		return []Header{{"If-Match", w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: alpha.Token}).Header.Get("ETag")}}
	}
	asks := w.Service("evaluate", "search")
	ask := func(path string, body Object) Request {
		return Request{Method: "POST", Path: "/access/v1/" + path, Token: asks, Body: body}
	}
	knows, order := Object{"type": "user", "id": joined.ID}, Object{"name": "order"}
	company := Object{"type": "organization", "id": alpha.ID}
	links := func(path, token string, body Object) Request {
		body["token"] = token
		return Request{Method: "POST", Path: path, Body: body}
	}
	w.Invite(alpha, "link@alpha.example", "user")
	activation := w.Link("link@alpha.example")
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": joined.Email}})
	reset := w.Link(joined.Email)
	_, moves := w.Join(beta, "moves@alpha.example", "user")
	w.Want(http.StatusAccepted, readdress(moves, "moved@alpha.example"))
	confirmed, undone := w.NthLink("moved@alpha.example", "email-change", 0), w.NthLink("moves@alpha.example", "email-changing", 0)
	_, asksAddress := w.Join(beta, "asks@alpha.example", "user")
	tried := map[string]bool{}
	for _, c := range []spending{
		{"activation-check", links("/v1/activations/check", activation, Object{}), 1, 0, 0},
		{"activation-complete", links("/v1/activations", activation, Object{"password": Password}), 1, 0, 1},
		{"password-reset-check", links("/v1/password-resets/check", reset, Object{}), 1, 0, 0},
		// The counters of failed sign-ins are cleared with it.
		{"password-reset-complete", links("/v1/password-resets/complete", reset, Object{"password": Password}), 2, 0, 2},
		// As me-password. Whether anybody has the new address is not asked.
		{"email-change-request", readdress(asksAddress, "asked@alpha.example"), 2, 0, 3},
		// Which addresses are claimed is in the link and in the session.
		{"email-change-complete", confirm(moves, confirmed), 2, 0, 1},
		{"email-undo-check", checkUndo(undone), 1, 0, 0},
		// The same, where the person is a user, and the counters of failed sign-ins, which are cleared.
		{"email-undo-complete", undo(undone, "a wholly new one"), 4, 0, 2},
		{"me-get", Request{Method: "GET", Path: "/v1/me", Token: alpha.Token}, 1, 0, 0},
		{"me-update", Request{Method: "PATCH", Path: "/v1/me", Token: alpha.Token, Body: Object{"language": "sv"}, Headers: etag("/v1/me")}, 1, 0, 1},
		{"me-mail", Request{Method: "PATCH", Path: "/v1/me/organizations/" + alpha.ID + "/mail", Token: alpha.Token, Body: bodies["me-mail"]}, 1, 0, 1},
		{"session-list", Request{Method: "GET", Path: "/v1/me/sessions", Token: alpha.Token}, 1, 1, 0},
		{"organization-get", Request{Method: "GET", Path: alpha.Path(""), Token: alpha.Token}, 1, 0, 0},
		{"organization-update", Request{Method: "PATCH", Path: alpha.Path(""), Token: alpha.Token, Body: Object{"name": "A"}, Headers: etag(alpha.Path(""))}, 1, 0, 1},
		{"organization-list", Request{Method: "GET", Path: "/v1/organizations", Token: alpha.Token}, 1, 0, 0},
		{"organization-list of the operator", Request{Method: "GET", Path: "/v1/organizations", Token: operator}, 1, 1, 0},
		// Who has the address is read too, and somebody who is not there for an address that nobody has.
		{"organization-create", Request{Method: "POST", Path: "/v1/organizations", Token: operator, Body: bodies["organization-create"]}, 2, 0, 1},
		{"organization-announce-agreement", Request{Method: "POST", Path: alpha.Path("/agreement-changes"), Token: operator, Body: Object{"from": "2027-01-01"}}, 1, 0, 1},
		{"organization-set-status", Request{Method: "PUT", Path: beta.Path("/status"), Token: operator, Body: Object{"status": "suspended"}, Headers: []Header{{"If-Match", `"1"`}}}, 1, 0, 1},
		// Who has access under it is read too, if anybody: TestBudgetOfASubscriptionInUse.
		{"subscription-set", Request{Method: "PUT", Path: alpha.Path("/subscriptions/1"), Token: operator, Body: Object{"status": "active"}}, 1, 0, 1},
		{"subscription-list", Request{Method: "GET", Path: alpha.Path("/subscriptions"), Token: operator}, 1, 1, 0},
		{"service-create", Request{Method: "POST", Path: "/v1/services", Token: operator, Body: bodies["service-create"]}, 1, 0, 1},
		{"service-list", Request{Method: "GET", Path: "/v1/services", Token: operator}, 1, 1, 0},
		{"service-revoke", Request{Method: "DELETE", Path: "/v1/services/" + service, Token: operator}, 1, 0, 1},
		{"user-list", Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token}, 1, 1, 0},
		// The list is read whole, from the table; the transaction is the audit entry.
		{"user-export", Request{Method: "GET", Path: alpha.Path("/users/export?format=csv"), Token: alpha.Token}, 1, 1, 1},
		// Who is there already is looked up in the list; each row is a request to invite: one read of what it stands on,
		// one of who has the address, one transaction.
		{"user-import", Request{Method: "POST", Path: alpha.Path("/users/import"), Token: alpha.Token, Body: bodies["user-import"]}, 3, 1, 1},
		{"user-get", Request{Method: "GET", Path: u.Path, Token: alpha.Token}, 1, 0, 0},
		// Where nobody acts for others and nothing was given on resources, there is nothing to look for.
		{"user-access", Request{Method: "GET", Path: u.Path + "/access", Token: alpha.Token}, 1, 0, 0},
		// What was given is known when the user is.
		{"user-access with places", Request{Method: "GET", Path: holder.Path + "/access", Token: alpha.Token}, 2, 0, 0},
		{"user-create", Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: bodies["user-create"]}, 2, 0, 1},
		{"user-update", Request{Method: "PATCH", Path: u.Path, Token: alpha.Token, Body: Object{"givenName": "B"}, Headers: etag(u.Path)}, 1, 0, 1},
		// The counters and the link are found by the address and the home of the user, who has to be read first.
		{"user-resend-activation", Request{Method: "POST", Path: u.Path + "/activation", Token: alpha.Token}, 2, 0, 1},
		{"user-reset-password", Request{Method: "POST", Path: joined.Path + "/password-reset", Token: alpha.Token}, 2, 0, 1},
		{"user-set-validity", w.Edit("PUT", termed.Path, "/validity", alpha.Token, Object{"type": "locked"}), 1, 0, 1},
		// As user-resend-activation.
		{"user-restore", Request{Method: "POST", Path: removed.Path + "/restore", Token: alpha.Token}, 2, 0, 1},
		{"assignment-list", Request{Method: "GET", Path: u.Path + "/assignments", Token: alpha.Token}, 1, 0, 0},
		{"assignment-replace", w.Edit("PUT", given.Path, "/assignments", alpha.Token, Object{"assignments": everywhere}), 1, 0, 1},
		// Where something is taken away is known only when the user has been read.
		{"assignment-replace of places", w.Edit("PUT", holder.Path, "/assignments", alpha.Token, Object{"assignments": everywhere}), 2, 0, 1},
		{"assignment-clear", Request{Method: "DELETE", Path: cleared.Path + "/assignments", Token: alpha.Token}, 1, 0, 1},
		// The users are read when it is decided that the caller may. Each is a transaction.
		{"assignment-bulk", Request{Method: "POST", Path: alpha.Path("/assignments"), Token: alpha.Token, Body: Object{
			"action": "add", "users": []string{termed.ID, given.ID, joined.ID}, "rights": []string{"equipment:list"}, "scopes": []Object{Scope("organization", "")},
		}}, 2, 0, 3},
		// Whoever is a user nowhere else is erased, and what keeps their address with them.
		{"user-remove", Request{Method: "DELETE", Path: u.Path, Token: alpha.Token}, 2, 0, 1},
		{"resource-create", Request{Method: "POST", Path: alpha.Path("/resources"), Token: alpha.Token, Body: Object{"type": "worksite", "parent": number, "name": "6"}}, 1, 0, 1},
		{"resource-list", Request{Method: "GET", Path: alpha.Path("/resources?type=worksite"), Token: alpha.Token}, 1, 1, 0},
		// Which those are is in the membership.
		{"resource-list to who knows of a few", Request{Method: "GET", Path: alpha.Path("/resources?type=worksite"), Token: known}, 2, 0, 0},
		{"resource-get", Request{Method: "GET", Path: site, Token: alpha.Token}, 1, 0, 0},
		{"resource-update", Request{Method: "PATCH", Path: site, Token: alpha.Token, Body: Object{"name": "7"}, Headers: []Header{{"If-Match", `"1"`}}}, 1, 0, 1},
		// The type, with which the reference is unique, is known when the resource is.
		{"resource-update of the reference", Request{Method: "PATCH", Path: site, Token: alpha.Token, Body: Object{"reference": "7"}, Headers: []Header{{"If-Match", `"2"`}}}, 2, 0, 1},
		{"resource-users", Request{Method: "GET", Path: site + "/users", Token: alpha.Token}, 1, 1, 0},
		{"resource-users-update", Request{Method: "PATCH", Path: site + "/users", Token: alpha.Token, Body: Object{"users": []Object{{"id": joined.ID, "rights": []string{"order"}}}}}, 1, 0, 1},
		// Every user is looked at as they are in the table, and one who loses something is a transaction. What it lay in is known when it is.
		{"resource-remove", Request{Method: "DELETE", Path: site + "?confirm=true", Token: alpha.Token}, 2, 1, 2},
		{"audit-list", Request{Method: "GET", Path: alpha.Path("/audit"), Token: alpha.Token}, 1, 1, 0},
		{"audit-list with filters", Request{Method: "GET", Path: alpha.Path("/audit?action=resource.removed&limit=1"), Token: alpha.Token}, 1, 1, 0},
		// Where the person is a user, their sessions, links and mails, and the audit of each organization.
		{"person-export", Request{Method: "GET", Path: "/v1/people/" + beta.AdminID + "/export", Token: operator}, 2, 4, 1},
		// Each membership with its administrators, the links, and what keeps the address; then sessions until there are none, and mails one by one.
		{"person-erase", Request{Method: "DELETE", Path: "/v1/people/" + erased.ID, Token: operator}, 4, 3, 2},
		{"profile-get", Request{Method: "GET", Path: "/v1/profile"}, 0, 0, 0},
		{"access-evaluation", ask("evaluation", Object{"subject": knows, "action": order, "resource": company}), 1, 0, 0},
		{"access-evaluations", ask("evaluations", Object{"subject": knows, "action": order, "evaluations": []Object{{"resource": company}, {}}}), 1, 0, 0},
		// The users of the organization are followed by its agents, of whom there are none.
		{"access-search-subject", ask("search/subject", Object{"subject": Object{"type": "user"}, "action": order, "resource": company}), 1, 2, 0},
		{"access-search-resource", ask("search/resource", Object{"subject": knows, "action": order, "resource": Object{"type": "worksite", "properties": Object{"organization": alpha.ID}}}), 1, 1, 0},
		{"access-search-action", ask("search/action", Object{"subject": knows, "resource": company}), 1, 0, 0},
		{"authzen-configuration", Request{Method: "GET", Path: "/.well-known/authzen-configuration"}, 0, 0, 0},
		// Attempts are counted before the password is compared, and cleared after, each in a transaction of its own.
		{"me-password", Request{Method: "PUT", Path: "/v1/me/password", Token: alpha.Token, Body: bodies["me-password"]}, 2, 0, 3},
		{"session-create", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": joined.Email, "password": Password}}, 3, 0, 3},
		{"password-reset-request", Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": joined.Email}}, 1, 0, 1},
		{"session-revoke", Request{Method: "DELETE", Path: "/v1/me/sessions/current", Token: operator}, 1, 0, 1},
	} {
		c.check(t, w, counter, tried)
	}
	w, counter = countedIn(t, "insurance")
	for _, c := range append(mandateBudgets(w), nationalIDBudgets(w)...) {
		c.check(t, w, counter, tried)
	}
	w, counter = countedIn(t, "construction")
	for _, c := range partnerBudgets(w) {
		c.check(t, w, counter, tried)
	}
	for _, e := range api.Endpoints() {
		if !tried[e.ID] {
			t.Errorf("%s has no budget", e.ID)
		}
	}
}

// spending is a request and what it may do with the table.
type spending struct {
	name                     string // the endpoint's id, and what is special
	request                  Request
	gets, queries, transacts int
}

func (s spending) check(t *testing.T, w *World, counter *tabletest.Counter, tried map[string]bool) {
	t.Helper()
	id, _, _ := strings.Cut(s.name, " ")
	tried[id] = true
	counter.Reset()
	if a := w.Send(s.request); a.Status >= 300 {
		t.Errorf("%s: %d %s", s.name, a.Status, a.Raw)
	}
	got := counter.Counts()
	calls := got.Gets
	if got.Keys == 0 {
		calls = 0 // nothing was asked for
	}
	if calls != s.gets || got.Queries != s.queries || got.Transacts != s.transacts {
		t.Errorf("%s: %d batch reads, %d queries, %d transactions; budget %d, %d, %d", s.name, calls, got.Queries, got.Transacts, s.gets, s.queries, s.transacts)
	}
	if got.Keys > 16 || got.ItemsQueried > 50 || got.Ops > 14 {
		t.Errorf("%s: %d keys, %d items, %d operations", s.name, got.Keys, got.ItemsQueried, got.Ops)
	}
}

// mandateBudgets are of a portal with mandates. The other organizations are
// found by what is between them, and so after it.
func mandateBudgets(w *World) []spending {
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	made := w.Want(http.StatusCreated, w.giving(beta, "alpha", bodies["mandate-create"])).Text("id")
	path := beta.Path("/mandates/" + made)
	u := w.InviteWith(alpha, "budget@alpha.example", Object{"assignments": []Object{Assignment([]string{"user"}, nil, Scope("organization", "")), atClients("insurance:see")}})
	get := func(path, token string) Request { return Request{Method: "GET", Path: path, Token: token} }
	patch := Request{Method: "PATCH", Path: path, Token: beta.Token, Body: bodies["mandate-update"], Headers: []Header{{"If-Match", `"1"`}}}
	return []spending{
		{"mandate-list of those given", get(beta.Path("/mandates"), beta.Token), 2, 1, 0},
		{"mandate-list of those received", get(alpha.Path("/mandates?direction=received"), alpha.Token), 2, 1, 0},
		{"mandate-list of none", get(alpha.Path("/mandates"), alpha.Token), 1, 1, 0},
		{"mandate-get", get(path, beta.Token), 2, 1, 0},
		// Who the agent is comes with its claim, and what is between the two with who it is.
		{"mandate-create", w.giving(beta, "alpha", bodies["mandate-create"]), 2, 0, 1},
		{"mandate-update", patch, 2, 1, 1},
		{"client-list", get(alpha.Path("/clients"), alpha.Token), 2, 1, 0},
		{"user-access", get(u.Path+"/access", alpha.Token), 2, 1, 0},
		{"mandate-revoke", Request{Method: "DELETE", Path: path, Token: beta.Token}, 1, 1, 1},
	}
}

// nationalIDBudgets are of a portal with national ids.
func nationalIDBudgets(w *World) []spending {
	gamma := w.Customer("gamma")
	u := w.InviteWith(gamma, "coded@gamma.example", Object{"roles": []string{"user"}, "nationalId": Object{"code": canary}})
	edit := w.Edit("PATCH", u.Path, "", gamma.Token, Object{"nationalId": Object{"code": w.Code()}})
	create := Request{Method: "POST", Path: gamma.Path("/users"), Token: gamma.Token, Body: w.Coded(Object{"givenName": "N", "familyName": "N", "email": "new@gamma.example", "roles": []string{"user"}})}
	return []spending{
		// Whose the code is comes with who has the address.
		{"user-create with a national id", create, 2, 0, 1},
		// Who has the code is found by its claim, and shown whole.
		{"user-find-by-national-id", search(gamma, gamma.Token, Object{"code": canary}), 3, 0, 1},
		// As me-password.
		{"user-reveal-national-id", reveal(u, gamma.Token, Password, "Check"), 2, 0, 3},
		// What is given is hashed first.
		{"user-update of the national id", edit, 2, 0, 1},
	}
}

// partnerBudgets are of a portal with partners.
func partnerBudgets(w *World) []spending {
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	w.Join(beta, "armas@beta.example", "report-reader")
	post := func(path string, body Object) Request {
		return Request{Method: "POST", Path: alpha.Path(path), Token: alpha.Token, Body: body}
	}
	lookUp := func(id string) Request {
		return Request{Method: "GET", Path: "/v1/registry/FI/" + id, Token: alpha.Token}
	}
	from := func(email, id string) Request {
		return post("/users", Object{
			"givenName": "N", "familyName": "N", "email": email, "roles": []string{"report-reader"},
			"homeOrganization": Object{"country": "FI", "businessId": id},
		})
	}
	return []spending{
		// Who has the address comes with its claim, and then where they are a user; of nobody the same is read.
		{"partner-find", post("/partners/search", Object{"email": "armas@beta.example"}), 3, 0, 1},
		{"partner-find of nobody", post("/partners/search", Object{"email": "nobody@beta.example"}), 3, 0, 1},
		// The mails to them are counted by their address, which the request need not know.
		{"partner-add", post("/partners", Object{"email": "armas@beta.example", "roles": []string{"report-reader"}}), 4, 0, 1},
		{"partner-organizations", Request{Method: "GET", Path: alpha.Path("/partner-organizations"), Token: alpha.Token}, 2, 1, 0},
		// A look-up is counted before the register is asked, whose answer is kept.
		{"registry-lookup", lookUp("9900001-8"), 2, 0, 2},
		{"registry-lookup of what was asked before", lookUp("9900001-8"), 2, 0, 1},
		{"registry-lookup of a customer", lookUp(BusinessIDs["beta"]), 2, 0, 1},
		// As user-create, and registry-lookup.
		{"user-create from a company that is new", from("new@register.example", "9900004-2"), 3, 0, 3},
		{"user-create from a company that is known", from("known@beta.example", BusinessIDs["beta"]), 2, 0, 1},
	}
}

// A session in use is written down once a minute and not more often.
func TestSessionsAreTouchedOnceAMinute(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	alpha := w.Customer("alpha")
	counter.Reset()
	for range 60 {
		w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: alpha.Token})
		w.Pass(10 * time.Second)
	}
	if n := counter.Counts().Transacts; n != 9 {
		t.Errorf("%d writes in ten minutes of use", n)
	}
}

// The default page costs the same in a small organization and in a large one.
func TestTheDefaultPageCostsTheSame(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	cost := map[string]tabletest.Counts{}
	for name, users := range map[string]int{"alpha": 60, "beta": 2000} {
		c := w.Customer(name)
		w.Populate(c, users)
		counter.Reset()
		w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users"), Token: c.Token})
		cost[name] = counter.Counts()
	}
	if cost["alpha"] != cost["beta"] {
		t.Errorf("60 users: %+v, 2000 users: %+v", cost["alpha"], cost["beta"])
	}
}

// Populate gives a customer users, past the API.
func (w *World) Populate(c Customer, users int) {
	w.T.Helper()
	s := store.New(w.Base)
	org := domain.OrganizationID(c.ID)
	for i := 0; i < users; {
		change := &domain.Change{Actor: domain.Actor{Type: domain.ByJob, ID: "test"}, At: w.Now()}
		for ; i < users && len(change.Writes) < 90; i++ {
			m := &domain.Membership{
				Revision: 1, Organization: org, Person: domain.NewPersonID(), Kind: domain.Own, Home: org, Alphabet: domain.Swedish,
				Card:  domain.Card{GivenName: "N", FamilyName: fmt.Sprintf("N%05d", i), Email: domain.Email(fmt.Sprintf("n%d@populated.example", i)), Language: domain.Finnish},
				Roles: []domain.RoleKey{"user"}, CreatedAt: w.Now(), UpdatedAt: w.Now(),
			}
			change.Put(m)
		}
		change.Record(org, domain.UserCreated, domain.Subject{Type: "organization", ID: c.ID})
		if err := s.Commit(context.Background(), change); err != nil {
			w.T.Fatal(err)
		}
	}
}

// SetRemoved makes a user one who can be restored, in a portal that does not
// keep those who are removed.
func (w *World) SetRemoved(c Customer, u User) {
	w.T.Helper()
	w.PastAPI(c, u, func(m *domain.Membership) { m.RemovedAt = w.Now() })
}

// PastAPI changes a user to what no request can make of them.
func (w *World) PastAPI(c Customer, u User, edit func(*domain.Membership)) {
	w.T.Helper()
	s, org := store.New(w.Base), domain.OrganizationID(c.ID)
	scene, err := s.Load(context.Background(), domain.Want{Organization: org, User: domain.PersonID(u.ID)})
	if err != nil {
		w.T.Fatal(err)
	}
	edit(scene.Membership)
	change := &domain.Change{Actor: domain.Actor{Type: domain.ByJob, ID: "test"}, At: w.Now()}
	change.Put(scene.Membership)
	change.Record(org, domain.UserUpdated, domain.Subject{Type: "user", ID: u.ID})
	if err := s.Commit(context.Background(), change); err != nil {
		w.T.Fatal(err)
	}
}

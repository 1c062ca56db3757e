package apitest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/store"
)

// What is the operator's to do is refused to everybody else in the same words,
// whatever organization it is about and whether there is one.
func TestOperatorEndpointsAreNobodyElses(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	_, user := w.Join(alpha, "user@alpha.example", "user")
	of := Customer{ID: string(domain.OperatorID), Token: w.Operator()}
	_, clerk := w.Join(of, "clerk@portal.example", "user") // the operator's own people are users there, and no more
	service := w.Service("evaluate", "search")
	before := w.Dump()
	tried := 0
	for _, e := range api.Endpoints() {
		if e.Access.Right != domain.RightOperate {
			continue
		}
		tried++
		for name, token := range map[string]string{"administrator": alpha.Token, "user": user, "clerk": clerk} {
			want := ""
			for _, org := range []string{alpha.ID, beta.ID, of.ID, "org_01h2xcejqtf2nbrexx3vqjhp41"} {
				a := w.Send(request(t, e, org, alpha.AdminID, token))
				if want == "" {
					want = same(a)
				}
				if a.Status != http.StatusForbidden || a.Code() != "forbidden" || same(a) != want {
					t.Errorf("%s by the %s about %s: %d %s", e.ID, name, org, a.Status, a.Raw)
				}
			}
		}
		if a := w.Send(request(t, e, alpha.ID, alpha.AdminID, service)); a.Status != http.StatusUnauthorized {
			t.Errorf("%s by a service client: %d %s", e.ID, a.Status, a.Raw)
		}
	}
	if tried < 6 {
		t.Errorf("only %d endpoints were tried", tried)
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	// Of the operator's, what is not there is not there.
	for _, r := range []Request{
		{Method: "GET", Path: "/v1/organizations/org_01h2xcejqtf2nbrexx3vqjhp41/subscriptions"},
		{Method: "PUT", Path: "/v1/organizations/org_01h2xcejqtf2nbrexx3vqjhp41/subscriptions/1", Body: Object{"status": "active"}},
		{Method: "PUT", Path: "/v1/organizations/org_01h2xcejqtf2nbrexx3vqjhp41/status", Body: Object{"status": "active"}, Headers: []Header{{"If-Match", `"1"`}}},
		{Method: "DELETE", Path: "/v1/services/svc_01h2xcejqtf2nbrexx3vqjhp41"},
		{Method: "DELETE", Path: "/v1/services/svc_x"},
	} {
		r.Token = of.Token
		w.Fails(http.StatusNotFound, "not-found", r)
	}
}

// The token is in one answer and nowhere else: not in the store, not in the log,
// and not in a receipt, so the same request again makes another client.
func TestServiceTokensAreShownOnce(t *testing.T) {
	t.Parallel()
	w := New(t)
	operator := w.Operator()
	create := Request{
		Method: "POST", Path: "/v1/services", Token: operator, Headers: []Header{{"Idempotency-Key", "the same"}},
		Body: Object{"name": "  Orders ", "scopes": []string{"search", "evaluate"}, "rights": []string{"order"}},
	}
	first, second := w.Want(http.StatusCreated, create), w.Want(http.StatusCreated, create)
	if first.Text("id") == second.Text("id") || first.Text("token") == second.Text("token") {
		t.Errorf("the same client twice: %s", second.Raw)
	}
	if first.Text("name") != "Orders" || text(first.Body["scopes"]) != `["search","evaluate"]` || text(first.Body["rights"]) != `["order"]` {
		t.Errorf("made: %s", first.Raw)
	}
	w.Pass(1e9)
	list := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/services", Token: operator})
	if len(list.Items()) != 2 || list.Text("items/0/id") != first.Text("id") || list.Text("items/1/id") != second.Text("id") {
		t.Errorf("list: %s", list.Raw)
	}
	audit := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations/" + string(domain.OperatorID) + "/audit?limit=1", Token: operator})
	if audit.Text("items/0/action") != "service.created" || audit.Text("items/0/subject/id") != second.Text("id") {
		t.Errorf("audit: %s", audit.Raw)
	}
	dump := w.DumpAll()
	for _, a := range []Answer{first, second} {
		token := a.Text("token")
		secret := token[len(token)-43:]
		sum := sha256.Sum256([]byte(token))
		for name, where := range map[string]string{"store": dump, "log": w.Log.String(), "list": string(list.Raw), "audit": string(audit.Raw)} {
			if strings.Contains(where, secret) {
				t.Errorf("the token is in the %s", name)
			}
			if hash := hex.EncodeToString(sum[:]); strings.Contains(where, hash) != (name == "store") {
				t.Errorf("the hash in the %s: %v", name, name != "store")
			}
		}
	}
	if strings.Contains(dump, "RECEIPT#") {
		t.Error("there is a receipt")
	}
}

func TestServiceClientsAreAskedForWhole(t *testing.T) {
	t.Parallel()
	w := New(t)
	operator := w.Operator()
	before := w.Dump()
	for name, c := range map[string]struct {
		body          Object
		pointer, code string
	}{
		"no name":         {Object{"scopes": []string{"evaluate"}}, "/name", "required"},
		"markup":          {Object{"name": "<b>", "scopes": []string{"evaluate"}}, "/name", "value-invalid"},
		"long name":       {Object{"name": strings.Repeat("x", 101), "scopes": []string{"evaluate"}}, "/name", "too-long"},
		"no scopes":       {Object{"name": "Orders"}, "/scopes", "required"},
		"empty scopes":    {Object{"name": "Orders", "scopes": []string{}}, "/scopes", "required"},
		"unknown scope":   {Object{"name": "Orders", "scopes": []string{"evaluate", "write"}}, "/scopes/1", "value-unknown"},
		"scope twice":     {Object{"name": "Orders", "scopes": []string{"search", "search"}}, "/scopes/1", "value-repeated"},
		"too many scopes": {Object{"name": "Orders", "scopes": []string{"search", "evaluate", "search"}}, "/scopes/2", "value-repeated"},
		"unknown right":   {Object{"name": "Orders", "scopes": []string{"search"}, "rights": []string{"fly"}}, "/rights/0", "value-unknown"},
		"operator's":      {Object{"name": "Orders", "scopes": []string{"search"}, "rights": []string{"operator:organizations"}}, "/rights/0", "value-unknown"},
		"right twice":     {Object{"name": "Orders", "scopes": []string{"search"}, "rights": []string{"order", "order"}}, "/rights/1", "value-repeated"},
	} {
		a := w.Want(http.StatusBadRequest, Request{Method: "POST", Path: "/v1/services", Token: operator, Body: c.body})
		if a.Text("errors/0/pointer") != c.pointer || a.Text("errors/0/code") != c.code {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

func TestServiceClientsAreRevokedAtOnce(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	admin := User{ID: alpha.AdminID}
	service, other := w.Service("evaluate"), w.Service("evaluate")
	if !w.Evaluate(service, admin, alpha, alpha, "users:edit", "", "") {
		t.Fatal("the administrator may not")
	}
	id := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/services", Token: w.Operator()}).Text("items/0/id")
	revoke := Request{Method: "DELETE", Path: "/v1/services/" + id, Token: w.Operator()}
	w.Want(http.StatusNoContent, revoke)
	w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "POST", Path: "/access/v1/evaluation", Token: service, Body: Object{
		"subject": Object{"type": "user", "id": admin.ID}, "action": Object{"name": "users:edit"}, "resource": Object{"type": "organization", "id": alpha.ID},
	}})
	if !w.Evaluate(other, admin, alpha, alpha, "users:edit", "", "") {
		t.Error("another client may not ask any more")
	}
	w.Fails(http.StatusNotFound, "not-found", revoke)
	list := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/services", Token: w.Operator()})
	if list.Text("items/0/revokedAt") == "" || list.Text("items/1/revokedAt") != "" {
		t.Errorf("list: %s", list.Raw)
	}
}

func TestOperatorListsArePaged(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, operator := w.Customer("alpha"), w.Operator()
	w.subscribe(w.Customer("beta"), "another's", "active")
	want := map[string][]string{}
	for i := range 5 {
		w.Pass(1e6)
		made := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/services", Token: operator, Body: Object{"name": fmt.Sprint(i), "scopes": []string{"search"}}})
		want["/v1/services"] = append(want["/v1/services"], made.Text("id"))
		id := fmt.Sprintf("+479000000%d", i)
		w.subscribe(alpha, id, "active")
		want[alpha.Path("/subscriptions")] = append(want[alpha.Path("/subscriptions")], id)
	}
	for path, ids := range want {
		var got []string
		pages, cursor := 0, ""
		for ; pages == 0 || cursor != ""; pages++ {
			page := w.Want(http.StatusOK, Request{Method: "GET", Path: path + "?limit=2&cursor=" + cursor, Token: operator})
			for _, item := range page.Items() {
				got = append(got, item.(Object)["id"].(string))
			}
			cursor = page.Text("next")
		}
		if slices.Sort(got); pages != 3 || !slices.Equal(got, ids) {
			t.Errorf("%s: %d pages, %v, want %v", path, pages, got, ids)
		}
	}
}

// subscribe says, as the operator, how a subscription stands.
func (w *World) subscribe(c Customer, id, status string) Answer {
	w.T.Helper()
	return w.Want(http.StatusOK, Request{Method: "PUT", Path: c.Path("/subscriptions/" + id), Token: w.Operator(), Body: Object{"status": status}})
}

// setStatus closes an organization or opens it again, as the operator.
func (w *World) setStatus(c Customer, status string) {
	w.T.Helper()
	operator := w.Operator()
	etag := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path(""), Token: operator}).Header.Get("ETag")
	w.Want(http.StatusOK, Request{
		Method: "PUT", Path: c.Path("/status"), Token: operator, Headers: []Header{{"If-Match", etag}}, Body: Object{"status": status},
	})
}

func TestSubscriptionsAreNamedByTheOperator(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, operator := w.Customer("alpha"), w.Operator()
	made := w.subscribe(alpha, "+4790000001", "active")
	if made.Text("id") != "+4790000001" || made.Text("status") != "active" || made.Text("user") != "" {
		t.Errorf("made: %s", made.Raw)
	}
	if again := w.subscribe(alpha, "%20+4790000001%20", "active"); text(again.Body) != text(made.Body) {
		t.Errorf("the same again: %s", again.Raw)
	}
	w.subscribe(alpha, "%C3%85%2F1", "ended") // a slash and a letter of more than one byte
	list := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/subscriptions"), Token: operator})
	if len(list.Items()) != 2 || !strings.Contains(string(list.Raw), `{"id":"Å/1","status":"ended",`) {
		t.Errorf("list: %s", list.Raw)
	}
	audit := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/audit?limit=2"), Token: alpha.Token})
	if got := text(audit.Body["items"].([]any)[0].(Object)["changes"]); got != `[{"after":"ended","before":"","field":"status"}]` ||
		audit.Text("items/1/action") != "subscription.set" || audit.Text("items/1/subject/id") != "+4790000001" {
		t.Errorf("audit: %s", audit.Raw)
	}
	for path, code := range map[string]string{"%20": "required", strings.Repeat("1", 101): "too-long", "1%002": "value-invalid", "1%E2%80%8B2": "value-invalid"} {
		a := w.Want(http.StatusBadRequest, Request{Method: "PUT", Path: alpha.Path("/subscriptions/" + path), Token: operator, Body: Object{"status": "active"}})
		if a.Text("errors/0/pointer") != "{subscription}" || a.Text("errors/0/code") != code {
			t.Errorf("%q: %s", path, a.Raw)
		}
	}
	for _, body := range []Object{{}, {"status": "paused"}} {
		a := w.Want(http.StatusBadRequest, Request{Method: "PUT", Path: alpha.Path("/subscriptions/1"), Token: operator, Body: body})
		if a.Text("errors/0/pointer") != "/status" || a.Text("errors/0/code") != "value-unknown" {
			t.Errorf("%v: %s", body, a.Raw)
		}
	}
	// Where the portal asks for none, nobody has access under one.
	user := w.Invite(alpha, "user@alpha.example", "user")
	for pointer, r := range map[string]Request{
		"/administrator/subscription": {Method: "POST", Path: "/v1/organizations", Token: operator, Body: Object{
			"name": "Gamma Oy", "country": "FI", "businessId": BusinessIDs["gamma"],
			"administrator": Object{"givenName": "G", "familyName": "G", "email": "admin@gamma.example", "subscription": "1"},
		}},
		"/subscription": {Method: "PATCH", Path: user.Path, Token: alpha.Token, Headers: []Header{{"If-Match", `"1"`}}, Body: Object{"subscription": "+4790000001"}},
	} {
		if a := w.Want(http.StatusBadRequest, r); a.Text("errors/0/pointer") != pointer || a.Text("errors/0/code") != "value-unexpected" {
			t.Errorf("%s: %s", pointer, a.Raw)
		}
	}
}

func TestOrganizationStatusIsSetOnWhatWasRead(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, operator := w.Customer("alpha"), w.Operator()
	set := func(c Customer, etag string, body Object) Request {
		r := Request{Method: "PUT", Path: c.Path("/status"), Token: operator, Body: body}
		if etag != "" {
			r.Headers = []Header{{"If-Match", etag}}
		}
		return r
	}
	suspended := Object{"status": "suspended"}
	before := w.Dump()
	w.Fails(http.StatusPreconditionRequired, "if-match-required", set(alpha, "", suspended))
	w.Fails(http.StatusPreconditionFailed, "stale", set(alpha, `"7"`, suspended))
	for _, body := range []Object{{}, {"status": "closed"}} {
		if a := w.Want(http.StatusBadRequest, set(alpha, `"1"`, body)); a.Text("errors/0/pointer") != "/status" {
			t.Errorf("%v: %s", body, a.Raw)
		}
	}
	w.Fails(http.StatusUnprocessableEntity, "self", set(Customer{ID: string(domain.OperatorID)}, `"1"`, suspended))
	if a := w.Want(http.StatusOK, set(alpha, `"1"`, Object{"status": "active"})); a.Header.Get("ETag") != `"1"` {
		t.Errorf("active as it was: %s", a.Header.Get("ETag"))
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	a := w.Want(http.StatusOK, set(alpha, `"1"`, suspended))
	if a.Text("status") != "suspended" || a.Header.Get("ETag") != `"2"` {
		t.Errorf("suspended: %s, %s", a.Raw, a.Header.Get("ETag"))
	}
	if list := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations", Token: operator}); !strings.Contains(string(list.Raw), `"status":"suspended"`) {
		t.Errorf("list: %s", list.Raw)
	}
	w.Want(http.StatusOK, set(alpha, `"2"`, Object{"status": "active"}))
	audit := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/audit?limit=2"), Token: alpha.Token})
	if got := text(audit.Body["items"].([]any)[1].(Object)["changes"]); got != `[{"after":"suspended","before":"active","field":"status"}]` {
		t.Errorf("audit: %s", audit.Raw)
	}
}

// A suspended organization is as good as not there for its own people, in
// sessions that they have and in those that they want; for its agents, who act
// in it; and for its clients, in whom it acts. All of it is back at once, and
// the operator sees it all the time.
func TestXB13_ASuspendedOrganizationStopsAtOnce(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	service := w.Service("evaluate")
	w.Mandate(alpha, "beta", "web-service", []string{"insurance:see"}, "")
	agent, agentToken := w.Join(beta, "agent@beta.example", "user")
	w.Assign(beta, agent, Assignment(nil, []string{"insurance:see"}, Scope("clients", "")), Assignment(nil, []string{"invoices:see"}, Scope("organization", "")))
	both, bothToken := w.Join(beta, "both@beta.example", "user")
	w.Invite(alpha, both.Email, "main-user")
	w.Activate(both.Email, Password)
	user, userToken := w.Join(alpha, "user@alpha.example", "user")
	invited := w.Invite(alpha, "invited@alpha.example", "user")
	activation := w.Link(invited.Email)
	late := w.Invite(alpha, "late@alpha.example", "user") // whose mail is still in the outbox

	signIn := func(email string) Request {
		return Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": email, "password": Password}}
	}
	mayInAlpha := func() bool { return w.Evaluate(service, agent, beta, alpha, "insurance:see", "", "") }
	clients := func() int {
		return len(w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path("/clients"), Token: beta.Token}).Items())
	}
	if !mayInAlpha() || clients() != 1 {
		t.Fatal("the agent cannot act to begin with")
	}

	w.setStatus(alpha, "suspended")
	for _, token := range []string{alpha.Token, userToken} {
		w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
	}
	for _, email := range []string{alpha.AdminEmail, user.Email} {
		w.Fails(http.StatusUnauthorized, "sign-in-failed", signIn(email))
	}
	// Who has elsewhere to be is there, and not here.
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: bothToken})
	for _, path := range []string{"", "/users", "/audit", "/mandates"} {
		w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: alpha.Path(path), Token: bothToken})
	}
	if list := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations", Token: bothToken}); strings.Contains(string(list.Raw), alpha.ID) {
		t.Errorf("organizations of who is in both: %s", list.Raw)
	}
	w.Fails(http.StatusBadRequest, "link-invalid", Request{Method: "POST", Path: "/v1/activations/check", Body: Object{"token": activation}})
	w.Fails(http.StatusBadRequest, "link-invalid", Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": activation, "password": Password}})
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": user.Email}})
	for _, m := range append(w.Mails(late.Email), w.Mails(user.Email)...) {
		if m.Kind == domain.MailPasswordReset || string(m.To) == late.Email {
			t.Errorf("a mail %s to %s", m.Kind, m.To)
		}
	}
	if mayInAlpha() || clients() != 0 {
		t.Error("its agent still acts in it")
	}
	if !w.Evaluate(service, agent, beta, beta, "invoices:see", "", "") {
		t.Error("the agent lost rights at home")
	}
	for _, path := range []string{"", "/users", "/mandates"} {
		w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path(path), Token: w.Operator()})
	}

	w.setStatus(alpha, "active")
	for _, token := range []string{alpha.Token, userToken} {
		w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
	}
	w.Want(http.StatusCreated, signIn(user.Email))
	w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users"), Token: bothToken})
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": activation, "password": Password}})
	if !mayInAlpha() || clients() != 1 {
		t.Error("its agent does not act in it again")
	}
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: late.Path + "/activation", Token: alpha.Token})
	w.Activate(late.Email, Password)

	// The agent is suspended: its users act for nobody, and the client is as it was.
	w.setStatus(beta, "suspended")
	if mayInAlpha() {
		t.Error("a user of a suspended agent acts for a client")
	}
	w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: agentToken})
	w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token})
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: bothToken})
	w.setStatus(beta, "active")
	if !mayInAlpha() {
		t.Error("a user of the agent does not act again")
	}
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: agentToken})
}

// The organization is the one in the path, if the caller is a user of it.
// Headers, hosts, parameters, cookies and properties choose none.
func TestXB3_TheClientDoesNotChooseTheTenant(t *testing.T) {
	t.Parallel()
	w := everyRight(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	victim := w.Invite(beta, "victim@beta.example", "user")
	site := w.Site(beta)
	w.Dispatch()
	operator, service := w.Operator(), w.Service("evaluate", "search")
	headers := func(org string) []Header {
		return []Header{
			{"X-Tenant", org},
			{"X-Tenant-Id", org},
			{"X-Company-Id", org},
			{"X-Organization-Id", org},
			{"X-Forwarded-Host", org + ".portal.example"},
			{"Host", org + ".portal.example"},
			{"Cookie", "organization=" + org},
			{"Referer", "https://portal.example" + beta.Path("/users")},
		}
	}
	before := w.Dump()
	for _, e := range api.Endpoints() {
		if !strings.Contains(e.Path, "{org}") || e.Access.Right == domain.RightOperate {
			continue
		}
		// Into beta, saying that it is alpha.
		r := request(t, e, beta.ID, victim.ID, alpha.Token).at(site)
		r.Headers = append(r.Headers, headers(alpha.ID)...)
		w.Fails(http.StatusNotFound, "not-found", r)
		// In alpha, saying that it is beta: as if nothing was said.
		if e.Method != http.MethodGet || e.Needing(endpoint.WriteItems) { // an export leaves an audit entry and another link
			continue
		}
		r = request(t, e, alpha.ID, alpha.AdminID, alpha.Token)
		plain := w.Send(r)
		r.Headers = append(r.Headers, headers(beta.ID)...)
		if a := w.Send(r); same(a) != same(plain) || strings.Contains(string(a.Raw), beta.ID) {
			t.Errorf("%s: %s, with headers %s", e.ID, plain.Raw, a.Raw)
		}
		for _, name := range []string{"companyId", "organizationId", "org", "tenant"} {
			r := request(t, e, alpha.ID, alpha.AdminID, alpha.Token)
			joint := "?"
			if strings.Contains(r.Path, "?") {
				joint = "&"
			}
			r.Path += joint + name + "=" + beta.ID
			if a := w.Send(r); a.Status != http.StatusBadRequest && a.Status != http.StatusNotFound || a.Status == http.StatusBadRequest && a.Text("errors/0/code") != "parameter-unknown" {
				t.Errorf("%s with %s: %d %s", e.ID, name, a.Status, a.Raw)
			}
		}
	}
	// A body that says so is refused whole.
	for _, member := range []string{"companyId", "organizationId", "tenant"} {
		for _, e := range api.Endpoints() {
			if !e.HasBody() || e.Open {
				continue
			}
			token := alpha.Token
			if e.Access.Right == domain.RightOperate {
				token = operator
			}
			r := request(t, e, alpha.ID, alpha.AdminID, token)
			body := Object{member: beta.ID}
			for name, value := range bodies[e.ID] {
				body[name] = value
			}
			r.Body = body
			if a := w.Send(r); a.Status != http.StatusNotFound && (a.Status != http.StatusBadRequest || a.Text("errors/0/code") != "member-unknown") {
				t.Errorf("%s with %s: %d %s", e.ID, member, a.Status, a.Raw)
			}
		}
	}
	// Questions name the organization by a property, which is looked up and not believed.
	admin := User{ID: alpha.AdminID}
	for name, allowed := range map[string]bool{
		"the organization of another":     w.Evaluate(service, admin, beta, beta, "users:see", "", ""),
		"from there, in the own":          w.Evaluate(service, admin, beta, alpha, "users:see", "", ""),
		"from the own, there":             w.Evaluate(service, admin, alpha, beta, "users:see", "", ""),
		"another's resource as the own":   w.Evaluate(service, admin, alpha, alpha, "order", "worksite", site),
		"another's resource in another's": w.Evaluate(service, admin, alpha, beta, "order", "worksite", site),
	} {
		if allowed {
			t.Errorf("%s: allowed", name)
		}
	}
	if !w.Evaluate(service, User{ID: beta.AdminID}, beta, beta, "order", "worksite", site) {
		t.Error("its own administrator may not")
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

// A person in two organizations is two users. Neither organization learns of
// the other, nor of anything that the person was given there, and what one does
// with its user does nothing to the other's.
func TestXB15_APersonInTwoOrganizations(t *testing.T) {
	t.Parallel()
	w := With(t, "construction")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	service := w.Service("evaluate")
	type home struct {
		Customer
		user    User
		project string
		marks   []string // what nobody else is to see
	}
	enter := func(c Customer, role, projectRole, task string) home {
		h := home{Customer: c, project: w.Resource(c, "project", "", "Works of "+c.ID)}
		h.user = w.InviteWith(c, "both@person.example", Object{
			"roles": []string{role}, "defaultTask": task, "givenName": "Name in " + task,
			"assignments": []Object{Assignment([]string{projectRole}, nil, Scope("project", h.project))},
		})
		w.Activate(h.user.Email, Password)
		list := w.Want(http.StatusOK, Request{Method: "GET", Path: h.user.Path + "/assignments", Token: c.Token})
		h.marks = []string{c.ID, h.project, role, projectRole, task, "Name in " + task, list.Text("items/0/id")}
		return h
	}
	a, b := enter(alpha, "report-reader", "project-member", "Carpenter"), enter(beta, "coordinator", "project-manager", "Painter")
	if a.user.ID != b.user.ID {
		t.Fatalf("two persons: %s, %s", a.user.ID, b.user.ID)
	}
	session := w.SignIn(a.user.Email, Password)

	// Nothing of the one is in anything that the other can read.
	reads := func(own, other home) {
		t.Helper()
		for _, e := range api.Endpoints() {
			if e.Method != http.MethodGet || !strings.Contains(e.Path, "{org}") || e.Access.Right == domain.RightOperate {
				continue
			}
			r := request(t, e, own.ID, own.user.ID, own.Token).at(own.project)
			if e.ID == "resource-list" {
				r.Path, _, _ = strings.Cut(r.Path, "?")
				r.Path += "?type=project"
			}
			if strings.Contains(r.Path, "/mandates/man_") {
				continue // there are no mandates here
			}
			answer := w.Want(http.StatusOK, r)
			for _, mark := range other.marks {
				if strings.Contains(string(answer.Raw), `"`+mark+`"`) {
					t.Errorf("%s of one shows %q of the other: %s", e.ID, mark, answer.Raw)
				}
			}
		}
		shown := w.Want(http.StatusOK, Request{Method: "GET", Path: own.user.Path, Token: own.Token})
		for _, mark := range own.marks[:5] {
			if !strings.Contains(string(shown.Raw), mark) {
				t.Errorf("the own user lacks %q: %s", mark, shown.Raw)
			}
		}
	}
	reads(a, b)
	reads(b, a)

	// What was given in the one counts in the one.
	may := func(from, in home, right, project string) bool {
		return w.Evaluate(service, a.user, from.Customer, in.Customer, right, "project", project)
	}
	if !may(a, a, "project:documents", a.project) || may(a, a, "project:publish", a.project) || !may(b, b, "project:publish", b.project) ||
		may(b, a, "project:publish", a.project) || may(a, b, "project:publish", b.project) || may(b, b, "project:documents", a.project) {
		t.Error("rights of the one count in the other")
	}

	// Edits of the one are the one's.
	before := w.Want(http.StatusOK, Request{Method: "GET", Path: b.user.Path, Token: beta.Token})
	etag := w.Want(http.StatusOK, Request{Method: "GET", Path: a.user.Path, Token: alpha.Token}).Header.Get("ETag")
	w.Want(http.StatusOK, Request{
		Method: "PATCH", Path: a.user.Path, Token: alpha.Token, Headers: []Header{{"If-Match", etag}},
		Body: Object{"givenName": "Renamed", "phone": "+358401234567", "language": "nb", "roles": []string{}, "defaultTask": "Roofer"},
	})
	w.Assign(alpha, a.user)
	if after := w.Want(http.StatusOK, Request{Method: "GET", Path: b.user.Path, Token: beta.Token}); same(after) != same(before) {
		t.Errorf("the other's user was %s and is %s", before.Raw, after.Raw)
	}
	if !may(b, b, "project:publish", b.project) {
		t.Error("the other's rights are gone")
	}

	// So is the end of it.
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: a.user.Path, Token: alpha.Token})
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: alpha.Path(""), Token: session})
	w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path(""), Token: session})
	if after := w.Want(http.StatusOK, Request{Method: "GET", Path: b.user.Path, Token: beta.Token}); same(after) != same(before) {
		t.Errorf("the other's user was %s and is %s", before.Raw, after.Raw)
	}
	if may(a, a, "project:documents", a.project) || !may(b, b, "project:publish", b.project) {
		t.Error("rights after the removal")
	}
	w.SignIn(b.user.Email, Password)
}

// An item of the outbox is a claim. One that names one organization and a person
// or a link of another's is set aside: no mail leaves, nothing else is written,
// and it does not stand in the way.
func TestXB18_OutboxItemsAreHeldAgainstTheirTenant(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	mallory, _ := w.Join(alpha, "mallory@alpha.example", "user")
	victim, _ := w.Join(beta, "victim@beta.example", "user")
	invited := w.Invite(beta, "invited@beta.example", "user")
	both, _ := w.Join(beta, "both@beta.example", "user")
	w.Invite(alpha, both.Email, "user")
	w.Activate(both.Email, Password)
	w.Dispatch()
	for _, u := range []User{victim, both} {
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: u.Path + "/password-reset", Token: beta.Token})
	}
	w.Dispatch()

	ctx, s := context.Background(), store.New(w.Base)
	link := func(u User, purpose domain.Purpose) domain.LinkID {
		found, err := s.Load(ctx, domain.Want{Link: domain.LinkRef{Person: domain.PersonID(u.ID), Purpose: purpose, Organization: domain.OrganizationID(beta.ID)}})
		if err != nil || found.Link == nil {
			t.Fatalf("no link: %v", err)
		}
		return found.Link.ID
	}
	reset, activation := link(victim, domain.ForPasswordReset), link(invited, domain.ForActivation)
	change := &domain.Change{Actor: domain.Actor{Type: domain.ByJob, ID: "test"}, At: w.Now()}
	inject := func(kind domain.MailKind, person string, link domain.LinkID) *domain.Mail {
		m := &domain.Mail{Kind: kind, Person: domain.PersonID(person), Organization: domain.OrganizationID(alpha.ID), Link: link}
		change.Send(m)
		return m
	}
	items := []*domain.Mail{
		inject(domain.MailActivation, invited.ID, activation),
		inject(domain.MailActivation, mallory.ID, activation),
		inject(domain.MailPasswordReset, victim.ID, reset),
		inject(domain.MailPasswordByAdmin, victim.ID, reset),
		inject(domain.MailPasswordByAdmin, mallory.ID, reset),
		inject(domain.MailPasswordByAdmin, both.ID, link(both, domain.ForPasswordReset)), // which the other organization asked for
		inject(domain.MailPasswordChanged, victim.ID, ""),
		inject(domain.MailNamed, victim.ID, ""),
		inject(domain.MailNamed, mallory.ID, ""), // who signs in
	}
	if err := s.Commit(ctx, change); err != nil {
		t.Fatal(err)
	}
	others := func() string {
		return w.dump(func(pk string) bool { return !strings.HasPrefix(pk, "MAIL#") })
	}
	before, sent := others(), len(w.Mailbox.Messages())
	// Half of them are told of by the stream, beside records of what is no mail.
	records := []Object{}
	for _, key := range [][2]string{
		{"ORG#" + beta.ID, "USER#" + victim.ID},
		{"MAIL#", ""},
		{"PERSON#" + victim.ID, "LINK#password-reset"},
		{"MAIL#" + string(items[0].ID), string(items[0].ID)},
		{"MAIL#" + string(items[2].ID), string(items[2].ID)},
		{"MAIL#x", string(items[4].ID)},
	} {
		records = append(records, Object{"eventName": "INSERT", "dynamodb": Object{"SequenceNumber": key[1], "Keys": Object{"pk": Object{"S": key[0]}, "sk": Object{"S": key[1]}}}})
	}
	out, err := w.App.Run(ctx, "mail-dispatch", json.RawMessage(text(Object{"Records": records})))
	if err != nil || text(out) != `{"batchItemFailures":[]}` {
		t.Errorf("stream: %v, %v", text(out), err)
	}
	w.Dispatch()
	if after := others(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	for _, m := range w.Mailbox.Messages()[:len(w.Mailbox.Messages())-sent] {
		t.Errorf("a mail %s to %s", m.Kind, m.To)
	}
	for _, m := range items {
		is, err := s.Mail(ctx, m.ID)
		if err != nil || is.State != domain.MailDropped || is.Reason == "" || is.Attempts > 1 {
			t.Errorf("%s to %s: %+v, %v", m.Kind, m.Person, is, err)
		}
	}
	// Mails that are in order leave, and the links in question work.
	w.Activate(w.Invite(alpha, "good@alpha.example", "user").Email, Password)
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/check", Body: Object{"token": w.NthLink(victim.Email, "password-reset-by-admin", 0)}})
	w.Activate(invited.Email, Password)
}

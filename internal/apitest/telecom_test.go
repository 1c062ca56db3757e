package apitest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// exchange is a telephone company with one customer, who has customer numbers.
type exchange struct {
	*World
	alpha        Customer
	sales, depot string // customer numbers
	service      string
}

func newExchange(t *testing.T) *exchange {
	t.Helper()
	w := With(t, "telecom")
	alpha := w.Customer("alpha")
	return &exchange{
		World: w, alpha: alpha, service: w.Service("evaluate"),
		sales: w.Resource(alpha, "customer-number", "", "Sales"), depot: w.Resource(alpha, "customer-number", "", "Depot"),
	}
}

// said is all that has to be said of a user of a customer number.
func said(subscription, number string, modules ...string) Object {
	s := Object{"roles": []string{"user"}, "assignments": []Object{Assignment(nil, modules, Scope("customer-number", number))}}
	if subscription != "" {
		s["subscription"] = subscription
	}
	return s
}

// employ makes a user under a subscription of their own, who signs in.
func (x *exchange) employ(email, number string, modules ...string) (User, string) {
	x.T.Helper()
	x.subscribe(x.alpha, email, "active")
	u := x.InviteWith(x.alpha, email, said(email, number, modules...))
	return u, x.Enter(u)
}

// modules are those that a user may use on a customer number.
func (x *exchange) modules(u User, number string) (allowed []string) {
	x.T.Helper()
	for _, r := range x.Profile.Rights {
		if x.Evaluate(x.service, u, x.alpha, x.alpha, string(r.Key), "customer-number", number) {
			allowed = append(allowed, string(r.Key))
		}
	}
	return allowed
}

func (x *exchange) want(u User, number string, modules ...string) {
	x.T.Helper()
	if got := x.modules(u, number); !slices.Equal(got, modules) {
		x.T.Errorf("%s may use %v, want %v", u.Email, got, modules)
	}
}

func TestP02_P03_P13_P14_P15_P24_SuperusersManageUsersAndUsersDoNot(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	kari, token := x.employ("kari@alpha.example", x.sales, "invoices", "usage")
	list := x.Want(http.StatusOK, Request{Method: "GET", Path: x.alpha.Path("/users"), Token: x.alpha.Token})
	if len(list.Items()) != 2 || !strings.Contains(string(list.Raw), kari.Email) || !strings.Contains(string(list.Raw), x.alpha.AdminEmail) {
		t.Errorf("list: %s", list.Raw)
	}
	etag := x.Want(http.StatusOK, Request{Method: "GET", Path: kari.Path + "/assignments", Token: x.alpha.Token}).Header.Get("ETag")
	edit := Request{Method: "PUT", Path: kari.Path + "/assignments", Token: x.alpha.Token, Headers: []Header{{"If-Match", etag}}, Body: Object{
		"assignments": []Object{Assignment(nil, []string{"orders"}, Scope("customer-number", x.depot))},
	}}

	before := x.Dump()
	tried := 0
	for _, e := range api.Endpoints() {
		if !strings.HasPrefix(string(e.Access.Right), "users:") || e.Access.Self {
			continue
		}
		tried++
		x.Fails(http.StatusForbidden, "forbidden", request(t, e, x.alpha.ID, x.alpha.AdminID, token))
	}
	own := edit
	own.Token = token
	x.Fails(http.StatusForbidden, "forbidden", own)
	if after := x.Dump(); after != before || tried < 8 {
		t.Errorf("%d endpoints tried; something has changed:\n%s", tried, Difference(before, after))
	}

	x.Want(http.StatusOK, edit)
	x.want(kari, x.depot, "orders")
	x.want(kari, x.sales)
	x.Want(http.StatusNoContent, Request{Method: "DELETE", Path: kari.Path, Token: x.alpha.Token})
	x.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
	x.want(kari, x.depot)
	list = x.Want(http.StatusOK, Request{Method: "GET", Path: x.alpha.Path("/users"), Token: x.alpha.Token})
	if len(list.Items()) != 1 {
		t.Errorf("list: %s", list.Raw)
	}
}

func TestP05_ThereAreTwoTypesOfUser(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	profile := x.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/profile"})
	types := []string{}
	for _, role := range profile.Body["roles"].([]any) {
		types = append(types, role.(Object)["key"].(string))
	}
	if !slices.Equal(types, []string{"superuser", "user"}) {
		t.Errorf("types: %v", types)
	}
	x.subscribe(x.alpha, "1", "active")
	for _, role := range []string{"administrator", "SuperBruker", ""} {
		body := said("1", x.sales, "usage")
		body["givenName"], body["familyName"], body["email"], body["roles"] = "N", "N", "n@alpha.example", []string{role}
		a := x.Want(http.StatusBadRequest, Request{Method: "POST", Path: x.alpha.Path("/users"), Token: x.alpha.Token, Body: body})
		if a.Text("errors/0/pointer") != "/roles/0" || a.Text("errors/0/code") != "value-unknown" {
			t.Errorf("%q: %s", role, a.Raw)
		}
	}
}

func TestP06_SuperusersHaveAllNumbersAndModulesAlsoLaterOnes(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	all := []string{}
	for _, r := range x.Profile.Rights {
		all = append(all, string(r.Key))
	}
	super := User{ID: x.alpha.AdminID, Email: x.alpha.AdminEmail}
	x.want(super, x.sales, all...)
	x.want(super, x.Resource(x.alpha, "customer-number", "", "Later"), all...)
	// Nothing was chosen for them: neither at creation nor in what is kept.
	x.subscribe(x.alpha, "1", "active")
	other := x.InviteWith(x.alpha, "other@alpha.example", Object{"roles": []string{"superuser"}, "subscription": "1"})
	x.want(other, x.sales) // who has not accepted has nothing yet
	x.Enter(other)
	x.want(other, x.depot, all...)
	if list := x.Want(http.StatusOK, Request{Method: "GET", Path: other.Path + "/assignments", Token: x.alpha.Token}); len(list.Items()) != 0 {
		t.Errorf("assignments: %s", list.Raw)
	}
}

func TestP04_P07_ModulesAndNumbersAreTwoAxes(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	board := x.Resource(x.alpha, "customer-number", "", "Board")
	kari, _ := x.employ("kari@alpha.example", x.sales, "dashboard", "invoices")
	x.want(kari, x.sales, "dashboard", "invoices")
	x.want(kari, x.depot)
	modules := []string{"dashboard", "usage"}
	x.Assign(x.alpha, kari, Assignment(nil, modules, Scope("customer-number", x.depot), Scope("customer-number", board)))
	x.want(kari, x.sales)
	x.want(kari, x.depot, modules...)
	x.want(kari, board, modules...)
	x.want(kari, x.Resource(x.alpha, "customer-number", "", "Later"))
	// Of a module given for the whole company, later numbers are part.
	x.Assign(x.alpha, kari, Assignment(nil, []string{"reports"}, Scope("organization", "")))
	x.want(kari, x.Resource(x.alpha, "customer-number", "", "Later still"), "reports")
	// A number of another company is none.
	beta := x.Customer("beta")
	theirs := x.Resource(beta, "customer-number", "", "Theirs")
	x.Fails(http.StatusNotFound, "not-found", x.Edit("PUT", kari.Path, "/assignments", x.alpha.Token, Object{
		"assignments": []Object{Assignment(nil, modules, Scope("customer-number", theirs))},
	}))
}

// The list has names, user name and type; what the two other columns show is in
// the assignments of each row.
func TestP18_TheColumnsOfTheList(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	x.employ("kari@alpha.example", x.sales, "invoices", "usage")
	for _, item := range x.Want(http.StatusOK, Request{Method: "GET", Path: x.alpha.Path("/users"), Token: x.alpha.Token}).Items() {
		row := item.(Object)
		given := []string{}
		for _, a := range x.Want(http.StatusOK, Request{Method: "GET", Path: x.alpha.Path("/users/" + row["id"].(string) + "/assignments"), Token: x.alpha.Token}).Items() {
			given = append(given, text(a.(Object)["rights"])+text(a.(Object)["scopes"]))
		}
		got := text([]any{row["givenName"], row["familyName"], row["email"], row["roles"], given})
		want := text([]any{"Aada", "Admin", x.alpha.AdminEmail, []string{"superuser"}, []string{}})
		if row["email"] != x.alpha.AdminEmail {
			want = text([]any{"Ulla", "User", "kari@alpha.example", []string{"user"}, []string{`["invoices","usage"][{"id":"` + x.sales + `","type":"customer-number"}]`}})
		}
		if got != want {
			t.Errorf("row %s, want %s", got, want)
		}
	}
}

// Nobody becomes a user without a subscription that is the company's, active,
// and nobody else's.
func TestP09_AccessAsksForASubscription(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	beta := x.Customer("beta")
	x.employ("taken@alpha.example", x.sales, "usage")
	x.subscribe(x.alpha, "ended", "ended")
	x.subscribe(beta, "another's", "active")
	create := func(body Object) Request {
		body["givenName"], body["familyName"], body["email"] = "N", "N", "n@alpha.example"
		return Request{Method: "POST", Path: x.alpha.Path("/users"), Token: x.alpha.Token, Body: body}
	}
	operator := x.Operator()
	before := x.Dump()
	for _, subscription := range []string{"", "unknown", "ended", "taken@alpha.example", "another's", "+47900alpha"} {
		x.Fails(http.StatusUnprocessableEntity, "subscription-missing", create(said(subscription, x.sales, "usage")))
		super := Object{"roles": []string{"superuser"}}
		if subscription != "" {
			super["subscription"] = subscription
		}
		x.Fails(http.StatusUnprocessableEntity, "subscription-missing", create(super))
	}
	// So it is with a company's first superuser, whose subscription the operator vouches for.
	x.Fails(http.StatusUnprocessableEntity, "subscription-missing", Request{Method: "POST", Path: "/v1/organizations", Token: operator, Body: Object{
		"name": "Gamma Oy", "country": "FI", "businessId": BusinessIDs["gamma"],
		"administrator": Object{"givenName": "G", "familyName": "G", "email": "admin@gamma.example"},
	}})
	if after := x.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	x.subscribe(x.alpha, "free", "active")
	made := x.Want(http.StatusCreated, create(said(" free ", x.sales, "usage")))
	if made.Text("subscription") != "free" {
		t.Errorf("made: %s", made.Raw)
	}
	list := x.Want(http.StatusOK, Request{Method: "GET", Path: x.alpha.Path("/subscriptions"), Token: x.Operator()})
	if !strings.Contains(string(list.Raw), `{"id":"free","status":"active","user":"`+made.Text("id")+`",`) {
		t.Errorf("list: %s", list.Raw)
	}
}

// Of many who are created under one subscription at the same moment, one is.
func TestP09_ASubscriptionCarriesOneUser(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	x.subscribe(x.alpha, "one", "active")
	answers := make([]Answer, 6)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			body := said("one", x.sales, "usage")
			body["givenName"], body["familyName"], body["email"] = "N", "N", fmt.Sprintf("n%d@alpha.example", i)
			a, err := x.Try(Request{Method: "POST", Path: x.alpha.Path("/users"), Token: x.alpha.Token, Body: body})
			if err != nil {
				t.Error(err)
			}
			answers[i] = a
		})
	}
	all.Wait()
	made := 0
	for _, a := range answers {
		if a.Status == http.StatusCreated {
			made++
		} else if a.Code() != "subscription-missing" && a.Code() != "contended" {
			t.Errorf("%d %s", a.Status, a.Raw)
		}
	}
	list := x.Want(http.StatusOK, Request{Method: "GET", Path: x.alpha.Path("/users"), Token: x.alpha.Token})
	if made != 1 || len(list.Items()) != 2 {
		t.Errorf("%d were made: %s", made, list.Raw)
	}
}

// Access fails with the subscription at the next request, and is back with it:
// sessions, sign-in, rights, links.
func TestP10_AccessEndsWithTheSubscription(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	kari, token := x.employ("kari@alpha.example", x.sales, "usage")
	x.subscribe(x.alpha, "waiting", "active")
	waiting := x.InviteWith(x.alpha, "waiting@alpha.example", said("waiting", x.sales, "usage"))
	activation := x.Link(waiting.Email)
	signIn := Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": kari.Email, "password": Password}}
	status := func(u User) string {
		return x.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: x.alpha.Token}).Text("status")
	}

	ended := x.subscribe(x.alpha, kari.Email, "ended")
	if ended.Text("status") != "ended" || ended.Text("user") != kari.ID {
		t.Errorf("ended: %s", ended.Raw)
	}
	x.subscribe(x.alpha, "waiting", "ended")
	x.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
	x.Fails(http.StatusUnauthorized, "sign-in-failed", signIn)
	x.want(kari, x.sales)
	if a, b := status(kari), status(waiting); a != "unsubscribed" || b != "unsubscribed" {
		t.Errorf("status: %s, %s", a, b)
	}
	x.Fails(http.StatusBadRequest, "link-invalid", Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": activation, "password": Password}})
	x.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": kari.Email}})
	if mails := x.Mails(kari.Email); mails[0].Kind != domain.MailActivation {
		t.Errorf("a mail %s", mails[0].Kind)
	}

	x.subscribe(x.alpha, kari.Email, "active")
	x.subscribe(x.alpha, "waiting", "active")
	x.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
	x.Want(http.StatusCreated, signIn)
	x.want(kari, x.sales, "usage")
	x.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": activation, "password": Password}})
	if a, b := status(kari), status(waiting); a != "active" || b != "active" {
		t.Errorf("status: %s, %s", a, b)
	}
}

// The company's last superuser is no exception: the operator tells what is. The
// one of two who is left then cannot go.
func TestP10_TheLastSuperuserIsNoException(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	subscription := "+47900alpha"
	x.subscribe(x.alpha, subscription, "ended")
	x.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: x.alpha.Path("/users"), Token: x.alpha.Token})
	// The rule of the last administrator sees it too.
	if !strings.Contains(x.Dump(), `{"person":"`+x.alpha.AdminID+`","activated":true,"barred":true`) {
		t.Error("the seat is as it was")
	}
	x.subscribe(x.alpha, subscription, "active")
	x.Want(http.StatusOK, Request{Method: "GET", Path: x.alpha.Path("/users"), Token: x.alpha.Token})

	x.subscribe(x.alpha, "second", "active")
	second := x.InviteWith(x.alpha, "second@alpha.example", Object{"roles": []string{"superuser"}, "subscription": "second"})
	token := x.Enter(second)
	x.subscribe(x.alpha, subscription, "ended")
	// Barred, the first keeps nobody from being the last.
	first := User{ID: x.alpha.AdminID, Path: x.alpha.Path("/users/" + x.alpha.AdminID)}
	x.Want(http.StatusNoContent, Request{Method: "DELETE", Path: first.Path, Token: token})
	x.Fails(http.StatusUnprocessableEntity, "self", Request{Method: "DELETE", Path: second.Path, Token: token})
	if list := x.Want(http.StatusOK, Request{Method: "GET", Path: x.alpha.Path("/subscriptions"), Token: x.Operator()}); strings.Contains(string(list.Raw), first.ID) {
		t.Errorf("the one who is gone has a subscription: %s", list.Raw)
	}

	// Nor does an ended subscription count as somebody who could administer.
	x.alpha.Token = token
	x.subscribe(x.alpha, "third", "active")
	third := x.InviteWith(x.alpha, "third@alpha.example", Object{"roles": []string{"superuser"}, "subscription": "third"})
	thirdToken := x.Enter(third)
	x.subscribe(x.alpha, "third", "ended")
	x.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "DELETE", Path: second.Path, Token: thirdToken})
	x.subscribe(x.alpha, "third", "active")
	x.subscribe(x.alpha, "second", "ended")
	x.Want(http.StatusOK, x.Edit("PATCH", second.Path, "", thirdToken, Object{"roles": []string{"user"}}))
}

// In two companies, the access of each hangs on that company's subscription.
func TestP10_InAnotherCompanyAccessGoesOn(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	beta := x.Customer("beta")
	number := x.Resource(beta, "customer-number", "", "Theirs")
	kari, token := x.employ("kari@alpha.example", x.sales, "usage")
	x.subscribe(beta, kari.Email, "active") // the same number, and another subscription
	x.InviteWith(beta, kari.Email, said(kari.Email, number, "usage"))
	x.Activate(kari.Email, Password)
	x.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path("/resources?type=customer-number"), Token: token})

	x.subscribe(x.alpha, kari.Email, "ended")
	x.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: x.alpha.Path("/resources?type=customer-number"), Token: token})
	x.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path("/resources?type=customer-number"), Token: token})
	me := x.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: x.SignIn(kari.Email, Password)})
	if !strings.Contains(string(me.Raw), `"unsubscribed"`) || !strings.Contains(string(me.Raw), `"active"`) {
		t.Errorf("me: %s", me.Raw)
	}
	if x.want(kari, x.sales); !x.Evaluate(x.service, kari, beta, beta, "usage", "customer-number", number) {
		t.Error("the other company's number is out of reach")
	}
}

// A user changes to another subscription that is free, which lets them in where
// theirs had ended; the one they leave is free for another.
func TestP10_UsersChangeTheirSubscription(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	kari, token := x.employ("kari@alpha.example", x.sales, "usage")
	x.employ("taken@alpha.example", x.sales, "usage")
	x.subscribe(x.alpha, "next", "active")
	x.subscribe(x.alpha, "ended", "ended")
	for subscription, code := range map[string]string{"taken@alpha.example": "subscription-missing", "ended": "subscription-missing", "unknown": "subscription-missing", " ": "invalid"} {
		a := x.Send(x.Edit("PATCH", kari.Path, "", x.alpha.Token, Object{"subscription": subscription}))
		if a.Code() != code {
			t.Errorf("to %q: %d %s", subscription, a.Status, a.Raw)
		}
	}
	x.subscribe(x.alpha, kari.Email, "ended")
	a := x.Want(http.StatusOK, x.Edit("PATCH", kari.Path, "", x.alpha.Token, Object{"subscription": "next"}))
	if a.Text("subscription") != "next" || a.Text("status") != "active" {
		t.Errorf("changed: %s", a.Raw)
	}
	x.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
	if free := x.subscribe(x.alpha, kari.Email, "active"); free.Text("user") != "" {
		t.Errorf("the one that was left: %s", free.Raw)
	}
	x.subscribe(x.alpha, kari.Email, "ended") // is nothing to them any more
	x.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
	x.subscribe(x.alpha, "next", "ended")
	x.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
	x.subscribe(x.alpha, "next", "active")

	// Once removed, a user leaves theirs behind too.
	x.Want(http.StatusNoContent, Request{Method: "DELETE", Path: kari.Path, Token: x.alpha.Token})
	x.InviteWith(x.alpha, "another@alpha.example", said("next", x.sales, "usage"))
}

// Who has access under a subscription is told by the subscription, and read then.
func TestBudgetOfASubscriptionInUse(t *testing.T) {
	t.Parallel()
	var counter *tabletest.Counter
	w := On(t, SQLite(t), Options{Profile: "telecom", Wrap: func(tb table.Table) table.Table {
		counter = tabletest.Count(tb)
		return counter
	}})
	alpha, operator := w.Customer("alpha"), w.Operator()
	counter.Reset()
	w.Want(http.StatusOK, Request{Method: "PUT", Path: alpha.Path("/subscriptions/+47900alpha"), Token: operator, Body: Object{"status": "ended"}})
	if got := counter.Counts(); got.Gets != 2 || got.Queries != 0 || got.Transacts != 1 {
		t.Errorf("%+v", got)
	}
}

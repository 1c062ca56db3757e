package apitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// trade is the insurer's portal: an accounting firm, and two companies that may
// become its clients.
type trade struct {
	*World
	firm, bakery, sawmill Customer // alpha, beta and gamma
	service               string   // of a module that asks what people may do
}

func trading(w *World) *trade {
	return &trade{World: w, firm: w.Customer("alpha"), bakery: w.Customer("beta"), sawmill: w.Customer("gamma"), service: w.Service("evaluate")}
}

// eachTrade runs a test on every driver.
func eachTrade(t *testing.T, test func(t *testing.T, w *trade)) {
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, trading(On(t, open(t), Options{Profile: "insurance"})))
		})
	}
}

// The ceilings of the two types.
var (
	webService = []string{"insurance:see", "insurance:edit", "payroll:report", "employment:edit", "invoices:see", "certificates:order"}
	broker     = []string{"insurance:see", "quotes:request", "certificates:order"}
)

// give lets the firm act for a company.
func (w *trade) give(by Customer, of string, rights ...string) (id string) {
	w.T.Helper()
	return w.Want(http.StatusCreated, w.giving(by, "alpha", Object{"type": of, "rights": rights})).Text("id")
}

// giving is a request for a mandate; nil rights are left out.
func (w *World) giving(by Customer, agent string, said Object) Request {
	body := Object{"agent": Object{"country": "FI", "businessId": BusinessIDs[agent]}}
	for name, value := range said {
		if rights, ok := value.([]string); !ok || rights != nil {
			body[name] = value
		}
	}
	return Request{Method: "POST", Path: by.Path("/mandates"), Token: by.Token, Body: body}
}

// changing is a request to change a mandate, as it is now.
func (w *World) changing(by Customer, id string, said Object) Request {
	w.T.Helper()
	path := by.Path("/mandates/" + id)
	etag := w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: by.Token}).Header.Get("ETag")
	return Request{Method: "PATCH", Path: path, Token: by.Token, Headers: []Header{{"If-Match", etag}}, Body: said}
}

func (w *World) revoking(by Customer, id string) Request {
	return Request{Method: "DELETE", Path: by.Path("/mandates/" + id), Token: by.Token}
}

// clerk makes a user of the firm with these assignments, who is active.
func (w *trade) clerk(email string, assignments ...Object) User {
	w.T.Helper()
	u := w.InviteWith(w.firm, email, Object{"roles": []string{"user"}, "assignments": append([]Object{}, assignments...)})
	w.Activate(email, Password)
	return u
}

// may asks, as a module of the portal, what the firm's user may do somewhere.
func (w *trade) may(u User, at Customer, right string) bool {
	w.T.Helper()
	return w.Evaluate(w.service, u, w.firm, at, right, "", "")
}

// inviting is a request for a new user of the firm.
func (w *trade) inviting(assignments ...Object) Request {
	return Request{Method: "POST", Path: w.firm.Path("/users"), Token: w.firm.Token, Body: Object{
		"givenName": "N", "familyName": "N", "email": "refused@alpha.example", "roles": []string{"user"}, "assignments": assignments,
	}}
}

func atClients(rights ...string) Object { return Assignment(nil, rights, Scope("clients", "")) }

func atClient(c Customer, rights ...string) Object {
	return Assignment(nil, rights, Scope("client", c.ID))
}

func atHome(rights ...string) Object { return Assignment(nil, rights, Scope("organization", "")) }

// accessShown is the answer of user-access.
type accessShown struct {
	Status    string
	Rights    []string
	Resources []struct {
		Type, ID, Name string
		Rights         []string
	}
	Companies *struct {
		Items []struct {
			ID, Name         string
			Assigned, Rights []string
		}
	}
	Roles *[]struct {
		Right     string
		Companies []string
	}
	Next string
}

// access is what user-access shows, to the organization's administrator.
func (w *World) access(c Customer, u User) accessShown {
	w.T.Helper()
	return w.accessBy(c.Token, u, "")
}

func (w *World) accessBy(token string, u User, query string) (out accessShown) {
	w.T.Helper()
	a := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path + "/access" + query, Token: token})
	if err := json.Unmarshal(a.Raw, &out); err != nil {
		w.T.Fatal(err)
	}
	return out
}

// at is what is shown for a company; nil if it is not shown.
func (a accessShown) at(c Customer) []string {
	if a.Companies != nil {
		for _, one := range a.Companies.Items {
			if one.ID == c.ID {
				return one.Rights
			}
		}
	}
	return nil
}

// by is what is shown of a right for all clients.
func (a accessShown) by(right string) []string {
	if a.Roles != nil {
		for _, one := range *a.Roles {
			if one.Right == right {
				return one.Companies
			}
		}
	}
	return nil
}

// V12 to V16: the validity decides who can sign in, and what their rights are worth.
func TestV12_V13_V14_V15_V16_ValidityDecides(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	w.give(w.bakery, "web-service")
	first, last := time.Date(2026, 11, 9, 22, 0, 0, 0, time.UTC), time.Date(2026, 11, 12, 22, 0, 0, 0, time.UTC) // midnights in Helsinki
	type moment struct {
		now     time.Time
		allowed bool
	}
	users := map[string][]moment{}
	for name, c := range map[string]struct {
		validity Object
		moments  []moment
	}{
		"V13": {Object{"type": "indefinite"}, []moment{{w.Now(), true}, {last.AddDate(5, 0, 0), true}}},
		"V14": {
			Object{"type": "fixedTerm", "from": "2026-11-10", "to": "2026-11-12"},
			[]moment{{first.Add(-time.Second), false}, {first.Add(time.Second), true}, {last.Add(-2 * time.Second), true}, {last.Add(time.Second), false}},
		},
		"V16": {Object{"type": "locked", "reason": "on leave"}, []moment{{w.Now(), false}, {last.AddDate(5, 0, 0), false}}},
	} {
		users[name] = c.moments
		u := w.InviteWith(w.firm, strings.ToLower(name)+"@alpha.example", Object{
			"roles": []string{"user"}, "assignments": []Object{atClients("insurance:see"), atHome("invoices:see")},
		})
		w.Activate(u.Email, Password)
		read := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: w.firm.Token})
		w.Want(http.StatusOK, Request{
			Method: "PUT", Path: u.Path + "/validity", Token: w.firm.Token, Headers: []Header{{"If-Match", read.Header.Get("ETag")}}, Body: c.validity,
		})
		t.Run(name, func(t *testing.T) {
			for _, m := range c.moments {
				w.SetNow(m.now)
				if got := w.may(u, w.bakery, "insurance:see"); got != m.allowed {
					t.Errorf("%v: for the client %v", m.now, got)
				}
				if got := w.may(u, w.firm, "invoices:see"); got != m.allowed {
					t.Errorf("%v: in the own company %v", m.now, got)
				}
				a := w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": u.Email, "password": Password}})
				if (a.Status == http.StatusCreated) != m.allowed {
					t.Errorf("%v: sign-in %d %s", m.now, a.Status, a.Raw)
				}
			}
		})
		w.SetNow(Start.Add(time.Hour))
		w.firm.Token = w.SignIn(w.firm.AdminEmail, Password)
	}
}

func TestV17_V31_WithoutMandateRightsConcernTheOwnCompanyOnly(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	u := w.clerk("clerk@alpha.example", atHome("insurance:see"), atClients("insurance:see", "payroll:report"))
	if !w.may(u, w.firm, "insurance:see") || w.may(u, w.firm, "payroll:report") {
		t.Error("in the own company what was given there counts, and nothing else")
	}
	if w.may(u, w.bakery, "insurance:see") || w.may(u, w.bakery, "payroll:report") {
		t.Error("without a mandate nothing counts elsewhere")
	}
	// The own company is no client, so it has no other way than its own (V31).
	w.Fails(http.StatusNotFound, "not-found", w.inviting(atClient(w.firm, "insurance:see")))
	w.Fails(http.StatusNotFound, "not-found", w.inviting(atClient(w.bakery, "insurance:see")))
}

func TestV18_V20_RightsAndMandatesAreExplained(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	profile := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/profile"})
	for _, list := range []string{"rights", "mandates"} {
		of, _ := profile.Body[list].([]any)
		if len(of) == 0 {
			t.Fatalf("no %s", list)
		}
		for i := range of {
			for _, language := range []string{"fi", "sv", "nb", "en"} {
				for _, text := range []string{"name", "info"} {
					if at := fmt.Sprintf("%s/%d/%s/%s", list, i, text, language); profile.Text(at) == "" {
						t.Errorf("%s has no text", at)
					}
				}
			}
		}
	}
	// The two types, each with its ceiling, and no third one.
	for i, c := range []struct {
		of     string
		rights []string
	}{{"web-service", webService}, {"broker", broker}} {
		a := w.Want(http.StatusCreated, w.giving(w.bakery, "alpha", Object{"type": c.of}))
		if profile.Text(fmt.Sprintf("mandates/%d/key", i)) != c.of || !cmp.Equal(texts(a.Body["rights"]), c.rights) {
			t.Errorf("%s: %s", c.of, a.Raw)
		}
	}
	a := w.Want(http.StatusBadRequest, w.giving(w.bakery, "alpha", Object{"type": "letter"}))
	if a.Text("errors/0/pointer") != "/type" || a.Text("errors/0/code") != "value-unknown" {
		t.Errorf("a type that there is not: %s", a.Raw)
	}
}

func texts(list any) (out []string) {
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

func TestV19_V22_ClientsMakeTheSplit(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	u := w.clerk("clerk@alpha.example", atClients("insurance:see"))
	split := func(when string, want bool) {
		t.Helper()
		shown := w.access(w.firm, u)
		clients := w.Want(http.StatusOK, Request{Method: "GET", Path: w.firm.Path("/clients"), Token: w.firm.Token})
		if (shown.Companies != nil) != want || (shown.Roles != nil) != want || (len(clients.Items()) > 0) != want {
			t.Errorf("%s: %+v %s", when, shown, clients.Raw)
		}
	}
	split("before", false)
	for _, of := range []string{"web-service", "broker"} {
		id := w.give(w.bakery, of)
		split(of, true)
		w.Want(http.StatusNoContent, w.revoking(w.bakery, id))
		split(of+" revoked", false)
	}
	// One of tomorrow is none today, and one of yesterday is none any more.
	w.Want(http.StatusCreated, w.giving(w.bakery, "alpha", Object{"type": "broker", "from": "2026-11-03", "to": "2026-11-03"}))
	split("upcoming", false)
	for day, when := range []string{"on its day", "over"} {
		w.SetNow(Start.AddDate(0, 0, 1+day))
		w.firm.Token = w.SignIn(w.firm.AdminEmail, Password)
		split(when, day == 0)
	}
}

// V21: role-based, company-based or both; V23, V24 the one, V26, V27 the other.
func TestV21_V23_V24_V26_V27_TwoWays(t *testing.T) {
	eachTrade(t, func(t *testing.T, w *trade) {
		w.give(w.bakery, "web-service")
		w.give(w.sawmill, "broker")
		byCompany := w.clerk("company@alpha.example", atClient(w.bakery, "insurance:see", "payroll:report"), atClient(w.sawmill, "quotes:request"))
		byRole := w.clerk("role@alpha.example", atClients("insurance:see", "payroll:report"))
		both := w.clerk("both@alpha.example", atClients("insurance:see"), atClient(w.bakery, "payroll:report"))
		for _, c := range []struct {
			name              string
			u                 User
			bakery, sawmill   []string // effective
			assigned          []string // company-based, in the bakery
			seeing, reporting []string // companies by role
			roles, companies  int
		}{
			{"company-based", byCompany, []string{"insurance:see", "payroll:report"}, []string{"quotes:request"}, []string{"insurance:see", "payroll:report"}, nil, nil, 0, 2},
			{"role-based", byRole, []string{"insurance:see", "payroll:report"}, []string{"insurance:see"}, nil, []string{w.bakery.ID, w.sawmill.ID}, []string{w.bakery.ID}, 2, 2},
			{"both", both, []string{"insurance:see", "payroll:report"}, []string{"insurance:see"}, []string{"payroll:report"}, []string{w.bakery.ID, w.sawmill.ID}, nil, 1, 2},
		} {
			for _, token := range []string{w.firm.Token, w.SignIn(c.u.Email, Password)} { // and for oneself
				shown := w.accessBy(token, c.u, "")
				if shown.Companies == nil || shown.Roles == nil || len(shown.Companies.Items) != c.companies || len(*shown.Roles) != c.roles {
					t.Fatalf("%s: %+v", c.name, shown)
				}
				first := shown.Companies.Items[0]
				if shown.Status != "active" || len(shown.Rights) != 0 || shown.Next != "" || first.Name != "Beta Oy" || shown.Companies.Items[1].Name != "Gamma Oy" {
					t.Errorf("%s: %+v", c.name, shown)
				}
				for what, d := range map[string]string{
					"bakery": cmp.Diff(c.bakery, shown.at(w.bakery)), "sawmill": cmp.Diff(c.sawmill, shown.at(w.sawmill)),
					"assigned": cmp.Diff(c.assigned, append([]string(nil), first.Assigned...)),
					"seeing":   cmp.Diff(c.seeing, shown.by("insurance:see")), "reporting": cmp.Diff(c.reporting, shown.by("payroll:report")),
				} {
					if d != "" {
						t.Errorf("%s, %s: %s", c.name, what, d)
					}
				}
			}
			// What is shown is what is decided.
			for at, rights := range map[Customer][]string{w.bakery: c.bakery, w.sawmill: c.sawmill} {
				for _, right := range slices.Concat(webService, []string{"quotes:request", "pensions:see", "users:see"}) {
					if got := w.may(c.u, at, right); got != slices.Contains(rights, right) {
						t.Errorf("%s, %s: %v", c.name, right, got)
					}
				}
			}
		}
		// A colleague without the right to see users is told nothing.
		w.Fails(http.StatusForbidden, "forbidden", Request{Method: "GET", Path: byRole.Path + "/access", Token: w.SignIn(both.Email, Password)})
	})
}

// XC2, V25: never more than the power of attorney, when it is given and when it is used.
func TestXC2_V25_TheMandateIsTheCeiling(t *testing.T) {
	eachTrade(t, func(t *testing.T, w *trade) {
		id := w.give(w.bakery, "web-service", "insurance:see", "payroll:report")
		w.Fails(http.StatusUnprocessableEntity, "above-mandate", w.inviting(atClient(w.bakery, "insurance:see", "invoices:see")))
		w.Fails(http.StatusUnprocessableEntity, "above-mandate", w.inviting(atClient(w.bakery, "quotes:request")))
		w.Fails(http.StatusUnprocessableEntity, "above-mandate", w.inviting(atClient(w.bakery, "users:see")))
		w.Fails(http.StatusUnprocessableEntity, "scope-not-fitting", w.inviting(atClients("users:edit")))
		u := w.clerk("clerk@alpha.example", atClient(w.bakery, "insurance:see", "payroll:report"))
		main := w.clerk("main@alpha.example", Assignment([]string{"main-user"}, nil, Scope("client", w.bakery.ID)))
		if d := cmp.Diff([]string{"insurance:see", "payroll:report"}, w.access(w.firm, main).at(w.bakery)); d != "" {
			t.Errorf("all rights at a client: %s", d)
		}

		w.Want(http.StatusOK, w.changing(w.bakery, id, Object{"rights": []string{"insurance:see"}}))
		for _, user := range []User{u, main} {
			if w.may(user, w.bakery, "payroll:report") || !w.may(user, w.bakery, "insurance:see") {
				t.Errorf("%s does not follow the mandate", user.Email)
			}
		}
		shown := w.access(w.firm, u)
		if d := cmp.Diff([]string{"insurance:see"}, shown.at(w.bakery)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"insurance:see", "payroll:report"}, shown.Companies.Items[0].Assigned); d != "" {
			t.Errorf("what was given stays as it is: %s", d)
		}
		w.Fails(http.StatusUnprocessableEntity, "above-mandate", w.inviting(atClient(w.bakery, "payroll:report")))
		// Nothing of the mandate's type is left beside it either.
		w.Want(http.StatusNoContent, w.revoking(w.bakery, id))
		if w.may(u, w.bakery, "insurance:see") {
			t.Error("a revoked mandate counts")
		}
		w.Fails(http.StatusUnprocessableEntity, "above-mandate", w.inviting(atClient(w.bakery, "insurance:see")))
	})
}

// XC3, V28: what was given for all clients grows and shrinks with the mandates.
func TestXC3_V28_V30_NewMandatesExtendRoleBasedRights(t *testing.T) {
	eachTrade(t, func(t *testing.T, w *trade) {
		u := w.clerk("clerk@alpha.example", atClients("insurance:see", "invoices:see"))
		read := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: w.firm.Token}).Header.Get("ETag")
		token := w.SignIn(u.Email, Password)
		check := func(when string, bakery, sawmill []string) {
			t.Helper()
			for at, want := range map[Customer][]string{w.bakery: bakery, w.sawmill: sawmill, w.firm: nil} {
				for _, right := range webService {
					if got := w.may(u, at, right); got != slices.Contains(want, right) {
						t.Errorf("%s: %s is %v", when, right, got)
					}
				}
			}
			shown := w.accessBy(token, u, "")
			if !cmp.Equal(shown.at(w.bakery), bakery) || !cmp.Equal(shown.at(w.sawmill), sawmill) || len(shown.Rights) > 0 || shown.at(w.firm) != nil {
				t.Errorf("%s: shown %+v", when, shown)
			}
			if slices.Contains(shown.by("insurance:see"), w.firm.ID) {
				t.Errorf("%s: the own company is among the clients", when)
			}
		}
		check("before", nil, nil)
		bakery := w.give(w.bakery, "web-service", "insurance:see")
		check("one mandate", []string{"insurance:see"}, nil)
		w.give(w.sawmill, "web-service")
		check("two", []string{"insurance:see"}, []string{"insurance:see", "invoices:see"})
		w.Want(http.StatusOK, w.changing(w.bakery, bakery, Object{"rights": webService}))
		check("a wider one", []string{"insurance:see", "invoices:see"}, []string{"insurance:see", "invoices:see"})
		w.Want(http.StatusNoContent, w.revoking(w.bakery, bakery))
		check("revoked", nil, []string{"insurance:see", "invoices:see"})
		if after := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: w.firm.Token}).Header.Get("ETag"); after != read {
			t.Error("the user was edited")
		}
	})
}

func TestV29_TheCeilingIsPerPrincipal(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	w.give(w.bakery, "web-service", "invoices:see")
	w.give(w.sawmill, "broker")
	// Two mandates of one principal count together.
	w.give(w.sawmill, "web-service", "employment:edit")
	every := slices.Concat(webService, []string{"quotes:request"})
	u := w.clerk("clerk@alpha.example", atClients(every...))
	for at, ceiling := range map[Customer][]string{w.bakery: {"invoices:see"}, w.sawmill: slices.Concat(broker, []string{"employment:edit"})} {
		for _, right := range every {
			if got := w.may(u, at, right); got != slices.Contains(ceiling, right) {
				t.Errorf("%s: %v", right, got)
			}
		}
	}
	clients := w.Want(http.StatusOK, Request{Method: "GET", Path: w.firm.Path("/clients"), Token: w.firm.Token})
	if len(clients.Items()) != 2 || !cmp.Equal(texts(clients.Body["items"].([]any)[0].(Object)["rights"]), []string{"invoices:see"}) ||
		clients.Text("items/0/organization/name") != "Beta Oy" || clients.Text("items/0/organization/businessId") != BusinessIDs["beta"] ||
		clients.Text("items/1/mandates/0/type") != "broker" || clients.Text("items/1/mandates/1/rights/0") != "employment:edit" {
		t.Errorf("clients: %s", clients.Raw)
	}
}

// XC11: a mandate is revoked while something is given under it, round after
// round. Whichever comes first, the revoked client is out of reach.
func TestXC11_RevokeAndGrantAtOnce(t *testing.T) {
	for name, rounds := range map[string]int{"sqlite": 200, "dynamodb": 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := trading(On(t, Drivers[name](t), Options{Profile: "insurance"}))
			u := w.clerk("clerk@alpha.example")
			path := u.Path + "/assignments"
			put := func(assignments ...Object) Request {
				etag := w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: w.firm.Token}).Header.Get("ETag")
				return Request{
					Method: "PUT", Path: path, Token: w.firm.Token, Headers: []Header{{"If-Match", etag}},
					Body: Object{"assignments": append([]Object{}, assignments...)},
				}
			}
			given := 0
			for round := range rounds {
				if round%50 == 0 {
					w.firm.Token, w.bakery.Token = w.SignIn(w.firm.AdminEmail, Password), w.SignIn(w.bakery.AdminEmail, Password)
				}
				revoke, grant := w.revoking(w.bakery, w.give(w.bakery, "web-service")), put(atClient(w.bakery, "insurance:see"))
				if round%2 == 0 {
					revoke, grant = grant, revoke
				}
				answers := w.atOnce(revoke, grant)
				if round%2 == 0 {
					slices.Reverse(answers)
				}
				if answers[0].Status != http.StatusNoContent {
					t.Fatalf("round %d: revoking %d %s", round, answers[0].Status, answers[0].Raw)
				}
				switch a := answers[1]; {
				case a.Status == http.StatusOK:
					given++
				case a.Status != http.StatusUnprocessableEntity || a.Code() != "above-mandate":
					t.Fatalf("round %d: giving %d %s", round, a.Status, a.Raw)
				}
				if w.may(u, w.bakery, "insurance:see") || w.access(w.firm, u).Companies != nil {
					t.Fatalf("round %d: the revoked company is still in reach", round)
				}
				w.Want(http.StatusOK, put())
			}
			t.Logf("%d of %d grants came first", given, rounds)
			// Without the race the same grant counts, until the same revocation.
			id := w.give(w.bakery, "web-service")
			w.Want(http.StatusOK, put(atClient(w.bakery, "insurance:see")))
			if !w.may(u, w.bakery, "insurance:see") {
				t.Error("the grant does not count")
			}
			w.Want(http.StatusNoContent, w.revoking(w.bakery, id))
			if w.may(u, w.bakery, "insurance:see") {
				t.Error("the revocation does not count")
			}
		})
	}
}

// atOnce sends requests at the same time.
func (w *World) atOnce(requests ...Request) []Answer {
	w.T.Helper()
	answers, errs := make([]Answer, len(requests)), make([]error, len(requests))
	var wg sync.WaitGroup
	for i, r := range requests {
		wg.Go(func() { answers[i], errs[i] = w.Try(r) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			w.T.Fatal(err)
		}
	}
	return answers
}

// XC13: a mandate's days are those of the principal's calendar, also those of 23
// and of 25 hours.
func TestXC13_MandateDaysAreThePrincipals(t *testing.T) {
	eachTrade(t, func(t *testing.T, w *trade) {
		swede := w.swedish("Exempelbageri AB", "999900-0004")
		u := w.clerk("clerk@alpha.example", atClients("insurance:see"))
		at := func(year int, month time.Month, day, hour int) time.Time {
			return time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
		}
		cases := []struct {
			name        string
			principal   Customer
			from, to    string
			first, last time.Time // the midnights
		}{
			{"Helsinki", w.bakery, "2026-11-10", "2026-11-12", at(2026, 11, 9, 22), at(2026, 11, 12, 22)},
			{"Stockholm", swede, "2026-11-10", "2026-11-12", at(2026, 11, 9, 23), at(2026, 11, 12, 23)},
			{"Helsinki, 23 hours", w.bakery, "2027-03-28", "2027-03-28", at(2027, 3, 27, 22), at(2027, 3, 28, 21)},
			{"Stockholm, 23 hours", swede, "2027-03-28", "2027-03-28", at(2027, 3, 27, 23), at(2027, 3, 28, 22)},
			{"Helsinki, 25 hours", w.bakery, "2027-10-31", "2027-10-31", at(2027, 10, 30, 21), at(2027, 10, 31, 22)},
			{"Stockholm, 25 hours", swede, "2027-10-31", "2027-10-31", at(2027, 10, 30, 22), at(2027, 10, 31, 23)},
		}
		ids := make([]string, len(cases))
		for i, c := range cases {
			a := w.Want(http.StatusCreated, w.giving(c.principal, "alpha", Object{"type": "web-service", "from": c.from, "to": c.to}))
			if ids[i] = a.Text("id"); a.Text("status") != "upcoming" {
				t.Errorf("%s: %s", c.name, a.Raw)
			}
		}
		for i, c := range cases {
			for _, m := range []struct {
				now    time.Time
				holds  bool
				status string
			}{
				{c.first.Add(-time.Second), false, "upcoming"},
				{c.first.Add(time.Second), true, "active"},
				{c.last.Add(-time.Second), true, "active"},
				{c.last.Add(time.Second), false, "ended"},
			} {
				w.SetNow(m.now)
				if got := w.may(u, c.principal, "insurance:see"); got != m.holds {
					t.Errorf("%s, %v: %v", c.name, m.now, got)
				}
				// Each side sees it by the principal's calendar.
				for _, side := range []struct {
					of    Customer
					query string
				}{{c.principal, ""}, {w.firm, "?direction=received&limit=200"}} {
					token := w.SignIn(side.of.AdminEmail, Password)
					list := w.Want(http.StatusOK, Request{Method: "GET", Path: side.of.Path("/mandates" + side.query), Token: token})
					if got := find(list, ids[i]); got["status"] != m.status {
						t.Errorf("%s, %v, %s: %v", c.name, m.now, side.query, got)
					}
				}
			}
		}
		// Today begins where the principal is: at 22:30 UTC it is tomorrow in Helsinki only.
		w.SetNow(at(2027, 12, 1, 22).Add(30 * time.Minute))
		for want, c := range map[string]Customer{"2027-12-02": w.bakery, "2027-12-01": swede} {
			c.Token = w.SignIn(c.AdminEmail, Password)
			if a := w.Want(http.StatusCreated, w.giving(c, "alpha", Object{"type": "broker"})); a.Text("from") != want || a.Text("status") != "active" {
				t.Errorf("from today: %s, want %s", a.Raw, want)
			}
			w.Fails(http.StatusBadRequest, "invalid", w.giving(c, "alpha", Object{"type": "broker", "to": "2027-11-30"}))
		}
	})
}

// find finds an item of a list by its id.
func find(list Answer, id string) Object {
	for _, item := range list.Items() {
		if o := item.(Object); o["id"] == id {
			return o
		}
	}
	return nil
}

// swedish makes a Swedish customer.
func (w *World) swedish(name, businessID string) Customer {
	w.T.Helper()
	c := Customer{AdminEmail: "admin@sweden.example"}
	a := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: Object{
		"name": name, "country": "SE", "businessId": businessID, "language": "sv",
		"administrator": Object{"givenName": "Anna", "familyName": "Admin", "email": c.AdminEmail, "nationalId": Object{"country": "FI", "code": w.Code()}},
	}})
	c.ID, c.AdminID = a.Text("id"), a.Text("administrator/id")
	w.Activate(c.AdminEmail, Password)
	c.Token = w.SignIn(c.AdminEmail, Password)
	return c
}

// XC14, and XA21 and XB13 as far as they are about mandates: whatever narrows a
// mandate is felt by the agent's people at their next request, in the session they have.
func TestXC14_XA21_XB13_NarrowerMandatesAreFeltAtOnce(t *testing.T) {
	eachTrade(t, func(t *testing.T, w *trade) {
		w.give(w.sawmill, "web-service")
		id := w.give(w.bakery, "web-service")
		u := w.clerk("clerk@alpha.example", atClients("insurance:see", "invoices:see"), atClient(w.sawmill, "payroll:report"), atClient(w.bakery, "invoices:see"))
		token, all := w.SignIn(u.Email, Password), []string{"insurance:see", "invoices:see"}
		feels := func(when string, want []string) {
			t.Helper()
			if d := cmp.Diff(want, w.accessBy(token, u, "").at(w.bakery)); d != "" {
				t.Errorf("%s: %s", when, d)
			}
			for _, right := range all {
				if got := w.may(u, w.bakery, right); got != slices.Contains(want, right) {
					t.Errorf("%s: %s is %v", when, right, got)
				}
			}
			if d := cmp.Diff([]string{"insurance:see", "payroll:report", "invoices:see"}, w.accessBy(token, u, "").at(w.sawmill)); d != "" {
				t.Errorf("%s, another client: %s", when, d)
			}
			// Who is no client today is no company of the user's, and no client of the firm's.
			clients := w.Want(http.StatusOK, Request{Method: "GET", Path: w.firm.Path("/clients"), Token: w.firm.Token})
			shown := w.accessBy(token, u, "").Companies.Items
			n := 1 // the sawmill
			if want != nil {
				n = 2
			}
			if len(clients.Items()) != n || len(shown) != n {
				t.Errorf("%s: clients %s, companies %+v", when, clients.Raw, shown)
			}
		}
		feels("given", all)
		w.Want(http.StatusOK, w.changing(w.bakery, id, Object{"rights": []string{"invoices:see"}}))
		feels("shrunk", all[1:])
		w.Want(http.StatusOK, w.changing(w.bakery, id, Object{"rights": webService, "to": "2026-11-02"}))
		feels("widened", all)
		w.suspend(w.bakery, "suspended")
		feels("the principal is closed", nil)
		w.suspend(w.bakery, "active")
		feels("it is open again", all)
		w.suspend(w.firm, "suspended")
		if w.may(u, w.bakery, "insurance:see") {
			t.Error("the agent is closed and its people act")
		}
		if clients := w.Want(http.StatusOK, Request{Method: "GET", Path: w.firm.Path("/clients"), Token: w.Operator()}); len(clients.Items()) != 0 {
			t.Errorf("the agent is closed and has clients: %s", clients.Raw)
		}
		w.suspend(w.firm, "active")
		feels("the agent is open again", all)
		w.Want(http.StatusNoContent, w.revoking(w.bakery, id))
		feels("revoked", nil)
		w.Want(http.StatusCreated, w.giving(w.bakery, "alpha", Object{"type": "web-service", "to": "2026-11-02"}))
		feels("until tonight", all)
		w.SetNow(time.Date(2026, 11, 2, 22, 0, 0, 0, time.UTC)) // midnight
		if token = w.SignIn(u.Email, Password); w.may(u, w.bakery, "insurance:see") || w.accessBy(token, u, "").at(w.bakery) != nil {
			t.Error("over, and felt only later")
		}
	})
}

// suspend closes a customer or opens it, as the operator.
func (w *World) suspend(c Customer, status string) {
	w.T.Helper()
	token := w.Operator()
	etag := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path(""), Token: token}).Header.Get("ETag")
	w.Want(http.StatusOK, Request{
		Method: "PUT", Path: c.Path("/status"), Token: token, Headers: []Header{{"If-Match", etag}}, Body: Object{"status": status},
	})
}

// The agent's agent has nothing: a mandate reaches one step.
func TestMandatesReachOneStep(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	w.give(w.bakery, "web-service")
	w.Want(http.StatusCreated, w.giving(w.sawmill, "beta", Object{"type": "web-service"}))
	u := w.clerk("clerk@alpha.example", atClients("insurance:see"))
	if w.may(u, w.sawmill, "insurance:see") || !w.may(u, w.bakery, "insurance:see") {
		t.Error("the agent's people reach its client's clients")
	}
	w.Fails(http.StatusNotFound, "not-found", w.inviting(atClient(w.sawmill, "insurance:see")))
	if shown := w.access(w.firm, u); len(shown.Companies.Items) != 1 || shown.at(w.sawmill) != nil {
		t.Errorf("shown: %+v", shown)
	}
}

func TestMandatesHaveNoCycles(t *testing.T) {
	eachTrade(t, func(t *testing.T, w *trade) {
		w.Fails(http.StatusUnprocessableEntity, "mandate-self", w.giving(w.firm, "alpha", Object{"type": "broker"}))
		back := w.giving(w.firm, "beta", Object{"type": "broker"})
		// Also against one that has yet to begin.
		upcoming := w.Want(http.StatusCreated, w.giving(w.bakery, "alpha", Object{"type": "broker", "from": "2027-01-01"})).Text("id")
		w.Fails(http.StatusUnprocessableEntity, "mandate-cycle", back)
		w.Want(http.StatusNoContent, w.revoking(w.bakery, upcoming))
		id := w.Want(http.StatusCreated, back).Text("id")
		w.Fails(http.StatusUnprocessableEntity, "mandate-cycle", w.giving(w.bakery, "alpha", Object{"type": "web-service"}))
		w.Want(http.StatusNoContent, w.revoking(w.firm, id))

		for round := range 20 {
			answers := w.atOnce(w.giving(w.bakery, "alpha", Object{"type": "broker"}), w.giving(w.firm, "beta", Object{"type": "broker"}))
			winner := slices.IndexFunc(answers, func(a Answer) bool { return a.Status == http.StatusCreated })
			if winner < 0 {
				t.Fatalf("round %d: nobody wins: %s %s", round, answers[0].Raw, answers[1].Raw)
			}
			if other := answers[1-winner]; other.Status != http.StatusUnprocessableEntity || other.Code() != "mandate-cycle" {
				t.Fatalf("round %d: %d %s", round, other.Status, other.Raw)
			}
			w.Want(http.StatusNoContent, w.revoking([]Customer{w.bakery, w.firm}[winner], answers[winner].Text("id")))
		}
	})
}

// Only the principal touches its mandate, and only its own.
func TestOnlyThePrincipalEndsAMandate(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	id := w.give(w.bakery, "web-service")
	before := w.Dump()
	patch := func(path, token string) Request {
		return Request{Method: "PATCH", Path: path, Token: token, Headers: []Header{{"If-Match", `"1"`}}, Body: Object{"to": "2027-01-01"}}
	}
	for _, c := range []struct {
		name, token, path string
	}{
		{"the agent, as its own", w.firm.Token, w.firm.Path("/mandates/" + id)},
		{"the agent, at the principal", w.firm.Token, w.bakery.Path("/mandates/" + id)},
		{"a stranger, as its own", w.sawmill.Token, w.sawmill.Path("/mandates/" + id)},
		{"a stranger, at the principal", w.sawmill.Token, w.bakery.Path("/mandates/" + id)},
		{"what is none", w.bakery.Token, w.bakery.Path("/mandates/man_01h2xcejqtf2nbrexx3vqjhp41")},
		{"no id", w.bakery.Token, w.bakery.Path("/mandates/1")},
	} {
		for _, r := range []Request{
			{Method: "DELETE", Path: c.path, Token: c.token}, {Method: "GET", Path: c.path, Token: c.token}, patch(c.path, c.token),
		} {
			if a := w.Send(r); a.Status != http.StatusNotFound || a.Code() != "not-found" {
				t.Errorf("%s, %s: %d %s", c.name, r.Method, a.Status, a.Raw)
			}
		}
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	// The principal's people who may see mandates may not end them.
	_, controller := w.Join(w.bakery, "controller@beta.example", "access-rights-controller")
	w.Want(http.StatusOK, Request{Method: "GET", Path: w.bakery.Path("/mandates/" + id), Token: controller})
	w.Fails(http.StatusForbidden, "forbidden", Request{Method: "DELETE", Path: w.bakery.Path("/mandates/" + id), Token: controller})
	w.Fails(http.StatusForbidden, "forbidden", patch(w.bakery.Path("/mandates/"+id), controller))
	w.Want(http.StatusNoContent, w.revoking(w.bakery, id))
	w.Fails(http.StatusConflict, "mandate-over", w.revoking(w.bakery, id))
	w.Fails(http.StatusConflict, "mandate-over", w.changing(w.bakery, id, Object{"to": "2027-01-01"}))
}

// A mandate is changed by who has seen it as it is; an empty to opens it.
func TestMandatesAreChanged(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	made := w.Want(http.StatusCreated, w.giving(w.bakery, "alpha", Object{"type": "web-service", "rights": []string{"insurance:see"}, "from": "2026-11-01", "to": "2026-12-31"}))
	path := made.Header.Get("Location")
	read := func() Answer { return w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: w.bakery.Token}) }
	if shown := read(); string(shown.Raw) != string(made.Raw) || shown.Header.Get("ETag") != made.Header.Get("ETag") ||
		shown.Text("principal/name") != "Beta Oy" || shown.Text("agent/name") != "Alpha Oy" || shown.Text("status") != "active" || shown.Text("from") != "2026-11-01" {
		t.Errorf("made %s, shown %s", made.Raw, shown.Raw)
	}
	etag := made.Header.Get("ETag")
	patch := func(etag string, body Object) Request {
		r := Request{Method: "PATCH", Path: path, Token: w.bakery.Token, Body: body}
		if etag != "" {
			r.Headers = []Header{{"If-Match", etag}}
		}
		return r
	}
	opened := w.Want(http.StatusOK, patch(etag, Object{"to": ""}))
	if _, has := opened.Body["to"]; has || opened.Header.Get("ETag") == etag {
		t.Errorf("opened: %s", opened.Raw)
	}
	w.Fails(http.StatusPreconditionFailed, "stale", patch(etag, Object{"to": "2026-12-01"}))
	w.Fails(http.StatusPreconditionRequired, "if-match-required", patch("", Object{"to": "2026-12-01"}))
	etag = opened.Header.Get("ETag")
	for pointer, body := range map[string]Object{
		"/to":       {"to": "2026-11-01"},
		"/rights/1": {"rights": []string{"insurance:see", "quotes:request"}},
		"/rights":   {"rights": []string{}},
	} {
		if a := w.Want(http.StatusBadRequest, patch(etag, body)); a.Text("errors/0/pointer") != pointer {
			t.Errorf("%v: %s", body, a.Raw)
		}
	}
	if same := w.Want(http.StatusOK, patch(etag, Object{"rights": []string{"insurance:see"}})); same.Header.Get("ETag") != etag {
		t.Errorf("no change is a change: %s", same.Raw)
	}
	for pointer, body := range map[string]Object{
		"/from":             {"type": "broker", "from": "2026-13-01"},
		"/to":               {"type": "broker", "to": "tomorrow"},
		"/rights/0":         {"type": "broker", "rights": []string{"payroll:report"}},
		"/rights":           {"type": "broker", "rights": []string{}},
		"/agent/businessId": {"type": "broker", "agent": Object{"country": "FI", "businessId": "1234567-8"}},
		"/agent/country":    {"type": "broker", "agent": Object{"country": "XX", "businessId": "1"}},
	} {
		if a := w.Want(http.StatusBadRequest, w.giving(w.bakery, "alpha", body)); a.Text("errors/0/pointer") != pointer {
			t.Errorf("%v: %s", body, a.Raw)
		}
	}
	// However the business id is written, it is the same company.
	w.Want(http.StatusCreated, w.giving(w.bakery, "", Object{"type": "broker", "agent": Object{"country": "FI", "businessId": strings.ReplaceAll(BusinessIDs["alpha"], "-", "")}}))
}

// Nobody hands on what they do not hold themselves, for longer neither; the
// operator writes down what the principal has signed.
func TestXC2_NobodyHandsOnWhatTheyDoNotHold(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	little := w.InviteWith(w.bakery, "little@beta.example", Object{
		"roles": []string{"user"}, "assignments": []Object{atHome("mandates:see", "mandates:edit", "insurance:see")},
	})
	by := w.bakery
	by.Token = w.Enter(little)
	w.Fails(http.StatusUnprocessableEntity, "right-not-yours-to-give", w.giving(by, "alpha", Object{"type": "web-service"}))
	own := w.Want(http.StatusCreated, w.giving(by, "alpha", Object{"type": "web-service", "rights": []string{"insurance:see"}})).Text("id")
	w.Fails(http.StatusUnprocessableEntity, "right-not-yours-to-give", w.changing(by, own, Object{"rights": []string{"insurance:see", "invoices:see"}}))
	wide := w.Want(http.StatusCreated, w.giving(w.bakery, "alpha", Object{"type": "web-service", "to": "2026-12-31"})).Text("id")
	for _, to := range []string{"2027-01-01", ""} {
		w.Fails(http.StatusUnprocessableEntity, "right-not-yours-to-give", w.changing(by, wide, Object{"to": to}))
	}
	// Less they may always let it be.
	w.Want(http.StatusOK, w.changing(by, wide, Object{"to": "2026-11-30", "rights": []string{"invoices:see"}}))
	w.Want(http.StatusNoContent, w.revoking(by, wide))

	by.Token = w.Operator()
	signed := w.Want(http.StatusCreated, w.giving(by, "alpha", Object{"type": "web-service"})).Text("id")
	if list := w.Want(http.StatusOK, Request{Method: "GET", Path: by.Path("/mandates"), Token: by.Token}); find(list, signed) == nil {
		t.Errorf("the operator does not see it: %s", list.Raw)
	}
	w.Want(http.StatusOK, w.changing(by, signed, Object{"to": "2027-12-31"}))
	w.Want(http.StatusNoContent, w.revoking(by, signed))
}

// Both organizations can see who gave, changed and ended a mandate.
func TestMandatesAreAuditedOnBothSides(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	id := w.give(w.bakery, "web-service")
	w.Want(http.StatusOK, w.changing(w.bakery, id, Object{"to": "2027-01-31", "rights": []string{"invoices:see"}}))
	w.Want(http.StatusNoContent, w.revoking(w.bakery, id))
	for _, c := range []Customer{w.bakery, w.firm} {
		audit := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit"), Token: c.Token})
		var seen []string
		for i, item := range audit.Items() {
			if entry := item.(Object); audit.Text(fmt.Sprintf("items/%d/subject/id", i)) == id {
				seen = append(seen, fmt.Sprint(entry["action"]))
				if audit.Text(fmt.Sprintf("items/%d/actor/id", i)) != w.bakery.AdminID || audit.Text(fmt.Sprintf("items/%d/subject/type", i)) != "mandate" {
					t.Errorf("entry: %v", entry)
				}
				told := text(entry["changes"])
				if c.ID == w.firm.ID && !strings.Contains(told, w.bakery.ID) {
					t.Errorf("the agent is not told of whom: %s", told)
				}
				if entry["action"] == "mandate.updated" && !strings.Contains(told, "2027-01-31") {
					t.Errorf("changes: %s", told)
				}
			}
		}
		if d := cmp.Diff([]string{"mandate.revoked", "mandate.updated", "mandate.given"}, seen); d != "" {
			t.Errorf("%s: %s", c.AdminEmail, d)
		}
	}
	if audit := w.Want(http.StatusOK, Request{Method: "GET", Path: w.sawmill.Path("/audit"), Token: w.sawmill.Token}); strings.Contains(string(audit.Raw), id) {
		t.Error("a stranger is told of it")
	}
}

// What is sensitive no mandate has room for.
func TestSensitiveRightsAreInNoMandate(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	a := w.Want(http.StatusBadRequest, w.giving(w.bakery, "alpha", Object{"type": "web-service", "rights": []string{"insurance:see", "pensions:see"}}))
	if a.Text("errors/0/pointer") != "/rights/1" {
		t.Errorf("in a mandate: %s", a.Raw)
	}
	id := w.give(w.bakery, "web-service")
	if a := w.Want(http.StatusBadRequest, w.changing(w.bakery, id, Object{"rights": []string{"pensions:see"}})); a.Text("errors/0/pointer") != "/rights/0" {
		t.Errorf("in a change: %s", a.Raw)
	}
	w.Fails(http.StatusUnprocessableEntity, "scope-not-fitting", w.inviting(atClients("pensions:see")))
	w.Fails(http.StatusUnprocessableEntity, "above-mandate", w.inviting(atClient(w.bakery, "pensions:see")))
	main := w.clerk("main@alpha.example", Assignment([]string{"main-user"}, nil, Scope("clients", "")))
	shown := w.access(w.firm, main)
	if w.may(main, w.bakery, "pensions:see") || w.may(main, w.firm, "pensions:see") || !cmp.Equal(shown.at(w.bakery), webService) || shown.by("pensions:see") != nil {
		t.Errorf("a main user for all clients: %+v", shown)
	}
}

// Who else uses the portal is not to be found out by trying.
func TestUnknownCompaniesAreCounted(t *testing.T) {
	eachTrade(t, func(t *testing.T, w *trade) {
		try := func(c Customer, businessID string) Request {
			return Request{Method: "POST", Path: c.Path("/mandates"), Token: c.Token, Body: Object{
				"agent": Object{"country": "FI", "businessId": businessID}, "type": "broker",
			}}
		}
		// A request that cannot succeed tells nothing of the company.
		for _, businessID := range []string{BusinessIDs["beta"], businessIDOf(1)} {
			r := try(w.firm, businessID)
			r.Body.(Object)["to"] = "2026-11-01"
			w.Fails(http.StatusBadRequest, "invalid", r)
		}
		for n := range 20 {
			w.Fails(http.StatusUnprocessableEntity, "organization-unknown", try(w.firm, businessIDOf(n)))
		}
		waiting := func(r Request) time.Duration {
			t.Helper()
			a := w.Fails(http.StatusTooManyRequests, "throttled", r)
			wait, err := time.ParseDuration(a.Header.Get("Retry-After") + "s")
			if err != nil {
				t.Fatal(err)
			}
			return wait
		}
		wait := waiting(try(w.firm, businessIDOf(20)))
		if known := waiting(try(w.firm, BusinessIDs["beta"])); wait <= 0 || wait > time.Minute || known > wait {
			t.Errorf("wait %v, for a known one %v", wait, known)
		}
		// Others go on.
		w.Fails(http.StatusUnprocessableEntity, "organization-unknown", try(w.bakery, businessIDOf(20)))
		operator := w.firm
		operator.Token = w.Operator()
		for n := range 3 {
			w.Fails(http.StatusUnprocessableEntity, "organization-unknown", try(operator, businessIDOf(n)))
		}
		w.Want(http.StatusNoContent, w.revoking(operator, w.Want(http.StatusCreated, try(operator, BusinessIDs["beta"])).Text("id")))
		// The wait is over; the next one is longer.
		w.Pass(wait)
		w.Fails(http.StatusUnprocessableEntity, "organization-unknown", try(w.firm, businessIDOf(20)))
		longer := waiting(try(w.firm, BusinessIDs["beta"]))
		if longer <= wait {
			t.Errorf("wait %v after %v", longer, wait)
		}
		w.Pass(longer)
		w.Want(http.StatusCreated, try(w.firm, BusinessIDs["beta"]))

		// All at once are no way round.
		requests := make([]Request, 32)
		for n := range requests {
			requests[n] = try(w.sawmill, businessIDOf(n))
		}
		told := 0
		for _, a := range w.atOnce(requests...) {
			switch a.Status {
			case http.StatusUnprocessableEntity:
				told++
			case http.StatusTooManyRequests:
			default:
				t.Errorf("at once: %d %s", a.Status, a.Raw)
			}
		}
		if told == 0 || told > 20 {
			t.Errorf("%d were told at once", told)
		}
	})
}

// businessIDOf is a business id that no organization of a world has.
func businessIDOf(n int) string {
	number, sum := fmt.Sprintf("9%06d", n*7), 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2} {
		sum += int(number[i]-'0') * weight
	}
	switch rest := sum % 11; rest {
	case 0:
		return number + "-0"
	case 1:
		return businessIDOf(n + 1000) // would need a check digit of 10
	default:
		return fmt.Sprintf("%s-%d", number, 11-rest)
	}
}

// Pages of mandates hold as many as were asked for, though several lie between
// two organizations; and none is lost or shown twice.
func TestMandatesArePaged(t *testing.T) {
	eachTrade(t, func(t *testing.T, w *trade) {
		delta := w.Customer("delta")
		for _, by := range []Customer{w.bakery, w.sawmill} {
			for _, of := range []string{"web-service", "broker", "web-service"} {
				w.give(by, of)
			}
		}
		w.Want(http.StatusNoContent, w.revoking(w.bakery, w.give(w.bakery, "broker")))
		w.Want(http.StatusCreated, w.giving(w.bakery, "delta", Object{"type": "broker"}))
		for _, c := range []struct {
			of        Customer
			direction string
			want      int
		}{{w.firm, "received", 7}, {w.bakery, "given", 5}, {delta, "received", 1}, {delta, "given", 0}, {w.firm, "", 0}} {
			path := c.of.Path("/mandates?")
			if c.direction != "" {
				path += "direction=" + c.direction + "&"
			}
			whole := ids(w.pages(t, path, c.of.Token, 200))
			if len(whole) != c.want || len(slices.Compact(slices.Sorted(slices.Values(whole)))) != c.want {
				t.Fatalf("%s: %v", path, whole)
			}
			for _, limits := range [][]int{{1}, {2}, {3}, {5}, {3, 1, 2}, {1, 5}} {
				if d := cmp.Diff(whole, ids(w.pages(t, path, c.of.Token, limits...))); d != "" {
					t.Errorf("%s in pages of %v: %s", path, limits, d)
				}
			}
		}
		w.Fails(http.StatusBadRequest, "invalid", Request{Method: "GET", Path: w.firm.Path("/mandates?direction=both"), Token: w.firm.Token})
		// A cursor is of one list.
		cursor := w.Want(http.StatusOK, Request{Method: "GET", Path: w.firm.Path("/mandates?direction=received&limit=1"), Token: w.firm.Token}).Text("next")
		w.Fails(http.StatusBadRequest, "invalid", Request{Method: "GET", Path: w.firm.Path("/mandates?limit=1&cursor=" + cursor), Token: w.firm.Token})

		w.Want(http.StatusCreated, w.giving(delta, "alpha", Object{"type": "broker", "from": "2027-01-01"}))
		clients := w.pages(t, w.firm.Path("/clients?"), w.firm.Token, 1)
		if len(clients) != 2 || clients[0]["organization"].(Object)["name"] != "Beta Oy" || clients[1]["organization"].(Object)["name"] != "Gamma Oy" {
			t.Errorf("clients: %v", clients)
		}
	})
}

// pages reads a list in pages of these sizes, over and over.
func (w *World) pages(t *testing.T, path, token string, limits ...int) (items []Object) {
	t.Helper()
	for n, cursor := 0, ""; ; n++ {
		limit := limits[n%len(limits)]
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: fmt.Sprintf("%slimit=%d&cursor=%s", path, limit, cursor), Token: token})
		if len(a.Items()) > limit || n > 50 {
			t.Fatalf("page %d of %d: %s", n, limit, a.Raw)
		}
		for _, item := range a.Items() {
			items = append(items, item.(Object))
		}
		if cursor = a.Text("next"); cursor == "" {
			return items
		}
	}
}

func ids(items []Object) (out []string) {
	for _, item := range items {
		out = append(out, fmt.Sprint(item["id"]))
	}
	return out
}

// Between two organizations past mandates make room for new ones, and only those do.
func TestPastMandatesMakeRoom(t *testing.T) {
	t.Parallel()
	w := trading(With(t, "insurance"))
	var given []string
	for range 50 {
		given = append(given, w.give(w.bakery, "broker"))
	}
	full := w.giving(w.bakery, "alpha", Object{"type": "broker"})
	w.Fails(http.StatusUnprocessableEntity, "too-much", full)
	w.Want(http.StatusNoContent, w.revoking(w.bakery, given[7]))
	w.Want(http.StatusCreated, full)
	got := ids(w.pages(t, w.bakery.Path("/mandates?"), w.bakery.Token, 200))
	if len(got) != 50 || slices.Contains(got, given[7]) || !slices.Contains(got, given[0]) {
		t.Errorf("%d mandates", len(got))
	}
}

// V24 and V27 for many clients: the pages together are the whole, and each costs
// the same.
func TestV24_V27_AccessIsPaged(t *testing.T) {
	t.Parallel()
	world, counter := countedIn(t, "insurance")
	w := trading(world)
	for _, by := range []Customer{w.bakery, w.sawmill, w.Customer("delta")} {
		w.give(by, "web-service")
	}
	u := w.clerk("clerk@alpha.example", atClients("insurance:see"))
	whole := w.access(w.firm, u)
	if len(whole.Companies.Items) != 3 || whole.Next != "" || len(whole.by("insurance:see")) != 3 {
		t.Fatalf("whole: %+v", whole)
	}
	var names, byRole []string
	for cursor, pages := "", 1; ; pages++ {
		counter.Reset()
		page := w.accessBy(w.firm.Token, u, "?limit=1&cursor="+cursor)
		if got := counter.Counts(); got.Gets != 2 || got.Queries != 1 {
			t.Errorf("page %d: %+v", pages, got)
		}
		if page.Companies == nil || len(page.Companies.Items) > 1 || pages > 5 {
			t.Fatalf("page %d: %+v", pages, page)
		}
		for _, one := range page.Companies.Items {
			names = append(names, one.Name)
		}
		byRole = append(byRole, page.by("insurance:see")...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if d := cmp.Diff([]string{"Beta Oy", "Delta Oy", "Gamma Oy"}, names); d != "" || !slices.Equal(byRole, whole.by("insurance:see")) {
		t.Errorf("%s %v", d, byRole)
	}
}

// Where there are resources, access names those that the user was given
// something on, with what that comes to there and below.
func TestV22_AccessOnResources(t *testing.T) {
	eachResources := func(t *testing.T, w *World) {
		c := w.Customer("alpha")
		number := w.Resource(c, "customer-number", "", "1001")
		harbour := w.Resource(c, "worksite", number, "Harbour")
		gate := w.Resource(c, "worksite", number, "Gate", "access-control")
		other := w.Resource(c, "customer-number", "", "1002")
		u := w.InviteWith(c, "clerk@alpha.example", Object{"roles": []string{"user"}, "assignments": []Object{
			Assignment(nil, []string{"order"}, Scope("customer-number", number)),
			Assignment(nil, []string{"access-control"}, Scope("worksite", harbour), Scope("worksite", gate)),
			Assignment(nil, []string{"resources:see"}, Scope("customer-number", other)),
		}})
		shown := func() map[string][]string {
			t.Helper()
			all := map[string][]string{}
			for cursor := ""; ; {
				page := w.accessBy(c.Token, u, "?limit=1&cursor="+cursor)
				if page.Companies != nil || page.Roles != nil || len(page.Resources) > 1 || len(all) > 4 {
					t.Fatalf("page: %+v", page)
				}
				for _, r := range page.Resources {
					all[r.Type+" "+r.Name] = append([]string{}, r.Rights...)
				}
				if cursor = page.Next; cursor == "" {
					return all
				}
			}
		}
		none := []string{}
		if d := cmp.Diff(map[string][]string{"customer-number 1001": none, "customer-number 1002": none, "worksite Harbour": none, "worksite Gate": none}, shown()); d != "" {
			t.Errorf("invited: %s", d)
		}
		if status := w.access(c, u).Status; status != "invited" {
			t.Errorf("status %s", status)
		}
		w.Activate(u.Email, Password)
		// The gate has the feature that the right asks for, the harbour has not.
		if d := cmp.Diff(map[string][]string{
			"customer-number 1001": {"order"}, "customer-number 1002": {"resources:see"},
			"worksite Harbour": {"order"}, "worksite Gate": {"order", "access-control"},
		}, shown()); d != "" {
			t.Errorf("active: %s", d)
		}
		admin := User{Path: c.Path("/users/" + c.AdminID)}
		if own := w.access(c, admin); !slices.Contains(own.Rights, "order") || !slices.Contains(own.Rights, "users:edit") || len(own.Resources) != 0 {
			t.Errorf("the administrator: %+v", own)
		}
	}
	Each(t, eachResources)
}

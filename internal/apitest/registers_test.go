package apitest

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
)

func lookingUp(token, country, id string) Request {
	return Request{Method: "GET", Path: "/v1/registry/" + country + "/" + id, Token: token}
}

// breakable is a portal with partners and registers of its own.
func breakable(t *testing.T) (*World, *registrytest.Fake) {
	t.Helper()
	fake := registrytest.New()
	return On(t, SQLite(t), Options{Profile: "construction", Registers: fake}), fake
}

func TestB45_B48_B49_RegisterIsShownBeforeSaving(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := registrytest.New()
			w := On(t, open(t), Options{Profile: "construction", Registers: fake})
			alpha := w.Customer("alpha")
			want := Object{
				"country": "FI", "businessId": "9900001-8", "company": Object{
					"name": "Keksitty Esimerkki Oy", "form": Object{"code": "16", "text": "Osakeyhtiö"}, "status": "active", "register": "PRH",
					"address":   Object{"lines": []string{"Esimerkkikatu 17-19 B 4a"}, "postalCode": "00100", "city": "HELSINKI"},
					"fetchedAt": "2026-11-02T09:00:00Z",
				},
			}
			got := w.Want(http.StatusOK, lookingUp(alpha.Token, "FI", "99000018"))
			if text(got.Body) != text(want) {
				t.Fatalf("got %s\nwant %s", got.Raw, text(want))
			}
			// The answer is kept, for everybody.
			fake.Break(registrytest.PRH, registrytest.Status(http.StatusInternalServerError))
			if again := w.Want(http.StatusOK, lookingUp(w.Customer("beta").Token, "FI", "9900001-8")); text(again.Body) != text(want) {
				t.Errorf("then %s", again.Raw)
			}
			for country, id := range map[string]string{"NO": "123400011", "SE": "499999-0015"} {
				if a := w.Want(http.StatusOK, lookingUp(alpha.Token, country, id)); a.Text("company/name") == "" || a.Text("company/status") != "active" {
					t.Errorf("%s: %s", country, a.Raw)
				}
			}
		})
	}
}

func TestB46_WhatIsHereIsNotAskedFor(t *testing.T) {
	t.Parallel()
	w, fake := breakable(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	fake.Break(registrytest.PRH, registrytest.Status(http.StatusInternalServerError))
	a := w.Want(http.StatusOK, lookingUp(alpha.Token, "FI", BusinessIDs["beta"]))
	want := Object{"country": "FI", "businessId": BusinessIDs["beta"], "organization": Object{"id": beta.ID, "name": "Beta Oy"}}
	if text(a.Body) != text(want) {
		t.Errorf("got %s", a.Raw)
	}
	if a := w.Want(http.StatusCreated, w.creating(alpha, "pia@beta.example", BusinessIDs["beta"])); a.Text("homeOrganization") != beta.ID {
		t.Errorf("made %s", a.Raw)
	}
}

func TestB47_B48_CompanyIsMadeFromTheRegister(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "construction"})
			alpha, beta := w.Customer("alpha"), w.Customer("beta")
			made := w.Want(http.StatusCreated, w.creating(alpha, "pia@register.example", "9900004-2")).Text("homeOrganization")
			// The next one finds it here, whoever it is.
			if a := w.Want(http.StatusCreated, w.creating(beta, "per@register.example", "9900004-2")); a.Text("homeOrganization") != made {
				t.Errorf("made anew: %s", a.Raw)
			}
			if a := w.Want(http.StatusOK, lookingUp(alpha.Token, "FI", "9900004-2")); a.Text("organization/id") != made {
				t.Errorf("looked up: %s", a.Raw)
			}
			w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: "/v1/organizations/" + made, Token: alpha.Token})
			path := "/v1/organizations/" + made
			o := w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: w.Operator()})
			if o.Text("name") != "Påhittat Exempel på Åland Ab" || o.Text("register") != "PRH" || o.Text("unverified") != "" || o.Text("unclaimed") != "true" || o.Text("timeZone") != "Europe/Helsinki" {
				t.Errorf("the organization is %s", o.Raw)
			}
			// The operator makes it a customer, with the same id.
			c := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: Object{
				"name": "Exempel Ab", "country": "FI", "businessId": "9900004-2",
				"administrator": Object{"givenName": "Å", "familyName": "Å", "email": "admin@register.example"},
			}})
			if c.Text("id") != made || c.Text("name") != "Exempel Ab" || c.Text("unclaimed") != "" || c.Text("register") != "PRH" {
				t.Errorf("the customer is %s", c.Raw)
			}
			w.Activate("admin@register.example", Password)
			admin := w.SignIn("admin@register.example", Password)
			if users := w.Want(http.StatusOK, Request{Method: "GET", Path: path + "/users", Token: admin}); len(users.Items()) != 1 {
				t.Errorf("it has users that nobody made: %s", users.Raw)
			}
			w.Fails(http.StatusConflict, "organization-exists", Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: Object{
				"name": "Exempel Ab", "country": "FI", "businessId": "9900004-2",
				"administrator": Object{"givenName": "Å", "familyName": "Å", "email": "other@register.example"},
			}})
		})
	}
}

// An organization that nobody administers is nobody to give a mandate to.
func TestB47_NoMandateToWhoIsNoCustomer(t *testing.T) {
	t.Parallel()
	w := On(t, SQLite(t), Options{Profile: "insurance", Alter: func(p *domain.Profile) {
		p.Policies.Partners, p.Policies.NationalID = true, domain.NotAsked
	}})
	alpha := w.Customer("alpha")
	create := w.creating(alpha, "pia@register.example", "9900001-8")
	create.Body.(Object)["roles"] = []string{"user"}
	w.Want(http.StatusCreated, create)
	body := Object{"agent": company("9900001-8"), "type": "web-service"}
	w.Fails(http.StatusUnprocessableEntity, "organization-unknown", Request{Method: "POST", Path: alpha.Path("/mandates"), Token: alpha.Token, Body: body})
}

func TestB50_B51_WhatTheRegisterDoesNotKnowIsTheOperators(t *testing.T) {
	t.Parallel()
	w, _ := breakable(t)
	alpha := w.Customer("alpha")
	foreign := w.creating(alpha, "pia@register.example", "")
	before := w.Dump()
	for _, c := range []struct{ country, id, code string }{
		{"FI", "9900011-4", "company-unknown"}, // an association, say
		{"NO", "123400089", "company-unknown"}, // struck off
		{"DE", "HRB 12345", "registry-missing"},
	} {
		foreign.Body.(Object)["homeOrganization"] = Object{"country": c.country, "businessId": c.id}
		w.Fails(http.StatusUnprocessableEntity, c.code, foreign)
		w.Fails(http.StatusUnprocessableEntity, c.code, lookingUp(alpha.Token, c.country, strings.ReplaceAll(c.id, " ", "%20")))
	}
	// One that has ceased to be is shown, and nothing is made of it.
	foreign.Body.(Object)["homeOrganization"] = company("9900002-6")
	w.Fails(http.StatusUnprocessableEntity, "company-unknown", foreign)
	if a := w.Want(http.StatusOK, lookingUp(alpha.Token, "FI", "9900002-6")); a.Text("company/status") != "ceased" {
		t.Errorf("looked up: %s", a.Raw)
	}
	if after := w.Dump(); organizations(after) != organizations(before) {
		t.Error("an organization was made")
	}
	// Customer service adds it by hand.
	made := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: Object{
		"name": "Beispiel GmbH", "country": "DE", "businessId": "HRB 12345",
		"administrator": Object{"givenName": "B", "familyName": "B", "email": "admin@gmbh.example"},
	}})
	if made.Text("register") != "" {
		t.Errorf("no register says that: %s", made.Raw)
	}
	foreign.Body.(Object)["homeOrganization"] = Object{"country": "DE", "businessId": "HRB 12345"}
	if a := w.Want(http.StatusCreated, foreign); a.Text("homeOrganization") != made.Text("id") {
		t.Errorf("made %s", a.Raw)
	}
}

// organizations counts those in a dump.
func organizations(dump string) int { return strings.Count(dump, "BUSINESS#") }

// A register that does not answer stops look-ups in it, and nothing else.
func TestXF17_RegisterIsDown(t *testing.T) {
	t.Parallel()
	for _, reason := range []registrytest.Fault{registrytest.Status(http.StatusInternalServerError), registrytest.HTML(http.StatusOK, "text/html"), registrytest.CutOff} {
		w, fake := breakable(t)
		alpha, beta := w.Customer("alpha"), w.Customer("beta")
		armas, _ := w.Join(beta, "armas@beta.example", "report-reader")
		fake.Break(registrytest.PRH, reason)
		create := w.creating(alpha, "pia@register.example", "9900001-8")
		users := w.addresses(alpha)
		for range 2 {
			a := w.Fails(http.StatusServiceUnavailable, "unavailable", lookingUp(alpha.Token, "FI", "9900001-8"))
			if a.Header.Get("Retry-After") == "" {
				t.Error("it does not say when to try again")
			}
			w.Fails(http.StatusServiceUnavailable, "unavailable", create)
		}
		if after := w.addresses(alpha); len(after) != len(users) {
			t.Errorf("users are %v, and were %v", after, users)
		}

		w.Want(http.StatusOK, lookingUp(alpha.Token, "NO", "123400011"))
		w.Invite(alpha, "own@alpha.example", "report-reader")
		w.AddPartner(alpha, armas.ID, nil)
		w.Want(http.StatusCreated, w.creating(alpha, "per@beta.example", BusinessIDs["beta"]))
		by := Object{
			"name": "By Hand Oy", "country": "FI", "businessId": "9900001-8",
			"administrator": Object{"givenName": "B", "familyName": "H", "email": "admin@register.example"},
		}
		made := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: by})
		if a := w.Want(http.StatusCreated, create); a.Text("homeOrganization") != made.Text("id") {
			t.Errorf("by hand: %s", a.Raw)
		}
		byHand := Request{Method: "GET", Path: "/v1/organizations/" + made.Text("id"), Token: w.Operator()}
		if a := w.Want(http.StatusOK, byHand); made.Text("unverified") != "true" || a.Text("unverified") != "true" || a.Text("register") != "" {
			t.Errorf("what no register has said is shown as %s", a.Raw)
		}
		w.Fails(http.StatusServiceUnavailable, "unavailable", lookingUp(alpha.Token, "FI", "9900004-2"))
		fake.Break(registrytest.PRH, nil)
		w.Want(http.StatusOK, lookingUp(alpha.Token, "FI", "9900004-2"))
	}
}

// Whatever a register answers, nothing of it gets in that is not a company's name.
func TestXD19_RegistersAreNotTrusted(t *testing.T) {
	t.Parallel()
	w, fake := breakable(t)
	alpha := w.Customer("alpha")
	operator := w.Operator()
	var asked, taken atomic.Int64
	elsewhere := func(fault registrytest.Fault) registrytest.Fault {
		return func(rw http.ResponseWriter, r *http.Request, right registrytest.Answer) {
			asked.Add(1)
			fault(rw, r, right)
		}
	}
	// What cannot be a business id is asked for nowhere.
	fake.Break(registrytest.PRH, elsewhere(registrytest.None))
	for _, id := range []string{"9900001-7", "x", "..%2F9900001-8", "9900001-8%3Fx=1", "http:%2F%2F127.0.0.1", "9900001-8%0D%0AHost:%20x", strings.Repeat("9", 2000)} {
		if a := w.Send(lookingUp(alpha.Token, "FI", id)); a.Status != http.StatusBadRequest || a.Text("errors/0/code") != "business-id-invalid" {
			t.Errorf("%.30s: %d %s", id, a.Status, a.Raw)
		}
		create := w.creating(alpha, "pia@register.example", id)
		w.Fails(http.StatusBadRequest, "invalid", create)
	}
	if asked.Load() > 0 {
		t.Errorf("the register was asked %d times", asked.Load())
	}
	for name, fault := range map[string]registrytest.Fault{
		"redirect":       registrytest.Redirect(http.StatusFound, "/prh/companies?businessId=9900001-8"),
		"ten gigabytes":  registrytest.TenGigabytes(&taken),
		"page":           registrytest.HTML(http.StatusOK, "application/json"),
		"another one":    registrytest.Replace("9900001-8", "9900002-6"),
		"script in name": registrytest.Replace("Keksitty Esimerkki Oy", `<script>alert(1)<\/script>`),
		"half":           registrytest.Truncated,
		"packed":         registrytest.Packed,
	} {
		fake.Break(registrytest.PRH, fault)
		w.Fails(http.StatusServiceUnavailable, "unavailable", lookingUp(operator, "FI", "9900001-8"))
		w.Fails(http.StatusServiceUnavailable, "unavailable", w.creating(alpha, "pia@register.example", "9900001-8"))
		if dump := w.Dump(); strings.Contains(dump, "script>") || strings.Contains(dump, "9900002-6") {
			t.Errorf("%s has got in", name)
		}
	}
	if taken.Load() > 64<<20 {
		t.Errorf("%d bytes were taken", taken.Load())
	}
}

func TestXA4_WhoMayLookUp(t *testing.T) {
	t.Parallel()
	w, alpha, beta := partners(t)
	reader, session := w.Join(alpha, "reader@alpha.example", "report-reader")
	w.Fails(http.StatusForbidden, "forbidden", lookingUp(session, "FI", "9900001-8"))
	// Who edits users anywhere may.
	w.AddPartner(beta, reader.Email, Object{"roles": []string{"main-user"}})
	w.Want(http.StatusOK, lookingUp(session, "FI", "9900001-8"))
	w.Want(http.StatusOK, lookingUp(w.Operator(), "FI", "9900001-8"))
	// An organization has so many a day, whatever comes of them.
	for i := range 199 {
		id := "9900001-8"
		if i%2 == 0 {
			id = BusinessIDs["gamma"] // which is no customer, and not in the register
		}
		w.Send(lookingUp(alpha.Token, "FI", id))
	}
	w.Fails(http.StatusTooManyRequests, "throttled", lookingUp(alpha.Token, "FI", "9900001-8"))
	w.Fails(http.StatusTooManyRequests, "throttled", lookingUp(alpha.Token, "FI", BusinessIDs["beta"]))
	w.Want(http.StatusOK, lookingUp(beta.Token, "FI", "9900001-8"))

	rental := New(t)
	alpha = rental.Customer("alpha")
	rental.Fails(http.StatusUnprocessableEntity, "partners-not-used", lookingUp(alpha.Token, "FI", "9900001-8"))
	rental.Want(http.StatusOK, lookingUp(rental.Operator(), "FI", "9900001-8"))
}

package apitest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
)

// partners is a portal with partners, and two customers.
func partners(t *testing.T) (w *World, alpha, beta Customer) {
	t.Helper()
	w = With(t, "construction")
	return w, w.Customer("alpha"), w.Customer("beta")
}

func (w *World) searching(c Customer, email string) Request {
	return Request{Method: "POST", Path: c.Path("/partners/search"), Token: c.Token, Body: Object{"email": email}}
}

// adding makes a partner with a role, of an address or of a user's id.
func (w *World) adding(c Customer, who string, said Object) Request {
	body := Object{"email": who, "roles": []string{"report-reader"}}
	if strings.HasPrefix(who, "usr_") {
		body = Object{"user": who, "roles": []string{"report-reader"}}
	}
	for name, value := range said {
		body[name] = value
	}
	return Request{Method: "POST", Path: c.Path("/partners"), Token: c.Token, Body: body}
}

// AddPartner makes somebody with an account a partner.
func (w *World) AddPartner(c Customer, who string, said Object) User {
	w.T.Helper()
	a := w.Want(http.StatusCreated, w.adding(c, who, said))
	return User{ID: a.Text("id"), Email: a.Text("email"), Path: c.Path("/users/" + a.Text("id"))}
}

func company(id string) Object { return Object{"country": "FI", "businessId": id} }

// creating makes somebody from a company.
func (w *World) creating(c Customer, email, businessID string) Request {
	return Request{Method: "POST", Path: c.Path("/users"), Token: c.Token, Body: Object{
		"givenName": "Pia", "familyName": "Partneri", "email": email, "roles": []string{"report-reader"}, "homeOrganization": company(businessID),
	}}
}

// ofAction are the entries of an organization's audit that tell of an action.
func (w *World) ofAction(c Customer, action string) (entries []Object) {
	w.T.Helper()
	for next := "x"; next != ""; {
		path := c.Path("/audit?limit=200")
		if next != "x" {
			path += "&cursor=" + next
		}
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: c.Token})
		for _, e := range a.Items() {
			if e := e.(Object); e["action"] == action {
				entries = append(entries, e)
			}
		}
		next = a.Text("next")
	}
	return entries
}

func (w *World) addresses(c Customer) (emails []string) {
	w.T.Helper()
	for _, u := range w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?limit=200"), Token: c.Token}).Items() {
		emails = append(emails, u.(Object)["email"].(string))
	}
	slices.Sort(emails)
	return emails
}

// user is a customer's user as its administrator sees them.
func (w *World) user(c Customer, id string) Answer {
	w.T.Helper()
	return w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + id), Token: c.Token})
}

func TestB34_B35_PartnerIsFoundAndAdded(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "construction"})
			defer w.Planned()
			alpha, beta := w.Customer("alpha"), w.Customer("beta")
			project := w.Resource(alpha, "project", "", "Harbour")
			armas := w.InviteWith(beta, "armas@beta.example", Object{
				"givenName": "Armas", "familyName": "Piirto", "phone": "+358 40 1234567", "language": "sv", "roles": []string{"report-reader"},
			})
			session := w.Enter(armas)

			a := w.Want(http.StatusOK, w.searching(alpha, "  Armas@BETA.example "))
			want := Object{"found": true, "partner": Object{
				"id": armas.ID, "givenName": "Armas", "familyName": "Piirto", "email": "ar***@beta.example", "organization": "Beta Oy", "confirmed": true,
			}}
			if text(a.Body) != text(want) {
				t.Fatalf("found %s, want %s", a.Raw, text(want))
			}
			w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: alpha.Path(""), Token: session})
			added := w.Want(http.StatusCreated, w.adding(alpha, armas.ID, Object{
				"defaultTask": "Architect", "assignments": []Object{Assignment([]string{"project-member"}, nil, Scope("project", project))},
			}))
			if added.Text("kind") != "partner" || added.Text("status") != "active" || added.Text("homeOrganization") != beta.ID {
				t.Errorf("added %s", added.Raw)
			}
			// At once, in the session that there is, and only what was given.
			w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path(""), Token: session})
			w.Fails(http.StatusForbidden, "forbidden", Request{Method: "GET", Path: alpha.Path("/users"), Token: session})
			service := w.Service("evaluate")
			if !w.Evaluate(service, armas, alpha, alpha, "project:documents", "project", project) || w.Evaluate(service, armas, alpha, alpha, "schedule", "project", project) {
				t.Error("the partner has other rights than were given")
			}
			u := w.user(alpha, armas.ID)
			if u.Text("phone") != "" || u.Text("email") != "armas@beta.example" || u.Text("jobTitles/0/title") != "Architect" || u.Text("language") != "sv" {
				t.Errorf("the user is %s", u.Raw)
			}
			mails := w.Mails("armas@beta.example")
			if mails[0].Kind != domain.MailPartnerAdded || mails[0].Language != "sv" || len(mails[0].Links) != 0 || !strings.Contains(mails[0].Subject, "Alpha Oy") {
				t.Errorf("the mail is %+v", mails[0])
			}
			made := w.ofAction(alpha, "user.created")[0]
			if changes := text(made["changes"]); !strings.Contains(changes, `"partner"`) || !strings.Contains(changes, beta.ID) {
				t.Errorf("the audit tells %s", changes)
			}
			w.Fails(http.StatusConflict, "user-exists", w.adding(alpha, "armas@beta.example", nil))
			w.Fails(http.StatusConflict, "user-exists", w.adding(alpha, armas.ID, nil))
		})
	}
}

// What the search answers to whom is not to be found is what it answers to
// nobody, after as many reads.
func TestXA4_SearchTellsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	w, counter := countedIn(t, "construction")
	alpha, beta, gamma, delta := w.Customer("alpha"), w.Customer("beta"), w.Customer("gamma"), w.Customer("delta")
	w.Join(alpha, "own@alpha.example", "report-reader")
	w.Invite(beta, "invited@beta.example", "report-reader")
	w.Join(beta, "locked@beta.example", "report-reader")
	w.Lock(beta, "locked@beta.example")
	removed, _ := w.Join(beta, "removed@beta.example", "report-reader")
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: removed.Path, Token: beta.Token})
	erased := w.Invite(beta, "erased@beta.example", "report-reader")
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: erased.Path, Token: beta.Token})
	w.Join(gamma, "closed@gamma.example", "report-reader")
	w.Want(http.StatusOK, Request{
		Method: "PUT", Path: gamma.Path("/status"), Token: w.Operator(), Body: Object{"status": "suspended"}, Headers: []Header{{"If-Match", `"1"`}},
	})
	// Alpha's own people who come from it are partners of others only.
	w.Want(http.StatusCreated, w.creating(delta, "fromalpha@alpha.example", BusinessIDs["alpha"]))
	w.Activate("fromalpha@alpha.example", Password)
	if a := w.Want(http.StatusOK, w.searching(delta, "armas@nowhere.example")); text(a.Body) != `{"found":false}` {
		t.Fatalf("%s", a.Raw)
	}

	counter.Reset()
	nobody := w.Want(http.StatusOK, w.searching(alpha, "nobody@beta.example"))
	cost := counter.Counts()
	for _, email := range []string{
		"own@alpha.example", alpha.AdminEmail, "invited@beta.example", "locked@beta.example", "removed@beta.example", "erased@beta.example",
		"closed@gamma.example", OperatorEmail,
	} {
		counter.Reset()
		if a := w.Want(http.StatusOK, w.searching(alpha, email)); same(a) != same(nobody) {
			t.Errorf("%s: %s", email, a.Raw)
		}
		if got := counter.Counts(); got.Gets != cost.Gets || got.Transacts != cost.Transacts || got.Ops != cost.Ops {
			t.Errorf("%s: %+v, and of nobody %+v", email, got, cost)
		}
		if strings.HasPrefix(email, "own@") || email == alpha.AdminEmail {
			continue
		}
		w.Fails(http.StatusUnprocessableEntity, "partner-unknown", w.adding(alpha, email, nil))
	}
	if a := w.Want(http.StatusOK, w.searching(alpha, "fromalpha@alpha.example")); same(a) != same(nobody) {
		t.Errorf("alpha's own: %s", a.Raw)
	}
	for _, id := range []string{"usr_01h2xcejqtf2nbrexx3vqjhp41", removed.ID} {
		w.Fails(http.StatusUnprocessableEntity, "partner-unknown", w.adding(alpha, id, nil))
	}
	for _, broken := range []string{"", "arm", "armas", "armas@", "@beta.example", "*@beta.example", "armas*@beta.example", "a?mas@beta.example", "arm%@beta.example", "armas@beta", "armas@*.example"} {
		w.Fails(http.StatusBadRequest, "invalid", w.searching(alpha, broken))
		w.Fails(http.StatusBadRequest, "invalid", w.adding(alpha, broken, nil))
	}
	w.Fails(http.StatusBadRequest, "invalid", w.adding(alpha, "armas@beta.example", Object{"user": removed.ID}))
	w.Fails(http.StatusBadRequest, "invalid", w.adding(alpha, "armas@beta.example", Object{"roles": []string{}}))
}

func TestXA4_SearchesAreLimitedAndAudited(t *testing.T) {
	t.Parallel()
	w, alpha, beta := partners(t)
	w.SetNow(time.Date(2026, 11, 2, 23, 0, 0, 0, time.UTC))
	alpha.Token = w.SignIn(alpha.AdminEmail, Password)
	beta.Token = w.SignIn(beta.AdminEmail, Password)
	armas, _ := w.Join(beta, "armas@beta.example", "report-reader")
	for i := range 98 {
		w.Want(http.StatusOK, w.searching(alpha, "nobody"+text(i)+"@beta.example"))
	}
	// Adding is no way around, and what is found counts, too.
	w.Fails(http.StatusUnprocessableEntity, "partner-unknown", w.adding(alpha, "nobody@beta.example", nil))
	w.Want(http.StatusOK, w.searching(alpha, armas.Email))
	for _, r := range []Request{w.searching(alpha, armas.Email), w.searching(alpha, "nobody@beta.example"), w.adding(alpha, armas.ID, nil), w.adding(alpha, "nobody@beta.example", nil)} {
		a := w.Fails(http.StatusTooManyRequests, "throttled", r)
		if after := a.Header.Get("Retry-After"); len(after) != 4 { // what is left of the day: less than an hour
			t.Errorf("Retry-After: %s", after)
		}
	}
	entries := w.ofAction(alpha, "partner.searched")
	if len(entries) != 100 {
		t.Fatalf("%d entries", len(entries))
	}
	if last := text(entries[0]); !strings.Contains(last, "ar***@beta.example") || !strings.Contains(last, "found") || !strings.Contains(last, alpha.AdminID) {
		t.Errorf("the last one is %s", last)
	}
	if all := text(entries); strings.Contains(all, "armas@") || strings.Contains(all, "nobody1@") {
		t.Error("the audit repeats addresses")
	}
	// The others of the organization have what is left of its own.
	for i, searches := range []int{100, 100} {
		other := alpha
		_, other.Token = w.Join(alpha, "main"+text(i)+"@alpha.example", "main-user")
		for range searches {
			w.Want(http.StatusOK, w.searching(other, armas.Email))
		}
		w.Fails(http.StatusTooManyRequests, "throttled", w.searching(other, armas.Email))
	}
	other := alpha
	_, other.Token = w.Join(alpha, "last@alpha.example", "main-user")
	w.Fails(http.StatusTooManyRequests, "throttled", w.searching(other, armas.Email))
	w.Want(http.StatusOK, w.searching(beta, "nobody@beta.example"))

	w.SetNow(time.Date(2026, 11, 3, 0, 0, 1, 0, time.UTC))
	other.Token = w.SignIn("last@alpha.example", Password)
	w.Want(http.StatusOK, w.searching(other, armas.Email))
}

func TestXA4_PartnersWhereThePortalHasNone(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	before := w.Dump()
	w.Fails(http.StatusUnprocessableEntity, "partners-not-used", w.searching(alpha, beta.AdminEmail))
	add := w.adding(alpha, beta.AdminEmail, Object{"roles": []string{"user"}})
	w.Fails(http.StatusUnprocessableEntity, "partners-not-used", add)
	create := w.creating(alpha, "pia@beta.example", BusinessIDs["beta"])
	create.Body.(Object)["roles"] = []string{"user"}
	w.Fails(http.StatusUnprocessableEntity, "partners-not-used", create)
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

// Every path by which a partner gets something asks the one rule for giving.
func TestXB2_PartnersGetNoMoreThanTheGiverHolds(t *testing.T) {
	t.Parallel()
	w := On(t, SQLite(t), Options{Profile: "construction", Alter: func(p *domain.Profile) {
		p.Roles = append(p.Roles, domain.Role{
			Key: "clerk", Name: p.Roles[0].Name, Info: p.Roles[0].Info, Level: 2, Scopes: []domain.ScopeType{domain.InOrganization},
			Rights: []domain.RightKey{domain.RightSeeUsers, domain.RightEditUsers, domain.RightSeeOrganization},
		})
	}})
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	armas, _ := w.Join(beta, "armas@beta.example", "report-reader")
	project, other := w.Resource(alpha, "project", "", "Harbour"), w.Resource(beta, "project", "", "School")
	clerk := alpha
	_, clerk.Token = w.Join(alpha, "clerk@alpha.example", "clerk")
	before := w.Dump()
	for code, said := range map[string]Object{
		"role-not-yours-to-give":  {"roles": []string{"main-user"}},
		"right-not-yours-to-give": {"assignments": []Object{Assignment(nil, []string{"schedule"}, Scope("project", project))}},
		"scope-not-fitting":       {"assignments": []Object{Assignment([]string{"clerk"}, nil, Scope("project", project))}},
	} {
		add, create := w.adding(clerk, armas.ID, Object{"roles": []string{"clerk"}}), w.creating(clerk, "pia@beta.example", BusinessIDs["beta"])
		create.Body.(Object)["roles"] = []string{"clerk"}
		for name, value := range said {
			add.Body.(Object)[name], create.Body.(Object)[name] = value, value
		}
		w.Fails(http.StatusUnprocessableEntity, code, add)
		w.Fails(http.StatusUnprocessableEntity, code, create)
	}
	foreign := Object{"assignments": []Object{Assignment([]string{"project-member"}, nil, Scope("project", other))}}
	w.Fails(http.StatusNotFound, "not-found", w.adding(alpha, armas.ID, foreign))
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	w.AddPartner(clerk, armas.ID, Object{"roles": []string{"clerk"}})
}

func TestB29_B30_B31_B32_RemovedPartnerIsDetached(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "construction"})
			defer w.Planned()
			alpha, beta := w.Customer("alpha"), w.Customer("beta")
			project := w.Resource(alpha, "project", "", "Harbour")
			armas, session := w.Join(beta, "armas@beta.example", "report-reader")
			partner := w.AddPartner(alpha, armas.ID, Object{"defaultTask": "Architect", "assignments": []Object{Assignment([]string{"project-manager"}, nil, Scope("project", project))}})
			service := w.Service("evaluate")
			before := w.user(beta, armas.ID)

			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: partner.Path, Token: alpha.Token})
			w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: partner.Path, Token: alpha.Token})
			w.Fails(http.StatusNotFound, "not-found", Request{Method: "POST", Path: partner.Path + "/restore", Token: alpha.Token})
			if a := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users?status=inactive"), Token: alpha.Token}); len(a.Items()) != 0 {
				t.Errorf("a partner can be restored: %s", a.Raw)
			}
			if w.Evaluate(service, armas, alpha, alpha, "project:documents", "project", project) {
				t.Error("rights are left")
			}
			w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: alpha.Path(""), Token: session})
			// The account, its session and what it is elsewhere stay.
			w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path(""), Token: session})
			w.SignIn(armas.Email, Password)
			if after := w.user(beta, armas.ID); string(after.Raw) != string(before.Raw) && after.Text("updatedAt") != before.Text("updatedAt") {
				t.Errorf("beta sees %s, and saw %s", after.Raw, before.Raw)
			}

			if a := w.Want(http.StatusOK, w.searching(alpha, armas.Email)); a.Text("found") != "true" {
				t.Fatalf("not found again: %s", a.Raw)
			}
			again := w.AddPartner(alpha, armas.Email, nil)
			if again.ID != armas.ID {
				t.Errorf("another person: %s", again.ID)
			}
			u := w.user(alpha, armas.ID)
			if u.Text("assignedRoles") != "[]" || u.Text("defaultTask") != "" || u.Text("jobTitles") != "" || u.Text("roles/0") != "report-reader" || u.Text("lastSignInAt") != "" {
				t.Errorf("attached again with %s", u.Raw)
			}
			if w.Evaluate(service, armas, alpha, alpha, "project:documents", "project", project) {
				t.Error("old rights are back")
			}
		})
	}
}

func TestB15_XB15_PartnersAreTheirOwn(t *testing.T) {
	t.Parallel()
	w, alpha, beta := partners(t)
	armas, session := w.Join(beta, "armas@beta.example", "report-reader")
	partner := w.AddPartner(alpha, armas.ID, nil)
	beforeBeta := w.user(beta, armas.ID)
	for _, change := range []Object{{"givenName": "Other"}, {"familyName": "Other"}, {"phone": "+358401234567"}, {"language": "en"}} {
		w.Fails(http.StatusForbidden, "not-own-user", w.Edit("PATCH", partner.Path, "", alpha.Token, change))
	}
	w.Fails(http.StatusForbidden, "not-own-user", Request{Method: "POST", Path: partner.Path + "/password-reset", Token: alpha.Token})
	w.Want(http.StatusOK, w.Edit("PATCH", partner.Path, "", alpha.Token, Object{"roles": []string{"coordinator"}, "defaultTask": "Planner"}))
	if after := w.user(beta, armas.ID); string(after.Raw) != string(beforeBeta.Raw) {
		t.Errorf("beta sees %s, and saw %s", after.Raw, beforeBeta.Raw)
	}
	// The lock of one is not the other's.
	w.Lock(alpha, armas.Email)
	w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path(""), Token: session})
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: alpha.Path(""), Token: session})
	// Their own organization goes on keeping their details, for itself.
	before := w.user(alpha, armas.ID)
	w.Want(http.StatusOK, w.Edit("PATCH", armas.Path, "", beta.Token, Object{"familyName": "Renamed"}))
	if after := w.user(alpha, armas.ID); string(after.Raw) != string(before.Raw) {
		t.Errorf("alpha sees %s, and saw %s", after.Raw, before.Raw)
	}
	if me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session}); me.Text("homeOrganization") != beta.ID || me.Text("person/familyName")+me.Text("familyName") != "Renamed" {
		t.Errorf("the person is %s", me.Raw)
	}
}

func TestB38_B39_B46_PartnersOfACustomer(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "construction"})
			alpha, beta, gamma := w.Customer("alpha"), w.Customer("beta"), w.Customer("gamma")
			own := w.user(alpha, w.Invite(alpha, "own@alpha.example", "report-reader").ID)
			if own.Text("kind") != "own" || own.Text("homeOrganization") != alpha.ID {
				t.Errorf("by default a user is %s", own.Raw)
			}
			itself := w.Want(http.StatusCreated, w.creating(alpha, "itself@alpha.example", BusinessIDs["alpha"]))
			if itself.Text("kind") != "own" || itself.Text("homeOrganization") != alpha.ID {
				t.Errorf("from the own company a user is %s", itself.Raw)
			}
			beforeUsers, beforeAudit := w.addresses(beta), len(w.ofAction(beta, "user.created"))
			a := w.Want(http.StatusCreated, w.creating(alpha, "pia@beta.example", " 01120389"))
			if a.Text("kind") != "partner" || a.Text("homeOrganization") != beta.ID || a.Text("status") != "invited" {
				t.Errorf("from beta a user is %s", a.Raw)
			}
			// Who was not asked is not told, and Pia is no user of it.
			if after := w.addresses(beta); !slices.Equal(after, beforeUsers) || len(w.ofAction(beta, "user.created")) != beforeAudit {
				t.Errorf("beta has %v, and had %v", after, beforeUsers)
			}
			w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: beta.Path("/users/" + a.Text("id")), Token: beta.Token})
			w.Activate("pia@beta.example", Password)
			session := w.SignIn("pia@beta.example", Password)
			w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path(""), Token: session})
			w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: beta.Path(""), Token: session})
			if me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session}); me.Text("homeOrganization") != alpha.ID {
				t.Errorf("the person is %s", me.Raw)
			}
			if found := w.Want(http.StatusOK, w.searching(gamma, "pia@beta.example")); found.Text("partner/organization") != "Beta Oy" || found.Text("partner/confirmed") != "false" {
				t.Errorf("gamma finds %s", found.Raw)
			}

			// What the company itself says counts for more, from then on.
			w.Invite(beta, "pia@beta.example", "report-reader")
			if found := w.Want(http.StatusOK, w.searching(gamma, "pia@beta.example")); found.Text("partner/confirmed") != "false" {
				t.Errorf("before Pia has said yes gamma finds %s", found.Raw)
			}
			w.Activate("pia@beta.example", Password)
			if found := w.Want(http.StatusOK, w.searching(gamma, "pia@beta.example")); found.Text("partner/organization") != "Beta Oy" || found.Text("partner/confirmed") != "true" {
				t.Errorf("gamma finds %s", found.Raw)
			}
			session = w.SignIn("pia@beta.example", Password)
			if me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session}); me.Text("homeOrganization") != beta.ID {
				t.Errorf("the person is %s", me.Raw)
			}
			if w.AddPartner(gamma, "pia@beta.example", nil); w.user(gamma, a.Text("id")).Text("homeOrganization") != beta.ID {
				t.Error("gamma's partner does not come from beta")
			}
		})
	}
}

// To an address that is known the same is answered as to one that is not.
func TestXA5_CreatingAPartnerTellsNothing(t *testing.T) {
	t.Parallel()
	w, alpha, beta := partners(t)
	w.Join(beta, "known@beta.example", "report-reader")
	shape := func(email string) string {
		a := w.Want(http.StatusCreated, w.creating(alpha, email, BusinessIDs["beta"]))
		for _, own := range []string{"id", "createdAt", "updatedAt", "email"} {
			if a.Text(own) == "" {
				t.Errorf("%s: no %s", email, own)
			}
			delete(a.Body, own)
		}
		return text(a.Body)
	}
	if known, fresh := shape("known@beta.example"), shape("fresh@beta.example"); known != fresh {
		t.Errorf("known: %s\nfresh: %s", known, fresh)
	}
}

func TestB44_PartnerOrganizations(t *testing.T) {
	t.Parallel()
	w, alpha, beta := partners(t)
	gamma := w.Customer("gamma")
	list := func(c Customer) (names []string) {
		for _, o := range w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/partner-organizations"), Token: c.Token}).Items() {
			o := o.(Object)
			names = append(names, o["name"].(string)+" "+o["businessId"].(string)+" "+text(o["partners"]))
		}
		return names
	}
	if got := list(alpha); len(got) > 0 {
		t.Errorf("without partners: %v", got)
	}
	first, _ := w.Join(gamma, "first@gamma.example", "report-reader")
	w.AddPartner(alpha, first.ID, nil)
	w.Want(http.StatusCreated, w.creating(alpha, "second@gamma.example", BusinessIDs["gamma"]))
	pia := w.Want(http.StatusCreated, w.creating(alpha, "pia@beta.example", BusinessIDs["beta"])).Text("id")
	w.Want(http.StatusCreated, w.creating(alpha, "ake@register.example", "9900004-2"))
	w.Invite(alpha, "own@alpha.example", "report-reader")
	want := []string{"Beta Oy 0112038-9 1", "Gamma Oy 0116297-6 2", "Påhittat Exempel på Åland Ab 9900004-2 1"}
	if got := list(alpha); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := list(beta); len(got) > 0 {
		t.Errorf("to beta: %v", got)
	}
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.Path("/users/" + pia), Token: alpha.Token})
	if got := list(alpha); !slices.Equal(got, want[1:]) {
		t.Errorf("after the removal of the last from beta: %v", got)
	}
}

// It costs what the organization costs, however many there are beside it.
func TestBudgetOfPartnerOrganizations(t *testing.T) {
	t.Parallel()
	w, counter := countedIn(t, "construction")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	w.Populate(beta, 500)
	armas, _ := w.Join(beta, "armas@beta.example", "report-reader")
	w.AddPartner(alpha, armas.ID, nil)
	counter.Reset()
	w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/partner-organizations"), Token: alpha.Token})
	if got := counter.Counts(); got.ItemsQueried != 2 || got.Queries != 1 {
		t.Errorf("%+v", got)
	}
}

// A partner who has never opened the account goes whole, as if never made.
func TestB29_InvitedPartnerIsErased(t *testing.T) {
	t.Parallel()
	w, alpha, _ := partners(t)
	pia := w.Want(http.StatusCreated, w.creating(alpha, "pia@register.example", "9900001-8")).Text("id")
	link := w.Link("pia@register.example")
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.Path("/users/" + pia), Token: alpha.Token})
	w.Fails(http.StatusBadRequest, "link-invalid", Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": link, "password": Password}})
	if _, err := store.New(w.Base).Person(context.Background(), domain.PersonID(pia)); domain.KindOf(err) != domain.NotFound {
		t.Errorf("the person is still there: %v", err)
	}
	again := w.Want(http.StatusCreated, w.creating(alpha, "pia@register.example", "9900001-8"))
	if again.Text("id") == pia {
		t.Error("an id is used again")
	}
}

// Who has an account keeps it, even when they are a user nowhere any more: they
// cannot sign in, and whoever finds them can make them a partner again.
func TestB30_B31_AccountOutlivesItsLastOrganization(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "construction"})
			alpha, beta := w.Customer("alpha"), w.Customer("beta")
			const email = "pia@register.example"
			pia := w.Want(http.StatusCreated, w.creating(alpha, email, "9900001-8")).Text("id")
			home := w.user(alpha, pia).Text("homeOrganization")
			w.Activate(email, Password)
			session := w.SignIn(email, Password)
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.Path("/users/" + pia), Token: alpha.Token})
			w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: session})
			w.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": email, "password": Password}})
			before := len(w.Mails(email))
			w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": email}})
			if after := len(w.Mails(email)); after != before {
				t.Error("a link for an account that opens nothing")
			}

			found := w.Want(http.StatusOK, w.searching(beta, email))
			if found.Text("partner/organization") != "Keksitty Esimerkki Oy" || found.Text("partner/confirmed") != "false" {
				t.Fatalf("found %s", found.Raw)
			}
			again := w.AddPartner(beta, email, nil)
			if u := w.user(beta, again.ID); again.ID != pia || u.Text("homeOrganization") != home {
				t.Errorf("added %s", u.Raw)
			}
			session = w.SignIn(email, Password)
			if me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session}); me.Text("homeOrganization") != beta.ID {
				t.Errorf("the person is %s", me.Raw)
			}
			w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path(""), Token: session})
			// Or somebody's own user.
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: beta.Path("/users/" + pia), Token: beta.Token})
			w.Invite(beta, email, "report-reader")
			w.Activate(email, Password)
			if u := w.user(beta, pia); u.Text("kind") != "own" || u.Text("status") != "active" {
				t.Errorf("invited as %s", u.Raw)
			}
		})
	}
}

// Somebody who is added and removed again and again is not mailed each time.
func TestXA4_MailsToAPartnerAreLimited(t *testing.T) {
	t.Parallel()
	w, alpha, beta := partners(t)
	armas, _ := w.Join(beta, "armas@beta.example", "report-reader")
	for range 3 {
		partner := w.AddPartner(alpha, armas.ID, nil)
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: partner.Path, Token: alpha.Token})
	}
	w.Fails(http.StatusTooManyRequests, "throttled", w.adding(alpha, armas.ID, nil))
	w.AddPartner(w.Customer("gamma"), armas.ID, nil)
}

func TestB40_B41_B42_B53_WhatIsEntered(t *testing.T) {
	t.Parallel()
	w, alpha, _ := partners(t)
	project := w.Resource(alpha, "project", "", "Harbour")
	whole := Object{
		"givenName": "Pia", "familyName": "Partneri", "email": "pia@register.example", "homeOrganization": company("9900001-8"),
		"defaultTask": "Electrician", "assignments": []Object{Assignment([]string{"project-member"}, nil, Scope("project", project))},
	}
	for missing, pointer := range map[string]string{"givenName": "/givenName", "familyName": "/familyName", "email": "/email", "assignments": "/roles"} {
		body := Object{}
		for name, value := range whole {
			if name != missing {
				body[name] = value
			}
		}
		a := w.Fails(http.StatusBadRequest, "invalid", Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: body})
		if a.Text("errors/0/pointer") != pointer || a.Text("errors/0/code") != "required" {
			t.Errorf("without %s: %s", missing, a.Raw)
		}
	}
	for _, broken := range []Object{{}, {"country": "FI"}, {"businessId": "9900001-8"}, company("9900001-7"), {"country": "XX", "businessId": "9900001-8"}} {
		whole["homeOrganization"] = broken
		w.Fails(http.StatusBadRequest, "invalid", Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: whole})
	}
	whole["homeOrganization"] = company("9900001-8")
	a := w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: whole})
	if a.Text("phone") != "" || a.Text("language") != "fi" || a.Text("jobTitles/0/title") != "Electrician" {
		t.Errorf("made %s", a.Raw)
	}
}

func TestB22_DeletingAnOwnUserAndAPartner(t *testing.T) {
	t.Parallel()
	w, alpha, beta := partners(t)
	own, _ := w.Join(alpha, "own@alpha.example", "report-reader")
	armas, _ := w.Join(beta, "armas@beta.example", "report-reader")
	partner := w.AddPartner(alpha, armas.ID, nil)
	for _, u := range []User{own, partner} {
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: alpha.Token})
	}
	if a := w.user(alpha, own.ID); a.Text("status") != "inactive" || a.Text("roles/0") != "report-reader" {
		t.Errorf("the own user is %s", a.Raw)
	}
	w.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": own.Email, "password": Password}})
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: partner.Path, Token: alpha.Token})
	w.SignIn(armas.Email, Password)
}

func TestB33_UsersOfAProjectAreFoundByAddress(t *testing.T) {
	t.Parallel()
	w, alpha, beta := partners(t)
	project := w.Resource(alpha, "project", "", "Harbour")
	object := w.Resource(alpha, "object", project, "House A")
	armas, _ := w.Join(beta, "armas@beta.example", "report-reader")
	w.AddPartner(alpha, armas.ID, Object{"assignments": []Object{Assignment([]string{"object-member"}, nil, Scope("object", object))}})
	w.Invite(alpha, "armas@alpha.example", "report-reader")
	find := func(resource, email string) int {
		path := alpha.Path("/users?resource=" + resource + "&email=" + email)
		return len(w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: alpha.Token}).Items())
	}
	for _, c := range []struct {
		resource, email string
		want            int
	}{
		{object, "armas@beta.example", 1}, {object, "armas@alpha.example", 0}, {object, "armas", 1}, {project, "armas@beta.example", 0},
	} {
		if got := find(c.resource, c.email); got != c.want {
			t.Errorf("%s on %s: %d, want %d", c.email, c.resource, got, c.want)
		}
	}
}

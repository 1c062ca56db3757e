package apitest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Of a user who is there, a superuser of the telephone company edits the customer
// numbers, the modules and the type: a name, a number, a language is theirs.
func TestP23_NothingButTheAccessIsEdited(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	kari, session := x.employ("kari@alpha.example", x.sales, "dashboard")
	if got := x.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/profile"}).Text("policies/accessOnly"); got != "true" {
		t.Errorf("the portal shows %s", got)
	}
	x.Want(http.StatusOK, Request{Method: "GET", Path: kari.Path, Token: x.alpha.Token})
	before := x.Dump()
	details := map[string]any{
		"givenName": "Another", "familyName": "Another", "phone": "+47 400 00 000", "language": "sv", "defaultTask": "Driver", "mail": Object{"notices": false},
	}
	for field, value := range details {
		x.Fails(http.StatusForbidden, "access-only", x.Edit("PATCH", kari.Path, "", x.alpha.Token, Object{field: value}))
		// Nor beside what may be edited.
		x.Fails(http.StatusForbidden, "access-only", x.Edit("PATCH", kari.Path, "", x.alpha.Token, Object{field: value, "roles": []string{"superuser"}}))
	}
	if after := x.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}

	x.Assign(x.alpha, kari, Assignment(nil, []string{"dashboard", "orders"}, Scope("customer-number", x.depot)))
	x.want(kari, x.depot, "dashboard", "orders")
	x.Want(http.StatusOK, x.Edit("PATCH", kari.Path, "", x.alpha.Token, Object{"roles": []string{"superuser"}}))
	// What is one's own one edits oneself.
	x.Want(http.StatusOK, x.Edit("PATCH", "/v1/me", "", session, Object{"language": "sv", "phone": "+47 400 00 000"}))
	x.Want(http.StatusOK, choosing(x.alpha, session, Object{"notices": false}))
	if a := x.user(x.alpha, kari.ID); a.Text("phone") != "+4740000000" || a.Text("language") != "sv" || a.Text("givenName") != "Ulla" {
		t.Errorf("the user is %s", a.Raw)
	}

	// Elsewhere administrators keep the details.
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "user@alpha.example", "user")
	for field, value := range details {
		w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, Object{field: value}))
	}
}

func TestB13_TheMainUserEditsAnOwnUsersDetails(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "construction"})
			alpha, beta := w.Customer("alpha"), w.Customer("beta")
			u, session := w.Join(alpha, "armas@alpha.example", "report-reader")
			w.AddPartner(beta, u.ID, nil)
			said := Object{"givenName": "Armas", "familyName": "Piirto", "phone": "+358 (40) 123-4567", "language": "sv", "defaultTask": "Architect"}
			w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, said))
			shown := w.user(alpha, u.ID)
			for field, want := range map[string]string{"givenName": "Armas", "familyName": "Piirto", "phone": "+358401234567", "language": "sv", "defaultTask": "Architect"} {
				if got := shown.Text(field); got != want {
					t.Errorf("%s: %q, want %q", field, got, want)
				}
			}
			// It is the person's home, so the account follows; another organization's card is its own.
			if me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session}); me.Text("givenName") != "Armas" || me.Text("phone") != "+358401234567" {
				t.Errorf("me: %s", me.Raw)
			}
			if there := w.user(beta, u.ID); there.Text("givenName") != "Ulla" || there.Text("defaultTask") != "" {
				t.Errorf("at beta: %s", there.Raw)
			}
			w.Fails(http.StatusForbidden, "not-own-user", w.Edit("PATCH", beta.Path("/users/"+u.ID), "", beta.Token, Object{"givenName": "Another"}))
			w.Fails(http.StatusForbidden, "forbidden", Request{Method: "PATCH", Path: u.Path, Token: session, Body: said, Headers: []Header{{"If-Match", `"1"`}}})
		})
	}
}

func TestB14_TheMainUserSendsAnOwnUserALinkToANewPassword(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "construction"})
			alpha, beta := w.Customer("alpha"), w.Customer("beta")
			u, session := w.Join(alpha, "armas@alpha.example", "report-reader")
			partner := w.AddPartner(beta, u.ID, nil)
			send := Request{Method: "POST", Path: u.Path + "/password-reset", Token: alpha.Token}
			if a := w.Want(http.StatusAccepted, send); string(a.Raw) != "{}\n" && string(a.Raw) != "{}" {
				t.Errorf("the answer is %s", a.Raw)
			}
			mails := w.Mails(u.Email)
			if mails[0].Kind != domain.MailPasswordByAdmin || len(mails[0].Links) != 1 {
				t.Fatalf("the mail is %+v", mails[0])
			}
			// Nothing has ended before the link is used.
			w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session})
			w.SignIn(u.Email, Password)
			w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": w.Link(u.Email), "password": "a wholly new one"}})
			w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: session})
			w.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": u.Email, "password": Password}})
			own := w.SignIn(u.Email, "a wholly new one")

			w.Fails(http.StatusForbidden, "not-own-user", Request{Method: "POST", Path: partner.Path + "/password-reset", Token: beta.Token})
			w.Fails(http.StatusForbidden, "forbidden", Request{Method: "POST", Path: u.Path + "/password-reset", Token: own})
			invited := w.Invite(alpha, "invited@alpha.example", "report-reader")
			w.Fails(http.StatusConflict, "not-activated", Request{Method: "POST", Path: invited.Path + "/password-reset", Token: alpha.Token})
			if lines := w.history(alpha, u.ID); !strings.Contains(strings.Join(lines, "\n"), "user.password-reset-requested") {
				t.Errorf("the audit tells %q", lines)
			}
		})
	}
}

// Every envelope is a new link, and the older ones are dead. After the account is
// activated there is none.
func TestA40_A41_TheEnvelopeSendsANewLinkUntilTheAccountIsActivated(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		u := w.Invite(alpha, "user@alpha.example", "user")
		send := Request{Method: "POST", Path: u.Path + "/activation", Token: alpha.Token}
		links := []string{w.Link(u.Email)}
		// Also after the first has expired.
		for _, wait := range []time.Duration{time.Minute, 24 * time.Hour, 10 * 24 * time.Hour, time.Minute} {
			w.Pass(wait)
			send.Token = w.SignIn(alpha.AdminEmail, Password)
			w.Want(http.StatusAccepted, send)
			links = append(links, w.Link(u.Email))
		}
		if n := len(w.Mails(u.Email)); n != len(links) {
			t.Errorf("%d mails", n)
		}
		last := len(links) - 1
		for i, link := range links {
			a := w.Send(Request{Method: "POST", Path: "/v1/activations/check", Body: Object{"token": link}})
			if dead := a.Code() == "link-invalid"; dead != (i < last) {
				t.Errorf("link %d of %d: %s", i, last, a.Raw)
			}
		}
		if a := w.user(Customer{ID: alpha.ID, Token: send.Token}, u.ID); a.Text("status") != "invited" || a.Text("activatedAt") != "" || a.Text("signIn") != "true" {
			t.Errorf("before: %s", a.Raw)
		}
		w.Activate(u.Email, Password)
		mails := len(w.Mails(u.Email))
		w.Fails(http.StatusConflict, "already-activated", send)
		if a := w.user(Customer{ID: alpha.ID, Token: send.Token}, u.ID); a.Text("status") != "active" || a.Text("activatedAt") == "" {
			t.Errorf("after: %s", a.Raw)
		}
		if n := len(w.Mails(u.Email)); n != mails {
			t.Errorf("%d mails after %d", n, mails)
		}
	})
}

// One request says who the superuser is, that they are one, and where: from
// their activation on they manage the worksites there.
func TestA52_SuperusersAreCreatedToManageWorksites(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		y := openYard(t, w)
		basic := Object{"givenName": "Onni", "familyName": "Malli", "phone": "+358 40 1234567", "language": "sv"}
		for name, c := range map[string]struct {
			access Object
			roles  string
			may    []string // customer numbers
			sees   []string
		}{
			"everywhere":   {Object{"roles": []string{"superuser"}}, "[superuser] []", []string{y.one, y.two}, []string{"Airport", "Depot", "Harbour"}},
			"in-a-number":  {Object{"assignments": []Object{Assignment([]string{"superuser"}, nil, Scope("customer-number", y.one))}}, "[] [superuser]", []string{y.one}, []string{"Airport", "Harbour"}},
			"in-a-number2": {Object{"assignments": []Object{Assignment([]string{"superuser"}, nil, Scope("customer-number", y.two))}}, "[] [superuser]", []string{y.two}, []string{"Depot"}},
		} {
			said := Object{}
			for _, part := range []Object{basic, c.access} {
				for field, value := range part {
					said[field] = value
				}
			}
			u, session := y.join(name, said)
			a := y.user(y.alpha, u.ID)
			if got := a.Text("givenName") + a.Text("familyName") + a.Text("phone") + a.Text("language"); got != "OnniMalli+358401234567sv" {
				t.Errorf("%s: the basic information is %s", name, a.Raw)
			}
			if got := a.Text("roles") + " " + a.Text("assignedRoles"); got != c.roles {
				t.Errorf("%s: the level is %s, want %s", name, got, c.roles)
			}
			y.finds(y.alpha, session, "type=worksite", c.sees...)
			for _, number := range []string{y.one, y.two} {
				create := Request{Method: "POST", Path: y.alpha.Path("/resources"), Token: session, Body: Object{"type": "worksite", "parent": number, "name": "By " + name}}
				made := y.Send(create)
				want := http.StatusNotFound // nor do they learn of it
				for _, may := range c.may {
					if may == number {
						want = http.StatusCreated
					}
				}
				if made.Status != want {
					t.Errorf("%s: a worksite in %s: %d %s, want %d", name, number, made.Status, made.Raw, want)
				}
				if made.Status == http.StatusCreated {
					y.Want(http.StatusNoContent, Request{Method: "DELETE", Path: y.alpha.resource(made.Text("id")) + "?confirm=true", Token: session})
				}
			}
			// They manage worksites, not people.
			y.Fails(http.StatusForbidden, "forbidden", Request{Method: "GET", Path: y.alpha.Path("/users"), Token: session})
		}
	})
}

// Saving is all it takes: the user is there and counts, the mail leaves with the
// same transaction, and its link lets them in with nothing done in between.
func TestB54_B55_SavingMakesTheUserAndMailsHowToSignIn(t *testing.T) {
	t.Parallel()
	w, counter := countedIn(t, "construction")
	alpha := w.Customer("alpha")
	w.Customer("beta")
	project := w.Resource(alpha, "project", "", "Harbour")
	service := w.Service("evaluate")
	w.Dispatch()
	for kind, said := range map[string]Object{
		"own":     {"roles": []string{"report-reader"}, "language": "sv"},
		"partner": {"roles": []string{"report-reader"}, "language": "sv", "homeOrganization": company(BusinessIDs["beta"])},
	} {
		email := kind + "@alpha.example"
		before := w.Dump()
		counter.Reset()
		u := w.InviteWith(alpha, email, said)
		if n := counter.Counts().Transacts; n != 1 {
			t.Errorf("%s: %d transactions", kind, n)
		}
		waiting := 0
		for line := range strings.SplitSeq(Difference(before, w.Dump()), "\n") {
			if strings.HasPrefix(line, "+ MAIL#") && strings.Contains(line, u.ID) && strings.Contains(line, `"kind":"activation"`) {
				waiting++
			}
		}
		if waiting != 1 {
			t.Errorf("%s: %d mails wait", kind, waiting)
		}
		// In the list, and to be given more, at once.
		shown := ""
		for _, item := range w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token}).Items() {
			if one := item.(Object); one["id"] == u.ID {
				shown = text([]any{one["email"], one["kind"], one["status"]})
			}
		}
		if want := text([]any{email, kind, "invited"}); shown != want {
			t.Errorf("%s: the list shows %s, want %s", kind, shown, want)
		}
		w.Assign(alpha, u, Assignment([]string{"project-member"}, nil, Scope("project", project)))

		mails := w.Mails(email)
		if len(mails) != 1 || mails[0].Kind != domain.MailActivation || mails[0].Language != "sv" || len(mails[0].Links) != 1 || !strings.HasPrefix(mails[0].Links[0], Portal+"/") || !strings.Contains(mails[0].Text, "Alpha Oy") {
			t.Fatalf("%s: the mails are %+v", kind, mails)
		}
		w.Activate(email, Password)
		session := w.SignIn(email, Password)
		w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path(""), Token: session})
		if !w.Evaluate(service, u, alpha, alpha, "project:documents", "project", project) {
			t.Errorf("%s: what was given does not count", kind)
		}
	}
	// An own user is now somebody whom others find as a partner.
	gamma := w.Customer("gamma")
	if a := w.Want(http.StatusOK, w.searching(gamma, "own@alpha.example")); a.Text("found") != "true" {
		t.Errorf("found %s", a.Raw)
	}
	// What is refused mails nobody.
	w.Dispatch()
	sent := len(w.Mailbox.Messages())
	again := w.Person("own@alpha.example")
	again["roles"] = []string{"report-reader"}
	w.Fails(http.StatusConflict, "user-exists", Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: again})
	w.Dispatch()
	if now := len(w.Mailbox.Messages()); now != sent {
		t.Errorf("%d mails, and %d before", now, sent)
	}
}

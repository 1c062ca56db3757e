package apitest

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// choosing says which mails the bearer of a session wants from an organization.
func choosing(c Customer, token string, said Object) Request {
	return Request{Method: "PATCH", Path: "/v1/me/organizations/" + c.ID + "/mail", Token: token, Body: said}
}

// Of each kind of mail, when somebody has turned off what can be turned off.
func TestB52_WhatIsTurnedOffIsNotMailed(t *testing.T) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "construction"})
			alpha, beta, gamma := w.Customer("alpha"), w.Customer("beta"), w.Customer("gamma")
			off := Object{"notices": false}
			// The mails with a link come always.
			u := w.InviteWith(beta, "armas@beta.example", Object{"roles": []string{"report-reader"}, "mail": off})
			session := w.Enter(u)
			w.Want(http.StatusAccepted, Request{Method: "POST", Path: u.Path + "/password-reset", Token: beta.Token})
			w.Dispatch()
			w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
			// And so does that about the password.
			w.Want(http.StatusNoContent, Request{Method: "PUT", Path: "/v1/me/password", Token: session, Body: Object{"currentPassword": Password, "newPassword": "a wholly new one"}})
			kinds := map[domain.MailKind]int{}
			for _, m := range w.Mails(u.Email) {
				kinds[m.Kind]++
			}
			for _, kind := range []domain.MailKind{domain.MailActivation, domain.MailPasswordByAdmin, domain.MailPasswordReset, domain.MailPasswordChanged} {
				if kinds[kind] != 1 {
					t.Errorf("mails: %v", kinds)
				}
			}
			// What they said to one organization is not said to another.
			w.AddPartner(alpha, u.ID, nil)
			w.AddPartner(gamma, u.ID, Object{"mail": off})
			told := 0
			for _, m := range w.Mails(u.Email) {
				if m.Kind == domain.MailPartnerAdded {
					told++
					if !strings.Contains(m.Text, "Alpha Oy") {
						t.Errorf("told %s", m.Text)
					}
				}
			}
			if told != 1 {
				t.Errorf("%d notices", told)
			}
			states := map[string]any{}
			for _, item := range w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/people/" + u.ID + "/export", Token: w.Operator()}).Body["mails"].([]any) {
				if m := item.(Object); m["kind"] == string(domain.MailPartnerAdded) {
					states[m["organizationId"].(string)] = m["state"]
				}
			}
			if states[alpha.ID] != "sent" || states[gamma.ID] != "dropped" || len(states) != 2 {
				t.Errorf("the outbox has %v", states)
			}
		})
	}
}

// An administrator says it at creation; the person changes it, one organization
// at a time; what nobody has said is as the portal has it.
func TestB52_MailSettingsAreSaidAndShown(t *testing.T) {
	t.Parallel()
	for _, portal := range []bool{true, false} {
		w := On(t, SQLite(t), Options{Profile: "construction", Alter: func(p *domain.Profile) { p.Mail = domain.MailSettings{domain.TopicNotices: portal} }})
		alpha, beta := w.Customer("alpha"), w.Customer("beta")
		if got := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/profile"}).Text("mail/notices"); got != text(portal) {
			t.Errorf("the portal shows %s, want %v", got, portal)
		}
		wants := func(what string, u User, want bool) {
			t.Helper()
			if got := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: alpha.Token}).Text("mail/notices"); got != text(want) {
				t.Errorf("portal %v, %s: %s, want %v", portal, what, got, want)
			}
		}
		create := func(email string, said Object) User {
			body := Object{"roles": []string{"report-reader"}}
			maps.Copy(body, said)
			return w.InviteWith(alpha, email, body)
		}
		wants("nothing said", create("none@alpha.example", nil), portal)
		wants("nothing said of notices", create("empty@alpha.example", Object{"mail": Object{}}), portal)
		wants("on", create("on@alpha.example", Object{"mail": Object{"notices": true}}), true)
		u := create("off@alpha.example", Object{"mail": Object{"notices": false}})
		wants("off", u, false)
		edit := func(said Object) {
			t.Helper()
			w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", alpha.Token, said))
		}
		edit(Object{"mail": Object{"notices": true}})
		wants("edited", u, true)
		edit(Object{"mail": Object{}, "defaultTask": "Architect"})
		wants("not edited", u, true)

		// It is nobody's to the organization until it is accepted.
		elsewhere, session := w.Join(beta, "both@beta.example", "report-reader")
		invited := w.Invite(alpha, elsewhere.Email, "report-reader")
		before := w.Dump()
		w.Fails(http.StatusNotFound, "not-found", choosing(alpha, session, Object{"notices": false}))
		if after := w.Dump(); after != before {
			t.Errorf("something has changed:\n%s", Difference(before, after))
		}
		w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": w.Link(elsewhere.Email), "password": Password}})
		for _, said := range []bool{!portal, portal, portal, !portal} {
			if a := w.Want(http.StatusOK, choosing(alpha, session, Object{"notices": said})); a.Text("notices") != text(said) {
				t.Errorf("answer: %s", a.Raw)
			}
			if a := w.Want(http.StatusOK, choosing(alpha, session, Object{})); a.Text("notices") != text(said) {
				t.Errorf("answer to nothing: %s", a.Raw)
			}
			wants("by the person", invited, said)
			places := map[string]string{}
			for _, m := range w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session}).Body["memberships"].([]any) {
				m := m.(Object)
				places[m["organizationId"].(string)] = text(m["mail"].(Object)["notices"])
			}
			if places[alpha.ID] != text(said) || places[beta.ID] != text(portal) {
				t.Errorf("me: %v", places)
			}
		}
		history := w.history(alpha, invited.ID)
		said := slices.DeleteFunc(history, func(line string) bool { return !strings.Contains(line, "user.details-changed; mail: ") })
		if want := map[bool]int{true: 3, false: 3}[portal]; len(said) != want {
			t.Errorf("the audit tells %q", history)
		}

		// Where they are no user there is nothing to say.
		w.Fails(http.StatusNotFound, "not-found", choosing(w.Customer("gamma"), session, Object{"notices": false}))
		w.Fails(http.StatusUnauthorized, "unauthenticated", choosing(alpha, "", Object{"notices": false}))
		for _, broken := range []any{Object{"notices": "no"}, Object{"activation": false}, Object{"notices": nil}, "[]"} {
			r := choosing(alpha, session, nil)
			r.Body = broken
			w.Want(http.StatusBadRequest, r)
		}
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: invited.Path, Token: alpha.Token})
		w.Fails(http.StatusNotFound, "not-found", choosing(alpha, session, Object{"notices": true}))
	}
}

// The lower does not keep mails from the higher.
func TestB52_MailsOfTheHigherAreTheirs(t *testing.T) {
	t.Parallel()
	w := On(t, SQLite(t), Options{Profile: "construction", Alter: func(p *domain.Profile) {
		p.Roles = append(p.Roles, domain.Role{
			Key: "clerk", Name: p.Roles[0].Name, Info: p.Roles[0].Info, Level: 2, Scopes: []domain.ScopeType{domain.InOrganization},
			Rights: []domain.RightKey{domain.RightSeeUsers, domain.RightEditUsers, domain.RightSeeOrganization},
		})
	}})
	alpha := w.Customer("alpha")
	_, clerk := w.Join(alpha, "clerk@alpha.example", "clerk")
	mate := w.Invite(alpha, "mate@alpha.example", "clerk")
	chief := alpha.Path("/users/" + alpha.AdminID)
	off := Object{"mail": Object{"notices": false}}
	w.Fails(http.StatusUnprocessableEntity, "role-not-yours-to-give", w.Edit("PATCH", chief, "", clerk, off))
	w.Want(http.StatusOK, w.Edit("PATCH", chief, "", clerk, Object{"mail": Object{"notices": true}})) // as it is
	w.Want(http.StatusOK, w.Edit("PATCH", mate.Path, "", clerk, off))
}

// A shared mailbox is warned of wherever somebody becomes a user, and refused nowhere.
func TestI25_SharedMailboxesAreWarnedOf(t *testing.T) {
	t.Parallel()
	g := newAgency(t)
	const warned = "[map[code:shared-mailbox]]"
	create := func(email, role string) Answer {
		t.Helper()
		body := g.Person(email)
		body["roles"] = []string{role}
		return g.Want(http.StatusCreated, Request{Method: "POST", Path: g.alpha.Path("/users"), Token: g.alpha.Token, Body: body})
	}
	for email, want := range map[string]string{
		"info@alpha.example": warned, "Kund.Tjanst@alpha.example": warned, "post@alpha.example": warned, "myynti@alpha.example": warned,
		"ulla.user@alpha.example": "", "ulla.info@alpha.example": "",
	} {
		a := create(email, "orderer")
		if got := a.Text("warnings"); got != want {
			t.Errorf("%s: %q, want %q", email, got, want)
		}
		if shown := g.Want(http.StatusOK, Request{Method: "GET", Path: g.alpha.Path("/users/" + a.Text("id")), Token: g.alpha.Token}); shown.Text("warnings") != want {
			t.Errorf("%s, shown: %s", email, shown.Raw)
		}
	}
	// Who approves by a link in a mail above all.
	if got := create("office@alpha.example", "attestant").Text("warnings"); got != warned {
		t.Errorf("an attestant: %q", got)
	}
	file := "givenName;familyName;email;roles\nA;A;sales@alpha.example;orderer\nB;B;b@alpha.example;orderer\nC;C;admin;orderer\nD;D;info@alpha.example;orderer\n"
	for _, dry := range []bool{true, false} {
		a := g.Want(http.StatusOK, Request{Method: "POST", Path: g.alpha.Path("/users/import"), Token: g.alpha.Token, Body: Object{
			"format": "csv", "file": base64.StdEncoding.EncodeToString([]byte(file)), "dryRun": dry,
		}})
		got := []string{}
		for _, item := range a.Items() {
			got = append(got, text(item.(Object)["outcome"])+" "+text(item.(Object)["warnings"]))
		}
		outcome := map[bool]string{true: `"ok"`, false: `"invited"`}[dry]
		want := []string{outcome + ` [{"code":"shared-mailbox"}]`, outcome + " null", `"refused" null`, `"unchanged" null`}
		if !slices.Equal(got, want) {
			t.Errorf("dry %v: %q, want %q", dry, got, want)
		}
	}

	w, alpha, beta := partners(t)
	if a := w.Want(http.StatusCreated, w.creating(alpha, "firmapost@beta.example", BusinessIDs["beta"])); a.Text("warnings") != warned {
		t.Errorf("a partner who is made: %s", a.Raw)
	}
	armas, _ := w.Join(beta, "asiakaspalvelu@beta.example", "report-reader")
	if a := w.Want(http.StatusCreated, w.adding(alpha, armas.ID, nil)); a.Text("warnings") != warned {
		t.Errorf("a partner who is found: %s", a.Raw)
	}
}

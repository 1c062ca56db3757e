package apitest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job/mailfeedback"
	"github.com/fullmakt/fullmakt/internal/store"
)

// comesBack makes SES say that the newest mail to a person came back for good,
// or, as a complaint, that they call it spam.
func (w *World) comesBack(u User, kind string) {
	w.T.Helper()
	w.Dispatch()
	ctx := context.Background()
	page, err := store.New(w.Base).MailsTo(ctx, domain.PersonID(u.ID), domain.PageRequest{Limit: 100})
	if err != nil || len(page.Items) == 0 {
		w.T.Fatalf("%d mails, %v", len(page.Items), err)
	}
	m := page.Items[len(page.Items)-1]
	at := w.Now().Format(time.RFC3339Nano)
	notice := text(Object{
		"eventType": kind, "bounce": Object{"bounceType": "Permanent", "timestamp": at}, "complaint": Object{"timestamp": at},
		"mail": Object{"messageId": m.MessageID, "timestamp": at, "destination": []string{u.Email}, "tags": Object{"mail": []domain.MailID{m.ID}}},
	})
	event := text(Object{"Records": []Object{{"Sns": Object{"MessageId": "sns-1", "TopicArn": localapp.MailTopic, "Message": notice}}}})
	for range 2 { // which is once too often
		if out, err := w.App.Run(ctx, mailfeedback.ID, json.RawMessage(event)); err != nil || out != (mailfeedback.Result{Noted: 1}) {
			w.T.Fatalf("%+v, %v", out, err)
		}
	}
}

// takes tells what an organization sees of a user's address; empty: it takes mails.
func (w *World) takes(c Customer, u User) string {
	w.T.Helper()
	one := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + u.ID), Token: c.Token})
	for _, item := range w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?limit=100"), Token: c.Token}).Items() {
		if item := item.(Object); item["id"] == u.ID {
			if got, _ := item["emailUndeliverable"].(string); got != one.Text("emailUndeliverable") {
				w.T.Errorf("the list says %q, and the user %q", got, one.Text("emailUndeliverable"))
			}
		}
	}
	return one.Text("emailUndeliverable")
}

// An invitation comes back: the administrators see it on the user, whose status is
// as before, and cannot send it again. Who is removed and invited with another
// address is somebody new.
func TestXF9_AnInvitationComesBack(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha, beta := w.Customer("alpha"), w.Customer("beta")
		u := w.Invite(alpha, "aino@alpha.example", "user")
		elsewhere := w.Invite(beta, u.Email, "user")
		if got := w.takes(alpha, u); got != "" {
			t.Errorf("before: %s", got)
		}
		w.Dispatch()
		// Of the two invitations the newest is beta's.
		w.comesBack(elsewhere, "Bounce")
		found := w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path("/users?emailUndeliverable=true"), Token: beta.Token}).Items()
		if len(found) != 1 || found[0].(Object)["id"] != u.ID {
			t.Errorf("found as such: %v", found)
		}
		w.Fails(http.StatusBadRequest, "invalid", Request{Method: "GET", Path: beta.Path("/users?emailUndeliverable=false"), Token: beta.Token})
		if got := w.takes(beta, elsewhere); got != "bounced" {
			t.Errorf("beta, whose mail it was, sees %q", got)
		}
		if got := w.takes(alpha, u); got != "" {
			t.Errorf("alpha learns that somebody else has written to the address: %q", got)
		}
		if a := w.Want(http.StatusOK, Request{Method: "GET", Path: elsewhere.Path, Token: beta.Token}); a.Text("status") != "invited" {
			t.Errorf("status %s", a.Text("status"))
		}
		w.Fails(http.StatusConflict, "email-undeliverable", Request{Method: "POST", Path: elsewhere.Path + "/activation", Token: beta.Token})

		// Alpha finds out by a mail of its own, which does not leave.
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: u.Path + "/activation", Token: alpha.Token})
		before := len(w.Mails(u.Email))
		if got := w.takes(alpha, u); got != "bounced" || before != 2 {
			t.Errorf("alpha sees %q after %d mails", got, before)
		}
		w.Fails(http.StatusConflict, "email-undeliverable", Request{Method: "POST", Path: u.Path + "/activation", Token: alpha.Token})
		for _, c := range []struct {
			Customer
			User
		}{{alpha, u}, {beta, elsewhere}} {
			if got := w.audit(c.Customer, "user.email-undeliverable", c.User); len(got) != 1 {
				t.Errorf("audit of %s: %v", c.AdminEmail, got)
			}
		}
		for _, c := range []struct {
			path, token string
		}{{u.Path, alpha.Token}, {elsewhere.Path, beta.Token}} {
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: c.path, Token: c.token})
		}
		again := w.Invite(alpha, u.Email, "user") // the address works by now
		w.Activate(again.Email, Password)
		if got := w.takes(alpha, again); got != "" {
			t.Errorf("of a new person: %q", got)
		}
	})
}

// Somebody who is a user already calls a mail spam: nothing is sent to them any
// more, which no outsider can tell, until they have another address.
func TestXF9_AUserComplains(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	u, token := w.Join(alpha, "aino@alpha.example", "user")
	w.Invite(beta, u.Email, "user")
	w.Activate(u.Email, Password)
	reset := Request{Method: "POST", Path: u.Path + "/password-reset", Token: alpha.Token}
	w.Want(http.StatusAccepted, reset)
	w.comesBack(u, "Complaint")
	for _, c := range []Customer{alpha, beta} { // both know the person
		if got := w.takes(c, u); got != "complained" {
			t.Errorf("%s sees %q", c.AdminEmail, got)
		}
	}
	w.Fails(http.StatusConflict, "email-undeliverable", reset)

	before := len(w.Mails(u.Email))
	known := w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
	nobody := w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": "nobody@alpha.example"}})
	if string(known.Raw) != string(nobody.Raw) {
		t.Errorf("%s and %s", known.Raw, nobody.Raw)
	}
	if n := len(w.Mails(u.Email)); n != before {
		t.Errorf("%d mails were sent", n-before)
	}
	if a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token}); strings.Contains(string(a.Raw), "ndeliverable") {
		t.Errorf("%s", a.Raw)
	}

	// The new address is written to, and everybody sees that it is fine. Only the mail
	// that takes the change back is sent to the old one all the same.
	const after = "aino@another.example"
	w.Want(http.StatusAccepted, readdress(token, after))
	if mails := w.kinds(u.Email); len(mails) != before+1 || mails[0] != "email-changing" {
		t.Errorf("mails to the old address: %v", mails)
	}
	w.Want(http.StatusOK, confirm(token, w.NthLink(after, "email-change", 0)))
	for _, c := range []Customer{alpha, beta} {
		if got := w.takes(c, u); got != "" {
			t.Errorf("%s sees %q of the new address", c.AdminEmail, got)
		}
	}
	w.Want(http.StatusAccepted, reset)
	if got := w.kinds(after)[0]; got != "password-reset-by-admin" {
		t.Errorf("newest mail to the new address: %s", got)
	}
}

package apitest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// readdress is a request for another address.
func readdress(token, email string) Request {
	return Request{Method: "POST", Path: "/v1/me/email", Token: token, Body: Object{"email": email, "password": Password}}
}

// confirm uses the link that was mailed to a new address.
func confirm(token, link string) Request {
	return Request{Method: "POST", Path: "/v1/email-changes", Token: token, Body: Object{"token": link}}
}

// undo uses the link that was mailed to the address before.
func undo(link, password string) Request {
	return Request{Method: "POST", Path: "/v1/email-undos", Body: Object{"token": link, "password": password}}
}

func checkUndo(link string) Request {
	return Request{Method: "POST", Path: "/v1/email-undos/check", Body: Object{"token": link}}
}

// Readdress changes the address of whoever holds the token, and returns the link that undoes it.
func (w *World) Readdress(token, from, to string) (undo string) {
	w.T.Helper()
	w.Want(http.StatusAccepted, readdress(token, to))
	w.Want(http.StatusOK, confirm(token, w.NthLink(to, "email-change", 0)))
	return w.NthLink(from, "email-changing", 0)
}

// signsIn tells whether somebody signs in with an address.
func (w *World) signsIn(email, password string) bool {
	w.T.Helper()
	return w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": email, "password": password}}).Status == http.StatusCreated
}

// cards are the addresses by which organizations know a user.
func (w *World) cards(u User, in ...Customer) (emails []string) {
	w.T.Helper()
	for _, c := range in {
		token := w.SignIn(c.AdminEmail, Password)
		emails = append(emails, w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + u.ID), Token: token}).Text("email"))
	}
	return emails
}

// kinds are those of the mails to an address, the newest first.
func (w *World) kinds(to string) (kinds []string) {
	w.T.Helper()
	for _, m := range w.Mails(to) {
		kinds = append(kinds, string(m.Kind))
	}
	return kinds
}

// XA26: the new address confirms, the old one is told and can take it back.
func TestXA26_AnAddressIsChangedAndChangedBack(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		const before, after = "aino@alpha.example", "aino@another.example"
		alpha, beta := w.Customer("alpha"), w.Customer("beta")
		u, token := w.Join(alpha, before, "user")
		w.Invite(beta, before, "user")
		w.Activate(before, Password)
		elsewhere := w.SignIn(before, Password)

		w.Want(http.StatusAccepted, readdress(token, after))
		if got := w.kinds(after); !slices.Equal(got, []string{"email-change"}) {
			t.Errorf("mails to the new address: %v", got)
		}
		if got := w.kinds(before)[0]; got != "email-changing" {
			t.Errorf("newest mail to the old address: %s", got)
		}
		if !w.signsIn(before, Password) || w.signsIn(after, Password) {
			t.Error("it is changed before it is confirmed")
		}
		link, back := w.NthLink(after, "email-change", 0), w.NthLink(before, "email-changing", 0)
		if a := w.Want(http.StatusOK, confirm(token, link)); a.Text("email") != after {
			t.Errorf("%s", a.Raw)
		}
		if w.signsIn(before, Password) || !w.signsIn(after, Password) {
			t.Error("the old address signs in, or the new one does not")
		}
		w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: elsewhere})
		if a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token}); a.Text("email") != after || a.Header.Get("ETag") == `"1"` {
			t.Errorf("%s %s", a.Raw, a.Header.Get("ETag"))
		}
		if got := w.cards(u, alpha, beta); !slices.Equal(got, []string{after, after}) {
			t.Errorf("cards: %v", got)
		}
		if a := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users?email=" + after), Token: alpha.Token}); len(a.Items()) != 1 {
			t.Errorf("the list does not find it: %s", a.Raw)
		}
		w.Fails(http.StatusBadRequest, "link-invalid", confirm(token, link))
		mails := len(w.Mails(before))
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": before}})
		if len(w.Mails(before)) != mails {
			t.Error("the old address resets the password")
		}

		if a := w.Want(http.StatusOK, checkUndo(back)); a.Text("email") != "ai***@alpha.example" {
			t.Errorf("%s", a.Raw)
		}
		w.Fails(http.StatusBadRequest, "invalid", undo(back, "aino@alpha"))
		if a := w.Want(http.StatusOK, undo(back, "a wholly new one")); a.Text("email") != before {
			t.Errorf("%s", a.Raw)
		}
		if !w.signsIn(before, "a wholly new one") || w.signsIn(before, Password) || w.signsIn(after, "a wholly new one") {
			t.Error("it is not undone")
		}
		w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
		if got := w.cards(u, alpha, beta); !slices.Equal(got, []string{before, before}) {
			t.Errorf("cards: %v", got)
		}
		if got := w.kinds(before)[0]; got != "password-changed" {
			t.Errorf("newest mail to the old address: %s", got)
		}
		w.Fails(http.StatusBadRequest, "link-invalid", undo(back, "yet another one"))
		w.Fails(http.StatusBadRequest, "link-invalid", checkUndo(back))

		// Each organization is told that, and neither address.
		for _, c := range []Customer{alpha, beta} {
			for _, action := range []string{"user.email-changed", "user.email-change-undone"} {
				entries := w.audit(c, action, u)
				if len(entries) != 1 || text(entries[0]["changes"]) != text([]Object{{"field": "email", "before": "", "after": "changed"}}) {
					t.Errorf("%s in %s: %v", action, c.ID, entries)
				}
			}
		}
		if entries := w.audit(alpha, "user.email-change-requested", u); len(entries) != 1 {
			t.Errorf("requested: %v", entries)
		}
		for _, c := range []Customer{alpha, beta} {
			if entries, _ := w.auditPages(c, nil, 200); strings.Contains(text(entries), "aino@") {
				t.Errorf("an address in %v", entries)
			}
		}
		// The address that was tried is free again.
		if other := w.Invite(alpha, after, "user"); other.ID == u.ID {
			t.Error("the address is still theirs")
		}
	})
}

// XA26: what the link was bound to has changed.
func TestXA26_LinksDieWithWhatTheyWereBoundTo(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	for name, spoil := range map[string]func(u User, token string) string{
		"password changed": func(_ User, token string) string {
			w.Want(http.StatusNoContent, Request{Method: "PUT", Path: "/v1/me/password", Token: token, Body: Object{"currentPassword": Password, "newPassword": "a wholly new one"}})
			return token
		},
		"password reset": func(u User, _ string) string {
			w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
			w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": w.Link(u.Email), "password": Password}})
			return w.SignIn(u.Email, Password)
		},
		"undone": func(u User, _ string) string {
			w.Want(http.StatusOK, undo(w.NthLink(u.Email, "email-changing", 0), "a wholly new one"))
			return w.SignIn(u.Email, "a wholly new one")
		},
		"newer request": func(_ User, token string) string {
			w.Want(http.StatusAccepted, readdress(token, "newer@another.example"))
			w.Dispatch()
			return token
		},
		"newer request of the same": func(u User, token string) string {
			w.Want(http.StatusAccepted, readdress(token, "new-"+u.Email))
			w.Dispatch()
			return token
		},
		"changed in between": func(u User, token string) string {
			w.Readdress(token, u.Email, "between@another.example")
			return token
		},
	} {
		u, token := w.Join(alpha, strings.ReplaceAll(name, " ", "-")+"@alpha.example", "user")
		w.Want(http.StatusAccepted, readdress(token, "new-"+u.Email))
		link := w.NthLink("new-"+u.Email, "email-change", 0)
		token = spoil(u, token)
		a := w.Send(confirm(token, link))
		if a.Status != http.StatusBadRequest || a.Code() != "link-invalid" {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
		if w.signsIn("new-"+u.Email, Password) || w.signsIn("new-"+u.Email, "a wholly new one") {
			t.Errorf("%s: the address is theirs", name)
		}
	}
}

// XA26: the owner's way back, whatever a thief has done since who knew the password.
func TestXA26_TheOwnerTakesTheAccountBack(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	const owner, thief = "owner@alpha.example", "thief@elsewhere.example"
	u, _ := w.Join(alpha, owner, "user")
	stolen := w.SignIn(owner, Password)
	back := w.Readdress(stolen, owner, thief)
	w.Want(http.StatusNoContent, Request{Method: "PUT", Path: "/v1/me/password", Token: stolen, Body: Object{"currentPassword": Password, "newPassword": "the thief's own"}})
	// A second change would take the owner's link away, or their address for good.
	another := readdress(stolen, "thief2@elsewhere.example")
	another.Body.(Object)["password"] = "the thief's own"
	w.Fails(http.StatusConflict, "email-changed-lately", another)
	w.Pass(7*24*time.Hour - time.Minute)
	stolen = w.SignIn(thief, "the thief's own")
	another.Token = stolen
	w.Fails(http.StatusConflict, "email-changed-lately", another)
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": thief}})
	reset := w.Link(thief)

	w.Want(http.StatusOK, undo(back, "the owner's own"))
	w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: stolen})
	w.Fails(http.StatusBadRequest, "link-invalid", Request{Method: "POST", Path: "/v1/password-resets/check", Body: Object{"token": reset}})
	for _, password := range []string{Password, "the thief's own"} {
		if w.signsIn(thief, password) || w.signsIn(owner, password) {
			t.Errorf("the thief still signs in with %q", password)
		}
	}
	token := w.SignIn(owner, "the owner's own")
	if a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token}); a.Text("id") != u.ID {
		t.Errorf("%s", a.Raw)
	}
	// The owner can change it at once: there is nothing that could be undone.
	again := readdress(token, "owner2@alpha.example")
	again.Body.(Object)["password"] = "the owner's own"
	w.Want(http.StatusAccepted, again)
}

// XA26: undone before it is confirmed, the change never happens, and the password
// that the thief knows is another one.
func TestXA26_UndoneBeforeItIsConfirmed(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	const owner, thief = "owner@alpha.example", "thief@elsewhere.example"
	u, token := w.Join(alpha, owner, "user")
	w.Want(http.StatusAccepted, readdress(token, thief))
	link, back := w.NthLink(thief, "email-change", 0), w.NthLink(owner, "email-changing", 0)
	// Opening it is not using it.
	before := w.Dump()
	for range 5 {
		for _, method := range []string{"GET", "HEAD"} {
			w.Send(Request{Method: method, Path: "/undo-email"})
			w.Send(Request{Method: method, Path: "/confirm-email"})
			w.Send(Request{Method: method, Path: "/v1/email-undos"})
		}
		w.Want(http.StatusOK, checkUndo(back))
		w.Want(http.StatusBadRequest, undo(back, ""))
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	w.Want(http.StatusOK, undo(back, "the owner's own"))
	w.Fails(http.StatusUnauthorized, "unauthenticated", confirm(token, link))
	token = w.SignIn(owner, "the owner's own")
	w.Fails(http.StatusBadRequest, "link-invalid", confirm(token, link))
	if got := w.cards(u, alpha); got[0] != owner {
		t.Errorf("cards: %v", got)
	}
	if entries := w.audit(alpha, "user.email-change-undone", u); len(entries) != 1 {
		t.Errorf("audit: %v", entries)
	}
}

// XA26: whoever reads the mail but is not who asked cannot use it.
func TestXA26_OnlyWhoAskedConfirms(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	_, token := w.Join(alpha, "aino@alpha.example", "user")
	_, stranger := w.Join(alpha, "stranger@alpha.example", "user")
	w.Want(http.StatusAccepted, readdress(token, "mistyped@another.example"))
	link, back := w.NthLink("mistyped@another.example", "email-change", 0), w.NthLink("aino@alpha.example", "email-changing", 0)
	before := w.Dump()
	var first string
	for name, wrong := range map[string]string{"another's session": link, "of another purpose": back, "cut": link[:len(link)-1], "nonsense": "fml_0", "flipped": flip(link)} {
		as := token
		if name == "another's session" {
			as = stranger
		}
		a := w.Fails(http.StatusBadRequest, "link-invalid", confirm(as, wrong))
		if first == "" {
			first = same(a)
		}
		if same(a) != first {
			t.Errorf("%s differs: %s", name, a.Raw)
		}
	}
	w.Fails(http.StatusUnauthorized, "unauthenticated", confirm("", link))
	for _, wrong := range []string{link, back[:len(back)-1], flip(back)} {
		w.Fails(http.StatusBadRequest, "link-invalid", checkUndo(wrong))
		w.Fails(http.StatusBadRequest, "link-invalid", undo(wrong, "a wholly new one"))
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	w.Want(http.StatusOK, confirm(token, link))
}

// XA26: nothing is changed that the old address cannot undo, however the mails leave.
func TestXA26_TheWayBackLeavesFirst(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	_, token := w.Join(alpha, "aino@alpha.example", "user")
	w.Want(http.StatusAccepted, readdress(token, "aino@another.example"))
	var records []Object
	for _, line := range strings.Split(w.Dump(), "\n") {
		if pk, _, _ := strings.Cut(line, " "); strings.Contains(line, `"kind":"email-change"`) {
			id := strings.TrimPrefix(pk, "MAIL#")
			records = append(records, Object{"dynamodb": Object{"SequenceNumber": "1", "Keys": Object{"sk": Object{"S": id}}}})
		}
	}
	if _, err := w.App.Run(t.Context(), "mail-dispatch", json.RawMessage(text(Object{"Records": records}))); err != nil {
		t.Fatal(err)
	}
	if mail := w.Mailbox.Messages()[0]; len(records) != 1 || mail.Kind != domain.MailActivation {
		t.Fatalf("%d mails to send, and the newest that was is %s", len(records), mail.Kind)
	}
	w.Pass(time.Minute)
	link := w.NthLink("aino@another.example", "email-change", 0)
	if sent := w.Mailbox.Messages(); sent[0].Kind != domain.MailEmailChange || sent[1].Kind != domain.MailEmailChanging {
		t.Errorf("%s left before %s", sent[1].Kind, sent[0].Kind)
	}
	w.Want(http.StatusOK, confirm(token, link))
}

// XA26: a taken address tells nothing, and is never taken over.
func TestXA26_ATakenAddressTellsNothing(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	alpha := w.Customer("alpha")
	holder, _ := w.Join(alpha, "holder@person.example", "user")
	invited := w.Invite(alpha, "invited@person.example", "user")
	_, moved := w.Join(alpha, "moved@person.example", "user")
	w.Readdress(moved, "moved@person.example", "moved@another.example")
	w.Dispatch()
	var first tabletest.Counts
	var shape string
	for i, to := range []string{"free@person.example", holder.Email, invited.Email, "moved@person.example", OperatorEmail} {
		u, token := w.Join(alpha, "asks"+text(i)+"@alpha.example", "user")
		before := len(w.Mails(to))
		w.Pass(2 * time.Minute)
		counter.Reset()
		a := w.Want(http.StatusAccepted, readdress(token, to))
		counts := counter.Counts()
		if i == 0 {
			first, shape = counts, same(a)
		}
		if counts != first || same(a) != shape {
			t.Errorf("%s: %+v %s, want %+v %s", to, counts, a.Raw, first, shape)
		}
		mails := len(w.Mails(to)) - before
		if free := i == 0; free != (mails == 1) {
			t.Errorf("%s: %d mails", to, mails)
		}
		if got := w.kinds(u.Email)[0]; got != "email-changing" {
			t.Errorf("%s: the old address got %s", to, got)
		}
	}
	// Taken between the request and the confirmation.
	u, token := w.Join(alpha, "late@alpha.example", "user")
	w.Want(http.StatusAccepted, readdress(token, "late@person.example"))
	link := w.NthLink("late@person.example", "email-change", 0)
	other, _ := w.Join(alpha, "late@person.example", "user")
	w.Fails(http.StatusBadRequest, "link-invalid", confirm(token, link))
	if other.ID == u.ID || w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: w.SignIn("late@person.example", Password)}).Text("id") != other.ID {
		t.Error("the address was taken over")
	}
	w.SignIn("late@alpha.example", Password)
}

// XA26: two people and one free address.
func TestXA26_OneAddressOneWinner(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		const n, wanted = 3, "wanted@person.example" // as many mails as an address is sent at once
		tokens, links, statuses, ids := make([]string, n), make([]string, n), make([]int, n), make([]string, n)
		for i := range n {
			u, token := w.Join(alpha, "racer"+text(i)+"@alpha.example", "user")
			ids[i], tokens[i] = u.ID, token
			w.Want(http.StatusAccepted, readdress(token, wanted))
			links[i] = w.NthLink(wanted, "email-change", 0)
		}
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				a, err := w.Try(confirm(tokens[i], links[i]))
				if err != nil {
					t.Error(err)
				}
				statuses[i] = a.Status
			})
		}
		wg.Wait()
		winner := slices.Index(statuses, http.StatusOK)
		for i, s := range statuses {
			if i != winner && s != http.StatusBadRequest && s != http.StatusConflict {
				t.Errorf("answers: %v", statuses)
			}
		}
		if winner < 0 {
			t.Fatalf("nobody won: %v", statuses)
		}
		if a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: w.SignIn(wanted, Password)}); a.Text("id") != ids[winner] {
			t.Errorf("winner %s: %s", ids[winner], a.Raw)
		}
		for i := range n {
			if own := w.signsIn("racer"+text(i)+"@alpha.example", Password); own == (i == winner) {
				t.Errorf("racer %d keeps their address: %v", i, own)
			}
		}
	})
}

// XA26: the address before is nobody else's for as long as its owner can have it
// back, and who tries is told nothing. Then it is free.
func TestXA26_TheOldAddressIsKept(t *testing.T) {
	t.Parallel()
	w := With(t, "construction")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	const before, after = "aino@person.example", "aino@another.example"
	u, token := w.Join(alpha, before, "report-reader")
	back := w.Readdress(token, before, after)
	search := Request{Method: "POST", Path: beta.Path("/partners/search"), Token: beta.Token, Body: Object{"email": before}}
	nobody := Request{Method: "POST", Path: beta.Path("/partners/search"), Token: beta.Token, Body: Object{"email": "nobody@person.example"}}
	if a, b := w.Want(http.StatusOK, search), w.Want(http.StatusOK, nobody); text(a.Body) != text(b.Body) {
		t.Errorf("the search tells of it: %s", a.Raw)
	}
	w.Fails(http.StatusUnprocessableEntity, "partner-unknown", Request{Method: "POST", Path: beta.Path("/partners"), Token: beta.Token, Body: Object{"email": before, "roles": []string{"report-reader"}}})

	mails := len(w.Mails(before)) + len(w.Mails(after))
	invitation := w.Invite(beta, before, "report-reader") // like every other
	if invitation.ID != u.ID {
		t.Error("the address was given to somebody else")
	}
	if n := len(w.Mails(before)) + len(w.Mails(after)); n != mails {
		t.Errorf("%d mails", n-mails)
	}
	if got := w.cards(u, alpha, beta); !slices.Equal(got, []string{after, before}) {
		t.Errorf("cards: %v", got)
	}
	// Nor does it go to where the person is now, whoever sends it again: that mailbox nobody has named.
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: beta.Path("/users/" + u.ID + "/activation"), Token: w.SignIn(beta.AdminEmail, Password)})
	for range 8 * 24 {
		w.Pass(time.Hour)
		w.attend()
		w.Dispatch()
	}
	if got := w.kinds(after); slices.Contains(got, "activation") || slices.Contains(got, "activation-reminder") {
		t.Errorf("mails to the new address: %v", got)
	}
	w.Fails(http.StatusBadRequest, "link-invalid", undo(back, "a wholly new one"))
	alpha.Token = w.SignIn(alpha.AdminEmail, Password)
	other, _ := w.Join(alpha, before, "report-reader")
	if other.ID == u.ID {
		t.Error("the address is still kept")
	}
	// Its first owner may change again, also to one that others had: but not to this.
	token = w.SignIn(after, Password)
	w.Want(http.StatusAccepted, readdress(token, before))
	if got := w.kinds(before)[0]; got == "email-change" {
		t.Error("a mail to whose address it is now")
	}
	w.Readdress(token, after, "aino@third.example")
	w.SignIn("aino@third.example", Password)
	w.SignIn(before, Password)
}

// XA26: a link to an organization that went to an address does not open while the
// person has another one, and no further one goes anywhere. Whoever invites names
// the new address.
func TestXA26_InvitationsStayWithTheirAddress(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	const before, after = "aino@alpha.example", "aino@another.example"
	u, token := w.Join(alpha, before, "user")
	w.Invite(beta, before, "user")
	link := w.NthLink(before, "activation", 0)
	back := w.Readdress(token, before, after)
	check := Request{Method: "POST", Path: "/v1/activations/check", Body: Object{"token": link}}
	w.Fails(http.StatusBadRequest, "link-invalid", check)
	// Whoever has only invited them is not told where they are now.
	if got := w.cards(u, alpha, beta); !slices.Equal(got, []string{after, before}) {
		t.Errorf("cards: %v", got)
	}
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: beta.Path("/users/" + u.ID + "/activation"), Token: beta.Token})
	if got := w.kinds(after); slices.Contains(got, "activation") {
		t.Errorf("mails to the new address: %v", got)
	}
	w.Want(http.StatusOK, undo(back, "a wholly new one"))
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: beta.Path("/users/" + u.ID + "/activation"), Token: beta.Token})
	check.Body = Object{"token": w.NthLink(before, "activation", 0)}
	w.Want(http.StatusOK, check)
}

// XA26: the way back from a change that was never made ends with the next
// password: whoever has read that mail once does not keep a key.
func TestXA26_TheWayBackFromNoChangeEndsWithThePassword(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	const email = "aino@alpha.example"
	_, token := w.Join(alpha, email, "user")
	w.Want(http.StatusAccepted, readdress(token, "thief@another.example"))
	kept := w.NthLink(email, "email-changing", 0)
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": email}})
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": w.Link(email), "password": "the owner has a new one"}})
	w.Fails(http.StatusBadRequest, "link-invalid", undo(kept, "a wholly new one"))
	w.SignIn(email, "the owner has a new one")
}

// XA26: as many organizations as a person can be in follow at once, there and back.
func TestXA26_AllOrganizationsFollow(t *testing.T) {
	t.Parallel()
	w := New(t)
	u, orgs := w.Everywhere(domain.MaxMemberships)
	const after = "kanarie@another.example"
	known := func() map[domain.Email]int {
		emails := map[domain.Email]int{}
		p, err := store.New(w.Base).Person(t.Context(), domain.PersonID(u.ID))
		if err != nil {
			t.Fatal(err)
		}
		places, err := store.New(w.Base).Places(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range places {
			emails[place.Membership.Email]++
		}
		return emails
	}
	back := w.Readdress(w.SignIn(canaryEmail, Password), canaryEmail, after)
	if got := known(); got[after] != len(orgs) {
		t.Errorf("%v", got)
	}
	w.Want(http.StatusOK, undo(back, "a wholly new one"))
	if got := known(); got[canaryEmail] != len(orgs) {
		t.Errorf("%v", got)
	}
}

// XA26: whoever is erased, by the operator or by the last organization that they
// are a user of, leaves both addresses free.
func TestXA26_XH6_ErasureFreesBothAddresses(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	for name, end := range map[string]func(u User) Request{
		"erased":  w.erase,
		"removed": func(u User) Request { return Request{Method: "DELETE", Path: u.Path, Token: alpha.Token} },
	} {
		before, after := "kanarie-"+name+"@alpha.example", "kanarie-"+name+"@another.example"
		u, token := w.Join(alpha, before, "user")
		back := w.Readdress(token, before, after)
		w.Want(http.StatusNoContent, end(u))
		for _, line := range strings.Split(dumpOf(t, w.Base), "\n") {
			if strings.Contains(line, "kanarie-"+name+"@") {
				t.Errorf("%s: %s", name, line)
			}
		}
		w.Fails(http.StatusBadRequest, "link-invalid", undo(back, "a wholly new one"))
		for _, email := range []string{before, after} {
			again := w.Invite(alpha, email, "user")
			if again.ID == u.ID {
				t.Errorf("%s: the id is used again", name)
			}
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: again.Path, Token: alpha.Token})
		}
	}
}

// XA26: what an administrator changes of a user is never the address; so nobody
// gets at an account by a reset that they see the mail of.
func TestXA26_NobodyChangesAnothersAddress(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u, token := w.Join(alpha, "aino@alpha.example", "user")
	before := w.Dump()
	for name, r := range map[string]Request{
		"administrator": {Method: "PATCH", Path: u.Path, Token: alpha.Token, Headers: []Header{{"If-Match", `"2"`}}, Body: Object{"email": "mine@elsewhere.example"}},
		"themselves":    {Method: "PATCH", Path: "/v1/me", Token: token, Headers: []Header{{"If-Match", `"1"`}}, Body: Object{"email": "mine@elsewhere.example"}},
	} {
		if a := w.Fails(http.StatusBadRequest, "invalid", r); a.Text("errors/0/code") != "member-unknown" || a.Text("errors/0/pointer") != "/email" {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: u.Path + "/password-reset", Token: alpha.Token})
	if got := w.kinds(u.Email)[0]; got != "password-reset-by-admin" {
		t.Errorf("the reset went elsewhere: %s", got)
	}
	if after := w.Dump(); !strings.Contains(after, u.Email) || strings.Contains(after, "mine@elsewhere.example") {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

// XA26: the password is asked for, and guesses are counted as at sign-in. What is
// asked for is counted too.
func TestXA26_RequestsAreProvenAndCounted(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	_, token := w.Join(alpha, "aino@alpha.example", "user")
	if a := w.Fails(http.StatusBadRequest, "invalid", readdress(token, "Aino@ALPHA.example")); a.Text("errors/0/code") != "email-unchanged" || a.Text("errors/0/pointer") != "/email" {
		t.Errorf("%s", a.Raw)
	}
	guess := readdress(token, "aino@another.example")
	guess.Body.(Object)["password"] = "guess and guess"
	for range 5 {
		w.Fails(http.StatusUnprocessableEntity, "password-wrong", guess)
	}
	w.Fails(http.StatusTooManyRequests, "throttled", readdress(token, "aino@another.example"))
	w.Pass(20 * time.Minute)
	for i := range 5 {
		w.Want(http.StatusAccepted, readdress(token, "aino"+text(i)+"@another.example"))
	}
	w.Fails(http.StatusTooManyRequests, "throttled", readdress(token, "aino5@another.example"))
	if got := w.kinds("aino5@another.example"); len(got) != 0 {
		t.Errorf("mails: %v", got)
	}
	// A stranger's mailbox is not flooded by many who ask for it; they are not told.
	for i := range 5 {
		_, asks := w.Join(alpha, "flood"+text(i)+"@alpha.example", "user")
		w.Want(http.StatusAccepted, readdress(asks, "victim@another.example"))
	}
	if got := w.kinds("victim@another.example"); len(got) != 3 {
		t.Errorf("mails: %v", got)
	}
	// The next day.
	w.Pass(24 * time.Hour)
	w.Want(http.StatusAccepted, readdress(w.SignIn("aino@alpha.example", Password), "aino5@another.example"))
}

// XA19: a day to confirm, seven to undo, to the second.
func TestXA19_LinksOfAChangeOfAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{24*time.Hour - time.Second, http.StatusOK}, {24 * time.Hour, http.StatusBadRequest}} {
		w := New(t)
		alpha := w.Customer("alpha")
		_, token := w.Join(alpha, "aino@alpha.example", "user")
		w.Want(http.StatusAccepted, readdress(token, "aino@another.example"))
		asked := w.Now()
		link, back := w.NthLink("aino@another.example", "email-change", 0), w.NthLink("aino@alpha.example", "email-changing", 0)
		w.SetNow(asked.Add(c.after - time.Minute))
		token = w.SignIn("aino@alpha.example", Password)
		w.SetNow(asked.Add(c.after))
		w.Want(c.want, confirm(token, link))
		w.SetNow(asked.Add(7*24*time.Hour - time.Second))
		w.Want(http.StatusOK, checkUndo(back))
		w.SetNow(asked.Add(7 * 24 * time.Hour))
		w.Fails(http.StatusBadRequest, "link-invalid", checkUndo(back))
		w.Fails(http.StatusBadRequest, "link-invalid", undo(back, "a wholly new one"))
	}
}

// XD7: tags and dots are part of an address: who writes it in another way is
// somebody else.
func TestXD7_TagsAndDotsMakeOtherPeople(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	ids := map[string]bool{}
	addresses := []string{"aino.virtanen@alpha.example", "ainovirtanen@alpha.example", "aino.virtanen+work@alpha.example"}
	for _, email := range addresses {
		u, token := w.Join(alpha, email, "user")
		ids[u.ID] = true
		if a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token}); a.Text("email") != email {
			t.Errorf("%s became %s", email, a.Text("email"))
		}
	}
	if len(ids) != len(addresses) {
		t.Errorf("%d people", len(ids))
	}
	// A reset of one is nobody else's, and one can be changed to what differs by a dot only.
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": addresses[1]}})
	for i, email := range addresses {
		if got := w.kinds(email)[0] == "password-reset"; got != (i == 1) {
			t.Errorf("%s got the reset: %v", email, got)
		}
	}
	w.Readdress(w.SignIn(addresses[0], Password), addresses[0], "a.ino.virtanen@alpha.example")
	w.SignIn("a.ino.virtanen@alpha.example", Password)
}

// XB12: the address of who was removed can be invited again. It is a new person,
// who has nothing of what the old one had.
func TestXB12_AFreedAddressIsANewPerson(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		u, session := w.Join(alpha, "freed@alpha.example", "user")
		w.Assign(alpha, u, Assignment(nil, []string{"order"}, Scope("organization", "")))
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
		reset := w.Link(u.Email)
		w.Want(http.StatusAccepted, readdress(session, "freed@another.example"))
		link, back := w.NthLink("freed@another.example", "email-change", 0), w.NthLink(u.Email, "email-changing", 0)
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: alpha.Token})

		again := w.Invite(alpha, u.Email, "user")
		if again.ID == u.ID {
			t.Error("the id is used again")
		}
		if a := w.Want(http.StatusOK, Request{Method: "GET", Path: again.Path + "/assignments", Token: alpha.Token}); len(a.Items()) != 0 {
			t.Errorf("rights of the old one: %s", a.Raw)
		}
		if w.signsIn(u.Email, Password) {
			t.Error("the old password opens the new account")
		}
		activation := w.NthLink(u.Email, "activation", 0)
		w.Activate(u.Email, "a wholly new one")
		fresh := w.SignIn(u.Email, "a wholly new one")
		if w.signsIn(u.Email, Password) {
			t.Error("the old password opens the new account")
		}
		w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: session})
		w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: u.Path, Token: alpha.Token})
		for path, dead := range map[string]string{
			"/v1/password-resets/check": reset, "/v1/email-undos/check": back, "/v1/activations/check": activation,
		} {
			w.Fails(http.StatusBadRequest, "link-invalid", Request{Method: "POST", Path: path, Body: Object{"token": dead}})
		}
		w.Fails(http.StatusBadRequest, "link-invalid", confirm(fresh, link))
		// What was done by the old one is not the new one's.
		if w.Evaluate(w.Service("evaluate"), again, alpha, alpha, "order", "", "") {
			t.Error("a right of the old one")
		}
	})
}

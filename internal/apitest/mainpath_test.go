package apitest

import (
	"net/http"
	"strings"
	"testing"
)

// The main job, end to end: the operator makes a customer, its administrator
// activates and invites a colleague, who activates, signs in, is administered,
// forgets the password and resets it.
func TestMainPath(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		// A51, A57: on save the registration mail goes out; its link is the configured portal's.
		alpha := w.Customer("alpha")
		colleague := w.Invite(alpha, "colleague@alpha.example", "user")
		mails := w.Mails(colleague.Email)
		if len(mails) != 1 || mails[0].Kind != "activation" || !strings.HasPrefix(mails[0].Links[0], Portal+"/activate#token=") {
			t.Fatalf("activation mail: %+v", mails)
		}

		// A39: the list tells who has not activated.
		list := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token})
		if len(list.Items()) != 2 || list.Text("items/0/familyName") != "Admin" || list.Text("items/1/status") != "invited" {
			t.Fatalf("list: %s", list.Raw)
		}

		// A40: a new link, which kills the older one.
		first := w.Link(colleague.Email)
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: colleague.Path + "/activation", Token: alpha.Token})
		second := w.Link(colleague.Email)
		check := Request{Method: "POST", Path: "/v1/activations/check", Body: Object{"token": first}}
		if a := w.Want(http.StatusBadRequest, check); a.Code() != "link-invalid" {
			t.Errorf("older link: %s", a.Raw)
		}
		check.Body = Object{"token": second}
		if a := w.Want(http.StatusOK, check); a.Text("email") != "co***@alpha.example" || a.Text("organizationName") != "Alpha Oy" {
			t.Errorf("check: %s", a.Raw)
		}
		w.Activate(colleague.Email, Password)

		// A41: no envelope for an activated user.
		if a := w.Want(http.StatusConflict, Request{Method: "POST", Path: colleague.Path + "/activation", Token: alpha.Token}); a.Code() != "already-activated" {
			t.Errorf("resend to an activated user: %s", a.Raw)
		}

		// A37: the last sign-in shows in the list.
		session := w.SignIn(colleague.Email, Password)
		got := w.Want(http.StatusOK, Request{Method: "GET", Path: colleague.Path, Token: alpha.Token})
		if got.Text("lastSignInAt") == "" || got.Text("status") != "active" {
			t.Errorf("after sign-in: %s", got.Raw)
		}

		// A09, A10: only administrators administer.
		if a := w.Want(http.StatusForbidden, Request{Method: "GET", Path: alpha.Path("/users"), Token: session}); a.Code() != "forbidden" {
			t.Errorf("a user lists users: %s", a.Raw)
		}

		// A13, A42, A44: details and roles are edited.
		edited := w.Want(http.StatusOK, Request{
			Method: "PATCH", Path: colleague.Path, Token: alpha.Token,
			Body: Object{"familyName": "Changed", "roles": []string{"superuser"}}, Headers: []Header{{"If-Match", got.Header.Get("ETag")}},
		})
		if edited.Text("familyName") != "Changed" || edited.Text("roles/0") != "superuser" {
			t.Errorf("edited: %s", edited.Raw)
		}
		if me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session}); me.Text("familyName") != "Changed" || me.Text("memberships/0/roles/0") != "superuser" {
			t.Errorf("me after the edit: %s", me.Raw)
		}

		// A05: a forgotten password. The old session is dead with the old password.
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": colleague.Email}})
		token := w.Link(colleague.Email)
		w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/check", Body: Object{"token": token}})
		w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": token, "password": "a wholly new one"}})
		w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: session})
		w.Want(http.StatusUnauthorized, Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": colleague.Email, "password": Password}})
		session = w.SignIn(colleague.Email, "a wholly new one")
		if mails := w.Mails(colleague.Email); mails[0].Kind != "password-changed" || len(mails[0].Links) != 0 {
			t.Errorf("notice of the new password: %+v", mails[0])
		}

		// B14: the administrator sends a link to a new password.
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: colleague.Path + "/password-reset", Token: alpha.Token})
		if mails := w.Mails(colleague.Email); mails[0].Kind != "password-reset-by-admin" {
			t.Errorf("mail: %s", mails[0].Kind)
		}

		// A14, A45: removed, the user is gone and the address free for a new person.
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: colleague.Path, Token: alpha.Token})
		w.Want(http.StatusNotFound, Request{Method: "GET", Path: colleague.Path, Token: alpha.Token})
		w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: session})
		again := w.Invite(alpha, colleague.Email, "user")
		if again.ID == colleague.ID {
			t.Error("the id of a removed person was given again")
		}

		// Everything is in the audit, the newest first.
		audit := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/audit"), Token: alpha.Token})
		var actions []string
		for _, item := range audit.Items() {
			actions = append(actions, item.(Object)["action"].(string))
		}
		want := "user.created user.removed user.password-reset-requested user.password-changed user.password-reset-requested user.updated user.activated user.activation-sent user.created user.activated user.created organization.created"
		if got := strings.Join(actions, " "); got != want {
			t.Errorf("audit:\n got %s\nwant %s", got, want)
		}
	})
}

func TestMe(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	user, token := w.Join(alpha, "ulla@alpha.example", "user")
	other := w.SignIn(user.Email, Password)

	me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
	patch := Request{
		Method: "PATCH", Path: "/v1/me", Token: token, Body: Object{"language": "sv", "phone": "+358 40 123 4567"},
		Headers: []Header{{"If-Match", me.Header.Get("ETag")}},
	}
	changed := w.Want(http.StatusOK, patch)
	if changed.Text("language") != "sv" || changed.Text("phone") != "+358401234567" {
		t.Errorf("me: %s", changed.Raw)
	}
	// The organization's card follows what people change themselves.
	if card := w.Want(http.StatusOK, Request{Method: "GET", Path: user.Path, Token: alpha.Token}); card.Text("phone") != "+358401234567" {
		t.Errorf("card: %s", card.Raw)
	}
	w.Want(http.StatusPreconditionFailed, patch)

	sessions := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me/sessions", Token: token})
	if len(sessions.Items()) != 2 {
		t.Errorf("sessions: %s", sessions.Raw)
	}

	// A new password ends all sessions but this one, and is told by mail.
	put := Request{Method: "PUT", Path: "/v1/me/password", Token: token, Body: Object{"currentPassword": "wrong and wrong", "newPassword": "a wholly new one"}}
	if a := w.Want(http.StatusUnprocessableEntity, put); a.Code() != "password-wrong" {
		t.Errorf("wrong current password: %s", a.Raw)
	}
	put.Body = Object{"currentPassword": Password, "newPassword": "ulla1234"}
	if a := w.Want(http.StatusBadRequest, put); a.Text("errors/0/pointer") != "/newPassword" || a.Text("errors/0/code") != "password-own-words" {
		t.Errorf("own words: %s", a.Raw)
	}
	put.Body = Object{"currentPassword": Password, "newPassword": "a wholly new one"}
	w.Want(http.StatusNoContent, put)
	w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: other})
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
	if mails := w.Mails(user.Email); mails[0].Kind != "password-changed" || string(mails[0].Language) != "sv" {
		t.Errorf("mail: %s in %s", mails[0].Kind, mails[0].Language)
	}

	third := w.SignIn(user.Email, "a wholly new one")
	sessions = w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me/sessions", Token: third})
	for _, item := range sessions.Items() {
		if s := item.(Object); s["current"] == false {
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: "/v1/me/sessions/" + s["id"].(string), Token: third})
		}
	}
	w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: token})
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: "/v1/me/sessions/current", Token: third})
	w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: third})
}

func TestOrganizations(t *testing.T) {
	t.Parallel()
	w := New(t)
	operator := w.Operator()
	alpha, beta := w.Customer("alpha"), w.Customer("beta")

	if a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations", Token: operator}); len(a.Items()) != 3 || a.Text("items/0/id") != alpha.ID {
		t.Errorf("the operator sees %s", a.Raw)
	}
	if a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations", Token: beta.Token}); len(a.Items()) != 1 || a.Text("items/0/id") != beta.ID {
		t.Errorf("beta sees %s", a.Raw)
	}
	got := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path(""), Token: alpha.Token})
	patch := Request{
		Method: "PATCH", Path: alpha.Path(""), Token: operator, Body: Object{"name": "Alfa Oy", "timeZone": "Europe/Mariehamn"},
		Headers: []Header{{"If-Match", got.Header.Get("ETag")}},
	}
	if a := w.Want(http.StatusOK, patch); a.Text("name") != "Alfa Oy" || a.Text("timeZone") != "Europe/Mariehamn" {
		t.Errorf("patched: %s", a.Raw)
	}

	create := Request{Method: "POST", Path: "/v1/organizations", Token: operator, Body: Object{
		"name": "Alpha again", "country": "FI", "businessId": "20774740",
		"administrator": Object{"givenName": "B", "familyName": "B", "email": "b@b.example"},
	}}
	if a := w.Want(http.StatusConflict, create); a.Code() != "organization-exists" {
		t.Errorf("a second organization with one business id: %s", a.Raw)
	}
	create.Token = alpha.Token
	w.Want(http.StatusForbidden, create)

	// The operator helps a customer whose only invitation was lost, and no further.
	lost := w.Invite(alpha, "lost@alpha.example", "user")
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: lost.Path + "/activation", Token: operator})
	w.Want(http.StatusNotFound, Request{Method: "DELETE", Path: lost.Path, Token: operator})
}

// I05, B30: one sign-in for several organizations, joined by opening the link
// and typing the password one has.
func TestI05_OnePersonInSeveralOrganizations(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha, beta := w.Customer("alpha"), w.Customer("beta")
		const shared = "shared@person.example"
		_, session := w.Join(alpha, shared, "user")
		w.Invite(beta, shared, "superuser")

		me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: session})
		if me.Text("memberships/1/status") != "invited" {
			t.Errorf("before accepting: %s", me.Raw)
		}
		w.Want(http.StatusNotFound, Request{Method: "GET", Path: beta.Path(""), Token: session})
		token := w.Link(shared)
		if a := w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations/check", Body: Object{"token": token}}); a.Text("hasPassword") != "true" {
			t.Errorf("check: %s", a.Raw)
		}
		complete := Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": token, "password": "not my password"}}
		if a := w.Want(http.StatusUnprocessableEntity, complete); a.Code() != "password-wrong" {
			t.Errorf("somebody else's guess: %s", a.Raw)
		}
		complete.Body = Object{"token": token, "password": Password}
		w.Want(http.StatusOK, complete)
		w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path(""), Token: session})

		// B30: removed here, the account and its other organization stay.
		users := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token})
		for _, u := range users.Items() {
			if u.(Object)["email"] == shared {
				w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: alpha.Path("/users/" + u.(Object)["id"].(string)), Token: alpha.Token})
			}
		}
		w.Want(http.StatusNotFound, Request{Method: "GET", Path: alpha.Path(""), Token: session})
		w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path(""), Token: session})
		w.SignIn(shared, Password)
	})
}

func TestUserListPagesInNordicOrder(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		for i, name := range []string{"Öberg", "Zander", "Åberg", "adams", "Ärlig", "Berg"} {
			w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
				"givenName": "N", "familyName": name, "email": "n" + string(rune('a'+i)) + "@alpha.example", "roles": []string{"user"},
			}})
		}
		var names []string
		path := alpha.Path("/users?limit=3")
		for pages := 1; ; pages++ {
			a := w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: alpha.Token})
			for _, item := range a.Items() {
				names = append(names, item.(Object)["familyName"].(string))
			}
			next := a.Text("next")
			if next == "" {
				if pages != 3 {
					t.Errorf("%d pages", pages)
				}
				break
			}
			path = alpha.Path("/users?limit=3&cursor=" + next)
		}
		if got := strings.Join(names, " "); got != "adams Admin Berg Zander Åberg Ärlig Öberg" {
			t.Errorf("order: %s", got)
		}
	})
}

func TestProfile(t *testing.T) {
	t.Parallel()
	a := New(t).Want(http.StatusOK, Request{Method: "GET", Path: "/v1/profile"})
	if a.Text("key") != "rental" || a.Text("languages/0") != "fi" || a.Text("roles/0/key") != "administrator" || a.Text("roles/0/name/sv") == "" {
		t.Errorf("profile: %s", a.Raw)
	}
}

package apitest

import (
	"net/http"
	"testing"
)

// A company administers its own people, with nobody of the operator's in the loop.
func TestA11_A12_A13_A14_A15_TheCompanyAdministersItself(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	u := w.Invite(c, "u@alpha.example", "user") // A11, A12
	etag := func() []Header {
		return []Header{{"If-Match", w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: c.Token}).Header.Get("ETag")}}
	}
	a := w.Want(http.StatusOK, Request{
		Method: "PATCH", Path: u.Path, Token: c.Token, Headers: etag(), Body: Object{"givenName": "Una", "roles": []string{"superuser"}},
	})
	if a.Text("givenName") != "Una" || a.Text("roles/0") != "superuser" {
		t.Errorf("A12, A13: %s", a.Raw)
	}
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: c.Token}) // A14
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: u.Path, Token: c.Token})
	// A15: the operator helps with lost links, and gives nobody anything.
	operator := w.Operator()
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "POST", Path: c.Path("/users"), Token: operator, Body: Object{
		"givenName": "N", "familyName": "N", "email": "n@alpha.example", "roles": []string{"user"},
	}})
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "DELETE", Path: c.Path("/users/" + c.AdminID), Token: operator})
}

// The number of a human being is no company's.
func TestA01_PrivatePeopleAreNoCustomers(t *testing.T) {
	t.Parallel()
	w := New(t)
	for country, id := range map[string]string{"SE": "850709-9805", "FI": "131052-308T", "NO": "13097248022"} {
		a := w.Fails(http.StatusBadRequest, "invalid", Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: Object{
			"name": "N N", "country": country, "businessId": id, "administrator": Object{"givenName": "N", "familyName": "N", "email": "n@n.example"},
		}})
		if a.Text("errors/0/code") != "business-id-invalid" {
			t.Errorf("%s: %s", country, a.Raw)
		}
	}
}

func TestA05_ForgottenPassword(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	u, session := w.Join(c, "u@alpha.example", "user")
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
	const fresh = "quite another battery"
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": w.Link(u.Email), "password": fresh}})
	w.SignIn(u.Email, fresh)
	w.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": u.Email, "password": Password}})
	w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: session})
}

// What links two organizations is an address, so nothing follows from it before
// whoever has the mailbox has said so.
func TestI06_TheAddressIsProvenBeforeItLinks(t *testing.T) {
	t.Parallel()
	w := With(t, "public-sector")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	w.Enter(w.InviteWith(alpha, "eva@alpha.example", Object{"roles": []string{"orderer"}}))
	w.InviteWith(beta, "eva@alpha.example", Object{"roles": []string{"administrator"}})
	token := w.SignIn("eva@alpha.example", Password)
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: beta.Path(""), Token: token})
	w.Activate("eva@alpha.example", Password)
	w.Want(http.StatusOK, Request{Method: "GET", Path: beta.Path(""), Token: token})
}

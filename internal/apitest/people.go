package apitest

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/mail/filemail"
)

// Password is what people in tests choose.
const Password = "correct horse battery"

// Dispatch sends what is in the outbox, to its end.
func (w *World) Dispatch() {
	w.T.Helper()
	// The first round can turn a request into a mail, which the second sends.
	for range 2 {
		if _, err := w.App.Run(context.Background(), "mail-dispatch", nil); err != nil {
			w.T.Fatal(err)
		}
	}
}

// Mails are those to an address, the newest first, sent up to now.
func (w *World) Mails(to string) []filemail.Stored {
	w.T.Helper()
	w.Dispatch()
	var out []filemail.Stored
	for _, m := range w.Mailbox.Messages() {
		if string(m.To) == to {
			out = append(out, m)
		}
	}
	return out
}

// Link is the token in the newest mail to an address.
func (w *World) Link(to string) string {
	w.T.Helper()
	mails := w.Mails(to)
	if len(mails) == 0 || len(mails[0].Links) != 1 {
		w.T.Fatalf("no mail with a link to %s", to)
	}
	_, token, ok := strings.Cut(mails[0].Links[0], "#token=")
	if !ok {
		w.T.Fatalf("no token in the link to %s", to)
	}
	return token
}

// SignIn opens a session and returns its token.
func (w *World) SignIn(email, password string) string {
	w.T.Helper()
	return w.Want(http.StatusCreated, Request{
		Method: "POST", Path: "/v1/sessions", Body: Object{"email": email, "password": password},
	}).Text("token")
}

// Activate opens an account by the newest mail.
func (w *World) Activate(email, password string) {
	w.T.Helper()
	w.Want(http.StatusOK, Request{
		Method: "POST", Path: "/v1/activations", Body: Object{"token": w.Link(email), "password": password},
	})
}

// Operator activates the operator's administrator if need be, and signs in.
func (w *World) Operator() string {
	w.T.Helper()
	if a := w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": OperatorEmail, "password": Password}}); a.Status == http.StatusCreated {
		return a.Text("token")
	}
	w.Activate(OperatorEmail, Password)
	return w.SignIn(OperatorEmail, Password)
}

// Customer is an organization with a signed-in administrator.
type Customer struct {
	ID         string // of the organization
	AdminID    string
	AdminEmail string
	Token      string // of the administrator's session
}

// Path is a path below the organization.
func (c Customer) Path(rest string) string { return "/v1/organizations/" + c.ID + rest }

// BusinessIDs are those of the customers that worlds have: Finnish ones that are valid.
var BusinessIDs = map[string]string{"alpha": "2077474-0", "beta": "0112038-9", "gamma": "0116297-6", "delta": "0100130-4"}

// Customer makes the customer "alpha", "beta", "gamma" or "delta"; its administrator is admin@<name>.example.
func (w *World) Customer(name string) Customer {
	w.T.Helper()
	c := Customer{AdminEmail: "admin@" + name + ".example"}
	administrator := Object{"givenName": "Aada", "familyName": "Admin", "email": c.AdminEmail}
	if w.Profile.Policies.Subscription {
		administrator["subscription"] = "+47900" + name
	}
	a := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: Object{
		"name": strings.ToUpper(name[:1]) + name[1:] + " Oy", "country": "FI", "businessId": BusinessIDs[name],
		"administrator": w.Coded(administrator),
	}})
	c.ID, c.AdminID = a.Text("id"), a.Text("administrator/id")
	w.Activate(c.AdminEmail, Password)
	c.Token = w.SignIn(c.AdminEmail, Password)
	return c
}

// User is a user of a customer.
type User struct {
	ID, Email, Path string
}

// Invite makes a user with a role.
func (w *World) Invite(c Customer, email, role string) User {
	w.T.Helper()
	return w.InviteWith(c, email, Object{"roles": []string{role}})
}

// Person is what has to be said of whoever is made a user, beside what they are given.
func (w *World) Person(email string) Object {
	return w.Coded(Object{"givenName": "Ulla", "familyName": "User", "email": email})
}

// InviteWith makes a user with what is said of them beside a name.
func (w *World) InviteWith(c Customer, email string, said Object) User {
	w.T.Helper()
	body := w.Person(email)
	maps.Copy(body, said)
	a := w.Want(http.StatusCreated, Request{Method: "POST", Path: c.Path("/users"), Token: c.Token, Body: body})
	return User{ID: a.Text("id"), Email: email, Path: c.Path("/users/" + a.Text("id"))}
}

// Enter activates an invited user and signs them in.
func (w *World) Enter(u User) (token string) {
	w.T.Helper()
	w.Activate(u.Email, Password)
	return w.SignIn(u.Email, Password)
}

// Resource makes a resource, as the operator, in another one if parent is not empty.
func (w *World) Resource(c Customer, of, parent, name string, features ...string) (id string) {
	w.T.Helper()
	body := Object{"type": of, "name": name}
	if parent != "" {
		body["parent"] = parent
	}
	if len(features) > 0 {
		body["features"] = features
	}
	return w.Want(http.StatusCreated, Request{Method: "POST", Path: c.Path("/resources"), Token: w.Operator(), Body: body}).Text("id")
}

// Scope is a place in an assignment.
func Scope(of, id string) Object {
	if id == "" {
		return Object{"type": of}
	}
	return Object{"type": of, "id": id}
}

// Assignment gives roles and rights, those without a name being none, in scopes.
func Assignment(roles, rights []string, scopes ...Object) Object {
	a := Object{"scopes": scopes}
	if len(roles) > 0 {
		a["roles"] = roles
	}
	if len(rights) > 0 {
		a["rights"] = rights
	}
	return a
}

// Assign gives a user these assignments in the place of all they had.
func (w *World) Assign(c Customer, u User, assignments ...Object) {
	w.T.Helper()
	path := u.Path + "/assignments"
	etag := w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: c.Token}).Header.Get("ETag")
	w.Want(http.StatusOK, Request{
		Method: "PUT", Path: path, Token: c.Token, Headers: []Header{{"If-Match", etag}}, Body: Object{"assignments": append([]Object{}, assignments...)},
	})
}

// Mandate lets an organization act for a customer. An empty to is open.
func (w *World) Mandate(principal Customer, agent, of string, rights []string, to string) (id string) {
	w.T.Helper()
	body := Object{"agent": Object{"country": "FI", "businessId": BusinessIDs[agent]}, "type": of, "rights": rights}
	if to != "" {
		body["to"] = to
	}
	return w.Want(http.StatusCreated, Request{Method: "POST", Path: principal.Path("/mandates"), Token: principal.Token, Body: body}).Text("id")
}

// Service makes a service client and returns its credential.
func (w *World) Service(scopes ...string) (token string) {
	w.T.Helper()
	return w.Want(http.StatusCreated, Request{
		Method: "POST", Path: "/v1/services", Token: w.Operator(), Body: Object{"name": "Orders", "scopes": scopes},
	}).Text("token")
}

// Evaluate asks, as a service client, whether a user may use a right in an
// organization, on a resource of a type if resource is not empty. from is the
// organization that the user acts from.
func (w *World) Evaluate(service string, u User, from, where Customer, right, of, resource string) (allowed bool) {
	w.T.Helper()
	on := Object{"type": "organization", "id": where.ID}
	if resource != "" {
		on = Object{"type": of, "id": resource, "properties": Object{"organization": where.ID}}
	}
	allowed, _ = w.Want(http.StatusOK, Request{Method: "POST", Path: "/access/v1/evaluation", Token: service, Body: Object{
		"subject": Object{"type": "user", "id": u.ID, "properties": Object{"organization": from.ID}},
		"action":  Object{"name": right}, "resource": on,
	}}).Body["decision"].(bool)
	return allowed
}

// Join makes a user with a role, who activates and signs in.
func (w *World) Join(c Customer, email, role string) (User, string) {
	w.T.Helper()
	u := w.Invite(c, email, role)
	w.Activate(email, Password)
	return u, w.SignIn(email, Password)
}

// JoinWith is Join for a plain user with a validity.
func (w *World) JoinWith(c Customer, email string, validity Object) User {
	w.T.Helper()
	said := Object{"roles": []string{"user"}}
	if validity != nil {
		said["validity"] = validity
	}
	u := w.InviteWith(c, email, said)
	w.Activate(email, Password)
	return u
}

// Lock locks a user.
func (w *World) Lock(c Customer, email string) {
	w.T.Helper()
	w.setValidity(c, email, Object{"type": "locked", "reason": "test"})
}

// Expire ends a user's term yesterday.
func (w *World) Expire(c Customer, email string) {
	w.T.Helper()
	yesterday := w.Now().AddDate(0, 0, -1).Format(time.DateOnly)
	w.setValidity(c, email, Object{"type": "fixedTerm", "from": "2026-01-01", "to": yesterday})
}

// setValidity says when a user is let in, as the customer's administrator, who
// signs in anew if their session is over by the world's time.
func (w *World) setValidity(c Customer, email string, validity Object) {
	w.T.Helper()
	list := Request{Method: "GET", Path: c.Path("/users?limit=200"), Token: c.Token}
	users := w.Send(list)
	if users.Status == http.StatusUnauthorized {
		list.Token = w.SignIn(c.AdminEmail, Password)
		users = w.Want(http.StatusOK, list)
	}
	for _, u := range users.Items() {
		if u := u.(Object); u["email"] == email {
			w.Want(http.StatusOK, w.Edit("PUT", c.Path("/users/"+u["id"].(string)), "/validity", list.Token, validity))
			return
		}
	}
	w.T.Fatalf("%s is no user: %s", email, users.Raw)
}

// Edit is a request to change a user, or something of theirs, as they are now.
func (w *World) Edit(method, user, rest, token string, body Object) Request {
	w.T.Helper()
	etag := w.Want(http.StatusOK, Request{Method: "GET", Path: user, Token: token}).Header.Get("ETag")
	return Request{Method: method, Path: user + rest, Token: token, Headers: []Header{{"If-Match", etag}}, Body: body}
}

// NthLink is the token in the nth newest mail of a kind to an address, from 0.
func (w *World) NthLink(to, kind string, n int) string {
	w.T.Helper()
	for _, m := range w.Mails(to) {
		if string(m.Kind) != kind {
			continue
		}
		if n == 0 {
			_, token, _ := strings.Cut(m.Links[0], "#token=")
			return token
		}
		n--
	}
	w.T.Fatalf("not that many mails %s to %s", kind, to)
	return ""
}

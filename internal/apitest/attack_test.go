package apitest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Two who become administrators by one change, and two who cease to be: the one
// change writes of both, and takes the last of them from nobody.
func TestXC9_SeatsThatChangeTogether(t *testing.T) {
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := On(t, open(t), Options{Profile: "public-sector"})
			alpha := w.Customer("alpha")
			area := w.Resource(alpha, "agent-assignment", "", "North")
			// Without a role that signs in, the right to edit users makes nobody an administrator.
			right := Assignment(nil, []string{"users:edit", "users:see", "resources:see", "resources:share", "application:handle"}, Scope("organization", ""))
			var users []User
			var in, out []Object
			for _, name := range []string{"one", "two"} {
				u := w.InviteWith(alpha, name+"@alpha.example", Object{"roles": []string{"attestant"}, "assignments": []Object{right}})
				users = append(users, u)
				in, out = append(in, Object{"id": u.ID, "roles": []string{"agent-handler"}}), append(out, Object{"id": u.ID})
			}
			w.Want(http.StatusOK, w.share(alpha, area, alpha.Token, in...))
			w.Want(http.StatusOK, w.share(alpha, area, alpha.Token, out...))
			w.Want(http.StatusOK, w.share(alpha, area, alpha.Token, in...))

			token := w.Enter(users[0])
			w.Enter(users[1])
			// They administer, and could make nobody another administrator.
			w.Fails(http.StatusConflict, "last-administrator", Request{
				Method: "DELETE", Path: alpha.Path("/users/" + alpha.AdminID + "/assignments"), Token: alpha.Token,
			})
			w.Want(http.StatusOK, w.share(alpha, area, token, out...))
		})
	}
}

// Who can administer is not yet who can make another administrator.
func TestXC9_TheLastWhoCanGiveEveryRoleStays(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	beta := w.Customer("beta")
	controller := w.InviteWith(beta, "controller@beta.example", Object{"roles": []string{"access-rights-controller"}})
	token := w.Enter(controller)
	path := beta.Path("/users/" + beta.AdminID)
	etag := Header{"If-Match", w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: beta.Token}).Header.Get("ETag")}
	w.Fails(http.StatusConflict, "last-administrator", Request{
		Method: "PATCH", Path: path, Token: beta.Token, Headers: []Header{etag}, Body: Object{"roles": []string{"user"}},
	})
	// The lower neither renames the higher nor has their password reset.
	w.Fails(http.StatusUnprocessableEntity, "role-not-yours-to-give", Request{
		Method: "PATCH", Path: path, Token: token, Headers: []Header{etag}, Body: Object{"phone": "+358401234567"},
	})
	w.Fails(http.StatusUnprocessableEntity, "role-not-yours-to-give", Request{Method: "POST", Path: path + "/password-reset", Token: token})
	// With another main user it is as it should be.
	w.Enter(w.InviteWith(beta, "second@beta.example", Object{"roles": []string{"main-user"}}))
	w.Want(http.StatusOK, Request{Method: "PATCH", Path: path, Token: beta.Token, Headers: []Header{etag}, Body: Object{"roles": []string{"user"}}})
}

// Another calendar would give days to those whom their term binds.
func TestXC13_TheZoneIsTheOperatorsToChange(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	patch := func(token, zone string) Request {
		etag := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path(""), Token: token}).Header.Get("ETag")
		return Request{Method: "PATCH", Path: alpha.Path(""), Token: token, Headers: []Header{{"If-Match", etag}}, Body: Object{"timeZone": zone}}
	}
	w.Fails(http.StatusForbidden, "operator-only", patch(alpha.Token, "Pacific/Honolulu"))
	for _, zone := range []string{"posixrules", "right/Europe/Helsinki", "Local", "../etc/passwd", "EST"} {
		w.Fails(http.StatusBadRequest, "invalid", patch(w.Operator(), zone))
	}
	w.Want(http.StatusOK, patch(w.Operator(), "Europe/Stockholm"))
}

// What does not fit an item or a transaction is refused, and is no fault of ours;
// and who was given as much as fits can still be locked and removed.
func TestNobodyGrowsBeyondTheirItem(t *testing.T) {
	t.Parallel()
	w := With(t, "construction")
	alpha := w.Customer("alpha")
	long := strings.Repeat("\U0001D538", 200) // characters of four bytes
	u := w.InviteWith(alpha, "user@alpha.example", Object{"roles": []string{"report-reader"}, "defaultTask": long})
	var projects []Object
	for i := range 320 {
		a := w.Want(http.StatusCreated, Request{Method: "POST", Path: alpha.Path("/resources"), Token: alpha.Token, Body: Object{"type": "project", "name": fmt.Sprint("P", i)}})
		projects = append(projects, Scope("project", a.Text("id")))
	}
	give := func(scopes []Object) (outcome []string) {
		return outcomes(w.Want(http.StatusOK, w.bulk(alpha, "add", []User{u}, Object{"roles": []string{"project-member"}, "scopes": scopes})))
	}
	for part := range slices.Chunk(projects, domain.MaxPlaces) {
		give(part)
	}
	some, last := 0, []string(nil)
	for given := []string{"done"}; slices.Equal(given, []string{"done"}); some++ { // to the last that fits
		given = give(projects[len(projects)-1-some:][:1])
		last = given
	}
	if some < 2 || !slices.Equal(last, []string{"refused too-much"}) {
		t.Fatalf("after %d more: %q", some, last)
	}
	r := w.Edit("PATCH", u.Path, "", alpha.Token, Object{"givenName": "Uuno"})
	r.Headers = append(r.Headers, Header{"Idempotency-Key", "once"}) // the answer is kept, too
	w.Want(http.StatusOK, r)
	w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/validity", alpha.Token, Object{"type": "locked", "reason": long}))
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: alpha.Token})

	var many []Object
	var scopes []domain.Scope
	for range domain.MaxScopes - 1 {
		scopes = append(scopes, domain.Scope{Type: "project", ID: string(domain.NewResourceID(w.Now()))})
	}
	for i := range 16 {
		u := w.Invite(alpha, fmt.Sprintf("u%d@alpha.example", i), "report-reader")
		w.PastAPI(alpha, u, func(m *domain.Membership) {
			m.Assignments = []domain.Assignment{domain.Assignment{ID: domain.NewAssignmentID(w.Now()), Roles: []domain.RoleKey{"project-member"}, Scopes: scopes}.Sorted()}
		})
		many = append(many, Object{"id": u.ID, "roles": []string{"project-manager"}})
	}
	project := projects[0]["id"].(string)
	w.Fails(http.StatusUnprocessableEntity, "too-much", w.share(alpha, project, alpha.Token, many...))
	w.Want(http.StatusOK, w.share(alpha, project, alpha.Token, many[:8]...))
	if log := w.Log.String(); strings.Contains(log, "request failed") {
		t.Errorf("logged: %s", log)
	}
}

// Something can be taken from whoever has as many assignments as can be, although
// it splits them.
func TestTakingIsNotTooMuch(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	number := w.Resource(alpha, "customer-number", "", "1")
	one, other := w.Resource(alpha, "worksite", number, "one"), w.Resource(alpha, "worksite", number, "other")
	u := w.Invite(alpha, "user@alpha.example", "user")
	w.PastAPI(alpha, u, func(m *domain.Membership) {
		for range domain.MaxAssignments {
			m.Assignments = append(m.Assignments, domain.Assignment{
				ID: domain.NewAssignmentID(w.Now()), Rights: []domain.RightKey{"equipment:list", "order"},
				Scopes: []domain.Scope{{Type: "worksite", ID: one}, {Type: "worksite", ID: other}},
			}.Sorted())
		}
	})
	a := w.Want(http.StatusOK, w.bulk(alpha, "remove", []User{u}, Object{"rights": []string{"order"}, "scopes": []Object{Scope("worksite", one)}}))
	if got := outcomes(a); !slices.Equal(got, []string{"done"}) {
		t.Errorf("taken: %q", got)
	}
	a = w.Want(http.StatusOK, w.bulk(alpha, "add", []User{u}, Object{"rights": []string{"equipment:pickup"}, "scopes": []Object{Scope("worksite", one)}}))
	if got := outcomes(a); !slices.Equal(got, []string{"refused too-much"}) {
		t.Errorf("given more: %q", got)
	}
}

// Characters that Unicode has for nobody are in no text, and so in no key.
func TestNoncharactersAreRefused(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	for _, c := range []string{"\U0010FFFF", "\uFFFE", "\uFDD0"} {
		for _, member := range []string{"name", "reference"} {
			body := Object{"type": "customer-number", "name": "N"}
			body[member] = "N" + c
			a := w.Fails(http.StatusBadRequest, "invalid", Request{Method: "POST", Path: alpha.Path("/resources"), Token: w.Operator(), Body: body})
			if a.Text("errors/0/code") != "value-invalid" || a.Text("errors/0/pointer") != "/"+member {
				t.Errorf("%s %+q: %s", member, c, a.Raw)
			}
		}
	}
}

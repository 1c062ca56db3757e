package apitest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
)

// yard is a customer of the rental company: two customer numbers with worksites,
// two of which use access control.
type yard struct {
	*World
	t                       *testing.T
	alpha                   Customer
	service                 string
	one, two                string // customer numbers
	harbour, airport, depot string // worksites: in one with access control, in one without, in two with
}

func openYard(t *testing.T, w *World) *yard {
	t.Helper()
	y := &yard{World: w, t: t, alpha: w.Customer("alpha"), service: w.Service("evaluate")}
	y.one, y.two = w.Resource(y.alpha, "customer-number", "", "1001"), w.Resource(y.alpha, "customer-number", "", "1002")
	y.harbour = w.Resource(y.alpha, "worksite", y.one, "Harbour", "access-control")
	y.airport = w.Resource(y.alpha, "worksite", y.one, "Airport")
	y.depot = w.Resource(y.alpha, "worksite", y.two, "Depot", "access-control")
	return y
}

// siteRights are those that there are on a worksite.
var siteRights = []string{
	"order", "equipment:list", "equipment:maintain", "equipment:pickup", "equipment:return-date", "equipment:comment", "access-control",
}

// superuserRights are the rights on a site without access control.
func superuserRights() []string {
	return slices.DeleteFunc(slices.Clone(siteRights), func(r string) bool { return r == "access-control" })
}

// may demands that of the rights on a worksite the user may use just these.
func (y *yard) may(u User, site string, want ...string) {
	y.t.Helper()
	var got []string
	for _, right := range siteRights {
		if y.Evaluate(y.service, u, y.alpha, y.alpha, right, "worksite", site) {
			got = append(got, right)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		y.t.Errorf("%s on %s (-want +got):\n%s", u.Email, site, diff)
	}
}

func (y *yard) admin() User { return User{ID: y.alpha.AdminID, Email: y.alpha.AdminEmail} }

// join makes a user with what is said, who signs in.
func (y *yard) join(name string, said Object) (User, string) {
	y.t.Helper()
	u := y.InviteWith(y.alpha, name+"@alpha.example", said)
	return u, y.Enter(u)
}

// managesSites makes a worksite in a customer number, changes it, and changes its users.
func (y *yard) managesSites(session, number string) (site string) {
	y.t.Helper()
	a := y.Want(http.StatusCreated, Request{Method: "POST", Path: y.alpha.Path("/resources"), Token: session, Body: Object{
		"type": "worksite", "parent": number, "name": "Made", "reference": "made in " + number,
	}})
	site = a.Text("id")
	if a = y.Want(http.StatusOK, y.change(y.alpha, site, session, Object{"name": "Made anew"})); a.Text("name") != "Made anew" {
		y.t.Errorf("changed: %s", a.Raw)
	}
	u := y.Invite(y.alpha, "worker-"+site+"@alpha.example", "user")
	for _, rights := range [][]string{{"order", "equipment:list"}, {"equipment:list"}, nil} {
		y.Want(http.StatusOK, y.share(y.alpha, site, session, Object{"id": u.ID, "rights": append([]string{}, rights...)}))
		held := onResource(y.Want(http.StatusOK, Request{Method: "GET", Path: y.alpha.resource(site) + "/users", Token: session}).Items())
		if has := slices.ContainsFunc(held, func(line string) bool { return strings.Contains(line, "equipment:list") }); has != (rights != nil) {
			y.t.Errorf("given %v: %q", rights, held)
		}
	}
	return site
}

func TestA16_TheAdministratorHasEveryFunctionAndView(t *testing.T) {
	t.Parallel()
	y := openYard(t, New(t))
	for _, right := range domain.AdministrativeRights {
		if y.Profile.Sensitive(right) {
			continue // what is sensitive there is not, in this portal
		}
		if !y.Evaluate(y.service, y.admin(), y.alpha, y.alpha, string(right), "", "") {
			t.Errorf("not %s", right)
		}
	}
	y.may(y.admin(), y.harbour, siteRights...)
	y.may(y.admin(), y.depot, siteRights...)
	tried := 0
	for _, e := range api.Endpoints() {
		if e.Access.Right == "" || e.Access.Right == domain.RightOperate || y.Profile.Sensitive(e.Access.Right) {
			continue
		}
		u := y.Invite(y.alpha, e.ID+"@alpha.example", "user")
		a := y.Send(request(t, e, y.alpha.ID, u.ID, y.alpha.Token).at(y.airport))
		if a.Status == http.StatusUnauthorized || a.Code() == "forbidden" {
			t.Errorf("%s: %d %s", e.ID, a.Status, a.Raw)
		}
		tried++
	}
	if tried < 15 {
		t.Errorf("only %d endpoints were tried", tried)
	}
}

func TestA17_TheAdministratorManagesWorksites(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		y := openYard(t, w)
		y.managesSites(y.alpha.Token, y.one)
		y.managesSites(y.alpha.Token, y.two)
	})
}

// released is the portal after a release, on the same table: with a right more
// on worksites, one on the company, and one that is never part of all.
func (y *yard) released() *yard {
	later := *y
	later.World = On(y.t, y.Base, Options{Alter: func(p *domain.Profile) {
		p.Rights = append(p.Rights,
			domain.RightInfo{Key: "telematics", On: "worksite"}, domain.RightInfo{Key: "carbon-report"},
			domain.RightInfo{Key: "id-numbers", Sensitive: true})
	}})
	later.SetNow(y.Now())
	return &later
}

func TestA18_WhatIsReleasedLaterIsTheAdministrators(t *testing.T) {
	t.Parallel()
	y := openYard(t, New(t))
	super, _ := y.join("super", Object{"roles": []string{"superuser"}})
	later := y.released()
	site := later.Resource(later.alpha, "worksite", later.two, "Made later", "access-control")
	for _, c := range []struct {
		right, of, id string
		admin         bool
	}{
		{"telematics", "worksite", y.harbour, true},
		{"telematics", "worksite", site, true},
		{"carbon-report", "", "", true},
		{"id-numbers", "", "", false},
	} {
		if got := later.Evaluate(y.service, y.admin(), y.alpha, y.alpha, c.right, c.of, c.id); got != c.admin {
			t.Errorf("the administrator, %s on %s: %v", c.right, c.id, got)
		}
		if later.Evaluate(y.service, super, y.alpha, y.alpha, c.right, c.of, c.id) {
			t.Errorf("the superuser, whose role lists its rights, has %s", c.right)
		}
		if y.Evaluate(y.service, y.admin(), y.alpha, y.alpha, c.right, c.of, c.id) {
			t.Errorf("%s before the release", c.right)
		}
	}
	later.may(y.admin(), site, siteRights...)
}

func TestA20_A21_TheSuperuserReachesEveryWorksite(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		y := openYard(t, w)
		super, session := y.join("super", Object{"roles": []string{"superuser"}})
		y.finds(y.alpha, session, "type=worksite", "Airport", "Depot", "Harbour")
		later := y.Resource(y.alpha, "worksite", y.two, "Made later", "access-control")
		y.finds(y.alpha, session, "type=worksite", "Airport", "Depot", "Harbour", "Made later")
		for _, site := range []string{y.harbour, y.airport, y.depot, later} {
			y.may(super, site, superuserRights()...)
			y.Want(http.StatusOK, Request{Method: "GET", Path: y.alpha.resource(site), Token: session})
		}
	})
}

func TestA22_TheSuperuserManagesWorksites(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		y := openYard(t, w)
		_, session := y.join("super", Object{"roles": []string{"superuser"}})
		y.managesSites(session, y.one)
		y.managesSites(session, y.two)
	})
}

func TestA23_A24_TheSuperuserIsBoundToTheChosenCustomerNumbers(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		y := openYard(t, w)
		three := y.Resource(y.alpha, "customer-number", "", "1003")
		super, session := y.join("super", Object{"assignments": []Object{
			Assignment([]string{"superuser"}, nil, Scope("customer-number", y.one), Scope("customer-number", three)),
		}})
		made := y.managesSites(session, y.one)
		y.managesSites(session, three)
		y.may(super, made, superuserRights()...)
		y.may(super, y.harbour, superuserRights()...)
		y.may(super, y.depot)
		later := y.Resource(y.alpha, "worksite", three, "Made later")
		y.may(super, later, superuserRights()...)
		y.finds(y.alpha, session, "type=customer-number", "1001", "1003")
		y.finds(y.alpha, session, "type=worksite", "Airport", "Harbour", "Made anew", "Made anew", "Made later")

		// Elsewhere there is nothing, to look at or to change.
		victim, _ := y.join("victim", Object{"roles": []string{"user"}, "assignments": []Object{Assignment(nil, []string{"order"}, Scope("worksite", y.depot))}})
		for _, id := range []string{y.two, y.depot} {
			for _, r := range []Request{
				{Method: "GET", Path: y.alpha.resource(id)},
				{Method: "PATCH", Path: y.alpha.resource(id), Body: Object{"name": "Taken"}, Headers: []Header{{"If-Match", `"1"`}}},
				{Method: "DELETE", Path: y.alpha.resource(id) + "?confirm=true"},
				{Method: "GET", Path: y.alpha.resource(id) + "/users"},
				{Method: "PATCH", Path: y.alpha.resource(id) + "/users", Body: Object{"users": []Object{{"id": victim.ID}}}},
				{Method: "POST", Path: y.alpha.Path("/resources"), Body: Object{"type": "worksite", "parent": id, "name": "N"}},
			} {
				r.Token = session
				y.Fails(http.StatusNotFound, "not-found", r)
			}
		}
		// Nor is a worksite without a customer number theirs to make, nor a number.
		y.Fails(http.StatusForbidden, "forbidden", Request{Method: "POST", Path: y.alpha.Path("/resources"), Token: session, Body: Object{"type": "worksite", "name": "N"}})
		y.Fails(http.StatusForbidden, "operator-only", y.change(y.alpha, y.one, session, Object{"name": "N"}))
		y.may(victim, y.depot, "order")

		// Another choice holds at once.
		y.Assign(y.alpha, super, Assignment([]string{"superuser"}, nil, Scope("customer-number", y.two)))
		y.may(super, y.harbour)
		y.may(super, y.depot, superuserRights()...)
		y.finds(y.alpha, session, "type=worksite", "Depot")
	})
}

func TestA25_TheSuperuserDoesNotEnterUserManagement(t *testing.T) {
	t.Parallel()
	y := openYard(t, New(t))
	_, wide := y.join("wide", Object{"roles": []string{"superuser"}})
	_, narrow := y.join("narrow", Object{"assignments": []Object{Assignment([]string{"superuser"}, nil, Scope("customer-number", y.one))}})
	victim := y.Invite(y.alpha, "victim@alpha.example", "user")
	before := y.Dump()
	tried := 0
	for _, e := range api.Endpoints() {
		switch e.Access.Right {
		case domain.RightSeeUsers, domain.RightEditUsers, domain.RightSendActivation:
		default:
			continue
		}
		tried++
		for _, session := range []string{wide, narrow} {
			y.Fails(http.StatusForbidden, "forbidden", request(t, e, y.alpha.ID, victim.ID, session))
		}
	}
	if tried < 7 {
		t.Errorf("only %d endpoints were tried", tried)
	}
	if after := y.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

func TestA26_TheUserSeesOnlyTheWorksitesWithARight(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		y := openYard(t, w)
		u, session := y.join("user", Object{"assignments": []Object{Assignment([]string{"user"}, []string{"order"}, Scope("worksite", y.harbour))}})
		y.finds(y.alpha, session, "type=worksite", "Harbour")
		y.finds(y.alpha, session, "type=customer-number")
		y.Want(http.StatusOK, Request{Method: "GET", Path: y.alpha.resource(y.harbour), Token: session})
		y.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: y.alpha.resource(y.airport), Token: session})
		y.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: y.alpha.resource(y.one), Token: session})
		// One more, and none any more: at the next request.
		y.Want(http.StatusOK, y.share(y.alpha, y.depot, y.alpha.Token, Object{"id": u.ID, "rights": []string{"equipment:list"}}))
		y.finds(y.alpha, session, "type=worksite", "Depot", "Harbour")
		y.Want(http.StatusOK, y.share(y.alpha, y.harbour, y.alpha.Token, Object{"id": u.ID}))
		y.finds(y.alpha, session, "type=worksite", "Depot")
		// To see a worksite is not to change it.
		y.Fails(http.StatusForbidden, "forbidden", y.change(y.alpha, y.depot, session, Object{"name": "N"}))
		y.Fails(http.StatusForbidden, "forbidden", Request{Method: "GET", Path: y.alpha.resource(y.depot) + "/users", Token: session})
		// A role on a worksite that gives nothing there shows nothing.
		y.Want(http.StatusOK, y.share(y.alpha, y.depot, y.alpha.Token, Object{"id": u.ID, "roles": []string{"user"}}))
		y.finds(y.alpha, session, "type=worksite")
	})
}

func TestA27_RightsArePerWorksiteAndTheirCatalogueGrows(t *testing.T) {
	t.Parallel()
	y := openYard(t, New(t))
	u, session := y.join("user", Object{"roles": []string{"user"}, "assignments": []Object{
		Assignment(nil, []string{"order"}, Scope("worksite", y.harbour)),
		Assignment(nil, []string{"equipment:list", "equipment:comment"}, Scope("worksite", y.depot)),
	}})
	y.may(u, y.harbour, "order")
	y.may(u, y.depot, "equipment:list", "equipment:comment")
	y.may(u, y.airport)

	give := Object{"id": u.ID, "rights": []string{"telematics"}}
	y.Fails(http.StatusBadRequest, "invalid", y.share(y.alpha, y.airport, y.alpha.Token, give))
	later := y.released()
	later.Want(http.StatusOK, later.share(y.alpha, y.airport, y.alpha.Token, give))
	for site, want := range map[string]bool{y.airport: true, y.harbour: false} {
		if got := later.Evaluate(y.service, u, y.alpha, y.alpha, "telematics", "worksite", site); got != want {
			t.Errorf("telematics on %s: %v", site, got)
		}
	}
	later.finds(y.alpha, session, "type=worksite", "Airport", "Depot", "Harbour")
	later.may(u, y.harbour, "order")
}

func TestEachSiteRightIsOneThingOnOneSite(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		y := openYard(t, w)
		for _, c := range []struct{ id, right string }{
			{"A28 ordering", "order"},
			{"A29 equipment list", "equipment:list"},
			{"A30 maintenance", "equipment:maintain"},
			{"A31 pick-up", "equipment:pickup"},
			{"A32 return date", "equipment:return-date"},
			{"A33 comments", "equipment:comment"},
		} {
			u := y.Invite(y.alpha, strings.ToLower(strings.ReplaceAll(c.id, " ", "-"))+"@alpha.example", "user")
			y.Want(http.StatusOK, y.share(y.alpha, y.harbour, y.alpha.Token, Object{"id": u.ID, "rights": []string{c.right}}))
			y.may(u, y.harbour) // not before the account is theirs
			session := y.Enter(u)
			y.may(u, y.harbour, c.right)
			y.may(u, y.airport)
			y.finds(y.alpha, session, "type=worksite", "Harbour")
			y.Want(http.StatusOK, y.share(y.alpha, y.harbour, y.alpha.Token, Object{"id": u.ID}))
			y.may(u, y.harbour)
			y.finds(y.alpha, session, "type=worksite")
		}
	})
}

func TestA34_AccessControlIsThereWhereTheSiteUsesIt(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		y := openYard(t, w)
		u, session := y.join("user", Object{"roles": []string{"user"}, "assignments": []Object{
			Assignment(nil, []string{"access-control"}, Scope("worksite", y.harbour), Scope("worksite", y.airport)),
		}})
		features := func(site string, now ...string) {
			y.Want(http.StatusOK, y.change(y.alpha, site, y.Operator(), Object{"features": append([]string{}, now...)}))
		}
		y.may(u, y.harbour, "access-control")
		y.may(u, y.airport)
		y.finds(y.alpha, session, "type=worksite", "Harbour")
		features(y.airport, "access-control")
		y.may(u, y.airport, "access-control")
		y.finds(y.alpha, session, "type=worksite", "Airport", "Harbour")
		features(y.harbour)
		y.may(u, y.harbour)
		y.may(y.admin(), y.harbour, superuserRights()...)
		y.finds(y.alpha, session, "type=worksite", "Airport")
		// Whoever uses it, without the right nobody gets there.
		other, _ := y.join("other", Object{"roles": []string{"superuser"}})
		y.may(other, y.airport, superuserRights()...)
	})
}

package apitest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/profiles"
)

// gift is one role or one right in one place: the smallest thing that can be given.
type gift struct{ role, right, of, id string }

func (g gift) scope() Object { return Scope(g.of, g.id) }

func (g gift) roles() []string {
	if g.role == "" {
		return nil
	}
	return []string{g.role}
}

func (g gift) rights() []string {
	if g.right == "" {
		return nil
	}
	return []string{g.right}
}

func (g gift) assignment() Object { return Assignment(g.roles(), g.rights(), g.scope()) }

// whole tells whether it is a role for the whole organization, which a user can
// have in two ways.
func (g gift) whole() bool { return g.role != "" && g.of == "organization" }

// handing is a portal in which somebody who may edit users has some role
// somewhere, a user has nothing, and an administrator sets the scene.
type handing struct {
	*World
	c        Customer
	places   []gift              // without a role or a right: every place that there is
	inside   map[string][]string // of a resource: itself and what it lies in
	ceiling  []string            // rights of the client's mandate
	mail     int                 // people made
	operator string              // the operator's session
	giver    string              // the session of who gives
	has      []gift              // what they have
	user     User                // to whom
	etag     string              // of the user; empty: not known
	gamma    *Customer           // another customer, once there is need of one
	outside  string              // see stranger
}

// hand makes the scene: two resources of each type, one in the other, and a
// client where the profile has mandates.
func hand(t *testing.T, profile string) *handing {
	t.Helper()
	w := With(t, profile)
	h := &handing{World: w, c: w.Customer("alpha"), operator: w.Operator(), inside: map[string][]string{}, places: []gift{{of: "organization"}}}
	made := map[string]string{}
	for _, tree := range []string{"first", "second"} {
		for _, r := range w.Profile.ResourceTypes { // parents come before what lies in them
			parent := made[tree+string(r.Parent)]
			body := Object{"type": r.Key, "name": tree}
			if parent != "" {
				body["parent"] = parent
			}
			id := w.Want(http.StatusCreated, Request{Method: "POST", Path: h.c.Path("/resources"), Token: h.operator, Body: body}).Text("id")
			made[tree+string(r.Key)] = id
			h.inside[id] = append([]string{id}, h.inside[parent]...)
			h.places = append(h.places, gift{of: string(r.Key), id: id})
		}
	}
	if len(w.Profile.Mandates) > 0 {
		client := w.Customer("beta")
		m := w.Profile.Mandates[0]
		h.ceiling = []string{string(m.Rights[0]), string(m.Rights[1])}
		w.Mandate(client, "alpha", string(m.Key), h.ceiling, "")
		h.places = append(h.places, gift{of: "clients"}, gift{of: "client", id: client.ID})
	}
	h.anew()
	return h
}

// anew is for another user to give to.
func (h *handing) anew() {
	h.T.Helper()
	h.user = h.made(nil, nil)
	h.clear()
}

// invitation is the body that makes a user with this, and with what the profile
// wants chosen, in a portal with subscriptions under a new one.
func (h *handing) invitation(roles []string, assignments []Object) Object {
	h.T.Helper()
	h.mail++
	body := h.Person(fmt.Sprintf("n%d@alpha.example", h.mail))
	body["assignments"] = append([]Object{}, assignments...)
	if len(roles) > 0 {
		body["roles"] = roles
	}
	if h.Profile.Policies.Subscription {
		id := fmt.Sprintf("+479%07d", h.mail)
		h.Want(http.StatusOK, Request{Method: "PUT", Path: h.c.Path("/subscriptions/" + id), Token: h.operator, Body: Object{"status": "active"}})
		body["subscription"] = id
	}
	return body
}

// chosen is what the profile wants chosen for a new user: a module, somewhere.
func (h *handing) chosen() []gift {
	if !slices.Contains(h.Profile.Policies.CreationRequires, domain.ChooseModules) {
		return nil
	}
	right := h.Profile.Rights[slices.IndexFunc(h.Profile.Rights, func(r domain.RightInfo) bool { return r.Module })]
	return []gift{{right: string(right.Key), of: string(right.On), id: h.first(string(right.On))}}
}

// lowest is the role of the lowest level for the whole organization.
func (h *handing) lowest() string {
	least := -1
	for i, r := range h.Profile.Roles {
		whole := slices.Contains(r.Scopes, domain.InOrganization)
		if whole && (least < 0 || r.Level < h.Profile.Roles[least].Level) {
			least = i
		}
	}
	return string(h.Profile.Roles[least].Key)
}

// other is another role for the whole organization.
func (h *handing) other(role string) string {
	if lowest := h.lowest(); lowest != role {
		return lowest
	}
	return string(h.top())
}

// beside are roles that the giver may give with a gift, since a user has some
// role; not ok: there is none.
func (h *handing) beside(g gift) (roles []string, ok bool) {
	if g.role != "" {
		return nil, true
	}
	for _, r := range h.Profile.Roles {
		if h.may(h.has, gift{role: string(r.Key), of: "organization"}) {
			return []string{string(r.Key)}, true
		}
	}
	return nil, false
}

// stranger is the address of somebody with an account at another customer, the
// same until they were taken on.
func (h *handing) stranger() string {
	h.T.Helper()
	if h.gamma == nil {
		c := h.Customer("gamma")
		h.gamma = &c
	}
	if h.outside == "" {
		h.mail++
		h.outside = fmt.Sprintf("n%d@gamma.example", h.mail)
		h.Invite(*h.gamma, h.outside, h.lowest())
		h.Activate(h.outside, Password)
	}
	return h.outside
}

// made is a user whom the administrator makes.
func (h *handing) made(roles []string, assignments []Object) User {
	h.T.Helper()
	if len(roles) == 0 {
		roles = []string{h.lowest()}
	}
	for _, g := range h.chosen() {
		assignments = append(assignments, g.assignment())
	}
	a := h.Want(http.StatusCreated, Request{Method: "POST", Path: h.c.Path("/users"), Token: h.c.Token, Body: h.invitation(roles, assignments)})
	return User{ID: a.Text("id"), Email: a.Text("email"), Path: h.c.Path("/users/" + a.Text("id"))}
}

// enter makes somebody with a role somewhere who beside that may edit users and
// say who may do what on resources, but holds nothing else to give.
func (h *handing) enter(role gift) {
	h.T.Helper()
	h.has = append([]gift{role}, h.chosen()...)
	edits := []string{"users:see", "users:edit", "resources:share"}
	for _, right := range edits {
		h.has = append(h.has, gift{right: right, of: "organization"})
	}
	var roles []string
	assignments := []Object{Assignment(nil, edits, Scope("organization", ""))}
	if role.whole() {
		roles = role.roles()
	} else {
		roles = []string{h.lowest()}
		assignments = append(assignments, role.assignment())
	}
	u := h.made(roles, assignments)
	a := h.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: h.c.Token})
	for _, r := range texts(a.Body["roles"]) { // those that the profile gives of itself, too
		h.has = append(h.has, gift{role: r, of: "organization"})
	}
	h.giver = h.Enter(u)
	h.anew()
}

// gifts are every role and every right in every place.
func (h *handing) gifts() (all []gift) {
	for _, at := range h.places {
		for _, r := range h.Profile.Roles {
			all = append(all, gift{role: string(r.Key), of: at.of, id: at.id})
		}
		for _, r := range h.Profile.EveryRight() {
			all = append(all, gift{right: string(r), of: at.of, id: at.id})
		}
	}
	return all
}

// What follows is the rule for giving in the words of docs/access.md, written
// by itself: nothing of the domain decides here.

// reaches tells whether what is held in one place is held in another.
func (h *handing) reaches(held, at gift) bool {
	switch held.of {
	case "organization":
		return at.of != "clients" && at.of != "client"
	case "clients", "client":
		return at.of == "client" || at.of == held.of
	}
	return slices.Contains(h.inside[at.id], held.id)
}

func (h *handing) role(key string) domain.Role {
	return h.Profile.Roles[slices.IndexFunc(h.Profile.Roles, func(r domain.Role) bool { return string(r.Key) == key })]
}

// info is of one of the profile's own rights; of Fullmakt's it is empty.
func (h *handing) info(right string) domain.RightInfo {
	for _, r := range h.Profile.Rights {
		if string(r.Key) == right {
			return r
		}
	}
	return domain.RightInfo{}
}

// everything tells whether somebody has a role of all rights for the whole organization.
func (h *handing) everything(has []gift) bool {
	return slices.ContainsFunc(has, func(g gift) bool { return g.whole() && h.role(g.role).All })
}

func (h *handing) holds(has []gift, right string, at gift) bool {
	sensitive := h.info(right).Sensitive || right == "national-ids:see"
	for _, g := range has {
		gives := g.right == right
		if g.role != "" {
			r := h.role(g.role)
			gives = r.All && !sensitive || slices.Contains(r.Rights, domain.RightKey(right))
		}
		if gives && h.reaches(g, at) {
			return true
		}
	}
	return h.everything(has) && !sensitive
}

// useful tells whether a right can be of any use in a place.
func (h *handing) useful(right string, at gift) bool {
	switch at.of {
	case "organization":
		return true
	case "clients":
		return slices.ContainsFunc(h.Profile.Mandates, func(m domain.MandateType) bool { return slices.Contains(m.Rights, domain.RightKey(right)) })
	case "client":
		return slices.Contains(h.ceiling, right)
	}
	on := h.info(right).On
	for on != "" && string(on) != at.of {
		on = h.Profile.ResourceTypes[slices.IndexFunc(h.Profile.ResourceTypes, func(t domain.ResourceType) bool { return t.Key == on })].Parent
	}
	return on != "" || strings.HasPrefix(right, "resources:")
}

// rule says with which code somebody who has this is refused to give that; empty:
// they may.
func (h *handing) rule(has []gift, g gift) string {
	if g.right != "" {
		switch {
		case !h.useful(g.right, g) && g.of == "client":
			return "above-mandate"
		case !h.useful(g.right, g):
			return "scope-not-fitting"
		case !h.holds(has, g.right, g):
			return "right-not-yours-to-give"
		}
		return ""
	}
	r, level := h.role(g.role), 0
	for _, held := range has {
		if held.role != "" && (held.of == "organization" || h.reaches(held, g)) {
			level = max(level, h.role(held.role).Level)
		}
	}
	if r.Level > level || r.All && !h.everything(has) {
		return "role-not-yours-to-give"
	}
	if !slices.Contains(r.Scopes, domain.ScopeType(g.of)) {
		return "scope-not-fitting"
	}
	useless, some := "", r.All || len(r.Rights) == 0
	for _, right := range r.Rights {
		switch code := h.rule(has, gift{right: string(right), of: g.of, id: g.id}); code {
		case "right-not-yours-to-give":
			return code
		case "":
			some = true
		default:
			useless = code
		}
	}
	if some {
		return ""
	}
	return useless
}

// may tells whether somebody who has this may give that.
func (h *handing) may(has []gift, g gift) bool { return h.rule(has, g) == "" }

// ways are the paths by which a user can be given something, and by which
// something can be taken, as whoever holds the token; the key begins with the
// endpoint's id. A nil request: it is no path for this. An endpoint that writes
// and is not among them says so below, or TestXC5 fails.
var waysToGive = map[string]func(h *handing, g gift, token string) *Request{
	"user-create": func(h *handing, g gift, token string) *Request {
		if !g.whole() {
			return nil
		}
		return &Request{Method: "POST", Path: h.c.Path("/users"), Token: token, Body: h.invitation(g.roles(), nil)}
	},
	"user-create with assignments": func(h *handing, g gift, token string) *Request {
		roles, ok := h.beside(g)
		if !ok {
			return nil
		}
		return &Request{Method: "POST", Path: h.c.Path("/users"), Token: token, Body: h.invitation(roles, []Object{g.assignment()})}
	},
	"partner-add": func(h *handing, g gift, token string) *Request {
		roles, ok := h.beside(g)
		if !ok || !h.Profile.Policies.Partners {
			return nil
		}
		body := Object{"email": h.stranger(), "roles": append([]string{}, roles...), "assignments": []Object{g.assignment()}}
		return &Request{Method: "POST", Path: h.c.Path("/partners"), Token: token, Body: body}
	},
	"user-update": func(h *handing, g gift, token string) *Request {
		if !g.whole() {
			return nil
		}
		return h.edit("PATCH", "", token, Object{"roles": g.roles()})
	},
	"assignment-replace": func(h *handing, g gift, token string) *Request {
		return h.edit("PUT", "/assignments", token, Object{"assignments": []Object{g.assignment()}})
	},
	"assignment-bulk": func(h *handing, g gift, token string) *Request { return h.bulk("add", g, token) },
	"resource-users-update": func(h *handing, g gift, token string) *Request {
		return h.onResource(g, token, Object{"id": h.user.ID, "roles": append([]string{}, g.roles()...), "rights": append([]string{}, g.rights()...)})
	},
	"user-restore": nil, // all gifts at once: see restores
}

var waysToTake = map[string]func(h *handing, g gift, token string) *Request{
	"user-update": func(h *handing, g gift, token string) *Request {
		if !g.whole() {
			return nil
		}
		other := h.other(g.role) // a user keeps some role
		h.Want(http.StatusOK, *h.edit("PATCH", "", h.c.Token, Object{"roles": []string{g.role, other}}))
		h.etag = ""
		return h.edit("PATCH", "", token, Object{"roles": []string{other}})
	},
	"assignment-replace": func(h *handing, g gift, token string) *Request {
		if g.whole() {
			return nil // given as a role of the user's own
		}
		return h.edit("PUT", "/assignments", token, Object{"assignments": []Object{}})
	},
	"assignment-clear": func(h *handing, _ gift, token string) *Request {
		return &Request{Method: "DELETE", Path: h.user.Path + "/assignments", Token: token}
	},
	"assignment-bulk": func(h *handing, g gift, token string) *Request { return h.bulk("remove", g, token) },
	"resource-users-update": func(h *handing, g gift, token string) *Request {
		return h.onResource(g, token, Object{"id": h.user.ID})
	},
	"user-set-validity": func(h *handing, _ gift, token string) *Request {
		return h.edit("PUT", "/validity", token, Object{"type": "locked", "reason": "matrix"})
	},
	"user-remove": func(h *handing, _ gift, token string) *Request {
		return &Request{Method: "DELETE", Path: h.user.Path, Token: token}
	},
}

// giveNothing are the other endpoints that write, and why no user's access is
// anybody's to give or take there.
var giveNothing = map[string]string{
	"session-create": "opens a session", "session-revoke": "ends an own session",
	"activation-complete":    "accepts what was given",
	"password-reset-request": "a mail", "password-reset-complete": "the person's own password",
	"me-update": "the person's own details", "me-mail": "which mails the person wants", "me-password": "the person's own password",
	"email-change-request": "mails", "email-change-complete": "the person's own address", "email-undo-complete": "the person's own address and password",
	"partner-find": "looks somebody up, and counts how often", "registry-lookup": "looks a company up, and remembers it",
	"user-resend-activation": "a mail", "user-reset-password": "a mail",
	"organization-create": "the operator's; the first administrator of a new customer", "organization-update": "the company's details",
	"organization-announce-agreement": "the operator's; mails",
	"organization-set-status":         "the operator's; opens and closes whole customers",
	"subscription-set":                "the operator's; what there is, not who has it",
	"service-create":                  "the operator's; service clients only ask", "service-revoke": "the operator's; service clients only ask",
	"resource-create": "a place with nobody on it", "resource-update": "what is known of a place",
	"resource-remove": "the place itself goes, with what holds there, and is confirmed",
	"mandate-create":  "a ceiling for the agent's people: nobody holds anything by it alone",
	"mandate-update":  "a ceiling", "mandate-revoke": "a ceiling",
	"person-export": "the operator's; tells what is known", "person-erase": "the operator's; ends everything somebody has, everywhere",
	"user-export": "the audit tells who has taken the list along", "user-import": "each row is an invitation, by the use case of user-create, which is in the table",
	"user-reveal-national-id": "the audit tells who has looked", "user-find-by-national-id": "the audit tells that somebody searched",
}

// XC5: a path by which something can be given or taken is in the table that
// the tests below go over, or nobody has thought of it yet.
func TestXC5_EveryEndpointThatWritesIsThoughtOf(t *testing.T) {
	t.Parallel()
	ways := map[string]bool{}
	for _, table := range []map[string]func(*handing, gift, string) *Request{waysToGive, waysToTake} {
		for name := range table {
			id, _, _ := strings.Cut(name, " ")
			ways[id] = true
		}
	}
	seen := map[string]bool{}
	for _, e := range api.Endpoints() {
		seen[e.ID] = true
		writes := e.Needing(endpoint.WriteItems) || e.Needing(endpoint.DeleteItems)
		if way, not := ways[e.ID], giveNothing[e.ID] != ""; writes && way == not || !writes && (way || not) {
			t.Errorf("%s: writes: %v, gives or takes: %v, said to do neither: %v", e.ID, writes, way, not)
		}
	}
	for id := range ways {
		if !seen[id] {
			t.Errorf("there is no %s", id)
		}
	}
	for id := range giveNothing {
		if !seen[id] {
			t.Errorf("there is no %s", id)
		}
	}
}

// edit is a request to change the user as they are now. What is refused changes
// nothing, so the tag is asked for only after what was not.
func (h *handing) edit(method, rest, token string, body Object) *Request {
	h.T.Helper()
	if h.etag == "" {
		h.etag = h.Want(http.StatusOK, Request{Method: "GET", Path: h.user.Path, Token: h.c.Token}).Header.Get("ETag")
	}
	return &Request{Method: method, Path: h.user.Path + rest, Token: token, Headers: []Header{{"If-Match", h.etag}}, Body: body}
}

// clear takes everything from the user.
func (h *handing) clear() {
	h.T.Helper()
	h.etag = ""
	h.Want(http.StatusNoContent, Request{Method: "DELETE", Path: h.user.Path + "/assignments", Token: h.c.Token})
}

func (h *handing) bulk(action string, g gift, token string) *Request {
	return &Request{Method: "POST", Path: h.c.Path("/assignments"), Token: token, Body: Object{
		"action": action, "users": []string{h.user.ID}, "roles": append([]string{}, g.roles()...), "rights": append([]string{}, g.rights()...), "scopes": []Object{g.scope()},
	}}
}

func (h *handing) onResource(g gift, token string, user Object) *Request {
	if h.inside[g.id] == nil {
		return nil
	}
	return &Request{Method: "PATCH", Path: h.c.Path("/resources/" + g.id + "/users"), Token: token, Body: Object{"users": []Object{user}}}
}

// refusals are what the rule says no with.
var refusals = []string{"role-not-yours-to-give", "right-not-yours-to-give", "scope-not-fitting", "above-mandate"}

// verdict is the code of a refusal, and nothing for what was done. What a
// profile wants chosen for a new user beside the gift is asked for after it.
func (h *handing) verdict(way string, a Answer) string {
	h.T.Helper()
	switch {
	case a.Text("items/0/outcome") == "refused":
		return a.Text("items/0/code")
	case a.Status < 300 || a.Code() == "choice-required":
		return ""
	case a.Status == http.StatusUnprocessableEntity && slices.Contains(refusals, a.Code()):
		return a.Code()
	}
	h.T.Fatalf("%s: %d %s", way, a.Status, a.Raw)
	return ""
}

// XC1: nobody gives more than they hold. XC5, XB10: whichever way they try. The
// whole matrix: everybody in a role of every portal, every role and right, in
// every place, by every path; and what they could not give, they cannot take.
func TestXC1_XC5_XB10_NobodyGivesOrTakesMoreThanTheyHold(t *testing.T) {
	for _, profile := range profiles.Names() {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			h := hand(t, profile)
			for _, role := range h.Profile.Roles {
				for _, at := range role.Scopes {
					if role.NoSignIn || !slices.ContainsFunc(h.places, func(p gift) bool { return p.of == string(at) }) {
						continue
					}
					t.Run(string(role.Key)+" in "+string(at), func(t *testing.T) {
						h.T = t
						h.enter(gift{role: string(role.Key), of: string(at), id: h.first(string(at))})
						given, refused := h.gives(t)
						taken, kept := h.takes(t)
						if !role.All && refused == 0 || given+refused != len(h.gifts()) || taken+kept == 0 {
							t.Errorf("gave %d, was refused %d of %d; took %d, was refused %d", given, refused, len(h.gifts()), taken, kept)
						}
						h.restores(t)
					})
				}
			}
		})
	}
}

// first and second are the ids of the places of a type.
func (h *handing) first(of string) string {
	return h.places[slices.IndexFunc(h.places, func(p gift) bool { return p.of == of })].id
}

func (h *handing) second(of string) string {
	i := slices.IndexFunc(h.places, func(p gift) bool { return p.of == of })
	if j := slices.IndexFunc(h.places[i+1:], func(p gift) bool { return p.of == of }); j >= 0 {
		return h.places[i+1+j].id
	}
	return ""
}

func (h *handing) gives(t *testing.T) (given, refused int) {
	for _, g := range h.gifts() {
		want := h.rule(h.has, g)
		if want == "" {
			given++
		} else {
			refused++
		}
		for name, way := range waysToGive {
			if way == nil {
				continue
			}
			r := way(h, g, h.giver)
			if r == nil {
				continue
			}
			got := h.verdict(name, h.Send(*r))
			if got != want {
				t.Errorf("%s gives %+v: %q, and the rule says %q", name, g, got, want)
			}
			switch {
			case got != "" || strings.HasPrefix(name, "user-create"):
			case name == "partner-add":
				h.outside = ""
			default:
				h.clear()
			}
		}
	}
	return given, refused
}

// everyGift is what the administrator can give, so that it can be taken.
func (h *handing) everyGift() (all []gift) {
	administrator := []gift{{role: string(h.top()), of: "organization"}}
	for _, g := range h.gifts() {
		if h.may(administrator, g) {
			all = append(all, g)
		}
	}
	return all
}

// top is the role of a customer's first administrator.
func (h *handing) top() domain.RoleKey {
	return slices.MaxFunc(h.Profile.Roles, func(a, b domain.Role) int { return cmp.Compare(a.Level, b.Level) }).Key
}

func (h *handing) takes(t *testing.T) (taken, kept int) {
	give := func(g gift) {
		way := "assignment-replace"
		if g.whole() {
			way = "user-update"
		}
		h.Want(http.StatusOK, *waysToGive[way](h, g, h.c.Token))
		h.etag = ""
	}
	for _, g := range h.everyGift() {
		want := h.rule(h.has, g)
		give(g)
		for name, way := range waysToTake {
			r := way(h, g, h.giver)
			if r == nil {
				continue
			}
			got := h.verdict(name, h.Send(*r))
			if got != want {
				t.Errorf("%s takes %+v: %q, and the rule says %q", name, g, got, want)
			}
			if got != "" {
				kept++
				if name == "user-update" {
					give(g)
				}
				continue
			}
			taken++
			h.etag = ""
			switch name {
			case "user-remove":
				h.anew()
			case "user-set-validity":
				h.Want(http.StatusOK, *h.edit("PUT", "/validity", h.c.Token, Object{"type": "indefinite"}))
				h.etag = ""
				continue
			}
			give(g)
		}
		h.clear()
	}
	return taken, kept
}

// restores brings somebody back who held everything there is: exactly what the
// giver may give comes back, and the rest is told.
func (h *handing) restores(t *testing.T) {
	t.Helper()
	var roles []string
	var assignments []Object
	lost, kept := map[gift]bool{}, map[gift]bool{}
	for _, at := range h.places {
		var here, rights []string
		for _, g := range h.everyGift() {
			if g.of != at.of || g.id != at.id {
				continue
			}
			if h.may(h.has, g) {
				kept[g] = true
			} else {
				lost[g] = true
			}
			here, rights = append(here, g.roles()...), append(rights, g.rights()...)
		}
		if at.of == "organization" {
			roles, here = here, nil
		}
		if len(here)+len(rights) > 0 {
			assignments = append(assignments, Assignment(here, rights, at.scope()))
		}
	}
	u := h.made(roles, assignments)
	h.SetRemoved(h.c, u)
	a := h.Want(http.StatusOK, Request{Method: "POST", Path: u.Path + "/restore", Token: h.giver})
	dropped, _ := a.Body["dropped"].(Object)
	if d := gocmp.Diff(lost, spread(dropped["roles"], dropped["assignments"])); d != "" {
		t.Errorf("dropped at restoring (-rule +told):\n%s", d)
	}
	has := h.Want(http.StatusOK, Request{Method: "GET", Path: u.Path + "/assignments", Token: h.c.Token})
	if d := gocmp.Diff(kept, spread(a.Body["roles"], has.Body["items"])); d != "" {
		t.Errorf("came back (-rule +has):\n%s", d)
	}
}

// spread is roles for the whole organization and assignments, one by one.
func spread(roles, assignments any) map[gift]bool {
	all := map[gift]bool{}
	for _, r := range texts(roles) {
		all[gift{role: r, of: "organization"}] = true
	}
	list, _ := assignments.([]any)
	for _, a := range list {
		a := a.(Object)
		for _, s := range a["scopes"].([]any) {
			id, _ := s.(Object)["id"].(string)
			at := gift{of: s.(Object)["type"].(string), id: id}
			for _, r := range texts(a["roles"]) {
				all[gift{role: r, of: at.of, id: at.id}] = true
			}
			for _, r := range texts(a["rights"]) {
				all[gift{right: r, of: at.of, id: at.id}] = true
			}
		}
	}
	return all
}

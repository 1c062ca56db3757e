package endpoint

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// ask sends a request to an endpoint that only notes that it was reached.
func (f *fake) ask(s Spec, path, authorization string) *httptest.ResponseRecorder {
	if s.Needs == nil {
		s.Needs = []Need{ReadItems}
	}
	s.ID, s.Method, s.Summary, s.Status = "thing-get", http.MethodGet, "Is there.", http.StatusOK
	e := New(s, nil, func(_ context.Context, c *Call, _ *None) (edited, error) {
		f.handled++
		if c.Resource != nil {
			return edited{string(c.Resource.ID)}, nil
		}
		return edited{}, nil
	})
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	Mux([]Endpoint{e}, f.deps().Log, func(Endpoint) Deps { return f.deps() }).ServeHTTP(w, r)
	return w
}

// withSite gives the organization a worksite and the portal rights on it.
func withSite() *fake {
	f := newFake()
	f.profile.ResourceTypes = []domain.ResourceType{{Key: "worksite"}}
	f.profile.Rights = []domain.RightInfo{{Key: "order", On: "worksite"}, {Key: "invoices", On: "worksite"}}
	f.resource = &domain.Resource{ID: domain.NewResourceID(start), Organization: f.place.Organization.ID, Type: "worksite"}
	return f
}

// given is one who was given no more than these rights on the worksite.
func (f *fake) given(rights ...domain.RightKey) {
	f.place.Membership.Roles = []domain.RoleKey{"user"}
	f.place.Membership.Assignments = nil
	if len(rights) > 0 {
		here := domain.Scope{Type: f.resource.Type, ID: string(f.resource.ID)}
		f.place.Membership.Assignments = []domain.Assignment{domain.Assignment{Rights: rights, Scopes: []domain.Scope{here}}.Sorted()}
	}
}

// outcome is the code of a problem, or ok.
func outcome(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Code == http.StatusOK {
		return "ok"
	}
	return problem(t, w).Code
}

// The right of an endpoint whose path names a resource is decided on it. Who
// may not know of it is told what they are told of one that is not there.
func TestRightIsDecidedOnTheResourceOfThePath(t *testing.T) {
	t.Parallel()
	const things = "/v1/organizations/{org}/resources/{resource}/things"
	elsewhere := string(domain.NewOrganizationID(start))
	other := string(domain.NewResourceID(start))
	for name, test := range map[string]struct {
		access   Access
		rights   []domain.RightKey
		admin    bool
		org, res string // empty: the ones that are there
		want     string
	}{
		"given on it":                     {access: Right("order"), rights: []domain.RightKey{"order"}, want: "ok"},
		"another right on it":             {access: Right("order"), rights: []domain.RightKey{"invoices"}, want: "forbidden"},
		"to see it":                       {access: Right("order"), rights: []domain.RightKey{domain.RightSeeResources}, want: "forbidden"},
		"to share it":                     {access: Right("order"), rights: []domain.RightKey{domain.RightShareResource}, want: "forbidden"},
		"nothing on it":                   {access: Right("order"), want: "not-found"},
		"everything":                      {access: Right("order"), admin: true, want: "ok"},
		"everything, and it is not there": {access: Right("order"), admin: true, res: other, want: "not-found"},
		"everything, and it is none":      {access: Right("order"), admin: true, res: "res_1", want: "not-found"},
		"in another organization":         {access: Right("order"), admin: true, org: elsewhere, want: "not-found"},
		"signed in is enough":             {access: Signed("a test"), want: "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := withSite()
			if !test.admin {
				f.given(test.rights...)
			}
			if test.org == "" {
				test.org = string(f.place.Organization.ID)
			}
			if test.res == "" {
				test.res = string(f.resource.ID)
			}
			w := f.ask(Spec{Path: things, Access: test.access}, "/v1/organizations/"+test.org+"/resources/"+test.res+"/things", "Bearer "+f.token.String())
			if got := outcome(t, w); got != test.want || (f.handled == 1) != (test.want == "ok") {
				t.Errorf("got %s, want %s; handled %d", got, test.want, f.handled)
			}
			if test.want == "ok" && !strings.Contains(w.Body.String(), test.res) {
				t.Errorf("the handler got another resource: %s", w.Body)
			}
			if len(f.wants) != 1 {
				t.Errorf("%d loads", len(f.wants))
			}
		})
	}
}

func TestSomewhere(t *testing.T) {
	t.Parallel()
	const things = "/v1/organizations/{org}/things"
	for name, test := range map[string]struct {
		rights []domain.RightKey
		want   string
	}{
		"on a resource": {[]domain.RightKey{domain.RightSeeResources}, "ok"},
		"another right": {[]domain.RightKey{"order"}, "forbidden"},
		"nothing":       {nil, "forbidden"},
	} {
		f := withSite()
		f.given(test.rights...)
		path := "/v1/organizations/" + string(f.place.Organization.ID) + "/things"
		if got := outcome(t, f.ask(Spec{Path: things, Access: Somewhere(domain.RightSeeResources)}, path, "Bearer "+f.token.String())); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
		// The organization itself takes the right on the whole of it.
		if got := outcome(t, f.ask(Spec{Path: things, Access: Right(domain.RightSeeResources)}, path, "Bearer "+f.token.String())); got != "forbidden" {
			t.Errorf("%s, asked of the whole: %s", name, got)
		}
	}
}

func TestRightOrSelf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		admin, locked bool
		user          domain.PersonID // empty: themselves
		want          string
	}{
		"themselves":               {want: "ok"},
		"somebody else":            {user: domain.NewPersonID(), want: "forbidden"},
		"somebody else, by right":  {admin: true, user: domain.NewPersonID(), want: "ok"},
		"themselves, locked there": {locked: true, want: "not-found"},
	} {
		f := newFake()
		if !test.admin {
			noRight(f, nil)
		}
		if test.user == "" {
			test.user = f.person.ID
		}
		here := f.place
		if test.locked {
			// They have another place from which they are signed in.
			m := *here.Membership
			m.Validity = domain.Validity{Type: domain.Locked}
			locked := domain.Place{Membership: &m, Organization: here.Organization}
			f.load = func(s *domain.Scene) error { s.Caller.Here = locked; return nil }
		}
		w := f.ask(Spec{Path: "/v1/organizations/{org}/users/{user}", Access: RightOrSelf("users:see")},
			"/v1/organizations/"+string(here.Organization.ID)+"/users/"+string(test.user), "Bearer "+f.token.String())
		if got := outcome(t, w); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// A service client and a person each get in by their own credential, where it
// is asked for and nowhere else.
func TestServiceClients(t *testing.T) {
	t.Parallel()
	f := newFake()
	service, token := domain.CreateService(domain.NewChange(domain.Actor{}, start, ""), domain.NewService{Name: "A shop", Scopes: []domain.ServiceScope{domain.MayEvaluate}})
	_, others := domain.CreateService(domain.NewChange(domain.Actor{}, start, ""), domain.NewService{Scopes: domain.ServiceScopes})
	forged := token.String()[:len(token.String())-2] + "AA"
	for name, test := range map[string]struct {
		access        Access
		authorization string
		revoked       bool
		want          string
		loads         int
	}{
		"its scope":           {access: Service(domain.MayEvaluate), authorization: "Bearer " + token.String(), want: "ok", loads: 1},
		"another scope":       {access: Service(domain.MaySearch), authorization: "Bearer " + token.String(), want: "forbidden", loads: 1},
		"revoked":             {access: Service(domain.MayEvaluate), authorization: "Bearer " + token.String(), revoked: true, want: "unauthenticated", loads: 1},
		"another secret":      {access: Service(domain.MayEvaluate), authorization: "Bearer " + forged, want: "unauthenticated", loads: 1},
		"not there":           {access: Service(domain.MayEvaluate), authorization: "Bearer " + others.String(), want: "unauthenticated", loads: 1},
		"no token":            {access: Service(domain.MayEvaluate), want: "unauthenticated"},
		"a person's":          {access: Service(domain.MayEvaluate), authorization: "Bearer " + f.token.String(), want: "unauthenticated"},
		"where a person asks": {access: Signed("a test"), authorization: "Bearer " + token.String(), want: "unauthenticated"},
		"where anybody asks":  {access: Public("a test"), authorization: "Bearer " + token.String(), want: "ok", loads: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			here := *service
			if test.revoked {
				here.RevokedAt = start.Add(-time.Second)
			}
			f.service = &here
			w := f.ask(Spec{Path: "/v1/things", Access: test.access}, "/v1/things", test.authorization)
			if got := outcome(t, w); got != test.want || len(f.wants) != test.loads {
				t.Errorf("got %s, want %s; %d loads", got, test.want, len(f.wants))
			}
			if len(f.commits) > 0 {
				t.Errorf("%d commits", len(f.commits))
			}
		})
	}
}

// What a secret answer says is kept nowhere, not even for a repeated request.
func TestSecretAnswerHasNoReceipt(t *testing.T) {
	t.Parallel()
	for _, secret := range []bool{false, true} {
		f := newFake()
		s := spec(Signed("a test"))
		s.Secret = secret
		if w := f.send(s, f.keyed(`{"name":"N"}`)); w.Code != http.StatusAccepted {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if kept := len(f.receipts) == 1; kept == secret || (f.wants[0].Receipt != "") == secret {
			t.Errorf("secret %v: %d receipts, asked for %q", secret, len(f.receipts), f.wants[0].Receipt)
		}
	}
}

// A foreign protocol ignores what we do not know, and has the request's id back.
func TestOpenProtocol(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		open     bool
		body, id string
		status   int
		back     string
	}{
		"ours":             {false, `{"name":"N","nom":1}`, "id-1", 400, ""},
		"foreign":          {true, `{"name":"N","nom":1}`, "id-1", 202, "id-1"},
		"foreign, null":    {true, `{"name":null}`, "id-1", 400, "id-1"}, // of no name, the reader says
		"foreign, no id":   {true, `{"name":"N"}`, "", 202, ""},
		"foreign, long":    {true, `{"name":"N"}`, strings.Repeat("i", 129), 202, ""},
		"foreign, odd":     {true, `{"name":"N"}`, "a\tb", 202, ""},
		"foreign, refused": {true, `{"name":`, "id-1", 400, "id-1"},
	} {
		f := newFake()
		s := spec(Signed("a test"))
		s.Open = test.open
		r := f.requestFor(string(f.place.Organization.ID), test.body)
		r.Header.Set("X-Request-ID", test.id)
		w := f.send(s, r)
		if w.Code != test.status || w.Header().Get("X-Request-ID") != test.back {
			t.Errorf("%s: %d %s, id %q", name, w.Code, w.Body, w.Header().Get("X-Request-ID"))
		}
	}
}

package endpoint

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// fake is a store with one signed-in person in one organization. It keeps
// receipts; of all else it only notes what it is asked.
type fake struct {
	domain.Store
	now      time.Time
	profile  *domain.Profile
	person   *domain.Person
	place    domain.Place
	session  *domain.Session
	token    domain.SessionToken
	resource *domain.Resource // in the organization, which has no other
	service  *domain.ServiceClient
	receipts map[string]*domain.Receipt
	load     func(*domain.Scene) error
	commit   func(*domain.Change) error
	wants    []domain.Want
	commits  []*domain.Change
	log      bytes.Buffer
	handled  int
	handle   func(*Call, *edit) (edited, error)
}

func newFake() *fake {
	org := &domain.Organization{Version: 1, ID: "org_" + domain.OrganizationID(strings.Repeat("1", 26)), TimeZone: "Europe/Helsinki"}
	p := &domain.Person{Version: 1, ID: domain.NewPersonID(), Home: org.ID, Organizations: []domain.OrganizationID{org.ID}}
	m := &domain.Membership{Version: 1, Organization: org.ID, Person: p.ID, Roles: []domain.RoleKey{"admin"}, ActivatedAt: start}
	session, token := domain.NewChange(domain.Actor{}, start, "").Open(p, "")
	return &fake{
		now: start, person: p, place: domain.Place{Membership: m, Organization: org}, session: session, token: token,
		profile:  &domain.Profile{Roles: []domain.Role{{Key: "admin", All: true}, {Key: "user"}}},
		receipts: map[string]*domain.Receipt{},
	}
}

func (f *fake) Load(_ context.Context, want domain.Want) (*domain.Scene, error) {
	f.wants = append(f.wants, want)
	scene := &domain.Scene{Receipt: f.receipts[want.Receipt], Resources: map[domain.ResourceID]*domain.Resource{}}
	if f.service != nil && want.Service == f.service.ID {
		scene.Service = f.service
	}
	if f.resource != nil && want.Organization == f.place.Organization.ID && slices.Contains(want.Resources, f.resource.ID) {
		scene.Resources[f.resource.ID] = f.resource
	}
	if want.Session.String() == f.token.String() {
		scene.Caller = &domain.Caller{Session: f.session, Person: f.person, Home: f.place}
		if want.Organization == f.place.Organization.ID {
			scene.Organization, scene.Caller.Here = f.place.Organization, f.place
		}
	}
	if f.load != nil {
		return scene, f.load(scene)
	}
	return scene, nil
}

func (f *fake) Commit(_ context.Context, c *domain.Change) error {
	f.commits = append(f.commits, c)
	if f.commit != nil {
		if err := f.commit(c); err != nil {
			return err
		}
	}
	for _, w := range c.Writes {
		if r, ok := w.Entity.(*domain.Receipt); ok {
			f.receipts[r.Key] = r
		}
	}
	return nil
}

func (f *fake) deps() Deps {
	return Deps{
		Store: f, Profile: f.profile, Clock: func() time.Time { return f.now },
		Log: slog.New(slog.NewJSONHandler(&f.log, nil)),
	}
}

type edit struct {
	Organization string `path:"org" json:"-"`
	Name         string `json:"name"`
}

// Read implements Reader.
func (e *edit) Read(_ *domain.Profile, faults *domain.Faults) {
	if e.Name == "" {
		faults.Add("/name", "required", "Give a name.")
	}
}

type edited struct {
	Name string `json:"name"`
}

const path = "/v1/organizations/{org}/thing"

func spec(access Access) Spec {
	return Spec{ID: "thing-edit", Method: "PATCH", Path: path, Summary: "Edits it.", Status: 202, Access: access, Needs: []Need{ReadItems, WriteItems}}
}

// endpoint writes one entity, unless f.handle does something else.
func (f *fake) endpoint(s Spec) Endpoint {
	return New(s, nil, func(_ context.Context, c *Call, in *edit) (edited, error) {
		f.handled++
		if f.handle != nil {
			return f.handle(c, in)
		}
		c.Change.Put(&domain.Attempts{Key: in.Name})
		c.ETag, c.Location = ETag(7), "/v1/things/7"
		return edited{in.Name}, nil
	})
}

// request is one that has nothing wrong with it.
func (f *fake) request() *http.Request {
	return f.requestFor(string(f.place.Organization.ID), `{"name":"N"}`)
}

func (f *fake) requestFor(org, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPatch, "/v1/organizations/"+org+"/thing", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+f.token.String())
	return r
}

func (f *fake) send(s Spec, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	Mux([]Endpoint{f.endpoint(s)}, f.deps().Log, func(Endpoint) Deps { return f.deps() }).ServeHTTP(w, r)
	return w
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	f := newFake()
	w := f.send(spec(Signed("a test")), f.request())
	if w.Code != 202 || w.Body.String() != `{"name":"N"}` || w.Header().Get("ETag") != `"7"` || w.Header().Get("Location") != "/v1/things/7" ||
		w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if len(f.commits) != 1 || len(f.commits[0].Writes) != 1 || f.commits[0].Actor != (domain.Actor{Type: domain.ByPerson, ID: string(f.person.ID)}) {
		t.Errorf("%+v", f.commits)
	}

	// Without a body there is no content type, and nothing to commit is not committed.
	f = newFake()
	none := New(Spec{ID: "thing-get", Method: "GET", Path: "/v1/things", Summary: "Is there.", Status: 204, Access: Public("a test")}, nil,
		func(context.Context, *Call, *None) (None, error) { return None{}, nil })
	w = httptest.NewRecorder()
	none.Handler(f.deps()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/things", nil))
	if w.Code != 204 || w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" || len(f.commits) > 0 {
		t.Errorf("%d %q %v %v", w.Code, w.Body, w.Header(), f.commits)
	}
}

// What is wrong with a request is told to those who may make it.
func TestWhatIsToldFirst(t *testing.T) {
	t.Parallel()
	const broken = `{"nom":1}`
	right := Right("users:edit")
	for name, test := range map[string]struct {
		access Access
		spoil  func(*fake, *http.Request)
		org    string
		body   string
		want   string
		loads  int
	}{
		"nothing is wrong":            {access: right, loads: 1},
		"nobody":                      {access: right, body: broken, spoil: func(_ *fake, r *http.Request) { r.Header.Del("Authorization") }, want: "unauthenticated"},
		"a session that is over":      {access: right, body: broken, spoil: func(f *fake, _ *http.Request) { f.now = start.Add(time.Hour) }, want: "unauthenticated", loads: 1},
		"a session of somebody else":  {access: right, body: broken, spoil: func(f *fake, _ *http.Request) { f.token = newFake().token }, want: "unauthenticated", loads: 1},
		"signed in, and broken":       {access: Signed("a test"), body: broken, want: "invalid", loads: 1},
		"no right":                    {access: right, body: broken, spoil: noRight, want: "forbidden", loads: 1},
		"right, and broken":           {access: right, body: broken, want: "invalid", loads: 1},
		"right, and nothing to read":  {access: right, body: `{"name":""}`, want: "invalid", loads: 1},
		"another organization":        {access: right, body: broken, org: string(domain.NewOrganizationID(start)), want: "not-found", loads: 1},
		"no organization":             {access: right, body: broken, org: "org_1", want: "not-found", loads: 1},
		"no organization, and nobody": {access: right, org: "org_1", spoil: func(_ *fake, r *http.Request) { r.Header.Del("Authorization") }, want: "unauthenticated"},
		"public, and broken":          {access: Public("a test"), body: broken, want: "invalid"},
		"store down":                  {access: right, body: broken, spoil: func(f *fake, _ *http.Request) { f.load = func(*domain.Scene) error { return domain.ErrUnavailable } }, want: "unavailable", loads: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			if test.org == "" {
				test.org = string(f.place.Organization.ID)
			}
			if test.body == "" {
				test.body = `{"name":"N"}`
			}
			r := f.requestFor(test.org, test.body)
			if test.spoil != nil {
				test.spoil(f, r)
			}
			w := f.send(spec(test.access), r)
			switch {
			case test.want == "" && (w.Code != 202 || f.handled != 1):
				t.Errorf("%d %s", w.Code, w.Body)
			case test.want != "" && (problem(t, w).Code != test.want || f.handled > 0 || len(f.commits) > 0):
				t.Errorf("%d %s, handled %d", w.Code, w.Body, f.handled)
			}
			if len(f.wants) != test.loads {
				t.Errorf("%d loads", len(f.wants))
			}
			for _, want := range f.wants {
				if want.Organization != "" && !want.Organization.Valid() {
					t.Errorf("%s was looked for", want.Organization)
				}
			}
		})
	}
}

func noRight(f *fake, _ *http.Request) { f.place.Membership.Roles = []domain.RoleKey{"user"} }

// What a right was decided by is held to while the change is written.
func TestTheDecisionIsHeld(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.send(spec(Right("users:edit")), f.request())
	if len(f.commits) != 1 {
		t.Fatalf("%d commits", len(f.commits))
	}
	last := f.commits[0].Writes[len(f.commits[0].Writes)-1]
	if last != (domain.Write{Entity: f.place.Membership, Hold: true}) {
		t.Errorf("%+v", last)
	}
}

func TestTouch(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.now = start.Add(domain.SessionTouch)
	f.commit = func(c *domain.Change) error {
		if _, ok := c.Writes[0].Entity.(*domain.Session); ok {
			return domain.ErrUnavailable.Because(errors.New("slow"))
		}
		return nil
	}
	if w := f.send(spec(Signed("a test")), f.request()); w.Code != 202 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(f.commits) != 2 || !strings.Contains(f.log.String(), "session not touched") {
		t.Fatalf("%d commits, log %s", len(f.commits), f.log.String())
	}
	if s := f.commits[1].Writes[0].Entity.(*domain.Session); !s.SeenAt.Equal(f.now) || s.ID != f.session.ID {
		t.Errorf("%+v", s)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lost    int // commits that lose
		status  int
		commits int
	}{
		"wins at once": {0, 202, 1},
		"loses once":   {1, 202, 2},
		"wins at last": {maxTries - 1, 202, maxTries},
		"never wins":   {maxTries + 1, 409, maxTries},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.commit = func(*domain.Change) error {
					if len(f.commits) <= test.lost {
						return domain.ErrContended.Because(errors.New("version 3"))
					}
					return nil
				}
				w := f.send(spec(Signed("a test")), f.request())
				if w.Code != test.status || len(f.commits) != test.commits || f.handled != test.commits || len(f.wants) != test.commits {
					t.Errorf("%d, %d commits, %d handled, %d loads", w.Code, len(f.commits), f.handled, len(f.wants))
				}
				if test.status == 409 && (problem(t, w).Code != "contended" || w.Header().Get("Retry-After") != "1") {
					t.Errorf("%s", w.Body)
				}
				for _, c := range f.commits { // each try begins with nothing
					if len(c.Writes) != 1 {
						t.Errorf("%d writes", len(c.Writes))
					}
				}
			})
		})
	}
}

// Other failures are told at once, and so is a caller who has gone.
func TestNoRetries(t *testing.T) {
	t.Parallel()
	for _, err := range []error{domain.ErrUnavailable, domain.ErrUserExists, errors.New("broken")} {
		f := newFake()
		f.commit = func(*domain.Change) error { return err }
		if w := f.send(spec(Signed("a test")), f.request()); w.Code < 400 || len(f.commits) != 1 {
			t.Errorf("%v: %d, %d commits", err, w.Code, len(f.commits))
		}
	}
	f := newFake()
	ctx, cancel := context.WithCancel(t.Context())
	f.commit = func(*domain.Change) error { cancel(); return domain.ErrContended }
	if w := f.send(spec(Signed("a test")), f.request().WithContext(ctx)); w.Code != 409 || len(f.commits) > 2 {
		t.Errorf("%d, %d commits", w.Code, len(f.commits))
	}
}

// keyed is a request with an Idempotency-Key.
func (f *fake) keyed(body string) *http.Request {
	r := f.requestFor(string(f.place.Organization.ID), body)
	r.Header.Set("Idempotency-Key", "once")
	return r
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := spec(Right("users:edit"))
	first := f.send(s, f.keyed(`{"name":"N"}`))
	if len(f.receipts) != 1 || len(f.commits) != 1 {
		t.Fatalf("%d receipts in %d commits", len(f.receipts), len(f.commits))
	}
	for _, r := range f.receipts {
		if r.Version != 0 || !r.ExpiresAt.Equal(f.now.Add(domain.ReceiptLife)) || strings.Contains(r.Key+r.Fingerprint, "once") {
			t.Errorf("%+v", r)
		}
		r.Version = 1
	}

	f.now = f.now.Add(10 * time.Minute)
	again := f.send(s, f.keyed(`{"name":"N"}`))
	if diff := cmp.Diff(first.Result().Header, again.Result().Header); diff != "" || again.Code != first.Code || again.Body.String() != first.Body.String() {
		t.Errorf("%d %s\n%s", again.Code, again.Body, diff)
	}
	if f.handled != 1 {
		t.Errorf("handled %d times", f.handled)
	}

	// Another request with the same key, in each part of it.
	for name, change := range map[string]func() *http.Request{
		"body":     func() *http.Request { return f.keyed(`{"name":"M"}`) },
		"spaces":   func() *http.Request { return f.keyed(`{"name": "N"}`) },
		"If-Match": func() *http.Request { r := f.keyed(`{"name":"N"}`); r.Header.Set("If-Match", `"1"`); return r },
	} {
		if w := f.send(s, change()); w.Code != 422 || problem(t, w).Code != "idempotency-key-reused" || f.handled != 1 {
			t.Errorf("%s: %d %s, handled %d", name, w.Code, w.Body, f.handled)
		}
	}

	// Who has lost the right since gets nothing, not even what they got before.
	noRight(f, nil)
	if w := f.send(s, f.keyed(`{"name":"N"}`)); w.Code != 403 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestReceiptExpires(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := spec(Signed("a test"))
	f.send(s, f.keyed(`{"name":"N"}`))
	for _, r := range f.receipts {
		r.Version = 3
	}
	open := f.session
	for _, test := range []struct {
		after   time.Duration
		handled int
	}{{domain.ReceiptLife - time.Millisecond, 1}, {domain.ReceiptLife, 2}} {
		f.now = start.Add(test.after)
		f.session = &domain.Session{}
		*f.session = *open
		f.session.SeenAt, f.session.ExpiresAt = f.now, f.now.Add(time.Hour)
		if w := f.send(s, f.keyed(`{"name":"N"}`)); w.Code != 202 || f.handled != test.handled {
			t.Errorf("%v: %d %s, handled %d", test.after, w.Code, w.Body, f.handled)
		}
	}
	for _, r := range f.receipts { // the new one takes the place of what was read
		if r.Version != 3 || !r.ExpiresAt.Equal(f.now.Add(domain.ReceiptLife)) {
			t.Errorf("%+v", r)
		}
	}
}

// Two copies of one request at the same time: the one that finds the effect of
// the other looks for its receipt before it complains.
func TestReceiptOfATwin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := spec(Signed("a test"))
		f.send(s, f.keyed(`{"name":"N"}`))
		f.load = func(scene *domain.Scene) error {
			if len(f.wants) == 2 {
				scene.Receipt = nil // not to be seen yet
			}
			return nil
		}
		f.handle = func(*Call, *edit) (edited, error) { return edited{}, domain.ErrUserExists }
		if w := f.send(s, f.keyed(`{"name":"N"}`)); w.Code != 202 || w.Body.String() != `{"name":"N"}` || f.handled != 2 {
			t.Errorf("%d %s, handled %d", w.Code, w.Body, f.handled)
		}
		// Without a receipt the second look says the same as the first, and that is the answer.
		f.receipts = map[string]*domain.Receipt{}
		f.handled = 0
		if w := f.send(s, f.keyed(`{"name":"N"}`)); w.Code != 409 || problem(t, w).Code != "user-exists" || f.handled != 2 {
			t.Errorf("%d %s, handled %d", w.Code, w.Body, f.handled)
		}
	})
}

func TestWhatGetsAReceipt(t *testing.T) {
	t.Parallel()
	reading := spec(Signed("a test"))
	reading.Needs = []Need{ReadItems}
	nothing := func(*Call, *edit) (edited, error) { return edited{}, nil }
	refused := func(c *Call, _ *edit) (edited, error) {
		c.Change.Put(&domain.Attempts{})
		return edited{}, domain.ErrSelf
	}
	for name, test := range map[string]struct {
		spec   Spec
		handle func(*Call, *edit) (edited, error)
		key    string
		asked  bool // for one
		kept   int
		status int
	}{
		"a write":              {spec(Signed("a test")), nil, "k", true, 1, 202},
		"no key":               {spec(Signed("a test")), nil, "", false, 0, 202},
		"128 characters":       {spec(Signed("a test")), nil, strings.Repeat("~", 128), true, 1, 202},
		"129 characters":       {spec(Signed("a test")), nil, strings.Repeat("~", 129), false, 0, 400},
		"not ASCII":            {spec(Signed("a test")), nil, "å", false, 0, 400},
		"tab":                  {spec(Signed("a test")), nil, "a\tb", false, 0, 400},
		"nothing was written":  {spec(Signed("a test")), nothing, "k", true, 0, 202},
		"refused":              {spec(Signed("a test")), refused, "k", true, 0, 422},
		"only reads":           {reading, nothing, "k", false, 0, 202},
		"nobody is signed in":  {spec(Public("a test")), nil, "k", false, 0, 202},
		"no key of a stranger": {spec(Public("a test")), nil, "å", false, 0, 202},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.handle = test.handle
			r := f.request()
			r.Header.Set("Idempotency-Key", test.key)
			w := f.send(test.spec, r)
			if w.Code != test.status || len(f.receipts) != test.kept || (f.wants[0].Receipt != "") != test.asked {
				t.Errorf("%d %s, %d receipts, asked for %q", w.Code, w.Body, len(f.receipts), f.wants[0].Receipt)
			}
			if test.status == 400 && problem(t, w).Errors[0].Pointer != "#Idempotency-Key" {
				t.Errorf("%s", w.Body)
			}
		})
	}
}

// A fingerprint of a password could be tried out by whoever reads the table;
// so it is keyed with what nobody has stored.
func TestFingerprintOfASecret(t *testing.T) {
	t.Parallel()
	fingerprint := func(hashes bool) (kept string, f *fake) {
		f = newFake()
		s := spec(Signed("a test"))
		s.Hashes = hashes
		r := f.keyed(`{"name":"N"}`)
		f.send(s, r)
		for _, receipt := range f.receipts {
			kept = receipt.Fingerprint
		}
		return kept, f
	}
	request := func(f *fake) string { return "PATCH /v1/organizations/" + string(f.place.Organization.ID) + "/thing " }
	kept, f := fingerprint(false)
	if kept != domain.Fingerprint("", request(f), []byte(`{"name":"N"}`)) {
		t.Error("another session could not repeat the request")
	}
	kept, f = fingerprint(true)
	if kept != domain.Fingerprint(f.token.String(), request(f), []byte(`{"name":"N"}`)) {
		t.Error("the fingerprint is not keyed")
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	token := newFake().token.String()
	for _, test := range []struct {
		header string
		ok     bool
	}{
		{"Bearer " + token, true},
		{"bearer " + token, true},
		{"BEARER   " + token + "  ", true},
		{"", false},
		{"Bearer", false},
		{"Bearer ", false},
		{token, false},
		{"Basic " + token, false},
		{"Bearer " + token + ", Bearer " + token, false},
		{"Bearer " + token[1:], false},
		{"Bearer " + token + "A", false},
		{"Bearer " + strings.ToUpper(token), false},
		{" Bearer " + token, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", test.header)
		var want domain.Want
		got, err := Endpoint{Spec: Spec{Access: Signed("a test")}}.credential(r, &want)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, domain.ErrUnauthenticated) {
			t.Errorf("%q: %v", test.header, err)
		}
		if test.ok && (got.session.String() != token || want.Session != got.session) || !test.ok && got != nobody {
			t.Errorf("%q: %+v, wanting %+v", test.header, got, want.Session)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]error{
		"": domain.ErrVersionRequired, `"7"`: nil, `7`: domain.ErrStale, `"6"`: domain.ErrStale, `"07"`: domain.ErrStale,
		`W/"7"`: domain.ErrStale, `*`: domain.ErrStale, `"6", "7"`: domain.ErrStale, `"7" `: domain.ErrStale,
	} {
		r := httptest.NewRequest(http.MethodPatch, "/", nil)
		r.Header.Set("If-Match", header)
		if err := (&Call{Request: r}).Match(7); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", header, err, want)
		}
	}
}

func TestTrim(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "abcd": "abcd", "abcde": "abcd", "abcå": "abc", "aå\xffb": "aåb", "å\xc3": "å", "\xff\xff\xff\xff\xffabcd": "abcd",
	} {
		if got := trim(in, 4); got != want || !utf8.ValidString(got) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// The context tells where a request comes from; without one, nothing.
func TestRequestContext(t *testing.T) {
	t.Parallel()
	ctx := WithRequest(t.Context(), "id", "192.0.2.1")
	if RequestID(ctx) != "id" || Source(ctx) != "192.0.2.1" || RequestID(t.Context()) != "" || Source(t.Context()) != "" {
		t.Errorf("%q %q", RequestID(ctx), Source(ctx))
	}
	if a, b := NewRequestID(), NewRequestID(); a == b || len(a) != 16 {
		t.Errorf("%s %s", a, b)
	}
}

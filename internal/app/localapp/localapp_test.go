package localapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/password"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

func memory(t *testing.T) table.Table {
	t.Helper()
	tb, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	return tb
}

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// newApp is a process on an empty table; jobs take the place of the registry's.
func newApp(t *testing.T, jobs ...job.Job) *App {
	t.Helper()
	mailbox, err := filemail.New("")
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load("rental")
	if err != nil {
		t.Fatal(err)
	}
	a := New(Config{
		Table: memory(t), Profile: p, Hasher: password.New(), Mailbox: mailbox, LinkKey: bytes.Repeat([]byte{7}, 32),
		PortalURL: "https://portal.example", Operator: "Example Portal", Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return start },
	})
	if jobs != nil {
		a.jobs = jobs
	}
	return a
}

// request is one from this machine.
func request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:40000", "127.0.0.1:8080"
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func without(n endpoint.Need) []endpoint.Need {
	return slices.DeleteFunc(slices.Clone(endpoint.Needs), func(o endpoint.Need) bool { return o == n })
}

// What a role in AWS would not be allowed fails here too, and nothing else.
func TestNeeds(t *testing.T) {
	t.Parallel()
	key := table.Key{PK: "p", SK: "s"}
	put := func(pk string) table.Op {
		return table.Put(table.Item{Key: table.Key{PK: pk, SK: "s"}, Version: 1, Body: []byte(`{}`)}, table.Always)
	}
	transact := func(ops ...table.Op) func(context.Context, table.Table) error {
		return func(ctx context.Context, tb table.Table) error { return tb.Transact(ctx, ops...) }
	}
	query := func(index table.Index) func(context.Context, table.Table) error {
		return func(ctx context.Context, tb table.Table) error {
			_, err := tb.Query(ctx, table.Query{Index: index, PK: "p", Limit: 1})
			return err
		}
	}
	get := func(keys ...table.Key) func(context.Context, table.Table) error {
		return func(ctx context.Context, tb table.Table) error { _, err := tb.Get(ctx, keys...); return err }
	}
	for name, test := range map[string]struct {
		need    endpoint.Need // the one that it stands on; empty: none
		session bool          // the function keeps sessions alive
		do      func(context.Context, table.Table) error
	}{
		"get":                         {endpoint.ReadItems, false, get(key)},
		"get nothing":                 {"", false, get()},
		"query":                       {endpoint.QueryTable, false, query("")},
		"by name":                     {endpoint.QueryNames, false, query(table.ByName)},
		"by time":                     {endpoint.QueryTimes, false, query(table.ByTime)},
		"put":                         {endpoint.WriteItems, false, transact(put("p"))},
		"check":                       {endpoint.CheckItems, false, transact(table.Check(table.Key{PK: "p", SK: "absent"}, table.IfAbsent))},
		"delete":                      {endpoint.DeleteItems, false, transact(table.Delete(key, table.Always))},
		"delete beside a put":         {endpoint.DeleteItems, false, transact(put("p"), table.Delete(table.Key{PK: "p", SK: "t"}, table.Always))},
		"session kept alive":          {"", true, transact(put("SESSION#usr_1"))},
		"session beside another":      {endpoint.WriteItems, true, transact(put("SESSION#usr_1"), put("p"))},
		"session of no signed caller": {endpoint.WriteItems, false, transact(put("SESSION#usr_1"))},
		"session ended":               {endpoint.DeleteItems, true, transact(table.Delete(table.Key{PK: "SESSION#usr_1", SK: "s"}, table.Always))},
		"not quite a session":         {endpoint.WriteItems, true, transact(put("SESSIONS#usr_1"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := test.do(t.Context(), limit(memory(t), "thing-edit", endpoint.Needs, test.session)); err != nil {
				t.Errorf("with all needs: %v", err)
			}
			err := test.do(t.Context(), limit(memory(t), "thing-edit", without(test.need), test.session))
			switch {
			case test.need == "" && err != nil:
				t.Errorf("got %v", err)
			case test.need != "" && (err == nil || !strings.Contains(err.Error(), "thing-edit does not declare the need "+string(test.need))):
				t.Errorf("got %v", err)
			}
			if test.need != "" { // that one alone is not always enough, but none is never
				if err := test.do(t.Context(), limit(memory(t), "thing-edit", nil, test.session)); err == nil {
					t.Error("it needs nothing")
				}
			}
		})
	}
}

// What is refused has had no effect; an audit entry is for good.
func TestNeedsAreAskedFirst(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	item := table.Item{Key: table.Key{PK: "AUDIT#org_1", SK: "aud_1"}, Version: 1, Body: []byte(`{}`)}
	if err := limit(tb, "thing-edit", endpoint.Needs, false).Transact(t.Context(), table.Put(item, table.IfAbsent)); err != nil {
		t.Fatal(err)
	}
	other := item
	other.PK = "p"
	for _, kept := range []table.Key{item.Key, {PK: "SEAL#org_1", SK: "000000000001"}, {PK: "ERASED", SK: "usr_1"}} {
		if err := limit(tb, "thing-edit", endpoint.Needs, false).Transact(t.Context(), table.Put(other, table.Always), table.Delete(kept, table.Always)); err == nil {
			t.Errorf("%v was deleted", kept)
		}
	}
	if err := limit(tb, "thing-edit", without(endpoint.DeleteItems), false).Transact(t.Context(), table.Put(other, table.Always), table.Delete(table.Key{PK: "q", SK: "s"}, table.Always)); err == nil {
		t.Error("deleted without the need")
	}
	items, err := tb.Get(t.Context(), item.Key, other.Key)
	if err != nil || len(items) != 1 {
		t.Errorf("%v, %v", items, err)
	}
	// A driver can do more than the seam has; a function cannot.
	if _, more := limit(tb, "thing-edit", endpoint.Needs, false).(interface{ Close() error }); more {
		t.Error("the table can be closed")
	}
}

func TestEndpointsGetWhatTheyDeclare(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, e := range api.Endpoints() {
		if deps := a.endpointDeps(e); (deps.Hasher != nil) != e.Hashes || (deps.Registry != nil) != e.Needing(endpoint.ReadRegistry) || deps.Store == nil || deps.Profile == nil || deps.Clock == nil || deps.Log == nil {
			t.Errorf("%s: %+v", e.ID, deps)
		}
	}
}

func TestJobsGetWhatTheyDeclare(t *testing.T) {
	t.Parallel()
	var got job.Deps
	var event string
	probe := func(id string, needs ...endpoint.Need) job.Job {
		return job.Job{ID: id, Needs: needs, Run: func(_ context.Context, deps job.Deps, raw json.RawMessage) (any, error) {
			got, event = deps, string(raw)
			return id, nil
		}}
	}
	a := newApp(t, probe("nothing"), probe("mails", endpoint.SendMail), probe("mints", endpoint.MintLinks))
	for id, want := range map[string][2]bool{"nothing": {false, false}, "mails": {true, false}, "mints": {false, true}} {
		if result, err := a.Run(t.Context(), id, nil); err != nil || result != id {
			t.Errorf("%s: %v, %v", id, result, err)
		}
		if (got.Sender != nil) != want[0] || (got.Portal != "") != want[0] || (got.Operator != "") != want[0] || (got.Mint != nil) != want[1] {
			t.Errorf("%s: %+v", id, got)
		}
		if event != "{}" {
			t.Errorf("%s: the clock's event is %q", id, event)
		}
		if _, err := got.Store.Load(t.Context(), domain.Want{Signing: true}); err == nil {
			t.Errorf("%s reads what it does not declare", id)
		}
	}
	if _, err := a.Run(t.Context(), "unknown", nil); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestHere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, remote, host string
		header               [2]string
		ok                   bool
	}{
		"this machine":            {"GET", "127.0.0.1:40000", "127.0.0.1:8080", [2]string{}, true},
		"by name":                 {"GET", "127.0.0.1:40000", "localhost:8080", [2]string{}, true},
		"no port":                 {"GET", "127.0.0.1:40000", "localhost", [2]string{}, true},
		"IPv6":                    {"GET", "[::1]:40000", "localhost:8080", [2]string{}, true},
		"mapped":                  {"GET", "[::ffff:127.0.0.1]:40000", "localhost:8080", [2]string{}, true},
		"a tool":                  {"POST", "127.0.0.1:40000", "localhost:8080", [2]string{}, true},
		"this page":               {"POST", "127.0.0.1:40000", "localhost:8080", [2]string{"Sec-Fetch-Site", "same-origin"}, true},
		"this page, old browser":  {"POST", "127.0.0.1:40000", "localhost:8080", [2]string{"Origin", "http://localhost:8080"}, true},
		"other machine":           {"GET", "192.0.2.1:40000", "127.0.0.1:8080", [2]string{}, false},
		"neighbour":               {"GET", "10.0.0.2:40000", "localhost:8080", [2]string{}, false},
		"other machine, mapped":   {"GET", "[::ffff:192.0.2.1]:40000", "localhost:8080", [2]string{}, false},
		"link-local":              {"GET", "[fe80::1%eth0]:40000", "localhost:8080", [2]string{}, false},
		"forwarded":               {"GET", "192.0.2.1:40000", "localhost:8080", [2]string{"X-Forwarded-For", "127.0.0.1"}, false},
		"no address":              {"GET", "", "localhost:8080", [2]string{}, false},
		"not an address":          {"GET", "localhost:40000", "localhost:8080", [2]string{}, false},
		"name that leads here":    {"GET", "127.0.0.1:40000", "evil.example:8080", [2]string{}, false},
		"name that begins alike":  {"GET", "127.0.0.1:40000", "127.0.0.1.evil.example", [2]string{}, false},
		"name that ends alike":    {"GET", "127.0.0.1:40000", "evil.localhost:8080", [2]string{}, false},
		"any address":             {"GET", "127.0.0.1:40000", "0.0.0.0:8080", [2]string{}, false},
		"no host":                 {"GET", "127.0.0.1:40000", "", [2]string{}, false},
		"other site":              {"POST", "127.0.0.1:40000", "localhost:8080", [2]string{"Sec-Fetch-Site", "cross-site"}, false},
		"other port":              {"POST", "127.0.0.1:40000", "localhost:8080", [2]string{"Sec-Fetch-Site", "same-site"}, false},
		"other site, puts":        {"PUT", "127.0.0.1:40000", "localhost:8080", [2]string{"Sec-Fetch-Site", "cross-site"}, false},
		"other site, old browser": {"POST", "127.0.0.1:40000", "localhost:8080", [2]string{"Origin", "http://evil.example"}, false},
		"no origin":               {"POST", "127.0.0.1:40000", "localhost:8080", [2]string{"Origin", "null"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			called := false
			r := httptest.NewRequest(test.method, "/_local/x", nil)
			r.RemoteAddr, r.Host = test.remote, test.host
			if test.header[0] != "" {
				r.Header.Set(test.header[0], test.header[1])
			}
			w := serve((&App{}).here(func(w http.ResponseWriter, _ *http.Request) { called = true; w.WriteHeader(http.StatusOK) }), r)
			if called != test.ok || (w.Code == http.StatusOK) != test.ok || !test.ok && w.Code != http.StatusForbidden {
				t.Errorf("called %v, %d", called, w.Code)
			}
			if test.ok && w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%v", w.Header())
			}
		})
	}
}

// In a container this machine is the gateway, and nobody else is.
func TestHereInAContainer(t *testing.T) {
	t.Parallel()
	a := &App{config: Config{Machine: netip.MustParseAddr("172.17.0.1")}}
	for remote, ok := range map[string]bool{
		"172.17.0.1:40000": true, "[::ffff:172.17.0.1]:40000": true, "127.0.0.1:40000": true,
		"172.17.0.3:40000": false, "192.0.2.1:40000": false, "": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/_local/mail", nil)
		r.RemoteAddr, r.Host = remote, "127.0.0.1:8080"
		w := serve(a.here(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }), r)
		if (w.Code == http.StatusOK) != ok {
			t.Errorf("%q: %d", remote, w.Code)
		}
	}
}

// None of the laptop's own conveniences is for others.
func TestLocalPathsAreForThisMachine(t *testing.T) {
	t.Parallel()
	ran := false
	a := newApp(t, job.Job{ID: "probe", Run: func(context.Context, job.Deps, json.RawMessage) (any, error) { ran = true; return nil, nil }})
	for _, path := range []string{"GET /_local/mail", "GET /_local/clock", "PUT /_local/clock", "POST /_local/jobs/probe"} {
		method, path, _ := strings.Cut(path, " ")
		r := request(method, path, `{"now":"2027-01-01T00:00:00Z"}`)
		r.RemoteAddr = "192.0.2.1:40000"
		if w := serve(a.Handler(), r); w.Code != http.StatusForbidden {
			t.Errorf("%s %s: %d", method, path, w.Code)
		}
		if w := serve(a.Handler(), request(method, path, `{"now":"2026-11-02T09:00:00Z"}`)); w.Code != http.StatusOK {
			t.Errorf("%s %s from here: %d %s", method, path, w.Code, w.Body)
		}
	}
	if !ran || !a.Now().Equal(start) {
		t.Errorf("ran %v, now %v", ran, a.Now())
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	ticks := start
	a.config.Clock = func() time.Time { return ticks }
	for _, test := range []struct {
		body string
		now  string // empty: refused
	}{
		{`{"now":"2000-01-01T00:00:00Z"}`, "2000-01-01T00:00:00Z"},
		{`{"now":"2100-12-31T23:59:59Z"}`, "2100-12-31T23:59:59Z"},
		{`{"now":"2026-11-22T11:00:00+02:00"}`, "2026-11-22T09:00:00Z"},
		{`{"now":"1999-12-31T23:59:59Z"}`, ""},
		{`{"now":"2101-01-01T00:00:00Z"}`, ""},
		{`{"now":"tomorrow"}`, ""},
		{`{"now":7}`, ""},
		{`{}`, ""},
		{``, ""},
	} {
		before := a.Now()
		w := serve(a.Handler(), request("PUT", "/_local/clock", test.body))
		if test.now == "" {
			if w.Code != http.StatusBadRequest || !a.Now().Equal(before) {
				t.Errorf("%s: %d, now %v", test.body, w.Code, a.Now())
			}
			continue
		}
		if want := fmt.Sprintf(`{"now":%q}`, test.now); w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s: %d %s", test.body, w.Code, w.Body)
		}
		if again := serve(a.Handler(), request("GET", "/_local/clock", "")); again.Body.String() != w.Body.String() {
			t.Errorf("%s", again.Body)
		}
	}
	// It goes on from where it was set to.
	before := a.Now()
	ticks = ticks.Add(time.Minute)
	if got := a.Now().Sub(before); got != time.Minute {
		t.Errorf("%v later", got)
	}
}

func TestRunJob(t *testing.T) {
	t.Parallel()
	answer := func(err error) func(context.Context, job.Deps, json.RawMessage) (any, error) {
		return func(_ context.Context, _ job.Deps, event json.RawMessage) (any, error) {
			if err == nil {
				return event, nil
			}
			return nil, err
		}
	}
	a := newApp(
		t,
		job.Job{ID: "echo", Run: answer(nil)},
		job.Job{ID: "fails", Run: answer(errors.New("broken"))},
		job.Job{ID: "picky", Run: answer(fmt.Errorf("%w: operatorName is missing", job.ErrEvent))},
	)
	for _, test := range []struct {
		id, event string
		status    int
		says      string
	}{
		{"echo", "", 200, `{"job":"echo","result":{}}`},
		{"echo", `{"a":1}`, 200, `{"job":"echo","result":{"a":1}}`},
		{"fails", "", 500, "broken"},
		{"picky", "", 400, "operatorName is missing"},
		{"unknown", "", 404, "no such job"},
		{"echo", strings.Repeat(" ", 1<<20+1), 413, "too large"},
	} {
		if w := serve(a.Handler(), request("POST", "/_local/jobs/"+test.id, test.event)); w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d %.200s", test.id, w.Code, w.Body)
		}
	}
}

// Each request has an id of its own and the address of its connection,
// whatever it says itself.
func TestIdentify(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	seen := map[string]bool{}
	h := a.identify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := endpoint.RequestID(r.Context())
		if seen[id] || id == "" || w.Header().Get("X-Request-Id") != id {
			t.Errorf("id %q", id)
		}
		seen[id] = true
		fmt.Fprint(w, endpoint.Source(r.Context()))
	}))
	for remote, want := range map[string]string{"192.0.2.1:40000": "192.0.2.1", "[2001:db8::1]:40000": "2001:db8::1", "pipe": "pipe"} {
		r := request("GET", "/", "")
		r.RemoteAddr = remote
		r.Header.Set("X-Request-Id", "mine")
		r.Header.Set("X-Forwarded-For", "198.51.100.1")
		if w := serve(h, r); w.Body.String() != want {
			t.Errorf("%s: %s", remote, w.Body)
		}
	}
}

func TestJobsInTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := map[string]int{}
		probe := func(id string, trigger job.Trigger, err error) job.Job {
			return job.Job{ID: id, Trigger: trigger, Run: func(context.Context, job.Deps, json.RawMessage) (any, error) {
				runs[id]++
				return nil, err
			}}
		}
		var log bytes.Buffer
		a := &App{
			config: Config{Clock: time.Now, Log: slog.New(slog.NewJSONHandler(&log, nil))},
			jobs: []job.Job{
				probe("fails", job.Trigger{Outbox: true}, errors.New("broken")),
				probe("outbox", job.Trigger{Outbox: true, Every: time.Hour}, nil),
				probe("minutely", job.Trigger{Every: time.Minute}, nil),
				probe("by hand", job.Trigger{}, nil),
			},
		}
		last := map[string]time.Time{}
		for range 121 {
			a.runDue(t.Context(), last)
			time.Sleep(time.Second)
		}
		if diff := cmp.Diff(map[string]int{"fails": 121, "outbox": 121, "minutely": 3}, runs); diff != "" {
			t.Error(diff)
		}
		if n := strings.Count(log.String(), `"job":"fails","error":"broken"`); n != 121 {
			t.Errorf("logged %d times", n)
		}
	})
}

// Who asks the process to stop lets a job that has begun finish.
func TestServeStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	a := newApp(t, job.Job{ID: "slow", Trigger: job.Trigger{Every: time.Hour}, Run: func(within context.Context, _ job.Deps, _ json.RawMessage) (any, error) {
		cancel()
		ended <- within.Err()
		return nil, nil
	}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Serve(ctx, listener); err != nil {
		t.Errorf("stopped with %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the job was cut off: %v", err)
	}
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Error("it still listens")
	}
	// One that cannot listen says so.
	if err := a.Serve(t.Context(), listener); err == nil {
		t.Error("it serves a closed listener")
	}
}

// The pages of the laptop run no scripts, for mails are shown in them.
func TestPagesRunNothing(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	if _, err := a.config.Mailbox.Send(t.Context(), domain.Message{
		ID: domain.NewMailID(start), To: "aino@example.com", Subject: "<script>alert(1)</script>", HTML: `"><script>alert(2)</script>`, Links: []string{"javascript:alert(3)"},
	}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/_local/mail"} {
		w := serve(a.Handler(), request("GET", path, ""))
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), `href="javascript:`) ||
			!strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'none'") {
			t.Errorf("%s: %d %v\n%s", path, w.Code, w.Header(), w.Body)
		}
	}
	r := request("GET", "/_local/mail", "")
	r.Header.Set("Accept", "application/json")
	var messages []filemail.Stored
	if err := json.Unmarshal(serve(a.Handler(), r).Body.Bytes(), &messages); err != nil || len(messages) != 1 || messages[0].To != "aino@example.com" {
		t.Errorf("%+v, %v", messages, err)
	}
}

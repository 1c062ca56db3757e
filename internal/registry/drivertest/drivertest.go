// Package drivertest holds every driver of a company register to what
// registry.Driver and domain.Registry promise, whatever the register answers.
package drivertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/httpjson"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
)

// Suite is a driver and what registrytest's fake knows in its register.
type Suite struct {
	Register string // of the fake, such as registrytest.PRH
	Country  domain.Country
	Known    string // id of a company
	Name     string // its name
	Other    string // id of another one
	Unknown  string // id that nobody has
	// Open makes the driver of the register, at the fake's address.
	Open func(address string, client *httpjson.Client) (registry.Driver, error)
	// Members are the names of some members that the driver reads in an answer.
	Members []string
}

// Now is the time by the clock of the drivers under test.
var Now = time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC)

const (
	// short is how long calls may take here, where slowness is the case.
	short = 150 * time.Millisecond
	// soon is when a call has certainly not hung, on a busy machine.
	soon = 3 * time.Second
)

// Run tests the driver.
func Run(t *testing.T, s Suite) {
	t.Run("found", s.found)
	t.Run("unknown", s.unknown)
	t.Run("how it asks", s.asks)
	t.Run("XD19 faults", s.faults)
	t.Run("XD19 slow", s.slow)
	t.Run("XD19 ten gigabytes", s.tenGigabytes)
	t.Run("XD19 redirect", s.redirect)
	t.Run("XD19 resets", s.resets)
	t.Run("XD19 no register there", s.nobody)
	t.Run("XD19 members of other types", s.otherTypes)
	t.Run("XD19 plain address", s.plain)
	t.Run("many at once", s.many)
}

// Below is where a register is in a fake at an address of http; other addresses
// are the register's own.
func Below(address, register string) string {
	if strings.HasPrefix(address, "http://127.0.0.1:") {
		return address + register
	}
	return address
}

// world is a fake register, with what was asked of it, and a look-up by the driver.
type world struct {
	*registrytest.Fake
	Address string
	Lookup  *registry.Lookup
	Cache   *registrytest.Cache
	Log     *strings.Builder

	mu       sync.Mutex
	requests []*http.Request
}

func (s Suite) world(t *testing.T, most time.Duration) *world {
	t.Helper()
	w := &world{Fake: registrytest.New(), Cache: registrytest.NewCache(), Log: new(strings.Builder)}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.requests = append(w.requests, r.Clone(context.WithoutCancel(r.Context())))
		w.mu.Unlock()
		w.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.Address = server.URL
	driver, err := s.Open(server.URL, httpjson.New(httpjson.Config{Plain: true, Time: most}))
	if err != nil {
		t.Fatal(err)
	}
	w.Lookup = &registry.Lookup{
		Drivers: map[domain.Country]registry.Driver{s.Country: driver}, Cache: w.Cache,
		Clock: func() time.Time { return Now }, Log: slog.New(slog.NewTextHandler(w.Log, nil)), Time: most,
	}
	return w
}

// asked is how often the register itself was asked.
func (w *world) asked(register string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		if strings.HasPrefix(r.URL.Path, register+"/") {
			n++
		}
	}
	return n
}

// answer is how the register answers about the known company.
func (s Suite) answer(t *testing.T) (body string) {
	t.Helper()
	w := s.world(t, 0)
	w.Break(s.Register, func(rw http.ResponseWriter, r *http.Request, right registrytest.Answer) {
		body = string(right.Body)
		registrytest.None(rw, r, right)
	})
	w.expect(t, s, found, "")
	return body
}

// Answered asks for the known company of a register with a fault.
func (s Suite) Answered(t *testing.T, fault registrytest.Fault) (*domain.RegisteredCompany, error) {
	t.Helper()
	w := s.world(t, 0)
	w.Break(s.Register, fault)
	return w.Lookup.Company(t.Context(), s.Country, s.Known)
}

// Company asks for a company of a register in which everything works.
func (s Suite) Company(t *testing.T, id string) (*domain.RegisteredCompany, error) {
	t.Helper()
	return s.world(t, 0).Lookup.Company(t.Context(), s.Country, id)
}

func (s Suite) found(t *testing.T) {
	t.Parallel()
	w := s.world(t, 0)
	for range 2 {
		c, err := w.Lookup.Company(t.Context(), s.Country, s.Known)
		if err != nil {
			t.Fatal(err)
		}
		if c.Country != s.Country || c.BusinessID != s.Known || c.Name != s.Name || c.Source == "" || !c.FetchedAt.Equal(Now) {
			t.Errorf("%+v", c)
		}
	}
	if n := w.asked(s.Register); n != 1 {
		t.Errorf("the register was asked %d times, want once: answers are kept", n)
	}
	if w.Log.Len() > 0 {
		t.Error(w.Log)
	}
}

func (s Suite) unknown(t *testing.T) {
	t.Parallel()
	w := s.world(t, 0)
	for range 2 {
		if c, err := w.Lookup.Company(t.Context(), s.Country, s.Unknown); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%+v, %v; want not found", c, err)
		}
	}
	if n := w.asked(s.Register); n != 1 {
		t.Errorf("the register was asked %d times, want once: answers are kept", n)
	}
}

func (s Suite) asks(t *testing.T) {
	t.Parallel()
	w := s.world(t, 0)
	if _, err := w.Lookup.Company(t.Context(), s.Country, s.Known); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		if r.UserAgent() != httpjson.UserAgent || r.Header.Get("Accept") == "" || r.Header.Get("Accept-Encoding") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
		}
	}
}

// want of a company that the register does know.
type want int

const (
	unavailable want = iota
	found
	notFound
)

func (s Suite) faults(t *testing.T) {
	t.Parallel()
	answer := s.answer(t)
	wire := strings.NewReplacer("-", "")
	ids := func(from, to string) registrytest.Fault { // in both forms, with hyphen and without
		return func(w http.ResponseWriter, r *http.Request, right registrytest.Answer) {
			right.Body = []byte(strings.NewReplacer(from, to, wire.Replace(from), wire.Replace(to)).Replace(string(right.Body)))
			registrytest.None(w, r, right)
		}
	}
	named := func(name string) registrytest.Fault { return registrytest.Replace(s.Name, name) }
	for name, c := range map[string]struct {
		fault registrytest.Fault
		want  want
		name  string // where it is not the right one
	}{
		"no fault":                      {fault: registrytest.None, want: found},
		"302":                           {fault: registrytest.Redirect(302, "/elsewhere")},
		"307":                           {fault: registrytest.Redirect(307, "/elsewhere")},
		"204":                           {fault: registrytest.Status(204)},
		"206":                           {fault: registrytest.Status(206)},
		"400":                           {fault: registrytest.Status(400)},
		"401":                           {fault: registrytest.Status(401)},
		"403":                           {fault: registrytest.Status(403)},
		"404 as a page":                 {fault: registrytest.HTML(404, "text/html; charset=utf-8")},
		"429":                           {fault: registrytest.Status(429)},
		"429 as text":                   {fault: registrytest.Say(registrytest.Answer{Status: 429, Type: "text/plain", Body: []byte("slow down")})},
		"XF17 500":                      {fault: registrytest.Status(500)},
		"XF17 503 as a page":            {fault: registrytest.HTML(503, "text/html")},
		"page":                          {fault: registrytest.HTML(200, "text/html")},
		"page that says it is JSON":     {fault: registrytest.HTML(200, "application/json")},
		"no content type":               {fault: registrytest.Say(registrytest.Answer{Status: 200, Body: []byte(answer)})},
		"JSON as text":                  {fault: registrytest.Say(registrytest.Answer{Status: 200, Type: "text/plain", Body: []byte(answer)})},
		"malformed content type":        {fault: registrytest.Say(registrytest.Answer{Status: 200, Type: "application/json;;=", Body: []byte(answer)})},
		"truncated":                     {fault: registrytest.Truncated},
		"cut off":                       {fault: registrytest.CutOff},
		"packed":                        {fault: registrytest.Packed},
		"headers without end":           {fault: registrytest.Headers},
		"a little more than a megabyte": {fault: registrytest.JSON(answer + strings.Repeat(" ", httpjson.MaxBody))},
		"nearly a megabyte":             {fault: registrytest.JSON(strings.Repeat(" ", httpjson.MaxBody-len(answer)) + answer), want: found},
		"empty":                         {fault: registrytest.JSON("")},
		"null":                          {fault: registrytest.JSON("null")},
		"nothing in it":                 {fault: registrytest.JSON("{}")},
		"list":                          {fault: registrytest.JSON("[" + answer + "]")},
		"number":                        {fault: registrytest.JSON("17")},
		"two answers":                   {fault: registrytest.JSON(answer + answer)},
		"deep":                          {fault: registrytest.JSON(strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000))},
		"not UTF-8":                     {fault: named("\xff\xfe")},
		"wrong id":                      {fault: ids(s.Known, s.Other)},
		"no id":                         {fault: ids(s.Known, "")},
		"id that cannot be":             {fault: ids(s.Known, "1234567-0")},
		"script in name":                {fault: named(`<script>alert(1)<\/script>`)},
		"escaped script in name":        {fault: named(`\u003cimg src=x onerror=alert(1)\u003e`)},
		"no name":                       {fault: named("")},
		"name of spaces":                {fault: named(` \u2003\t`)},
		"name that cannot be seen":      {fault: named(`\u200b\u2060\ufeff`)},
		"name of signs":                 {fault: named(`--- ***`)},
		"name without end":              {fault: named(strings.Repeat("a", 100_000))},
		"name of two lines":             {fault: named(`Two\r\nLines\u2028 Oy`), want: found, name: "Two Lines Oy"},
		"name with hidden characters":   {fault: named(`Hid\u0000den\u202e \u200bO\u00ady\u0007\ufe0f`), want: found, name: "Hidden Oy"},
		"name that looks like a format": {fault: named(`{{.}} ${jndi:x} %s' OR 1=1 Oy`), want: found, name: `{{.}} ${jndi:x} %s' OR 1=1 Oy`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := s.world(t, 0)
			w.Break(s.Register, c.fault)
			w.expect(t, s, c.want, c.name)
			if strings.Contains(name, "XF17") {
				w.Break(s.Register, nil)
				w.expect(t, s, found, "") // an outage is not kept
			}
		})
	}
	for _, member := range s.Members {
		t.Run("twice: "+member, func(t *testing.T) {
			t.Parallel()
			w := s.world(t, 0)
			w.Break(s.Register, registrytest.Replace(`"`+member+`":`, `"`+member+`":null,"`+member+`":`))
			w.expect(t, s, unavailable, "")
		})
	}
}

// expect asks for the known company.
func (w *world) expect(t *testing.T, s Suite, want want, name string) {
	t.Helper()
	before, kept := w.asked(s.Register), w.Cache.Len()
	began := time.Now()
	c, err := w.Lookup.Company(t.Context(), s.Country, s.Known)
	if took := time.Since(began); took > soon {
		t.Errorf("it took %v", took)
	}
	switch want {
	case found:
		if name == "" {
			name = s.Name
		}
		if err != nil || c.Name != name || c.BusinessID != s.Known {
			t.Fatalf("%+v, %v; want %s", c, err, name)
		}
		return
	case notFound:
		if !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%+v, %v; want not found", c, err)
		}
		return
	}
	if c != nil || !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("%+v, %v; want unavailable", c, err)
	}
	if w.Cache.Len() != kept {
		t.Error("an outage was kept")
	}
	if n := w.asked(s.Register) - before; n > 1 {
		t.Errorf("asked %d times, want no repetition", n)
	}
	if !strings.Contains(w.Log.String(), s.Known) || w.Log.Len() > 2000 {
		t.Errorf("the log says %.2000q, want which company, shortly", w.Log)
	}
}

func (s Suite) slow(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]registrytest.Fault{"no answer": registrytest.Slow, "a drip": registrytest.Dripping} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := s.world(t, short)
			w.Break(s.Register, fault)
			w.expect(t, s, unavailable, "")
		})
	}
	t.Run("the caller goes", func(t *testing.T) {
		t.Parallel()
		w := s.world(t, 0)
		w.Break(s.Register, registrytest.Slow)
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		began := time.Now()
		if c, err := w.Lookup.Company(ctx, s.Country, s.Known); !errors.Is(err, domain.ErrUnavailable) || time.Since(began) > soon {
			t.Errorf("%+v, %v after %v", c, err, time.Since(began))
		}
	})
}

func (s Suite) tenGigabytes(t *testing.T) {
	t.Parallel()
	w := s.world(t, 0)
	var taken atomic.Int64
	w.Break(s.Register, registrytest.TenGigabytes(&taken))
	w.expect(t, s, unavailable, "")
	// What lies in the buffers of the connection is not read.
	if n := taken.Load(); n > 32<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func (s Suite) redirect(t *testing.T) {
	t.Parallel()
	answer := s.answer(t)
	var visits atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		registrytest.JSON(answer)(w, r, registrytest.Answer{})
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		w := s.world(t, 0)
		w.Break(s.Register, registrytest.Redirect(status, elsewhere.URL))
		w.expect(t, s, unavailable, "")
	}
	if visits.Load() > 0 {
		t.Error("a redirect was followed")
	}
}

func (s Suite) resets(t *testing.T) {
	t.Parallel()
	for times, want := range []want{found, found, unavailable} {
		w := s.world(t, 0)
		w.Break(s.Register, registrytest.Reset(int64(times)))
		c, err := w.Lookup.Company(t.Context(), s.Country, s.Known)
		if (err == nil) != (want == found) || err != nil && !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("%d resets: %+v, %v", times, c, err)
		}
		if n := w.asked(s.Register); n != min(times+1, 2) {
			t.Errorf("%d resets: asked %d times", times, n)
		}
	}
}

func (s Suite) nobody(t *testing.T) {
	t.Parallel()
	w := s.world(t, 0)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, address := range []string{gone.URL, w.Address + "/nothing/here"} {
		driver, err := s.Open(address, httpjson.New(httpjson.Config{Plain: true}))
		if err != nil {
			t.Fatal(err)
		}
		w.Lookup.Drivers[s.Country] = driver
		w.expect(t, s, unavailable, "")
	}
}

// otherTypes puts, in the place of every member and element of the answer, one
// value of each type. No answer may break anything; one that is believed is of
// the company and clean.
func (s Suite) otherTypes(t *testing.T) {
	t.Parallel()
	w := s.world(t, 0)
	var answer any
	if err := json.Unmarshal([]byte(s.answer(t)), &answer); err != nil {
		t.Fatal(err)
	}
	outcomes := map[want]int{}
	try := func(where string) {
		body, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		w.Break(s.Register, registrytest.JSON(string(body)))
		w.Lookup.Cache = registrytest.NewCache()
		c, err := w.Lookup.Company(t.Context(), s.Country, s.Known)
		switch {
		case err == nil:
			outcomes[found]++
			if c.BusinessID != s.Known || c.Name == "" || !clean(c) {
				t.Errorf("%s: %+v", where, c)
			}
		case errors.Is(err, domain.ErrNotFound):
			outcomes[notFound]++
		case errors.Is(err, domain.ErrUnavailable):
			outcomes[unavailable]++
		default:
			t.Errorf("%s: %v", where, err)
		}
	}
	replace(answer, "", func(v any) { answer = v }, try)
	if outcomes[found] == 0 || outcomes[unavailable] == 0 {
		t.Errorf("outcomes %v, want some of what is read and some of what is not", outcomes)
	}
	t.Logf("%d found, %d not found, %d unavailable", outcomes[found], outcomes[notFound], outcomes[unavailable])
}

// replace calls try with each value in the place of v and of all below it.
func replace(v any, where string, set func(any), try func(where string)) {
	for _, other := range []any{nil, true, -1.5, 1e300, "", "<b>\u202e\x00", []any{}, []any{nil, "x"}, map[string]any{}, map[string]any{"typ": "x", "kod": "y"}} {
		set(other)
		try(fmt.Sprintf("%s = %v", where, other))
	}
	set(v)
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			replace(member, where+"/"+name, func(other any) { v[name] = other }, try)
		}
	case []any:
		for i, element := range v {
			replace(element, fmt.Sprint(where, "/", i), func(other any) { v[i] = other }, try)
		}
	}
}

// clean tells whether no text of a company is more than a short line.
func clean(c *domain.RegisteredCompany) bool {
	for _, text := range append([]string{c.Name, c.Form.Code, c.Form.Text, c.PostalCode, c.City, string(c.Status), c.Source}, c.AddressLines...) {
		if len(text) > 1000 || strings.ContainsAny(text, "<>") || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			return false
		}
	}
	return true
}

func (s Suite) plain(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"http://registry.example.com", "http://127.0.0.1:1", "ftp://registry.example.com", "registry.example.com", "", "https://",
		"https://user:secret@registry.example.com", "https://registry.example.com/?x=1", "https://registry.example.com#x", "file:///etc/passwd",
	} {
		if _, err := s.Open(address, httpjson.New(httpjson.Config{})); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
	if _, err := s.Open("https://registry.example.com", httpjson.New(httpjson.Config{})); err != nil {
		t.Error(err)
	}
}

func (s Suite) many(t *testing.T) {
	t.Parallel()
	w := s.world(t, 0)
	var under, most atomic.Int64
	w.Break(s.Register, func(rw http.ResponseWriter, r *http.Request, right registrytest.Answer) {
		n := under.Add(1)
		defer under.Add(-1)
		for {
			m := most.Load()
			if n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		time.Sleep(5 * time.Millisecond)
		registrytest.None(rw, r, right)
	})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if _, err := w.Lookup.Company(t.Context(), s.Country, s.Known); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n > 4 {
		t.Errorf("%d calls at once", n)
	}
}

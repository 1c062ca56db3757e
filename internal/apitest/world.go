// Package apitest runs the whole of Fullmakt in a test: the local process on a
// table of the test's choice, reached by HTTP only. Every answer of the API is
// checked against its description.
package apitest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/leastprivilege"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/openapi"
	"github.com/fullmakt/fullmakt/internal/openapi/conform"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/registry/nordic"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// Start is when the clock of a new world stands.
var Start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// Portal is the configured base of the links in mails.
const Portal = "https://portal.example"

// OperatorEmail is the first administrator of every world.
const OperatorEmail = "operator@portal.example"

// World is a running process with all that a test may look at or break.
type World struct {
	T       testing.TB
	App     *localapp.App
	Base    table.Table // without what the test has wrapped it in
	Mailbox *filemail.Mailbox
	Hasher  *Hasher
	Vault   *Vault
	Profile *domain.Profile
	Log     *Log
	URL     string
	client  *http.Client
	codes   atomic.Int64 // national ids that were made up
	source  atomic.Value // address that requests come from
	now     atomic.Int64 // nanoseconds; a millisecond passes with each request, and what a test lets pass
}

// Roles holds what functions do to the table, in all worlds, against what their
// roles allow in AWS.
var Roles leastprivilege.Watch

// Options change what a world is made of.
type Options struct {
	// Profile is another than rental.
	Profile string
	// Alter makes the profile another one.
	Alter func(*domain.Profile)
	// Wrap puts something between the process and its table.
	Wrap func(table.Table) table.Table
	// Registers is a fake of the public company registers of its own, to break; otherwise
	// all worlds share one in which everything works.
	Registers *registrytest.Fake
	// Sender replaces the mailbox.
	Sender func(*filemail.Mailbox) domain.Sender
}

// Drivers are the tables that a world can stand on.
var Drivers = map[string]func(t *testing.T) table.Table{
	"sqlite":   func(t *testing.T) table.Table { return SQLite(t) },
	"dynamodb": func(t *testing.T) table.Table { return dynamolocal.Open(t) },
}

// SQLite opens an empty table in memory.
func SQLite(t testing.TB) table.Table {
	t.Helper()
	db, err := sqlitetable.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Each runs a test on every driver, in parallel with other tests.
func Each(t *testing.T, test func(t *testing.T, w *World)) {
	t.Parallel()
	for name, open := range Drivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, On(t, open(t), Options{}))
		})
	}
}

// With is a world of another profile on SQLite.
func With(t testing.TB, profile string) *World {
	t.Helper()
	return On(t, SQLite(t), Options{Profile: profile})
}

// New is a world on SQLite.
func New(t testing.TB) *World {
	t.Helper()
	return On(t, SQLite(t), Options{})
}

// checker is the API's description; it is read once.
var checker = sync.OnceValues(func() (*conform.Checker, error) {
	document, err := openapi.Document(api.Endpoints())
	if err != nil {
		return nil, err
	}
	return conform.New(document)
})

// shared is the address of registers in which everything works, for as long as
// the tests run.
var shared = sync.OnceValue(func() string { return httptest.NewServer(registrytest.New()).URL })

// registers is the address of public company registers.
func registers(t testing.TB, fake *registrytest.Fake) string {
	t.Helper()
	if fake == nil {
		return shared()
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return server.URL
}

// On is a world on a table.
func On(t testing.TB, tb table.Table, o Options) *World {
	t.Helper()
	base := tb
	if o.Wrap != nil {
		tb = o.Wrap(tb)
	}
	mailbox, err := filemail.New("")
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load(cmp.Or(o.Profile, "rental"))
	if err != nil {
		t.Fatal(err)
	}
	if o.Alter != nil {
		o.Alter(p)
	}
	check, err := checker()
	if err != nil {
		t.Fatal(err)
	}
	w := &World{T: t, Base: base, Mailbox: mailbox, Hasher: NewHasher(), Vault: NewVault(), Profile: p, Log: &Log{}}
	w.now.Store(Start.UnixNano())
	c := localapp.Config{
		Table: tb, Profile: p, Hasher: w.Hasher, Mailbox: mailbox, LinkKey: bytes.Repeat([]byte{7}, 32), Vault: w.Vault, PortalURL: Portal,
		Operator: "Example Portal", Log: slog.New(slog.NewJSONHandler(w.Log, nil)),
		Clock: func() time.Time { return time.Unix(0, w.now.Load()) },
		Guard: func(function string, tb table.Table) table.Table {
			return Roles.Guard(function, tb, func(err error) { t.Error(err) })
		},
	}
	if o.Sender != nil {
		c.Sender = o.Sender(mailbox)
	}
	if c.Registers, err = nordic.Drivers(registrytest.Config(registers(t, o.Registers))); err != nil {
		t.Fatal(err)
	}
	w.App = localapp.New(c)
	if _, err := w.App.Bootstrap(context.Background(), OperatorEmail, domain.English, nil); err != nil {
		t.Fatal(err)
	}
	w.From("192.0.2.1")
	// The process tells sources apart by the connection's address; here a test says it.
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = net.JoinHostPort(w.source.Load().(string), "1234")
		w.App.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.URL = server.URL
	w.client = &http.Client{
		Transport:     check.Transport(http.DefaultTransport, t),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w
}

// Now is the world's time.
func (w *World) Now() time.Time { return time.Unix(0, w.now.Load()).UTC() }

// SetNow moves the world's time.
func (w *World) SetNow(now time.Time) { w.now.Store(now.UnixNano()) }

// Pass lets time pass.
func (w *World) Pass(d time.Duration) { w.now.Add(int64(d)) }

// From makes the next requests come from an address.
func (w *World) From(source string) { w.source.Store(source) }

// Log keeps what the process logs.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is all that was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Object is a JSON object.
type Object = map[string]any

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Raw    []byte
	Body   Object // nil when there is none
}

// Code is the code of a problem document.
func (a Answer) Code() string { return fmt.Sprint(a.Body["code"]) }

// Text is a member of the body, by a path such as "person/id" or "items/0/email".
func (a Answer) Text(path string) string {
	var v any = a.Body
	for _, name := range strings.Split(path, "/") {
		switch in := v.(type) {
		case Object:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(in) {
				return ""
			}
			v = in[i]
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// Items is the items of a list.
func (a Answer) Items() []any {
	items, _ := a.Body["items"].([]any)
	return items
}

// Header is one header of a request: name and value.
type Header [2]string

// Request is one whole request; the body is sent as it is if it is a string or
// bytes, and as JSON otherwise.
type Request struct {
	Method, Path string
	Body         any
	Token        string
	Headers      []Header
}

// Send sends a request and reads the answer.
func (w *World) Send(r Request) Answer {
	w.T.Helper()
	answer, err := w.Try(r)
	if err != nil {
		w.T.Fatal(err)
	}
	return answer
}

// Try is Send for goroutines other than the test's own.
func (w *World) Try(r Request) (Answer, error) {
	w.Pass(time.Millisecond)
	var body io.Reader
	switch b := r.Body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	case []byte:
		body = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return Answer{}, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequest(r.Method, w.URL+r.Path, body)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	for _, h := range r.Headers {
		req.Header.Set(h[0], h[1])
		if h[0] == "Host" {
			req.Host = h[1]
		}
	}
	res, err := w.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	a := Answer{Status: res.StatusCode, Header: res.Header}
	if a.Raw, err = io.ReadAll(res.Body); err != nil {
		return Answer{}, err
	}
	if len(a.Raw) > 0 && strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.Raw, &a.Body); err != nil {
			return Answer{}, err
		}
	}
	return a, nil
}

// Want sends a request and demands a status.
func (w *World) Want(status int, r Request) Answer {
	w.T.Helper()
	a := w.Send(r)
	if a.Status != status {
		w.T.Fatalf("%s %s: %d %s, want %d", r.Method, r.Path, a.Status, a.Raw, status)
	}
	return a
}

// Fails sends a request and demands a problem.
func (w *World) Fails(status int, code string, r Request) Answer {
	w.T.Helper()
	a := w.Want(status, r)
	if a.Code() != code {
		w.T.Fatalf("%s %s: %s, want %s", r.Method, r.Path, a.Raw, code)
	}
	return a
}

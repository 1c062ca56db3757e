// Package localapp is Fullmakt as one process: every endpoint and job of the
// registries on one port, each with no more than it declares to need, beside
// a mailbox and a clock that can be moved.
package localapp

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/job/bootstrap"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/profile/profilefile"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/sheet/xlsxsheet"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Config is what the process is made of.
type Config struct {
	Table     table.Table
	Profile   *domain.Profile
	Hasher    domain.Hasher
	Mailbox   *filemail.Mailbox
	LinkKey   []byte       // of the one-time links; 32 bytes
	Vault     domain.Vault // of national ids; nil: one that is gone with the process
	PortalURL string       // base of the links in mails, and of the API
	Operator  string       // the company's name
	Log       *slog.Logger
	// Registers are the public company registers, by country; nil: there are none.
	Registers map[domain.Country]registry.Driver
	// FakeRegisters is served below FakeRegistersPath, if not nil.
	FakeRegisters http.Handler
	// Guard stands between each function and the table, where a test wants it.
	Guard func(function string, t table.Table) table.Table
	// Sender replaces the mailbox, and Clock the system's, where a test wants it.
	Sender domain.Sender
	Clock  func() time.Time
	// Directory is where the store is kept, and Moved by how much ReadClock says
	// that its clock is ahead; empty: in memory.
	Directory string
	Moved     time.Duration
	// Machine is where requests of this machine come from if the process is in a
	// container: its gateway.
	Machine netip.Addr
}

// App is the process.
type App struct {
	config  Config
	jobs    []job.Job
	files   *files
	handler http.Handler

	mu    sync.Mutex
	moved time.Duration // by which the clock is ahead
}

// New puts the process together. Nothing runs yet.
func New(c Config) *App {
	if c.Sender == nil {
		c.Sender = c.Mailbox
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Vault == nil {
		c.Vault = inMemory()
	}
	a := &App{config: c, jobs: jobs.All(), moved: c.Moved}
	a.files = &files{base: c.PortalURL, now: a.Now, all: map[string]file{}}
	a.handler = a.routes()
	return a
}

// Handler serves everything.
func (a *App) Handler() http.Handler { return a.handler }

// table is the one that a function works on.
func (a *App) table(function string) table.Table {
	if a.config.Guard == nil {
		return a.config.Table
	}
	return a.config.Guard(function, a.config.Table)
}

// endpointDeps gives an endpoint what it declares to need.
func (a *App) endpointDeps(e endpoint.Endpoint) endpoint.Deps {
	t := limit(a.table(e.ID), e.ID, e.Needs, e.InSession())
	deps := endpoint.Deps{Store: store.New(t), Profile: a.config.Profile, Clock: a.Now, Log: a.config.Log}
	if e.Hashes {
		deps.Hasher = a.config.Hasher
	}
	if e.Needing(endpoint.OwnAddress) {
		deps.PublicURL = a.config.PortalURL
	}
	if e.Needing(endpoint.ReadRegistry) {
		deps.Registry = &registry.Lookup{Drivers: a.config.Registers, Cache: store.NewRegisterCache(t), Clock: a.Now, Log: a.config.Log}
	}
	if e.Needing(endpoint.WriteFiles) {
		deps.Files, deps.Workbook = a.files, xlsxsheet.Open
	}
	// Nobody's national ids are kept on a laptop but those that are nobody's.
	deps.Vault, deps.ArtificialIDs = a.vaultFor(e.ID, e.Needs), true
	return deps
}

// MailTopic is the topic on which events of mails come that somebody makes up, to
// see what becomes of them: the mailbox of a laptop takes every mail.
const MailTopic = "arn:aws:sns:local:000000000000:fullmakt-mails"

// Run runs a job once, with what it declares to need. A nil event is the clock's.
func (a *App) Run(ctx context.Context, id string, event json.RawMessage) (any, error) {
	i := slices.IndexFunc(a.jobs, func(j job.Job) bool { return j.ID == id })
	if i < 0 {
		return nil, domain.ErrNotFound
	}
	j := a.jobs[i]
	if event == nil {
		event = json.RawMessage("{}")
	}
	deps := job.Deps{
		Store: store.New(limit(a.table(j.ID), j.ID, j.Needs, false)), Profile: a.config.Profile, Clock: a.Now, Log: a.config.Log,
		Vault: a.vaultFor(j.ID, j.Needs),
	}
	for _, need := range j.Needs {
		switch need {
		case endpoint.SendMail:
			deps.Sender, deps.Portal, deps.Operator = a.config.Sender, a.config.PortalURL, a.config.Operator
		case endpoint.HearMails:
			deps.MailTopic = MailTopic
		case endpoint.MintLinks:
			deps.Mint = domain.HMACMinter(a.config.LinkKey)
		}
	}
	return j.Run(ctx, deps, event)
}

// Bootstrap fills an empty store: the operator with its first administrator
// and, if there are any, demo data. What is there already is left alone. It
// returns those whom it has invited.
func (a *App) Bootstrap(ctx context.Context, operatorEmail domain.Email, language domain.Language, demo *profilefile.Demo) (invited []Invited, err error) {
	event, err := json.Marshal(bootstrap.Event{OperatorName: a.config.Operator, OperatorEmail: string(operatorEmail), OperatorLanguage: language})
	if err != nil {
		return nil, err
	}
	made, err := a.Run(ctx, bootstrap.ID, event)
	if err != nil {
		return nil, err
	}
	if made == (bootstrap.Result{Made: true}) {
		invited = append(invited, Invited{Email: operatorEmail, Organization: a.config.Operator, SignsIn: true})
	}
	if demo == nil {
		return invited, nil
	}
	more, err := a.loadDemo(ctx, demo)
	return append(invited, more...), err
}

// tick is how often the clock's jobs are looked at: often enough that a mail
// is in the mailbox within a second.
const tick = 200 * time.Millisecond

// Serve listens until the context ends, and runs the jobs of the clock and of
// the outbox in their time.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: a.handler, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := map[string]time.Time{}
	for {
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return server.Shutdown(stop)
		case <-ticker.C:
			// A job that has begun is let finish: what is asked to stop stops after it.
			a.runDue(context.WithoutCancel(ctx), last)
		}
	}
}

// runDue runs each job whose time has come by the portal's clock, which can be
// set: every hour is at the full hour. One that the outbox starts runs always.
func (a *App) runDue(ctx context.Context, last map[string]time.Time) {
	now := a.Now()
	for _, j := range a.jobs {
		due := j.Trigger.Outbox || j.Trigger.Every > 0 && !now.Truncate(j.Trigger.Every).Equal(last[j.ID].Truncate(j.Trigger.Every))
		if !due {
			continue
		}
		last[j.ID] = now
		if _, err := a.Run(ctx, j.ID, nil); err != nil {
			a.config.Log.ErrorContext(ctx, "job failed", "job", j.ID, "error", err)
		}
	}
}

// routes puts the API, the pages and the laptop's own conveniences side by side.
func (a *App) routes() http.Handler {
	mux := http.NewServeMux()
	endpoints := endpoint.Mux(api.Endpoints(), a.config.Log, a.endpointDeps)
	for _, prefix := range []string{"/v1/", "/access/", "/.well-known/"} {
		mux.Handle(prefix, endpoints)
	}
	a.local(mux)
	return a.identify(mux)
}

// identify does what the gateway does in AWS: it gives each request an id, and
// tells the address that it comes from.
func (a *App) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		source, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			source = r.RemoteAddr
		}
		id := endpoint.NewRequestID()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(endpoint.WithRequest(r.Context(), id, source)))
	})
}

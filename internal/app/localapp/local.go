package localapp

import (
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	_ "embed"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/openapi/docsui"
	"github.com/fullmakt/fullmakt/portal"
)

// FakeRegistersPath is where what stands in for the public company registers is.
const FakeRegistersPath = "/_local/registers"

// local adds what no Lambda has: the pages, the API's description, and what
// people and tests need to look behind the scenes.
func (a *App) local(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", a.index)
	pages := portal.Handler()
	for _, path := range portal.Paths() {
		mux.Handle("GET "+path, pages)
	}
	mux.Handle("GET /docs", http.RedirectHandler("/docs/", http.StatusFound))
	mux.Handle("GET /docs/", docsui.Handler())
	mux.Handle("GET /_local/mail", a.here(a.mail))
	mux.Handle("GET /_local/clock", a.here(a.clock))
	mux.Handle("PUT /_local/clock", a.here(a.setClock))
	mux.Handle("POST /_local/jobs/{id}", a.here(a.runJob))
	mux.Handle("GET "+filesPath, a.here(a.files.ServeHTTP))
	if fake := a.config.FakeRegisters; fake != nil {
		mux.Handle(FakeRegistersPath+"/", a.here(http.StripPrefix(FakeRegistersPath, fake).ServeHTTP))
	}
}

// here lets in this machine only: the mailbox holds links. It also refuses what a
// page of another site could make a browser send: a name that leads to this
// machine, or a request that is not this page's own.
func (a *App) here(next http.HandlerFunc) http.Handler {
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		source, err := netip.ParseAddrPort(r.RemoteAddr)
		host, _, _ := strings.Cut(r.Host, ":")
		from := source.Addr().Unmap()
		if err != nil || !from.IsLoopback() && from != a.config.Machine || host != "127.0.0.1" && host != "localhost" {
			http.Error(w, "only from this machine", http.StatusForbidden)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next(w, r)
	}))
}

//go:embed index.html
var indexPage string

//go:embed mail.html
var mailPage string

var pages = template.Must(template.Must(template.New("index").Parse(indexPage)).New("mail").Parse(mailPage))

func (a *App) index(w http.ResponseWriter, _ *http.Request) {
	type shown struct {
		ID, Summary string
		Clocked     bool // it runs without an event too
	}
	var listed []shown
	for _, j := range a.jobs {
		listed = append(listed, shown{j.ID, j.Summary, j.Trigger.Every > 0})
	}
	a.page(w, "index", map[string]any{"Operator": a.config.Operator, "Profile": a.config.Profile.Key, "Now": a.Now().UTC().Format(time.RFC3339), "Jobs": listed})
}

func (a *App) mail(w http.ResponseWriter, r *http.Request) {
	messages := a.config.Mailbox.Messages()
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		writeJSON(w, messages)
		return
	}
	a.page(w, "mail", messages)
}

func (a *App) page(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The mails are shown in frames that have no scripts, no forms and no origin, and whose links open in the page.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self' data:; script-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		a.config.Log.Error("page", "page", name, "error", err)
	}
}

type clockBody struct {
	Now time.Time `json:"now"`
}

func (a *App) clock(w http.ResponseWriter, _ *http.Request) { writeJSON(w, clockBody{a.Now().UTC()}) }

func (a *App) setClock(w http.ResponseWriter, r *http.Request) {
	var in clockBody
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Now.Year() < 2000 || in.Now.Year() > 2100 {
		http.Error(w, `send {"now": "2026-11-22T09:00:00Z"}`, http.StatusBadRequest)
		return
	}
	if err := a.SetNow(in.Now); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a.clock(w, r)
}

// runJob runs a job now; the body, if there is one, is its event.
func (a *App) runJob(w http.ResponseWriter, r *http.Request) {
	event, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "event too large", http.StatusRequestEntityTooLarge)
		return
	}
	if len(event) == 0 {
		event = nil
	}
	result, err := a.Run(r.Context(), r.PathValue("id"), event)
	switch {
	case domain.KindOf(err) == domain.NotFound:
		http.Error(w, "there is no such job", http.StatusNotFound)
	case errors.Is(err, job.ErrEvent):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		writeJSON(w, map[string]any{"job": r.PathValue("id"), "result": result})
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(data)
}

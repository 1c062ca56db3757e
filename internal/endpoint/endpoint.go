package endpoint

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/sheet"
)

// Endpoint is a declared endpoint with its handler. New makes one.
type Endpoint struct {
	Spec
	In, Out reflect.Type // of the handler, for the API's description
	decode  func(r *http.Request, body []byte, p *domain.Profile) (any, error)
	want    func(in any, want *domain.Want)
	do      func(ctx context.Context, call *Call, in any) (any, error)
}

// Deps are what endpoints get.
type Deps struct {
	Store   domain.Store
	Profile *domain.Profile
	Hasher  domain.Hasher
	Clock   func() time.Time
	Log     *slog.Logger
	// Vault is of who needs to seal, open or index fields, and does only that.
	Vault domain.Vault
	// ArtificialIDs lets in national ids that are nobody's, where everything is a test.
	ArtificialIDs bool
	// PublicURL is the base of this API's own addresses, from configuration.
	PublicURL string
	// Registry is the public company registers; nil for who does not need them.
	Registry domain.Registry
	// Files, and Workbook, which begins an xlsx file, are of who needs WriteFiles.
	Files    domain.Files
	Workbook sheet.Open
}

// Call is one request on its way through a handler.
type Call struct {
	Deps
	Scene     *domain.Scene
	Resource  *domain.Resource // of the path; nil where it names none
	Change    *domain.Change   // what the handler wants written; it is committed after it
	Source    string           // address of the caller, as the gateway saw it
	UserAgent string
	Request   *http.Request

	// Question is what a list that is asked for in a body is about: its cursors
	// count for no other.
	Question string

	ETag     string // of the answer
	Location string // of what the request created
}

// Caller is who calls. Public endpoints have none.
func (c *Call) Caller() *domain.Caller { return c.Scene.Caller }

// Now is the moment of the request.
func (c *Call) Now() time.Time { return c.Change.At }

// Reader is a request that reads what people typed into it: it notes what is
// wrong and keeps, in fields of its own, what is right.
type Reader interface {
	Read(p *domain.Profile, faults *domain.Faults)
}

// New makes an endpoint. In is bound from the request: fields tagged `path`,
// `query` or `header` from there, all other exported ones from the body; then
// it is read, if it is a Reader. want, if not nil, names what the handler stands on beyond the caller, to be read in
// the same batch. do returns the answer's body; an Out of None has none.
func New[In, Out any](spec Spec, want func(in *In, want *domain.Want), do func(ctx context.Context, call *Call, in *In) (Out, error)) Endpoint {
	binder := bind(reflect.TypeFor[In]())
	e := Endpoint{
		Spec: spec, In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out](),
		decode: func(r *http.Request, body []byte, p *domain.Profile) (any, error) {
			in := new(In)
			if err := binder.decode(r, body, in, spec.Open); err != nil {
				return nil, err
			}
			if in, ok := any(in).(Reader); ok {
				var faults domain.Faults
				in.Read(p, &faults)
				return in, faults.Err()
			}
			return in, nil
		},
		do: func(ctx context.Context, call *Call, in any) (any, error) { return do(ctx, call, in.(*In)) },
	}
	if want != nil {
		e.want = func(in any, w *domain.Want) { want(in.(*In), w) }
	}
	return e
}

// None is the type of a body that is not there.
type None struct{}

// HasBody tells whether the endpoint reads a body.
func (e Endpoint) HasBody() bool { return bind(e.In).body }

// Handler serves the endpoint.
func (e Endpoint) Handler(deps Deps) http.Handler {
	if err := e.Check(); err != nil {
		panic(err) // an endpoint that does not say who may call it must not start
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Guard(w, r, deps.Log, func() error { return e.serve(w, r, deps) })
	})
}

// maxTries bounds how often a request is begun anew because others changed
// what it stood on.
const maxTries = 6

func (e Endpoint) serve(w http.ResponseWriter, r *http.Request, deps Deps) error {
	ctx := r.Context()
	if id := r.Header.Get("X-Request-ID"); e.Open && id != "" && len(id) <= 128 && printable(id) {
		w.Header().Set("X-Request-ID", id) // as the protocol has it; ours is in the log
	}
	var want domain.Want
	who, err := e.credential(r, &want)
	if err != nil {
		return err
	}
	// What is wrong with the request is told to those who may make it; so the
	// caller is looked at first.
	body, err := readBody(w, r, e.HasBody())
	var in any
	if err == nil {
		in, err = e.decode(r, body, deps.Profile)
	}
	want.Organization = domain.OrganizationID(r.PathValue("org"))
	want.User = domain.PersonID(r.PathValue("user"))
	resource := domain.ResourceID(r.PathValue("resource"))
	if want.Organization != "" && !want.Organization.Valid() || want.User != "" && !want.User.Valid() || resource != "" && !resource.Valid() {
		want.Organization, want.User, resource, err = "", "", "", domain.ErrNotFound
	}
	if resource != "" {
		want.Resources = []domain.ResourceID{resource}
	}
	key := ""
	if err == nil {
		if e.want != nil {
			e.want(in, &want)
		}
		key, err = e.receiptKey(r, &want)
	}
	secret := ""
	if e.Hashes || e.Needing(IndexFields) && deps.Profile.AsksNationalID() {
		secret = want.Session.String()
	}
	fingerprint := domain.Fingerprint(secret, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("If-Match"), body)

	for try := 1; ; try++ {
		answer, again := e.once(ctx, r, deps, want, who, in, err, key, fingerprint)
		contended := errors.Is(again, domain.ErrContended) && try < maxTries
		// A batch read is no snapshot: it may have seen the effect of the same
		// request, sent twice, and not yet its receipt.
		twin := key != "" && try == 1 && domain.KindOf(again) == domain.Conflict
		if contended || twin {
			if wait(ctx, try) == nil {
				continue
			}
		}
		if again != nil {
			return again
		}
		answer.write(w)
		return nil
	}
}

// answer is what is sent, and what a receipt keeps.
type answer struct {
	status         int
	etag, location string
	body           []byte // JSON; nil: none
}

// once loads, decides, runs the handler and commits.
func (e Endpoint) once(ctx context.Context, r *http.Request, deps Deps, want domain.Want, who credential, in any, broken error, key, fingerprint string) (*answer, error) {
	change := domain.NewChange(domain.Actor{Type: domain.ByPublic}, deps.Clock(), RequestID(ctx))
	if who == nobody && broken != nil {
		return nil, broken
	}
	scene, err := deps.Store.Load(ctx, want)
	if err != nil {
		return nil, err
	}
	if err := who.authenticate(ctx, deps, e.Spec, scene, change); err != nil {
		return nil, err
	}
	if !errors.Is(broken, domain.ErrNotFound) {
		if err := e.decide(deps.Profile, scene, r, change.At); err != nil {
			return nil, err
		}
	}
	if broken != nil {
		return nil, broken
	}
	if scene.Receipt != nil && change.At.Before(scene.Receipt.ExpiresAt) {
		return replay(scene.Receipt, fingerprint)
	}
	call := &Call{Deps: deps, Scene: scene, Change: change, Source: Source(ctx), UserAgent: trim(r.UserAgent(), 256), Request: r}
	call.Resource = scene.Resources[domain.ResourceID(r.PathValue("resource"))]
	out, err := e.do(ctx, call, in)
	if err != nil {
		return nil, err
	}
	a := &answer{status: e.Status, etag: call.ETag, location: call.Location}
	if _, none := out.(None); !none {
		if a.body, err = marshal(out); err != nil {
			return nil, err
		}
	}
	if key != "" && !change.Empty() {
		var over int64 // the version of a receipt that has had its time
		if scene.Receipt != nil {
			over = scene.Receipt.Version
		}
		change.Put(&domain.Receipt{
			Version: over, Key: key, Fingerprint: fingerprint, Status: a.status, ETag: a.etag, Location: a.location, Body: a.body,
			ExpiresAt: change.At.Add(domain.ReceiptLife),
		})
	}
	if !change.Empty() {
		if e.Access.Right != "" {
			scene.Caller.Hold(deps.Profile, change)
		}
		if err := deps.Store.Commit(ctx, change); err != nil {
			return nil, err
		}
	}
	if scene.Caller != nil {
		if err := domain.Touch(ctx, deps.Store, scene, change); err != nil {
			// The request is done; an idle session that ends a minute early is not its failure.
			deps.Log.WarnContext(ctx, "session not touched", "error", err)
		}
	}
	return a, nil
}

// receiptKey names the receipt of a write with an Idempotency-Key and wants it read.
func (e Endpoint) receiptKey(r *http.Request, want *domain.Want) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || want.Session.Person == "" || e.Secret || !e.Needing(WriteItems) {
		return "", nil
	}
	if len(key) > 128 || !printable(key) {
		return "", domain.Fault("#Idempotency-Key", "value-invalid", "Use up to 128 printable ASCII characters.")
	}
	want.Receipt = domain.ReceiptKey(want.Session.Person, r.Method+" "+r.URL.Path, key)
	return want.Receipt, nil
}

// printable tells whether a header's text is of visible ASCII characters and spaces.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func replay(receipt *domain.Receipt, fingerprint string) (*answer, error) {
	if receipt.Fingerprint != fingerprint {
		return nil, domain.ErrKeyReused
	}
	return &answer{status: receipt.Status, etag: receipt.ETag, location: receipt.Location, body: receipt.Body}, nil
}

func (a *answer) write(w http.ResponseWriter) {
	h := w.Header()
	if a.etag != "" {
		h.Set("ETag", a.etag)
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.body != nil {
		h.Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	w.Write(a.body) //nolint:gosec // G705: it is JSON, and says so
}

// ETag is the tag of a revision.
func ETag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// Match compares If-Match with the revision that is there now.
func (c *Call) Match(revision int64) error {
	switch c.Request.Header.Get("If-Match") {
	case "":
		return domain.ErrVersionRequired
	case ETag(revision):
		return nil
	}
	return domain.ErrStale
}

func trim(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// wait pauses before the next try, longer each time and never alike.
func wait(ctx context.Context, try int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(time.Duration(try) * 10 * time.Millisecond)): //nolint:gosec // G404: it spreads waits, and need not be secret
		return nil
	}
}

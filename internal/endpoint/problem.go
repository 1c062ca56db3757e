package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Problem is an error as it is sent (RFC 9457).
type Problem struct {
	Type      string         `json:"type" description:"Always about:blank; the code says which problem it is."`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Code      string         `json:"code" description:"Stable; for programs and translations."`
	Detail    string         `json:"detail"`
	RequestID string         `json:"requestId"`
	Affected  int            `json:"affected,omitzero" description:"How many users it would have touched."`
	Errors    []ProblemField `json:"errors,omitempty"`
}

// ProblemField is one fault in one member of the request.
type ProblemField struct {
	Pointer string `json:"pointer" description:"JSON pointer into the body, ?name for a query parameter, #Name for a header, {name} for a parameter of the path."`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Statuses are the HTTP statuses of the kinds of errors.
var Statuses = map[domain.Kind]int{
	domain.Internal:        http.StatusInternalServerError,
	domain.Invalid:         http.StatusBadRequest,
	domain.Unauthenticated: http.StatusUnauthorized,
	domain.Forbidden:       http.StatusForbidden,
	domain.NotFound:        http.StatusNotFound,
	domain.Conflict:        http.StatusConflict,
	domain.Stale:           http.StatusPreconditionFailed,
	domain.Required:        http.StatusPreconditionRequired,
	domain.Refused:         http.StatusUnprocessableEntity,
	domain.Throttled:       http.StatusTooManyRequests,
	domain.Unavailable:     http.StatusServiceUnavailable,
	domain.TooLarge:        http.StatusRequestEntityTooLarge,
	domain.Unsupported:     http.StatusUnsupportedMediaType,
	domain.NotAllowed:      http.StatusMethodNotAllowed,
}

// The errors of HTTP itself.
var (
	ErrTooLarge       = &domain.Error{Kind: domain.TooLarge, Code: "too-large", Detail: "The body is larger than 256 KB."}
	ErrContentType    = &domain.Error{Kind: domain.Unsupported, Code: "content-type", Detail: "Send application/json."}
	ErrNotAllowed     = &domain.Error{Kind: domain.NotAllowed, Code: "method-not-allowed", Detail: "This path does not have that method."}
	ErrBodyUnexpected = &domain.Error{Kind: domain.Invalid, Code: "body-unexpected", Detail: "This request has no body."}
	ErrQuery          = &domain.Error{Kind: domain.Invalid, Code: "query-invalid", Detail: "The query string cannot be read."}
	ErrJSON           = &domain.Error{Kind: domain.Invalid, Code: "json-invalid", Detail: "The body is not the JSON that is expected here."}
)

// Guard runs a handler and is the one place where an error or a panic becomes
// an answer. What is our own fault goes to the log, whole, and nothing of it out.
func Guard(w http.ResponseWriter, r *http.Request, log *slog.Logger, handle func() error) {
	secure(w.Header())
	defer func() {
		if p := recover(); p != nil {
			err := fmt.Errorf("panic: %v", p)
			log.ErrorContext(r.Context(), "panic", "requestId", RequestID(r.Context()), "error", err, "stack", string(debug.Stack()))
			writeProblem(r.Context(), w, domain.ErrInternal)
		}
	}()
	err := handle()
	if err == nil {
		return
	}
	known, ok := errors.AsType[*domain.Error](err)
	if !ok {
		known = domain.ErrInternal
	}
	if known.Kind == domain.Internal || known.Kind == domain.Unavailable {
		log.ErrorContext(r.Context(), "request failed", "requestId", RequestID(r.Context()), "error", err)
	}
	writeProblem(r.Context(), w, known)
}

func writeProblem(ctx context.Context, w http.ResponseWriter, e *domain.Error) {
	status := Statuses[e.Kind]
	p := Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: string(e.Code),
		Detail: e.Detail, RequestID: RequestID(ctx), Affected: e.Affected,
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, ProblemField{Pointer: f.Pointer, Code: string(f.Code), Detail: f.Detail})
	}
	h := w.Header()
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if e.Kind == domain.Unauthenticated {
		h.Set("WWW-Authenticate", "Bearer")
	}
	h.Set("Content-Type", "application/problem+json")
	body, err := marshal(p)
	if err != nil { // a fault points at something that cannot be written
		p.Errors = nil
		if body, err = marshal(p); err != nil {
			panic(err)
		}
	}
	w.WriteHeader(status)
	w.Write(body)
}

// secure sets the headers of every answer: answers hold personal data, are no
// pages, and belong to whoever asked.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
}

// NotFound answers for paths that no endpoint has.
func NotFound(log *slog.Logger) http.Handler { return refuse(log, domain.ErrNotFound) }

// NotAllowed answers for methods that a path does not have.
func NotAllowed(log *slog.Logger) http.Handler { return refuse(log, ErrNotAllowed) }

func refuse(log *slog.Logger, err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Guard(w, r, log, func() error { return err })
	})
}

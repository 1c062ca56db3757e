package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// guarded runs a handler under Guard and returns its answer and the log.
func guarded(handle func() error) (*httptest.ResponseRecorder, string) {
	var log bytes.Buffer
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/v1/things", nil)
	r = r.WithContext(WithRequest(r.Context(), "request-1", "192.0.2.1"))
	Guard(w, r, slog.New(slog.NewJSONHandler(&log, nil)), handle)
	return w, log.String()
}

func problem(t *testing.T, w *httptest.ResponseRecorder) (p Problem) {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%q: %v", w.Body, err)
	}
	if p.Status != w.Code || p.Type != "about:blank" || p.Title != http.StatusText(w.Code) {
		t.Errorf("status %d: %+v", w.Code, p)
	}
	return p
}

const inside = "inside-7f3a"

func TestGuard(t *testing.T) {
	t.Parallel()
	cause := errors.New(inside)
	for name, test := range map[string]struct {
		handle func() error
		status int
		code   domain.Code
		logs   []string // nil: nothing
	}{
		"panic":               {func() error { panic(inside) }, 500, "internal", []string{inside, "problem_test.go"}},
		"panic with an error": {func() error { panic(cause) }, 500, "internal", []string{inside, "problem_test.go"}},
		"nil map":             {func() error { nothing()[inside] = 1; return nil }, 500, "internal", []string{"nil map", "problem_test.go"}},
		"foreign error":       {func() error { return cause }, 500, "internal", []string{inside}},
		"our own fault":       {func() error { return domain.ErrInternal.Because(cause) }, 500, "internal", []string{inside}},
		"store down":          {func() error { return domain.ErrUnavailable.Because(cause) }, 503, "unavailable", []string{inside}},
		"the caller's fault":  {func() error { return ErrJSON.Because(cause) }, 400, "json-invalid", nil},
		"wrapped":             {func() error { return fmt.Errorf(inside+": %w", domain.ErrStale) }, 412, "stale", nil},
		"contended":           {func() error { return domain.ErrContended.Because(cause) }, 409, "contended", nil},
		"of no known kind":    {func() error { return &domain.Error{Kind: 99, Code: "x", Detail: inside} }, 500, "internal", []string{"panic"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := guarded(test.handle)
			p := problem(t, w)
			if w.Code != test.status || p.Code != string(test.code) || p.RequestID != "request-1" {
				t.Errorf("got %d %+v", w.Code, p)
			}
			if told := fmt.Sprint(w.Body, w.Header()); strings.Contains(told, inside) || strings.Contains(told, ".go") {
				t.Errorf("the inside is told: %s", told)
			}
			if test.logs == nil && log != "" || test.logs != nil && !strings.Contains(log, `"requestId":"request-1"`) {
				t.Errorf("log: %s", log)
			}
			for _, want := range test.logs {
				if !strings.Contains(log, want) {
					t.Errorf("%q is not in the log: %s", want, log)
				}
			}
		})
	}
}

// Every answer is private, whatever it is.
func TestEveryAnswerIsSecure(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]func() error{
		"success": func() error { return nil }, "error": func() error { return domain.ErrNotFound }, "panic": func() error { panic(1) },
	} {
		w, _ := guarded(handle)
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'",
			"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
		} {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
	}
}

func TestProblemHeaders(t *testing.T) {
	t.Parallel()
	throttled := *domain.ErrThrottled
	throttled.RetryAfter = 1500 * time.Millisecond
	for name, test := range map[string]struct {
		err               error
		retry, challenges string
	}{
		"rounded up":      {&throttled, "2", ""},
		"unavailable":     {domain.ErrUnavailable, "2", ""},
		"unauthenticated": {domain.ErrUnauthenticated, "", "Bearer"},
		"sign-in":         {domain.ErrSignIn, "", "Bearer"},
		"forbidden":       {domain.ErrForbidden, "", ""},
	} {
		w, _ := guarded(func() error { return test.err })
		if got := w.Header().Get("Retry-After"); got != test.retry {
			t.Errorf("%s: Retry-After %q", name, got)
		}
		if got := w.Header().Get("WWW-Authenticate"); got != test.challenges {
			t.Errorf("%s: WWW-Authenticate %q", name, got)
		}
	}
}

func TestProblemTellsTheFaults(t *testing.T) {
	t.Parallel()
	w, _ := guarded(func() error { return domain.Fault("/roles/0", "value-unknown", "No such role.") })
	want := []ProblemField{{Pointer: "/roles/0", Code: "value-unknown", Detail: "No such role."}}
	if diff := cmp.Diff(want, problem(t, w).Errors); diff != "" {
		t.Error(diff)
	}
	// A fault that cannot be written costs its place, not the answer.
	w, _ = guarded(func() error { return domain.Fault("/\xff", "value-unknown", "No such role.") })
	if p := problem(t, w); w.Code != http.StatusBadRequest || p.Code != "invalid" || p.Errors != nil {
		t.Errorf("got %d %+v", w.Code, p)
	}
}

func TestProblemTellsHowManyAreAffected(t *testing.T) {
	t.Parallel()
	w, _ := guarded(func() error { return domain.ErrResourceInUse.Affecting(3) })
	if p := problem(t, w); p.Affected != 3 || w.Code != http.StatusConflict {
		t.Errorf("got %d %+v", w.Code, p)
	}
	w, _ = guarded(func() error { return domain.ErrResourceInUse })
	if strings.Contains(w.Body.String(), "affected") {
		t.Errorf("nobody is affected: %s", w.Body)
	}
}

// A kind without a status would be an answer without one.
func TestEveryKindHasAStatus(t *testing.T) {
	t.Parallel()
	for kind := domain.Internal; kind <= domain.NotAllowed; kind++ {
		if s := Statuses[kind]; s < 400 || s > 599 || http.StatusText(s) == "" {
			t.Errorf("kind %d has status %d", kind, s)
		}
	}
	if len(Statuses) != int(domain.NotAllowed)+1 {
		t.Errorf("%d statuses", len(Statuses))
	}
}

// nothing is a map that cannot be written to.
func nothing() map[string]int { return nil }

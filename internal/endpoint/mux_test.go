package endpoint

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestMux(t *testing.T) {
	t.Parallel()
	type in struct {
		Thing string `path:"thing" json:"-"`
	}
	type out struct {
		By string `json:"by"`
	}
	on := func(id, method, path string) Endpoint {
		spec := Spec{ID: id, Method: method, Path: path, Summary: "Is there.", Status: 200, Access: Public("a test")}
		return New(spec, nil, func(_ context.Context, _ *Call, in *in) (out, error) { return out{id + " " + in.Thing}, nil })
	}
	given := map[string]bool{}
	h := Mux([]Endpoint{
		on("thing-get", http.MethodGet, "/v1/things/{thing}"),
		on("thing-delete", http.MethodDelete, "/v1/things/{thing}"),
		on("thing-create", http.MethodPost, "/v1/things"),
	}, slog.New(slog.DiscardHandler), func(e Endpoint) Deps {
		given[e.ID] = true
		s := newFake()
		return s.deps()
	})
	for _, id := range []string{"thing-get", "thing-delete", "thing-create"} {
		if !given[id] {
			t.Errorf("%s was given nothing", id)
		}
	}
	for _, test := range []struct {
		method, path      string
		status            int
		codeOrBody, allow string
	}{
		{"GET", "/v1/things/a", 200, `{"by":"thing-get a"}`, ""},
		{"GET", "/v1/things/a%2Fb?", 200, `{"by":"thing-get a/b"}`, ""},
		{"DELETE", "/v1/things/a", 200, `{"by":"thing-delete a"}`, ""},
		{"POST", "/v1/things", 200, `{"by":"thing-create "}`, ""},
		{"HEAD", "/v1/things/a", 405, "method-not-allowed", "GET, DELETE"},
		{"OPTIONS", "/v1/things/a", 405, "method-not-allowed", "GET, DELETE"},
		{"PATCH", "/v1/things/a", 405, "method-not-allowed", "GET, DELETE"},
		{"get", "/v1/things/a", 405, "method-not-allowed", "GET, DELETE"},
		{"GET", "/v1/things", 405, "method-not-allowed", "POST"},
		{"HEAD", "/v1/things", 405, "method-not-allowed", "POST"},
		{"GET", "/v1/things/", 404, "not-found", ""},
		{"GET", "/v1/things/a/", 404, "not-found", ""},
		{"GET", "/V1/things/a", 404, "not-found", ""},
		{"GET", "/", 404, "not-found", ""},
		{"POST", "/v1/others", 404, "not-found", ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, nil))
		got := w.Body.String()
		if test.status >= 400 {
			got = problem(t, w).Code
		}
		if w.Code != test.status || got != test.codeOrBody || w.Header().Get("Allow") != test.allow {
			t.Errorf("%s %s: %d %s, Allow %q", test.method, test.path, w.Code, w.Body, w.Header().Get("Allow"))
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: not secured", test.method, test.path)
		}
	}
}

// An endpoint that does not say who may call it stops the start.
func TestMuxRefusesHalfADeclaration(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("it started")
		}
	}()
	e := New(Spec{ID: "thing-get", Method: "GET", Path: "/v1/things", Summary: "Is there.", Status: 200}, nil,
		func(context.Context, *Call, *None) (None, error) { return None{}, nil })
	Mux([]Endpoint{e}, slog.New(slog.DiscardHandler), func(Endpoint) Deps { return newFake().deps() })
}

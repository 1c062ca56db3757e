package lambdahttp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

var spec = endpoint.Spec{ID: "thing-update", Method: http.MethodPatch, Path: "/v1/things/{thing}/parts/{part}"}

// gateway is the event of an HTTP API, as API Gateway writes it.
func gateway() map[string]any {
	return map[string]any{
		"version": "2.0", "routeKey": "PATCH /v1/things/{thing}/parts/{part}",
		"rawPath": "/v1/things/a b/parts/%2F", "rawQueryString": "q=a%20b&q=c",
		"cookies": []string{"one=1", "two=2"},
		"headers": map[string]string{
			"content-type": "application/json", "authorization": "Bearer canary-token", "if-match": `"7"`,
			"x-forwarded-for": "198.51.100.66, 203.0.113.7", "user-agent": "canary-agent",
		},
		"queryStringParameters": map[string]string{"q": "a b,c"},
		"pathParameters":        map[string]string{"thing": "a b", "part": "%2F"},
		"requestContext": map[string]any{
			"accountId": "123456789012", "requestId": "req-1", "stage": "$default",
			"http": map[string]any{"method": "PATCH", "path": "/v1/things/a b/parts/%2F", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
		},
		"body": `{"secret":"canary-body"}`, "isBase64Encoded": false,
	}
}

func with(change func(e map[string]any)) []byte {
	e := gateway()
	change(e)
	return encode(e)
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func requestContext(e map[string]any) map[string]any { return e["requestContext"].(map[string]any) }

// invoke sends an event to a handler and returns what the gateway would get,
// and the log.
func invoke(t *testing.T, payload []byte, serve http.HandlerFunc) (response, []map[string]any) {
	t.Helper()
	var lines bytes.Buffer
	h := New(Config{Metrics: "fullmakt-test"}, spec, serve, slog.New(slog.NewJSONHandler(&lines, nil)))
	out, err := h.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatalf("the function failed: %v", err)
	}
	var r response
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("answer %s: %v", out, err)
	}
	var log []map[string]any
	for line := range strings.Lines(lines.String()) {
		if strings.Contains(line, "canary") || strings.Contains(line, "203.0.113.7") {
			t.Errorf("the log tells what the caller sent: %s", line)
		}
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		log = append(log, entry)
	}
	return r, log
}

// seen is what a handler can see of a request.
type seen struct {
	Method, Path, Thing, Part, Body, ContentType, IfMatch, Authorization, Source, RequestID string
	Query, Cookies                                                                          []string
	Length                                                                                  int64
}

func look(t *testing.T, payload []byte) (s seen) {
	t.Helper()
	r, _ := invoke(t, payload, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s = seen{
			Method: r.Method, Path: r.URL.Path, Thing: r.PathValue("thing"), Part: r.PathValue("part"),
			Query: r.URL.Query()["q"], Body: string(body), Length: r.ContentLength,
			ContentType: r.Header.Get("Content-Type"), IfMatch: r.Header.Get("If-Match"), Authorization: r.Header.Get("Authorization"),
			Source: endpoint.Source(r.Context()), RequestID: endpoint.RequestID(r.Context()),
		}
		for _, c := range r.Cookies() {
			s.Cookies = append(s.Cookies, c.Name+"="+c.Value)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	if r.StatusCode != http.StatusNoContent {
		t.Fatalf("the handler was not asked: %+v", r)
	}
	return s
}

func TestRequest(t *testing.T) {
	t.Parallel()
	want := seen{
		Method: "PATCH", Path: "/v1/things/a b/parts/%2F", Thing: "a b", Part: "%2F", Query: []string{"a b", "c"},
		Body: `{"secret":"canary-body"}`, Length: 24, Cookies: []string{"one=1", "two=2"},
		ContentType: "application/json", IfMatch: `"7"`, Authorization: "Bearer canary-token",
		Source: "203.0.113.7", RequestID: "req-1",
	}
	for name, payload := range map[string][]byte{
		"API Gateway": encode(gateway()),
		"header case of the client, as in sam local": with(func(e map[string]any) {
			e["headers"] = map[string]string{"Content-Type": "application/json", "AUTHORIZATION": "Bearer canary-token", "If-Match": `"7"`}
		}),
		"cookies as a header": with(func(e map[string]any) {
			delete(e, "cookies")
			e["headers"].(map[string]string)["Cookie"] = "one=1; two=2"
		}),
		"body in base64": with(func(e map[string]any) {
			e["body"], e["isBase64Encoded"] = base64.StdEncoding.EncodeToString([]byte(e["body"].(string))), true
		}),
		"path with its stage": with(func(e map[string]any) {
			requestContext(e)["stage"], e["rawPath"] = "test", "/test"+e["rawPath"].(string)
		}),
		"stage without a trace in the path": with(func(e map[string]any) { requestContext(e)["stage"] = "v" }),
		"IPv4 in an IPv6 address": with(func(e map[string]any) {
			requestContext(e)["http"].(map[string]any)["sourceIp"] = "::ffff:203.0.113.7"
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, look(t, payload)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRequestWithoutBody(t *testing.T) {
	t.Parallel()
	got := look(t, with(func(e map[string]any) { delete(e, "body") }))
	if got.Body != "" || got.Length != 0 {
		t.Errorf("body %q of length %d", got.Body, got.Length)
	}
}

func TestRequestIDIsMade(t *testing.T) {
	t.Parallel()
	got := look(t, with(func(e map[string]any) { delete(requestContext(e), "requestId") }))
	if len(got.RequestID) < 16 {
		t.Errorf("request id %q", got.RequestID)
	}
}

// Whatever the caller writes into headers, the source is the gateway's.
func TestXA10_SourceIsTheGateways(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"x-forwarded-for", "X-Forwarded-For", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip"} {
		got := look(t, with(func(e map[string]any) { e["headers"].(map[string]string)[header] = "192.0.2.99" }))
		if got.Source != "203.0.113.7" {
			t.Errorf("%s moved the source to %s", header, got.Source)
		}
	}
}

// Behind a distribution, who does not bring its key is nobody, and who does
// has the address that the distribution saw.
func TestXI4_XI11_OnlyThroughTheDistribution(t *testing.T) {
	t.Parallel()
	keys := [][sha256.Size]byte{sha256.Sum256([]byte("new")), sha256.Sum256([]byte("old"))}
	for name, c := range map[string]struct {
		headers map[string]string
		source  string // empty: refused
	}{
		"the key":             {map[string]string{"x-fullmakt-origin": "new", "x-fullmakt-viewer": "198.51.100.7"}, "198.51.100.7"},
		"the one before":      {map[string]string{"x-fullmakt-origin": "old", "x-fullmakt-viewer": "2001:db8::7"}, "2001:db8::7"},
		"in sam local's case": {map[string]string{"X-Fullmakt-Origin": "new", "X-Fullmakt-Viewer": "198.51.100.7"}, "198.51.100.7"},
		"no key":              {map[string]string{"x-fullmakt-viewer": "198.51.100.7"}, ""},
		"an empty key":        {map[string]string{"x-fullmakt-origin": "", "x-fullmakt-viewer": "198.51.100.7"}, ""},
		"another key":         {map[string]string{"x-fullmakt-origin": "wrong", "x-fullmakt-viewer": "198.51.100.7"}, ""},
		"two keys in one":     {map[string]string{"x-fullmakt-origin": "wrong,new", "x-fullmakt-viewer": "198.51.100.7"}, ""},
		"the key's hash":      {map[string]string{"x-fullmakt-origin": hex.EncodeToString(keys[0][:]), "x-fullmakt-viewer": "198.51.100.7"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var source string
			h := New(Config{OriginKeys: keys}, spec, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				source = endpoint.Source(r.Context())
				if r.Header.Get(OriginHeader) != "" || r.Header.Get(ViewerHeader) != "" {
					t.Error("the handler sees what is between the distribution and the gateway")
				}
			}), slog.New(slog.DiscardHandler))
			out, err := h.Invoke(t.Context(), with(func(e map[string]any) { e["headers"] = c.headers }))
			if err != nil {
				t.Fatal(err)
			}
			if refused := strings.Contains(string(out), `"statusCode":403`); source != c.source || refused != (c.source == "") {
				t.Errorf("source %q, answer %s", source, out)
			}
		})
	}
	// Without a distribution, nobody's word for an address counts.
	got := look(t, with(func(e map[string]any) { e["headers"].(map[string]string)["x-fullmakt-viewer"] = "192.0.2.99" }))
	if got.Source != "203.0.113.7" {
		t.Errorf("a header moved the source to %s", got.Source)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	refused, _ := invoke(t, nil, nil)
	delete(refused.Headers, "Content-Type")
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  response
	}{
		"JSON": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
				w.Header().Set("X-One", "1")
				w.WriteHeader(http.StatusConflict)
				w.WriteHeader(http.StatusOK)
				w.Write([]byte(`{"a":`))
				w.Write([]byte(`"<å>"}`))
			},
			response{
				StatusCode: http.StatusConflict, Body: `{"a":"<å>"}`,
				Headers: map[string]string{"Content-Type": "application/problem+json; charset=utf-8", "X-One": "1"},
			},
		},
		"no body": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
			response{StatusCode: http.StatusNoContent, Headers: map[string]string{}},
		},
		"nothing at all": {
			func(http.ResponseWriter, *http.Request) {},
			response{StatusCode: http.StatusOK, Headers: map[string]string{}},
		},
		"bytes": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/zip")
				w.Write([]byte("PK\x03\x04"))
			},
			response{StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": "application/zip"}, Body: "UEsDBA==", IsBase64Encoded: true},
		},
		"text that is not UTF-8": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/csv")
				w.Write([]byte{0xe5})
			},
			response{StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": "text/csv"}, Body: "5Q==", IsBase64Encoded: true},
		},
		"several headers of a name": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Vary"] = []string{"Accept", "Origin"}
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
				http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
			},
			response{StatusCode: http.StatusOK, Headers: map[string]string{"Vary": "Accept, Origin"}, Cookies: []string{"a=1", "b=2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := invoke(t, encode(gateway()), c.serve)
			for name := range refused.Headers { // those of every answer
				delete(got.Headers, name)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An event that is no request of the endpoint is answered, and the runtime
// goes on.
func TestMutilatedEvent(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string][]byte{
		"nothing":            nil,
		"not JSON":           []byte(`{"rawPath": `),
		"null":               []byte(`null`),
		"a list":             []byte(`[]`),
		"no members":         []byte(`{}`),
		"a member's type":    with(func(e map[string]any) { e["headers"] = "canary" }),
		"another method":     with(func(e map[string]any) { requestContext(e)["http"].(map[string]any)["method"] = "DELETE" }),
		"no path parameters": with(func(e map[string]any) { delete(e, "pathParameters") }),
		"one too few":        with(func(e map[string]any) { e["pathParameters"] = map[string]string{"thing": "canary"} }),
		"an empty one":       with(func(e map[string]any) { e["pathParameters"] = map[string]string{"thing": "canary", "part": ""} }),
		"no source":          with(func(e map[string]any) { delete(requestContext(e)["http"].(map[string]any), "sourceIp") }),
		"no context":         with(func(e map[string]any) { delete(e, "requestContext") }),
		"broken base64":      with(func(e map[string]any) { e["body"], e["isBase64Encoded"] = "%canary%", true }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, log := invoke(t, payload, func(http.ResponseWriter, *http.Request) { t.Error("the handler was asked") })
			var p endpoint.Problem
			if err := json.Unmarshal([]byte(r.Body), &p); err != nil {
				t.Fatal(err)
			}
			if r.StatusCode != http.StatusBadRequest || p.Code != "invalid" || p.RequestID == "" || r.Headers["Cache-Control"] != "no-store" {
				t.Errorf("answer %+v", r)
			}
			if len(log) != 2 || log[0]["level"] != "ERROR" || log[0]["requestId"] != p.RequestID || log[1]["status"] != 400.0 {
				t.Errorf("log %v", log)
			}
		})
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	_, log := invoke(t, encode(gateway()), func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * time.Millisecond)
		w.WriteHeader(http.StatusAccepted)
		w.Write([]byte("canary"))
	})
	if len(log) != 1 {
		t.Fatalf("log %v", log)
	}
	if ms, _ := log[0]["ms"].(float64); ms < 2 || ms > 60_000 {
		t.Errorf("duration %v", log[0]["ms"])
	}
	delete(log[0], "time")
	delete(log[0], "ms")
	want := map[string]any{
		"level": "INFO", "msg": "request", "requestId": "req-1", "traceId": "", "function": "thing-update", "method": "PATCH",
		"route": "/v1/things/{thing}/parts/{part}", "status": 202.0, "bytes": 6.0,
	}
	if diff := cmp.Diff(want, log[0]); diff != "" {
		t.Error(diff)
	}
}

// What somebody who keeps watch counts is a metric of the function; what goes
// well is none.
func TestMeasures(t *testing.T) {
	t.Parallel()
	for status, name := range map[int]string{200: "", 404: "", 401: "unauthenticated", 403: "forbidden", 429: "throttled", 500: "failed", 503: "unavailable"} {
		_, log := invoke(t, encode(gateway()), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		entry := log[len(log)-1]
		var directives []any
		if aws, ok := entry["_aws"].(map[string]any); ok {
			directives = aws["CloudWatchMetrics"].([]any)
		}
		var want []any
		if name != "" {
			want = []any{map[string]any{
				"Namespace": "fullmakt-test", "Dimensions": []any{[]any{"function"}}, "Metrics": []any{map[string]any{"Name": name, "Unit": "Count"}},
			}}
			if entry[name] != 1.0 {
				t.Errorf("%d: %s is %v", status, name, entry[name])
			}
		}
		if d := cmp.Diff(want, directives); d != "" {
			t.Errorf("%d (-want +got):\n%s", status, d)
		}
	}
}

// The line names the trace, so that one leads to the other.
func TestTraceID(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1": "1-67891233-abcdef012345678912345678",
		"Sampled=0": "", "": "",
	} {
		if got := traceID(context.WithValue(t.Context(), "x-amzn-trace-id", header)); got != want { //nolint:staticcheck // the Lambda library's key
			t.Errorf("%q: %q", header, got)
		}
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	r, log := invoke(t, encode(gateway()), func(http.ResponseWriter, *http.Request) { panic("broken") })
	if r.StatusCode != http.StatusInternalServerError || strings.Contains(r.Body, "broken") {
		t.Errorf("answer %+v", r)
	}
	if len(log) != 2 || log[0]["level"] != "ERROR" || log[1]["status"] != 500.0 {
		t.Errorf("log %v", log)
	}
}

func TestDeadlineLeavesTimeToAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(grace+20*time.Millisecond))
	defer cancel()
	h := New(Config{}, spec, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		w.WriteHeader(http.StatusServiceUnavailable)
	}), slog.New(slog.DiscardHandler))
	out, err := h.Invoke(ctx, encode(gateway()))
	if ctx.Err() != nil || err != nil || !strings.Contains(string(out), "503") {
		t.Errorf("answer %s, %v, after the deadline: %v", out, err, ctx.Err())
	}
}

func TestAnswerTooLargeForLambda(t *testing.T) {
	t.Parallel()
	r, log := invoke(t, encode(gateway()), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Set-Cookie", "canary")
		w.Write(make([]byte, maxAnswer*3/4))
	})
	if r.StatusCode != http.StatusInternalServerError || r.Cookies != nil || !strings.Contains(r.Body, `"internal"`) {
		t.Errorf("answer %d %s", r.StatusCode, r.Body[:min(len(r.Body), 200)])
	}
	if len(log) != 2 || log[0]["level"] != "ERROR" || log[1]["status"] != 500.0 {
		t.Errorf("log %v", log)
	}
}

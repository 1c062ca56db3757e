// Package lambdahttp serves an endpoint behind API Gateway: the event of an
// HTTP API (payload format 2.0) becomes a request, and what the endpoint's
// handler writes becomes the answer that the gateway sends.
package lambdahttp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/metric"
)

const (
	// maxAnswer is what Lambda takes back from a function, in bytes.
	maxAnswer = 6 << 20
	// grace is kept from the function's time for an answer that says that the
	// rest was not enough: at the deadline itself the process is just stopped.
	grace = 250 * time.Millisecond
)

// The headers that the portal's distribution adds to every request.
const (
	// OriginHeader holds the key that only the distribution has.
	OriginHeader = "X-Fullmakt-Origin"
	// ViewerHeader holds the caller's address; to the gateway, the distribution is the caller.
	ViewerHeader = "X-Fullmakt-Viewer"
)

// errElsewhere is for who found the gateway behind the portal.
var errElsewhere = &domain.Error{Kind: domain.Forbidden, Code: "forbidden", Detail: "Requests come through the portal's own address."}

// errEvent is what becomes of an event that is no request of this endpoint.
var errEvent = &domain.Error{Kind: domain.Invalid, Code: "invalid", Detail: "The request is not valid."}

// event is as much of the gateway's event as counts here. API Gateway writes
// header names in lower case, `sam local` as the client sent them. The path and
// its parameters have been decoded; cookies are apart from the other headers.
type event struct {
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies"`
	Headers         map[string]string `json:"headers"`
	PathParameters  map[string]string `json:"pathParameters"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  struct {
		RequestID string `json:"requestId"`
		Stage     string `json:"stage"`
		HTTP      struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
	} `json:"requestContext"`

	source string // the caller's address
	body   []byte // decoded
}

// take returns a header by its name, in whatever case, and takes it away: it is
// between the distribution and us.
func (e *event) take(name string) (value string) {
	for key := range e.Headers {
		if strings.EqualFold(key, name) {
			value = e.Headers[key]
			delete(e.Headers, key)
		}
	}
	return value
}

// response is what the gateway takes.
type response struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Cookies         []string          `json:"cookies,omitempty"`
	Body            string            `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// Config says how a deployment stands behind its gateway.
type Config struct {
	// OriginKeys are the hashes of the keys of which every request has to bring one,
	// which shows that it comes through the portal's distribution, with its firewall.
	// None: the gateway is open to everybody, and itself knows who calls.
	OriginKeys [][sha256.Size]byte
	// Metrics is the namespace of metrics; empty: there are none.
	Metrics string
}

// Handler is a Lambda handler that serves one endpoint.
type Handler struct {
	config Config
	spec   endpoint.Spec
	names  []string // of the path's parameters
	serve  http.Handler
	log    *slog.Logger
}

// New makes the Lambda handler of an endpoint, or, with a spec of nothing but an
// id, of what takes every method and path. It writes one line about each
// request to log, with nothing in it that the caller sent.
func New(config Config, spec endpoint.Spec, serve http.Handler, log *slog.Logger) *Handler {
	h := &Handler{config: config, spec: spec, serve: serve, log: log}
	for segment := range strings.SplitSeq(spec.Path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			h.names = append(h.names, strings.TrimSuffix(name, "}"))
		}
	}
	return h
}

// Invoke answers an event. One that is no request of this endpoint gets a
// problem document too: the function itself never fails.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	began := time.Now()
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-grace))
		defer cancel()
	}
	e, err := h.read(payload)
	ctx = endpoint.WithRequest(ctx, e.RequestContext.RequestID, e.source)
	r := e.request(ctx)
	a := &answer{header: http.Header{}}
	endpoint.Guard(a, r, h.log, func() error {
		if errors.Is(err, errElsewhere) {
			return err
		}
		if err != nil {
			h.log.ErrorContext(ctx, "event refused", "requestId", e.RequestContext.RequestID, "error", err)
			return errEvent
		}
		h.serve.ServeHTTP(a, r)
		return nil
	})
	out, err := a.marshal()
	if err == nil && len(out) > maxAnswer {
		tooLarge := fmt.Errorf("answer of %d bytes", len(out))
		a = &answer{header: http.Header{}}
		endpoint.Guard(a, r, h.log, func() error { return tooLarge })
		out, err = a.marshal()
	}
	attrs := []slog.Attr{
		slog.String("requestId", e.RequestContext.RequestID), slog.String("traceId", traceID(ctx)), slog.String("function", h.spec.ID),
		slog.String("method", h.spec.Method), slog.String("route", h.spec.Path), slog.Int("status", a.status),
		slog.Float64("ms", float64(time.Since(began).Microseconds())/1000), slog.Int("bytes", a.body.Len()),
	}
	if name := measures[a.status]; name != "" {
		attrs = append(attrs, slog.Int(name, 1), metric.Of(h.config.Metrics, began, "function", metric.Measure{Name: name, Unit: metric.Count}))
	}
	h.log.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
	return out, err
}

// measures are the answers that somebody who keeps watch counts, by their status.
// How many requests there are and how long they take the gateway counts.
var measures = map[int]string{
	http.StatusUnauthorized:        "unauthenticated",
	http.StatusForbidden:           "forbidden",
	http.StatusTooManyRequests:     "throttled",
	http.StatusInternalServerError: "failed",
	http.StatusServiceUnavailable:  "unavailable",
}

// traceID is X-Ray's name of the trace that the request is part of, if any.
func traceID(ctx context.Context) string {
	header, _ := ctx.Value("x-amzn-trace-id").(string) // where the Lambda library puts it
	for part := range strings.SplitSeq(header, ";") {
		if root, ok := strings.CutPrefix(part, "Root="); ok {
			return root
		}
	}
	return ""
}

// read decodes an event and makes sure that it is a request of this endpoint.
// The event has a request id even with an error.
func (h *Handler) read(payload []byte) (e event, err error) {
	err = json.Unmarshal(payload, &e)
	if e.RequestContext.RequestID == "" {
		e.RequestContext.RequestID = endpoint.NewRequestID()
	}
	if err != nil {
		return e, err
	}
	key, viewer := e.take(OriginHeader), e.take(ViewerHeader)
	if len(h.config.OriginKeys) > 0 && !h.fromDistribution(key) {
		return e, errElsewhere
	}
	if method := e.RequestContext.HTTP.Method; method != h.spec.Method && h.spec.Method != "" {
		return e, fmt.Errorf("method %q came to the function of %s %s", method, h.spec.Method, h.spec.Path)
	}
	for _, name := range h.names {
		if e.PathParameters[name] == "" {
			return e, fmt.Errorf("path parameter %s is missing", name)
		}
	}
	// The gateway alone knows who calls, or the distribution in front of it; all
	// other headers are the caller's own words.
	address := e.RequestContext.HTTP.SourceIP
	if len(h.config.OriginKeys) > 0 {
		address = viewer
	}
	source, err := netip.ParseAddr(address)
	if err != nil {
		return e, fmt.Errorf("source address: %w", err)
	}
	e.source = source.Unmap().String()
	e.body = []byte(e.Body)
	if e.IsBase64Encoded {
		if e.body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return e, fmt.Errorf("body: %w", err)
		}
	}
	return e, nil
}

// fromDistribution tells whether a key is one of the distribution's. Keys are
// random, so what is compared of their hashes tells nobody anything.
func (h *Handler) fromDistribution(key string) bool {
	return slices.Contains(h.config.OriginKeys, sha256.Sum256([]byte(key)))
}

// request makes the request of an event.
func (e event) request(ctx context.Context) *http.Request {
	path := e.RawPath
	if stage := e.RequestContext.Stage; stage != "" && stage != "$default" {
		if rest, ok := strings.CutPrefix(path, "/"+stage+"/"); ok {
			path = "/" + rest
		}
	}
	r := &http.Request{
		Method: e.RequestContext.HTTP.Method, URL: &url.URL{Path: path, RawQuery: e.RawQueryString}, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(e.body)), ContentLength: int64(len(e.body)),
	}
	for name, value := range e.Headers {
		r.Header.Add(name, value)
	}
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	for name, value := range e.PathParameters {
		r.SetPathValue(name, value)
	}
	return r.WithContext(ctx)
}

// answer is an http.ResponseWriter that keeps what is written.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// marshal makes the gateway's form of the answer. Text goes as it is, all else
// in base64. Of headers, only cookies may be several of a name there.
func (a *answer) marshal() ([]byte, error) {
	a.WriteHeader(http.StatusOK)
	out := response{StatusCode: a.status, Headers: map[string]string{}, Cookies: a.header["Set-Cookie"]}
	for name, values := range a.header {
		if name != "Set-Cookie" {
			out.Headers[name] = strings.Join(values, ", ")
		}
	}
	if body := a.body.Bytes(); isText(a.header.Get("Content-Type")) && utf8.Valid(body) {
		out.Body = string(body)
	} else {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return json.Marshal(out)
}

func isText(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return media == "" || strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "json")
}

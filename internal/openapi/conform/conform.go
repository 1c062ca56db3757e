// Package conform checks requests and answers against the API's description.
// It is there for tests.
package conform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// prefixes are where paths of the API begin.
var prefixes = []string{"/v1/", "/access/", "/.well-known/"}

const contentProblem = "application/problem+json"

// Checker knows a description. It may be used by many goroutines at once.
type Checker struct {
	routes     *http.ServeMux
	operations map[string]*operation // by pattern: method and path
	problem    *jsonschema.Schema
}

type operation struct {
	request   *jsonschema.Schema // nil: no body
	responses map[int]response
}

type response struct {
	content string             // media type; empty: no body
	body    *jsonschema.Schema // nil without content
	headers map[string]header  // by the described name
	codes   []string           // of a problem
}

type header struct {
	schema   *jsonschema.Schema
	required bool
	number   bool
}

// New reads a description in OpenAPI 3.1.
func New(document []byte) (*Checker, error) {
	r, err := newReader(document)
	if err != nil {
		return nil, fmt.Errorf("conform: %w", err)
	}
	c := &Checker{routes: http.NewServeMux(), operations: map[string]*operation{}}
	if c.problem, err = r.schema("#/components/schemas/Problem"); err != nil {
		return nil, fmt.Errorf("conform: %w", err)
	}
	for path, methods := range r.document.Paths {
		c.routes.Handle(path, http.NotFoundHandler()) // by the path alone: see endpoint.Mux
		for method, o := range methods {
			op, err := r.operation(pointer("paths", path, method), o)
			if err != nil {
				return nil, fmt.Errorf("conform: %s %s: %w", method, path, err)
			}
			c.operations[strings.ToUpper(method)+" "+path] = op
		}
	}
	return c, nil
}

// find is the operation that a path belongs to; known says that the path has
// one, of this method or another.
func (c *Checker) find(method, path string) (op *operation, known bool) {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, false
	}
	_, pattern := c.routes.Handler(&http.Request{Method: method, URL: u})
	return c.operations[method+" "+pattern], pattern != ""
}

// Request checks the body of a request to a path as it is sent; nil is none.
func (c *Checker) Request(method, path string, body []byte) error {
	op, _ := c.find(method, path)
	switch {
	case op == nil:
		return fmt.Errorf("%s %s is not described", method, path)
	case op.request == nil && len(body) > 0:
		return fmt.Errorf("%s %s: a body, and none is described", method, path)
	case op.request == nil:
		return nil
	}
	if err := validate(op.request, body); err != nil {
		return fmt.Errorf("%s %s: the request: %w", method, path, err)
	}
	return nil
}

// Response checks an answer to a request with a path as it is sent: that its
// status is described, and for that status the headers, the media type, the
// body to its last member, and the code of a problem. What no operation
// answers must be the problem document of an unknown path or method.
func (c *Checker) Response(method, path string, status int, h http.Header, body []byte) error {
	if err := c.response(method, path, status, h, body); err != nil {
		return fmt.Errorf("%s %s: answer %d: %w\n%.300s", method, path, status, err, body)
	}
	return nil
}

func (c *Checker) response(method, path string, status int, h http.Header, body []byte) error {
	op, known := c.find(method, path)
	if op == nil {
		want := response{content: contentProblem, body: c.problem, codes: []string{"not-found"}}
		expected := http.StatusNotFound
		if known {
			expected, want.codes = http.StatusMethodNotAllowed, []string{"method-not-allowed"}
		}
		if status != expected {
			return fmt.Errorf("the operation is not described, so %d was to be expected", expected)
		}
		return want.check(method, status, h, body)
	}
	want, ok := op.responses[status]
	if !ok {
		return errors.New("the status is not described")
	}
	return want.check(method, status, h, body)
}

func (want response) check(method string, status int, h http.Header, body []byte) error {
	if err := want.checkHeaders(h); err != nil {
		return err
	}
	if want.content == "" {
		if len(body) > 0 || h.Get("Content-Type") != "" {
			return errors.New("a body, and none is described")
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || media != want.content {
		return fmt.Errorf("Content-Type %q, described as %s", h.Get("Content-Type"), want.content)
	}
	if method == http.MethodHead {
		return nil
	}
	if err := validate(want.body, body); err != nil {
		return err
	}
	if want.content != contentProblem {
		return nil
	}
	var problem struct {
		Status int
		Code   string
	}
	if err := json.Unmarshal(body, &problem); err != nil {
		return err
	}
	if problem.Status != status {
		return fmt.Errorf("the body says status %d", problem.Status)
	}
	if !slices.Contains(want.codes, problem.Code) {
		return fmt.Errorf("code %q, described are %q: is it missing from the endpoint's Errors?", problem.Code, want.codes)
	}
	return nil
}

// told are the headers that mean something wherever they are: one that is not
// described is a fault.
var told = []string{"ETag", "Location", "Retry-After", "WWW-Authenticate"}

func (want response) checkHeaders(h http.Header) error {
	if want.headers == nil {
		return nil // of no operation
	}
	for _, name := range told {
		if _, ok := want.headers[name]; !ok && h.Get(name) != "" {
			return fmt.Errorf("header %s: %q, and none is described", name, h.Get(name))
		}
	}
	for name, d := range want.headers {
		text := h.Get(name)
		if text == "" {
			if d.required {
				return fmt.Errorf("no header %s", name)
			}
			continue
		}
		var value any = text
		if d.number {
			value = json.Number(text)
			if _, err := strconv.ParseFloat(text, 64); err != nil {
				return fmt.Errorf("header %s: %q is no number", name, text)
			}
		}
		if err := d.schema.Validate(value); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
	}
	return nil
}

func validate(s *jsonschema.Schema, body []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return s.Validate(v)
}

// Transport checks the answer to every request to the API that goes through
// base, and fails the test at each that is not as described.
func (c *Checker) Transport(base http.RoundTripper, t testing.TB) http.RoundTripper {
	return transport{base: base, checker: c, t: t}
}

type transport struct {
	base    http.RoundTripper
	checker *Checker
	t       testing.TB
}

func (tr transport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := tr.base.RoundTrip(r)
	ours := slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) })
	if err != nil || !ours {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err := tr.checker.Response(r.Method, r.URL.EscapedPath(), res.StatusCode, res.Header, body); err != nil {
		tr.t.Errorf("the answer is not as docs/openapi.json describes it: %v", err)
	}
	return res, nil
}

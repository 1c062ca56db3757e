// Package httpjson asks for JSON over HTTP of servers that are not trusted.
// Whatever they answer, a call ends in its time, reads no more than it must,
// goes nowhere else, and leaves no connection behind.
package httpjson

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

// UserAgent is how we introduce ourselves.
const UserAgent = "Fullmakt (company look-up)"

// Limits of a call.
const (
	ConnectTime = 2 * time.Second // to connect, and again for TLS
	WholeTime   = 5 * time.Second // for the call, its repetition and the wait for its turn
	MaxBody     = 1 << 20         // bytes of an answer
	maxHeader   = 32 << 10
	maxCalls    = 4 // at once
)

// Client makes calls. It is safe for concurrent use, and has no more than four
// under way: others wait for their turn.
type Client struct {
	http  *http.Client
	plain bool
	time  time.Duration
	turns chan struct{}
}

// Config of a client; its zero value is the one to use.
type Config struct {
	Plain bool          // allows http: for fakes on this machine
	Time  time.Duration // in the place of WholeTime
}

// New makes a client with connections of its own.
func New(c Config) *Client {
	if c.Time == 0 {
		c.Time = WholeTime
	}
	return &Client{
		plain: c.Plain, time: c.Time, turns: make(chan struct{}, maxCalls),
		http: &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext:            (&net.Dialer{Timeout: ConnectTime}).DialContext,
				TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout:    ConnectTime,
				MaxResponseHeaderBytes: maxHeader,
				// A packed answer could be a bomb.
				DisableCompression: true,
				// The transport repeats by itself what it sent on a connection
				// that had gone stale, as they do while a Lambda sleeps.
				DisableKeepAlives: true,
			},
		},
	}
}

// Base reads the address that a register's own paths are appended to: https,
// without a query and without a slash at its end.
func (c *Client) Base(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(address, "?#") || strings.HasSuffix(address, "/") {
		return "", fmt.Errorf("%q is not the base of a register's addresses", address)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !c.plain) {
		return "", fmt.Errorf("%q is not https", address)
	}
	return u.String(), nil
}

// StatusError is an answer in JSON, or without a body, that is no success.
type StatusError struct{ Status int }

func (e *StatusError) Error() string { return fmt.Sprintf("status %d", e.Status) }

// Do makes the call and reads the JSON of its answer. Members that into does
// not have are ignored; repeated ones, values of other types and text that is
// not UTF-8 are errors. The call is repeated once if its connection is reset:
// it must change nothing.
func (c *Client) Do(req *http.Request, into any) error {
	ctx, cancel := context.WithTimeout(req.Context(), c.time)
	defer cancel()
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-ctx.Done():
		return fmt.Errorf("waiting for a turn: %w", ctx.Err())
	}
	body, err := c.try(ctx, req)
	if errors.Is(err, syscall.ECONNRESET) {
		body, err = c.try(ctx, req)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		// It quotes the answer, which can be long.
		return fmt.Errorf("not the JSON expected: %.200s", err.Error())
	}
	return nil
}

func (c *Client) try(ctx context.Context, req *http.Request) ([]byte, error) {
	req = req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		req.Body = body
	}
	req.Header.Set("User-Agent", UserAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	contentType := resp.Header.Get("Content-Type")
	if resp.StatusCode != http.StatusOK {
		if contentType == "" || isJSON(contentType) {
			return nil, &StatusError{Status: resp.StatusCode}
		}
		return nil, fmt.Errorf("status %d as %.60q", resp.StatusCode, contentType)
	}
	if !isJSON(contentType) {
		return nil, fmt.Errorf("not JSON but %.60q", contentType)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if len(body) > MaxBody {
		return nil, fmt.Errorf("more than %d bytes", MaxBody)
	}
	return body, nil
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == "application/json" || strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json"))
}

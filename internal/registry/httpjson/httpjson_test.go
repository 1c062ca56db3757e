package httpjson

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func get(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// A register is who its certificate says; there is no way around that.
func TestXD19_Certificates(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	var into any
	if err := New(Config{Plain: true}).Do(get(t, server.URL), &into); err == nil || !strings.Contains(err.Error(), "certificate") || asked {
		t.Errorf("%v, asked %v", err, asked)
	}
}

// A connection is opened for one call and closed after it, and the environment
// has no say in where it goes.
func TestXD19_Connections(t *testing.T) {
	var opened, open atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"x":1}`))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
	server.Start()
	defer server.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	client := New(Config{Plain: true})
	for range 3 {
		var into struct{ X int }
		if err := client.Do(get(t, server.URL), &into); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(3 * time.Second); open.Load() > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if opened.Load() != 3 || open.Load() != 0 {
		t.Errorf("%d connections were opened, %d still are", opened.Load(), open.Load())
	}
}

// Who waits for a turn waits no longer than there is time, and never asks.
func TestXD19_Turns(t *testing.T) {
	t.Parallel()
	started := make(chan struct{}, maxCalls+1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	client := New(Config{Plain: true, Time: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for range maxCalls {
		req := get(t, server.URL).WithContext(ctx)
		go func() {
			var into any
			ended <- client.Do(req, &into)
		}()
		<-started
	}
	hurried, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	var into any
	if err := client.Do(get(t, server.URL).WithContext(hurried), &into); !errors.Is(err, context.DeadlineExceeded) || len(started) > 0 {
		t.Errorf("%v, and asked %d times", err, len(started))
	}
	cancel()
	for range maxCalls {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if len(client.turns) > 0 {
		t.Errorf("%d turns were not given back", len(client.turns))
	}
}

// A body is sent anew when the call is repeated.
func TestRepeatedWithItsBody(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if calls.Add(1) == 1 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(conn.(*net.TCPConn).SetLinger(0), conn.Close()); err != nil {
				t.Error(err)
			}
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(`{"x":17}`))
	if err != nil {
		t.Fatal(err)
	}
	var into struct {
		X int `json:"x"`
	}
	if err := New(Config{Plain: true}).Do(req, &into); err != nil || into.X != 17 || calls.Load() != 2 {
		t.Errorf("%+v, %v after %d calls", into, err, calls.Load())
	}
}

// Member names are as they are written; others that look alike are not read.
func TestMembersByTheirCase(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.example.v2+json; charset=utf-8")
		w.Write([]byte(`{"NAME":"another","name":"right","Name":"third"}`))
	}))
	defer server.Close()
	var into struct {
		Name string `json:"name"`
	}
	if err := New(Config{Plain: true}).Do(get(t, server.URL), &into); err != nil || into.Name != "right" {
		t.Errorf("%+v, %v", into, err)
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]bool{
		"application/json": true, "application/json;charset=UTF-8": true, "APPLICATION/JSON": true, "application/problem+json": true,
		"application/vnd.brreg.enhetsregisteret.enhet.v2+json;charset=UTF-8": true,
		"": false, "text/json": false, "text/html": false, "image/svg+json": false, "application/jsonp": false, "application/octet-stream": false,
	} {
		if isJSON(contentType) != want {
			t.Errorf("%q", contentType)
		}
	}
}

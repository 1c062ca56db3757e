package registrytest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Fault answers in the place of a register, whose right answer it is given.
type Fault func(w http.ResponseWriter, r *http.Request, right Answer)

// None is no fault: the right answer.
func None(w http.ResponseWriter, _ *http.Request, right Answer) {
	if right.Type != "" {
		w.Header().Set("Content-Type", right.Type)
	}
	w.WriteHeader(right.Status)
	w.Write(right.Body)
}

// Status answers with a status and a problem in JSON.
func Status(status int) Fault {
	return Say(Answer{Status: status, Type: "application/problem+json", Body: []byte(`{"status":` + strconv.Itoa(status) + `}`)})
}

// Say answers the same to everything.
func Say(a Answer) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ Answer) { None(w, r, a) }
}

// JSON answers 200 with a body that may be anything.
func JSON(body string) Fault {
	return Say(Answer{Status: http.StatusOK, Type: "application/json", Body: []byte(body)})
}

// HTML answers with a page of the content type.
func HTML(status int, contentType string) Fault {
	return Say(Answer{Status: status, Type: contentType, Body: []byte("<!DOCTYPE html><title>Maintenance</title><h1>Back soon</h1>")})
}

// Replace replaces every occurrence of a text in the right answer.
func Replace(from, to string) Fault {
	return func(w http.ResponseWriter, r *http.Request, right Answer) {
		right.Body = bytes.ReplaceAll(right.Body, []byte(from), []byte(to))
		None(w, r, right)
	}
}

// Redirect sends the caller elsewhere, with the right answer in the body.
func Redirect(status int, location string) Fault {
	return func(w http.ResponseWriter, r *http.Request, right Answer) {
		w.Header().Set("Location", location)
		right.Status = status
		None(w, r, right)
	}
}

// Truncated answers with the first half of the right body.
func Truncated(w http.ResponseWriter, r *http.Request, right Answer) {
	right.Body = right.Body[:len(right.Body)/2]
	None(w, r, right)
}

// CutOff promises the right body, and breaks off in the middle of it.
func CutOff(w http.ResponseWriter, r *http.Request, right Answer) {
	w.Header().Set("Content-Length", strconv.Itoa(len(right.Body)))
	Truncated(w, r, right)
}

// Packed sends the right answer as gzip to who never asked for that.
func Packed(w http.ResponseWriter, r *http.Request, right Answer) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(right.Body); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Encoding", "gzip")
	right.Body = packed.Bytes()
	None(w, r, right)
}

// Slow does not answer as long as anybody waits.
func Slow(_ http.ResponseWriter, r *http.Request, _ Answer) { <-r.Context().Done() }

// Dripping answers rightly, a byte every ten milliseconds.
func Dripping(w http.ResponseWriter, r *http.Request, right Answer) {
	w.Header().Set("Content-Type", right.Type)
	for i := range right.Body {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
		w.Write(right.Body[i : i+1])
		w.(http.Flusher).Flush()
	}
}

// TenGigabytes answers with a text of that size, and counts the bytes that
// were taken.
func TenGigabytes(taken *atomic.Int64) Fault {
	return func(w http.ResponseWriter, _ *http.Request, right Answer) {
		w.Header().Set("Content-Type", right.Type)
		w.Header().Set("Content-Length", strconv.Itoa(10<<30))
		chunk := append([]byte{'"'}, bytes.Repeat([]byte("a"), 64<<10-1)...)
		for range 10 << 30 / len(chunk) {
			n, err := w.Write(chunk)
			taken.Add(int64(n))
			if err != nil {
				return
			}
			chunk[0] = 'a'
		}
	}
}

// Headers answers rightly, behind a megabyte of headers.
func Headers(w http.ResponseWriter, r *http.Request, right Answer) {
	for i := range 1 << 10 {
		w.Header().Set("X-Header-"+strconv.Itoa(i), string(bytes.Repeat([]byte("a"), 1<<10)))
	}
	None(w, r, right)
}

// Reset breaks the first connections, as many as told, off without an answer.
func Reset(times int64) Fault {
	var broken atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, right Answer) {
		if broken.Add(1) > times {
			None(w, r, right)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		// Without lingering, closing is a reset.
		if err := errors.Join(conn.(*net.TCPConn).SetLinger(0), conn.Close()); err != nil {
			panic(err)
		}
	}
}

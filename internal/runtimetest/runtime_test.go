package runtimetest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/runtimeapi"
)

// function is a function that runs; what goes wrong with it ends its test.
type function struct {
	t testing.TB
	*runtimeapi.Function
}

// launch starts the function that is in the file bin, with env beside what
// every function has. It ends with the test.
func launch(t testing.TB, bin string, env map[string]string) *function {
	t.Helper()
	f, err := runtimeapi.Start(bin, behindIAM(t, bin, env))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	return &function{t, f}
}

// wait returns when the function asks for its next event.
func (f *function) wait() time.Time {
	f.t.Helper()
	at, err := f.Ready()
	if err != nil {
		f.t.Fatal(err)
	}
	return at
}

// invoke waits until the function is ready, and sends it an event.
func (f *function) invoke(payload []byte) runtimeapi.Answer {
	f.t.Helper()
	f.wait()
	return f.send(payload, 30*time.Second)
}

// send sends an event to a function that is ready, which has life to answer it.
func (f *function) send(payload []byte, life time.Duration) runtimeapi.Answer {
	f.t.Helper()
	a, err := f.Send(payload, life)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// fails waits for the function to end without ever asking for an event, and
// returns what it said.
func (f *function) fails() string {
	f.t.Helper()
	said, err := f.Fails()
	if err != nil {
		f.t.Error(err)
	}
	return said
}

// log ends the function and returns the lines that it has logged; all that it
// ever wrote has to be one.
func (f *function) log() (lines []map[string]any) {
	f.t.Helper()
	f.Stop()
	log, past := f.Log()
	if past != "" {
		f.t.Errorf("the function wrote past its log: %s", past)
	}
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			f.t.Errorf("log line %q: %v", text, err)
			continue
		}
		for _, name := range []string{"timestamp", "level", "message"} {
			if s, ok := line[name].(string); !ok || s == "" {
				f.t.Errorf("log line without %s: %s", name, text)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// services stand for SES, KMS and S3 until the test ends, and fail it when they
// are called as they should not be.
func services(t testing.TB) *runtimeapi.Services {
	t.Helper()
	s, err := runtimeapi.StartServices(t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

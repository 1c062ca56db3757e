package runtimetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is for what a working function does at once, on the busiest machine.
const patience = time.Minute

// function is a Lambda function: a process of its own, under the Runtime API,
// with the environment that Lambda gives.
type function struct {
	t      testing.TB
	cmd    *exec.Cmd
	events chan event
	// ready gets a value each time that the function asks for an event.
	ready  chan struct{}
	ended  chan struct{} // closed when the process has ended
	exit   error
	stdout output
	stderr output
	taken  map[string]event // events under way, by their id; guarded by the mutex
	mu     sync.Mutex
}

type event struct {
	id      string
	payload []byte
	life    time.Duration
	answer  chan answer
}

// answer is what the function made of an event.
type answer struct {
	payload []byte
	failed  bool // it was reported as an error
}

// output is what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// launch starts the function that is in the file bin, with env beside what
// every function has. It ends with the test.
func launch(t testing.TB, bin string, env map[string]string) *function {
	t.Helper()
	f := &function{
		t: t, events: make(chan event), ready: make(chan struct{}), ended: make(chan struct{}), taken: map[string]event{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", f.done)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", f.done)
	server := httptest.NewServer(mux)

	all := map[string]string{
		"AWS_REGION": region, "AWS_DEFAULT_REGION": region,
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": "session-token",
		"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(server.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME": "function",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023", "_HANDLER": "bootstrap", "TZ": ":UTC", "LANG": "en_US.UTF-8",
	}
	maps.Copy(all, env)
	f.cmd = exec.Command(bin)
	f.cmd.Dir, f.cmd.Stdout, f.cmd.Stderr = t.TempDir(), &f.stdout, &f.stderr
	for name, value := range all {
		f.cmd.Env = append(f.cmd.Env, name+"="+value)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		f.exit = f.cmd.Wait()
		close(f.ended)
	}()
	t.Cleanup(func() {
		f.end()
		server.CloseClientConnections()
		server.Close()
	})
	return f
}

// end stops the function, as Lambda does when it is not needed any more.
func (f *function) end() {
	_ = f.cmd.Process.Kill() // it may have ended by itself
	<-f.ended
}

// next hands out an event; it is also how a function says that it is ready.
func (f *function) next(w http.ResponseWriter, r *http.Request) {
	select {
	case f.ready <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	select {
	case e := <-f.events:
		f.mu.Lock()
		f.taken[e.id] = e
		f.mu.Unlock()
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", e.id)
		h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(e.life).UnixMilli()))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+region+":123456789012:function:function")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-6905c500-0123456789abcdef01234567;Sampled=0")
		w.Write(e.payload)
	case <-r.Context().Done():
	}
}

func (f *function) done(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	f.mu.Lock()
	e, ok := f.taken[r.PathValue("id")]
	delete(f.taken, r.PathValue("id"))
	f.mu.Unlock()
	if err != nil || !ok {
		http.Error(w, "no such invocation", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	e.answer <- answer{payload: payload, failed: strings.HasSuffix(r.URL.Path, "/error")}
}

// wait returns when the function asks for its next event.
func (f *function) wait() {
	f.t.Helper()
	select {
	case <-f.ready:
	case <-f.ended:
		f.t.Fatalf("the function ended (%v) and said:\n%s%s", f.exit, &f.stdout, &f.stderr)
	case <-time.After(patience):
		f.t.Fatalf("the function does not ask for an event; it said:\n%s%s", &f.stdout, &f.stderr)
	}
}

// invoke waits until the function is ready, and sends it an event.
func (f *function) invoke(payload []byte) answer {
	f.t.Helper()
	f.wait()
	return f.send(payload, 30*time.Second)
}

// send sends an event to a function that is ready, which has life to answer it.
func (f *function) send(payload []byte, life time.Duration) answer {
	f.t.Helper()
	e := event{id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", payload: payload, life: life, answer: make(chan answer, 1)}
	f.events <- e
	select {
	case a := <-e.answer:
		return a
	case <-f.ended:
		f.t.Fatalf("the function ended (%v) over an event, and said:\n%s%s", f.exit, &f.stdout, &f.stderr)
	case <-time.After(patience):
		f.t.Fatalf("the function does not answer; it said:\n%s%s", &f.stdout, &f.stderr)
	}
	panic("not reached")
}

// fails waits for the function to end without ever asking for an event, and
// returns what it said.
func (f *function) fails() string {
	f.t.Helper()
	select {
	case <-f.ready:
		f.t.Error("the function serves")
	case <-f.ended:
		if f.cmd.ProcessState.ExitCode() <= 0 {
			f.t.Errorf("the function ended by %v", f.cmd.ProcessState)
		}
	case <-time.After(patience):
		f.t.Error("the function neither serves nor ends")
	}
	return f.stdout.String() + f.stderr.String()
}

// log ends the function and returns the lines that it has logged; all that it
// ever wrote has to be one.
func (f *function) log() (lines []map[string]any) {
	f.t.Helper()
	f.end()
	if errors := f.stderr.String(); errors != "" {
		f.t.Errorf("the function wrote past its log: %s", errors)
	}
	for text := range strings.Lines(f.stdout.String()) {
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

// Package runtimeapi runs the binaries of the functions as Lambda does: each a
// process of its own under the Runtime API, with the environment that Lambda
// gives, and with servers on this machine in place of the services of AWS. Only
// tests and measurements import it.
package runtimeapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// patience is for what a working function does at once, on the busiest machine.
const patience = time.Minute

// Function is a function that runs.
type Function struct {
	// Began is when its process was started.
	Began time.Time

	cmd    *exec.Cmd
	server *http.Server
	events chan event
	// ready gets the time, each time that the function asks for an event.
	ready  chan time.Time
	ended  chan struct{} // closed when the process has ended
	exit   error
	stdout output
	stderr output

	mu    sync.Mutex
	taken map[string]event // those under way, by their id
}

type event struct {
	id      string
	payload []byte
	life    time.Duration
	answer  chan Answer
}

// Answer is what a function made of an event.
type Answer struct {
	Payload []byte
	Failed  bool // it was reported as an error
	At      time.Time
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

// Start starts the function that is in the file bin, with env beside what every
// function has. Whoever starts it stops it.
func Start(bin string, env map[string]string) (*Function, error) {
	f := &Function{
		events: make(chan event), ready: make(chan time.Time), ended: make(chan struct{}), taken: map[string]event{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", f.done)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", f.done)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtimeapi: %w", err)
	}
	f.server = &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	go func() { _ = f.server.Serve(listener) }() // until it is closed

	all := map[string]string{
		"AWS_REGION": Region, "AWS_DEFAULT_REGION": Region,
		"AWS_ACCESS_KEY_ID": AccessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": "session-token",
		"AWS_LAMBDA_RUNTIME_API": listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME": "function",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023", "_HANDLER": "bootstrap", "TZ": ":UTC", "LANG": "en_US.UTF-8",
	}
	maps.Copy(all, env)
	f.cmd = exec.Command(bin)
	f.cmd.Dir, f.cmd.Stdout, f.cmd.Stderr = os.TempDir(), &f.stdout, &f.stderr
	for name, value := range all {
		f.cmd.Env = append(f.cmd.Env, name+"="+value)
	}
	f.Began = time.Now()
	if err := f.cmd.Start(); err != nil {
		_ = f.server.Close()
		return nil, fmt.Errorf("runtimeapi: %w", err)
	}
	go func() {
		f.exit = f.cmd.Wait()
		close(f.ended)
	}()
	return f, nil
}

// Stop ends the function, as Lambda does when it is not needed any more. It may
// have ended by itself, and may be stopped twice.
func (f *Function) Stop() {
	_ = f.cmd.Process.Kill()
	<-f.ended
	_ = f.server.Close()
}

// next hands out an event; it is also how a function says that it is ready.
func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	select {
	case f.ready <- time.Now():
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
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+Region+":123456789012:function:function")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-6905c500-0123456789abcdef01234567;Sampled=0")
		_, _ = w.Write(e.payload) // a function that is gone is noticed by who waits for its answer
	case <-r.Context().Done():
	}
}

func (f *Function) done(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
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
	e.answer <- Answer{Payload: payload, Failed: strings.HasSuffix(r.URL.Path, "/error"), At: at}
}

// Ready returns when the function asks for its next event, and says when it did.
func (f *Function) Ready() (time.Time, error) {
	select {
	case at := <-f.ready:
		return at, nil
	case <-f.ended:
		return time.Time{}, f.fault("the function ended")
	case <-time.After(patience):
		return time.Time{}, f.fault("the function does not ask for an event")
	}
}

// Send sends an event to a function that is ready, which has life to answer it.
func (f *Function) Send(payload []byte, life time.Duration) (Answer, error) {
	e := event{id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", payload: payload, life: life, answer: make(chan Answer, 1)}
	select {
	case f.events <- e:
	case <-f.ended:
		return Answer{}, f.fault("the function ended")
	}
	select {
	case a := <-e.answer:
		return a, nil
	case <-f.ended:
		return Answer{}, f.fault("the function ended over an event")
	case <-time.After(patience):
		return Answer{}, f.fault("the function does not answer")
	}
}

// Fails waits for the function to end without ever asking for an event, and
// returns what it said.
func (f *Function) Fails() (said string, err error) {
	select {
	case <-f.ready:
		return f.Said(), errors.New("the function serves")
	case <-f.ended:
		if f.cmd.ProcessState.ExitCode() <= 0 {
			return f.Said(), fmt.Errorf("the function ended by %v", f.cmd.ProcessState)
		}
		return f.Said(), nil
	case <-time.After(patience):
		return f.Said(), errors.New("the function neither serves nor ends")
	}
}

// Said is all that the function has written, its log first.
func (f *Function) Said() string { return f.stdout.String() + f.stderr.String() }

// Log is what the function has written to its log, and past it.
func (f *Function) Log() (log, past string) { return f.stdout.String(), f.stderr.String() }

// PID is the id of the function's process.
func (f *Function) PID() int { return f.cmd.Process.Pid }

func (f *Function) fault(what string) error {
	select {
	case <-f.ended:
		what += fmt.Sprintf(" (%v)", f.exit)
	default:
	}
	return fmt.Errorf("%s; it said:\n%s", what, f.Said())
}

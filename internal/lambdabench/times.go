package lambdabench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/runtimeapi"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
)

// Budget is how much longer than the empty function a function may take to
// start, and Within how many of a hundred endpoints keep to it.
const (
	Budget = 2.0
	Within = 90
)

// retries are how often those over the budget are measured again, so that it is
// no noise of the machine that fails them.
const retries = 3

// Figures are of one function: times are medians.
type Figures struct {
	Size  int64         // of its binary
	Start time.Duration // until it asks for an event, with a table that answers at once
	First time.Duration // from the first event to its answer
	Warm  time.Duration // from a later one
	Peak  int64         // most memory that was resident; 0 where that cannot be told
}

// Ratios are how much more a function takes than the empty one.
type Ratios struct {
	Function
	Size, Start, First, Warm, Peak float64
}

// Times are those of all functions.
type Times struct {
	Starts, Answers int // how often each was measured
	Empty           Figures
	All             []Ratios
}

// Times measures all functions: their starts so many times, and so many times
// a first and a warm answer. Each time it goes through all of them and the empty
// one, so that they share what the machine is busy with; which makes all of them
// slower, and their ratios hardly.
func (b Bench) Times(ctx context.Context, starts, answers int) (*Times, error) {
	table, err := newQuickTable()
	if err != nil {
		return nil, err
	}
	defer table.close()

	functions := append([]Function{{ID: Empty}}, Functions()...)
	figures := make([]Figures, len(functions))
	for i, f := range functions {
		info, err := os.Stat(filepath.Join(b.Bin, f.ID))
		if err != nil {
			return nil, err
		}
		figures[i].Size = info.Size()
	}
	if err := b.starts(ctx, table, starts, functions, figures); err != nil {
		return nil, err
	}
	if err := b.answers(ctx, answers, functions, figures); err != nil {
		return nil, err
	}
	t := &Times{Starts: starts, Answers: answers, Empty: figures[0]}
	for i, f := range functions[1:] {
		t.All = append(t.All, ratios(f, figures[1+i], t.Empty))
	}
	for range retries {
		over := []Function{{ID: Empty}}
		for _, f := range t.All {
			if f.Slow() {
				over = append(over, f.Function)
			}
		}
		if len(over) == 1 {
			break
		}
		again := make([]Figures, len(over))
		if err := b.starts(ctx, table, starts, over, again); err != nil {
			return nil, err
		}
		for i, f := range over[1:] {
			r := ratios(f, again[1+i], again[0])
			kept := &t.All[slices.IndexFunc(t.All, func(k Ratios) bool { return k.ID == f.ID })]
			kept.Start = min(kept.Start, r.Start)
		}
	}
	return t, nil
}

func ratios(of Function, f, empty Figures) Ratios {
	return Ratios{
		Function: of, Size: ratio(f.Size, empty.Size), Start: ratio(f.Start, empty.Start),
		First: ratio(f.First, empty.First), Warm: ratio(f.Warm, empty.Warm), Peak: ratio(f.Peak, empty.Peak),
	}
}

func ratio[N ~int64](n, of N) float64 { return float64(n) / float64(of) }

// Slow tells whether the function takes longer to start than the budget allows.
func (r Ratios) Slow() bool { return r.Start > Budget }

// Check reports when more endpoints than may be are slow.
func (t *Times) Check() error {
	endpoints := 0
	var slow []string
	for _, f := range t.All {
		if !f.Endpoint {
			continue
		}
		endpoints++
		if f.Slow() {
			slow = append(slow, fmt.Sprintf("%s %.2f", f.ID, f.Start))
		}
	}
	if 100*len(slow) > (100-Within)*endpoints {
		return fmt.Errorf("%d of %d endpoints take more than %.1f times the empty function to start: %s", len(slow), endpoints, Budget, strings.Join(slow, ", "))
	}
	return nil
}

// Verdict says in a line how many endpoints keep to the budget, once Check has passed.
func (t *Times) Verdict() string {
	endpoints, kept := 0, 0
	for _, f := range t.All {
		if f.Endpoint {
			endpoints++
			if !f.Slow() {
				kept++
			}
		}
	}
	return fmt.Sprintf("%d of %d endpoints start within %.1f times the empty function: passed", kept, endpoints, Budget)
}

// median of what was measured.
func median[N ~int64](measured []N) N {
	slices.Sort(measured)
	return measured[len(measured)/2]
}

// starts measures how functions start.
func (b Bench) starts(ctx context.Context, table *quickTable, times int, functions []Function, figures []Figures) error {
	took := make([][]time.Duration, len(functions))
	for range times {
		// In another order each time, so that what the machine does in turns meets all alike.
		for _, i := range rand.Perm(len(functions)) { //nolint:gosec // G404: nobody guesses at it
			f := functions[i]
			if err := ctx.Err(); err != nil {
				return err
			}
			start, err := b.start(table, f)
			if err != nil {
				return fmt.Errorf("%s: %w", f.ID, err)
			}
			took[i] = append(took[i], start)
		}
	}
	for i := range functions {
		figures[i].Start = median(took[i])
	}
	return nil
}

func (b Bench) start(table *quickTable, f Function) (time.Duration, error) {
	env := environment(f, dynamotable.Config{Table: "fullmakt", Endpoint: table.url}, "http://127.0.0.1:1")
	run, err := runtimeapi.Start(filepath.Join(b.Bin, f.ID), env)
	if err != nil {
		return 0, err
	}
	defer run.Stop()
	asked, err := run.Ready()
	return asked.Sub(run.Began), err
}

// answers measures first and warm answers. The empty function answers before
// each of the others: a moment's unrest weighs most on what is done at once.
func (b Bench) answers(ctx context.Context, times int, functions []Function, figures []Figures) error {
	first, warm, peak := make([][]time.Duration, len(functions)), make([][]time.Duration, len(functions)), make([][]int64, len(functions))
	for range times {
		for i := 1; i < len(functions); i++ {
			for _, i := range []int{0, i} {
				a, err := b.answer(ctx, functions[i])
				if err != nil {
					return fmt.Errorf("%s: %w", functions[i].ID, err)
				}
				first[i], warm[i], peak[i] = append(first[i], a.First), append(warm[i], a.Warm), append(peak[i], a.Peak)
			}
		}
	}
	for i := range functions {
		figures[i].First, figures[i].Warm, figures[i].Peak = median(first[i]), median(warm[i]), median(peak[i])
	}
	return nil
}

// answer measures a first and a warm answer, both on the sample data as it is at first.
func (b Bench) answer(ctx context.Context, f Function) (a Figures, err error) {
	renew, address, services := func(context.Context) error { return nil }, dynamotable.Config{}, ""
	if !f.bare() {
		var s *stage
		if s, err = newStage(ctx, f); err != nil {
			return a, err
		}
		defer func() { err = errors.Join(err, s.close(ctx)) }()
		renew, address, services = s.renew, s.scratch.Config, s.services.URL
	}
	event, err := b.event(f)
	if err != nil {
		return a, err
	}
	run, err := runtimeapi.Start(filepath.Join(b.Bin, f.ID), environment(f, address, services))
	if err != nil {
		return a, err
	}
	defer run.Stop()
	for i, took := range []*time.Duration{&a.First, &a.Warm} {
		if _, err := run.Ready(); err != nil {
			return a, err
		}
		if i > 0 {
			if err := renew(ctx); err != nil {
				return a, err
			}
		}
		sent := time.Now()
		answered, err := succeed(run, event)
		if err != nil {
			return a, err
		}
		*took = answered.At.Sub(sent)
	}
	a.Peak, err = peakMemory(run.PID())
	return a, err
}

// peakMemory is the most memory of a process that ever was resident; 0 where the
// system does not tell.
func peakMemory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, nil
}

// quickTable stands for a table that holds nothing and answers at once.
type quickTable struct {
	url    string
	server *http.Server
}

func newQuickTable() (*quickTable, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambdabench: %w", err)
	}
	t := &quickTable{url: "http://" + listener.Addr().String()}
	t.server = &http.Server{Handler: t, ReadHeaderTimeout: time.Minute}
	go func() { _ = t.server.Serve(listener) }() // until it is closed
	return t, nil
}

func (t *quickTable) close() { _ = t.server.Close() }

// ServeHTTP implements http.Handler.
func (t *quickTable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // who has sent it does not wait for that
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, `{"Responses":{},"UnprocessedKeys":{}}`)
}

package lambdabench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/runtimeapi"
)

// life is what a function has to answer an event.
const life = 30 * time.Second

// Cost is what one call of a function takes of the services that are paid by use.
type Cost struct {
	Function
	Start  Usage // before it serves, once per process
	Answer Usage
	Others map[string]int // calls to other services, by what they are asked for
}

// Costs measures all functions with their sample events, each on a table of its own.
func (b Bench) Costs(ctx context.Context) ([]Cost, error) {
	all := Functions()
	costs, faults := make([]Cost, len(all)), make([]error, len(all))
	var group sync.WaitGroup
	turns := make(chan struct{}, 2) // DynamoDB Local has to answer in time
	for i, f := range all {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			if costs[i], faults[i] = b.cost(ctx, f); faults[i] != nil {
				faults[i] = fmt.Errorf("%s: %w", f.ID, faults[i])
			}
		})
	}
	group.Wait()
	return costs, errors.Join(faults...)
}

// cost measures one function. On a machine that is so busy that a call is given up
// and made again, it is measured again.
func (b Bench) cost(ctx context.Context, f Function) (Cost, error) {
	const tries = 5
	for try := 1; ; try++ {
		c, disturbed, err := b.costOnce(ctx, f)
		if !disturbed || try == tries {
			return c, err
		}
	}
}

func (b Bench) costOnce(ctx context.Context, f Function) (c Cost, disturbed bool, err error) {
	c.Function, c.Others = f, map[string]int{}
	s, err := newStage(ctx, f)
	if err != nil {
		return c, false, err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	beside, err := s.scratch.Another(ctx)
	if err != nil {
		return c, false, err
	}
	defer func() { err = errors.Join(err, beside.Drop(ctx)) }()
	m, err := newMeter(s.scratch.Config.Endpoint, beside.Config.Table)
	if err != nil {
		return c, false, err
	}
	defer m.close()
	event, err := b.event(f)
	if err != nil {
		return c, false, err
	}
	run, err := runtimeapi.Start(filepath.Join(b.Bin, f.ID), s.environment(f, m.url))
	if err != nil {
		return c, false, err
	}
	defer run.Stop()
	if _, err := run.Ready(); err != nil {
		return c, false, err
	}
	if c.Start, _, err = m.take(); err != nil {
		return c, false, err
	}
	before := len(s.services.Calls()) // those of the sample data
	_, failure := succeed(run, event)
	for _, call := range s.services.Calls()[before:] {
		c.Others[call]++
	}
	c.Answer, disturbed, err = m.take()
	return c, disturbed, errors.Join(failure, err)
}

// succeed sends an event, which has to be answered with success.
func succeed(run *runtimeapi.Function, event []byte) (runtimeapi.Answer, error) {
	a, err := run.Send(event, life)
	if err != nil {
		return a, err
	}
	var response struct{ StatusCode int }
	if json.Unmarshal(a.Payload, &response) != nil || a.Failed || response.StatusCode >= 300 {
		return a, fmt.Errorf("the function answered %s", a.Payload)
	}
	return a, nil
}

// others are the calls to other services, in words.
func (c Cost) others() string {
	var words []string
	for _, call := range slices.Sorted(maps.Keys(c.Others)) {
		word := call
		if n := c.Others[call]; n > 1 {
			word = fmt.Sprintf("%d × %s", n, call)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

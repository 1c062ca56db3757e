package tabletest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
)

// Method is one of the methods of a table.
type Method string

// The methods.
const (
	Get      Method = "Get"
	Query    Method = "Query"
	Transact Method = "Transact"
)

// Call is a call that a plan may spoil.
type Call struct {
	Method Method
	N      int        // how many calls of this method there were, with this one
	Ops    []table.Op // of a Transact
}

// Fault is what befalls a call; the zero value is nothing.
type Fault struct {
	Latency time.Duration // before anything happens; the context may end it
	Before  error         // instead of the call
	After   error         // instead of its answer: what was asked has happened
}

// The usual faults.
var (
	Down       = Fault{Before: fmt.Errorf("%w: injected", table.ErrUnavailable)}
	LostAnswer = Fault{After: fmt.Errorf("%w: injected, after the call", table.ErrUnavailable)}
)

// Faults is a table whose calls fail by a plan.
type Faults struct {
	inner table.Table
	plan  func(Call) Fault

	mu    sync.Mutex
	calls map[Method]int
}

var _ table.Table = (*Faults)(nil)

// Inject returns t with the faults that plan wants. Calls at the same time ask
// plan one after the other.
func Inject(t table.Table, plan func(Call) Fault) *Faults {
	return &Faults{inner: t, plan: plan, calls: make(map[Method]int)}
}

// On is the plan that spoils only the n-th call of a method, counted from 1.
func On(m Method, n int, f Fault) func(Call) Fault {
	return func(c Call) Fault {
		if c.Method == m && c.N == n {
			return f
		}
		return Fault{}
	}
}

// Get implements table.Table.
func (f *Faults) Get(ctx context.Context, keys ...table.Key) (items map[table.Key]table.Item, err error) {
	err = f.spoil(ctx, Get, nil, func() error {
		items, err = f.inner.Get(ctx, keys...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Query implements table.Table.
func (f *Faults) Query(ctx context.Context, q table.Query) (page table.Page, err error) {
	err = f.spoil(ctx, Query, nil, func() error {
		page, err = f.inner.Query(ctx, q)
		return err
	})
	if err != nil {
		return table.Page{}, err
	}
	return page, nil
}

// Transact implements table.Table.
func (f *Faults) Transact(ctx context.Context, ops ...table.Op) error {
	return f.spoil(ctx, Transact, ops, func() error { return f.inner.Transact(ctx, ops...) })
}

func (f *Faults) spoil(ctx context.Context, m Method, ops []table.Op, call func() error) error {
	fault := f.next(m, ops)
	if fault.Latency > 0 {
		select {
		case <-time.After(fault.Latency):
		case <-ctx.Done():
			return table.Unavailable(ctx, ctx.Err())
		}
	}
	if fault.Before != nil {
		return fault.Before
	}
	if err := call(); err != nil {
		return err
	}
	return fault.After
}

func (f *Faults) next(m Method, ops []table.Op) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[m]++
	return f.plan(Call{Method: m, N: f.calls[m], Ops: ops})
}

package tabletest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

var a, b = table.Key{PK: "p", SK: "a"}, table.Key{PK: "p", SK: "b"}

func put(key table.Key) table.Op {
	return table.Put(table.Item{Key: key, Version: 1, Body: []byte(`{}`)}, table.IfAbsent)
}

func memory(t *testing.T) table.Table {
	t.Helper()
	opened, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

func has(t *testing.T, tb table.Table, key table.Key) bool {
	t.Helper()
	items, err := tb.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return len(items) == 1
}

// A decorated table is still a table.
func TestDecoratorsConform(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(t *testing.T) table.Table {
		return tabletest.Inject(tabletest.Count(memory(t)), func(tabletest.Call) tabletest.Fault { return tabletest.Fault{} })
	})
}

func TestCount(t *testing.T) {
	t.Parallel()
	counter := tabletest.Count(memory(t))
	use := func() {
		_ = counter.Transact(t.Context(), put(a), put(b))
		_, _ = counter.Get(t.Context(), a, table.Key{PK: "p", SK: "missing"})
		_, _ = counter.Query(t.Context(), table.Query{PK: "p", Limit: 5})
	}
	want := tabletest.Counts{Gets: 1, Keys: 2, ItemsGot: 1, Queries: 1, ItemsQueried: 2, Transacts: 1, Ops: 2}
	use()
	if got := counter.Counts(); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	counter.Reset()
	if got := counter.Counts(); got != (tabletest.Counts{}) {
		t.Errorf("counted %+v after a reset", got)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(use)
	}
	wg.Wait()
	want = tabletest.Counts{Gets: 10, Keys: 20, ItemsGot: 10, Queries: 10, ItemsQueried: 20, Transacts: 10, Ops: 20}
	if got := counter.Counts(); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func TestInject(t *testing.T) {
	t.Parallel()
	inner := memory(t)

	lost := tabletest.Inject(inner, tabletest.On(tabletest.Transact, 2, tabletest.LostAnswer))
	for i, key := range []table.Key{a, b} {
		if err := lost.Transact(t.Context(), put(key)); errors.Is(err, table.ErrUnavailable) != (i == 1) {
			t.Errorf("call %d: got %v", i+1, err)
		}
		if !has(t, lost, key) {
			t.Errorf("call %d did not happen", i+1)
		}
	}

	c := table.Key{PK: "p", SK: "c"}
	down := tabletest.Inject(inner, tabletest.On(tabletest.Transact, 1, tabletest.Down))
	if err := down.Transact(t.Context(), put(c)); !errors.Is(err, table.ErrUnavailable) || has(t, inner, c) {
		t.Errorf("got %v, want ErrUnavailable and no effect", err)
	}
	if err := down.Transact(t.Context(), put(c)); err != nil {
		t.Errorf("the call after: %v", err)
	}

	// The plan sees what is asked; an answer that is lost hides no other error.
	var seen []tabletest.Call
	all := tabletest.Inject(inner, func(call tabletest.Call) tabletest.Fault {
		seen = append(seen, call)
		return tabletest.LostAnswer
	})
	var unmet *table.ConditionError
	if err := all.Transact(t.Context(), put(c)); !errors.As(err, &unmet) {
		t.Errorf("got %v, want a ConditionError", err)
	}
	if items, err := all.Get(t.Context(), a); !errors.Is(err, table.ErrUnavailable) || items != nil {
		t.Errorf("got %v, %v", items, err)
	}
	if page, err := all.Query(t.Context(), table.Query{PK: "p", Limit: 1}); !errors.Is(err, table.ErrUnavailable) || page.Items != nil {
		t.Errorf("got %v, %v", page, err)
	}
	if len(seen) != 3 || len(seen[0].Ops) != 1 || seen[1].Method != tabletest.Get || seen[2].Method != tabletest.Query || seen[2].N != 1 {
		t.Errorf("the plan saw %+v", seen)
	}
}

func TestInjectLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := tabletest.Inject(silent{}, func(tabletest.Call) tabletest.Fault { return tabletest.Fault{Latency: time.Minute} })
		start := time.Now()
		if _, err := slow.Get(t.Context(), a); err != nil || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v, want success after a minute", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		err := slow.Transact(ctx, put(a))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, table.ErrUnavailable) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want the deadline after a second", err, time.Since(start))
		}
	})
}

// silent is a table that does nothing.
type silent struct{ table.Table }

func (silent) Get(context.Context, ...table.Key) (map[table.Key]table.Item, error) { return nil, nil }

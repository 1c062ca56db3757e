// Package tabletest says what every driver of package table must do, and has
// two decorators for tests above the seam: Count and Inject.
package tabletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fullmakt/fullmakt/internal/table"
)

// Run holds a driver to the contract. Each case gets a fresh, empty table from
// open, which closes it when the test ends. Cases run in parallel.
func Run(t *testing.T, open func(t *testing.T) table.Table) {
	for _, cases := range []map[string]func(*suite){
		getCases, transactCases, itemCases, queryCases, indexCases, limitCases, concurrencyCases, contextCases, modelCases,
	} {
		for name, run := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				run(&suite{T: t, Table: open(t)})
			})
		}
	}
}

// suite is a case's test and its table, with calls that must not fail.
type suite struct {
	*testing.T
	table.Table
}

func (s *suite) get(keys ...table.Key) map[table.Key]table.Item {
	s.Helper()
	items, err := s.Get(s.Context(), keys...)
	if err != nil {
		s.Fatalf("Get: %v", err)
	}
	return items
}

func (s *suite) query(q table.Query) table.Page {
	s.Helper()
	page, err := s.Query(s.Context(), q)
	if err != nil {
		s.Fatalf("Query(%+v): %v", q, err)
	}
	return page
}

func (s *suite) transact(ops ...table.Op) {
	s.Helper()
	if err := s.Transact(s.Context(), ops...); err != nil {
		s.Fatalf("Transact: %v", err)
	}
}

// put writes the items, in as many transactions as it takes.
func (s *suite) put(items ...table.Item) {
	s.Helper()
	for some := range slices.Chunk(items, table.MaxOps) {
		ops := make([]table.Op, len(some))
		for i, item := range some {
			ops[i] = table.Put(item, table.Always)
		}
		s.transact(ops...)
	}
}

// stored asserts that exactly these of the keys' items are stored.
func (s *suite) stored(keys []table.Key, want ...table.Item) {
	s.Helper()
	items := make(map[table.Key]table.Item, len(want))
	for _, item := range want {
		items[item.Key] = item
	}
	s.same(items, s.get(keys...))
}

func (s *suite) same(want, got any) {
	s.Helper()
	if diff := difference(want, got); diff != "" {
		s.Fatalf("not as wanted (-want +got):\n%s", diff)
	}
}

// difference compares bodies as strings: byte by byte takes cmp seconds.
func difference(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Transformer("string", func(b []byte) string { return string(b) }))
}

// unmet asserts that a transaction failed because of the conditions of these operations.
func (s *suite) unmet(err error, ops ...int) {
	s.Helper()
	var unmet *table.ConditionError
	if !errors.As(err, &unmet) {
		s.Fatalf("got %v, want a ConditionError at %v", err, ops)
	}
	s.same(ops, unmet.Ops)
}

// refused asserts that a call broke a limit.
func (s *suite) refused(what string, err error) {
	s.Helper()
	if !errors.Is(err, table.ErrLimit) {
		s.Errorf("%s: got %v, want ErrLimit", what, err)
	}
}

// eventually asks a lagging index until its answer holds exactly these items,
// for a few seconds.
func (s *suite) eventually(q table.Query, want ...table.Item) {
	s.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		diff := difference(want, s.query(q).Items)
		if diff == "" {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("index %s never came to show what it should (-want +got):\n%s", q.Index, diff)
		}
	}
}

func key(pk, sk string) table.Key { return table.Key{PK: pk, SK: sk} }

// row returns a small item.
func row(pk, sk string, version int64) table.Item {
	return table.Item{Key: key(pk, sk), Version: version, Body: fmt.Appendf(nil, `{"n":%d}`, version)}
}

// indexed returns a small item of partition p that an index shows.
func indexed(sk string, index table.Index, ipk, isk string) table.Item {
	item := row("p", sk, 1)
	item.Index = map[table.Index]table.Key{index: key(ipk, isk)}
	return item
}

// rows returns small items of one partition.
func rows(pk string, sks ...string) []table.Item {
	items := make([]table.Item, len(sks))
	for i, sk := range sks {
		items[i] = row(pk, sk, 1)
	}
	return items
}

func keysOf(items []table.Item) []table.Key {
	keys := make([]table.Key, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	return keys
}

func sortKeys(items []table.Item) []string {
	sks := make([]string, len(items))
	for i, item := range items {
		sks[i] = item.SK
	}
	return sks
}

var getCases = map[string]func(*suite){
	"get/missing items are absent": func(s *suite) {
		there := row("p", "there", 1)
		s.put(there)
		s.stored([]table.Key{key("p", "there"), key("p", "gone"), key("q", "there")}, there)
		s.stored([]table.Key{key("p", "gone")})
	},
	"get/no keys": func(s *suite) {
		s.put(row("p", "s", 1))
		s.stored(nil)
	},
	"get/as many as allowed, and one more": func(s *suite) {
		var items []table.Item
		for i := range table.MaxKeys + 1 {
			items = append(items, row(fmt.Sprintf("p%d", i%7), fmt.Sprintf("s%d", i), int64(i)+1))
		}
		s.put(items...)
		s.stored(keysOf(items[:table.MaxKeys]), items[:table.MaxKeys]...)
		_, err := s.Get(s.Context(), keysOf(items)...)
		s.refused("101 keys", err)
	},
	"get/the same key twice": func(s *suite) {
		_, err := s.Get(s.Context(), key("p", "a"), key("p", "b"), key("p", "a"))
		s.refused("a key twice", err)
		// The two strings of a key do not run into each other.
		s.stored([]table.Key{key("ab", "c"), key("a", "bc")})
	},
	"get/more bytes than one answer of DynamoDB": func(s *suite) {
		var items []table.Item
		for i := range 44 {
			items = append(items, large(fmt.Sprintf("p%d", i), "s", 390_000))
		}
		for some := range slices.Chunk(items, 10) {
			s.put(some...)
		}
		s.stored(keysOf(items), items...)
	},
	"get/what was just written": func(s *suite) {
		for v := range int64(20) {
			item := row("p", "s", v+1)
			s.put(item)
			s.stored([]table.Key{item.Key}, item)
		}
	},
}

func (s *suite) expired() context.Context {
	ctx, cancel := context.WithDeadline(s.Context(), time.Now().Add(-time.Second))
	s.Cleanup(cancel)
	return ctx
}

func (s *suite) cancelled() context.Context {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	return ctx
}

var contextCases = map[string]func(*suite){
	"context/cancelled": func(s *suite) {
		for method, err := range s.calls(s.cancelled()) {
			if !errors.Is(err, context.Canceled) || errors.Is(err, table.ErrUnavailable) {
				s.Errorf("%s: got %v, want just context.Canceled", method, err)
			}
		}
		s.stored([]table.Key{key("p", "s")})
	},
	"context/past its deadline": func(s *suite) {
		for method, err := range s.calls(s.expired()) {
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, table.ErrUnavailable) {
				s.Errorf("%s: got %v, want context.DeadlineExceeded and ErrUnavailable", method, err)
			}
		}
		s.stored([]table.Key{key("p", "s")})
	},
	"context/limits come first": func(s *suite) {
		s.refused("Transact of nothing", s.Transact(s.cancelled()))
	},
}

// calls calls every method.
func (s *suite) calls(ctx context.Context) map[string]error {
	_, get := s.Get(ctx, key("p", "s"))
	_, query := s.Query(ctx, table.Query{PK: "p", Limit: 1})
	transact := s.Transact(ctx, table.Put(row("p", "s", 1), table.Always))
	return map[string]error{"Get": get, "Query": query, "Transact": transact}
}

package tabletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/fullmakt/fullmakt/internal/table"
)

// together calls do n times at once and returns the errors by call.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// lost tells whether a call lost against another one, as it may.
func lost(err error) bool {
	var unmet *table.ConditionError
	return errors.As(err, &unmet) || errors.Is(err, table.ErrContended)
}

// winner asserts that one call won and all others lost, and returns its number.
func (s *suite) winner(errs []error) int {
	s.Helper()
	winners := 0
	for _, err := range errs {
		switch {
		case err == nil:
			winners++
		case !lost(err):
			s.Fatalf("a call failed: %v", err)
		}
	}
	if winners != 1 {
		s.Fatalf("%d calls won, want 1", winners)
	}
	return slices.Index(errs, nil)
}

var concurrencyCases = map[string]func(*suite){
	"concurrency/two writers of one version": func(s *suite) {
		s.put(row("p", "s", 1))
		for v := range int64(25) {
			next := []table.Item{row("p", "s", v+2), row("p", "s", v+2)}
			next[0].Body, next[1].Body = []byte(`{"w":0}`), []byte(`{"w":1}`)
			errs := together(2, func(i int) error {
				return s.Transact(s.Context(), table.Put(next[i], table.IfVersion(v+1)))
			})
			s.stored([]table.Key{key("p", "s")}, next[s.winner(errs)])
		}
	},
	"concurrency/64 want to be the first": func(s *suite) {
		errs := together(64, func(i int) error {
			return s.Transact(s.Context(),
				table.Put(row("p", "lock", int64(i)+1), table.IfAbsent),
				table.Put(row("q", fmt.Sprint(i), 1), table.Always))
		})
		won := s.winner(errs)
		s.stored([]table.Key{key("p", "lock")}, row("p", "lock", int64(won)+1))
		// Nobody else left anything behind.
		s.same(rows("q", fmt.Sprint(won)), s.query(table.Query{PK: "q", Limit: 64}).Items)
	},
	"concurrency/unconditional puts": func(s *suite) {
		errs := together(16, func(i int) error {
			return s.Transact(s.Context(), table.Put(row("p", "s", int64(i)+1), table.Always))
		})
		stored := s.get(key("p", "s"))[key("p", "s")]
		s.same(row("p", "s", stored.Version), stored)
		if stored.Version < 1 || errs[stored.Version-1] != nil {
			s.Fatalf("version %d is stored, but its call failed: %v", stored.Version, errs)
		}
		for _, err := range errs {
			if err != nil && !errors.Is(err, table.ErrContended) {
				s.Fatalf("a call failed: %v", err)
			}
		}
	},
	"concurrency/nothing is lost between two items": func(s *suite) {
		const workers, each = 4, 10
		account := func(name string, version int64) table.Item { return row("accounts", name, version) }
		s.put(account("a", 1_000), account("b", 1_000))
		errs := together(workers, func(i int) error {
			by := int64(1) // the version is the balance
			if i == 0 {
				by = -1
			}
			for range each {
				if err := s.move(by); err != nil {
					return err
				}
			}
			return nil
		})
		if err := errors.Join(errs...); err != nil {
			s.Fatal(err)
		}
		s.stored([]table.Key{key("accounts", "a"), key("accounts", "b")}, account("a", 1_000+(workers-2)*each), account("b", 1_000-(workers-2)*each))
	},
	"concurrency/readers and writers": func(s *suite) {
		s.put(row("p", "a", 1), row("p", "b", 1))
		ctx, cancel := context.WithCancel(s.Context())
		errs := together(4, func(i int) error {
			if i == 0 {
				defer cancel()
				for v := range int64(30) {
					if err := s.Transact(s.Context(),
						table.Put(row("p", "a", v+2), table.IfVersion(v+1)),
						table.Put(row("p", "b", v+2), table.IfVersion(v+1))); err != nil {
						return err
					}
				}
				return nil
			}
			for last := int64(1); ctx.Err() == nil; {
				page, err := s.Query(s.Context(), table.Query{PK: "p", Limit: 10})
				if err != nil {
					return err
				}
				if len(page.Items) != 2 {
					return fmt.Errorf("read %d items, want 2", len(page.Items))
				}
				if v := page.Items[0].Version; v < last {
					return fmt.Errorf("read version %d after %d", v, last)
				}
				last = page.Items[0].Version
			}
			return nil
		})
		if err := errors.Join(errs...); err != nil {
			s.Fatal(err)
		}
	},
}

// move takes by from one account and gives it to the other, however often it
// takes.
func (s *suite) move(by int64) error {
	a, b := key("accounts", "a"), key("accounts", "b")
	for {
		items, err := s.Get(s.Context(), a, b)
		if err != nil {
			return err
		}
		va, vb := items[a].Version, items[b].Version
		err = s.Transact(s.Context(),
			table.Put(row(a.PK, a.SK, va+by), table.IfVersion(va)),
			table.Put(row(b.PK, b.SK, vb-by), table.IfVersion(vb)))
		if !lost(err) {
			return err
		}
	}
}

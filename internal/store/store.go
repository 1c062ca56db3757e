// Package store keeps the domain's entities in a table. It is written once,
// over table.Table, and knows no rule beyond where and in what shape things are.
// keys.go holds every key; the other files are the access patterns.
package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Store is a domain.Store on a table.
type Store struct{ table table.Table }

var _ domain.Store = (*Store)(nil)

// New makes a store on a table.
func New(t table.Table) *Store { return &Store{table: t} }

// failure turns an error of the table into one of the domain.
func failure(err error) error {
	_, condition := errors.AsType[*table.ConditionError](err)
	switch {
	case err == nil:
		return nil
	case condition, errors.Is(err, table.ErrContended):
		return domain.ErrContended.Because(err)
	case errors.Is(err, table.ErrSize):
		return domain.ErrTooMuch.Because(err)
	case errors.Is(err, table.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return domain.ErrUnavailable.Because(err)
	}
	return fmt.Errorf("store: %w", err)
}

// items reads by key; keys that several things stand on are asked for once. More
// than one batch holds are read as several, at the same time.
func (s *Store) items(ctx context.Context, keys map[table.Key]bool) (map[table.Key]table.Item, error) {
	list := slices.Collect(maps.Keys(keys))
	if len(list) <= table.MaxKeys {
		if len(list) == 0 {
			return nil, nil
		}
		items, err := s.table.Get(ctx, list...)
		return items, failure(err)
	}
	batches := slices.Collect(slices.Chunk(list, table.MaxKeys))
	found, errs := make([]map[table.Key]table.Item, len(batches)), make([]error, len(batches))
	var all sync.WaitGroup
	for i, batch := range batches {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil { // nobody else could, outside of the request's own goroutine
					errs[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			found[i], errs[i] = s.table.Get(ctx, batch...)
		})
	}
	all.Wait()
	items := make(map[table.Key]table.Item, len(list))
	for i := range batches {
		if errs[i] != nil {
			return nil, failure(errs[i])
		}
		maps.Copy(items, found[i])
	}
	return items, nil
}

// read decodes an item's body into a record; an absent item is nil.
func read[R any, E any](items map[table.Key]table.Item, key table.Key, entity func(*R, int64) *E) (*E, error) {
	item, ok := items[key]
	if !ok {
		return nil, nil
	}
	return decode(item, entity)
}

func decode[R any, E any](item table.Item, entity func(*R, int64) *E) (*E, error) {
	r := new(R)
	if err := json.Unmarshal(item.Body, r); err != nil {
		return nil, fmt.Errorf("store: item %s %s: %w", item.PK, item.SK, err)
	}
	return entity(r, item.Version), nil
}

// page reads one page of a list, in the order of the query.
func page[R any, E any](ctx context.Context, s *Store, q table.Query, req domain.PageRequest, sortKey func(table.Item) string, entity func(*R, int64) *E) (domain.Page[*E], error) {
	q.Limit, q.After = req.Limit, req.After
	found, err := s.table.Query(ctx, q)
	if err != nil {
		return domain.Page[*E]{}, failure(err)
	}
	out, err := pageOf(found.Items, sortKey, entity)
	if err == nil && found.More {
		out.Next = out.Keys[len(out.Keys)-1]
	}
	return out, err
}

// pageOf is a page of these items.
func pageOf[R any, E any](items []table.Item, sortKey func(table.Item) string, entity func(*R, int64) *E) (domain.Page[*E], error) {
	out := domain.Page[*E]{Items: make([]*E, len(items)), Keys: make([]string, len(items))}
	for i, item := range items {
		e, err := decode(item, entity)
		if err != nil {
			return domain.Page[*E]{}, err
		}
		out.Items[i], out.Keys[i] = e, sortKey(item)
	}
	return out, nil
}

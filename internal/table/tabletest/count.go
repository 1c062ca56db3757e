package tabletest

import (
	"context"
	"sync"

	"github.com/fullmakt/fullmakt/internal/table"
)

// Counts says how much a table was used. Failed calls count as well.
type Counts struct {
	Gets, Keys, ItemsGot  int // calls, keys asked for, items found
	Queries, ItemsQueried int // calls, items shown
	Transacts, Ops        int // calls, operations
}

// Counter is a table that counts its use, for tests of budgets.
type Counter struct {
	inner table.Table

	mu     sync.Mutex
	counts Counts
}

var _ table.Table = (*Counter)(nil)

// Count returns a counter of the calls to t.
func Count(t table.Table) *Counter { return &Counter{inner: t} }

// Counts returns what was counted since the start or the last Reset.
func (c *Counter) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Reset begins anew.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = Counts{}
}

func (c *Counter) add(n Counts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Gets += n.Gets
	c.counts.Keys += n.Keys
	c.counts.ItemsGot += n.ItemsGot
	c.counts.Queries += n.Queries
	c.counts.ItemsQueried += n.ItemsQueried
	c.counts.Transacts += n.Transacts
	c.counts.Ops += n.Ops
}

// Get implements table.Table.
func (c *Counter) Get(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
	items, err := c.inner.Get(ctx, keys...)
	c.add(Counts{Gets: 1, Keys: len(keys), ItemsGot: len(items)})
	return items, err
}

// Query implements table.Table.
func (c *Counter) Query(ctx context.Context, q table.Query) (table.Page, error) {
	page, err := c.inner.Query(ctx, q)
	c.add(Counts{Queries: 1, ItemsQueried: len(page.Items)})
	return page, err
}

// Transact implements table.Table.
func (c *Counter) Transact(ctx context.Context, ops ...table.Op) error {
	err := c.inner.Transact(ctx, ops...)
	c.add(Counts{Transacts: 1, Ops: len(ops)})
	return err
}

package store

import (
	"context"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
)

// RegisterCache keeps the answers of public company registers in the table, for
// all organizations: they are public, and none of the domain's business. It is a
// registry.Cache.
type RegisterCache struct{ table table.Table }

// NewRegisterCache makes a cache on a table.
func NewRegisterCache(t table.Table) *RegisterCache { return &RegisterCache{table: t} }

// Get returns what was last put under the key.
func (c *RegisterCache) Get(ctx context.Context, key string) (value []byte, expires time.Time, ok bool, err error) {
	k := registerKey(key)
	items, err := c.table.Get(ctx, k)
	item, ok := items[k]
	return item.Body, item.ExpiresAt, ok, failure(err)
}

// Put keeps a value in the place of whatever was there.
func (c *RegisterCache) Put(ctx context.Context, key string, value []byte, expires time.Time) error {
	item := table.Item{Key: registerKey(key), Version: 1, ExpiresAt: expires.Truncate(time.Second), Body: value}
	return failure(c.table.Transact(ctx, table.Put(item, table.Always)))
}

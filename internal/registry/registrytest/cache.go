package registrytest

import (
	"context"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/registry"
)

// Cache is a registry.Cache in memory, for tests: nothing leaves it.
type Cache struct {
	mu    sync.Mutex
	items map[string]item
	err   error
}

type item struct {
	value   []byte
	expires time.Time
}

var _ registry.Cache = (*Cache)(nil)

// NewCache makes an empty cache.
func NewCache() *Cache { return &Cache{items: map[string]item{}} }

// Fail makes every call fail with err from now on; nil mends it.
func (c *Cache) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// Len is how many values there are.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.items)
}

// Get implements registry.Cache.
func (c *Cache) Get(_ context.Context, key string) (value []byte, expires time.Time, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.items[key]
	return i.value, i.expires, ok && c.err == nil, c.err
}

// Put implements registry.Cache.
func (c *Cache) Put(_ context.Context, key string, value []byte, expires time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.items[key] = item{value: value, expires: expires}
	}
	return c.err
}

package apitest

import (
	"sync"
	"sync/atomic"

	"github.com/fullmakt/fullmakt/internal/password"
)

// Hasher is the real one with a memory that all worlds share: what a world
// hashes or compares for the first time costs what it costs, and nothing after.
// Most of what the tests would compute are the same few passwords.
type Hasher struct {
	*password.Hasher
	asked atomic.Int64
}

// known are what has been computed: by password the hash, and by hash and
// password whether they belong together.
var known, compared sync.Map

// computed answers from what is known, and else computes it. Two that ask at
// once wait for one computation.
func computed[K comparable, V any](m *sync.Map, key K, compute func() V) V {
	once, _ := m.LoadOrStore(key, sync.OnceValue(compute))
	return once.(func() V)()
}

// real does the computing for all worlds.
var real = password.New()

// NewHasher makes the hasher of a world.
func NewHasher() *Hasher { return &Hasher{Hasher: real} }

// Asked is how many hashes have been asked for, whether to store or to compare.
func (h *Hasher) Asked() int64 { return h.asked.Load() }

// Hash is password.Hasher's; the same password has the same hash in all worlds.
func (h *Hasher) Hash(text string) (string, error) {
	h.asked.Add(1)
	type result struct {
		phc string
		err error
	}
	r := computed(&known, text, func() result {
		phc, err := h.Hasher.Hash(text)
		return result{phc, err}
	})
	return r.phc, r.err
}

// Verify is password.Hasher's.
func (h *Hasher) Verify(phc, text string) bool {
	h.asked.Add(1)
	return computed(&compared, [2]string{phc, text}, func() bool { return h.Hasher.Verify(phc, text) })
}

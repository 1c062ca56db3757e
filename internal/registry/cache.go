package registry

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Cache keeps bytes for a while. It is safe for concurrent use. Losing what it
// keeps costs a question to a register and nothing else.
type Cache interface {
	// Get returns what was last put under the key, with its expiry; ok is false
	// when nothing is there. What has expired may still be returned: the
	// caller's clock decides.
	Get(ctx context.Context, key string) (value []byte, expires time.Time, ok bool, err error)

	// Put keeps the value under the key until it expires, in the place of
	// whatever was there. Keys are ASCII and shorter than 64 bytes, values
	// shorter than 10 KB.
	Put(ctx context.Context, key string, value []byte, expires time.Time) error
}

// How long answers are kept.
const (
	KeepFound   = 24 * time.Hour
	KeepUnknown = 10 * time.Minute
)

// kept is an answer in the cache; without a company the register knew none.
type kept struct {
	Company *domain.RegisteredCompany `json:"company,omitzero"`
}

func cacheKey(country domain.Country, id string) string {
	return string(country) + "#" + id
}

// recall returns a kept answer. Nothing that is wrong with the cache is in the
// way of asking the register.
func (l *Lookup) recall(ctx context.Context, country domain.Country, id string) (answer kept, ok bool) {
	value, expires, ok, err := l.Cache.Get(ctx, cacheKey(country, id))
	if err == nil && (!ok || !l.Clock().Before(expires)) {
		return kept{}, false
	}
	if err == nil {
		err = json.Unmarshal(value, &answer)
	}
	if err == nil && answer.Company != nil {
		err = vet(answer.Company, country, id)
	}
	if err != nil {
		l.Log.WarnContext(ctx, "a kept answer of a company register cannot be read", "country", country, "businessId", id, "error", err)
	}
	return answer, err == nil
}

func (l *Lookup) keep(ctx context.Context, country domain.Country, id string, answer kept, hold time.Duration) {
	value, err := json.Marshal(answer)
	if err == nil {
		err = l.Cache.Put(ctx, cacheKey(country, id), value, l.Clock().Add(hold))
	}
	if err != nil {
		l.Log.WarnContext(ctx, "an answer of a company register cannot be kept", "country", country, "businessId", id, "error", err)
	}
}

package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// CheckGet is what every driver asks first in Get: it returns ErrLimit for
// what the contract forbids.
func CheckGet(keys []Key) error {
	if len(keys) > MaxKeys {
		return limit("%d keys in one get, at most %d", len(keys), MaxKeys)
	}
	seen := make(map[Key]struct{}, len(keys))
	for i, k := range keys {
		if err := checkKey(k); err != nil {
			return fmt.Errorf("key %d: %w", i, err)
		}
		if _, twice := seen[k]; twice {
			return limit("key %d is asked for twice", i)
		}
		seen[k] = struct{}{}
	}
	return nil
}

// CheckQuery is what every driver asks first in Query.
func CheckQuery(q Query) error {
	if q.Limit < 1 {
		return limit("query for %d items, at least 1", q.Limit)
	}
	if q.Index != "" && !known(q.Index) {
		return limit("no index %q", q.Index)
	}
	if err := checkString(q.PK); err != nil {
		return fmt.Errorf("partition key: %w", err)
	}
	for _, bound := range []string{q.Lo, q.Hi, q.After} {
		if len(bound) > MaxKeySize {
			return limit("a bound of %d bytes, at most %d", len(bound), MaxKeySize)
		}
		if !utf8.ValidString(bound) {
			return limit("a bound is not UTF-8")
		}
	}
	return nil
}

// CheckTransact is what every driver asks first in Transact.
func CheckTransact(ops []Op) error {
	if len(ops) == 0 || len(ops) > MaxOps {
		return limit("%d operations in one transaction, 1 to %d", len(ops), MaxOps)
	}
	seen := make(map[Key]struct{}, len(ops))
	total := 0
	for i, op := range ops {
		size, err := checkOp(op)
		if err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
		if total += size; total > MaxTransactSize {
			return fmt.Errorf("%w: a transaction of more than %d bytes", ErrSize, MaxTransactSize)
		}
		if _, twice := seen[op.Item.Key]; twice {
			return limit("operation %d is the second on its key", i)
		}
		seen[op.Item.Key] = struct{}{}
	}
	return nil
}

// checkOp returns the size of what the operation writes.
func checkOp(op Op) (size int, err error) {
	if v, ok := op.If.Version(); ok && v == 0 {
		return 0, limit("a condition on version 0, which no item has")
	}
	switch op.Kind {
	case OpPut:
		return checkItem(op.Item)
	case OpDelete:
		return 0, checkKey(op.Item.Key)
	case OpCheck:
		if op.If == Always {
			return 0, limit("a check of nothing")
		}
		return 0, checkKey(op.Item.Key)
	}
	return 0, limit("no operation of kind %d", op.Kind)
}

func checkItem(item Item) (size int, err error) {
	if err := checkKey(item.Key); err != nil {
		return 0, err
	}
	size = len(item.PK) + len(item.SK) + len(item.Body)
	for index, key := range item.Index {
		if !known(index) {
			return 0, limit("no index %q", index)
		}
		if err := checkKey(key); err != nil {
			return 0, fmt.Errorf("index %s: %w", index, err)
		}
		size += len(key.PK) + len(key.SK)
	}
	switch {
	case item.Version == 0:
		return 0, limit("version 0")
	case len(item.Body) == 0:
		return 0, limit("no body")
	case !utf8.Valid(item.Body):
		return 0, limit("a body that is not UTF-8")
	case item.ExpiresAt.Nanosecond() != 0:
		return 0, limit("an expiry that is not in whole seconds")
	case size > MaxItemSize:
		return 0, fmt.Errorf("%w: an item of %d bytes, at most %d", ErrSize, size, MaxItemSize)
	}
	return size, nil
}

func checkKey(k Key) error {
	if err := checkString(k.PK); err != nil {
		return fmt.Errorf("partition key: %w", err)
	}
	if err := checkString(k.SK); err != nil {
		return fmt.Errorf("sort key: %w", err)
	}
	return nil
}

func checkString(s string) error {
	switch {
	case s == "":
		return limit("empty")
	case len(s) > MaxKeySize:
		return limit("%d bytes, at most %d", len(s), MaxKeySize)
	case !utf8.ValidString(s):
		return limit("not UTF-8")
	case strings.Contains(s, maxRune):
		return limit("holds U+10FFFF")
	}
	return nil
}

func known(index Index) bool {
	for _, i := range TheSchema.Indexes {
		if i.Name == index {
			return true
		}
	}
	return false
}

func limit(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}

// Unavailable is what a driver returns when its storage did not answer because
// of cause: ErrUnavailable, or, when the caller's own context has ended, the
// error of the context. A deadline that has passed is both, since to the
// caller a storage that is too slow is one that is not there.
func Unavailable(ctx context.Context, cause error) error {
	switch err := ctx.Err(); {
	case err == nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, cause)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	default:
		return fmt.Errorf("table: %w", err)
	}
}

// Span returns the closed range of sort keys that the query may show: open
// bounds filled in, After taken into account. It is empty when lo > hi. The
// key After itself is still in the range and is for the driver to leave out;
// the next key after it may be too long to be asked for.
func (q Query) Span() (lo, hi string) {
	lo, hi = max(q.Lo, minKey), q.Hi
	if hi == "" {
		hi = maxRune
	}
	switch {
	case q.After == "":
	case q.Reverse:
		hi = min(hi, q.After)
	default:
		lo = max(lo, q.After)
	}
	return lo, hi
}

// SortKey returns the sort key that an item has where the query reads, such as
// the After of the next page.
func (q Query) SortKey(item Item) string {
	if q.Index == "" {
		return item.SK
	}
	return item.Index[q.Index].SK
}

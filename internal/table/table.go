// Package table is the storage seam: items with a key, a version and a JSON
// body, read by key or by range and written in conditional transactions.
//
// The seam is cut low on purpose. Keys, indexes, paging and conditions are
// decided above it, once, so that they are the same code on a laptop
// (sqlitetable) and in AWS (dynamotable). A driver holds no rule of ours beyond
// the limits below; tabletest.Run says what every driver must do.
package table

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limits that every driver enforces before it sends anything, whatever its own
// storage would allow: they are DynamoDB's.
const (
	MaxKeys     = 100     // keys in one Get
	MaxOps      = 100     // operations in one Transact
	MaxItemSize = 400_000 // bytes of an item: keys, index keys and body
	MaxKeySize  = 1024    // bytes of any one key string, and of a bound of a query

	MaxTransactSize = 4_000_000 // bytes of all items put in one Transact
)

// Table is the whole seam. It is safe for concurrent use.
//
// Every method may return ErrUnavailable, and ErrLimit for what the contract
// forbids: nothing was sent then. A cancelled context gives the context's
// error; one whose deadline has passed gives that and ErrUnavailable.
type Table interface {
	// Get returns the items that exist among keys, in one batch read. Each is
	// as it was last written, but a transaction that ends meanwhile may show
	// in one of them and not yet in another. A missing item is not an error:
	// it is not in the map. No keys at all read nothing. More than MaxKeys or
	// the same key twice is ErrLimit.
	Get(ctx context.Context, keys ...Key) (map[Key]Item, error)

	// Query returns the items of one partition whose sort keys lie in a range,
	// in the byte order of their sort keys. On the table itself it reads what
	// was last written; on an index it may lag behind by a moment.
	Query(ctx context.Context, q Query) (Page, error)

	// Transact applies all operations or none. A *ConditionError says which
	// operations' conditions did not hold. Applying the same call again after
	// a lost answer is the driver's own business: the caller sees one effect
	// and one answer. ErrContended after several tries. Two operations on one
	// key, no operation at all, a Check of Always, more than MaxOps or more
	// than MaxTransactSize is ErrLimit.
	Transact(ctx context.Context, ops ...Op) error
}

// ErrUnavailable: the storage did not answer, or asks to be left alone for a
// while. What was asked may or may not have happened.
var ErrUnavailable = errors.New("table: unavailable")

// ErrContended: other transactions on the same items were under way, again and
// again. Nothing was written.
var ErrContended = errors.New("table: contended")

// ErrLimit: the call itself breaks a limit of the seam. It is a fault of the caller's.
var ErrLimit = errors.New("table: limit")

// ErrSize is the ErrLimit of an item, or of a transaction, of too many bytes: what
// a caller has been given to keep can have grown beyond what can be kept.
var ErrSize = fmt.Errorf("%w of size", ErrLimit)

// ConditionError says that a transaction did nothing because the conditions of
// the operations at these positions did not hold, in rising order: all such
// operations, unless other transactions were under way on some of the items.
type ConditionError struct{ Ops []int }

func (e *ConditionError) Error() string { return fmt.Sprintf("table: condition failed at %v", e.Ops) }

// Key is the primary key: partition and sort key, neither of them empty, both
// UTF-8 of at most MaxKeySize bytes. No key holds U+10FFFF (which is no
// character): it is the end of every prefix.
type Key struct{ PK, SK string }

// Item is one row.
type Item struct {
	Key
	// Index holds the item's key in each index that shows it; absent from the
	// map means absent from the index. Within one partition of an index no two
	// items may share a sort key: let it end with the item's id.
	Index map[Index]Key
	// Version is stored as given; IfVersion compares it. It is never 0.
	Version int64
	// ExpiresAt is when the storage may begin to forget the item, at its own
	// leisure (zero: never). Whole seconds. Whether an item still counts is for
	// the reader's clock to say, never for the storage.
	ExpiresAt time.Time
	// Body is one JSON object: UTF-8, never empty.
	Body []byte
}

// Index names a secondary index. It shows whole items.
type Index string

// Query asks for sort keys from Lo to Hi, both included; an empty bound is open.
type Query struct {
	Index   Index // empty: the table itself
	PK      string
	Lo, Hi  string
	After   string // go on behind this sort key, in the direction of reading; empty: from the start
	Reverse bool
	Limit   int // at least 1
}

// WithPrefix narrows the range to the sort keys that start with prefix, which
// has at most MaxKeySize-4 bytes.
func (q Query) WithPrefix(prefix string) Query {
	q.Lo, q.Hi = prefix, prefix+maxRune
	return q
}

// Every key lies between these two.
const (
	minKey  = "\x00"
	maxRune = "\U0010FFFF"
)

// Page is a part of an answer.
type Page struct {
	Items []Item
	More  bool // there are further items behind the last one
}

// Op is one operation of a transaction; make it with Put, Delete or Check.
type Op struct {
	Kind OpKind
	Item Item // of Delete and Check only the key counts
	If   Condition
}

type OpKind int

const (
	OpPut OpKind = iota + 1
	OpDelete
	OpCheck
)

// Condition is what must hold of the stored item for the transaction to happen.
type Condition struct {
	kind    conditionKind
	version int64
}

type conditionKind int

const (
	always conditionKind = iota
	absent
	present
	version
)

// The conditions. Always is for items that nobody else writes.
var (
	Always    = Condition{}
	IfAbsent  = Condition{kind: absent}
	IfPresent = Condition{kind: present}
)

// IfVersion holds when the item exists and has this version.
func IfVersion(v int64) Condition { return Condition{kind: version, version: v} }

// Holds tells whether the condition holds of a stored item's version; 0 is no item.
func (c Condition) Holds(stored int64) bool {
	switch c.kind {
	case absent:
		return stored == 0
	case present:
		return stored != 0
	case version:
		return stored == c.version
	}
	return true
}

// Version is the version that IfVersion asks for; ok is false for every other condition.
func (c Condition) Version() (v int64, ok bool) { return c.version, c.kind == version }

func Put(item Item, cond Condition) Op  { return Op{Kind: OpPut, Item: item, If: cond} }
func Delete(key Key, cond Condition) Op { return Op{Kind: OpDelete, Item: Item{Key: key}, If: cond} }
func Check(key Key, cond Condition) Op  { return Op{Kind: OpCheck, Item: Item{Key: key}, If: cond} }

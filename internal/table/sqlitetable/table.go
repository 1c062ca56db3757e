// Package sqlitetable keeps the items of package table in SQLite: in a file,
// for one process on one machine, or in memory, for tests.
//
// A file is in WAL mode with synchronous=FULL: what Transact has confirmed
// outlives the process being killed and the power going. NORMAL would only do
// for the former, and saves but two tenths of a millisecond of a write.
package sqlitetable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fullmakt/fullmakt/internal/table"
)

// Table is the driver. Make it with Open.
type Table struct {
	write, read *sql.DB // one and the same in memory
	statements
}

var _ table.Table = (*Table)(nil)

// Memory is the path of a table that lives as long as it is open.
const Memory = ":memory:"

const (
	readers = 8
	// patience is how long a write waits for another process to let go of the
	// file. SQLite itself waits a slice of it at a time, since no context
	// reaches it there.
	patience = 5 * time.Second
	slice    = 100 * time.Millisecond
)

// Open opens the file, or makes it, readable by its owner only. Every Open of
// Memory is a table of its own.
func Open(path string) (*Table, error) {
	t, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("sqlitetable: open %s: %w", path, err)
	}
	return t, nil
}

func open(path string) (t *Table, err error) {
	t = &Table{}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	if path == Memory {
		// A database in memory belongs to a connection: there is just the one,
		// and who finds it busy waits for it.
		if t.write, err = connect(Memory, 1, "_txlock=immediate"); err != nil {
			return t, err
		}
		t.read = t.write
	} else {
		if err := create(path); err != nil {
			return t, err
		}
		name := "file:" + (&url.URL{Path: path}).EscapedPath()
		if t.write, err = connect(name, 1, fmt.Sprintf(
			"_pragma=busy_timeout(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate",
			slice.Milliseconds())); err != nil {
			return t, err
		}
		if t.read, err = connect(name, readers, fmt.Sprintf(
			"_pragma=busy_timeout(%d)&_pragma=query_only(1)", patience.Milliseconds())); err != nil {
			return t, err
		}
	}
	if err := t.locked(context.Background(), func() error {
		_, err := t.write.Exec(createSQL(table.TheSchema))
		return err
	}); err != nil {
		return t, err
	}
	return t, t.prepare(table.TheSchema)
}

// create makes the file, if there is none, with the rights that SQLite then
// gives its two companions too. It leaves a file alone that is there: to close
// it here would undo the locks that this process has on it elsewhere.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// connect returns a pool that keeps its connections.
func connect(name string, connections int, query string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", name+"?"+query)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// Close ends the use of the table; calls under way end first or fail.
func (t *Table) Close() error {
	var err error
	if t.read != nil && t.read != t.write {
		err = t.read.Close()
	}
	if t.write != nil {
		// The last to close folds the write-ahead log into the file.
		err = errors.Join(err, t.write.Close())
	}
	return err
}

// Get implements table.Table. It reads all keys in one snapshot.
func (t *Table) Get(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
	if err := table.CheckGet(keys); err != nil {
		return nil, err
	}
	found := make(map[table.Key]table.Item, len(keys))
	if len(keys) == 0 {
		return found, nil
	}
	tx, err := t.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	get := tx.StmtContext(ctx, t.get)
	for _, key := range keys {
		item, err := scan(get.QueryRowContext(ctx, key.PK, key.SK))
		switch {
		case err == nil:
			found[key] = item
		case !errors.Is(err, sql.ErrNoRows):
			return nil, failure(ctx, err)
		}
	}
	return found, nil
}

// Query implements table.Table. Its indexes do not lag.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := table.CheckQuery(q); err != nil {
		return table.Page{}, err
	}
	lo, hi := q.Span()
	statement := t.query[direction{q.Index, q.Reverse}]
	items, err := collect(statement.QueryContext(ctx, q.PK, lo, hi, q.After, int64(q.Limit)+1))
	if err != nil {
		return table.Page{}, failure(ctx, err)
	}
	if len(items) > q.Limit {
		return table.Page{Items: items[:q.Limit:q.Limit], More: true}, nil
	}
	return table.Page{Items: items}, nil
}

// Transact implements table.Table.
func (t *Table) Transact(ctx context.Context, ops ...table.Op) error {
	if err := table.CheckTransact(ops); err != nil {
		return err
	}
	conn, err := t.write.Conn(ctx)
	if err != nil {
		return failure(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	// The wait for the connection and for other processes ends with the
	// context. What follows takes a moment and is not worth stopping half-way.
	whole := context.WithoutCancel(ctx)
	err = t.locked(ctx, func() error {
		tx, err := conn.BeginTx(whole, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // after Commit it does nothing
		if err := t.apply(whole, tx, ops); err != nil {
			return err
		}
		return tx.Commit()
	})
	var unmet *table.ConditionError
	if err == nil || errors.As(err, &unmet) {
		return err
	}
	return failure(ctx, err)
}

func (t *Table) apply(ctx context.Context, tx *sql.Tx, ops []table.Op) error {
	var unmet []int
	version := tx.StmtContext(ctx, t.version)
	for i, op := range ops {
		if op.If == table.Always {
			continue
		}
		var stored int64
		err := version.QueryRowContext(ctx, op.Item.PK, op.Item.SK).Scan(&stored)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if !op.If.Holds(stored) {
			unmet = append(unmet, i)
		}
	}
	if len(unmet) > 0 {
		return &table.ConditionError{Ops: unmet}
	}
	for _, op := range ops {
		var err error
		switch op.Kind {
		case table.OpPut:
			_, err = tx.StmtContext(ctx, t.put).ExecContext(ctx, values(op.Item)...)
		case table.OpDelete:
			_, err = tx.StmtContext(ctx, t.remove).ExecContext(ctx, op.Item.PK, op.Item.SK)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// locked does what needs the file's write lock, again and again while another
// process has it.
func (t *Table) locked(ctx context.Context, do func() error) error {
	for end := time.Now().Add(patience); ; {
		err := do()
		if !busy(err) || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

// Dump returns all items, by partition and sort key. It is for tests and
// checks, not part of the seam, and no snapshot: what is written meanwhile may
// show or not.
func (t *Table) Dump(ctx context.Context) iter.Seq2[table.Item, error] {
	return func(yield func(table.Item, error) bool) {
		var last table.Key
		for {
			items, err := collect(t.dump.QueryContext(ctx, last.PK, last.SK))
			if err != nil {
				yield(table.Item{}, failure(ctx, err))
				return
			}
			if len(items) == 0 {
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			last = items[len(items)-1].Key
		}
	}
}

func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil || busy(err) || broken(err) {
		return table.Unavailable(ctx, err)
	}
	return fmt.Errorf("sqlitetable: %w", err)
}

// busy tells whether another process holds the file.
func busy(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	return false
}

// broken tells whether the disk is at fault.
func broken(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return true
	}
	return false
}

func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return sqlite3.SQLITE_OK
	}
	return e.Code() & 0xff // the rest refines it
}

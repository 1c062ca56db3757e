package sqlitetable

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
)

// statements are prepared once; each connection keeps its own.
type statements struct {
	get, dump            *sql.Stmt
	query                map[direction]*sql.Stmt
	version, put, remove *sql.Stmt
}

// direction is a way to walk through the table or an index.
type direction struct {
	index   table.Index
	reverse bool
}

// createSQL describes the table. Text compares byte by byte, which is SQLite's
// default. The indexes are sparse.
func createSQL(s table.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, `CREATE TABLE IF NOT EXISTS items (
		%s TEXT NOT NULL, %s TEXT NOT NULL, %s INTEGER NOT NULL, %s INTEGER, %s TEXT NOT NULL`,
		s.PK, s.SK, s.Version, s.Expires, s.Body)
	for _, index := range s.Indexes {
		fmt.Fprintf(&b, ", %s TEXT, %s TEXT", index.PK, index.SK)
	}
	fmt.Fprintf(&b, ", PRIMARY KEY (%s, %s)) STRICT;", s.PK, s.SK)
	for _, index := range s.Indexes {
		fmt.Fprintf(&b, ` CREATE INDEX IF NOT EXISTS "%s" ON items (%s, %s) WHERE %[2]s IS NOT NULL;`,
			index.Name, index.PK, index.SK)
	}
	return b.String()
}

func columns(s table.Schema) string {
	names := []string{s.PK, s.SK, s.Version, s.Expires, s.Body}
	for _, index := range s.Indexes {
		names = append(names, index.PK, index.SK)
	}
	return strings.Join(names, ", ")
}

func (t *Table) prepare(s table.Schema) (err error) {
	prepare := func(db *sql.DB, format string, args ...any) (stmt *sql.Stmt) {
		if err == nil {
			stmt, err = db.PrepareContext(context.Background(), fmt.Sprintf(format, args...))
		}
		return stmt
	}
	cols := columns(s)
	t.get = prepare(t.read, "SELECT %s FROM items WHERE %s = ? AND %s = ?", cols, s.PK, s.SK)
	t.dump = prepare(t.read, "SELECT %s FROM items WHERE (%s, %s) > (?, ?) ORDER BY %[2]s, %[3]s LIMIT 200", cols, s.PK, s.SK)
	t.query = make(map[direction]*sql.Stmt)
	for _, way := range append(slices.Clone(s.Indexes), table.IndexSchema{PK: s.PK, SK: s.SK}) {
		for reverse, order := range map[bool]string{false: "ASC", true: "DESC"} {
			t.query[direction{way.Name, reverse}] = prepare(t.read,
				"SELECT %s FROM items WHERE %s = ? AND %s BETWEEN ? AND ? AND %[3]s <> ? ORDER BY %[3]s %s LIMIT ?",
				cols, way.PK, way.SK, order)
		}
	}
	t.version = prepare(t.write, "SELECT %s FROM items WHERE %s = ? AND %s = ?", s.Version, s.PK, s.SK)
	t.put = prepare(t.write, "REPLACE INTO items (%s) VALUES (?%s)", cols, strings.Repeat(", ?", strings.Count(cols, ",")))
	t.remove = prepare(t.write, "DELETE FROM items WHERE %s = ? AND %s = ?", s.PK, s.SK)
	return err
}

// values returns what put stores, in the order of columns.
func values(item table.Item) []any {
	var expires sql.NullInt64
	if !item.ExpiresAt.IsZero() {
		expires = sql.NullInt64{Int64: item.ExpiresAt.Unix(), Valid: true}
	}
	row := []any{item.PK, item.SK, item.Version, expires, string(item.Body)}
	for _, index := range table.TheSchema.Indexes {
		key, ok := item.Index[index.Name]
		row = append(row, sql.NullString{String: key.PK, Valid: ok}, sql.NullString{String: key.SK, Valid: ok})
	}
	return row
}

// collect reads all rows.
func collect(rows *sql.Rows, err error) (items []table.Item, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// scan reads one row, in the order of columns.
func scan(row interface{ Scan(...any) error }) (table.Item, error) {
	var item table.Item
	var expires sql.NullInt64
	indexes := table.TheSchema.Indexes
	keys := make([]struct{ pk, sk sql.NullString }, len(indexes))
	into := []any{&item.PK, &item.SK, &item.Version, &expires, &item.Body}
	for i := range keys {
		into = append(into, &keys[i].pk, &keys[i].sk)
	}
	if err := row.Scan(into...); err != nil {
		return table.Item{}, err
	}
	if expires.Valid {
		item.ExpiresAt = time.Unix(expires.Int64, 0).UTC()
	}
	for i, key := range keys {
		if !key.pk.Valid {
			continue
		}
		if item.Index == nil {
			item.Index = make(map[table.Index]table.Key, len(keys))
		}
		item.Index[indexes[i].Name] = table.Key{PK: key.pk.String, SK: key.sk.String}
	}
	return item, nil
}

package tabletest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
)

// large returns an item with a body of the given size.
func large(pk, sk string, size int) table.Item {
	item := row(pk, sk, 1)
	item.Body = append([]byte(`{"x":"`), bytes.Repeat([]byte("a"), size-8)...)
	item.Body = append(item.Body, `"}`...)
	return item
}

var transactCases = map[string]func(*suite){
	"transact/each operation under each condition": func(s *suite) {
		conditions := map[string]table.Condition{
			"always": table.Always, "absent": table.IfAbsent, "present": table.IfPresent,
			"version 1": table.IfVersion(1), "version 2": table.IfVersion(2), "version -1": table.IfVersion(-1),
		}
		for _, stored := range []int64{0, 1, 2, -1} {
			for name, condition := range conditions {
				for _, kind := range []table.OpKind{table.OpPut, table.OpDelete, table.OpCheck} {
					if kind == table.OpCheck && condition == table.Always {
						continue
					}
					s.Run(fmt.Sprintf("stored %d, if %s, kind %d", stored, name, kind), func(t *testing.T) {
						(&suite{t, s.Table}).underCondition(stored, condition, kind)
					})
				}
			}
		}
	},
	"transact/one failed condition undoes all": func(s *suite) {
		old, other := row("p", "old", 1), row("p", "other", 1)
		s.put(old, other)
		err := s.Transact(
			s.Context(),
			table.Put(row("p", "new", 1), table.IfAbsent),
			table.Put(row("p", "old", 2), table.IfVersion(1)),
			table.Check(key("p", "missing"), table.IfPresent),
			table.Delete(key("p", "other"), table.IfPresent),
			table.Put(row("q", "unconditional", 1), table.Always),
		)
		s.unmet(err, 2)
		s.stored([]table.Key{key("p", "new"), key("p", "old"), key("p", "other"), key("q", "unconditional")}, old, other)
	},
	"transact/all failed conditions are told": func(s *suite) {
		old := row("p", "old", 7)
		s.put(old)
		err := s.Transact(
			s.Context(),
			table.Put(row("p", "new", 1), table.IfAbsent),
			table.Put(row("p", "old", 8), table.IfAbsent),
			table.Delete(key("p", "missing"), table.IfVersion(1)),
			table.Put(row("p", "other", 1), table.Always),
			table.Check(key("q", "missing"), table.IfPresent),
		)
		s.unmet(err, 1, 2, 4)
		s.stored([]table.Key{key("p", "new"), old.Key, key("p", "other")}, old)
	},
	"transact/across partitions, as many as allowed": func(s *suite) {
		var ops []table.Op
		var items []table.Item
		for i := range table.MaxOps {
			item := row(fmt.Sprintf("p%d", i), "s", 1)
			items, ops = append(items, item), append(ops, table.Put(item, table.IfAbsent))
		}
		s.transact(ops...)
		s.stored(keysOf(items), items...)
		s.unmet(s.Transact(s.Context(), ops[98:]...), 0, 1)
	},
	"transact/kinds together": func(s *suite) {
		guard, going := row("p", "guard", 3), row("p", "going", 1)
		s.put(guard, going)
		coming := row("p", "coming", 1)
		s.transact(
			table.Check(guard.Key, table.IfVersion(3)),
			table.Delete(going.Key, table.IfVersion(1)),
			table.Put(coming, table.IfAbsent),
			table.Check(key("p", "never"), table.IfAbsent),
		)
		s.stored([]table.Key{guard.Key, going.Key, coming.Key, key("p", "never")}, guard, coming)
	},
	"transact/delete what is not there": func(s *suite) {
		s.transact(table.Delete(key("p", "s"), table.Always))
		s.stored([]table.Key{key("p", "s")})
	},
	"transact/delete and put again": func(s *suite) {
		item := row("p", "s", 1)
		for range 3 {
			s.transact(table.Put(item, table.IfAbsent))
			s.transact(table.Delete(item.Key, table.IfVersion(1)))
		}
		s.stored([]table.Key{item.Key})
	},
	"transact/the same call twice is two": func(s *suite) {
		op := table.Put(row("p", "s", 1), table.IfAbsent)
		s.transact(op)
		s.unmet(s.Transact(s.Context(), op), 0)
	},
	"transact/as many bytes as allowed": func(s *suite) {
		var items []table.Item
		for i := range table.MaxTransactSize / table.MaxItemSize {
			pk := fmt.Sprintf("p%d", i)
			items = append(items, large(pk, "s", table.MaxItemSize-len(pk)-1))
		}
		s.put(items...)
		s.stored(keysOf(items), items...)
	},
}

// underCondition applies one operation to a table where an item of version
// stored exists, or none if that is 0, and asserts the outcome.
func (s *suite) underCondition(stored int64, condition table.Condition, kind table.OpKind) {
	before, after := row("p", "s", stored), row("p", "s", 99)
	s.transact(table.Delete(before.Key, table.Always))
	if stored != 0 {
		s.put(before)
	}
	op := table.Op{Kind: kind, Item: after, If: condition}
	err := s.Transact(s.Context(), op)
	want := map[int64]table.Item{stored: before}[stored]
	if condition.Holds(stored) {
		if err != nil {
			s.Fatalf("got %v, want success", err)
		}
		switch kind {
		case table.OpPut:
			want = after
		case table.OpDelete:
			want = table.Item{}
		}
	} else {
		s.unmet(err, 0)
	}
	if want.Version == 0 {
		s.stored([]table.Key{before.Key})
	} else {
		s.stored([]table.Key{before.Key}, want)
	}
}

var itemCases = map[string]func(*suite){
	"item/versions are stored as given": func(s *suite) {
		for _, v := range []int64{1, 3, 1, -5, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 2} {
			item := row("p", "s", v)
			s.put(item)
			s.stored([]table.Key{item.Key}, item)
			s.transact(table.Check(item.Key, table.IfVersion(v)))
			s.unmet(s.Transact(s.Context(), table.Check(item.Key, table.IfVersion(v^2))), 0)
		}
	},
	"item/a put replaces the whole item": func(s *suite) {
		first := row("p", "s", 1)
		first.ExpiresAt = time.Date(2100, 1, 2, 3, 4, 5, 0, time.UTC)
		first.Index = map[table.Index]table.Key{table.ByName: key("i", "n"), table.ByTime: key("j", "t")}
		s.put(first)
		s.stored([]table.Key{first.Key}, first)
		second := row("p", "s", 2)
		s.put(second)
		s.stored([]table.Key{first.Key}, second)
	},
	"item/an expired one is still there": func(s *suite) {
		for _, at := range []time.Time{
			time.Now().Add(-time.Hour).Truncate(time.Second),
			time.Unix(1, 0),
			time.Unix(0, 0),
			time.Date(1969, 12, 31, 23, 59, 0, 0, time.UTC),
			time.Date(2999, 12, 31, 23, 59, 59, 0, time.FixedZone("east", 7200)),
		} {
			item := row("p", "s", 1)
			item.ExpiresAt = at
			s.put(item)
			s.stored([]table.Key{item.Key}, item)
			s.same([]table.Item{item}, s.query(table.Query{PK: "p", Limit: 1}).Items)
			s.unmet(s.Transact(s.Context(), table.Put(item, table.IfAbsent)), 0)
		}
	},
	"item/bodies come back byte by byte": func(s *suite) {
		for _, body := range []string{
			`{}`,
			"{ \"a\" :\t[1, 2.50, 1e3, null],\n \"a\":\"twice\" }\n",
			`{"å":"Ærlig talt, Ångström! 日本語 🙂 👩‍👩‍👧","e":"é é","b":"\u0000\ud83d\ude00"}`,
			"{\"raw\":\"\u2028\u2029\u00a0\ufeff\U0010FFFF\"}",
			`{"quotes":"'\"` + "`" + `\\ ; DROP TABLE items --"}`,
			`[]`, ` `, `no JSON`,
		} {
			item := row("p", "s", 1)
			item.Body = []byte(body)
			s.put(item)
			s.stored([]table.Key{item.Key}, item)
		}
	},
	"item/a large body": func(s *suite) {
		item := large("p", "s", 300_000)
		copy(item.Body[1000:], "öäå🙂")
		s.put(item)
		s.stored([]table.Key{item.Key}, item)
		s.same([]table.Item{item}, s.query(table.Query{PK: "p", Limit: 1}).Items)
	},
	"item/keys are told apart byte by byte": func(s *suite) {
		var items []table.Item
		for i, k := range collation {
			items = append(items, row(k, "s", int64(i)+1), row("p", k, int64(i)+1))
		}
		s.put(items...)
		for some := range slices.Chunk(items, table.MaxKeys) {
			s.stored(keysOf(some), some...)
		}
	},
	"item/the caller's memory stays the caller's": func(s *suite) {
		item := row("p", "s", 1)
		item.Index = map[table.Index]table.Key{table.ByName: key("i", "n")}
		want := row("p", "s", 1)
		want.Index = map[table.Index]table.Key{table.ByName: key("i", "n")}
		s.put(item)
		item.Body[0], item.Index[table.ByName] = 'X', key("i", "changed")
		got := s.get(item.Key)[item.Key]
		s.same(want, got)
		got.Body[0], got.Index[table.ByName] = 'X', key("i", "changed")
		s.stored([]table.Key{item.Key}, want)
	},
}

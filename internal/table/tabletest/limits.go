package tabletest

import (
	"fmt"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
)

// badKeys are strings that no key may be.
var badKeys = map[string]string{
	"empty":           "",
	"too long":        strings.Repeat("k", table.MaxKeySize+1),
	"too long, runes": strings.Repeat("å", table.MaxKeySize/2) + "k",
	"not UTF-8":       "a\xff",
	"half a rune":     "\xf0\x9f\x98",
	"the last rune":   "a\U0010FFFFb",
}

var limitCases = map[string]func(*suite){
	"limit/keys": func(s *suite) {
		for name, bad := range badKeys {
			for _, k := range []table.Key{key(bad, "s"), key("p", bad)} {
				_, err := s.Get(s.Context(), key("p", "good"), k)
				s.refused("get, "+name, err)
				s.refused("put, "+name, s.Transact(s.Context(), table.Put(row(k.PK, k.SK, 1), table.Always)))
				s.refused("delete, "+name, s.Transact(s.Context(), table.Delete(k, table.Always)))
				s.refused("check, "+name, s.Transact(s.Context(), table.Check(k, table.IfAbsent)))
				s.refused("index, "+name, s.Transact(s.Context(),
					table.Put(row("p", "first", 1), table.Always),
					table.Put(indexed("s", table.ByName, k.PK, k.SK), table.Always)))
			}
			_, err := s.Query(s.Context(), table.Query{PK: bad, Limit: 1})
			s.refused("query, "+name, err)
		}
		s.stored([]table.Key{key("p", "first"), key("p", "s")})
	},
	"limit/items": func(s *suite) {
		for name, spoil := range map[string]func(*table.Item){
			"version 0":       func(i *table.Item) { i.Version = 0 },
			"no body":         func(i *table.Item) { i.Body = nil },
			"empty body":      func(i *table.Item) { i.Body = []byte{} },
			"body no UTF-8":   func(i *table.Item) { i.Body = []byte("{\"a\":\"\xff\"}") },
			"part of second":  func(i *table.Item) { i.ExpiresAt = time.Unix(1, 1) },
			"unknown index":   func(i *table.Item) { i.Index = map[table.Index]table.Key{"by-whim": key("i", "n")} },
			"nameless index":  func(i *table.Item) { i.Index = map[table.Index]table.Key{"": key("i", "n")} },
			"one byte more":   func(i *table.Item) { *i = large("p", "s", table.MaxItemSize-1) },
			"with index keys": func(i *table.Item) { *i = fullest(table.MaxItemSize + 1) },
		} {
			item := row("p", "s", 1)
			spoil(&item)
			s.refused(name, s.Transact(s.Context(), table.Put(row("p", "first", 1), table.Always), table.Put(item, table.Always)))
			s.stored([]table.Key{key("p", "first"), item.Key})
		}
	},
	"limit/the largest item": func(s *suite) {
		item := fullest(table.MaxItemSize)
		s.put(item)
		s.stored([]table.Key{item.Key}, item)
		s.eventually(table.Query{Index: table.ByTime, PK: item.Index[table.ByTime].PK, Limit: 1}, item)
	},
	"limit/transactions": func(s *suite) {
		var ops []table.Op
		for i := range table.MaxOps + 1 {
			ops = append(ops, table.Put(row("p", fmt.Sprint(i), 1), table.Always))
		}
		s.refused("101 operations", s.Transact(s.Context(), ops...))
		s.refused("no operation", s.Transact(s.Context()))
		good := table.Put(row("p", "good", 1), table.Always)
		s.refused("a key twice", s.Transact(s.Context(), good, table.Put(row("p", "good", 2), table.Always)))
		s.refused("a key put and deleted", s.Transact(s.Context(), good, table.Delete(key("p", "good"), table.Always)))
		s.refused("a key put and checked", s.Transact(s.Context(), good, table.Check(key("p", "good"), table.IfAbsent)))
		s.refused("a check of nothing", s.Transact(s.Context(), good, table.Check(key("p", "a"), table.Always)))
		s.refused("a condition on version 0", s.Transact(s.Context(), good, table.Check(key("p", "a"), table.IfVersion(0))))
		s.refused("no kind", s.Transact(s.Context(), good, table.Op{Item: row("p", "a", 1)}))
		ops = []table.Op{good}
		for i := range table.MaxTransactSize / table.MaxItemSize {
			pk := fmt.Sprintf("p%d", i)
			ops = append(ops, table.Put(large(pk, "s", table.MaxItemSize-len(pk)-1), table.Always))
		}
		s.refused("too many bytes", s.Transact(s.Context(), ops...))
		s.stored([]table.Key{key("p", "good"), key("p", "0"), key("p0", "s")})
	},
	"limit/queries": func(s *suite) {
		for name, q := range map[string]table.Query{
			"no limit":       {PK: "p"},
			"negative limit": {PK: "p", Limit: -1},
			"no partition":   {Limit: 1},
			"unknown index":  {PK: "p", Index: "by-whim", Limit: 1},
			"long lo":        {PK: "p", Lo: badKeys["too long"], Limit: 1},
			"long hi":        {PK: "p", Hi: badKeys["too long"], Limit: 1},
			"long after":     {PK: "p", After: badKeys["too long"], Limit: 1},
			"lo no UTF-8":    {PK: "p", Lo: "\xff", Limit: 1},
			"hi no UTF-8":    {PK: "p", Hi: "\xff", Limit: 1},
			"after no UTF-8": {PK: "p", After: "\xff", Limit: 1},
		} {
			_, err := s.Query(s.Context(), q)
			s.refused(name, err)
		}
	},
}

// fullest returns an item of the given size with everything an item can have.
func fullest(size int) table.Item {
	long := strings.Repeat("k", table.MaxKeySize)
	item := large(long, long, size-6*table.MaxKeySize)
	item.Version = 1 << 62
	item.ExpiresAt = time.Unix(1<<35, 0)
	item.Index = map[table.Index]table.Key{table.ByName: key(long, long), table.ByTime: key(long, long)}
	return item
}

package tabletest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
)

// collation holds keys in the order of their bytes, which is neither that of
// any language nor that of UTF-16.
var collation = []string{
	"\x00", "\x00\x00", "\x00a", "\x01", " ", "!", "#", "%", "*", "-", "10", "9", "?", "A", "A ", "B", "Z", "[", "\\", "]", "_",
	"a", "a\x00", "a\x00b", "a\x01", "a ", "a#", "aB", "aa", "ab", "b", "z", "~", "\x7f",
	"a\u0308 decomposed", "\u0080", "Ä", "Å", "ß", "ä", "å", "ö", "ø", "ł", "Ω", "€", "日本", "\uE000", "\uFFFD", "\uFFFF",
	"\U00010000", "😀", "😀a", "🙂", "\U0010FFFE",
}

func init() { slices.Sort(collation) } // Go compares strings byte by byte

var queryCases = map[string]func(*suite){
	"query/only the partition": func(s *suite) {
		want := rows("p", "a", "b")
		s.put(want...)
		s.put(row("P", "a", 1), row("p ", "a", 1), row("p\x00", "a", 1), row("pa", "a", 1), row("q", "a", 1))
		s.same(table.Page{Items: want}, s.query(table.Query{PK: "p", Limit: 10}))
		s.same(table.Page{}, s.query(table.Query{PK: "nobody", Limit: 10}))
	},
	"query/ranges include their bounds": func(s *suite) {
		s.put(rows("p", "a", "b", "bb", "c", "d")...)
		for _, c := range []struct {
			lo, hi string
			want   []string
		}{
			{"", "", []string{"a", "b", "bb", "c", "d"}},
			{"b", "", []string{"b", "bb", "c", "d"}},
			{"", "c", []string{"a", "b", "bb", "c"}},
			{"b", "c", []string{"b", "bb", "c"}},
			{"b", "b", []string{"b"}},
			{"ba", "ca", []string{"bb", "c"}},
			{"b\x00", "c", []string{"bb", "c"}},
			{"e", "", nil},
			{"", "A", nil},
			{"c", "b", nil},
			{"bc", "bd", nil},
		} {
			for _, reverse := range []bool{false, true} {
				page := s.query(table.Query{PK: "p", Lo: c.lo, Hi: c.hi, Reverse: reverse, Limit: 10})
				if reverse {
					slices.Reverse(page.Items)
				}
				s.same(table.Page{Items: rows("p", c.want...)}, page)
			}
		}
	},
	"query/order of bytes, both ways": func(s *suite) {
		s.put(rows("p", collation...)...)
		want := slices.Clone(collation)
		s.same(want, sortKeys(s.query(table.Query{PK: "p", Limit: 100}).Items))
		slices.Reverse(want)
		s.same(want, sortKeys(s.query(table.Query{PK: "p", Limit: 100, Reverse: true}).Items))
		// Ranges and prefixes follow the same order.
		for i, lo := range collation {
			s.same(collation[i:], sortKeys(s.query(table.Query{PK: "p", Lo: lo, Limit: 100}).Items))
			s.same(withPrefix(collation, lo), sortKeys(s.query(table.Query{PK: "p", Limit: 100}.WithPrefix(lo)).Items))
		}
	},
	"query/a prefix has no wildcards": func(s *suite) {
		var sks []string
		for _, c := range []string{"%", "_", "*", "[", "[a-z]", "?", `\`, `\%`, "^", "$", ".", ".*", "a", "A", "å", "'", `"`, "\x00"} {
			sks = append(sks, c, c+"1", "x"+c, "x"+c+"1", "x1"+c)
		}
		slices.Sort(sks)
		s.put(rows("p", sks...)...)
		for _, prefix := range append(sks, "", "x", "x1", "none") {
			got := s.query(table.Query{PK: "p", Limit: 200}.WithPrefix(prefix))
			if diff := withPrefix(sks, prefix); !slices.Equal(diff, sortKeys(got.Items)) {
				s.Errorf("prefix %q: got %q, want %q", prefix, sortKeys(got.Items), diff)
			}
		}
	},
	"query/the longest keys": func(s *suite) {
		long := strings.Repeat("k", table.MaxKeySize)
		sks := []string{long[:table.MaxKeySize-1] + "a", long[:table.MaxKeySize-1], long, long[:table.MaxKeySize-1] + "z"}
		slices.Sort(sks)
		items := rows(long, sks...)
		s.put(items...)
		s.stored(keysOf(items), items...)
		s.pages(table.Query{PK: long, Limit: 1}, items)
		s.pages(table.Query{PK: long, Limit: 1, Lo: sks[1], Hi: sks[2]}, items[1:3])
		s.pages(table.Query{PK: long, Limit: 1}.WithPrefix(long[:table.MaxKeySize-4]), items)
	},
	"query/pages": func(s *suite) {
		items := rows("p", "a", "a\x00", "ab", "b", "c", "d", "e", "f")
		s.put(items...)
		s.put(rows("o", "z")...)
		s.put(rows("q", "a")...)
		for limit := 1; limit <= len(items)+1; limit++ {
			s.pages(table.Query{PK: "p", Limit: limit}, items)
			s.pages(table.Query{PK: "p", Limit: limit, Lo: "a\x00", Hi: "e"}, items[1:7])
			s.pages(table.Query{PK: "p", Limit: limit}.WithPrefix("a"), items[:3])
		}
	},
	"query/a huge limit": func(s *suite) {
		items := rows("p", "a", "b")
		s.put(items...)
		s.same(table.Page{Items: items}, s.query(table.Query{PK: "p", Limit: int(^uint(0) >> 1)}))
	},
	"query/after what is no longer there": func(s *suite) {
		s.put(rows("p", "a", "b", "c", "d")...)
		first := s.query(table.Query{PK: "p", Limit: 2})
		s.same(table.Page{Items: rows("p", "a", "b"), More: true}, first)
		s.transact(table.Delete(key("p", "b"), table.Always))
		s.same(table.Page{Items: rows("p", "c", "d")}, s.query(table.Query{PK: "p", After: "b", Limit: 2}))
		s.same(table.Page{Items: rows("p", "a")}, s.query(table.Query{PK: "p", After: "b", Reverse: true, Limit: 2}))
	},
	"query/after and bounds together": func(s *suite) {
		s.put(rows("p", "a", "b", "c", "d", "e")...)
		for _, c := range []struct {
			q    table.Query
			want []string
		}{
			{table.Query{Lo: "b", Hi: "d", After: "a"}, []string{"b", "c", "d"}}, // before the range
			{table.Query{Lo: "b", Hi: "d", After: "b"}, []string{"c", "d"}},
			{table.Query{Lo: "b", Hi: "d", After: "d"}, nil},
			{table.Query{Lo: "b", Hi: "d", After: "e"}, nil}, // behind it
			{table.Query{Lo: "b", Hi: "d", After: "e", Reverse: true}, []string{"d", "c", "b"}},
			{table.Query{Lo: "b", Hi: "d", After: "d", Reverse: true}, []string{"c", "b"}},
			{table.Query{Lo: "b", Hi: "d", After: "b", Reverse: true}, nil},
			{table.Query{Lo: "b", Hi: "d", After: "a", Reverse: true}, nil},
			{table.Query{After: "e"}, nil},
			{table.Query{After: "a", Reverse: true}, nil},
			{table.Query{After: "\x00"}, []string{"a", "b", "c", "d", "e"}},
		} {
			c.q.PK, c.q.Limit = "p", 10
			page := s.query(c.q)
			if !slices.Equal(c.want, sortKeys(page.Items)) || page.More {
				s.Errorf("%+v: got %q, more %t, want %q", c.q, sortKeys(page.Items), page.More, c.want)
			}
		}
	},
	"query/more bytes than one answer of DynamoDB": func(s *suite) {
		var items []table.Item
		for i := range 8 {
			items = append(items, large("p", fmt.Sprintf("s%d", i), 300_000))
		}
		s.put(items...)
		s.pages(table.Query{PK: "p", Limit: 8}, items)
		s.pages(table.Query{PK: "p", Limit: 5}, items)
	},
	"query/what was just written": func(s *suite) {
		var items []table.Item
		for i := range 20 {
			items = append(items, row("p", fmt.Sprintf("%02d", i), 1))
			s.put(items[i])
			s.same(items, s.query(table.Query{PK: "p", Limit: 100}).Items)
		}
	},
}

// pages reads q in both directions page by page and asserts that the items are
// exactly these, that every page but the last is full, and that More is false
// on the last only.
func (s *suite) pages(q table.Query, want []table.Item) {
	s.Helper()
	for _, reverse := range []bool{false, true} {
		q.Reverse, q.After = reverse, ""
		rest := slices.Clone(want)
		if reverse {
			slices.Reverse(rest)
		}
		for {
			n := min(q.Limit, len(rest))
			page := s.query(q)
			s.same(table.Page{Items: rest[:n], More: n < len(rest)}, page)
			if rest = rest[n:]; len(rest) == 0 {
				break
			}
			q.After = q.SortKey(page.Items[n-1])
		}
	}
}

func withPrefix(all []string, prefix string) (some []string) {
	for _, s := range all {
		if strings.HasPrefix(s, prefix) {
			some = append(some, s)
		}
	}
	return some
}

var indexCases = map[string]func(*suite){
	"index/shows whole items, and only those with a key": func(s *suite) {
		shown := indexed("shown", table.ByName, "i", "n")
		shown.ExpiresAt = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
		other := indexed("other", table.ByTime, "i", "t")
		both := row("q", "both", 5)
		both.Index = map[table.Index]table.Key{table.ByName: key("i", "o"), table.ByTime: key("i", "u")}
		s.put(shown, other, both, row("p", "in none", 1))
		s.eventually(table.Query{Index: table.ByName, PK: "i", Limit: 10}, shown, both)
		s.eventually(table.Query{Index: table.ByTime, PK: "i", Limit: 10}, other, both)
		s.eventually(table.Query{Index: table.ByName, PK: "p", Limit: 10})
		s.eventually(table.Query{PK: "i", Limit: 10})
	},
	"index/an item moves within it and to another partition": func(s *suite) {
		stays := indexed("stays", table.ByName, "i", "m")
		s.put(stays, indexed("s", table.ByName, "i", "a"))
		s.eventually(table.Query{Index: table.ByName, PK: "i", Limit: 10}, indexed("s", table.ByName, "i", "a"), stays)
		behind := indexed("s", table.ByName, "i", "z")
		s.put(behind)
		s.eventually(table.Query{Index: table.ByName, PK: "i", Limit: 10}, stays, behind)
		elsewhere := indexed("s", table.ByName, "j", "z")
		s.put(elsewhere)
		s.eventually(table.Query{Index: table.ByName, PK: "i", Limit: 10}, stays)
		s.eventually(table.Query{Index: table.ByName, PK: "j", Limit: 10}, elsewhere)
	},
	"index/an item leaves it and comes back": func(s *suite) {
		in, out := indexed("s", table.ByTime, "i", "t"), row("p", "s", 2)
		q := table.Query{Index: table.ByTime, PK: "i", Limit: 10}
		s.put(in)
		s.eventually(q, in)
		s.put(out)
		s.eventually(q)
		s.put(in)
		s.eventually(q, in)
		s.transact(table.Delete(in.Key, table.Always))
		s.eventually(q)
	},
	"index/two items change places": func(s *suite) {
		q := table.Query{Index: table.ByName, PK: "i", Limit: 10}
		a, b := indexed("a", table.ByName, "i", "1"), indexed("b", table.ByName, "i", "2")
		s.put(a, b)
		s.eventually(q, a, b)
		a.Index[table.ByName], b.Index[table.ByName] = key("i", "2"), key("i", "1")
		s.put(a, b)
		s.eventually(q, b, a)
	},
	"index/shows the newest version": func(s *suite) {
		item := indexed("s", table.ByName, "i", "n")
		for v := range int64(5) {
			item.Version = v + 1
			s.put(item)
			s.eventually(table.Query{Index: table.ByName, PK: "i", Limit: 10}, item)
		}
	},
	"index/order, ranges, prefixes and pages": func(s *suite) {
		// The items' own keys run the other way.
		var items []table.Item
		for i, isk := range collation {
			items = append(items, indexed(fmt.Sprintf("%03d", 900-i), table.ByName, "i", isk))
		}
		s.put(items...)
		s.put(indexed("before", table.ByName, "h", "a"), indexed("behind", table.ByName, "j", "a"))
		q := table.Query{Index: table.ByName, PK: "i", Limit: len(items)}
		s.eventually(q, items...)
		q.Limit = 7
		s.pages(q, items)
		from, to := slices.Index(collation, "A"), slices.Index(collation, "ab")
		q.Lo, q.Hi = "A", "ab"
		s.pages(q, items[from:to+1])
		q = table.Query{Index: table.ByName, PK: "i", Limit: 2}.WithPrefix("a")
		first := slices.Index(collation, "a")
		s.pages(q, items[first:first+len(withPrefix(collation, "a"))])
	},
}

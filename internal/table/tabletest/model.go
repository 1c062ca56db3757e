package tabletest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/fullmakt/fullmakt/internal/table"
)

var modelCases = map[string]func(*suite){
	"model/any sequence of calls is as with a map": func(s *suite) {
		run := 0
		rapid.Check(s.T, func(t *rapid.T) {
			run++ // each run has partitions of its own in the one table
			m := &model{T: t, suite: s, run: run, items: map[table.Key]table.Item{}}
			for range rapid.IntRange(1, 12).Draw(t, "steps") {
				switch rapid.IntRange(0, 3).Draw(t, "call") {
				case 0, 1:
					m.transact()
				case 2:
					m.query()
				case 3:
					m.get()
				}
			}
		})
	},
}

// model is a map that does what a table must do.
type model struct {
	*rapid.T
	suite *suite
	run   int
	items map[table.Key]table.Item
}

// key draws one of a few keys, so that operations meet.
func (m *model) key() table.Key {
	return key(m.partition(), rapid.SampledFrom([]string{"a", "a\x00", "ab", "B", "å", "🙂"}).Draw(m.T, "sk"))
}

func (m *model) partition() string {
	return fmt.Sprintf("run %d %s", m.run, rapid.SampledFrom([]string{"p", "q"}).Draw(m.T, "pk"))
}

func (m *model) keys() []table.Key {
	keys := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) table.Key {
		return (&model{T: t, run: m.run}).key()
	}), 1, 6, func(k table.Key) table.Key { return k }).Draw(m.T, "keys")
	return keys
}

func (m *model) op(k table.Key) table.Op {
	version := rapid.Int64Range(1, 3)
	op := table.Op{
		Kind: rapid.SampledFrom([]table.OpKind{table.OpPut, table.OpPut, table.OpDelete, table.OpCheck}).Draw(m.T, "kind"),
		Item: table.Item{Key: k},
		If: rapid.SampledFrom([]table.Condition{
			table.Always, table.Always, table.IfAbsent, table.IfPresent, table.IfVersion(version.Draw(m.T, "if")),
		}).Draw(m.T, "condition"),
	}
	switch {
	case op.Kind == table.OpCheck && op.If == table.Always:
		op.If = table.IfPresent
	case op.Kind == table.OpPut:
		op.Item.Version = version.Draw(m.T, "version")
		op.Item.Body = fmt.Appendf(nil, `{"body":%d}`, rapid.IntRange(0, 9).Draw(m.T, "body"))
		if rapid.Bool().Draw(m.T, "expires") {
			op.Item.ExpiresAt = time.Unix(rapid.Int64Range(0, 1<<33).Draw(m.T, "at"), 0)
		}
	}
	return op
}

func (m *model) transact() {
	var ops []table.Op
	var unmet []int
	for i, k := range m.keys() {
		op := m.op(k)
		ops = append(ops, op)
		if !op.If.Holds(m.items[k].Version) {
			unmet = append(unmet, i)
		}
	}
	err := m.suite.Transact(m.suite.Context(), ops...)
	var failed *table.ConditionError
	switch {
	case errors.As(err, &failed):
		m.same(unmet, failed.Ops)
		return
	case err != nil || len(unmet) > 0:
		m.Fatalf("Transact: got %v, want conditions unmet at %v", err, unmet)
	}
	for _, op := range ops {
		switch op.Kind {
		case table.OpPut:
			m.items[op.Item.Key] = op.Item
		case table.OpDelete:
			delete(m.items, op.Item.Key)
		}
	}
}

func (m *model) get() {
	keys := m.keys()
	want := maps.Clone(m.items)
	maps.DeleteFunc(want, func(k table.Key, _ table.Item) bool { return !slices.Contains(keys, k) })
	got, err := m.suite.Get(m.suite.Context(), keys...)
	if err != nil {
		m.Fatalf("Get: %v", err)
	}
	m.same(want, got)
}

func (m *model) query() {
	bound := rapid.SampledFrom([]string{"", "", "a", "a\x00", "aa", "ab", "B", "å", "🙂", "\x01", "\U0010FFFF"})
	q := table.Query{
		PK: m.partition(), Lo: bound.Draw(m.T, "lo"), Hi: bound.Draw(m.T, "hi"), After: bound.Draw(m.T, "after"),
		Reverse: rapid.Bool().Draw(m.T, "reverse"), Limit: rapid.IntRange(1, 7).Draw(m.T, "limit"),
	}
	var want table.Page
	for k, item := range m.items {
		inside := k.PK == q.PK && k.SK >= q.Lo && (q.Hi == "" || k.SK <= q.Hi)
		behind := q.After == "" || q.Reverse && k.SK < q.After || !q.Reverse && k.SK > q.After
		if inside && behind {
			want.Items = append(want.Items, item)
		}
	}
	slices.SortFunc(want.Items, func(a, b table.Item) int {
		if q.Reverse {
			a, b = b, a
		}
		return cmp.Compare(a.SK, b.SK)
	})
	if len(want.Items) > q.Limit {
		want.Items, want.More = want.Items[:q.Limit], true
	}
	got, err := m.suite.Query(m.suite.Context(), q)
	if err != nil {
		m.Fatalf("Query(%+v): %v", q, err)
	}
	m.same(want, got)
}

func (m *model) same(want, got any) {
	if diff := difference(want, got); diff != "" {
		m.Fatalf("not as wanted (-want +got):\n%s", diff)
	}
}

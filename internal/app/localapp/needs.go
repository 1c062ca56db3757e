package localapp

import (
	"context"
	"fmt"
	"strings"

	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/table"
)

// limited is the table as a function with these needs has it in AWS: what its
// role would not be allowed there fails here, so that a missing need is found
// on a laptop and not after a deploy.
type limited struct {
	table.Table
	function string
	needs    map[endpoint.Need]bool
	session  bool // may write the sessions that it keeps alive
}

func limit(t table.Table, function string, needs []endpoint.Need, session bool) table.Table {
	l := limited{Table: t, function: function, needs: map[endpoint.Need]bool{}, session: session}
	for _, n := range needs {
		l.needs[n] = true
	}
	return l
}

func (l limited) demand(n endpoint.Need) error {
	if !l.needs[n] {
		return fmt.Errorf("%s does not declare the need %s", l.function, n)
	}
	return nil
}

func (l limited) Get(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
	if len(keys) > 0 {
		if err := l.demand(endpoint.ReadItems); err != nil {
			return nil, err
		}
	}
	return l.Table.Get(ctx, keys...)
}

var queries = map[table.Index]endpoint.Need{
	"": endpoint.QueryTable, table.ByName: endpoint.QueryNames, table.ByTime: endpoint.QueryTimes,
}

var writes = map[table.OpKind]endpoint.Need{
	table.OpPut: endpoint.WriteItems, table.OpCheck: endpoint.CheckItems, table.OpDelete: endpoint.DeleteItems,
}

func (l limited) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := l.demand(queries[q.Index]); err != nil {
		return table.Page{}, err
	}
	return l.Table.Query(ctx, q)
}

func (l limited) Transact(ctx context.Context, ops ...table.Op) error {
	for _, op := range ops {
		if op.Kind == table.OpPut && l.session && strings.HasPrefix(op.Item.PK, "SESSION#") {
			continue
		}
		if err := l.demand(writes[op.Kind]); err != nil {
			return err
		}
		if op.Kind == table.OpDelete && kept(op.Item.PK) {
			return fmt.Errorf("%s deletes of %s, which nobody may", l.function, op.Item.PK)
		}
	}
	return l.Table.Transact(ctx, ops...)
}

// kept tells whether things of a partition are never deleted: the audit, its
// seals, and the ledger of who was erased.
func kept(pk string) bool {
	return strings.HasPrefix(pk, "AUDIT#") || strings.HasPrefix(pk, "SEAL#") || pk == "ERASED"
}

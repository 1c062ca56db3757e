package leastprivilege

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/fullmakt/fullmakt/internal/table"
)

// Watch holds calls against the policies, and remembers them.
type Watch struct {
	mu   sync.Mutex
	seen map[string]map[string]Call // by function and by what they look like
}

// See holds a call of a function against its role. Its error is that IAM would
// not have let it through.
func (w *Watch) See(function string, c Call) error {
	policy, ok := Policies()[function]
	if !ok {
		return fmt.Errorf("%s has no role", function)
	}
	if !policy.Allows(c) {
		return fmt.Errorf("the role of %s does not allow %s", function, c)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = map[string]map[string]Call{}
	}
	if w.seen[function] == nil {
		w.seen[function] = map[string]Call{}
	}
	w.seen[function][c.Action+" "+c.Resource] = c
	return nil
}

// Idle are the rights that could be taken away from a role without anybody
// noticing, each as "function action": taking the action out denies none of the
// calls that were seen. Only actions that begin with the service are looked at.
func (w *Watch) Idle(service string) (idle []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, function := range slices.Sorted(maps.Keys(Policies())) {
		policy := Policies()[function]
		for _, action := range policy.Actions() {
			if len(action) < len(service) || action[:len(service)] != service {
				continue
			}
			missed := false
			less := policy.Without(action)
			for _, call := range w.seen[function] {
				missed = missed || !less.Allows(call)
			}
			if !missed {
				idle = append(idle, function+" "+action)
			}
		}
	}
	return idle
}

// The table and its indexes in the words of policies.json.
const (
	tableARN = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/fullmakt-test"
	indexARN = tableARN + "/index/"
)

// Read is a batch read of the table.
func Read() Call { return Call{Action: "dynamodb:BatchGetItem", Resource: tableARN} }

// Query is one of the table, or of an index.
func Query(index table.Index) Call {
	c := Call{Action: "dynamodb:Query", Resource: tableARN}
	if index != "" {
		c.Resource = indexARN + string(index)
	}
	return c
}

var writes = map[table.OpKind]string{table.OpPut: "dynamodb:PutItem", table.OpDelete: "dynamodb:DeleteItem", table.OpCheck: "dynamodb:ConditionCheckItem"}

// Write is one operation of a transaction: IAM is asked for each of them.
func Write(kind table.OpKind, pk string) Call {
	return Call{Action: writes[kind], Resource: tableARN, Context: map[string][]string{
		"dynamodb:EnclosingOperation": {"TransactWriteItems"}, "dynamodb:LeadingKeys": {pk},
	}}
}

// Guard is the table as the role of a function lets it be used. What IAM would
// refuse is an error, and denied is told of it.
func (w *Watch) Guard(function string, t table.Table, denied func(error)) table.Table {
	return guarded{t, func(c Call) error {
		err := w.See(function, c)
		if err != nil {
			denied(err)
		}
		return err
	}}
}

type guarded struct {
	table.Table
	see func(Call) error
}

func (g guarded) Get(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
	if len(keys) > 0 {
		if err := g.see(Read()); err != nil {
			return nil, err
		}
	}
	return g.Table.Get(ctx, keys...)
}

func (g guarded) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := g.see(Query(q.Index)); err != nil {
		return table.Page{}, err
	}
	return g.Table.Query(ctx, q)
}

func (g guarded) Transact(ctx context.Context, ops ...table.Op) error {
	for _, op := range ops {
		if err := g.see(Write(op.Kind, op.Item.PK)); err != nil {
			return err
		}
	}
	return g.Table.Transact(ctx, ops...)
}

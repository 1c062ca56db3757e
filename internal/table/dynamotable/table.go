// Package dynamotable keeps the items of package table in one DynamoDB table.
// It is the only package that imports DynamoDB's client.
//
// Every write is a TransactWriteItems with a token of its own, made once per
// call and kept over all tries: DynamoDB knows the token for ten minutes, so a
// lost answer is neither a failure nor a second effect (XF1).
package dynamotable

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/fullmakt/fullmakt/internal/table"
)

// Table is the driver. Make it with New.
type Table struct {
	client *dynamodb.Client
	name   string
}

var _ table.Table = (*Table)(nil)

// New returns the table that cfg names. It connects to nothing: the first
// call does.
func New(cfg Config) *Table {
	return &Table{client: NewClient(cfg), name: cfg.Table}
}

// Get implements table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
	if err := table.CheckGet(keys); err != nil {
		return nil, err
	}
	found := make(map[table.Key]table.Item, len(keys))
	left := make([]map[string]types.AttributeValue, len(keys))
	for i, key := range keys {
		left[i] = encodeKey(key)
	}
	// DynamoDB answers part of a batch when it is short of capacity, and when
	// the items are more than 16 MB together.
	for idle := 0; len(left) > 0; {
		out, err := t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{
				t.name: {Keys: left, ConsistentRead: aws.Bool(true)},
			},
		})
		if err != nil {
			return nil, failure(ctx, err)
		}
		for _, image := range out.Responses[t.name] {
			item, err := Decode(image)
			if err != nil {
				return nil, err
			}
			found[item.Key] = item
		}
		unprocessed := out.UnprocessedKeys[t.name].Keys
		if len(unprocessed) < len(left) {
			idle = 0
		}
		if left = unprocessed; len(left) == 0 {
			break
		}
		if idle++; idle == maxTries {
			return nil, table.Unavailable(ctx, fmt.Errorf("%d keys stay unprocessed", len(left)))
		}
		if err := sleep(ctx, pause(idle)); err != nil {
			return nil, table.Unavailable(ctx, err)
		}
	}
	return found, nil
}

// Query implements table.Table.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := table.CheckQuery(q); err != nil {
		return table.Page{}, err
	}
	lo, hi := q.Span()
	if lo > hi {
		return table.Page{}, nil // DynamoDB refuses such a range
	}
	pk, sk := table.TheSchema.PK, table.TheSchema.SK
	in := &dynamodb.QueryInput{
		TableName:              &t.name,
		KeyConditionExpression: aws.String("#pk = :pk AND #sk BETWEEN :lo AND :hi"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": text(q.PK), ":lo": text(lo), ":hi": text(hi),
		},
		ScanIndexForward: aws.Bool(!q.Reverse),
		ConsistentRead:   aws.Bool(q.Index == ""),
		// One more tells whether there is more; another one may be After.
		Limit: aws.Int32(int32(min(q.Limit, math.MaxInt32-2) + 2)), //nolint:gosec // G115: held to it in the same breath
	}
	for _, index := range table.TheSchema.Indexes {
		if index.Name == q.Index {
			in.IndexName = aws.String(string(index.Name))
			pk, sk = index.PK, index.SK
		}
	}
	in.ExpressionAttributeNames = map[string]string{"#pk": pk, "#sk": sk}

	var items []table.Item
	for {
		out, err := t.client.Query(ctx, in)
		if err != nil {
			return table.Page{}, failure(ctx, err)
		}
		for _, image := range out.Items {
			item, err := Decode(image)
			if err != nil {
				return table.Page{}, err
			}
			if q.SortKey(item) != q.After {
				items = append(items, item)
			}
		}
		if len(items) > q.Limit {
			return table.Page{Items: items[:q.Limit:q.Limit], More: true}, nil
		}
		if len(out.LastEvaluatedKey) == 0 {
			return table.Page{Items: items}, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// Transact implements table.Table. It is a transaction also for a single
// operation: only those know a token.
func (t *Table) Transact(ctx context.Context, ops ...table.Op) error {
	if err := table.CheckTransact(ops); err != nil {
		return err
	}
	writes := make([]types.TransactWriteItem, len(ops))
	for i, op := range ops {
		writes[i] = t.write(op)
	}
	_, err := t.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems:      writes,
		ClientRequestToken: aws.String(rand.Text()),
	})
	if err != nil {
		return failure(ctx, err)
	}
	return nil
}

func (t *Table) write(op table.Op) types.TransactWriteItem {
	c := condition(op.If)
	switch op.Kind {
	case table.OpPut:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &t.name, Item: encode(op.Item),
			ConditionExpression: c.expression, ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		}}
	case table.OpDelete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &t.name, Key: encodeKey(op.Item.Key),
			ConditionExpression: c.expression, ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		}}
	default:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &t.name, Key: encodeKey(op.Item.Key),
			ConditionExpression: c.expression, ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		}}
	}
}

// expression is a condition in DynamoDB's words; all nil for none.
type expression struct {
	expression *string
	names      map[string]string
	values     map[string]types.AttributeValue
}

func condition(c table.Condition) expression {
	pk := map[string]string{"#pk": table.TheSchema.PK}
	switch v, ok := c.Version(); {
	case ok:
		return expression{
			expression: aws.String("#v = :v"),
			names:      map[string]string{"#v": table.TheSchema.Version},
			values:     map[string]types.AttributeValue{":v": number(v)},
		}
	case c == table.IfAbsent:
		return expression{expression: aws.String("attribute_not_exists(#pk)"), names: pk}
	case c == table.IfPresent:
		return expression{expression: aws.String("attribute_exists(#pk)"), names: pk}
	}
	return expression{}
}

// failure turns what the client returned after its last try into an error of
// the seam. What is none of those is a fault of ours, such as a table that
// does not exist or may not be used.
func failure(ctx context.Context, err error) error {
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		if ops := failedConditions(cancelled); len(ops) > 0 {
			return &table.ConditionError{Ops: ops}
		}
		if ctx.Err() == nil && obstacle(cancelled) == contended {
			return fmt.Errorf("%w: %w", table.ErrContended, err)
		}
	}
	if ctx.Err() != nil || !answered(err) || retryer.IsErrorRetryable(err) {
		return table.Unavailable(ctx, err)
	}
	return fmt.Errorf("dynamotable: %w", err)
}

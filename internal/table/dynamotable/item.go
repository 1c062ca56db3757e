package dynamotable

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/fullmakt/fullmakt/internal/table"
)

// Decode turns the attributes of an item, as DynamoDB and its streams show
// them, into the item.
func Decode(image map[string]types.AttributeValue) (table.Item, error) {
	schema := table.TheSchema
	d := decoder{image: image}
	item := table.Item{
		Key:     table.Key{PK: d.text(schema.PK), SK: d.text(schema.SK)},
		Version: d.number(schema.Version),
		Body:    []byte(d.text(schema.Body)),
	}
	if _, ok := image[schema.Expires]; ok {
		item.ExpiresAt = time.Unix(d.number(schema.Expires), 0).UTC()
	}
	for _, index := range schema.Indexes {
		if _, ok := image[index.PK]; !ok {
			continue
		}
		if item.Index == nil {
			item.Index = make(map[table.Index]table.Key, len(schema.Indexes))
		}
		item.Index[index.Name] = table.Key{PK: d.text(index.PK), SK: d.text(index.SK)}
	}
	if d.err != nil {
		return table.Item{}, fmt.Errorf("dynamotable: item %q %q: %w", item.PK, item.SK, d.err)
	}
	return item, nil
}

// decoder keeps the first error.
type decoder struct {
	image map[string]types.AttributeValue
	err   error
}

func (d *decoder) text(name string) string {
	v, ok := d.image[name].(*types.AttributeValueMemberS)
	if !ok {
		d.fail("attribute %s is not a string", name)
		return ""
	}
	return v.Value
}

func (d *decoder) number(name string) int64 {
	v, ok := d.image[name].(*types.AttributeValueMemberN)
	if !ok {
		d.fail("attribute %s is not a number", name)
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		d.fail("attribute %s: %w", name, err)
	}
	return n
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

func encode(item table.Item) map[string]types.AttributeValue {
	schema := table.TheSchema
	image := encodeKey(item.Key)
	image[schema.Version] = number(item.Version)
	image[schema.Body] = text(string(item.Body))
	if !item.ExpiresAt.IsZero() {
		image[schema.Expires] = number(item.ExpiresAt.Unix())
	}
	for _, index := range schema.Indexes {
		if key, ok := item.Index[index.Name]; ok {
			image[index.PK], image[index.SK] = text(key.PK), text(key.SK)
		}
	}
	return image
}

func encodeKey(key table.Key) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		table.TheSchema.PK: text(key.PK),
		table.TheSchema.SK: text(key.SK),
	}
}

func text(s string) types.AttributeValue {
	return &types.AttributeValueMemberS{Value: s}
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

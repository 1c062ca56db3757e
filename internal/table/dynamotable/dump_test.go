package dynamotable

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dump"
)

// XI10: a dump's lines hold the attributes that DynamoDB holds, each with its name,
// type and value; so an export of the table is one of those.
func TestXI10_DumpsHoldWhatTheTableHolds(t *testing.T) {
	t.Parallel()
	items := []table.Item{
		{Key: table.Key{PK: "p", SK: "s"}, Version: 1, Body: []byte(`{}`)},
		{
			Key: table.Key{PK: "p", SK: "<t>"}, Version: 1 << 60, ExpiresAt: time.Unix(1_800_000_000, 0).UTC(), Body: []byte(`{"å":"\""}`),
			Index: map[table.Index]table.Key{table.ByName: {PK: "a", SK: "b"}, table.ByTime: {PK: "c", SK: "d"}},
		},
	}
	for _, item := range items {
		var b bytes.Buffer
		if _, err := dump.Write(&b, func(yield func(table.Item, error) bool) { yield(item, nil) }); err != nil {
			t.Fatal(err)
		}
		var line struct{ Item map[string]map[string]string }
		if err := json.Unmarshal(b.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		image := map[string]types.AttributeValue{}
		for name, value := range line.Item {
			if s, ok := value["S"]; ok && len(value) == 1 {
				image[name] = text(s)
			} else if n, ok := value["N"]; ok && len(value) == 1 {
				image[name] = &types.AttributeValueMemberN{Value: n}
			}
		}
		unexported := cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{})
		if diff := cmp.Diff(encode(item), image, unexported); diff != "" {
			t.Errorf("(-table +dump):\n%s", diff)
		}
	}
}

//go:build deploy

package deploytest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// The suite runs on the very table that CloudFormation has made, case by case,
// and empties it after each.
func TestDeployedTable(t *testing.T) {
	var name string
	for _, r := range cloud.resources(t, region, dev.stack("data").name) {
		if r.Type == "AWS::DynamoDB::Table" {
			name = r.Physical
		}
	}
	// Time to live is as the schema says, and then off: DynamoDB Local takes items
	// away within seconds, in the middle of a case.
	data := &emulator{address: cloud.tables}
	var live struct {
		TimeToLiveDescription struct{ AttributeName, TimeToLiveStatus string }
	}
	data.dynamodb(t, region, "DescribeTimeToLive", map[string]string{"TableName": name}, &live)
	if l := live.TimeToLiveDescription; l.AttributeName != table.TheSchema.Expires || l.TimeToLiveStatus != "ENABLED" {
		t.Errorf("time to live is %+v", l)
	}
	data.dynamodb(t, region, "UpdateTimeToLive", map[string]any{
		"TableName": name, "TimeToLiveSpecification": map[string]any{"AttributeName": table.TheSchema.Expires, "Enabled": false},
	}, nil)
	cfg := dynamotable.Config{
		Region: region, Table: name, Endpoint: cloud.tables, Transport: &http.Transport{MaxIdleConnsPerHost: 100},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: key}, nil
		}),
	}
	var turn sync.Mutex
	tabletest.Run(t, func(t *testing.T) table.Table {
		turn.Lock()
		t.Cleanup(func() {
			defer turn.Unlock()
			empty(t, name)
		})
		return dynamotable.New(cfg)
	})
}

// empty removes all items of a table.
func empty(t *testing.T, name string) {
	t.Helper()
	type keys = map[string]json.RawMessage
	for {
		var page struct {
			Items            []keys
			LastEvaluatedKey keys
		}
		cloud.dynamodb(t, region, "Scan", map[string]string{"TableName": name, "ProjectionExpression": "pk, sk"}, &page)
		for some := range slices.Chunk(page.Items, 25) {
			var requests []any
			for _, k := range some {
				requests = append(requests, map[string]any{"DeleteRequest": map[string]any{"Key": k}})
			}
			batch := map[string]any{"RequestItems": map[string]any{name: requests}}
			var left struct{ UnprocessedItems map[string]any }
			cloud.dynamodb(t, region, "BatchWriteItem", batch, &left)
			if len(left.UnprocessedItems) > 0 {
				t.Fatal("items were left")
			}
		}
		if page.LastEvaluatedKey == nil {
			return
		}
	}
}

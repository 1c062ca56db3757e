package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"
)

// dashboard makes the one page that says how the environment is. Things that
// other stacks make are searched for by the beginnings of their names.
func dashboard(stack awscdk.Stack, d deployment, apiID string) {
	metrics := func(rows ...[]any) []any {
		all := make([]any, len(rows))
		for i, row := range rows {
			all[i] = row
		}
		return all
	}
	search := func(label, expression string) []any {
		return []any{map[string]any{"expression": expression, "label": label}}
	}
	ofAPI := func(metric string, options map[string]any) []any {
		return []any{"AWS/ApiGateway", metric, "ApiId", apiID, options}
	}
	ofJob := func(job, metric, stat string) []any {
		return []any{d.Name(), metric, "job", job, map[string]any{"stat": stat, "label": job + " " + metric}}
	}
	refused := func(metric string) []any {
		return search("${PROP('Dim.function')} "+metric, fmt.Sprintf(`SEARCH('{"%s",function} MetricName="%s"', 'Sum')`, d.Name(), metric))
	}
	ofTable := func(metric string) []any {
		return []any{"AWS/DynamoDB", metric, "TableName", d.Table(), map[string]any{"stat": "Sum"}}
	}
	sum := map[string]any{"stat": "Sum"}
	graphs := []struct {
		title   string
		metrics []any
		region  string
	}{
		{"Requests", metrics(ofAPI("Count", sum), ofAPI("4xx", sum), ofAPI("5xx", sum)), ""},
		{"Latency, ms", metrics(ofAPI("Latency", map[string]any{"stat": "p50"}), ofAPI("Latency", map[string]any{"stat": "p99"})), ""},
		{"Refused, by function", metrics(refused("unauthenticated"), refused("forbidden"), refused("throttled")), ""},
		{"Failed, by function", metrics(refused("failed"), refused("unavailable")), ""},
		{"Functions of the account", metrics(
			[]any{"AWS/Lambda", "Errors", sum}, []any{"AWS/Lambda", "Throttles", sum}, []any{"AWS/Lambda", "ConcurrentExecutions", map[string]any{"stat": "Maximum"}},
		), ""},
		{"Table", metrics(ofTable("ConsumedReadCapacityUnits"), ofTable("ConsumedWriteCapacityUnits"), search("throttled",
			fmt.Sprintf(`SUM(SEARCH('{AWS/DynamoDB,Operation,TableName} TableName="%s" MetricName="ThrottledRequests"', 'Sum'))`, d.Table()))), ""},
		{"Mails", metrics(ofJob("mail-dispatch", "sent", "Sum"), ofJob("mail-dispatch", "dead", "Sum"),
			[]any{"AWS/SES", "Reputation.BounceRate", map[string]any{"stat": "Maximum", "yAxis": "right"}}), ""},
		{"Given up", metrics(search("${PROP('Dim.QueueName')}",
			fmt.Sprintf(`SEARCH('{AWS/SQS,QueueName} %s MetricName="ApproximateNumberOfMessagesVisible"', 'Maximum')`, d.Name()))), ""}, // in quotes it would be a whole name
		{"Jobs of the clock", metrics(
			ofJob("expire-memberships", "due", "Sum"), ofJob("expire-memberships", "done", "Sum"), ofJob("expire-memberships", "failed", "Sum"),
			ofJob("expire-memberships", "overdueSeconds", "Maximum"), ofJob("audit-seal", "entries", "Sum"),
		), ""},
	}
	if d.Edge != nil {
		graphs = append(graphs, struct {
			title   string
			metrics []any
			region  string
		}{"Stopped by the firewall", metrics(search("${PROP('Dim.Rule')}",
			fmt.Sprintf(`SEARCH('{AWS/WAFV2,Rule,WebACL} WebACL="%s" MetricName="BlockedRequests"', 'Sum')`, d.firewallMetric()))), edgeRegion})
	}
	const width, height, columns = 8, 6, 3
	var widgets []any
	for i, g := range graphs {
		region := *stack.Region()
		if g.region != "" {
			region = g.region
		}
		widgets = append(widgets, map[string]any{
			"type": "metric", "x": i % columns * width, "y": i / columns * height, "width": width, "height": height,
			"properties": map[string]any{"title": g.title, "metrics": g.metrics, "region": region, "period": 300, "view": "timeSeries"},
		})
	}
	awscloudwatch.NewCfnDashboard(stack, jsii.String("page"), &awscloudwatch.CfnDashboardProps{
		DashboardName: jsii.String(d.Name()),
		DashboardBody: stack.ToJsonString(map[string]any{"widgets": widgets}, nil),
	})
}

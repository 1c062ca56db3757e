package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/job/jobs"
)

// TestXI17_XF15_Alarms: what fails, slows down, is given up, comes late or falls
// silent is heard of; and what to do then is in the runbook, under the alarm's id.
func TestXI17_XF15_Alarms(t *testing.T) {
	t.Parallel()
	type alarm struct {
		Metric, Of, When string // of: a dimension
	}
	want := map[string]alarm{
		"api-errors":         {"AWS/ApiGateway 5xx Sum", "ApiId=${http}", "1 in 1×300s"},
		"api-slow":           {"AWS/ApiGateway Latency p99", "ApiId=${http}", "3000 in 3×300s"},
		"executions-refused": {"AWS/Lambda Throttles Sum", "", "20 in 3×300s"},
		"sign-in-guessed":    {"fullmakt-test unauthenticated Sum", "function=session-create", "300 in 1×300s"},

		"dead-letters-there":  {"AWS/SQS ApproximateNumberOfMessagesVisible Maximum", "QueueName=${dead-letters.QueueName}", "1 in 1×300s"},
		"event-letters-there": {"AWS/SQS ApproximateNumberOfMessagesVisible Maximum", "QueueName=${event-letters.QueueName}", "1 in 1×300s"},
		"mail-dispatch-dead":  {"fullmakt-test dead Sum", "job=mail-dispatch", "1 in 1×300s"},
		"mails-bounce":        {"AWS/SES Reputation.BounceRate Maximum", "", "0.04 in 1×3600s"},
		"mails-complained-of": {"AWS/SES Reputation.ComplaintRate Maximum", "", "0.0008 in 1×3600s"},

		"expire-memberships-overdue": {"fullmakt-test overdueSeconds Maximum", "job=expire-memberships", "7200 in 1×3600s"},
		"expire-memberships-silent":  {"fullmakt-test due SampleCount", "job=expire-memberships", "under 1 in 2×3600s"},
		"mail-dispatch-silent":       {"fullmakt-test swept SampleCount", "job=mail-dispatch", "under 1 in 2×300s"},
		"audit-seal-silent":          {"fullmakt-test organizations SampleCount", "job=audit-seal", "under 1 in 2×300s"},
	}
	for _, j := range jobs.All() {
		want[j.ID+"-errors"] = alarm{"AWS/Lambda Errors Sum", "FunctionName=${" + j.ID + "}", "1 in 1×300s"}
	}
	runbook, err := os.ReadFile("../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]alarm{}
	for _, r := range synth(t).all("", "AWS::CloudWatch::Alarm") {
		has := alarm{Metric: fmt.Sprintf("%v %v %v", r.at("Namespace"), r.at("MetricName"), statistic(r))}
		dimensions, _ := r.at("Dimensions").([]any)
		for _, d := range dimensions {
			has.Of += fmt.Sprintf("%v=%v", d.(m)["Name"], d.(m)["Value"])
		}
		has.When = fmt.Sprintf("%v in %v×%vs", r.at("Threshold"), r.at("EvaluationPeriods"), r.at("Period"))
		missing := "notBreaching"
		if r.at("ComparisonOperator") == "LessThanThreshold" {
			has.When, missing = "under "+has.When, "breaching"
		}
		got[r.name] = has
		description, _ := r.at("AlarmDescription").(string)
		if r.at("AlarmName") != "fullmakt-test-"+r.name || !strings.HasSuffix(description, "See docs/runbook.md#"+r.name) ||
			r.at("TreatMissingData") != missing || asJSON(r.at("AlarmActions")) != `["${topic}"]` {
			t.Errorf("%s: %s", r.name, asJSON(r.Properties))
		}
		if !strings.Contains(string(runbook), "\n### "+r.name+"\n") {
			t.Errorf("the runbook says nothing of %s", r.name)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("alarms (-want +got):\n%s", d)
	}
	for heading := range strings.Lines(string(runbook)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(heading), "### "); ok && got[id] == (alarm{}) {
			t.Errorf("the runbook tells of %s, which there is not", id)
		}
	}
}

// statistic is the one of an alarm, or its percentile.
func statistic(r resource) any {
	if s := r.at("Statistic"); s != nil {
		return s
	}
	return r.at("ExtendedStatistic")
}

// TestDashboard: one page shows the environment, and can be read by CloudWatch.
func TestDashboard(t *testing.T) {
	t.Parallel()
	body, _ := synth(t).only(t, "AWS::CloudWatch::Dashboard").at("DashboardBody").(string)
	var page struct {
		Widgets []struct {
			X, Y, Width, Height int
			Properties          struct {
				Title, Region string
				Metrics       [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	places := map[[2]int]string{}
	for _, w := range page.Widgets {
		if other := places[[2]int{w.X, w.Y}]; other != "" || w.X+w.Width > 24 {
			t.Errorf("%s lies over %s, or beside the page", w.Properties.Title, other)
		}
		places[[2]int{w.X, w.Y}] = w.Properties.Title
		if len(w.Properties.Metrics) == 0 || w.Properties.Region == "" {
			t.Errorf("%s shows nothing", w.Properties.Title)
		}
	}
	if len(places) != 10 {
		t.Errorf("it has %d graphs: %v", len(places), places)
	}
}

// TestAlarmsArrive: the topic is encrypted, CloudWatch may use both it and its
// key, and who is to be told subscribes.
func TestAlarmsArrive(t *testing.T) {
	t.Parallel()
	a := synth(t)
	topic := a.onlyOf(t, "alarms", "AWS::SNS::Topic")
	key := a.referred(t, "alarms", topic.at("KmsMasterKeyId"))
	cloudwatch := m{"Service": "cloudwatch.amazonaws.com"}
	if d := cmp.Diff([]any{
		m{"Effect": "Allow", "Principal": m{"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}, "Action": "kms:*", "Resource": "*"},
		m{"Effect": "Allow", "Principal": cloudwatch, "Action": []any{"kms:Decrypt", "kms:GenerateDataKey"}, "Resource": "*"},
	}, key.at("KeyPolicy", "Statement")); d != "" {
		t.Errorf("key (-want +got):\n%s", d)
	}
	if key.at("EnableKeyRotation") != true {
		t.Error("the key stays the same for ever")
	}
	if d := cmp.Diff([]any{
		m{
			"Sid": "AllowPublishThroughSSLOnly", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "${topic}",
			"Condition": m{"Bool": m{"aws:SecureTransport": "false"}},
		},
		m{
			"Sid": "Alarms", "Effect": "Allow", "Principal": cloudwatch, "Action": "sns:Publish", "Resource": "${topic}",
			"Condition": m{"StringEquals": m{"aws:SourceAccount": "${AWS::AccountId}"}},
		},
	}, a.onlyOf(t, "alarms", "AWS::SNS::TopicPolicy").at("PolicyDocument", "Statement")); d != "" {
		t.Errorf("topic (-want +got):\n%s", d)
	}
	if d := cmp.Diff(m{
		"TopicArn": "${topic}", "Protocol": "email", "Endpoint": "operations@example.com",
	}, a.onlyOf(t, "alarms", "AWS::SNS::Subscription").Properties); d != "" {
		t.Errorf("subscription (-want +got):\n%s", d)
	}
}

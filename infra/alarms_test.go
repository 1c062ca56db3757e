package main

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/job/jobs"
)

// TestXI17_XF15_Alarms: what fails is heard of: the endpoints together, each job,
// and the dead letters, as soon as there is one.
func TestXI17_XF15_Alarms(t *testing.T) {
	t.Parallel()
	alarm := func(description, statistic, namespace, metric, dimension, of string) m {
		return m{
			"AlarmDescription": description, "AlarmActions": []any{"${topic}"},
			"Namespace": namespace, "MetricName": metric, "Statistic": statistic,
			"Dimensions": []any{m{"Name": dimension, "Value": of}},
			"Period":     300.0, "EvaluationPeriods": 1.0, "Threshold": 1.0,
			"ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
		}
	}
	want, got := map[string]m{
		"api-errors": alarm("An endpoint failed, crashed, timed out or had no execution left. The access log says which.",
			"Sum", "AWS/ApiGateway", "5xx", "ApiId", "${http}"),
		"dead-letters-there": alarm("Records of the outbox's stream, or events of mails, were given up.",
			"Maximum", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${dead-letters.QueueName}"),
		"event-letters-there": alarm("Events of the portal's bus were given up.",
			"Maximum", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${event-letters.QueueName}"),
	}, map[string]m{}
	for _, j := range jobs.All() {
		want[j.ID+"-errors"] = alarm("The job "+j.ID+" failed. Its log says why.", "Sum", "AWS/Lambda", "Errors", "FunctionName", "${"+j.ID+"}")
	}
	// The job of the clock is missed when it is silent, and heard of when it comes late.
	clock := func(description, metric, statistic string, more m) m {
		alarm := m{
			"AlarmDescription": description, "AlarmActions": []any{"${topic}"}, "Namespace": "fullmakt-test", "MetricName": metric, "Statistic": statistic,
			"Period": 3600.0, "EvaluationPeriods": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
		}
		maps.Copy(alarm, more)
		return alarm
	}
	want["expire-memberships-silent"] = clock("The job expire-memberships has not come to its end for two of its periods.", "expire-memberships-due", "SampleCount",
		m{"EvaluationPeriods": 2.0, "Threshold": 1.0, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching"})
	want["expire-memberships-overdue"] = clock("What the job expire-memberships should have done long ago it has only done now.", "expire-memberships-overdueSeconds", "Maximum",
		m{"Threshold": 7200.0})
	a := synth(t)
	for _, r := range a.all("", "AWS::CloudWatch::Alarm") {
		got[r.name] = r.Properties
	}
	for _, name := range []string{"due", "done", "failed", "overdueSeconds"} {
		want["expire-memberships-"+name] = m{
			"LogGroupName": "${expire-memberships-logs}", "FilterPattern": `{ $.message = "measured" }`,
			"MetricTransformations": []any{m{"MetricNamespace": "fullmakt-test", "MetricName": "expire-memberships-" + name, "MetricValue": "$." + name}},
		}
	}
	for _, r := range a.all("", "AWS::Logs::MetricFilter") {
		got[r.name] = r.Properties
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("alarms (-want +got):\n%s", d)
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

package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
)

// TestXF14_PoisonRecordBlocksNothing: a bad record is told apart, split off,
// given up soon and kept where somebody sees it.
func TestXF14_PoisonRecordBlocksNothing(t *testing.T) {
	t.Parallel()
	want, got := map[string]m{}, map[string]m{}
	for _, j := range jobs.All() {
		if j.Trigger.Outbox {
			want[j.ID+"-outbox"] = m{
				"FunctionName":               "${" + j.ID + "}",
				"EventSourceArn":             "${table.StreamArn}",
				"StartingPosition":           "TRIM_HORIZON",
				"BatchSize":                  10.0,
				"FunctionResponseTypes":      []any{"ReportBatchItemFailures"},
				"BisectBatchOnFunctionError": true,
				"MaximumRetryAttempts":       3.0,
				"MaximumRecordAgeInSeconds":  3600.0,
				"DestinationConfig":          m{"OnFailure": m{"Destination": "${dead-letters.Arn}"}},
				"FilterCriteria":             m{"Filters": []any{m{"Pattern": newMails()}}},
			}
		}
	}
	for _, r := range synth(t).all("", "AWS::Lambda::EventSourceMapping") {
		got[r.name] = r.Properties
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("mappings (-want +got):\n%s", d)
	}
}

// TestXF22_OwnWritesStartNothing: the job hears of new outbox items and of nothing
// else that happens in the table: what it writes over them does not start it again.
func TestXF22_OwnWritesStartNothing(t *testing.T) {
	t.Parallel()
	var got any
	if err := json.Unmarshal([]byte(newMails()), &got); err != nil {
		t.Fatal(err)
	}
	want := m{
		"eventName": []any{"INSERT"},
		"dynamodb":  m{"Keys": m{"pk": m{"S": []any{m{"prefix": "MAIL#"}}}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("pattern (-want +got):\n%s", d)
	}
}

// TestDeadLettersAreSafe: the queue keeps what it is given, for two weeks and
// to itself.
func TestDeadLettersAreSafe(t *testing.T) {
	t.Parallel()
	a := synth(t)
	if d := cmp.Diff(m{
		"SqsManagedSseEnabled": true, "MessageRetentionPeriod": (14 * 24 * time.Hour).Seconds(),
	}, a.onlyOf(t, "mail", "AWS::SQS::Queue").Properties); d != "" {
		t.Errorf("queue (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]any{m{
		"Effect": "Deny", "Principal": m{"AWS": "*"}, "Action": "sqs:*", "Resource": "${dead-letters.Arn}",
		"Condition": m{"Bool": m{"aws:SecureTransport": "false"}},
	}, m{
		"Effect": "Allow", "Principal": m{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "${dead-letters.Arn}",
		"Condition": m{"ArnEquals": m{"aws:SourceArn": "${mails}"}},
	}}, a.onlyOf(t, "mail", "AWS::SQS::QueuePolicy").at("PolicyDocument", "Statement")); d != "" {
		t.Errorf("policy (-want +got):\n%s", d)
	}
}

// TestXF9_FeedbackComesFromSESAlone: what SES tells of our mails, and nobody else
// does, starts the job, encrypted on its way; what is not taken is kept.
func TestXF9_FeedbackComesFromSESAlone(t *testing.T) {
	t.Parallel()
	a := synth(t)
	topic := a.onlyOf(t, "mail", "AWS::SNS::Topic")
	key := a.referred(t, "mail", topic.at("KmsMasterKeyId"))
	ses := m{"Service": "ses.amazonaws.com"}
	if d := cmp.Diff([]any{
		m{"Effect": "Allow", "Principal": m{"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}, "Action": "kms:*", "Resource": "*"},
		m{"Effect": "Allow", "Principal": ses, "Action": []any{"kms:Decrypt", "kms:GenerateDataKey"}, "Resource": "*"},
	}, key.at("KeyPolicy", "Statement")); d != "" {
		t.Errorf("key (-want +got):\n%s", d)
	}
	if key.at("EnableKeyRotation") != true || topic.at("TopicName") != "fullmakt-test-mails" {
		t.Errorf("topic %v, rotation %v", topic.Properties, key.at("EnableKeyRotation"))
	}
	if d := cmp.Diff([]any{
		m{
			"Sid": "AllowPublishThroughSSLOnly", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "${mails}",
			"Condition": m{"Bool": m{"aws:SecureTransport": "false"}},
		},
		m{
			"Sid": "1", "Effect": "Allow", "Principal": ses, "Action": "sns:Publish", "Resource": "${mails}",
			"Condition": m{"StringEquals": m{
				"AWS:SourceAccount": "${AWS::AccountId}", "AWS:SourceArn": "arn:${AWS::Partition}:ses:" + account + ":configuration-set/${configuration-set}",
			}},
		},
	}, a.onlyOf(t, "mail", "AWS::SNS::TopicPolicy").at("PolicyDocument", "Statement")); d != "" {
		t.Errorf("topic (-want +got):\n%s", d)
	}
	told := a.only(t, "AWS::SES::ConfigurationSetEventDestination")
	if d := cmp.Diff(m{
		"ConfigurationSetName": "${configuration-set}",
		"EventDestination": m{
			"Enabled": true, "SnsDestination": m{"TopicARN": "${mails}"},
			"MatchingEventTypes": []any{"delivery", "bounce", "complaint", "reject", "deliveryDelay"},
		},
	}, told.Properties); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if d := cmp.Diff(m{
		"TopicArn": "${mails}", "Protocol": "lambda", "Endpoint": "${mail-feedback.Arn}", "RedrivePolicy": m{"deadLetterTargetArn": "${dead-letters.Arn}"},
	}, a.onlyOf(t, "mail", "AWS::SNS::Subscription").Properties); d != "" {
		t.Errorf("subscription (-want +got):\n%s", d)
	}
	for _, r := range a.all("mail", "AWS::Lambda::Permission") {
		if r.name != "mail-feedback-mails-permission" {
			continue
		}
		if d := cmp.Diff(m{
			"Action": "lambda:InvokeFunction", "FunctionName": "${mail-feedback.Arn}", "Principal": "sns.amazonaws.com", "SourceArn": "${mails}",
		}, r.Properties); d != "" {
			t.Errorf("permission (-want +got):\n%s", d)
		}
	}
	for _, r := range a.all("mail", "AWS::Lambda::EventInvokeConfig") {
		if r.name != "mail-feedback-invoke" {
			continue
		}
		if d := cmp.Diff(m{
			"FunctionName": "${mail-feedback}", "Qualifier": "$LATEST", "MaximumRetryAttempts": 2.0, "MaximumEventAgeInSeconds": (6 * time.Hour).Seconds(),
			"DestinationConfig": m{"OnFailure": m{"Destination": "${dead-letters.Arn}"}},
		}, r.Properties); d != "" {
			t.Errorf("tries (-want +got):\n%s", d)
		}
	}
}

// TestXF8_AllRunsTogetherKeepTheRate: as many runs of the job that sends as may be
// under way, each at the pace that it is given, stay within what SES takes.
func TestXF8_AllRunsTogetherKeepTheRate(t *testing.T) {
	t.Parallel()
	for rate, want := range map[int]struct {
		runs int
		each string
	}{0: {2, "5"}, 1: {1, "1"}, 2: {2, "1"}, 3: {2, "1"}, 14: {2, "7"}, 200: {2, "100"}} {
		c := full
		c.MailRate = rate
		got, err := c.values([]string{awsapp.EnvMailRate})
		if err != nil {
			t.Fatal(err)
		}
		if each := *got[awsapp.EnvMailRate]; each != want.each || c.mailRuns() != want.runs {
			t.Errorf("at %d a second: %d runs of %s", rate, c.mailRuns(), each)
		}
	}
}

// TestSender: SES sends as the domain of the sender's address, by rules that
// keep links off plain wires, and mails from those whose address bounced.
func TestSender(t *testing.T) {
	t.Parallel()
	a := synth(t)
	if d := cmp.Diff(m{
		"Name":               "fullmakt-test",
		"DeliveryOptions":    m{"TlsPolicy": "REQUIRE"},
		"ReputationOptions":  m{"ReputationMetricsEnabled": true},
		"SuppressionOptions": m{"SuppressedReasons": []any{"BOUNCE", "COMPLAINT"}},
	}, a.only(t, "AWS::SES::ConfigurationSet").Properties); d != "" {
		t.Errorf("configuration set (-want +got):\n%s", d)
	}
	if d := cmp.Diff(m{
		"EmailIdentity":              "portal.example.com",
		"ConfigurationSetAttributes": m{"ConfigurationSetName": "${configuration-set}"},
	}, a.only(t, "AWS::SES::EmailIdentity").Properties); d != "" {
		t.Errorf("identity (-want +got):\n%s", d)
	}
}

// TestLinkKey: the key of one-time links computes codes and nothing else, is
// found by the name that the function is told, and outlives its stack.
func TestLinkKey(t *testing.T) {
	t.Parallel()
	a := synth(t)
	if d := cmp.Diff(m{"AliasName": "alias/fullmakt-test-links", "TargetKeyId": "${link-key.Arn}"}, a.alias(t, "mail", "link-key").Properties); d != "" {
		t.Errorf("alias (-want +got):\n%s", d)
	}
	key := a.referred(t, "mail", "${link-key}")
	if key.at("KeySpec") != "HMAC_256" || key.at("KeyUsage") != "GENERATE_VERIFY_MAC" {
		t.Errorf("a key of the spec %v for %v", key.at("KeySpec"), key.at("KeyUsage"))
	}
	if key.DeletionPolicy != "Retain" || key.UpdateReplacePolicy != "Retain" || !a.artifact(t, "mail").Properties.TerminationProtection {
		t.Error("the key can go with its stack")
	}
}

package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// TestNewMails: the job hears of new outbox items and of nothing else that
// happens in the table.
func TestNewMails(t *testing.T) {
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
	}, a.only(t, "AWS::SQS::Queue").Properties); d != "" {
		t.Errorf("queue (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]any{m{
		"Effect": "Deny", "Principal": m{"AWS": "*"}, "Action": "sqs:*", "Resource": "${dead-letters.Arn}",
		"Condition": m{"Bool": m{"aws:SecureTransport": "false"}},
	}}, a.only(t, "AWS::SQS::QueuePolicy").at("PolicyDocument", "Statement")); d != "" {
		t.Errorf("policy (-want +got):\n%s", d)
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

package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/job/jobs"
)

// TestSchedules: jobs with a clock have their rule, which is all that may invoke
// them; a failed run is not tried again before the next.
func TestSchedules(t *testing.T) {
	t.Parallel()
	a := synth(t)
	wantRules, wantPermissions, wantTries := map[string]m{}, map[string]m{}, map[string]m{}
	for _, j := range jobs.All() {
		if j.Trigger.Every == 0 {
			continue
		}
		wantRules[j.ID+"-schedule"] = m{
			"Description": "Starts " + j.ID + ".", "ScheduleExpression": rate(j.Trigger.Every), "State": "ENABLED",
			"Targets": []any{m{"Id": "function", "Arn": "${" + j.ID + ".Arn}", "Input": "{}", "RetryPolicy": m{"MaximumRetryAttempts": 0.0}}},
		}
		wantPermissions[j.ID+"-schedule-permission"] = m{
			"Action": "lambda:InvokeFunction", "FunctionName": "${" + j.ID + ".Arn}",
			"Principal": "events.amazonaws.com", "SourceArn": "${" + j.ID + "-schedule.Arn}",
		}
		wantTries[j.ID+"-invoke"] = m{
			"FunctionName": "${" + j.ID + "}", "Qualifier": "$LATEST", "MaximumRetryAttempts": 0.0,
			"MaximumEventAgeInSeconds": min(j.Trigger.Every, 6*time.Hour).Seconds(),
		}
	}
	of := func(kind string) map[string]m {
		found := map[string]m{}
		for _, stack := range []string{"mail", "jobs"} {
			for _, r := range a.all(stack, kind) {
				found[r.name] = r.Properties
			}
		}
		return found
	}
	if d := cmp.Diff(wantRules, of("AWS::Events::Rule")); d != "" {
		t.Errorf("rules (-want +got):\n%s", d)
	}
	if d := cmp.Diff(wantPermissions, of("AWS::Lambda::Permission")); d != "" {
		t.Errorf("who may start jobs (-want +got):\n%s", d)
	}
	if d := cmp.Diff(wantTries, of("AWS::Lambda::EventInvokeConfig")); d != "" {
		t.Errorf("tries (-want +got):\n%s", d)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]string{
		time.Minute: "rate(1 minute)", 5 * time.Minute: "rate(5 minutes)", 24 * time.Hour: "rate(1440 minutes)",
	} {
		if got := rate(every); got != want {
			t.Errorf("%v is %s, want %s", every, got, want)
		}
	}
}

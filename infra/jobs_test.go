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
	others := map[string]bool{} // rules, permissions and tries of what starts jobs otherwise
	for _, j := range jobs.All() {
		for _, name := range []string{"-event", "-event-permission", "-mails-permission"} {
			others[j.ID+name] = true
		}
		if j.Trigger.Every == 0 {
			others[j.ID+"-invoke"] = true
			continue
		}
		wantRules[j.ID+"-schedule"] = m{
			"Description": "Starts " + j.ID + ".", "ScheduleExpression": cron(j.Trigger.Every), "State": "ENABLED",
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
				if !others[r.name] {
					found[r.name] = r.Properties
				}
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

// In the hour that a zone's clock leaves out nothing would run, and in the one
// that comes twice, twice: every schedule is of UTC. Whose midnight it is, the
// data says.
func TestXG12_NoScheduleIsOfALocalClock(t *testing.T) {
	t.Parallel()
	a := synth(t)
	schedules := 0
	for _, r := range a.all("", "AWS::Events::Rule") {
		if r.Properties["ScheduleExpression"] != nil { // of a rule it is of UTC, whatever it says
			schedules++
		}
	}
	for _, r := range a.all("", "AWS::Scheduler::Schedule") {
		schedules++
		if zone := r.Properties["ScheduleExpressionTimezone"]; zone != nil && zone != "UTC" {
			t.Errorf("%s is of the clock of %v", r.name, zone)
		}
	}
	if schedules == 0 {
		t.Error("there are no schedules")
	}
	every := 0 * time.Second
	for _, j := range jobs.All() {
		if j.ID == "expire-memberships" {
			every = j.Trigger.Every
		}
	}
	if every == 0 || every > time.Hour || time.Hour%every != 0 {
		t.Errorf("the clock comes to memberships every %v: somewhere a midnight is missed by more than an hour", every)
	}
}

func TestCron(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]string{
		time.Minute: "cron(0/1 * * * ? *)", 5 * time.Minute: "cron(0/5 * * * ? *)", time.Hour: "cron(0 * * * ? *)",
	} {
		if got := cron(every); got != want {
			t.Errorf("%v is %s, want %s", every, got, want)
		}
	}
}

package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/job"
)

// What a job's function gets.
const (
	jobTimeout = 2 * time.Minute
	jobMemory  = 512
	// As many of one as may run at once: the second would find no work.
	jobReserved = 1
	// Feedback comes mail by mail, as fast as mails leave; what finds no room
	// waits and comes again.
	feedbackReserved = 5
)

// jobsProps say which jobs the stack runs.
type jobsProps struct {
	deployment
	Jobs []job.Job
}

// jobsStack makes the jobs that send no mail.
func jobsStack(app constructs.Construct, p jobsProps) awscdk.Stack {
	stack := newStack(app, p.Config, "jobs", "Fullmakt: jobs.", false)
	a := arns{stack: stack, config: p.Config, vault: p.Vault}
	events := newBus(stack, p.deployment)
	for _, j := range p.Jobs {
		if j.Trigger.Event == "" {
			newJob(stack, a, p.deployment, j)
			continue
		}
		events.starts(stack, j, newJob(stack, a, p.deployment, j, events.letter()))
	}
	return stack
}

// newJob makes a job's function, its schedule and its alarm.
func newJob(stack awscdk.Stack, a arns, d deployment, j job.Job, more ...awsiam.PolicyStatement) awslambda.Function {
	required, optional := awsapp.Variables(j.Needs)
	f := functionProps{
		deployment: d,
		ID:         j.ID, Summary: j.Summary, Variables: append(required, optional...), Policy: append(needPolicy(a, j.Needs), more...),
		Logs:    newLogGroup(stack, j.ID+"-logs"),
		Timeout: cmp.Or(j.Timeout, jobTimeout), Memory: jobMemory, Reserved: jobReserved,
	}
	switch {
	case j.Trigger.Outbox:
		f.Reserved = float64(d.mailRuns()) // a stream has several shards, and SES takes mails at a rate
	case j.Trigger.Mails:
		f.Reserved, f.MailTopic = feedbackReserved, a.topic
	}
	function := newFunction(stack, f)
	if j.Trigger.Every > 0 {
		schedule(stack, j, function)
	}
	newAlarm(stack, d, alarmProps{
		ID:          j.ID + "-errors",
		Description: "The job " + j.ID + " failed. Its log says why.",
		Namespace:   "AWS/Lambda", Metric: "Errors", Statistic: "Sum", Dimension: "FunctionName", Of: *function.FunctionName(),
	})
	watch(stack, d, j)
	awscdk.NewCfnOutput(stack, jsii.String(j.ID+"-function"), &awscdk.CfnOutputProps{Value: function.FunctionName()})
	return function
}

// watch makes the alarms of what a job's runs tell of themselves. One rings when a
// job of the clock has said nothing for a while, one when what it should have done
// is long overdue, and one when it had to give something up.
func watch(stack awscdk.Stack, d deployment, j job.Job) {
	alarm := func(p alarmProps) {
		p.Namespace, p.Dimension, p.Of = d.Name(), "job", j.ID
		newAlarm(stack, d, p)
	}
	if len(j.Measures) > 0 && j.Trigger.Every > 0 {
		alarm(alarmProps{
			ID: j.ID + "-silent", Description: "The job " + j.ID + " has not come to its end for two of its periods.",
			Metric: j.Measures[0], Statistic: "SampleCount", Late: true, Period: j.Trigger.Every,
		})
	}
	if slices.Contains(j.Measures, "overdueSeconds") {
		alarm(alarmProps{
			ID: j.ID + "-overdue", Description: "What the job " + j.ID + " should have done long ago it has only done now.",
			Metric: "overdueSeconds", Statistic: "Maximum", Period: j.Trigger.Every, Most: 2 * j.Trigger.Every.Seconds(),
		})
	}
	if slices.Contains(j.Measures, "dead") {
		alarm(alarmProps{
			ID: j.ID + "-dead", Description: "The job " + j.ID + " gave a mail up: nobody gets it.", Metric: "dead", Statistic: "Sum",
		})
	}
}

// schedule runs a job by the clock. A run that fails or cannot start is not
// tried again: the next one does its work.
func schedule(stack awscdk.Stack, j job.Job, function awslambda.Function) {
	rule := awsevents.NewCfnRule(stack, jsii.String(j.ID+"-schedule"), &awsevents.CfnRuleProps{
		Description:        jsii.String("Starts " + j.ID + "."),
		ScheduleExpression: jsii.String(cron(j.Trigger.Every)),
		State:              jsii.String("ENABLED"),
		Targets: []*awsevents.CfnRule_TargetProperty{{
			Id: jsii.String("function"), Arn: function.FunctionArn(), Input: jsii.String("{}"),
			RetryPolicy: &awsevents.CfnRule_RetryPolicyProperty{MaximumRetryAttempts: jsii.Number(0)},
		}},
	})
	const nextRun = "The next run does its work; that none came rings, and so does each that failed."
	except(rule, "Serverless-EventBusDLQ", nextRun)
	awslambda.NewCfnPermission(stack, jsii.String(j.ID+"-schedule-permission"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: function.FunctionArn(),
		Principal: jsii.String("events.amazonaws.com"), SourceArn: rule.AttrArn(),
	})
	tries := awslambda.NewCfnEventInvokeConfig(stack, jsii.String(j.ID+"-invoke"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName: function.FunctionName(), Qualifier: jsii.String("$LATEST"),
		MaximumRetryAttempts:     jsii.Number(0),
		MaximumEventAgeInSeconds: jsii.Number(min(j.Trigger.Every, 6*time.Hour).Seconds()), // which is the most
	})
	except(tries, "Serverless-LambdaAsyncFailureDestination", nextRun)
}

// cron is a schedule in UTC of what runs so often, counted from the full hour: an hour of
// UTC is never missing and never comes twice.
func cron(every time.Duration) string {
	switch {
	case every == time.Hour:
		return "cron(0 * * * ? *)"
	case every >= time.Minute && every < time.Hour && time.Hour%every == 0 && every%time.Minute == 0:
		return fmt.Sprintf("cron(0/%d * * * ? *)", int(every/time.Minute))
	}
	panic(fmt.Sprintf("a schedule of %v is no part of an hour in whole minutes", every))
}

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/job"
)

// bus is what the operator's other systems put events on, and where those go
// that could not be used. Whoever may put events on it makes customers.
type bus struct {
	awsevents.EventBus
	letters awssqs.Queue
}

// newBus makes the portal's event bus.
func newBus(stack awscdk.Stack, d deployment) bus {
	b := bus{awsevents.NewEventBus(stack, jsii.String("bus"), &awsevents.EventBusProps{EventBusName: jsii.String(d.Name())}), nil}
	b.letters = awssqs.NewQueue(stack, jsii.String("event-letters"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
	})
	endOfTheLine(b.letters)
	newAlarm(stack, d, alarmProps{
		ID:          "event-letters-there",
		Description: "Events of the portal's bus were given up.",
		Namespace:   "AWS/SQS", Metric: "ApproximateNumberOfMessagesVisible", Statistic: "Maximum", Dimension: "QueueName", Of: *b.letters.QueueName(),
	})
	awscdk.NewCfnOutput(stack, jsii.String("event-bus"), &awscdk.CfnOutputProps{Value: b.EventBusName()})
	return b
}

// letter lets a job's function put what it was given up on into the queue.
func (b bus) letter() awsiam.PolicyStatement {
	return allow(nil, on(b.letters.QueueArn()), "sqs:SendMessage")
}

// starts runs a job on each event of its type. Both ways of failing end in the
// queue: that the function cannot be called, and that it says no.
func (b bus) starts(stack awscdk.Stack, j job.Job, function awslambda.Function) {
	rule := awsevents.NewCfnRule(stack, jsii.String(j.ID+"-event"), &awsevents.CfnRuleProps{
		Description:  jsii.String("Starts " + j.ID + "."),
		EventBusName: b.EventBusName(),
		EventPattern: map[string]any{"detail-type": []string{j.Trigger.Event}},
		State:        jsii.String("ENABLED"),
		Targets: []*awsevents.CfnRule_TargetProperty{{
			Id: jsii.String("function"), Arn: function.FunctionArn(),
			DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: b.letters.QueueArn()},
		}},
	})
	awslambda.NewCfnPermission(stack, jsii.String(j.ID+"-event-permission"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: function.FunctionArn(),
		Principal: jsii.String("events.amazonaws.com"), SourceArn: rule.AttrArn(),
	})
	awslambda.NewCfnEventInvokeConfig(stack, jsii.String(j.ID+"-invoke"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName: function.FunctionName(), Qualifier: jsii.String("$LATEST"),
		MaximumRetryAttempts: jsii.Number(2), MaximumEventAgeInSeconds: jsii.Number(3600),
		DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: b.letters.QueueArn()},
		},
	})
	b.letters.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("sqs:SendMessage"), Resources: &[]*string{b.letters.QueueArn()},
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)},
		Conditions: &map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": rule.AttrArn()}},
	}))
}

package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/table"
)

// mailProps say which jobs send mail, and where they hear of new ones.
type mailProps struct {
	deployment
	Jobs   []job.Job
	Stream *string // ARN of the table's
}

// ofMail tells whether a job belongs to the mail stack.
func ofMail(j job.Job) bool {
	return j.Trigger.Outbox || slices.Contains(j.Needs, endpoint.SendMail) || slices.Contains(j.Needs, endpoint.MintLinks)
}

// mailStack makes everything between the outbox and the mail: SES, the key of
// one-time links, the jobs that send, and the queue of what they could not.
func mailStack(app constructs.Construct, p mailProps) awscdk.Stack {
	stack := newStack(app, p.Config, "mail", "Fullmakt: mails and their links.", true)
	sender(stack, p.Config)
	a := arns{stack: stack, config: p.Config, linkKey: linkKey(stack, p.Config).KeyArn(), vault: p.Vault}
	queue := deadLetters(stack, p.deployment)
	for _, j := range p.Jobs {
		if !j.Trigger.Outbox {
			newJob(stack, a, p.deployment, j)
			continue
		}
		function := newJob(stack, a, p.deployment, j,
			allow(nil, on(p.Stream), "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
			allow(nil, on(queue.QueueArn()), "sqs:SendMessage"),
		)
		outbox(stack, j, function, p.Stream, queue)
	}
	return stack
}

// sender makes the domain that mails come from, and the rules they go by. The
// outputs are the records that the domain needs in DNS.
func sender(stack awscdk.Stack, c *Config) {
	set := awsses.NewConfigurationSet(stack, jsii.String("configuration-set"), &awsses.ConfigurationSetProps{
		ConfigurationSetName: jsii.String(c.Name()),
		ReputationMetrics:    jsii.Bool(true),
		SuppressionReasons:   awsses.SuppressionReasons_BOUNCES_AND_COMPLAINTS,
		TlsPolicy:            awsses.ConfigurationSetTlsPolicy_REQUIRE, // a mail holds a way in
	})
	identity := awsses.NewEmailIdentity(stack, jsii.String("identity"), &awsses.EmailIdentityProps{
		Identity: awsses.Identity_Domain(jsii.String(c.MailDomain())), ConfigurationSet: set,
	})
	for i, record := range *identity.DkimRecords() {
		awscdk.NewCfnOutput(stack, jsii.String(fmt.Sprintf("dkim-%d", i+1)), &awscdk.CfnOutputProps{
			Description: jsii.String("A CNAME record of the domain."),
			Value:       awscdk.Fn_Join(jsii.String(" CNAME "), &[]*string{record.Name, record.Value}),
		})
	}
}

// linkKey makes the key that one-time links are minted with. It never leaves
// KMS; links on their way die with it, so it is kept.
func linkKey(stack awscdk.Stack, c *Config) awskms.Key {
	return awskms.NewKey(stack, jsii.String("link-key"), &awskms.KeyProps{
		Alias:         jsii.String(c.LinkKeyAlias()),
		Description:   jsii.String("One-time links of " + c.Name() + "."),
		KeySpec:       awskms.KeySpec_HMAC_256,
		KeyUsage:      awskms.KeyUsage_GENERATE_VERIFY_MAC,
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
}

// deadLetters makes the queue of stream records that were given up. Each says
// only which records of the stream they were; the outbox items themselves are
// still in the table, where the clock's run finds them.
func deadLetters(stack awscdk.Stack, d deployment) awssqs.Queue {
	queue := awssqs.NewQueue(stack, jsii.String("dead-letters"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
	})
	newAlarm(stack, d.Alarms, alarmProps{
		ID:          "dead-letters-there",
		Description: "Records of the outbox's stream were given up.",
		Namespace:   "AWS/SQS", Metric: "ApproximateNumberOfMessagesVisible", Statistic: "Maximum", Dimension: "QueueName", Of: *queue.QueueName(),
	})
	return queue
}

// outbox starts a job for every new item of the outbox. One bad record delays
// nothing but itself, and that not for long: what is given up here is due for
// the clock's run. It begins with the oldest record, so that no mail waits for
// that run because it was queued while this was being deployed.
func outbox(stack awscdk.Stack, j job.Job, function awslambda.Function, stream *string, queue awssqs.Queue) {
	awslambda.NewCfnEventSourceMapping(stack, jsii.String(j.ID+"-outbox"), &awslambda.CfnEventSourceMappingProps{
		FunctionName:               function.FunctionName(),
		EventSourceArn:             stream,
		StartingPosition:           jsii.String("TRIM_HORIZON"),
		BatchSize:                  jsii.Number(10),
		FunctionResponseTypes:      jsii.Strings("ReportBatchItemFailures"),
		BisectBatchOnFunctionError: jsii.Bool(true),
		MaximumRetryAttempts:       jsii.Number(3),
		MaximumRecordAgeInSeconds:  jsii.Number(3600),
		FilterCriteria: &awslambda.CfnEventSourceMapping_FilterCriteriaProperty{
			Filters: []*awslambda.CfnEventSourceMapping_FilterProperty{{Pattern: jsii.String(newMails())}},
		},
		DestinationConfig: &awslambda.CfnEventSourceMapping_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventSourceMapping_OnFailureProperty{Destination: queue.QueueArn()},
		},
	})
}

// newMails is the pattern of the stream records of new outbox items.
func newMails() string {
	pattern, err := json.Marshal(map[string]any{
		"eventName": []string{"INSERT"},
		"dynamodb": map[string]any{"Keys": map[string]any{
			table.TheSchema.PK: map[string]any{"S": []any{map[string]string{"prefix": "MAIL#"}}},
		}},
	})
	if err != nil {
		panic(err) // strings are always JSON
	}
	return string(pattern)
}

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
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
	return j.Trigger.Outbox || j.Trigger.Mails || slices.Contains(j.Needs, endpoint.SendMail) || slices.Contains(j.Needs, endpoint.MintLinks)
}

// mailStack makes everything between the outbox and the mail: SES, the key of
// one-time links, the jobs that send, and the queue of what they could not.
func mailStack(app constructs.Construct, p mailProps) awscdk.Stack {
	stack := newStack(app, p.Config, "mail", "Fullmakt: mails and their links.", true)
	topic := mailTopic(stack, p.Config, sender(stack, p.Config))
	a := arns{stack: stack, config: p.Config, linkKey: linkKey(stack, p.Config).KeyArn(), topic: topic.TopicArn(), vault: p.Vault}
	queue := deadLetters(stack, p.deployment)
	mailAlarms(stack, p.deployment)
	for _, j := range p.Jobs {
		if j.Trigger.Mails {
			function := newJob(stack, a, p.deployment, j, allow(nil, on(queue.QueueArn()), "sqs:SendMessage"))
			feedback(stack, j, function, topic, queue)
			continue
		}
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
func sender(stack awscdk.Stack, c *Config) awsses.ConfigurationSet {
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
	return set
}

// mailTopic makes the topic on which SES tells what became of mails. Nobody else
// may write to it, and SES only of our configuration set, which the CDK sees to:
// whoever could would say which people are not to be written to.
func mailTopic(stack awscdk.Stack, c *Config, set awsses.ConfigurationSet) awssns.Topic {
	ses := awsiam.NewServicePrincipal(jsii.String("ses.amazonaws.com"), nil)
	// A key of ours: the one that AWS manages for SNS does not let SES in.
	key := awskms.NewKey(stack, jsii.String("mails-key"), &awskms.KeyProps{
		Description:       jsii.String("What became of mails of " + c.Name() + ", on its way."),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY, // nothing stays in a topic
	})
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{ses},
		Actions:    jsii.Strings("kms:Decrypt", "kms:GenerateDataKey"),
		Resources:  jsii.Strings("*"), // in a key's policy: the key
	}), nil)
	topic := awssns.NewTopic(stack, jsii.String("mails"), &awssns.TopicProps{
		TopicName: jsii.String(c.mailTopic()), MasterKey: key, EnforceSSL: jsii.Bool(true),
	})
	set.AddEventDestination(jsii.String("told"), &awsses.ConfigurationSetEventDestinationOptions{
		Destination: awsses.EventDestination_SnsTopic(topic),
		Events: &[]awsses.EmailSendingEvent{
			awsses.EmailSendingEvent_DELIVERY, awsses.EmailSendingEvent_BOUNCE, awsses.EmailSendingEvent_COMPLAINT,
			awsses.EmailSendingEvent_REJECT, awsses.EmailSendingEvent_DELIVERY_DELAY,
		},
	})
	return topic
}

// feedback starts a job for each event on the topic. What it fails at comes again
// twice, and then goes to the queue, as does what could not be handed over.
func feedback(stack awscdk.Stack, j job.Job, function awslambda.Function, topic awssns.Topic, queue awssqs.Queue) {
	queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("sns.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sqs:SendMessage"),
		Resources:  &[]*string{queue.QueueArn()},
		Conditions: &map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": topic.TopicArn()}},
	}))
	awssns.NewCfnSubscription(stack, jsii.String(j.ID+"-mails"), &awssns.CfnSubscriptionProps{
		TopicArn: topic.TopicArn(), Protocol: jsii.String("lambda"), Endpoint: function.FunctionArn(),
		RedrivePolicy: map[string]any{"deadLetterTargetArn": queue.QueueArn()},
	})
	awslambda.NewCfnPermission(stack, jsii.String(j.ID+"-mails-permission"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: function.FunctionArn(),
		Principal: jsii.String("sns.amazonaws.com"), SourceArn: topic.TopicArn(),
	})
	awslambda.NewCfnEventInvokeConfig(stack, jsii.String(j.ID+"-invoke"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName: function.FunctionName(), Qualifier: jsii.String("$LATEST"),
		MaximumRetryAttempts: jsii.Number(2), MaximumEventAgeInSeconds: jsii.Number((6 * time.Hour).Seconds()),
		DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: queue.QueueArn()},
		},
	})
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

// deadLetters makes the queue of what was given up: records of the stream, each of
// which says only which they were, the outbox items themselves being in the table
// still, where the clock's run finds them; and events of mails.
func deadLetters(stack awscdk.Stack, d deployment) awssqs.Queue {
	queue := awssqs.NewQueue(stack, jsii.String("dead-letters"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
	})
	endOfTheLine(queue)
	newAlarm(stack, d, alarmProps{
		ID:          "dead-letters-there",
		Description: "Records of the outbox's stream, or events of mails, were given up.",
		Namespace:   "AWS/SQS", Metric: "ApproximateNumberOfMessagesVisible", Statistic: "Maximum", Dimension: "QueueName", Of: *queue.QueueName(),
	})
	return queue
}

// endOfTheLine says of a queue that nothing comes behind it.
func endOfTheLine(queue awssqs.Queue) {
	const reason = "It is the queue of what was given up; an alarm rings while there is anything in it."
	except(queue, "AwsSolutions-SQS3", reason)
	except(queue, "Serverless-SQSRedrivePolicy", reason)
}

// mailAlarms ring before SES stops taking the account's mails: it looks closer from
// one in twenty that come back and one in a thousand that are complained of.
func mailAlarms(stack awscdk.Stack, d deployment) {
	for _, rate := range []struct {
		id, description, metric string
		most                    float64
	}{
		{"mails-bounce", "Too many of the account's mails come back.", "Reputation.BounceRate", 0.04},
		{"mails-complained-of", "Too many of the account's mails are complained of.", "Reputation.ComplaintRate", 0.0008},
	} {
		newAlarm(stack, d, alarmProps{
			ID: rate.id, Description: rate.description, Namespace: "AWS/SES", Metric: rate.metric, Statistic: "Maximum", Period: time.Hour, Most: rate.most,
		})
	}
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

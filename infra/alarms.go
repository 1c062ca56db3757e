package main

import (
	"cmp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// alarmsStack makes the one topic that all alarms go to.
func alarmsStack(app constructs.Construct, c *Config) awssns.ITopic {
	stack := newStack(app, c, "alarms", "Fullmakt: where alarms go.", false)
	cloudwatch := awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)

	// A key of ours: the one that AWS manages for SNS does not let CloudWatch in.
	key := awskms.NewKey(stack, jsii.String("key"), &awskms.KeyProps{
		Description:       jsii.String("Alarms of " + c.Name() + " on their way."),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY, // nothing stays in a topic
	})
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{cloudwatch},
		Actions:    jsii.Strings("kms:Decrypt", "kms:GenerateDataKey"),
		Resources:  jsii.Strings("*"), // in a key's policy: the key
	}), nil)

	topic := awssns.NewTopic(stack, jsii.String("topic"), &awssns.TopicProps{
		DisplayName: jsii.String(c.Name() + " alarms"),
		MasterKey:   key,
		EnforceSSL:  jsii.Bool(true),
	})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("Alarms"),
		Principals: &[]awsiam.IPrincipal{cloudwatch},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}},
	}))
	if c.AlarmEmail != "" {
		email := awssns.NewCfnSubscription(stack, jsii.String("email"), &awssns.CfnSubscriptionProps{
			TopicArn: topic.TopicArn(), Protocol: jsii.String("email"), Endpoint: &c.AlarmEmail,
		})
		except(email, "Serverless-SNSRedrivePolicy", "SNS tries a mail for six hours, and nobody would read the queue: an alarm that rings is seen in the console too.")
	}
	return topic
}

// alarmProps say what is counted. Unless they say more, an alarm rings at the first
// within five minutes: what it is about does not happen in good times.
type alarmProps struct {
	ID, Description   string // the description says what has happened; docs/runbook.md what to do
	Namespace, Metric string
	Statistic         string // also a percentile, such as p99
	Dimension, Of     string // empty: of no one thing
	// Late, of a job of the clock: it is not what happens that rings but that, for
	// two periods, nothing does.
	Late    bool
	Period  time.Duration // zero: five minutes
	Periods int           // all of which have to be bad; zero: one
	Most    float64       // from which on it rings; zero: one
}

// newAlarm makes an alarm, named for the environment and its id, which is a heading
// of the runbook.
func newAlarm(stack awscdk.Stack, d deployment, p alarmProps) {
	props := &awscloudwatch.CfnAlarmProps{
		AlarmName:          jsii.String(d.Name(p.ID)),
		AlarmDescription:   jsii.String(p.Description + " See docs/runbook.md#" + p.ID),
		Namespace:          &p.Namespace,
		MetricName:         &p.Metric,
		Period:             jsii.Number(cmp.Or(p.Period, 5*time.Minute).Seconds()),
		EvaluationPeriods:  jsii.Number(cmp.Or(p.Periods, 1)),
		Threshold:          jsii.Number(cmp.Or(p.Most, 1)),
		ComparisonOperator: jsii.String("GreaterThanOrEqualToThreshold"),
		TreatMissingData:   jsii.String("notBreaching"),
		AlarmActions:       &[]any{d.Alarms.TopicArn()},
	}
	if strings.HasPrefix(p.Statistic, "p") {
		props.ExtendedStatistic = &p.Statistic
	} else {
		props.Statistic = &p.Statistic
	}
	if p.Dimension != "" {
		props.Dimensions = []*awscloudwatch.CfnAlarm_DimensionProperty{{Name: &p.Dimension, Value: &p.Of}}
	}
	if p.Late {
		props.EvaluationPeriods, props.ComparisonOperator = jsii.Number(2), jsii.String("LessThanThreshold")
		props.TreatMissingData = jsii.String("breaching")
	}
	awscloudwatch.NewCfnAlarm(stack, &p.ID, props)
}

// apiAlarms ring for what callers feel of the API.
func apiAlarms(stack awscdk.Stack, d deployment, apiID string) {
	newAlarm(stack, d, alarmProps{
		ID:          "api-errors",
		Description: "An endpoint failed, crashed, timed out or had no execution left. The access log says which.",
		Namespace:   "AWS/ApiGateway", Metric: "5xx", Statistic: "Sum", Dimension: "ApiId", Of: apiID,
	})
	newAlarm(stack, d, alarmProps{
		ID: "api-slow", Description: "One request in a hundred has waited for three seconds, for a quarter of an hour.",
		Namespace: "AWS/ApiGateway", Metric: "Latency", Statistic: "p99", Dimension: "ApiId", Of: apiID,
		Periods: 3, Most: 3000,
	})
	newAlarm(stack, d, alarmProps{
		// A few are how jobs that come in bursts wait for each other.
		ID: "executions-refused", Description: "For a quarter of an hour Lambda had no execution left for functions of this account.",
		Namespace: "AWS/Lambda", Metric: "Throttles", Statistic: "Sum", Periods: 3, Most: 20,
	})
	newAlarm(stack, d, alarmProps{
		ID: "sign-in-guessed", Description: "Hundreds of sign-ins failed within five minutes.",
		Namespace: d.Name(), Metric: "unauthenticated", Statistic: "Sum", Dimension: "function", Of: "session-create",
		Most: 300,
	})
}

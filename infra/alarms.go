package main

import (
	"cmp"
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
		awssns.NewCfnSubscription(stack, jsii.String("email"), &awssns.CfnSubscriptionProps{
			TopicArn: topic.TopicArn(), Protocol: jsii.String("email"), Endpoint: &c.AlarmEmail,
		})
	}
	return topic
}

// alarmProps say what is counted. Every alarm here rings at the first within
// five minutes: none of these things happens in good times.
type alarmProps struct {
	ID, Description   string
	Namespace, Metric string
	Statistic         string
	Dimension, Of     string // empty: of no one thing
	// Late, of a job of the clock: it is not what happens that rings but that, for
	// two periods, nothing does.
	Late   bool
	Period time.Duration // zero: five minutes
	Most   float64       // from which on it rings; zero: one
}

func newAlarm(stack awscdk.Stack, topic awssns.ITopic, p alarmProps) {
	props := &awscloudwatch.CfnAlarmProps{
		AlarmDescription:   &p.Description,
		Namespace:          &p.Namespace,
		MetricName:         &p.Metric,
		Statistic:          &p.Statistic,
		Period:             jsii.Number(cmp.Or(p.Period, 5*time.Minute).Seconds()),
		EvaluationPeriods:  jsii.Number(1),
		Threshold:          jsii.Number(cmp.Or(p.Most, 1)),
		ComparisonOperator: jsii.String("GreaterThanOrEqualToThreshold"),
		TreatMissingData:   jsii.String("notBreaching"),
		AlarmActions:       &[]any{topic.TopicArn()},
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

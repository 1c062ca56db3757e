package main

import (
	"path/filepath"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
)

// logRetention is how long all logs are kept: long enough to look into what a
// customer reports late.
const logRetention = awslogs.RetentionDays_THREE_MONTHS

// functionProps say what a function has of its own.
type functionProps struct {
	deployment
	ID, Summary string
	Variables   []string
	MailTopic   *string // ARN, for who needs it
	Policy      []awsiam.PolicyStatement
	Logs        awslogs.LogGroup
	Timeout     time.Duration
	Memory      float64 // in MB; the processor's share comes with it
	Reserved    float64 // executions set aside, and the most there can be; 0: neither
}

// newFunction makes a function, with a role that is its alone. It has no name of
// its own, so that it can move to another stack.
func newFunction(stack awscdk.Stack, p functionProps) awslambda.Function {
	statements := append([]awsiam.PolicyStatement{
		allow(nil, on(p.Logs.LogGroupArn()), "logs:CreateLogStream", "logs:PutLogEvents"),
		allow(nil, on(jsii.String("*")), "xray:PutTraceSegments", "xray:PutTelemetryRecords"), // of no resource, in IAM's words
	}, p.Policy...)
	role := awsiam.NewRole(stack, jsii.String(p.ID+"-role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("What " + p.ID + " may do."),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"needs": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
	const noResource = "X-Ray's two actions know no resource; all others name theirs."
	except(role, "AwsSolutions-IAM5", noResource, "Resource::*")
	except(role, "Serverless-LambdaStarPermissions", noResource)
	variables, err := p.values(p.Variables)
	if err != nil {
		panic(err) // check has asked for them too
	}
	if _, asked := variables[awsapp.EnvMailTopic]; asked {
		variables[awsapp.EnvMailTopic] = p.MailTopic
	}
	if p.LocalServices {
		for _, service := range []string{"DYNAMODB", "KMS", "S3", "SES"} {
			variables["AWS_ENDPOINT_URL_"+service] = jsii.String("") // its own place, until `sam local` says another
		}
	}
	props := &awslambda.FunctionProps{
		Description:   &p.Summary,
		Code:          awslambda.Code_FromAsset(jsii.String(filepath.Join(p.Dist, p.ID)), nil),
		Handler:       jsii.String("bootstrap"),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  p.architecture(),
		Role:          role,
		LogGroup:      p.Logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Environment:   &variables,
		MemorySize:    &p.Memory,
		Timeout:       seconds(p.Timeout),
	}
	if p.ReserveConcurrency && p.Reserved > 0 {
		props.ReservedConcurrentExecutions = &p.Reserved
	}
	function := awslambda.NewFunction(stack, &p.ID, props)
	except(function, "Serverless-LambdaDLQ", "The gateway waits for its answer; what starts it otherwise says itself where failures go, or its next run makes up for them.")
	resource := function.Node().DefaultChild().(awslambda.CfnFunction)
	// The CDK would write the rights for tracing into a policy apart.
	resource.SetTracingConfig(&awslambda.CfnFunction_TracingConfigProperty{Mode: jsii.String("Active")})
	// The CDK lets functions also wait for what may still be attached to a role.
	// Nothing is: the policy is in the role, and cfn-lint finds it said twice.
	resource.AddDeletionOverride(jsii.String("DependsOn"))
	return function
}

// architecture is the one that the functions of the environment were built for.
func (c *Config) architecture() awslambda.Architecture {
	if c.X86 {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}

func newLogGroup(stack awscdk.Stack, id string) awslogs.LogGroup {
	return awslogs.NewLogGroup(stack, &id, &awslogs.LogGroupProps{Retention: logRetention})
}

func seconds(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/table"
)

// arns name what permissions are for, as seen from one stack.
type arns struct {
	stack   awscdk.Stack
	config  *Config
	linkKey *string // only the mail stack has it, and the topic
	topic   *string // on which SES tells of mails
	vault   vaultKeys
}

func (a arns) of(service, kind, name string) *string {
	return a.stack.FormatArn(&awscdk.ArnComponents{Service: &service, Resource: &kind, ResourceName: &name})
}

// invocation is how the gateway names a function that it is to call. `sam local`
// understands this form only.
func (a arns) invocation(function awslambda.Function) *string {
	id := a.stack.GetLogicalId(function.Node().DefaultChild().(awscdk.CfnElement))
	return awscdk.Fn_Sub(jsii.String("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${"+*id+".Arn}/invocations"), nil)
}

func (a arns) table() *string { return a.of("dynamodb", "table", a.config.Table()) }

// files are the objects of the bucket that functions put there.
func (a arns) files() *string {
	none := ""
	return a.stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("s3"), Region: &none, Account: &none, Resource: &a.config.FileBucket, ResourceName: jsii.String(awsapp.FilePrefix + "*"),
	})
}

func (a arns) index(i table.Index) *string {
	return a.of("dynamodb", "table", a.config.Table()+"/index/"+string(i))
}

// permissions are what the needs allow; every need is there. They are written
// by hand: the CDK's grants give more than is asked for.
var permissions = map[endpoint.Need]func(a arns) awsiam.PolicyStatement{
	endpoint.ReadItems:  func(a arns) awsiam.PolicyStatement { return allow(nil, on(a.table()), "dynamodb:BatchGetItem") },
	endpoint.QueryTable: func(a arns) awsiam.PolicyStatement { return allow(nil, on(a.table()), "dynamodb:Query") },
	endpoint.QueryNames: func(a arns) awsiam.PolicyStatement {
		return allow(nil, on(a.index(table.ByName)), "dynamodb:Query")
	},
	endpoint.QueryTimes: func(a arns) awsiam.PolicyStatement {
		return allow(nil, on(a.index(table.ByTime)), "dynamodb:Query")
	},
	endpoint.WriteItems: func(a arns) awsiam.PolicyStatement {
		return allow(inTransaction(nil), on(a.table()), "dynamodb:PutItem")
	},
	endpoint.CheckItems: func(a arns) awsiam.PolicyStatement {
		return allow(inTransaction(nil), on(a.table()), "dynamodb:ConditionCheckItem")
	},
	// Nobody takes back what is in the audit log, nor its seals, nor who was erased.
	endpoint.DeleteItems: func(a arns) awsiam.PolicyStatement {
		return allow(inTransaction(leadingKeys("ForAllValues:StringNotLike", "AUDIT#*", "SEAL#*", "ERASED")), on(a.table()), "dynamodb:DeleteItem")
	},
	endpoint.SendMail: func(a arns) awsiam.PolicyStatement {
		from := map[string]any{"StringEquals": map[string]any{"ses:FromAddress": a.config.MailFrom}}
		return allow(from, on(a.of("ses", "identity", a.config.MailDomain()), a.of("ses", "configuration-set", a.config.Name())), "ses:SendEmail")
	},
	// Only where the function itself puts them.
	endpoint.WriteFiles: func(a arns) awsiam.PolicyStatement {
		return allow(nil, on(a.files()), "s3:PutObject", "s3:GetObject")
	},
	endpoint.MintLinks:  func(a arns) awsiam.PolicyStatement { return allow(nil, on(a.linkKey), "kms:GenerateMac") },
	endpoint.SealFields: func(a arns) awsiam.PolicyStatement { return useFieldKey(a, "kms:GenerateDataKey") },
	endpoint.OpenFields: func(a arns) awsiam.PolicyStatement { return useFieldKey(a, "kms:Decrypt") },
	endpoint.IndexFields: func(a arns) awsiam.PolicyStatement {
		return allow(map[string]any{"StringEquals": map[string]any{"kms:MacAlgorithm": "HMAC_SHA_256"}}, a.vault.indexes, "kms:GenerateMac")
	},
	// These ask AWS for nothing.
	endpoint.OwnAddress:   nil,
	endpoint.ReadRegistry: nil,
	endpoint.HearMails:    nil,
}

// touchSessions is for every endpoint with a session: it writes down when the
// session was last used, and may write nothing else by that.
func touchSessions(a arns) awsiam.PolicyStatement {
	return allow(inTransaction(leadingKeys("ForAllValues:StringLike", "SESSION#*")), on(a.table()), "dynamodb:PutItem")
}

// endpointPolicy is all that an endpoint's function may do to other things.
func endpointPolicy(a arns, e endpoint.Spec) []awsiam.PolicyStatement {
	policy := needPolicy(a, e.Needs)
	if e.InSession() && !e.Needing(endpoint.WriteItems) {
		policy = append(policy, touchSessions(a))
	}
	return policy
}

// needPolicy is what the needs allow, in the order of all needs.
func needPolicy(a arns, needs []endpoint.Need) []awsiam.PolicyStatement {
	var policy []awsiam.PolicyStatement
	for _, n := range endpoint.Needs {
		if permission := permissions[n]; permission != nil && slices.Contains(needs, n) {
			policy = append(policy, permission(a))
		}
	}
	return policy
}

func on(resources ...*string) []*string { return resources }

func allow(conditions map[string]any, resources []*string, actions ...string) awsiam.PolicyStatement {
	props := &awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...), Resources: &resources}
	if conditions != nil {
		props.Conditions = &conditions
	}
	return awsiam.NewPolicyStatement(props)
}

// leadingKeys is a condition on the partition keys of a call. A condition for
// all values also holds where there are none: hence Null.
func leadingKeys(operator string, patterns ...string) map[string]any {
	return map[string]any{
		operator: map[string]any{"dynamodb:LeadingKeys": patterns},
		"Null":   map[string]any{"dynamodb:LeadingKeys": "false"},
	}
}

// inTransaction adds that writes come in transactions, as all of ours do: a
// transaction has no action of its own.
func inTransaction(conditions map[string]any) map[string]any {
	if conditions == nil {
		conditions = map[string]any{}
	}
	conditions["ForAnyValue:StringEquals"] = map[string]any{"dynamodb:EnclosingOperation": []string{"TransactWriteItems"}}
	return conditions
}

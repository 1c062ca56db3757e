//go:build deploy

package deploytest

import (
	"fmt"
	"strings"
	"testing"
)

// create makes a stack and returns why it was not to be.
func (e *emulator) create(region, name, template string) error {
	named := map[string]string{
		"StackName": name, "ChangeSetName": "first", "ChangeSetType": "CREATE", "TemplateBody": template,
		"Capabilities.member.1": "CAPABILITY_NAMED_IAM",
	}
	if err := e.formation(region, "CreateChangeSet", named, nil); err != nil {
		return err
	}
	if err := e.formation(region, "ExecuteChangeSet", named, nil); err != nil {
		return err
	}
	s, err := e.stack(region, name)
	if err == nil && s.Status != "CREATE_COMPLETE" {
		err = &refusal{Code: s.Status, Message: s.Reason}
	}
	return err
}

// one is a template with one resource.
func one(kind, properties string) string {
	return fmt.Sprintf(`{"Resources": {"one": {"Type": %q, "Properties": %s}}}`, kind, properties)
}

func many(n int) string {
	topics := make([]string, n)
	for i := range topics {
		topics[i] = fmt.Sprintf(`"t%d": {"Type": "AWS::SNS::Topic"}`, i)
	}
	return `{"Resources": {` + strings.Join(topics, ",") + `}}`
}

const exporting = `{"Resources": {"one": {"Type": "AWS::SNS::Topic"}},
	"Outputs": {"arn": {"Value": {"Ref": "one"}, "Export": {"Name": "exported-once"}}}}`

// A deploy proves something only where it can fail.
func TestEmulatorRefuses(t *testing.T) {
	t.Parallel()
	if err := cloud.create(region, "exporting", exporting); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ template, why string }{
		"a type that there is not":        {one("AWS::Nowhere::Thing", `{}`), "Unrecognized resource types: [AWS::Nowhere::Thing]"},
		"a type that it does not play":    {one("AWS::EC2::VPC", `{"CidrBlock": "10.0.0.0/16"}`), "Unrecognized resource types: [AWS::EC2::VPC]"},
		"a property that there is not":    {one("AWS::SQS::Queue", `{"Colour": "red"}`), "'Colour' was unexpected"},
		"a value that there is not":       {one("AWS::Logs::LogGroup", `{"RetentionInDays": 17}`), "17 is not one of"},
		"a property that is missing":      {one("AWS::Lambda::Function", `{"Code": {"ZipFile": "x"}}`), "'Role' is a required property"},
		"a property that is only read":    {one("AWS::SNS::Topic", `{"TopicArn": "arn:aws:sns:eu-north-1:123456789012:t"}`), "TopicArn can only be read"},
		"a property that nobody asks for": {one("AWS::Logs::LogGroup", `{"LogGroupClass": "INFREQUENT_ACCESS"}`), "does not show LogGroupClass as given"},
		"an unknown attribute of all":     {`{"Resources": {"one": {"Type": "AWS::SNS::Topic", "DeletePolicy": "Retain"}}}`, "unknown attribute DeletePolicy"},
		"a reference to nothing":          {one("AWS::SNS::Topic", `{"KmsMasterKeyId": {"Ref": "two"}}`), "undefined two"},
		"an attribute of nothing": {
			`{"Resources": {"one": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["two", "Colour"]}}}, "two": {"Type": "AWS::SQS::Queue"}}}`,
			"does not support attribute type Colour",
		},
		"an output of nothing": {
			`{"Resources": {"one": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"colour": {"Value": {"Fn::GetAtt": ["one", "Colour"]}}}}`,
			"does not support attribute type Colour",
		},
		"a function that there is not": {one("AWS::SNS::Topic", `{"DisplayName": {"Fn::Length": [1]}}`), "does not know Fn::Length"},
		"a circle": {
			`{"Resources": {"one": {"Type": "AWS::SNS::Topic", "DependsOn": "two"}, "two": {"Type": "AWS::SNS::Topic", "DependsOn": "one"}}}`,
			"Circular dependency",
		},
		"an import of nothing": {one("AWS::SNS::Topic", `{"DisplayName": {"Fn::ImportValue": "nobody's"}}`), "No export named nobody's"},
		"a second export":      {exporting, "exported-once is already exported"},
		"a secret that there is not": {
			one("AWS::SNS::Topic", `{"DisplayName": "{{resolve:secretsmanager:nobodys:SecretString}}"}`), "can't find the specified secret",
		},
		"a role that there is not": {
			one("AWS::IAM::Policy", `{"PolicyName": "p", "Roles": ["nobody"], "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}`), "nobody",
		},
		"a route to no function": {
			one("AWS::ApiGatewayV2::Api", `{"Body": {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/v1": {"get": {
				"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "timeoutInMillis": 1000,
				"uri": "arn:aws:apigateway:eu-north-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-north-1:123456789012:function:nobody/invocations"}}}}}}`),
			"Function not found",
		},
		"limits of a route that there is not": {
			`{"Resources": {"api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "a", "ProtocolType": "HTTP"}}, "one": {"Type": "AWS::ApiGatewayV2::Stage",
				"Properties": {"ApiId": {"Ref": "api"}, "StageName": "$default", "RouteSettings": {"GET /v1": {"ThrottlingRateLimit": 1}}}}}}`,
			"Unable to find Route by key GET /v1",
		},
		"a firewall in the wrong region": {
			one("AWS::WAFv2::WebACL", `{"Scope": "CLOUDFRONT", "DefaultAction": {"Allow": {}},
				"VisibilityConfig": {"CloudWatchMetricsEnabled": true, "MetricName": "m", "SampledRequestsEnabled": false}}`),
			"us-east-1",
		},
		"more than 500 resources": {many(501), "501 Resources, the limit is 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := cloud.create(region, "refused-"+strings.ReplaceAll(name, " ", "-"), c.template)
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("got %v, want %s", err, c.why)
			}
		})
	}
}

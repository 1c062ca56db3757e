package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/portal"
)

// What a function of an endpoint gets.
const (
	endpointTimeout = 10 * time.Second
	endpointMemory  = 512  // enough that a TLS handshake is not felt
	pagesMemory     = 256  // the pages are there already
	hashingMemory   = 1769 // one whole processor: a password hash is all processor
	// What works through a whole organization gets a whole processor too, and
	// most of the half minute that the gateway waits.
	wholeTimeout = 27 * time.Second
	wholeMemory  = 1769
	// publicReserved bounds what anybody can make us pay for, and keeps that
	// much for signing in when signed-in callers are many. It is enough for the
	// password hashes of publicRate.
	publicReserved = 25
)

// What the stage lets through on each route, for all callers together: requests
// a second, and how many may come at once. It bounds costs; one caller's share
// is bounded where callers are known, in the handlers.
const (
	signedRate, signedBurst = 200, 400
	publicRate, publicBurst = 100, 50
)

// apiProps say what the API serves.
type apiProps struct {
	deployment
	Endpoints []endpoint.Endpoint
}

// apiStack makes the HTTP API: for each endpoint its function and its path, and
// the portal's pages with the function that serves them. All of it stays in one
// template, which `sam local` needs. The paths are in the API's own description,
// so that an endpoint takes three resources and not five.
//
// The gateway lets everybody through to the handlers, which alone decide who
// may do what: an authorizer caches, and a lock must act at once. There is no
// CORS, since the portal is on the same host.
func apiStack(app constructs.Construct, p apiProps) awscdk.Stack {
	stack := newStack(app, p.Config, "api", "Fullmakt: the HTTP API and its functions.", false)
	a := arns{stack: stack, config: p.Config, vault: p.Vault}
	logs := newLogGroup(stack, "logs")
	paths, limits := map[string]any{}, map[string]any{}
	functions := make([]awslambda.Function, len(p.Endpoints))
	for i, e := range p.Endpoints {
		f := endpointFunction(a, p.deployment, e, logs)
		functions[i] = newFunction(stack, f)
		if e.Needing(endpoint.WriteFiles) {
			except(functions[i].Role(), "AwsSolutions-IAM5", "The names of files are random; they are below a folder that is for them alone.",
				"Resource::arn:<AWS::Partition>:s3:::"+p.FileBucket+"/"+awsapp.FilePrefix+"*")
		}
		integrate(a, paths, e.Path, strings.ToLower(e.Method), functions[i], f.Timeout)
		if e.Access.Public != "" {
			limits[e.Method+" "+e.Path] = publicLimit()
		}
	}
	pages := newFunction(stack, functionProps{
		deployment: p.deployment,
		ID:         portal.ID, Summary: "Serves the portal's pages.", Variables: awsapp.PageVariables(), Logs: logs,
		Timeout: endpointTimeout, Memory: pagesMemory, Reserved: publicReserved,
	})
	for _, pattern := range portal.Paths() {
		if strings.HasSuffix(pattern, "/") {
			pattern += "{file+}"
		}
		integrate(a, paths, pattern, "x-amazon-apigateway-any-method", pages, endpointTimeout)
		limits["ANY "+pattern] = publicLimit()
	}

	description := map[string]any{"openapi": "3.0.1", "info": map[string]any{"title": p.Name(), "version": "1"}, "paths": paths}
	if p.Edge != nil {
		// Where OpenAPI 3 wants it: at the top it is not heeded.
		description["servers"] = []any{map[string]any{
			"x-amazon-apigateway-endpoint-configuration": map[string]any{"disableExecuteApiEndpoint": true},
		}}
	}
	api := awsapigatewayv2.NewCfnApi(stack, jsii.String("http"), &awsapigatewayv2.CfnApiProps{Body: description})
	// The CDK's own integration would let every method of a path invoke what is behind one.
	for i, e := range p.Endpoints {
		permitGateway(a, api, e.ID, functions[i], "*/"+e.Method+e.Path) // of any stage, of which there is one
	}
	permitGateway(a, api, portal.ID, pages, "*/*")
	stage := awsapigatewayv2.NewCfnStage(stack, jsii.String("stage"), &awsapigatewayv2.CfnStageProps{
		ApiId:      api.Ref(),
		StageName:  jsii.String("$default"),
		AutoDeploy: jsii.Bool(true),
		AccessLogSettings: &awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
			DestinationArn: newLogGroup(stack, "access-logs").LogGroupArn(), Format: jsii.String(accessLogFormat()),
		},
		DefaultRouteSettings: &awsapigatewayv2.CfnStage_RouteSettingsProperty{
			ThrottlingRateLimit: jsii.Number(signedRate), ThrottlingBurstLimit: jsii.Number(signedBurst),
		},
		RouteSettings: limits,
	})
	apiAlarms(stack, p.deployment, *api.Ref())
	dashboard(stack, p.deployment, *api.Ref())
	if p.Edge == nil {
		awscdk.NewCfnOutput(stack, jsii.String("url"), &awscdk.CfnOutputProps{Value: api.AttrApiEndpoint()})
	} else {
		apiDomain(stack, p.Edge, api, stage)
	}
	return stack
}

// apiDomain gives the API the host that the distribution calls it by.
func apiDomain(stack awscdk.Stack, e *Edge, api awsapigatewayv2.CfnApi, stage awsapigatewayv2.CfnStage) {
	domain := awsapigatewayv2.NewCfnDomainName(stack, jsii.String("domain"), &awsapigatewayv2.CfnDomainNameProps{
		DomainName: &e.APIHost,
		DomainNameConfigurations: []*awsapigatewayv2.CfnDomainName_DomainNameConfigurationProperty{{
			CertificateArn: &e.APICertificate, EndpointType: jsii.String("REGIONAL"), SecurityPolicy: jsii.String("TLS_1_2"),
		}},
	})
	awsapigatewayv2.NewCfnApiMapping(stack, jsii.String("mapping"), &awsapigatewayv2.CfnApiMappingProps{
		ApiId: api.Ref(), DomainName: domain.Ref(), Stage: stage.Ref(),
	})
	awscdk.NewCfnOutput(stack, jsii.String("api-record"), &awscdk.CfnOutputProps{
		Description: jsii.String("A CNAME record of the API's host."),
		Value:       awscdk.Fn_Join(jsii.String(" CNAME "), &[]*string{&e.APIHost, domain.AttrRegionalDomainName()}),
	})
}

// endpointFunction is what the function of an endpoint gets.
func endpointFunction(a arns, d deployment, e endpoint.Endpoint, logs awslogs.LogGroup) functionProps {
	required, optional := awsapp.EndpointVariables(e.Needs)
	f := functionProps{
		deployment: d,
		ID:         e.ID, Summary: e.Summary, Variables: append(required, optional...), Policy: endpointPolicy(a, e.Spec), Logs: logs,
		Timeout: endpointTimeout, Memory: endpointMemory,
	}
	if e.Hashes {
		f.Memory = hashingMemory
	}
	if e.Whole {
		f.Memory, f.Timeout = wholeMemory, wholeTimeout
	}
	if e.Access.Public != "" {
		f.Reserved = publicReserved
	}
	return f
}

// integrate leads a method of a path to a function, which the gateway waits for a
// second longer than the function may take.
func integrate(a arns, paths map[string]any, path, method string, function awslambda.Function, timeout time.Duration) {
	methods, _ := paths[path].(map[string]any)
	if methods == nil {
		methods = map[string]any{}
		paths[path] = methods
	}
	methods[method] = map[string]any{
		"responses": map[string]any{"200": map[string]any{"description": "what the function answers"}},
		"x-amazon-apigateway-integration": map[string]any{
			"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "uri": a.invocation(function),
			"timeoutInMillis": (timeout + time.Second).Milliseconds(),
		},
	}
}

// permitGateway lets the gateway invoke a function for what it routes there.
func permitGateway(a arns, api awsapigatewayv2.CfnApi, id string, function awslambda.Function, route string) {
	awslambda.NewCfnPermission(a.stack, jsii.String(id+"-permission"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: function.FunctionArn(),
		Principal: jsii.String("apigateway.amazonaws.com"), SourceArn: a.of("execute-api", *api.Ref(), route),
	})
}

func publicLimit() map[string]any {
	return map[string]any{"ThrottlingRateLimit": publicRate, "ThrottlingBurstLimit": publicBurst}
}

// accessLogFormat names everything that is logged of a request: nothing of it
// tells who asked, from where, or about whom.
func accessLogFormat() string {
	format, err := json.Marshal(map[string]string{
		"requestId":        "$context.requestId",
		"routeKey":         "$context.routeKey",
		"status":           "$context.status",
		"latency":          "$context.responseLatency",
		"integrationError": "$context.integrationErrorMessage",
	})
	if err != nil {
		panic(err) // strings are always JSON
	}
	return string(format)
}

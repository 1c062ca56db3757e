package main

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// What a function of an endpoint gets.
const (
	endpointTimeout = 10 * time.Second
	endpointMemory  = 512  // enough that a TLS handshake is not felt
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

// apiStack makes the HTTP API: for each endpoint its function and its route.
// They stay in one template, which `sam local` needs.
//
// The gateway lets everybody through to the handlers, which alone decide who
// may do what: an authorizer caches, and a lock must act at once. There is no
// CORS, since the portal is on the same host.
func apiStack(app constructs.Construct, p apiProps) awscdk.Stack {
	stack := newStack(app, p.Config, "api", "Fullmakt: the HTTP API and its functions.", false)
	api := awsapigatewayv2.NewCfnApi(stack, jsii.String("http"), &awsapigatewayv2.CfnApiProps{
		Name: jsii.String(p.Name()), ProtocolType: jsii.String("HTTP"),
	})
	a := arns{stack: stack, config: p.Config, vault: p.Vault}
	public := map[string]any{}
	var first []awscdk.CfnResource
	for _, e := range p.Endpoints {
		route := newRoute(stack, a, api, p, e)
		if e.Access.Public != "" {
			public[*route.RouteKey()] = map[string]any{"ThrottlingRateLimit": publicRate, "ThrottlingBurstLimit": publicBurst}
			first = append(first, route)
		}
	}
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
		RouteSettings: public,
	})
	for _, route := range first {
		stage.AddDependency(route) // settings are refused for a route that is not there yet
	}
	newAlarm(stack, p.Alarms, alarmProps{
		ID:          "api-errors",
		Description: "An endpoint failed, crashed, timed out or had no execution left. The access log says which.",
		Namespace:   "AWS/ApiGateway", Metric: "5xx", Statistic: "Sum", Dimension: "ApiId", Of: *api.Ref(),
	})
	awscdk.NewCfnOutput(stack, jsii.String("url"), &awscdk.CfnOutputProps{Value: api.AttrApiEndpoint()})
	return stack
}

// newRoute makes the function of an endpoint and routes to it.
func newRoute(stack awscdk.Stack, a arns, api awsapigatewayv2.CfnApi, p apiProps, e endpoint.Endpoint) awsapigatewayv2.CfnRoute {
	f := functionProps{
		deployment: p.deployment,
		ID:         e.ID, Summary: e.Summary, Needs: e.Needs, Policy: endpointPolicy(a, e.Spec),
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
	function := newFunction(stack, f)
	// The CDK's own integration would let every method of the path invoke it.
	awslambda.NewCfnPermission(stack, jsii.String(e.ID+"-permission"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: function.FunctionArn(),
		Principal: jsii.String("apigateway.amazonaws.com"),
		SourceArn: a.of("execute-api", *api.Ref(), "*/"+e.Method+e.Path), // of any stage, of which there is one
	})
	integration := awsapigatewayv2.NewCfnIntegration(stack, jsii.String(e.ID+"-integration"), &awsapigatewayv2.CfnIntegrationProps{
		ApiId: api.Ref(), IntegrationType: jsii.String("AWS_PROXY"), IntegrationUri: function.FunctionArn(),
		PayloadFormatVersion: jsii.String("2.0"),
		TimeoutInMillis:      jsii.Number((f.Timeout + time.Second).Milliseconds()),
	})
	return awsapigatewayv2.NewCfnRoute(stack, jsii.String(e.ID+"-route"), &awsapigatewayv2.CfnRouteProps{
		ApiId: api.Ref(), RouteKey: jsii.String(e.Method + " " + e.Path), AuthorizationType: jsii.String("NONE"),
		Target: awscdk.Fn_Join(jsii.String("/"), jsii.Strings("integrations", *integration.Ref())),
	})
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

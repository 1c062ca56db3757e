package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/portal"
)

// TestXI3_RoutesAreTheEndpoints: each endpoint's route leads to its function
// and is all that may invoke it; besides there are the pages. Nobody is let in or
// kept out by the gateway, so that none of its answers is an old one.
func TestXI3_XI2_RoutesAreTheEndpoints(t *testing.T) {
	t.Parallel()
	a := synth(t)
	type route struct {
		Function string
		Invokers []string
		Timeout  float64
	}
	execute := "arn:${AWS::Partition}:execute-api:" + account + ":${http}/"
	want, got := map[string]route{}, map[string]route{}
	for _, e := range api.Endpoints() {
		r := route{e.ID, []string{execute + "*/" + e.Method + e.Path}, 11000}
		if e.Whole {
			r.Timeout = 28000
		}
		want[strings.ToLower(e.Method)+" "+e.Path] = r
	}
	for _, page := range portal.Paths() {
		want["x-amazon-apigateway-any-method "+strings.TrimSuffix(page, "/")+strings.Repeat("/{file+}", strings.Count(page, "/")-1)] = route{portal.ID, []string{execute + "*/*"}, 11000}
	}
	invokers := map[string][]string{} // by function
	for _, p := range a.all("api", "AWS::Lambda::Permission") {
		function := a.referred(t, "api", p.at("FunctionName")).name
		invokers[function] = append(invokers[function], p.at("SourceArn").(string))
		if p.at("Principal") != "apigateway.amazonaws.com" || p.at("Action") != "lambda:InvokeFunction" {
			t.Errorf("%s: %s", p.name, asJSON(p.Properties))
		}
	}
	description := a.only(t, "AWS::ApiGatewayV2::Api").at("Body").(m)
	for path, methods := range description["paths"].(m) {
		for method, operation := range methods.(m) {
			var o struct {
				Security    []any
				Integration struct {
					Type, HTTPMethod, PayloadFormatVersion, URI string
					TimeoutInMillis                             float64
				} `json:"x-amazon-apigateway-integration"`
			}
			if err := json.Unmarshal([]byte(asJSON(operation)), &o); err != nil {
				t.Fatal(err)
			}
			in := o.Integration
			function := strings.TrimSuffix(strings.TrimPrefix(in.URI, "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${"), ".Arn}/invocations")
			if in.Type != "aws_proxy" || in.HTTPMethod != "POST" || in.PayloadFormatVersion != "2.0" || o.Security != nil {
				t.Errorf("%s %s: %s", method, path, asJSON(operation))
			}
			got[method+" "+path] = route{function, invokers[function], in.TimeoutInMillis}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("routes (-want +got):\n%s", d)
	}
	if n := len(a.functions("api")); n != len(api.Endpoints())+1 {
		t.Errorf("%d functions for %d endpoints and the pages", n, len(api.Endpoints()))
	}
	for key := range description {
		if !slices.Contains([]string{"openapi", "info", "paths", "servers"}, key) {
			t.Errorf("the API is described with %s, too", key)
		}
	}
	doors := map[string]string{
		"AWS::ApiGatewayV2::Api": "api", "AWS::ApiGatewayV2::Stage": "api", "AWS::ApiGatewayV2::DomainName": "api", "AWS::ApiGatewayV2::ApiMapping": "api",
		"AWS::CloudFront::Distribution": "portal",
	}
	for name, stack := range a.Stacks {
		for _, r := range stack.Resources {
			door := strings.HasPrefix(r.Type, "AWS::ApiGateway") || strings.HasPrefix(r.Type, "AWS::ElasticLoadBalancing") ||
				r.Type == "AWS::Lambda::Url" || r.Type == "AWS::CloudFront::Distribution"
			if door && name != doors[r.Type] {
				t.Errorf("stack %s: %s is another way in", name, r.name)
			}
		}
	}
}

// TestXI4_TheAPIIsClosed: the address that AWS gives the API does not answer; the
// one of its own is the distribution's.
func TestXI4_TheAPIIsClosed(t *testing.T) {
	t.Parallel()
	a := synth(t)
	if d := cmp.Diff([]any{m{"x-amazon-apigateway-endpoint-configuration": m{"disableExecuteApiEndpoint": true}}}, a.only(t, "AWS::ApiGatewayV2::Api").at("Body", "servers")); d != "" {
		t.Errorf("AWS's address (-want +got):\n%s", d)
	}
	domain := a.only(t, "AWS::ApiGatewayV2::DomainName")
	if d := cmp.Diff(m{
		"DomainName": "api.portal.example.com", "DomainNameConfigurations": []any{m{
			"CertificateArn": full.Edge.APICertificate, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2",
		}},
	}, domain.Properties); d != "" {
		t.Errorf("domain (-want +got):\n%s", d)
	}
	if d := cmp.Diff(m{"ApiId": "${http}", "DomainName": "${domain}", "Stage": "${stage}"}, a.only(t, "AWS::ApiGatewayV2::ApiMapping").Properties); d != "" {
		t.Errorf("mapping (-want +got):\n%s", d)
	}
}

// TestXI4_Throttles: every route is throttled, and the public ones, which are
// those whose endpoints say so and the pages, apart from the others.
func TestXI4_Throttles(t *testing.T) {
	t.Parallel()
	a := synth(t)
	stage := a.only(t, "AWS::ApiGatewayV2::Stage")
	if stage.at("StageName") != "$default" || stage.at("AutoDeploy") != true {
		t.Errorf("stage %v, deployed by itself: %v", stage.at("StageName"), stage.at("AutoDeploy"))
	}
	if d := cmp.Diff(m{"ThrottlingRateLimit": 200.0, "ThrottlingBurstLimit": 400.0}, stage.at("DefaultRouteSettings")); d != "" {
		t.Errorf("every route (-want +got):\n%s", d)
	}
	want := m{"ANY /portal/{file+}": m{"ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 50.0}}
	for _, e := range api.Endpoints() {
		if e.Access.Public != "" {
			want[e.Method+" "+e.Path] = m{"ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 50.0}
		}
	}
	for _, page := range portal.Paths() {
		if !strings.HasSuffix(page, "/") {
			want["ANY "+page] = m{"ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 50.0}
		}
	}
	if d := cmp.Diff(want, stage.at("RouteSettings")); d != "" {
		t.Errorf("public routes (-want +got):\n%s", d)
	}
}

// TestXI5_NoCORS: no other site is let in.
func TestXI5_NoCORS(t *testing.T) {
	t.Parallel()
	api := synth(t).only(t, "AWS::ApiGatewayV2::Api")
	if api.at("CorsConfiguration") != nil || api.at("Body", "x-amazon-apigateway-cors") != nil {
		t.Errorf("CORS is %v, %v", api.at("CorsConfiguration"), api.at("Body", "x-amazon-apigateway-cors"))
	}
}

// TestXH2_AccessLogTellsNothingOfPeople: no address, no path with its ids, no query
// and no agent is in the access log.
func TestXH2_AccessLogTellsNothingOfPeople(t *testing.T) {
	t.Parallel()
	a := synth(t)
	stage := a.only(t, "AWS::ApiGatewayV2::Stage")
	var got map[string]string
	if err := json.Unmarshal([]byte(stage.at("AccessLogSettings", "Format").(string)), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"requestId": "$context.requestId", "routeKey": "$context.routeKey", "status": "$context.status",
		"latency": "$context.responseLatency", "integrationError": "$context.integrationErrorMessage",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("access log (-want +got):\n%s", d)
	}
	if to := stage.at("AccessLogSettings", "DestinationArn"); to != "${access-logs.Arn}" {
		t.Errorf("it goes to %v", to)
	}
}

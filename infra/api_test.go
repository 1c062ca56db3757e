package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
)

// TestXI3_RoutesAreTheEndpoints: each endpoint's route leads to its function
// and is all that may invoke it; nothing else is routed anywhere.
func TestXI3_RoutesAreTheEndpoints(t *testing.T) {
	t.Parallel()
	a := synth(t)
	type route struct {
		Function                        string
		Invokers                        []string
		Authorization, Kind, PayloadVer any
	}
	want, got := map[string]route{}, map[string]route{}
	for _, e := range api.Endpoints() {
		want[e.Method+" "+e.Path] = route{
			Function:      e.ID,
			Invokers:      []string{"arn:${AWS::Partition}:execute-api:" + account + ":${http}/*/" + e.Method + e.Path},
			Authorization: "NONE", Kind: "AWS_PROXY", PayloadVer: "2.0",
		}
	}
	invokers := map[string][]string{} // by function
	for _, p := range a.all("api", "AWS::Lambda::Permission") {
		function := a.referred(t, "api", p.at("FunctionName")).name
		invokers[function] = append(invokers[function], p.at("SourceArn").(string))
		if p.at("Principal") != "apigateway.amazonaws.com" || p.at("Action") != "lambda:InvokeFunction" {
			t.Errorf("%s: %s", p.name, asJSON(p.Properties))
		}
	}
	for _, r := range a.all("api", "AWS::ApiGatewayV2::Route") {
		integration := a.referred(t, "api", strings.TrimPrefix(r.at("Target").(string), "integrations/"))
		function := a.referred(t, "api", integration.at("IntegrationUri")).name
		got[r.at("RouteKey").(string)] = route{
			Function: function, Invokers: invokers[function], Authorization: r.at("AuthorizationType"),
			Kind: integration.at("IntegrationType"), PayloadVer: integration.at("PayloadFormatVersion"),
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("routes (-want +got):\n%s", d)
	}
	if n := len(a.functions("api")); n != len(want) {
		t.Errorf("%d functions for %d endpoints", n, len(want))
	}
	if http := a.only(t, "AWS::ApiGatewayV2::Api"); http.name != "http" {
		t.Errorf("the API is %s", http.name)
	}
	for name, stack := range a.Stacks {
		for _, r := range stack.Resources {
			door := strings.HasPrefix(r.Type, "AWS::ApiGateway") || strings.HasPrefix(r.Type, "AWS::ElasticLoadBalancing") || r.Type == "AWS::Lambda::Url"
			if door && name != "api" {
				t.Errorf("stack %s: %s is another way in", name, r.name)
			}
		}
	}
}

// TestXI4_Throttles: every route is throttled, and the public ones, which are
// those whose endpoints say so, apart from the others.
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
	want, routes := m{}, []string{}
	for _, e := range api.Endpoints() {
		if e.Access.Public != "" {
			want[e.Method+" "+e.Path] = m{"ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 50.0}
			routes = append(routes, e.ID+"-route")
		}
	}
	if d := cmp.Diff(want, stage.at("RouteSettings")); d != "" {
		t.Errorf("public routes (-want +got):\n%s", d)
	}
	var before []string
	for _, id := range stage.DependsOn {
		before = append(before, a.nameOf(id))
	}
	slices.Sort(routes)
	slices.Sort(before)
	if d := cmp.Diff(routes, before); d != "" {
		t.Errorf("what the stage must wait for (-want +got):\n%s", d)
	}
}

// TestXI5_NoCORS: no other site is let in.
func TestXI5_NoCORS(t *testing.T) {
	t.Parallel()
	if cors := synth(t).only(t, "AWS::ApiGatewayV2::Api").at("CorsConfiguration"); cors != nil {
		t.Errorf("CORS is %v", cors)
	}
}

// TestAccessLogTellsNothingOfPeople: no address, no path with its ids, no query
// and no agent is in the access log.
func TestAccessLogTellsNothingOfPeople(t *testing.T) {
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

package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/lambdahttp"
)

// behavior is how the distribution treats a path.
func behavior(t *testing.T, v any) m {
	t.Helper()
	b := v.(m)
	if d := cmp.Diff([]any{m{"EventType": "viewer-request", "FunctionARN": "${viewer.FunctionARN}"}}, b["FunctionAssociations"]); d != "" {
		t.Errorf("%v, who calls (-want +got):\n%s", b["PathPattern"], d)
	}
	if b["ResponseHeadersPolicyId"] != "${headers}" {
		t.Errorf("%v: headers are %v", b["PathPattern"], b["ResponseHeadersPolicyId"])
	}
	return m{"Cache": b["CachePolicyId"], "Request": b["OriginRequestPolicyId"], "Protocol": b["ViewerProtocolPolicy"], "Methods": b["AllowedMethods"]}
}

// TestXI4_Distribution: pages and API are one host by TLS only; what the API
// answers is kept nowhere, and nothing but the caller's address reaches the pages.
func TestXI4_Distribution(t *testing.T) {
	t.Parallel()
	a := synth(t)
	c := a.only(t, "AWS::CloudFront::Distribution").at("DistributionConfig").(m)
	const cachingDisabled, allViewerExceptHost = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "b689b0a8-53d0-40ab-baf2-68738e2966ac"
	got := map[string]m{"": behavior(t, c["DefaultCacheBehavior"])}
	for _, b := range c["CacheBehaviors"].([]any) {
		got[b.(m)["PathPattern"].(string)] = behavior(t, b)
	}
	all := []any{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
	ofAPI := m{"Cache": cachingDisabled, "Request": allViewerExceptHost, "Protocol": "https-only", "Methods": all}
	want := map[string]m{
		"":      {"Cache": "${pages-cache}", "Request": "${pages-request}", "Protocol": "redirect-to-https", "Methods": nil},
		"/v1/*": ofAPI, "/access/*": ofAPI, "/.well-known/*": ofAPI,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
	for _, e := range api.Endpoints() {
		first, _, _ := strings.Cut(e.Path[1:], "/")
		if _, ok := got["/"+first+"/*"]; !ok {
			t.Errorf("%s is among the pages", e.Path)
		}
	}
	if d := cmp.Diff([]any{m{
		"DomainName": "api.portal.example.com", "Id": c["DefaultCacheBehavior"].(m)["TargetOriginId"],
		"CustomOriginConfig":  m{"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": []any{"TLSv1.2"}},
		"OriginCustomHeaders": []any{m{"HeaderName": lambdahttp.OriginHeader, "HeaderValue": "{{resolve:secretsmanager:fullmakt-test-origin-key:SecretString}}"}},
	}}, c["Origins"]); d != "" {
		t.Errorf("origins (-want +got):\n%s", d)
	}
	if d := cmp.Diff(m{
		"Aliases": []any{"portal.example.com"}, "WebACLId": "${firewall.Arn}", "DefaultRootObject": "sign-in", "Logging": nil,
		"ViewerCertificate": m{"AcmCertificateArn": full.Edge.Certificate, "MinimumProtocolVersion": "TLSv1.2_2021", "SslSupportMethod": "sni-only"},
	}, m{
		"Aliases": c["Aliases"], "WebACLId": c["WebACLId"], "DefaultRootObject": c["DefaultRootObject"], "Logging": c["Logging"],
		"ViewerCertificate": c["ViewerCertificate"],
	}); d != "" {
		t.Errorf("distribution (-want +got):\n%s", d)
	}
	if d := cmp.Diff(m{
		"CookiesConfig": m{"CookieBehavior": "none"}, "HeadersConfig": m{"HeaderBehavior": "none"}, "QueryStringsConfig": m{"QueryStringBehavior": "none"},
		"EnableAcceptEncodingBrotli": true, "EnableAcceptEncodingGzip": true,
	}, a.only(t, "AWS::CloudFront::CachePolicy").at("CachePolicyConfig", "ParametersInCacheKeyAndForwardedToOrigin")); d != "" {
		t.Errorf("what makes another page (-want +got):\n%s", d)
	}
	if env := a.artifact(t, "portal"); !slices.Contains(env.Dependencies, "api") {
		t.Errorf("before the portal come %v", env.Dependencies)
	}
}

// TestXI4_ANewKeyIsLookedUp: CloudFormation looks a secret up only where the
// template changes; with the key's hash, it does.
func TestXI4_ANewKeyIsLookedUp(t *testing.T) {
	t.Parallel()
	comment, _ := synth(t).only(t, "AWS::CloudFront::Distribution").at("DistributionConfig", "Comment").(string)
	if !strings.Contains(comment, full.Edge.OriginKeys[0][:8]) {
		t.Errorf("the comment %q is the same with every key", comment)
	}
}

// TestXI4_Firewall: what everybody refuses is refused before it costs anything,
// one address has no end of requests, and no request is kept to be looked at.
func TestXI4_Firewall(t *testing.T) {
	t.Parallel()
	acl := synth(t).only(t, "AWS::WAFv2::WebACL")
	if acl.at("Scope") != "CLOUDFRONT" || asJSON(acl.at("DefaultAction")) != `{"Allow":{}}` {
		t.Errorf("scope %v, default %s", acl.at("Scope"), asJSON(acl.at("DefaultAction")))
	}
	want := []string{
		`strangers 0 300 of {"OrStatement":{"Statements":["/v1/activations","/v1/email-undos","/v1/password-resets","/v1/sessions"]}} blocks 429`,
		`addresses 1 3000 of {"NotStatement":"/access/"} blocks 429`,
		`reputation 2 AWSManagedRulesAmazonIpReputationList, counting []`,
		`bad-inputs 3 AWSManagedRulesKnownBadInputsRuleSet, counting []`,
		`common 4 AWSManagedRulesCommonRuleSet, counting [SizeRestrictions_BODY CrossSiteScripting_BODY GenericLFI_BODY GenericRFI_BODY EC2MetaDataSSRF_BODY]`,
	}
	if d := cmp.Diff(want, firewallRules(t, acl)); d != "" {
		t.Errorf("rules (-want +got):\n%s", d)
	}
	if strings.Contains(asJSON(acl.Properties), `"SampledRequestsEnabled":true`) {
		t.Error("requests are kept to be looked at")
	}
}

// firewallRules tells a firewall's rules, one a line.
func firewallRules(t *testing.T, acl resource) (lines []string) {
	t.Helper()
	for _, v := range acl.at("Rules").([]any) {
		r := resource{Properties: v.(m)}
		line := asText(r.at("Name")) + " " + asJSON(r.at("Priority")) + " "
		if rate := r.at("Statement", "RateBasedStatement"); rate != nil {
			of := r.at("Statement", "RateBasedStatement", "ScopeDownStatement")
			if either, ok := of.(m)["OrStatement"].(m); ok {
				var begins []any
				for _, s := range either["Statements"].([]any) {
					begins = append(begins, s.(m)["ByteMatchStatement"].(m)["SearchString"])
				}
				of = m{"OrStatement": m{"Statements": begins}}
			} else {
				of = m{"NotStatement": of.(m)["NotStatement"].(m)["Statement"].(m)["ByteMatchStatement"].(m)["SearchString"]}
			}
			line += asJSON(rate.(m)["Limit"]) + " of " + asJSON(of) + " blocks " + asJSON(r.at("Action", "Block", "CustomResponse", "ResponseCode"))
		} else {
			group := r.at("Statement", "ManagedRuleGroupStatement").(m)
			var counted []string
			overrides, _ := group["RuleActionOverrides"].([]any)
			for _, o := range overrides {
				if asJSON(o.(m)["ActionToUse"]) == `{"Count":{}}` {
					counted = append(counted, asText(o.(m)["Name"]))
				}
			}
			line += asText(group["Name"]) + ", counting [" + strings.Join(counted, " ") + "]"
		}
		lines = append(lines, line)
	}
	return lines
}

func asText(v any) string {
	text, _ := v.(string)
	return text
}

// TestXI7_XI8_HeadersOnEveryAnswer: also on those that no handler made. Pages say
// more of what they may load than the policy of all else, which does not replace it.
func TestXI7_XI8_HeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	got := synth(t).only(t, "AWS::CloudFront::ResponseHeadersPolicy").at("ResponseHeadersPolicyConfig", "SecurityHeadersConfig")
	if d := cmp.Diff(m{
		"ContentSecurityPolicy":   m{"ContentSecurityPolicy": "default-src 'none'; frame-ancestors 'none'", "Override": false},
		"ContentTypeOptions":      m{"Override": true},
		"FrameOptions":            m{"FrameOption": "DENY", "Override": true},
		"ReferrerPolicy":          m{"ReferrerPolicy": "no-referrer", "Override": true},
		"StrictTransportSecurity": m{"AccessControlMaxAgeSec": 31536000.0, "IncludeSubdomains": true, "Override": true},
	}, got); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
}

// TestXA10_ViewerFunction: what the distribution runs says who calls, whatever
// the caller says.
func TestXA10_ViewerFunction(t *testing.T) {
	t.Parallel()
	code := viewerCode + `
const event = { viewer: { ip: '203.0.113.7' }, request: { uri: '/v1/me', headers: { 'x-fullmakt-viewer': { value: '192.0.2.99' }, host: { value: 'h' } } } };
console.log(JSON.stringify(handler(event)));`
	out, err := exec.Command("node", "-e", code).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := m{"uri": "/v1/me", "headers": m{strings.ToLower(lambdahttp.ViewerHeader): m{"value": "203.0.113.7"}, "host": m{"value": "h"}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the API is told (-want +got):\n%s", d)
	}
}

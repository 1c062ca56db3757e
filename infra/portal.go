package main

import (
	_ "embed"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/lambdahttp"
)

const (
	// edgeRegion is the one where CloudFront takes firewalls and certificates from.
	edgeRegion = "us-east-1"
	// pagesCached is how long the distribution answers with a page that it has.
	pagesCached = time.Minute
	// yearHSTS is how long browsers are to come by TLS only.
	yearHSTS = 365 * 24 * time.Hour
	// What one address may ask for in five minutes: of everything, and of what anybody
	// can ask for without a session. Many people come from one company's address.
	addressRate, strangerRate = 3000, 300
)

//go:embed viewer.js
var viewerCode string

// portalStack makes the portal's host: a distribution with a firewall, in front
// of the pages and of the API. It is in us-east-1, where CloudFront wants the
// firewall, and knows the API by its host. No logs are kept here: they would hold
// people's addresses; what counts is in the API's.
func portalStack(app constructs.Construct, d deployment, endpoints []endpoint.Endpoint) awscdk.Stack {
	stack := newStackIn(app, d.Config, &awscdk.Environment{Region: jsii.String(edgeRegion)}, "portal", "Fullmakt: the portal's host.", false)
	origin := awscloudfrontorigins.NewHttpOrigin(&d.Edge.APIHost, &awscloudfrontorigins.HttpOriginProps{
		ProtocolPolicy:     awscloudfront.OriginProtocolPolicy_HTTPS_ONLY,
		OriginSslProtocols: &[]awscloudfront.OriginSslPolicy{awscloudfront.OriginSslPolicy_TLS_V1_2},
		// CloudFormation looks it up when it deploys, so that it is in no template.
		CustomHeaders: &map[string]*string{lambdahttp.OriginHeader: jsii.String("{{resolve:secretsmanager:" + d.OriginSecret() + ":SecretString}}")},
	})
	viewer := awscloudfront.NewFunction(stack, jsii.String("viewer"), &awscloudfront.FunctionProps{
		FunctionName: jsii.String(d.Name("viewer")), Code: awscloudfront.FunctionCode_FromInline(&viewerCode), Runtime: awscloudfront.FunctionRuntime_JS_2_0(),
		Comment: jsii.String("Tells the API who calls."),
	})
	told := &[]*awscloudfront.FunctionAssociation{{EventType: awscloudfront.FunctionEventType_VIEWER_REQUEST, Function: viewer}}
	headers := securityHeaders(stack, d.Config)
	api := &awscloudfront.BehaviorOptions{
		Origin:                origin,
		ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_HTTPS_ONLY,
		AllowedMethods:        awscloudfront.AllowedMethods_ALLOW_ALL(),
		CachePolicy:           awscloudfront.CachePolicy_CACHING_DISABLED(),
		OriginRequestPolicy:   awscloudfront.OriginRequestPolicy_ALL_VIEWER_EXCEPT_HOST_HEADER(),
		ResponseHeadersPolicy: headers,
		FunctionAssociations:  told,
	}
	behaviors := map[string]*awscloudfront.BehaviorOptions{}
	for _, e := range endpoints {
		first, _, _ := strings.Cut(e.Path[1:], "/")
		behaviors["/"+first+"/*"] = api
	}
	distribution := awscloudfront.NewDistribution(stack, jsii.String("distribution"), &awscloudfront.DistributionProps{
		// With another key comes another comment: CloudFormation looks the key up only
		// where something changes.
		Comment:                jsii.String("The portal of " + d.Name() + ", with the key " + d.Edge.OriginKeys[0][:8] + "."),
		DomainNames:            jsii.Strings(d.portalHost()),
		Certificate:            awscertificatemanager.Certificate_FromCertificateArn(stack, jsii.String("certificate"), &d.Edge.Certificate),
		MinimumProtocolVersion: awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021,
		HttpVersion:            awscloudfront.HttpVersion_HTTP2_AND_3,
		PriceClass:             awscloudfront.PriceClass_PRICE_CLASS_100,
		WebAclId:               firewall(stack, d.Config, endpoints).AttrArn(),
		DefaultRootObject:      jsii.String("sign-in"),
		DefaultBehavior: &awscloudfront.BehaviorOptions{
			Origin:                origin,
			ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS,
			CachePolicy:           pagesCache(stack, d.Config),
			OriginRequestPolicy:   pagesRequest(stack, d.Config),
			ResponseHeadersPolicy: headers,
			FunctionAssociations:  told,
			Compress:              jsii.Bool(true),
		},
		AdditionalBehaviors: &behaviors,
	})
	except(distribution, "AwsSolutions-CFR1", "Customers' people travel; who they are is shown by signing in.")
	except(distribution, "AwsSolutions-CFR3", "Its logs would hold people's addresses and the ids in paths; the API's access log says what counts.")
	awscdk.NewCfnOutput(stack, jsii.String("portal-record"), &awscdk.CfnOutputProps{
		Description: jsii.String("A CNAME record of the portal's host."),
		Value:       awscdk.Fn_Join(jsii.String(" CNAME "), &[]*string{jsii.String(d.portalHost()), distribution.DistributionDomainName()}),
	})
	return stack
}

// pagesCache keeps pages for a moment: they are the same for everybody, and
// nothing that a caller sends makes another of them.
func pagesCache(stack awscdk.Stack, c *Config) awscloudfront.CachePolicy {
	return awscloudfront.NewCachePolicy(stack, jsii.String("pages-cache"), &awscloudfront.CachePolicyProps{
		CachePolicyName: jsii.String(c.Name("pages")),
		// The pages ask browsers to come back every time, and the distribution not to.
		MinTtl: seconds(pagesCached), DefaultTtl: seconds(pagesCached), MaxTtl: seconds(pagesCached),
		EnableAcceptEncodingGzip: jsii.Bool(true), EnableAcceptEncodingBrotli: jsii.Bool(true),
	})
}

// pagesRequest is what the function of the pages gets to know of a request.
func pagesRequest(stack awscdk.Stack, c *Config) awscloudfront.OriginRequestPolicy {
	return awscloudfront.NewOriginRequestPolicy(stack, jsii.String("pages-request"), &awscloudfront.OriginRequestPolicyProps{
		OriginRequestPolicyName: jsii.String(c.Name("pages")),
		HeaderBehavior:          awscloudfront.OriginRequestHeaderBehavior_AllowList(jsii.String(lambdahttp.ViewerHeader)),
	})
}

// securityHeaders are on every answer, also on those that the gateway and the
// distribution make themselves. Where a handler has said it, its word stands.
func securityHeaders(stack awscdk.Stack, c *Config) awscloudfront.ResponseHeadersPolicy {
	return awscloudfront.NewResponseHeadersPolicy(stack, jsii.String("headers"), &awscloudfront.ResponseHeadersPolicyProps{
		ResponseHeadersPolicyName: jsii.String(c.Name()),
		SecurityHeadersBehavior: &awscloudfront.ResponseSecurityHeadersBehavior{
			StrictTransportSecurity: &awscloudfront.ResponseHeadersStrictTransportSecurity{
				AccessControlMaxAge: seconds(yearHSTS), IncludeSubdomains: jsii.Bool(true), Override: jsii.Bool(true),
			},
			ContentTypeOptions: &awscloudfront.ResponseHeadersContentTypeOptions{Override: jsii.Bool(true)},
			FrameOptions: &awscloudfront.ResponseHeadersFrameOptions{
				FrameOption: awscloudfront.HeadersFrameOption_DENY, Override: jsii.Bool(true),
			},
			ReferrerPolicy: &awscloudfront.ResponseHeadersReferrerPolicy{
				ReferrerPolicy: awscloudfront.HeadersReferrerPolicy_NO_REFERRER, Override: jsii.Bool(true),
			},
			ContentSecurityPolicy: &awscloudfront.ResponseHeadersContentSecurityPolicy{
				ContentSecurityPolicy: jsii.String("default-src 'none'; frame-ancestors 'none'"), Override: jsii.Bool(false),
			},
		},
		RemoveHeaders: jsii.Strings("Server", "Apigw-Requestid"),
	})
}

// firewall makes the rules that a request has to pass before it costs anything.
// No samples of requests are kept: they would hold people's addresses and tokens.
func firewall(stack awscdk.Stack, c *Config, endpoints []endpoint.Endpoint) awswafv2.CfnWebACL {
	slower := object{"Action": object{"Block": object{"CustomResponse": object{
		"ResponseCode": http.StatusTooManyRequests, "CustomResponseBodyKey": "throttled",
		"ResponseHeaders": []object{{"Name": "Retry-After", "Value": "300"}},
	}}}}
	itsOwn := object{"OverrideAction": object{"None": object{}}}
	var rules []object
	for i, rule := range []struct {
		name              string
		statement, action object
	}{
		{"strangers", atMost(strangerRate, strangers(endpoints)), slower},
		// The portal's own modules may all ask from one address.
		{"addresses", atMost(addressRate, object{"NotStatement": object{"Statement": begins("/access/")}}), slower},
		{"reputation", managed("AWSManagedRulesAmazonIpReputationList"), itsOwn},
		{"bad-inputs", managed("AWSManagedRulesKnownBadInputsRuleSet"), itsOwn},
		// Bodies are strict JSON, whose size the handlers bound and of which nothing is
		// run, shown as HTML or opened as a file; and a password may hold any of it.
		{"common", managed("AWSManagedRulesCommonRuleSet",
			"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "EC2MetaDataSSRF_BODY"), itsOwn},
	} {
		r := object{"Name": rule.name, "Priority": i, "Statement": rule.statement, "VisibilityConfig": visible(c.Name(rule.name))}
		maps.Copy(r, rule.action)
		rules = append(rules, r)
	}
	acl := awswafv2.NewCfnWebACL(stack, jsii.String("firewall"), &awswafv2.CfnWebACLProps{
		Name: jsii.String(c.Name()), Scope: jsii.String("CLOUDFRONT"),
		DefaultAction: &awswafv2.CfnWebACL_DefaultActionProperty{Allow: object{}},
		VisibilityConfig: &awswafv2.CfnWebACL_VisibilityConfigProperty{
			CloudWatchMetricsEnabled: jsii.Bool(true), MetricName: jsii.String(c.firewallMetric()), SampledRequestsEnabled: jsii.Bool(false),
		},
		CustomResponseBodies: object{"throttled": &awswafv2.CfnWebACL_CustomResponseBodyProperty{
			ContentType: jsii.String("APPLICATION_JSON"), Content: jsii.String(throttledProblem()),
		}},
	})
	// In CloudFormation's own words: the CDK drops a Count, which says nothing more.
	acl.AddPropertyOverride(jsii.String("Rules"), rules)
	return acl
}

// firewallMetric is what CloudWatch knows the firewall by.
func (c *Config) firewallMetric() string { return c.Name("firewall") }

// object is a JSON object in CloudFormation's words.
type object = map[string]any

// throttledProblem is what who asks too often is told, as the API itself would.
func throttledProblem() string {
	problem, err := json.Marshal(endpoint.Problem{
		Type: "about:blank", Title: http.StatusText(http.StatusTooManyRequests), Status: http.StatusTooManyRequests,
		Code: "throttled", Detail: "Too many requests come from your network. Try again in a few minutes.",
	})
	if err != nil {
		panic(err) // texts and numbers are always JSON
	}
	return string(problem)
}

// atMost counts some of the requests of an address in five minutes.
func atMost(rate int, of object) object {
	return object{"RateBasedStatement": object{"AggregateKeyType": "IP", "Limit": rate, "EvaluationWindowSec": 300, "ScopeDownStatement": of}}
}

// strangers are the requests of people who have no session yet, by what the paths
// of the public endpoints begin with.
func strangers(endpoints []endpoint.Endpoint) object {
	prefixes := map[string]bool{}
	for _, e := range endpoints {
		if e.Access.Public != "" && e.Method != http.MethodGet {
			prefixes[strings.Join(strings.Split(e.Path, "/")[:3], "/")] = true
		}
	}
	var paths []object
	for _, prefix := range slices.Sorted(maps.Keys(prefixes)) {
		paths = append(paths, begins(prefix))
	}
	return object{"OrStatement": object{"Statements": paths}}
}

// begins are the requests whose path does, however it is written.
func begins(prefix string) object {
	return object{"ByteMatchStatement": object{
		"FieldToMatch": object{"UriPath": object{}}, "PositionalConstraint": "STARTS_WITH", "SearchString": prefix,
		"TextTransformations": []object{{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "NORMALIZE_PATH"}},
	}}
}

// managed is a group of rules that AWS keeps; of some of them it only counts.
func managed(group string, counted ...string) object {
	statement := object{"VendorName": "AWS", "Name": group}
	var overrides []object
	for _, rule := range counted {
		overrides = append(overrides, object{"Name": rule, "ActionToUse": object{"Count": object{}}})
	}
	if overrides != nil {
		statement["RuleActionOverrides"] = overrides
	}
	return object{"ManagedRuleGroupStatement": statement}
}

func visible(metric string) object {
	return object{"CloudWatchMetricsEnabled": true, "MetricName": metric, "SampledRequestsEnabled": false}
}

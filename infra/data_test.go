package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/table"
)

// TestXI9_TableIsTheSchemaAndStays: the deployed table is the tested one, and
// is not lost by accident.
func TestXI9_TableIsTheSchemaAndStays(t *testing.T) {
	t.Parallel()
	a := synth(t)
	schema := table.TheSchema
	keys := func(pk, sk string) []any {
		return []any{m{"AttributeName": pk, "KeyType": "HASH"}, m{"AttributeName": sk, "KeyType": "RANGE"}}
	}
	texts := func(pk, sk string) []any {
		return []any{m{"AttributeName": pk, "AttributeType": "S"}, m{"AttributeName": sk, "AttributeType": "S"}}
	}
	attributes, indexes := texts(schema.PK, schema.SK), []any{}
	for _, index := range schema.Indexes {
		attributes = append(attributes, texts(index.PK, index.SK)...)
		indexes = append(indexes, m{
			"IndexName": string(index.Name), "KeySchema": keys(index.PK, index.SK), "Projection": m{"ProjectionType": "ALL"},
		})
	}
	got := a.only(t, "AWS::DynamoDB::Table")
	if d := cmp.Diff(m{
		"TableName":                        "fullmakt-test",
		"KeySchema":                        keys(schema.PK, schema.SK),
		"AttributeDefinitions":             attributes,
		"GlobalSecondaryIndexes":           indexes,
		"BillingMode":                      "PAY_PER_REQUEST",
		"TimeToLiveSpecification":          m{"AttributeName": schema.Expires, "Enabled": true},
		"StreamSpecification":              m{"StreamViewType": "KEYS_ONLY"},
		"PointInTimeRecoverySpecification": m{"PointInTimeRecoveryEnabled": true},
		"SSESpecification":                 m{"SSEEnabled": true},
		"DeletionProtectionEnabled":        true,
	}, got.Properties); d != "" {
		t.Errorf("table (-want +got):\n%s", d)
	}
	if got.DeletionPolicy != "Retain" || got.UpdateReplacePolicy != "Retain" {
		t.Errorf("deletion: %s; replacement: %s", got.DeletionPolicy, got.UpdateReplacePolicy)
	}
	if !a.artifact(t, "data").Properties.TerminationProtection {
		t.Error("the stack can be deleted")
	}
}

// TestXI9_FilesAreNobodyElsesAndSoonGone: the bucket of files is closed to the
// world, encrypted, reached by TLS only, and keeps nothing.
func TestXI9_FilesAreNobodyElsesAndSoonGone(t *testing.T) {
	t.Parallel()
	a := synth(t)
	if d := cmp.Diff(m{
		"BucketName":                     "fullmakt-test-files",
		"PublicAccessBlockConfiguration": m{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
		"OwnershipControls":              m{"Rules": []any{m{"ObjectOwnership": "BucketOwnerEnforced"}}},
		"BucketEncryption":               m{"ServerSideEncryptionConfiguration": []any{m{"ServerSideEncryptionByDefault": m{"SSEAlgorithm": "AES256"}}}},
		"LifecycleConfiguration": m{"Rules": []any{m{
			"ExpirationInDays": 1.0, "AbortIncompleteMultipartUpload": m{"DaysAfterInitiation": 1.0}, "Status": "Enabled",
		}}},
	}, a.only(t, "AWS::S3::Bucket").Properties, cmpopts.IgnoreMapEntries(func(name string, _ any) bool { return name == "Tags" })); d != "" {
		t.Errorf("bucket (-want +got):\n%s", d)
	}
	policy := a.only(t, "AWS::S3::BucketPolicy")
	for _, s := range policy.at("PolicyDocument", "Statement").([]any) {
		if s.(m)["Effect"] != "Deny" {
			t.Errorf("the bucket lets somebody in: %s", asJSON(s))
		}
	}
	text := asJSON(policy.Properties)
	for _, want := range []string{`"Bool":{"aws:SecureTransport":"false"}`, `"NumericLessThan":{"s3:TlsVersion":1.2}`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

const restoredStream = "arn:aws:dynamodb:eu-north-1:111122223333:table/fullmakt-test-1/stream/2026-11-22T12:00:00.000"

// TestXI10_ARestoredTableTakesThePlace: functions use the table that a state was
// restored to, by their variables, policies and stream; the stack's own stays as it
// is, with what others still import of it.
func TestXI10_ARestoredTableTakesThePlace(t *testing.T) {
	t.Parallel()
	settings := m{
		"profile": "rental", "operatorName": "Example Rental", "portalUrl": "https://portal.example.com", "mailFrom": "no-reply@portal.example.com",
		"fileBucket": "fullmakt-test-files", "reserveConcurrency": true, "edge": edge(nil), "restored": m{"table": "fullmakt-test-1", "stream": restoredStream},
	}
	c, err := readConfig("test", m{"test": settings})
	if err != nil {
		t.Fatal(err)
	}
	a, err := synthesize(*c)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(synth(t).only(t, "AWS::DynamoDB::Table").Properties, a.only(t, "AWS::DynamoDB::Table").Properties); d != "" {
		t.Errorf("the stack's own table (-was +is):\n%s", d)
	}
	before, after := synth(t).Stacks["data"].Outputs, a.Stacks["data"].Outputs
	for id, output := range before {
		if d := cmp.Diff(output.Export, after[id].Export); d != "" {
			t.Errorf("an export that is in use (-was +is):\n%s", d)
		}
	}
	mapped := 0
	for _, r := range a.all("mail", "AWS::Lambda::EventSourceMapping") {
		if arn, ok := r.at("EventSourceArn").(string); ok && arn == restoredStream {
			mapped++
		}
	}
	if mapped != 1 {
		t.Errorf("%d functions read the stream", mapped)
	}
	using, allowed := 0, 0
	for _, stack := range []string{"api", "mail", "jobs"} {
		for id, f := range a.functions(stack) {
			switch f.at("Environment", "Variables", awsapp.EnvTable) {
			case "fullmakt-test-1":
				using++
			case nil:
			default:
				t.Errorf("%s uses another table", id)
			}
		}
		for _, role := range append(a.all(stack, "AWS::IAM::Role"), a.all(stack, "AWS::IAM::Policy")...) {
			text := asJSON(role.Properties)
			if regexp.MustCompile(`table/fullmakt-test["/]`).MatchString(text) {
				t.Errorf("%s still names the stack's own table: %s", role.name, text)
			}
			if strings.Contains(text, "table/fullmakt-test-1") {
				allowed++
			}
		}
	}
	if least := len(api.Endpoints()); using < least || allowed < least {
		t.Errorf("%d functions use it, %d may", using, allowed)
	}
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/portal"
)

const (
	account      = "${AWS::Region}:${AWS::AccountId}"
	tableARN     = "arn:${AWS::Partition}:dynamodb:" + account + ":table/fullmakt-test"
	filesARN     = "arn:${AWS::Partition}:s3:::fullmakt-test-files/exports/*"
	transactions = `"ForAnyValue:StringEquals":{"dynamodb:EnclosingOperation":["TransactWriteItems"]}`
	exceptAudit  = `"ForAllValues:StringNotLike":{"dynamodb:LeadingKeys":["AUDIT#*","SEAL#*","ERASED"]}`
	sessions     = `"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["SESSION#*"]}`
	withKeys     = `"Null":{"dynamodb:LeadingKeys":"false"}`
	ofOneField   = ` if {"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["organization","person","field"]},"Null":{"kms:EncryptionContext:organization":"false","kms:EncryptionContext:person":"false"},"StringEquals":{"kms:EncryptionContext:field":"nationalId"}}`
	hashing      = ` if {"StringEquals":{"kms:MacAlgorithm":"HMAC_SHA_256"}}`
	fromUs       = `"StringEquals":{"ses:FromAddress":"no-reply@portal.example.com"}`
)

// allowed is what each need comes to: one action on one resource a line.
var allowed = map[endpoint.Need][]string{
	endpoint.OwnAddress:   {},
	endpoint.ReadRegistry: {},
	endpoint.HearMails:    {},
	endpoint.ReadItems:    {"dynamodb:BatchGetItem on " + tableARN},
	endpoint.QueryTable:   {"dynamodb:Query on " + tableARN},
	endpoint.QueryNames:   {"dynamodb:Query on " + tableARN + "/index/by-name"},
	endpoint.QueryTimes:   {"dynamodb:Query on " + tableARN + "/index/by-time"},
	endpoint.WriteItems:   {"dynamodb:PutItem on " + tableARN + " if {" + transactions + "}"},
	endpoint.CheckItems:   {"dynamodb:ConditionCheckItem on " + tableARN + " if {" + transactions + "}"},
	endpoint.DeleteItems:  {"dynamodb:DeleteItem on " + tableARN + " if {" + exceptAudit + "," + transactions + "," + withKeys + "}"},
	endpoint.SendMail: {
		"ses:SendEmail on arn:${AWS::Partition}:ses:" + account + ":identity/portal.example.com if {" + fromUs + "}",
		"ses:SendEmail on arn:${AWS::Partition}:ses:" + account + ":configuration-set/fullmakt-test if {" + fromUs + "}",
	},
	endpoint.WriteFiles:  {"s3:PutObject on " + filesARN, "s3:GetObject on " + filesARN},
	endpoint.MintLinks:   {"kms:GenerateMac on ${link-key.Arn}"},
	endpoint.SealFields:  {"kms:GenerateDataKey on ${field-key.Arn}" + ofOneField},
	endpoint.OpenFields:  {"kms:Decrypt on ${field-key.Arn}" + ofOneField},
	endpoint.IndexFields: {"kms:GenerateMac on ${index-key-1.Arn}" + hashing},
}

// ofSession is what an endpoint with a session may do besides.
const ofSession = "dynamodb:PutItem on " + tableARN + " if {" + sessions + "," + transactions + "," + withKeys + "}"

// ofOutbox is what a job of the outbox may do besides.
var ofOutbox = []string{
	"dynamodb:DescribeStream on ${table.StreamArn}",
	"dynamodb:GetRecords on ${table.StreamArn}",
	"dynamodb:GetShardIterator on ${table.StreamArn}",
	"dynamodb:ListStreams on ${table.StreamArn}",
	"sqs:SendMessage on ${dead-letters.Arn}",
}

// TestXI1_RolesHoldWhatNeedsSay: every function has a role of its own with
// exactly what its declaration asks for.
func TestXI1_RolesHoldWhatNeedsSay(t *testing.T) {
	t.Parallel()
	a := synth(t)
	want, got := map[string][]string{}, map[string][]string{}
	add := func(id, logs string, needs []endpoint.Need, more ...string) {
		lines := append([]string{
			"logs:CreateLogStream on ${" + logs + ".Arn}", "logs:PutLogEvents on ${" + logs + ".Arn}",
			"xray:PutTraceSegments on *", "xray:PutTelemetryRecords on *",
		}, more...)
		for _, n := range needs {
			if allowed[n] == nil {
				t.Errorf("nothing says what %s is to allow", n)
			}
			lines = append(lines, allowed[n]...)
		}
		slices.Sort(lines)
		want[id] = lines
	}
	for _, e := range api.Endpoints() {
		if e.InSession() && !e.Needing(endpoint.WriteItems) {
			add(e.ID, "logs", e.Needs, ofSession)
		} else {
			add(e.ID, "logs", e.Needs)
		}
	}
	for _, j := range jobs.All() {
		switch {
		case j.Trigger.Outbox:
			add(j.ID, j.ID+"-logs", j.Needs, ofOutbox...)
		case j.Trigger.Mails:
			add(j.ID, j.ID+"-logs", j.Needs, "sqs:SendMessage on ${dead-letters.Arn}")
		case j.Trigger.Event != "":
			add(j.ID, j.ID+"-logs", j.Needs, "sqs:SendMessage on ${event-letters.Arn}")
		default:
			add(j.ID, j.ID+"-logs", j.Needs)
		}
	}

	add(portal.ID, "logs", nil)

	owners := map[string]string{}
	for stack := range a.Stacks {
		for id, f := range a.functions(stack) {
			role := a.referred(t, stack, f.at("Role"))
			if other, taken := owners[stack+"/"+role.name]; taken {
				t.Errorf("%s and %s share a role", id, other)
			}
			owners[stack+"/"+role.name] = id
			got[id] = rights(t, role)
			trust := `[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"}}]`
			if d := cmp.Diff(trust, asJSON(role.at("AssumeRolePolicyDocument", "Statement"))); d != "" {
				t.Errorf("who may be %s (-want +got):\n%s", id, d)
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what functions may do (-want +got):\n%s", d)
	}
	if roles := a.all("", "AWS::IAM::Role"); len(roles) != len(owners) {
		t.Errorf("%d roles for %d functions", len(roles), len(owners))
	}
	for _, kind := range []string{"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::User"} {
		if found := a.all("", kind); len(found) > 0 {
			t.Errorf("%d of %s: rights are in the roles alone", len(found), kind)
		}
	}
}

// TestXI1_NoWildcards: no role may do, or may do to, whatever there is. Only what
// X-Ray takes is of no resource, so that IAM has no other word for it.
func TestXI1_NoWildcards(t *testing.T) {
	t.Parallel()
	for _, role := range synth(t).all("", "AWS::IAM::Role") {
		for _, line := range rights(t, role) {
			right, _, _ := strings.Cut(line, " if ")
			if right == "xray:PutTraceSegments on *" || right == "xray:PutTelemetryRecords on *" {
				continue
			}
			right = strings.TrimSuffix(right, " on "+filesARN) // the names below are random
			if strings.ContainsAny(right, "*?") || strings.Contains(right, "Scan") {
				t.Errorf("%s: %s", role.name, line)
			}
		}
	}
}

// TestPermissionsForAllNeeds: a need that nothing is allowed for would be found
// by the first function that declares it; this finds it before.
func TestPermissionsForAllNeeds(t *testing.T) {
	t.Parallel()
	for _, n := range endpoint.Needs {
		if permission, known := permissions[n]; !known || allowed[n] == nil || (permission == nil) != (len(allowed[n]) == 0) {
			t.Errorf("%s allows nothing, or is not tested", n)
		}
	}
	if len(permissions) != len(endpoint.Needs) {
		t.Errorf("%d permissions for %d needs", len(permissions), len(endpoint.Needs))
	}
}

// rights are those of a role, one action on one resource a line, sorted.
func rights(t *testing.T, role resource) []string {
	t.Helper()
	var found []string
	for _, name := range []string{"ManagedPolicyArns", "PermissionsBoundary"} {
		if v := role.at(name); v != nil {
			found = append(found, name+" "+asJSON(v))
		}
	}
	policies, _ := role.at("Policies").([]any)
	for _, p := range policies {
		for _, s := range p.(m)["PolicyDocument"].(m)["Statement"].([]any) {
			statement := s.(m)
			condition := ""
			if c := statement["Condition"]; c != nil {
				condition = " if " + asJSON(c)
			}
			for key := range statement {
				if !slices.Contains([]string{"Action", "Resource", "Effect", "Condition"}, key) || statement["Effect"] != "Allow" {
					t.Errorf("%s: %s", role.name, asJSON(statement))
				}
			}
			for _, action := range list(statement["Action"]) {
				for _, on := range list(statement["Resource"]) {
					found = append(found, fmt.Sprintf("%s on %s%s", action, on, condition))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

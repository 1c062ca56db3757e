//go:build deploy

package deploytest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/portal"
)

var (
	cloud *emulator
	home  string    // of the command line
	dev   *assembly // as make synth has left it
	prod  *assembly // beside it, in the same account
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if home, err = os.MkdirTemp("", "deploytest"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(home)
		if cloud, err = startEmulator(); err == nil {
			defer cloud.end()
			err = deployAll()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// deployAll does what infra/README.md says, for two environments.
func deployAll() error {
	if err := step("bootstrap", "aws://"+account+"/"+region, "aws://"+account+"/"+edgeRegion); err != nil {
		return err
	}
	out, err := filepath.Abs(filepath.Join(root, "infra/cdk.out"))
	if err != nil {
		return err
	}
	if dev, err = readAssembly(out); err != nil {
		return fmt.Errorf("run make synth first: %w", err)
	}
	if err := deploy(dev); err != nil {
		return err
	}
	out = filepath.Join(home, "prod")
	if err := step("synth", "--quiet", "-c", "env=prod", "--output", out); err != nil {
		return err
	}
	if prod, err = readAssembly(out); err != nil {
		return err
	}
	return deploy(prod)
}

// deploy deploys an assembly, after the secrets that somebody has to make first.
func deploy(a *assembly) error {
	for _, s := range a.stacks {
		for _, name := range s.secrets() {
			body := fmt.Sprintf(`{"Name": %q, "SecretString": "a secret", "ClientRequestToken": "%032d"}`, name, 1)
			if _, err := cloud.send("secretsmanager", s.region, http.MethodPost, "/", "application/x-amz-json-1.1", "secretsmanager.CreateSecret", body); err != nil {
				return err
			}
		}
	}
	return step("deploy", "--all", "--require-approval", "never", "--app", a.dir)
}

func step(args ...string) error {
	began := time.Now()
	said, err := cloud.cdk(home, args...)
	if err != nil {
		return fmt.Errorf("%s\n%w", said, err)
	}
	fmt.Printf("cdk %s took %v\n", args[0], time.Since(began).Round(time.Second/10))
	return nil
}

// each runs a test for the stacks of both environments.
func each(t *testing.T, test func(t *testing.T, s stack)) {
	t.Helper()
	for _, a := range []*assembly{dev, prod} {
		for _, s := range a.stacks {
			t.Run(s.name, func(t *testing.T) { test(t, s) })
		}
	}
}

var arnForm = regexp.MustCompile(`^arn:aws:[a-z0-9-]+:([a-z0-9-]*):(?:` + account + `)?:\S+$`)

// inForm asserts of an ARN that it looks like one, of this account and region.
func inForm(t *testing.T, of, text, region string) {
	t.Helper()
	if !strings.HasPrefix(text, "arn:") {
		return
	}
	if found := arnForm.FindStringSubmatch(text); found == nil || found[1] != "" && found[1] != region {
		t.Errorf("%s: %s is no ARN of %s in %s", of, text, account, region)
	}
}

func TestEveryResourceIsThere(t *testing.T) {
	each(t, func(t *testing.T, s stack) {
		is, err := cloud.stack(s.region, s.name)
		if err != nil {
			t.Fatal(err)
		}
		if is.Status != "CREATE_COMPLETE" || is.Protected != s.protected {
			t.Errorf("status %s %s, protected %t; want CREATE_COMPLETE, %t", is.Status, is.Reason, is.Protected, s.protected)
		}
		there := map[string]string{}
		for _, r := range cloud.resources(t, s.region, s.name) {
			there[r.Logical] = r.Type
			if r.Status != "CREATE_COMPLETE" || r.Physical == "" {
				t.Errorf("%s: %s, id %q", r.Logical, r.Status, r.Physical)
			}
			inForm(t, r.Logical, r.Physical, s.region)
		}
		want := map[string]string{}
		for logical, r := range s.template.Resources {
			want[logical] = r.Type
		}
		if diff := cmp.Diff(want, there); diff != "" {
			t.Errorf("resources (-want +got):\n%s", diff)
		}
		if len(is.Outputs) != len(s.template.Outputs) {
			t.Errorf("%d outputs, want %d", len(is.Outputs), len(s.template.Outputs))
		}
		for _, o := range is.Outputs {
			if o.Value == "" || strings.Contains(o.Value, "${") {
				t.Errorf("output %s is %q", o.Key, o.Value)
			}
			inForm(t, o.Key, o.Value, s.region)
		}
	})
}

// What may not be lost is held thrice: no stack with it is deleted, what it had
// stays, and the table refuses by itself.
func TestXI9_WhatIsKeptStays(t *testing.T) {
	for _, a := range []*assembly{dev, prod} {
		s := a.stack("data")
		var refused *refusal
		err := cloud.formation(s.region, "DeleteStack", map[string]string{"StackName": s.name}, nil)
		if !errors.As(err, &refused) || !strings.Contains(refused.Message, "TerminationProtection") {
			t.Errorf("%s: deleting it answers %v", s.name, err)
		}
		for _, r := range cloud.resources(t, s.region, s.name) {
			kept := slices.Contains([]string{"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"}, r.Type)
			if policy := s.template.Resources[r.Logical].DeletionPolicy; kept && policy != "Retain" {
				t.Errorf("%s: %s has the deletion policy %q", s.name, r.Logical, policy)
			}
			if r.Type != "AWS::DynamoDB::Table" {
				continue
			}
			var described struct {
				Table struct{ DeletionProtectionEnabled bool }
			}
			cloud.dynamodb(t, s.region, "DescribeTable", map[string]string{"TableName": r.Physical}, &described)
			if !described.Table.DeletionProtectionEnabled {
				t.Errorf("%s: the table can be deleted", s.name)
			}
		}
	}
}

func TestSecondDeployIsEmpty(t *testing.T) {
	for _, a := range []*assembly{dev, prod} {
		said, err := cloud.cdk(home, "deploy", "--all", "--require-approval", "never", "--app", a.dir)
		if n := strings.Count(said, "(no changes)"); err != nil || n != len(a.stacks) {
			t.Errorf("%d of %d stacks are unchanged, %v:\n%s", n, len(a.stacks), err, said)
		}
	}
	each(t, func(t *testing.T, s stack) {
		got, err := cloud.propose(s.region, "UPDATE", s.name, s.tags, s.text)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != "FAILED" || got.ExecutionStatus != "UNAVAILABLE" || len(got.Changes) > 0 || !strings.Contains(got.StatusReason, "didn't contain changes") {
			t.Errorf("the change set is not empty: %+v", got)
		}
	})
}

func TestDiffIsEmpty(t *testing.T) {
	if said, err := cloud.cdk(home, "diff", "--all", "--fail", "--app", dev.dir); err != nil {
		t.Errorf("%v:\n%s", err, said)
	}
}

// The two tests above can fail: one property of one resource is a change.
func TestChangeIsSeen(t *testing.T) {
	s := dev.stack("jobs")
	const from, to = `"MemorySize": 512`, `"MemorySize": 513`
	changed := strings.Replace(s.text, from, to, 1)
	if changed == s.text {
		t.Fatalf("no function of the stack has %s", from)
	}
	got, err := cloud.propose(s.region, "UPDATE", s.name, s.tags, changed)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != "CREATE_COMPLETE" || got.ExecutionStatus != "AVAILABLE" || len(got.Changes) != 1 || got.Changes[0].Action != "Modify" {
		t.Errorf("a changed property is %+v", got)
	}
	retagged, err := cloud.propose(s.region, "UPDATE", s.name, map[string]string{"system": "another"}, s.text)
	if err != nil {
		t.Fatal(err)
	}
	if retagged.Status != "CREATE_COMPLETE" {
		t.Errorf("a changed tag is %+v", retagged)
	}

	dir := t.TempDir()
	if err := copyTexts(dev.dir, dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "jobs.template.json"), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	said, err := cloud.cdk(home, "diff", "jobs", "--fail", "--app", dir)
	if err == nil || !strings.Contains(said, "513") {
		t.Errorf("cdk diff --fail: %v:\n%s", err, said)
	}
}

// copyTexts copies an assembly without its assets.
func copyTexts(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.*"))
	if err != nil {
		return err
	}
	for _, path := range append(files, filepath.Join(from, "cdk.out")) {
		info, err := os.Stat(path)
		if err != nil || info.IsDir() {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(path)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// functions are the names of the deployed functions, by the ids of their programs.
func functions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, s := range dev.stacks {
		for _, r := range cloud.resources(t, s.region, s.name) {
			if r.Type == "AWS::Lambda::Function" {
				found[s.construct(r.Logical)] = r.Physical
			}
		}
	}
	return found
}

func TestFunctionsHaveTheirPrograms(t *testing.T) {
	want := []string{portal.ID}
	for _, e := range api.Endpoints() {
		want = append(want, e.ID)
	}
	for _, j := range jobs.All() {
		want = append(want, j.ID)
	}
	names := functions(t)
	for id := range names {
		if !slices.Contains(want, id) {
			t.Errorf("%s is in no registry", id)
		}
	}
	for _, id := range want {
		t.Run(id, func(t *testing.T) {
			if names[id] == "" {
				t.Fatal("there is no function")
			}
			var function struct {
				Configuration struct {
					CodeSha256 string
					State      string
				}
			}
			cloud.get(t, "lambda", "/2015-03-31/functions/"+names[id], &function)
			code := uploaded(t, id)
			sum := sha256.Sum256(code)
			if got := function.Configuration.CodeSha256; got != base64.StdEncoding.EncodeToString(sum[:]) || function.Configuration.State != "Active" {
				t.Errorf("it is %s and its code is %s, not what was uploaded", function.Configuration.State, got)
			}
			built, err := os.ReadFile(filepath.Join(root, "dist", id, "bootstrap"))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(unzipped(t, code), built) {
				t.Error("its code is not what lies in dist (make synth takes it from there)")
			}
		})
	}
}

// uploaded is the code of a function as it lies in the bucket of assets.
func uploaded(t *testing.T, id string) []byte {
	t.Helper()
	for _, s := range dev.stacks {
		for logical, r := range s.template.Resources {
			if r.Type != "AWS::Lambda::Function" || s.construct(logical) != id {
				continue
			}
			code, _ := r.Properties["Code"].(map[string]any)
			path := fmt.Sprintf("/cdk-hnb659fds-assets-%s-%s/%s", account, s.region, code["S3Key"])
			content, err := cloud.send("s3", s.region, http.MethodGet, path, "", "", "")
			if err != nil {
				t.Fatal(err)
			}
			return content
		}
	}
	t.Fatalf("no template has %s", id)
	return nil
}

func unzipped(t *testing.T, code []byte) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(code), int64(len(code)))
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.File) != 1 || archive.File[0].Name != "bootstrap" || archive.File[0].Mode().Perm()&0o111 == 0 {
		t.Fatalf("the code holds %+v", archive.File)
	}
	file, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestRoutesLeadToTheirFunctions(t *testing.T) {
	names := functions(t)
	want := map[string]string{}
	for _, e := range api.Endpoints() {
		want[e.Method+" "+e.Path] = names[e.ID]
	}
	for _, path := range portal.Paths() {
		if strings.HasSuffix(path, "/") {
			path += "{file+}"
		}
		want["ANY "+path] = names[portal.ID]
	}
	var apiID string
	for _, r := range cloud.resources(t, region, dev.stack("api").name) {
		if r.Type == "AWS::ApiGatewayV2::Api" {
			apiID = r.Physical
		}
	}
	var integrations struct {
		Items []struct{ IntegrationID, IntegrationURI string }
	}
	cloud.get(t, "apigateway", "/v2/apis/"+apiID+"/integrations", &integrations)
	functionOf := map[string]string{}
	for _, i := range integrations.Items {
		_, name, _ := strings.Cut(i.IntegrationURI, ":function:")
		functionOf["integrations/"+i.IntegrationID] = strings.TrimSuffix(name, "/invocations")
	}
	var routes struct {
		Items []struct{ RouteKey, Target, AuthorizationType string }
	}
	cloud.get(t, "apigateway", "/v2/apis/"+apiID+"/routes", &routes)
	got := map[string]string{}
	for _, r := range routes.Items {
		got[r.RouteKey] = functionOf[r.Target]
		permitted(t, apiID, r.RouteKey, functionOf[r.Target])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// permitted asserts that the gateway may invoke a function for a route.
func permitted(t *testing.T, apiID, route, function string) {
	t.Helper()
	var answer struct{ Policy string }
	cloud.get(t, "lambda", "/2015-03-31/functions/"+function+"/policy", &answer)
	var policy struct {
		Statement []struct {
			Principal map[string]string
			Condition map[string]map[string]string
		}
	}
	if err := json.Unmarshal([]byte(answer.Policy), &policy); err != nil {
		t.Fatal(err)
	}
	method, path, _ := strings.Cut(route, " ")
	arn := "arn:aws:execute-api:" + region + ":" + account + ":" + apiID + "/*/"
	for _, s := range policy.Statement {
		source := s.Condition["ArnLike"]["AWS:SourceArn"]
		if s.Principal["Service"] == "apigateway.amazonaws.com" && (source == arn+method+path || source == arn+"*") {
			return
		}
	}
	t.Errorf("%s: the gateway may not invoke %s: %s", route, function, answer.Policy)
}

//go:build deploy

package deploytest

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	root       = "../.."
	account    = "123456789012"
	region     = "eu-north-1"
	edgeRegion = "us-east-1"
	key        = "local"
)

// emulator is an AWS account on this machine.
type emulator struct {
	address string // of all services
	tables  string // of DynamoDB Local alone
	end     func()
}

var listening = regexp.MustCompile(`^listening on (\S+), tables on (\S+)$`)

// startEmulator runs an emulator of its own on a free port.
func startEmulator() (*emulator, error) {
	cmd := exec.Command(filepath.Join(root, ".tools/venv/bin/python"), filepath.Join(root, "tools/emulator"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // it ends with this, and so with us
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the emulator is part of the tests (make tools): %w", err)
	}
	end := func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	late := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	line, _ := bufio.NewReader(out).ReadString('\n')
	found := listening.FindStringSubmatch(strings.TrimSpace(line))
	if found == nil {
		end()
		return nil, fmt.Errorf("the emulator did not start, and said %q", line)
	}
	return &emulator{address: found[1], tables: found[2], end: end}, nil
}

// cdk runs the CDK's command line in infra, against the emulator, and returns
// what it says.
func (e *emulator) cdk(home string, args ...string) (string, error) {
	path, err := filepath.Abs(filepath.Join(root, ".tools/node_modules/.bin/cdk"))
	if err != nil {
		return "", err
	}
	cmd := exec.Command(path, append(args, "--no-notices", "--no-color")...)
	cmd.Dir = filepath.Join(root, "infra")
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL="+e.address, "AWS_ACCESS_KEY_ID="+key, "AWS_SECRET_ACCESS_KEY="+key, "AWS_SESSION_TOKEN=",
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_PROFILE=", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"CDK_HOME="+home, "CDK_DISABLE_VERSION_CHECK=1", "CDK_DISABLE_CLI_TELEMETRY=true", "CI=true",
		"NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1", "NODE_NO_WARNINGS=1", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20",
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("cdk %s: %w", strings.Join(args, " "), err)
	}
	return string(out), err
}

// refusal is an error that a service answers with.
type refusal struct{ Code, Message string }

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

// send asks a service. Of the signature the emulator reads only what it is for.
func (e *emulator) send(service, region, method, path, contentType, target, body string) ([]byte, error) {
	req, err := http.NewRequest(method, e.address+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", key, region, service))
	req.Header.Set("Content-Type", contentType)
	if target != "" {
		req.Header.Set("X-Amz-Target", target)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		var said struct {
			Error refusal
		}
		if xml.Unmarshal(answer, &said) == nil {
			return nil, &said.Error
		}
		return nil, &refusal{Code: res.Status, Message: string(answer)}
	}
	return answer, nil
}

// get reads what a service with JSON has at a path.
func (e *emulator) get(t *testing.T, service, path string, into any) {
	t.Helper()
	answer, err := e.send(service, region, http.MethodGet, path, "application/json", "", "")
	if err == nil {
		err = json.Unmarshal(answer, into)
	}
	if err != nil {
		t.Fatalf("%s %s: %v", service, path, err)
	}
}

// dynamodb calls an operation of DynamoDB.
func (e *emulator) dynamodb(t *testing.T, region, operation string, body, into any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := e.send("dynamodb", region, http.MethodPost, "/", "application/x-amz-json-1.0", "DynamoDB_20120810."+operation, string(text))
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
}

// formation calls CloudFormation.
func (e *emulator) formation(region, action string, parameters map[string]string, into any) error {
	form := url.Values{"Action": {action}, "Version": {"2010-05-15"}}
	for name, value := range parameters {
		form.Set(name, value)
	}
	answer, err := e.send("cloudformation", region, http.MethodPost, "/", "application/x-www-form-urlencoded", "", form.Encode())
	if err != nil || into == nil {
		return err
	}
	return xml.Unmarshal(answer, into)
}

// stackDescription is what CloudFormation says of a stack.
type stackDescription struct {
	Status    string `xml:"StackStatus"`
	Reason    string `xml:"StackStatusReason"`
	Protected bool   `xml:"EnableTerminationProtection"`
	Outputs   []struct {
		Key   string `xml:"OutputKey"`
		Value string `xml:"OutputValue"`
	} `xml:"Outputs>member"`
}

func (e *emulator) stack(region, name string) (stackDescription, error) {
	var answer struct {
		Stacks []stackDescription `xml:"DescribeStacksResult>Stacks>member"`
	}
	err := e.formation(region, "DescribeStacks", map[string]string{"StackName": name}, &answer)
	if err == nil && len(answer.Stacks) != 1 {
		err = errors.New("no stack")
	}
	if err != nil {
		return stackDescription{}, fmt.Errorf("stack %s: %w", name, err)
	}
	return answer.Stacks[0], nil
}

type stackResource struct {
	Logical  string `xml:"LogicalResourceId"`
	Physical string `xml:"PhysicalResourceId"`
	Type     string `xml:"ResourceType"`
	Status   string `xml:"ResourceStatus"`
}

func (e *emulator) resources(t *testing.T, region, name string) []stackResource {
	t.Helper()
	var answer struct {
		Resources []stackResource `xml:"ListStackResourcesResult>StackResourceSummaries>member"`
	}
	if err := e.formation(region, "ListStackResources", map[string]string{"StackName": name}, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Resources
}

// changeSet is what CloudFormation would do.
type changeSet struct {
	Status, StatusReason, ExecutionStatus string

	Changes []struct {
		Action  string `xml:"ResourceChange>Action"`
		Logical string `xml:"ResourceChange>LogicalResourceId"`
	} `xml:"Changes>member"`
}

// propose asks for a change set from a template and takes it away again.
func (e *emulator) propose(region, kind, stack string, tags map[string]string, template string) (changeSet, error) {
	p := map[string]string{
		"StackName": stack, "ChangeSetName": "proposed", "ChangeSetType": kind, "TemplateBody": template,
		"Capabilities.member.1": "CAPABILITY_NAMED_IAM",
	}
	for i, name := range slices.Sorted(maps.Keys(tags)) {
		p[fmt.Sprintf("Tags.member.%d.Key", i+1)], p[fmt.Sprintf("Tags.member.%d.Value", i+1)] = name, tags[name]
	}
	if err := e.formation(region, "CreateChangeSet", p, nil); err != nil {
		return changeSet{}, err
	}
	named := map[string]string{"StackName": stack, "ChangeSetName": "proposed"}
	var answer struct {
		Set changeSet `xml:"DescribeChangeSetResult"`
	}
	if err := e.formation(region, "DescribeChangeSet", named, &answer); err != nil {
		return changeSet{}, err
	}
	return answer.Set, e.formation(region, "DeleteChangeSet", named, nil)
}

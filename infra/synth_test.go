package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/portal"
)

// full is an environment with everything that a setting can ask for.
var full = Config{
	Env: "test", Profile: "rental", OperatorName: "Example Rental", PortalURL: "https://portal.example.com",
	MailFrom: "no-reply@portal.example.com", FileBucket: "fullmakt-test-files", AlarmEmail: "operations@example.com", ReserveConcurrency: true,
	Edge: &Edge{
		Certificate:    "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000001",
		APIHost:        "api.portal.example.com",
		APICertificate: "arn:aws:acm:eu-north-1:111122223333:certificate/00000000-0000-0000-0000-000000000002",
		OriginKeys:     []string{strings.Repeat("ab", 32), strings.Repeat("cd", 32)},
	},
}

// synthesized is the full environment; it takes seconds, so all tests share it.
var synthesized = sync.OnceValues(func() (*assembly, error) { return synthesize(full) })

func synth(t *testing.T) *assembly {
	t.Helper()
	a, err := synthesized()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// workDir holds what the tests synthesize.
var workDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		defer closeJSII()
		var err error
		if workDir, err = os.MkdirTemp("", "infra"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(workDir)
		return m.Run()
	}())
}

// assembly is what a synthesis wrote.
type assembly struct {
	Dir    string
	Stacks map[string]template // by id
	// For references: the names of resources by their logical ids, and what
	// stacks export by its name.
	names   map[string]string
	exports map[string]any
}

type template struct {
	Resources map[string]resource
	Outputs   map[string]struct {
		Value  any
		Export struct{ Name string }
	}
	Parameters map[string]any
	text       string
}

// resource is one of a template. Its name is its construct's, as the stacks
// write it: "user-list", "topic/Policy". References in its properties are text
// with those names: ${name} and ${name.Attribute}, also to other stacks.
type resource struct {
	Type                string
	Properties          map[string]any
	DependsOn           []string
	DeletionPolicy      string
	UpdateReplacePolicy string
	Metadata            map[string]any
	name                string
}

// jsiiLock lets one synthesis at a time use the one process that does them all.
var jsiiLock sync.Mutex

// synthesize makes the stacks of an environment, from programs that are told
// apart by what is in them.
func synthesize(c Config) (*assembly, error) {
	jsiiLock.Lock()
	defer jsiiLock.Unlock()
	dir, err := os.MkdirTemp(workDir, "")
	if err != nil {
		return nil, err
	}
	dist, out := filepath.Join(dir, "dist"), filepath.Join(dir, "cdk.out")
	for _, id := range functionIDs() {
		if err := os.MkdirAll(filepath.Join(dist, id), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dist, id, "bootstrap"), []byte(id), 0o755); err != nil {
			return nil, err
		}
	}
	context, err := fileContext()
	if err != nil {
		return nil, err
	}
	app := awscdk.NewApp(&awscdk.AppProps{Context: &context, Outdir: &out, AnalyticsReporting: jsii.Bool(false)})
	if err := stacks(app, &c, dist, api.Endpoints(), jobs.All()); err != nil {
		return nil, err
	}
	app.Synth(nil)
	return readAssembly(out)
}

func functionIDs() []string {
	var ids []string
	for _, e := range api.Endpoints() {
		ids = append(ids, e.ID)
	}
	for _, j := range jobs.All() {
		ids = append(ids, j.ID)
	}
	return append(ids, portal.ID)
}

func readAssembly(dir string) (*assembly, error) {
	a := &assembly{Dir: dir, Stacks: map[string]template{}, names: map[string]string{}, exports: map[string]any{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.template.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		t := template{text: string(text)}
		if err := json.Unmarshal(text, &t); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		stack := strings.TrimSuffix(filepath.Base(path), ".template.json")
		for id, r := range t.Resources {
			construct, _ := r.Metadata["aws:cdk:path"].(string)
			r.name = strings.TrimSuffix(strings.TrimPrefix(construct, stack+"/"), "/Resource")
			if other, taken := a.names[id]; taken && other != r.name {
				return nil, fmt.Errorf("%s and %s are both %s", other, r.name, id)
			}
			t.Resources[id], a.names[id] = r, r.name
		}
		for _, o := range t.Outputs {
			a.exports[o.Export.Name] = o.Value
		}
		a.Stacks[stack] = t
	}
	for _, t := range a.Stacks {
		for id, r := range t.Resources {
			r.Properties = a.flat(r.Properties).(map[string]any)
			t.Resources[id] = r
		}
	}
	return a, nil
}

var reference = regexp.MustCompile(`\$\{[^}]+\}`)

// flat is a value with its references as text.
func (a *assembly) flat(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = a.flat(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, arg := range v {
			arg = a.flat(arg)
			switch key {
			case "Ref":
				return "${" + a.nameOf(arg) + "}"
			case "Fn::GetAtt":
				return fmt.Sprintf("${%s.%s}", a.nameOf(arg.([]any)[0]), arg.([]any)[1])
			case "Fn::ImportValue":
				return a.flat(a.exports[arg.(string)])
			case "Fn::Sub":
				return reference.ReplaceAllStringFunc(arg.(string), func(text string) string {
					id, attribute, _ := strings.Cut(text[2:len(text)-1], ".")
					return strings.TrimSuffix("${"+a.nameOf(id)+"."+attribute, ".") + "}"
				})
			case "Fn::Join":
				var parts []string
				for _, part := range arg.([]any)[1].([]any) {
					parts = append(parts, part.(string))
				}
				return strings.Join(parts, arg.([]any)[0].(string))
			}
			out[key] = arg
		}
		return out
	}
	return v
}

// nameOf is the name of a resource, or of what AWS itself knows, such as AWS::Region.
func (a *assembly) nameOf(logicalID any) string {
	id := logicalID.(string)
	if name, ok := a.names[id]; ok {
		return name
	}
	return id
}

// all are the resources of a type in one stack or, with "", in all of them, in
// the order of stacks and logical ids.
func (a *assembly) all(stack, kind string) []resource {
	var found []resource
	for _, name := range slices.Sorted(maps.Keys(a.Stacks)) {
		if stack != "" && stack != name {
			continue
		}
		resources := a.Stacks[name].Resources
		for _, id := range slices.Sorted(maps.Keys(resources)) {
			if resources[id].Type == kind {
				found = append(found, resources[id])
			}
		}
	}
	return found
}

// only is the one resource of a type, of all stacks.
func (a *assembly) only(t *testing.T, kind string) resource {
	t.Helper()
	return a.onlyOf(t, "", kind)
}

// onlyOf is the one resource of a type in a stack.
func (a *assembly) onlyOf(t *testing.T, stack, kind string) resource {
	t.Helper()
	found := a.all(stack, kind)
	if len(found) != 1 {
		t.Fatalf("%d of %s, want 1", len(found), kind)
	}
	return found[0]
}

// functions are the Lambda functions of a stack or, with "", of all of them,
// by the ids of their endpoints and jobs.
func (a *assembly) functions(stack string) map[string]resource {
	found := map[string]resource{}
	for _, f := range a.all(stack, "AWS::Lambda::Function") {
		found[f.name] = f
	}
	return found
}

// referred is the resource of a stack that a value refers to, wholly.
func (a *assembly) referred(t *testing.T, stack string, v any) resource {
	t.Helper()
	text, _ := v.(string)
	name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(text, "${"), "}"), ".")
	for _, r := range a.Stacks[stack].Resources {
		if r.name == name {
			return r
		}
	}
	t.Fatalf("stack %s: %v refers to no resource", stack, v)
	return resource{}
}

// artifact is what the manifest tells a deployer of a stack.
type artifact struct {
	Dependencies []string
	Properties   struct{ TerminationProtection bool }
}

func (a *assembly) artifact(t *testing.T, stack string) artifact {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(a.Dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Artifacts map[string]artifact }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest.Artifacts[stack]
}

// at is the property at a path.
func (r resource) at(path ...string) any {
	var v any = r.Properties
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// m is a JSON object.
type m = map[string]any

// asJSON writes a value on one line, to be compared as text.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came from JSON
	}
	return string(text)
}

// list is a value of IAM, which is one or many.
func list(v any) []any {
	if many, ok := v.([]any); ok {
		return many
	}
	return []any{v}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// output writes templates, by their stacks, and returns their folder.
func output(t *testing.T, templates map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for stack, text := range templates {
		if err := os.WriteFile(filepath.Join(dir, stack+".template.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadAssembly(t *testing.T) {
	t.Parallel()
	dir := output(t, map[string]string{
		"api": `{"Resources": {
			"userlist1A2B": {"Type": "AWS::Lambda::Function", "Metadata": {"aws:cdk:path": "api/user-list/Resource"},
				"Properties": {"Environment": {"Variables": {"FULLMAKT_TABLE": "users", "TOPIC": {"Ref": "topic"}}}}},
			"userlistrole": {"Type": "AWS::IAM::Role", "Properties": {"Environment": "of no function"}}}}`,
		"jobs": `{"Resources": {"auditseal3C": {"Type": "AWS::Lambda::Function", "Metadata": {"aws:cdk:path": "jobs/audit-seal/Resource"},
			"Properties": {"Environment": {"Variables": {"FULLMAKT_TABLE": "users", "SIZE": "1"}}}}}}`,
		"data": `{"Resources": {"table": {"Type": "AWS::DynamoDB::GlobalTable"}}}`,
	})
	a, err := readAssembly(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := assembly{
		{"user-list", filepath.Join(dir, "api.template.json"), map[string]string{"FULLMAKT_TABLE": "users"}},
		{"audit-seal", filepath.Join(dir, "jobs.template.json"), map[string]string{"FULLMAKT_TABLE": "users", "SIZE": "1"}},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f, err := a.find("audit-seal"); err != nil || f.ID != "audit-seal" {
		t.Errorf("%v, %v", f, err)
	}
	if _, err := a.find("fly"); err == nil || !strings.Contains(err.Error(), `"fly"`) {
		t.Errorf("a function that is not there: %v", err)
	}
	if name, err := a.variable("FULLMAKT_TABLE"); err != nil || name != "users" {
		t.Errorf("%q, %v", name, err)
	}
	a[1].Variables["FULLMAKT_TABLE"] = "others"
	for _, name := range []string{"FULLMAKT_TABLE", "TOPIC"} {
		if value, err := a.variable(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s, which is not one value: %q, %v", name, value, err)
		}
	}
}

func TestReadAssemblyFaults(t *testing.T) {
	t.Parallel()
	for name, templates := range map[string]map[string]string{
		"nothing":      {},
		"no functions": {"data": `{"Resources": {}}`},
		"no JSON":      {"api": `Resources:`},
		"no path":      {"api": `{"Resources": {"f": {"Type": "AWS::Lambda::Function"}}}`},
	} {
		dir := output(t, templates)
		if a, err := readAssembly(dir); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	m := mail{Body: `<a href="http://127.0.0.1:3000/">The portal</a> <a style="x" href="http://127.0.0.1:3000/activate#token=fml_1">Activate</a>
		or <a class="address" href="http://127.0.0.1:3000/activate#token=fml_1">http://127.0.0.1:3000/activate#token=fml_1</a>`}
	if diff := cmp.Diff([]string{"http://127.0.0.1:3000/activate#token=fml_1"}, m.links()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	a := answer{Body: object{"items": []any{object{"email": "a@example.com", "age": 7.0}}, "next": nil}}
	for path, want := range map[string]string{
		"items/0/email": "a@example.com", "items/0/age": "7", "items/1/email": "", "items/x": "", "next": "", "none": "",
	} {
		if got := a.text(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"fly"}, {"api", "stray"}, {"invoke"}, {"invoke", "a", "b", "c"}, {"test", "stray"}} {
		if err := run(t.Context(), args); err == nil || err.Error() != usage {
			t.Errorf("%q: %v", args, err)
		}
	}
}

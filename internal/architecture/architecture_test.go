// Package architecture holds the import rules. They are a test, not a promise.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/portal"
)

const module = "github.com/fullmakt/fullmakt/"

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// packages are the module's own, without the tests.
var packages = sync.OnceValues(func() (map[string]goPackage, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", module+"...")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	found := map[string]goPackage{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		found[p.ImportPath] = p
	}
})

func all(t *testing.T) map[string]goPackage {
	t.Helper()
	p, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// own is the path within the module; ok is false for others' packages.
func own(importPath string) (string, bool) { return strings.CutPrefix(importPath, module) }

func TestTheDomainImportsTheStandardLibraryOnly(t *testing.T) {
	for name, p := range all(t) {
		if local, ok := own(name); !ok || !strings.HasPrefix(local, "internal/domain") {
			continue
		}
		for _, dep := range p.Imports {
			if !all(t)[dep].Standard {
				t.Errorf("%s imports %s", name, dep)
			}
			if slices.Contains([]string{"net/http", "encoding/json", "os", "log", "log/slog", "database/sql"}, dep) {
				t.Errorf("%s imports %s, which is not the domain's business", name, dep)
			}
		}
	}
}

// Each of these is imported in one place, which is why that place exists.
func TestOnlyOnePackageKnowsEachOutsideThing(t *testing.T) {
	where := map[string][]string{
		"github.com/aws/aws-sdk-go-v2/service/dynamodb": {"internal/table/dynamotable", "internal/table/dynamolocal"},
		"github.com/aws/aws-sdk-go-v2/service/ses":      {"internal/mail/sesmail"},
		"github.com/aws/aws-sdk-go-v2/service/kms":      {"internal/mail/kmsmint", "internal/vault/kmsvault"},
		"github.com/aws/aws-lambda-go":                  {"internal/app/awsapp"},
		"github.com/aws/aws-sdk-go-v2/service/s3":       {"internal/s3files"},
		"github.com/xuri/excelize":                      {"internal/sheet/xlsxsheet"},
		"modernc.org/sqlite":                            {"internal/table/sqlitetable"},
		"golang.org/x/crypto/argon2":                    {"internal/password"},
		"github.com/goccy/go-yaml":                      {"internal/profile/profilefile"},
		"github.com/swaggest/openapi-go":                {"internal/openapi"},
		"github.com/swaggest/swgui":                     {"internal/openapi/docsui"},
		"github.com/swaggest/jsonschema-go":             {"internal/openapi"},
		"github.com/santhosh-tekuri/jsonschema":         {"internal/openapi/conform"},
		"html/template":                                 {"internal/mail", "internal/app/localapp"},
	}
	for _, places := range where {
		for _, place := range places {
			exists(t, place)
		}
	}
	for name, p := range all(t) {
		local, ok := own(name)
		if !ok {
			continue
		}
		for _, dep := range p.Imports {
			for outside, places := range where {
				if (dep == outside || strings.HasPrefix(dep, outside+"/")) && !slices.Contains(places, local) {
					t.Errorf("%s imports %s; only %v may", local, dep, places)
				}
			}
		}
	}
}

// Who may import whom, by folder: the left may not see the right.
func TestLayers(t *testing.T) {
	forbidden := map[string][]string{
		"internal/table":    {"internal/domain", "internal/store", "internal/endpoint", "internal/api", "internal/app"},
		"internal/store":    {"internal/endpoint", "internal/api", "internal/app", "internal/job", "internal/mail"},
		"internal/endpoint": {"internal/store", "internal/table", "internal/api", "internal/app", "internal/mail"},
		"internal/api":      {"internal/store", "internal/table", "internal/app", "internal/mail/", "internal/job"},
		"internal/job":      {"internal/store", "internal/table", "internal/app", "internal/api", "internal/mail/"},
		"internal/mail":     {"internal/store", "internal/table", "internal/app", "internal/api", "internal/endpoint"},
		"internal/registry": {"internal/store", "internal/table", "internal/app", "internal/api", "internal/endpoint", "internal/mail"},
		"internal/profile":  {"internal/store", "internal/table", "internal/app", "internal/api", "internal/endpoint"},
		"internal/app/awsapp": {
			"internal/app/localapp", "internal/table/sqlitetable", "internal/mail/filemail", "internal/api", "internal/profile/profilefile",
		},
		"internal/app/localapp": {"internal/app/awsapp", "internal/table/dynamotable", "internal/mail/sesmail"},
	}
	for layer, others := range forbidden {
		exists(t, layer)
		for _, other := range others {
			exists(t, strings.TrimSuffix(other, "/"))
		}
	}
	for name, p := range all(t) {
		local, ok := own(name)
		if !ok {
			continue
		}
		for layer, others := range forbidden {
			if local != layer && !strings.HasPrefix(local, layer+"/") {
				continue
			}
			for _, dep := range p.Imports {
				if target, ok := own(dep); ok && (target != "internal/api/body" || layer != "internal/job") { // events are read as bodies are
					for _, other := range others {
						if target == strings.TrimSuffix(other, "/") && !strings.HasSuffix(other, "/") || strings.HasPrefix(target, strings.TrimSuffix(other, "/")+"/") {
							t.Errorf("%s imports %s", local, target)
						}
					}
				}
			}
		}
	}
}

// A rule that names a package which is no more holds nothing.
func exists(t *testing.T, local string) {
	t.Helper()
	for name := range all(t) {
		if own, ok := own(name); ok && (own == local || strings.HasPrefix(own, local+"/")) {
			return
		}
	}
	t.Errorf("a rule names %s, which is not there", local)
}

func TestNounsDoNotKnowEachOther(t *testing.T) {
	for name, p := range all(t) {
		local, ok := own(name)
		if !ok || path.Dir(local) != "internal/api" {
			continue
		}
		for _, dep := range p.Imports {
			target, ok := own(dep)
			if ok && strings.HasPrefix(target, "internal/api/") && target != "internal/api/body" {
				t.Errorf("%s imports %s", local, target)
			}
		}
	}
}

// Every function is its own binary with its own noun, and without anything that
// exists for the laptop or the tests.
func TestXI20_FunctionsLinkNoTestSeams(t *testing.T) {
	seams := []string{
		"internal/app/localapp", "internal/table/sqlitetable", "internal/table/tabletest", "internal/table/dynamolocal",
		"internal/mail/filemail", "internal/registry/registrytest", "internal/apitest", "internal/openapi", "internal/profile/profilefile", "portal",
	}
	for _, seam := range seams {
		exists(t, seam)
	}
	functions := map[string]bool{}
	for name, p := range all(t) {
		local, ok := own(name)
		if !ok || path.Dir(local) != "functions" {
			continue
		}
		functions[path.Base(local)] = true
		nouns := 0
		for _, dep := range p.Deps {
			target, ok := own(dep)
			if !ok {
				continue
			}
			for _, seam := range seams {
				if (target == seam || strings.HasPrefix(target, seam+"/")) && (target != "portal" || path.Base(local) != portal.ID) {
					t.Errorf("%s links %s", local, target)
				}
			}
			if strings.HasPrefix(target, "internal/api/") && target != "internal/api/body" {
				nouns++
			}
		}
		if nouns > 1 {
			t.Errorf("%s links %d nouns", local, nouns)
		}
	}
	for _, e := range api.Endpoints() {
		if !functions[e.ID] {
			t.Errorf("endpoint %s has no function", e.ID)
		}
		delete(functions, e.ID)
	}
	for _, j := range jobs.All() {
		if !functions[j.ID] {
			t.Errorf("job %s has no function", j.ID)
		}
		delete(functions, j.ID)
	}
	delete(functions, portal.ID)
	for id := range functions {
		t.Errorf("function %s belongs to nothing", id)
	}
}

func TestPackagesAreNamedForWhatTheyHold(t *testing.T) {
	for name := range all(t) {
		if local, ok := own(name); ok && slices.Contains([]string{"util", "utils", "common", "types", "helpers", "misc", "x"}, path.Base(local)) {
			t.Errorf("%s is named for nothing", local)
		}
	}
}

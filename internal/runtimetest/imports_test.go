package runtimetest

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/internal/runtimeapi"
	"github.com/fullmakt/fullmakt/portal"
)

const module = "github.com/fullmakt/fullmakt/"

// deployed are the packages of ours that functions may carry, beside the nouns,
// the jobs and what their needs bring along. Every other is for tests and laptops.
var deployed = []string{
	"internal/app/awsapp", "internal/awscred", "internal/domain", "internal/endpoint", "internal/i18n", "internal/job", "internal/lambdahttp",
	"internal/mailaddr", "internal/metric", "internal/nationalid", "internal/password", "internal/profile", "internal/registry",
	"internal/registry/bolagsverket", "internal/registry/brreg", "internal/registry/httpjson", "internal/registry/nordic", "internal/registry/prh",
	"internal/sheet", "internal/store", "internal/table", "internal/table/dynamotable", "profiles",
}

// What no function may carry of others, because it is for tests or slow, and what
// only those may that need it.
var (
	seams = []string{
		"modernc.org/sqlite", "github.com/goccy/go-yaml", "github.com/google/go-cmp/cmp", "pgregory.net/rapid",
		"net/http/httptest", "testing", "github.com/aws/aws-sdk-go-v2/config",
	}
	mailOnly = []string{
		module + "internal/mail", module + "internal/app/awsapp/awsmail", "html/template", "text/template",
		"github.com/aws/aws-sdk-go-v2/service/ses",
	}
	kmsOnly   = []string{module + "internal/vault", module + "internal/app/awsapp/awsvault", "github.com/aws/aws-sdk-go-v2/service/kms"}
	filesOnly = []string{
		module + "internal/s3files", module + "internal/app/awsapp/awsfiles", module + "internal/sheet/xlsxsheet", "github.com/aws/aws-sdk-go-v2/service/s3", "github.com/xuri/excelize/v2",
	}
)

// carried are the packages that each function links, by its id.
func carried(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "lambda.norpc", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./functions/...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		packages := strings.Fields(line)
		all[strings.TrimPrefix(packages[0], module+"functions/")] = packages[1:]
	}
	return all
}

func TestXI20_FunctionsCarryNoTestSeams(t *testing.T) {
	t.Parallel()
	all := needs()
	for id, deps := range carried(t) {
		var needed []string
		forbidden := seams
		for _, part := range []struct {
			packages []string
			needs    []endpoint.Need
		}{
			{filesOnly, []endpoint.Need{endpoint.WriteFiles}},
			{mailOnly, []endpoint.Need{endpoint.SendMail}},
			{kmsOnly, runtimeapi.KeyNeeds},
		} {
			if slices.ContainsFunc(all[id], func(n endpoint.Need) bool { return slices.Contains(part.needs, n) }) {
				needed = slices.Concat(needed, part.packages)
			} else {
				forbidden = slices.Concat(forbidden, part.packages)
			}
		}
		for _, dep := range deps {
			own, isOwn := strings.CutPrefix(dep, module)
			ofNoun := strings.HasPrefix(own, "internal/api/") || strings.HasPrefix(own, "internal/job/") || id == portal.ID && own == "portal"
			if within(dep, forbidden) || isOwn && !ofNoun && !slices.Contains(deployed, own) && !within(dep, needed) {
				t.Errorf("%s carries %s", id, dep)
			}
		}
		if !slices.Contains(deps, "time/tzdata") {
			t.Errorf("%s carries no time zones", id)
		}
		delete(all, id)
	}
	for id := range all {
		t.Errorf("%s has no function", id)
	}
}

// within tells whether a package is one of some, or lies in one.
func within(pkg string, some []string) bool {
	return slices.ContainsFunc(some, func(s string) bool { return pkg == s || strings.HasPrefix(pkg, s+"/") })
}

// What is in a deployed package for the sake of tests is left out by the linker:
// the names of functions stay in a binary, whatever else is stripped of it.
func TestXI20_FunctionsCannotCreateTables(t *testing.T) {
	t.Parallel()
	for id := range needs() {
		content, err := os.ReadFile(binary(id))
		if err != nil {
			t.Fatal(err)
		}
		has := func(name string) bool {
			return bytes.Contains(content, []byte(module+"internal/table/dynamotable."+name))
		}
		if !has("(*Table).Get") || has("CreateTable") {
			t.Errorf("%s can read: %t; can create tables: %t", id, has("(*Table).Get"), has("CreateTable"))
		}
	}
}

// A change to a noun changes no function but its own, because no other links it.
func TestAFunctionLinksItsOwnNounOnly(t *testing.T) {
	t.Parallel()
	kind := map[string]string{}
	for _, e := range api.Endpoints() {
		kind[e.ID] = "internal/api/"
	}
	for _, j := range jobs.All() {
		kind[j.ID] = "internal/job/"
	}
	shared := []string{"internal/api/body", "internal/job"} // what all nouns read by, and what a job is
	for id, deps := range carried(t) {
		var nouns []string
		for _, dep := range deps {
			own, _ := strings.CutPrefix(dep, module)
			if (strings.HasPrefix(own, "internal/api/") || strings.HasPrefix(own, "internal/job/")) && !slices.Contains(shared, own) {
				nouns = append(nouns, own)
			}
		}
		switch {
		case id == portal.ID && len(nouns) == 0:
		case len(nouns) != 1 || kind[id] == "" || !strings.HasPrefix(nouns[0], kind[id]):
			t.Errorf("%s links %v", id, nouns)
		case kind[id] == "internal/api/" && !strings.HasPrefix(strings.ReplaceAll(id, "-", ""), path.Base(nouns[0])):
			t.Errorf("%s is of the noun %s", id, nouns[0])
		}
	}
}

// Days are days in the organizations' zones, and neither Lambda's image nor an
// empty container has a database of zones: every binary brings its own. That all
// functions do, the test above says.
func TestXG17_TheBinariesCarryTheZones(t *testing.T) {
	t.Parallel()
	for _, binary := range []string{"./cmd/fullmakt", "./functions/expire-memberships"} {
		cmd := exec.Command("go", "list", "-f", `{{join .Deps " "}}`, binary)
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(strings.Fields(string(out)), "time/tzdata") {
			t.Errorf("%s carries no time zones", binary)
		}
	}
}

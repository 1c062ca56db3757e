package runtimetest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

const module = "github.com/fullmakt/fullmakt/"

// What no function may carry: what is for tests and laptops, and what is slow
// or heavy and not for it.
var (
	seams = []string{
		module + "internal/app/localapp", module + "internal/generate", module + "internal/mail/filemail", module + "internal/registry/registrytest", module + "internal/openapi",
		module + "internal/profile/profilefile", module + "internal/sample", module + "internal/table/dynamolocal",
		module + "internal/table/sqlitetable", module + "internal/table/tabletest", module + "portal",
		"modernc.org/sqlite", "github.com/goccy/go-yaml", "github.com/google/go-cmp/cmp", "pgregory.net/rapid",
		"net/http/httptest", "testing", "github.com/aws/aws-sdk-go-v2/config",
	}
	mailOnly = []string{
		module + "internal/mail", "html/template", "text/template",
		"github.com/aws/aws-sdk-go-v2/service/ses",
	}
	kmsOnly   = []string{module + "internal/vault", "github.com/aws/aws-sdk-go-v2/service/kms"}
	filesOnly = []string{
		module + "internal/s3files", module + "internal/sheet/xlsxsheet", "github.com/aws/aws-sdk-go-v2/service/s3", "github.com/xuri/excelize/v2",
	}
)

func TestXI20_FunctionsCarryNoTestSeams(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-tags", "lambda.norpc", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./functions/...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := needs()
	for line := range strings.Lines(string(out)) {
		deps := strings.Fields(line)
		id := strings.TrimPrefix(deps[0], module+"functions/")
		forbidden := seams
		if !slices.Contains(all[id], endpoint.WriteFiles) {
			forbidden = slices.Concat(forbidden, filesOnly)
		}
		if !slices.Contains(all[id], endpoint.SendMail) {
			forbidden = slices.Concat(forbidden, mailOnly)
		}
		if !slices.ContainsFunc(all[id], func(n endpoint.Need) bool { return slices.Contains(kmsNeeds, n) }) {
			forbidden = slices.Concat(forbidden, kmsOnly)
		}
		for _, dep := range deps {
			for _, f := range forbidden {
				if dep == f || strings.HasPrefix(dep, f+"/") {
					t.Errorf("%s carries %s", id, dep)
				}
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

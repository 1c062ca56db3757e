// Command vuln asks govulncheck whether code that we call is known to be
// vulnerable, in the main module and in infra/. It prints the date of the database
// that it has asked, and fails when something is found that has no reason here.
//
// The database is FULLMAKT_VULNDB, a folder or an address; or the folder
// ../shared/vulndb, if it is there; or the public one. Where none can be reached
// the run says so and goes on, unless -required is given: a build on a closed
// network is no worse for it, and everybody else's asks.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// public is the Go project's own database.
const public = "https://vuln.go.dev"

// accepted are vulnerabilities of what we call that do not concern us, and why.
var accepted = map[string]string{
	"GO-2026-6093": "of CodeBuild projects in the CDK, which we have none of; it is found because the CDK's packages all initialize each other",
}

func main() {
	binary := flag.String("govulncheck", "govulncheck", "the program")
	required := flag.Bool("required", false, "a database that cannot be reached is an error")
	flag.Parse()
	if err := run(*binary, *required); err != nil {
		fmt.Fprintln(os.Stderr, "vuln:", err)
		os.Exit(1)
	}
}

func run(binary string, required bool) error {
	planted, err := filepath.Abs("tools/vuln/planted")
	if err != nil {
		return err
	}
	// A scanner that finds nothing where something is has not looked (XI14).
	found, _, err := scan(binary, "file://"+planted, ".", "./internal/password")
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0].ID != "GO-0000-0001" {
		return fmt.Errorf("the planted vulnerability is not found, but %v", found)
	}
	db, err := database()
	if err != nil {
		if required {
			return err
		}
		fmt.Printf("govulncheck: NOT ASKED, no database can be reached (%v). It works: it finds what is planted.\n", err)
		return nil
	}
	var faults []error
	for _, module := range []string{".", "infra"} {
		found, modified, err := scan(binary, db, module, "./...")
		if err != nil {
			return err
		}
		fmt.Printf("govulncheck: %s, with the database %s of %s: %d found\n", module, db, modified, len(found))
		for _, v := range found {
			if reason, ok := accepted[v.ID]; ok {
				fmt.Printf("  %s accepted: %s\n", v.ID, reason)
				continue
			}
			faults = append(faults, fmt.Errorf("%s: %s calls %s, fixed in %q: https://pkg.go.dev/vuln/%s", v.ID, module, v.calls(), v.Fixed, v.ID))
		}
	}
	return errors.Join(faults...)
}

// database is where to ask; an error when it does not answer.
func database() (string, error) {
	at := os.Getenv("FULLMAKT_VULNDB")
	if at == "" {
		at = public
		if info, err := os.Stat("../shared/vulndb"); err == nil && info.IsDir() {
			at = "../shared/vulndb"
		}
	}
	if !strings.Contains(at, "://") {
		folder, err := filepath.Abs(at)
		if err != nil {
			return "", err
		}
		_, err = os.Stat(filepath.Join(folder, "index", "db.json"))
		return "file://" + folder, err
	}
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(at + "/index/db.json")
	if err != nil {
		return "", err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", at, answer.Status)
	}
	return at, nil
}

// finding is a vulnerability with the call that leads to it.
type finding struct {
	ID    string `json:"osv"`
	Fixed string `json:"fixed_version"`
	Trace []struct{ Package, Function string }
}

func (f finding) calls() string { return f.Trace[0].Package + "." + f.Trace[0].Function }

// scan runs govulncheck in a module, and returns each vulnerability of code that
// is called once, and when the database was last written to.
func scan(binary, db, module, packages string) (found []finding, modified string, err error) {
	cmd := exec.Command(binary, "-C", module, "-db", db, "-format", "json", packages)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, "", fmt.Errorf("govulncheck in %s: %w", module, err)
	}
	seen := map[string]bool{}
	for decoder := json.NewDecoder(&out); ; {
		var message struct {
			Config *struct {
				Modified string `json:"db_last_modified"`
			}
			Finding *finding
		}
		if err := decoder.Decode(&message); errors.Is(err, io.EOF) {
			return found, modified, nil
		} else if err != nil {
			return nil, "", err
		}
		if message.Config != nil {
			modified = message.Config.Modified
		}
		if f := message.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Function != "" && !seen[f.ID] {
			seen[f.ID] = true
			found = append(found, *f)
		}
	}
}

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
)

// TestShippedEnvironments: what is in cdk.json is right; what is deployed sets
// executions aside, and takes no AWS service for another.
func TestShippedEnvironments(t *testing.T) {
	t.Parallel()
	context, err := fileContext()
	if err != nil {
		t.Fatal(err)
	}
	environments := context["environments"].(m)
	if d := cmp.Diff([]string{"dev", "prod", "sam"}, slices.Sorted(maps.Keys(environments))); d != "" {
		t.Errorf("environments (-want +got):\n%s", d)
	}
	for env := range environments {
		c, err := readConfig(env, environments)
		if err != nil {
			t.Fatal(err)
		}
		if env != "sam" && !c.ReserveConcurrency {
			t.Errorf("%s sets nothing aside", env)
		}
		if c.LocalServices != (env == "sam") {
			t.Errorf("%s says where services are: %t", env, c.LocalServices)
		}
	}
}

func TestArchitecture(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arch    any
		x86, ok bool
	}{{nil, false, true}, {"arm64", false, true}, {"x86_64", true, true}, {"amd64", false, false}, {64, false, false}} {
		if x86, err := isX86(c.arch); x86 != c.x86 || (err == nil) != c.ok {
			t.Errorf("%v: %t, %v", c.arch, x86, err)
		}
	}
}

func TestReadConfig(t *testing.T) {
	t.Parallel()
	settings := m{
		"profile": "rental", "operatorName": "Example Rental", "portalUrl": "https://portal.example.com",
		"mailFrom": "no-reply@portal.example.com", "fileBucket": "fullmakt-test-files", "alarmEmail": "operations@example.com",
		"reserveConcurrency": true, "edge": edge(nil),
	}
	got, err := readConfig("test", m{"test": settings})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&full, got); d != "" {
		t.Errorf("config (-want +got):\n%s", d)
	}
	if d := cmp.Diff(m{"edge": edge(nil)}, m{"edge": settings["edge"]}); d != "" || len(settings) != 8 {
		t.Error("reading took the settings away")
	}

	for name, c := range map[string]struct {
		setting string
		value   any
		fault   string
	}{
		"no way to the API":      {"edge", nil, "edge is missing"},
		"no distribution":        {"edge", "none", "edge is missing"},
		"another's certificate":  {"edge", edge(m{"certificate": "arn:aws:acm:eu-north-1:111122223333:certificate/00000000-0000-0000-0000-000000000001"}), "edge: certificate"},
		"an address for a host":  {"edge", edge(m{"apiHost": "https://api.example.com"}), "edge: apiHost"},
		"no certificate":         {"edge", edge(m{"apiCertificate": "none"}), "edge: apiCertificate"},
		"no keys of the origin":  {"edge", edge(m{"originKeys": []any{}}), "edge: originKeys"},
		"a key and not its hash": {"edge", edge(m{"originKeys": []any{"secret"}}), "edge: originKeys"},
		"a setting beside":       {"edge", edge(m{"colour": "red"}), "edge: colour is no setting"},
		"a portal below a path":  {"portalUrl", "https://portal.example.com/users", "has a path"},
		"open, and not open":     {"open", true, "one or the other"},
		"no profile":             {"profile", "boats", "profile \"boats\" names no profile"},
		"not yet a profile":      {"profile", "public-sector", "self-registration"},
		"a profile by its file":  {"profile", "../rental", "profile"},
		"two lines":              {"operatorName", "Example\nRental", "operatorName"},
		"no encryption":          {"portalUrl", "http://portal.example.com", "portalUrl"},
		"a slash at the end":     {"portalUrl", "https://portal.example.com/", "ends with a slash"},
		"a query":                {"portalUrl", "https://portal.example.com?a=b", "portalUrl"},
		"a fragment":             {"portalUrl", "https://portal.example.com#a", "portalUrl"},
		"a password in it":       {"portalUrl", "https://a:b@portal.example.com", "portalUrl"},
		"no host":                {"portalUrl", "https://", "portalUrl"},
		"a sender with a name":   {"mailFrom", "Example <no-reply@portal.example.com>", "mailFrom"},
		"a sender not in ASCII":  {"mailFrom", "no-reply@pörtal.example.com", "mailFrom"},
		"no address for alarms":  {"alarmEmail", "operations", "alarmEmail"},
		"an empty alarm address": {"alarmEmail", "", "alarmEmail"},
		"a bucket with dots":     {"fileBucket", "files.example.com", "fileBucket"},
		"a bucket in capitals":   {"fileBucket", "Files", "fileBucket"},
		"a secret, not its name": {"bolagsverketSecret", "{{x}}", "bolagsverketSecret"},
		"no mails at all":        {"mailRate", 0.0, "mailRate"},
		"half a mail":            {"mailRate", 1.5, "mailRate"},
		"mails in words":         {"mailRate", "ten", "mailRate"},
		"no keys":                {"indexKeys", []any{}, "indexKeys"},
		"a key twice":            {"indexKeys", []any{"1", "1"}, "indexKeys"},
		"a key that is no name":  {"indexKeys", []any{"a/b"}, "indexKeys"},
		"a key, not a list":      {"indexKeys", "1", "indexKeys"},
		"artificial, perhaps":    {"artificialIds", "yes", "artificialIds"},
		"restored to nothing":    {"restored", m{"stream": restoredStream}, "restored: table"},
		"restored to itself":     {"restored", m{"table": "fullmakt-test", "stream": restoredStream}, "restored: table"},
		"a table that is none":   {"restored", m{"table": "a b", "stream": restoredStream}, "restored: table"},
		"another's stream":       {"restored", m{"table": "fullmakt-test-2", "stream": restoredStream}, "restored: stream"},
		"restored, and more":     {"restored", m{"table": "fullmakt-test-1", "stream": restoredStream, "at": "noon"}, "restored: at is no setting"},
		"maybe":                  {"reserveConcurrency", "true", "reserveConcurrency"},
		"a number for text":      {"operatorName", 1.0, "operatorName"},
		"a setting that is none": {"secret", "x", "secret is no setting"},
		"one in another case":    {"Profile", "rental", "Profile is no setting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := maps.Clone(settings)
			broken[c.setting] = c.value
			_, err := readConfig("test", m{"test": broken})
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("got %v, want %q", err, c.fault)
			}
			if err != nil && strings.Count(err.Error(), "\n") != 1 {
				t.Errorf("more than one fault: %v", err)
			}
		})
	}
}

// edge are settings of one, with some of them changed.
func edge(changed m) m {
	e := m{
		"certificate":    "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000001",
		"apiHost":        "api.portal.example.com",
		"apiCertificate": "arn:aws:acm:eu-north-1:111122223333:certificate/00000000-0000-0000-0000-000000000002",
		"originKeys":     []any{strings.Repeat("ab", 32), strings.Repeat("cd", 32)},
	}
	maps.Copy(e, changed)
	return e
}

// TestOpenIsSaid: that everybody may come to the API itself is nothing that one
// forgets.
func TestOpenIsSaid(t *testing.T) {
	t.Parallel()
	settings := m{
		"profile": "rental", "operatorName": "Example Rental", "portalUrl": "https://portal.example.com", "mailFrom": "no-reply@portal.example.com",
		"fileBucket": "fullmakt-test-files", "reserveConcurrency": true,
	}
	for value, ok := range map[any]bool{true: true, false: false, nil: false, "true": false} {
		settings["open"] = value
		c, err := readConfig("test", m{"test": settings})
		if (err == nil) != ok || ok && c.Edge != nil {
			t.Errorf("open: %v: %v", value, err)
		}
	}
}

// TestBolagsverketByReference: a template holds where the secret is, and not what it is.
func TestBolagsverketByReference(t *testing.T) {
	t.Parallel()
	c := full
	c.BolagsverketSecret = "fullmakt/bolagsverket"
	_, variables := awsapp.Variables([]endpoint.Need{endpoint.ReadRegistry})
	got, err := c.values(variables)
	if err != nil {
		t.Fatal(err)
	}
	for name, member := range map[string]string{awsapp.EnvBolagsverketID: "clientId", awsapp.EnvBolagsverketSecret: "clientSecret"} {
		if want := "{{resolve:secretsmanager:fullmakt/bolagsverket:SecretString:" + member + "}}"; *got[name] != want {
			t.Errorf("%s is %s", name, *got[name])
		}
	}
}

// TestReadConfigReportsAll: all that is wrong is told at once.
func TestReadConfigReportsAll(t *testing.T) {
	t.Parallel()
	_, err := readConfig("Test!", m{"Test!": m{"portalUrl": "http://x", "colour": "red"}})
	if err == nil {
		t.Fatal("no fault")
	}
	for _, fault := range []string{"profile is missing", "operatorName is missing", "portalUrl", "mailFrom is missing", "reserveConcurrency", "the name", "colour"} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("%q is not in:\n%v", fault, err)
		}
	}
	for _, environments := range []any{nil, m{}, m{"test": "rental"}, m{"prod": m{}}} {
		if _, err := readConfig("test", environments); err == nil || !strings.Contains(err.Error(), `no environment "test"`) {
			t.Errorf("%v: %v", environments, err)
		}
	}
}

// TestCheck: functions without a program, and endpoints that cannot get what
// they need, are told of all at once, before anything is synthesized.
func TestCheck(t *testing.T) {
	t.Parallel()
	dist := t.TempDir()
	err := check(&full, dist, api.Endpoints(), jobs.All())
	if err == nil {
		t.Fatal("no fault")
	}
	for _, id := range functionIDs() {
		if !strings.Contains(err.Error(), filepath.Join(dist, id, "bootstrap")+" is no program") {
			t.Errorf("%s is not missed", id)
		}
	}

	spec := endpoint.Spec{
		ID: "link-mint", Method: "POST", Path: "/v1/links", Summary: "Mints.", Status: 200,
		Access: endpoint.Right(domain.RightKey("users.create")), Needs: []endpoint.Need{endpoint.ReadItems, endpoint.MintLinks, "teleport"},
	}
	if err := os.MkdirAll(filepath.Join(dist, spec.ID), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dist, spec.ID, "bootstrap"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err = check(&full, dist, []endpoint.Endpoint{{Spec: spec}}, nil)
	for _, fault := range []string{"is no program", "only jobs of the mail stack", "nothing is allowed for the need teleport"} {
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%q is not in: %v", fault, err)
		}
	}
}

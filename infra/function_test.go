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
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/portal"
)

// TestFunctions: every endpoint and job is one function, made of its own
// program, with the processor that it needs.
func TestFunctions(t *testing.T) {
	t.Parallel()
	a := synth(t)
	want, got := map[string]m{}, map[string]m{}
	add := func(id, logs string, memory, timeout float64) {
		want[id] = m{
			"Program": id, "Handler": "bootstrap", "Runtime": "provided.al2023", "Architectures": []any{"arm64"},
			"MemorySize": memory, "Timeout": timeout, "TracingConfig": m{"Mode": "Active"},
			"LoggingConfig": m{"LogFormat": "JSON", "LogGroup": "${" + logs + "}"},
		}
	}
	for _, e := range api.Endpoints() {
		memory, timeout := 512.0, 10.0
		if e.Hashes {
			memory = 1769
		}
		if e.Whole {
			memory, timeout = 1769, 27
		}
		add(e.ID, "logs", memory, timeout)
	}
	for _, j := range jobs.All() {
		timeout := 120.0
		if j.Timeout > 0 {
			timeout = j.Timeout.Seconds()
		}
		add(j.ID, j.ID+"-logs", 512, timeout)
	}
	add(portal.ID, "logs", 256, 10)
	for id, f := range a.functions("") {
		asset, _ := f.Metadata["aws:asset:path"].(string) // where `sam local` looks for the program
		program, err := os.ReadFile(filepath.Join(a.Dir, asset, "bootstrap"))
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
		got[id] = m{"Program": string(program)}
		for property := range want[id] {
			if property != "Program" {
				got[id][property] = f.at(property)
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("functions (-want +got):\n%s", d)
	}
}

// TestXI13_EnvironmentHoldsNoSecret: functions are told names and addresses, as
// plain text, and no more of them than they ask for.
func TestXI13_EnvironmentHoldsNoSecret(t *testing.T) {
	t.Parallel()
	a := synth(t)
	values := m{
		"FULLMAKT_TABLE":                  "fullmakt-test",
		"FULLMAKT_METRICS":                "fullmakt-test",
		"FULLMAKT_ORIGIN_KEYS":            strings.Repeat("ab", 32) + "," + strings.Repeat("cd", 32), // hashes
		"FULLMAKT_PROFILE":                "rental",
		"FULLMAKT_MAIL_FROM":              "no-reply@portal.example.com",
		"FULLMAKT_MAIL_CONFIGURATION_SET": "fullmakt-test",
		"FULLMAKT_MAIL_RATE":              "5",
		"FULLMAKT_MAIL_TOPIC":             "${mails}",
		"FULLMAKT_OPERATOR_NAME":          "Example Rental",
		"FULLMAKT_PORTAL_URL":             "https://portal.example.com",
		"FULLMAKT_LINK_KEY":               "alias/fullmakt-test-links",
		"FULLMAKT_REGISTRY_PRH_URL":       "",
		"FULLMAKT_REGISTRY_BRREG_URL":     "",

		"FULLMAKT_REGISTRY_BOLAGSVERKET_CLIENT_ID":     "",
		"FULLMAKT_REGISTRY_BOLAGSVERKET_CLIENT_SECRET": "",

		"FULLMAKT_FILE_BUCKET": "fullmakt-test-files",

		"FULLMAKT_FIELD_KEY": "alias/fullmakt-test-fields", "FULLMAKT_INDEX_KEYS": "alias/fullmakt-test-index-1", "FULLMAKT_ARTIFICIAL_IDS": "false",
	}
	want, got := m{}, m{}
	add := func(id string, required, optional []string) {
		variables := m{}
		for _, name := range append(required, optional...) {
			variables[name] = values[name]
		}
		want[id] = variables
	}
	for _, e := range api.Endpoints() {
		required, optional := awsapp.EndpointVariables(e.Needs)
		add(e.ID, required, optional)
	}
	for _, j := range jobs.All() {
		required, optional := awsapp.Variables(j.Needs)
		add(j.ID, required, optional)
	}
	add(portal.ID, nil, awsapp.PageVariables())
	for id, f := range a.functions("") {
		got[id] = f.at("Environment", "Variables")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("environments (-want +got):\n%s", d)
	}
	for name, stack := range a.Stacks {
		// The one secret that a deploy looks up is the distribution's, which no function is told.
		looked := strings.Contains(stack.text, "{{resolve:")
		if len(stack.Parameters) > 0 || looked != (name == "portal") {
			t.Errorf("stack %s takes values from elsewhere: %t", name, looked)
		}
	}
}

// TestXI16_ConcurrencyIsBounded: what anybody can call, and jobs, have
// executions set aside and no more than those; half of an account's usual
// thousand stay for the rest.
func TestXI16_ConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	want, got, sum := m{}, m{}, 0.0
	for _, e := range api.Endpoints() {
		if e.Access.Public != "" {
			want[e.ID] = 25.0
		}
	}
	for _, j := range jobs.All() {
		want[j.ID] = 1.0
		switch {
		case j.Trigger.Outbox:
			want[j.ID] = 2.0
		case j.Trigger.Mails:
			want[j.ID] = 5.0
		}
	}
	want[portal.ID] = 25.0
	for id, f := range synth(t).functions("") {
		if n, ok := f.at("ReservedConcurrentExecutions").(float64); ok {
			got[id] = n
			sum += n
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("set aside (-want +got):\n%s", d)
	}
	if sum > 500 {
		t.Errorf("%v executions are set aside", sum)
	}
}

// TestXI18_LogsEnd: every log group says how long it keeps; there is one for the
// functions of the API, one for each job, and one for the access log.
func TestXI18_LogsEnd(t *testing.T) {
	t.Parallel()
	a := synth(t)
	want, got := []string{"access-logs", "logs"}, []string{}
	for _, j := range jobs.All() {
		want = append(want, j.ID+"-logs")
	}
	for _, g := range a.all("", "AWS::Logs::LogGroup") {
		got = append(got, g.name)
		if g.at("RetentionInDays") != 90.0 {
			t.Errorf("%s keeps %v days", g.name, g.at("RetentionInDays"))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("log groups (-want +got):\n%s", d)
	}
}

// TestBareEnvironment: without settings for them nothing is set aside and
// nobody is told; all the functions are there.
func TestBareEnvironment(t *testing.T) {
	t.Parallel()
	bare := full
	bare.AlarmEmail, bare.ReserveConcurrency, bare.Edge = "", false, nil
	a, err := synthesize(bare)
	if err != nil {
		t.Fatal(err)
	}
	functions := a.functions("")
	want := slices.Sorted(slices.Values(functionIDs()))
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(functions))); d != "" {
		t.Errorf("functions (-want +got):\n%s", d)
	}
	for id, f := range functions {
		if n := f.at("ReservedConcurrentExecutions"); n != nil {
			t.Errorf("%s has %v set aside", id, n)
		}
	}
	if found := a.all("alarms", "AWS::SNS::Subscription"); len(found) > 0 {
		t.Errorf("%d subscriptions", len(found))
	}
}

// TestTableIsThereFirst: what knows the table by its name is deployed after it.
func TestTableIsThereFirst(t *testing.T) {
	t.Parallel()
	a := synth(t)
	for _, stack := range []string{"api", "jobs", "mail"} {
		if before := a.artifact(t, stack).Dependencies; !slices.Contains(before, "data") {
			t.Errorf("before %s come %v", stack, before)
		}
	}
}

// TestStacksHaveRoom: CloudFormation takes 500 resources and a megabyte in a stack.
// None is near it with half as many functions again as there are.
func TestStacksHaveRoom(t *testing.T) {
	t.Parallel()
	a := synth(t)
	if d := cmp.Diff([]string{"alarms", "api", "data", "jobs", "mail", "portal"}, slices.Sorted(maps.Keys(a.Stacks))); d != "" {
		t.Errorf("stacks (-want +got):\n%s", d)
	}
	for name, stack := range a.Stacks {
		n := max(1, len(a.functions(name)))
		resources, bytes := len(stack.Resources)*120/max(n, 80), len(stack.text)*120/max(n, 80)
		t.Logf("%s: %d resources in %d bytes; at 120 functions %d in %d", name, len(stack.Resources), len(stack.text), resources, bytes)
		if resources > 400 || bytes > 800_000 {
			t.Errorf("stack %s would have %d resources in %d bytes: split it", name, resources, bytes)
		}
	}
}

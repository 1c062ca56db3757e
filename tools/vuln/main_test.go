package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scanner is a program that says what govulncheck would.
func scanner(t *testing.T, says string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "govulncheck")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncat <<'EOF'\n"+says+"\nEOF\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	config   = `{"config":{"db":"file:///x","db_last_modified":"2026-11-01T00:00:00Z"}}`
	imported = `{"finding":{"osv":"GO-0000-0002","trace":[{"module":"example.com/m","package":"example.com/m/p"}]}}`
	called   = `{"finding":{"osv":"GO-0000-0003","fixed_version":"v1.2.4","trace":[{"module":"example.com/m","package":"example.com/m/p","function":"F"},{"function":"main"}]}}`
)

// XI14: what is called counts, and counts once; what is only required does not.
func TestXI14_WhatIsCalledCounts(t *testing.T) {
	t.Parallel()
	found, modified, err := scan(scanner(t, config+imported+called+called), "file:///x", ".", "./...")
	if err != nil || len(found) != 1 || found[0].ID != "GO-0000-0003" || found[0].Fixed != "v1.2.4" || found[0].calls() != "example.com/m/p.F" {
		t.Errorf("found %+v, %v", found, err)
	}
	if modified != "2026-11-01T00:00:00Z" {
		t.Errorf("the database is of %s", modified)
	}
}

// XI14: a scanner that does not find what is planted has not looked; what it says
// that cannot be read is no good news.
func TestXI14_AScannerThatFindsNothingFails(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{"nothing": config, "something else": config + called, "nonsense": "no vulnerabilities found"} {
		if err := run(scanner(t, says), false); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// XI14: what was accepted says why.
func TestXI14_ReasonsAreGiven(t *testing.T) {
	t.Parallel()
	for id, reason := range accepted {
		if !strings.HasPrefix(id, "GO-") || len(reason) < 20 {
			t.Errorf("%s: %q", id, reason)
		}
	}
}

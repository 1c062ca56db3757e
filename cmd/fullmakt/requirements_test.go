package main

import (
	"os"
	"strings"
	"testing"
)

func TestRequirements(t *testing.T) {
	t.Chdir(t.TempDir())
	planted := "package x\n\nfunc TestXA1_A20_Planted(t *testing.T) {}\n"
	if err := os.WriteFile("x_test.go", []byte(planted), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := do(t, "requirements")
	if !strings.Contains(out, "\n198 requirements: 1 covered, ") || !strings.Contains(out, " [. TestXA1_A20_Planted]\n") {
		t.Errorf("the report:\n%s", out)
	}
	if err == nil || !strings.Contains(err.Error(), "A21") || strings.Contains(err.Error(), "A20") {
		t.Errorf("what has no test: %v", err)
	}
	if _, err := do(t, "requirements", "stray"); err == nil || !strings.Contains(err.Error(), `"stray"`) {
		t.Errorf("a stray argument: %v", err)
	}
}

//go:build unix

package main

import (
	"strings"
	"testing"
)

// A directory has one server, or mails would be sent twice.
func TestASecondServerIsKeptOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err == nil || !strings.Contains(err.Error(), "another server is at work in "+dir) {
		t.Errorf("a second one: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err != nil {
		t.Errorf("after the first: %v", err)
	}
}

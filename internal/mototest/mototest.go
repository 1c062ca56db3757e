// Package mototest runs moto's server for a test: AWS services written by
// others, so that our clients are not only tested against our own idea of them.
package mototest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// startWithin is how long the server may take: Python reads a lot on a cold disk.
const startWithin = 60 * time.Second

var listening = regexp.MustCompile(`Running on (http://127\.0\.0\.1:\d+)`)

// Start runs a server of its own for the test on a free port and returns its
// address, such as "http://127.0.0.1:39201". It ends with the test. The server
// comes from the repository's virtual environment .tools/venv, or the one that
// FULLMAKT_VENV names; without it the test fails.
func Start(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(venv(t), "bin", "moto_server")
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("moto is missing: `make tools` installs it: %v", err)
	}
	cmd := exec.Command(binary, "--host", "127.0.0.1", "--port", "0")
	dieWithParent(cmd)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start moto: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // "killed"
	})

	// The system picks the port, and the server's log tells it.
	late := time.AfterFunc(startWithin, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }() // until it ends; a full pipe would stop it
			return found[1]
		}
		said.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("moto did not start, or not within %v:\n%s", startWithin, &said)
	return ""
}

// venv is FULLMAKT_VENV, or .tools/venv beside go.mod.
func venv(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("FULLMAKT_VENV"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".tools", "venv")
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

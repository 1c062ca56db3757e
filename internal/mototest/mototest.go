// Package mototest runs moto's server for a test: AWS services written by
// others, so that our clients are not only tested against our own idea of them.
package mototest

import (
	"bufio"
	"errors"
	"fmt"
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

var listening = regexp.MustCompile(`Running on (http://[0-9.]+:\d+)`)

// Start runs a server of its own for the test on a free port and returns its
// address, such as "http://127.0.0.1:39201". It ends with the test; where there
// is none, the test fails.
func Start(t testing.TB) string {
	t.Helper()
	address, stop, err := Run("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return address
}

// Run runs a server on a free port of an address of this machine. The server
// comes from the repository's virtual environment .tools/venv, or the one that
// FULLMAKT_VENV names.
func Run(host string) (address string, stop func(), err error) {
	dir, err := venv()
	if err != nil {
		return "", nil, err
	}
	binary := filepath.Join(dir, "bin", "moto_server")
	if _, err := os.Stat(binary); err != nil {
		return "", nil, fmt.Errorf("moto is missing: `make tools` installs it: %w", err)
	}
	cmd := exec.Command(binary, "--host", host, "--port", "0")
	dieWithParent(cmd)
	log, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start moto: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // "killed"
	}

	// The system picks the port, and the server's log tells it.
	late := time.AfterFunc(startWithin, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }() // until it ends; a full pipe would stop it
			return found[1], stop, nil
		}
		said.WriteString(lines.Text() + "\n")
	}
	stop()
	return "", nil, fmt.Errorf("moto did not start, or not within %v:\n%s", startWithin, &said)
}

// venv is FULLMAKT_VENV, or .tools/venv beside go.mod.
func venv() (string, error) {
	if dir := os.Getenv("FULLMAKT_VENV"); dir != "" {
		return dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".tools", "venv"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

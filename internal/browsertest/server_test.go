// Package browsertest walks the portal in a real browser, against the real
// program, as a newcomer would: links come from the mailbox, and everything
// else happens by clicking and typing.
package browsertest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// scratch is a directory that lives as long as the tests.
var scratch string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if scratch, err = os.MkdirTemp("", "fullmakt-browsertest-"); err != nil {
		return 0, err
	}
	code = m.Run()
	return code, errors.Join(stopChromium(), os.RemoveAll(scratch))
}

// program is built once for all tests.
var program = sync.OnceValues(func() (string, error) {
	name := filepath.Join(scratch, "fullmakt")
	out, err := exec.Command("go", "build", "-o", name, "github.com/fullmakt/fullmakt/cmd/fullmakt").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, nil
})

// server is the program, running on a store of its own.
type server struct {
	t       *testing.T
	url     string // without a slash at the end
	invited string // the first of those whom to activate
}

// serve starts the program, and stops it when the test is over. It has to end
// well then, and to complain of nothing, the end included.
func serve(t *testing.T, flags ...string) *server {
	t.Helper()
	name, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, append([]string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir()}, flags...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }) // Wait tells of it
		defer stuck.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("fullmakt serve, told to stop: %v", err)
		}
		complaints, err := os.ReadFile(stderr.Name())
		if err != nil || len(complaints) > 0 {
			t.Errorf("fullmakt serve complains: %v\n%s", err, complaints)
		}
	})

	out := bufio.NewReader(stdout)
	s := &server{t: t}
	s.url = strings.TrimSuffix(after(t, out, "listens on "), "/")
	if mailbox := after(t, out, "Mailbox: "); mailbox != s.url+"/_local/mail" {
		t.Fatalf("the mailbox is said to be at %s", mailbox)
	}
	if page := after(t, out, "Activate by the mail in the mailbox, then sign in at "); page != s.url+"/sign-in:" {
		t.Fatalf("people are said to sign in at %s", page)
	}
	s.invited = after(t, out, "  ")
	return s
}

// after reads a line, and returns what follows the words in it. What a profile
// asks for and is not there yet is told on lines before it.
func after(t *testing.T, out *bufio.Reader, words string) string {
	t.Helper()
	line, err := out.ReadString('\n')
	for err == nil && strings.HasPrefix(line, "not yet: ") {
		line, err = out.ReadString('\n')
	}
	_, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), words)
	if err != nil || !ok {
		t.Fatalf("fullmakt serve prints %q (%v), want a line with %q", line, err, words)
	}
	return rest
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends a request; a token and a body may be empty.
func (s *server) call(method, path, token, body string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, read}
}

// mail is what the mailbox tells of one.
type mail struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	To    string    `json:"to"`
	Kind  string    `json:"kind"`
	Links []string  `json:"links"`
}

// mail waits for the nth mail of a kind to an address, counted from 1.
func (s *server) mail(nth int, kind, to string) (found mail) {
	s.t.Helper()
	err := eventually(func() error {
		var mails []mail // the newest first
		if err := json.Unmarshal(s.call(http.MethodGet, "/_local/mail", "", "").body, &mails); err != nil {
			return err
		}
		mails = slices.DeleteFunc(mails, func(m mail) bool { return m.Kind != kind || m.To != to })
		if len(mails) < nth {
			return fmt.Errorf("there are %d", len(mails))
		}
		found = mails[len(mails)-nth]
		return nil
	})
	if err != nil {
		s.t.Fatalf("waited for mail %d %q to %s: %v", nth, kind, to, err)
	}
	return found
}

// link is the one in the nth mail of a kind to an address.
func (s *server) link(nth int, kind, to string) string {
	s.t.Helper()
	m := s.mail(nth, kind, to)
	if len(m.Links) != 1 || !strings.HasPrefix(m.Links[0], s.url+"/") || !strings.Contains(m.Links[0], "#token=") {
		s.t.Fatalf("the links in mail %d %q to %s are %q", nth, kind, to, m.Links)
	}
	return m.Links[0]
}

// patience is how long anything may take before a test fails.
const patience = 20 * time.Second

// eventually tries until there is no error, or patience is lost.
func eventually(try func() error) error {
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if err := try(); err == nil || time.Since(begun) > patience {
			return err
		}
	}
}

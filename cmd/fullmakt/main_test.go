package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/profiles"
)

// do runs a command and returns what it said.
func do(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // of a server that should not have started
	defer cancel()
	var out bytes.Buffer
	err := run(ctx, args, &out)
	return out.String(), err
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"help"}, {"-h"}, {"--help"}, {"fly"}, {"fly", "serve"}, {""}} {
		out, err := do(t, args...)
		for _, c := range commands {
			if !strings.Contains(out, "\n  "+c.name+" ") {
				t.Errorf("%q does not tell of %s:\n%s", args, c.name, out)
			}
		}
		unknown := len(args) > 0 && args[0] != "help" && !strings.HasPrefix(args[0], "-")
		if unknown != (err != nil) || unknown && !strings.Contains(err.Error(), `"`+args[0]+`"`) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestStrayArguments(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"endpoints", "generate", "build", "serve"} {
		if _, err := do(t, name, "stray"); err == nil || !strings.Contains(err.Error(), `"stray"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	out, err := do(t, "endpoints")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	all := api.Endpoints()
	if len(lines) != len(all) {
		t.Fatalf("%d lines of %d endpoints", len(lines), len(all))
	}
	form := regexp.MustCompile(`^(\S+) +(\S+) +(/\S+) +(right|right, at least somewhere|oneself, or right|service client|signed in|public): (\S.*)$`)
	for i, e := range all {
		found := form.FindStringSubmatch(lines[i])
		a := e.Access
		if found == nil || found[1] != e.ID || found[2] != e.Method || found[3] != e.Path || strings.Contains(found[4], "right") != (a.Right != "") ||
			strings.Contains(found[4], "somewhere") != a.Somewhere || strings.Contains(found[4], "oneself") != a.Self ||
			found[5] != string(a.Right)+string(a.Service)+a.Signed+a.Public {
			t.Errorf("%s", lines[i])
		}
	}
}

func TestProfileCheck(t *testing.T) {
	t.Parallel()
	good := filepath.Join("..", "..", "profiles", "rental", "profile.yaml")
	if out, err := do(t, "profile", "check", good); err != nil || out != good+": profile rental is right\n" {
		t.Errorf("%q, %v", out, err)
	}
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	data = bytes.Replace(data, []byte("country: FI"), []byte("country: Finland\nshoeSize: 44"), 1)
	if err := os.WriteFile(broken, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := do(t, "profile", "check", broken)
	if err == nil || out != "" || len(regexp.MustCompile(`(?m)^.*broken\.yaml:\d+: `).FindAllString(err.Error(), -1)) < 2 {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := do(t, "profile", "check", filepath.Join(t.TempDir(), "absent.yaml")); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("%v", err)
	}
	for _, args := range [][]string{{}, {"check"}, {"look", good}, {"check", good, good}} {
		if _, err := do(t, append([]string{"profile"}, args...)...); err == nil || !strings.Contains(err.Error(), "usage") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// What is wrong with a flag is told before anything is made.
func TestServeFlags(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"profile":              {[]string{"-profile", "submarine"}, `no profile "submarine"; there are: `},
		"profile file":         {[]string{"-profile", "./absent.yaml"}, "absent.yaml"},
		"path for a name":      {[]string{"-profile", "../rental"}, "../rental"},
		"demo of a file":       {[]string{"-demo", "-profile", "../../profiles/rental/profile.yaml"}, "--demo"},
		"e-mail":               {[]string{"-operator-email", "operator"}, "--operator-email"},
		"e-mail of two":        {[]string{"-operator-email", "a@example.com,b@example.com"}, "--operator-email"},
		"language":             {[]string{"-operator-language", "de"}, `--operator-language: the profile does not speak "de"`},
		"no language":          {[]string{"-operator-language", ""}, "--operator-language"},
		"name":                 {[]string{"-operator-name", "", "-data", inMemory}, "operatorName"},
		"portal, relative":     {[]string{"-portal-url", "/portal"}, "--portal-url"},
		"portal, no scheme":    {[]string{"-portal-url", "portal.example"}, "--portal-url"},
		"portal, other scheme": {[]string{"-portal-url", "ftp://portal.example"}, "--portal-url"},
		"portal, script":       {[]string{"-portal-url", "javascript:alert(1)"}, "--portal-url"},
		"portal with a query":  {[]string{"-portal-url", "https://portal.example/?a=1"}, "--portal-url"},
		"portal with a place":  {[]string{"-portal-url", "https://portal.example/#a"}, "--portal-url"},
		"portal, broken":       {[]string{"-portal-url", "https://portal.example:x/"}, "--portal-url"},
		"registers":            {[]string{"-registers", "all"}, `--registers: there are fake, public and none, and no "all"`},
		"port taken":           {[]string{"-addr", taken.Addr().String()}, "--addr"},
		"no address":           {[]string{"-addr", "nowhere"}, "--addr"},
		"argument":             {[]string{"-demo", "true"}, `"true"`},
		"unknown flag":         {[]string{"-fly"}, "-fly"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			out, err := do(t, append([]string{"serve", "-addr", "127.0.0.1:0", "-data", data}, test.args...)...)
			if err == nil || !strings.Contains(err.Error(), test.says) || out != "" {
				t.Errorf("%q, %v", out, err)
			}
			if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s was made: %v", data, err)
			}
		})
	}
	if _, err := do(t, "serve", "-h"); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

func TestPortalBase(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "http://127.0.0.1:8080", "https://portal.example": "https://portal.example", "https://portal.example/": "https://portal.example",
		"http://portal.example:81/a/b/": "http://portal.example:81/a/b",
	} {
		if got, err := portalBase(given, "http://127.0.0.1:8080"); err != nil || got != want {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for want, invited := range map[string][]localapp.Invited{
		"The store is filled already. Sign in: http://127.0.0.1:8080/sign-in\n": nil,
		"Activate by the mail in the mailbox, then sign in at http://127.0.0.1:8080/sign-in:\n" +
			"  operator@example.com    Portal        operator\n" +
			"  aino@esimerkki.example  Esimerkki Oy  orderer, attestant\n" +
			"  onni@esimerkki.example  Esimerkki Oy  signatory (no sign-in)\n": {
			{Email: "operator@example.com", Organization: "Portal", SignsIn: true},
			{Email: "aino@esimerkki.example", Organization: "Esimerkki Oy", Roles: []domain.RoleKey{"orderer", "attestant"}, SignsIn: true},
			{Email: "onni@esimerkki.example", Organization: "Esimerkki Oy", Roles: []domain.RoleKey{"signatory"}},
		},
	} {
		if got := next(invited, "http://127.0.0.1:8080"); got != want {
			t.Errorf("%s", got)
		}
	}
}

func TestLinkKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	one, two := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	for _, fresh := range [][]byte{one, two} { // the second time it is there
		if key, err := linkKey(dir, fresh); err != nil || !bytes.Equal(key, one) {
			t.Fatalf("%x, %v", key, err)
		}
	}
	for name, mode := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "link.key"): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	// One that was cut short is not taken, and not written over.
	file := filepath.Join(dir, "link.key")
	for _, size := range []int{0, 31, 33} {
		if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := linkKey(dir, two); err == nil || key != nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%d bytes: %x, %v", size, key, err)
		}
		if info, err := os.Stat(file); err != nil || info.Size() != int64(size) {
			t.Errorf("%v, %v", info, err)
		}
	}
	// Nor is what cannot be read at all.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := linkKey(dir, one); err == nil {
		t.Error("a folder is a key")
	}
	if _, err := linkKey(filepath.Join("main_test.go", "data"), one); err == nil {
		t.Error("a file is a folder")
	}
}

func options(data string, demo bool) serveOptions {
	return serveOptions{
		data: data, profile: "rental", operatorEmail: " Operator@Example.com ", operatorName: "Example Portal", operatorLanguage: "sv", registers: "none", demo: demo,
	}
}

// fill opens a process with these options, shuts it and tells whom it has invited.
func fill(t *testing.T, o serveOptions) []localapp.Invited {
	t.Helper()
	p, demo, err := openProfile(o.profile, o.demo)
	if err != nil {
		t.Fatal(err)
	}
	_, invited, shut, err := open(t.Context(), o, p, demo, "http://127.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	if err := shut(); err != nil {
		t.Error(err)
	}
	return invited
}

func TestOpen(t *testing.T) {
	t.Parallel()
	operator := []localapp.Invited{{Email: "operator@example.com", Organization: "Example Portal", SignsIn: true}}
	if diff := cmp.Diff(operator, fill(t, options(inMemory, false))); diff != "" {
		t.Error(diff)
	}
	all := fill(t, options(inMemory, true)) // each memory is its own
	if len(all) < 4 || all[0].Email != operator[0].Email {
		t.Errorf("invited %v", all)
	}

	dir := t.TempDir()
	for _, step := range []struct {
		demo bool
		want []localapp.Invited
	}{{false, operator}, {true, all[1:]}, {true, nil}} { // what is there is left alone
		if diff := cmp.Diff(step.want, fill(t, options(dir, step.demo))); diff != "" {
			t.Error(diff)
		}
	}
	for _, name := range []string{"fullmakt.db", "link.key", "mail"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// Each comes with demo data in which somebody administers every organization.
func TestOpenProfiles(t *testing.T) {
	t.Parallel()
	for _, name := range profiles.Names() {
		o := options(inMemory, true)
		o.profile = name
		people := map[string]int{}
		for _, i := range fill(t, o) {
			people[i.Organization]++
		}
		if len(people) != 4 {
			t.Errorf("%s: people by organization: %v", name, people)
		}
		for organization, n := range people {
			if n > 7 {
				t.Errorf("%s: %d mails for %s", name, n, organization)
			}
		}
	}
}

// page is where serve writes; it tells when all of it is there.
type page struct {
	mu   sync.Mutex
	text strings.Builder
	full chan struct{}
	last string // that the last line holds
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := strings.Contains(p.text.String(), p.last)
	p.text.Write(b)
	if !before && strings.Contains(p.text.String(), p.last) {
		close(p.full)
	}
	return len(b), nil
}

// start serves until it is stopped, and returns the lines that it has said, of
// which one holds last.
func start(t *testing.T, last string, args ...string) (lines []string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := &page{full: make(chan struct{}), last: last}
	done := make(chan error, 1)
	go func() { done <- run(ctx, append([]string{"serve", "-addr", "127.0.0.1:0"}, args...), out) }()
	select {
	case <-out.full:
	case err := <-done:
		cancel()
		t.Fatal(err)
	}
	return strings.Split(out.text.String(), "\n"), func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stopped with %v", err)
		}
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ last, notYet string }{
		"rental":        {"ingrid.eksempel@eksempelbygg.example", ""},
		"public-sector": {"marta.exempelsson@exempelregionen.example", "not yet: self-registration, which the profile asks for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, stop := start(t, test.last, "-data", inMemory, "-demo", "-profile", name)
			base := regexp.MustCompile(`^Fullmakt \(` + name + `\) listens on (http://127\.0\.0\.1:\d+)/$`).FindStringSubmatch(lines[0])
			if base == nil {
				t.Fatalf("%s", lines)
			}
			want := []string{"Mailbox: " + base[1] + "/_local/mail", "Activate by the mail in the mailbox, then sign in at " + base[1] + "/sign-in:"}
			if test.notYet != "" {
				want = append([]string{test.notYet}, want...)
			}
			if diff := cmp.Diff(want, lines[1:1+len(want)]); diff != "" {
				t.Errorf("it says (-want +got):\n%s", diff)
			}
			for path, status := range map[string]int{"/": 200, "/v1/profile": 200, "/v1/me": 401, "/v1/nothing": 404, "/_local/mail": 200, "/_local/registers/prh/companies?businessId=9900001-8": 200} {
				answer, err := http.Get(base[1] + path)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if answer.StatusCode != status {
					t.Errorf("%s: %d", path, answer.StatusCode)
				}
			}
			stop()
		})
	}
}

// Without a word of where, the stores of two profiles are two.
func TestServeKeepsProfilesApart(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"rental", "telecom"} {
		_, stop := start(t, "operator@example.com", "-profile", name)
		stop()
		if _, err := os.Stat(filepath.Join(".local", name, "fullmakt.db")); err != nil {
			t.Error(err)
		}
	}
}

// Registers are what the flag says: what stands in for them is on the server
// itself, and only where it is asked for.
func TestRegisters(t *testing.T) {
	t.Parallel()
	for which, want := range map[string]struct {
		countries int
		fake      bool
	}{"fake": {5, true}, "public": {4, false}, "none": {0, false}} {
		drivers, fake, err := registers(which, "http://127.0.0.1:8080")
		if err != nil || len(drivers) != want.countries || (fake != nil) != want.fake {
			t.Errorf("%s: %d countries, fake %t, %v", which, len(drivers), fake != nil, err)
		}
	}
}

package generate

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

const root = "../.."

func TestTreeIsUpToDate(t *testing.T) {
	t.Parallel()
	if err := Check(root); err != nil {
		t.Errorf("run: go run ./cmd/fullmakt generate\n%v", err)
	}
}

func TestAllRepairsTheTree(t *testing.T) {
	t.Parallel()
	tree := t.TempDir()
	if err := All(tree); err != nil {
		t.Fatal(err)
	}
	put := func(path, content string) {
		t.Helper()
		path = filepath.Join(tree, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("functions/me-get/main.go", "package main")
	put("functions/old-thing/main.go", "package main")
	put("functions/mine/main.go", "package main")
	put("functions/mine/notes.txt", "kept")
	put("events/old-thing.json", "{}")
	if err := os.Remove(filepath.Join(tree, "events/me-get.json")); err != nil {
		t.Fatal(err)
	}
	err := Check(tree)
	if err == nil {
		t.Fatal("Check sees nothing")
	}
	for _, want := range []string{
		"functions/me-get/main.go is not up to date", "events/me-get.json is missing", "functions/old-thing/main.go stands for nothing",
		"functions/mine/main.go stands for nothing", "events/old-thing.json stands for nothing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Check does not say %q but:\n%v", want, err)
		}
	}
	if err := All(tree); err != nil {
		t.Fatal(err)
	}
	if err := Check(tree); err != nil {
		t.Errorf("after All: %v", err)
	}
	if _, err := os.Stat(filepath.Join(tree, "functions/old-thing")); !os.IsNotExist(err) {
		t.Errorf("the folder of a function that is gone stays: %v", err)
	}
	if _, err := os.Stat(filepath.Join(tree, "functions/mine/notes.txt")); err != nil {
		t.Errorf("All takes away what it has not made: %v", err)
	}
}

func TestMains(t *testing.T) {
	t.Parallel()
	mains, err := functions("")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"session-create":         "{ awsapp.Serve(session.Create()) }",
		"password-reset-request": "{ awsapp.Serve(passwordreset.Request()) }",
		"user-resend-activation": "{ awsapp.Serve(user.ResendActivation()) }",
		"store-bootstrap":        "{ awsapp.Run(bootstrap.Job()) }",
		"mail-dispatch":          "{ awsapp.Run(maildispatch.Job(), awsmail.Sender, awsmail.Minter) }",
	} {
		if main := string(mains["functions/"+id+"/main.go"]); !strings.Contains(main, want) {
			t.Errorf("%s is not %s but:\n%s", id, want, main)
		}
	}
}

func TestEndpointOutsideItsNounsPackage(t *testing.T) {
	t.Parallel()
	type request struct{}
	e := endpoint.New[request, endpoint.None](endpoint.Spec{ID: "thing-get", Method: http.MethodGet}, nil, nil)
	if f, err := ofEndpoint(e); err == nil {
		t.Errorf("its main is %+v", f)
	}
}

// The same sources make the same bytes, wherever they lie.
func TestBuildIsReproducible(t *testing.T) {
	t.Parallel()
	const id = "profile-get"
	build := func() []byte {
		t.Helper()
		tree := t.TempDir()
		for _, dir := range []string{"internal", "profiles", "functions/" + id} {
			if err := os.CopyFS(filepath.Join(tree, dir), os.DirFS(filepath.Join(root, dir))); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range []string{"go.mod", "go.sum"} {
			content, err := os.ReadFile(filepath.Join(root, file))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(tree, file), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var log bytes.Buffer
		for range 2 { // what an earlier build has left does no harm
			if err := Build(context.Background(), tree, "dist", Lambda, io.MultiWriter(&log, t.Output())); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(log.String(), "1 functions") {
			t.Errorf("log: %s", &log)
		}
		built, err := os.ReadDir(filepath.Join(tree, "dist"))
		if err != nil || len(built) != 1 {
			t.Errorf("dist holds %v, %v", built, err)
		}
		content, err := os.ReadFile(filepath.Join(tree, "dist", id, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	first := build()
	if !bytes.HasPrefix(first, []byte("\x7fELF")) || first[18] != 183 { // AArch64
		t.Errorf("not a program for linux/arm64: % x", first[:20])
	}
	if !bytes.Equal(first, build()) {
		t.Error("two builds differ")
	}
}

// The folder of a build is replaced; one that holds anything else is not.
func TestBuildRemovesNothingButBuilds(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for _, name := range []string{"user-list/bootstrap", "letters/mother.txt"} {
		if err := os.MkdirAll(filepath.Join(out, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(out, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Build(t.Context(), t.TempDir(), out, Lambda, io.Discard); err == nil || !strings.Contains(err.Error(), "letters") {
		t.Errorf("a folder with letters: %v", err)
	}
	if _, err := os.Stat(filepath.Join(out, "user-list", "bootstrap")); err != nil {
		t.Errorf("what was there is gone: %v", err)
	}
}

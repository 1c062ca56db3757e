// Command artifacts builds what is in dist/ a second time, elsewhere and from
// nothing, and fails when a byte differs. Then it changes one noun, and fails
// when that changes any functions but the noun's own.
package main

import (
	"compress/flate"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"

	"github.com/fullmakt/fullmakt/internal/generate"
)

const (
	root  = "."
	dist  = "dist"
	nouns = "internal/api/"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "artifacts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	noun := flag.String("noun", "mandate", "the noun that is changed, a folder of "+nouns)
	flag.Parse()
	if flag.NArg() > 0 {
		return errors.New("usage: artifacts [-noun NOUN], in the root of the repository, after a build")
	}
	first, err := generate.Artifacts(dist)
	if err != nil {
		return err
	}
	if len(first) == 0 {
		return errors.New(dist + " is empty: run make build")
	}
	elsewhere, err := os.MkdirTemp("", "elsewhere-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(elsewhere)
	tree := filepath.Join(elsewhere, "another-name")
	if err := copySources(tree); err != nil {
		return err
	}
	// Nothing that was compiled here is used there.
	if err := os.Setenv("GOCACHE", filepath.Join(elsewhere, "cache")); err != nil {
		return err
	}

	if err := generate.Build(ctx, tree, dist, generate.Lambda, io.Discard); err != nil {
		return err
	}
	second, err := generate.Artifacts(filepath.Join(tree, dist))
	if err != nil {
		return err
	}
	if differ := changed(first, second); len(differ) > 0 {
		return fmt.Errorf("two builds differ in: %s; if the sources have changed since, run make build", strings.Join(differ, ", "))
	}
	if err := list(os.Stdout, first); err != nil {
		return err
	}
	fmt.Printf("%d functions, built twice, in two places: the same bytes.\n", len(first))

	if err := change(filepath.Join(tree, nouns, *noun)); err != nil {
		return err
	}
	if err := generate.Build(ctx, tree, dist, generate.Lambda, io.Discard); err != nil {
		return err
	}
	third, err := generate.Artifacts(filepath.Join(tree, dist))
	if err != nil {
		return err
	}
	own, err := linking(ctx, tree, nouns+*noun)
	if err != nil {
		return err
	}
	if differ := changed(second, third); !slices.Equal(differ, own) {
		return fmt.Errorf("a change to %s%s has changed %v; its functions are %v", nouns, *noun, differ, own)
	}
	fmt.Printf("A change to %s%s changes: %s.\n", nouns, *noun, strings.Join(own, ", "))
	return nil
}

// copySources copies what a build reads: all but what is hidden, built or of
// another module.
func copySources(to string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, "."), name == dist, name == "infra":
		case e.IsDir():
			if err := os.CopyFS(filepath.Join(to, name), os.DirFS(name)); err != nil {
				return err
			}
		case strings.HasPrefix(name, "go."):
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(to, 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(to, name), content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// changed are the functions that are not the same in both, sorted.
func changed(a, b []generate.Artifact) (ids []string) {
	sums := map[string]string{}
	for _, f := range a {
		sums[f.ID] = f.Sum
	}
	for _, f := range b {
		if sums[f.ID] != f.Sum {
			ids = append(ids, f.ID)
		}
		delete(sums, f.ID)
	}
	for id := range sums {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// summary is what every endpoint says of itself.
var summary = regexp.MustCompile(`(\bSummary: +")`)

// change says something else of all endpoints in a folder.
func change(folder string) error {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	found := false
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		found = found || summary.Match(content)
		if err := os.WriteFile(name, summary.ReplaceAll(content, []byte("${1}Once more: ")), 0o644); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%s has no endpoints", folder)
	}
	return nil
}

// linking are the functions of a tree that link a package of it, sorted.
func linking(ctx context.Context, tree, pkg string) (ids []string, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-f", `{{.ImportPath}}{{range .Deps}} {{.}}{{end}}`, "./functions/...")
	cmd.Dir, cmd.Stderr = tree, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		packages := strings.Fields(line)
		if slices.ContainsFunc(packages, func(p string) bool { return strings.HasSuffix(p, "/"+pkg) }) {
			ids = append(ids, filepath.Base(packages[0]))
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// list writes what each function weighs, also as it is uploaded.
func list(to io.Writer, all []generate.Artifact) error {
	zipped, faults := make([]int64, len(all)), make([]error, len(all))
	var group sync.WaitGroup
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, a := range all {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			zipped[i], faults[i] = deflated(filepath.Join(dist, a.ID, "bootstrap"))
		})
	}
	group.Wait()
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "bytes\tzipped\tfunction\t")
	for i, a := range all {
		fmt.Fprintf(w, "%d\t%d\t%s\t\n", a.Size, zipped[i], a.ID)
	}
	return errors.Join(append(faults, w.Flush())...)
}

// deflated is how many bytes of a file a zip file holds.
func deflated(name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var n counter
	w, err := flate.NewWriter(&n, flate.DefaultCompression)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(w, f); err != nil {
		return 0, err
	}
	err = w.Close()
	return int64(n), err
}

// counter counts what is written to it.
type counter int64

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}

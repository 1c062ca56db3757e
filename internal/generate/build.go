package generate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Target is a platform to build for.
type Target struct{ OS, Arch string }

// Lambda is the platform of the deployed functions.
var Lambda = Target{OS: "linux", Arch: "arm64"}

// Build builds all functions of the repository at root for target, each into
// out/<id>/bootstrap. The same sources and the same Go make the same bytes.
// Progress and the compiler's words go to log.
func Build(ctx context.Context, root, out string, target Target, log io.Writer) error {
	if !filepath.IsAbs(out) {
		out = filepath.Join(root, out)
	}
	if err := removeBuilt(out); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	bin := filepath.Join(out, ".bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := Compile(ctx, root, bin, target, log, "./functions/..."); err != nil {
		return err
	}
	built, err := os.ReadDir(bin)
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	for _, b := range built {
		dir := filepath.Join(out, b.Name())
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("build: %w", err)
		}
		if err := os.Rename(filepath.Join(bin, b.Name()), filepath.Join(dir, "bootstrap")); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	if err := os.Remove(bin); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := report(log, out); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	return nil
}

// removeBuilt removes what an earlier build has left, and nothing else: somebody
// has typed the name of the folder.
func removeBuilt(out string) error {
	entries, err := os.ReadDir(out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == ".bin" {
			continue
		}
		within, err := os.ReadDir(filepath.Join(out, e.Name()))
		// An empty one is of a build that was interrupted.
		if err != nil || len(within) > 1 || len(within) == 1 && within[0].Name() != "bootstrap" {
			return fmt.Errorf("%s would be replaced, and holds more than built functions: %s", out, e.Name())
		}
	}
	return os.RemoveAll(out)
}

// Compile builds the commands among packages into the folder bin, with the
// flags of the deployed functions.
func Compile(ctx context.Context, root, bin string, target Target, log io.Writer, packages ...string) error {
	args := []string{
		"build", "-buildvcs=false", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=",
		"-o", bin + string(filepath.Separator),
	}
	cmd := exec.CommandContext(ctx, "go", append(args, packages...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, log, log
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+target.OS, "GOARCH="+target.Arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", packages, err)
	}
	return nil
}

package generate

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Target is a platform to build for.
type Target struct{ OS, Arch string }

// Lambda is the platform of the deployed functions.
var Lambda = Target{OS: "linux", Arch: "arm64"}

// Build builds all functions of the repository at root for Lambda, each into
// out/<id>/bootstrap. The same sources and the same Go make the same bytes.
// Progress and the compiler's words go to log.
func Build(ctx context.Context, root, out string, log io.Writer) error {
	if !filepath.IsAbs(out) {
		out = filepath.Join(root, out)
	}
	if err := os.RemoveAll(out); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	bin := filepath.Join(out, ".bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := Compile(ctx, root, bin, Lambda, log, "./functions/..."); err != nil {
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
	fmt.Fprintf(log, "%d functions in %s\n", len(built), out)
	return nil
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
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+target.OS, "GOARCH="+target.Arch, "GOFLAGS=", "GOWORK=off")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", packages, err)
	}
	return nil
}

// Package generate writes what derives from the registries and is committed:
// the mains of the Lambdas, their sample events, the compiled profiles, the
// description of the API. It also
// builds the Lambdas' artifacts.
package generate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// files are contents by their slash-separated paths under the repository's root.
type files map[string][]byte

// All writes every generated file under the repository's root that is not
// there as it should be, and removes those that nothing stands for any more.
func All(root string) error {
	want, err := expected(root)
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if err := write(filepath.Join(root, filepath.FromSlash(path)), want[path]); err != nil {
			return fmt.Errorf("generate: %w", err)
		}
	}
	stale, err := stale(root, want)
	if err != nil {
		return err
	}
	for _, path := range stale {
		if err := remove(filepath.Join(root, filepath.FromSlash(path))); err != nil {
			return fmt.Errorf("generate: %w", err)
		}
	}
	return nil
}

// Check reports the generated files that are not as All would leave them.
func Check(root string) error {
	want, err := expected(root)
	if err != nil {
		return err
	}
	var faults []error
	for _, path := range slices.Sorted(maps.Keys(want)) {
		have, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			faults = append(faults, fmt.Errorf("%s is missing", path))
		case err != nil:
			faults = append(faults, err)
		case !bytes.Equal(have, want[path]):
			faults = append(faults, fmt.Errorf("%s is not up to date", path))
		}
	}
	stale, err := stale(root, want)
	if err != nil {
		return err
	}
	for _, path := range stale {
		faults = append(faults, fmt.Errorf("%s stands for nothing", path))
	}
	return errors.Join(faults...)
}

// expected are all generated files.
func expected(root string) (files, error) {
	all := files{}
	for _, part := range []func(string) (files, error){functions, events, profiles, openAPI} {
		some, err := part(root)
		if err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		maps.Copy(all, some)
	}
	return all, nil
}

// stale are the files in the folders that only hold generated ones which
// nothing asks for, sorted.
func stale(root string, want files) (paths []string, err error) {
	for _, pattern := range []string{"functions/*/main.go", "events/*.json"} {
		found, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		for _, path := range found {
			if _, ok := want[path]; !ok {
				paths = append(paths, path)
			}
		}
	}
	return paths, nil
}

func write(path string, content []byte) error {
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// remove takes a file away, and its folder if that leaves it empty.
func remove(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) > 0 {
		return err
	}
	return os.Remove(filepath.Dir(path))
}

//go:build unix

package filelock

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	release, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(path); !errors.Is(err, ErrTaken) {
		t.Errorf("a second one: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, err := Take(path); err != nil {
		t.Errorf("after the first: %v", err)
	}
	if _, err := Take(filepath.Join(path, "below")); err == nil || errors.Is(err, ErrTaken) {
		t.Errorf("where no file can be: %v", err)
	}
}

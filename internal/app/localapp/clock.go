package localapp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ReadClock tells by how much the clock of the store in a directory has been moved.
// It stays moved when the process ends: to a store whose clock goes back, what
// comes next was written before what is there, and the seals of the audit say so.
func ReadClock(dir string) (time.Duration, error) {
	text, err := os.ReadFile(clockFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	moved, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", clockFile(dir), err)
	}
	return moved, nil
}

func clockFile(dir string) string { return filepath.Join(dir, "clock") }

// Now is the time by the process's clock.
func (a *App) Now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.config.Clock().Add(a.moved)
}

// SetNow moves the clock, which goes on from there, and keeps it moved where the
// store is kept.
func (a *App) SetNow(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	moved := now.Sub(a.config.Clock())
	if dir := a.config.Directory; dir != "" {
		if err := os.WriteFile(clockFile(dir), []byte(moved.String()+"\n"), 0o600); err != nil {
			return err
		}
	}
	a.moved = moved
	return nil
}

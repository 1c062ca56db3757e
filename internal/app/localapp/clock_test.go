package localapp

import (
	"os"
	"testing"
	"time"
)

// A clock that was moved is still ahead when the process comes back, so that
// nothing is written before what is there.
func TestTheClockStaysMoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if moved, err := ReadClock(dir); moved != 0 || err != nil {
		t.Errorf("of nobody: %v, %v", moved, err)
	}
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	c := Config{Directory: dir, Clock: func() time.Time { return at }}
	if err := New(c).SetNow(at.Add(36 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	var err error
	if c.Moved, err = ReadClock(dir); err != nil {
		t.Fatal(err)
	}
	if now := New(c).Now(); !now.Equal(at.Add(36 * time.Hour)) {
		t.Errorf("it is %v", now)
	}
	if err := os.WriteFile(clockFile(dir), []byte("tomorrow"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadClock(dir); err == nil {
		t.Error("nothing is wrong with tomorrow")
	}
}

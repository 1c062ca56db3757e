package filemail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func message(n int) domain.Message {
	return domain.Message{
		ID: domain.NewMailID(time.UnixMilli(int64(n))), To: "maija@example.com", Name: "Maija Meikäläinen",
		Kind: domain.MailActivation, Language: domain.Finnish,
		Subject: fmt.Sprintf("Tervetuloa %d", n), Text: "Hei!\n", HTML: "<p>Hei & terve!</p>",
		Links: []string{"https://portal.example.com/activate#token=1"},
	}
}

func open(t testing.TB, dir string) *Mailbox {
	t.Helper()
	m, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func send(t testing.TB, m *Mailbox, message domain.Message) string {
	t.Helper()
	id, err := m.Send(t.Context(), message)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func subjects(m *Mailbox) (s []string) {
	for _, stored := range m.Messages() {
		s = append(s, stored.Subject)
	}
	return s
}

// files are those of the mailbox.
func files(t testing.TB, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "mail", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestMessagesStayNewestFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, reopen := range map[string]func(*Mailbox) *Mailbox{
		"in memory": func(m *Mailbox) *Mailbox { return m },
		"in files":  func(*Mailbox) *Mailbox { return open(t, dir) },
	} {
		where := ""
		if name == "in files" {
			where = dir
		}
		m := open(t, where)
		if got := m.Messages(); got == nil || len(got) != 0 {
			t.Errorf("%s: a new mailbox holds %v", name, got)
		}
		ids := map[string]bool{}
		for n := range 5 {
			ids[send(t, m, message(n))] = true
		}
		before := m.Messages()
		m = reopen(m)
		if diff := cmp.Diff(before, m.Messages()); diff != "" {
			t.Errorf("%s: opened again (-want +got):\n%s", name, diff)
		}
		ids[send(t, m, message(5))] = true
		want := []string{"Tervetuloa 5", "Tervetuloa 4", "Tervetuloa 3", "Tervetuloa 2", "Tervetuloa 1", "Tervetuloa 0"}
		if diff := cmp.Diff(want, subjects(m)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if len(ids) != 6 {
			t.Errorf("%s: ids %v", name, ids)
		}
	}
}

// Tests that count mails see a mail that was sent twice.
func TestSentTwiceIsKeptTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := open(t, dir)
	twice := message(1)
	if first := send(t, m, twice); first == send(t, m, twice) {
		t.Error("both have the same id")
	}
	for _, m := range []*Mailbox{m, open(t, dir)} {
		got := m.Messages()
		if len(got) != 2 || got[0].ID != twice.ID || got[1].ID != twice.ID || !got[0].At.After(got[1].At) {
			t.Errorf("%v", got)
		}
	}
}

func TestStoredIsTheMessage(t *testing.T) {
	t.Parallel()
	m := open(t, "")
	sent := message(1)
	before := time.Now()
	send(t, m, sent)
	got := m.Messages()[0]
	if got.At.Before(before.Round(0)) || got.At.After(time.Now()) || got.At.Location() != time.UTC {
		t.Errorf("at %v", got.At)
	}
	got.At = time.Date(2026, 11, 22, 1, 2, 3, 4, time.UTC)
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"` + string(sent.ID) + `","at":"2026-11-22T01:02:03.000000004Z","to":"maija@example.com","name":"Maija Meikäläinen",` +
		`"subject":"Tervetuloa 1","kind":"activation","language":"fi","text":"Hei!\n","html":"\u003cp\u003eHei \u0026 terve!\u003c/p\u003e",` +
		`"links":["https://portal.example.com/activate#token=1"]}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	sent.Links = nil
	send(t, m, sent)
	if data, err = json.Marshal(m.Messages()[0]); err != nil || !strings.Contains(string(data), `"links":[]`) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestOldestGoFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := open(t, dir)
	for n := range most + 3 {
		if n == most { // as if somebody tidied up
			if err := os.Remove(files(t, dir)[0]); err != nil {
				t.Fatal(err)
			}
		}
		send(t, m, message(n))
	}
	for _, m := range []*Mailbox{m, open(t, dir)} {
		got := subjects(m)
		if len(got) != most || got[0] != fmt.Sprintf("Tervetuloa %d", most+2) || got[most-1] != "Tervetuloa 3" {
			t.Errorf("%d messages from %s to %s", len(got), got[0], got[len(got)-1])
		}
	}
	if n := len(files(t, dir)); n != most {
		t.Errorf("%d files", n)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		m := open(t, dir)
		var all sync.WaitGroup
		for n := range 50 {
			all.Go(func() {
				if _, err := m.Send(t.Context(), message(n)); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				got := m.Messages()
				for i := range got {
					if i > 0 && !got[i-1].At.After(got[i].At) {
						t.Errorf("%v is not after %v", got[i-1].At, got[i].At)
					}
				}
				clear(got) // it is the caller's own
			})
		}
		all.Wait()
		seen := map[string]bool{}
		for _, s := range subjects(m) {
			seen[s] = true
		}
		if len(seen) != 50 {
			t.Errorf("%d messages", len(seen))
		}
		if dir != "" && len(open(t, dir).Messages()) != 50 {
			t.Error("files are missing")
		}
	}
}

// A clock set back, or one that ticks slowly, neither mixes up nor loses mails.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	future := Stored{ID: message(1).ID, At: time.Now().Add(time.Hour).UTC().Round(0), Subject: "future", Links: []string{}}
	if err := open(t, dir).write(future); err != nil {
		t.Fatal(err)
	}
	m := open(t, dir)
	send(t, m, message(2))
	send(t, m, message(3))
	if diff := cmp.Diff([]string{"Tervetuloa 3", "Tervetuloa 2", "future"}, subjects(open(t, dir))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOnlyTheOwnerReads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	send(t, open(t, dir), message(1))
	for _, name := range append(files(t, dir), filepath.Join(dir, "mail")) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
	}
}

func TestSendRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := open(t, dir)
	for _, id := range []domain.MailID{"", "mai_1", "../../mai_01jdv7xg0000000000000000ab"} {
		bad := message(1)
		bad.ID = id
		if _, err := m.Send(t.Context(), bad); !errors.Is(err, domain.ErrUndeliverable) {
			t.Errorf("%q: %v", id, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Send(ctx, message(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "mail")); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Send(t.Context(), message(1)); err == nil || errors.Is(err, domain.ErrUndeliverable) {
		t.Errorf("without a directory: %v, want an error that may pass", err)
	}
	if len(m.Messages()) != 0 {
		t.Error("a refused message is kept")
	}
}

func TestNewTellsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	send(t, open(t, dir), message(1))
	mail := filepath.Join(dir, "mail")
	// What a crash leaves behind, and what is not ours, does not matter.
	for _, name := range []string{"20260101T000000.000000000Z-mai_1.json.part", "README"} {
		if err := os.WriteFile(filepath.Join(mail, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(open(t, dir).Messages()); got != 1 {
		t.Errorf("%d messages", got)
	}
	broken := filepath.Join(mail, "20260101T000000.000000000Z-mai_1.json")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(dir); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("%v does not name the file", err)
	}
	if _, err := New(broken); err == nil {
		t.Error("a file is taken for a directory")
	}
}

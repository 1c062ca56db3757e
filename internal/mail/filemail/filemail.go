// Package filemail is the mailbox of a laptop: mails that would have been sent
// are kept to be looked at.
package filemail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// most is how many messages are kept; the oldest go first.
const most = 1000

// Stored is a message in the mailbox.
type Stored struct {
	ID       domain.MailID   `json:"id"` // not unique: what is sent twice is kept twice
	At       time.Time       `json:"at"` // of its arrival, unique
	To       domain.Email    `json:"to"`
	Name     string          `json:"name"`
	Subject  string          `json:"subject"`
	Kind     domain.MailKind `json:"kind"`
	Language domain.Language `json:"language"`
	Text     string          `json:"text"`
	HTML     string          `json:"html"`
	Links    []string        `json:"links"` // never null
}

// file is the message's name in the directory. The names sort by arrival.
func (s Stored) file() string {
	return s.At.Format("20060102T150405.000000000Z") + "-" + string(s.ID) + ".json"
}

// Mailbox takes every message. It is a domain.Sender, safe for concurrent use.
type Mailbox struct {
	dir     string     // empty: memory only
	sending sync.Mutex // messages arrive one after the other
	// messages are the newest first. A list is never changed once it is here,
	// so readers wait for nobody, not even for a disk.
	messages atomic.Pointer[[]Stored]
}

// New opens the mailbox in the folder mail of a directory, with what it holds;
// with an empty dir it is in memory only. One process at a time has it open.
func New(dir string) (*Mailbox, error) {
	m := &Mailbox{}
	m.messages.Store(&[]Stored{})
	if dir == "" {
		return m, nil
	}
	m.dir = filepath.Join(dir, "mail")
	// Mails hold links that sign people in.
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	messages := []Stored{}
	for _, entry := range slices.Backward(entries) {
		if !strings.HasSuffix(entry.Name(), ".json") || len(messages) == most {
			continue
		}
		s, err := read(filepath.Join(m.dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("mailbox: %w", err)
		}
		messages = append(messages, s)
	}
	m.messages.Store(&messages)
	return m, nil
}

func read(name string) (s Stored, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s is not a message, remove it: %w", name, err)
	}
	return s, nil
}

// Send keeps the message and returns the name it is kept under. It sends to
// anybody at any time; an error is one of the disk.
func (m *Mailbox) Send(ctx context.Context, message domain.Message) (string, error) {
	if !message.ID.Valid() { // it becomes a file name
		return "", domain.ErrUndeliverable.Because(fmt.Errorf("mailbox: %q is not a mail's id", message.ID))
	}
	m.sending.Lock()
	defer m.sending.Unlock()
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("mailbox: %w", err)
	}
	old := *m.messages.Load()
	s := Stored{
		ID: message.ID, At: time.Now().Round(0).UTC(), To: message.To, Name: message.Name, Subject: message.Subject,
		Kind: message.Kind, Language: message.Language, Text: message.Text, HTML: message.HTML,
		Links: append([]string{}, message.Links...),
	}
	if len(old) > 0 && !s.At.After(old[0].At) {
		s.At = old[0].At.Add(1) // a clock that stands still or is set back loses no message
	}
	if len(old) == most {
		if err := m.remove(old[most-1]); err != nil {
			return "", fmt.Errorf("mailbox: %w", err)
		}
		old = old[:most-1]
	}
	if err := m.write(s); err != nil {
		return "", fmt.Errorf("mailbox: %w", err)
	}
	messages := append([]Stored{s}, old...)
	m.messages.Store(&messages)
	return strings.TrimSuffix(s.file(), ".json"), nil
}

// Messages are those of the mailbox, the newest first; never nil.
func (m *Mailbox) Messages() []Stored { return slices.Clone(*m.messages.Load()) }

// write makes the file whole or not at all.
func (m *Mailbox) write(s Stored) error {
	if m.dir == "" {
		return nil
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(m.dir, s.file())
	if err := os.WriteFile(name+".part", data, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

func (m *Mailbox) remove(s Stored) error {
	if m.dir == "" {
		return nil
	}
	err := os.Remove(filepath.Join(m.dir, s.file()))
	if errors.Is(err, fs.ErrNotExist) { // somebody has tidied up
		return nil
	}
	return err
}

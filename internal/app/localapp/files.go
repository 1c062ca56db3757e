package localapp

import (
	"context"
	"crypto/rand"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// filesPath is where files are fetched from.
const filesPath = "/_local/files/"

// files keeps files in memory for as long as their links open, and is where
// they are fetched. It implements domain.Files.
type files struct {
	base string // of the links
	now  func() time.Time

	mu  sync.Mutex
	all map[string]file // by the random part of the link
}

type file struct {
	name, contentType string
	content           []byte
	expires           time.Time
}

func (f *files) Put(_ context.Context, name, contentType string, r io.ReadSeeker) (url string, expiresAt time.Time, err error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return "", time.Time{}, err
	}
	now, random := f.now(), rand.Text()
	expiresAt = now.Add(domain.FileLife)
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, old := range f.all {
		if !now.Before(old.expires) {
			delete(f.all, key)
		}
	}
	f.all[random] = file{name, contentType, content, expiresAt}
	return f.base + filesPath + random, expiresAt, nil
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	found, ok := f.all[strings.TrimPrefix(r.URL.Path, filesPath)]
	f.mu.Unlock()
	if !ok || !f.now().Before(found.expires) {
		http.Error(w, "there is no such file, or no longer", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", found.contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": found.name}))
	h.Set("X-Content-Type-Options", "nosniff")
	w.Write(found.content)
}

package localvault

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/vault"
)

// file is the keys as they are kept, the newest first.
type file struct {
	Keys []Key `json:"keys"`
}

// Fresh is a new key.
func Fresh(id string) Key {
	k := Key{ID: id, Secret: make([]byte, vault.KeySize)}
	rand.Read(k.Secret)
	return k
}

// Load reads the keys in a file, and makes the file with one key if it is not
// there. What cannot be read is never written over.
func Load(name string) ([]Key, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		keys := []Key{Fresh("1")}
		return keys, store(name, keys)
	}
	if err != nil {
		return nil, err
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%s holds no keys: %w", name, err)
	}
	if _, err := New(f.Keys...); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f.Keys, nil
}

// Add puts a new key before those in a file. The others stay, since they open
// what they have sealed.
func Add(name string) ([]Key, error) {
	keys, err := Load(name)
	if err != nil {
		return nil, err
	}
	newest, err := strconv.Atoi(keys[0].ID)
	if err != nil {
		return nil, fmt.Errorf("%s: the newest key is called %q, which is no number", name, keys[0].ID)
	}
	keys = append([]Key{Fresh(strconv.Itoa(newest + 1))}, keys...)
	return keys, store(name, keys)
}

// File is a vault of the keys that are in a file at the time, so that a process
// that runs has a new one at once. Load makes the file.
type File string

var _ domain.Vault = File("")

func (f File) now() (*Vault, error) {
	keys, err := Load(string(f))
	if err != nil {
		return nil, domain.ErrUnavailable.Because(err)
	}
	return New(keys...)
}

// Seal encrypts with the newest key.
func (f File) Seal(ctx context.Context, field domain.Field, plain string) (domain.SealedField, error) {
	v, err := f.now()
	if err != nil {
		return domain.SealedField{}, err
	}
	return v.Seal(ctx, field, plain)
}

// Open decrypts with the key that has sealed.
func (f File) Open(ctx context.Context, field domain.Field, sealed domain.SealedField) (string, error) {
	v, err := f.now()
	if err != nil {
		return "", err
	}
	return v.Open(ctx, field, sealed)
}

// Index hashes with every key.
func (f File) Index(ctx context.Context, value string) ([]string, error) {
	v, err := f.now()
	if err != nil {
		return nil, err
	}
	return v.Index(ctx, value)
}

// store writes the whole file or none of it.
func store(name string, keys []Key) error {
	text, err := json.MarshalIndent(file{keys}, "", "  ")
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*") // for its owner only
	if err != nil {
		return err
	}
	_, err = next.Write(append(text, '\n'))
	if err := errors.Join(err, next.Sync(), next.Close()); err != nil {
		os.Remove(next.Name())
		return err
	}
	return os.Rename(next.Name(), name)
}

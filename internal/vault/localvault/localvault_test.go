package localvault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/vault"
	"github.com/fullmakt/fullmakt/internal/vault/vaulttest"
)

func made(t *testing.T, keys ...Key) *Vault {
	t.Helper()
	v, err := New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVault(t *testing.T) {
	t.Parallel()
	one, two := Fresh("1"), Fresh("2")
	vaulttest.Run(t, vaulttest.Opened{Old: made(t, one), Both: made(t, two, one), New: made(t, two)})
}

func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, keys ...Key) File {
		path := filepath.Join(dir, name)
		if err := store(path, keys); err != nil {
			t.Fatal(err)
		}
		return File(path)
	}
	one, two := Fresh("1"), Fresh("2")
	vaulttest.Run(t, vaulttest.Opened{Old: file("old", one), Both: file("both", two, one), New: file("new", two)})

	// XF7: without its keys it seals nothing, and what it would say may pass.
	gone := File(dir)
	_, sealing := gone.Seal(t.Context(), domain.Field{}, vaulttest.Canary)
	_, opening := gone.Open(t.Context(), domain.Field{}, domain.SealedField{Key: "1"})
	_, hashing := gone.Index(t.Context(), vaulttest.Canary)
	for _, err := range []error{sealing, opening, hashing} {
		if !errors.Is(err, domain.ErrUnavailable) {
			t.Error(err)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]Key{
		"none": nil, "short": {{ID: "1", Secret: make([]byte, vault.KeySize-1)}}, "twice": {Fresh("1"), Fresh("1")},
	} {
		if v, err := New(keys...); err == nil || v != nil {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestXI12_TheFileKeepsOldKeys(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "vault.keys")
	first, err := Load(name)
	if err != nil || len(first) != 1 || first[0].ID != "1" {
		t.Fatalf("%v, %v", first, err)
	}
	if again, err := Load(name); err != nil || cmp.Diff(first, again) != "" {
		t.Errorf("another key the second time: %v", err)
	}
	second, err := Add(name)
	if err != nil || len(second) != 2 || second[0].ID != "2" || !bytes.Equal(second[1].Secret, first[0].Secret) || bytes.Equal(second[0].Secret, second[1].Secret) {
		t.Fatalf("%v, %v", second, err)
	}
	if again, err := Load(name); err != nil || cmp.Diff(second, again) != "" {
		t.Errorf("the new key was not kept: %v", err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Errorf("beside it: %v, %v", left, err)
	}
}

// Keys that are lost are codes that are lost: a file that cannot be read stays as it is.
func TestAFileOfNoKeysStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"empty": "", "cut": `{"keys":[{"id":"1","secret":"AAAA`, "none": `{"keys":[]}`, "short": `{"keys":[{"id":"1","secret":"AAAA"}]}`,
		"unnumbered": "",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if name == "unnumbered" {
			if err := store(file, []Key{Fresh("a")}); err != nil {
				t.Fatal(err)
			}
		}
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if keys, err := Add(file); err == nil || keys != nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s was written over: %v", name, err)
		}
	}
	if _, err := Load(dir); err == nil {
		t.Error("a folder holds keys")
	}
	if _, err := Load(filepath.Join(dir, "none", "x", "y")); err == nil {
		t.Error("a file where no folder is")
	}
}

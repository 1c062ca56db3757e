package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/vault/localvault"
)

// XI12: a local store's keys rotate, twice.
func TestXI12_VaultRotate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := options(dir, true)
	o.profile = "insurance"
	fill(t, o)
	for _, want := range []string{
		"Key 2 is the newest. 9 of 9 national ids are sealed with it anew.\n", "Key 3 is the newest. 9 of 9 national ids are sealed with it anew.\n",
	} {
		if out, err := do(t, "vault", "rotate", "-data", dir, "-profile", "insurance"); err != nil || out != want {
			t.Fatalf("%q, %v", out, err)
		}
	}
	keys, err := localvault.Load(vaultKeys(dir))
	if err != nil || len(keys) != 3 || keys[0].ID != "3" {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	// What the codes are is in no file but under the keys.
	database, err := os.ReadFile(filepath.Join(dir, "fullmakt.db"))
	if err != nil || strings.Contains(string(database), "210991X917V") {
		t.Errorf("a code is in the database, %v", err)
	}
}

func TestVaultRotateRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"nothing":      {nil, "usage"},
		"another word": {[]string{"open"}, "usage"},
		"no store":     {[]string{"rotate", "-data", dir}, "there is no store"},
		"no profile":   {[]string{"rotate", "-data", dir, "-profile", "boats"}, "boats"},
		"an argument":  {[]string{"rotate", "stray"}, `"stray"`},
		"no flag":      {[]string{"rotate", "-fly"}, "-fly"},
	} {
		if out, err := do(t, append([]string{"vault"}, test.args...)...); err == nil || !strings.Contains(err.Error(), test.says) || out != "" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it has made %v, %v", left, err)
	}
}

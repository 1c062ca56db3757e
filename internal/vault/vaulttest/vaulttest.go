// Package vaulttest says what every vault must do.
package vaulttest

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Opened is a vault of each stage of a rotation: with the old key alone, with
// the new one before it, and with the new one alone.
type Opened struct{ Old, Both, New domain.Vault }

// Canary is what is sealed: an artificial code that must be found nowhere.
const Canary = "010594Y9032"

var whose = domain.Field{Organization: "org_1", Person: "usr_1", Name: "nationalId"}

// Run tries a vault.
func Run(t *testing.T, v Opened) {
	ctx := t.Context()
	sealed := seal(ctx, t, v.Old)
	t.Run("opens what it has sealed", func(t *testing.T) {
		for _, plain := range []string{Canary, "", "åäö\x00"} {
			s, err := v.Old.Seal(ctx, whose, plain)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := v.Old.Open(ctx, whose, s); err != nil || got != plain {
				t.Errorf("%q is %q, %v", plain, got, err)
			}
		}
	})
	t.Run("shows nothing", func(t *testing.T) {
		again := seal(ctx, t, v.Old)
		if bytes.Contains(sealed.Data, []byte(Canary)) || bytes.Contains(sealed.Data, []byte(Canary[:6])) {
			t.Error("the field is readable")
		}
		if bytes.Equal(sealed.Data, again.Data) {
			t.Error("the same value is sealed the same twice")
		}
		if sealed.Key == "" || sealed.Key != again.Key {
			t.Errorf("sealed with %q and %q", sealed.Key, again.Key)
		}
	})
	t.Run("opens as no other field", func(t *testing.T) {
		for name, other := range map[string]domain.Field{
			"organization": {Organization: "org_2", Person: "usr_1", Name: "nationalId"},
			"person":       {Organization: "org_1", Person: "usr_2", Name: "nationalId"},
			"name":         {Organization: "org_1", Person: "usr_1", Name: "phone"},
			"shifted":      {Organization: "org_1\x00usr_1", Person: "nationalId"},
			"nothing":      {},
		} {
			refused(t, name, v.Old, other, sealed)
		}
	})
	t.Run("opens nothing that was changed", func(t *testing.T) {
		for i := range sealed.Data {
			changed := slices.Clone(sealed.Data)
			changed[i] ^= 1
			if i%7 == 0 || i == len(changed)-1 {
				refused(t, "a flipped bit", v.Old, whose, domain.SealedField{Key: sealed.Key, Data: changed})
			}
		}
		for _, n := range []int{0, 1, 2, 12, len(sealed.Data) - 1} {
			refused(t, "a part", v.Old, whose, domain.SealedField{Key: sealed.Key, Data: sealed.Data[:n]})
		}
		refused(t, "too much", v.Old, whose, domain.SealedField{Key: sealed.Key, Data: append(slices.Clone(sealed.Data), 0)})
	})
	t.Run("rotates", func(t *testing.T) {
		fresh := seal(ctx, t, v.Both)
		if fresh.Key == sealed.Key {
			t.Error("what is new is sealed with the old key")
		}
		for name, s := range map[string]domain.SealedField{"old": sealed, "new": fresh} {
			if got, err := v.Both.Open(ctx, whose, s); err != nil || got != Canary {
				t.Errorf("the %s one is %q, %v", name, got, err)
			}
		}
		if got, err := v.New.Open(ctx, whose, fresh); err != nil || got != Canary {
			t.Errorf("%q, %v", got, err)
		}
		refused(t, "a key that is gone", v.New, whose, sealed)
	})
	t.Run("hashes with every key", func(t *testing.T) {
		old, both, fresh := index(t, v.Old), index(t, v.Both), index(t, v.New)
		if diff := cmp.Diff(append(slices.Clone(fresh), old...), both); diff != "" || len(both) != 2 {
			t.Errorf("hashes (-want +got):\n%s", diff)
		}
		for _, h := range both {
			if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(h) {
				t.Errorf("hash %q", h)
			}
		}
		if diff := cmp.Diff(old, index(t, v.Old)); diff != "" {
			t.Errorf("another hash the second time (-want +got):\n%s", diff)
		}
		other, err := v.Old.Index(ctx, Canary+" ")
		if err != nil || other[0] == old[0] {
			t.Errorf("another value has the same hash, %v", err)
		}
	})
}

func seal(ctx context.Context, t *testing.T, v domain.Vault) domain.SealedField {
	t.Helper()
	s, err := v.Seal(ctx, whose, Canary)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func index(t *testing.T, v domain.Vault) []string {
	t.Helper()
	hashes, err := v.Index(t.Context(), Canary)
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}

func refused(t *testing.T, name string, v domain.Vault, f domain.Field, s domain.SealedField) {
	t.Helper()
	if got, err := v.Open(t.Context(), f, s); err == nil || got != "" {
		t.Errorf("%s: it opens: %q", name, got)
	} else if bytes.Contains([]byte(err.Error()), []byte(Canary)) || errors.Is(err, context.Canceled) {
		t.Errorf("%s: %v", name, err)
	}
}

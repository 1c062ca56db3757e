// Package localvault is a vault whose keys are in memory and in a file: on a
// laptop, and in tests.
package localvault

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/vault"
)

// Key is one version of the vault's key. The keys that seal and that hash are
// both derived from its secret.
type Key struct {
	ID     string `json:"id"` // names it beside what it has sealed
	Secret []byte `json:"secret"`
}

// Vault is a domain.Vault.
type Vault struct{ keys []derived }

type derived struct {
	id          string
	seal, index []byte
}

// New makes a vault of keys, of which the first is the newest.
func New(keys ...Key) (*Vault, error) {
	if len(keys) == 0 {
		return nil, errors.New("localvault: no key")
	}
	v := &Vault{}
	for _, k := range keys {
		if len(k.Secret) != vault.KeySize {
			return nil, fmt.Errorf("localvault: key %q has %d bytes, want %d", k.ID, len(k.Secret), vault.KeySize)
		}
		if v.key(k.ID) != nil {
			return nil, fmt.Errorf("localvault: there are two keys %q", k.ID)
		}
		d := derived{id: k.ID}
		var errs [2]error
		d.seal, errs[0] = hkdf.Key(sha256.New, k.Secret, nil, "fullmakt seal", vault.KeySize)
		d.index, errs[1] = hkdf.Key(sha256.New, k.Secret, nil, "fullmakt index", vault.KeySize)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("localvault: %w", err)
		}
		v.keys = append(v.keys, d)
	}
	return v, nil
}

func (v *Vault) key(id string) *derived {
	for i := range v.keys {
		if v.keys[i].id == id {
			return &v.keys[i]
		}
	}
	return nil
}

// Seal encrypts with the newest key.
func (v *Vault) Seal(_ context.Context, field domain.Field, plain string) (domain.SealedField, error) {
	data, err := vault.Seal(v.keys[0].seal, field, plain)
	if err != nil {
		return domain.SealedField{}, err
	}
	return domain.SealedField{Key: v.keys[0].id, Data: data}, nil
}

// Open decrypts with the key that has sealed.
func (v *Vault) Open(_ context.Context, field domain.Field, sealed domain.SealedField) (string, error) {
	k := v.key(sealed.Key)
	if k == nil {
		return "", domain.ErrUnavailable.Because(fmt.Errorf("localvault: there is no key %q", sealed.Key))
	}
	return vault.Open(k.seal, field, sealed.Data)
}

// Index hashes with every key.
func (v *Vault) Index(_ context.Context, value string) (hashes []string, err error) {
	for _, k := range v.keys {
		mac := hmac.New(sha256.New, k.index)
		mac.Write([]byte(value))
		hashes = append(hashes, hex.EncodeToString(mac.Sum(nil)))
	}
	return hashes, nil
}

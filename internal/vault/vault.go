// Package vault encrypts single fields with a key that its drivers bring. What
// was sealed of one field opens as that field only.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// KeySize is that of the keys, in bytes.
const KeySize = 32

// Seal encrypts with AES-256-GCM under a nonce drawn by lot, which goes before
// the ciphertext.
func Seal(key []byte, field domain.Field, plain string) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, []byte(plain), associated(field)), nil //nolint:gosec // G407: this AEAD makes its own nonces
}

// errClosed does not tell why: nothing but the key knows.
var errClosed = errors.New("vault: not sealed with this key as this field")

// Open decrypts what Seal has made with the key of the field.
func Open(key []byte, field domain.Field, data []byte) (string, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return "", err
	}
	plain, err := aead.Open(nil, nil, data, associated(field))
	if err != nil {
		return "", errClosed
	}
	return string(plain), nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("vault: a key of %d bytes, want %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// associated is the field as the data that goes with the ciphertext. No id and
// no name has a zero byte in it.
func associated(f domain.Field) []byte {
	return []byte(strings.Join([]string{"fullmakt/1", string(f.Organization), string(f.Person), f.Name}, "\x00"))
}

package apitest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/vault/localvault"
)

// Vault is a world's: its keys can be rotated, and it can be down.
type Vault struct {
	mu   sync.Mutex
	keys []localvault.Key
	down bool
}

// NewVault is one with a key.
func NewVault() *Vault { return &Vault{keys: []localvault.Key{localvault.Fresh("1")}} }

// Rotate puts a new key before the others.
func (v *Vault) Rotate() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys = append([]localvault.Key{localvault.Fresh(fmt.Sprint(len(v.keys) + 1))}, v.keys...)
}

// Forget leaves it the newest key only.
func (v *Vault) Forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys = v.keys[:1]
}

// SetDown says whether it answers.
func (v *Vault) SetDown(down bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.down = down
}

func (v *Vault) now() (domain.Vault, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.down {
		return nil, domain.ErrUnavailable.Because(errors.New("the vault is down"))
	}
	return localvault.New(slices.Clone(v.keys)...)
}

// Seal encrypts with the newest key.
func (v *Vault) Seal(ctx context.Context, field domain.Field, plain string) (domain.SealedField, error) {
	now, err := v.now()
	if err != nil {
		return domain.SealedField{}, err
	}
	return now.Seal(ctx, field, plain)
}

// Open decrypts with the key that has sealed.
func (v *Vault) Open(ctx context.Context, field domain.Field, sealed domain.SealedField) (string, error) {
	now, err := v.now()
	if err != nil {
		return "", err
	}
	return now.Open(ctx, field, sealed)
}

// Index hashes with every key.
func (v *Vault) Index(ctx context.Context, value string) ([]string, error) {
	now, err := v.now()
	if err != nil {
		return nil, err
	}
	return now.Index(ctx, value)
}

// Code is an artificial Finnish national id that nobody in the world has yet.
func (w *World) Code() string {
	n := int(w.codes.Add(1))
	day := time.Date(1951, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n)
	individual := 900 + n%100
	var number int
	digits := day.Format("020106") + fmt.Sprint(individual)
	if _, err := fmt.Sscanf(digits, "%d", &number); err != nil {
		panic(err) // they are digits
	}
	return fmt.Sprintf("%s-%d%c", digits[:6], individual, "0123456789ABCDEFHJKLMNPRSTUVWXY"[number%31])
}

// Coded is a user to be, with a national id where the portal asks for one and
// none was said.
func (w *World) Coded(body Object) Object {
	if _, said := body["nationalId"]; !said && w.Profile.Policies.NationalID == domain.MustBeGiven {
		body["nationalId"] = Object{"code": w.Code()}
	}
	return body
}

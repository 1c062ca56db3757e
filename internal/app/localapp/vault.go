package localapp

import (
	"context"
	"fmt"
	"slices"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/vault/localvault"
)

// inMemory is a vault for a table in memory.
func inMemory() domain.Vault {
	v, err := localvault.New(localvault.Fresh("1"))
	if err != nil {
		panic(err) // one fresh key always is one
	}
	return v
}

// limitedVault is the vault as a function with these needs has it in AWS, where
// its role lets it use each key for what it declares, and for nothing else.
type limitedVault struct {
	vault    domain.Vault
	function string
	needs    []endpoint.Need
}

// vaultFor is the vault for a function; nil for one that needs none.
func (a *App) vaultFor(function string, needs []endpoint.Need) domain.Vault {
	for _, n := range []endpoint.Need{endpoint.SealFields, endpoint.OpenFields, endpoint.IndexFields} {
		if slices.Contains(needs, n) {
			return limitedVault{a.config.Vault, function, needs}
		}
	}
	return nil
}

func (l limitedVault) demand(n endpoint.Need) error {
	if !slices.Contains(l.needs, n) {
		return fmt.Errorf("%s does not declare the need %s", l.function, n)
	}
	return nil
}

func (l limitedVault) Seal(ctx context.Context, field domain.Field, plain string) (domain.SealedField, error) {
	if err := l.demand(endpoint.SealFields); err != nil {
		return domain.SealedField{}, err
	}
	return l.vault.Seal(ctx, field, plain)
}

func (l limitedVault) Open(ctx context.Context, field domain.Field, sealed domain.SealedField) (string, error) {
	if err := l.demand(endpoint.OpenFields); err != nil {
		return "", err
	}
	return l.vault.Open(ctx, field, sealed)
}

func (l limitedVault) Index(ctx context.Context, value string) ([]string, error) {
	if err := l.demand(endpoint.IndexFields); err != nil {
		return nil, err
	}
	return l.vault.Index(ctx, value)
}

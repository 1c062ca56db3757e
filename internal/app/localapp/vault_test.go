package localapp

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// What a role in AWS may not do with the keys fails here too.
func TestTheVaultDoesWhatWasDeclared(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	field := domain.Field{Organization: "org_1", Person: "usr_1", Name: "nationalId"}
	sealed, err := a.config.Vault.Seal(t.Context(), field, "010594Y9032")
	if err != nil {
		t.Fatal(err)
	}
	uses := map[endpoint.Need]func(domain.Vault) error{
		endpoint.SealFields: func(v domain.Vault) error { _, err := v.Seal(t.Context(), field, "x"); return err },
		endpoint.OpenFields: func(v domain.Vault) error {
			plain, err := v.Open(t.Context(), field, sealed)
			if err == nil && plain != "010594Y9032" {
				err = errors.New(plain)
			}
			return err
		},
		endpoint.IndexFields: func(v domain.Vault) error { _, err := v.Index(t.Context(), "x"); return err },
	}
	for has := range uses {
		v := a.vaultFor("thing-edit", []endpoint.Need{endpoint.ReadItems, has})
		for need, use := range uses {
			err := use(v)
			if need == has && err != nil || need != has && (err == nil || !strings.Contains(err.Error(), "thing-edit does not declare the need "+string(need))) {
				t.Errorf("with %s, %s: %v", has, need, err)
			}
		}
	}
	for _, e := range api.Endpoints() {
		needs := slices.ContainsFunc(e.Needs, func(n endpoint.Need) bool { return uses[n] != nil })
		if deps := a.endpointDeps(e); (deps.Vault != nil) != needs {
			t.Errorf("%s needs a vault: %v; it has %v", e.ID, needs, deps.Vault)
		}
	}
}

package nordic_test

import (
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/bolagsverket"
	"github.com/fullmakt/fullmakt/internal/registry/nordic"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
)

func TestDrivers(t *testing.T) {
	t.Parallel()
	withSweden := nordic.Public()
	withSweden.Bolagsverket = bolagsverket.Config{URL: bolagsverket.PublicURL, TokenURL: bolagsverket.PublicTokenURL, ClientID: "id", ClientSecret: "secret"}
	for name, c := range map[string]struct {
		config nordic.Config
		want   []domain.Country
	}{
		"none":        {nordic.Config{}, nil},
		"public":      {nordic.Public(), []domain.Country{"AX", "FI", "NO", "SJ"}},
		"with Sweden": {withSweden, []domain.Country{"AX", "FI", "NO", "SE", "SJ"}},
		"the fake":    {registrytest.Config("http://127.0.0.1:8080/_local/registers"), []domain.Country{"AX", "FI", "NO", "SE", "SJ"}},
	} {
		drivers, err := nordic.Drivers(c.config)
		if diff := cmp.Diff(c.want, slices.Sorted(maps.Keys(drivers))); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// All that is wrong is told at once, and no secret with it.
func TestXF19_Faults(t *testing.T) {
	t.Parallel()
	c := registrytest.Config("http://registry.example.com")
	c.Plain, c.Bolagsverket.ClientID = false, ""
	_, err := nordic.Drivers(c)
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"prh: ", "brreg: ", "bolagsverket: ", "no id", registrytest.BolagsverketTokens} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v says nothing of %q", err, part)
		}
	}
	if strings.Contains(err.Error(), registrytest.ClientSecret) {
		t.Errorf("%v tells the secret", err)
	}
}

// Every register of the fake is reached by its country, and knows the example.
func TestB48_TheFake(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(registrytest.New())
	defer server.Close()
	drivers, err := nordic.Drivers(registrytest.Config(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	l := &registry.Lookup{Drivers: drivers, Cache: registrytest.NewCache(), Clock: time.Now, Log: slog.New(slog.DiscardHandler)}
	for country, id := range map[domain.Country]string{"FI": "9900001-8", "AX": "9900004-2", "NO": "123400011", "SJ": "123400011", "SE": "499999-0015"} {
		if c, err := l.Company(t.Context(), country, id); err != nil || c.Country != country || c.Name == "" {
			t.Errorf("%s: %+v, %v", country, c, err)
		}
	}
}

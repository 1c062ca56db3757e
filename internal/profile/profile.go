// Package profile reads and checks profiles. What people write (YAML, with
// lines in its faults) is read by package profilefile, which no Lambda links.
package profile

import (
	"fmt"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/profiles"
)

// Load reads one of the embedded profiles.
func Load(name string) (*domain.Profile, error) {
	compiled, err := profiles.Compiled(name)
	if err != nil {
		return nil, fmt.Errorf("there is no profile %q; there are: %s", name, strings.Join(profiles.Names(), ", "))
	}
	p, err := Parse(compiled)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", name, err)
	}
	return p, nil
}

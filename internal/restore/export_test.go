package restore

import (
	"maps"
	"slices"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Actions are those of which it is known whether they take something away.
func Actions() []domain.Action { return slices.Collect(maps.Keys(shuts)) }

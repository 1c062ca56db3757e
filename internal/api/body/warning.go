package body

import "github.com/fullmakt/fullmakt/internal/domain"

// Warning in JSON.
type Warning struct {
	Code  string          `json:"code" enum:"recommended-right-missing"`
	Right domain.RightKey `json:"right" example:"dashboard"`
}

// WarningsOf are about what a user holds, or does not.
func WarningsOf(m *domain.Membership, p *domain.Profile) (warnings []Warning) {
	for _, right := range m.Recommended(p) {
		warnings = append(warnings, Warning{"recommended-right-missing", right})
	}
	return warnings
}

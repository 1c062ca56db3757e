package body

import "github.com/fullmakt/fullmakt/internal/domain"

// Warning in JSON.
type Warning struct {
	Code  string          `json:"code" enum:"recommended-right-missing,shared-mailbox" description:"shared-mailbox: the address looks like one that several people read."`
	Right domain.RightKey `json:"right,omitzero" description:"Of recommended-right-missing." example:"dashboard"`
}

// WarningsOf are about what a user is reached by, and what they hold or do not.
func WarningsOf(m *domain.Membership, p *domain.Profile) (warnings []Warning) {
	for _, right := range m.Recommended(p) {
		warnings = append(warnings, Warning{"recommended-right-missing", right})
	}
	return append(warnings, AddressWarnings(m.Email)...)
}

// AddressWarnings are about the address of somebody who is to be a user.
func AddressWarnings(email domain.Email) (warnings []Warning) {
	if email.Shared() {
		warnings = append(warnings, Warning{"shared-mailbox", ""})
	}
	return warnings
}

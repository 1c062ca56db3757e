package body

import "github.com/fullmakt/fullmakt/internal/domain"

// Validity in JSON.
type Validity struct {
	Type   domain.ValidityType `json:"type" required:"true" enum:"indefinite,fixedTerm,locked" example:"indefinite"`
	From   domain.Date         `json:"from,omitzero" format:"date" description:"First day of a fixed term, in the organization's time zone."`
	To     domain.Date         `json:"to,omitzero" format:"date" description:"Last day of a fixed term, included."`
	Reason string              `json:"reason,omitzero" maxLength:"200" description:"Of a lock."`
}

// Read reads a validity. Whether its days make sense is for Validity.Check of the domain.
func (v Validity) Read(pointer string, faults *domain.Faults) domain.Validity {
	v.Reason = Line(v.Reason, pointer+"/reason", faults)
	return domain.Validity(v)
}

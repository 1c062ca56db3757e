// Package partner is the users of an organization who come from another one.
package partner

import (
	"strings"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{Find(), Add(), Organizations()}
}

// exactly reads an address that somebody is looked for by. What stands for other
// characters elsewhere may be in an address, and is taken for an attempt to
// find more than one.
func exactly(s, pointer string, faults *domain.Faults) domain.Email {
	if strings.ContainsAny(s, "*?%") {
		faults.Add(pointer, "email-invalid", "Give one whole address.")
		return ""
	}
	return body.Email(s, pointer, faults)
}

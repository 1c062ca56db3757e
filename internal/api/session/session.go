// Package session is signing in and out.
package session

import (
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{Create(), List(), Revoke()}
}

// Package client is the organizations that have given a mandate.
package client

import "github.com/fullmakt/fullmakt/internal/endpoint"

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{List()}
}

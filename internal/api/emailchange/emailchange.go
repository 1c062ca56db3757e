// Package emailchange is how people change their own e-mail address.
package emailchange

import (
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{Request(), Complete()}
}

// token takes the token of a request apart; ok is false for what cannot be one.
func token(text string) (domain.LinkToken, bool) {
	return domain.ParseLinkToken(text, domain.ForEmailChange)
}

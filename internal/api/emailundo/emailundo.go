// Package emailundo is the way back to an e-mail address for whose it was.
package emailundo

import (
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{Check(), Complete()}
}

// token takes the token of a request apart; ok is false for what cannot be one.
func token(text string) (domain.LinkToken, bool) {
	return domain.ParseLinkToken(text, domain.ForEmailUndo)
}

// want names what the token stands on. One that cannot be one stands on
// nothing, and is refused as every other that does not open.
func want(text string, w *domain.Want) {
	if t, ok := token(text); ok {
		w.ForEmailUndo(t)
	}
}

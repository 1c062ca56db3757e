package registry

import (
	"context"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Driver asks one public register. It is safe for concurrent use.
type Driver interface {
	// Company asks for the company with a canonical id whose check digit is
	// right, within the context's time. It fills the business id (in any form
	// that the country writes it in), the name, the form, the address, the
	// status and the source, all as the register says them: Lookup checks them.
	//
	// domain.ErrNotFound says that the register answered, and does not know the
	// company. Any other error says that there is no answer to be used.
	Company(ctx context.Context, id string) (*domain.RegisteredCompany, error)
}

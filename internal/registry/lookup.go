// Package registry asks public company registers what they know of a company.
//
// The port, domain.Registry, is the domain's. Lookup stands behind it and does
// everything that must hold of every register: it asks none for an id that
// cannot be right, keeps answers for a while, believes no answer about another
// company, and lets no text through that a page or a mail could take for more
// than text. A Driver knows one register's way of asking and answering, and
// nothing else.
package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// MaxTime bounds one question to a register, whatever it takes to ask it.
const MaxTime = 5 * time.Second

// Lookup is the domain.Registry made of one driver per country.
type Lookup struct {
	Drivers map[domain.Country]Driver
	Cache   Cache
	Clock   func() time.Time
	Log     *slog.Logger
	Time    time.Duration // for one question to a register; 0: MaxTime
}

var _ domain.Registry = (*Lookup)(nil)

// Company implements domain.Registry.
func (l *Lookup) Company(ctx context.Context, country domain.Country, businessID string) (*domain.RegisteredCompany, error) {
	driver, ok := l.Drivers[country]
	if !ok {
		return nil, domain.ErrNoRegistry
	}
	id, ok := domain.CheckBusinessID(country, businessID)
	if !ok {
		return nil, domain.ErrNotFound
	}
	if answer, ok := l.recall(ctx, country, id); ok {
		if answer.Company == nil {
			return nil, domain.ErrNotFound
		}
		return answer.Company, nil
	}
	company, err := l.ask(ctx, driver, country, id)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		l.keep(ctx, country, id, kept{}, KeepUnknown)
		return nil, domain.ErrNotFound
	case err != nil:
		l.Log.WarnContext(ctx, "a company register gave no answer to be used", "country", country, "businessId", id, "error", err)
		return nil, domain.ErrUnavailable.Because(err)
	}
	l.keep(ctx, country, id, kept{Company: company}, KeepFound)
	return company, nil
}

func (l *Lookup) ask(ctx context.Context, driver Driver, country domain.Country, id string) (*domain.RegisteredCompany, error) {
	most := l.Time
	if most == 0 {
		most = MaxTime
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	company, err := driver.Company(ctx, id)
	if err != nil {
		return nil, err
	}
	company.FetchedAt = l.Clock().UTC().Truncate(time.Second)
	if err := vet(company, country, id); err != nil {
		return nil, fmt.Errorf("%s: %w", company.Source, err)
	}
	return company, nil
}

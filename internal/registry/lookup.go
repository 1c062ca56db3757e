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

// Lookup is the Registry made of one driver per country.
type Lookup struct {
	Drivers map[domain.Country]Driver
	Cache   Cache
	Clock   func() time.Time
	Log     *slog.Logger
	Time    time.Duration // for one question to a register; 0: MaxTime
}

var _ Registry = (*Lookup)(nil)

// Company implements Registry.
func (l *Lookup) Company(ctx context.Context, country domain.Country, businessID string) (*RegisteredCompany, error) {
	driver, ok := l.Drivers[country]
	if !ok {
		return nil, ErrNoRegistry
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

func (l *Lookup) ask(ctx context.Context, driver Driver, country domain.Country, id string) (*RegisteredCompany, error) {
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

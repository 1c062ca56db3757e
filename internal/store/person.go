package store

import (
	"context"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Person reads one person.
func (s *Store) Person(ctx context.Context, id domain.PersonID) (*domain.Person, error) {
	key := personKey(id)
	items, err := s.items(ctx, map[table.Key]bool{key: true})
	if err != nil {
		return nil, err
	}
	r := reader{items: items}
	p := r.person(id)
	if p == nil && r.err == nil {
		return nil, domain.ErrNotFound
	}
	return p, r.err
}

// Places reads a person's memberships and their organizations in one batch:
// the person lists where they are, so no index has to be asked.
func (s *Store) Places(ctx context.Context, p *domain.Person) ([]domain.Place, error) {
	keys := map[table.Key]bool{}
	for _, org := range p.Organizations {
		keys[organizationKey(org)] = true
		keys[membershipKey(org, p.ID)] = true
	}
	items, err := s.items(ctx, keys)
	if err != nil {
		return nil, err
	}
	r := reader{items: items}
	var places []domain.Place
	for _, org := range p.Organizations {
		if place := r.place(org, p.ID); place.Membership != nil && place.Organization != nil {
			places = append(places, place)
		}
	}
	return places, r.err
}

// Sessions reads a person's newest sessions.
func (s *Store) Sessions(ctx context.Context, person domain.PersonID) ([]*domain.Session, error) {
	q := table.Query{PK: sessionKey(person, "").PK, Reverse: true}
	found, err := page(ctx, s, q, domain.PageRequest{Limit: 100}, bySortKey, (*sessionRecord).entity)
	return found.Items, err
}

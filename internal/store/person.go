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

// Links reads all of a person's one-time links.
func (s *Store) Links(ctx context.Context, person domain.PersonID) ([]*domain.Link, error) {
	q := table.Query{PK: personKey(person).PK}.WithPrefix("LINK#")
	// As many as there are memberships, and one of each other purpose: one page.
	found, err := page(ctx, s, q, domain.PageRequest{Limit: 1000}, bySortKey, (*linkRecord).entity)
	return found.Items, err
}

// MailsTo lists the outbox items to a person, the oldest first.
func (s *Store) MailsTo(ctx context.Context, person domain.PersonID, req domain.PageRequest) (domain.Page[*domain.Mail], error) {
	q := table.Query{Index: table.ByName, PK: mailsByPerson(person)}
	return page(ctx, s, q, req, byName, (*mailRecord).entity)
}

// Erasures lists the ledger of who was erased.
func (s *Store) Erasures(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Erasure], error) {
	return page(ctx, s, table.Query{PK: erasureKey("").PK}, req, bySortKey, (*erasureRecord).entity)
}

package store

import (
	"context"
	"errors"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Users lists an organization's users by name.
func (s *Store) Users(ctx context.Context, org domain.OrganizationID, req domain.PageRequest) (domain.Page[*domain.Membership], error) {
	q := table.Query{Index: table.ByName, PK: usersByName(org)}
	return page(ctx, s, q, req, byName, (*membershipRecord).entity)
}

// Organizations lists all of them by name.
func (s *Store) Organizations(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Organization], error) {
	q := table.Query{Index: table.ByName, PK: organizationsByName}
	return page(ctx, s, q, req, byName, (*organizationRecord).entity)
}

// Audit lists what happened in an organization, the newest first.
func (s *Store) Audit(ctx context.Context, org domain.OrganizationID, req domain.PageRequest) (domain.Page[*domain.AuditEntry], error) {
	q := table.Query{PK: auditKey(org, "").PK, Reverse: true}
	return page(ctx, s, q, req, bySortKey, (*auditRecord).entity)
}

// Mail reads an outbox item.
func (s *Store) Mail(ctx context.Context, id domain.MailID) (*domain.Mail, error) {
	key := mailKey(id)
	items, err := s.items(ctx, map[table.Key]bool{key: true})
	if err != nil {
		return nil, err
	}
	m, err := read(items, key, (*mailRecord).entity)
	if m == nil && err == nil {
		return nil, domain.ErrNotFound
	}
	return m, err
}

// DueMail lists the outbox items whose time has come.
func (s *Store) DueMail(ctx context.Context, now time.Time, limit int) ([]*domain.Mail, error) {
	found, err := s.table.Query(ctx, table.Query{Index: table.ByTime, PK: mailByTime, Hi: timeKey(now, "~"), Limit: limit})
	if err != nil {
		return nil, failure(err)
	}
	var due []*domain.Mail
	var broken []error
	for _, item := range found.Items {
		m, err := decode(item, (*mailRecord).entity)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		due = append(due, m)
	}
	return due, errors.Join(broken...)
}

func bySortKey(i table.Item) string { return i.SK }
func byName(i table.Item) string    { return i.Index[table.ByName].SK }

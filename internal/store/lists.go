package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Users lists an organization's users by name.
func (s *Store) Users(ctx context.Context, org domain.OrganizationID, req domain.PageRequest) (domain.Page[*domain.Membership], error) {
	q := table.Query{Index: table.ByName, PK: usersByName(org)}
	return page(ctx, s, q, req, byName, (*membershipRecord).entity)
}

// AllUsers reads an organization's users whole, as they were last written.
func (s *Store) AllUsers(ctx context.Context, org domain.OrganizationID) (all []*domain.Membership, err error) {
	q := table.Query{PK: membershipKey(org, "").PK}.WithPrefix(membershipKey(org, "").SK)
	for req := (domain.PageRequest{Limit: 1000}); ; {
		found, err := page(ctx, s, q, req, bySortKey, (*membershipRecord).entity)
		if err != nil {
			return nil, err
		}
		all = append(all, found.Items...)
		if req.After = found.Next; req.After == "" {
			return all, nil
		}
	}
}

// Removed lists the users who can be restored, by name.
func (s *Store) Removed(ctx context.Context, org domain.OrganizationID, req domain.PageRequest) (domain.Page[*domain.Membership], error) {
	q := table.Query{Index: table.ByName, PK: removedByName(org)}
	return page(ctx, s, q, req, byName, (*membershipRecord).entity)
}

// Resources lists an organization's resources of a type by name.
func (s *Store) Resources(ctx context.Context, org domain.OrganizationID, of domain.ScopeType, req domain.PageRequest) (domain.Page[*domain.Resource], error) {
	q := table.Query{Index: table.ByName, PK: resourcesByName(org, of)}
	return page(ctx, s, q, req, byName, (*resourceRecord).entity)
}

// ResourcesAmong reads an organization's resources of these ids, in the order of Resources.
func (s *Store) ResourcesAmong(ctx context.Context, org domain.OrganizationID, ids []domain.ResourceID) (domain.Page[*domain.Resource], error) {
	keys := map[table.Key]bool{}
	for _, id := range ids {
		keys[resourceKey(org, id)] = true
	}
	found, err := s.items(ctx, keys)
	if err != nil {
		return domain.Page[*domain.Resource]{}, err
	}
	items := slices.SortedFunc(maps.Values(found), func(a, b table.Item) int { return cmp.Compare(byName(a), byName(b)) })
	return pageOf(items, byName, (*resourceRecord).entity)
}

// Given lists the mandates that an organization has given, by agent.
func (s *Store) Given(ctx context.Context, principal domain.OrganizationID, req domain.PageRequest) (domain.Page[*domain.Mandates], error) {
	q := table.Query{PK: mandatesKey(principal, "").PK}.WithPrefix(mandatesKey(principal, "").SK)
	return page(ctx, s, q, req, bySortKey, (*mandatesRecord).entity)
}

// Received lists the mandates that an organization has been given, by the principal's name.
func (s *Store) Received(ctx context.Context, agent domain.OrganizationID, req domain.PageRequest) (domain.Page[*domain.Mandates], error) {
	q := table.Query{Index: table.ByName, PK: receivedByName(agent)}
	return page(ctx, s, q, req, byName, (*mandatesRecord).entity)
}

// Subscriptions lists an organization's.
func (s *Store) Subscriptions(ctx context.Context, org domain.OrganizationID, req domain.PageRequest) (domain.Page[*domain.Subscription], error) {
	q := table.Query{PK: subscriptionKey(org, "").PK}.WithPrefix("SUB#")
	return page(ctx, s, q, req, bySortKey, (*subscriptionRecord).entity)
}

// Services lists the service clients, the oldest first.
func (s *Store) Services(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.ServiceClient], error) {
	return page(ctx, s, table.Query{PK: serviceKey("").PK}, req, bySortKey, (*serviceRecord).entity)
}

// Organizations lists all of them by name.
func (s *Store) Organizations(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Organization], error) {
	q := table.Query{Index: table.ByName, PK: organizationsByName}
	return page(ctx, s, q, req, byName, (*organizationRecord).entity)
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
func (s *Store) DueMail(ctx context.Context, now time.Time, page domain.PageRequest) (domain.Page[domain.MailID], error) {
	return s.mailIDs(ctx, table.Query{PK: mailsByTime[domain.MailsDue], Hi: timeKey(now, "~")}, page)
}

// MailsOn lists the outbox items on a shelf.
func (s *Store) MailsOn(ctx context.Context, shelf domain.MailShelf, page domain.PageRequest) (domain.Page[domain.MailID], error) {
	return s.mailIDs(ctx, table.Query{PK: mailsByTime[shelf]}, page)
}

// mailIDs reads no more than the keys of the items: they may be broken.
func (s *Store) mailIDs(ctx context.Context, q table.Query, page domain.PageRequest) (list domain.Page[domain.MailID], err error) {
	q.Index, q.After, q.Limit = table.ByTime, page.After, page.Limit
	found, err := s.table.Query(ctx, q)
	if err != nil {
		return list, failure(err)
	}
	for _, item := range found.Items {
		key := item.Index[table.ByTime].SK
		_, id, _ := strings.Cut(key, "#")
		list.Items, list.Keys = append(list.Items, domain.MailID(id)), append(list.Keys, key)
	}
	if found.More {
		list.Next = list.Keys[len(list.Keys)-1]
	}
	return list, nil
}

// PutMailAside takes an outbox item out of what is due.
func (s *Store) PutMailAside(ctx context.Context, id domain.MailID) error {
	return s.shelve(ctx, mailKey(id), mailsByTime[domain.MailsAside])
}

// TakeUpMail makes one due again.
func (s *Store) TakeUpMail(ctx context.Context, id domain.MailID) error {
	return s.shelve(ctx, mailKey(id), mailsByTime[domain.MailsDue])
}

func bySortKey(i table.Item) string { return i.SK }
func byName(i table.Item) string    { return i.Index[table.ByName].SK }

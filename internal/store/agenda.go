package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// DueMemberships lists a shard of those whose time has come.
func (s *Store) DueMemberships(ctx context.Context, shard int, now time.Time, page domain.PageRequest) (domain.Page[domain.DueMembership], error) {
	return s.waiting(ctx, table.Query{PK: agendaByTime(shard), Hi: timeKey(now, "~")}, page)
}

// Aside lists those that were put aside.
func (s *Store) Aside(ctx context.Context, page domain.PageRequest) (domain.Page[domain.DueMembership], error) {
	return s.waiting(ctx, table.Query{PK: agendaAside}, page)
}

// waiting reads no more than the keys of the items: they may be broken.
func (s *Store) waiting(ctx context.Context, q table.Query, page domain.PageRequest) (list domain.Page[domain.DueMembership], err error) {
	q.Index, q.After, q.Limit = table.ByTime, page.After, page.Limit
	found, err := s.table.Query(ctx, q)
	if err != nil {
		return list, failure(err)
	}
	for _, item := range found.Items {
		key := item.Index[table.ByTime].SK
		due, err := dueOf(key)
		if err != nil {
			return list, err
		}
		list.Items, list.Keys = append(list.Items, due), append(list.Keys, key)
	}
	if found.More {
		list.Next = list.Keys[len(list.Keys)-1]
	}
	return list, nil
}

// dueOf takes apart what agendaKey puts together.
func dueOf(key string) (due domain.DueMembership, err error) {
	parts := strings.Split(key, "#")
	if len(parts) != 3 {
		return due, fmt.Errorf("store: %q is no place in the agenda", key)
	}
	due = domain.DueMembership{Organization: domain.OrganizationID(parts[1]), Person: domain.PersonID(parts[2])}
	due.At, err = time.Parse(timeForm, parts[0])
	return due, err
}

// PutAside takes a membership out of what is due.
func (s *Store) PutAside(ctx context.Context, org domain.OrganizationID, person domain.PersonID) error {
	return s.shelve(ctx, membershipKey(org, person), agendaAside)
}

// TakeUp makes one due again.
func (s *Store) TakeUp(ctx context.Context, due domain.DueMembership) error {
	return s.shelve(ctx, membershipKey(due.Organization, due.Person), agendaByTime(agendaShard(due.Person)))
}

// shelve moves an item within the index, if it is in it. What the item says is
// not read: it may be what is wrong.
func (s *Store) shelve(ctx context.Context, key table.Key, where string) error {
	found, err := s.table.Get(ctx, key)
	if err != nil {
		return failure(err)
	}
	item, ok := found[key]
	at, planned := item.Index[table.ByTime]
	if !ok || !planned || at.PK == where {
		return nil
	}
	item.Index = maps.Clone(item.Index)
	item.Index[table.ByTime] = table.Key{PK: where, SK: at.SK}
	read := item.Version
	item.Version++
	err = failure(s.table.Transact(ctx, table.Put(item, table.IfVersion(read))))
	if errors.Is(err, domain.ErrContended) {
		return nil // whoever changed it has planned it anew
	}
	return err
}

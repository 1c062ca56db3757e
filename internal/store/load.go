package store

import (
	"context"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Load reads what a request stands on, in one batch.
func (s *Store) Load(ctx context.Context, want domain.Want) (*domain.Scene, error) {
	items, err := s.items(ctx, keysOf(want))
	if err != nil {
		return nil, err
	}
	r := reader{items: items}
	scene := &domain.Scene{Attempts: map[string]*domain.Attempts{}}
	if org := want.Organization; org != "" {
		scene.Organization = r.organization(org)
		if want.Administrators {
			if scene.Administrators = get(&r, administratorsKey(org), (*administratorsRecord).entity); scene.Administrators == nil {
				scene.Administrators = &domain.Administrators{Organization: org}
			}
		}
	}
	if user := want.User; user != "" {
		scene.User = r.person(user)
		if want.Organization != "" {
			scene.Membership = r.membership(want.Organization, user)
		}
	}
	if t := want.Session; t.Person != "" {
		scene.Caller = r.caller(t, want.Organization)
		if want.OtherSession != "" {
			scene.OtherSession = get(&r, sessionKey(t.Person, want.OtherSession), (*sessionRecord).entity)
		}
	}
	if want.Link.Person != "" {
		scene.Link = get(&r, linkKey(want.Link), (*linkRecord).entity)
	}
	if want.Email != "" {
		scene.EmailClaim = get(&r, emailKey(want.Email), (*emailRecord).entity)
	}
	if b := want.Business; b.BusinessID != "" {
		scene.BusinessClaim = get(&r, businessKey(b.Country, b.BusinessID), (*businessRecord).entity)
	}
	if want.Signing {
		scene.Signing = get(&r, signingKey, (*signingRecord).entity)
	}
	if want.Receipt != "" {
		scene.Receipt = get(&r, receiptKey(want.Receipt), (*receiptRecord).entity)
	}
	for _, key := range want.Attempts {
		if a := get(&r, attemptsKey(key), (*attemptsRecord).entity); a != nil {
			scene.Attempts[key] = a
		}
	}
	return scene, r.err
}

func keysOf(want domain.Want) map[table.Key]bool {
	keys := map[table.Key]bool{}
	add := func(k table.Key) { keys[k] = true }
	if org := want.Organization; org != "" {
		add(organizationKey(org))
		if want.Administrators {
			add(administratorsKey(org))
		}
		if want.User != "" {
			add(membershipKey(org, want.User))
		}
	}
	if want.User != "" {
		add(personKey(want.User))
	}
	if t := want.Session; t.Person != "" {
		add(sessionKey(t.Person, t.ID))
		if want.OtherSession != "" {
			add(sessionKey(t.Person, want.OtherSession))
		}
		add(personKey(t.Person))
		add(organizationKey(t.Home))
		add(membershipKey(t.Home, t.Person))
		if want.Organization != "" {
			add(membershipKey(want.Organization, t.Person))
		}
	}
	if want.Link.Person != "" {
		add(linkKey(want.Link))
	}
	if want.Email != "" {
		add(emailKey(want.Email))
	}
	if want.Business.BusinessID != "" {
		add(businessKey(want.Business.Country, want.Business.BusinessID))
	}
	if want.Signing {
		add(signingKey)
	}
	if want.Receipt != "" {
		add(receiptKey(want.Receipt))
	}
	for _, key := range want.Attempts {
		add(attemptsKey(key))
	}
	return keys
}

// reader decodes what a batch brought and keeps the first failure.
type reader struct {
	items map[table.Key]table.Item
	err   error
}

func get[R any, E any](r *reader, key table.Key, entity func(*R, int64) *E) *E {
	e, err := read(r.items, key, entity)
	if err != nil && r.err == nil {
		r.err = err
	}
	return e
}

func (r *reader) organization(id domain.OrganizationID) *domain.Organization {
	return get(r, organizationKey(id), (*organizationRecord).entity)
}

func (r *reader) membership(org domain.OrganizationID, person domain.PersonID) *domain.Membership {
	return get(r, membershipKey(org, person), (*membershipRecord).entity)
}

func (r *reader) person(id domain.PersonID) *domain.Person {
	return get(r, personKey(id), (*personRecord).entity)
}

// caller is nil unless the token opens the session.
func (r *reader) caller(t domain.SessionToken, here domain.OrganizationID) *domain.Caller {
	session := get(r, sessionKey(t.Person, t.ID), (*sessionRecord).entity)
	person := r.person(t.Person)
	if session == nil || person == nil || !session.Proves(t) {
		return nil
	}
	c := &domain.Caller{Session: session, Person: person, Home: r.place(t.Home, t.Person)}
	if here != "" {
		c.Here = r.place(here, t.Person)
	}
	return c
}

func (r *reader) place(org domain.OrganizationID, person domain.PersonID) domain.Place {
	return domain.Place{Membership: r.membership(org, person), Organization: r.organization(org)}
}

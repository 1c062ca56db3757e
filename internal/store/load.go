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
	r.inOrganization(want, scene)
	r.questions(want, scene)
	if want.Service != "" {
		scene.Service = get(&r, serviceKey(want.Service), (*serviceRecord).entity)
	}
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
	scene.EmailClaims = map[domain.Email]*domain.EmailClaim{}
	for _, email := range want.Emails {
		if claim := get(&r, emailKey(email), (*emailRecord).entity); claim != nil {
			scene.EmailClaims[email] = claim
		}
	}
	if person := want.EmailLinks; person != "" {
		scene.EmailChange = get(&r, linkKey(domain.LinkRef{Person: person, Purpose: domain.ForEmailChange}), (*linkRecord).entity)
		scene.EmailUndo = get(&r, linkKey(domain.LinkRef{Person: person, Purpose: domain.ForEmailUndo}), (*linkRecord).entity)
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
	if want.Chain {
		scene.Chain = get(&r, chainKey(want.Organization), (*chainRecord).entity)
	}
	if want.Sweep {
		scene.Sweep = get(&r, sweepKey, (*sweepRecord).entity)
	}
	if want.Erasure != "" {
		scene.Erasure = get(&r, erasureKey(want.Erasure), (*erasureRecord).entity)
	}
	if want.Run != "" {
		scene.Run = get(&r, runKey(want.Run), (*runRecord).entity)
	}
	scene.Digests = map[domain.DigestRef]*domain.Digest{}
	for _, ref := range want.Digests {
		if d := get(&r, digestKey(ref), (*digestRecord).entity); d != nil {
			scene.Digests[ref] = d
		}
	}
	for _, key := range want.Attempts {
		if a := get(&r, attemptsKey(key), (*attemptsRecord).entity); a != nil {
			scene.Attempts[key] = a
		}
	}
	return scene, r.err
}

// inOrganization reads what lies in an organization or between it and others.
func (r *reader) inOrganization(want domain.Want, scene *domain.Scene) {
	org := want.Organization
	scene.Resources, scene.Clients = map[domain.ResourceID]*domain.Resource{}, map[domain.OrganizationID]*domain.Client{}
	scene.Agents, scene.Memberships = map[domain.OrganizationID]*domain.Agent{}, map[domain.PersonID]*domain.Membership{}
	for _, id := range want.Users {
		if m := r.membership(org, id); m != nil {
			scene.Memberships[id] = m
		}
	}
	for _, id := range want.Resources {
		if resource := r.resource(org, id); resource != nil {
			scene.Resources[id] = resource
		}
	}
	if want.Reference.Reference != "" {
		scene.Reference = get(r, referenceKey(org, want.Reference), (*referenceRecord).entity)
	}
	if want.Subscription != "" {
		scene.Subscription = get(r, subscriptionKey(org, want.Subscription), (*subscriptionRecord).entity)
	}
	scene.NationalIDs = map[string]*domain.NationalIDClaim{}
	for _, hash := range want.NationalIDs {
		if claim := get(r, nationalIDKey(org, hash), (*nationalIDClaimRecord).entity); claim != nil {
			scene.NationalIDs[hash] = claim
		}
	}
	scene.Organizations = map[domain.OrganizationID]*domain.Organization{}
	for _, id := range want.Organizations {
		if other := r.organization(id); other != nil {
			scene.Organizations[id] = other
		}
	}
	for _, id := range want.Clients {
		client := &domain.Client{Organization: r.organization(id), Mandates: r.mandates(id, org)}
		if client.Organization != nil && client.Mandates != nil {
			scene.Clients[id] = client
		}
	}
	for _, id := range want.Agents {
		agent := &domain.Agent{Organization: r.organization(id), Given: r.mandates(org, id), Received: r.mandates(id, org)}
		if agent.Organization == nil {
			continue
		}
		if agent.Given == nil {
			agent.Given = &domain.Mandates{Principal: org, Agent: id}
		}
		if agent.Received == nil {
			agent.Received = &domain.Mandates{Principal: id, Agent: org}
		}
		scene.Agents[id] = agent
	}
}

// questions reads the grounds of decisions.
func (r *reader) questions(want domain.Want, scene *domain.Scene) {
	for _, q := range want.Questions {
		g := &domain.Grounds{Member: r.place(q.From, q.Person), Where: r.organization(q.Where)}
		if q.Resource != "" {
			g.Resource = r.resource(q.Where, q.Resource)
			if g.Resource == nil {
				g.Where = nil // an unknown place
			}
		}
		if q.From != q.Where {
			g.Mandates = r.mandates(q.Where, q.From)
		}
		scene.Grounds = append(scene.Grounds, g)
	}
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
	if want.Service != "" {
		add(serviceKey(want.Service))
	}
	addInOrganization(want, add)
	for _, q := range want.Questions {
		add(organizationKey(q.From))
		add(membershipKey(q.From, q.Person))
		add(organizationKey(q.Where))
		if q.Resource != "" {
			add(resourceKey(q.Where, q.Resource))
		}
		if q.From != q.Where {
			add(mandatesKey(q.Where, q.From))
		}
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
	for _, email := range want.Emails {
		add(emailKey(email))
	}
	if person := want.EmailLinks; person != "" {
		add(linkKey(domain.LinkRef{Person: person, Purpose: domain.ForEmailChange}))
		add(linkKey(domain.LinkRef{Person: person, Purpose: domain.ForEmailUndo}))
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
	if want.Chain {
		add(chainKey(want.Organization))
	}
	if want.Sweep {
		add(sweepKey)
	}
	if want.Erasure != "" {
		add(erasureKey(want.Erasure))
	}
	if want.Run != "" {
		add(runKey(want.Run))
	}
	for _, ref := range want.Digests {
		add(digestKey(ref))
	}
	for _, key := range want.Attempts {
		add(attemptsKey(key))
	}
	return keys
}

func addInOrganization(want domain.Want, add func(table.Key)) {
	org := want.Organization
	for _, id := range want.Users {
		add(membershipKey(org, id))
	}
	for _, id := range want.Resources {
		add(resourceKey(org, id))
	}
	if want.Reference.Reference != "" {
		add(referenceKey(org, want.Reference))
	}
	if want.Subscription != "" {
		add(subscriptionKey(org, want.Subscription))
	}
	for _, hash := range want.NationalIDs {
		add(nationalIDKey(org, hash))
	}
	for _, id := range want.Organizations {
		add(organizationKey(id))
	}
	for _, id := range want.Clients {
		add(organizationKey(id))
		add(mandatesKey(id, org))
	}
	for _, id := range want.Agents {
		add(organizationKey(id))
		add(mandatesKey(org, id))
		add(mandatesKey(id, org))
	}
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

func (r *reader) resource(org domain.OrganizationID, id domain.ResourceID) *domain.Resource {
	return get(r, resourceKey(org, id), (*resourceRecord).entity)
}

func (r *reader) mandates(principal, agent domain.OrganizationID) *domain.Mandates {
	return get(r, mandatesKey(principal, agent), (*mandatesRecord).entity)
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

// Package seed fills a store with as many made-up customers and users as a test
// of size needs, fast: many in one transaction, past the use cases, in the state
// that those would have left them in.
package seed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Options say what to make.
type Options struct {
	Users         int // memberships, partners among them
	Organizations int // that they are shared out to, evenly
	// Hash is of the password of all who have activated their account.
	Hash string
	Now  time.Time
}

// Customer is an organization that was made.
type Customer struct {
	ID            domain.OrganizationID
	Name          string
	Users         int
	Administrator domain.Email // who signs in
}

// ErrThere says that the store has been filled before.
var ErrThere = errors.New("the store has made-up customers already; use an empty one")

const (
	writes       = 85 // after which a transaction has no room for one more user
	partnerOneIn = 20 // users is a partner in the next organization
)

// Fill makes customers with their resources and users. Names, roles and what else
// is said of them are the same every time; ids are not. The store has the
// operator's organization already.
func Fill(ctx context.Context, store domain.Store, p *domain.Profile, o Options) ([]Customer, error) {
	if o.Organizations < 1 || o.Users < o.Organizations {
		return nil, fmt.Errorf("%d users cannot be in %d organizations, each with one at least", o.Users, o.Organizations)
	}
	f := &filler{
		store: store, profile: p, hash: o.Hash, now: o.Now.UTC().Truncate(time.Millisecond), random: rand.New(rand.NewPCG(1, 2)), //nolint:gosec // G404: the same people every time
		roles: rolesOf(p), administrator: administratorOf(p),
	}
	for i := range o.Organizations {
		c, err := f.customer(i)
		if err != nil {
			return nil, err
		}
		f.customers = append(f.customers, c)
	}
	first := f.customers[0].org
	s, err := store.Load(ctx, domain.Want{Business: domain.OrganizationClaim{Country: first.Country, BusinessID: first.BusinessID}})
	if err != nil {
		return nil, err
	}
	if s.BusinessClaim != nil {
		return nil, ErrThere
	}
	f.begin()
	var made []Customer
	for i, c := range f.customers {
		users := o.Users / o.Organizations
		if i < o.Users%o.Organizations {
			users++
		}
		if err := f.fill(ctx, i, users); err != nil {
			return nil, err
		}
		made = append(made, Customer{ID: c.org.ID, Name: c.org.Name, Users: users, Administrator: c.administrator})
	}
	return made, f.flush(ctx)
}

// customer is one that is being made.
type customer struct {
	country
	org           *domain.Organization
	host          string // of addresses
	resources     map[domain.ScopeType][]domain.ResourceID
	administrator domain.Email
}

type filler struct {
	store         domain.Store
	profile       *domain.Profile
	hash          string
	now           time.Time
	random        *rand.Rand
	roles         []domain.Role // that users have, beside the administrators
	administrator domain.RoleKey
	customers     []*customer
	people        int // made up to now
	change        *domain.Change
}

func (f *filler) begin() {
	f.change = domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "seed"}, f.now, "seed")
}

// flush writes what there is.
func (f *filler) flush(ctx context.Context) error {
	defer f.begin()
	if f.change.Empty() {
		return nil
	}
	return f.store.Commit(ctx, f.change)
}

// room writes when there is enough for a transaction.
func (f *filler) room(ctx context.Context) error {
	if len(f.change.Writes) < writes {
		return nil
	}
	return f.flush(ctx)
}

// one of several in 100 is so.
func (f *filler) percent(n int) bool { return f.random.IntN(100) < n }

func pick[T any](f *filler, of []T) T { return of[f.random.IntN(len(of))] }

// rolesOf are the roles that can hold for a whole organization, but for those
// that administer.
func rolesOf(p *domain.Profile) (roles []domain.Role) {
	for _, r := range p.Roles {
		if slices.Contains(r.Scopes, domain.InOrganization) && !administers(r) {
			roles = append(roles, r)
		}
	}
	return roles
}

func administers(r domain.Role) bool {
	return r.All || slices.Contains(r.Rights, domain.RightEditUsers)
}

// administratorOf is the highest role that administers.
func administratorOf(p *domain.Profile) domain.RoleKey {
	top := domain.Role{Level: -1}
	for _, r := range p.Roles {
		if administers(r) && !r.NoSignIn && r.Level > top.Level {
			top = r
		}
	}
	return top.Key
}

func (f *filler) customer(i int) (*customer, error) {
	at := countries[i%len(countries)]
	n := i / len(countries)
	firm := at.firms[n%len(at.firms)]
	id, err := businessID(at, n)
	if err != nil {
		return nil, err
	}
	language := at.language
	if !f.profile.Speaks(language) {
		language = f.profile.DefaultLanguage()
	}
	made := f.now.AddDate(-2, 0, i%300)
	return &customer{
		country: at, host: fmt.Sprintf("%s%d.example", plain(firm), i), resources: map[domain.ScopeType][]domain.ResourceID{},
		org: &domain.Organization{
			ID: domain.NewOrganizationID(made), Revision: 1, Name: fmt.Sprintf("%s %d %s", firm, n+1, at.legal), Country: at.code, BusinessID: id,
			Language: language, TimeZone: at.zone, Alphabet: f.alphabet(), CreatedAt: made, UpdatedAt: f.now,
		},
	}, nil
}

// alphabet is the one that the operator's list of customers is in the order of.
func (f *filler) alphabet() domain.Language {
	for _, c := range countries {
		if c.code == f.profile.Country {
			return c.alphabet
		}
	}
	return domain.Swedish
}

// businessID is the nth from a number on that has a check digit.
func businessID(of country, n int) (string, error) {
	for number := 1; number < 1_000_000; number++ {
		for digit := range 10 {
			id, ok := domain.CheckBusinessID(of.code, fmt.Sprintf(of.idForm, number)+fmt.Sprint(digit))
			if !ok {
				continue
			}
			if n--; n < 0 {
				return id, nil
			}
			break
		}
	}
	return "", fmt.Errorf("there are not that many business ids of %s", of.code)
}

// plain is a name as an address has it.
func plain(name string) string {
	return strings.Trim(ascii.Replace(strings.ToLower(name)), "-")
}

var ascii = strings.NewReplacer("å", "a", "ä", "a", "æ", "ae", "ö", "o", "ø", "o", "é", "e", " ", "-")

// fill makes a customer's resources and users.
func (f *filler) fill(ctx context.Context, i, users int) error {
	c := f.customers[i]
	f.change.Put(c.org)
	f.change.Put(&domain.OrganizationClaim{Country: c.org.Country, BusinessID: c.org.BusinessID, Organization: c.org.ID})
	f.change.Record(c.org.ID, domain.OrganizationCreated, domain.Subject{Type: "organization", ID: string(c.org.ID)})
	if err := f.places(ctx, c, users); err != nil {
		return err
	}
	partners := 0
	if f.profile.Policies.Partners && len(f.customers) > 1 {
		partners = users / partnerOneIn
	}
	seats := &domain.Administrators{Organization: c.org.ID}
	administrators := min(5, 1+users/50)
	next := f.customers[(i+1)%len(f.customers)]
	// Those who are partners here are made with the organization that they come
	// from, which has about as many users.
	for n := range users - partners {
		if err := f.room(ctx); err != nil {
			return err
		}
		m := f.user(c, n < administrators)
		if n < administrators {
			seats.Seats = append(seats.Seats, domain.Seat{Person: m.Person, Activated: true, Chief: true})
		}
		if n == 0 {
			c.administrator = m.Email
		}
		f.person(m, c.org.Zone(), n >= administrators && n < administrators+partners, next)
	}
	f.change.Put(seats) // with the last user, whose audit entry it is under
	return f.room(ctx)
}

// places makes resources of every type, each in one of the type that it lies in.
func (f *filler) places(ctx context.Context, c *customer, users int) error {
	all := map[domain.ScopeType][]*domain.Resource{}
	var ordered []*domain.Resource
	for made := true; made; { // a type after the one that it lies in, whatever the profile's order
		made = false
		for _, t := range f.profile.ResourceTypes {
			if all[t.Key] != nil || t.Parent != "" && all[t.Parent] == nil {
				continue
			}
			made = true
			for n := range min(200, 3+users/50) {
				r := &domain.Resource{
					ID: domain.NewResourceID(f.now), Organization: c.org.ID, Revision: 1, Type: t.Key, Alphabet: c.alphabet, CreatedAt: f.now, UpdatedAt: f.now,
					Name: fmt.Sprintf("%s %d", pick(f, c.places), n+1), Reference: fmt.Sprintf("%d-%04d", len(all)+1, n+1), Features: t.Features,
				}
				if t.Parent != "" {
					in := pick(f, all[t.Parent])
					in.Children++
					r.Path = append(slices.Clone(in.Path), in.ID)
				}
				all[t.Key] = append(all[t.Key], r)
				c.resources[t.Key] = append(c.resources[t.Key], r.ID)
				ordered = append(ordered, r)
			}
		}
	}
	for _, r := range ordered {
		f.change.Put(r)
		f.change.Put(&domain.ResourceClaim{Organization: r.Organization, ResourceRef: domain.ResourceRef{Type: r.Type, Reference: r.Reference}, Resource: r.ID})
		f.change.Record(r.Organization, domain.ResourceCreated, domain.Subject{Type: "resource", ID: string(r.ID)})
		if err := f.room(ctx); err != nil {
			return err
		}
	}
	return nil
}

// user makes an own user of a customer, who administers it or has other roles.
func (f *filler) user(c *customer, administers bool) *domain.Membership {
	f.people++
	given, family := pick(f, c.given), pick(f, c.family)
	made := f.now.AddDate(0, 0, -1-f.random.IntN(700))
	m := &domain.Membership{
		Revision: 1, Organization: c.org.ID, Person: domain.NewPersonID(), Kind: domain.Own, Home: c.org.ID, Alphabet: c.alphabet,
		Card: domain.Card{
			GivenName: given, FamilyName: family, Email: domain.Email(fmt.Sprintf("%s.%s.%d@%s", plain(given), plain(family), f.people, c.host)),
			Language: c.org.Language,
		},
		CreatedAt: made, UpdatedAt: f.now, // which is when the audit tells of it
	}
	if f.percent(60) {
		m.Phone = fmt.Sprintf("%s%06d", c.phone, f.people%1_000_000)
	}
	if administers || len(f.roles) == 0 {
		m.Roles = []domain.RoleKey{f.administrator}
		m.ActivatedAt, m.LastSignInAt = made, f.now.Add(-time.Hour)
	} else {
		f.vary(c, m, made)
	}
	if f.profile.Policies.Subscription {
		m.Subscription = domain.SubscriptionID(fmt.Sprintf("%s%08d", "+47", 40_000_000+f.people))
	}
	return m
}

// vary gives a user roles, assignments, a validity and a history.
func (f *filler) vary(c *customer, m *domain.Membership, made time.Time) {
	role := pick(f, f.roles)
	m.Roles = []domain.RoleKey{role.Key}
	if f.percent(40) {
		m.Assignments = f.assignments(c)
	}
	if f.percent(20) {
		m.DefaultTask = pick(f, c.places) + " 1"
	}
	if !role.NoSignIn && f.percent(88) {
		m.ActivatedAt = made.Add(20 * time.Hour)
		if f.percent(80) {
			m.LastSignInAt = f.now.Add(-time.Duration(f.random.IntN(24*60)) * time.Hour / 4)
			m.LastSignInAt = maxTime(m.LastSignInAt, m.ActivatedAt)
		}
	}
	day := func(days int) domain.Date { return domain.Date(f.now.AddDate(0, 0, days).Format(time.DateOnly)) }
	switch n := f.random.IntN(100); {
	case n < 5:
		m.Validity = domain.Validity{Type: domain.Locked}
	case n < 20 && f.profile.Policies.FixedTerm:
		from := f.random.IntN(400) - 300
		m.Validity = domain.Validity{Type: domain.FixedTerm, From: day(from), To: day(from + 30 + f.random.IntN(300))}
	case n < 25 && f.profile.Policies.RemovalOwn == domain.Deactivate:
		m.RemovedAt = f.now.AddDate(0, 0, -f.random.IntN(90))
	case n < 30 && f.profile.Policies.Subscription:
		m.Unsubscribed = true
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// assignments gives one to three rights, each where it can hold.
func (f *filler) assignments(c *customer) (out []domain.Assignment) {
	for range 1 + f.random.IntN(3) {
		right := pick(f, f.profile.Rights)
		a := domain.Assignment{ID: domain.NewAssignmentID(f.now), Rights: []domain.RightKey{right.Key}, Scopes: []domain.Scope{{Type: domain.InOrganization}}}
		if places := c.resources[right.On]; right.On != "" && len(places) > 0 && f.percent(80) {
			a.Scopes = nil
			for range 1 + f.random.IntN(4) {
				scope := domain.Scope{Type: right.On, ID: string(pick(f, places))}
				if !slices.Contains(a.Scopes, scope) {
					a.Scopes = append(a.Scopes, scope)
				}
			}
		}
		if !slices.ContainsFunc(out, func(other domain.Assignment) bool { return other.Rights[0] == right.Key }) {
			out = append(out, a.Sorted())
		}
	}
	return out
}

// person writes a user with the person, who is also a partner in another
// organization if so said.
func (f *filler) person(m *domain.Membership, zone *time.Location, partner bool, other *customer) {
	p := &domain.Person{
		ID: m.Person, Revision: 1, Email: m.Email, GivenName: m.GivenName, FamilyName: m.FamilyName, Phone: m.Phone, Language: m.Language,
		Home: m.Organization, Organizations: []domain.OrganizationID{m.Organization}, Security: 1, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
	subject := domain.Subject{Type: "user", ID: string(m.Person)}
	if partner {
		m.ActivatedAt, m.RemovedAt = m.CreatedAt, time.Time{}
		there := &domain.Membership{
			Revision: 1, Organization: other.org.ID, Person: m.Person, Kind: domain.Partner, Home: m.Organization, Alphabet: other.alphabet,
			Card:  domain.Card{GivenName: m.GivenName, FamilyName: m.FamilyName, Email: m.Email, Language: m.Language},
			Roles: []domain.RoleKey{f.partnerRole()}, ActivatedAt: m.CreatedAt, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
		}
		p.Organizations = append(p.Organizations, other.org.ID)
		f.change.Put(there)
		f.change.Record(other.org.ID, domain.UserCreated, subject, domain.FieldChange{Field: "kind", After: string(domain.Partner)})
	}
	if !m.ActivatedAt.IsZero() {
		p.PasswordHash = f.hash
	}
	f.change.Put(p)
	f.change.Put(&domain.EmailClaim{Email: p.Email, Person: p.ID})
	m.Agenda = domain.Agenda{Since: f.now, SetAt: f.now, InvitedAt: m.CreatedAt}
	if m.Validity.To < domain.Today(f.now, zone) {
		m.Agenda.Ended = m.Validity.To
	}
	m.Plan(f.profile, zone)
	f.change.Put(m)
	if m.Subscription != "" {
		f.change.Put(&domain.Subscription{Organization: m.Organization, ID: m.Subscription, Active: !m.Unsubscribed, Person: m.Person, UpdatedAt: f.now})
		f.change.Record(m.Organization, domain.SubscriptionSet, domain.Subject{Type: "subscription", ID: string(m.Subscription)})
	}
	f.change.Record(m.Organization, domain.UserCreated, subject, domain.FieldChange{Field: "roles", After: string(m.Roles[0])})
}

// partnerRole is the first role with sign-in that does not administer.
func (f *filler) partnerRole() domain.RoleKey {
	for _, r := range f.roles {
		if !r.NoSignIn {
			return r.Key
		}
	}
	return f.administrator
}

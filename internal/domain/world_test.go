package domain_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// noon is a Tuesday's, in Helsinki 15 o'clock.
var noon = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

// world is a portal with a store, in which requests are made as an endpoint
// makes them: read, act, hold what it stood on, write.
type world struct {
	*testing.T
	store   *store.Store
	profile *domain.Profile
	now     time.Time
	tokens  map[domain.PersonID]domain.SessionToken
	made    int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	tb, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	w := &world{T: t, store: store.New(tb), now: noon, tokens: map[domain.PersonID]domain.SessionToken{}}
	everywhere := []domain.ScopeType{domain.InOrganization, "number", "site", domain.ForClients, domain.ForClient}
	w.profile = &domain.Profile{
		Languages: []domain.Language{domain.English}, Country: "FI", TimeZone: "Europe/Helsinki",
		ResourceTypes: []domain.ResourceType{{Key: "number"}, {Key: "site", Parent: "number", JobTitles: true, Features: []domain.FeatureKey{"gate"}}},
		Rights: []domain.RightInfo{
			{Key: "report"}, {Key: "order", On: "site"}, {Key: "invoices", On: "number"}, {Key: "attest"}, {Key: "secret", Sensitive: true},
		},
		Roles: []domain.Role{
			{Key: "administrator", Level: 3, All: true, Scopes: everywhere},
			{
				Key: "keeper", Level: 2, Scopes: everywhere, Rights: []domain.RightKey{
					domain.RightSeeUsers, domain.RightEditUsers, domain.RightSeeResources, domain.RightEditResources, domain.RightShareResource,
					domain.RightSeeMandates, domain.RightEditMandates, "report", "order",
				},
			},
			{Key: "clerk", Level: 1, Scopes: everywhere, Rights: []domain.RightKey{"report", "order"}},
			{Key: "attestant", Level: 1, Scopes: everywhere, NoSignIn: true, Rights: []domain.RightKey{"attest"}},
			{Key: "named", Scopes: everywhere, NoSignIn: true}, // so little that anybody can give it
		},
		Mandates: []domain.MandateType{{Key: "web", Rights: []domain.RightKey{"report", "order"}}, {Key: "broker", Rights: []domain.RightKey{"report"}}},
		Policies: domain.Policies{RemovalOwn: domain.Deactivate, SelfEdit: true},
	}
	return w
}

// write puts things where they are, by nobody's right.
func (w *world) write(entities ...domain.Entity) {
	w.Helper()
	c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, w.now, "")
	for _, e := range entities {
		c.Put(e)
	}
	c.Record("org_test", domain.OrganizationCreated, domain.Subject{})
	if err := w.store.Commit(w.Context(), c); err != nil {
		w.Fatal(err)
	}
}

func (w *world) load(want domain.Want) *domain.Scene {
	w.Helper()
	s, err := w.store.Load(w.Context(), want)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// organization makes one, with a business id of its own.
func (w *world) organization(name string) domain.OrganizationID {
	w.Helper()
	w.made++
	o := &domain.Organization{
		Revision: 1, ID: domain.NewOrganizationID(w.now.Add(time.Duration(w.made) * time.Millisecond)), Name: name, Country: "FI", BusinessID: name,
		TimeZone: "Europe/Helsinki", Alphabet: domain.Swedish, CreatedAt: w.now, UpdatedAt: w.now,
	}
	w.write(o, &domain.OrganizationClaim{Country: "FI", BusinessID: name, Organization: o.ID})
	return o.ID
}

// operator makes the operator's organization with an administrator.
func (w *world) operator() domain.PersonID {
	w.Helper()
	w.write(&domain.Organization{ID: domain.OperatorID, Name: "Operator", Country: "FI", TimeZone: "Europe/Helsinki"})
	return w.user(domain.OperatorID, "administrator")
}

// user makes somebody who is active and signed in, with roles for the whole.
func (w *world) user(org domain.OrganizationID, roles ...domain.RoleKey) domain.PersonID {
	w.Helper()
	return w.userWith(org, domain.Membership{Roles: roles, ActivatedAt: w.now.Add(-time.Hour)})
}

// userWith makes somebody like m, and their seat if that makes an administrator.
func (w *world) userWith(org domain.OrganizationID, m domain.Membership) domain.PersonID {
	w.Helper()
	w.made++
	p := &domain.Person{
		Revision: 1, ID: domain.NewPersonID(), Email: domain.Email(fmt.Sprintf("user%d@example.com", w.made)), Home: org,
		Organizations: []domain.OrganizationID{org}, PasswordHash: "hash", Security: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
	m.Revision, m.Organization, m.Person, m.Kind, m.Home, m.Email = 1, org, p.ID, domain.Own, org, p.Email
	m.FamilyName = string(p.ID)
	for i, a := range m.Assignments {
		m.Assignments[i] = a.Sorted()
		m.Assignments[i].ID = domain.NewAssignmentID(w.now)
	}
	w.write(p, &domain.EmailClaim{Email: p.Email, Person: p.ID}, &m)
	if m.ActivatedAt.IsZero() {
		return p.ID
	}
	s := w.load(domain.Want{Organization: org, Administrators: true})
	if place := (domain.Place{Membership: &m, Organization: s.Organization}); slices.Contains(place.Administers(w.profile, w.now), domain.RightEditUsers) {
		seats := *s.Administrators
		seats.Seats = append(seats.Seats, domain.Seat{
			Person: p.ID, Activated: true, Validity: m.Validity,
			Chief: slices.Contains(m.Roles, "administrator") || slices.Contains(m.AssignedRoles(), "administrator"),
		})
		w.write(&seats)
	}
	w.signIn(p.ID)
	return p.ID
}

func (w *world) signIn(person domain.PersonID) {
	w.Helper()
	p := w.load(domain.Want{User: person}).User
	c := domain.NewChange(domain.Actor{Type: domain.ByPerson, ID: string(person)}, w.now, "")
	_, w.tokens[person] = c.Open(p, "")
	if err := w.store.Commit(w.Context(), c); err != nil {
		w.Fatal(err)
	}
}

// client is an organization that has given mandates.
func (w *world) client(name string, agent domain.OrganizationID, given ...domain.Mandate) domain.OrganizationID {
	w.Helper()
	id := w.organization(name)
	for i := range given {
		given[i].ID = domain.NewMandateID(w.now)
	}
	w.write(&domain.Mandates{Principal: id, Agent: agent, Name: name, Alphabet: domain.Swedish, Items: given})
	return id
}

func web(rights ...domain.RightKey) domain.Mandate {
	return domain.Mandate{Type: "web", Rights: rights, From: "2026-01-01", Revision: 1}
}

// site makes a number with a site in it, and is the site.
func (w *world) site(org domain.OrganizationID) *domain.Resource {
	w.Helper()
	w.made++
	at := w.now.Add(time.Duration(w.made) * time.Millisecond)
	number := &domain.Resource{ID: domain.NewResourceID(at), Revision: 1, Organization: org, Type: "number", Name: "Number", Children: 1, Alphabet: domain.Swedish}
	site := &domain.Resource{
		ID: domain.NewResourceID(at.Add(time.Microsecond)), Revision: 1, Organization: org, Type: "site", Name: "Site",
		Path: []domain.ResourceID{number.ID}, Alphabet: domain.Swedish,
	}
	w.write(number, site)
	return w.resource(org, site.ID)
}

func (w *world) resource(org domain.OrganizationID, id domain.ResourceID) *domain.Resource {
	w.Helper()
	return w.load(domain.Want{Organization: org, Resources: []domain.ResourceID{id}}).Resources[id]
}

// member is somebody as they are stored now.
func (w *world) member(org domain.OrganizationID, person domain.PersonID) *domain.Membership {
	w.Helper()
	return w.load(domain.Want{Organization: org, User: person}).Membership
}

func (w *world) seats(org domain.OrganizationID) (people []domain.PersonID) {
	w.Helper()
	for _, s := range w.load(domain.Want{Organization: org, Administrators: true}).Administrators.Seats {
		people = append(people, s.Person)
	}
	return people
}

// act is what a request does once its caller is known.
type act func(c *domain.Change, s *domain.Scene) error

// begin is a request up to its commit.
func (w *world) begin(by domain.PersonID, want domain.Want, do act) (*domain.Change, error) {
	w.Helper()
	want.Session, want.Administrators = w.tokens[by], true
	c := domain.NewChange(domain.Actor{Type: domain.ByPublic}, w.now, "request")
	s := w.load(want)
	if err := domain.Authenticate(w.Context(), w.store, w.profile, s, c); err != nil {
		return nil, err
	}
	if err := do(c, s); err != nil {
		return nil, err
	}
	if !c.Empty() {
		s.Caller.Hold(w.profile, c)
	}
	return c, nil
}

func (w *world) commit(c *domain.Change) error {
	w.Helper()
	if c.Empty() {
		return nil
	}
	return w.store.Commit(w.Context(), c)
}

// request is one that is not begun anew when others were faster.
func (w *world) request(by domain.PersonID, want domain.Want, do act) error {
	w.Helper()
	c, err := w.begin(by, want, do)
	if err != nil {
		return err
	}
	return w.commit(c)
}

// may is what another module of the portal is told.
func (w *world) may(person domain.PersonID, from, where domain.OrganizationID, on *domain.Resource, right domain.RightKey) domain.Verdict {
	w.Helper()
	q := domain.Question{Person: person, From: from, Where: where}
	if on != nil {
		q.Resource = on.ID
	}
	g := w.load(domain.Want{Questions: []domain.Question{q}}).Grounds[0]
	g.Profile = w.profile
	return g.Decide(right, w.now)
}

// mails are the kinds of those that wait, by person.
func (w *world) mails() map[domain.PersonID][]domain.MailKind {
	w.Helper()
	due, err := w.store.DueMail(w.Context(), w.now.Add(time.Hour), domain.PageRequest{Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	kinds := map[domain.PersonID][]domain.MailKind{}
	for _, id := range due.Items {
		m, err := w.store.Mail(w.Context(), id)
		if err != nil {
			w.Fatal(err)
		}
		kinds[m.Person] = append(kinds[m.Person], m.Kind)
	}
	return kinds
}

// audit is what an organization's entries say was done, the newest first.
func (w *world) audit(org domain.OrganizationID) (actions []domain.Action) {
	w.Helper()
	page, err := w.store.Audit(w.Context(), org, domain.AuditSpan{}, domain.PageRequest{Limit: 100})
	if err != nil {
		w.Fatal(err)
	}
	for _, e := range page.Items {
		actions = append(actions, e.Action)
	}
	return actions
}

// is demands an error, or none.
func (w *world) is(what string, got, want error) {
	w.Helper()
	if !errors.Is(got, want) {
		w.Errorf("%s: %v, want %v", what, got, want)
	}
}

// faulty demands one fault of a request.
func (w *world) faulty(what string, err error, pointer string) {
	w.Helper()
	if e, ok := errors.AsType[*domain.Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Pointer != pointer {
		w.Errorf("%s: %v, want a fault in %s", what, err, pointer)
	}
}

func rights(rights []domain.RightKey, scopes ...domain.Scope) domain.Assignment {
	return domain.Assignment{Rights: rights, Scopes: scopes}
}

func roles(role domain.RoleKey, scopes ...domain.Scope) domain.Assignment {
	return domain.Assignment{Roles: []domain.RoleKey{role}, Scopes: scopes}
}

func on(r *domain.Resource) domain.Scope { return domain.Scope{Type: r.Type, ID: string(r.ID)} }

func at(client domain.OrganizationID) domain.Scope {
	return domain.Scope{Type: domain.ForClient, ID: string(client)}
}

var (
	whole   = domain.Scope{Type: domain.InOrganization}
	clients = domain.Scope{Type: domain.ForClients}
)

func keys(keys ...domain.RightKey) []domain.RightKey { return keys }

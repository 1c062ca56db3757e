package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 123e6, time.UTC)

const (
	org  = domain.OrganizationID("org_01jbn00000000000000000000a")
	org2 = domain.OrganizationID("org_01jbn00000000000000000000b")
	org3 = domain.OrganizationID("org_01jbn00000000000000000000c")
)

// memory is an empty table in memory.
func memory(t *testing.T) table.Table {
	t.Helper()
	tb, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	return tb
}

// each runs a test on an empty store of each driver.
func each(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(*testing.T) table.Table{
		"sqlite": memory, "dynamodb": func(t *testing.T) table.Table { return dynamolocal.Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, New(open(t)))
		})
	}
}

// change is one by a job, with the audit entry that weighty writes need.
func change(writes ...domain.Write) *domain.Change {
	c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, now, "request-1")
	c.Writes = writes
	c.Record(org3, domain.UserUpdated, domain.Subject{})
	return c
}

func puts(entities ...domain.Entity) *domain.Change {
	var writes []domain.Write
	for _, e := range entities {
		writes = append(writes, domain.Write{Entity: e})
	}
	return change(writes...)
}

func commit(t *testing.T, s *Store, c *domain.Change) {
	t.Helper()
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// whole is an entity of every kind, with something in every field. The membership
// is like the removed one, but not removed.
type whole struct {
	person         *domain.Person
	email          *domain.EmailClaim
	membership     *domain.Membership
	removed        *domain.Membership
	organization   *domain.Organization
	client         *domain.Organization // org2
	resource       *domain.Resource
	reference      *domain.ResourceClaim
	mandates       *domain.Mandates // from org2
	subscription   *domain.Subscription
	nationalID     *domain.NationalIDClaim
	service        *domain.ServiceClient
	business       *domain.OrganizationClaim
	administrators *domain.Administrators
	session        *domain.Session
	activation     *domain.Link
	reset          *domain.Link
	change, undo   *domain.Link // of the address
	mail           *domain.Mail
	audit          *domain.AuditEntry
	seal           *domain.AuditSeal
	chain          *domain.AuditChain
	sweep          *domain.SealSweep
	erasure        *domain.Erasure
	digest         *domain.Digest
	run            *domain.JobRun
	attempts       *domain.Attempts
	receipt        *domain.Receipt
	signing        *domain.Signing
	token          domain.SessionToken
}

func everything() whole {
	validity := domain.Validity{Type: domain.FixedTerm, From: "2026-01-02", To: "2026-12-31", Reason: "on leave"}
	p := &domain.Person{
		ID: domain.NewPersonID(), Revision: 3, Email: "aino@example.com", GivenName: "Aino", FamilyName: "Åkesson \"<>\u2028", Phone: "+358401234567",
		Language: "fi", Home: org, Organizations: []domain.OrganizationID{org, org2}, PasswordHash: "$argon2id$v=19$x", Security: 4,
		Undeliverable: domain.Undeliverable{Email: "aino@example.com", Reason: domain.AddressBounced, At: now},
		CreatedAt:     now, UpdatedAt: now.Add(time.Minute),
	}
	session, token := domain.NewChange(domain.Actor{}, now, "").Open(p, "Example/1.0")
	link := func(purpose domain.Purpose) *domain.Link {
		return &domain.Link{
			LinkRef: domain.LinkRef{Person: p.ID, Purpose: purpose, Organization: org}, ID: domain.NewLinkID(now), Hash: "hash of " + string(purpose),
			Email: p.Email, Security: 4, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		}
	}
	organization := func(id domain.OrganizationID, name, businessID string) *domain.Organization {
		return &domain.Organization{
			Revision: 6, ID: id, Name: name, Country: "FI", BusinessID: businessID, Language: "fi", TimeZone: "Europe/Helsinki",
			Alphabet: "sv", Suspended: true, Register: "PRH", Unclaimed: true, CreatedAt: now, UpdatedAt: now.Add(time.Hour),
		}
	}
	site := domain.NewResourceID(now)
	reference := domain.ResourceRef{Type: "worksite", Reference: "Työmaa #7"}
	removed := &domain.Membership{
		Revision: 5, Organization: org, Person: domain.NewPersonID(), Kind: domain.Own,
		Card:          domain.Card{GivenName: "Aino-Liisa", FamilyName: "Åkesson", Email: p.Email, Phone: "+358501234567", Language: "sv"},
		Undeliverable: p.Undeliverable, Home: org2, Alphabet: "sv", Roles: []domain.RoleKey{"user", "superuser"},
		Assignments: []domain.Assignment{{
			ID: "asg_1", Roles: []domain.RoleKey{"user"}, Rights: []domain.RightKey{"order", "users:see"},
			Scopes: []domain.Scope{{Type: domain.ForClient, ID: string(org2)}, {Type: "worksite", ID: string(site)}},
		}},
		NationalID: domain.NationalID{Country: "FI", Sealed: domain.SealedField{Key: "1", Data: []byte{0, 7, 255}}, Hash: "keyed hash"},
		Validity:   validity,
		Agenda: domain.Agenda{
			Since: now, Next: now.Add(time.Hour), SetAt: now, InvitedAt: now, Reminded: domain.Reminder{To: "2026-12-31", Days: 3}, Ended: "2025-12-31",
		},
		DefaultTask: "order", JobTitles: map[domain.ResourceID]string{site: "foreman", "res_2": "\u2028"}, Mail: domain.MailSettings{domain.TopicNotices: false},
		Subscription: "+358401234567", Unsubscribed: true, RemovedAt: now.Add(2 * time.Hour),
		ActivatedAt: now, LastSignInAt: now.Add(time.Second), CreatedAt: now.Add(-time.Hour), UpdatedAt: now.Add(time.Hour),
	}
	membership := *removed
	membership.Person, membership.RemovedAt = p.ID, time.Time{}
	mandate := func(id domain.MandateID) domain.Mandate {
		return domain.Mandate{
			ID: id, Type: "web", Rights: []domain.RightKey{"report", "order"}, From: "2026-01-02", To: "2026-12-31",
			RevokedAt: now.Add(time.Hour), CreatedAt: now, UpdatedAt: now.Add(time.Minute), Revision: 7,
		}
	}
	standing := mandate("man_2")
	standing.RevokedAt = time.Time{}
	return whole{
		person: p, session: session, token: token, removed: removed, membership: &membership,
		email:        &domain.EmailClaim{Email: p.Email, Person: p.ID, Until: now.Add(time.Hour)},
		organization: organization(org, "Esimerkki Oy", "9999999-2"), client: organization(org2, "Asiakas Oy", "9999999-3"),
		resource: &domain.Resource{
			Revision: 8, ID: site, Organization: org, Type: reference.Type, Path: []domain.ResourceID{"res_1", "res_2"}, Name: "Åvägen \"1\"",
			Reference: reference.Reference, Features: []domain.FeatureKey{"gate", "camera"}, Children: 3, Alphabet: "sv",
			CreatedAt: now, UpdatedAt: now.Add(time.Hour),
		},
		reference: &domain.ResourceClaim{Organization: org, ResourceRef: reference, Resource: site},
		mandates: &domain.Mandates{
			Principal: org2, Agent: org, Name: "Asiakas Oy", Alphabet: "sv", Items: []domain.Mandate{mandate("man_1"), standing},
		},
		nationalID:   &domain.NationalIDClaim{Organization: org, Hash: "keyed hash", Person: p.ID},
		subscription: &domain.Subscription{Organization: org, ID: "+358401234567", Active: true, Person: p.ID, UpdatedAt: now},
		service: &domain.ServiceClient{
			ID: domain.NewServiceID(now), Name: "A shop", Scopes: []domain.ServiceScope{domain.MayEvaluate, domain.MaySearch},
			Rights: []domain.RightKey{"order"}, Hash: "hash of a token", CreatedAt: now, RevokedAt: now.Add(time.Hour),
		},
		business: &domain.OrganizationClaim{Country: "FI", BusinessID: "9999999-2", Organization: org},
		administrators: &domain.Administrators{
			Organization: org, Seats: []domain.Seat{{Person: p.ID, Activated: true, Barred: true, Chief: true, Validity: validity}, {Person: "usr_2", Activated: true, Barred: true, Chief: true, Validity: validity}},
		},
		activation: link(domain.ForActivation), reset: link(domain.ForPasswordReset), change: link(domain.ForEmailChange), undo: link(domain.ForEmailUndo),
		mail: &domain.Mail{
			ID: domain.NewMailID(now), Kind: domain.MailActivation, State: domain.MailSending, Person: p.ID, Organization: org, Link: "lnk_1",
			Email: p.Email, RequestID: "request-1", Attempts: 2, Throttled: 3, Behind: "mai_1", NotBefore: now.Add(time.Minute), Reason: "busy", MessageID: "message-1",
			CreatedAt: now, SentAt: now.Add(time.Second), Day: "2026-11-02", After: "usr_5",
			OutcomeAt: now.Add(time.Minute), Note: "delayed", NotedAt: now.Add(time.Second),
		},
		audit: &domain.AuditEntry{
			ID: domain.NewAuditID(now), Organization: org, At: now, Actor: domain.Actor{Type: domain.ByPerson, ID: string(p.ID)},
			Action: domain.UserUpdated, Subject: domain.Subject{Type: "user", ID: string(p.ID)}, RequestID: "request-1",
			Changes: []domain.FieldChange{{Field: "phone", Before: "1", After: "2"}, {Field: "roles", Before: "a", After: "b"}},
		},
		seal: &domain.AuditSeal{
			Organization: org, Number: 7, Previous: "hash of 6", Hash: "hash of 7", At: now,
			Entries: []domain.SealedEntry{{ID: "aud_1", Hash: "hash of 1", Late: true}, {ID: "aud_2", Hash: "hash of 2", Late: true}},
		},
		chain:   &domain.AuditChain{Organization: org, Number: 7, Hash: "hash of 7", Last: "aud_2", Entries: 12, At: now},
		sweep:   &domain.SealSweep{UpTo: now},
		erasure: &domain.Erasure{Person: "usr_4", Organizations: []domain.OrganizationID{org, org2}, At: now},
		digest: &domain.Digest{
			DigestRef: domain.DigestRef{Organization: org, Day: "2026-11-02"}, More: 3,
			Items: []domain.DigestItem{{Kind: domain.DigestEnded, Organization: org, Person: "usr_5", Day: "2026-11-01"}},
		},
		run: &domain.JobRun{
			Job: "job-1", Until: now, StartedAt: now, EndedAt: now, Tally: domain.Tally{Due: 4, Done: 3, Failed: 1, OldestDueAt: now},
		},
		attempts: &domain.Attempts{Key: "sign-in/1", Count: 7, LastAt: now, Known: true},
		receipt: &domain.Receipt{
			Key: "key", Fingerprint: "fingerprint", Status: 201, ETag: `"1"`, Location: "/v1/x", Body: []byte(`{"a":"å"}`), ExpiresAt: now.Add(time.Hour),
		},
		signing: &domain.Signing{Keys: []domain.SigningKey{{ID: "1", Secret: []byte{0, 1, 255}}, {ID: "2", Secret: []byte{2}}}},
	}
}

func (w whole) entities() []domain.Entity {
	return []domain.Entity{
		w.person, w.email, w.membership, w.organization, w.business, w.administrators, w.session, w.activation, w.reset, w.change, w.undo, w.mail, w.audit,
		w.attempts, w.receipt, w.signing, w.removed, w.client, w.resource, w.reference, w.mandates, w.subscription, w.service, w.nationalID,
		w.seal, w.chain, w.sweep, w.erasure, w.digest, w.run,
	}
}

// want asks for all of it that a request can stand on.
func (w whole) want() domain.Want {
	return domain.Want{
		Session: w.token, OtherSession: w.session.ID, Organization: org, User: w.person.ID, Link: w.activation.LinkRef, Email: w.person.Email, Emails: []domain.Email{w.person.Email, "nobody@example.com"}, EmailLinks: w.person.ID,
		Business:       domain.OrganizationClaim{Country: "FI", BusinessID: "9999999-2"},
		Administrators: true, Signing: true, Receipt: "key", Attempts: []string{"sign-in/1", "sign-in/2"},
		Service: w.service.ID, Users: []domain.PersonID{w.person.ID, w.removed.Person, "usr_3"},
		Resources: []domain.ResourceID{w.resource.ID, "res_3"}, Reference: w.reference.ResourceRef,
		Clients: []domain.OrganizationID{org2, org3}, Agents: []domain.OrganizationID{org2, org3}, Organizations: []domain.OrganizationID{org2, org3},
		NationalIDs: []string{"keyed hash", "an older one"}, Subscription: w.subscription.ID, Chain: true, Sweep: true, Erasure: w.erasure.Person,
		Run: w.run.Job, Digests: []domain.DigestRef{w.digest.DigestRef, {Organization: org2, Day: w.digest.Day}},
		Questions: []domain.Question{
			{Person: w.person.ID, From: org, Where: org},
			{Person: w.person.ID, From: org, Where: org, Resource: w.resource.ID},
			{Person: w.person.ID, From: org, Where: org2},
			{Person: w.person.ID, From: org, Where: org2, Resource: w.resource.ID},
			{Person: w.person.ID, From: org2, Where: org},
			{Person: w.person.ID, From: org3, Where: org3},
		},
	}
}

// A field that is added to an entity and forgotten here would be lost unseen.
func TestFixturesAreFull(t *testing.T) {
	t.Parallel()
	w := everything()
	// Where these are set, the thing is gone from a list; each has a like with it set.
	w.membership.RemovedAt, w.mandates.Items[1].RevokedAt = w.removed.RemovedAt, w.mandates.Items[0].RevokedAt
	var full func(t *testing.T, path string, v reflect.Value)
	full = func(t *testing.T, path string, v reflect.Value) {
		switch {
		case v.Kind() == reflect.Pointer:
			full(t, path, v.Elem())
		case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; name != "Version" {
					full(t, path+"."+name, v.Field(i))
				}
			}
		case v.IsZero():
			t.Errorf("%s is empty", path)
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				if v.Type().Elem().Kind() == reflect.Struct {
					full(t, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
				}
			}
		}
	}
	for _, e := range w.entities() {
		full(t, fmt.Sprintf("%T", e), reflect.ValueOf(e))
	}
}

func TestEveryEntityComesBackAsItWasWritten(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		w := everything()
		commit(t, s, puts(w.entities()...))
		w.compare(t, s, 1)

		// Once more, over what was read.
		w.person.GivenName, w.person.Phone, w.person.PasswordHash, w.person.Organizations = "Eino", "", "", []domain.OrganizationID{org2}
		w.membership.DefaultTask, w.membership.Validity, w.membership.ActivatedAt, w.membership.LastSignInAt = "", domain.Validity{}, time.Time{}, time.Time{}
		w.membership.Assignments, w.membership.JobTitles, w.membership.Mail, w.membership.Subscription, w.membership.Unsubscribed = nil, nil, nil, "", false
		w.membership.NationalID = domain.NationalID{}
		w.removed.RemovedAt = w.removed.RemovedAt.Add(time.Hour)
		w.administrators.Seats = nil
		w.organization.Suspended = false
		w.resource.Path, w.resource.Features, w.resource.Children, w.resource.Reference = nil, nil, 0, ""
		w.mandates.Items[1].To = ""
		w.subscription.Active, w.subscription.Person = false, ""
		w.service.Rights, w.service.RevokedAt = nil, time.Time{}
		w.activation.Hash = ""
		w.mail.State, w.mail.SentAt = domain.MailQueued, time.Time{}
		w.receipt.Body, w.receipt.ETag, w.receipt.Location = nil, "", ""
		w.attempts.Known, w.attempts.Count = false, 0
		entities := w.entities()
		for i, e := range entities {
			switch e := e.(type) {
			case *domain.Membership:
				entities[i] = domain.SignInMark{Membership: e}
			case *domain.Link:
				entities[i] = domain.Sealed{Link: e}
			case *domain.AuditEntry:
				w.audit.ID = domain.NewAuditID(now.Add(time.Minute))
			case *domain.AuditSeal:
				w.seal.Number++
				w.seal.Entries[1].Late = false
			}
		}
		commit(t, s, puts(entities...))
		w.compare(t, s, 2)
	})
}

// compare reads everything, each by every way that leads to it.
func (w whole) compare(t *testing.T, s *Store, version int64) {
	t.Helper()
	ctx := t.Context()
	for _, e := range w.entities() {
		if v := reflect.ValueOf(e).Elem().FieldByName("Version"); v.IsValid() {
			v.SetInt(version)
		}
	}
	same := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	scene, err := s.Load(ctx, w.want())
	if err != nil {
		t.Fatal(err)
	}
	place := domain.Place{Membership: w.membership, Organization: w.organization}
	same("scene", &domain.Scene{
		Caller:       &domain.Caller{Session: w.session, Person: w.person, Home: place, Here: place},
		OtherSession: w.session, Organization: w.organization, Administrators: w.administrators, User: w.person, Membership: w.membership,
		Link: w.activation, EmailClaim: w.email, EmailChange: w.change, EmailUndo: w.undo, EmailClaims: map[domain.Email]*domain.EmailClaim{w.person.Email: w.email}, BusinessClaim: w.business, Signing: w.signing, Receipt: w.receipt,
		Attempts: map[string]*domain.Attempts{"sign-in/1": w.attempts}, Service: w.service,
		Memberships: map[domain.PersonID]*domain.Membership{w.person.ID: w.membership, w.removed.Person: w.removed},
		Resources:   map[domain.ResourceID]*domain.Resource{w.resource.ID: w.resource}, Reference: w.reference,
		Clients: map[domain.OrganizationID]*domain.Client{org2: {Organization: w.client, Mandates: w.mandates}},
		Agents: map[domain.OrganizationID]*domain.Agent{
			org2: {Organization: w.client, Given: &domain.Mandates{Principal: org, Agent: org2}, Received: w.mandates},
		},
		Organizations: map[domain.OrganizationID]*domain.Organization{org2: w.client},
		Subscription:  w.subscription, NationalIDs: map[string]*domain.NationalIDClaim{"keyed hash": w.nationalID},
		Chain: w.chain, Sweep: w.sweep, Erasure: w.erasure, Run: w.run, Digests: map[domain.DigestRef]*domain.Digest{w.digest.DigestRef: w.digest},
		Grounds: []*domain.Grounds{
			{Member: place, Where: w.organization},
			{Member: place, Where: w.organization, Resource: w.resource},
			{Member: place, Where: w.client, Mandates: w.mandates},
			{Member: place, Mandates: w.mandates}, // the client has no such resource, so the place is unknown
			{Member: domain.Place{Organization: w.client}, Where: w.organization},
			{},
		},
	}, scene)
	scene, err = s.Load(ctx, domain.Want{Link: w.reset.LinkRef})
	if err != nil {
		t.Fatal(err)
	}
	same("the other link", w.reset, scene.Link)
	person, err := s.Person(ctx, w.person.ID)
	if err != nil {
		t.Fatal(err)
	}
	same("person", w.person, person)
	mail, err := s.Mail(ctx, w.mail.ID)
	if err != nil {
		t.Fatal(err)
	}
	same("mail", w.mail, mail)
	due, err := s.DueMail(ctx, w.mail.NotBefore, domain.PageRequest{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	same("due mail", []domain.MailID{w.mail.ID}, due.Items)
	sessions, err := s.Sessions(ctx, w.person.ID)
	if err != nil {
		t.Fatal(err)
	}
	same("sessions", []*domain.Session{w.session}, sessions)
	all, err := s.AllUsers(ctx, org)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b *domain.Membership) int { return a.RemovedAt.Compare(b.RemovedAt) })
	same("all users", []*domain.Membership{w.membership, w.removed}, all)
	ten := domain.PageRequest{Limit: 10}
	alone(t, "users", w.membership, func() (domain.Page[*domain.Membership], error) { return s.Users(ctx, org, ten) })
	alone(t, "removed users", w.removed, func() (domain.Page[*domain.Membership], error) { return s.Removed(ctx, org, ten) })
	alone(t, "resources", w.resource, func() (domain.Page[*domain.Resource], error) { return s.Resources(ctx, org, "worksite", ten) })
	alone(t, "resources among", w.resource, func() (domain.Page[*domain.Resource], error) {
		return s.ResourcesAmong(ctx, org, []domain.ResourceID{"res_3", w.resource.ID})
	})
	alone(t, "mandates given", w.mandates, func() (domain.Page[*domain.Mandates], error) { return s.Given(ctx, org2, ten) })
	alone(t, "mandates received", w.mandates, func() (domain.Page[*domain.Mandates], error) { return s.Received(ctx, org, ten) })
	alone(t, "subscriptions", w.subscription, func() (domain.Page[*domain.Subscription], error) { return s.Subscriptions(ctx, org, ten) })
	alone(t, "services", w.service, func() (domain.Page[*domain.ServiceClient], error) { return s.Services(ctx, ten) })
	organizations, err := s.Organizations(ctx, ten)
	if err != nil {
		t.Fatal(err)
	}
	same("organizations", []*domain.Organization{w.client, w.organization}, organizations.Items)
	links, err := s.Links(ctx, w.person.ID)
	if err != nil {
		t.Fatal(err)
	}
	same("links", []*domain.Link{w.activation, w.change, w.undo, w.reset}, links)
	audited, err := s.Audited(ctx, w.audit.At, w.audit.At)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(audited, org) {
		t.Errorf("audited: %v", audited)
	}
	seals, err := s.Seals(ctx, org, domain.PageRequest{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	same("seals", []*domain.AuditSeal{w.seal}, seals.Items)
	alone(t, "mails to", w.mail, func() (domain.Page[*domain.Mail], error) { return s.MailsTo(ctx, w.person.ID, ten) })
	waiting := 0
	for shard := range domain.AgendaShards {
		page, err := s.DueMemberships(ctx, shard, w.membership.Agenda.Next, ten)
		if err != nil {
			t.Fatal(err)
		}
		for _, due := range page.Items {
			waiting++
			if due.Organization != org || due.Person != w.membership.Person && due.Person != w.removed.Person || !due.At.Equal(w.membership.Agenda.Next) {
				t.Errorf("due: %+v", due)
			}
		}
	}
	if waiting != 2 {
		t.Errorf("%d memberships are due", waiting)
	}
	alone(t, "erasures", w.erasure, func() (domain.Page[*domain.Erasure], error) { return s.Erasures(ctx, ten) })
	audit, err := s.Audit(ctx, org, domain.AuditSpan{}, domain.PageRequest{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	same("audit", []*domain.AuditEntry{w.audit}, audit.Items)
}

// alone demands that a list has nothing but this.
func alone[E any](t *testing.T, what string, want E, list func() (domain.Page[E], error)) {
	t.Helper()
	got, err := list()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]E{want}, got.Items); diff != "" || got.Next != "" || len(got.Keys) != 1 {
		t.Errorf("%s: next %q, keys %q\n%s", what, got.Next, got.Keys, diff)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		w := everything()
		scene, err := s.Load(t.Context(), w.want())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&domain.Scene{
			Administrators: &domain.Administrators{Organization: org}, Attempts: map[string]*domain.Attempts{},
			Memberships: map[domain.PersonID]*domain.Membership{}, Resources: map[domain.ResourceID]*domain.Resource{},
			Clients: map[domain.OrganizationID]*domain.Client{}, Agents: map[domain.OrganizationID]*domain.Agent{},
			Organizations: map[domain.OrganizationID]*domain.Organization{}, Digests: map[domain.DigestRef]*domain.Digest{}, EmailClaims: map[domain.Email]*domain.EmailClaim{}, NationalIDs: map[string]*domain.NationalIDClaim{},
			Grounds: []*domain.Grounds{{}, {}, {}, {}, {}, {}},
		}, scene); diff != "" {
			t.Error(diff)
		}
		if _, err := s.Person(t.Context(), w.person.ID); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("person: %v", err)
		}
		if _, err := s.Mail(t.Context(), w.mail.ID); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("mail: %v", err)
		}
		if places, err := s.Places(t.Context(), w.person); err != nil || places != nil {
			t.Errorf("places: %v, %v", places, err)
		}
		for what, list := range map[string]func() (int, string, error){
			"users": func() (int, string, error) {
				p, err := s.Users(t.Context(), org, domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"organizations": func() (int, string, error) {
				p, err := s.Organizations(t.Context(), domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"all users": func() (int, string, error) {
				all, err := s.AllUsers(t.Context(), org)
				return len(all), "", err
			},
			"removed users": func() (int, string, error) {
				p, err := s.Removed(t.Context(), org, domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"resources": func() (int, string, error) {
				p, err := s.Resources(t.Context(), org, "worksite", domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"resources among": func() (int, string, error) {
				p, err := s.ResourcesAmong(t.Context(), org, []domain.ResourceID{"res_1"})
				return len(p.Items), p.Next, err
			},
			"resources among none": func() (int, string, error) {
				p, err := s.ResourcesAmong(t.Context(), org, nil)
				return len(p.Items), p.Next, err
			},
			"mandates given": func() (int, string, error) {
				p, err := s.Given(t.Context(), org, domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"mandates received": func() (int, string, error) {
				p, err := s.Received(t.Context(), org, domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"subscriptions": func() (int, string, error) {
				p, err := s.Subscriptions(t.Context(), org, domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"services": func() (int, string, error) {
				p, err := s.Services(t.Context(), domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"audit": func() (int, string, error) {
				p, err := s.Audit(t.Context(), org, domain.AuditSpan{}, domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"seals": func() (int, string, error) {
				p, err := s.Seals(t.Context(), org, domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"audited": func() (int, string, error) {
				orgs, err := s.Audited(t.Context(), now.Add(-time.Hour), now)
				return len(orgs), "", err
			},
			"links": func() (int, string, error) {
				links, err := s.Links(t.Context(), "usr_1")
				return len(links), "", err
			},
			"mails to": func() (int, string, error) {
				p, err := s.MailsTo(t.Context(), "usr_1", domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"erasures": func() (int, string, error) {
				p, err := s.Erasures(t.Context(), domain.PageRequest{Limit: 1})
				return len(p.Items), p.Next, err
			},
			"due mail": func() (int, string, error) {
				m, err := s.DueMail(t.Context(), now, domain.PageRequest{Limit: 1})
				return len(m.Items), m.Next, err
			},
			"dead mail": func() (int, string, error) {
				m, err := s.MailsOn(t.Context(), domain.MailsDead, domain.PageRequest{Limit: 1})
				return len(m.Items), m.Next, err
			},
			"sessions": func() (int, string, error) {
				p, err := s.Sessions(t.Context(), w.person.ID)
				return len(p), "", err
			},
		} {
			if n, next, err := list(); n != 0 || next != "" || err != nil {
				t.Errorf("%s: %d, %q, %v", what, n, next, err)
			}
		}
	})
}

// A token that is not the session's opens nothing, whatever it names.
func TestWhoIsNoCaller(t *testing.T) {
	t.Parallel()
	s := New(memory(t))
	w := everything()
	commit(t, s, puts(w.person, w.session))
	alone, orphan := domain.NewChange(domain.Actor{}, now, "").Open(&domain.Person{ID: domain.NewPersonID(), Home: org}, "")
	commit(t, s, puts(alone))
	text := w.token.String()
	last := "A"
	if strings.HasSuffix(text, last) {
		last = "Q"
	}
	forged, ok := domain.ParseSessionToken(text[:len(text)-1] + last)
	if !ok {
		t.Fatal("no token")
	}
	for name, test := range map[string]struct {
		token domain.SessionToken
		ok    bool
	}{
		"the token": {w.token, true}, "another secret": {forged, false}, "the person is gone": {orphan, false},
	} {
		scene, err := s.Load(t.Context(), domain.Want{Session: test.token})
		if err != nil || (scene.Caller != nil) != test.ok {
			t.Errorf("%s: %+v, %v", name, scene.Caller, err)
		}
	}
}

func TestVersions(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		at := func(version int64, count int) *domain.Attempts {
			return &domain.Attempts{Version: version, Key: "k", Count: count, LastAt: now}
		}
		stored := func() (count int) {
			scene, err := s.Load(t.Context(), domain.Want{Attempts: []string{"k"}})
			if err != nil {
				t.Fatal(err)
			}
			if a := scene.Attempts["k"]; a != nil {
				return a.Count
			}
			return 0
		}
		put := func(a *domain.Attempts) domain.Write { return domain.Write{Entity: a} }
		remove := func(a *domain.Attempts) domain.Write { return domain.Write{Entity: a, Remove: true} }
		hold := func(a *domain.Attempts) domain.Write { return domain.Write{Entity: a, Hold: true} }
		for i, step := range []struct {
			name  string
			write domain.Write
			ok    bool
			count int // then
		}{
			{"over what is not there", put(at(1, 9)), false, 0},
			{"remove what is not there", remove(at(1, 0)), false, 0},
			{"hold what is not there", hold(at(1, 0)), false, 0},
			{"hold that nothing is there", hold(at(0, 0)), true, 0},
			{"new", put(at(0, 1)), true, 1},
			{"new, and exists", put(at(0, 9)), false, 1},
			{"hold that nothing is there, and it is", hold(at(0, 0)), false, 1},
			{"hold", hold(at(1, 0)), true, 1},
			{"hold again", hold(at(1, 0)), true, 1},
			{"over it", put(at(1, 2)), true, 2},
			{"over it, stale", put(at(1, 9)), false, 2},
			{"hold, stale", hold(at(1, 0)), false, 2},
			{"remove, stale", remove(at(1, 0)), false, 2},
			{"over what is to come", put(at(3, 9)), false, 2},
			{"remove", remove(at(2, 0)), true, 0},
			{"remove again", remove(at(2, 0)), false, 0},
			{"over what was removed", put(at(2, 9)), false, 0},
			{"new again", put(at(0, 3)), true, 3},
		} {
			// Beside it something that has no conflict, and must share its fate.
			beside := &domain.Attempts{Key: fmt.Sprint("beside ", i), LastAt: now}
			err := s.Commit(t.Context(), change(step.write, put(beside)))
			if step.ok && err != nil || !step.ok && (!errors.Is(err, domain.ErrContended) || domain.KindOf(err) != domain.Conflict) {
				t.Errorf("%s: %v", step.name, err)
			}
			if got := stored(); got != step.count {
				t.Fatalf("%s: %d is stored, want %d", step.name, got, step.count)
			}
			scene, err := s.Load(t.Context(), domain.Want{Attempts: []string{beside.Key}})
			if err != nil || (len(scene.Attempts) == 1) != step.ok {
				t.Errorf("%s: beside it %v, %v", step.name, scene.Attempts, err)
			}
		}
	})
}

// A newer link takes the place of the older one, an activation only that of
// the same organization.
func TestLinksHaveOnePlace(t *testing.T) {
	t.Parallel()
	s := New(memory(t))
	link := func(purpose domain.Purpose, org domain.OrganizationID) *domain.Link {
		return &domain.Link{LinkRef: domain.LinkRef{Person: "usr_1", Purpose: purpose, Organization: org}, ExpiresAt: now}
	}
	commit(t, s, puts(link(domain.ForActivation, org), link(domain.ForActivation, org2), link(domain.ForPasswordReset, org)))
	for _, l := range []*domain.Link{link(domain.ForActivation, org), link(domain.ForPasswordReset, org2)} {
		if err := s.Commit(t.Context(), puts(l)); !errors.Is(err, domain.ErrContended) {
			t.Errorf("%+v: %v", l.LinkRef, err)
		}
	}
}

// What must not be written is not even sent.
func TestCommitRefuses(t *testing.T) {
	t.Parallel()
	counter := tabletest.Count(memory(t))
	s := New(counter)
	nobody := puts(everything().attempts)
	nobody.Actor = domain.Actor{}
	silent := puts(everything().person)
	silent.Writes = silent.Writes[:1]
	for name, c := range map[string]*domain.Change{
		"nobody did it": nobody, "nobody will know": silent, "nothing known": change(domain.Write{Entity: stranger{everything().person}}),
	} {
		if err := s.Commit(t.Context(), c); err == nil || domain.KindOf(err) != domain.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if counter.Counts() != (tabletest.Counts{}) {
		t.Errorf("%+v", counter.Counts())
	}
}

// stranger is an entity that the store has never heard of.
type stranger struct{ *domain.Person }

func TestNothingToReadIsNoCall(t *testing.T) {
	t.Parallel()
	counter := tabletest.Count(memory(t))
	s := New(counter)
	if _, err := s.Load(t.Context(), domain.Want{}); err != nil {
		t.Error(err)
	}
	if places, err := s.Places(t.Context(), &domain.Person{ID: "usr_1"}); err != nil || places != nil {
		t.Errorf("%v, %v", places, err)
	}
	if counter.Counts() != (tabletest.Counts{}) {
		t.Errorf("%+v", counter.Counts())
	}
}

// All of a want is one batch, and what several things stand on is in it once.
func TestLoadIsOneCall(t *testing.T) {
	t.Parallel()
	counter := tabletest.Count(memory(t))
	w := everything()
	if _, err := New(counter).Load(t.Context(), w.want()); err != nil {
		t.Fatal(err)
	}
	// organization, administrators, membership, person, session, link, e-mail, business, signing, receipt, two attempts;
	// service, two users more, two resources, reference, subscription; two other organizations and what is between each
	// of them and ours, both ways; and of the questions two memberships elsewhere and a resource that is not there;
	// the chain and the sweep of the audit's seals, an erasure; two national ids; another e-mail and the two links of a
	// change of it; the run of a job and two digests
	if got := counter.Counts(); got.Gets != 1 || got.Keys != 12+7+6+3+3+2+3+3 || got.Queries != 0 {
		t.Errorf("%+v", got)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	other := errors.New("table: broken")
	calls := map[string]func(context.Context, *Store) error{
		"Load": func(ctx context.Context, s *Store) error {
			_, err := s.Load(ctx, domain.Want{Signing: true})
			return err
		},
		"Person": func(ctx context.Context, s *Store) error { _, err := s.Person(ctx, "usr_1"); return err },
		"Mail":   func(ctx context.Context, s *Store) error { _, err := s.Mail(ctx, "mai_1"); return err },
		"Places": func(ctx context.Context, s *Store) error {
			_, err := s.Places(ctx, &domain.Person{ID: "usr_1", Organizations: []domain.OrganizationID{org}})
			return err
		},
		"Sessions": func(ctx context.Context, s *Store) error { _, err := s.Sessions(ctx, "usr_1"); return err },
		"Users": func(ctx context.Context, s *Store) error {
			_, err := s.Users(ctx, org, domain.PageRequest{Limit: 1})
			return err
		},
		"Organizations": func(ctx context.Context, s *Store) error {
			_, err := s.Organizations(ctx, domain.PageRequest{Limit: 1})
			return err
		},
		"Seals": func(ctx context.Context, s *Store) error {
			_, err := s.Seals(ctx, org, domain.PageRequest{Limit: 1})
			return err
		},
		"Audited": func(ctx context.Context, s *Store) error { _, err := s.Audited(ctx, now, now); return err },
		"Links":   func(ctx context.Context, s *Store) error { _, err := s.Links(ctx, "usr_1"); return err },
		"MailsTo": func(ctx context.Context, s *Store) error {
			_, err := s.MailsTo(ctx, "usr_1", domain.PageRequest{Limit: 1})
			return err
		},
		"Erasures": func(ctx context.Context, s *Store) error {
			_, err := s.Erasures(ctx, domain.PageRequest{Limit: 1})
			return err
		},
		"Audit": func(ctx context.Context, s *Store) error {
			_, err := s.Audit(ctx, org, domain.AuditSpan{}, domain.PageRequest{Limit: 1})
			return err
		},
		"Load of many": func(ctx context.Context, s *Store) error {
			_, err := s.Load(ctx, domain.Want{Organization: org, Users: persons(table.MaxKeys + 1)})
			return err
		},
		"AllUsers": func(ctx context.Context, s *Store) error { _, err := s.AllUsers(ctx, org); return err },
		"Removed": func(ctx context.Context, s *Store) error {
			_, err := s.Removed(ctx, org, domain.PageRequest{Limit: 1})
			return err
		},
		"Resources": func(ctx context.Context, s *Store) error {
			_, err := s.Resources(ctx, org, "worksite", domain.PageRequest{Limit: 1})
			return err
		},
		"ResourcesAmong": func(ctx context.Context, s *Store) error {
			_, err := s.ResourcesAmong(ctx, org, []domain.ResourceID{"res_1"})
			return err
		},
		"Given": func(ctx context.Context, s *Store) error {
			_, err := s.Given(ctx, org, domain.PageRequest{Limit: 1})
			return err
		},
		"Received": func(ctx context.Context, s *Store) error {
			_, err := s.Received(ctx, org, domain.PageRequest{Limit: 1})
			return err
		},
		"Subscriptions": func(ctx context.Context, s *Store) error {
			_, err := s.Subscriptions(ctx, org, domain.PageRequest{Limit: 1})
			return err
		},
		"Services": func(ctx context.Context, s *Store) error {
			_, err := s.Services(ctx, domain.PageRequest{Limit: 1})
			return err
		},
		"DueMail": func(ctx context.Context, s *Store) error {
			_, err := s.DueMail(ctx, now, domain.PageRequest{Limit: 1})
			return err
		},
		"MailsOn": func(ctx context.Context, s *Store) error {
			_, err := s.MailsOn(ctx, domain.MailsDead, domain.PageRequest{Limit: 1})
			return err
		},
		"PutMailAside": func(ctx context.Context, s *Store) error { return s.PutMailAside(ctx, "mai_1") },
		"TakeUpMail":   func(ctx context.Context, s *Store) error { return s.TakeUpMail(ctx, "mai_1") },
		"DueMemberships": func(ctx context.Context, s *Store) error {
			_, err := s.DueMemberships(ctx, 0, now, domain.PageRequest{Limit: 1})
			return err
		},
		"Aside": func(ctx context.Context, s *Store) error {
			_, err := s.Aside(ctx, domain.PageRequest{Limit: 1})
			return err
		},
		"PutAside": func(ctx context.Context, s *Store) error { return s.PutAside(ctx, org, "usr_1") },
		"TakeUp": func(ctx context.Context, s *Store) error {
			return s.TakeUp(ctx, domain.DueMembership{Organization: org, Person: "usr_1"})
		},
		"Commit": func(ctx context.Context, s *Store) error { return s.Commit(ctx, puts(everything().attempts)) },
	}
	for name, test := range map[string]struct {
		fault tabletest.Fault
		cause error
		kind  domain.Kind
		is    error // of the domain; nil: none
	}{
		"unavailable":  {tabletest.Down, table.ErrUnavailable, domain.Unavailable, domain.ErrUnavailable},
		"answer lost":  {tabletest.LostAnswer, table.ErrUnavailable, domain.Unavailable, domain.ErrUnavailable},
		"contended":    {tabletest.Fault{Before: fmt.Errorf("again: %w", table.ErrContended)}, table.ErrContended, domain.Conflict, domain.ErrContended},
		"condition":    {tabletest.Fault{Before: fmt.Errorf("no: %w", &table.ConditionError{Ops: []int{0}})}, nil, domain.Conflict, domain.ErrContended},
		"cancelled":    {tabletest.Fault{Before: fmt.Errorf("table: %w", context.Canceled)}, context.Canceled, domain.Unavailable, domain.ErrUnavailable},
		"out of time":  {tabletest.Fault{Before: context.DeadlineExceeded}, context.DeadlineExceeded, domain.Unavailable, domain.ErrUnavailable},
		"our own":      {tabletest.Fault{Before: table.ErrLimit}, table.ErrLimit, domain.Internal, nil},
		"of any other": {tabletest.Fault{Before: other}, other, domain.Internal, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for call, do := range calls {
				err := do(t.Context(), New(tabletest.Inject(memory(t), func(tabletest.Call) tabletest.Fault { return test.fault })))
				if err == nil || domain.KindOf(err) != test.kind || test.is != nil && !errors.Is(err, test.is) || test.cause != nil && !errors.Is(err, test.cause) {
					t.Errorf("%s: %v of kind %d", call, err, domain.KindOf(err))
				}
				if _, ours := errors.AsType[*domain.Error](err); ours != (test.is != nil) {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

// write puts a body where an entity is kept.
func write(t *testing.T, tb table.Table, key table.Key, body string) {
	t.Helper()
	if err := tb.Transact(t.Context(), table.Put(table.Item{Key: key, Version: 3, Body: []byte(body)}, table.Always)); err != nil {
		t.Fatal(err)
	}
}

// Items outlive the code that wrote them.
func TestOlderAndNewerItems(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	s := New(tb)
	id := domain.PersonID("usr_1")
	write(t, tb, personKey(id), `{"id":"usr_1","email":"a@example.com","shoeSize":44,"inner":{"a":[null]},"createdAt":"2026-11-02T10:00:00+01:00"}`)
	got, err := s.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := &domain.Person{Version: 3, ID: id, Email: "a@example.com", CreatedAt: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A body that cannot be read is a fault of ours, and names its place.
func TestBrokenItem(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	s := New(tb)
	for _, key := range []table.Key{
		personKey("usr_1"), mailKey("mai_1"), sessionKey("usr_1", "ses_1"), auditKey(org, "aud_1"), signingKey,
		membershipKey(org, "usr_1"), resourceKey(org, "res_1"), mandatesKey(org, org2), subscriptionKey(org, "sub"), serviceKey("svc_1"),
		referenceKey(org, domain.ResourceRef{Type: "worksite", Reference: "7"}),
	} {
		write(t, tb, key, `{"id":7,"keys":7,"organization":7,"principal":7}`)
	}
	for what, do := range map[string]func() error{
		"PERSON#usr_1":        func() error { _, err := s.Person(t.Context(), "usr_1"); return err },
		"MAIL#mai_1":          func() error { _, err := s.Mail(t.Context(), "mai_1"); return err },
		"SESSION#usr_1 ses_1": func() error { _, err := s.Sessions(t.Context(), "usr_1"); return err },
		"AUDIT#" + string(org): func() error {
			_, err := s.Audit(t.Context(), org, domain.AuditSpan{}, domain.PageRequest{Limit: 1})
			return err
		},
		"USER#usr_1": func() error { _, err := s.AllUsers(t.Context(), org); return err },
		"RES#res_1": func() error {
			_, err := s.ResourcesAmong(t.Context(), org, []domain.ResourceID{"res_1"})
			return err
		},
		"REF#worksite#7": func() error {
			_, err := s.Load(t.Context(), domain.Want{Organization: org, Reference: domain.ResourceRef{Type: "worksite", Reference: "7"}})
			return err
		},
		"MANDATES#" + string(org2): func() error { _, err := s.Given(t.Context(), org, domain.PageRequest{Limit: 1}); return err },
		"SUB#":                     func() error { _, err := s.Subscriptions(t.Context(), org, domain.PageRequest{Limit: 1}); return err },
		"SERVICES svc_1":           func() error { _, err := s.Services(t.Context(), domain.PageRequest{Limit: 1}); return err },
		"SIGNING":                  func() error { _, err := s.Load(t.Context(), domain.Want{Signing: true, User: "usr_2"}); return err },
	} {
		err := do()
		if _, ours := errors.AsType[*domain.Error](err); err == nil || ours || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Package sample is made-up data with fixed ids and tokens, and one request for
// each function that fits it: the events in events/ are written from here, and
// succeed against a table that Seed has filled. Nothing of it may ever be in
// a table that real people use.
package sample

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// The organizations and people: an operator's administrator; a customer with
// an administrator, a user, a user who has not opened the account yet, and one
// who was removed and can be restored; and another customer.
const (
	Organization domain.OrganizationID = "org_01k00000000000000000000001"

	// Agent is another customer, which may act for the first by Mandate.
	Agent   domain.OrganizationID = "org_01k00000000000000000000002"
	Mandate domain.MandateID      = "man_01k00000000000000000000001"

	OperatorAdministrator domain.PersonID = "usr_40000000000000000000000001"
	Administrator         domain.PersonID = "usr_40000000000000000000000002"
	User                  domain.PersonID = "usr_40000000000000000000000003"
	Invited               domain.PersonID = "usr_40000000000000000000000004"
	Removed               domain.PersonID = "usr_40000000000000000000000005"

	AdministratorEmail domain.Email = "anna.exempel@exempelmaskiner.example"
	UserEmail          domain.Email = "ulla.exempel@exempelmaskiner.example"

	// Partner is a user of Agent's, who is not one of the first customer yet.
	Partner      domain.PersonID = "usr_40000000000000000000000006"
	PartnerEmail domain.Email    = "pia.exempel@exempelredovisning.example"

	// A worksite of the customer, and the customer number that it lies in.
	CustomerNumber domain.ResourceID = "res_01k00000000000000000000001"
	Worksite       domain.ResourceID = "res_01k00000000000000000000002"

	// Service is the client of another module of the portal.
	Service domain.ServiceID = "svc_01k00000000000000000000001"

	// Mail is the invited user's activation mail, waiting in the outbox.
	Mail domain.MailID = "mai_01k00000000000000000000001"

	// SentMail is a notice to the user, which SES has taken under MessageID. What
	// became of it SES tells on MailTopic.
	SentMail domain.MailID = "mai_01k00000000000000000000002"

	MessageID = "0107018f-sample-000001"
	MailTopic = "arn:aws:sns:eu-north-1:123456789012:fullmakt-mails"
)

// The passwords: of everybody who has one, and the one that the sample
// requests choose next.
const (
	Password    = "sample-sesam-4711"
	NewPassword = "sample-sesam-0815"
)

// NationalID is the user's, an artificial Finnish one.
const NationalID = "010594Y9032"

// The tokens that the sample requests carry.
var (
	OperatorSession      = session(OperatorAdministrator, "ses_01k00000000000000000000001", domain.OperatorID)
	AdministratorSession = session(Administrator, "ses_01k00000000000000000000002", Organization)
	ServiceCredential    = service(Service)
	ActivationToken      = link(Invited, domain.ForActivation)
	ResetToken           = link(User, domain.ForPasswordReset)
	EmailChangeToken     = link(Administrator, domain.ForEmailChange)
	EmailUndoToken       = link(Administrator, domain.ForEmailUndo)
)

// secret stands where a real token has 256 random bits.
var secret = "SAMPLE" + strings.Repeat("-", 37)

func session(person domain.PersonID, id domain.SessionID, home domain.OrganizationID) domain.SessionToken {
	t, ok := domain.ParseSessionToken("fms_" + suffix(person) + suffix(id) + suffix(home) + secret)
	if !ok {
		panic("sample: not the form of a session token any more")
	}
	return t
}

func service(id domain.ServiceID) domain.ServiceToken {
	t, ok := domain.ParseServiceToken("fmc_" + suffix(id) + secret)
	if !ok {
		panic("sample: not the form of a service client's credential any more")
	}
	return t
}

func link(person domain.PersonID, purpose domain.Purpose) domain.LinkToken {
	t, ok := domain.ParseLinkToken("fml_"+suffix(person)+suffix(Organization)+secret, purpose)
	if !ok {
		panic("sample: not the form of a link token any more")
	}
	return t
}

func suffix[ID ~string](id ID) string {
	_, s, _ := strings.Cut(string(id), "_")
	return s
}

// Seed fills an empty store, as of now: sessions and links end at their times
// after that. hash is the stored form of Password; vault seals NationalID.
func Seed(ctx context.Context, store domain.Store, vault domain.Vault, hash string, now time.Time) error {
	now = now.UTC().Truncate(time.Millisecond)
	s := seed{
		hash:   hash,
		change: domain.Change{Actor: domain.Actor{Type: domain.ByJob, ID: "sample"}, At: now, RequestID: "sample"},
	}
	s.change.Put(&domain.Signing{Keys: []domain.SigningKey{{ID: "1", Secret: make([]byte, 32)}}})

	operator := &domain.Organization{
		ID: domain.OperatorID, Name: "Exempeluthyrning AB", Country: "SE", BusinessID: "OPERATOR",
		Language: domain.Swedish, TimeZone: "Europe/Stockholm",
	}
	s.organization(operator)
	olof := s.user(operator, OperatorAdministrator, "Olof", "olof.exempel@exempeluthyrning.example", "administrator", true)
	olof.Roles = append(olof.Roles, "main-user") // its name in a portal that has mandates
	s.session(OperatorSession)
	s.service(ServiceCredential)

	customer := &domain.Organization{
		ID: Organization, Name: "Exempelmaskiner AB", Country: "SE", BusinessID: "999900-0004",
		Language: domain.Swedish, TimeZone: "Europe/Stockholm",
	}
	s.organization(customer)
	anna := s.user(customer, Administrator, "Anna", AdministratorEmail, "administrator", true)
	anna.Roles = append(anna.Roles, "main-user") // as the operator's
	s.session(AdministratorSession)
	ulla := s.user(customer, User, "Ulla", UserEmail, "user", true)
	if err := s.nationalID(ctx, vault, ulla); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	s.user(customer, Removed, "Rut", "rut.exempel@exempelmaskiner.example", "user", true).RemovedAt = now
	s.link("lnk_01k00000000000000000000001", ResetToken, UserEmail, domain.PasswordResetLife)
	s.link("lnk_01k00000000000000000000003", EmailChangeToken, "anna.exempel@exempelposten.example", domain.EmailChangeLife)
	s.link("lnk_01k00000000000000000000004", EmailUndoToken, AdministratorEmail, domain.EmailUndoLife)
	invited := domain.Email("inga.exempel@exempelmaskiner.example")
	s.user(customer, Invited, "Inga", invited, "user", false)
	s.link("lnk_01k00000000000000000000002", ActivationToken, invited, domain.ActivationLife)
	s.change.Put(&domain.Mail{
		ID: Mail, Kind: domain.MailActivation, State: domain.MailQueued, Person: Invited, Organization: Organization,
		Link: "lnk_01k00000000000000000000002", RequestID: "sample", NotBefore: now, CreatedAt: now,
	})
	s.change.Put(&domain.Mail{
		ID: SentMail, Kind: domain.MailPasswordChanged, State: domain.MailSent, Person: User, Organization: Organization,
		RequestID: "sample", Attempts: 1, MessageID: MessageID, NotBefore: now, CreatedAt: now, SentAt: now,
	})
	s.resource(&domain.Resource{ID: CustomerNumber, Type: "customer-number", Name: "1001", Reference: "1001", Children: 1})
	s.resource(&domain.Resource{ID: Worksite, Type: "worksite", Path: []domain.ResourceID{CustomerNumber}, Name: "Exempelhamnen", Reference: "W-1017"})
	agent := &domain.Organization{
		ID: Agent, Name: "Exempelredovisning AB", Country: "SE", BusinessID: "999900-0012",
		Language: domain.Swedish, TimeZone: "Europe/Stockholm",
	}
	s.organization(agent)
	s.user(agent, Partner, "Pia", PartnerEmail, "main-user", true)
	s.change.Put(&domain.Mandates{Principal: Organization, Agent: Agent, Name: customer.Name, Alphabet: domain.Swedish, Items: []domain.Mandate{{
		ID: Mandate, Type: "web-service", Rights: []domain.RightKey{"insurance:see", "invoices:see"}, From: domain.Today(now, customer.Zone()),
		Revision: 1, CreatedAt: now, UpdatedAt: now,
	}}})
	if err := store.Commit(ctx, &s.change); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	return nil
}

// Profile is the portal that the sample of a function is made for: mandates
// are not given in all of them, and there are none with partners but in one.
func Profile(id string) string {
	switch {
	case strings.HasPrefix(id, "mandate-"), strings.HasPrefix(id, "client-"), strings.HasSuffix(id, "-national-id"):
		return "insurance"
	case strings.HasPrefix(id, "partner-"):
		return "construction"
	}
	return "rental"
}

type seed struct {
	change domain.Change
	hash   string
}

func (s *seed) organization(o *domain.Organization) {
	o.Revision, o.Alphabet, o.CreatedAt, o.UpdatedAt = 1, domain.Swedish, s.change.At, s.change.At
	s.change.Put(o)
	s.change.Put(&domain.OrganizationClaim{Country: o.Country, BusinessID: o.BusinessID, Organization: o.ID})
	s.change.Record(o.ID, domain.OrganizationCreated, domain.Subject{Type: "organization", ID: string(o.ID)})
}

func (s *seed) user(o *domain.Organization, id domain.PersonID, name string, email domain.Email, role domain.RoleKey, active bool) *domain.Membership {
	now := s.change.At
	p := &domain.Person{
		ID: id, Revision: 1, Email: email, GivenName: name, FamilyName: "Exempel", Language: domain.Swedish,
		Home: o.ID, Organizations: []domain.OrganizationID{o.ID}, Security: 1, CreatedAt: now, UpdatedAt: now,
	}
	m := &domain.Membership{
		Revision: 1, Organization: o.ID, Person: id, Kind: domain.Own, Home: o.ID, Alphabet: o.Alphabet, Roles: []domain.RoleKey{role},
		Card:      domain.Card{GivenName: name, FamilyName: "Exempel", Email: email, Language: domain.Swedish},
		CreatedAt: now, UpdatedAt: now,
	}
	if active {
		p.PasswordHash, m.ActivatedAt = s.hash, now
	}
	s.change.Put(p)
	s.change.Put(&domain.EmailClaim{Email: email, Person: id})
	s.change.Put(m)
	if role == "administrator" {
		s.change.Put(&domain.Administrators{Organization: o.ID, Seats: []domain.Seat{{Person: id, Activated: active, Chief: true}}})
	}
	return m
}

func (s *seed) service(t domain.ServiceToken) {
	s.change.Put(&domain.ServiceClient{
		ID: t.ID, Name: "Exempelmodul", Scopes: domain.ServiceScopes, Hash: hash(t.String()), CreatedAt: s.change.At,
	})
}

// nationalID gives a user NationalID.
func (s *seed) nationalID(ctx context.Context, vault domain.Vault, m *domain.Membership) error {
	c, err := domain.Entrust(ctx, vault, m, domain.IdentityCode{Country: "FI", Text: NationalID})
	if err == nil {
		s.change.Put(c)
	}
	return err
}

// hash is what is stored of a token.
func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (s *seed) resource(r *domain.Resource) {
	r.Organization, r.Alphabet, r.Revision, r.CreatedAt, r.UpdatedAt = Organization, domain.Swedish, 1, s.change.At, s.change.At
	s.change.Put(r)
	s.change.Put(&domain.ResourceClaim{
		Organization: r.Organization, ResourceRef: domain.ResourceRef{Type: r.Type, Reference: r.Reference}, Resource: r.ID,
	})
}

func (s *seed) session(t domain.SessionToken) {
	s.change.Put(&domain.Session{
		ID: t.ID, Person: t.Person, Hash: hash(t.String()), Security: 1, UserAgent: userAgent,
		CreatedAt: s.change.At, SeenAt: s.change.At, ExpiresAt: s.change.At.Add(domain.SessionAbsolute),
	})
}

func (s *seed) link(id domain.LinkID, t domain.LinkToken, email domain.Email, life time.Duration) {
	l := &domain.Link{LinkRef: t.LinkRef, ID: id, Email: email, Security: 1, CreatedAt: s.change.At, ExpiresAt: s.change.At.Add(life)}
	l.Seal(t)
	s.change.Put(l)
}

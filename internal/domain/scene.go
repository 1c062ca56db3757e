package domain

import (
	"context"
	"time"
)

// Want names what a request stands on. All of it is read in one batch.
type Want struct {
	Session        SessionToken     // the session, its person, their membership in the home that it names
	OtherSession   SessionID        // of the same person
	Service        ServiceID        // a service client
	Organization   OrganizationID   // the organization, and the caller's membership in it
	User           PersonID         // a person, and their membership in Organization
	Users          []PersonID       // memberships in Organization
	Resources      []ResourceID     // of Organization
	Reference      ResourceRef      // of Organization
	Clients        []OrganizationID // organizations, with their mandates to Organization
	Agents         []OrganizationID // organizations, with their mandates from and to Organization
	Organizations  []OrganizationID // others
	Subscription   SubscriptionID   // of Organization
	NationalIDs    []string         // hashes of codes, claimed in Organization
	Questions      []Question
	Link           LinkRef  // a link
	Email          Email    // whose it is
	Emails         []Email  // the same, of several
	EmailLinks     PersonID // the links by which their address is changed, and that undone
	Business       OrganizationClaim
	Administrators bool // of Organization
	Signing        bool
	Receipt        string
	Attempts       []string
	Chain          bool // of the audit of Organization
	Sweep          bool
	Erasure        PersonID // somebody who may have been erased
	Run            string   // of the job of this id
	Digests        []DigestRef
}

// Question asks what a person, as a member of an organization, may do in an
// organization: their own, or another one for which theirs then needs a mandate.
type Question struct {
	Person   PersonID
	From     OrganizationID
	Where    OrganizationID
	Resource ResourceID // in Where; empty: the organization itself
}

// Scene is what was there. Absent things are nil, or not in the map.
type Scene struct {
	Caller         *Caller // nil when the token opens no session; Authenticate says whether it counts
	OtherSession   *Session
	Service        *ServiceClient
	Organization   *Organization
	Administrators *Administrators // never nil when asked for
	User           *Person
	Membership     *Membership // of User in Organization
	Memberships    map[PersonID]*Membership
	Resources      map[ResourceID]*Resource
	Reference      *ResourceClaim
	Clients        map[OrganizationID]*Client
	Agents         map[OrganizationID]*Agent
	Organizations  map[OrganizationID]*Organization // of Want.Organizations
	Subscription   *Subscription
	NationalIDs    map[string]*NationalIDClaim // by their hashes
	Grounds        []*Grounds                  // of the questions, in their order, without the profile
	Link           *Link
	EmailClaim     *EmailClaim
	EmailClaims    map[Email]*EmailClaim // of Want.Emails
	EmailChange    *Link
	EmailUndo      *Link
	BusinessClaim  *OrganizationClaim
	Signing        *Signing
	Receipt        *Receipt
	Attempts       map[string]*Attempts
	Chain          *AuditChain
	Sweep          *SealSweep
	Erasure        *Erasure
	Run            *JobRun
	Digests        map[DigestRef]*Digest
}

// Store keeps everything. What it could not do because what it keeps things in
// does not answer is ErrUnavailable; an error that is no *Error is a fault of ours.
type Store interface {
	// Load reads all of want in one consistent batch. It does not judge:
	// sessions and links may be over.
	Load(ctx context.Context, want Want) (*Scene, error)
	// Commit writes all of a change or nothing. ErrContended: something was
	// changed since it was read, or is new and exists; read again and retry.
	Commit(ctx context.Context, c *Change) error

	// Places reads the person's memberships with their organizations.
	Places(ctx context.Context, p *Person) ([]Place, error)
	// Person is one person; ErrNotFound.
	Person(ctx context.Context, id PersonID) (*Person, error)
	// Sessions of a person: the hundred newest, newest first, ended ones included.
	Sessions(ctx context.Context, person PersonID) ([]*Session, error)
	// Users of an organization by family and given name, in its language's order.
	Users(ctx context.Context, org OrganizationID, page PageRequest) (Page[*Membership], error)
	// AllUsers are the same whole, read from the table itself: as they were last written.
	AllUsers(ctx context.Context, org OrganizationID) ([]*Membership, error)
	// Removed are the users who can be restored, in the order of Users.
	Removed(ctx context.Context, org OrganizationID, page PageRequest) (Page[*Membership], error)
	// Resources of a type in an organization by name.
	Resources(ctx context.Context, org OrganizationID, of ScopeType, page PageRequest) (Page[*Resource], error)
	// ResourcesAmong are those of an organization that have one of the ids, all of
	// them, in the order of Resources, as they were last written.
	ResourcesAmong(ctx context.Context, org OrganizationID, ids []ResourceID) (Page[*Resource], error)
	// Given are the mandates that an organization has given, by agent.
	Given(ctx context.Context, principal OrganizationID, page PageRequest) (Page[*Mandates], error)
	// Received are the mandates that an organization has been given and that were
	// not all revoked, by the principal's name.
	Received(ctx context.Context, agent OrganizationID, page PageRequest) (Page[*Mandates], error)
	// Subscriptions of an organization.
	Subscriptions(ctx context.Context, org OrganizationID, page PageRequest) (Page[*Subscription], error)
	// Services are the service clients, the oldest first.
	Services(ctx context.Context, page PageRequest) (Page[*ServiceClient], error)
	// Organizations by name.
	Organizations(ctx context.Context, page PageRequest) (Page[*Organization], error)
	// Audit of an organization, newest first.
	Audit(ctx context.Context, org OrganizationID, span AuditSpan, page PageRequest) (Page[*AuditEntry], error)
	// Audited are the organizations that entries of these moments are of, both
	// included, each once and in no order. It reads all of those entries, and may
	// miss one that was written a moment ago.
	Audited(ctx context.Context, from, to time.Time) ([]OrganizationID, error)
	// Seals of an organization's audit, newest first.
	Seals(ctx context.Context, org OrganizationID, page PageRequest) (Page[*AuditSeal], error)
	// Links are all of a person, those that are over too.
	Links(ctx context.Context, person PersonID) ([]*Link, error)
	// MailsTo are the outbox items to a person, oldest first. It may miss one that
	// was written a moment ago.
	MailsTo(ctx context.Context, person PersonID, page PageRequest) (Page[*Mail], error)
	// Erasures is the ledger of who was erased.
	Erasures(ctx context.Context, page PageRequest) (Page[*Erasure], error)
	// Mail is one outbox item; ErrNotFound.
	Mail(ctx context.Context, id MailID) (*Mail, error)
	// DueMail are the outbox items whose time has come, the longest due first. It
	// reads no more than their ids, and may miss one that was written a moment ago.
	DueMail(ctx context.Context, now time.Time, page PageRequest) (Page[MailID], error)
	// MailsOn are the outbox items on a shelf, oldest first, read as DueMail is.
	MailsOn(ctx context.Context, shelf MailShelf, page PageRequest) (Page[MailID], error)
	// PutMailAside takes an outbox item that cannot be understood out of what is
	// due. Whoever changes it next puts it back.
	PutMailAside(ctx context.Context, id MailID) error
	// TakeUpMail makes one due again that was put aside.
	TakeUpMail(ctx context.Context, id MailID) error
	// DueMemberships are those in one of the AgendaShards whose time has come, the
	// longest due first. It may miss one that was written a moment ago.
	DueMemberships(ctx context.Context, shard int, now time.Time, page PageRequest) (Page[DueMembership], error)
	// PutAside takes a membership that could not be seen to out of what is due.
	// Whoever changes it next puts it back.
	PutAside(ctx context.Context, org OrganizationID, person PersonID) error
	// Aside are those that were put aside.
	Aside(ctx context.Context, page PageRequest) (Page[DueMembership], error)
	// TakeUp makes one due again that was put aside.
	TakeUp(ctx context.Context, due DueMembership) error
}

// PageRequest asks for a part of a list.
type PageRequest struct {
	Limit int
	After string // where the last page ended, as the store gave it; empty: from the start
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	Keys  []string // where each of them is; as After, what comes behind it
	Next  string   // empty: there is no more
}

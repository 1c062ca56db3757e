package store

import (
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// The records are the entities as the table keeps them. A member that is gone
// from an entity is gone from the next write of it; one that is new reads as
// its zero value from an older item.

type personRecord struct {
	ID            domain.PersonID         `json:"id"`
	Revision      int64                   `json:"revision"`
	Email         domain.Email            `json:"email"`
	Undeliverable undeliverableRecord     `json:"undeliverable,omitzero"`
	GivenName     string                  `json:"givenName"`
	FamilyName    string                  `json:"familyName"`
	Phone         string                  `json:"phone,omitzero"`
	Language      domain.Language         `json:"language"`
	Home          domain.OrganizationID   `json:"home"`
	Organizations []domain.OrganizationID `json:"organizations"`
	PasswordHash  string                  `json:"passwordHash,omitzero"`
	Security      int64                   `json:"security"`
	CreatedAt     time.Time               `json:"createdAt"`
	UpdatedAt     time.Time               `json:"updatedAt"`
}

func personRecordOf(p *domain.Person) personRecord {
	return personRecord{
		p.ID, p.Revision, p.Email, undeliverableRecord(p.Undeliverable), p.GivenName, p.FamilyName, p.Phone, p.Language, p.Home, p.Organizations,
		p.PasswordHash, p.Security, p.CreatedAt, p.UpdatedAt,
	}
}

func (r *personRecord) entity(version int64) *domain.Person {
	return &domain.Person{
		Version: version, ID: r.ID, Revision: r.Revision, Email: r.Email, GivenName: r.GivenName, FamilyName: r.FamilyName,
		Phone: r.Phone, Language: r.Language, Home: r.Home, Organizations: r.Organizations, PasswordHash: r.PasswordHash,
		Undeliverable: domain.Undeliverable(r.Undeliverable),
		Security:      r.Security, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

type undeliverableRecord struct {
	Email  domain.Email               `json:"email"`
	Reason domain.UndeliverableReason `json:"reason"`
	At     time.Time                  `json:"at"`
}

type emailRecord struct {
	Email  domain.Email    `json:"email"`
	Person domain.PersonID `json:"person"`
	Until  time.Time       `json:"until,omitzero"`
}

func (r *emailRecord) entity(version int64) *domain.EmailClaim {
	return &domain.EmailClaim{Version: version, Email: r.Email, Person: r.Person, Until: r.Until}
}

type membershipRecord struct {
	Organization  domain.OrganizationID        `json:"organization"`
	Person        domain.PersonID              `json:"person"`
	Revision      int64                        `json:"revision"`
	Kind          domain.MembershipKind        `json:"kind"`
	GivenName     string                       `json:"givenName"`
	FamilyName    string                       `json:"familyName"`
	Email         domain.Email                 `json:"email"`
	Phone         string                       `json:"phone,omitzero"`
	Language      domain.Language              `json:"language"`
	Undeliverable undeliverableRecord          `json:"undeliverable,omitzero"`
	Home          domain.OrganizationID        `json:"home"`
	NationalID    nationalIDRecord             `json:"nationalId,omitzero"`
	Alphabet      domain.Language              `json:"alphabet"`
	Roles         []domain.RoleKey             `json:"roles"`
	Assignments   []assignmentRecord           `json:"assignments,omitempty"`
	Validity      validityRecord               `json:"validity,omitzero"`
	Agenda        agendaRecord                 `json:"agenda,omitzero"`
	DefaultTask   string                       `json:"defaultTask,omitzero"`
	JobTitles     map[domain.ResourceID]string `json:"jobTitles,omitempty"`
	Mail          domain.MailSettings          `json:"mail,omitempty"`
	Subscription  domain.SubscriptionID        `json:"subscription,omitzero"`
	Unsubscribed  bool                         `json:"unsubscribed,omitzero"`
	RemovedAt     time.Time                    `json:"removedAt,omitzero"`
	ActivatedAt   time.Time                    `json:"activatedAt,omitzero"`
	LastSignInAt  time.Time                    `json:"lastSignInAt,omitzero"`
	CreatedAt     time.Time                    `json:"createdAt"`
	UpdatedAt     time.Time                    `json:"updatedAt"`
}

// nationalIDRecord is of a membership. The code itself is nowhere.
type nationalIDRecord struct {
	Country domain.Country `json:"country"`
	Key     string         `json:"key"`
	Sealed  []byte         `json:"sealed"`
	Hash    string         `json:"hash"`
}

func (r nationalIDRecord) entity() domain.NationalID {
	return domain.NationalID{Country: r.Country, Sealed: domain.SealedField{Key: r.Key, Data: r.Sealed}, Hash: r.Hash}
}

type nationalIDClaimRecord struct {
	Organization domain.OrganizationID `json:"organization"`
	Hash         string                `json:"hash"`
	Person       domain.PersonID       `json:"person"`
}

func (r *nationalIDClaimRecord) entity(version int64) *domain.NationalIDClaim {
	return &domain.NationalIDClaim{Version: version, Organization: r.Organization, Hash: r.Hash, Person: r.Person}
}

type assignmentRecord struct {
	ID     domain.AssignmentID `json:"id"`
	Roles  []domain.RoleKey    `json:"roles,omitempty"`
	Rights []domain.RightKey   `json:"rights,omitempty"`
	Scopes []scopeRecord       `json:"scopes"`
}

type scopeRecord struct {
	Type domain.ScopeType `json:"type"`
	ID   string           `json:"id,omitzero"`
}

func assignmentRecordsOf(assignments []domain.Assignment) (records []assignmentRecord) {
	for _, a := range assignments {
		r := assignmentRecord{ID: a.ID, Roles: a.Roles, Rights: a.Rights}
		for _, s := range a.Scopes {
			r.Scopes = append(r.Scopes, scopeRecord(s))
		}
		records = append(records, r)
	}
	return records
}

func (r *membershipRecord) assignments() (assignments []domain.Assignment) {
	for _, a := range r.Assignments {
		d := domain.Assignment{ID: a.ID, Roles: a.Roles, Rights: a.Rights}
		for _, s := range a.Scopes {
			d.Scopes = append(d.Scopes, domain.Scope(s))
		}
		assignments = append(assignments, d)
	}
	return assignments
}

func membershipRecordOf(m *domain.Membership) membershipRecord {
	return membershipRecord{
		m.Organization, m.Person, m.Revision, m.Kind, m.GivenName, m.FamilyName, m.Email, m.Phone, m.Language, undeliverableRecord(m.Undeliverable), m.Home,
		nationalIDRecord{m.NationalID.Country, m.NationalID.Sealed.Key, m.NationalID.Sealed.Data, m.NationalID.Hash},
		m.Alphabet,
		m.Roles, assignmentRecordsOf(m.Assignments), validityRecord(m.Validity), agendaRecordOf(m.Agenda), m.DefaultTask,
		m.JobTitles, m.Mail, m.Subscription, m.Unsubscribed, m.RemovedAt, m.ActivatedAt, m.LastSignInAt, m.CreatedAt, m.UpdatedAt,
	}
}

func (r *membershipRecord) entity(version int64) *domain.Membership {
	return &domain.Membership{
		Version: version, Revision: r.Revision, Organization: r.Organization, Person: r.Person, Kind: r.Kind,
		Card: domain.Card{GivenName: r.GivenName, FamilyName: r.FamilyName, Email: r.Email, Phone: r.Phone, Language: r.Language},
		Home: r.Home, NationalID: r.NationalID.entity(), Alphabet: r.Alphabet, Roles: r.Roles, Assignments: r.assignments(), Validity: domain.Validity(r.Validity), Agenda: r.Agenda.entity(), DefaultTask: r.DefaultTask,
		JobTitles: r.JobTitles, Mail: r.Mail, Subscription: r.Subscription, Unsubscribed: r.Unsubscribed, RemovedAt: r.RemovedAt,
		ActivatedAt: r.ActivatedAt, LastSignInAt: r.LastSignInAt, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		Undeliverable: domain.Undeliverable(r.Undeliverable),
	}
}

type validityRecord struct {
	Type   domain.ValidityType `json:"type,omitzero"`
	From   domain.Date         `json:"from,omitzero"`
	To     domain.Date         `json:"to,omitzero"`
	Reason string              `json:"reason,omitzero"`
}

type agendaRecord struct {
	Since        time.Time   `json:"since,omitzero"`
	Next         time.Time   `json:"next,omitzero"`
	SetAt        time.Time   `json:"setAt,omitzero"`
	InvitedAt    time.Time   `json:"invitedAt,omitzero"`
	RemindedTo   domain.Date `json:"remindedTo,omitzero"`
	RemindedDays int         `json:"remindedDays,omitzero"`
	Ended        domain.Date `json:"ended,omitzero"`
}

func agendaRecordOf(a domain.Agenda) agendaRecord {
	return agendaRecord{a.Since, a.Next, a.SetAt, a.InvitedAt, a.Reminded.To, a.Reminded.Days, a.Ended}
}

func (r agendaRecord) entity() domain.Agenda {
	return domain.Agenda{
		Since: r.Since, Next: r.Next, SetAt: r.SetAt, InvitedAt: r.InvitedAt,
		Reminded: domain.Reminder{To: r.RemindedTo, Days: r.RemindedDays}, Ended: r.Ended,
	}
}

type organizationRecord struct {
	ID         domain.OrganizationID `json:"id"`
	Revision   int64                 `json:"revision"`
	Name       string                `json:"name"`
	Country    domain.Country        `json:"country"`
	BusinessID string                `json:"businessId"`
	Language   domain.Language       `json:"language"`
	TimeZone   string                `json:"timeZone"`
	Alphabet   domain.Language       `json:"alphabet"`
	Suspended  bool                  `json:"suspended,omitzero"`
	Register   string                `json:"register,omitzero"`
	Unclaimed  bool                  `json:"unclaimed,omitzero"`
	CreatedAt  time.Time             `json:"createdAt"`
	UpdatedAt  time.Time             `json:"updatedAt"`
}

func organizationRecordOf(o *domain.Organization) organizationRecord {
	return organizationRecord{
		o.ID, o.Revision, o.Name, o.Country, o.BusinessID, o.Language, o.TimeZone, o.Alphabet, o.Suspended, o.Register, o.Unclaimed, o.CreatedAt, o.UpdatedAt,
	}
}

func (r *organizationRecord) entity(version int64) *domain.Organization {
	return &domain.Organization{
		Version: version, Revision: r.Revision, ID: r.ID, Name: r.Name, Country: r.Country, BusinessID: r.BusinessID,
		Language: r.Language, TimeZone: r.TimeZone, Alphabet: r.Alphabet, Suspended: r.Suspended, Register: r.Register, Unclaimed: r.Unclaimed,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

type businessRecord struct {
	Country      domain.Country        `json:"country"`
	BusinessID   string                `json:"businessId"`
	Organization domain.OrganizationID `json:"organization"`
}

func (r *businessRecord) entity(version int64) *domain.OrganizationClaim {
	return &domain.OrganizationClaim{Version: version, Country: r.Country, BusinessID: r.BusinessID, Organization: r.Organization}
}

type administratorsRecord struct {
	Organization domain.OrganizationID `json:"organization"`
	Seats        []seatRecord          `json:"seats"`
}

type seatRecord struct {
	Person    domain.PersonID `json:"person"`
	Activated bool            `json:"activated,omitzero"`
	Barred    bool            `json:"barred,omitzero"`
	Chief     bool            `json:"chief,omitzero"`
	Validity  validityRecord  `json:"validity,omitzero"`
}

func administratorsRecordOf(a *domain.Administrators) administratorsRecord {
	r := administratorsRecord{Organization: a.Organization}
	for _, s := range a.Seats {
		r.Seats = append(r.Seats, seatRecord{s.Person, s.Activated, s.Barred, s.Chief, validityRecord(s.Validity)})
	}
	return r
}

func (r *administratorsRecord) entity(version int64) *domain.Administrators {
	a := &domain.Administrators{Version: version, Organization: r.Organization}
	for _, s := range r.Seats {
		a.Seats = append(a.Seats, domain.Seat{Person: s.Person, Activated: s.Activated, Barred: s.Barred, Chief: s.Chief, Validity: domain.Validity(s.Validity)})
	}
	return a
}

type sessionRecord struct {
	ID        domain.SessionID `json:"id"`
	Person    domain.PersonID  `json:"person"`
	Hash      string           `json:"hash"`
	Security  int64            `json:"security"`
	UserAgent string           `json:"userAgent,omitzero"`
	CreatedAt time.Time        `json:"createdAt"`
	SeenAt    time.Time        `json:"seenAt"`
	ExpiresAt time.Time        `json:"expiresAt"`
}

func sessionRecordOf(s *domain.Session) sessionRecord {
	return sessionRecord{s.ID, s.Person, s.Hash, s.Security, s.UserAgent, s.CreatedAt, s.SeenAt, s.ExpiresAt}
}

func (r *sessionRecord) entity(version int64) *domain.Session {
	return &domain.Session{
		Version: version, ID: r.ID, Person: r.Person, Hash: r.Hash, Security: r.Security, UserAgent: r.UserAgent,
		CreatedAt: r.CreatedAt, SeenAt: r.SeenAt, ExpiresAt: r.ExpiresAt,
	}
}

type linkRecord struct {
	ID           domain.LinkID         `json:"id"`
	Person       domain.PersonID       `json:"person"`
	Purpose      domain.Purpose        `json:"purpose"`
	Organization domain.OrganizationID `json:"organization"`
	Hash         string                `json:"hash,omitzero"`
	Email        domain.Email          `json:"email"`
	Security     int64                 `json:"security"`
	CreatedAt    time.Time             `json:"createdAt"`
	ExpiresAt    time.Time             `json:"expiresAt"`
}

func linkRecordOf(l *domain.Link) linkRecord {
	return linkRecord{l.ID, l.Person, l.Purpose, l.Organization, l.Hash, l.Email, l.Security, l.CreatedAt, l.ExpiresAt}
}

func (r *linkRecord) entity(version int64) *domain.Link {
	return &domain.Link{
		LinkRef: domain.LinkRef{Person: r.Person, Purpose: r.Purpose, Organization: r.Organization},
		Version: version, ID: r.ID, Hash: r.Hash, Email: r.Email, Security: r.Security, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
	}
}

type mailRecord struct {
	ID           domain.MailID         `json:"id"`
	Kind         domain.MailKind       `json:"kind"`
	State        domain.MailState      `json:"state"`
	Person       domain.PersonID       `json:"person,omitzero"`
	Organization domain.OrganizationID `json:"organization,omitzero"`
	Link         domain.LinkID         `json:"link,omitzero"`
	Email        domain.Email          `json:"email,omitzero"`
	RequestID    string                `json:"requestId"`
	Attempts     int                   `json:"attempts,omitzero"`
	Throttled    int                   `json:"throttled,omitzero"`
	Behind       domain.MailID         `json:"behind,omitzero"`
	NotBefore    time.Time             `json:"notBefore"`
	Reason       string                `json:"reason,omitzero"`
	MessageID    string                `json:"messageId,omitzero"`
	CreatedAt    time.Time             `json:"createdAt"`
	SentAt       time.Time             `json:"sentAt,omitzero"`
	OutcomeAt    time.Time             `json:"outcomeAt,omitzero"`
	Note         string                `json:"note,omitzero"`
	NotedAt      time.Time             `json:"notedAt,omitzero"`
	Day          domain.Date           `json:"day,omitzero"`
	After        string                `json:"after,omitzero"`
}

func mailRecordOf(m *domain.Mail) mailRecord {
	return mailRecord{
		m.ID, m.Kind, m.State, m.Person, m.Organization, m.Link, m.Email, m.RequestID, m.Attempts, m.Throttled, m.Behind, m.NotBefore,
		m.Reason, m.MessageID, m.CreatedAt, m.SentAt, m.OutcomeAt, m.Note, m.NotedAt, m.Day, m.After,
	}
}

func (r *mailRecord) entity(version int64) *domain.Mail {
	return &domain.Mail{
		Version: version, ID: r.ID, Kind: r.Kind, State: r.State, Person: r.Person, Organization: r.Organization, Link: r.Link,
		Email: r.Email, RequestID: r.RequestID, Attempts: r.Attempts, Throttled: r.Throttled, Behind: r.Behind, NotBefore: r.NotBefore, Reason: r.Reason,
		MessageID: r.MessageID, CreatedAt: r.CreatedAt, SentAt: r.SentAt, OutcomeAt: r.OutcomeAt, Note: r.Note, NotedAt: r.NotedAt,
		Day: r.Day, After: r.After,
	}
}

type digestRecord struct {
	Organization domain.OrganizationID `json:"organization"`
	Day          domain.Date           `json:"day"`
	Items        []digestItemRecord    `json:"items"`
	More         int                   `json:"more,omitzero"`
}

type digestItemRecord struct {
	Kind         domain.DigestItemKind `json:"kind"`
	Organization domain.OrganizationID `json:"organization"`
	Person       domain.PersonID       `json:"person"`
	Day          domain.Date           `json:"day"`
}

func digestRecordOf(d *domain.Digest) digestRecord {
	r := digestRecord{Organization: d.Organization, Day: d.Day, More: d.More}
	for _, item := range d.Items {
		r.Items = append(r.Items, digestItemRecord(item))
	}
	return r
}

func (r *digestRecord) entity(version int64) *domain.Digest {
	d := &domain.Digest{DigestRef: domain.DigestRef{Organization: r.Organization, Day: r.Day}, Version: version, More: r.More}
	for _, item := range r.Items {
		d.Items = append(d.Items, domain.DigestItem(item))
	}
	return d
}

type runRecord struct {
	Job         string    `json:"job"`
	Until       time.Time `json:"until,omitzero"`
	StartedAt   time.Time `json:"startedAt"`
	EndedAt     time.Time `json:"endedAt,omitzero"`
	Due         int       `json:"due"`
	Done        int       `json:"done"`
	Failed      int       `json:"failed"`
	OldestDueAt time.Time `json:"oldestDueAt,omitzero"`
}

func runRecordOf(r *domain.JobRun) runRecord {
	return runRecord{r.Job, r.Until, r.StartedAt, r.EndedAt, r.Due, r.Done, r.Failed, r.OldestDueAt}
}

func (r *runRecord) entity(version int64) *domain.JobRun {
	return &domain.JobRun{
		Version: version, Job: r.Job, Until: r.Until, StartedAt: r.StartedAt, EndedAt: r.EndedAt,
		Tally: domain.Tally{Due: r.Due, Done: r.Done, Failed: r.Failed, OldestDueAt: r.OldestDueAt},
	}
}

type auditRecord struct {
	ID           domain.AuditID        `json:"id"`
	Organization domain.OrganizationID `json:"organization"`
	At           time.Time             `json:"at"`
	ActorType    domain.ActorType      `json:"actorType"`
	ActorID      string                `json:"actorId,omitzero"`
	Action       domain.Action         `json:"action"`
	SubjectType  string                `json:"subjectType"`
	SubjectID    string                `json:"subjectId"`
	Changes      []changeRecord        `json:"changes,omitempty"`
	RequestID    string                `json:"requestId"`
}

type changeRecord struct {
	Field  string `json:"field"`
	Before string `json:"before,omitzero"`
	After  string `json:"after,omitzero"`
}

func auditRecordOf(a *domain.AuditEntry) auditRecord {
	r := auditRecord{
		ID: a.ID, Organization: a.Organization, At: a.At, ActorType: a.Actor.Type, ActorID: a.Actor.ID, Action: a.Action,
		SubjectType: a.Subject.Type, SubjectID: a.Subject.ID, RequestID: a.RequestID,
	}
	for _, c := range a.Changes {
		r.Changes = append(r.Changes, changeRecord(c))
	}
	return r
}

func (r *auditRecord) entity(int64) *domain.AuditEntry {
	a := &domain.AuditEntry{
		ID: r.ID, Organization: r.Organization, At: r.At, Actor: domain.Actor{Type: r.ActorType, ID: r.ActorID}, Action: r.Action,
		Subject: domain.Subject{Type: r.SubjectType, ID: r.SubjectID}, RequestID: r.RequestID,
	}
	for _, c := range r.Changes {
		a.Changes = append(a.Changes, domain.FieldChange(c))
	}
	return a
}

type attemptsRecord struct {
	Key    string    `json:"key"`
	Count  int       `json:"count"`
	LastAt time.Time `json:"lastAt"`
	Known  bool      `json:"known,omitzero"`
}

func (r *attemptsRecord) entity(version int64) *domain.Attempts {
	return &domain.Attempts{Version: version, Key: r.Key, Count: r.Count, LastAt: r.LastAt, Known: r.Known}
}

type receiptRecord struct {
	Key         string    `json:"key"`
	Fingerprint string    `json:"fingerprint"`
	Status      int       `json:"status"`
	ETag        string    `json:"etag,omitzero"`
	Location    string    `json:"location,omitzero"`
	Body        []byte    `json:"body,omitempty"`
	ExpiresAt   time.Time `json:"expiresAt"`
}

func receiptRecordOf(r *domain.Receipt) receiptRecord {
	return receiptRecord{r.Key, r.Fingerprint, r.Status, r.ETag, r.Location, r.Body, r.ExpiresAt}
}

func (r *receiptRecord) entity(version int64) *domain.Receipt {
	return &domain.Receipt{
		Version: version, Key: r.Key, Fingerprint: r.Fingerprint, Status: r.Status, ETag: r.ETag, Location: r.Location,
		Body: r.Body, ExpiresAt: r.ExpiresAt,
	}
}

type signingRecord struct {
	Keys []signingKeyRecord `json:"keys"`
}

type signingKeyRecord struct {
	ID     string `json:"id"`
	Secret []byte `json:"secret"`
}

func (r *signingRecord) entity(version int64) *domain.Signing {
	s := &domain.Signing{Version: version}
	for _, k := range r.Keys {
		s.Keys = append(s.Keys, domain.SigningKey(k))
	}
	return s
}

type resourceRecord struct {
	ID           domain.ResourceID     `json:"id"`
	Organization domain.OrganizationID `json:"organization"`
	Revision     int64                 `json:"revision"`
	Type         domain.ScopeType      `json:"type"`
	Path         []domain.ResourceID   `json:"path,omitempty"`
	Name         string                `json:"name"`
	Reference    string                `json:"reference,omitzero"`
	Features     []domain.FeatureKey   `json:"features,omitempty"`
	Children     int                   `json:"children,omitzero"`
	Alphabet     domain.Language       `json:"alphabet"`
	CreatedAt    time.Time             `json:"createdAt"`
	UpdatedAt    time.Time             `json:"updatedAt"`
}

func resourceRecordOf(e *domain.Resource) resourceRecord {
	return resourceRecord{
		e.ID, e.Organization, e.Revision, e.Type, e.Path, e.Name, e.Reference, e.Features, e.Children, e.Alphabet, e.CreatedAt, e.UpdatedAt,
	}
}

func (r *resourceRecord) entity(version int64) *domain.Resource {
	return &domain.Resource{
		Version: version, Revision: r.Revision, ID: r.ID, Organization: r.Organization, Type: r.Type, Path: r.Path, Name: r.Name,
		Reference: r.Reference, Features: r.Features, Children: r.Children, Alphabet: r.Alphabet, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

type referenceRecord struct {
	Organization domain.OrganizationID `json:"organization"`
	Type         domain.ScopeType      `json:"type"`
	Reference    string                `json:"reference"`
	Resource     domain.ResourceID     `json:"resource"`
}

func (r *referenceRecord) entity(version int64) *domain.ResourceClaim {
	return &domain.ResourceClaim{
		Version: version, Organization: r.Organization, ResourceRef: domain.ResourceRef{Type: r.Type, Reference: r.Reference}, Resource: r.Resource,
	}
}

type mandatesRecord struct {
	Principal domain.OrganizationID `json:"principal"`
	Agent     domain.OrganizationID `json:"agent"`
	Name      string                `json:"name"`
	Alphabet  domain.Language       `json:"alphabet"`
	Items     []mandateRecord       `json:"items"`
}

type mandateRecord struct {
	ID        domain.MandateID      `json:"id"`
	Revision  int64                 `json:"revision"`
	Type      domain.MandateTypeKey `json:"type"`
	Rights    []domain.RightKey     `json:"rights"`
	From      domain.Date           `json:"from"`
	To        domain.Date           `json:"to,omitzero"`
	RevokedAt time.Time             `json:"revokedAt,omitzero"`
	CreatedAt time.Time             `json:"createdAt"`
	UpdatedAt time.Time             `json:"updatedAt"`
}

func mandatesRecordOf(e *domain.Mandates) mandatesRecord {
	r := mandatesRecord{Principal: e.Principal, Agent: e.Agent, Name: e.Name, Alphabet: e.Alphabet}
	for _, m := range e.Items {
		r.Items = append(r.Items, mandateRecord{m.ID, m.Revision, m.Type, m.Rights, m.From, m.To, m.RevokedAt, m.CreatedAt, m.UpdatedAt})
	}
	return r
}

func (r *mandatesRecord) entity(version int64) *domain.Mandates {
	e := &domain.Mandates{Version: version, Principal: r.Principal, Agent: r.Agent, Name: r.Name, Alphabet: r.Alphabet}
	for _, m := range r.Items {
		e.Items = append(e.Items, domain.Mandate{
			ID: m.ID, Revision: m.Revision, Type: m.Type, Rights: m.Rights, From: m.From, To: m.To,
			RevokedAt: m.RevokedAt, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
		})
	}
	return e
}

type subscriptionRecord struct {
	Organization domain.OrganizationID `json:"organization"`
	ID           domain.SubscriptionID `json:"id"`
	Active       bool                  `json:"active"`
	Person       domain.PersonID       `json:"person,omitzero"`
	UpdatedAt    time.Time             `json:"updatedAt"`
}

func (r *subscriptionRecord) entity(version int64) *domain.Subscription {
	return &domain.Subscription{Version: version, Organization: r.Organization, ID: r.ID, Active: r.Active, Person: r.Person, UpdatedAt: r.UpdatedAt}
}

type serviceRecord struct {
	ID        domain.ServiceID      `json:"id"`
	Name      string                `json:"name"`
	Scopes    []domain.ServiceScope `json:"scopes"`
	Rights    []domain.RightKey     `json:"rights,omitempty"`
	Hash      string                `json:"hash"`
	CreatedAt time.Time             `json:"createdAt"`
	RevokedAt time.Time             `json:"revokedAt,omitzero"`
}

func (r *serviceRecord) entity(version int64) *domain.ServiceClient {
	return &domain.ServiceClient{
		Version: version, ID: r.ID, Name: r.Name, Scopes: r.Scopes, Rights: r.Rights, Hash: r.Hash, CreatedAt: r.CreatedAt, RevokedAt: r.RevokedAt,
	}
}

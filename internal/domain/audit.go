package domain

import (
	"context"
	"time"
)

// AuditEntry says who changed what in an organization. It never holds a secret.
type AuditEntry struct {
	ID           AuditID
	Organization OrganizationID
	At           time.Time
	Actor        Actor
	Action       Action
	Subject      Subject
	Changes      []FieldChange
	RequestID    string
}

// Action is a stable name, noun and participle.
type Action string

const (
	OrganizationCreated    Action = "organization.created"
	OrganizationUpdated    Action = "organization.updated"
	AgreementAnnounced     Action = "organization.agreement-announced" // to whoever is to be told
	UserCreated            Action = "user.created"
	UserUpdated            Action = "user.updated"
	UserRemoved            Action = "user.removed"
	UserErased             Action = "user.erased" // with all that is known of the person
	UserRestored           Action = "user.restored"
	UserValiditySet        Action = "user.validity-set"
	UserExpired            Action = "user.expired" // the last day has passed
	UserActivated          Action = "user.activated"
	UsersExported          Action = "users.exported"
	PersonExported         Action = "person.exported"
	UserDetailsChanged     Action = "user.details-changed" // by the person
	ActivationSent         Action = "user.activation-sent"
	NationalIDSeen         Action = "user.national-id-seen"
	NationalIDSearched     Action = "user.national-id-searched"
	PasswordResetRequested Action = "user.password-reset-requested"
	PasswordChanged        Action = "user.password-changed"
	EmailChangeRequested   Action = "user.email-change-requested"
	EmailChanged           Action = "user.email-changed"
	EmailChangeUndone      Action = "user.email-change-undone"
	UserEmailUndeliverable Action = "user.email-undeliverable" // mails to the address come back
	ResourceCreated        Action = "resource.created"
	ResourceUpdated        Action = "resource.updated"
	ResourceRemoved        Action = "resource.removed"
	MandateGiven           Action = "mandate.given"
	MandateUpdated         Action = "mandate.updated"
	MandateRevoked         Action = "mandate.revoked"
	SubscriptionSet        Action = "subscription.set"
	ServiceCreated         Action = "service.created"
	ServiceRevoked         Action = "service.revoked"
	PartnerSearched        Action = "partner.searched"
	StoreRestored          Action = "store.restored" // an older state was brought back
	StoreRepaired          Action = "store.repaired" // what was half there then was made whole, or taken away
)

// Subject is what a change was made to.
type Subject struct {
	Type string // "user", "organization", "resource", "mandate", "subscription" or "service"
	ID   string
}

// FieldChange is one field before and after. Of what tells who somebody is, or
// what somebody wrote in their own words, it says only that it changed: entries
// stay, and stay as they are, when the person is erased.
type FieldChange struct {
	Field, Before, After string
}

// What is said of a field in the place of its value.
const (
	fieldGiven   = "given"
	fieldChanged = "changed"
	fieldRemoved = "removed"
)

// Record puts an audit entry into the change.
func (c *Change) Record(org OrganizationID, action Action, subject Subject, changes ...FieldChange) {
	// Entries of one change keep their order.
	nth := time.Duration(len(c.Writes)) * time.Microsecond
	c.Put(&AuditEntry{
		ID: NewAuditID(c.At.Add(nth)), Organization: org, At: c.At, Actor: c.Actor, Action: action,
		Subject: subject, Changes: changes, RequestID: c.RequestID,
	})
}

func aboutUser(p PersonID) Subject               { return Subject{Type: "user", ID: string(p)} }
func aboutResource(r ResourceID) Subject         { return Subject{Type: "resource", ID: string(r)} }
func aboutMandate(m MandateID) Subject           { return Subject{Type: "mandate", ID: string(m)} }
func aboutSubscription(s SubscriptionID) Subject { return Subject{Type: "subscription", ID: string(s)} }
func aboutService(s ServiceID) Subject           { return Subject{Type: "service", ID: string(s)} }
func aboutOrganization(o OrganizationID) Subject { return Subject{Type: "organization", ID: string(o)} }

// diff gathers what really changed.
type diff []FieldChange

func (d *diff) field(name, before, after string) {
	if before != after {
		*d = append(*d, FieldChange{Field: name, Before: before, After: after})
	}
}

// personal says of a field only that it changed: see FieldChange.
func (d *diff) personal(name, before, after string) {
	said := fieldChanged
	switch {
	case before == after:
		return
	case before == "":
		said = fieldGiven
	case after == "":
		said = fieldRemoved
	}
	*d = append(*d, FieldChange{Field: name, After: said})
}

// validity says how long somebody is let in; of a lock's reason only that it changed.
func (d *diff) validity(before, after Validity) {
	d.field("validity", before.text(), after.text())
	d.personal("reason", before.Reason, after.Reason)
}

// AuditSpan is a part of an organization's audit: the entries whose ids lie
// between two, both included. An empty id is no bound.
type AuditSpan struct{ First, Last AuditID }

// AuditFilter says which entries are asked for; what is empty lets all through.
type AuditFilter struct {
	Actor    string // id
	Subject  Subject
	Action   Action
	From, To time.Time // from the one until before the other, to the millisecond
}

// FindAudit is a page of an organization's audit, the newest first. It reads no
// more than a few steps of it: a page can have fewer entries than were asked
// for, and not be the last.
func FindAudit(ctx context.Context, store Store, org OrganizationID, f AuditFilter, page PageRequest) (Page[*AuditEntry], error) {
	var span AuditSpan
	if !f.From.IsZero() {
		span.First = leastAuditID(f.From)
	}
	if !f.To.IsZero() {
		span.Last = leastAuditID(f.To)
	}
	read := func(req PageRequest) (Page[*AuditEntry], error) { return store.Audit(ctx, org, span, req) }
	return sift(page, read, f.keeps)
}

func (f AuditFilter) keeps(e *AuditEntry) bool {
	return (f.Actor == "" || e.Actor.ID == f.Actor) &&
		(f.Subject.Type == "" || e.Subject.Type == f.Subject.Type) &&
		(f.Subject.ID == "" || e.Subject.ID == f.Subject.ID) &&
		(f.Action == "" || e.Action == f.Action)
}

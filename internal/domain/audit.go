package domain

import "time"

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
	UserCreated            Action = "user.created"
	UserUpdated            Action = "user.updated"
	UserRemoved            Action = "user.removed"
	UserRestored           Action = "user.restored"
	UserValiditySet        Action = "user.validity-set"
	UserActivated          Action = "user.activated"
	UserDetailsChanged     Action = "user.details-changed" // by the person
	ActivationSent         Action = "user.activation-sent"
	PasswordResetRequested Action = "user.password-reset-requested"
	PasswordChanged        Action = "user.password-changed"
	ResourceCreated        Action = "resource.created"
	ResourceUpdated        Action = "resource.updated"
	ResourceRemoved        Action = "resource.removed"
	MandateGiven           Action = "mandate.given"
	MandateUpdated         Action = "mandate.updated"
	MandateRevoked         Action = "mandate.revoked"
	SubscriptionSet        Action = "subscription.set"
	ServiceCreated         Action = "service.created"
	ServiceRevoked         Action = "service.revoked"
)

// Subject is what a change was made to.
type Subject struct {
	Type string // "user", "organization", "resource", "mandate", "subscription" or "service"
	ID   string
}

// FieldChange is one field before and after.
type FieldChange struct {
	Field, Before, After string
}

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

package body

import (
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// AuditEntry in JSON.
type AuditEntry struct {
	ID        domain.AuditID `json:"id"`
	At        time.Time      `json:"at"`
	Actor     AuditActor     `json:"actor"`
	Action    domain.Action  `json:"action" example:"user.updated"`
	Subject   AuditSubject   `json:"subject"`
	Changes   []AuditChange  `json:"changes"`
	RequestID string         `json:"requestId"`
}

// AuditActor in JSON.
type AuditActor struct {
	Type domain.ActorType `json:"type" enum:"person,job,public"`
	ID   string           `json:"id" description:"Of a person or a job; empty for the public."`
}

// AuditSubject in JSON.
type AuditSubject struct {
	Type string `json:"type" enum:"user,organization,resource,mandate,subscription,service"`
	ID   string `json:"id"`
}

// AuditChange in JSON.
type AuditChange struct {
	Field  string `json:"field" example:"roles"`
	Before string `json:"before" example:"user" description:"Empty where there was nothing, and of fields that tell who somebody is."`
	After  string `json:"after" example:"superuser" description:"Of a field that tells who somebody is: given, changed or removed."`
}

// AuditEntryOf shows an entry.
func AuditEntryOf(a *domain.AuditEntry) AuditEntry {
	e := AuditEntry{
		ID: a.ID, At: a.At, Actor: AuditActor(a.Actor), Action: a.Action, Subject: AuditSubject(a.Subject), RequestID: a.RequestID,
		Changes: make([]AuditChange, len(a.Changes)),
	}
	for i, c := range a.Changes {
		e.Changes[i] = AuditChange(c)
	}
	return e
}

package domain

import (
	"fmt"
	"time"
)

// Actor is who makes a change.
type Actor struct {
	Type ActorType
	ID   string // of a person: the person id; of a job: its function id
}

// ActorType says what sort of actor it is.
type ActorType string

const (
	ByPerson ActorType = "person" // a person in a session, or with a one-time link
	ByJob    ActorType = "job"    // a job, or the tool that fills an empty store
	ByPublic ActorType = "public" // somebody unknown, before sign-in
	// ByService is a service client. They only ask.
	ByService ActorType = "service"
)

// Change is everything that one use case writes, committed as one transaction:
// the entities, the audit entry, the mails. Versions in the entities are those
// that were read; an entity of version 0 is new.
type Change struct {
	Actor     Actor
	At        time.Time
	RequestID string
	Writes    []Write
}

// NewChange begins a change of this moment. Times are kept to the millisecond.
func NewChange(actor Actor, at time.Time, requestID string) *Change {
	return &Change{Actor: actor, At: at.UTC().Truncate(time.Millisecond), RequestID: requestID}
}

// maxWrites is how much one transaction can hold, with room for what the runner adds.
const maxWrites = 95

// Write is one part of a change: an entity that is put, or taken away, or only
// must not have changed since it was read.
type Write struct {
	Entity Entity
	Remove bool
	Hold   bool
}

// Entity is what a change can hold.
type Entity interface {
	// trivial tells that a write of this alone needs no audit entry: it counts
	// attempts, keeps a session alive or moves a mail along.
	trivial() bool
}

func (*Person) trivial() bool            { return false }
func (*EmailClaim) trivial() bool        { return false }
func (*Membership) trivial() bool        { return false }
func (*Organization) trivial() bool      { return false }
func (*OrganizationClaim) trivial() bool { return false }
func (*Administrators) trivial() bool    { return false }
func (*Resource) trivial() bool          { return false }
func (*ResourceClaim) trivial() bool     { return false }
func (*Mandates) trivial() bool          { return false }
func (*Subscription) trivial() bool      { return false }
func (*ServiceClient) trivial() bool     { return false }
func (*Link) trivial() bool              { return false }
func (*AuditEntry) trivial() bool        { return false }
func (*NationalIDClaim) trivial() bool   { return true } // it goes with a membership
func (SignInMark) trivial() bool         { return true }
func (Resealed) trivial() bool           { return true }
func (Planned) trivial() bool            { return true }
func (*Digest) trivial() bool            { return true }
func (*JobRun) trivial() bool            { return true }
func (Sealed) trivial() bool             { return true }
func (*Session) trivial() bool           { return true }
func (*Mail) trivial() bool              { return true }
func (*Attempts) trivial() bool          { return true }
func (*Receipt) trivial() bool           { return true }
func (*Signing) trivial() bool           { return true }
func (*AuditSeal) trivial() bool         { return true }
func (*AuditChain) trivial() bool        { return true }
func (*SealSweep) trivial() bool         { return true }
func (*Erasure) trivial() bool           { return true }

// Put writes an entity: a new one (version 0), or over the version that was read.
func (c *Change) Put(e Entity) { c.Writes = append(c.Writes, Write{Entity: e}) }

// Remove takes an entity away, in the version that was read.
func (c *Change) Remove(e Entity) { c.Writes = append(c.Writes, Write{Entity: e, Remove: true}) }

// Hold makes the change fail if the entity has changed since it was read.
func (c *Change) Hold(e Entity) { c.Writes = append(c.Writes, Write{Entity: e, Hold: true}) }

// Empty tells that there is nothing to commit.
func (c *Change) Empty() bool { return len(c.Writes) == 0 }

// Check reports a change that must not be committed: one without an actor, or
// one that changes something of weight and leaves no audit entry. Either is a
// fault in the code, not in the request.
func (c *Change) Check() error {
	if c.Actor.Type == "" || (c.Actor.Type != ByPublic && c.Actor.ID == "") {
		return fmt.Errorf("change without an actor")
	}
	weighty, audited := false, false
	for _, w := range c.Writes {
		_, isAudit := w.Entity.(*AuditEntry)
		audited = audited || isAudit
		weighty = weighty || !w.Hold && !w.Entity.trivial()
	}
	if weighty && !audited {
		return fmt.Errorf("change by %s %s without an audit entry", c.Actor.Type, c.Actor.ID)
	}
	return nil
}

package domain

import (
	"context"
	"time"
)

// MailKind says which mail it is.
type MailKind string

const (
	MailActivation      MailKind = "activation"              // link: choose a password
	MailPasswordReset   MailKind = "password-reset"          // link: asked for by the person
	MailPasswordByAdmin MailKind = "password-reset-by-admin" // link: asked for by an administrator
	MailPasswordChanged MailKind = "password-changed"        // notice, no link
	MailNamed           MailKind = "named"                   // notice to a user of roles without sign-in
	MailPartnerAdded    MailKind = "partner-added"           // notice to somebody with an account who became a partner
	// MailResetRequest is not a mail yet: somebody asked to reset the password
	// of an address. Whether anyone has it is found out away from the request,
	// so that the request takes the same time for every address.
	MailResetRequest MailKind = "password-reset-request"
)

// purpose of the link that a kind carries; empty for a kind without one.
func (k MailKind) purpose() Purpose {
	switch k {
	case MailActivation:
		return ForActivation
	case MailPasswordReset, MailPasswordByAdmin:
		return ForPasswordReset
	}
	return ""
}

// invites tells whether the mail is an organization's word to one of its people,
// and not about the person's own account.
func (k MailKind) invites() bool {
	return k == MailActivation || k == MailNamed || k == MailPasswordByAdmin || k == MailPartnerAdded
}

// MailState is where an outbox item stands.
type MailState string

const (
	MailQueued  MailState = "queued"  // to be sent, not before NotBefore
	MailSending MailState = "sending" // somebody sends it; NotBefore is when they are given up on
	MailSent    MailState = "sent"
	MailDropped MailState = "dropped" // nobody is to get it any more; Reason says why
	MailDead    MailState = "dead"    // given up; Reason says why
)

// Mail is an outbox item. It is written in the transaction of the change that
// it tells of, and says who and what, never the text, the address or a token.
type Mail struct {
	Version      int64
	ID           MailID
	Kind         MailKind
	State        MailState
	Person       PersonID
	Organization OrganizationID
	Link         LinkID
	Email        Email // of MailResetRequest only
	RequestID    string
	Attempts     int
	NotBefore    time.Time
	Reason       string
	MessageID    string // the sender's, once sent
	CreatedAt    time.Time
	SentAt       time.Time
}

// Send puts a mail into the outbox.
func (c *Change) Send(m *Mail) {
	m.ID, m.State, m.CreatedAt, m.NotBefore, m.RequestID = NewMailID(c.At), MailQueued, c.At, c.At, c.RequestID
	c.Put(m)
}

// Message is a mail, ready to leave.
type Message struct {
	ID       MailID
	To       Email
	Name     string // of the receiver
	Kind     MailKind
	Language Language
	Subject  string
	Text     string
	HTML     string
	Links    []string
}

// Sender hands messages to the world.
type Sender interface {
	// Send returns the receiver's own id of the message. ErrUndeliverable
	// says that another try cannot help; every other error may pass.
	Send(ctx context.Context, m Message) (messageID string, err error)
}

// ErrUndeliverable: the message itself is refused, now and later.
var ErrUndeliverable = &Error{Kind: Refused, Code: "mail-undeliverable", Detail: "The mail cannot be delivered."}

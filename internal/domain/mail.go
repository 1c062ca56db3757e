package domain

import (
	"context"
	"time"
)

// MailKind says which mail it is.
type MailKind string

const (
	MailActivation         MailKind = "activation"                // link: choose a password
	MailPasswordReset      MailKind = "password-reset"            // link: asked for by the person
	MailPasswordByAdmin    MailKind = "password-reset-by-admin"   // link: asked for by an administrator
	MailPasswordChanged    MailKind = "password-changed"          // notice, no link
	MailNamed              MailKind = "named"                     // notice to a user of roles without sign-in
	MailPartnerAdded       MailKind = "partner-added"             // notice to somebody with an account who became a partner
	MailEmailChange        MailKind = "email-change"              // link: to the new address, to confirm it
	MailEmailChanging      MailKind = "email-changing"            // link: to the address that is to be replaced, to undo that
	MailBegun              MailKind = "membership-begun"          // notice: the first day has come
	MailEnding             MailKind = "membership-ending"         // notice: Day is the last
	MailLastAdministrator  MailKind = "last-administrator-ending" // the same, to the last who administers the organization
	MailEnded              MailKind = "membership-ended"          // notice: Day was the last
	MailActivationReminder MailKind = "activation-reminder"       // link: choose a password, asked once more
	MailDigest             MailKind = "digest"                    // to an administrator: what the day brings
	MailAgreement          MailKind = "agreement-changed"         // notice: from Day on the customer agreement is another one
	// MailAgreements is not a mail yet: it becomes one to everybody whom the
	// agreement concerns when it leaves.
	MailAgreements MailKind = "agreements-changed"
	// MailDigests is not a mail yet: it becomes one to each of the organization's
	// administrators when it leaves.
	MailDigests MailKind = "digests"
	// MailResetRequest is not a mail yet: somebody asked to reset the password
	// of an address. Whether anyone has it is found out away from the request,
	// so that the request takes the same time for every address.
	MailResetRequest MailKind = "password-reset-request"
)

// purpose of the link that a kind carries; empty for a kind without one.
func (k MailKind) purpose() Purpose {
	switch k {
	case MailActivation, MailActivationReminder:
		return ForActivation
	case MailPasswordReset, MailPasswordByAdmin:
		return ForPasswordReset
	case MailEmailChange:
		return ForEmailChange
	case MailEmailChanging:
		return ForEmailUndo
	}
	return ""
}

// invites tells whether the mail is an organization's word to one of its people,
// and not about the person's own account.
func (k MailKind) invites() bool {
	switch k {
	case MailActivation, MailActivationReminder, MailNamed, MailPasswordByAdmin, MailPartnerAdded,
		MailBegun, MailEnding, MailLastAdministrator, MailEnded, MailDigest, MailAgreement:
		return true
	}
	return false
}

// MailState is where an outbox item stands.
type MailState string

const (
	MailQueued  MailState = "queued"  // to be sent, not before NotBefore
	MailSending MailState = "sending" // somebody sends it; NotBefore is when they are given up on
	MailSent    MailState = "sent"
	MailDropped MailState = "dropped" // nobody is to get it any more; Reason says why
	MailDead    MailState = "dead"    // given up; Reason says why

	// What the sender tells afterwards of one that was sent.
	MailDelivered  MailState = "delivered"
	MailBounced    MailState = "bounced"
	MailComplained MailState = "complained"
)

// MailShelf is where outbox items are that somebody may have to see to.
type MailShelf string

const (
	MailsDue         MailShelf = "due"         // queued, or being sent, whenever it is to be
	MailsAside       MailShelf = "aside"       // could not be understood
	MailsDead        MailShelf = "dead"        // given up
	MailsUndelivered MailShelf = "undelivered" // bounced or complained of
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
	Email        Email  // of MailResetRequest only
	Day          Date   // that it is about
	After        string // of MailDigests and MailAgreements: up to whom it has become mails
	RequestID    string
	Attempts     int
	Throttled    int    // times that the sender took nothing, since the last attempt
	Behind       MailID // an older one to the same person that it waits for
	NotBefore    time.Time
	Reason       string
	MessageID    string // the sender's, once sent
	CreatedAt    time.Time
	SentAt       time.Time
	OutcomeAt    time.Time // of the state that the sender tells of
	Note         string    // what else the sender has told of it last
	NotedAt      time.Time
}

// Send puts a mail into the outbox.
func (c *Change) Send(m *Mail) {
	// Mails of one change keep their order.
	nth := time.Duration(len(c.Writes)) * time.Microsecond
	m.ID, m.State, m.CreatedAt, m.NotBefore, m.RequestID = NewMailID(c.At.Add(nth)), MailQueued, c.At, c.At, c.RequestID
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
	// says that another try cannot help, and ErrSenderBusy that nothing is taken
	// now and this was no try; every other error may pass.
	Send(ctx context.Context, m Message) (messageID string, err error)
}

// ErrUndeliverable: the message itself is refused, now and later.
var ErrUndeliverable = &Error{Kind: Refused, Code: "mail-undeliverable", Detail: "The mail cannot be delivered."}

// ErrSenderBusy: mails come faster than the sender takes them, or as many as it
// takes in a day have. RetryAfter is how long that lasts at least; zero: not long.
var ErrSenderBusy = &Error{Kind: Throttled, Code: "mail-throttled", Detail: "The mail cannot be sent right now."}

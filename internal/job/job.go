// Package job is what a scheduled, stream or invoked function is: the same idea
// as an endpoint, with a trigger in the place of a route.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Job declares one and runs it.
type Job struct {
	ID      string
	Summary string
	Trigger Trigger
	Needs   []endpoint.Need
	Timeout time.Duration // of one run; zero: two minutes
	// Measures are the members of the line "measured" that each run logs, for the
	// metrics of these names; none: it logs no such line.
	Measures []string
	Run      func(ctx context.Context, deps Deps, event json.RawMessage) (any, error)
}

// Measured is the message of the line with a run's measures.
const Measured = "measured"

// ErrEvent says that what a job was started with cannot be used.
var ErrEvent = errors.New("event")

// Trigger says what starts a job. A job may have several; one without any is
// started by hand.
type Trigger struct {
	Outbox bool          // new outbox items on the table's stream
	Mails  bool          // what the sender tells of mails, by a topic
	Every  time.Duration // by the clock; zero: never
	Event  string        // the detail-type of the events on the portal's bus that start it; empty: none do
}

// Deps are what a job gets, each only if it declared the need.
type Deps struct {
	Store   domain.Store
	Profile *domain.Profile
	Clock   func() time.Time
	Mint    domain.Minter
	Vault   domain.Vault // does only what was declared
	Sender  domain.Sender
	// Operator is the name of the company whose portal it is.
	Operator string
	Portal   string // base of the links in mails, without a slash at its end
	// MailRate is how many mails may be sent in a second; 0: as many as there are.
	MailRate int
	// MailTopic is the ARN of the topic on which the sender tells of mails.
	MailTopic string
	Log       *slog.Logger
}

// Change begins a change that a job makes.
func (d Deps) Change(id string) *domain.Change {
	return domain.NewChange(domain.Actor{Type: domain.ByJob, ID: id}, d.Clock(), id)
}

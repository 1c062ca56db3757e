// Package maildispatch sends what is in the outbox.
package maildispatch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/mail"
)

const id = "mail-dispatch"

// batch is how many due mails are read at once.
const batch = 100

// margin is the time that a batch may need: with less left none is begun.
const margin = 30 * time.Second

// Job sends outbox items: new ones as the table's stream tells of them, and by
// the clock those whose first try failed or that the stream missed.
func Job() job.Job {
	return job.Job{
		ID: id, Summary: "Sends the mails of the outbox.",
		Trigger: job.Trigger{Outbox: true, Every: 5 * time.Minute},
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTimes, endpoint.WriteItems, endpoint.SendMail, endpoint.MintLinks},
		Run:     run,
	}
}

// Event is what the job is started with: records of the stream, or, without
// any, the clock.
type Event struct {
	Records []Record `json:"Records"`
}

// Record is the part of a stream record that counts here: which outbox item is new.
type Record struct {
	DynamoDB struct {
		SequenceNumber string `json:"SequenceNumber"`
		Keys           struct {
			SK struct {
				S domain.MailID `json:"S"`
			} `json:"sk"`
		} `json:"Keys"`
	} `json:"dynamodb"`
}

// Failures name the records that are to be delivered again.
type Failures struct {
	BatchItemFailures []Failure `json:"batchItemFailures"`
}

// Failure is one of them.
type Failure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

func run(ctx context.Context, deps job.Deps, raw json.RawMessage) (any, error) {
	var event Event
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, fmt.Errorf("%w: %w", job.ErrEvent, err)
	}
	if event.Records == nil {
		return nil, sweep(ctx, deps)
	}
	failures := Failures{BatchItemFailures: []Failure{}}
	for _, r := range event.Records {
		if err := one(ctx, deps, r.DynamoDB.Keys.SK.S); err != nil {
			deps.Log.ErrorContext(ctx, "mail not dispatched", "mail", r.DynamoDB.Keys.SK.S, "error", err)
			failures.BatchItemFailures = append(failures.BatchItemFailures, Failure{ItemIdentifier: r.DynamoDB.SequenceNumber})
		}
	}
	return failures, nil
}

// sweep sends what is due, until nothing is or the time runs out. One bad item
// does not stop the others of its batch.
func sweep(ctx context.Context, deps job.Deps) error {
	for {
		due, err := deps.Store.DueMail(ctx, deps.Clock(), batch)
		var failed []error
		if err != nil {
			failed = append(failed, err) // of one that cannot be understood; the others are there
		}
		for _, m := range due {
			if err := one(ctx, deps, m.ID); err != nil {
				failed = append(failed, fmt.Errorf("mail %s: %w", m.ID, err))
			}
		}
		deadline, limited := ctx.Deadline()
		if len(due) < batch || len(failed) > 0 || limited && time.Until(deadline) < margin {
			return errors.Join(failed...)
		}
	}
}

// one brings a mail as far as it goes now. That it cannot be sent is noted on
// the item, whose next try is the clock's business: only a store that does not
// answer is an error.
func one(ctx context.Context, deps job.Deps, mailID domain.MailID) error {
	if !mailID.Valid() {
		deps.Log.ErrorContext(ctx, "record of no mail") // nothing comes of it, now or later
		return nil
	}
	m, err := deps.Store.Mail(ctx, mailID)
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !m.Due(deps.Clock()) {
		return nil // done, or another one's
	}
	err = forward(ctx, deps, m)
	if err == nil || domain.KindOf(err) == domain.Unavailable {
		return err
	}
	// A fault of ours in this one item. It waits like one that could not be sent,
	// so that it does not stand in the way of the others for ever.
	deps.Log.ErrorContext(ctx, "mail not understood", "mail", m.ID, "kind", m.Kind, "error", err)
	tried := *m
	tried.Attempts++
	outcome := deps.Change(id)
	outcome.Failed(&tried, "a fault of ours", false)
	return settle(deps.Store.Commit(ctx, outcome))
}

// forward takes the next step with a mail.
func forward(ctx context.Context, deps job.Deps, m *domain.Mail) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	change := deps.Change(id)
	change.RequestID = m.RequestID
	if m.Kind == domain.MailResetRequest {
		change.Actor = domain.Actor{Type: domain.ByPublic}
		if err := domain.ResolveReset(ctx, deps.Store, change, deps.Profile, m); err != nil {
			return err
		}
		return settle(deps.Store.Commit(ctx, change))
	}
	delivery, err := change.Begin(ctx, deps.Store, deps.Profile, m, deps.Mint)
	if err != nil {
		return err
	}
	if err := deps.Store.Commit(ctx, change); err != nil || delivery == nil {
		return settle(err)
	}
	return send(ctx, deps, delivery)
}

// settle forgives losing to somebody else who moved the mail along.
func settle(err error) error {
	if errors.Is(err, domain.ErrContended) {
		return nil
	}
	return err
}

func send(ctx context.Context, deps job.Deps, d *domain.Delivery) error {
	outcome := deps.Change(id)
	message, err := mail.Render(letter(deps, d))
	var messageID string
	if err != nil {
		err = domain.ErrUndeliverable.Because(err)
	} else {
		messageID, err = deps.Sender.Send(ctx, message)
	}
	if err == nil {
		outcome.Sent(d.Mail, messageID)
	} else {
		deps.Log.ErrorContext(ctx, "mail not sent", "mail", d.Mail.ID, "kind", d.Mail.Kind, "try", d.Mail.Attempts, "error", err)
		outcome.Failed(d.Mail, "the sender refused it", errors.Is(err, domain.ErrUndeliverable))
	}
	return settle(deps.Store.Commit(ctx, outcome))
}

// letter gathers what a mail says. The names are those that the organization
// it comes from knows the person by.
func letter(deps job.Deps, d *domain.Delivery) mail.Letter {
	l := mail.Letter{
		ID: d.Mail.ID, Kind: d.Mail.Kind, Language: d.Person.Language, To: d.Person.Email,
		GivenName: d.Membership.GivenName, FamilyName: d.Membership.FamilyName,
		Organization: d.Organization.Name, Zone: d.Organization.Zone(), LinkExpires: d.Expires,
		Operator: deps.Operator,
	}
	switch d.Mail.Kind {
	case domain.MailActivation:
		l.Link = deps.Portal + "/activate#token=" + d.Token.String()
	case domain.MailPasswordReset, domain.MailPasswordByAdmin:
		l.Link = deps.Portal + "/reset-password#token=" + d.Token.String()
	case domain.MailNamed:
		l.Roles = roles(deps.Profile, d.Membership, l.Language)
	}
	return l
}

// roles are the names of all roles that somebody has, in the profile's order.
func roles(p *domain.Profile, m *domain.Membership, language domain.Language) (names []string) {
	has := slices.Concat(m.Roles, m.AssignedRoles())
	for _, r := range p.Roles {
		if slices.Contains(has, r.Key) {
			names = append(names, cmp.Or(r.Name[language], r.Name[p.DefaultLanguage()]))
		}
	}
	return names
}

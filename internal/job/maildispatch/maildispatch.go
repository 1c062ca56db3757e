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

// margin is the time that a mail may need: with less left none is begun.
const margin = 15 * time.Second

// Job sends outbox items: new ones as the table's stream tells of them, and by
// the clock those whose first try failed or that the stream missed.
func Job() job.Job {
	return job.Job{
		ID: id, Summary: "Sends the mails of the outbox.",
		Trigger: job.Trigger{Outbox: true, Every: 5 * time.Minute}, Measures: []string{"swept", "sent", "dead"},
		Needs: []endpoint.Need{endpoint.ReadItems, endpoint.QueryTimes, endpoint.QueryNames, endpoint.WriteItems, endpoint.CheckItems, endpoint.SendMail, endpoint.MintLinks},
		Run:   run,
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

// dispatch is one run.
type dispatch struct {
	job.Deps
	began time.Time // what comes due later is the next run's
	pace  pace
	busy  bool                     // the sender takes nothing now
	count map[domain.MailState]int // how many mails came to each state
}

func run(ctx context.Context, deps job.Deps, raw json.RawMessage) (any, error) {
	var event Event
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, fmt.Errorf("%w: %w", job.ErrEvent, err)
	}
	d := &dispatch{Deps: deps, began: deps.Clock(), pace: paceOf(deps.MailRate), count: map[domain.MailState]int{}}
	measures := map[string]int{}
	defer func() {
		measures["sent"], measures["dead"] = d.count[domain.MailSent], d.count[domain.MailDead]
		deps.Measure(ctx, Job(), measures)
	}()
	if event.Records == nil {
		err := d.sweep(ctx)
		measures["swept"] = 1
		return nil, err
	}
	failures := Failures{BatchItemFailures: []Failure{}}
	for _, r := range event.Records {
		if d.over(ctx) {
			break // the rest is in the outbox still, where the clock's run finds it
		}
		if err := d.one(ctx, r.DynamoDB.Keys.SK.S, ""); err != nil {
			deps.Log.ErrorContext(ctx, "mail not dispatched", "mail", r.DynamoDB.Keys.SK.S, "error", err)
			failures.BatchItemFailures = append(failures.BatchItemFailures, Failure{ItemIdentifier: r.DynamoDB.SequenceNumber})
		}
	}
	return failures, nil
}

// over tells whether no further mail is to be begun.
func (d *dispatch) over(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return d.busy || limited && time.Until(deadline) < margin
}

// sweep sends what is due, until nothing is or the time runs out. What the stream
// missed, or gave up, it finds too. One bad item does not stop the others.
func (d *dispatch) sweep(ctx context.Context) error {
	var failed []error
	for req := (domain.PageRequest{Limit: batch}); ; {
		page, err := d.Store.DueMail(ctx, d.began, req)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		down := false
		for _, mailID := range page.Items {
			if d.over(ctx) {
				return errors.Join(failed...)
			}
			if err := d.one(ctx, mailID, ""); err != nil {
				failed = append(failed, fmt.Errorf("mail %s: %w", mailID, err))
				down = down || domain.KindOf(err) == domain.Unavailable
			}
		}
		if req.After = page.Next; req.After == "" || down {
			return errors.Join(failed...)
		}
	}
}

// one brings a mail as far as it goes now. That it cannot be sent is noted on
// the item, whose next try is the clock's business: an error is a store that does
// not answer, or an item that had to be put aside. after is the mail that this one
// has waited for, if one has just left.
func (d *dispatch) one(ctx context.Context, mailID, after domain.MailID) error {
	if !mailID.Valid() {
		d.Log.ErrorContext(ctx, "record of no mail") // nothing comes of it, now or later
		return nil
	}
	m, err := d.Store.Mail(ctx, mailID)
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err != nil {
		return d.putAside(ctx, mailID, err)
	}
	isNext := after != "" && m.State == domain.MailQueued && m.Behind == after
	if !m.Due(d.Clock()) && !isNext {
		return nil // done, or another one's
	}
	if waits, err := d.waits(ctx, m); waits || err != nil {
		return err
	}
	done, err := d.forward(ctx, m)
	if err != nil && domain.KindOf(err) != domain.Unavailable {
		// A fault of ours in this one item. It waits like one that could not be sent,
		// so that it does not stand in the way of the others for ever.
		d.Log.ErrorContext(ctx, "mail not understood", "mail", m.ID, "kind", m.Kind, "error", err)
		tried := *m
		tried.Attempts++
		outcome := d.Change(id)
		outcome.Failed(&tried, "a fault of ours", false)
		if err = settle(d.commit(ctx, outcome)); err != nil {
			return d.putAside(ctx, mailID, err)
		}
	}
	if err != nil || !done {
		return err
	}
	return d.followers(ctx, m)
}

// putAside takes out of what is due what would fail every run. It is an error all
// the same, so that somebody looks at it.
func (d *dispatch) putAside(ctx context.Context, mailID domain.MailID, cause error) error {
	if domain.KindOf(cause) == domain.Unavailable {
		return cause
	}
	d.Log.ErrorContext(ctx, "mail put aside", "mail", mailID, "error", cause)
	return errors.Join(cause, d.Store.PutMailAside(ctx, mailID))
}

// waits lets an older mail to the same person go first.
func (d *dispatch) waits(ctx context.Context, m *domain.Mail) (bool, error) {
	ahead, err := m.Ahead(ctx, d.Store, d.Clock())
	if err != nil || ahead == nil {
		return false, err
	}
	c := d.Change(id)
	c.Wait(m, ahead)
	if err := d.Store.Commit(ctx, c); err != nil {
		return true, settle(err)
	}
	// It may have left meanwhile, and not have seen that this one waits.
	if ahead, err = m.Ahead(ctx, d.Store, d.Clock()); err != nil || ahead != nil {
		return true, err
	}
	is, err := d.Store.Mail(ctx, m.ID)
	if err != nil {
		return true, err
	}
	*m = *is
	return false, nil
}

// followers sends what has waited for a mail that is done.
func (d *dispatch) followers(ctx context.Context, m *domain.Mail) error {
	ids, err := m.Followers(ctx, d.Store)
	for _, next := range ids {
		if err != nil || d.over(ctx) {
			return err
		}
		err = d.one(ctx, next, m.ID)
	}
	return err
}

// forward takes the next step with a mail; done tells that it was the last.
func (d *dispatch) forward(ctx context.Context, m *domain.Mail) (done bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			done, err = false, fmt.Errorf("panic: %v", r)
		}
	}()
	change := d.Change(id)
	change.RequestID = m.RequestID
	resolved := true
	switch m.Kind {
	case domain.MailResetRequest:
		change.Actor = domain.Actor{Type: domain.ByPublic}
		err = domain.ResolveReset(ctx, d.Store, change, d.Profile, m)
	case domain.MailAgreements:
		err = domain.ResolveAgreement(ctx, d.Store, change, d.Profile, m)
	case domain.MailDigests:
		err = domain.ResolveDigest(ctx, d.Store, change, m)
	default:
		resolved = false
	}
	if err != nil {
		return false, err
	}
	if resolved {
		if err := d.Store.Commit(ctx, change); err != nil || d.over(ctx) {
			return false, settle(err)
		}
		return false, d.one(ctx, m.ID, "") // there may be more of it
	}
	delivery, err := change.Begin(ctx, d.Store, d.Profile, m, d.Mint)
	if err != nil {
		return false, err
	}
	if err := d.commit(ctx, change); err != nil || delivery == nil {
		return err == nil, settle(err)
	}
	return d.send(ctx, delivery)
}

// commit writes a change, and counts what became of mails by it.
func (d *dispatch) commit(ctx context.Context, c *domain.Change) error {
	if err := d.Store.Commit(ctx, c); err != nil {
		return err
	}
	for _, w := range c.Writes {
		if m, ok := w.Entity.(*domain.Mail); ok {
			d.count[m.State]++
		}
	}
	return nil
}

// settle forgives losing to somebody else who moved the mail along.
func settle(err error) error {
	if errors.Is(err, domain.ErrContended) {
		return nil
	}
	return err
}

func (d *dispatch) send(ctx context.Context, begun *domain.Delivery) (done bool, err error) {
	m, outcome := begun.Mail, d.Change(id)
	message, err := mail.Render(letter(d.Deps, begun))
	var messageID string
	if err != nil {
		err = domain.ErrUndeliverable.Because(err)
	} else if err = d.pace.wait(ctx); err == nil {
		messageID, err = d.Sender.Send(ctx, message)
	}
	var atLeast time.Duration
	if refused, ok := errors.AsType[*domain.Error](err); ok {
		atLeast = refused.RetryAfter
	}
	switch forGood := errors.Is(err, domain.ErrUndeliverable); {
	case err == nil:
		outcome.Sent(m, messageID)
		done = true
	case errors.Is(err, domain.ErrSenderBusy):
		d.Log.WarnContext(ctx, "the sender is busy", "mail", m.ID, "kind", m.Kind, "error", err)
		d.busy = true
		outcome.Throttled(m, atLeast)
	default:
		d.Log.ErrorContext(ctx, "mail not sent", "mail", m.ID, "kind", m.Kind, "try", m.Attempts, "error", err)
		outcome.Failed(m, "the sender refused it", forGood)
		done = forGood
	}
	return done, settle(d.commit(ctx, outcome))
}

// letter gathers what a mail says. The names are those that the organization
// it comes from knows the person by.
func letter(deps job.Deps, d *domain.Delivery) mail.Letter {
	l := mail.Letter{
		ID: d.Mail.ID, Kind: d.Mail.Kind, Language: d.Person.Language, To: d.To,
		GivenName: d.Membership.GivenName, FamilyName: d.Membership.FamilyName,
		Organization: d.Organization.Name, Zone: d.Organization.Zone(), LinkExpires: d.Expires,
		Operator: deps.Operator, Day: d.Mail.Day, Digest: d.Digest, More: d.More,
	}
	switch d.Mail.Kind {
	case domain.MailActivation, domain.MailActivationReminder:
		l.Link = deps.Portal + "/activate#token=" + d.Token.String()
	case domain.MailPasswordReset, domain.MailPasswordByAdmin:
		l.Link = deps.Portal + "/reset-password#token=" + d.Token.String()
	case domain.MailEmailChange:
		l.Link = deps.Portal + "/confirm-email#token=" + d.Token.String()
	case domain.MailEmailChanging:
		l.Link = deps.Portal + "/undo-email#token=" + d.Token.String()
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

// Package mailfeedback notes what became of mails that were sent.
package mailfeedback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/mailaddr"
)

// ID is the job's.
const ID = "mail-feedback"

// tries is how often an event is taken while others change the same person.
const tries = 3

// Job hears from SES, by a topic, which mails arrived, which came back and who
// complained.
func Job() job.Job {
	return job.Job{
		ID: ID, Summary: "Notes what became of mails, and sends no more to addresses that they come back from.",
		Trigger: job.Trigger{Mails: true},
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.HearMails},
		Run:     run,
	}
}

// Event is what the topic hands over.
type Event struct {
	Records []Record `json:"Records"`
}

// Record is one message of the topic.
type Record struct {
	SNS struct {
		TopicARN  string `json:"TopicArn"`
		MessageID string `json:"MessageId"`
		Message   string `json:"Message"` // a Notice in JSON
	} `json:"Sns"`
}

// Notice is the part that counts here of what SES publishes of a mail.
type Notice struct {
	Type string `json:"eventType"`
	Mail struct {
		MessageID   string              `json:"messageId"`
		Timestamp   time.Time           `json:"timestamp"`
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"`
	} `json:"mail"`
	Bounce struct {
		Type      string    `json:"bounceType"`
		Timestamp time.Time `json:"timestamp"`
	} `json:"bounce"`
	Complaint struct {
		Feedback  string    `json:"complaintFeedbackType"`
		Timestamp time.Time `json:"timestamp"`
	} `json:"complaint"`
	Delivery struct {
		Timestamp time.Time `json:"timestamp"`
	} `json:"delivery"`
	Delay struct {
		Timestamp time.Time `json:"timestamp"`
	} `json:"deliveryDelay"`
}

// feedback is what the notice says in our words; ok is false where it says
// nothing that is kept.
func (n *Notice) feedback() (f domain.Feedback, ok bool) {
	f.MessageID = n.Mail.MessageID
	if id := n.Mail.Tags["mail"]; len(id) == 1 && domain.MailID(id[0]).Valid() {
		f.Mail = domain.MailID(id[0])
	}
	if to := n.Mail.Destination; len(to) == 1 { // each mail of ours goes to one
		if a, err := mail.ParseAddress(to[0]); err == nil {
			f.Email, _ = mailaddr.Parse(a.Address)
		}
	}
	switch n.Type {
	case "Delivery":
		f.Kind, f.At = domain.FeedbackDelivered, n.Delivery.Timestamp
	case "Bounce":
		f.Kind, f.At = domain.FeedbackReturned, n.Bounce.Timestamp
		if n.Bounce.Type == "Permanent" {
			f.Kind = domain.FeedbackBounced
		}
	case "Complaint":
		f.Kind, f.At = domain.FeedbackComplained, n.Complaint.Timestamp
		if n.Complaint.Feedback == "not-spam" { // the receiver takes it out of the spam
			return f, false
		}
	case "Reject":
		f.Kind, f.At = domain.FeedbackRejected, n.Mail.Timestamp
	case "DeliveryDelay":
		f.Kind, f.At = domain.FeedbackDelayed, n.Delay.Timestamp
	default:
		return f, false
	}
	return f, f.Mail != "" && f.MessageID != "" && !f.At.IsZero()
}

// Result says how many records were noted, and how many were of nothing of ours.
type Result struct {
	Noted   int `json:"noted"`
	Ignored int `json:"ignored"`
}

// run takes every record there is. One that cannot be taken now is an error, at
// which all of them come again: taking one twice changes nothing.
func run(ctx context.Context, deps job.Deps, raw json.RawMessage) (any, error) {
	var event Event
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, fmt.Errorf("%w: %w", job.ErrEvent, err)
	}
	var r Result
	var failed []error
	for _, record := range event.Records {
		noted, err := one(ctx, deps, record)
		switch {
		case err != nil:
			failed = append(failed, fmt.Errorf("message %s: %w", record.SNS.MessageID, err))
		case noted:
			r.Noted++
		default:
			r.Ignored++
		}
	}
	return r, errors.Join(failed...)
}

// one takes a record. What is not from our topic or of no mail of ours is only
// logged, by ids: it may be anybody's, and a try more makes nothing of it.
func one(ctx context.Context, deps job.Deps, record Record) (noted bool, err error) {
	ignore := func(why string, more ...any) (bool, error) {
		deps.Log.WarnContext(ctx, "event ignored", append([]any{"why", why, "message", record.SNS.MessageID}, more...)...)
		return false, nil
	}
	if deps.MailTopic == "" || record.SNS.TopicARN != deps.MailTopic {
		return ignore("another topic")
	}
	var notice Notice
	if err := json.Unmarshal([]byte(record.SNS.Message), &notice); err != nil {
		return ignore("not an event of SES")
	}
	f, ok := notice.feedback()
	if !ok {
		return ignore("nothing to note", "mail", f.Mail)
	}
	for range tries {
		c := deps.Change(ID)
		if err = domain.TakeFeedback(ctx, deps.Store, c, f); err == nil && !c.Empty() {
			err = deps.Store.Commit(ctx, c)
		}
		if !errors.Is(err, domain.ErrContended) {
			break
		}
	}
	if errors.Is(err, domain.ErrNotFound) {
		return ignore("no mail of ours", "mail", f.Mail)
	}
	return err == nil, err
}

// Package job is what a scheduled, stream or invoked function is: the same idea
// as an endpoint, with a trigger in the place of a route.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/metric"
)

// Job declares one and runs it.
type Job struct {
	ID      string
	Summary string
	Trigger Trigger
	Needs   []endpoint.Need
	Timeout time.Duration // of one run; zero: two minutes
	// Measures are what runs tell by Measure: metrics of these names. Those that end
	// in Seconds are seconds, all others are counts. Every run of the clock that
	// comes to its end tells the first.
	Measures []string
	Run      func(ctx context.Context, deps Deps, event json.RawMessage) (any, error)
}

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
	// Metrics is the namespace of the jobs' metrics; empty: there are none.
	Metrics string
}

// Measure tells what a run came to: a line in the log, and metrics of the job.
// Values are by the names of the job's measures.
func (d Deps) Measure(ctx context.Context, j Job, values map[string]int) {
	attrs := []slog.Attr{slog.String("job", j.ID)}
	var measures []metric.Measure
	for _, name := range j.Measures {
		value, told := values[name]
		if !told {
			continue
		}
		attrs = append(attrs, slog.Int(name, value))
		unit := metric.Count
		if strings.HasSuffix(name, "Seconds") {
			unit = metric.Seconds
		}
		measures = append(measures, metric.Measure{Name: name, Unit: unit})
	}
	attrs = append(attrs, metric.Of(d.Metrics, d.Clock(), "job", measures...))
	d.Log.LogAttrs(ctx, slog.LevelInfo, "measured", attrs...)
}

// Change begins a change that a job makes.
func (d Deps) Change(id string) *domain.Change {
	return domain.NewChange(domain.Actor{Type: domain.ByJob, ID: id}, d.Clock(), id)
}

// Package sesmail sends messages through Amazon SES.
package sesmail

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/aws-sdk-go-v2/service/ses/types"
	"github.com/aws/smithy-go"

	"github.com/fullmakt/fullmakt/internal/awscred"
	"github.com/fullmakt/fullmakt/internal/domain"
)

// Config says from where and through what mails go.
type Config struct {
	Region           string
	Endpoint         string                  // empty: the region's own
	From             string                  // a verified address, or one of a verified domain
	FromName         string                  // shown in its place; may be empty
	ConfigurationSet string                  // may be empty
	Credentials      aws.CredentialsProvider // nil: awscred.Environment
}

// New makes a sender. It refuses a configuration that can never send; the
// client itself is built at the first message, since most starts of a function
// send none.
func New(c Config) (domain.Sender, error) {
	from, err := mail.ParseAddress(c.From)
	switch {
	case c.Region == "":
		return nil, errors.New("ses: no region")
	case err != nil || from.Address != c.From:
		return nil, fmt.Errorf("ses: the sender %q is not a bare address", c.From)
	case strings.ContainsFunc(c.From, notASCII):
		return nil, fmt.Errorf("ses: the sender %q is not ASCII: write its domain in A-labels", c.From)
	}
	return &sender{
		source:           address(c.FromName, c.From),
		configurationSet: c.ConfigurationSet,
		client:           sync.OnceValue(func() *ses.Client { return client(c) }),
	}, nil
}

func notASCII(r rune) bool { return r > '~' }

type sender struct {
	source, configurationSet string
	client                   func() *ses.Client
}

func client(c Config) *ses.Client {
	o := ses.Options{
		Region:      c.Region,
		Credentials: c.Credentials,
		Retryer:     retry.NewStandard(retryOnlyUnsent),
	}
	if o.Credentials == nil {
		o.Credentials = awscred.Environment
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = aws.String(c.Endpoint)
	}
	return ses.New(o)
}

// retryOnlyUnsent tries again at once only when SES has certainly not taken the
// message: it was throttled, or no connection came about. SendEmail knows no
// idempotency, and the SDK's own rules also retry lost answers and 5xx: after
// an answer lost on its way back, that is a second mail. Such an error goes to
// the outbox, which notes the attempt and tries again at its own, slower pace.
func retryOnlyUnsent(o *retry.StandardOptions) {
	o.MaxAttempts = 3
	// SES counts its rate by the second.
	o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) {
		return time.Second/4 + rand.N(time.Second*3/4), nil //nolint:gosec // G404: it spreads waits, and need not be secret
	})
	o.Retryables = []retry.IsErrorRetryable{
		retry.NoRetryCanceledError{},
		retry.IsErrorRetryableFunc(notToday),
		retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes},
		retry.IsErrorRetryableFunc(neverConnected),
	}
}

// notToday is no matter of a second.
func notToday(err error) aws.Ternary {
	if overQuota(err) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

func neverConnected(err error) aws.Ternary {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// Send hands the message over in structured fields, never as raw MIME, so that
// nothing in it can become a header.
func (s *sender) Send(ctx context.Context, m domain.Message) (string, error) {
	if strings.ContainsAny(string(m.To)+m.Subject, "\r\n\x00") {
		return "", domain.ErrUndeliverable.Because(errors.New("ses: a line break in the receiver or the subject"))
	}
	to := address(m.Name, string(m.To))
	input := &ses.SendEmailInput{
		Source:      aws.String(s.source),
		Destination: &types.Destination{ToAddresses: []string{to}},
		Message: &types.Message{
			Subject: content(m.Subject),
			Body:    &types.Body{Text: content(m.Text), Html: content(m.HTML)},
		},
		// They come back with the events about the message.
		Tags: []types.MessageTag{
			{Name: aws.String("kind"), Value: aws.String(string(m.Kind))},
			{Name: aws.String("mail"), Value: aws.String(string(m.ID))},
		},
	}
	if s.configurationSet != "" {
		input.ConfigurationSetName = aws.String(s.configurationSet)
	}
	out, err := s.client().SendEmail(ctx, input)
	if err != nil {
		err = fmt.Errorf("ses: send %s: %w", m.ID, &failure{err: err, secrets: strings.NewReplacer(to, "<receiver>", string(m.To), "<receiver>")})
		return "", verdict(err)
	}
	return aws.ToString(out.MessageId), nil
}

func content(s string) *types.Content {
	return &types.Content{Charset: aws.String("UTF-8"), Data: aws.String(s)}
}

// addressMax is the longest address that SES takes, its name included.
const addressMax = 320

// address writes an address as a header has it (RFC 5322, RFC 2047). A name too
// long for SES is left away: the mail matters more.
func address(name, addr string) string {
	a := mail.Address{Address: addr}
	bare := a.String()
	a.Name = name
	if full := a.String(); name != "" && len(full) <= addressMax {
		return full
	}
	return bare
}

// quotaWait is how long nothing is tried once the day's quota is used up: it
// fills again over the day, mail by mail.
const quotaWait = 15 * time.Minute

// verdict says what an error of SES means for the message.
func verdict(err error) error {
	switch {
	case undeliverable(err):
		return domain.ErrUndeliverable.Because(err)
	case overQuota(err):
		busy := domain.ErrSenderBusy.Because(err)
		busy.RetryAfter = quotaWait
		return busy
	case throttled(err):
		return domain.ErrSenderBusy.Because(err)
	}
	return err
}

// throttled tells whether SES took nothing because of its rate.
func throttled(err error) bool {
	return retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}.IsErrorThrottle(err) == aws.TrueTernary
}

// overQuota tells whether the account has sent as much as it may in a day. SES
// has no code of its own for that either.
func overQuota(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && throttled(err) && strings.Contains(strings.ToLower(api.ErrorMessage()), "quota")
}

// undeliverable tells whether SES refuses this very message: its address or its
// content. Everything else may pass, and must not cost people their mails: an
// account, a sender or a configuration set that is missing, paused or not yet
// verified is put right by an operator, throttling and 5xx by time.
func undeliverable(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch api.ErrorCode() {
	case "MessageRejected":
		// SES has no code of its own for an account that is still in the
		// sandbox, or a sender that waits for verification: the state of every
		// new deployment.
		return !strings.Contains(api.ErrorMessage(), "not verified")
	case "InvalidParameterValue", "ValidationError":
		return true
	}
	return false
}

// failure is an error of SES without the receiver, whom SES likes to quote: it
// is going to be logged.
type failure struct {
	err     error
	secrets *strings.Replacer
}

func (f *failure) Error() string { return f.secrets.Replace(f.err.Error()) }
func (f *failure) Unwrap() error { return f.err }

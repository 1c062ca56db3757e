package dynamotable

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// maxTries is how often a call is sent: with the pauses between, a storage
// that refuses at once is given up after two and a half seconds at most.
const maxTries = 6

// pause returns how long to wait after the given try, from 1: anything
// between nothing and a bound that doubles from 100 ms to a second, so that
// those who collided once do not do so again.
func pause(try int) time.Duration {
	return rand.N(min(50*time.Millisecond<<try, time.Second)) //nolint:gosec // G404: it spreads waits, and need not be secret
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// retryer is the client's only loop of tries: for lost connections, throttling
// and faults of the service, as the SDK knows them, and for transactions that
// others were in the way of. It has no budget across calls: tries are few, and
// a Lambda serves one request at a time.
var retryer = retry.NewStandard(func(o *retry.StandardOptions) {
	o.MaxAttempts = maxTries
	o.Backoff = retry.BackoffDelayerFunc(func(try int, _ error) (time.Duration, error) {
		return pause(try), nil
	})
	o.RateLimiter = ratelimit.None
	o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
		var cancelled *types.TransactionCanceledException
		switch {
		case errors.As(err, &cancelled) && obstacle(cancelled) != permanent:
			return aws.TrueTernary
		case errors.Is(err, io.ErrUnexpectedEOF): // the answer broke off
			return aws.TrueTernary
		}
		return aws.UnknownTernary
	}))
})

// answered tells whether DynamoDB itself said no.
func answered(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api)
}

// obstacles to a transaction.
const (
	permanent = iota // to try again would not help
	contended        // another transaction
	throttled        // capacity
)

// obstacle says why a transaction was cancelled, when that passes by itself.
func obstacle(cancelled *types.TransactionCanceledException) int {
	why := permanent
	for _, reason := range cancelled.CancellationReasons {
		switch aws.ToString(reason.Code) {
		case "", "None":
		case "TransactionConflict":
			why = max(why, contended)
		case "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded":
			why = throttled
		default:
			return permanent
		}
	}
	return why
}

// failedConditions returns the positions of the operations whose conditions
// did not hold.
func failedConditions(cancelled *types.TransactionCanceledException) (ops []int) {
	for i, reason := range cancelled.CancellationReasons {
		if aws.ToString(reason.Code) == "ConditionalCheckFailed" {
			ops = append(ops, i)
		}
	}
	return ops
}

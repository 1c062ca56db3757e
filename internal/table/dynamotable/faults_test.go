package dynamotable_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
)

// answer is one way to answer a request; real sends it to DynamoDB.
type answer func(req *http.Request, real http.RoundTripper) (*http.Response, error)

// wire is the transport under the client, where things go wrong (seam S4). It
// answers the n-th request by the n-th answer, and all later ones by the last.
type wire struct {
	real    http.RoundTripper
	answers []answer

	mu     sync.Mutex
	bodies []string // of the requests so far
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	w.bodies = append(w.bodies, string(body))
	next := w.answers[min(len(w.bodies), len(w.answers))-1]
	w.mu.Unlock()
	return next(req, w.real)
}

func (w *wire) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.bodies)
}

// wired returns a fresh table twice: behind a wire with these answers, and as it is.
func wired(t *testing.T, answers ...answer) (spoilt, plain *dynamotable.Table, w *wire) {
	t.Helper()
	cfg := dynamolocal.Config(t)
	plain = dynamotable.New(cfg)
	w = &wire{real: cfg.Transport, answers: answers}
	cfg.Transport = w
	return dynamotable.New(cfg), plain, w
}

// nowhere returns a table that has nothing but a wire.
func nowhere(answers ...answer) (*dynamotable.Table, *wire) {
	w := &wire{answers: answers}
	return dynamotable.New(dynamotable.Config{
		Region: "eu-north-1", Table: "nowhere", Transport: w,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "s"}, nil
		}),
	}), w
}

func honest(req *http.Request, real http.RoundTripper) (*http.Response, error) {
	return real.RoundTrip(req)
}

// canned answers with a status and a body, whatever was asked.
func canned(status int, body string) answer {
	return func(req *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
			Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

// refusal is DynamoDB's error of a type.
func refusal(errorType string) answer {
	return canned(http.StatusBadRequest, fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"injected"}`, errorType))
}

// cancelled is a cancelled transaction with these reasons by operation.
func cancelled(codes ...string) answer {
	reasons := make([]string, len(codes))
	for i, code := range codes {
		reasons[i] = fmt.Sprintf(`{"Code":%q,"Message":"injected"}`, code)
	}
	return canned(http.StatusBadRequest, fmt.Sprintf(
		`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"injected","CancellationReasons":[%s]}`,
		strings.Join(reasons, ",")))
}

// broken fails without an answer.
func broken(err error) answer {
	return func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, err }
}

// done lets DynamoDB do what was asked and then spoils the answer.
func done(spoil func(*http.Response) (*http.Response, error)) answer {
	return func(req *http.Request, real http.RoundTripper) (*http.Response, error) {
		res, err := real.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		return spoil(res)
	}
}

// lost are the ways in which an answer is lost after the write.
var lost = map[string]answer{
	"connection reset": done(func(*http.Response) (*http.Response, error) {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}),
	"connection closed": done(func(*http.Response) (*http.Response, error) { return nil, io.EOF }),
	"no body": done(func(res *http.Response) (*http.Response, error) {
		res.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
		return res, nil
	}),
	"server error": done(func(res *http.Response) (*http.Response, error) {
		return canned(http.StatusInternalServerError, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"injected"}`)(res.Request, nil)
	}),
	"bad gateway": done(func(res *http.Response) (*http.Response, error) {
		return canned(http.StatusBadGateway, `<html>`)(res.Request, nil)
	}),
	"in progress": done(func(res *http.Response) (*http.Response, error) {
		return refusal("TransactionInProgressException")(res.Request, nil)
	}),
}

var (
	a, b = table.Key{PK: "p", SK: "a"}, table.Key{PK: "p", SK: "b"}
	both = []table.Key{a, b}
)

func item(key table.Key, version int64) table.Item {
	return table.Item{Key: key, Version: version, Body: []byte(`{}`)}
}

func stored(t *testing.T, plain table.Table, want ...table.Item) {
	t.Helper()
	wanted := make(map[table.Key]table.Item)
	for _, i := range want {
		wanted[i.Key] = i
	}
	got, err := plain.Get(t.Context(), both...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestXF1_AnswerLostAfterWrite(t *testing.T) {
	t.Parallel()
	// Each of these fails when it is done a second time.
	for name, c := range map[string]struct {
		before []table.Op
		call   []table.Op
		after  []table.Item
	}{
		"put if absent": {
			call:  []table.Op{table.Put(item(a, 1), table.IfAbsent)},
			after: []table.Item{item(a, 1)},
		},
		"put if version": {
			before: []table.Op{table.Put(item(a, 1), table.Always)},
			call:   []table.Op{table.Put(item(a, 2), table.IfVersion(1))},
			after:  []table.Item{item(a, 2)},
		},
		"delete": {
			before: []table.Op{table.Put(item(a, 1), table.Always)},
			call:   []table.Op{table.Delete(a, table.IfVersion(1))},
		},
		"several operations": {
			before: []table.Op{table.Put(item(a, 1), table.Always)},
			call:   []table.Op{table.Delete(a, table.IfPresent), table.Put(item(b, 1), table.IfAbsent), table.Check(table.Key{PK: "p", SK: "c"}, table.IfAbsent)},
			after:  []table.Item{item(b, 1)},
		},
	} {
		for way, lose := range lost {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				spoilt, plain, w := wired(t, lose, lose, honest)
				if len(c.before) > 0 {
					must(t, plain.Transact(t.Context(), c.before...))
				}
				must(t, spoilt.Transact(t.Context(), c.call...))
				stored(t, plain, c.after...)
				if requests := w.requests(); len(requests) != 3 || requests[0] != requests[1] || requests[1] != requests[2] {
					t.Errorf("the call was not sent three times alike: %q", requests)
				}
			})
		}
	}
}

// A second try that has an effect would undo what another has done meanwhile.
func TestXF1_SecondTryHasNoEffect(t *testing.T) {
	t.Parallel()
	var plain *dynamotable.Table
	spoilt, plain, _ := wired(t, func(req *http.Request, real http.RoundTripper) (*http.Response, error) {
		res, err := lost["connection closed"](req, real)
		return res, errors.Join(err, plain.Transact(t.Context(), table.Put(item(a, 2), table.IfVersion(1))))
	}, honest)
	must(t, spoilt.Transact(t.Context(), table.Put(item(a, 1), table.Always)))
	stored(t, plain, item(a, 2))
}

// The token belongs to the call: the same operations once more are a new call.
func TestXF1_NextCallHasItsOwnToken(t *testing.T) {
	t.Parallel()
	spoilt, plain, w := wired(t, honest)
	op := table.Put(item(a, 1), table.IfAbsent)
	must(t, spoilt.Transact(t.Context(), op))
	must(t, plain.Transact(t.Context(), table.Delete(a, table.Always)))
	must(t, spoilt.Transact(t.Context(), op))
	stored(t, plain, item(a, 1))
	if requests := w.requests(); requests[0] == requests[1] {
		t.Error("two calls had one token")
	}
}

func TestXF1_AnswersLostForEver(t *testing.T) {
	t.Parallel()
	spoilt, plain, _ := wired(t, lost["connection reset"])
	if err := spoilt.Transact(t.Context(), table.Put(item(a, 1), table.IfAbsent)); !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	stored(t, plain, item(a, 1)) // it says that it does not know
}

func TestXF1_AnswerLostAfterRefusal(t *testing.T) {
	t.Parallel()
	spoilt, plain, _ := wired(t, lost["connection reset"], honest)
	must(t, plain.Transact(t.Context(), table.Put(item(a, 1), table.Always)))
	err := spoilt.Transact(t.Context(), table.Put(item(b, 1), table.Always), table.Put(item(a, 2), table.IfAbsent))
	unmet(t, err, 1)
	stored(t, plain, item(a, 1))
}

func unmet(t *testing.T, err error, ops ...int) {
	t.Helper()
	var unmet *table.ConditionError
	if !errors.As(err, &unmet) || !slices.Equal(unmet.Ops, ops) {
		t.Errorf("got %v, want a ConditionError at %v", err, ops)
	}
}

// half lets DynamoDB process half of a batch, rounded down, and says so.
func half(req *http.Request, real http.RoundTripper) (*http.Response, error) {
	type batch map[string]struct {
		Keys           []json.RawMessage
		ConsistentRead bool
	}
	var asked struct{ RequestItems batch }
	if err := json.NewDecoder(req.Body).Decode(&asked); err != nil {
		return nil, err
	}
	left := batch{}
	for name, b := range asked.RequestItems {
		rest := b
		n := len(b.Keys) / 2
		b.Keys, rest.Keys = b.Keys[:n], b.Keys[n:]
		asked.RequestItems[name], left[name] = b, rest
		if n == 0 {
			unprocessed, err := json.Marshal(map[string]any{"Responses": map[string]any{}, "UnprocessedKeys": left})
			if err != nil {
				return nil, err
			}
			return canned(http.StatusOK, string(unprocessed))(req, real)
		}
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res, err := real.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var told map[string]any
	if err := json.NewDecoder(res.Body).Decode(&told); err != nil {
		return nil, err
	}
	told["UnprocessedKeys"] = left
	if body, err = json.Marshal(told); err != nil {
		return nil, err
	}
	return canned(http.StatusOK, string(body))(req, real)
}

func TestXF4_UnprocessedKeys(t *testing.T) {
	t.Parallel()
	spoilt, plain, w := wired(t, half, half, half, half, honest)
	var keys []table.Key
	want := make(map[table.Key]table.Item)
	var ops []table.Op
	for i := range 20 {
		i := item(table.Key{PK: "p", SK: fmt.Sprint(i)}, int64(i)+1)
		keys, ops, want[i.Key] = append(keys, i.Key), append(ops, table.Put(i, table.Always)), i
	}
	must(t, plain.Transact(t.Context(), ops...))
	got, err := spoilt.Get(t.Context(), append(keys, a)...)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("got (-want +got):\n%s", diff)
	}
	requests := w.requests()
	if len(requests) != 5 {
		t.Errorf("%d requests, want 5", len(requests))
	}
	for _, request := range requests {
		if !strings.Contains(request, `"ConsistentRead":true`) {
			t.Errorf("not a consistent read: %s", request)
		}
	}
}

func TestXF4_NothingIsEverProcessed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spoilt, w := nowhere(half)
		_, err := spoilt.Get(t.Context(), a)
		if !errors.Is(err, table.ErrUnavailable) || len(w.requests()) != 6 {
			t.Errorf("got %v after %d requests, want ErrUnavailable after 6", err, len(w.requests()))
		}
		late(t, func(ctx context.Context) error { _, err := spoilt.Get(ctx, a); return err })
	})
}

// late asserts that a call which would go on trying ends with its deadline.
func late(t *testing.T, call func(context.Context) error) {
	t.Helper()
	for range 10 {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := call(ctx)
		cancel()
		if took := time.Since(start); took > 20*time.Millisecond {
			t.Errorf("took %v, 20 ms were left", took)
		}
		if !errors.Is(err, table.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	}
}

// calls are one of each method.
var calls = map[string]func(context.Context, table.Table) error{
	"Get": func(ctx context.Context, t table.Table) error { _, err := t.Get(ctx, a); return err },
	"Query": func(ctx context.Context, t table.Table) error {
		_, err := t.Query(ctx, table.Query{PK: "p", Limit: 1})
		return err
	},
	"Transact": func(ctx context.Context, t table.Table) error {
		return t.Transact(ctx, table.Put(item(a, 1), table.IfAbsent))
	},
}

// weak are the answers of a DynamoDB that cannot, for now.
var weak = map[string]answer{
	"ProvisionedThroughputExceededException": refusal("ProvisionedThroughputExceededException"),
	"ThrottlingException":                    refusal("ThrottlingException"),
	"RequestLimitExceeded":                   refusal("RequestLimitExceeded"),
	"InternalServerError":                    canned(http.StatusInternalServerError, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"injected"}`),
	"ServiceUnavailable":                     canned(http.StatusServiceUnavailable, `{"__type":"com.amazonaws.dynamodb.v20120810#ServiceUnavailable","message":"injected"}`),
	"a page in its place":                    canned(http.StatusServiceUnavailable, `<html>come again</html>`),
}

func TestXF2_ThrottledForAWhile(t *testing.T) {
	t.Parallel()
	for name, answer := range weak {
		for method, call := range calls {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				spoilt, _, w := wired(t, answer, answer, answer, honest)
				must(t, call(t.Context(), spoilt))
				if n := len(w.requests()); n != 4 {
					t.Errorf("%d requests, want 4", n)
				}
			})
		}
	}
}

// down are the answers of a DynamoDB that is not there.
var down = map[string]answer{
	"refused": broken(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}),
	"unknown": broken(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}),
	"reset":   broken(&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}),
	"closed":  broken(io.EOF),
	"silent": func(req *http.Request, _ http.RoundTripper) (*http.Response, error) {
		select {
		case <-time.After(3 * time.Second):
			return nil, &net.OpError{Op: "read", Net: "tcp", Err: context.DeadlineExceeded}
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	},
}

func TestXF2_ThrottledForEver(t *testing.T) { t.Parallel(); neverBack(t, weak) }

func TestXF5_StoreDown(t *testing.T) { t.Parallel(); neverBack(t, down) }

// neverBack asserts that a table which only has these answers says so in time.
func neverBack(t *testing.T, answers map[string]answer) {
	for name, answer := range answers {
		for method, call := range calls {
			t.Run(name+"/"+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					spoilt, w := nowhere(answer)
					start := time.Now()
					err := call(t.Context(), spoilt)
					if !errors.Is(err, table.ErrUnavailable) || errors.Is(err, table.ErrContended) {
						t.Errorf("got %v, want ErrUnavailable", err)
					}
					if n := len(w.requests()); n > 6 || n < 2 && name != "unknown" {
						t.Errorf("%d requests, want a few", n)
					}
					if took := time.Since(start); took > 21*time.Second {
						t.Errorf("took %v", took)
					}
					late(t, func(ctx context.Context) error { return call(ctx, spoilt) })

					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(10*time.Millisecond, cancel)
					err = call(ctx, spoilt)
					if name != "unknown" && (!errors.Is(err, context.Canceled) || errors.Is(err, table.ErrUnavailable)) {
						t.Errorf("cancelled: got %v, want just context.Canceled", err)
					}
				})
			})
		}
	}
}

func TestTransactionConflict(t *testing.T) {
	t.Parallel()
	for name, codes := range map[string][]string{
		"conflict":   {"None", "TransactionConflict"},
		"conflicts":  {"TransactionConflict", "TransactionConflict"},
		"throttling": {"ThrottlingError", "None"},
		"both":       {"TransactionConflict", "ProvisionedThroughputExceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spoilt, plain, w := wired(t, cancelled(codes...), cancelled(codes...), honest)
			must(t, spoilt.Transact(t.Context(), table.Put(item(a, 1), table.IfAbsent), table.Put(item(b, 1), table.IfAbsent)))
			stored(t, plain, item(a, 1), item(b, 1))
			if n := len(w.requests()); n != 3 {
				t.Errorf("%d requests, want 3", n)
			}
		})
	}
}

func TestTransactionCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		codes    []string
		want     error // nil: none of the seam's
		requests int
	}{
		"conflict for ever":   {[]string{"None", "TransactionConflict"}, table.ErrContended, 6},
		"throttled for ever":  {[]string{"ThrottlingError", "None"}, table.ErrUnavailable, 6},
		"no capacity":         {[]string{"ProvisionedThroughputExceeded", "TransactionConflict"}, table.ErrUnavailable, 6},
		"not valid":           {[]string{"ValidationError", "None"}, nil, 1},
		"collection too big":  {[]string{"ItemCollectionSizeLimitExceeded", "TransactionConflict"}, nil, 1},
		"no reason at all":    {[]string{"None", "None"}, nil, 1},
		"a reason of the day": {[]string{"TomorrowsReason", "None"}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spoilt, w := nowhere(cancelled(c.codes...))
				err := spoilt.Transact(t.Context(), table.Put(item(a, 1), table.Always), table.Put(item(b, 1), table.Always))
				if err == nil {
					t.Fatal("got success")
				}
				for _, of := range []error{table.ErrContended, table.ErrUnavailable, table.ErrLimit} {
					if errors.Is(err, of) != errors.Is(c.want, of) {
						t.Errorf("got %v, want %v", err, c.want)
					}
				}
				if n := len(w.requests()); n != c.requests {
					t.Errorf("%d requests, want %d", n, c.requests)
				}
			})
		})
	}
	// What is known to fail is not tried again, even when others are in the way.
	spoilt, w := nowhere(cancelled("ConditionalCheckFailed", "TransactionConflict", "ConditionalCheckFailed"))
	unmet(t, spoilt.Transact(t.Context(), table.Put(item(a, 1), table.IfAbsent)), 0, 2)
	if n := len(w.requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// What is wrong with the call or the set-up is told at once and is nothing that passes.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	for _, errorType := range []string{
		"ResourceNotFoundException", "AccessDeniedException", "ValidationException",
		"UnrecognizedClientException", "IdempotentParameterMismatchException",
	} {
		for method, call := range calls {
			spoilt, w := nowhere(refusal(errorType))
			err := call(t.Context(), spoilt)
			if err == nil || errors.Is(err, table.ErrUnavailable) || errors.Is(err, table.ErrContended) || len(w.requests()) != 1 {
				t.Errorf("%s, %s: got %v after %d requests, want another error after 1", errorType, method, err, len(w.requests()))
			}
		}
	}
}

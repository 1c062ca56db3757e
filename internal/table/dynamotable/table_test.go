package dynamotable_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

func TestTable(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(t *testing.T) table.Table { return dynamolocal.Open(t) })
}

func TestCreateTable(t *testing.T) {
	t.Parallel()
	client, name := dynamolocal.Client(t), "created-"+rand.Text()
	schema := table.Schema{
		PK: "left", SK: "right",
		Indexes: []table.IndexSchema{{Name: "one", PK: "l1", SK: "r1"}, {Name: "two", PK: "l2", SK: "r2"}},
	}
	must(t, dynamotable.CreateTable(t.Context(), client, name, schema))
	if err := dynamotable.CreateTable(t.Context(), client, name, schema); err == nil {
		t.Error("created twice")
	}
	described, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
	must(t, err)
	got := described.Table
	if got.BillingModeSummary == nil || got.BillingModeSummary.BillingMode != types.BillingModePayPerRequest {
		t.Errorf("billing %+v", got.BillingModeSummary)
	}
	if stream := got.StreamSpecification; stream == nil || !*stream.StreamEnabled || stream.StreamViewType != types.StreamViewTypeKeysOnly {
		t.Errorf("stream %+v", stream)
	}
	keys := map[string][]string{"": keyNames(got.KeySchema)}
	for _, index := range got.GlobalSecondaryIndexes {
		keys[*index.IndexName] = keyNames(index.KeySchema)
		if index.Projection.ProjectionType != types.ProjectionTypeAll {
			t.Errorf("index %s projects %s", *index.IndexName, index.Projection.ProjectionType)
		}
	}
	want := map[string][]string{"": {"left HASH", "right RANGE"}, "one": {"l1 HASH", "r1 RANGE"}, "two": {"l2 HASH", "r2 RANGE"}}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	_, err = client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &name})
	must(t, err)
}

func keyNames(schema []types.KeySchemaElement) (names []string) {
	for _, e := range schema {
		names = append(names, *e.AttributeName+" "+string(e.KeyType))
	}
	return names
}

func TestDecode(t *testing.T) {
	t.Parallel()
	s := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	n := func(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }
	image := func() map[string]types.AttributeValue {
		return map[string]types.AttributeValue{
			"pk": s("p"), "sk": s("s"), "v": n("7"), "expires": n("1900000000"), "body": s(`{"a":1}`),
			"t_pk": s("i"), "t_sk": s("j"), "aws:rep:deleting": s("unknown attributes are nobody's business"),
		}
	}
	got, err := dynamotable.Decode(image())
	must(t, err)
	want := table.Item{
		Key: table.Key{PK: "p", SK: "s"}, Version: 7, ExpiresAt: time.Unix(1900000000, 0), Body: []byte(`{"a":1}`),
		Index: map[table.Index]table.Key{table.ByTime: {PK: "i", SK: "j"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	for name, spoil := range map[string]func(map[string]types.AttributeValue){
		"no key":              func(m map[string]types.AttributeValue) { delete(m, "pk") },
		"no version":          func(m map[string]types.AttributeValue) { delete(m, "v") },
		"no body":             func(m map[string]types.AttributeValue) { delete(m, "body") },
		"half an index key":   func(m map[string]types.AttributeValue) { delete(m, "t_sk") },
		"a number as key":     func(m map[string]types.AttributeValue) { m["sk"] = n("1") },
		"a string as version": func(m map[string]types.AttributeValue) { m["v"] = s("1") },
		"a broken version":    func(m map[string]types.AttributeValue) { m["v"] = n("1.5") },
		"a broken expiry":     func(m map[string]types.AttributeValue) { m["expires"] = n("1e99") },
		"a nil":               func(m map[string]types.AttributeValue) { m["body"] = nil },
	} {
		spoilt := image()
		spoil(spoilt)
		if got, err := dynamotable.Decode(spoilt); err == nil {
			t.Errorf("%s: decoded as %+v", name, got)
		}
	}
}

// What DynamoDB Local cannot show: its reads are always consistent.
func TestXE11_ReadsAreConsistentWhereTheyCan(t *testing.T) {
	t.Parallel()
	spoilt, _, w := wired(t, honest)
	for _, q := range []table.Query{{PK: "p", Limit: 1}, {PK: "p", Index: table.ByName, Limit: 1}} {
		_, err := spoilt.Query(t.Context(), q)
		must(t, err)
	}
	_, err := spoilt.Get(t.Context(), a)
	must(t, err)
	for i, want := range []bool{true, false, true} {
		if got := strings.Contains(w.requests()[i], `"ConsistentRead":true`); got != want {
			t.Errorf("request %d: consistent %t, want %t: %s", i, got, want, w.requests()[i])
		}
	}
}

// No pages that are asked for in vain: a query is one request, also when the
// range holds exactly what is asked for, and an empty range is none.
func TestQueryIsOneRequest(t *testing.T) {
	t.Parallel()
	spoilt, plain, w := wired(t, honest)
	must(t, plain.Transact(t.Context(), table.Put(item(a, 1), table.Always), table.Put(item(b, 1), table.Always)))
	for _, q := range []table.Query{
		{PK: "p", Limit: 1},
		{PK: "p", Limit: 2},
		{PK: "p", Limit: 3},
		{PK: "p", Limit: 1, After: "a"},
		{PK: "p", Limit: 2, After: "a"},
		{PK: "p", Lo: "b", Hi: "a", Limit: 1},
	} {
		_, err := spoilt.Query(t.Context(), q)
		must(t, err)
	}
	if n := len(w.requests()); n != 5 {
		t.Errorf("%d requests, want 5", n)
	}
}

// The driver's own time-outs: a connection that never answers costs three seconds.
func TestXF6_HangingConnection(t *testing.T) {
	t.Parallel()
	cfg := dynamolocal.Config(t)
	plain := dynamotable.New(cfg)
	target, err := url.Parse(cfg.Endpoint)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) > 1 {
			proxy.ServeHTTP(w, r)
			return
		}
		proxy.ServeHTTP(httptest.NewRecorder(), r) // done, but nobody is told
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	cfg.Endpoint, cfg.Transport = server.URL, nil
	start := time.Now()
	must(t, dynamotable.New(cfg).Transact(t.Context(), table.Put(item(a, 1), table.IfAbsent)))
	if took := time.Since(start); took < time.Second {
		t.Errorf("took %v: the first connection did not hang", took)
	}
	stored(t, plain, item(a, 1))
}

func TestLambdaCredentials(t *testing.T) {
	cfg := dynamolocal.Config(t)
	key, err := cfg.Credentials.Retrieve(t.Context())
	must(t, err)
	cfg.Credentials = nil
	var authorization, token string
	cfg.Transport = spy(func(req *http.Request) {
		authorization, token = req.Header.Get("Authorization"), req.Header.Get("X-Amz-Security-Token")
	})
	t.Setenv("AWS_ACCESS_KEY_ID", key.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", dynamolocal.SecretKey)
	t.Setenv("AWS_SESSION_TOKEN", "session")
	_, err = dynamotable.New(cfg).Get(t.Context(), a)
	must(t, err)
	if !strings.Contains(authorization, "Credential="+key.AccessKeyID+"/") || !strings.Contains(authorization, "/"+dynamolocal.Region+"/") || token != "session" {
		t.Errorf("authorized by %q and %q", authorization, token)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := dynamotable.New(cfg).Get(t.Context(), a); err == nil || !strings.Contains(err.Error(), "AWS_SECRET_ACCESS_KEY") {
		t.Errorf("without credentials: got %v", err)
	}
}

// spy is a transport that shows each request first.
type spy func(*http.Request)

func (s spy) RoundTrip(req *http.Request) (*http.Response, error) {
	s(req)
	return http.DefaultTransport.RoundTrip(req)
}

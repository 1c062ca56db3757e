// Package runtimetest starts the real binaries of functions/ as Lambda does,
// under the Runtime API, with DynamoDB Local for the table and a server that
// stands for SES and KMS, and sends them the events of events/.
package runtimetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	jsonx "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/api/organization"
	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	_ "github.com/fullmakt/fullmakt/internal/app/awsapp/awsfiles"
	_ "github.com/fullmakt/fullmakt/internal/app/awsapp/awsmail" // so that go test knows that this test depends on it
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/generate"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/internal/password"
	"github.com/fullmakt/fullmakt/internal/runtimeapi"
	"github.com/fullmakt/fullmakt/internal/sample"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
	"github.com/fullmakt/fullmakt/internal/vault/kmsvault"
)

const root = "../.."

// binaries are where the functions have been built.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		// What is tested has to be what the registries say; reading it also
		// tells go test that this test depends on it.
		err := generate.Check(root)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%v\nrun: go run ./cmd/fullmakt generate\n", err)
			return 1
		}
		if binaries, err = os.MkdirTemp("", "functions-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(binaries)
		packages := []string{"./functions/...", "./internal/runtimetest/testdata/broken", "./internal/runtimetest/testdata/empty"}
		here := generate.Target{OS: runtime.GOOS, Arch: runtime.GOARCH}
		if err := generate.Compile(context.Background(), root, binaries, here, os.Stderr, packages...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		code := m.Run()
		if code == 0 && idle() {
			code = 1
		}
		return code
	}())
}

func binary(id string) string { return filepath.Join(binaries, id) }

// seeded returns a table filled with the sample data, and how to reach it.
func seeded(t *testing.T) (*store.Store, dynamotable.Config) {
	t.Helper()
	c := dynamolocal.Config(t)
	s := store.New(dynamotable.New(c))
	if err := sample.Seed(t.Context(), s, sampleVault(t), sampleHash(), time.Now()); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// sampleVault is one that the functions' own can open.
func sampleVault(t *testing.T) domain.Vault {
	t.Helper()
	return kmsvault.New(kmsvault.Config{
		Region: runtimeapi.Region, Endpoint: services(t).URL, FieldKey: runtimeapi.FieldKey, IndexKeys: []string{runtimeapi.IndexKey},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: runtimeapi.AccessKey, SecretAccessKey: "secret", SessionToken: "token"}, nil
		}),
	})
}

var sampleHash = sync.OnceValue(func() string {
	hash, err := password.New().Hash(sample.Password)
	if err != nil {
		panic(err)
	}
	return hash
})

// sampleEvent is the committed event of a function.
func sampleEvent(t *testing.T, id string) []byte {
	t.Helper()
	event, err := os.ReadFile(filepath.Join(root, "events", id+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// samLocal is an event of API Gateway as `sam local` sends it: with header
// names as the client wrote them, and every body in base64.
func samLocal(t *testing.T, event []byte) []byte {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	headers := map[string]any{}
	for name, value := range e["headers"].(map[string]any) {
		headers[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	e["headers"] = headers
	if body, ok := e["body"].(string); ok {
		e["body"], e["isBase64Encoded"] = []byte(body), true
	}
	out, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// response is what a function answers to the gateway.
type response struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

func (f *function) request(event []byte) response {
	f.t.Helper()
	a := f.invoke(event)
	var r response
	if err := json.Unmarshal(a.Payload, &r); err != nil || a.Failed {
		f.t.Fatalf("the function answered %s (%v)", a.Payload, err)
	}
	return r
}

// Every endpoint's function answers its sample event, from API Gateway and from
// `sam local`, with its success; an event that is none leaves it alive.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, e := range api.Endpoints() {
		for from, form := range map[string]func(*testing.T, []byte) []byte{
			"API Gateway": func(_ *testing.T, event []byte) []byte { return event }, "sam local": samLocal,
		} {
			t.Run(e.ID+"/"+from, func(t *testing.T) {
				t.Parallel()
				_, c := seeded(t)
				aws := services(t)
				env := runtimeapi.Environment(c, aws.URL, e.Needs)
				env[awsapp.EnvProfile] = sample.Profile(e.ID)
				f := launch(t, binary(e.ID), env)
				if r := f.request([]byte(`{"rawPath":`)); r.StatusCode != http.StatusBadRequest {
					t.Errorf("half an event: %+v", r)
				}
				answer := f.request(form(t, sampleEvent(t, e.ID)))
				checkSuccess(t, e, answer)
				f.wait() // alive
				checkLog(t, f, e)
				if e.Needing(endpoint.WriteFiles) {
					checkFile(t, e.ID, env, aws.Put(), answer)
				}
			})
		}
	}
}

// checkFile holds that one file was put where it belongs, and that the role lets
// the link to it be used, which it is signed as.
func checkFile(t *testing.T, function string, env map[string]string, files []string, answer response) {
	t.Helper()
	if len(files) != 1 || !strings.HasPrefix(files[0], "/"+runtimeapi.FileBucket+"/"+awsapp.FilePrefix) {
		t.Errorf("S3 was given %v", files)
	}
	var out struct{ URL string }
	if err := json.Unmarshal([]byte(answer.Body), &out); err != nil {
		t.Fatal(err)
	}
	link, err := http.NewRequest(http.MethodGet, out.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	calls, err := deployment(env).Calls(link, nil)
	for _, c := range calls {
		if err == nil {
			err = roles.See(function, c)
		}
	}
	if err != nil {
		t.Errorf("the link %s: %v", out.URL, err)
	}
}

func checkSuccess(t *testing.T, e endpoint.Endpoint, r response) {
	t.Helper()
	if r.StatusCode != e.Status || r.IsBase64Encoded {
		t.Fatalf("answer %+v", r)
	}
	if r.Headers["Cache-Control"] != "no-store" || r.Headers["X-Content-Type-Options"] != "nosniff" {
		t.Errorf("headers %v", r.Headers)
	}
	if e.Out == reflect.TypeFor[endpoint.None]() {
		if r.Body != "" {
			t.Errorf("a body where none is declared: %s", r.Body)
		}
		return
	}
	if r.Headers["Content-Type"] != "application/json" {
		t.Errorf("headers %v", r.Headers)
	}
	// The declared type reads the body without a rest, and writes the same.
	out := reflect.New(e.Out).Interface()
	if err := jsonx.Unmarshal([]byte(r.Body), out, jsonx.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("body %s: %v", r.Body, err)
	}
	again, err := jsonx.Marshal(out, jsonx.Deterministic(true))
	if err != nil || string(again) != r.Body {
		t.Errorf("body %s is not of the declared type, which writes %s, %v", r.Body, again, err)
	}
}

// secrets are words of the sample data that no log may hold.
var secrets = []string{"Bearer", sample.NationalID, "fms_", "fml_", "fmc_", "sesam", "exempel", "malli", "Exempel", "Malli", "401234567", "40 1234567", "Firefox", "203.0.113.7"}

func checkLog(t *testing.T, f *function, e endpoint.Endpoint) {
	t.Helper()
	var requests []map[string]any
	for _, line := range f.log() {
		for _, word := range secrets {
			if text := fmt.Sprint(line); strings.Contains(text, word) {
				t.Errorf("the log tells %q: %s", word, text)
			}
		}
		if line["message"] == "request" {
			requests = append(requests, line)
		}
	}
	if len(requests) != 2 {
		t.Fatalf("%d lines for 2 requests", len(requests))
	}
	want := map[string]any{
		"level": "INFO", "message": "request", "requestId": "JKJaXmPLvHcESHA=", "function": e.ID, "method": e.Method,
		"route": e.Path, "traceId": "1-6905c500-0123456789abcdef01234567", "status": float64(e.Status),
	}
	got := maps.Clone(requests[1])
	for _, name := range []string{"timestamp", "ms", "bytes"} {
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	c := dynamolocal.Config(t)
	s := store.New(dynamotable.New(c))
	f := launch(t, binary("store-bootstrap"), runtimeapi.Environment(c, "", nil))
	for _, want := range []string{`{"made":true}`, `{"made":false}`} { // the second time does no harm
		if a := f.invoke(sampleEvent(t, "store-bootstrap")); a.Failed || string(a.Payload) != want {
			t.Fatalf("answer %s", a.Payload)
		}
		scene, err := s.Load(t.Context(), domain.Want{Organization: domain.OperatorID, Administrators: true, Email: "olof.exempel@exempeluthyrning.example"})
		if err != nil || scene.Organization == nil || len(scene.Administrators.Seats) != 1 || scene.EmailClaim == nil ||
			scene.EmailClaim.Person != scene.Administrators.Seats[0].Person {
			t.Fatalf("the operator is %+v, %v", scene, err)
		}
	}
	if a := f.invoke([]byte(`{"operatorName":"Exempeluthyrning AB","operatorEmail":"Olof"}`)); !a.Failed {
		t.Errorf("a wrong event: %s", a.Payload)
	}
	f.wait() // alive
	if lines := f.log(); lines[len(lines)-2]["level"] != "ERROR" {
		t.Errorf("log %v", lines)
	}
}

// What is sealed with today's keys is left as it is.
func TestVaultRotate(t *testing.T) {
	t.Parallel()
	_, c := seeded(t)
	f := launch(t, binary("vault-rotate"), runtimeapi.Environment(c, services(t).URL, runtimeapi.KeyNeeds))
	if a := f.invoke(sampleEvent(t, "vault-rotate")); a.Failed || string(a.Payload) != `{"seen":1,"resealed":0,"next":null}` {
		t.Errorf("answer %s", a.Payload)
	}
}

func TestMailDispatch(t *testing.T) {
	t.Parallel()
	s, c := seeded(t)
	aws := services(t)
	f := launch(t, binary("mail-dispatch"), runtimeapi.Environment(c, aws.URL, mailNeeds))

	var event struct {
		Records []struct {
			DynamoDB struct {
				Keys map[string]struct{ S string }
			}
		}
	}
	if err := json.Unmarshal(sampleEvent(t, "mail-dispatch"), &event); err != nil {
		t.Fatal(err)
	}
	keys := event.Records[0].DynamoDB.Keys
	key := table.Key{PK: keys[table.TheSchema.PK].S, SK: keys[table.TheSchema.SK].S}
	if items, err := dynamotable.New(c).Get(t.Context(), key); err != nil || len(items) != 1 {
		t.Fatalf("the event names no item of the outbox: %v, %v", items, err)
	}

	for range 2 { // the same record again sends nothing again
		a := f.invoke(sampleEvent(t, "mail-dispatch"))
		if a.Failed || string(a.Payload) != `{"batchItemFailures":[]}` {
			t.Fatalf("answer %s", a.Payload)
		}
	}
	if sent := aws.Sent(); len(sent) != 1 ||
		sent[0].Get("Destination.ToAddresses.member.1") != `"Inga Exempel" <inga.exempel@exempelmaskiner.example>` ||
		!strings.Contains(sent[0].Get("Source"), "no-reply@fullmakt.example") || sent[0].Get("ConfigurationSetName") != "fullmakt" ||
		!strings.Contains(sent[0].Get("Message.Body.Text.Data"), "https://portal.fullmakt.example/activate#token=fml_") {
		t.Errorf("sent %v", sent)
	}
	m, err := s.Mail(t.Context(), sample.Mail)
	if err != nil || m.State != domain.MailSent || m.MessageID != runtimeapi.MessageID {
		t.Errorf("mail %+v, %v", m, err)
	}

	// The clock finds what the stream did not tell of.
	change := domain.Change{Actor: domain.Actor{Type: domain.ByJob, ID: "test"}, At: time.Now(), RequestID: "test"}
	change.Send(&domain.Mail{Kind: domain.MailPasswordChanged, Person: sample.User, Organization: sample.Organization})
	if err := s.Commit(t.Context(), &change); err != nil {
		t.Fatal(err)
	}
	a := f.invoke([]byte(`{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{}}`))
	if a.Failed || len(aws.Sent()) != 2 {
		t.Errorf("answer %s, sent %v", a.Payload, aws.Sent())
	}
	f.wait()
	for _, line := range f.log() {
		for _, word := range append(secrets, "Inga") {
			if text := fmt.Sprint(line); strings.Contains(text, word) {
				t.Errorf("the log tells %q: %s", word, text)
			}
		}
	}
}

// What SES tells of a mail by the topic is noted once, and what comes by another
// topic not at all; no log tells whose address it is.
func TestXF9_MailFeedback(t *testing.T) {
	t.Parallel()
	s, c := seeded(t)
	f := launch(t, binary("mail-feedback"), runtimeapi.Environment(c, "", []endpoint.Need{endpoint.HearMails}))
	other := strings.ReplaceAll(string(sampleEvent(t, "mail-feedback")), sample.MailTopic, sample.MailTopic+"-of-others")
	if a := f.invoke([]byte(other)); a.Failed || string(a.Payload) != `{"noted":0,"ignored":1}` {
		t.Errorf("answer %s", a.Payload)
	}
	for range 2 {
		if a := f.invoke(sampleEvent(t, "mail-feedback")); a.Failed || string(a.Payload) != `{"noted":1,"ignored":0}` {
			t.Fatalf("answer %s", a.Payload)
		}
	}
	m, err := s.Mail(t.Context(), sample.SentMail)
	if err != nil || m.State != domain.MailBounced || m.Version != 2 {
		t.Errorf("mail %+v, %v", m, err)
	}
	scene, err := s.Load(t.Context(), domain.Want{Organization: sample.Organization, User: sample.User})
	if err != nil || scene.Membership.Undeliverable.Of(sample.UserEmail) != domain.AddressBounced || scene.User.Undeliverable.Of(sample.UserEmail) != domain.AddressBounced {
		t.Errorf("user %+v, %v", scene.Membership, err)
	}
	f.wait()
	for _, line := range f.log() {
		for _, word := range secrets {
			if text := fmt.Sprint(line); strings.Contains(text, word) {
				t.Errorf("the log tells %q: %s", word, text)
			}
		}
	}
}

// A record that failed is named, so that the stream delivers it again and not
// its whole batch.
func TestMailDispatchNamesFailures(t *testing.T) {
	t.Parallel()
	_, c := seeded(t)
	aws := services(t)
	aws.DenyKey = true
	f := launch(t, binary("mail-dispatch"), runtimeapi.Environment(c, aws.URL, mailNeeds))
	a := f.invoke(sampleEvent(t, "mail-dispatch"))
	if a.Failed || string(a.Payload) != `{"batchItemFailures":[{"itemIdentifier":"111"}]}` || len(aws.Sent()) != 0 {
		t.Errorf("answer %s, sent %v", a.Payload, aws.Sent())
	}
	f.wait()
	if lines := f.log(); len(lines) != 3 || lines[0]["level"] != "ERROR" || lines[1]["dead"] != 0.0 {
		t.Errorf("log %v", lines)
	}
}

var mailNeeds = []endpoint.Need{endpoint.SendMail, endpoint.MintLinks}

// needs are those of all functions, by their ids.
func needs() map[string][]endpoint.Need {
	all := map[string][]endpoint.Need{}
	for _, e := range api.Endpoints() {
		all[e.ID] = e.Needs
	}
	for _, j := range jobs.All() {
		all[j.ID] = j.Needs
	}
	return all
}

// A function that lacks a variable ends before it serves, and says which.
func TestXF19_ConfigurationIncomplete(t *testing.T) {
	t.Parallel()
	nowhere := dynamotable.Config{Table: "fullmakt", Endpoint: "http://127.0.0.1:1"}
	for id, needs := range needs() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			required, _ := awsapp.Variables(needs)
			required = append(required, awsapp.EnvRegion)
			none := runtimeapi.Environment(nowhere, "http://127.0.0.1:1", needs)
			for _, name := range required {
				env := runtimeapi.Environment(nowhere, "http://127.0.0.1:1", needs)
				env[name], none[name] = "", ""
				said := launch(t, binary(id), env).fails()
				if !strings.Contains(said, name+" is missing") || strings.Count(said, " is missing") != 1 {
					t.Errorf("without %s it says: %s", name, said)
				}
			}
			said := launch(t, binary(id), none).fails()
			for _, name := range required {
				if !strings.Contains(said, name+" is missing") {
					t.Errorf("without any, it does not miss %s: %s", name, said)
				}
			}
		})
	}
}

func TestXF19_ConfigurationWrong(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]string{
		awsapp.EnvRegion: "eu north", awsapp.EnvTable: "a table", awsapp.EnvProfile: "rentals",
		awsapp.EnvMailFrom: "Fullmakt <no-reply@fullmakt.example>", awsapp.EnvConfigurationSet: "full/makt",
		awsapp.EnvOperatorName: "Exempel\nBcc: x", awsapp.EnvPortalURL: "http://portal.fullmakt.example",
		awsapp.EnvLinkKey: "key 1", awsapp.EnvMailRate: "0", "AWS_ENDPOINT_URL_DYNAMODB": "http://198.51.100.7", "AWS_ENDPOINT_URL_SES": "ftp://127.0.0.1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := runtimeapi.Environment(dynamotable.Config{Table: "fullmakt"}, "http://127.0.0.1:1", mailNeeds)
			env[name] = wrong
			if said := launch(t, binary("mail-dispatch"), env).fails(); !strings.Contains(said, name+" ") {
				t.Errorf("it says: %s", said)
			}
		})
	}
}

// A panic is answered, and the next event finds the function alive.
func TestPanicLeavesTheFunctionAlive(t *testing.T) {
	t.Parallel()
	nowhere := dynamotable.Config{Table: "fullmakt"}
	t.Run("endpoint", func(t *testing.T) {
		t.Parallel()
		env := runtimeapi.Environment(nowhere, "", nil)
		env["BROKEN"] = "endpoint"
		f := launch(t, binary("broken"), env)
		event := []byte(`{"rawPath":"/v1/broken","requestContext":{"http":{"method":"GET","sourceIp":"203.0.113.7"}}}`)
		for range 2 {
			if r := f.request(event); r.StatusCode != http.StatusInternalServerError || strings.Contains(r.Body, "purpose") {
				t.Errorf("answer %+v", r)
			}
		}
		f.wait()
		if lines := f.log(); len(lines) != 4 || !strings.Contains(fmt.Sprint(lines[0]["stack"]), "main.go") {
			t.Errorf("log %v", lines)
		}
	})
	t.Run("job", func(t *testing.T) {
		t.Parallel()
		env := runtimeapi.Environment(nowhere, "", nil)
		env["BROKEN"] = "job"
		f := launch(t, binary("broken"), env)
		for _, event := range []string{`{}`, `"fail"`, `{}`} {
			if a := f.invoke([]byte(event)); !a.Failed || !strings.Contains(string(a.Payload), "on purpose") {
				t.Errorf("answer %s", a.Payload)
			}
		}
		f.wait()
		if lines := f.log(); !strings.Contains(fmt.Sprint(lines[0]["stack"]), "main.go") || lines[1]["failed"] != true {
			t.Errorf("log %v", lines)
		}
	})
}

// A function that runs out of time says so, instead of being stopped over it.
func TestTimeIsUp(t *testing.T) {
	t.Parallel()
	silence := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(silence.Close)
	e := organization.Get()
	f := launch(t, binary(e.ID), runtimeapi.Environment(dynamotable.Config{Table: "fullmakt", Endpoint: silence.URL}, "", e.Needs))
	f.wait() // it starts all the same
	began := time.Now()
	a := f.send(sampleEvent(t, e.ID), time.Second)
	var r response
	if err := json.Unmarshal(a.Payload, &r); err != nil || r.StatusCode != http.StatusServiceUnavailable || time.Since(began) > time.Second {
		t.Errorf("after %v: %s, %v", time.Since(began), a.Payload, err)
	}
	if lines := f.log(); len(lines) != 3 || lines[0]["level"] != "WARN" {
		t.Errorf("log %v", lines)
	}
}

// What is wrong in the code itself is found at the start too.
func TestFaultyFunctionDoesNotStart(t *testing.T) {
	t.Parallel()
	for how, reason := range map[string]string{"declaration": "say exactly one of", "wiring": "the need send-mail"} {
		env := runtimeapi.Environment(dynamotable.Config{Table: "fullmakt"}, "", nil)
		env["BROKEN"] = how
		if said := launch(t, binary("broken"), env).fails(); !strings.Contains(said, reason) {
			t.Errorf("%s: it says: %s", how, said)
		}
	}
}

package sesmail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mototest"
)

var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session"}, nil
})

func message() domain.Message {
	return domain.Message{
		ID: "mai_01jdv7xg0000000000000000ab", To: "maija@example.com", Name: "Maija Meikäläinen",
		Kind: domain.MailActivation, Language: domain.Finnish,
		Subject: "Tervetuloa – ääkköset", Text: "Hei Maija!\n\nhttps://portal.example.com/activate#token=a+b&c=d\n",
		HTML:  "<p>Hei Maija! <a href=\"https://portal.example.com/activate#token=a+b&amp;c=d\">Åå</a></p>",
		Links: []string{"https://portal.example.com/activate#token=a+b&c=d"},
	}
}

// fake is an SES that answers as it is told, a call after the other, and then
// takes everything.
type fake struct {
	mu      sync.Mutex
	answers []http.HandlerFunc
	forms   []url.Values
	auth    []string
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		panic(err)
	}
	f.mu.Lock()
	f.forms = append(f.forms, form)
	f.auth = append(f.auth, r.Header.Get("Authorization")+" "+r.Header.Get("X-Amz-Security-Token"))
	answer := accepted
	if len(f.answers) > 0 {
		answer, f.answers = f.answers[0], f.answers[1:]
	}
	f.mu.Unlock()
	answer(w, r)
}

func (f *fake) calls() []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.forms)
}

func (f *fake) signatures() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.auth)
}

func accepted(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, `<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendEmailResult><MessageId>0100-abc</MessageId></SendEmailResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SendEmailResponse>`)
}

func refused(status int, code, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code, text)
	}
}

// lost takes the message and drops the connection without an answer.
func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func start(t *testing.T, answers ...http.HandlerFunc) (domain.Sender, *fake) {
	t.Helper()
	f := &fake{answers: answers}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return newSender(t, Config{
		Region: "eu-north-1", Endpoint: server.URL, From: "no-reply@portal.example.com", FromName: "Nordrent Kundeportal Ø",
		ConfigurationSet: "fullmakt", Credentials: credentials,
	}), f
}

func newSender(t *testing.T, c Config) domain.Sender {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSendHandsOverStructuredFields(t *testing.T) {
	t.Parallel()
	s, f := start(t)
	m := message()
	id, err := s.Send(t.Context(), m)
	if err != nil || id != "0100-abc" {
		t.Fatalf("%q, %v", id, err)
	}
	want := url.Values{
		"Action": {"SendEmail"}, "Version": {"2010-12-01"},
		"Source":                           {"=?utf-8?q?Nordrent_Kundeportal_=C3=98?= <no-reply@portal.example.com>"},
		"Destination.ToAddresses.member.1": {"=?utf-8?q?Maija_Meik=C3=A4l=C3=A4inen?= <maija@example.com>"},
		"Message.Subject.Data":             {m.Subject}, "Message.Subject.Charset": {"UTF-8"},
		"Message.Body.Text.Data": {m.Text}, "Message.Body.Text.Charset": {"UTF-8"},
		"Message.Body.Html.Data": {m.HTML}, "Message.Body.Html.Charset": {"UTF-8"},
		"ConfigurationSetName": {"fullmakt"},
		"Tags.member.1.Name":   {"kind"}, "Tags.member.1.Value": {"activation"},
		"Tags.member.2.Name": {"mail"}, "Tags.member.2.Value": {"mai_01jdv7xg0000000000000000ab"},
	}
	if diff := cmp.Diff([]url.Values{want}, f.calls()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if auth := f.signatures()[0]; !strings.Contains(auth, "Credential=AKIDEXAMPLE/") || !strings.Contains(auth, "/eu-north-1/ses/aws4_request") || !strings.HasSuffix(auth, " session") {
		t.Errorf("signed with %q", auth)
	}
}

func TestSendTakesCredentialsOfTheEnvironment(t *testing.T) {
	f := &fake{}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_SESSION_TOKEN", "")
	s := newSender(t, Config{Region: "eu-north-1", Endpoint: server.URL, From: "no-reply@portal.example.com"})
	if _, err := s.Send(t.Context(), message()); err == nil || errors.Is(err, domain.ErrUndeliverable) {
		t.Errorf("without credentials: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDLAMBDA")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	if _, err := s.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if len(f.signatures()) != 1 || !strings.Contains(f.signatures()[0], "Credential=AKIDLAMBDA/") {
		t.Errorf("signed with %q", f.signatures())
	}
	if f.calls()[0].Has("ConfigurationSetName") || f.calls()[0].Get("Source") != "<no-reply@portal.example.com>" {
		t.Errorf("%v", f.calls()[0])
	}
}

func TestAddressesArriveAsTheyWereMeant(t *testing.T) {
	t.Parallel()
	s, f := start(t)
	names := []string{"", "Maija Meikäläinen", `Sean "Shay" O'Brien, Jr. <x@evil.example>`, "Müller (Åbo)", "Иванов Пётр", "김", strings.Repeat("Å", 40), strings.Repeat("Å", 100)}
	for i, name := range names {
		m := message()
		m.Name = name
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		to := f.calls()[i].Get("Destination.ToAddresses.member.1")
		got, err := mail.ParseAddress(to)
		if err != nil {
			t.Fatalf("%q: %v", to, err)
		}
		want := mail.Address{Name: name, Address: "maija@example.com"}
		if i == len(names)-1 {
			want.Name = "" // SES would refuse it whole
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if len(to) > 320 || strings.ContainsFunc(to, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("SES does not take %q", to)
		}
	}
}

func TestXD3_HeaderInjectionReachesNoHeader(t *testing.T) {
	t.Parallel()
	s, f := start(t)
	m := message()
	m.Name = "Eve\r\nBcc: all@example.com"
	if _, err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	form := f.calls()[0]
	if to := form.Get("Destination.ToAddresses.member.1"); strings.ContainsAny(to, "\r\n") || !strings.HasSuffix(to, "?= <maija@example.com>") {
		t.Errorf("to %q", to)
	}
	for field := range form {
		if strings.Contains(field, "Bcc") || strings.Contains(field, "Raw") || strings.Contains(field, "ToAddresses.member.2") {
			t.Errorf("there is %s", field)
		}
	}
	for name, change := range map[string]func(*domain.Message){
		"subject":  func(m *domain.Message) { m.Subject += "\r\nBcc: all@example.com" },
		"receiver": func(m *domain.Message) { m.To += "\nall@example.com" },
	} {
		m := message()
		change(&m)
		if _, err := s.Send(t.Context(), m); !errors.Is(err, domain.ErrUndeliverable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(f.calls()) != 1 {
		t.Errorf("%d messages reached SES, want 1", len(f.calls()))
	}
}

func TestXF8_ThrottlingIsWaitedOutAndSentOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"Throttling", "ThrottlingException"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			throttled := refused(400, code, "Maximum sending rate exceeded.")
			s, f := start(t, throttled, throttled)
			if id, err := s.Send(t.Context(), message()); err != nil || id != "0100-abc" {
				t.Errorf("%q, %v", id, err)
			}
			if len(f.calls()) != 3 {
				t.Errorf("%d calls, want 3", len(f.calls()))
			}
		})
	}
}

func TestXF8_LongThrottlingGoesBackToTheOutbox(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		calls int
		wait  time.Duration
	}{
		{"Maximum sending rate exceeded.", 3, 0},
		{"Daily message quota exceeded.", 1, quotaWait}, // a second's wait is of no use
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			throttled := refused(400, "Throttling", test.text)
			s, f := start(t, throttled, throttled, throttled, throttled)
			_, err := s.Send(t.Context(), message())
			busy, ok := errors.AsType[*domain.Error](err)
			if !ok || !errors.Is(err, domain.ErrSenderBusy) || busy.RetryAfter != test.wait {
				t.Errorf("%v, want that the sender is busy", err)
			}
			if len(f.calls()) != test.calls {
				t.Errorf("%d calls, want %d", len(f.calls()), test.calls)
			}
		})
	}
}

func TestXF1_LostAnswerIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"connection lost":     lost,
		"internal failure":    refused(500, "InternalFailure", "Try later."),
		"service unavailable": refused(503, "ServiceUnavailable", "Try later."),
		"not an answer":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, f := start(t, accepted, answer)
			if _, err := s.Send(t.Context(), message()); err != nil { // opens the connection
				t.Fatal(err)
			}
			if _, err := s.Send(t.Context(), message()); err == nil || errors.Is(err, domain.ErrUndeliverable) {
				t.Errorf("%v, want an error that may pass", err)
			}
			if len(f.calls()) != 2 {
				t.Errorf("%d calls, want 2", len(f.calls()))
			}
		})
	}
}

func TestOnlyWhatWasCertainlyNotSentIsRetried(t *testing.T) {
	t.Parallel()
	r := retry.NewStandard(retryOnlyUnsent)
	for op, want := range map[string]bool{"dial": true, "read": false, "write": false} {
		err := &url.Error{Op: "Post", URL: "https://email.example", Err: &net.OpError{Op: op, Err: errors.New("connection reset")}}
		if got := r.IsErrorRetryable(err); got != want {
			t.Errorf("%s: %v, want %v", op, got, want)
		}
	}
	if r.IsErrorRetryable(io.ErrUnexpectedEOF) || r.IsErrorRetryable(context.DeadlineExceeded) {
		t.Error("a lost answer is retried")
	}
}

func TestNoConnectionMayPass(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	s := newSender(t, Config{Region: "eu-north-1", Endpoint: server.URL, From: "no-reply@portal.example.com", Credentials: credentials})
	if _, err := s.Send(t.Context(), message()); err == nil || errors.Is(err, domain.ErrUndeliverable) {
		t.Errorf("%v, want an error that may pass", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Send(ctx, message()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status     int
		code, text string
		forGood    bool
	}{
		{400, "MessageRejected", "Address blacklisted: maija@example.com", true},
		{400, "InvalidParameterValue", "Missing final '@domain': maija@example.com", true},
		{400, "ValidationError", "Invalid address =?utf-8?q?Maija_Meik=C3=A4l=C3=A4inen?= &lt;maija@example.com&gt;", true},
		{400, "MessageRejected", "Email address is not verified. The following identities failed the check in region EU-NORTH-1: maija@example.com", false},
		{400, "MailFromDomainNotVerifiedException", "The MAIL FROM domain is pending.", false},
		{400, "ConfigurationSetDoesNotExist", "Configuration set fullmakt does not exist.", false},
		{400, "ConfigurationSetSendingPausedException", "Sending is paused.", false},
		{400, "AccountSendingPausedException", "Sending is paused.", false},
		{403, "AccessDenied", "User is not authorized to perform ses:SendEmail on maija@example.com", false},
		{403, "InvalidClientTokenId", "The security token is invalid.", false},
		{400, "SomethingNew", "Nobody knows.", false},
	} {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			s, f := start(t, refused(test.status, test.code, test.text))
			_, err := s.Send(t.Context(), message())
			if err == nil || errors.Is(err, domain.ErrUndeliverable) != test.forGood {
				t.Errorf("%v, want that it is for good: %v", err, test.forGood)
			}
			if len(f.calls()) != 1 {
				t.Errorf("%d calls, want 1", len(f.calls()))
			}
			if text := err.Error(); strings.Contains(text, "maija") || strings.Contains(text, "Maija") {
				t.Errorf("the error tells the receiver: %v", text)
			}
			if text := err.Error(); !strings.Contains(text, strings.TrimSuffix(test.code, "Exception")) || !strings.Contains(text, string(message().ID)) {
				t.Errorf("the error tells neither cause nor mail: %v", text)
			}
		})
	}
}

func TestXF19_NewRefusesWhatCanNeverSend(t *testing.T) {
	t.Parallel()
	good := Config{Region: "eu-north-1", From: "no-reply@portal.example.com"}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"no region":      func(c *Config) { c.Region = "" },
		"no sender":      func(c *Config) { c.From = "" },
		"no domain":      func(c *Config) { c.From = "no-reply" },
		"name in sender": func(c *Config) { c.From = "Nordrent <no-reply@portal.example.com>" },
		"two senders":    func(c *Config) { c.From = "a@example.com, b@example.com" },
		"line break":     func(c *Config) { c.From = "a@example.com\r\nBcc: b@example.com" },
		"not ASCII":      func(c *Config) { c.From = "no-reply@bokhåndel.example" },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// moto is an SES that we did not write.
func TestSendOnMoto(t *testing.T) {
	t.Parallel()
	endpoint := mototest.Start(t)
	config := Config{Region: "eu-north-1", Endpoint: endpoint, From: "no-reply@portal.example.com", FromName: "Nordrent Ø", Credentials: credentials}
	s, m := newSender(t, config), message()

	if _, err := s.Send(t.Context(), m); err == nil || errors.Is(err, domain.ErrUndeliverable) {
		t.Errorf("from a sender not verified yet: %v, want an error that may pass", err)
	}
	if _, err := client(config).VerifyEmailIdentity(t.Context(), &ses.VerifyEmailIdentityInput{EmailAddress: aws.String(config.From)}); err != nil {
		t.Fatal(err)
	}
	id, err := s.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}

	type sent struct {
		ID           string `json:"id"`
		Source       string `json:"source"`
		Subject      string `json:"subject"`
		Body         string `json:"body"`
		Destinations struct{ ToAddresses []string }
	}
	var data struct {
		SES struct{ Message []sent } `json:"ses"`
	}
	answer, err := http.Get(endpoint + "/moto-api/data.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&data); err != nil {
		t.Fatal(err)
	}
	want := sent{ID: id, Source: "=?utf-8?q?Nordrent_=C3=98?= <no-reply@portal.example.com>", Subject: m.Subject, Body: m.HTML}
	want.Destinations.ToAddresses = []string{"=?utf-8?q?Maija_Meik=C3=A4l=C3=A4inen?= <maija@example.com>"}
	if diff := cmp.Diff([]sent{want}, data.SES.Message); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

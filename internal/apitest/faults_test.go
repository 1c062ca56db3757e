package apitest

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// spoiled is a world whose table fails while a plan is set.
func spoiled(t *testing.T) (*World, func(plan func(tabletest.Call) tabletest.Fault)) {
	t.Helper()
	var plan atomic.Pointer[func(tabletest.Call) tabletest.Fault]
	w := On(t, SQLite(t), Options{Wrap: func(tb table.Table) table.Table {
		return tabletest.Inject(tb, func(c tabletest.Call) tabletest.Fault {
			if p := plan.Load(); p != nil {
				return (*p)(c)
			}
			return tabletest.Fault{}
		})
	}})
	return w, func(p func(tabletest.Call) tabletest.Fault) {
		if p == nil {
			plan.Store(nil)
			return
		}
		plan.Store(&p)
	}
}

// The answer of a write is lost on its way back from the table: the caller
// hears 503, sends the same again and gets the first one's answer.
func TestXF1_ARetryAfterALostAnswerIsTheSameRequest(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "edited@alpha.example", "user")
	etag := w.Want(http.StatusOK, Request{Method: "GET", Path: u.Path, Token: alpha.Token}).Header.Get("ETag")
	w.Pass(time.Second)
	operator := w.Operator()
	for name, r := range map[string]Request{
		"user-create": {Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
			"givenName": "N", "familyName": "N", "email": "once@alpha.example", "roles": []string{"user"},
		}},
		"user-update":         {Method: "PATCH", Path: u.Path, Token: alpha.Token, Body: Object{"givenName": "Once"}, Headers: []Header{{"If-Match", etag}}},
		"organization-create": {Method: "POST", Path: "/v1/organizations", Token: operator, Body: bodies["organization-create"]},
		"me-update": {Method: "PATCH", Path: "/v1/me", Token: alpha.Token, Body: Object{"phone": "+358401234567"}, Headers: []Header{
			{"If-Match", w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: alpha.Token}).Header.Get("ETag")},
		}},
		"user-resend-activation": {Method: "POST", Path: u.Path + "/activation", Token: alpha.Token},
	} {
		r.Headers = append(r.Headers, Header{"Idempotency-Key", name})
		lost := true
		spoil(func(c tabletest.Call) tabletest.Fault {
			if c.Method == tabletest.Transact && lost {
				lost = false
				return tabletest.LostAnswer
			}
			return tabletest.Fault{}
		})
		if a := w.Send(r); a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s, answer lost: %d %s", name, a.Status, a.Raw)
		}
		spoil(nil)
		before := w.Dump()
		if a := w.Send(r); a.Status >= 300 {
			t.Errorf("%s, sent again: %d %s", name, a.Status, a.Raw)
		}
		if after := w.Dump(); after != before {
			t.Errorf("%s has had a second effect:\n%s", name, Difference(before, after))
		}
	}
}

// The table is down: nobody is let in, nothing is half done, all of it says 503.
func TestXF5_NothingIsAllowedByDefault(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	alpha, service := w.Customer("alpha"), w.Service("evaluate", "search")
	before := w.Dump()
	spoil(func(tabletest.Call) tabletest.Fault { return tabletest.Down })
	for _, e := range api.Endpoints() {
		if e.ID == "profile-get" || e.ID == "authzen-configuration" || strings.HasPrefix(e.ID, "activation-") || strings.HasPrefix(e.ID, "email-undo-") || e.ID == "password-reset-check" || e.ID == "password-reset-complete" {
			continue // these read nothing for the requests of the loop
		}
		token := alpha.Token
		if e.Access.Service != "" {
			token = service
		}
		r := request(t, e, alpha.ID, alpha.AdminID, token)
		a := w.Send(r)
		if a.Status != http.StatusServiceUnavailable || a.Code() != "unavailable" || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", e.ID, a.Status, a.Raw)
		}
		if strings.Contains(string(a.Raw), "injected") {
			t.Errorf("%s tells of the inside: %s", e.ID, a.Raw)
		}
	}
	spoil(nil)
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: alpha.Token})
}

// crashing is a sender that sends, or not, and never comes back, as if the process had died.
type crashing struct {
	*filemail.Mailbox
	before, after atomic.Int32 // how many of the next sends crash
}

func (s *crashing) Send(ctx context.Context, m domain.Message) (string, error) {
	if s.before.Add(-1) >= 0 {
		runtime.Goexit()
	}
	id, err := s.Mailbox.Send(ctx, m)
	if err == nil && s.after.Add(-1) >= 0 {
		runtime.Goexit()
	}
	return id, err
}

// The process dies around the sending of a mail. The mail is not lost; if it
// had left already it leaves once more, with the same link, which works once.
func TestXF11_MailSurvivesACrash(t *testing.T) {
	t.Parallel()
	sender := &crashing{}
	w := On(t, SQLite(t), Options{Sender: func(m *filemail.Mailbox) domain.Sender {
		sender.Mailbox = m
		return sender
	}})
	alpha := w.Customer("alpha")
	die := func() {
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := w.App.Run(context.Background(), "mail-dispatch", nil)
			t.Errorf("no crash: %v", err)
		})
		wg.Wait()
	}

	w.Invite(alpha, "before@alpha.example", "user")
	sender.before.Store(1)
	die()
	if n := len(w.Mails("before@alpha.example")); n != 0 {
		t.Fatalf("%d mails while another may be sending it", n)
	}
	w.Pass(domain.MailLease)
	if n := len(w.Mails("before@alpha.example")); n != 1 {
		t.Errorf("%d mails after a crash before sending", n)
	}

	w.Invite(alpha, "after@alpha.example", "user")
	sender.after.Store(1)
	die()
	w.Pass(domain.MailLease)
	mails := w.Mails("after@alpha.example")
	if len(mails) != 2 || mails[0].Links[0] != mails[1].Links[0] {
		t.Fatalf("after a crash after sending: %+v", mails)
	}
	w.Activate("after@alpha.example", Password)

	// The change did not happen: no mail.
	before := len(w.Mailbox.Messages())
	w.Want(http.StatusConflict, Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
		"givenName": "N", "familyName": "N", "email": "after@alpha.example", "roles": []string{"user"},
	}})
	w.Dispatch()
	if n := len(w.Mailbox.Messages()); n != before {
		t.Errorf("%d mails of a change that did not happen", n-before)
	}
}

// refusing is a sender that fails for a while.
type refusing struct {
	*filemail.Mailbox
	left atomic.Int32
	with error
}

func (s *refusing) Send(ctx context.Context, m domain.Message) (string, error) {
	if s.left.Add(-1) >= 0 {
		return "", s.with
	}
	return s.Mailbox.Send(ctx, m)
}

func TestXF8_MailIsTriedAgain(t *testing.T) {
	t.Parallel()
	sender := &refusing{with: errors.New("throttled")}
	w := On(t, SQLite(t), Options{Sender: func(m *filemail.Mailbox) domain.Sender {
		sender.Mailbox = m
		return sender
	}})
	alpha := w.Customer("alpha")
	w.Invite(alpha, "late@alpha.example", "user")
	sender.left.Store(5)
	for range 12 {
		w.Mails("late@alpha.example")
		w.Pass(10 * time.Minute)
	}
	if n := len(w.Mails("late@alpha.example")); n != 1 {
		t.Errorf("%d mails", n)
	}

	// What is refused for good is not tried for ever.
	sender.with = domain.ErrUndeliverable
	alpha.Token = w.SignIn(alpha.AdminEmail, Password)
	w.Invite(alpha, "never@alpha.example", "user")
	sender.left.Store(1)
	for range 5 {
		w.Mails("never@alpha.example")
		w.Pass(time.Hour)
	}
	if n := len(w.Mails("never@alpha.example")); n != 0 {
		t.Errorf("%d mails", n)
	}
	if !strings.Contains(w.DumpAll(), `"state":"dead"`) {
		t.Error("the mail is not dead")
	}
}

// XF12: the stream may tell of an item more than once, and late.
func TestXF12_AnOutboxItemIsSentOnce(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	w.Invite(alpha, "once@alpha.example", "user")
	event := w.StreamEvent()
	for range 5 {
		if _, err := w.App.Run(context.Background(), "mail-dispatch", event); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.Mails("once@alpha.example")); n != 1 {
		t.Errorf("%d mails", n)
	}
}

func TestXF18_APanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	alpha := w.Customer("alpha")
	spoil(func(tabletest.Call) tabletest.Fault { panic("the inside of it") })
	a := w.Want(http.StatusInternalServerError, Request{Method: "GET", Path: "/v1/me", Token: alpha.Token})
	if a.Code() != "internal" || strings.Contains(string(a.Raw), "inside") {
		t.Errorf("answer: %s", a.Raw)
	}
	if log := w.Log.String(); !strings.Contains(log, "the inside of it") || !strings.Contains(log, a.Text("requestId")) {
		t.Errorf("log: %s", log)
	}
	spoil(nil)
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: alpha.Token})
}

// A change whose audit entry cannot be written does not happen.
func TestXH13_NoAuditNoChange(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "kept@alpha.example", "user")
	operator := w.Operator()
	before := w.Dump()
	audited := 0
	spoil(func(c tabletest.Call) tabletest.Fault {
		for _, op := range c.Ops {
			if strings.HasPrefix(op.Item.PK, "AUDIT#") {
				audited++
				return tabletest.Down
			}
		}
		return tabletest.Fault{}
	})
	for _, r := range []Request{
		{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: bodies["user-create"]},
		{Method: "PATCH", Path: u.Path, Token: alpha.Token, Body: Object{"givenName": "X"}, Headers: []Header{{"If-Match", `"1"`}}},
		{Method: "DELETE", Path: u.Path, Token: alpha.Token},
		{Method: "PUT", Path: u.Path + "/validity", Token: alpha.Token, Body: bodies["user-set-validity"], Headers: []Header{{"If-Match", `"1"`}}},
		{Method: "PUT", Path: u.Path + "/assignments", Token: alpha.Token, Body: bodies["assignment-replace"], Headers: []Header{{"If-Match", `"1"`}}},
		{Method: "DELETE", Path: u.Path + "/assignments", Token: alpha.Token},
		{Method: "POST", Path: u.Path + "/activation", Token: alpha.Token},
		{Method: "PATCH", Path: alpha.Path(""), Token: alpha.Token, Body: Object{"name": "X"}, Headers: []Header{{"If-Match", `"1"`}}},
		{Method: "PUT", Path: "/v1/me/password", Token: alpha.Token, Body: bodies["me-password"]},
		{Method: "DELETE", Path: "/v1/people/" + u.ID, Token: operator},
		{Method: "GET", Path: "/v1/people/" + u.ID + "/export", Token: operator}, // nothing is told that is not on record
	} {
		was := audited
		if a := w.Send(r); a.Status != http.StatusServiceUnavailable {
			t.Errorf("%s %s: %d %s", r.Method, r.Path, a.Status, a.Raw)
		}
		if audited != was+1 {
			t.Errorf("%s %s wrote %d audit entries", r.Method, r.Path, audited-was)
		}
	}
	spoil(nil)
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
}

// XH1: nothing personal in the log, whatever goes wrong.
func TestXH1_TheLogHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	alpha := w.Customer("alpha")
	w.Invite(alpha, "canary-address@alpha.example", "user")
	token := w.Link("canary-address@alpha.example")
	for _, f := range []tabletest.Fault{tabletest.Down, {Before: errors.New("odd")}} {
		spoil(func(tabletest.Call) tabletest.Fault { return f })
		for _, r := range []Request{
			{Method: "POST", Path: "/v1/sessions", Body: Object{"email": "canary-address@alpha.example", "password": "canary-password"}},
			{Method: "POST", Path: "/v1/activations", Body: Object{"token": token, "password": "canary-password"}},
			{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
				"givenName": "Canary-name", "familyName": "N", "email": "canary-address@alpha.example", "roles": []string{"user"}, "phone": "+358409998887",
			}},
		} {
			w.Send(r)
		}
	}
	log := w.Log.String()
	if log == "" {
		t.Fatal("nothing was logged")
	}
	for _, canary := range []string{"canary", "Canary", "409998887", token, alpha.Token} {
		if strings.Contains(log, canary) {
			t.Errorf("the log holds %s", canary)
		}
	}
}

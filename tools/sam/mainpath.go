package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/openapi"
	"github.com/fullmakt/fullmakt/internal/openapi/conform"
)

// object is a JSON object.
type object = map[string]any

const (
	password    = "correct horse battery"
	newPassword = "a wholly new one"
	colleague   = "colleague@alpha.example"
)

// visitor goes the main path as users do: by the API, and by the links in their
// mails. It panics with a failure at what should not be.
type visitor struct {
	ctx    context.Context
	stage  *stage
	check  *conform.Checker
	mailer func(id, event string) ([]byte, error)

	operator, alpha, beta string // tokens of sessions of administrators
	alphaPath             string // of the organization
	userPath              string // of the colleague
	session               string // of the colleague
}

type failure string

func (v *visitor) fail(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

// test goes the main path on a stage of its own.
func test(ctx context.Context, image string) (err error) {
	document, err := openapi.Document(api.Endpoints())
	if err != nil {
		return err
	}
	check, err := conform.New(document)
	if err != nil {
		return err
	}
	began := time.Now()
	port, err := freePort()
	if err != nil {
		return err
	}
	s, err := openStage(ctx, image, port)
	if err != nil {
		return err
	}
	defer s.close()
	v := &visitor{ctx: ctx, stage: s, check: check}
	fmt.Printf("in %.1f s: engine, image, DynamoDB Local, SES and KMS\n", time.Since(began).Seconds())
	began = time.Now()
	if v.mailer, err = s.start(ctx); err != nil {
		return err
	}
	first, err := s.functions.find("profile-get")
	if err != nil {
		return err
	}
	log := home + "/api.log"
	if _, err := s.serve(ctx, "start-api", first.Template, log, port); err != nil {
		return err
	}
	fmt.Printf("in %.1f s: store-bootstrap by sam local invoke, sam local start-lambda, sam local start-api\n", time.Since(began).Seconds())

	if err := mounted(log); err != nil {
		return err
	}
	passed := 0
	for _, step := range path {
		began := time.Now()
		if err := v.try(step.goes); err != nil {
			fmt.Printf("FAIL %s: %v\n\n%d passed, 1 failed\n", step.name, err, passed)
			return fmt.Errorf("the main path ends at %q; %s and %s tell more", step.name, log, home+"/jobs.log")
		}
		passed++
		fmt.Printf("ok   %s (%.1f s)\n", step.name, time.Since(began).Seconds())
	}
	fmt.Printf("\n%d passed, 0 failed\n", passed)
	return nil
}

// mounted tells whether SAM has found all endpoints, of which the main path
// calls some.
func mounted(log string) error {
	said, err := os.ReadFile(log)
	if err != nil {
		return err
	}
	var missing []string
	for _, e := range api.Endpoints() {
		line := regexp.MustCompile(`(?m)^Mounting .*:\d+` + regexp.QuoteMeta(e.Path) + ` \[(.*, )?` + e.Method + `[\],]`)
		if !line.Match(said) {
			missing = append(missing, e.ID)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("SAM does not serve %s", strings.Join(missing, ", "))
	}
	fmt.Printf("SAM serves all %d endpoints\n", len(api.Endpoints()))
	return nil
}

func (v *visitor) try(step func(*visitor)) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = fmt.Errorf("%s", string(p))
		default:
			panic(p)
		}
	}()
	step(v)
	return v.ctx.Err()
}

// path is the main path, in its order.
var path = []struct {
	name string
	goes func(*visitor)
}{
	{"a stranger reads the profile and nothing else", (*visitor).stranger},
	{"the link in the operator's mail leads to a page; the operator activates and signs in", (*visitor).operatorSignsIn},
	{"the operator makes two customers, whose administrators activate by mail and sign in", (*visitor).customers},
	{"an administrator invites a colleague, twice, and the first link is dead", (*visitor).invitation},
	{"the colleague activates and signs in, and administers nobody", (*visitor).colleagueSignsIn},
	{"another organization does not exist for its neighbours", (*visitor).neighbours},
	{"the administrator gives the colleague another name and role", (*visitor).edit},
	{"a forgotten password is reset by mail, and ends the sessions", (*visitor).reset},
	{"a removed user is gone", (*visitor).removal},
	{"the audit has it all", (*visitor).audit},
}

func (v *visitor) stranger() {
	v.want(200, "GET", "/v1/profile", "", nil)
	for _, token := range []string{"", "fms_not-a-token"} {
		v.want(401, "GET", "/v1/me", token, nil)
		v.want(401, "GET", "/v1/organizations", token, nil)
		v.want(401, "POST", "/v1/organizations", token, customer("alpha", "2077474-0"))
	}
	v.want(401, "POST", "/v1/sessions", "", object{"email": operatorEmail, "password": password})
	// Where nothing is, SAM answers as the gateway would, and not one of ours.
	if a := v.send("GET", "/v1/nothing", "", nil, ""); a.Status != 403 && a.Status != 404 {
		v.fail("GET /v1/nothing: %d", a.Status)
	}
}

func (v *visitor) operatorSignsIn() {
	v.link(operatorEmail, "Activate")
	page, _, _ := strings.Cut(v.newest(operatorEmail).links()[0], "#")
	for path, content := range map[string]string{strings.TrimPrefix(page, v.stage.Base): "text/html", "/portal/portal.css": "text/css"} {
		if a := v.send("GET", path, "", nil, ""); a.Status != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), content) {
			v.fail("GET %s: %d, %s", path, a.Status, a.Header.Get("Content-Type"))
		}
	}
	v.activate(operatorEmail, "Activate")
	v.want(401, "POST", "/v1/sessions", "", object{"email": operatorEmail, "password": "not my password"})
	v.operator = v.signIn(operatorEmail, password)
}

func customer(name, businessID string) object {
	return object{
		"name": strings.ToUpper(name[:1]) + name[1:] + " Oy", "country": "FI", "businessId": businessID,
		"administrator": object{"givenName": "Aada", "familyName": "Admin", "email": "admin@" + name + ".example", "language": "sv"},
	}
}

func (v *visitor) customers() {
	a := v.want(201, "POST", "/v1/organizations", v.operator, customer("alpha", "2077474-0"))
	v.alphaPath = "/v1/organizations/" + a.text("id")
	if a := v.want(409, "POST", "/v1/organizations", v.operator, customer("alpha", "2077474-0")); a.text("code") != "organization-exists" {
		v.fail("the same customer once more: %s", a.Raw)
	}
	v.want(201, "POST", "/v1/organizations", v.operator, customer("beta", "0112038-9"))
	v.activate("admin@alpha.example", "Aktivera")
	v.activate("admin@beta.example", "Aktivera")
	v.alpha, v.beta = v.signIn("admin@alpha.example", password), v.signIn("admin@beta.example", password)
}

func (v *visitor) invitation() {
	user := object{"givenName": "Ulla", "familyName": "User", "email": colleague, "roles": []string{"user"}}
	v.userPath = v.alphaPath + "/users/" + v.want(201, "POST", v.alphaPath+"/users", v.alpha, user).text("id")
	first := v.link(colleague, "")
	list := v.want(200, "GET", v.alphaPath+"/users", v.alpha, nil)
	if list.text("items/0/familyName") != "Admin" || list.text("items/1/status") != "invited" || list.text("items/2/id") != "" {
		v.fail("list: %s", list.Raw)
	}
	v.want(202, "POST", v.userPath+"/activation", v.alpha, nil)
	second := v.link(colleague, "")
	if a := v.want(400, "POST", "/v1/activations/check", "", object{"token": first}); a.text("code") != "link-invalid" {
		v.fail("the first link: %s", a.Raw)
	}
	if a := v.want(200, "POST", "/v1/activations/check", "", object{"token": second}); a.text("email") != "co***@alpha.example" || a.text("organizationName") != "Alpha Oy" {
		v.fail("the second link: %s", a.Raw)
	}
}

func (v *visitor) colleagueSignsIn() {
	v.activate(colleague, "")
	if a := v.want(409, "POST", v.userPath+"/activation", v.alpha, nil); a.text("code") != "already-activated" {
		v.fail("a link for who needs none: %s", a.Raw)
	}
	v.session = v.signIn(colleague, password)
	if a := v.want(403, "GET", v.alphaPath+"/users", v.session, nil); a.text("code") != "forbidden" {
		v.fail("a user lists users: %s", a.Raw)
	}
	v.want(403, "POST", "/v1/organizations", v.session, customer("gamma", "0116297-6"))
	if a := v.want(200, "GET", v.userPath, v.alpha, nil); a.text("status") != "active" || a.text("lastSignInAt") == "" {
		v.fail("the colleague: %s", a.Raw)
	}
}

func (v *visitor) neighbours() {
	for _, path := range []string{v.alphaPath, v.alphaPath + "/users", v.userPath, v.alphaPath + "/audit"} {
		v.want(404, "GET", path, v.beta, nil)
		v.want(401, "GET", path, "", nil)
	}
	v.want(404, "DELETE", v.userPath, v.beta, nil)
	v.want(404, "POST", v.alphaPath+"/users", v.beta, object{"givenName": "B", "familyName": "B", "email": "b@beta.example", "roles": []string{"user"}})
	if a := v.want(200, "GET", "/v1/organizations", v.beta, nil); a.text("items/0/name") != "Beta Oy" || a.text("items/1/id") != "" {
		v.fail("beta sees %s", a.Raw)
	}
}

func (v *visitor) edit() {
	change := object{"familyName": "Changed", "roles": []string{"superuser"}}
	tag := v.want(200, "GET", v.userPath, v.alpha, nil).Header.Get("ETag")
	v.wanted(200, v.send("PATCH", v.userPath, v.alpha, change, tag))
	v.wanted(412, v.send("PATCH", v.userPath, v.alpha, change, tag))
	if me := v.want(200, "GET", "/v1/me", v.session, nil); me.text("familyName") != "Changed" || me.text("memberships/0/roles/0") != "superuser" {
		v.fail("me: %s", me.Raw)
	}
}

func (v *visitor) reset() {
	v.want(202, "POST", "/v1/password-resets", "", object{"email": "nobody@alpha.example"})
	v.want(202, "POST", "/v1/password-resets", "", object{"email": colleague})
	token := v.link(colleague, "")
	v.want(200, "POST", "/v1/password-resets/check", "", object{"token": token})
	v.want(200, "POST", "/v1/password-resets/complete", "", object{"token": token, "password": newPassword})
	v.want(400, "POST", "/v1/password-resets/complete", "", object{"token": token, "password": newPassword})
	v.want(401, "GET", "/v1/me", v.session, nil)
	v.want(401, "POST", "/v1/sessions", "", object{"email": colleague, "password": password})
	v.session = v.signIn(colleague, newPassword)
	if m := v.newest(colleague); len(m.links()) != 0 {
		v.fail("the notice of a new password has links: %q", m.links())
	}
	for _, m := range v.mails() {
		if strings.Contains(strings.Join(m.To, " "), "nobody@") {
			v.fail("a mail to who is not there: %s", m.Subject)
		}
	}
}

func (v *visitor) removal() {
	v.want(204, "DELETE", v.userPath, v.alpha, nil)
	v.want(404, "GET", v.userPath, v.alpha, nil)
	v.want(401, "GET", "/v1/me", v.session, nil)
	v.want(401, "POST", "/v1/sessions", "", object{"email": colleague, "password": newPassword})
}

func (v *visitor) audit() {
	a := v.want(200, "GET", v.alphaPath+"/audit", v.alpha, nil)
	var actions []string
	for i := 0; a.text(fmt.Sprintf("items/%d/action", i)) != ""; i++ {
		actions = append(actions, a.text(fmt.Sprintf("items/%d/action", i)))
	}
	want := "user.removed user.password-changed user.password-reset-requested user.updated user.activated user.activation-sent user.created user.activated user.created organization.created"
	if got := strings.Join(actions, " "); got != want {
		v.fail("audit:\n got %s\nwant %s", got, want)
	}
	v.want(204, "DELETE", "/v1/me/sessions/current", v.alpha, nil)
	v.want(401, "GET", v.alphaPath+"/audit", v.alpha, nil)
}

// signIn opens a session.
func (v *visitor) signIn(email, password string) (token string) {
	return v.want(201, "POST", "/v1/sessions", "", object{"email": email, "password": password}).text("token")
}

// activate chooses a password by the link of the newest mail, which has a word
// in its subject.
func (v *visitor) activate(email, word string) {
	v.want(200, "POST", "/v1/activations", "", object{"token": v.link(email, word), "password": password})
}

// link is the token of the link in the newest mail to an address.
func (v *visitor) link(email, word string) string {
	m := v.newest(email)
	links := m.links()
	if len(links) != 1 || !strings.HasPrefix(links[0], v.stage.Base+"/") || !strings.Contains(m.Subject, word) {
		v.fail("the mail %q to %s has the links %q, want one to %s", m.Subject, email, links, v.stage.Base)
	}
	_, token, _ := strings.Cut(links[0], "#token=")
	return token
}

// newest is the newest mail to an address.
func (v *visitor) newest(email string) (newest mail) {
	for _, m := range v.mails() {
		if strings.Contains(strings.Join(m.To, " "), "<"+email+">") {
			newest = m
		}
	}
	if newest.Subject == "" {
		v.fail("no mail to %s", email)
	}
	return newest
}

// mails lets the outbox be sent, and returns all mails. The first round can
// turn a request into a mail, which the second sends.
func (v *visitor) mails() []mail {
	for range 2 {
		if _, err := v.mailer("mail-dispatch", "{}"); err != nil {
			v.fail("%v", err)
		}
	}
	mails, err := v.stage.Services.mails(v.ctx)
	if err != nil {
		v.fail("%v", err)
	}
	return mails
}

// answer is what came back.
type answer struct {
	Method, Path string
	Status       int
	Header       http.Header
	Raw          []byte
	Body         any
}

// text is a member of the body, by a path such as "items/0/email".
func (a answer) text(path string) string {
	at := a.Body
	for name := range strings.SplitSeq(path, "/") {
		switch in := at.(type) {
		case object:
			at = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(in) {
				return ""
			}
			at = in[i]
		}
	}
	if at == nil {
		return ""
	}
	return fmt.Sprint(at)
}

// want sends a request and demands a status, and an answer as the API's
// description has it.
func (v *visitor) want(status int, method, path, token string, body object) answer {
	return v.wanted(status, v.send(method, path, token, body, ""))
}

func (v *visitor) wanted(status int, a answer) answer {
	if a.Status != status {
		v.fail("%s %s: %d %s, want %d", a.Method, a.Path, a.Status, a.Raw, status)
	}
	if err := v.check.Response(a.Method, a.Path, a.Status, a.Header, a.Raw); err != nil {
		v.fail("%v", err)
	}
	return a
}

func (v *visitor) send(method, path, token string, body object, ifMatch string) answer {
	var in io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			v.fail("%v", err)
		}
		in = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(v.ctx, method, v.stage.Base+path, in)
	if err != nil {
		v.fail("%v", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if ifMatch != "" {
		r.Header.Set("If-Match", ifMatch)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		v.fail("%v", err)
	}
	defer res.Body.Close()
	a := answer{Method: method, Path: path, Status: res.StatusCode, Header: res.Header}
	if a.Raw, err = io.ReadAll(res.Body); err != nil {
		v.fail("%s %s: %v", method, path, err)
	}
	if len(a.Raw) == 0 {
		a.Header.Del("Content-Type") // SAM's own: it says JSON of nothing, too
	}
	if strings.Contains(a.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.Raw, &a.Body); err != nil {
			v.fail("%s %s: %v", method, path, err)
		}
	}
	return a
}

package apitest

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// people who cannot sign in, each for a reason of their own.
func outsiders(t *testing.T, w *World) map[string]string {
	t.Helper()
	alpha := w.Customer("alpha")
	w.Join(alpha, "right@alpha.example", "user")
	w.Invite(alpha, "invited@alpha.example", "user")
	removed, _ := w.Join(alpha, "removed@alpha.example", "user")
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: removed.Path, Token: alpha.Token})
	w.JoinWith(alpha, "expired@alpha.example", Object{"type": "fixedTerm", "from": "2026-11-01", "to": "2026-11-02"})
	w.JoinWith(alpha, "locking@alpha.example", nil)
	w.Lock(alpha, "locking@alpha.example")
	w.Pass(24 * time.Hour)
	return map[string]string{
		"unknown": "unknown@alpha.example", "wrong password": "right@alpha.example", "not activated": "invited@alpha.example",
		"removed": "removed@alpha.example", "expired": "expired@alpha.example", "locked": "locking@alpha.example",
	}
}

func TestXA1_SignInTellsNobodyApart(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		var first string
		for state, email := range outsiders(t, w) {
			password := Password
			if state == "wrong password" {
				password = "wrong and wrong"
			}
			a := w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": email, "password": password}})
			if a.Status != http.StatusUnauthorized || a.Code() != "sign-in-failed" {
				t.Errorf("%s: %d %s", state, a.Status, a.Raw)
			}
			if first == "" {
				first = same(a)
			}
			if same(a) != first {
				t.Errorf("%s differs: %s", state, a.Raw)
			}
		}
	})
}

func TestXA2_ForgottenPasswordTellsNobodyApart(t *testing.T) {
	t.Parallel()
	w := New(t)
	people := outsiders(t, w)
	people["real"] = "right@alpha.example"
	var first string
	for state, email := range people {
		before := len(w.Mails(email))
		a := w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": email}})
		if first == "" {
			first = same(a)
		}
		if same(a) != first {
			t.Errorf("%s differs: %s", state, a.Raw)
		}
		after := len(w.Mails(email))
		if email == "right@alpha.example" {
			continue // counted below: two states share the address
		}
		if after != before {
			t.Errorf("%s: %d mails", state, after-before)
		}
	}
	if mails := w.Mails("right@alpha.example"); mails[0].Kind != "password-reset" {
		t.Errorf("the real one got %s", mails[0].Kind)
	}
}

func TestXA3_LinksTellNothingApart(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	w.Join(alpha, "used@alpha.example", "user")
	used := w.Mailbox.Messages()
	usedToken := ""
	for _, m := range used {
		if string(m.To) == "used@alpha.example" {
			_, usedToken, _ = strings.Cut(m.Links[0], "#token=")
		}
	}
	w.Invite(alpha, "old@alpha.example", "user")
	expired := w.Link("old@alpha.example")
	w.Pass(8 * 24 * time.Hour)
	alpha.Token = w.SignIn(alpha.AdminEmail, Password)
	w.Invite(alpha, "fresh@alpha.example", "user")
	fresh := w.Link("fresh@alpha.example")
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": "used@alpha.example"}})
	reset := w.Link("used@alpha.example")
	foreign := fresh[:4] + used[0].Links[0][len(used[0].Links[0])-95:len(used[0].Links[0])-43] + fresh[len(fresh)-43:]

	for _, path := range []string{"/v1/activations/check", "/v1/activations"} {
		var first string
		for name, token := range map[string]string{
			"unknown": strings.Repeat("x", 99), "used": usedToken, "expired": expired, "other purpose": reset,
			"truncated": fresh[:len(fresh)-1], "longer": fresh + "A", "empty": "", "another's secret": foreign,
			"flipped": fresh[:len(fresh)-2] + "--",
		} {
			body := Object{"token": token}
			if path == "/v1/activations" {
				body["password"] = Password
			}
			a := w.Send(Request{Method: "POST", Path: path, Body: body})
			if a.Status != http.StatusBadRequest || a.Code() != "link-invalid" {
				t.Errorf("%s, %s: %d %s", path, name, a.Status, a.Raw)
			}
			if first == "" {
				first = same(a)
			}
			if same(a) != first {
				t.Errorf("%s, %s differs: %s", path, name, a.Raw)
			}
		}
	}
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations/check", Body: Object{"token": fresh}})
}

// Unknown or known, one hash is computed. This is the noise-free half of the
// comparison of times.
func TestXA6_UnknownPeopleCostTheSameHash(t *testing.T) {
	t.Parallel()
	w := New(t)
	for state, email := range outsiders(t, w) {
		before := w.Hasher.Asked()
		w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": email, "password": "wrong and wrong"}})
		if n := w.Hasher.Asked() - before; n != 1 {
			t.Errorf("%s: %d hashes", state, n)
		}
	}
	// A reset request computes none and writes the same for everybody.
	for _, email := range []string{"right@alpha.example", "unknown@alpha.example"} {
		before := w.Hasher.Asked()
		w.Send(Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": email}})
		if n := w.Hasher.Asked() - before; n != 0 {
			t.Errorf("reset of %s: %d hashes", email, n)
		}
	}
}

func TestXA7_ParallelGuessesDoNotPassTheLimit(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		w.Join(alpha, "victim@alpha.example", "user")
		before := w.Hasher.Asked()
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 64 {
			wg.Go(func() {
				a, err := w.Try(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": "victim@alpha.example", "password": "guess and guess"}})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				statuses[a.Status]++
				if a.Status == http.StatusTooManyRequests && a.Header.Get("Retry-After") == "" {
					t.Error("throttled without Retry-After")
				}
			})
		}
		wg.Wait()
		if n := w.Hasher.Asked() - before; n > 5 {
			t.Errorf("%d of 64 parallel guesses were evaluated: %v", n, statuses)
		}
		if statuses[http.StatusUnauthorized]+statuses[http.StatusTooManyRequests] != 64 {
			t.Errorf("statuses: %v", statuses)
		}

		// Throttled or not, the way back in by mail is open, and clears the way.
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": "victim@alpha.example"}})
		w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": w.Link("victim@alpha.example"), "password": "a wholly new one"}})
		w.SignIn("victim@alpha.example", "a wholly new one")
	})
}

func TestXA7_TheRightPasswordWorksAfterTheWait(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	w.Join(alpha, "victim@alpha.example", "user")
	guess := Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": "victim@alpha.example", "password": "guess and guess"}}
	for range 5 {
		w.Want(http.StatusUnauthorized, guess)
	}
	right := Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": "victim@alpha.example", "password": Password}}
	if a := w.Want(http.StatusTooManyRequests, right); a.Header.Get("Retry-After") != "30" {
		t.Errorf("Retry-After: %s", a.Header.Get("Retry-After"))
	}
	w.Pass(30 * time.Second)
	w.Want(http.StatusCreated, right)
	// The success has cleared the count.
	for range 5 {
		w.Want(http.StatusUnauthorized, guess)
	}
}

// XA9: many accounts, one source.
func TestXA9_SprayingFromOneSourceIsThrottled(t *testing.T) {
	t.Parallel()
	w := New(t)
	throttled := 0
	for i := range 120 {
		a := w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": "n" + text(i) + "@alpha.example", "password": "Summer2026!"}})
		if a.Status == http.StatusTooManyRequests {
			throttled++
		}
	}
	if throttled != 20 {
		t.Errorf("%d of 120 throttled, want 20", throttled)
	}
}

// The source is what the gateway saw, whatever the caller says.
func TestXA10_ForwardedHeadersDoNotDodgeLimits(t *testing.T) {
	t.Parallel()
	w := New(t)
	statuses := map[int]int{}
	for i := range 8 {
		ip := "198.51.100." + text(i)
		a := w.Send(Request{
			Method: "POST", Path: "/v1/sessions", Body: Object{"email": "victim@alpha.example", "password": "guess and guess"},
			Headers: []Header{{"X-Forwarded-For", ip}, {"Forwarded", "for=" + ip}, {"X-Real-IP", ip}, {"True-Client-IP", ip}, {"CF-Connecting-IP", ip}},
		})
		statuses[a.Status]++
	}
	if statuses[http.StatusUnauthorized] != 5 || statuses[http.StatusTooManyRequests] != 3 {
		t.Errorf("statuses: %v", statuses)
	}
}

func TestXA11_MailsCannotBeFlooded(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	w.Join(alpha, "victim@alpha.example", "user")
	answers := map[int]int{}
	for range 50 {
		a := w.Send(Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": "victim@alpha.example"}})
		answers[a.Status]++
		w.Dispatch()
	}
	// To who asks, a mail too many looks like any other; only a source that asks
	// too often is told so.
	if answers[http.StatusAccepted] != 30 || answers[http.StatusTooManyRequests] != 20 {
		t.Errorf("answers: %v", answers)
	}
	resets := 0
	for _, m := range w.Mails("victim@alpha.example") {
		if m.Kind == "password-reset" {
			resets++
		}
	}
	if resets > 3 {
		t.Errorf("%d mails", resets)
	}
	if a := w.Want(http.StatusBadRequest, Request{Method: "POST", Path: "/v1/password-resets/check", Body: Object{"token": w.NthLink("victim@alpha.example", "password-reset", 1)}}); a.Code() != "link-invalid" {
		t.Errorf("an older link: %s", a.Raw)
	}

	// The envelope of the user list.
	u := w.Invite(alpha, "envelope@alpha.example", "user")
	statuses := map[int]int{}
	for range 10 {
		statuses[w.Send(Request{Method: "POST", Path: u.Path + "/activation", Token: alpha.Token}).Status]++
	}
	if n := len(w.Mails(u.Email)); n > 3 || statuses[http.StatusTooManyRequests] == 0 {
		t.Errorf("%d activation mails, %v", n, statuses)
	}
	w.Pass(time.Hour)
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: u.Path + "/activation", Token: w.SignIn(alpha.AdminEmail, Password)})
}

func TestXA12_OneLinkOneWinner(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		u := w.Invite(alpha, "racer@alpha.example", "user")
		token := w.Link(u.Email)
		const n = 64
		statuses := make([]int, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				a, err := w.Try(Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": token, "password": "my own password " + text(i)}})
				if err != nil {
					t.Error(err)
				}
				statuses[i] = a.Status
			})
		}
		wg.Wait()
		winner := slices.Index(statuses, http.StatusOK)
		for i, s := range statuses {
			if i != winner && s != http.StatusBadRequest && s != http.StatusConflict {
				t.Errorf("answer %d: %d", i, s)
			}
		}
		if winner < 0 {
			t.Fatalf("nobody won: %v", statuses)
		}
		w.SignIn(u.Email, "my own password "+text(winner))
		w.Want(http.StatusUnauthorized, Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": u.Email, "password": "my own password " + text((winner+1)%n)}})
		audit := w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/audit"), Token: alpha.Token})
		activated := 0
		for _, item := range audit.Items() {
			if e := item.(Object); e["action"] == "user.activated" && e["subject"].(Object)["id"] == u.ID {
				activated++
			}
		}
		if activated != 1 {
			t.Errorf("%d audit entries", activated)
		}
	})
}

// Scanners open links; only a button press with a password uses one.
func TestXA14_OpeningALinkDoesNotUseIt(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "scanned@alpha.example", "user")
	token := w.Link(u.Email)
	before := w.Dump()
	for range 20 {
		for _, method := range []string{"GET", "HEAD"} {
			w.Send(Request{Method: method, Path: "/activate"})
			w.Send(Request{Method: method, Path: "/v1/activations"})
		}
		w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations/check", Body: Object{"token": token}})
		w.Want(http.StatusBadRequest, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": token, "password": ""}})
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	w.Activate(u.Email, Password)
}

func TestXA16_OlderResetLinksDie(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	ask := func(email string) string {
		w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": email}})
		return w.Link(email)
	}
	for name, spoil := range map[string]func(u User, session, token string){
		"password changed": func(_ User, session, _ string) {
			w.Want(http.StatusNoContent, Request{Method: "PUT", Path: "/v1/me/password", Token: session, Body: Object{"currentPassword": Password, "newPassword": "a wholly new one"}})
		},
		"address changed": func(u User, session, _ string) { w.Readdress(session, u.Email, "changed@another.example") },
		"used": func(_ User, _, token string) {
			w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": token, "password": "a wholly new one"}})
		},
		"newer link": func(u User, _, _ string) { ask(u.Email) },
		"by administrator": func(u User, _, _ string) {
			w.Want(http.StatusAccepted, Request{Method: "POST", Path: u.Path + "/password-reset", Token: alpha.Token})
			w.Dispatch()
		},
		"locked": func(u User, _, _ string) { w.Lock(alpha, u.Email) },
		"removed": func(u User, _, _ string) {
			w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: alpha.Token})
		},
	} {
		email := strings.ReplaceAll(name, " ", "-") + "@alpha.example"
		u, session := w.Join(alpha, email, "user")
		token := ask(email)
		w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/check", Body: Object{"token": token}})
		spoil(u, session, token)
		for _, path := range []string{"/check", "/complete"} {
			body := Object{"token": token}
			if path == "/complete" {
				body["password"] = "yet another one"
			}
			if a := w.Send(Request{Method: "POST", Path: "/v1/password-resets" + path, Body: body}); a.Code() != "link-invalid" {
				t.Errorf("%s, %s: %d %s", name, path, a.Status, a.Raw)
			}
		}
	}
}

func TestXA18_TheStoreHoldsNoToken(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	w.Invite(alpha, "invited@alpha.example", "user")
	tokens := []string{alpha.Token, w.Link("invited@alpha.example")}
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": alpha.AdminEmail}})
	tokens = append(tokens, w.Link(alpha.AdminEmail))
	everything := w.DumpAll()
	for _, token := range tokens {
		if strings.Contains(everything, token) || strings.Contains(everything, token[len(token)-43:]) {
			t.Errorf("the store holds %s", token)
		}
	}
	if strings.Contains(everything, Password) || strings.Contains(w.Log.String(), Password) {
		t.Error("a password is in the store or the log")
	}
}

func TestXA19_LinksLiveTheirTimeToTheSecond(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	w.Invite(alpha, "slow@alpha.example", "user")
	activation := w.Link("slow@alpha.example")
	issued := w.Now()
	check := func(path, token string, at time.Time, want int) {
		t.Helper()
		w.SetNow(at)
		w.Want(want, Request{Method: "POST", Path: path, Body: Object{"token": token}})
	}
	check("/v1/activations/check", activation, issued.Add(7*24*time.Hour-time.Second), 200)
	check("/v1/activations/check", activation, issued.Add(7*24*time.Hour), 400)

	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": alpha.AdminEmail}})
	reset := w.Link(alpha.AdminEmail)
	issued = w.Now()
	check("/v1/password-resets/check", reset, issued.Add(time.Hour-time.Second), 200)
	check("/v1/password-resets/check", reset, issued.Add(time.Hour), 400)
}

// XA20: what happened between the invitation and the opening of the link counts.
func TestXA20_LockedOrRemovedPeopleCannotActivate(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	locked, removed := w.Invite(alpha, "locked@alpha.example", "user"), w.Invite(alpha, "removed@alpha.example", "user")
	tokens := []string{w.Link(locked.Email), w.Link(removed.Email)}
	w.Lock(alpha, locked.Email)
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: removed.Path, Token: alpha.Token})
	for _, token := range tokens {
		if a := w.Send(Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": token, "password": Password}}); a.Code() != "link-invalid" {
			t.Errorf("%d %s", a.Status, a.Raw)
		}
	}
}

// Whatever ends a right ends it on the next request of a session that is open.
func TestXA21_SessionsFeelChangesAtOnce(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	list := func(token string) int {
		return w.Send(Request{Method: "GET", Path: alpha.Path("/users"), Token: token}).Status
	}
	for name, c := range map[string]struct {
		change func(u User, token string)
		status int
	}{
		"locked":  {func(u User, _ string) { w.Lock(alpha, u.Email) }, http.StatusUnauthorized},
		"removed": {func(u User, _ string) { w.Want(204, Request{Method: "DELETE", Path: u.Path, Token: alpha.Token}) }, http.StatusUnauthorized},
		"role changed": {func(u User, _ string) {
			w.Want(200, Request{Method: "PATCH", Path: u.Path, Token: alpha.Token, Body: Object{"roles": []string{"user"}}, Headers: []Header{{"If-Match", w.Send(Request{Method: "GET", Path: u.Path, Token: alpha.Token}).Header.Get("ETag")}}})
		}, http.StatusForbidden},
		"password reset": {func(u User, _ string) {
			w.Want(202, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
			w.Want(200, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": w.Link(u.Email), "password": "a wholly new one"}})
		}, http.StatusUnauthorized},
		"signed out": {func(_ User, token string) {
			w.Want(204, Request{Method: "DELETE", Path: "/v1/me/sessions/current", Token: token})
		}, http.StatusUnauthorized},
		"expired": {func(u User, _ string) { w.Expire(alpha, u.Email) }, http.StatusUnauthorized},
	} {
		u, token := w.Join(alpha, strings.ReplaceAll(name, " ", "-")+"@alpha.example", "administrator")
		if s := list(token); s != http.StatusOK {
			t.Fatalf("%s: %d before the change", name, s)
		}
		c.change(u, token)
		if s := list(token); s != c.status {
			t.Errorf("%s: %d, want %d", name, s, c.status)
		}
	}
}

// XA22: a session that crosses the end of a fixed term ends with it.
func TestXA22_SessionsEndWithTheTerm(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	w.JoinWith(alpha, "term@alpha.example", Object{"type": "fixedTerm", "from": "2026-11-01", "to": "2026-11-02"})
	end := time.Date(2026, 11, 2, 22, 0, 0, 0, time.UTC) // midnight in Helsinki
	w.SetNow(end.Add(-10 * time.Minute))
	token := w.SignIn("term@alpha.example", Password)
	w.SetNow(end.Add(-time.Second))
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
	w.SetNow(end)
	w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: token})
}

func TestXA23_EverySignInIsANewSession(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	seen := map[string]bool{alpha.Token: true}
	for range 5 {
		// A token that the caller brings along changes nothing.
		a := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/sessions", Token: alpha.Token, Body: Object{"email": alpha.AdminEmail, "password": Password}})
		if token := a.Text("token"); seen[token] {
			t.Errorf("token %s was given twice", token)
		} else {
			seen[token] = true
		}
	}
}

func TestSessionsEndIdleAndAbsolutely(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	me := Request{Method: "GET", Path: "/v1/me", Token: alpha.Token}
	begin := w.Now()
	for w.Now().Sub(begin) < 12*time.Hour-25*time.Minute {
		w.Pass(25 * time.Minute)
		w.Want(http.StatusOK, me)
	}
	w.SetNow(begin.Add(12*time.Hour - time.Second))
	w.Want(http.StatusOK, me)
	w.SetNow(begin.Add(12 * time.Hour))
	w.Want(http.StatusUnauthorized, me)

	idle := Request{Method: "GET", Path: "/v1/me", Token: w.SignIn(alpha.AdminEmail, Password)}
	w.Pass(30*time.Minute - time.Second)
	w.Want(http.StatusOK, idle)
	w.Pass(30 * time.Minute)
	w.Want(http.StatusUnauthorized, idle)
}

func TestXA30_AnEmptyStoreHasNobodyWithAPassword(t *testing.T) {
	t.Parallel()
	w := New(t)
	if strings.Contains(w.DumpAll(), "argon2id") {
		t.Error("somebody has a password")
	}
	if n := len(w.Mails(OperatorEmail)); n != 1 {
		t.Errorf("%d mails to the operator", n)
	}
}

// A password that is set since an invitation does not end it: the person joins
// with the password they have by then.
func TestInvitationsSurviveAPasswordSetElsewhere(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	const shared = "shared@person.example"
	w.Invite(alpha, shared, "user")
	inAlpha := w.Link(shared)
	w.Invite(beta, shared, "user")
	inBeta := w.Link(shared)
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": inAlpha, "password": Password}})
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": shared}})
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": w.Link(shared), "password": "a wholly new one"}})
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": inBeta, "password": "a wholly new one"}})
}

// Who signs in rightly is never throttled for it, alone or with all colleagues
// behind one address.
func TestXA8_HonestPeopleAreNotThrottled(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	for range 120 {
		w.SignIn(alpha.AdminEmail, Password)
		w.Pass(20 * time.Second)
	}
	// A stranger's failures from elsewhere do not shut the owner out.
	w.From("198.51.100.7")
	for range 30 {
		w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": alpha.AdminEmail, "password": "guess and guess"}})
	}
	w.From("192.0.2.1")
	w.SignIn(alpha.AdminEmail, Password)
}

// XA8: who has signed in from a place before is let in from there, however many
// strangers guess elsewhere.
func TestXA8_StrangersDoNotShutTheOwnerOut(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	for i := range 20 {
		w.From("198.51.100." + text(i))
		for range 5 {
			w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": alpha.AdminEmail, "password": "guess and guess"}})
		}
	}
	w.Want(http.StatusTooManyRequests, Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": alpha.AdminEmail, "password": Password}})
	w.From("192.0.2.1")
	w.SignIn(alpha.AdminEmail, Password)
}

// The right password is let in while others are guessing at the same moment.
func TestXA8_TheRightPasswordAmongGuesses(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				a, err := w.Try(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": alpha.AdminEmail, "password": "guess and guess " + text(i)}})
				if err != nil || a.Status != http.StatusUnauthorized && a.Status != http.StatusTooManyRequests {
					t.Errorf("a guess: %d %v", a.Status, err)
				}
			})
		}
		wg.Go(func() {
			a, err := w.Try(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": alpha.AdminEmail, "password": Password}})
			if err != nil || a.Status != http.StatusCreated {
				t.Errorf("the right one: %d %s %v", a.Status, a.Raw, err)
			}
		})
		wg.Wait()
	})
}

// A whole company begins its day behind one address.
func TestMorningRush(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		const n = 16
		for i := range n {
			w.JoinWith(alpha, "rush"+text(i)+"@alpha.example", nil)
		}
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				a, err := w.Try(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": "rush" + text(i) + "@alpha.example", "password": Password}})
				if err != nil || a.Status != http.StatusCreated {
					t.Errorf("person %d: %d %s %v", i, a.Status, a.Raw, err)
				}
			})
		}
		wg.Wait()
	})
}

// Whoever is removed from one organization and has not accepted another's
// invitation yet still has their password, and can set a new one.
func TestAForgottenPasswordBetweenTwoOrganizations(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	u, _ := w.Join(alpha, "moving@person.example", "user")
	w.Invite(beta, u.Email, "user")
	inBeta := w.Link(u.Email)
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: alpha.Token})
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/password-resets/complete", Body: Object{"token": w.Link(u.Email), "password": "a wholly new one"}})
	w.Want(http.StatusOK, Request{Method: "POST", Path: "/v1/activations", Body: Object{"token": inBeta, "password": "a wholly new one"}})
	w.SignIn(u.Email, "a wholly new one")
}

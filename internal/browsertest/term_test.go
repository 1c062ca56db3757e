package browsertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// clock is what the portal's clock shows, and set sets it.
func (s *server) clock() time.Time {
	s.t.Helper()
	var shown struct{ Now time.Time }
	if err := json.Unmarshal(s.call("GET", "/_local/clock", "", "").body, &shown); err != nil {
		s.t.Fatal(err)
	}
	return shown.Now
}

func (s *server) setClock(to time.Time) {
	s.t.Helper()
	if a := s.call("PUT", "/_local/clock", "", fmt.Sprintf(`{"now": %q}`, to.Format(time.RFC3339))); a.status != 200 {
		s.t.Fatalf("the clock says %d: %s", a.status, a.body)
	}
}

// unauthorized demands that requests were refused, and each because nobody was
// signed in: which of them the page sends first hangs on the moment.
func (v *tab) unauthorized() {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, refusal := range v.refusals {
		if !strings.HasPrefix(refusal, "401 ") {
			v.t.Errorf("refused: %s", refusal)
		}
	}
	if len(v.refusals) == 0 {
		v.t.Errorf("refused: %q", v.refusals)
	}
	v.refusals = nil
}

// A user whose last day is today works until midnight in Helsinki; the next
// click is refused, and the mail is in the mailbox.
func TestV14_V15_XA22_ATermEndsAtMidnight(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo")
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	admin := person{email: "aino.esimerkki@esimerkkirakennus.example", password: "six small lighthouses"}
	v := s.visitor()
	v.activate(s.link(1, "activation", admin.email), admin)
	today := s.clock().In(helsinki).AddDate(0, 0, 1)
	at := func(day, hour, minute int) time.Time {
		return time.Date(today.Year(), today.Month(), today.Day()+day, hour, minute, 0, 0, helsinki)
	}
	last := today.Format(time.DateOnly)
	s.setClock(at(0, 23, 40))
	v.signIn(admin, "/users")
	v.choose("#language-menu", "en")
	ferdinand := person{givenName: "Ferdinand", familyName: "Falk", email: "ferdinand.falk@esimerkkirakennus.example", password: "seven small lighthouses"}
	v.beginInvitation(ferdinand)
	v.click("#user-valid-fixedTerm")
	v.date("#user-valid-from", last)
	v.date("#user-valid-to", last)
	v.sendInvitation(ferdinand)

	u := s.visitor()
	u.activate(s.link(1, "activation", ferdinand.email), ferdinand)
	u.signIn(ferdinand, "/account")
	u.at("/account", "#sign-out")
	s.setClock(at(1, 0, 0))
	u.visit(s.url + "/account")
	u.at("/sign-in", "#sign-in-form")
	s.mail(1, "membership-ended", ferdinand.email)
	u.enter(ferdinand)
	u.wait("sign-in to be refused", `() => document.querySelector('main').innerText.includes('eivät täsmää')`)
	u.unauthorized()

	s.setClock(at(1, 8, 0))
	s.mail(1, "digest", admin.email)
}

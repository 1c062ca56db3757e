package apitest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job/expirememberships"
	"github.com/fullmakt/fullmakt/internal/store"
)

// attend runs the job of the clock.
func (w *World) attend() expirememberships.Result {
	w.T.Helper()
	out, err := w.App.Run(context.Background(), expirememberships.ID, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	r, _ := out.(expirememberships.Result)
	return r
}

// at is a time of the world; whoever was signed in for long is not any more.
func (w *World) at(text string) {
	w.T.Helper()
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		w.T.Fatal(err)
	}
	w.SetNow(now)
}

// term is a fixed term.
func term(from, to string) Object { return Object{"type": "fixedTerm", "from": from, "to": to} }

// of counts the mails of a kind to an address.
func (w *World) of(kind, to string) (n int) {
	w.T.Helper()
	for _, k := range w.kinds(to) {
		if k == kind {
			n++
		}
	}
	return n
}

// The last day is included, to its last second in the organization's zone: the
// session ends with it, with no job. The job then tells, once.
func TestXG1_XG7_XA22_V12_V14_V15_ATermEnds(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		u := w.InviteWith(alpha, "ferdinand@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-11-02", "2026-11-10")})
		w.Activate(u.Email, Password)
		w.attend()
		w.at("2026-11-10T21:45:00Z")
		token := w.SignIn(u.Email, Password)
		w.at("2026-11-10T21:59:59Z")
		w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: token})
		w.at("2026-11-10T22:00:00Z")
		w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: token})
		w.Want(http.StatusUnauthorized, Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": u.Email, "password": Password}})

		r := w.attend()
		if r.Due != 1 || r.Done != 1 || r.Failed != 0 {
			t.Errorf("the run: %+v", r)
		}
		for range 3 {
			if r := w.attend(); r.Due != 0 {
				t.Errorf("another run: %+v", r)
			}
		}
		w.at("2026-11-11T05:59:00Z")
		if n := w.of("membership-ended", u.Email); n != 1 {
			t.Errorf("%d mails of the end", n)
		}
		if n := w.of("digest", alpha.AdminEmail); n != 0 {
			t.Errorf("%d digests in the night", n)
		}
		w.at("2026-11-11T06:00:00Z") // eight o'clock
		digests := w.Mails(alpha.AdminEmail)
		if n := w.of("digest", alpha.AdminEmail); n != 1 || !strings.Contains(digests[0].Text, "Ulla User: viimeinen päivä oli 10.11.2026") {
			t.Errorf("%d digests, the last:\n%s", n, digests[0].Text)
		}
		w.at("2026-11-11T06:30:00Z")
		alpha.Token = w.SignIn(alpha.AdminEmail, Password)
		if got := w.audit(alpha, "user.expired", u); len(got) != 1 || got[0]["actor"].(Object)["id"] != "expire-memberships" {
			t.Errorf("the audit: %v", got)
		}

		// An extension brings the person back, with the password that they had.
		w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/validity", alpha.Token, term("2026-11-02", "2026-12-24")))
		w.SignIn(u.Email, Password)
		if n := w.of("activation", u.Email); n != 1 {
			t.Errorf("%d invitations", n)
		}
	})
}

// XG2: the first day begins at midnight in the organization's zone; who has
// activated is told that they can sign in, who has not is asked in anew.
func TestXG2_V13_V15_ATermBegins(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	early := w.InviteWith(alpha, "early@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-11-20", "2027-11-20")})
	late := w.InviteWith(alpha, "late@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-11-20", "2027-11-20")})
	w.Activate(early.Email, Password)
	w.at("2026-11-19T21:59:59Z")
	w.attend()
	w.Want(http.StatusUnauthorized, Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": early.Email, "password": Password}})
	if n := w.of("membership-begun", early.Email); n != 0 {
		t.Error("told before the first day")
	}
	w.at("2026-11-19T22:00:00Z")
	w.SignIn(early.Email, Password)
	if r := w.attend(); r.Done != 2 {
		t.Errorf("the run: %+v", r)
	}
	if got := w.kinds(early.Email); got[0] != "membership-begun" {
		t.Errorf("who has activated: %v", got)
	}
	if got := w.kinds(late.Email); !slices.Equal(got, []string{"activation", "activation"}) {
		t.Errorf("who has not: %v", got)
	}
	w.Enter(late)
}

// XG15: reminders go out 30, 14 and 3 days before, each once, whatever is moved.
func TestXG15_RemindersAreNeitherRepeatedNorMissed(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.InviteWith(alpha, "ferdinand@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-11-02", "2027-01-31")})
	w.Activate(u.Email, Password)
	days := func(from, to string) {
		t.Helper()
		for day, _ := time.Parse(time.DateOnly, from); day.Format(time.DateOnly) <= to; day = day.AddDate(0, 0, 1) {
			for hour := range 24 {
				w.SetNow(day.Add(time.Duration(hour) * time.Hour))
				w.attend()
				w.attend()
				w.Dispatch()
			}
		}
	}
	last := func(to string) {
		t.Helper()
		alpha.Token = w.SignIn(alpha.AdminEmail, Password)
		w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/validity", alpha.Token, term("2026-11-02", to)))
	}
	expect := func(when string, n int) {
		t.Helper()
		if got := w.of("membership-ending", u.Email); got != n {
			t.Errorf("%s: %d reminders, want %d", when, got, n)
		}
		if got := w.of("digest", alpha.AdminEmail); got != n {
			t.Errorf("%s: %d digests, want %d", when, got, n)
		}
	}
	days("2026-12-31", "2026-12-31")
	expect("31 days before", 0)
	days("2027-01-01", "2027-01-03")
	expect("30 days before", 1)
	last("2027-02-20") // and again, for the new day
	days("2027-01-20", "2027-01-23")
	expect("30 days before the new day", 2)
	last("2027-01-31") // back: 30 days were told of, and so were 14 in passing
	days("2027-01-24", "2027-01-27")
	expect("back at the first day", 2)
	days("2027-01-28", "2027-01-30")
	expect("3 days before", 3)
	last("2027-01-30") // its last hours
	last("2027-01-31")
	days("2027-01-31", "2027-02-01")
	if n := w.of("membership-ended", u.Email); n != 1 {
		t.Errorf("%d mails of the end", n)
	}
	// Who sets a day that has passed knows.
	for _, to := range []string{"2027-01-15", "2027-01-16", "2027-01-15"} {
		last(to)
		days("2027-02-02", "2027-02-02")
	}
	if n := w.of("membership-ended", u.Email); n != 1 {
		t.Errorf("%d mails of the end", n)
	}
}

// XG11: after days without a run everything is made up for, once, and what is
// out of date by then is left.
func TestXG11_ALateRunCatchesUp(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.InviteWith(alpha, "ferdinand@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-11-05", "2026-12-20")})
	v := w.InviteWith(alpha, "valto@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-11-05", "2027-02-01")})
	w.Activate(u.Email, Password)
	w.Activate(v.Email, Password)
	w.at("2027-01-20T12:00:00Z")
	if r := w.attend(); r.Due != 2 || r.Done != 2 || r.Overdue < 70*24*3600 {
		t.Errorf("the run: %+v", r)
	}
	w.Pass(24 * time.Hour)
	if got, want := w.kinds(u.Email), []string{"membership-ended", "activation"}; !slices.Equal(got, want) {
		t.Errorf("who is over: %v", got)
	}
	if got, want := w.kinds(v.Email), []string{"membership-ending", "membership-begun", "activation"}; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("who is not: %v", got)
	}
}

// Who was invited and never came is reminded once, and then the administrators
// are told.
func TestInvitedPeopleAreRemindedOnce(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.Invite(alpha, "silent@alpha.example", "user")
	came := w.Invite(alpha, "came@alpha.example", "user")
	w.Activate(came.Email, Password)
	for range 40 * 24 {
		w.Pass(time.Hour)
		w.attend()
		w.Dispatch()
	}
	if got, want := w.kinds(u.Email), []string{"activation-reminder", "activation"}; !slices.Equal(got, want) {
		t.Errorf("to who did not come: %v", got)
	}
	if got, want := w.kinds(came.Email), []string{"activation"}; !slices.Equal(got, want) {
		t.Errorf("to who came: %v", got)
	}
	digests := w.Mails(alpha.AdminEmail)
	if n := w.of("digest", alpha.AdminEmail); n != 1 || !strings.Contains(digests[0].Text, "kutsuttu 2.11.2026") {
		t.Errorf("%d digests, the last:\n%s", n, digests[0].Text)
	}
}

// The last administrator's end is told louder, and to the operator.
func TestTheLastAdministratorsEndIsToldTheOperator(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	// Past the API, which does not let it come to that.
	until := domain.Validity{Type: domain.FixedTerm, From: "2026-11-01", To: "2026-11-30"}
	w.PastAPI(alpha, User{ID: alpha.AdminID}, func(m *domain.Membership) {
		m.Validity = until
		m.Plan(w.Profile, time.UTC)
	})
	seats, err := store.New(w.Base).Load(t.Context(), domain.Want{Organization: domain.OrganizationID(alpha.ID), Administrators: true})
	if err != nil {
		t.Fatal(err)
	}
	seats.Administrators.Seats[0].Validity = until
	change := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, w.Now(), "test")
	change.Put(seats.Administrators)
	change.Record(domain.OrganizationID(alpha.ID), domain.UserUpdated, domain.Subject{Type: "user", ID: alpha.AdminID})
	if err := store.New(w.Base).Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	w.at("2026-11-27T00:00:00Z")
	w.attend()
	w.at("2026-11-27T07:00:00Z")
	if got := w.kinds(alpha.AdminEmail); !slices.Contains(got, "last-administrator-ending") {
		t.Errorf("to the administrator: %v", got)
	}
	told := w.Mails(OperatorEmail)
	if told[0].Kind != "digest" || !strings.Contains(told[0].Text, "Alpha Oy: Aada Admin is the last administrator") {
		t.Errorf("to the operator:\n%s", told[0].Text)
	}
}

// XG10: of many runs at once one does the work, and it is done once.
func TestXG10_OneRunAtATime(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		var users []User
		for i := range 20 {
			u := w.InviteWith(alpha, "user"+text(i)+"@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-11-02", "2026-11-03")})
			w.Activate(u.Email, Password)
			users = append(users, u)
		}
		w.at("2026-11-03T23:00:00Z")
		done := make(chan int)
		for range 3 {
			go func() {
				out, err := w.App.Run(context.WithoutCancel(t.Context()), expirememberships.ID, json.RawMessage("{}"))
				if err != nil {
					t.Error(err)
				}
				r, _ := out.(expirememberships.Result)
				done <- r.Done
			}()
		}
		if n := <-done + <-done + <-done; n < len(users) {
			t.Errorf("%d were seen to", n)
		}
		w.at("2026-11-04T08:00:00Z")
		for _, u := range users {
			if n := w.of("membership-ended", u.Email); n != 1 {
				t.Errorf("%d mails of the end to %s", n, u.Email)
			}
		}
		digests := w.Mails(alpha.AdminEmail)
		if n := strings.Count(digests[0].Text, "viimeinen päivä oli 3.11.2026"); n != len(users) || w.of("digest", alpha.AdminEmail) != 1 {
			t.Errorf("%d lines in the digest:\n%s", n, digests[0].Text)
		}
	})
}

// Where the organization is, another hour is midnight.
func TestXG4_EveryOrganizationHasItsOwnMidnight(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	made := w.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/organizations", Token: w.Operator(), Body: Object{
		"name": "Beta AB", "country": "SE", "businessId": "556703-7485", "timeZone": "Europe/Stockholm",
		"administrator": w.Person("admin@beta.example"),
	}})
	w.Activate("admin@beta.example", Password)
	swede := Customer{ID: made.Text("id"), Token: w.SignIn("admin@beta.example", Password)}
	last := map[string]Customer{"helsinki@alpha.example": alpha, "stockholm@alpha.example": swede}
	for email, c := range last {
		w.InviteWith(c, email, Object{"roles": []string{"user"}, "validity": term("2026-11-02", "2026-11-10")})
		w.Activate(email, Password)
	}
	ended := func() map[string]int {
		w.attend()
		out := map[string]int{}
		for email := range last {
			out[email] = w.of("membership-ended", email)
		}
		return out
	}
	w.at("2026-11-10T22:00:00Z")
	if diff := cmp.Diff(map[string]int{"helsinki@alpha.example": 1, "stockholm@alpha.example": 0}, ended()); diff != "" {
		t.Error(diff)
	}
	w.at("2026-11-10T23:00:00Z")
	if diff := cmp.Diff(map[string]int{"helsinki@alpha.example": 1, "stockholm@alpha.example": 1}, ended()); diff != "" {
		t.Error(diff)
	}
}

package apitest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job/expirememberships"
	"github.com/fullmakt/fullmakt/internal/store"
)

// beside is another process on the world's table, whose clock is off.
func (w *World) beside(off time.Duration) (*localapp.App, string) {
	w.T.Helper()
	app := localapp.New(localapp.Config{
		Table: w.Base, Profile: w.Profile, Hasher: w.Hasher, Mailbox: w.Mailbox, LinkKey: bytes.Repeat([]byte{7}, 32), Vault: w.Vault, PortalURL: Portal,
		Operator: "Example Portal", Log: slog.New(slog.NewJSONHandler(w.Log, nil)), Clock: func() time.Time { return w.Now().Add(off) },
	})
	server := httptest.NewServer(app.Handler())
	w.T.Cleanup(server.Close)
	return app, server.URL
}

// Three processes, one a minute and a half fast, one as much slow. Each ends a
// term by its own clock and none earlier; whichever runs the job, it is told
// once, and not before it is so for who sends it.
func TestXG13_ThreeProcessesWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u := w.InviteWith(alpha, "ferdinand@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-11-02", "2026-11-10")})
	w.Activate(u.Email, Password)
	const skew = 90 * time.Second
	fast, fastURL := w.beside(skew)
	slow, slowURL := w.beside(-skew)
	end, right := time.Date(2026, 11, 10, 22, 0, 0, 0, time.UTC), w.URL
	w.SetNow(end.Add(-10 * time.Minute))
	token := w.SignIn(u.Email, Password)
	me := func(url string) int {
		t.Helper()
		w.URL = url
		defer func() { w.URL = right }()
		return w.Send(Request{Method: "GET", Path: "/v1/me", Token: token}).Status
	}
	for url, off := range map[string]time.Duration{fastURL: -skew, right: 0, slowURL: skew} {
		w.SetNow(end.Add(off - time.Second))
		if got := me(url); got != http.StatusOK {
			t.Errorf("%v off, a second before its end: %d", -off, got)
		}
	}
	run := func(app *localapp.App, id string) {
		t.Helper()
		if _, err := app.Run(context.Background(), id, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []time.Duration{-skew - time.Second, -skew, 0, skew, time.Minute + skew} {
		w.SetNow(end.Add(at))
		for _, app := range []*localapp.App{fast, slow, w.App} {
			run(app, expirememberships.ID)
			run(slow, "mail-dispatch")
		}
	}
	for url, off := range map[string]time.Duration{fastURL: -skew, right: 0, slowURL: skew} {
		w.SetNow(end.Add(off + time.Millisecond))
		if got := me(url); got != http.StatusUnauthorized {
			t.Errorf("%v off, at its end: %d", -off, got)
		}
	}
	w.SetNow(end.Add(time.Hour))
	if n := w.of("membership-ended", u.Email); n != 1 {
		t.Errorf("%d mails of the end", n)
	}
}

// What is over is not there, though the table still has it: the storage deletes
// in its own time, and here never.
func TestXG8_XG13_WhatIsOverCountsNoMore(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		u := w.Invite(alpha, "late@alpha.example", "user")
		check := Request{Method: "POST", Path: "/v1/activations/check", Body: Object{"token": w.Link(u.Email)}}
		made := w.link(u).ExpiresAt
		w.SetNow(made.Add(-2 * time.Millisecond)) // a request takes one
		w.Want(http.StatusOK, check)
		w.SetNow(made.Add(-time.Millisecond))
		w.Fails(http.StatusBadRequest, "link-invalid", check) // to the millisecond: there is no tolerance
		w.Pass(20 * 24 * time.Hour)
		w.Fails(http.StatusBadRequest, "link-invalid", check)
		if w.link(u) == nil {
			t.Error("the table has the link no more: this shows nothing")
		}

		token := w.SignIn(alpha.AdminEmail, Password)
		w.Pass(60 * 24 * time.Hour)
		w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: token})
		parsed, ok := domain.ParseSessionToken(token)
		if !ok {
			t.Fatal(token)
		}
		s := w.load(domain.Want{Session: parsed})
		if s.Caller == nil || !s.Caller.Session.ExpiresAt.Before(w.Now()) {
			t.Error("the table has the session no more: this shows nothing")
		}
	})
}

// load reads past the API.
func (w *World) load(want domain.Want) *domain.Scene {
	w.T.Helper()
	s, err := store.New(w.Base).Load(context.Background(), want)
	if err != nil {
		w.T.Fatal(err)
	}
	return s
}

// link is a user's activation link, as the table has it.
func (w *World) link(u User) *domain.Link {
	w.T.Helper()
	org := domain.OrganizationID(strings.Split(u.Path, "/")[3])
	return w.load(domain.Want{Link: domain.LinkRef{Person: domain.PersonID(u.ID), Purpose: domain.ForActivation, Organization: org}}).Link
}

// Whatever is done to users, the clock is told: nobody is forgotten by it, and
// nobody waits for nothing.
func TestTheClockKnowsOfEverybody(t *testing.T) {
	t.Parallel()
	w := With(t, "rental")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	gone := w.Invite(alpha, "gone@alpha.example", "user")
	w.Invite(alpha, "silent@alpha.example", "user")
	term := w.InviteWith(alpha, "term@alpha.example", Object{"roles": []string{"user"}, "validity": term("2026-12-01", "2027-06-30")})
	w.Planned()
	w.Activate(term.Email, Password)
	w.Planned()
	w.Join(beta, "partner@beta.example", "user")
	w.Lock(alpha, term.Email)
	w.Planned()
	w.Expire(alpha, term.Email)
	w.Planned()
	remove := w.Edit("DELETE", gone.Path, "", alpha.Token, nil)
	remove.Body = nil
	w.Want(http.StatusNoContent, remove)
	w.Planned()
	w.Pass(40 * 24 * time.Hour)
	w.attend()
	w.Planned()
}

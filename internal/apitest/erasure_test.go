package apitest

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// canaries are what the person in these tests is, everywhere and whatever it was
// changed from or to.
var canaries = []string{"kanarie", "Kanarie", "5550001", "5550002", "40555", "Sickleave"}

// sing finds canaries in a text.
func sing(text string) (found []string) {
	for _, canary := range canaries {
		if strings.Contains(text, canary) {
			found = append(found, canary)
		}
	}
	return found
}

const canaryEmail = "kanarie@alpha.example"

// kanarie is a person in two organizations, of whom everything that can be known
// is known, and to whom everything has happened: they were invited, changed by
// others and by themselves, locked, given things, exported and mailed.
func kanarie(w *World) (alpha, beta Customer, u User) {
	w.T.Helper()
	alpha, beta = w.Customer("alpha"), w.Customer("beta")
	said := Object{"givenName": "Kanarie", "familyName": "Kanariefugl", "phone": "+358405550001", "roles": []string{"user"}, "defaultTask": "Kanarie 1"}
	u = w.InviteWith(alpha, canaryEmail, said)
	token := w.Enter(u)
	w.InviteWith(beta, canaryEmail, said)
	w.Activate(canaryEmail, Password)
	for _, c := range []Customer{alpha, beta} {
		path := c.Path("/users/" + u.ID)
		w.Want(http.StatusOK, w.Edit("PATCH", "/v1/me", "", token, Object{"phone": "+358405550001"}))
		w.Want(http.StatusOK, w.Edit("PATCH", path, "", c.Token, Object{
			"givenName": "Kanarielle", "familyName": "Kanariefågel", "phone": "+358405550002", "defaultTask": "Kanarie 2", "language": "sv",
		}))
		w.Want(http.StatusOK, w.Edit("PUT", path, "/validity", c.Token, Object{"type": "locked", "reason": "Sickleave of Kanarie"}))
		w.Want(http.StatusOK, w.Edit("PUT", path, "/validity", c.Token, Object{"type": "locked", "reason": "Another Sickleave"}))
		if c == alpha {
			w.Want(http.StatusOK, w.Edit("PUT", path, "/validity", c.Token, Object{"type": "indefinite"}))
		}
	}
	w.Assign(alpha, u, Assignment(nil, []string{"order"}, Scope("organization", "")))
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: u.Path + "/password-reset", Token: alpha.Token})
	w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users/export?name=kanarie"), Token: alpha.Token})
	w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users?q=kanarie"), Token: alpha.Token})
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": canaryEmail}})
	w.Dispatch()
	if alphaAudit, _ := w.auditPages(alpha, nil, 200); len(alphaAudit) < 10 {
		w.T.Fatalf("only %d entries", len(alphaAudit))
	}
	return alpha, beta, u
}

func (w *World) erase(u User) Request {
	return Request{Method: "DELETE", Path: "/v1/people/" + u.ID, Token: w.Operator()}
}

// dumpOf is every item of a table, on a line each.
func dumpOf(t testing.TB, tb table.Table) string {
	t.Helper()
	var b strings.Builder
	for item, err := range tb.(*sqlitetable.Table).Dump(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(item.PK + " " + item.SK + " " + text(item.Index) + " " + string(item.Body) + "\n")
	}
	return b.String()
}

// XH6: of an erased person nothing is left in the whole table but an id: not in
// the audit of what was changed, not in a key, not in the outbox.
func TestXH6_NothingIsLeftOfWhoIsErased(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta, u := kanarie(w)
	sessions := []string{w.SignIn(canaryEmail, Password), w.SignIn(canaryEmail, Password)}
	if found := sing(dumpOf(t, w.Base)); len(found) != len(canaries) {
		t.Fatalf("only these can be found: %q", found)
	}
	service := w.Service("evaluate")
	if !w.Evaluate(service, u, alpha, alpha, "order", "", "") {
		t.Fatal("they have no right that could end")
	}
	w.Want(http.StatusNoContent, w.erase(u))

	for _, line := range strings.Split(dumpOf(t, w.Base), "\n") {
		if found := sing(line); len(found) > 0 {
			t.Errorf("%q in %s", found, line)
		}
		pk, _, _ := strings.Cut(line, " ")
		if strings.Contains(line, u.ID) && !strings.HasPrefix(pk, "AUDIT#") && pk != "ERASED" {
			t.Errorf("the id is in %s", line)
		}
	}
	if found := sing(w.Log.String()); len(found) > 0 {
		t.Errorf("%q in the log", found)
	}
	for _, token := range sessions {
		w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
	}
	w.Fails(http.StatusUnauthorized, "sign-in-failed", Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": canaryEmail, "password": Password}})
	if w.Evaluate(service, u, alpha, alpha, "order", "", "") {
		t.Error("the rights are still there")
	}
	for _, c := range []Customer{alpha, beta} {
		w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: c.Path("/users/" + u.ID), Token: c.Token})
		entries, _ := w.auditPages(c, nil, 200)
		if e := entries[0]; e["action"] != "user.erased" || e["subject"].(Object)["id"] != u.ID {
			t.Errorf("the newest entry: %v", e)
		}
		if !w.verify(c.ID, domain.AuditAnchor{}).Whole() {
			t.Error("the audit is not whole")
		}
	}
	// What the entries say of a person is that it changed.
	for _, e := range w.audit(alpha, "user.updated", u) {
		for _, one := range e["changes"].([]any) {
			if f := one.(Object); slices.Contains([]any{"givenName", "familyName", "phone", "defaultTask"}, f["field"]) && (f["before"] != "" || f["after"] != "changed") {
				t.Errorf("%v", f)
			}
		}
	}
	// The address is free, for somebody who has nothing of theirs.
	again := w.Invite(alpha, canaryEmail, "user")
	if again.ID == u.ID {
		t.Error("the id is used again")
	}
	// Once more does no harm; and who never was is not there.
	w.Want(http.StatusNoContent, w.erase(u))
	w.Fails(http.StatusNotFound, "not-found", w.erase(User{ID: absentSubject["id"].(string)}))
	w.Want(http.StatusOK, Request{Method: "GET", Path: alpha.Path("/users/" + again.ID), Token: alpha.Token})
}

// XH6: a telephone subscription is a number that leads to a person.
func TestXH6_SubscriptionsOfWhoIsErased(t *testing.T) {
	t.Parallel()
	w := With(t, "telecom")
	c := w.Customer("alpha")
	for _, number := range []string{"+4795550001", "+4795550002"} {
		w.Want(http.StatusOK, Request{Method: "PUT", Path: c.Path("/subscriptions/" + number), Token: w.Operator(), Body: Object{"status": "active"}})
	}
	roles := []string{}
	for _, r := range w.Profile.Roles {
		if !r.NoSignIn && len(roles) == 0 {
			roles = append(roles, string(r.Key))
		}
	}
	u := w.InviteWith(c, canaryEmail, Object{"roles": roles, "subscription": "+4795550001"})
	w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", c.Token, Object{"subscription": "+4795550002"}))
	w.Want(http.StatusNoContent, w.erase(u))
	for _, line := range strings.Split(dumpOf(t, w.Base), "\n") {
		if strings.Contains(line, u.ID) && len(sing(line)) > 0 {
			t.Errorf("%s", line)
		}
	}
	// It is free for another one.
	w.InviteWith(c, "next@alpha.example", Object{"roles": roles, "subscription": "+4795550002"})
}

// XH6, the last administrator: an organization keeps one, unless the operator
// says otherwise, and the operator's own keeps one in any case. Nobody erases
// themselves.
func TestXH6_TheLastAdministrator(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	admin := User{ID: alpha.AdminID}
	// A second organization, in which they are nobody special, is left alone too.
	w.Invite(beta, alpha.AdminEmail, "user")
	operator := w.Operator()
	erase := func(u User, query string) Request {
		return Request{Method: "DELETE", Path: "/v1/people/" + u.ID + query, Token: operator}
	}
	before := w.Dump()
	w.Fails(http.StatusConflict, "last-administrator", erase(admin, ""))
	w.Fails(http.StatusConflict, "last-administrator", erase(admin, "?force=false"))
	me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: operator}).Text("id")
	w.Fails(http.StatusUnprocessableEntity, "self", erase(User{ID: me}, "?force=true"))
	if after := w.Dump(); after != before {
		t.Fatalf("something has changed:\n%s", Difference(before, after))
	}
	second := w.Invite(alpha, "second@alpha.example", "administrator")
	w.Fails(http.StatusConflict, "last-administrator", erase(admin, "")) // who was only invited is none yet
	w.Activate(second.Email, Password)
	w.Want(http.StatusNoContent, erase(admin, ""))
	w.Fails(http.StatusConflict, "last-administrator", erase(second, ""))
	w.Want(http.StatusNoContent, erase(second, "?force=true"))

	// A tool has no caller that could be the last one; the rule is the same.
	s := store.New(w.Base)
	for _, force := range []bool{false, true} {
		var want domain.Want
		want.ForErasure(domain.PersonID(me))
		scene, err := s.Load(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "tool"}, w.Now(), "r")
		if err := domain.ErasePerson(t.Context(), s, c, scene, w.Profile, force); domain.KindOf(err) != domain.Conflict {
			t.Errorf("force %v: %v", force, err)
		}
	}
	w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: operator})
}

// XH6: somebody with many memberships goes in several steps; whichever breaks off,
// asking again finishes it.
func TestXH6_ErasureThatBreaksOff(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	u, orgs := w.Everywhere(12)
	operator := w.Operator()
	w.SignIn(canaryEmail, Password)
	tries := 0
	for done := false; !done; tries++ {
		left := tries // transactions that succeed before one does not
		spoil(func(call tabletest.Call) tabletest.Fault {
			if call.Ops == nil || slices.ContainsFunc(call.Ops, func(op table.Op) bool { return strings.HasPrefix(op.Item.PK, "ATTEMPTS#") }) {
				return tabletest.Fault{}
			}
			if left--; left < 0 {
				return tabletest.Down
			}
			return tabletest.Fault{}
		})
		r := Request{Method: "DELETE", Path: "/v1/people/" + u.ID, Token: operator}
		a := w.Send(r)
		done = a.Status == http.StatusNoContent
		if !done && a.Status != http.StatusServiceUnavailable {
			t.Fatalf("%d %s", a.Status, a.Raw)
		}
		if tries > 20 {
			t.Fatal("it never ends")
		}
	}
	spoil(nil)
	if tries < 4 {
		t.Errorf("it took %d tries, so that nothing broke off", tries)
	}
	if found := sing(dumpOf(t, w.Base)); len(found) > 0 {
		t.Errorf("%q are left", found)
	}
	for _, org := range orgs {
		erased := 0
		for _, item := range w.rows("AUDIT#" + string(org)) {
			erased += strings.Count(string(item.Body), "user.erased")
		}
		if erased != 1 {
			t.Errorf("%s: erased %d times", org, erased)
		}
	}
}

// Everywhere makes a person who is a user of many organizations, past the API.
func (w *World) Everywhere(n int) (u User, orgs []domain.OrganizationID) {
	w.T.Helper()
	s := store.New(w.Base)
	hash, err := w.Hasher.Hash(Password)
	if err != nil {
		w.T.Fatal(err)
	}
	p := &domain.Person{ID: domain.NewPersonID(), Revision: 1, Email: canaryEmail, GivenName: "Kanarie", FamilyName: "Kanarie", Language: domain.Swedish, Security: 1, PasswordHash: hash}
	begin := func() *domain.Change {
		return domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, w.Now(), "r")
	}
	change := begin()
	for range n {
		if len(change.Writes) > 90 { // more than one transaction holds
			if err := s.Commit(context.Background(), change); err != nil {
				w.T.Fatal(err)
			}
			change = begin()
		}
		id := domain.NewOrganizationID(w.Now())
		orgs = append(orgs, id)
		change.Put(&domain.Organization{
			ID: id, Revision: 1, Name: "N", Country: "SE", BusinessID: string(id), Language: domain.Swedish, TimeZone: "Europe/Stockholm", Alphabet: domain.Swedish,
		})
		change.Put(&domain.Membership{
			Revision: 1, Organization: id, Person: p.ID, Kind: domain.Own, Home: id, Alphabet: domain.Swedish, Roles: []domain.RoleKey{"user"}, ActivatedAt: w.Now(),
			Card: domain.Card{GivenName: p.GivenName, FamilyName: p.FamilyName, Email: p.Email, Phone: "+358405550001", Language: domain.Swedish},
		})
		change.Record(id, domain.UserCreated, domain.Subject{Type: "user", ID: string(p.ID)})
	}
	p.Organizations, p.Home = orgs, orgs[0]
	change.Put(p)
	change.Put(&domain.EmailClaim{Email: p.Email, Person: p.ID})
	change.Send(&domain.Mail{Kind: domain.MailPasswordChanged, Person: p.ID, Organization: orgs[0]})
	if err := s.Commit(context.Background(), change); err != nil {
		w.T.Fatal(err)
	}
	return User{ID: string(p.ID), Email: canaryEmail}, orgs
}

// XH7: an inactive user can be restored, an erased one cannot.
func TestXH7_ErasureEndsRestoring(t *testing.T) {
	t.Parallel()
	w := With(t, "construction")
	c := w.Customer("alpha")
	u := w.InviteWith(c, canaryEmail, Object{"givenName": "Kanarie", "roles": []string{"report-reader"}})
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: c.Token})
	if len(sing(dumpOf(t, w.Base))) == 0 {
		t.Fatal("nothing was kept")
	}
	w.Want(http.StatusNoContent, w.erase(u))
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "POST", Path: u.Path + "/restore", Token: c.Token})
	if found := sing(dumpOf(t, w.Base)); len(found) > 0 {
		t.Errorf("%q are left", found)
	}
}

// XH8: a backup brings erased people back; the ledger, which has ids only, says
// who they are, and takes them away again.
func TestXH8_TheLedgerAfterARestore(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta, u := kanarie(w)
	removed := w.InviteWith(beta, "kanarie2@beta.example", Object{"givenName": "Kanarie", "roles": []string{"user"}})
	stays := w.Invite(alpha, "stays@alpha.example", "user")
	backup := SQLite(t)
	for item, err := range w.Base.(*sqlitetable.Table).Dump(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := backup.Transact(t.Context(), table.Put(item, table.Always)); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(http.StatusNoContent, w.erase(u))
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: removed.Path, Token: beta.Token}) // the last of them: erased too

	ledger, err := store.New(w.Base).Erasures(t.Context(), domain.PageRequest{Limit: 10})
	if err != nil || len(ledger.Items) != 2 {
		t.Fatalf("ledger: %+v, %v", ledger.Items, err)
	}
	for _, item := range w.rows("ERASED") {
		if found := sing(string(item.Body)); len(found) > 0 {
			t.Errorf("%q in the ledger", found)
		}
	}
	restored := store.New(backup)
	for round, want := range []bool{true, false} {
		for _, line := range ledger.Items {
			c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "reapply"}, w.Now(), "r")
			if found, err := domain.EraseAgain(t.Context(), restored, c, w.Profile, *line); found != want || err != nil {
				t.Errorf("round %d, %s: %v, %v", round, line.Person, found, err)
			}
		}
	}
	for _, line := range strings.Split(dumpOf(t, backup), "\n") {
		if found := sing(line); len(found) > 0 {
			t.Errorf("%q in %s", found, line)
		}
	}
	if again, err := restored.Erasures(t.Context(), domain.PageRequest{Limit: 10}); err != nil || len(again.Items) != 2 {
		t.Errorf("the ledger of the restored store: %+v, %v", again.Items, err)
	}
	if _, err := restored.Person(t.Context(), domain.PersonID(stays.ID)); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

// XH9: the export has everything that the store has of a person, in every
// organization, and nothing that is a secret or somebody else's.
func TestXH9_TheExportIsWhole(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta, u := kanarie(w)
	other := w.InviteWith(alpha, "papukaija@alpha.example", Object{"givenName": "Papukaija", "phone": "+358407770001", "roles": []string{"user"}})
	w.SignIn(canaryEmail, Password)
	a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/people/" + u.ID + "/export", Token: w.Operator(), Headers: []Header{{"Idempotency-Key", "once"}}})
	if found := sing(string(a.Raw)); len(found) != len(canaries) {
		t.Errorf("only %q of %q", found, canaries)
	}
	p := a.Body["person"].(Object)
	if p["email"] != canaryEmail || p["phone"] != "+358405550001" || p["hasPassword"] != true || p["id"] != u.ID {
		t.Errorf("person: %v", p)
	}
	var orgs []string
	for _, m := range a.Body["memberships"].([]any) {
		orgs = append(orgs, m.(Object)["organizationId"].(string))
	}
	want := []string{alpha.ID, beta.ID}
	slices.Sort(want)
	slices.Sort(orgs)
	if diff := cmp.Diff(want, orgs); diff != "" {
		t.Error(diff)
	}
	if rights := a.Text("memberships/0/assignments/0/rights/0"); rights != "order" {
		t.Errorf("assignments: %s", a.Raw)
	}
	for member, least := range map[string]int{"sessions": 2, "links": 1, "mails": 4} {
		if n := len(a.Body[member].([]any)); n < least {
			t.Errorf("%d %s", n, member)
		}
	}
	var shown []string
	for _, e := range a.Body["audit"].([]any) {
		shown = append(shown, e.(Object)["id"].(string))
	}
	var written []string
	for _, c := range []Customer{alpha, beta} {
		entries, _ := w.auditPages(c, nil, 200)
		for _, e := range entries {
			if e["actor"].(Object)["id"] == u.ID || e["subject"].(Object)["id"] == u.ID {
				written = append(written, e["id"].(string))
			}
		}
	}
	slices.Sort(shown)
	slices.Sort(written)
	if diff := cmp.Diff(written, shown); diff != "" || a.Text("next") != "" {
		t.Errorf("audit:\n%s", diff)
	}
	for _, secret := range []string{"$argon2", "fms_", "fml_", `"hash"`, "passwordHash", "Papukaija", "papukaija", "7770001", other.ID} {
		if strings.Contains(string(a.Raw), secret) {
			t.Errorf("it tells %s", secret)
		}
	}
	// It is the operator's to hand over, it is on record, and no copy is kept.
	own, _ := w.auditPages(Customer{ID: string(domain.OperatorID), Token: w.Operator()}, nil, 10)
	if own[0]["action"] != "person.exported" || own[0]["subject"].(Object)["id"] != u.ID {
		t.Errorf("audit: %v", own[0])
	}
	if strings.Contains(w.Dump(), "RECEIPT#") {
		t.Error("a receipt keeps the export")
	}
	w.Fails(http.StatusForbidden, "forbidden", Request{Method: "GET", Path: "/v1/people/" + u.ID + "/export", Token: alpha.Token})
	w.Fails(http.StatusForbidden, "forbidden", Request{Method: "DELETE", Path: "/v1/people/" + u.ID, Token: alpha.Token})
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: "/v1/people/" + absentSubject["id"].(string) + "/export", Token: w.Operator()})
}

// XH9: a long audit comes in parts, which are all of it.
func TestXH9_TheExportInParts(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	u, orgs := w.Everywhere(3)
	s := store.New(w.Base)
	written := len(orgs)
	for i, org := range orgs {
		for range 40 * (i + 1) {
			change := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, w.Now(), "r")
			for n := range 90 {
				subject := domain.Subject{Type: "user", ID: "usr_other"}
				if n%30 == 0 {
					subject.ID = u.ID
					written++
				}
				change.Record(org, domain.UserUpdated, subject)
			}
			if err := s.Commit(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			w.Pass(time.Millisecond)
		}
	}
	operator := w.Operator()
	got, parts, cursor := map[string]bool{}, 0, ""
	for {
		counter.Reset()
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/people/" + u.ID + "/export" + cursor, Token: operator})
		if n := counter.Counts(); n.ItemsQueried > 5100 {
			t.Errorf("part %d: %+v", parts, n)
		}
		if full := len(a.Body["memberships"].([]any)) == 3; full != (parts == 0) {
			t.Errorf("part %d: %v", parts, a.Body["memberships"])
		}
		for _, e := range a.Body["audit"].([]any) {
			id := e.(Object)["id"].(string)
			if got[id] {
				t.Errorf("%s comes twice", id)
			}
			got[id] = true
		}
		parts++
		if a.Text("next") == "" {
			break
		}
		cursor = "?cursor=" + a.Text("next")
	}
	if len(got) != written || parts < 3 {
		t.Errorf("%d of %d entries, in %d parts", len(got), written, parts)
	}
	exported := 0
	for _, item := range w.rows("AUDIT#" + string(domain.OperatorID)) {
		exported += strings.Count(string(item.Body), "person.exported")
	}
	if exported != 1 {
		t.Errorf("on record %d times", exported)
	}
}

// XD22: a text that looks like a line of the log does not become one.
func TestXD22_NobodyWritesTheLog(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	alpha := w.Customer("alpha")
	forged := "x\n{\"level\":\"audit\",\"msg\":\"forged\"}\r\n\x1b[2J\u2028{\"level\":\"audit\"}\u0085"
	lines := func() (all []Object) {
		t.Helper()
		for scan := bufio.NewScanner(strings.NewReader(w.Log.String())); scan.Scan(); {
			var line Object
			if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
				t.Fatalf("a line that is none of ours: %q", scan.Text())
			}
			if line["level"] == "audit" || line["msg"] == "forged" {
				t.Errorf("a forged line: %q", scan.Text())
			}
			if strings.ContainsAny(scan.Text(), "\x1b\u2028\u0085\r") {
				t.Errorf("what a terminal obeys: %q", scan.Text())
			}
			all = append(all, line)
		}
		return all
	}
	spoil(func(tabletest.Call) tabletest.Fault { return tabletest.Down }) // so that each request is logged
	tried := 0
	send := func(r Request) {
		t.Helper()
		before := len(lines())
		if a, err := w.Try(r); err == nil && a.Status == http.StatusServiceUnavailable {
			tried++
			if after := len(lines()); after != before+1 {
				t.Errorf("%s %s: %d lines", r.Method, r.Path, after-before)
			}
		}
	}
	for _, e := range api.Endpoints() {
		for member, value := range bodies[e.ID] {
			if _, isText := value.(string); !isText {
				continue
			}
			r := request(t, e, alpha.ID, alpha.AdminID, alpha.Token)
			altered := maps.Clone(r.Body.(Object))
			altered[member] = forged
			r.Body = altered
			send(r)
		}
	}
	escaped := "%0A%7B%22level%22:%22audit%22%7D%1B%5B2J%E2%80%A8"
	send(Request{Method: "GET", Path: alpha.Path("/users?q=" + escaped), Token: alpha.Token})
	send(Request{Method: "GET", Path: alpha.Path("/audit?actor=" + escaped + "&action=" + escaped), Token: alpha.Token})
	send(Request{Method: "GET", Path: "/v1/organizations/" + escaped, Token: alpha.Token})
	send(Request{Method: "GET", Path: "/v1/me", Token: alpha.Token, Headers: []Header{{"User-Agent", `x {"level":"audit"}`}, {"X-Request-ID", `{"level":"audit"}`}}})
	if tried < 20 {
		t.Errorf("only %d requests were logged", tried)
	}
}

// XH6, XH9: what the operator does for a person is the same on every table.
func TestXH6_XH9_OnEveryTable(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alpha := w.Customer("alpha")
		u := w.InviteWith(alpha, canaryEmail, Object{"givenName": "Kanarie", "roles": []string{"user"}})
		token := w.Enter(u)
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/people/" + u.ID + "/export", Token: w.Operator()})
		for _, member := range []string{"memberships", "sessions", "mails", "audit"} {
			if list := a.Body[member].([]any); len(list) == 0 {
				t.Errorf("no %s: %s", member, a.Raw)
			}
		}
		w.Want(http.StatusNoContent, w.erase(u))
		w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: "/v1/me", Token: token})
		s := store.New(w.Base)
		sessions, err := s.Sessions(t.Context(), domain.PersonID(u.ID))
		if err != nil || len(sessions) != 0 {
			t.Errorf("sessions: %v, %v", sessions, err)
		}
		mails, err := s.MailsTo(t.Context(), domain.PersonID(u.ID), domain.PageRequest{Limit: 10})
		if err != nil || len(mails.Items) != 0 {
			t.Errorf("mails: %v, %v", mails.Items, err)
		}
		if entries, _ := w.auditPages(alpha, nil, 200); entries[0]["action"] != "user.erased" {
			t.Errorf("audit: %v", entries[0])
		}
	})
}

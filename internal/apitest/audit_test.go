package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// audited is a customer with a history: the administrator's, an operator's and
// a person's own.
func audited(w *World) (c Customer, u User) {
	w.T.Helper()
	c = w.Customer("alpha")
	u = w.Invite(c, "audited@alpha.example", "user")
	for _, given := range []string{"Aa", "Bb", "Cc"} {
		w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", c.Token, Object{"givenName": given}))
	}
	w.Resource(c, "customer-number", "", "1001")
	w.Activate(u.Email, Password)
	w.Lock(c, u.Email)
	return c, u
}

// auditPages reads the audit by pages of a size, and says how many there were.
func (w *World) auditPages(c Customer, query url.Values, limit int) (entries []Object, pages int) {
	w.T.Helper()
	query = maps.Clone(query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", fmt.Sprint(limit))
	for {
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit?" + query.Encode()), Token: c.Token})
		pages++
		for _, item := range a.Items() {
			entries = append(entries, item.(Object))
		}
		if a.Text("next") == "" {
			return entries, pages
		}
		query.Set("cursor", a.Text("next"))
	}
}

func TestAuditFilters(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, u := audited(w)
		all, _ := w.auditPages(c, nil, 200)
		if len(all) < 8 {
			t.Fatalf("only %d entries", len(all))
		}
		at := func(e Object) time.Time {
			moment, err := time.Parse(time.RFC3339Nano, e["at"].(string))
			if err != nil {
				t.Fatal(err)
			}
			return moment
		}
		middle := at(all[len(all)/2])
		actor := func(e Object) string { return e["actor"].(Object)["id"].(string) }
		subject := func(e Object) Object { return e["subject"].(Object) }
		for name, f := range map[string]struct {
			query url.Values
			keeps func(Object) bool
		}{
			"actor":            {url.Values{"actor": {c.AdminID}}, func(e Object) bool { return actor(e) == c.AdminID }},
			"another actor":    {url.Values{"actor": {u.ID}}, func(e Object) bool { return actor(e) == u.ID }},
			"type":             {url.Values{"subjectType": {"resource"}}, func(e Object) bool { return subject(e)["type"] == "resource" }},
			"subject":          {url.Values{"subject": {u.ID}}, func(e Object) bool { return subject(e)["id"] == u.ID }},
			"type and subject": {url.Values{"subjectType": {"user"}, "subject": {u.ID}}, func(e Object) bool { return subject(e)["id"] == u.ID }},
			"action":           {url.Values{"action": {"user.updated"}}, func(e Object) bool { return e["action"] == "user.updated" }},
			"from":             {url.Values{"from": {middle.Format(time.RFC3339Nano)}}, func(e Object) bool { return !at(e).Before(middle) }},
			"to":               {url.Values{"to": {middle.Format(time.RFC3339Nano)}}, func(e Object) bool { return at(e).Before(middle) }},
			"from, in a zone":  {url.Values{"from": {middle.In(time.FixedZone("", 7200)).Format(time.RFC3339Nano)}}, func(e Object) bool { return !at(e).Before(middle) }},
			"actor, action, from": {
				url.Values{"actor": {c.AdminID}, "action": {"user.updated"}, "from": {at(all[len(all)-1]).Format(time.RFC3339Nano)}},
				func(e Object) bool { return actor(e) == c.AdminID && e["action"] == "user.updated" },
			},
		} {
			want := slices.DeleteFunc(slices.Clone(all), func(e Object) bool { return !f.keeps(e) })
			if len(want) == 0 || len(want) == len(all) && name != "from, in a zone" {
				t.Fatalf("%s tells nothing apart", name)
			}
			for _, limit := range []int{1, 3, 200} {
				got, _ := w.auditPages(c, f.query, limit)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, pages of %d:\n%s", name, limit, diff)
				}
			}
		}
		for name, query := range map[string]string{"nobody": "actor=usr_x", "nothing": "action=user.flown", "an empty span": "from=2027-01-01T00:00:00Z&to=2027-01-01T00:00:00Z"} {
			if a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit?" + query), Token: c.Token}); len(a.Items()) != 0 || a.Text("next") != "" {
				t.Errorf("%s: %s", name, a.Raw)
			}
		}
		for query, pointer := range map[string]string{
			"from=yesterday": "?from", "to=2026-11-02": "?to", "from=0001-01-01T00:00:00Z": "?from", "subjectType=wish": "?subjectType",
			"from=2026-11-03T00:00:00Z&to=2026-11-02T00:00:00Z": "?to",
		} {
			if a := w.Want(http.StatusBadRequest, Request{Method: "GET", Path: c.Path("/audit?" + query), Token: c.Token}); a.Text("errors/0/pointer") != pointer {
				t.Errorf("%s: %s", query, a.Raw)
			}
		}
		// A cursor is one of its list's, filters and all.
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit?limit=1&action=user.updated"), Token: c.Token})
		cursor := url.QueryEscape(a.Text("next"))
		w.Want(http.StatusBadRequest, Request{Method: "GET", Path: c.Path("/audit?limit=1&action=user.created&cursor=" + cursor), Token: c.Token})
	})
}

// One page of a filtered audit reads no more than a few steps of it, however
// little of it is shown; and the pages lead to its end.
func TestAuditPagesAreBounded(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	c := w.Customer("alpha")
	s := store.New(w.Base)
	for i := range 40 {
		change := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, w.Now().Add(time.Duration(i)*time.Second), "r")
		for range 75 {
			change.Record(domain.OrganizationID(c.ID), domain.ResourceUpdated, domain.Subject{Type: "resource", ID: "res_1"})
		}
		if err := s.Commit(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	counter.Reset()
	a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit?action=organization.created"), Token: c.Token})
	if n := counter.Counts(); n.Queries > 5 || n.ItemsQueried > 1000 || len(a.Items()) != 0 || a.Text("next") == "" {
		t.Errorf("%+v: %s", n, a.Raw)
	}
	found, pages := w.auditPages(c, url.Values{"action": {"organization.created"}}, 50)
	if len(found) != 1 || pages != 4 {
		t.Errorf("%d found in %d pages", len(found), pages)
	}
}

// seal runs the job when all that there is has settled.
func (w *World) seal() (entries int) {
	w.T.Helper()
	w.Pass(domain.SealSettle + time.Second)
	result, err := w.App.Run(context.Background(), "audit-seal", nil)
	if err != nil {
		w.T.Fatal(err)
	}
	var out struct{ Entries int }
	if err := json.Unmarshal([]byte(text(result)), &out); err != nil {
		w.T.Fatal(err)
	}
	return out.Entries
}

func (w *World) verify(org string, anchor domain.AuditAnchor) *domain.AuditCheck {
	w.T.Helper()
	check, err := domain.VerifyAudit(context.Background(), store.New(w.Base), domain.OrganizationID(org), anchor)
	if err != nil {
		w.T.Fatal(err)
	}
	return check
}

// rows are the items of a partition, in order.
func (w *World) rows(pk string) []table.Item {
	w.T.Helper()
	page, err := w.Base.Query(context.Background(), table.Query{PK: pk, Limit: 1000})
	if err != nil {
		w.T.Fatal(err)
	}
	return page.Items
}

// tamper writes past everything.
func (w *World) tamper(ops ...table.Op) {
	w.T.Helper()
	if err := w.Base.Transact(context.Background(), ops...); err != nil {
		w.T.Fatal(err)
	}
}

func replaced(item table.Item, old, new string) table.Op {
	item.Body = []byte(strings.ReplaceAll(string(item.Body), old, new))
	return table.Put(item, table.Always)
}

func gone(items ...table.Item) (ops []table.Op) {
	for _, item := range items {
		ops = append(ops, table.Delete(item.Key, table.Always))
	}
	return ops
}

// XH12: whoever can write anything to the table cannot change the audit unseen:
// the verifier names what was edited, deleted, moved, cut off or put in.
func TestXH12_TamperingIsNamed(t *testing.T) {
	t.Parallel()
	type findings = []domain.AuditFinding
	for name, tamper := range map[string]func(w *World, entries, seals []table.Item, chain table.Item) findings{
		"edited": func(w *World, entries, _ []table.Item, _ table.Item) findings {
			w.tamper(replaced(entries[3], `"action":"`, `"action":"un`))
			return findings{{Fault: domain.AuditEdited, Entry: domain.AuditID(entries[3].SK), Seal: 1}}
		},
		"its time edited": func(w *World, entries, _ []table.Item, _ table.Item) findings {
			w.tamper(replaced(entries[2], `"at":"2026`, `"at":"2025`))
			return findings{{Fault: domain.AuditEdited, Entry: domain.AuditID(entries[2].SK), Seal: 1}}
		},
		"deleted": func(w *World, entries, _ []table.Item, _ table.Item) findings {
			w.tamper(gone(entries[4])...)
			return findings{{Fault: domain.AuditDeleted, Entry: domain.AuditID(entries[4].SK), Seal: 1}}
		},
		"the first deleted": func(w *World, entries, _ []table.Item, _ table.Item) findings {
			w.tamper(gone(entries[0])...)
			return findings{{Fault: domain.AuditDeleted, Entry: domain.AuditID(entries[0].SK), Seal: 1}}
		},
		"reordered": func(w *World, entries, _ []table.Item, _ table.Item) findings {
			a, b := entries[2], entries[3]
			a.Body, b.Body = b.Body, a.Body
			w.tamper(table.Put(a, table.Always), table.Put(b, table.Always))
			return findings{
				{Fault: domain.AuditReordered, Entry: domain.AuditID(b.SK), Seal: 1}, {Fault: domain.AuditReordered, Entry: domain.AuditID(a.SK), Seal: 1},
			}
		},
		"the newest deleted": func(w *World, entries, _ []table.Item, _ table.Item) findings {
			last := entries[len(entries)-1]
			w.tamper(gone(last)...)
			return findings{{Fault: domain.AuditDeleted, Entry: domain.AuditID(last.SK), Seal: 2}}
		},
		"truncated with its seal": func(w *World, entries, seals []table.Item, _ table.Item) findings {
			w.tamper(gone(append(entries[w.sealedFirst():], seals[1])...)...)
			return findings{{Fault: domain.AuditTruncated, Seal: 2}}
		},
		"the end put back": func(w *World, _, _ []table.Item, chain table.Item) findings {
			w.tamper(replaced(chain, `"number":2`, `"number":1`))
			return findings{{Fault: domain.AuditTruncated, Seal: 2}}
		},
		"without its end": func(w *World, _, _ []table.Item, chain table.Item) findings {
			w.tamper(gone(chain)...)
			return findings{{Fault: domain.AuditTruncated, Seal: 2}}
		},
		"a seal deleted": func(w *World, entries, seals []table.Item, _ table.Item) findings {
			first := w.sealedFirst()
			w.tamper(gone(seals[0])...)
			var want findings // what it told of is not sealed any more
			for i := first - 1; i >= 0; i-- {
				want = append(want, domain.AuditFinding{Fault: domain.AuditLate, Entry: domain.AuditID(entries[i].SK)})
			}
			return append(want, domain.AuditFinding{Fault: domain.AuditSealDeleted, Seal: 1})
		},
		"a seal edited with its entry": func(w *World, entries, seals []table.Item, _ table.Item) findings {
			w.tamper(gone(entries[3])...)
			i := strings.Index(string(seals[0].Body), entries[3].SK)
			cut := string(seals[0].Body)[i-len(`{"id":"`) : i]
			rest := string(seals[0].Body)[i:]
			whole := cut + rest[:strings.Index(rest, "}")+2]
			w.tamper(replaced(seals[0], whole, ""))
			return findings{{Fault: domain.AuditSealEdited, Seal: 1}}
		},
		"inserted": func(w *World, entries, _ []table.Item, _ table.Item) findings {
			old := domain.NewAuditID(Start.Add(-time.Hour))
			item := entries[0]
			item.SK, item.Index = string(old), nil
			w.tamper(replaced(item, entries[0].SK, string(old)))
			return findings{{Fault: domain.AuditInserted, Entry: old}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := New(t)
			c, u := audited(w)
			w.seal()
			w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/validity", w.SignIn(c.AdminEmail, Password), Object{"type": "indefinite"}))
			w.seal()
			if check := w.verify(c.ID, domain.AuditAnchor{}); !check.Whole() || len(check.Findings) != 0 || check.Chain.Number != 2 || check.Unsealed != 0 {
				t.Fatalf("before: %+v", check)
			}
			sealed := w.rows("SEAL#" + c.ID)
			seals, chain := sealed[:2], sealed[2]
			want := tamper(w, w.rows("AUDIT#"+c.ID), seals, chain)
			check := w.verify(c.ID, domain.AuditAnchor{})
			if diff := cmp.Diff(want, check.Findings); diff != "" || check.Whole() {
				t.Errorf("whole: %v\n%s", check.Whole(), diff)
			}
			// Sealing goes on, and makes nothing good.
			w.Want(http.StatusOK, w.Edit("PATCH", u.Path, "", w.SignIn(c.AdminEmail, Password), Object{"givenName": "After"}))
			w.Pass(domain.SealSettle + time.Second)
			if _, err := w.App.Run(t.Context(), "audit-seal", nil); err == nil && w.verify(c.ID, domain.AuditAnchor{}).Whole() {
				t.Error("it is whole again")
			}
		})
	}
}

// sealedFirst is how many entries the first seal of the audited customer covers.
func (w *World) sealedFirst() int {
	w.T.Helper()
	for org := range w.auditedOrganizations() {
		if org != string(domain.OperatorID) {
			return strings.Count(string(w.rows("SEAL#" + org)[0].Body), `"id":`)
		}
	}
	w.T.Fatal("nothing is sealed")
	return 0
}

func (w *World) auditedOrganizations() map[string]bool {
	w.T.Helper()
	orgs := map[string]bool{}
	for _, line := range strings.Split(w.Dump(), "\n") {
		if pk, _, _ := strings.Cut(line, " "); strings.HasPrefix(pk, "AUDIT#org_") {
			orgs[strings.TrimPrefix(pk, "AUDIT#")] = true
		}
	}
	return orgs
}

// XH12: a chain that was cut off, or made anew, with everything that belongs to
// it is known by what was noted of it elsewhere.
func TestXH12_AnAnchorElsewhere(t *testing.T) {
	t.Parallel()
	w := New(t)
	c, _ := audited(w)
	w.seal()
	first := w.rows("SEAL#" + c.ID)
	w.Want(http.StatusOK, Request{Method: "PATCH", Path: c.Path(""), Token: w.SignIn(c.AdminEmail, Password), Body: Object{"name": "X"}, Headers: []Header{{"If-Match", `"1"`}}})
	w.seal()
	chain := w.verify(c.ID, domain.AuditAnchor{}).Chain
	anchor := domain.AuditAnchor{Number: chain.Number, Hash: chain.Hash}
	if check := w.verify(c.ID, anchor); !check.Whole() {
		t.Errorf("as it was noted: %+v", check)
	}
	rows, sealed := w.rows("AUDIT#"+c.ID), w.rows("SEAL#"+c.ID)
	w.tamper(append(gone(rows[len(rows)-1], sealed[1]), table.Put(first[1], table.Always))...)
	if check := w.verify(c.ID, domain.AuditAnchor{}); !check.Whole() {
		t.Errorf("cut off with all that tells: %+v", check)
	}
	if check := w.verify(c.ID, anchor); check.Whole() || check.Findings[0].Fault != domain.AuditTruncated || check.Findings[0].Seal != 2 {
		t.Errorf("against what was noted: %+v", check.Findings)
	}
	// All of it made anew.
	w.tamper(gone(w.rows("SEAL#" + c.ID)...)...)
	w.tamper(replaced(w.rows("AUDIT#" + c.ID)[1], "user", "usex"))
	sealing := domain.Sealing{Store: store.New(w.Base), Begin: func() *domain.Change {
		return domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "forger"}, w.Now(), "r")
	}}
	if _, err := sealing.Seal(t.Context(), domain.OrganizationID(c.ID)); err != nil {
		t.Fatal(err)
	}
	noted := domain.AuditAnchor{Number: 1, Hash: first1(t, first)}
	if check := w.verify(c.ID, noted); check.Whole() || check.Findings[0] != (domain.AuditFinding{Fault: domain.AuditSealEdited, Seal: 1}) {
		t.Errorf("made anew: %+v", check.Findings)
	}
}

func first1(t *testing.T, sealed []table.Item) string {
	t.Helper()
	var chain struct{ Hash string }
	if err := json.Unmarshal(sealed[1].Body, &chain); err != nil {
		t.Fatal(err)
	}
	return chain.Hash
}

// Every entry is sealed once, whatever runs at the same time, again, or breaks off.
func TestSealingIsDoneOnce(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, _ := audited(w)
		if n := w.sealNow(); n != 0 {
			t.Errorf("%d entries were sealed that have not settled", n)
		}
		w.Pass(domain.SealSettle + time.Second)
		done := make(chan error, 4)
		for range cap(done) {
			go func() {
				_, err := w.App.Run(context.WithoutCancel(t.Context()), "audit-seal", nil)
				done <- err
			}()
		}
		for range cap(done) {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		w.sealNow()
		if n := w.sealNow(); n != 0 {
			t.Errorf("%d entries are sealed again", n)
		}
		for _, org := range []string{c.ID, string(domain.OperatorID)} {
			check := w.verify(org, domain.AuditAnchor{})
			if len(check.Findings) != 0 || check.Unsealed != 0 || check.Chain.Entries != int64(len(w.rows("AUDIT#"+org))) {
				t.Errorf("%s: %+v", org, check)
			}
		}
	})
}

// sealNow runs the job, whatever has settled.
func (w *World) sealNow() int {
	w.T.Helper()
	w.Pass(-domain.SealSettle - time.Second)
	return w.seal()
}

// An entry that turns up after newer ones were sealed is sealed as late, and told
// of; it is no fault.
func TestXH12_StragglersAreSealedAsLate(t *testing.T) {
	t.Parallel()
	w := New(t)
	c, u := audited(w)
	org := domain.OrganizationID(c.ID)
	slow := domain.NewChange(domain.Actor{Type: domain.ByPerson, ID: c.AdminID}, w.Now(), "slow")
	slow.Record(org, domain.UserUpdated, domain.Subject{Type: "user", ID: u.ID})
	id := slow.Writes[0].Entity.(*domain.AuditEntry).ID
	w.Pass(time.Second)
	w.Want(http.StatusOK, Request{Method: "PATCH", Path: c.Path(""), Token: c.Token, Body: Object{"name": "X"}, Headers: []Header{{"If-Match", `"1"`}}})
	w.seal()
	if err := store.New(w.Base).Commit(t.Context(), slow); err != nil {
		t.Fatal(err)
	}
	want := []domain.AuditFinding{{Fault: domain.AuditLate, Entry: id}}
	if check := w.verify(c.ID, domain.AuditAnchor{}); !check.Whole() || cmp.Diff(want, check.Findings) != "" {
		t.Errorf("before it is sealed: %+v", check)
	}
	if n := w.seal(); n != 1 {
		t.Errorf("%d entries sealed", n)
	}
	want[0].Seal = 2
	if check := w.verify(c.ID, domain.AuditAnchor{}); !check.Whole() || cmp.Diff(want, check.Findings) != "" || check.Chain.Number != 2 {
		t.Errorf("after: %+v", check)
	}
	w.tamper(replaced(w.row("AUDIT#"+c.ID, string(id)), "slow", "fast"))
	if check := w.verify(c.ID, domain.AuditAnchor{}); check.Whole() || check.Findings[1] != (domain.AuditFinding{Fault: domain.AuditEdited, Entry: id, Seal: 2}) {
		t.Errorf("edited: %+v", check.Findings)
	}
}

func (w *World) row(pk, sk string) table.Item {
	w.T.Helper()
	for _, item := range w.rows(pk) {
		if item.SK == sk {
			return item
		}
	}
	w.T.Fatalf("no item %s %s", pk, sk)
	return table.Item{}
}

// What the job has missed, for however long, it finds when it runs again; and
// when nothing was written it reads next to nothing.
func TestSealingAfterALongTime(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	c, u := audited(w)
	w.Pass(60 * 24 * time.Hour)
	w.Want(http.StatusOK, w.Edit("PUT", u.Path, "/validity", w.SignIn(c.AdminEmail, Password), Object{"type": "indefinite"}))
	w.seal()
	if check := w.verify(c.ID, domain.AuditAnchor{}); len(check.Findings) != 0 || check.Unsealed != 0 {
		t.Errorf("%+v", check)
	}
	w.Pass(24 * time.Hour)
	w.seal()
	counter.Reset()
	w.Pass(5 * time.Minute)
	w.sealNow()
	if n := counter.Counts(); n.ItemsQueried != 0 || n.Queries > 16 || n.Transacts != 1 {
		t.Errorf("an idle run: %+v", n)
	}
}

// A store that does not answer is an error, and the next run does the work.
func TestSealingBreaksOff(t *testing.T) {
	t.Parallel()
	w, spoil := spoiled(t)
	c, _ := audited(w)
	w.Pass(domain.SealSettle + time.Second)
	for _, pk := range []string{"SEAL#" + c.ID, "SEAL#SWEEP"} {
		spoil(func(call tabletest.Call) tabletest.Fault {
			if slices.ContainsFunc(call.Ops, func(op table.Op) bool { return op.Item.PK == pk }) {
				return tabletest.Down
			}
			return tabletest.Fault{}
		})
		if _, err := w.App.Run(t.Context(), "audit-seal", nil); err == nil {
			t.Errorf("%s: it does not tell", pk)
		}
	}
	spoil(nil)
	w.sealNow()
	if check := w.verify(c.ID, domain.AuditAnchor{}); len(check.Findings) != 0 || check.Unsealed != 0 || check.Chain.Number != 1 {
		t.Errorf("%+v", check)
	}
}

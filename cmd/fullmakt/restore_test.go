package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/check/checktest"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dump"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// dumped writes a store to a file.
func dumped(t *testing.T, data string) (name, text string) {
	t.Helper()
	text, err := do(t, "dump", "-data", data)
	if err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(t.TempDir(), "dump.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name, text
}

// without is a dump without the first line that matches.
func without(t *testing.T, text, form string) string {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if regexp.MustCompile(form).MatchString(line) {
			name := filepath.Join(t.TempDir(), "torn.json")
			if err := os.WriteFile(name, []byte(strings.Join(append(lines[:i:i], lines[i+1:]...), "")), 0o600); err != nil {
				t.Fatal(err)
			}
			return name
		}
	}
	t.Fatalf("no line matches %s", form)
	return ""
}

// XI10: dump, load, erase again, check, ask; as an operator does it.
func TestXI10_TheDrillOnTheCommandLine(t *testing.T) {
	t.Parallel()
	data := seeded(t)
	user, _ := somebody(t, data)
	for _, args := range [][]string{{"-data", data}, {"-data", data, "-at", "2026-11-22T09:00:00Z"}} {
		out, err := do(t, append([]string{"check"}, args...)...)
		if len(args) == 2 && (err != nil || !strings.Contains(out, "\nJ11 ") || strings.Contains(out, "@")) {
			t.Errorf("%s, %v", out, err)
		}
	}
	older, text := dumped(t, data)
	anchors, err := do(t, "audit", "verify", "-data", data)
	if err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(t.TempDir(), "note")
	if _, err := do(t, "check", "-from", older, "-note", note); err != nil {
		t.Error(err)
	}
	if noted, err := os.ReadFile(note); err != nil || len(strings.Split(string(noted), "\n")) != len(strings.Split(anchors, "\n")) {
		t.Errorf("noted: %s, %v", noted, err)
	}
	if _, err := do(t, "check", "-from", older, "-note", note); err == nil {
		t.Error("an older note is written over")
	}
	if out, err := do(t, "check", "-from", older, "-since", written(t, anchors)); err != nil || !strings.Contains(out, " 0 violations") {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := do(t, "person", "erase", "-data", data, string(user.Person)); err != nil {
		t.Fatal(err)
	}
	ledger, err := do(t, "person", "ledger", "-data", data)
	if err != nil {
		t.Fatal(err)
	}
	newer, _ := dumped(t, data)
	for name, ledger := range map[string]string{"a newer dump": newer, "a ledger": written(t, ledger)} {
		restored := filepath.Join(t.TempDir(), "restored")
		out, err := do(t, "restore", "-from", older, "-ledger", ledger, "-data", restored, "-keys", data)
		if err != nil || !strings.Contains(out, "Erased again: 1 of 1 people.") || !strings.Contains(out, "The restore has passed.") {
			t.Fatalf("%s: %s, %v", name, out, err)
		}
		with(t, restored, func(tb *sqlitetable.Table) {
			for item, err := range tb.Dump(t.Context()) {
				if err != nil || bytes.Contains(item.Body, []byte(user.Email)) {
					t.Errorf("%s %s is back, %v", item.PK, item.SK, err)
				}
			}
		})
		// It is not done over a store that is there.
		if _, err := do(t, "restore", "-from", older, "-ledger", ledger, "-data", restored); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("a second time: %v", err)
		}
		// Later, what was noted elsewhere is of seals that this state never had.
		other := filepath.Join(t.TempDir(), "other")
		noted := written(t, string(domain.OperatorID)+" seal 9 00: 1 entries, 0 newer ones not sealed yet; whole\n")
		out, err = do(t, "restore", "-from", older, "-ledger", ledger, "-data", other, "-since", noted)
		if err != nil || !strings.Contains(out, "noted elsewhere: "+string(domain.OperatorID)+" seal 9 00; the state ends at seal 0") {
			t.Errorf("%s, %v", out, err)
		}
	}
	restored := func() string { return filepath.Join(t.TempDir(), "restored") }
	if out, err := do(t, "restore", "-from", older, "-ledger", "none", "-data", restored()); err != nil || !strings.Contains(out, "NO LEDGER") {
		t.Errorf("%s, %v", out, err)
	}

	// Of an invitation one item is missing: it is found, and put right when that is asked for.
	torn := without(t, text, `"pk":\{"S":"EMAIL#`)
	place := restored()
	out, err := do(t, "restore", "-from", torn, "-ledger", "none", "-data", place)
	if err == nil || !strings.Contains(err.Error(), "NOT passed") || !strings.Contains(out, "email-unclaimed") || !strings.Contains(out, "--repair can put right what is behind 1 of them") {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := do(t, "check", "-data", place); err == nil {
		t.Error("it is whole")
	}
	out, err = do(t, "restore", "-from", torn, "-ledger", "none", "-data", restored(), "-repair")
	if err != nil || !strings.Contains(out, "repaired: email-unclaimed") {
		t.Errorf("%s, %v", out, err)
	}

	half := written(t, text[:len(text)/2])
	place = restored()
	if _, err := do(t, "restore", "-from", half, "-ledger", "none", "-data", place); err == nil {
		t.Error("half a dump has passed")
	}
	if _, err := os.Stat(filepath.Join(place, "fullmakt.db")); err == nil {
		t.Error("and a store is made of it")
	}
	people := written(t, regexp.MustCompile(`(?m)^.*"pk":\{"S":"PERSON#.*\n`).ReplaceAllString(text, ""))
	if out, err := do(t, "restore", "-from", people, "-ledger", "none", "-data", restored(), "-repair"); err == nil || !strings.Contains(err.Error(), "nothing is repaired") {
		t.Errorf("a partition less: %s, %v", out, err)
	}

	for name, args := range map[string][]string{
		"nothing": {}, "no ledger": {"-from", older, "-data", restored()}, "no place": {"-from", older, "-ledger", "none"},
		"two places": {"-from", older, "-ledger", "none", "-data", restored(), "-table", "t", "-region", "r"}, "an argument": {"-from", older, "-ledger", "none", "-data", restored(), "x"},
		"no region": {"-from", older, "-ledger", "none", "-table", "t", "-region", ""}, "keys of a table": {"-from", older, "-ledger", "none", "-table", "t", "-region", "r", "-keys", data},
		"no dump": {"-from", "absent", "-ledger", "none", "-data", restored()}, "no such ledger": {"-from", older, "-ledger", "absent", "-data", restored()},
		"no profile": {"-from", older, "-ledger", "none", "-data", restored(), "-profile", "absent"}, "no anchors": {"-from", older, "-ledger", "none", "-data", restored(), "-since", "absent"},
	} {
		if _, err := do(t, append([]string{"restore"}, args...)...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, args := range map[string][]string{
		"no store": {"check", "-data", restored()}, "no dump": {"check", "-from", "absent"}, "no moment": {"check", "-data", data, "-at", "noon"},
		"an argument": {"check", "x"}, "no anchors": {"check", "-data", data, "-since", "absent"}, "nothing to dump": {"dump", "-data", restored()}, "dump with an argument": {"dump", "x"},
	} {
		if _, err := do(t, args...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// XI10: what has not passed is no store, whatever it was that went wrong; and nothing
// is written over.
func TestXI10_WhatHasNotPassedIsNoStore(t *testing.T) {
	t.Parallel()
	data := seeded(t)
	older, text := dumped(t, data)
	torn := without(t, text, `"pk":\{"S":"EMAIL#`)
	another, _ := dumped(t, seeded(t))
	with(t, data, func(tb *sqlitetable.Table) { // so that another store's dump is known to be one
		sealing := domain.Sealing{Store: store.New(tb), Begin: func() *domain.Change {
			return domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, time.Now().Add(time.Hour), "r")
		}}
		if _, _, err := sealing.SealAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	sealed, _ := dumped(t, data)
	is := func(names ...string) bool {
		for _, name := range names {
			if _, err := os.Stat(name); err != nil {
				return false
			}
		}
		return true
	}
	for name, c := range map[string]struct {
		from, ledger string
		kept         bool
	}{
		"no such ledger": {older, "absent", false}, "an empty ledger": {older, written(t, ""), false}, "another past": {sealed, another, false},
		"a store that is not whole": {torn, "none", true},
	} {
		t.Run(name, func(t *testing.T) {
			place := filepath.Join(t.TempDir(), "restored")
			args := []string{"restore", "-from", c.from, "-ledger", c.ledger, "-data", place, "-keys", data}
			out, err := do(t, args...)
			unproven := filepath.Join(place, "fullmakt.db.unproven")
			if err == nil || is(filepath.Join(place, "fullmakt.db")) || is(filepath.Join(place, "vault.keys")) || is(unproven) != c.kept || strings.Contains(out, unproven) != c.kept {
				t.Errorf("%s, %v", out, err)
			}
			if _, err := do(t, "check", "-data", place); err == nil || !strings.Contains(err.Error(), "there is no store") {
				t.Errorf("it is opened: %v", err)
			}
			args[2], args[4] = older, "none"
			out, err = do(t, args...)
			if passed := err == nil && is(filepath.Join(place, "fullmakt.db")) && !is(unproven); passed == c.kept {
				t.Errorf("in the same place: %s, %v", out, err)
			}
		})
	}
	for _, name := range []string{"vault.keys", "link.key"} {
		keys, place := t.TempDir(), t.TempDir()
		for dir, content := range map[string]string{keys: "older", place: "the only newer one"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := do(t, "restore", "-from", older, "-ledger", "none", "-data", place, "-keys", keys)
		if left, _ := os.ReadFile(filepath.Join(place, name)); err == nil || string(left) != "the only newer one" || is(filepath.Join(place, "fullmakt.db")) {
			t.Errorf("%s: %s, %v; it is %q", name, out, err, left)
		}
	}
}

// XI10: a dump that somebody has made tells a terminal nothing, and nobody's words.
func TestXI10_AHostileDumpIsPrintedPlainly(t *testing.T) {
	t.Parallel()
	_, text := dumped(t, seeded(t))
	hostile := `{"Item":{"pk":{"S":"\u001b]0;owned\u0007PERSON#x"},"sk":{"S":"Anna Andersson 19900101-1234"},"v":{"N":"1"},"body":{"S":"x"}}}` + "\n" +
		`{"Item":{"pk":{"S":"ORG#` + string(domain.OperatorID) + `"},"sk":{"S":"REF#site#Anna's cottage"},"v":{"N":"1"},"body":{"S":"x"}}}` + "\n"
	out, err := do(t, "check", "-from", written(t, text+hostile))
	if err == nil || strings.ContainsAny(out, "\x1b\x07") || strings.Contains(out, "Anna") || strings.Contains(out, "1990") ||
		!strings.Contains(out, "unreadable: …#… …") || !strings.Contains(out, "unreadable: ORG#"+string(domain.OperatorID)+" REF#…#…") {
		t.Errorf("%q, %v", out, err)
	}
}

func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// XI10: on a table of DynamoDB that a state was restored to, by an export of it.
// The credentials come from the environment, so that it is no parallel test.
func TestXI10_OnATableOfDynamoDB(t *testing.T) {
	cfg := dynamolocal.Config(t)
	credentials, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", credentials.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", credentials.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", credentials.SessionToken)
	w := checktest.New(t, defaultProfile, sqlitetable.Memory)
	var export bytes.Buffer
	if _, err := dump.Write(&export, w.Table.Dump(t.Context())); err != nil {
		t.Fatal(err)
	}
	there := dynamotable.New(cfg)
	if _, err := dump.Load(t.Context(), there, w.Table.Dump(t.Context())); err != nil {
		t.Fatal(err)
	}
	gone := w.Customers[1]
	users := w.Users(gone.ID)
	user := users[len(users)-1]
	session := checktest.First(w, func(*domain.Session) bool { return true })
	ledger := `{"person":"` + string(user.Person) + `","organizations":["` + string(gone.ID) + `"],"at":"2026-11-02T10:00:00Z"}` + "\n" + `{"people":1,"at":"2026-11-02T11:00:00Z"}` + "\n"

	// One item is lost in the restore.
	astray := checktest.First(w, func(e *domain.EmailClaim) bool { return e.Person == w.SignedIn.Person })
	key, err := store.Place(astray)
	if err != nil {
		t.Fatal(err)
	}
	if err := there.Transact(t.Context(), table.Delete(key.Key, table.IfPresent)); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"restore", "-from", without(t, export.String(), regexp.QuoteMeta(key.PK)), "-ledger", written(t, ledger), "-table", cfg.Table,
		"-region", cfg.Region, "-endpoint", cfg.Endpoint,
	}
	if _, err := do(t, args...); err == nil || !strings.Contains(err.Error(), "NOT passed") {
		t.Errorf("torn: %v", err)
	}
	sessionAt, err := store.Place(session)
	if err != nil {
		t.Fatal(err)
	}
	personAt := table.Key{PK: "PERSON#" + string(user.Person), SK: "PERSON"}
	is := func() map[table.Key]table.Item {
		t.Helper()
		found, err := there.Get(t.Context(), key.Key, sessionAt.Key, personAt)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := is(); len(found) != 2 {
		t.Errorf("what had not passed here was done there: %v", found)
	}
	out, err := do(t, append(args, "-repair")...)
	if err != nil || !strings.Contains(out, "1 of 1 repairs") || !strings.Contains(out, "On the table "+cfg.Table) {
		t.Errorf("%s, %v", out, err)
	}
	if _, claimed := is()[key.Key]; len(is()) != 1 || !claimed {
		t.Errorf("%v", is())
	}
}

// A store with nothing in it is not a whole one.
func TestXI10_NothingIsNotWhole(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.json")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := do(t, "check", "--from", empty); err == nil {
		t.Errorf("it passes:\n%s", out)
	}
}

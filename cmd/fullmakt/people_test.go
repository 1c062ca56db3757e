package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// seeded is the directory of a store of thirty users in two organizations.
func seeded(t *testing.T) (data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	out, err := do(t, "seed", "-data", data, "-users", "30", "-organizations", "2")
	if err != nil || !strings.HasPrefix(out, "30 users in 2 organizations, in ") || strings.Count(out, ".example") != 2 {
		t.Fatalf("%q, %v", out, err)
	}
	return data
}

// with opens a store's table for a moment.
func with(t *testing.T, data string, do func(*sqlitetable.Table)) {
	t.Helper()
	tb, err := sqlitetable.Open(filepath.Join(data, "fullmakt.db"))
	if err != nil {
		t.Fatal(err)
	}
	do(tb)
	if err := tb.Close(); err != nil {
		t.Fatal(err)
	}
}

// somebody is a user of the first customer who does not administer it, and its
// administrator.
func somebody(t *testing.T, data string) (user, administrator *domain.Membership) {
	t.Helper()
	with(t, data, func(tb *sqlitetable.Table) {
		s := store.New(tb)
		orgs, err := s.Organizations(t.Context(), domain.PageRequest{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, org := range orgs.Items {
			if org.ID == domain.OperatorID {
				continue
			}
			all, err := s.AllUsers(t.Context(), org.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range all {
				if m.Roles[0] == "administrator" {
					administrator = m
				} else {
					user = m
				}
			}
		}
	})
	if user == nil || administrator == nil {
		t.Fatal("there is nobody")
	}
	return user, administrator
}

func TestXH8_XH9_PeopleOnTheCommandLine(t *testing.T) {
	t.Parallel()
	data := seeded(t)
	user, administrator := somebody(t, data)
	out, err := do(t, "person", "export", "-data", data, string(user.Person))
	var whole struct {
		Person      struct{ Email domain.Email }
		Memberships []struct{ FamilyName string }
		Audit       []struct{ Action domain.Action }
	}
	if err != nil || json.Unmarshal([]byte(out), &whole) != nil || whole.Person.Email != user.Email ||
		whole.Memberships[0].FamilyName != user.FamilyName || len(whole.Audit) != 1 || whole.Audit[0].Action != domain.UserCreated {
		t.Errorf("%s, %v", out, err)
	}

	// The store as a backup would bring it back.
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, "person", "erase", "-data", data, string(administrator.Person)); err == nil || !strings.Contains(err.Error(), "last administrator") {
		t.Errorf("the last administrator: %v", err)
	}
	if out, err := do(t, "person", "erase", "-data", data, "-force", string(administrator.Person)); err != nil || !strings.Contains(out, "is erased") {
		t.Errorf("by force: %q, %v", out, err)
	}
	if out, err := do(t, "person", "erase", "-data", data, string(user.Person)); err != nil || out != string(user.Person)+" is erased.\n" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := do(t, "person", "export", "-data", data, string(user.Person)); err == nil || !strings.Contains(err.Error(), "there is no person") {
		t.Errorf("exported: %v", err)
	}
	ledger, err := do(t, "person", "ledger", "-data", data)
	if err != nil || strings.Count(ledger, "\n") != 3 || !strings.Contains(ledger, "\n{\"people\":2,\"at\":") || !strings.Contains(ledger, string(user.Person)) || strings.Contains(ledger, string(user.Email)) {
		t.Errorf("%s, %v", ledger, err)
	}

	file := filepath.Join(t.TempDir(), "ledger")
	if err := os.WriteFile(file, []byte(ledger), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, found := range []string{"2 of them", "0 of them"} {
		if out, err := do(t, "person", "reapply", "-data", backup, file); err != nil || !strings.Contains(out, "2 people are in the ledger; "+found) {
			t.Errorf("%q, %v", out, err)
		}
	}
	with(t, backup, func(tb *sqlitetable.Table) {
		for item, err := range tb.Dump(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(item.Body), string(user.Email)) || strings.Contains(string(item.Body), string(administrator.Email)) {
				t.Errorf("%s %s is back", item.PK, item.SK)
			}
		}
	})
	for name, args := range map[string][]string{
		"nothing": {}, "another thing": {"forget"}, "nobody": {"erase", "-data", data}, "two": {"erase", "-data", data, "usr_1", "usr_2"},
		"no id": {"export", "-data", data, "aino"}, "no file": {"reapply", "-data", data, "absent"}, "no ledger": {"reapply", "-data", data, "main.go"},
		"a ledger that was cut": {"reapply", "-data", data, written(t, strings.SplitAfter(ledger, "\n")[0])}, "an empty one": {"reapply", "-data", data, written(t, "")},
		"an argument": {"ledger", "-data", data, "all"}, "nobody of this id": {"erase", "-data", data, string(domain.NewPersonID())},
	} {
		if out, err := do(t, append([]string{"person"}, args...)...); err == nil || out != "" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	absent := filepath.Join(t.TempDir(), "absent")
	for _, args := range [][]string{{"person", "ledger"}, {"audit", "verify"}} {
		if _, err := do(t, append(args, "-data", absent)...); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", args, err)
		}
	}
	if _, err := os.Stat(absent); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a store was made: %v", err)
	}
}

func TestXH12_VerifyOnTheCommandLine(t *testing.T) {
	t.Parallel()
	data := seeded(t)
	user, _ := somebody(t, data)
	org := string(user.Organization)
	with(t, data, func(tb *sqlitetable.Table) {
		sealing := domain.Sealing{Store: store.New(tb), Begin: func() *domain.Change {
			return domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, time.Now().Add(time.Hour), "r")
		}}
		if _, entries, err := sealing.SealAll(t.Context()); err != nil || entries < 30 {
			t.Fatalf("%d, %v", entries, err)
		}
	})
	noted, err := do(t, "audit", "verify", "-data", data)
	if err != nil || strings.Count(noted, "; whole\n") != 3 || !strings.Contains(noted, org+" seal 1 ") {
		t.Fatalf("%q, %v", noted, err)
	}
	since := filepath.Join(t.TempDir(), "noted")
	if err := os.WriteFile(since, []byte(noted), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := do(t, "audit", "verify", "-data", data, "-since", since); err != nil || out != noted {
		t.Errorf("%q, %v", out, err)
	}
	edited := ""
	with(t, data, func(tb *sqlitetable.Table) {
		page, err := tb.Query(t.Context(), table.Query{PK: "AUDIT#" + org, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		item := page.Items[2]
		edited = item.SK
		item.Body = []byte(strings.Replace(string(item.Body), "seed", "tree", 1))
		if err := tb.Transact(t.Context(), table.Put(item, table.Always)); err != nil {
			t.Fatal(err)
		}
	})
	for _, args := range [][]string{{}, {"-org", org}, {"-org", org, "-since", since}} {
		out, err := do(t, append([]string{"audit", "verify", "-data", data}, args...)...)
		if err == nil || !strings.Contains(err.Error(), "is not whole; organizations: 1") ||
			!strings.Contains(out, "\n  edited: entry "+edited+", of seal 1\n") || strings.Count(out, "NOT WHOLE") != 1 {
			t.Errorf("%q: %q, %v", args, out, err)
		}
	}
	if out, err := do(t, "audit", "verify", "-data", data, "-org", string(domain.OperatorID)); err != nil || strings.Count(out, "\n") != 1 {
		t.Errorf("%q, %v", out, err)
	}
	// A whole new store in the place of the one that was noted.
	other := seeded(t)
	if out, err := do(t, "audit", "verify", "-data", other, "-since", since); err == nil || !strings.Contains(out, org+" is gone") {
		t.Errorf("%q, %v", out, err)
	}
	for name, args := range map[string][]string{
		"nothing": {}, "another thing": {"seal"}, "an argument": {"verify", "-data", data, "all"}, "no id": {"verify", "-data", data, "-org", "alpha"},
		"no such notes": {"verify", "-data", data, "-since", "absent"}, "no notes": {"verify", "-data", data, "-since", "main.go"},
	} {
		if out, err := do(t, append([]string{"audit"}, args...)...); err == nil || out != "" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

func TestSeedFlags(t *testing.T) {
	t.Parallel()
	data := seeded(t)
	for name, args := range map[string][]string{
		"once more": {"-data", data}, "an argument": {"-data", data, "ten"}, "too many organizations": {"-data", data, "-users", "1", "-organizations", "2"},
		"no users": {"-data", data, "-users", "0"}, "no profile": {"-profile", "submarine"},
	} {
		if out, err := do(t, append([]string{"seed"}, args...)...); err == nil || out != "" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

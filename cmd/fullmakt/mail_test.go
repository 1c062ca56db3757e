package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// posted puts mails to a user into the outbox of a store, each changed by one of
// the functions, and returns their ids.
func posted(t *testing.T, data string, to *domain.Membership, change ...func(*domain.Mail)) (ids []string) {
	t.Helper()
	with(t, data, func(tb *sqlitetable.Table) {
		at := time.Now().Add(-time.Hour)
		for _, do := range change {
			at = at.Add(time.Second)
			c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, at, "test")
			m := &domain.Mail{Kind: domain.MailPasswordChanged, Person: to.Person, Organization: to.Organization}
			c.Send(m)
			do(m)
			ids = append(ids, string(m.ID))
			if err := store.New(tb).Commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	})
	return ids
}

func dead(m *domain.Mail) {
	m.State, m.Attempts, m.Reason = domain.MailDead, domain.MailTries, "the sender refused it"
}

// spoil makes an outbox item one that cannot be read, and puts it aside as the job does.
func spoil(t *testing.T, data, id string) {
	t.Helper()
	with(t, data, func(tb *sqlitetable.Table) {
		key := table.Key{PK: "MAIL#" + id, SK: id}
		found, err := tb.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		item := found[key]
		item.Version, item.Body = 2, []byte(`{"attempts":"many"}`)
		if err := tb.Transact(t.Context(), table.Put(item, table.IfVersion(1))); err != nil {
			t.Fatal(err)
		}
		if err := store.New(tb).PutMailAside(t.Context(), domain.MailID(id)); err != nil {
			t.Fatal(err)
		}
	})
}

// lines are what a list says after its heading, each with one space between its columns.
func lines(out string) (rows []string) {
	for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	return rows
}

func TestXF15_MailsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	data := seeded(t)
	user, _ := somebody(t, data)
	if err := os.WriteFile(filepath.Join(data, "link.key"), make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, "jobs", "run", "-data", data, "mail-dispatch"); err != nil { // the operator's invitation
		t.Fatal(err)
	}
	if out, err := do(t, "mail", "list", "-data", data); err != nil || len(lines(out)) != 0 {
		t.Fatalf("%q, %v", out, err)
	}
	ids := posted(t, data, user, func(*domain.Mail) {}, dead, dead,
		func(m *domain.Mail) { dead(m); m.Kind, m.Link = domain.MailActivation, "lnk_gone" },
		func(m *domain.Mail) { m.State = domain.MailSent },
		func(m *domain.Mail) { m.State = domain.MailBounced },
		func(*domain.Mail) {})
	queued, dead1, dead2, over, sent, bounced, broken := ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[6]
	spoil(t, data, broken)

	for name, test := range map[string]struct {
		args []string
		want []string // beginnings of the lines
	}{
		"all":        {nil, []string{queued + " queued", broken + " aside cannot be read", dead1 + " dead", dead2 + " dead", over + " dead", bounced + " bounced"}},
		"queued":     {[]string{"-state", "queued"}, []string{queued + " queued password-changed " + string(user.Person)}},
		"dead":       {[]string{"-state", "dead"}, []string{dead1, dead2, over}},
		"bounced":    {[]string{"-state", "bounced"}, []string{bounced}},
		"complained": {[]string{"-state", "complained"}, nil},
		"aside":      {[]string{"-state", "aside"}, []string{broken}},
	} {
		out, err := do(t, append([]string{"mail", "list", "-data", data}, test.args...)...)
		got := lines(out)
		if err != nil || len(got) != len(test.want) {
			t.Errorf("%s: %q, %v", name, out, err)
			continue
		}
		for i, want := range test.want {
			if !strings.HasPrefix(got[i], want) {
				t.Errorf("%s: %q, want %q", name, got[i], want)
			}
		}
		if strings.Contains(out, "@") {
			t.Errorf("%s tells an address: %q", name, out)
		}
	}
	if _, err := do(t, "mail", "list", "-data", data, "-state", "sent"); err == nil || !strings.Contains(err.Error(), "--person") {
		t.Errorf("those that were sent: %v", err)
	}

	// What was given up is queued, once; one whose link is over is not, and it is said why.
	for i, said := range []string{"is queued again", "waits already"} {
		out, err := do(t, "mail", "retry", "-data", data, dead1, broken)
		if i == 1 { // it is still one that cannot be read
			if err == nil || !strings.Contains(out, dead1+" "+said) {
				t.Errorf("again: %q, %v", out, err)
			}
			continue
		}
		if err != nil || out != dead1+" "+said+"\n"+broken+" is queued again\n" {
			t.Errorf("%q, %v", out, err)
		}
	}
	out, err := do(t, "mail", "retry", "-data", data, "-dead")
	if err != nil || out != dead2+" is queued again\n"+over+" is not queued: the link has been used or replaced\n" {
		t.Errorf("%q, %v", out, err)
	}
	out, err = do(t, "mail", "retry", "-data", data, over, sent, bounced)
	if err == nil || !strings.Contains(err.Error(), "3") || !strings.Contains(out, sent+" is not queued: it is not dead but sent\n") {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := do(t, "mail", "list", "-data", data, "-state", "queued"); err != nil || len(lines(out)) != 4 { // with the one that is broken
		t.Errorf("%q, %v", out, err)
	}
	spoil2 := domain.NewMailID(time.Now())
	if out, err := do(t, "mail", "retry", "-data", data, string(spoil2)); err == nil || out != string(spoil2)+" is not there\n" {
		t.Errorf("%q, %v", out, err)
	}
	for name, args := range map[string][]string{
		"nothing": {}, "another thing": {"send"}, "an argument": {"list", "-data", data, "all"}, "no id": {"retry", "-data", data, "mail"},
		"nothing to retry": {"retry", "-data", data}, "both": {"retry", "-data", data, "-dead", dead1}, "nobody": {"list", "-data", data, "-person", "aino"},
		"no store": {"list", "-data", filepath.Join(data, "absent")},
	} {
		if out, err := do(t, append([]string{"mail"}, args...)...); err == nil || out != "" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

func TestMailsToAPerson(t *testing.T) {
	t.Parallel()
	data := seeded(t)
	user, _ := somebody(t, data)
	ids := posted(t, data, user, func(m *domain.Mail) { m.State = domain.MailDelivered }, dead)
	out, err := do(t, "mail", "list", "-data", data, "-person", string(user.Person))
	if got := lines(out); err != nil || len(got) < 2 || !strings.HasPrefix(got[len(got)-2], ids[0]+" delivered") || !strings.HasPrefix(got[len(got)-1], ids[1]+" dead") {
		t.Errorf("%q, %v", out, err)
	}
	out, err = do(t, "mail", "list", "-data", data, "-person", string(user.Person), "-state", "delivered")
	if got := lines(out); err != nil || len(got) != 1 || !strings.HasPrefix(got[0], ids[0]) {
		t.Errorf("%q, %v", out, err)
	}
}

func TestXF15_JobsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	data := seeded(t)
	user, _ := somebody(t, data)
	if err := os.WriteFile(filepath.Join(data, "link.key"), make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	ids := posted(t, data, user, func(*domain.Mail) {}, dead, func(*domain.Mail) {})
	spoil(t, data, ids[2])
	with(t, data, func(tb *sqlitetable.Table) {
		s := store.New(tb)
		scene, err := s.Load(t.Context(), domain.Want{Organization: user.Organization, User: user.Person})
		if err != nil {
			t.Fatal(err)
		}
		m := scene.Membership
		m.Agenda.Next = time.Now().Add(-time.Hour)
		c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, time.Now(), "test")
		c.Put(domain.Planned{Membership: m})
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if err := s.PutAside(t.Context(), m.Organization, m.Person); err != nil {
			t.Fatal(err)
		}
	})

	out, err := do(t, "jobs", "-data", data)
	if err != nil || !strings.Contains(out, "put aside: user "+string(user.Person)+" of "+string(user.Organization)+", due ") ||
		!strings.Contains(out, "put aside: mail "+ids[2]+"\n") || !strings.Contains(out, "dead: mail "+ids[1]+"\n") {
		t.Errorf("%q, %v", out, err)
	}
	for _, j := range jobs.All() {
		if !strings.Contains(out, "\n"+j.ID+" ") {
			t.Errorf("%s is not listed", j.ID)
		}
	}
	for _, want := range []string{"Taken up: 1 users, 1 mails.\n", "Taken up: 0 users, 0 mails.\n"} {
		if out, err := do(t, "jobs", "retry", "-data", data); err != nil || out != want {
			t.Errorf("%q, %v", out, err)
		}
	}
	if out, err := do(t, "jobs", "run", "-data", data, "expire-memberships"); err != nil || !strings.HasPrefix(out, `expire-memberships: {"due":1,"done":1,"failed":0,`) {
		t.Errorf("%q, %v", out, err)
	}
	out, err = do(t, "jobs", "list", "-data", data)
	if err != nil || !regexp.MustCompile(`\nexpire-memberships +the clock, every 60 minutes +\S+Z +\S+Z +1 +1 +0 +\S+Z\n`).MatchString(out) || strings.Contains(out, "put aside") {
		t.Errorf("%q, %v", out, err)
	}
	// The one that is broken is put aside again, and said so; the other has left.
	if out, err := do(t, "jobs", "run", "-data", data, "mail-dispatch"); err == nil || !strings.Contains(err.Error(), ids[2]) {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := do(t, "mail", "list", "-data", data, "-person", string(user.Person), "-state", "sent"); err == nil || strings.Contains(out, ids[2]) {
		t.Errorf("%q, %v", out, err) // one of their mails cannot be read
	}
	if out, err := do(t, "jobs", "run", "-data", data, "mail-dispatch"); err != nil || out != "mail-dispatch: null\n" {
		t.Errorf("%q, %v", out, err)
	}
	event := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(`{"Records":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := do(t, "jobs", "run", "-data", data, "-event", event, "mail-feedback"); err != nil || out != `mail-feedback: {"noted":0,"ignored":0}`+"\n" {
		t.Errorf("%q, %v", out, err)
	}
	for name, args := range map[string][]string{
		"another thing": {"start"}, "an argument": {"list", "-data", data, "all"}, "no job": {"run", "-data", data}, "no such job": {"run", "-data", data, "fly"},
		"no event": {"run", "-data", data, "-event", "absent", "mail-feedback"}, "retry of one": {"retry", "-data", data, ids[1]},
	} {
		if out, err := do(t, append([]string{"jobs"}, args...)...); err == nil || out != "" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

var (
	kills = flag.Int("kills", 5, "how often TestXG9 kills the process")
	dues  = flag.Int("dues", 180, "how many memberships are due in it")
)

// asCommand makes the binary of the tests the command itself, to be killed.
const asCommand = "FULLMAKT_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the server in a process of its own.
type process struct {
	*testing.T
	cmd  *exec.Cmd
	base string
	log  bytes.Buffer
}

// begin starts the server on a directory.
func begin(t *testing.T, data string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{T: t, cmd: exec.Command(self, "serve", "-addr", "127.0.0.1:0", "-data", data, "-registers", "none")}
	p.cmd.Env = append(os.Environ(), asCommand+"=1")
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	line, err := bufio.NewReader(out).ReadString('\n')
	_, base, ok := strings.Cut(strings.TrimSuffix(line, "/\n"), " listens on ")
	if err != nil || !ok {
		p.end(syscall.SIGKILL)
		t.Fatalf("it says %q, %v: %s", line, err, &p.log)
	}
	p.base = base
	return p
}

// end ends the process, if it has not ended, and waits for it.
func (p *process) end(signal os.Signal) {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(signal)
		_ = p.cmd.Wait()
	}
}

// ask sends a request; the answer may never come from a process that is killed.
func (p *process) ask(method, path, body string) error {
	r, err := http.NewRequestWithContext(p.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, path, answer.StatusCode, &text)
	}
	return nil
}

// at moves the clock.
func (p *process) at(now time.Time) {
	p.Helper()
	if err := p.ask("PUT", "/_local/clock", `{"now":"`+now.Format(time.RFC3339)+`"}`); err != nil {
		p.Fatal(err)
	}
}

// due makes a store of people whose last day has passed, and of people of whose
// last day it is time to be reminded.
func due(t *testing.T, data string, n int) (told map[domain.Email]domain.MailKind) {
	t.Helper()
	fill(t, options(data, false))
	p, err := profile.Load(defaultProfile)
	if err != nil {
		t.Fatal(err)
	}
	told = map[domain.Email]domain.MailKind{}
	now := time.Now().UTC().Truncate(time.Millisecond)
	day := func(plus int) domain.Date { return domain.Date(now.AddDate(0, 0, plus).Format(time.DateOnly)) }
	with(t, data, func(tb *sqlitetable.Table) {
		put := func(entities ...domain.Entity) {
			c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, now, "test")
			for _, e := range entities {
				c.Put(e)
			}
			c.Record(domain.OperatorID, domain.UserUpdated, domain.Subject{Type: "user", ID: "test"})
			if err := store.New(tb).Commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		person := func(org domain.OrganizationID, role domain.RoleKey, v domain.Validity) *domain.Membership {
			id := domain.NewPersonID()
			m := &domain.Membership{
				Revision: 1, Organization: org, Person: id, Kind: domain.Own, Home: org, Alphabet: domain.Finnish, Roles: []domain.RoleKey{role}, Validity: v,
				Card:   domain.Card{GivenName: "Ulla", FamilyName: "User", Email: domain.Email(strings.TrimPrefix(string(id), "usr_") + "@example.com"), Language: domain.English},
				Agenda: domain.Agenda{Since: now.AddDate(0, -3, 0), SetAt: now.AddDate(0, -3, 0)}, ActivatedAt: now, CreatedAt: now, UpdatedAt: now,
			}
			m.Plan(p, time.UTC)
			put(m, &domain.Person{
				ID: id, Revision: 1, Email: m.Email, GivenName: m.GivenName, FamilyName: m.FamilyName, Language: m.Language, Home: org,
				Organizations: []domain.OrganizationID{org}, Security: 1, CreatedAt: now, UpdatedAt: now,
			})
			return m
		}
		var org domain.OrganizationID
		for i := range n {
			if i%100 == 0 { // a digest names no more than some
				org = domain.NewOrganizationID(now)
				put(&domain.Organization{
					ID: org, Revision: 1, Name: "Example", Country: "FI", Language: domain.English, Alphabet: domain.Finnish, TimeZone: "Europe/Helsinki", CreatedAt: now,
				})
				administrator := person(org, "administrator", domain.Validity{})
				put(&domain.Administrators{Organization: org, Seats: []domain.Seat{{Person: administrator.Person, Activated: true, Chief: true}}})
			}
			v, kind := domain.Validity{Type: domain.FixedTerm, From: day(-100), To: day(-2)}, domain.MailEnded
			if i%3 == 0 {
				v.To, kind = day(10), domain.MailEnding
			}
			told[person(org, "user", v).Email] = kind
		}
	})
	return told
}

// XG9: the process is killed at random moments of its runs and of its sending,
// as often as -kills says, and the next one goes on. Everybody is told once, but
// for the mail that was on its way at a kill: that one may come twice.
func TestXG9_KilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	told := due(t, data, *dues)
	now, midway := time.Now().UTC(), 0
	for n := range *kills {
		p := begin(t, data)
		now = now.Add(3 * time.Minute) // what the killed one held is free
		p.at(now)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = p.ask("POST", "/_local/jobs/expire-memberships", "")
			_ = p.ask("POST", "/_local/jobs/mail-dispatch", "")
		}()
		pause := 10 + rand.IntN(50) // which is in the midst of the run
		if n > *kills/2 {
			pause = rand.IntN(600) // or, later, of the sending
		}
		time.Sleep(time.Duration(pause) * time.Millisecond)
		p.end(syscall.SIGKILL)
		<-done
		with(t, data, func(tb *sqlitetable.Table) {
			if n := waiting(t, tb, now); n > 0 && n < len(told) {
				midway++
			}
		})
	}
	p := begin(t, data)
	for _, pass := range []time.Duration{3 * time.Minute, 3 * time.Minute, 24 * time.Hour, 3 * time.Minute} {
		now = now.Add(pass)
		p.at(now)
		for _, job := range []string{"expire-memberships", "mail-dispatch", "mail-dispatch"} {
			if err := p.ask("POST", "/_local/jobs/"+job, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.end(syscall.SIGTERM)
	if !p.cmd.ProcessState.Success() {
		t.Errorf("%v: %s", p.cmd.ProcessState, &p.log)
	}

	files, err := filepath.Glob(filepath.Join(data, "mail", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	mails, again := map[domain.Email]map[domain.MailID]domain.MailKind{}, 0
	for _, name := range files {
		var m filemail.Stored
		text, err := os.ReadFile(name)
		if err != nil || json.Unmarshal(text, &m) != nil {
			t.Fatalf("%s: %s, %v", name, text, err)
		}
		if mails[m.To] == nil {
			mails[m.To] = map[domain.MailID]domain.MailKind{}
		}
		if _, ok := mails[m.To][m.ID]; ok {
			again++
		}
		mails[m.To][m.ID] = m.Kind
	}
	for email, kind := range told {
		n := 0
		for _, got := range mails[email] {
			if got == kind {
				n++
			}
		}
		if n != 1 || len(mails[email]) != 1 {
			t.Errorf("%s has %v, want one %s", email, mails[email], kind)
		}
	}
	if again > *kills {
		t.Errorf("%d mails came twice of %d kills", again, *kills)
	}
	lines, expired := map[domain.PersonID]int{}, map[string]int{}
	ended, left := 0, 0
	with(t, data, func(tb *sqlitetable.Table) {
		for item, err := range tb.Dump(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			var body struct {
				Items     []struct{ Person domain.PersonID }
				Action    domain.Action
				SubjectID string
				Security  int
			}
			if err := json.Unmarshal(item.Body, &body); err != nil {
				t.Fatal(err)
			}
			for _, one := range body.Items {
				if strings.HasPrefix(item.PK, "DIGEST#") {
					lines[one.Person]++
				}
			}
			if body.Action == domain.UserExpired {
				expired[body.SubjectID]++
			}
			if body.Security > 2 {
				t.Errorf("sessions ended twice: %s", item.Body)
			}
			if body.Security == 2 {
				ended++
			}
		}
		left = waiting(t, tb, now)
	})
	for who, n := range lines {
		if n != 1 {
			t.Errorf("%s is in %d digests", who, n)
		}
	}
	for who, n := range expired {
		if n != 1 {
			t.Errorf("%s has %d ends in the audit", who, n)
		}
	}
	if ends := len(told) - (len(told)+2)/3; len(lines) != len(told) || len(expired) != ends || ended != ends || left != 0 {
		t.Errorf("%d lines, %d ends in the audit, sessions of %d ended, %d left; want %d and %d", len(lines), len(expired), ended, left, len(told), ends)
	}
	t.Logf("%d killed, %d of them in the midst of what was due; %d told, %d mails twice", *kills, midway, len(told), again)
}

// waiting is how many memberships are due.
func waiting(t *testing.T, tb *sqlitetable.Table, now time.Time) (n int) {
	t.Helper()
	for shard := range domain.AgendaShards {
		page, err := store.New(tb).DueMemberships(t.Context(), shard, now, domain.PageRequest{Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.Items)
	}
	return n
}

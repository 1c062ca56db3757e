package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/vault/localvault"
)

const jobsUsage = `jobs [list] [flags]: lists the jobs, the last run of those that note it, and what was put aside
       fullmakt jobs run [flags] ID: runs a job once
       fullmakt jobs retry [flags]: takes up again what was put aside`

// runJobs shows and runs the jobs on a local store.
func runJobs(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		args = append([]string{"list"}, args...)
	}
	what, args, err := action(jobsUsage, args, "list", "run", "retry")
	if err != nil {
		return err
	}
	var l localStore
	var event, portalURL string
	flags := l.flags("jobs " + what)
	if what == "run" {
		flags.StringVar(&event, "event", "", "file with the event that it is started with (default: the clock's)")
		flags.StringVar(&portalURL, "portal-url", "http://127.0.0.1:8080", "base of the links in mails")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if wanted := map[string]int{"run": 1}[what]; flags.NArg() != wanted {
		return errors.New("usage: fullmakt " + jobsUsage)
	}
	p, t, err := l.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	o := postOffice{store: store.New(t), profile: p, out: out, now: l.now}
	switch what {
	case "list":
		return o.jobs(ctx)
	case "retry":
		return o.takeUp(ctx)
	}
	portal, err := portalBase(portalURL, "")
	if err != nil {
		return err
	}
	return o.run(ctx, flags.Arg(0), event, portal, l.data, t)
}

// jobs lists all jobs with what is known of their last runs, if they note them, and below what waits
// for somebody.
func (o postOffice) jobs(ctx context.Context) error {
	w := tabwriter.NewWriter(o.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "JOB\tSTARTED BY\tLAST START\tLAST END\tDUE\tDONE\tFAILED\tOLDEST DUE")
	for _, j := range jobs.All() {
		s, err := o.store.Load(ctx, domain.Want{Run: j.ID})
		if err != nil {
			return err
		}
		if r := s.Run; r != nil {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", j.ID, starts(j.Trigger), moment(r.StartedAt), moment(r.EndedAt), r.Due, r.Done, r.Failed, moment(r.OldestDueAt))
		} else {
			fmt.Fprintf(w, "%s\t%s\t-\t-\t-\t-\t-\t-\n", j.ID, starts(j.Trigger))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	members, err := o.membersAside(ctx)
	if err != nil {
		return err
	}
	for _, m := range members {
		fmt.Fprintf(o.out, "put aside: user %s of %s, due %s\n", m.Person, m.Organization, moment(m.At))
	}
	for _, s := range []struct {
		shelf domain.MailShelf
		said  string
	}{{domain.MailsAside, "put aside"}, {domain.MailsDead, "dead"}} {
		ids, err := o.on(ctx, s.shelf)
		if err != nil {
			return err
		}
		for _, id := range ids {
			fmt.Fprintf(o.out, "%s: mail %s\n", s.said, id)
		}
	}
	return nil
}

// starts says what starts a job.
func starts(t job.Trigger) string {
	var by []string
	if t.Outbox {
		by = append(by, "the outbox")
	}
	if t.Mails {
		by = append(by, "what becomes of mails")
	}
	if t.Event != "" {
		by = append(by, "the event "+t.Event)
	}
	if t.Every > 0 {
		by = append(by, fmt.Sprintf("the clock, every %g minutes", t.Every.Minutes()))
	}
	return cmp.Or(strings.Join(by, "; "), "hand")
}

// membersAside are the memberships that the clock could not see to.
func (o postOffice) membersAside(ctx context.Context) (all []domain.DueMembership, err error) {
	for req := (domain.PageRequest{Limit: 1000}); ; {
		page, err := o.store.Aside(ctx, req)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if req.After = page.Next; req.After == "" {
			return all, nil
		}
	}
}

// takeUp makes due again what was put aside. What still cannot be seen to is put
// aside by the next run, so that it can be said twice.
func (o postOffice) takeUp(ctx context.Context) error {
	members, err := o.membersAside(ctx)
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := o.store.TakeUp(ctx, m); err != nil {
			return err
		}
	}
	mails, err := o.on(ctx, domain.MailsAside)
	if err != nil {
		return err
	}
	for _, id := range mails {
		if err := o.store.TakeUpMail(ctx, id); err != nil {
			return err
		}
	}
	fmt.Fprintf(o.out, "Taken up: %d users, %d mails.\n", len(members), len(mails))
	return nil
}

// run runs a job once, with what a server on the store would give it. A server
// that is running does not see the mails that it sends before it starts again.
func (o postOffice) run(ctx context.Context, id, eventFile, portal, data string, t *sqlitetable.Table) error {
	var event json.RawMessage
	if eventFile != "" {
		text, err := os.ReadFile(eventFile)
		if err != nil {
			return fmt.Errorf("--event: %w", err)
		}
		event = text
	}
	key, err := os.ReadFile(filepath.Join(data, "link.key"))
	if err != nil {
		return fmt.Errorf("there is no key of one-time links: %w", err)
	}
	mailbox, err := filemail.New(data)
	if err != nil {
		return err
	}
	app := localapp.New(localapp.Config{
		Table: t, Profile: o.profile, Mailbox: mailbox, LinkKey: key, Vault: localvault.File(vaultKeys(data)), PortalURL: portal,
		Operator: "Example Portal", Log: slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), Clock: o.now,
	})
	result, err := app.Run(ctx, id, event)
	if errors.Is(err, domain.ErrNotFound) {
		return fmt.Errorf("there is no job %q", id)
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "%s: %s\n", id, text)
	return err
}

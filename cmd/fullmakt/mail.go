package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
)

const mailUsage = `mail list [flags]: lists the outbox items that somebody may have to see to, or all to a person
       fullmakt mail retry [flags] ID...: queues mails anew that were given up or put aside; with --dead, all that were given up`

// The shelves of the outbox, in the order in which they are listed, and the states
// that are on each.
var shelves = []struct {
	shelf  domain.MailShelf
	states []domain.MailState
}{
	{domain.MailsDue, []domain.MailState{domain.MailQueued, domain.MailSending}},
	{domain.MailsAside, nil},
	{domain.MailsDead, []domain.MailState{domain.MailDead}},
	{domain.MailsUndelivered, []domain.MailState{domain.MailBounced, domain.MailComplained}},
}

// aside is what a mail is said to be that could not be understood, whatever its state.
const aside = domain.MailState(domain.MailsAside)

// outbox shows what is in the outbox of a local store, and sends what was given up.
func outbox(ctx context.Context, args []string, out io.Writer) (err error) {
	what, args, err := action(mailUsage, args, "list", "retry")
	if err != nil {
		return err
	}
	var l localStore
	var state, person string
	dead := false
	flags := l.flags("mail " + what)
	if what == "list" {
		flags.StringVar(&state, "state", "", "only those in a state, or aside")
		flags.StringVar(&person, "person", "", "all to a person, by id, those that were sent too")
	} else {
		flags.BoolVar(&dead, "dead", false, "all that were given up")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case what == "list" && flags.NArg() > 0:
		return fmt.Errorf("mail list takes no arguments, only flags: %q", flags.Arg(0))
	case what == "retry" && dead == (flags.NArg() > 0):
		return errors.New("usage: fullmakt " + mailUsage)
	case person != "" && !domain.PersonID(person).Valid():
		return fmt.Errorf("--person: %q is not the id of a person", person)
	}
	for _, id := range flags.Args() {
		if !domain.MailID(id).Valid() {
			return fmt.Errorf("%q is not the id of a mail", id)
		}
	}
	p, t, err := l.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	o := postOffice{store: store.New(t), profile: p, out: out, now: l.now}
	switch {
	case person != "":
		return o.listTo(ctx, domain.PersonID(person), domain.MailState(state))
	case what == "list":
		return o.list(ctx, domain.MailState(state))
	case dead:
		ids, err := o.on(ctx, domain.MailsDead)
		if err != nil {
			return err
		}
		_, err = o.retry(ctx, ids)
		return err
	}
	var ids []domain.MailID
	for _, id := range flags.Args() {
		ids = append(ids, domain.MailID(id))
	}
	left, err := o.retry(ctx, ids)
	if err == nil && left > 0 {
		err = fmt.Errorf("mails that were not queued: %d", left)
	}
	return err
}

// postOffice is where mails are looked after.
type postOffice struct {
	store   domain.Store
	profile *domain.Profile
	out     io.Writer
	now     func() time.Time
}

// on lists a shelf.
func (o postOffice) on(ctx context.Context, shelf domain.MailShelf) (ids []domain.MailID, err error) {
	for req := (domain.PageRequest{Limit: 1000}); ; {
		page, err := o.store.MailsOn(ctx, shelf, req)
		if err != nil {
			return nil, err
		}
		ids = append(ids, page.Items...)
		if req.After = page.Next; req.After == "" {
			return ids, nil
		}
	}
}

func (o postOffice) list(ctx context.Context, state domain.MailState) error {
	w := o.table()
	known := state == ""
	for _, s := range shelves {
		if state != "" && state != aside && !slices.Contains(s.states, state) || state == aside && s.shelf != domain.MailsAside {
			continue
		}
		known = true
		ids, err := o.on(ctx, s.shelf)
		if err != nil {
			return err
		}
		for _, id := range ids {
			m, err := o.store.Mail(ctx, id)
			switch {
			case err != nil && domain.KindOf(err) == domain.Unavailable:
				return err
			case err != nil:
				fmt.Fprintf(w, "%s\t%s\t\t\t\t\t\tcannot be read\n", id, s.shelf)
			case s.shelf == domain.MailsAside:
				m.State = aside
				row(w, m)
			case state == "" || m.State == state:
				row(w, m)
			}
		}
	}
	if !known {
		return fmt.Errorf("--state: mails that are %s are found by --person only; others are queued, sending, aside, dead, bounced and complained", state)
	}
	return w.Flush()
}

func (o postOffice) listTo(ctx context.Context, person domain.PersonID, state domain.MailState) error {
	w := o.table()
	for req := (domain.PageRequest{Limit: 1000}); ; {
		page, err := o.store.MailsTo(ctx, person, req)
		if err != nil {
			return err
		}
		for _, m := range page.Items {
			if state == "" || m.State == state {
				row(w, m)
			}
		}
		if req.After = page.Next; req.After == "" {
			return w.Flush()
		}
	}
}

func (o postOffice) table() *tabwriter.Writer {
	w := tabwriter.NewWriter(o.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTATE\tKIND\tPERSON\tCREATED\tNEXT TRY\tTRIES\tREASON")
	return w
}

// row says of a mail what is no secret: no address is in it.
func row(w io.Writer, m *domain.Mail) {
	next := "-"
	if m.State == domain.MailQueued || m.State == domain.MailSending {
		next = moment(m.NotBefore)
	}
	reason := cmp.Or(m.Reason, m.Note)
	if m.Behind != "" {
		reason = strings.TrimPrefix(reason+"; behind "+string(m.Behind), "; ")
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", m.ID, m.State, m.Kind, cmp.Or(string(m.Person), "-"), moment(m.CreatedAt), next, m.Attempts, cmp.Or(reason, "-"))
}

// moment is a time as the tools write it; "-" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// retry queues mails anew, and says of each what was done; left is how many were
// not queued. What waits already is let be, so that it can be said twice.
func (o postOffice) retry(ctx context.Context, ids []domain.MailID) (left int, err error) {
	putAside, err := o.on(ctx, domain.MailsAside)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		said, queued := "is queued again", true
		if slices.Contains(putAside, id) {
			err = o.store.TakeUpMail(ctx, id)
		} else {
			said, queued, err = o.revive(ctx, id)
		}
		if err != nil {
			return left, fmt.Errorf("%s: %w", id, err)
		}
		if !queued {
			left++
		}
		fmt.Fprintf(o.out, "%s %s\n", id, said)
	}
	return left, nil
}

func (o postOffice) revive(ctx context.Context, id domain.MailID) (said string, queued bool, err error) {
	m, err := o.store.Mail(ctx, id)
	if errors.Is(err, domain.ErrNotFound) {
		return "is not there", false, nil
	}
	if err != nil {
		return "", false, err
	}
	c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "fullmakt-mail"}, o.now(), "fullmakt-mail")
	why, err := c.Retry(ctx, o.store, o.profile, m)
	switch {
	case err != nil:
		return "", false, err
	case why != "":
		return "is not queued: " + why, false, nil
	case c.Empty():
		return "waits already", true, nil
	}
	return "is queued again", true, o.store.Commit(ctx, c)
}

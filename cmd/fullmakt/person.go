package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/api/person"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/restore"
	"github.com/fullmakt/fullmakt/internal/store"
)

const personUsage = `person export [flags] ID: tells everything that is known of a person
       fullmakt person erase [flags] ID: erases a person from all organizations
       fullmakt person ledger [flags]: lists who was erased, by ids
       fullmakt person reapply [flags] FILE: erases whom a ledger lists, after a backup was restored`

// people does what the endpoints person-export and person-erase do, on a local
// store; and keeps the ledger of erasures in force.
func people(ctx context.Context, args []string, out io.Writer) (err error) {
	what, args, err := action(personUsage, args, "export", "erase", "ledger", "reapply")
	if err != nil {
		return err
	}
	var l localStore
	flags := l.flags("person " + what)
	force := false
	if what == "erase" {
		flags.BoolVar(&force, "force", false, "also where an organization loses its last administrator by it")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	argument, err := theArgument(what, flags)
	if err != nil {
		return err
	}
	p, t, err := l.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	o := office{store: store.New(t), profile: p, out: out, now: l.now}
	switch what {
	case "export":
		return o.export(ctx, domain.PersonID(argument))
	case "erase":
		return o.erase(ctx, domain.PersonID(argument), force)
	case "ledger":
		return restore.WriteLedger(ctx, o.out, o.store, o.now())
	}
	return o.reapply(ctx, argument)
}

// theArgument is what a command is about.
func theArgument(what string, flags *flag.FlagSet) (string, error) {
	argument := flags.Arg(0)
	switch {
	case what == "ledger" && flags.NArg() > 0:
		return "", fmt.Errorf("person ledger takes no arguments, only flags: %q", argument)
	case what == "ledger":
		return "", nil
	case flags.NArg() != 1:
		return "", errors.New("usage: fullmakt " + personUsage)
	case what != "reapply" && !domain.PersonID(argument).Valid():
		return "", fmt.Errorf("%q is not the id of a person", argument)
	}
	return argument, nil
}

// office is where people are answered for.
type office struct {
	store   domain.Store
	profile *domain.Profile
	out     io.Writer
	now     func() time.Time
}

func (o office) change() *domain.Change {
	return domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "fullmakt-person"}, o.now(), "fullmakt-person")
}

func (o office) export(ctx context.Context, id domain.PersonID) error {
	s, err := o.store.Load(ctx, domain.Want{User: id})
	if err != nil {
		return err
	}
	var whole person.Document
	for after, first := "", true; first || after != ""; first = false {
		c := o.change()
		part, err := domain.Disclose(ctx, o.store, c, s, after)
		if err != nil {
			return told(err, id)
		}
		if first {
			if err := o.store.Commit(ctx, c); err != nil {
				return err
			}
			whole = person.DocumentOf(part)
		} else {
			for _, e := range part.Audit.Items {
				whole.Audit = append(whole.Audit, body.AuditEntryOf(e))
			}
		}
		after = part.Audit.Next
	}
	enc := json.NewEncoder(o.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(whole)
}

func (o office) erase(ctx context.Context, id domain.PersonID, force bool) error {
	var want domain.Want
	want.ForErasure(id)
	s, err := o.store.Load(ctx, want)
	if err != nil {
		return err
	}
	if err := domain.ErasePerson(ctx, o.store, o.change(), s, o.profile, force); err != nil {
		return told(err, id)
	}
	_, err = fmt.Fprintf(o.out, "%s is erased.\n", id)
	return err
}

// told is an error in words.
func told(err error, id domain.PersonID) error {
	switch {
	case errors.Is(err, domain.ErrNotFound):
		return fmt.Errorf("there is no person %s", id)
	case errors.Is(err, domain.ErrLastAdmin):
		return fmt.Errorf("%s is the last administrator of an organization: nothing was erased; --force goes on all the same, but not for the operator's own", id)
	}
	return err
}

func (o office) reapply(ctx context.Context, name string) error {
	l, err := restore.ReadLines(name)
	if err != nil {
		return err
	}
	var failed []error
	found := 0
	for _, line := range l.Erasures {
		was, err := domain.EraseAgain(ctx, o.store, o.change(), o.profile, line)
		if err != nil {
			failed = append(failed, told(err, line.Person))
		} else if was {
			found++
		}
	}
	fmt.Fprintf(o.out, "%d people are in the ledger; %d of them were there and are erased again.\n", len(l.Erasures), found)
	return errors.Join(failed...)
}

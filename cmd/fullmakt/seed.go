package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/password"
	"github.com/fullmakt/fullmakt/internal/seed"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

const seedUsage = `usage: fullmakt seed [flags]

Fills an empty store on this machine with made-up customers and users, the same
every time but for the ids. Of three sizes, for the rental portal:

  fullmakt seed --data .local/100 --users 100 --password 'correct horse battery'
  fullmakt seed --data .local/10000 --users 10000 --password 'correct horse battery'     (2 seconds)
  fullmakt seed --data .local/100000 --users 100000 --password 'correct horse battery'   (half a minute, 270 MB)

It says who administers them, and how to serve them.

`

// seedStore fills an empty local store with made-up customers and users.
func seedStore(ctx context.Context, args []string, out io.Writer) (err error) {
	var l localStore
	var o seed.Options
	var secret string
	flags := l.flags("seed")
	flags.IntVar(&o.Users, "users", 100, "how many users, in all organizations together")
	flags.IntVar(&o.Organizations, "organizations", 1, "how many organizations share them")
	flags.StringVar(&secret, "password", "", "of everybody with an account (default: one that nobody knows; who forgot theirs gets a link, in the mailbox)")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), seedUsage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("seed takes no arguments, only flags: %q", flags.Arg(0))
	}
	p, database, err := l.place()
	if err != nil {
		return err
	}
	if secret == "" {
		secret = rand.Text()
	}
	var faults domain.Faults
	if domain.CheckPassword(password.New(), secret, "--password", nil, &faults); len(faults) > 0 {
		return fmt.Errorf("--password: %s", faults[0].Detail)
	}
	if o.Hash, err = password.New().Hash(secret); err != nil {
		return err
	}
	if err := os.MkdirAll(l.data, 0o700); err != nil {
		return err
	}
	t, err := sqlitetable.Open(database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	if s, err := store.New(t).Load(ctx, domain.Want{Organization: domain.OperatorID}); err != nil || s.Organization != nil {
		return errors.Join(err, fmt.Errorf("--data: there is a portal in %s already; seed fills an empty store", database))
	}
	app := localapp.New(localapp.Config{Table: t, Profile: p, Operator: "Example Portal", Log: slog.New(slog.NewJSONHandler(os.Stderr, nil))})
	if _, err := app.Bootstrap(ctx, "operator@example.com", p.DefaultLanguage(), nil); err != nil {
		return err
	}
	began := time.Now()
	o.Now = began
	made, err := seed.Fill(ctx, store.New(t), p, o)
	if err != nil {
		return err
	}
	organizations := fmt.Sprintf("%d organizations", len(made))
	if len(made) == 1 {
		organizations = "one organization"
	}
	fmt.Fprintf(out, "%d users in %s, in %v. Administrators:\n", o.Users, organizations, time.Since(began).Round(time.Millisecond))
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, c := range made[:min(10, len(made))] {
		fmt.Fprintf(w, "  %s\t%s\t%d users\n", c.Administrator, c.Name, c.Users)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(made) > 10 {
		fmt.Fprintf(out, "  and %d more\n", len(made)-10)
	}
	_, err = fmt.Fprintf(out, "Serve them: fullmakt serve --profile %s --data %s\n", l.profile, l.data)
	return err
}

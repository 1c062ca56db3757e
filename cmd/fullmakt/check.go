package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/fullmakt/fullmakt/internal/check"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/restore"
	"github.com/fullmakt/fullmakt/internal/table/dump"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/vault/localvault"
)

// checkStore proves of a local store, or of a dump, what must always hold.
func checkStore(ctx context.Context, args []string, out io.Writer) (err error) {
	var l localStore
	var from, at, since, keys, note string
	flags := l.flags("check")
	flags.StringVar(&from, "from", "", "a dump instead of a store: a file, or the folder of an export of DynamoDB")
	flags.StringVar(&at, "at", "", "the moment that it is to hold at (default: now; of a dump, the moment of the dump)")
	flags.StringVar(&since, "since", "", "what audit verify said at an earlier time, as a file that was kept elsewhere")
	flags.StringVar(&note, "note", "", "file for where the audits end, to be kept elsewhere and given to --since later")
	flags.StringVar(&keys, "keys", "", "of a dump: directory with the vault.keys of its store, to open national ids with")
	if err := noArguments(flags, "check", args); err != nil {
		return err
	}
	o := check.Options{}
	if o.Anchors, err = readAnchors(since); err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	var t *sqlitetable.Table
	if from == "" {
		o.Profile, t, err = l.open()
		o.Now, keys = l.now(), l.data
	} else {
		if o.Profile, _, err = openProfile(l.profile, false); err != nil {
			return err
		}
		var scratch string
		if scratch, err = os.MkdirTemp("", "fullmakt-check-"); err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		t, o.Now, err = load(ctx, from, filepath.Join(scratch, "fullmakt.db"))
	}
	if t != nil {
		defer func() { err = errors.Join(err, t.Close()) }()
	}
	if err != nil {
		return err
	}
	if at != "" {
		if o.Now, err = time.Parse(time.RFC3339, at); err != nil {
			return fmt.Errorf("--at: say it as 2026-11-22T09:00:00Z: %w", err)
		}
	}
	o.Vault = vaultIn(keys)
	r, err := checked(ctx, out, t, o)
	if err != nil || note == "" {
		return err
	}
	f, err := os.OpenFile(note, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // an older one is worth as much
	if err != nil {
		return fmt.Errorf("--note: %w", err)
	}
	for _, chain := range r.Chains {
		tell(f, chain)
	}
	return f.Close()
}

// noArguments reads the flags of a command that takes nothing else.
func noArguments(flags *flag.FlagSet, name string, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes no arguments, only flags: %q", name, flags.Arg(0))
	}
	return nil
}

// vaultIn is the vault of the keys in a directory; nil if there are none, which
// are then not made.
func vaultIn(dir string) domain.Vault {
	if _, err := os.Stat(vaultKeys(dir)); dir == "" || err != nil {
		return nil
	}
	return localvault.File(vaultKeys(dir))
}

// load puts a dump into a new database, and says what moment it is of.
func load(ctx context.Context, from, database string) (t *sqlitetable.Table, at time.Time, err error) {
	d, err := dump.Open(from)
	if err != nil {
		return nil, at, fmt.Errorf("--from: %w", err)
	}
	if t, err = sqlitetable.Open(database); err != nil {
		return nil, at, err
	}
	if _, err = dump.Load(ctx, t, d.Items(ctx)); err != nil {
		return t, at, fmt.Errorf("--from: %w", err)
	}
	if at = d.At; !at.IsZero() {
		return t, at, nil
	}
	s, err := restore.Survey(ctx, t.Dump(ctx))
	if err != nil {
		return t, at, err
	}
	return t, s.Newest, nil
}

// checked checks and tells; the error says that something does not hold.
func checked(ctx context.Context, out io.Writer, t *sqlitetable.Table, o check.Options) (*check.Report, error) {
	began := time.Now()
	r, err := check.Run(ctx, t, o)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%d items, as of %s, in %v\n", r.Items, moment(o.Now), time.Since(began).Round(time.Millisecond))
	if err := r.Print(out); err != nil {
		return nil, err
	}
	if r.Items == 0 {
		return r, errors.New("there is nothing in the store, not even the operator")
	}
	if n := len(r.Violations()); n > 0 {
		return r, fmt.Errorf("the store is not whole; violations: %d", n)
	}
	return r, nil
}

// dumpStore writes a local store as DynamoDB exports a table.
func dumpStore(ctx context.Context, args []string, out io.Writer) (err error) {
	var l localStore
	if err := noArguments(l.flags("dump"), "dump", args); err != nil {
		return err
	}
	_, t, err := l.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	_, err = dump.Write(out, t.Dump(ctx))
	return err
}

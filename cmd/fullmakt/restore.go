package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fullmakt/fullmakt/internal/awscred"
	"github.com/fullmakt/fullmakt/internal/check"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/password"
	"github.com/fullmakt/fullmakt/internal/restore"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

const restoreUsage = `usage: fullmakt restore --from DUMP --ledger NEWER --data NEWDIR [flags]
       fullmakt restore --from DUMP --ledger NEWER --table NAME --region REGION [flags]

Makes of a dump of an older state a store that can be used: erases again who was
erased since, ends sessions, links and mails that must not live twice, checks
all of it, and asks the endpoints on it. The first form makes a local store, and
is the drill. The second does the same on a table that the state was restored
to, and of which DUMP is an export: first on a copy here, then, if that is
whole, there. Nothing else may use the table meanwhile.

NEWER is a newer dump of the same store, or what "fullmakt person ledger" says
of it, or the word none, if there is neither. docs/restore.md has all steps.

`

// restoring is what a restore is told.
type restoring struct {
	from, ledger, data, profile, keys, since string
	table, region, endpoint                  string
	repair                                   bool

	out io.Writer
	now time.Time
}

func restoreStore(ctx context.Context, args []string, out io.Writer) error {
	r := restoring{out: out, now: time.Now()}
	flags := flag.NewFlagSet("restore", flag.ContinueOnError)
	flags.StringVar(&r.from, "from", "", "dump of the older state: a file, or the folder of an export of DynamoDB")
	flags.StringVar(&r.ledger, "ledger", "", "newer dump, or ledger of erasures, or none")
	flags.StringVar(&r.data, "data", "", "directory of the database to make; there is none in it yet")
	flags.StringVar(&r.profile, "profile", defaultProfile, "name of the profile, or a profile file")
	flags.StringVar(&r.keys, "keys", "", "directory with the vault.keys and link.key of a local store, which no dump holds, to be copied where there are none")
	flags.StringVar(&r.since, "since", "", "what audit verify said at any time, as a file that was kept elsewhere")
	flags.BoolVar(&r.repair, "repair", false, "make whole what half a transaction has left behind, where that can be told")
	flags.StringVar(&r.table, "table", "", "a restored DynamoDB table instead, with credentials in the environment")
	flags.StringVar(&r.region, "region", os.Getenv("AWS_REGION"), "its region")
	flags.StringVar(&r.endpoint, "endpoint", "", "of DynamoDB, if it is not the region's own")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), restoreUsage)
		flags.PrintDefaults()
	}
	if err := noArguments(flags, "restore", args); err != nil {
		return err
	}
	switch {
	case r.from == "" || r.ledger == "":
		return errors.New("give --from and --ledger; fullmakt restore --help tells of them")
	case (r.data == "") == (r.table == ""):
		return errors.New("give either --data or --table")
	case r.table != "" && r.region == "":
		return errors.New("--table: say in which --region")
	case r.table != "" && r.keys != "":
		return errors.New("--keys: a table has its keys in KMS")
	}
	return r.run(ctx)
}

// run drills, and does on the table what went well here.
func (r *restoring) run(ctx context.Context) (err error) {
	p, _, err := openProfile(r.profile, false)
	if err != nil {
		return err
	}
	anchors, err := readAnchors(r.since)
	if err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	if r.table != "" {
		if r.data, err = os.MkdirTemp("", "fullmakt-restore-"); err != nil {
			return err
		}
		defer os.RemoveAll(r.data)
	}
	if err := r.place(); err != nil {
		return err
	}
	drill, state, repaired, err := r.rehearse(ctx, p, anchors)
	if err != nil {
		return err
	}
	if r.table != "" {
		return r.there(ctx, drill, state, repaired)
	}
	if err := r.open(); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "The restore has passed. The store is in %s. Note where its audits end: fullmakt audit verify --data %s\n", r.data, r.data)
	return nil
}

// rehearse makes the store under a name that nothing serves, and tries it there.
func (r *restoring) rehearse(ctx context.Context, p *domain.Profile, anchors map[domain.OrganizationID]domain.AuditAnchor) (drill *restore.Restoration, state *restore.State, repaired []check.Violation, err error) {
	local, at, err := load(ctx, r.from, r.unproven())
	if local != nil {
		defer func() { err = errors.Join(err, local.Close()) }()
	}
	if err == nil {
		state, err = restore.Survey(ctx, local.Dump(ctx))
	}
	if err != nil { // of what is half there nobody is to make a store
		return nil, nil, nil, errors.Join(err, discard(r.unproven()))
	}
	fmt.Fprintf(r.out, "1. The dump has %d items, of %s.\n", state.Items, moment(at))
	drill = &restore.Restoration{Table: local, Profile: p, Now: r.now, Ledger: &restore.Ledger{}}
	if err := r.compare(ctx, drill, state); err != nil {
		return nil, nil, nil, errors.Join(err, discard(r.unproven()))
	}
	if repaired, err = r.drill(ctx, drill, local, state, anchors); err == nil {
		return drill, state, repaired, nil
	}
	if r.table == "" {
		fmt.Fprintf(r.out, "What has not passed is in %s, which nothing serves: delete it. It may hold who is to be erased.\n", r.unproven())
	}
	return nil, nil, nil, fmt.Errorf("the restore has NOT passed: %w", err)
}

// The keys of a local store, beside its database.
var keyFiles = []string{"vault.keys", "link.key"}

func (r *restoring) database() string { return filepath.Join(r.data, "fullmakt.db") }

// unproven is where the database is until it has passed.
func (r *restoring) unproven() string { return r.database() + ".unproven" }

// place makes the directory and the file in it, and refuses one where anything
// would be written over.
func (r *restoring) place() error {
	taken := []string{r.database()}
	if r.keys != "" {
		for _, name := range keyFiles {
			taken = append(taken, filepath.Join(r.data, name))
		}
	}
	for _, name := range taken {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, fmt.Errorf("--data: there is %s already: choose another directory", name))
		}
	}
	if err := os.MkdirAll(r.data, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(r.unproven(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("--data: there is %s already, of a restore that has not passed or is still going on: delete it, or choose another directory", r.unproven())
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// open makes of what has passed a store that can be served, with its keys.
func (r *restoring) open() error {
	if r.keys != "" {
		for _, name := range keyFiles {
			key, err := os.ReadFile(filepath.Join(r.keys, name))
			if errors.Is(err, fs.ErrNotExist) {
				continue // a store that was never served has none
			}
			if err == nil {
				err = create(filepath.Join(r.data, name), key)
			}
			if err != nil {
				return fmt.Errorf("--keys: what has passed is still in %s: %w", r.unproven(), err)
			}
		}
	}
	// It was closed, so that all of it is in the one file; and a store that somebody
	// has made meanwhile is not written over.
	if info, err := os.Stat(r.unproven() + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("--data: somebody has %s open", r.unproven())
	}
	if err := os.Link(r.unproven(), r.database()); err != nil {
		return fmt.Errorf("--data: what has passed is still in %s: %w", r.unproven(), err)
	}
	return discard(r.unproven())
}

// create writes a file that is not there.
func create(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// discard takes a database away.
func discard(database string) (err error) {
	for _, name := range []string{database, database + "-wal", database + "-shm"} {
		if e := os.Remove(name); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// compare says what the newer state has that is lost.
func (r *restoring) compare(ctx context.Context, drill *restore.Restoration, state *restore.State) (err error) {
	if r.ledger == "none" {
		fmt.Fprintln(r.out, "2. NO LEDGER: whoever was erased after that moment is back. Erase them again by hand.")
		return nil
	}
	if drill.Ledger, err = restore.ReadLedger(ctx, r.ledger, state); err != nil {
		return fmt.Errorf("--ledger: %w", err)
	}
	lost, err := drill.Compare(ctx, state)
	if err != nil {
		return fmt.Errorf("--ledger: %w", err)
	}
	if !drill.Ledger.Whole {
		fmt.Fprintf(r.out, "2. The ledger of %s names %d people. It does not say what else is lost.\n", moment(drill.Ledger.At), len(drill.Ledger.Erasures))
		return nil
	}
	fmt.Fprintf(r.out, "2. After that moment: %d audit entries and %d seals, which are lost; %d people in the ledger.\n", lost.Entries, lost.Seals, len(drill.Ledger.Erasures))
	for _, e := range lost.Again {
		subject := e.Subject.ID
		if e.Subject.Type == "subscription" {
			subject = "of entry " + string(e.ID) // its own name may be a telephone number
		}
		fmt.Fprintln(r.out, check.Plain(fmt.Sprintf("   to be done again, if it still should: %s %s %s in %s, by %s %s, %s",
			e.Action, e.Subject.Type, subject, e.Organization, e.Actor.Type, e.Actor.ID, moment(e.At))))
	}
	return nil
}

// drill makes of the older state one that can be used, and tries it.
func (r *restoring) drill(ctx context.Context, drill *restore.Restoration, local *sqlitetable.Table, state *restore.State, anchors map[domain.OrganizationID]domain.AuditAnchor) (repaired []check.Violation, err error) {
	done, err := drill.Apply(ctx, state)
	if err != nil {
		return nil, err
	}
	r.applied(done)
	o := check.Options{Profile: drill.Profile, Now: r.now, Vault: vaultIn(cmp.Or(r.keys, r.data)), Anchors: r.reached(state, anchors)}
	if r.repair {
		repaired, err = drill.Mend(ctx, func() ([]check.Violation, error) {
			report, err := check.Run(ctx, local, o)
			if err != nil {
				return nil, err
			}
			return report.Violations(), nil
		})
		for _, v := range repaired {
			fmt.Fprintf(r.out, "   repaired: %s\n", v)
		}
		if err != nil {
			return nil, err
		}
	}
	fmt.Fprint(r.out, "4. ")
	report, err := checked(ctx, r.out, local, o)
	if report != nil && !r.repair {
		n := 0
		for _, v := range report.Violations() {
			if restore.Reparable(v) {
				n++
			}
		}
		if n > 0 {
			fmt.Fprintf(r.out, "   --repair can put right what is behind %d of them.\n", n)
		}
	}
	if err != nil {
		return nil, err
	}
	tried, err := restore.Smoke{Table: local, Profile: drill.Profile, Hasher: password.New(), Vault: o.Vault, Now: r.now}.Run(ctx)
	fmt.Fprintln(r.out, "5. The endpoints answer on it:")
	for _, one := range tried {
		fmt.Fprintf(r.out, "   %s\n", one)
	}
	return repaired, err
}

func (r *restoring) applied(done *restore.Outcome) {
	fmt.Fprintf(r.out, "3. Ended: %d sessions, %d one-time links, %d mails, %d receipts. Erased again: %d of %d people.\n",
		done.Sessions, done.Links, done.Mails, done.Receipts, done.Erased, done.Listed)
}

// reached are the anchors that the state has come to. Those of seals made later are
// told of: the state ends before them, as it must.
func (r *restoring) reached(state *restore.State, anchors map[domain.OrganizationID]domain.AuditAnchor) map[domain.OrganizationID]domain.AuditAnchor {
	kept := map[domain.OrganizationID]domain.AuditAnchor{}
	for org, anchor := range anchors {
		if ends := state.Sealed(org); anchor.Number <= ends {
			kept[org] = anchor
		} else {
			fmt.Fprintf(r.out, "   noted elsewhere: %s seal %d %s; the state ends at seal %d, and its audit goes on from there as another\n", org, anchor.Number, anchor.Hash, ends)
		}
	}
	return kept
}

// there does on a restored table what was done on the copy of it.
func (r *restoring) there(ctx context.Context, drill *restore.Restoration, state *restore.State, repaired []check.Violation) error {
	there := *drill
	there.Table = r.remote()
	done, err := there.Apply(ctx, state)
	if err != nil {
		return fmt.Errorf("--table: what was begun is finished by saying the same again: %w", err)
	}
	fmt.Fprintf(r.out, "On the table %s:\n", r.table)
	r.applied(done)
	mended, err := there.Repair(ctx, repaired)
	if err != nil {
		return fmt.Errorf("--table: %w", err)
	}
	if len(repaired) > 0 {
		fmt.Fprintf(r.out, "   %d of %d repairs.\n", len(mended), len(repaired))
	}
	_, err = fmt.Fprintln(r.out, "It is done there, too. Export the table once more, and check that: fullmakt check --from")
	return err
}

func (r *restoring) remote() table.Table {
	return dynamotable.New(dynamotable.Config{Region: r.region, Table: r.table, Endpoint: r.endpoint, Credentials: awscred.Environment})
}

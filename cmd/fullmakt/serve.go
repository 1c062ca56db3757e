package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/filelock"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/mailaddr"
	"github.com/fullmakt/fullmakt/internal/password"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/profile/profilefile"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/nordic"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/vault/localvault"
	"github.com/fullmakt/fullmakt/profiles"
)

const inMemory = ":memory:"

// defaultProfile is what runs when nothing is said.
const defaultProfile = "rental"

type serveOptions struct {
	addr, data, profile, portalURL                string
	operatorEmail, operatorName, operatorLanguage string
	registers                                     string
	demo, container                               bool
}

func serve(ctx context.Context, args []string, out io.Writer) error {
	var o serveOptions
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "where to listen")
	flags.StringVar(&o.data, "data", "", "directory of the database and the mailbox, or "+inMemory+" (default: .local/ and the profile's key)")
	flags.StringVar(&o.profile, "profile", defaultProfile, "name of a profile that comes with Fullmakt, or a profile file")
	flags.StringVar(&o.portalURL, "portal-url", "", "base of the links in mails (default: this server)")
	flags.StringVar(&o.operatorEmail, "operator-email", "operator@example.com", "first administrator of an empty store")
	flags.StringVar(&o.operatorName, "operator-name", "Example Portal", "name of the company whose portal it is")
	flags.StringVar(&o.operatorLanguage, "operator-language", "en", "language of that administrator")
	flags.StringVar(&o.registers, "registers", "fake", "public company registers: fake (made-up companies, on this server), public (those of Finland and Norway) or none")
	flags.BoolVar(&o.container, "container", false, "in a container: the machine that it is on is let in to the mailbox and the clock, as this machine is; publish the port on its 127.0.0.1 only")
	flags.BoolVar(&o.demo, "demo", false, "fill an empty store with the profile's demo data")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("serve takes no arguments, only flags: %q", flags.Arg(0))
	}

	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	defer listener.Close()
	base := strings.NewReplacer("//[::]:", "//127.0.0.1:", "//0.0.0.0:", "//127.0.0.1:").Replace("http://" + listener.Addr().String())
	p, demo, err := openProfile(o.profile, o.demo)
	if err != nil {
		return err
	}
	if o.data == "" {
		o.data = filepath.Join(".local", p.Key) // a store is of one profile
	}
	app, invited, shut, err := open(ctx, o, p, demo, base)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Fullmakt (%s) listens on %s/\n", o.profile, base)
	for _, what := range profile.Missing(p) {
		fmt.Fprintf(out, "not yet: %s, which the profile asks for\n", what)
	}
	if now := app.Now(); time.Until(now).Abs() > time.Minute {
		fmt.Fprintf(out, "The clock was moved: it is %s here\n", now.UTC().Format(time.DateTime))
	}
	fmt.Fprintf(out, "Mailbox: %s/_local/mail\n", base)
	fmt.Fprint(out, next(invited, base))
	return errors.Join(app.Serve(ctx, listener), shut())
}

// next says what to do first, and as whom.
func next(invited []localapp.Invited, base string) string {
	if len(invited) == 0 {
		return "The store is filled already. Sign in: " + base + "/sign-in\n"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "Activate by the mail in the mailbox, then sign in at %s/sign-in:\n", base)
	w := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	for _, i := range invited {
		what := "operator"
		if len(i.Roles) > 0 {
			what = string(i.Roles[0])
			for _, role := range i.Roles[1:] {
				what += ", " + string(role)
			}
		}
		if !i.SignsIn {
			what += " (no sign-in)"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", i.Email, i.Organization, what)
	}
	w.Flush()
	return text.String()
}

// open puts the process together from its options, and fills an empty store.
func open(ctx context.Context, o serveOptions, p *domain.Profile, demo *profilefile.Demo, base string) (app *localapp.App, invited []localapp.Invited, shut func() error, err error) {
	operator, err := mailaddr.Parse(o.operatorEmail)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("--operator-email: %w", err)
	}
	portalURL, err := portalBase(o.portalURL, base)
	if err != nil {
		return nil, nil, nil, err
	}
	language := domain.Language(o.operatorLanguage)
	if !p.Speaks(language) {
		return nil, nil, nil, fmt.Errorf("--operator-language: the profile does not speak %q", language)
	}
	drivers, fake, err := registers(o.registers, base)
	if err != nil {
		return nil, nil, nil, err
	}
	var machine netip.Addr
	if o.container {
		if machine, err = gateway(); err != nil {
			return nil, nil, nil, fmt.Errorf("--container: %w", err)
		}
	}
	file, mailDir := inMemory, ""
	key := make([]byte, 32)
	rand.Read(key)
	var vault domain.Vault // of memory, if there is nothing else
	var moved time.Duration
	release := func() error { return nil }
	if o.data != inMemory {
		if moved, err = localapp.ReadClock(o.data); err != nil {
			return nil, nil, nil, err
		}
		file, mailDir = filepath.Join(o.data, "fullmakt.db"), o.data
		if key, err = linkKey(o.data, key); err != nil {
			return nil, nil, nil, err
		}
		// Two servers would have two clocks, and send mails twice.
		release, err = filelock.Take(filepath.Join(o.data, "lock"))
		if errors.Is(err, filelock.ErrTaken) {
			return nil, nil, nil, fmt.Errorf("another server is at work in %s", o.data)
		}
		if err != nil {
			return nil, nil, nil, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, release())
			}
		}()
		if _, err = localvault.Load(vaultKeys(o.data)); err != nil {
			return nil, nil, nil, err
		}
		vault = localvault.File(vaultKeys(o.data))
	}
	mailbox, err := filemail.New(mailDir)
	if err != nil {
		return nil, nil, nil, err
	}
	t, err := sqlitetable.Open(file)
	if err != nil {
		return nil, nil, nil, err
	}
	app = localapp.New(localapp.Config{
		Registers: drivers, FakeRegisters: fake, Directory: mailDir, Moved: moved, Machine: machine,
		Table: t, Profile: p, Hasher: password.New(), Mailbox: mailbox, LinkKey: key, Vault: vault, PortalURL: portalURL,
		Operator: o.operatorName, Log: slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if invited, err = app.Bootstrap(ctx, operator, language, demo); err != nil {
		t.Close()
		return nil, nil, nil, err
	}
	return app, invited, func() error { return errors.Join(t.Close(), release()) }, nil
}

// registers are the public company registers, and what stands in for them on
// the server itself, whose base is given.
func registers(which, base string) (drivers map[domain.Country]registry.Driver, fake http.Handler, err error) {
	switch which {
	case "fake":
		c := registrytest.Config(base + localapp.FakeRegistersPath)
		if drivers, err = nordic.Drivers(c); err != nil {
			return nil, nil, err
		}
		return drivers, registrytest.New(), nil
	case "public":
		drivers, err = nordic.Drivers(nordic.Public())
		return drivers, nil, err
	case "none":
		return nil, nil, nil
	}
	return nil, nil, fmt.Errorf("--registers: there are fake, public and none, and no %q", which)
}

func portalBase(given, base string) (string, error) {
	if given == "" {
		return base, nil
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("--portal-url: %q is not the base of a site", given)
	}
	return strings.TrimSuffix(given, "/"), nil
}

// openProfile finds a profile by its name, or reads it from a file; demo data
// come with the named ones.
func openProfile(name string, withDemo bool) (*domain.Profile, *profilefile.Demo, error) {
	if strings.ContainsAny(name, "./\\") {
		if withDemo {
			return nil, nil, errors.New("--demo: a profile file has no demo data; leave the flag out")
		}
		p, faults := profilefile.ParseFile(name)
		if len(faults) > 0 {
			return nil, nil, faults
		}
		return p, nil, nil
	}
	p, err := profile.Load(name)
	if err != nil || !withDemo {
		return p, nil, err
	}
	data, err := profiles.Demo(name)
	if err != nil {
		return nil, nil, err
	}
	demo, faults := profilefile.ParseDemo(name+"/demo.yaml", data, p)
	if len(faults) > 0 {
		return nil, nil, faults
	}
	return p, demo, nil
}

// linkKey is the key of one-time links, made once per data directory. It lies
// beside the database, not in it: who copies the table can make no link.
func linkKey(dir string, fresh []byte) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "link.key")
	key, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, os.WriteFile(name, fresh, 0o600)
	}
	if err == nil && len(key) != len(fresh) {
		return nil, fmt.Errorf("%s has %d bytes and not %d", name, len(key), len(fresh))
	}
	return key, err
}

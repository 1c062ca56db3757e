package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// localStore is a tool's choice of a store on this machine.
type localStore struct {
	data, profile string
	moved         time.Duration // by which its clock is ahead
}

// now is the time by the clock of the store, which somebody may have moved.
func (l *localStore) now() time.Time { return time.Now().Add(l.moved) }

func (l *localStore) flags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&l.data, "data", "", "directory of the database (default: .local/ and the profile's key)")
	flags.StringVar(&l.profile, "profile", defaultProfile, "name of the profile, or a profile file")
	return flags
}

// place reads the profile, and says where the database is.
func (l *localStore) place() (p *domain.Profile, database string, err error) {
	if p, _, err = openProfile(l.profile, false); err != nil {
		return nil, "", err
	}
	if l.data == "" {
		l.data = filepath.Join(".local", p.Key)
	}
	if l.moved, err = localapp.ReadClock(l.data); err != nil {
		return nil, "", err
	}
	return p, filepath.Join(l.data, "fullmakt.db"), nil
}

// open opens the store, which has to be there.
func (l *localStore) open() (*domain.Profile, *sqlitetable.Table, error) {
	p, database, err := l.place()
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(database); err != nil {
		return nil, nil, fmt.Errorf("--data: there is no store: %w", err)
	}
	t, err := sqlitetable.Open(database)
	return p, t, err
}

// action takes the first argument off, which says what a command is to do.
func action(usage string, args []string, known ...string) (string, []string, error) {
	if len(args) > 0 {
		for _, name := range known {
			if args[0] == name {
				return name, args[1:], nil
			}
		}
	}
	return "", nil, errors.New("usage: fullmakt " + usage)
}

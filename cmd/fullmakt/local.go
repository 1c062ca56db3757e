package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// localStore is a tool's choice of a store on this machine.
type localStore struct {
	data, profile string
}

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

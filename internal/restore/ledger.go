package restore

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dump"
)

// Ledger is what is known of the time after the state that was brought back.
type Ledger struct {
	Erasures []domain.Erasure
	// Whole says that it is a newer state of the whole store. Otherwise it has
	// erasures only.
	Whole bool

	chains  map[domain.OrganizationID]*domain.AuditChain
	seals   map[sealRef]string // hashes
	entries []*domain.AuditEntry
}

type sealRef struct {
	organization domain.OrganizationID
	number       int64
}

// reach is how much older than the newest entry of a state one may be that is not
// in it: clocks differ, and answers take time.
const reach = time.Hour

// ReadLedger reads a newer dump, or what `fullmakt person ledger` has written. Of
// the audit it keeps what is newer than the state.
func ReadLedger(ctx context.Context, path string, s *State) (*Ledger, error) {
	lines, err := readLines(path)
	if err != nil || lines != nil {
		return lines, err
	}
	d, err := dump.Open(path)
	if err != nil {
		return nil, err
	}
	l := &Ledger{Whole: true, chains: map[domain.OrganizationID]*domain.AuditChain{}, seals: map[sealRef]string{}}
	for item, err := range d.Items(ctx) {
		if err != nil {
			return nil, err
		}
		e, err := store.Entity(item)
		if err != nil {
			continue // it is not this one that is restored
		}
		switch e := e.(type) {
		case *domain.Erasure:
			l.Erasures = append(l.Erasures, domain.Erasure{Person: e.Person, Organizations: e.Organizations, At: e.At})
		case *domain.AuditChain:
			l.chains[e.Organization] = e
		case *domain.AuditSeal:
			l.seals[sealRef{e.Organization, e.Number}] = e.Hash
		case *domain.AuditEntry:
			if e.At.After(s.Newest.Add(-reach)) {
				l.entries = append(l.entries, e)
			}
		}
	}
	slices.SortFunc(l.entries, func(a, b *domain.AuditEntry) int { return cmp.Compare(a.ID, b.ID) })
	return l, nil
}

// readLines reads lines of ids; nil: the file has other lines.
func readLines(path string) (*Ledger, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, err
	}
	l := &Ledger{Erasures: []domain.Erasure{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8*table.MaxItemSize)
	for at := 1; lines.Scan(); at++ {
		var line struct {
			Person        domain.PersonID
			Organizations []domain.OrganizationID
			At            time.Time
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || !line.Person.Valid() {
			if at == 1 {
				return nil, nil
			}
			return nil, fmt.Errorf("%s:%d: not a line of a ledger", path, at)
		}
		l.Erasures = append(l.Erasures, domain.Erasure{Person: line.Person, Organizations: line.Organizations, At: line.At})
	}
	return l, lines.Err()
}

// Lost is what was done after the state that was brought back, and is undone by it.
type Lost struct {
	Entries int // of audits
	Seals   int64
	// Again are those of them by which somebody lost power, or that closed a way in:
	// they are to be done once more.
	Again []*domain.AuditEntry
}

// shuts are the actions that take something away from somebody.
var shuts = map[domain.Action]bool{
	domain.UserRemoved: true, domain.UserValiditySet: true, domain.UserUpdated: true, domain.MandateUpdated: true, domain.MandateRevoked: true,
	domain.ServiceRevoked: true, domain.PasswordChanged: true, domain.EmailChanged: true, domain.EmailChangeUndone: true, domain.ResourceRemoved: true,
	domain.SubscriptionSet: true, domain.OrganizationUpdated: true,
}

// ErrOtherPast: the newer state does not continue the one that was brought back.
var ErrOtherPast = errors.New("the newer dump is not of the same store at a later time")

// Compare says what is lost, and holds the ends of the state's audits against the
// newer one's: up to there the two have to be the same.
func (r *Restoration) Compare(ctx context.Context, s *State) (*Lost, error) {
	l := r.Ledger
	if !l.Whole {
		return &Lost{}, nil
	}
	var lost Lost
	for org, chain := range s.chains {
		newer := l.chains[org]
		if newer == nil || l.seals[sealRef{org, chain.Number}] != chain.Hash {
			return nil, fmt.Errorf("%w: seal %d of %s is another there, or not there", ErrOtherPast, chain.Number, org)
		}
		lost.Seals += newer.Number - chain.Number
	}
	for org, newer := range l.chains {
		if s.chains[org] == nil {
			lost.Seals += newer.Number
		}
	}
	for batch := range slices.Chunk(l.entries, table.MaxKeys) {
		keys := make([]table.Key, len(batch))
		for i, e := range batch {
			at, err := store.Place(e)
			if err != nil {
				return nil, err
			}
			keys[i] = at.Key
		}
		found, err := r.Table.Get(ctx, keys...)
		if err != nil {
			return nil, err
		}
		for i, e := range batch {
			if _, there := found[keys[i]]; there {
				continue
			}
			lost.Entries++
			if shuts[e.Action] {
				lost.Again = append(lost.Again, e)
			}
		}
	}
	return &lost, nil
}

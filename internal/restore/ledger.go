package restore

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	At    time.Time // when the lines were written; zero for a whole state

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

// line is one of a ledger that is kept as a file: of a person, or the last one, which
// counts them.
type line struct {
	Person        domain.PersonID         `json:"person,omitzero"`
	Organizations []domain.OrganizationID `json:"organizations,omitempty"`
	People        *int                    `json:"people,omitempty"`
	At            time.Time               `json:"at"`
}

// WriteLedger writes a store's ledger as lines of ids. The last line counts them, so
// that nobody takes what broke off for the whole.
func WriteLedger(ctx context.Context, w io.Writer, s domain.Store, now time.Time) error {
	enc, n := json.NewEncoder(w), 0
	for req := (domain.PageRequest{Limit: 1000}); ; {
		page, err := s.Erasures(ctx, req)
		if err != nil {
			return err
		}
		for _, e := range page.Items {
			n++
			if err := enc.Encode(line{Person: e.Person, Organizations: e.Organizations, At: e.At}); err != nil {
				return err
			}
		}
		if req.After = page.Next; req.After == "" {
			return enc.Encode(line{People: &n, At: now.UTC()})
		}
	}
}

// ErrCut: a ledger does not end as it has to.
var ErrCut = errors.New(`no ledger that is whole: the last line has to be {"people":N,"at":…}, of as many people as there are lines before it. ` +
	`It was cut off, or an older version wrote it: say "fullmakt person ledger" again`)

// ErrNoStore: a newer dump is of nothing, or broke off.
var ErrNoStore = errors.New("not a dump of a whole store: it has no operator")

// ReadLedger reads a newer dump, or what WriteLedger has written. Of the audit it
// keeps what is newer than the state.
func ReadLedger(ctx context.Context, path string, s *State) (*Ledger, error) {
	lines, err := ReadLines(path)
	if !errors.Is(err, errNoLines) {
		return lines, err
	}
	d, err := dump.Open(path)
	if err != nil {
		return nil, err
	}
	l := &Ledger{Whole: true, chains: map[domain.OrganizationID]*domain.AuditChain{}, seals: map[sealRef]string{}}
	operator := false
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
		case *domain.Organization:
			operator = operator || e.ID == domain.OperatorID
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
	if !operator { // whom every store has, behind its ledger in the order of keys
		return nil, fmt.Errorf("%s: %w", path, ErrNoStore)
	}
	slices.SortFunc(l.entries, func(a, b *domain.AuditEntry) int { return cmp.Compare(a.ID, b.ID) })
	return l, nil
}

// errNoLines: a file is something else than lines of a ledger.
var errNoLines = errors.New("not a ledger of people")

// ReadLines reads what WriteLedger has written.
func ReadLines(path string) (*Ledger, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, errors.Join(err, fmt.Errorf("%s: %w", path, errNoLines))
	}
	l := &Ledger{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8*table.MaxItemSize)
	ended := false
	for at := 1; lines.Scan(); at++ {
		var one line
		err := json.Unmarshal(lines.Bytes(), &one)
		switch {
		case ended:
			return nil, fmt.Errorf("%s:%d: behind the last line: %w", path, at, ErrCut)
		case err == nil && one.Person.Valid():
			orgs := append([]domain.OrganizationID{}, one.Organizations...) // never nil: it is stored as it is
			l.Erasures = append(l.Erasures, domain.Erasure{Person: one.Person, Organizations: orgs, At: one.At})
		case err == nil && one.People != nil && one.Person == "":
			if ended, l.At = true, one.At; *one.People != len(l.Erasures) || one.At.IsZero() {
				return nil, fmt.Errorf("%s:%d: %d people: %w", path, at, len(l.Erasures), ErrCut)
			}
		case at == 1:
			return nil, fmt.Errorf("%s: %w", path, errNoLines)
		default:
			return nil, fmt.Errorf("%s:%d: not a line of a ledger", path, at)
		}
	}
	if err := lines.Err(); err != nil || ended {
		return l, err
	}
	return nil, fmt.Errorf("%s: %w", path, ErrCut)
}

// Lost is what was done after the state that was brought back, and is undone by it.
type Lost struct {
	Entries int // of audits
	Seals   int64
	// Again are those of them by which somebody lost power, or that closed a way in:
	// they are to be done once more.
	Again []*domain.AuditEntry
}

// shuts says of each action whether it can take something away from somebody that
// the older state gives back, and that nothing takes away again by itself: erasures
// are done again, and whose term is over is kept out by the calendar.
var shuts = map[domain.Action]bool{
	domain.OrganizationUpdated: true, domain.UserUpdated: true, domain.UserRemoved: true, domain.UserValiditySet: true, domain.PasswordChanged: true,
	domain.EmailChanged: true, domain.EmailChangeUndone: true, domain.ResourceUpdated: true, domain.ResourceRemoved: true, domain.MandateUpdated: true,
	domain.MandateRevoked: true, domain.SubscriptionSet: true, domain.ServiceRevoked: true, domain.StoreRepaired: true,

	domain.OrganizationCreated: false, domain.AgreementAnnounced: false, domain.UserCreated: false, domain.UserErased: false, domain.UserRestored: false,
	domain.UserExpired: false, domain.UserActivated: false, domain.UsersExported: false, domain.PersonExported: false, domain.UserDetailsChanged: false,
	domain.ActivationSent: false, domain.NationalIDSeen: false, domain.NationalIDSearched: false, domain.PasswordResetRequested: false,
	domain.EmailChangeRequested: false, domain.UserEmailUndeliverable: false, domain.ResourceCreated: false, domain.MandateGiven: false,
	domain.ServiceCreated: false, domain.PartnerSearched: false, domain.StoreRestored: false,
}

// Shuts tells whether an action takes something away that is to be taken away again
// in an older state. One that nobody has thought of may.
func Shuts(a domain.Action) bool {
	does, known := shuts[a]
	return does || !known
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
			if Shuts(e.Action) {
				lost.Again = append(lost.Again, e)
			}
		}
	}
	return &lost, nil
}

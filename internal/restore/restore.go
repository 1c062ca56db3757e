// Package restore makes an older state of the store, which was brought back, one
// that can be used: it erases again who was erased since, ends what must not live
// twice, makes whole what was half there, and tries what came of it.
//
// Everything that it changes has the actor Actor, and an entry in the audits of the
// organizations whose things they are.
package restore

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Actor is who changes things in a restore.
var Actor = domain.Actor{Type: domain.ByJob, ID: "fullmakt-restore"}

// atOnce is how many things go in one transaction, beside their audit entry.
const atOnce = 90

// State is what a restore has to know of the older state.
type State struct {
	Items  int64
	Newest time.Time // the last that anything in it tells of

	sessions, receipts, mails []table.Key
	links                     map[domain.OrganizationID][]table.Key
	chains                    map[domain.OrganizationID]*domain.AuditChain
}

// Sealed is how many seals an organization's audit has.
func (s *State) Sealed(org domain.OrganizationID) int64 {
	if chain := s.chains[org]; chain != nil {
		return chain.Number
	}
	return 0
}

// Survey reads an older state whole.
func Survey(ctx context.Context, items iter.Seq2[table.Item, error]) (*State, error) {
	s := &State{links: map[domain.OrganizationID][]table.Key{}, chains: map[domain.OrganizationID]*domain.AuditChain{}}
	for item, err := range items {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		s.Items++
		e, err := store.Entity(item)
		if err != nil {
			continue // the check tells of it
		}
		switch e := e.(type) {
		case *domain.Session:
			s.sessions = append(s.sessions, item.Key)
		case *domain.Receipt:
			s.receipts = append(s.receipts, item.Key)
		case *domain.Mail:
			if e.State == domain.MailQueued || e.State == domain.MailSending {
				s.mails = append(s.mails, item.Key)
			}
		case *domain.Link:
			if e.Purpose != domain.ForEmailUndo {
				s.links[e.Organization] = append(s.links[e.Organization], item.Key)
			}
		case *domain.AuditChain:
			s.chains[e.Organization] = e
		}
		if at := moment(e); at.After(s.Newest) {
			s.Newest = at
		}
	}
	return s, nil
}

// moment is when an entity was last written, of those that are written often.
func moment(e domain.Entity) time.Time {
	switch e := e.(type) {
	case *domain.AuditEntry:
		return e.At
	case *domain.Session:
		return e.SeenAt
	case *domain.Mail:
		return e.CreatedAt
	case *domain.Attempts:
		return e.LastAt
	case *domain.AuditSeal:
		return e.At
	case *domain.JobRun:
		return e.StartedAt
	}
	return time.Time{}
}

// Restoration is one that is under way, on a table.
type Restoration struct {
	Table   table.Table
	Profile *domain.Profile
	Now     time.Time
	Ledger  *Ledger
}

// Outcome is what was changed.
type Outcome struct {
	Sessions, Links, Mails, Receipts int
	Listed, Erased                   int // in the ledger, and of those who were there
}

func (r *Restoration) store() *store.Store { return store.New(r.Table) }

func (r *Restoration) change() *domain.Change { return domain.NewChange(Actor, r.Now, Actor.ID) }

// Apply ends what must not live twice, and erases again whom the ledger lists. What
// broke off is finished by asking again.
func (r *Restoration) Apply(ctx context.Context, s *State) (*Outcome, error) {
	var out Outcome
	var err error
	if out.Sessions, err = r.remove(ctx, s.sessions, domain.OperatorID, ""); err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	for _, org := range slices.Sorted(maps.Keys(s.links)) {
		n, err := r.remove(ctx, s.links[org], org, "links")
		if err != nil {
			return nil, fmt.Errorf("links: %w", err)
		}
		out.Links += n
	}
	if out.Mails, err = r.dropMails(ctx, s.mails); err != nil {
		return nil, fmt.Errorf("mails: %w", err)
	}
	if err := r.erase(ctx, &out); err != nil {
		return nil, fmt.Errorf("erasures: %w", err)
	}
	if out.Receipts, err = r.forget(ctx, s.receipts, len(r.Ledger.Erasures) > 0); err != nil {
		return nil, fmt.Errorf("receipts: %w", err)
	}
	return &out, r.record(ctx, s, &out)
}

// read reads things anew, a transaction's worth at a time: some may be gone since
// they were listed.
func (r *Restoration) read(ctx context.Context, keys []table.Key, do func([]domain.Entity) error) error {
	for batch := range slices.Chunk(keys, atOnce) {
		found, err := r.Table.Get(ctx, batch...)
		if err != nil {
			return err
		}
		var all []domain.Entity
		for _, key := range batch {
			item, ok := found[key]
			if !ok {
				continue
			}
			e, err := store.Entity(item)
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		if len(all) == 0 {
			continue
		}
		if err := do(all); err != nil {
			return err
		}
	}
	return nil
}

// remove takes things away and says how many there were; where what is named, the
// organization's audit tells of them.
func (r *Restoration) remove(ctx context.Context, keys []table.Key, org domain.OrganizationID, what string) (n int, err error) {
	err = r.read(ctx, keys, func(all []domain.Entity) error {
		c := r.change()
		for _, e := range all {
			c.Remove(e)
		}
		if what != "" {
			c.Record(org, domain.StoreRestored, aboutOrganization(org), domain.FieldChange{Field: what, Before: strconv.Itoa(len(all))})
		}
		n += len(all)
		return r.store().Commit(ctx, c)
	})
	return n, err
}

// dropMails ends what was due: it has left since, most likely, and its link is
// dead. What is for a day to come waits for that day, and is asked then whether it
// is still so. The mail that takes a change of an address back leaves, if need be
// twice: it is what makes that link open.
func (r *Restoration) dropMails(ctx context.Context, keys []table.Key) (n int, err error) {
	err = r.read(ctx, keys, func(all []domain.Entity) error {
		c := r.change()
		for _, e := range all {
			m := *e.(*domain.Mail)
			if m.State != domain.MailQueued && m.State != domain.MailSending || m.Link == "" && m.NotBefore.After(r.Now) {
				continue
			}
			if m.Kind == domain.MailEmailChanging {
				m.State, m.NotBefore, m.Attempts = domain.MailQueued, r.Now, 0
				c.Put(&m)
				continue
			}
			m.State, m.Reason, m.Email = domain.MailDropped, "an older state of the store was brought back", ""
			c.Put(&m)
			n++
		}
		if c.Empty() {
			return nil
		}
		return r.store().Commit(ctx, c)
	})
	return n, err
}

// forget takes receipts away that are over, and all of them where the ledger lists
// anybody, erased in this run or in one that broke off: an answer that can be asked
// for again may hold what is known of them.
func (r *Restoration) forget(ctx context.Context, keys []table.Key, all bool) (n int, err error) {
	err = r.read(ctx, keys, func(found []domain.Entity) error {
		c := r.change()
		for _, e := range found {
			if all || !r.Now.Before(e.(*domain.Receipt).ExpiresAt) {
				c.Remove(e)
				n++
			}
		}
		if c.Empty() {
			return nil
		}
		return r.store().Commit(ctx, c)
	})
	return n, err
}

func (r *Restoration) erase(ctx context.Context, out *Outcome) error {
	for _, line := range r.Ledger.Erasures {
		out.Listed++
		was, err := domain.EraseAgain(ctx, r.store(), r.change(), r.Profile, line)
		if err != nil {
			return fmt.Errorf("%s: %w", line.Person, err)
		}
		if was {
			out.Erased++
		}
	}
	return nil
}

// record tells the operator's audit of the whole.
func (r *Restoration) record(ctx context.Context, s *State, out *Outcome) error {
	c := r.change()
	told := []domain.FieldChange{{Field: "state", After: s.Newest.UTC().Format(time.RFC3339Nano)}}
	for _, one := range []struct {
		field string
		n     int
	}{{"sessions", out.Sessions}, {"links", out.Links}, {"mails", out.Mails}, {"receipts", out.Receipts}, {"erased", out.Erased}} {
		told = append(told, domain.FieldChange{Field: one.field, Before: strconv.Itoa(one.n)})
	}
	c.Record(domain.OperatorID, domain.StoreRestored, aboutOrganization(domain.OperatorID), told...)
	return r.store().Commit(ctx, c)
}

func aboutOrganization(id domain.OrganizationID) domain.Subject {
	return domain.Subject{Type: "organization", ID: string(id)}
}

func aboutUser(id domain.PersonID) domain.Subject {
	return domain.Subject{Type: "user", ID: string(id)}
}

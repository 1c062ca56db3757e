package domain

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	stdhash "hash"
	"slices"
	"strconv"
	"time"
)

// How the audit is sealed. An entry is sealed once it is SealSettle old, so that
// those of slower writers stand in their places by then. One that turns up later
// still is sealed as late, up to SealReach behind the newest that was sealed.
const (
	SealSettle = 2 * time.Minute
	SealReach  = 30 * time.Minute
	sealBatch  = 500 // entries in one seal
	sweepStep  = time.Hour
	sealMargin = 15 * time.Second // that one organization may need: with less left none is begun
)

// AuditSeal is a link of the chain that an organization's audit is sealed with.
// It covers entries by their hashes, and the seal before it by that one's. It is
// never changed nor taken away.
type AuditSeal struct {
	Organization OrganizationID
	Number       int64 // from 1
	Previous     string
	Hash         string
	Entries      []SealedEntry // in the order of their ids
	At           time.Time
}

// SealedEntry is an entry as it was when it was sealed.
type SealedEntry struct {
	ID   AuditID
	Hash string
	Late bool // the seal before has newer ones
}

// AuditChain is where an organization's chain has come to.
type AuditChain struct {
	Version      int64
	Organization OrganizationID
	Number       int64   // of the newest seal
	Hash         string  // of it
	Last         AuditID // the newest sealed entry
	Entries      int64   // sealed up to now
	At           time.Time
}

// SealSweep is the moment up to which all organizations were looked through.
type SealSweep struct {
	Version int64
	UpTo    time.Time
}

// digest hashes texts so that no two lists of them hash alike.
type digest struct{ stdhash.Hash }

func newDigest(of string) digest {
	d := digest{sha256.New()}
	d.add(of)
	return d
}

func (d digest) add(texts ...string) {
	for _, t := range texts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(t)))
		d.Write(size[:])
		d.Write([]byte(t))
	}
}

func (d digest) text() string { return hex.EncodeToString(d.Sum(nil)) }

// digest is the hash of all that the entry says. A field that entries get later
// on must leave it as it is where the field is empty.
func (e *AuditEntry) digest() string {
	d := newDigest("fullmakt audit entry 1")
	d.add(string(e.ID), string(e.Organization), e.At.UTC().Format(time.RFC3339Nano), string(e.Actor.Type), e.Actor.ID,
		string(e.Action), e.Subject.Type, e.Subject.ID, e.RequestID, strconv.Itoa(len(e.Changes)))
	for _, c := range e.Changes {
		d.add(c.Field, c.Before, c.After)
	}
	return d.text()
}

// digest is the hash of the seal and so of all before it.
func (s *AuditSeal) digest() string {
	d := newDigest("fullmakt audit seal 1")
	d.add(string(s.Organization), strconv.FormatInt(s.Number, 10), s.Previous, s.At.UTC().Format(time.RFC3339Nano))
	for _, e := range s.Entries {
		d.add(string(e.ID), e.Hash, strconv.FormatBool(e.Late))
	}
	return d.text()
}

// Sealing is one who seals.
type Sealing struct {
	Store Store
	Begin func() *Change // a change of this moment
}

// SealAll seals what there is to be sealed in all organizations that entries were
// written of since the last time, and says how many entries that were and in how
// many organizations. It stops before the context's deadline, and goes on where it stopped.
func (s Sealing) SealAll(ctx context.Context) (organizations, entries int, err error) {
	scene, err := s.Store.Load(ctx, Want{Organization: OperatorID, Sweep: true})
	if err != nil || scene.Organization == nil {
		return 0, 0, err
	}
	sweep := SealSweep{UpTo: scene.Organization.CreatedAt} // nothing is older than the portal
	if scene.Sweep != nil {
		sweep = *scene.Sweep
	}
	var broken []error
	for end := s.Begin().At.Add(-SealSettle); sweep.UpTo.Before(end); {
		to := sweep.UpTo.Add(sweepStep)
		if to.After(end) {
			to = end
		}
		orgs, err := s.Store.Audited(ctx, sweep.UpTo.Add(-SealReach), to)
		if err != nil {
			return organizations, entries, err
		}
		for _, org := range orgs {
			if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < sealMargin {
				return organizations, entries, errors.Join(broken...)
			}
			n, err := s.Seal(ctx, org)
			if entries += n; n > 0 {
				organizations++
			}
			if KindOf(err) == Unavailable {
				return organizations, entries, err
			}
			if err != nil { // a fault in one organization's audit, which the next entry there tries anew
				broken = append(broken, fmt.Errorf("%s: %w", org, err))
			}
		}
		c := s.Begin()
		sweep.UpTo = to
		swept := sweep
		c.Put(&swept)
		if err := s.Store.Commit(ctx, c); err != nil {
			return organizations, entries, errors.Join(append(broken, yielded(err))...)
		}
		sweep.Version++
	}
	return organizations, entries, errors.Join(broken...)
}

// Seal seals an organization's settled entries and says how many. Who seals the
// same at the same time does it once: a chain is written on the version that was
// read, and who loses leaves the rest to the other.
func (s Sealing) Seal(ctx context.Context, org OrganizationID) (sealed int, err error) {
	scene, err := s.Store.Load(ctx, Want{Organization: org, Chain: true})
	if err != nil {
		return 0, err
	}
	chain := AuditChain{Organization: org}
	span := AuditSpan{Last: leastAuditID(s.Begin().At.Add(-SealSettle))}
	known := map[AuditID]bool{}
	if scene.Chain != nil {
		chain = *scene.Chain
		span.First = leastAuditID(chain.Last.at().Add(-SealReach))
		if known, err = s.sealedSince(ctx, org, span.First); err != nil {
			return 0, err
		}
	}
	due, err := s.unsealed(ctx, org, span, known)
	if err != nil {
		return 0, err
	}
	for batch := range slices.Chunk(due, sealBatch) {
		c := s.Begin()
		seal := &AuditSeal{Organization: org, Number: chain.Number + 1, Previous: chain.Hash, At: c.At}
		for _, e := range batch {
			seal.Entries = append(seal.Entries, SealedEntry{ID: e.ID, Hash: e.Hash, Late: e.ID < chain.Last})
		}
		seal.Hash = seal.digest()
		next := chain
		next.Number, next.Hash, next.At = seal.Number, seal.Hash, c.At
		next.Last = max(chain.Last, batch[len(batch)-1].ID)
		next.Entries += int64(len(batch))
		c.Put(seal)
		c.Put(&next)
		if err := s.Store.Commit(ctx, c); err != nil {
			return sealed, yielded(err)
		}
		chain = next
		chain.Version++
		sealed += len(batch)
	}
	return sealed, nil
}

// yielded forgives losing to another one who does the same.
func yielded(err error) error {
	if errors.Is(err, ErrContended) {
		return nil
	}
	return err
}

// sealedSince are the sealed entries from an id on, and some before it.
func (s Sealing) sealedSince(ctx context.Context, org OrganizationID, first AuditID) (map[AuditID]bool, error) {
	known := map[AuditID]bool{}
	for req := (PageRequest{Limit: 1}); ; {
		page, err := s.Store.Seals(ctx, org, req)
		if err != nil {
			return nil, err
		}
		reached := false
		for _, seal := range page.Items {
			for _, e := range seal.Entries {
				known[e.ID] = true
				reached = reached || !e.Late && e.ID < first
			}
		}
		if req.After = page.Next; reached || req.After == "" {
			return known, nil
		}
	}
}

// unsealed are the entries of a span that are not known, with their hashes, the
// oldest first.
func (s Sealing) unsealed(ctx context.Context, org OrganizationID, span AuditSpan, known map[AuditID]bool) (due []SealedEntry, err error) {
	for req := (PageRequest{Limit: sealBatch}); ; {
		page, err := s.Store.Audit(ctx, org, span, req)
		if err != nil {
			return nil, err
		}
		for i, e := range page.Items {
			// Under the id that it is found by: what was moved is not sealed as if it belonged there.
			if id := AuditID(page.Keys[i]); !known[id] {
				due = append(due, SealedEntry{ID: id, Hash: e.digest()})
			}
		}
		if req.After = page.Next; req.After == "" {
			slices.Reverse(due)
			return due, nil
		}
	}
}

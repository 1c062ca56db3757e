package domain

import (
	"context"
	"maps"
	"slices"
)

// AuditFault is what is wrong with an organization's audit.
type AuditFault string

const (
	AuditEdited      AuditFault = "edited"       // an entry says something else than when it was sealed
	AuditDeleted     AuditFault = "deleted"      // a sealed entry is not there
	AuditInserted    AuditFault = "inserted"     // an entry stands among sealed ones, is not sealed and will not be
	AuditReordered   AuditFault = "reordered"    // an entry lies in the place of another one
	AuditSealEdited  AuditFault = "seal-edited"  // a seal is not the one that was made
	AuditSealDeleted AuditFault = "seal-deleted" // a seal is not there
	AuditTruncated   AuditFault = "truncated"    // the chain ends before it should
	// AuditLate is no fault: an entry was sealed after newer ones had been, or with
	// no seal is about to be.
	AuditLate AuditFault = "late"
)

// AuditFinding names an entry or a seal.
type AuditFinding struct {
	Fault AuditFault
	Entry AuditID
	Seal  int64 // that the entry is in, or that it is about
}

// AuditCheck is what a chain was found to be.
type AuditCheck struct {
	Organization OrganizationID
	Chain        AuditChain // where it ends; zero: nothing was sealed
	Unsealed     int        // entries that are newer than all sealed ones
	Findings     []AuditFinding
}

// Whole tells whether nothing is wrong.
func (c *AuditCheck) Whole() bool {
	return !slices.ContainsFunc(c.Findings, func(f AuditFinding) bool { return f.Fault != AuditLate })
}

// AuditAnchor is a seal as it was noted elsewhere, out of the reach of whoever
// could write a whole new chain. The zero value is none.
type AuditAnchor struct {
	Number int64
	Hash   string
}

// VerifyAudit reads an organization's audit and its seals, the newest first, and
// reports where the one is not what the other says. What is being sealed
// meanwhile may show as wrong: ask again before believing it.
func VerifyAudit(ctx context.Context, store Store, org OrganizationID, anchor AuditAnchor) (*AuditCheck, error) {
	v := &verifier{store: store, org: org, anchor: anchor, late: map[AuditID]sealedIn{}, check: AuditCheck{Organization: org}}
	scene, err := store.Load(ctx, Want{Organization: org, Chain: true})
	if err != nil {
		return nil, err
	}
	if scene.Chain != nil {
		v.check.Chain = *scene.Chain
	}
	v.number, v.hash = v.check.Chain.Number, v.check.Chain.Hash
	if anchor.Number > v.number {
		v.found(AuditTruncated, "", v.number+1)
	}
	if err := v.entries(ctx); err != nil {
		return nil, err
	}
	return &v.check, nil
}

// sealedIn is a sealed entry with the number of its seal.
type sealedIn struct {
	SealedEntry
	seal int64
}

type verifier struct {
	store  Store
	org    OrganizationID
	anchor AuditAnchor
	check  AuditCheck

	number int64 // of the seal that comes next, and the hash that it must have; empty: unknown
	hash   string
	seals  pager[*AuditSeal]

	ahead []sealedIn           // the next sealed entries, newest first
	late  map[AuditID]sealedIn // those sealed out of turn, that have not been come to
}

func (v *verifier) found(fault AuditFault, entry AuditID, seal int64) {
	v.check.Findings = append(v.check.Findings, AuditFinding{Fault: fault, Entry: entry, Seal: seal})
}

// entries holds the entries against the seals, in step.
func (v *verifier) entries(ctx context.Context) error {
	list := pager[*AuditEntry]{read: func(req PageRequest) (Page[*AuditEntry], error) {
		return v.store.Audit(ctx, v.org, AuditSpan{}, req)
	}}
	v.seals.read = func(req PageRequest) (Page[*AuditSeal], error) { return v.store.Seals(ctx, v.org, req) }
	begun := false // that a sealed entry was come to
	for {
		entry, key, err := list.next()
		if err != nil {
			return err
		}
		id := AuditID(key)
		for { // what is sealed and newer than this entry is not there
			if err := v.more(); err != nil {
				return err
			}
			if len(v.ahead) == 0 || entry != nil && v.ahead[0].ID <= id {
				break
			}
			v.found(AuditDeleted, v.ahead[0].ID, v.ahead[0].seal)
			v.ahead, begun = v.ahead[1:], true
		}
		if entry == nil {
			break
		}
		switch late, isLate := v.late[id]; {
		case len(v.ahead) > 0 && v.ahead[0].ID == id:
			v.compare(entry, v.ahead[0])
			v.ahead, begun = v.ahead[1:], true
		case isLate:
			v.found(AuditLate, id, late.seal)
			v.compare(entry, late)
			delete(v.late, id)
		case (begun || id < v.check.Chain.Last) && id < leastAuditID(v.check.Chain.Last.at().Add(-SealReach)):
			v.found(AuditInserted, id, 0)
		case begun || id < v.check.Chain.Last:
			v.found(AuditLate, id, 0)
		default:
			v.check.Unsealed++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.late)) {
		v.found(AuditDeleted, id, v.late[id].seal)
	}
	v.missing(0)
	return nil
}

// missing reports the seals above a number that were to come before it.
func (v *verifier) missing(above int64) {
	fault := AuditSealDeleted
	if v.number == v.check.Chain.Number {
		fault = AuditTruncated // nothing is left that comes after it
	}
	for ; v.number > above; v.number-- {
		v.found(fault, "", v.number)
		v.hash = ""
	}
}

func (v *verifier) compare(e *AuditEntry, sealed sealedIn) {
	switch {
	case e.ID != sealed.ID:
		v.found(AuditReordered, sealed.ID, sealed.seal)
	case e.digest() != sealed.Hash:
		v.found(AuditEdited, sealed.ID, sealed.seal)
	}
}

// more reads seals until there is an entry to compare with, or no seal.
func (v *verifier) more() error {
	for len(v.ahead) == 0 {
		seal, _, err := v.seals.next()
		if err != nil || seal == nil {
			return err
		}
		v.link(seal)
		for _, e := range slices.Backward(seal.Entries) {
			if e.Late {
				v.late[e.ID] = sealedIn{e, seal.Number}
			} else {
				v.ahead = append(v.ahead, sealedIn{e, seal.Number})
			}
		}
	}
	return nil
}

// link holds a seal against the one after it.
func (v *verifier) link(s *AuditSeal) {
	v.missing(s.Number)
	if s.Number > v.number { // the end of the chain was put back, or is not there
		v.found(AuditTruncated, "", s.Number)
		v.hash = ""
		for _, e := range s.Entries {
			v.check.Chain.Last = max(v.check.Chain.Last, e.ID)
		}
	}
	if s.digest() != s.Hash || v.hash != "" && v.hash != s.Hash || v.anchor.Number == s.Number && v.anchor.Hash != s.Hash {
		v.found(AuditSealEdited, "", s.Number)
	}
	v.number, v.hash = s.Number-1, s.Previous
}

// pager goes through a list item by item.
type pager[T any] struct {
	read func(PageRequest) (Page[T], error)
	page Page[T]
	at   int
	done bool
}

// next is an item and its key; the zero value at the end.
func (p *pager[T]) next() (item T, key string, err error) {
	for p.at == len(p.page.Items) {
		if p.done {
			return item, "", nil
		}
		if p.page, err = p.read(PageRequest{Limit: sealBatch, After: p.page.Next}); err != nil {
			return item, "", err
		}
		p.at, p.done = 0, p.page.Next == ""
	}
	item, key = p.page.Items[p.at], p.page.Keys[p.at]
	p.at++
	return item, key, nil
}

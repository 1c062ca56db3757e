package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Audit lists what happened in an organization, the newest first.
func (s *Store) Audit(ctx context.Context, org domain.OrganizationID, span domain.AuditSpan, req domain.PageRequest) (domain.Page[*domain.AuditEntry], error) {
	q := table.Query{PK: auditKey(org, "").PK, Lo: string(span.First), Hi: string(span.Last), Reverse: true}
	return page(ctx, s, q, req, bySortKey, (*auditRecord).entity)
}

// Seals lists the seals of an organization's audit, the newest first.
func (s *Store) Seals(ctx context.Context, org domain.OrganizationID, req domain.PageRequest) (domain.Page[*domain.AuditSeal], error) {
	q := table.Query{PK: sealKey(org, 0).PK, Lo: "0", Hi: "9~", Reverse: true}
	return page(ctx, s, q, req, bySortKey, (*sealRecord).entity)
}

// Audited finds the organizations that entries of these moments are of. An entry
// whose body cannot be read is as good as another: its key says whose it is.
func (s *Store) Audited(ctx context.Context, from, to time.Time) ([]domain.OrganizationID, error) {
	found := map[domain.OrganizationID]bool{}
	first := from.UTC().Truncate(24 * time.Hour)
	for day := first; !day.After(to); day = day.AddDate(0, 0, 1) {
		for shard := range byte(auditShards) {
			q := table.Query{Index: table.ByTime, PK: auditByTime(day, shard), Lo: timeKey(from, ""), Hi: timeKey(to, "~"), Limit: 1000}
			for more := true; more; {
				page, err := s.table.Query(ctx, q)
				if err != nil {
					return nil, failure(err)
				}
				for _, item := range page.Items {
					found[domain.OrganizationID(item.PK[len(auditKey("", "").PK):])] = true
				}
				if more = page.More; more {
					q.After = page.Items[len(page.Items)-1].Index[table.ByTime].SK
				}
			}
		}
	}
	return slices.Collect(maps.Keys(found)), nil
}

type sealRecord struct {
	Organization domain.OrganizationID `json:"organization"`
	Number       int64                 `json:"number"`
	Previous     string                `json:"previous,omitzero"`
	Hash         string                `json:"hash"`
	Entries      []sealedEntryRecord   `json:"entries"`
	At           time.Time             `json:"at"`
}

type sealedEntryRecord struct {
	ID   domain.AuditID `json:"id"`
	Hash string         `json:"hash"`
	Late bool           `json:"late,omitzero"`
}

func sealRecordOf(e *domain.AuditSeal) sealRecord {
	r := sealRecord{Organization: e.Organization, Number: e.Number, Previous: e.Previous, Hash: e.Hash, At: e.At}
	for _, one := range e.Entries {
		r.Entries = append(r.Entries, sealedEntryRecord(one))
	}
	return r
}

func (r *sealRecord) entity(int64) *domain.AuditSeal {
	e := &domain.AuditSeal{Organization: r.Organization, Number: r.Number, Previous: r.Previous, Hash: r.Hash, At: r.At}
	for _, one := range r.Entries {
		e.Entries = append(e.Entries, domain.SealedEntry(one))
	}
	return e
}

type chainRecord struct {
	Organization domain.OrganizationID `json:"organization"`
	Number       int64                 `json:"number"`
	Hash         string                `json:"hash"`
	Last         domain.AuditID        `json:"last"`
	Entries      int64                 `json:"entries"`
	At           time.Time             `json:"at"`
}

func chainRecordOf(e *domain.AuditChain) chainRecord {
	return chainRecord{e.Organization, e.Number, e.Hash, e.Last, e.Entries, e.At}
}

func (r *chainRecord) entity(version int64) *domain.AuditChain {
	return &domain.AuditChain{
		Version: version, Organization: r.Organization, Number: r.Number, Hash: r.Hash, Last: r.Last, Entries: r.Entries, At: r.At,
	}
}

type sweepRecord struct {
	UpTo time.Time `json:"upTo"`
}

func (r *sweepRecord) entity(version int64) *domain.SealSweep {
	return &domain.SealSweep{Version: version, UpTo: r.UpTo}
}

type erasureRecord struct {
	Person        domain.PersonID         `json:"person"`
	Organizations []domain.OrganizationID `json:"organizations"`
	At            time.Time               `json:"at"`
}

func (r *erasureRecord) entity(version int64) *domain.Erasure {
	return &domain.Erasure{Version: version, Person: r.Person, Organizations: r.Organizations, At: r.At}
}

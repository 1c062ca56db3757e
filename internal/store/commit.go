package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/i18n"
	"github.com/fullmakt/fullmakt/internal/table"
)

// How long what is over stays for those who look into it.
const (
	keepLinks    = 24 * time.Hour
	keepMail     = 30 * 24 * time.Hour
	keepAttempts = 24 * time.Hour
	keepKnown    = 30 * 24 * time.Hour
)

// Commit writes a change in one transaction.
func (s *Store) Commit(ctx context.Context, c *domain.Change) error {
	if err := c.Check(); err != nil {
		return err
	}
	ops := make([]table.Op, 0, len(c.Writes))
	for _, w := range c.Writes {
		row, err := rowOf(w.Entity)
		if err != nil {
			return err
		}
		cond := table.IfAbsent
		if row.version > 0 {
			cond = table.IfVersion(row.version)
		}
		if w.Hold {
			ops = append(ops, table.Check(row.key, cond))
			continue
		}
		if w.Remove {
			ops = append(ops, table.Delete(row.key, cond))
			continue
		}
		body, err := json.Marshal(row.record)
		if err != nil {
			return fmt.Errorf("store: %T: %w", w.Entity, err)
		}
		ops = append(ops, table.Put(table.Item{
			Key: row.key, Index: row.index, Version: row.version + 1, ExpiresAt: row.expires.Truncate(time.Second), Body: body,
		}, cond))
	}
	return failure(s.table.Transact(ctx, ops...))
}

// row is an entity on its way into the table.
type row struct {
	key     table.Key
	version int64 // that was read; 0: new
	record  any
	index   map[table.Index]table.Key
	expires time.Time
}

func rowOf(e domain.Entity) (row, error) {
	switch e := e.(type) {
	case *domain.Person:
		return row{key: personKey(e.ID), version: e.Version, record: personRecordOf(e)}, nil
	case *domain.EmailClaim:
		return row{key: emailKey(e.Email), version: e.Version, record: emailRecord{e.Email, e.Person, e.Until}, expires: e.Until}, nil
	case *domain.Membership:
		return membershipRow(e), nil
	case domain.SignInMark:
		return membershipRow(e.Membership), nil
	case domain.Resealed:
		return membershipRow(e.Membership), nil
	case domain.Planned:
		return membershipRow(e.Membership), nil
	case *domain.Digest:
		return row{key: digestKey(e.DigestRef), version: e.Version, record: digestRecordOf(e), expires: e.Day.Start(time.UTC).Add(keepMail)}, nil
	case *domain.JobRun:
		return row{key: runKey(e.Job), version: e.Version, record: runRecordOf(e)}, nil
	case *domain.NationalIDClaim:
		r := nationalIDClaimRecord{e.Organization, e.Hash, e.Person}
		return row{key: nationalIDKey(e.Organization, e.Hash), version: e.Version, record: r}, nil
	case *domain.Organization:
		return row{
			key: organizationKey(e.ID), version: e.Version, record: organizationRecordOf(e),
			index: map[table.Index]table.Key{table.ByName: {PK: organizationsByName, SK: i18n.SortKey(e.Alphabet, e.Name) + "#" + string(e.ID)}},
		}, nil
	case *domain.OrganizationClaim:
		return row{key: businessKey(e.Country, e.BusinessID), version: e.Version, record: businessRecord{e.Country, e.BusinessID, e.Organization}}, nil
	case *domain.Administrators:
		return row{key: administratorsKey(e.Organization), version: e.Version, record: administratorsRecordOf(e)}, nil
	case *domain.Session:
		return row{key: sessionKey(e.Person, e.ID), version: e.Version, record: sessionRecordOf(e), expires: e.ExpiresAt}, nil
	case *domain.Link:
		return linkRow(e), nil
	case domain.Sealed:
		return linkRow(e.Link), nil
	case *domain.Mail:
		return mailRow(e), nil
	case *domain.AuditEntry:
		at := table.Key{PK: auditByTime(e.At, auditShard(e.Organization)), SK: timeKey(e.At, string(e.ID))}
		return row{key: auditKey(e.Organization, e.ID), record: auditRecordOf(e), index: map[table.Index]table.Key{table.ByTime: at}}, nil
	case *domain.AuditSeal:
		return row{key: sealKey(e.Organization, e.Number), record: sealRecordOf(e)}, nil
	case *domain.AuditChain:
		return row{key: chainKey(e.Organization), version: e.Version, record: chainRecordOf(e)}, nil
	case *domain.SealSweep:
		return row{key: sweepKey, version: e.Version, record: sweepRecord{e.UpTo}}, nil
	case *domain.Erasure:
		return row{key: erasureKey(e.Person), version: e.Version, record: erasureRecord{e.Person, e.Organizations, e.At}}, nil
	case *domain.Attempts:
		keep := keepAttempts
		if e.Known {
			keep = keepKnown
		}
		return row{
			key: attemptsKey(e.Key), version: e.Version, record: attemptsRecord{e.Key, e.Count, e.LastAt, e.Known},
			expires: e.LastAt.Add(keep),
		}, nil
	case *domain.Receipt:
		return row{key: receiptKey(e.Key), version: e.Version, record: receiptRecordOf(e), expires: e.ExpiresAt}, nil
	case *domain.Resource:
		name := i18n.SortKey(e.Alphabet, e.Name, e.Reference) + "#" + string(e.ID)
		index := map[table.Index]table.Key{table.ByName: {PK: resourcesByName(e.Organization, e.Type), SK: name}}
		return row{key: resourceKey(e.Organization, e.ID), version: e.Version, record: resourceRecordOf(e), index: index}, nil
	case *domain.ResourceClaim:
		r := referenceRecord{e.Organization, e.Type, e.Reference, e.Resource}
		return row{key: referenceKey(e.Organization, e.ResourceRef), version: e.Version, record: r}, nil
	case *domain.Mandates:
		return mandatesRow(e), nil
	case *domain.Subscription:
		r := subscriptionRecord{e.Organization, e.ID, e.Active, e.Person, e.UpdatedAt}
		return row{key: subscriptionKey(e.Organization, e.ID), version: e.Version, record: r}, nil
	case *domain.ServiceClient:
		r := serviceRecord{e.ID, e.Name, e.Scopes, e.Rights, e.Hash, e.CreatedAt, e.RevokedAt}
		return row{key: serviceKey(e.ID), version: e.Version, record: r}, nil
	case *domain.Signing:
		r := signingRecord{}
		for _, k := range e.Keys {
			r.Keys = append(r.Keys, signingKeyRecord(k))
		}
		return row{key: signingKey, version: e.Version, record: r}, nil
	}
	return row{}, fmt.Errorf("store: no place for %T", e)
}

func membershipRow(m *domain.Membership) row {
	name := i18n.SortKey(m.Alphabet, m.FamilyName, m.GivenName) + "#" + string(m.Person)
	list := usersByName(m.Organization)
	if !m.RemovedAt.IsZero() {
		list = removedByName(m.Organization)
	}
	index := map[table.Index]table.Key{table.ByName: {PK: list, SK: name}}
	if !m.Agenda.Next.IsZero() {
		index[table.ByTime] = agendaKey(m)
	}
	return row{key: membershipKey(m.Organization, m.Person), version: m.Version, record: membershipRecordOf(m), index: index}
}

// mandatesRow shows in the agent's list until all of them were revoked.
func mandatesRow(m *domain.Mandates) row {
	r := row{key: mandatesKey(m.Principal, m.Agent), version: m.Version, record: mandatesRecordOf(m)}
	if slices.ContainsFunc(m.Items, func(one domain.Mandate) bool { return one.RevokedAt.IsZero() }) {
		name := i18n.SortKey(m.Alphabet, m.Name) + "#" + string(m.Principal)
		r.index = map[table.Index]table.Key{table.ByName: {PK: receivedByName(m.Agent), SK: name}}
	}
	return r
}

func linkRow(l *domain.Link) row {
	return row{key: linkKey(l.LinkRef), version: l.Version, record: linkRecordOf(l), expires: l.ExpiresAt.Add(keepLinks)}
}

func mailRow(m *domain.Mail) row {
	r := row{key: mailKey(m.ID), version: m.Version, record: mailRecordOf(m), expires: m.CreatedAt.Add(keepMail)}
	r.index = map[table.Index]table.Key{}
	at := func(shelf domain.MailShelf, t time.Time) {
		r.index[table.ByTime] = table.Key{PK: mailsByTime[shelf], SK: timeKey(t, string(m.ID))}
	}
	switch m.State {
	case domain.MailQueued, domain.MailSending:
		at(domain.MailsDue, m.NotBefore)
	case domain.MailDead:
		at(domain.MailsDead, m.CreatedAt)
	case domain.MailBounced, domain.MailComplained:
		at(domain.MailsUndelivered, m.CreatedAt)
	}
	if m.Person != "" { // to export and to erase what a person was mailed
		r.index[table.ByName] = table.Key{PK: mailsByPerson(m.Person), SK: string(m.ID)}
	}
	return r
}

package store

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// ErrUnknownItem is of an item whose key is none that keys.go makes.
var ErrUnknownItem = errors.New("store: an item of no known kind")

// Entity reads an item as what its key says that it is, for those who read a
// whole store: checks, and what puts it right after a restore. It is nil for a
// public register's answer, which is none of the domain's business.
func Entity(item table.Item) (domain.Entity, error) {
	kind, _, _ := strings.Cut(item.PK, "#")
	switch kind {
	case "ORG":
		return inPartition(item)
	case "PERSON":
		if item.SK == personKey("").SK {
			return entityOf(item, (*personRecord).entity)
		}
		if strings.HasPrefix(item.SK, "LINK#") {
			return entityOf(item, (*linkRecord).entity)
		}
	case "SESSION":
		return entityOf(item, (*sessionRecord).entity)
	case "EMAIL":
		return entityOf(item, (*emailRecord).entity)
	case "BUSINESS":
		return entityOf(item, (*businessRecord).entity)
	case "AUDIT":
		return entityOf(item, (*auditRecord).entity)
	case "SEAL":
		switch {
		case item.Key == sweepKey:
			return entityOf(item, (*sweepRecord).entity)
		case item.SK == chainKey("").SK:
			return entityOf(item, (*chainRecord).entity)
		}
		return entityOf(item, (*sealRecord).entity)
	case "ERASED":
		return entityOf(item, (*erasureRecord).entity)
	case "MAIL":
		return entityOf(item, (*mailRecord).entity)
	case "DIGEST":
		return entityOf(item, (*digestRecord).entity)
	case "JOB":
		return entityOf(item, (*runRecord).entity)
	case "ATTEMPTS":
		return entityOf(item, (*attemptsRecord).entity)
	case "RECEIPT":
		return entityOf(item, (*receiptRecord).entity)
	case "SERVICES":
		return entityOf(item, (*serviceRecord).entity)
	case "SIGNING":
		return entityOf(item, (*signingRecord).entity)
	case "REGISTER":
		return nil, nil
	}
	return nil, fmt.Errorf("%w: %s %s", ErrUnknownItem, item.PK, item.SK)
}

// inPartition is Entity of what lies in an organization's partition.
func inPartition(item table.Item) (domain.Entity, error) {
	kind, _, _ := strings.Cut(item.SK, "#")
	switch kind {
	case "ORG":
		return entityOf(item, (*organizationRecord).entity)
	case "ADMINS":
		return entityOf(item, (*administratorsRecord).entity)
	case "USER":
		return entityOf(item, (*membershipRecord).entity)
	case "RES":
		return entityOf(item, (*resourceRecord).entity)
	case "REF":
		return entityOf(item, (*referenceRecord).entity)
	case "MANDATES":
		return entityOf(item, (*mandatesRecord).entity)
	case "SUB":
		return entityOf(item, (*subscriptionRecord).entity)
	case "NID":
		return entityOf(item, (*nationalIDClaimRecord).entity)
	}
	return nil, fmt.Errorf("%w: %s %s", ErrUnknownItem, item.PK, item.SK)
}

// entityOf keeps a failed read from being an entity that is not nil.
func entityOf[R any, E any, P interface {
	*E
	domain.Entity
}](item table.Item, entity func(*R, int64) *E,
) (domain.Entity, error) {
	e, err := decode(item, entity)
	if err != nil {
		return nil, err
	}
	return P(e), nil
}

// Place is where the table keeps an entity as it is, and how long: an item of
// neither version nor body.
func Place(e domain.Entity) (table.Item, error) {
	row, err := rowOf(e)
	if err != nil {
		return table.Item{}, err
	}
	return table.Item{Key: row.key, Index: row.index, ExpiresAt: row.expires.Truncate(time.Second)}, nil
}

// PutAside tells whether an item lies on one of the shelves of what could not be
// understood, and would lie elsewhere in that index of itself.
func PutAside(item table.Item) bool {
	at := item.Index[table.ByTime].PK
	return at == agendaAside || at == mailsByTime[domain.MailsAside]
}

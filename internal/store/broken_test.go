package store

import (
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// One outbox item that cannot be read does not hide the others.
func TestDueMailBesideABrokenItem(t *testing.T) {
	t.Parallel()
	db, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	s := New(db)
	change := domain.NewChange(domain.Actor{Type: domain.ByPublic}, at, "r")
	change.Send(&domain.Mail{Kind: domain.MailResetRequest, Email: "a@b.example"})
	if err := s.Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	broken := domain.NewMailID(at.Add(-time.Hour))
	err = db.Transact(t.Context(), table.Put(table.Item{
		Key: mailKey(broken), Version: 1, Body: []byte(`{"id":7}`),
		Index: map[table.Index]table.Key{table.ByTime: {PK: mailByTime, SK: timeKey(at.Add(-time.Hour), string(broken))}},
	}, table.IfAbsent))
	if err != nil {
		t.Fatal(err)
	}
	due, err := s.DueMail(t.Context(), at, 10)
	if len(due) != 1 || due[0].Kind != domain.MailResetRequest || err == nil {
		t.Errorf("due %v, %v", due, err)
	}
}

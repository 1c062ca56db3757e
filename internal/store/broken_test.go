package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// One outbox item that cannot be read does not hide the others, and can be put aside.
func TestXF14_DueMailBesideABrokenItem(t *testing.T) {
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
		Index: map[table.Index]table.Key{table.ByTime: {PK: "MAIL#DUE", SK: timeKey(at.Add(-time.Hour), string(broken))}},
	}, table.IfAbsent))
	if err != nil {
		t.Fatal(err)
	}
	fine := change.Writes[0].Entity.(*domain.Mail).ID
	shelves := func(wantDue, wantAside []domain.MailID) {
		t.Helper()
		due, err := s.DueMail(t.Context(), at, domain.PageRequest{Limit: 10})
		if diff := cmp.Diff(wantDue, due.Items); diff != "" || err != nil {
			t.Errorf("due: %v\n%s", err, diff)
		}
		aside, err := s.MailsOn(t.Context(), domain.MailsAside, domain.PageRequest{Limit: 10})
		if diff := cmp.Diff(wantAside, aside.Items); diff != "" || err != nil {
			t.Errorf("aside: %v\n%s", err, diff)
		}
	}
	shelves([]domain.MailID{broken, fine}, nil)
	for range 2 {
		if err := s.PutMailAside(t.Context(), broken); err != nil {
			t.Fatal(err)
		}
		shelves([]domain.MailID{fine}, []domain.MailID{broken})
	}
	for range 2 {
		if err := s.TakeUpMail(t.Context(), broken); err != nil {
			t.Fatal(err)
		}
		shelves([]domain.MailID{broken, fine}, nil)
	}
	if err := s.PutMailAside(t.Context(), domain.NewMailID(at)); err != nil {
		t.Errorf("of one that is gone: %v", err)
	}
}

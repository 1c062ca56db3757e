package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// persons are so many ids.
func persons(n int) (ids []domain.PersonID) {
	for i := range n {
		ids = append(ids, domain.PersonID(fmt.Sprintf("usr_%05d", i)))
	}
	return ids
}

// crowd is an organization with so many users.
func crowd(t *testing.T, s *Store, n int) []domain.PersonID {
	t.Helper()
	ids := persons(n)
	for part := range slices.Chunk(ids, 90) {
		var users []domain.Entity
		for _, id := range part {
			users = append(users, &domain.Membership{Organization: org, Person: id})
		}
		commit(t, s, puts(users...))
	}
	return ids
}

// together is a table whose reads wait for each other.
type together struct {
	table.Table
	n      int32
	begun  atomic.Int32
	all    chan struct{}
	missed atomic.Bool
}

func (g *together) Get(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
	if g.begun.Add(1) == g.n {
		close(g.all)
	}
	select {
	case <-g.all:
	case <-time.After(10 * time.Second):
		g.missed.Store(true)
	}
	return g.Table.Get(ctx, keys...)
}

// More than one batch holds is read as several, at the same time, and each key once.
func TestManyKeysAreSeveralBatchesAtOnce(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	ids := crowd(t, New(tb), 250)
	twice := slices.Concat(ids, ids, []domain.PersonID{"usr_gone"})
	counter := tabletest.Count(tb)
	waiting := &together{Table: counter, n: 3, all: make(chan struct{})}
	scene, err := New(waiting).Load(t.Context(), domain.Want{Organization: org, Users: twice})
	if err != nil {
		t.Fatal(err)
	}
	if waiting.missed.Load() {
		t.Error("the batches are read one after the other")
	}
	// The organization, 250 users and the one who is gone.
	if got, want := counter.Counts(), (tabletest.Counts{Gets: 3, Keys: 252, ItemsGot: 250}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if len(scene.Memberships) != 250 {
		t.Errorf("%d of 250 users", len(scene.Memberships))
	}
	for _, id := range ids {
		if m := scene.Memberships[id]; m == nil || m.Person != id || m.Version != 1 {
			t.Fatalf("%s is %+v", id, m)
		}
	}
}

// The limit itself is one batch, one more is two.
func TestBatchesAtTheLimit(t *testing.T) {
	t.Parallel()
	for users, gets := range map[int]int{table.MaxKeys - 1: 1, table.MaxKeys: 2, 2*table.MaxKeys - 1: 2, 2 * table.MaxKeys: 3} {
		counter := tabletest.Count(memory(t))
		if _, err := New(counter).Load(t.Context(), domain.Want{Organization: org, Users: persons(users)}); err != nil {
			t.Fatal(err)
		}
		if got := counter.Counts(); got.Gets != gets || got.Keys != users+1 {
			t.Errorf("the organization and %d users: %+v, want %d reads", users, got, gets)
		}
	}
}

// What one batch could not read is not as if it were not there.
func TestOneBatchOfSeveralFails(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 3; n++ {
		tb := memory(t)
		ids := crowd(t, New(tb), 250)
		s := New(tabletest.Inject(tb, tabletest.On(tabletest.Get, n, tabletest.Down)))
		want := domain.Want{Organization: org, Users: ids}
		scene, err := s.Load(t.Context(), want)
		if !errors.Is(err, domain.ErrUnavailable) || scene != nil {
			t.Errorf("batch %d: %v, %v", n, scene, err)
		}
		// The next time it is all there again.
		if scene, err := s.Load(t.Context(), want); err != nil || len(scene.Memberships) != 250 {
			t.Errorf("after batch %d: %v", n, err)
		}
	}
	// A context that is over ends all of them.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(memory(t)).Load(ctx, domain.Want{Organization: org, Users: persons(250)}); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("cancelled: %v", err)
	}
}

// A question is answered from what it is about and from nothing beside it.
func TestGroundsOfManyQuestions(t *testing.T) {
	t.Parallel()
	s := New(memory(t))
	member := &domain.Membership{Organization: org, Person: "usr_1", Roles: []domain.RoleKey{"user"}}
	own, client := &domain.Organization{ID: org}, &domain.Organization{ID: org2}
	site := &domain.Resource{Organization: org2, ID: "res_1", Type: "site"}
	given, backwards := &domain.Mandates{Principal: org2, Agent: org}, &domain.Mandates{Principal: org, Agent: org2}
	commit(t, s, puts(member, own, client, site, given, backwards))
	ask := func(q domain.Question) domain.Question {
		if q.Person == "" {
			q.Person = "usr_1"
		}
		if q.From == "" {
			q.From = org
		}
		return q
	}
	place := domain.Place{Membership: member, Organization: own}
	var questions []domain.Question
	var want []*domain.Grounds
	for _, test := range []struct {
		q    domain.Question
		want *domain.Grounds
	}{
		{domain.Question{Where: org}, &domain.Grounds{Member: place, Where: own}},
		{domain.Question{Where: org2}, &domain.Grounds{Member: place, Where: client, Mandates: given}},
		{domain.Question{Where: org2, Resource: "res_1"}, &domain.Grounds{Member: place, Where: client, Resource: site, Mandates: given}},
		// A resource that is not there, or another's, is no organization's instead.
		{domain.Question{Where: org2, Resource: "res_2"}, &domain.Grounds{Member: place, Mandates: given}},
		{domain.Question{Where: org, Resource: "res_1"}, &domain.Grounds{Member: place}},
		{domain.Question{Where: org3}, &domain.Grounds{Member: place}},
		{domain.Question{Where: org, From: org2}, &domain.Grounds{Member: domain.Place{Organization: client}, Where: own, Mandates: backwards}},
		{domain.Question{Where: org, Person: "usr_2"}, &domain.Grounds{Member: domain.Place{Organization: own}, Where: own}},
		{domain.Question{Where: org, From: org3}, &domain.Grounds{Where: own}},
	} {
		questions, want = append(questions, ask(test.q)), append(want, test.want)
	}
	for _, w := range []*int64{&member.Version, &own.Version, &client.Version, &site.Version, &given.Version, &backwards.Version} {
		*w = 1
	}
	// A hundred of them over few things are one read.
	for len(questions) < 99 {
		questions, want = append(questions, questions...), append(want, want...)
	}
	scene, err := s.Load(t.Context(), domain.Want{Questions: questions})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, scene.Grounds); diff != "" {
		t.Error(diff)
	}
	counter := tabletest.Count(memory(t))
	if _, err := New(counter).Load(t.Context(), domain.Want{Questions: questions}); err != nil || counter.Counts().Gets != 1 {
		t.Errorf("%+v, %v", counter.Counts(), err)
	}
}

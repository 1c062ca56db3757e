package domain_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// importing is an import of clerks, by somebody, on a store.
func (w *world) importing(ctx context.Context, store domain.Store, org domain.OrganizationID, by domain.PersonID, n int, dry bool) (outcomes []string) {
	w.Helper()
	want := domain.Want{Organization: org, Session: w.tokens[by]}
	var rows []domain.ImportRow
	for i := range n {
		card := domain.Card{GivenName: "N", FamilyName: "N", Email: domain.Email(fmt.Sprintf("n%d@import.example", i)), Language: domain.English}
		rows = append(rows, domain.ImportRow{Invitation: domain.Invitation{Card: card, Roles: []domain.RoleKey{"clerk"}}})
	}
	err := w.request(by, domain.Want{Organization: org}, func(c *domain.Change, s *domain.Scene) error {
		results, err := domain.ImportUsers(ctx, store, c, s, want, w.profile, rows, dry)
		for _, r := range results {
			outcome := string(r.Outcome)
			if r.Err != nil {
				outcome += " " + string(r.Err.Code)
			}
			outcomes = append(outcomes, outcome)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return outcomes
}

// between calls something after the n-th commit.
type between struct {
	domain.Store
	n  int
	do func()
}

func (b *between) Commit(ctx context.Context, c *domain.Change) error {
	err := b.Store.Commit(ctx, c)
	if b.n--; b.n == 0 {
		b.do()
	}
	return err
}

// Who loses the right while an import is under way invites nobody from then on.
func TestXE10_AnImportEndsWithItsCallersRights(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(m *domain.Membership){
		"locked":  func(m *domain.Membership) { m.Validity = domain.Validity{Type: domain.Locked} },
		"removed": func(m *domain.Membership) { m.RemovedAt = noon },
		"demoted": func(m *domain.Membership) { m.Roles = []domain.RoleKey{"clerk"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			org := w.organization("alpha")
			w.user(org, "administrator")
			keeper := w.user(org, "keeper")
			store := &between{Store: w.store, n: 2, do: func() {
				m := w.member(org, keeper)
				lose(m)
				w.write(m)
			}}
			got := w.importing(t.Context(), store, org, keeper, 5, false)
			code := map[string]string{"locked": "unauthenticated", "removed": "unauthenticated", "demoted": "forbidden"}[name]
			if want := fmt.Sprint([]string{"invited", "invited", "pending " + code, "pending", "pending"}); fmt.Sprint(got) != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// Before its time is up an import answers with what it has done.
func TestXE10_AnImportEndsInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("alpha")
	admin := w.user(org, "administrator")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for _, dry := range []bool{true, false} {
		if got := w.importing(ctx, w.store, org, admin, 2, dry); fmt.Sprint(got) != "[pending pending]" {
			t.Errorf("dry %v: %v", dry, got)
		}
	}
	if got := w.importing(t.Context(), w.store, org, admin, 2, false); fmt.Sprint(got) != "[invited invited]" {
		t.Error(got)
	}
}

// A dry run costs nothing, so it does not tell that an address is a user of as
// many organizations as one can be.
func TestXA5_ADryRunTellsNothingOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("alpha")
	admin := w.user(org, "administrator")
	person := &domain.Person{ID: domain.NewPersonID(), Email: "n0@import.example", Language: domain.English, Security: 1, Revision: 1}
	for i := range domain.MaxMemberships {
		person.Organizations = append(person.Organizations, domain.NewOrganizationID(noon.Add(time.Duration(i)*time.Hour)))
	}
	w.write(person, &domain.EmailClaim{Email: person.Email, Person: person.ID})
	if got := w.importing(t.Context(), w.store, org, admin, 2, true); fmt.Sprint(got) != "[ok ok]" {
		t.Error(got)
	}
	if got := w.importing(t.Context(), w.store, org, admin, 2, false); fmt.Sprint(got) != "[refused too-many-memberships invited]" {
		t.Error(got)
	}
}

package store

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Those that are asked for by id come as the list has them, also when they are
// more than one batch holds, and each where the list has it.
func TestResourcesAmong(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var ids []domain.ResourceID
		for part := range slices.Chunk(make([]int, 130), 65) {
			var some []domain.Entity
			for range part {
				i := len(ids)
				ids = append(ids, domain.ResourceID(fmt.Sprintf("res_%d", i)))
				some = append(some, &domain.Resource{Organization: org, Type: "site", ID: ids[i], Name: fmt.Sprint((i * 37) % 50), Alphabet: "sv"})
			}
			commit(t, s, puts(some...))
		}
		commit(t, s, puts(&domain.Resource{Organization: org2, Type: "site", ID: "res_x", Name: "0", Alphabet: "sv"}))

		listed, err := s.Resources(t.Context(), org, "site", domain.PageRequest{Limit: 1000})
		if err != nil || len(listed.Items) != 130 {
			t.Fatal(len(listed.Items), err)
		}
		among, err := s.ResourcesAmong(t.Context(), org, append(ids, "res_x", "res_none"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(listed, among); diff != "" {
			t.Errorf("(-listed +among):\n%s", diff)
		}
		behind, err := s.Resources(t.Context(), org, "site", domain.PageRequest{Limit: 1, After: among.Keys[77]})
		if err != nil || behind.Items[0].ID != listed.Items[78].ID {
			t.Errorf("behind %q: %v, %v", among.Keys[77], behind.Items, err)
		}
		if none, err := s.ResourcesAmong(t.Context(), org, nil); err != nil || len(none.Items) != 0 {
			t.Errorf("of none: %v, %v", none, err)
		}
	})
}

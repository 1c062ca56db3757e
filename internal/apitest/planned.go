package apitest

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// Planned demands that the clock comes to every membership when planning it anew
// would make it come, and to no other: that whatever has changed a user has
// thought of it. Where an organization has got another zone, what was planned
// before stays, and this does not hold. Only worlds on SQLite can be read whole;
// of others nothing is demanded.
func (w *World) Planned() {
	w.T.Helper()
	whole, ok := w.Base.(*sqlitetable.Table)
	if !ok {
		return
	}
	ctx, s := context.Background(), store.New(w.Base)
	want, got := map[string]time.Time{}, map[string]time.Time{}
	for item, err := range whole.Dump(ctx) {
		if err != nil {
			w.T.Fatal(err)
		}
		org, user := strings.TrimPrefix(item.PK, "ORG#"), strings.TrimPrefix(item.SK, "USER#")
		if org == item.PK || user == item.SK {
			continue
		}
		found, err := s.Load(ctx, domain.Want{Organization: domain.OrganizationID(org), User: domain.PersonID(user)})
		if err != nil {
			w.T.Fatal(err)
		}
		m := found.Membership
		anew := *m
		anew.Plan(w.Profile, found.Organization.Zone())
		if diff := cmp.Diff(anew.Agenda, m.Agenda); diff != "" {
			w.T.Errorf("%s in %s (%s) is not planned as it is (-want +got):\n%s", m.Email, found.Organization.Name, user, diff)
		}
		if !m.Agenda.Next.IsZero() {
			want[org+" "+user] = m.Agenda.Next
		}
	}
	for shard := range domain.AgendaShards {
		page, err := s.DueMemberships(ctx, shard, w.Now().AddDate(300, 0, 0), domain.PageRequest{Limit: 10_000})
		if err != nil || page.Next != "" {
			w.T.Fatalf("%v, %q", err, page.Next)
		}
		maps.Insert(got, func(yield func(string, time.Time) bool) {
			for _, d := range page.Items {
				if !yield(string(d.Organization)+" "+string(d.Person), d.At) {
					return
				}
			}
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.T.Errorf("the index of what waits for the clock (-want +got):\n%s", diff)
	}
}

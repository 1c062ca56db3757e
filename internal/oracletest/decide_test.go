package oracletest

import (
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
	"pgregory.net/rapid"
)

// truthful tells whether the reason for a denial is one: that what it names is
// indeed missing, whatever else is.
func (s *sight) truthful(v domain.Verdict, p pair, with string) bool {
	switch v {
	case domain.NotValid:
		return !s.let
	case domain.Suspended:
		return s.closed[p.place]
	case domain.NoMandate:
		return !s.mandated[p.place]
	case domain.AboveMandate:
		return s.mandated[p.place] && !s.ceiling[p]
	case domain.NotAssigned:
		return !s.given[p]
	case domain.WrongType:
		return !s.typed[p]
	case domain.NoFeature:
		return !s.featured[p]
	case domain.WithoutOther:
		return with != "" && !s.held[pair{with, p.place}]
	case domain.UnknownPlaces:
		return !s.places[p.place]
	}
	return false
}

func (w *world) with(right string) string {
	if r := w.profile.Right(domain.RightKey(right)); r != nil {
		return string(r.With)
	}
	return ""
}

// compareWithModel holds every right in every place against the model, and the
// reason for every denial.
func (w *world) compareWithModel(t *rapid.T, seen map[domain.Verdict]int) {
	s := look(w.log, w.now)
	w.each(func(p pair, got domain.Verdict) {
		seen[got]++
		if (got == domain.Allowed) != s.held[p] {
			t.Fatalf("%s in %s at %v: %s; the model holds it: %v", p.right, p.place, w.now, got, s.held[p])
		}
		if got != domain.Allowed && !s.truthful(got, p, w.with(p.right)) {
			t.Fatalf("%s in %s at %v: %q is not so", p.right, p.place, w.now, got)
		}
	})
}

// askAmiss asks what a mistake would ask: with the mandates of two other
// organizations in the place of those between the two, and for somebody who is
// no member.
func (w *world) askAmiss(t *rapid.T, seen map[domain.Verdict]int) {
	right := domain.RightKey(pick(t, "right", w.rights()))
	for _, id := range clients {
		for between, other := range w.mandates {
			if between == (pairing{id, ownOrganization}) {
				continue
			}
			g := w.grounds(w.organizations[id], nil)
			g.Mandates = other
			if got := g.Decide(right, w.now); got == domain.Allowed || got == domain.AboveMandate {
				t.Fatalf("%s in %s by what %s has given %s: %s", right, id, between.principal, between.agent, got)
			}
		}
	}
	for _, id := range everyone {
		g := w.grounds(w.organizations[id], nil)
		g.Member.Membership = nil
		got := g.Decide(right, w.now)
		seen[got]++
		if got != domain.NoMembership {
			t.Fatalf("%s in %s by nobody: %s", right, id, got)
		}
	}
}

// After each event of a random life, and at some moments before and after it,
// the domain says what the model says.
func TestDecideIsWhatTheModelSays(t *testing.T) {
	seen := map[domain.Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		events := w.events()
		events[""] = func(t *rapid.T) {
			for range 3 {
				w.compareWithModel(t, seen)
				w.setClock(t)
			}
			w.askAmiss(t, seen)
			// A resource named with an organization that it is not of.
			for _, id := range w.resourceIDs() {
				r := w.resources[id]
				for _, other := range everyone {
					if other == string(r.Organization) {
						continue
					}
					got := w.decide("resources:see", w.organizations[other], r)
					seen[got]++
					if got != domain.UnknownPlaces {
						t.Fatalf("%s of %s as if of %s: %s", id, r.Organization, other, got)
					}
				}
			}
		}
		t.Repeat(events)
	})

	// Worlds in which nothing is possible, or everything, would show nothing.
	total := 0
	for _, v := range []domain.Verdict{
		domain.Allowed, domain.NotValid, domain.NoMandate, domain.AboveMandate, domain.NotAssigned,
		domain.WrongType, domain.NoFeature, domain.WithoutOther, domain.UnknownPlaces, domain.Suspended, domain.NoMembership,
	} {
		if seen[v] == 0 {
			t.Errorf("%s was never the verdict", v)
		}
		total += seen[v]
	}
	if seen[domain.Allowed] < total/40 {
		t.Errorf("only %d of %d decisions allowed anything", seen[domain.Allowed], total)
	}
	t.Logf("%d decisions: %v", total, seen)
}

package domain

import (
	"fmt"
	"testing"
	"time"
)

// crowded is a member with so many sites in one assignment, asked about an
// object three levels down. One of the sites reaches it, or none does.
func crowded(scopes int, reaches bool) question {
	g := member(Assignment{Roles: []RoleKey{"superuser"}})
	at := testNow.Add(-24 * time.Hour)
	id := func() ResourceID {
		at = at.Add(time.Millisecond)
		return ResourceID(newID("res", at))
	}
	g.Resource = &Resource{ID: id(), Organization: ownOrg, Type: "object", Path: []ResourceID{id(), id()}}
	a := &g.Member.Membership.Assignments[0]
	for range scopes {
		a.Scopes = append(a.Scopes, Scope{Type: "site", ID: string(id())})
	}
	if reaches {
		a.Scopes[scopes/2].ID = string(g.Resource.Path[1])
	}
	*a = a.Sorted()
	return g
}

func BenchmarkDecide(b *testing.B) {
	for _, scopes := range []int{1, 100, 5000} {
		for _, want := range []Verdict{Allowed, NotAssigned} {
			b.Run(fmt.Sprintf("scopes=%d/%s", scopes, want), func(b *testing.B) {
				g := crowded(scopes, want == Allowed)
				b.ReportAllocs()
				for b.Loop() {
					if got := g.Decide("measure", testNow); got != want {
						b.Fatal(got)
					}
				}
			})
		}
	}
}

// A list of 200 resources or an evaluation of 100 items decides as often, so a
// decision leaves nothing behind for the garbage collector.
func TestDecideDoesNotAllocate(t *testing.T) {
	fixedTerm := Validity{Type: FixedTerm, From: "2026-01-01", To: "2026-12-31"}
	for name, c := range map[string]decisionCase{
		"own organization":        {"", crowded(100, true), "measure", Allowed},
		"not given":               {"", crowded(100, false), "measure", NotAssigned},
		"fixed term":              {"", crowded(1, true).validity(fixedTerm), "measure", Allowed},
		"at a client":             {"", member(gives("order", allClients())).validity(fixedTerm).at(clientA, mandate("order")).on("res_a1"), "order", Allowed},
		"right of Fullmakt's own": {"", member().withRoles("administrator").on("res_11"), RightSeeResources, Allowed},
		"beside another right":    {"", member(gives("permission", wholeOrg())).withRoles("handler"), "applications", Allowed},
	} {
		var got Verdict
		if allocations := testing.AllocsPerRun(100, func() { got = c.g.Decide(c.right, testNow) }); allocations != 0 {
			t.Errorf("%s: %v allocations", name, allocations)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

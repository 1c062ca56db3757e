package domain

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var (
	drawnRoles  = rapid.SliceOfNDistinct(rapid.SampledFrom([]RoleKey{"administrator", "superuser", "handler"}), 0, 3, rapid.ID[RoleKey])
	drawnRights = rapid.SliceOfNDistinct(rapid.SampledFrom([]RightKey{"order", "report", "permission"}), 0, 3, rapid.ID[RightKey])
	drawnScopes = rapid.SliceOfNDistinct(rapid.SampledFrom([]Scope{
		wholeOrg(), allClients(), oneClient("org_a"), oneClient("org_b"),
		under("number", "res_1"), under("site", "res_11"), under("site", "res_12"), under("object", "res_111"), under("site", "res_2"),
	}), 1, 9, rapid.ID[Scope])
)

// drawGrants are something in some places, in whatever order.
func drawGrants(t *rapid.T) Grants {
	g := Grants{Roles: drawnRoles.Draw(t, "roles"), Rights: drawnRights.Draw(t, "rights"), Scopes: drawnScopes.Draw(t, "scopes")}
	if len(g.Roles)+len(g.Rights) == 0 {
		g.Rights = []RightKey{"report"}
	}
	return g
}

// drawMembership is one with assignments as they are stored.
func drawMembership(t *rapid.T) *Membership {
	m := &Membership{Organization: ownOrg, Person: "usr_1", Version: 3, Revision: 5, Roles: drawnRoles.Draw(t, "whole roles")}
	for range rapid.IntRange(0, 4).Draw(t, "assignments") {
		g := drawGrants(t)
		a := Assignment{ID: NewAssignmentID(testNow), Roles: g.Roles, Rights: g.Rights, Scopes: g.Scopes}
		m.Assignments = append(m.Assignments, a.Sorted())
	}
	return m
}

// product is each of a grant's roles and rights in each of its scopes.
func (g Grants) product() map[grant]bool {
	all := map[grant]bool{}
	for _, s := range g.Scopes {
		for _, r := range g.Roles {
			all[grant{role: r, scope: s}] = true
		}
		for _, r := range g.Rights {
			all[grant{right: r, scope: s}] = true
		}
	}
	return all
}

func plus(a, b map[grant]bool) map[grant]bool {
	sum := maps.Clone(a)
	maps.Copy(sum, b)
	return sum
}

func minus(a, b map[grant]bool) map[grant]bool {
	left := maps.Clone(a)
	maps.DeleteFunc(left, func(g grant, _ bool) bool { return b[g] })
	return left
}

// same demands that a membership holds exactly these grants.
func holdsExactly(t *rapid.T, m *Membership, want map[grant]bool) {
	t.Helper()
	if got := m.grants(); !maps.Equal(got, want) {
		t.Fatalf("%v\nholds  %v\nwanted %v", m.Assignments, got, want)
	}
}

// asStored demands what every stored membership must be: assignments in order,
// each of something somewhere, with an id of its own.
func asStored(t *rapid.T, m *Membership) {
	t.Helper()
	ids := map[AssignmentID]bool{}
	for _, a := range m.Assignments {
		if diff := cmp.Diff(a.Sorted(), a); diff != "" {
			t.Fatalf("not sorted:\n%s", diff)
		}
		if len(a.Roles)+len(a.Rights) == 0 || len(a.Scopes) == 0 {
			t.Fatalf("an assignment of nothing, or nowhere: %+v", a)
		}
		if !a.ID.Valid() || ids[a.ID] {
			t.Fatalf("the id %q is none, or there twice, in %+v", a.ID, m.Assignments)
		}
		ids[a.ID] = true
	}
}

// copied is a membership that shares nothing.
func (m *Membership) copied() *Membership {
	c := *m
	c.Roles, c.Assignments = slices.Clone(m.Roles), slices.Clone(m.Assignments)
	for i, a := range c.Assignments {
		c.Assignments[i].Roles, c.Assignments[i].Rights, c.Assignments[i].Scopes = slices.Clone(a.Roles), slices.Clone(a.Rights), slices.Clone(a.Scopes)
	}
	return &c
}

// Giving adds exactly what is given, taking takes exactly what is taken, and
// neither touches what they began with.
func TestGivingAndTakingAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawMembership(t)
		was := m.copied()
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			g := drawGrants(t)
			g.All = rapid.IntRange(0, 4).Draw(t, "all") == 0
			before := m.copied()
			var next *Membership
			if rapid.Bool().Draw(t, "take") {
				going := g.product()
				if g.All {
					going = maps.Clone(m.grants())
					maps.DeleteFunc(going, func(one grant, _ bool) bool { return !slices.Contains(g.Scopes, one.scope) })
				}
				var taken []Assignment
				next, taken = m.without(g)
				holdsExactly(t, next, minus(before.grants(), going))
				holdsExactly(t, &Membership{Assignments: taken}, minus(before.grants(), next.grants()))
			} else {
				next = m.with(testNow, g)
				holdsExactly(t, next, plus(before.grants(), g.product()))
			}
			if diff := cmp.Diff(before, m); diff != "" {
				t.Fatalf("the membership that was begun with has changed:\n%s", diff)
			}
			c := &Change{Actor: Actor{Type: ByJob, ID: "test"}, At: testNow}
			c.rewrite(m, next, UserUpdated)
			asStored(t, next)
			if next.Version != m.Version || next.Revision != m.Revision+1 || !next.UpdatedAt.Equal(testNow) || len(c.Writes) != 2 {
				t.Fatalf("version %d, revision %d, %d writes", next.Version, next.Revision, len(c.Writes))
			}
			m = next
		}
		if was.Revision == m.Revision {
			t.Fatal("nothing was written")
		}
	})
}

// Of an assignment that loses something in some places, the rest keeps its id:
// whoever has seen it finds it again.
func TestB17_SplitKeepsTheIDOfTheRest(t *testing.T) {
	t.Parallel()
	whole := func() *Membership {
		return &Membership{Assignments: []Assignment{Assignment{
			ID: "asg_1", Roles: []RoleKey{"handler"}, Rights: []RightKey{"order", "report"}, Scopes: []Scope{under("site", "res_11"), under("site", "res_12")},
		}.Sorted()}}
	}
	for name, c := range map[string]struct {
		take Grants
		want []string // id: what in where
	}{
		"all of it in one place": {
			Grants{Roles: givers("handler"), Rights: []RightKey{"order", "report"}, Scopes: []Scope{under("site", "res_11")}},
			[]string{"asg_1: handler order report in site:res_12"},
		},
		"a part in one place": {
			Grants{Rights: []RightKey{"order"}, Scopes: []Scope{under("site", "res_11")}},
			[]string{"asg_1: handler order report in site:res_12", ": handler report in site:res_11"},
		},
		"a part in all places": {
			Grants{Rights: []RightKey{"order"}, Scopes: []Scope{under("site", "res_12"), under("site", "res_11")}},
			[]string{"asg_1: handler report in site:res_11 site:res_12"},
		},
		"everything in one place":    {Grants{Scopes: []Scope{under("site", "res_12")}, All: true}, []string{"asg_1: handler order report in site:res_11"}},
		"everything":                 {Grants{Scopes: []Scope{under("site", "res_12"), under("site", "res_11")}, All: true}, nil},
		"what it does not have":      {Grants{Rights: []RightKey{"permission"}, Scopes: []Scope{under("site", "res_11")}}, []string{"asg_1: handler order report in site:res_11 site:res_12"}},
		"where it does not hold":     {Grants{Rights: []RightKey{"order"}, Scopes: []Scope{under("number", "res_1")}}, []string{"asg_1: handler order report in site:res_11 site:res_12"}},
		"in a place of another type": {Grants{Rights: []RightKey{"order"}, Scopes: []Scope{under("object", "res_11")}}, []string{"asg_1: handler order report in site:res_11 site:res_12"}},
		"nothing, nowhere":           {Grants{}, []string{"asg_1: handler order report in site:res_11 site:res_12"}},
	} {
		next, _ := whole().without(c.take)
		var got []string
		for _, a := range next.Assignments {
			got = append(got, string(a.ID)+": "+assignmentList([]Assignment{a}))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What changed is told once for each place, and is enough to get from the one
// to the other and back.
func TestDifferenceIsWhatChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawMembership(t), drawMembership(t)
		given, taken := difference(before, after)
		more, less := (&Membership{Assignments: given}).grants(), (&Membership{Assignments: taken}).grants()
		if !maps.Equal(plus(minus(before.grants(), less), more), after.grants()) || !maps.Equal(plus(minus(after.grants(), more), less), before.grants()) {
			t.Fatalf("from %v to %v: given %v, taken %v", before.Assignments, after.Assignments, given, taken)
		}
		if len(minus(more, less)) != len(more) || len(minus(more, before.grants())) != len(more) || len(minus(less, after.grants())) != len(less) {
			t.Fatalf("given %v, which was there, or taken %v, which still is", given, taken)
		}
		for _, list := range [][]Assignment{given, taken} {
			if !slices.IsSortedFunc(list, func(a, b Assignment) int { return compareScopes(a.Scopes[0], b.Scopes[0]) }) {
				t.Fatalf("in no order: %v", list)
			}
			seen := map[Scope]bool{}
			for _, a := range list {
				if len(a.Scopes) != 1 || seen[a.Scopes[0]] {
					t.Fatalf("a place is there twice: %v", list)
				}
				seen[a.Scopes[0]] = true
			}
		}
	})
}

// A bulk operation does what it says, and done again it does nothing. Roles in
// the whole organization are the membership's own.
func TestB19_BulkIsExactAndDoneOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawMembership(t)
		was := m.copied()
		in := Bulk{Grants: drawGrants(t), Take: rapid.Bool().Draw(t, "take")}
		want, roles := in.product(), slices.Clone(m.Roles)
		if in.Take {
			want = minus(m.grants(), want)
		} else {
			maps.DeleteFunc(want, func(g grant, _ bool) bool { return g.role != "" && g.scope == wholeOrg() })
			want = plus(m.grants(), want)
		}
		if slices.Contains(in.Scopes, wholeOrg()) {
			roles = slices.DeleteFunc(roles, func(r RoleKey) bool { return slices.Contains(in.Roles, r) })
			if !in.Take {
				roles = append(roles, in.Roles...)
			}
		}
		next := m.bulk(testNow, in)
		holdsExactly(t, next, want)
		slices.Sort(roles)
		if got := slices.Sorted(slices.Values(next.Roles)); !slices.Equal(got, roles) {
			t.Fatalf("roles %v, want %v", got, roles)
		}
		if diff := cmp.Diff(was, m); diff != "" {
			t.Fatalf("the membership that was begun with has changed:\n%s", diff)
		}
		again := next.bulk(testNow, in)
		if given, taken := difference(next, again); len(given)+len(taken) > 0 || words(again.Roles) != words(next.Roles) {
			t.Fatalf("once more gives %v, takes %v, and the roles are %v", given, taken, again.Roles)
		}
		(&Change{At: testNow}).rewrite(m, next, UserUpdated)
		asStored(t, next)
	})
}

// One of thousands of scopes is found by where it must stand; that finds what
// looking at all of them finds.
func TestScopesAreFoundWhereTheyStand(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := Assignment{Scopes: drawnScopes.Draw(t, "scopes")}.Sorted()
		for _, s := range drawnScopes.Draw(t, "asked") {
			if got, want := a.holdsIn(s), slices.Contains(a.Scopes, s); got != want {
				t.Fatalf("%v in %v: %v", s, a.Scopes, got)
			}
		}
		for id := range decisionPlaces {
			want := slices.ContainsFunc(a.Scopes, func(s Scope) bool { return s.Type != ForClient && s.ID == string(id) })
			if got := a.holdsOn(id); got != want {
				t.Fatalf("%s in %v: %v", id, a.Scopes, got)
			}
		}
		for _, client := range []string{"org_a", "org_b"} {
			if a.holdsOn(ResourceID(client)) {
				t.Fatalf("the client %s is taken for a resource", client)
			}
		}
	})
}

func TestLimitsOfAMembership(t *testing.T) {
	t.Parallel()
	scopes := func(n int) (list []Scope) {
		for i := range n {
			list = append(list, under("site", fmt.Sprintf("res_%d", i)))
		}
		return list
	}
	for name, c := range map[string]struct {
		assignments, scopes int // of each
		ok                  bool
	}{
		"as many assignments as can be":   {MaxAssignments, 1, true},
		"one more":                        {MaxAssignments + 1, 1, false},
		"as many scopes as can be, alone": {1, MaxScopes, true},
		"one more, alone":                 {1, MaxScopes + 1, false},
		"as many scopes as can be":        {MaxAssignments, MaxScopes / MaxAssignments, true},
		"one more in each":                {MaxAssignments, MaxScopes/MaxAssignments + 1, false},
		"nothing":                         {0, 0, true},
	} {
		m := &Membership{}
		for range c.assignments {
			m.Assignments = append(m.Assignments, Assignment{Scopes: scopes(c.scopes)})
		}
		if err := m.fits(); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrTooMuch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a request can give is told whole and each place once; what is more than
// an entry should hold is counted.
func TestWhatTheAuditTellsOfAssignments(t *testing.T) {
	t.Parallel()
	many := func(n int) (list []Scope) {
		for i := range n {
			list = append(list, under("customer-number", fmt.Sprintf("res_%026d", i)))
		}
		return list
	}
	for name, c := range map[string]struct {
		of   []Assignment
		want string
	}{
		"nothing":        {nil, ""},
		"a role":         {[]Assignment{givesRole("handler", wholeOrg())}, "handler in organization"},
		"a right":        {[]Assignment{gives("order", under("site", "res_1"), oneClient("org_a"))}, "order in client:org_a site:res_1"},
		"the same twice": {[]Assignment{gives("order", wholeOrg()), gives("order", allClients())}, "order in organization clients"},
		"several": {
			[]Assignment{{Roles: givers("handler", "superuser"), Rights: []RightKey{"order", "report"}, Scopes: []Scope{wholeOrg()}}, gives("order", wholeOrg())},
			"handler superuser order report in organization; order in organization",
		},
	} {
		if got := assignmentList(c.of); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	whole := assignmentList([]Assignment{gives("order", many(MaxPlaces)...)})
	if strings.Contains(whole, "more") || strings.Count(whole, "customer-number:") != MaxPlaces {
		t.Errorf("of a request: %s", whole)
	}
	for _, split := range []int{1, 100, 5000} { // in so many assignments, alike or not
		var list []Assignment
		for i, part := range slices.Collect(slices.Chunk(many(5000), 5000/split)) {
			list = append(list, gives(RightKey(fmt.Sprintf("right-%d", i%200)), part...))
		}
		text := assignmentList(list)
		told, more := strings.Count(text, "customer-number:"), 0
		if _, err := fmt.Sscanf(text[strings.LastIndex(text, " and "):], " and %d places more", &more); err != nil || told+more != 5000 {
			t.Errorf("%d assignments: %d places told, %d more, %v", split, told, more, err)
		}
		if len(text) > auditText+200 {
			t.Errorf("%d assignments: %d bytes", split, len(text))
		}
	}
}

func TestP17_WhatMustBeChosen(t *testing.T) {
	t.Parallel()
	p := &Profile{
		ResourceTypes: []ResourceType{{Key: "number"}, {Key: "site", Parent: "number"}},
		Rights:        []RightInfo{{Key: "invoices", Module: true, On: "number"}, {Key: "order", On: "number"}},
		Roles: []Role{
			{Key: "superuser", All: true}, {Key: "user"}, {Key: "reader", Rights: []RightKey{"invoices"}}, {Key: "orderer", Rights: []RightKey{"order"}},
		},
		Policies: Policies{CreationRequires: []CreationChoice{"number", ChooseModules}},
	}
	number, site := under("number", "res_1"), under("site", "res_2")
	for name, c := range map[string]struct {
		in      Invitation
		missing []string
	}{
		"nothing":                             {Invitation{}, []string{"number", "modules"}},
		"a role":                              {Invitation{Roles: givers("user")}, []string{"number", "modules"}},
		"a role of all rights":                {Invitation{Roles: givers("user", "superuser")}, nil},
		"a role of all rights, of a number":   {Invitation{Assignments: []Assignment{givesRole("superuser", number)}}, nil},
		"a role that there is not":            {Invitation{Roles: givers("gone")}, []string{"number", "modules"}},
		"a number without a module":           {Invitation{Roles: givers("user"), Assignments: []Assignment{gives("order", number)}}, []string{"modules"}},
		"a module on a number":                {Invitation{Assignments: []Assignment{gives("invoices", number)}}, nil},
		"a module by a role":                  {Invitation{Assignments: []Assignment{givesRole("reader", number)}}, nil},
		"a number by a role without modules":  {Invitation{Assignments: []Assignment{givesRole("orderer", number)}}, []string{"modules"}},
		"a module in the organization":        {Invitation{Assignments: []Assignment{gives("invoices", wholeOrg())}}, nil},
		"a module on a site":                  {Invitation{Assignments: []Assignment{gives("invoices", site)}}, []string{"number"}},
		"a module at a client":                {Invitation{Assignments: []Assignment{gives("invoices", oneClient("org_a"))}}, []string{"number"}},
		"a module by the role for all":        {Invitation{Roles: givers("reader"), Assignments: []Assignment{gives("order", number)}}, []string{"modules"}},
		"each by an assignment of its own":    {Invitation{Assignments: []Assignment{gives("order", number), gives("invoices", site)}}, nil},
		"a module in the second of several":   {Invitation{Assignments: []Assignment{gives("order", site), gives("invoices", site, number)}}, nil},
		"right that is no module, everywhere": {Invitation{Assignments: []Assignment{gives("order", wholeOrg())}}, []string{"modules"}},
	} {
		err := p.chosen(c.in)
		var missing []string
		if e, ok := errors.AsType[*Error](err); ok && e.Code == ErrChoice.Code {
			for _, f := range e.Fields {
				what, _ := strings.CutPrefix(strings.TrimSuffix(f.Detail, "."), "Nothing of this is chosen: ")
				missing = append(missing, what)
				if f.Pointer != "/assignments" || f.Code != "choice-required" {
					t.Errorf("%s: %+v", name, f)
				}
			}
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.missing, missing); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(ErrChoice.Fields) > 0 {
		t.Errorf("the error itself was written to: %+v", ErrChoice.Fields)
	}
	p.Policies.CreationRequires = nil
	if err := p.chosen(Invitation{}); err != nil {
		t.Errorf("nothing has to be chosen, and %v", err)
	}
}

func TestP11_WhatIsRecommended(t *testing.T) {
	t.Parallel()
	p := &Profile{
		Rights: []RightInfo{{Key: "dashboard", Recommended: true}, {Key: "invoices"}, {Key: "news", Recommended: true, Sensitive: true}},
		Roles:  []Role{{Key: "superuser", All: true}, {Key: "user"}, {Key: "viewer", Rights: []RightKey{"dashboard"}}, {Key: "attestant", NoSignIn: true}},
	}
	for name, c := range map[string]struct {
		roles       []RoleKey
		assignments []Assignment
		want        []RightKey
	}{
		"nothing":                {givers("user"), nil, []RightKey{"dashboard", "news"}},
		"another right":          {givers("user"), []Assignment{gives("invoices", wholeOrg())}, []RightKey{"dashboard", "news"}},
		"one, somewhere":         {givers("user"), []Assignment{gives("dashboard", under("number", "res_1"))}, []RightKey{"news"}},
		"one, by a role":         {givers("user"), []Assignment{givesRole("viewer", under("number", "res_1"))}, []RightKey{"news"}},
		"one, by a role for all": {givers("viewer"), nil, []RightKey{"news"}},
		"all but the sensitive":  {givers("superuser"), nil, []RightKey{"news"}},
		"all":                    {givers("superuser"), []Assignment{gives("news", wholeOrg())}, nil},
		"who never sees a page":  {givers("attestant"), nil, nil},
	} {
		m := &Membership{Roles: c.roles, Assignments: c.assignments}
		if diff := cmp.Diff(c.want, m.Recommended(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The default task becomes the job title where something is given on what has
// titles, unless there is one; where nothing is left, the title goes.
func TestB42_DefaultTaskBecomesTheJobTitle(t *testing.T) {
	t.Parallel()
	p := &Profile{ResourceTypes: []ResourceType{{Key: "project", JobTitles: true}, {Key: "object", Parent: "project"}}}
	quay, gym, object := under("project", "res_quay"), under("project", "res_gym"), under("object", "res_crane")
	type titles = map[ResourceID]string
	for name, c := range map[string]struct {
		task   string
		had    titles
		has    []Assignment
		given  []Assignment
		taken  []Assignment
		titles titles
	}{
		"given one":                    {"welder", nil, nil, []Assignment{gives("order", quay)}, nil, titles{"res_quay": "welder"}},
		"given several":                {"welder", nil, nil, []Assignment{gives("order", quay, gym), gives("report", quay)}, nil, titles{"res_quay": "welder", "res_gym": "welder"}},
		"there was one":                {"welder", titles{"res_quay": "foreman"}, nil, []Assignment{gives("order", quay, gym)}, nil, titles{"res_quay": "foreman", "res_gym": "welder"}},
		"no default task":              {"", titles{"res_gym": "foreman"}, nil, []Assignment{gives("order", quay)}, nil, titles{"res_gym": "foreman"}},
		"of a type without titles":     {"welder", nil, nil, []Assignment{gives("order", object)}, nil, nil},
		"everywhere":                   {"welder", nil, nil, []Assignment{gives("order", wholeOrg(), allClients(), oneClient("res_quay"))}, nil, nil},
		"of a type that is gone":       {"welder", nil, nil, []Assignment{gives("order", under("hangar", "res_1"))}, nil, nil},
		"all taken":                    {"welder", titles{"res_quay": "welder", "res_gym": "foreman"}, nil, nil, []Assignment{gives("order", quay)}, titles{"res_gym": "foreman"}},
		"something is left":            {"welder", titles{"res_quay": "welder"}, []Assignment{gives("report", quay)}, nil, []Assignment{gives("order", quay)}, titles{"res_quay": "welder"}},
		"something is left, elsewhere": {"welder", titles{"res_quay": "welder"}, []Assignment{gives("report", gym)}, nil, []Assignment{gives("order", quay)}, titles{}},
		"taken where there was none":   {"welder", nil, nil, nil, []Assignment{gives("order", quay)}, nil},
		"one is given, another taken":  {"welder", titles{"res_gym": "foreman"}, []Assignment{gives("order", quay)}, []Assignment{gives("order", quay)}, []Assignment{gives("order", gym)}, titles{"res_quay": "welder"}},
	} {
		had := maps.Clone(c.had)
		m := &Membership{DefaultTask: c.task, JobTitles: had, Assignments: c.has}
		m.retitle(p, c.given)
		m.untitle(c.taken)
		if diff := cmp.Diff(c.titles, m.JobTitles); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.had, had); diff != "" {
			t.Errorf("%s: the titles that were read have changed:\n%s", name, diff)
		}
	}
}

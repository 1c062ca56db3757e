package domain

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

// numbers is a list to sift, with keys that sort as it does, and what was read of it.
type numbers struct {
	upTo  int
	steps []int
}

func (n *numbers) read(req PageRequest) (page Page[int], _ error) {
	from := 0
	if req.After != "" {
		last, err := strconv.Atoi(req.After)
		if err != nil {
			return page, err
		}
		from = last + 1
	}
	n.steps = append(n.steps, req.Limit)
	for i := from; i < min(n.upTo, from+req.Limit); i++ {
		page.Items, page.Keys = append(page.Items, i), append(page.Keys, strconv.Itoa(i))
	}
	if from+req.Limit < n.upTo {
		page.Next = page.Keys[len(page.Keys)-1]
	}
	return page, nil
}

// The pages together are what is to be kept, each once, and none reads more
// than its steps.
func TestSift(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]func(int) bool{
		"all": func(int) bool { return true }, "none": func(int) bool { return false }, "the last": func(i int) bool { return i == 2999 },
		"every second": func(i int) bool { return i%2 == 0 }, "every 300th": func(i int) bool { return i%300 == 7 }, "a crowd": func(i int) bool { return i > 1000 && i < 1100 },
	} {
		for _, size := range []int{0, 1, 49, 50, 51, 250, 3000} {
			for _, limit := range []int{1, 50, 200} {
				var want, got []int
				for i := range size {
					if keep(i) {
						want = append(want, i)
					}
				}
				for req := (PageRequest{Limit: limit}); ; {
					n := numbers{upTo: size}
					page, err := sift(req, n.read, keep)
					if err != nil {
						t.Fatal(err)
					}
					if len(page.Items) > limit || len(page.Items) != len(page.Keys) || len(n.steps) > siftSteps || slices.Max(n.steps) > max(limit, siftSize) {
						t.Fatalf("%s of %d in pages of %d: %d items, %d keys, steps %v", name, size, limit, len(page.Items), len(page.Keys), n.steps)
					}
					if len(page.Items) == 0 && page.Next == req.After && page.Next != "" {
						t.Fatalf("%s of %d in pages of %d: stands still", name, size, limit)
					}
					got = append(got, page.Items...)
					if req.After = page.Next; req.After == "" {
						break
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s of %d in pages of %d: %v", name, size, limit, got)
				}
			}
		}
	}
	// Where everything is kept, a page costs what it shows.
	n := numbers{upTo: 3000}
	if _, err := sift(PageRequest{Limit: 50}, n.read, func(int) bool { return true }); err != nil || !slices.Equal(n.steps, []int{50}) {
		t.Errorf("steps %v, %v", n.steps, err)
	}
}

// Whoever is shown a few one by one misses none that they may know of.
func TestSingledAreAllThatMayBeKnown(t *testing.T) {
	t.Parallel()
	scopes := []Scope{
		wholeOrg(), allClients(), oneClient("org_a"), under("number", "res_1"), under("number", "res_2"), under("site", "res_11"), under("site", "res_21"), under("object", "res_111"),
	}
	var assignments []Assignment
	for _, s := range scopes {
		for _, right := range []RightKey{"order", "invoices", "measure", "report", RightSeeResources, RightEditUsers} {
			assignments = append(assignments, gives(right, s))
		}
		assignments = append(assignments, givesRole("superuser", s), givesRole("administrator", s), givesRole("handler", s))
	}
	few := map[ScopeType]int{}
	for i := range assignments {
		for j := range i + 1 {
			for _, roles := range [][]RoleKey{nil, {"handler"}, {"superuser"}} {
				q := member(assignments[i], assignments[j]).withRoles(roles...)
				for _, of := range []ScopeType{"number", "site", "object"} {
					ids, ok := q.Member.Membership.singled(q.Profile, of)
					if !ok {
						continue
					}
					few[of]++
					for id, r := range decisionPlaces {
						if r.Type == of && r.Organization == ownOrg && q.on(id).Sees(testNow) && !slices.Contains(ids, id) {
							t.Errorf("%v and %v: %s is not among %v", assignments[i], assignments[j], id, ids)
						}
					}
				}
			}
		}
	}
	for _, of := range []ScopeType{"number", "site", "object"} {
		if few[of] < 100 {
			t.Errorf("%ss were singled %d times", of, few[of])
		}
	}
	var many Assignment
	many.Rights = []RightKey{"order"}
	for i := range siftMost + 1 {
		many.Scopes = append(many.Scopes, under("site", fmt.Sprintf("res_%d", i)))
	}
	if ids, ok := member(many.Sorted()).Member.Membership.singled(decisionProfile(), "site"); ok {
		t.Errorf("%d is a few", len(ids))
	}
}

func TestOnAResource(t *testing.T) {
	t.Parallel()
	p := decisionProfile()
	for _, c := range []struct {
		name      string
		q         question
		at        ResourceID
		roles     []RoleKey
		rights    []RightKey
		inherited bool
	}{
		{"nothing", member(), "res_11", nil, nil, false},
		{"a role of no use there", member().withRoles("handler"), "res_11", nil, nil, false},
		{"by a role", member().withRoles("superuser"), "res_11", nil, nil, true},
		{"directly", member(gives("order", under("site", "res_11"))), "res_11", nil, []RightKey{"order"}, false},
		{"twice over", member(gives("order", under("site", "res_11")), givesRole("superuser", under("site", "res_11")), gives("order", under("site", "res_11"), under("site", "res_12"))), "res_11", []RoleKey{"superuser"}, []RightKey{"order"}, false},
		{"from above", member(gives("order", under("number", "res_1"))), "res_11", nil, nil, true},
		{"from above, for what lies there", member(gives("measure", under("site", "res_11"))), "res_111", nil, nil, true},
		{"from above, of no use there", member(gives("measure", under("number", "res_1"))), "res_11", nil, nil, false},
		{"from above and directly", member(givesRole("superuser", under("number", "res_1")), gives("open-gate", under("site", "res_11"))), "res_11", nil, []RightKey{"open-gate"}, true},
		{"beside", member(gives("order", under("site", "res_12"))), "res_11", nil, nil, false},
		{"below", member(gives("measure", under("object", "res_111"))), "res_11", nil, nil, false},
		{"at clients", member(gives("order", allClients())), "res_11", nil, nil, false},
	} {
		direct, inherited := c.q.Member.Membership.On(p, decisionPlaces[c.at])
		if direct.Person != "usr_1" || !slices.Equal(direct.Roles, c.roles) || !slices.Equal(direct.Rights, c.rights) || inherited != c.inherited {
			t.Errorf("%s: %+v, %v", c.name, direct, inherited)
		}
	}
}

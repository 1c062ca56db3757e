package domain

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// givingProfile is one in which every role can be given everywhere.
func givingProfile() *Profile {
	p := decisionProfile()
	for i := range p.Roles {
		p.Roles[i].Scopes = []ScopeType{InOrganization, "number", "site", "object", ForClients, ForClient}
	}
	return p
}

// giver is somebody of org_own with these roles and assignments, on a request about it.
func giver(roles []RoleKey, assignments ...Assignment) *Caller {
	q := member(assignments...).withRoles(roles...)
	return &Caller{Person: &Person{ID: "usr_1"}, Home: q.Member, Here: q.Member}
}

func givers(keys ...RoleKey) []RoleKey { return keys }

// served is the client with mandates that hold, or have held.
func served(given ...Mandate) map[OrganizationID]*Client {
	id := clientA
	return map[OrganizationID]*Client{id: {Organization: decisionOrg(id), Mandates: &Mandates{Principal: id, Agent: ownOrg, Items: given}}}
}

var (
	overMandate = Mandate{Type: "web", Rights: []RightKey{"order", "report"}, From: "2025-01-01", To: "2025-12-31"}
	nextMandate = Mandate{Type: "web", Rights: []RightKey{"order", "report"}, From: "2026-06-01"}
)

// Each row is one thing in one place, held against one caller, both ways.
func TestXC1_MayGiveAndMayTake(t *testing.T) {
	t.Parallel()
	admin, superuser, handler := giver(givers("administrator")), giver(givers("superuser")), giver(givers("handler"))
	clerkOfA := giver(givers("superuser"), gives("report", oneClient("org_a")))
	clerkOfAll := giver(givers("superuser"), gives("report", allClients()), gives("order", allClients()))
	web := served(mandate("order", "report"))
	gone := Scope{Type: "site", ID: "res_gone"}
	for name, c := range map[string]struct {
		caller     *Caller
		what       Assignment
		clients    map[OrganizationID]*Client
		give, take error
	}{
		"role below":                           {superuser, givesRole("handler", wholeOrg()), nil, ErrRightNotYours, ErrRightNotYours},
		"role below, with all its rights":      {admin, givesRole("handler", wholeOrg()), nil, nil, nil},
		"role of the same level":               {superuser, givesRole("superuser", wholeOrg()), nil, nil, nil},
		"role above":                           {handler, givesRole("superuser", wholeOrg()), nil, ErrRoleNotYours, ErrRoleNotYours},
		"role of all rights, of a low level":   {superuser, givesRole("auditor", wholeOrg()), nil, ErrRoleNotYours, ErrRoleNotYours},
		"role that names what is sensitive":    {admin, givesRole("auditor", wholeOrg()), nil, ErrRightNotYours, nil},
		"the same by one who has it":           {giver(givers("administrator", "auditor")), givesRole("auditor", wholeOrg()), nil, nil, nil},
		"role that the profile has lost":       {handler, givesRole("gone", wholeOrg()), nil, ErrRoleNotYours, nil},
		"right that is held":                   {superuser, gives("order", wholeOrg()), nil, nil, nil},
		"right that is not":                    {superuser, gives("permission", wholeOrg()), nil, ErrRightNotYours, ErrRightNotYours},
		"right by all":                         {admin, gives("permission", wholeOrg()), nil, nil, nil},
		"sensitive right by all":               {admin, gives("see-whole-id", wholeOrg()), nil, ErrRightNotYours, nil},
		"sensitive right that is held":         {giver(nil, gives("see-whole-id", wholeOrg())), gives("see-whole-id", wholeOrg()), nil, nil, nil},
		"right that the profile has lost":      {admin, gives("order-by-fax", wholeOrg()), nil, ErrScope, nil},
		"the operator's right":                 {admin, gives(RightOperate, wholeOrg()), nil, ErrScope, nil},
		"on a site, by what is held above":     {giver(nil, gives("order", under("number", "res_1"))), gives("order", under("site", "res_11")), nil, nil, nil},
		"on a site beside":                     {giver(nil, gives("order", under("site", "res_11"))), gives("order", under("site", "res_12")), nil, ErrRightNotYours, ErrRightNotYours},
		"on the number above":                  {giver(nil, gives("order", under("site", "res_11"))), gives("order", under("number", "res_1")), nil, ErrRightNotYours, ErrRightNotYours},
		"in the organization around":           {giver(nil, gives("order", under("site", "res_11"))), gives("order", wholeOrg()), nil, ErrRightNotYours, ErrRightNotYours},
		"role by a higher one held there":      {giver(givers("handler"), givesRole("superuser", under("number", "res_1"))), givesRole("superuser", under("site", "res_11")), nil, nil, nil},
		"role by a higher one held elsewhere":  {giver(givers("handler"), givesRole("superuser", under("number", "res_2"))), givesRole("superuser", under("site", "res_11")), nil, ErrRoleNotYours, ErrRoleNotYours},
		"right that does not hold there":       {admin, gives("report", under("site", "res_11")), nil, ErrScope, nil},
		"right on what lies above":             {admin, gives("invoices", under("site", "res_11")), nil, ErrScope, nil},
		"role with something that holds there": {admin, givesRole("superuser", under("object", "res_111")), nil, nil, nil},
		"role with nothing that holds there":   {admin, givesRole("handler", under("object", "res_111")), nil, ErrScope, nil},
		"on a site that is gone":               {superuser, gives("order", gone), nil, ErrNotFound, nil},
		"not held, on a site that is gone":     {handler, gives("order", gone), nil, ErrNotFound, nil},
		"role above, on a site that is gone":   {handler, givesRole("superuser", gone), nil, ErrNotFound, nil},
		"on another organization's site":       {admin, gives("order", under("site", "res_a1")), nil, ErrNotFound, nil},
		"on a site as if it were a number":     {admin, gives("order", under("number", "res_11")), nil, ErrNotFound, nil},
		"one of several places is gone":        {superuser, gives("order", under("site", "res_11"), gone), nil, ErrNotFound, nil},
		"one of several places is not theirs":  {giver(nil, gives("order", under("site", "res_11"))), gives("order", under("site", "res_11"), under("site", "res_21")), nil, ErrRightNotYours, ErrRightNotYours},

		"at a client, held there":                {clerkOfA, gives("report", oneClient("org_a")), web, nil, nil},
		"at a client, held at all":               {clerkOfAll, gives("report", oneClient("org_a")), web, nil, nil},
		"at all clients, held at one":            {clerkOfA, gives("report", allClients()), web, ErrRightNotYours, ErrRightNotYours},
		"at all clients, held at all":            {clerkOfAll, gives("report", allClients()), web, nil, nil},
		"at all clients, held in the own":        {superuser, gives("report", allClients()), web, ErrRightNotYours, ErrRightNotYours},
		"at a client, held in the own":           {superuser, gives("report", oneClient("org_a")), web, ErrRightNotYours, ErrRightNotYours},
		"at a client, by all":                    {admin, gives("order", oneClient("org_a")), web, nil, nil},
		"at a client, above the mandate":         {admin, gives("permission", oneClient("org_a")), web, ErrAboveMandate, nil},
		"at a client without a mandate":          {admin, gives("report", oneClient("org_b")), web, ErrNotFound, nil},
		"at a client whose mandate is over":      {clerkOfA, gives("report", oneClient("org_a")), served(overMandate), ErrAboveMandate, nil},
		"not held, and the mandate is over":      {handler, gives("report", oneClient("org_a")), served(overMandate), ErrAboveMandate, nil},
		"role above, and the mandate is over":    {handler, givesRole("superuser", oneClient("org_a")), served(overMandate), ErrRoleNotYours, nil},
		"role above, and the mandate is to come": {handler, givesRole("superuser", oneClient("org_a")), served(overMandate, nextMandate), ErrRoleNotYours, ErrRoleNotYours},
		"at all clients, what no mandate gives":  {admin, gives("invoices", allClients()), web, ErrScope, nil},
		"in the own organization as if a client": {admin, gives("report", oneClient("org_own")), web, ErrNotFound, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := givingProfile()
			gift := Gift{Assignments: []Assignment{c.what}, Resources: decisionPlaces, Clients: c.clients}
			if got := c.caller.MayGive(p, gift, testNow); !errors.Is(got, c.give) {
				t.Errorf("gives: %v, want %v", got, c.give)
			}
			if got := c.caller.MayTake(p, gift, testNow); !errors.Is(got, c.take) {
				t.Errorf("takes: %v, want %v", got, c.take)
			}
		})
	}
}

// What a role has and the mandate has no room for today comes with the role
// tomorrow, when the mandate grows. So whoever gives the role must hold it now.
func TestXC5_RoleUnderANarrowMandateWaitsForAWiderOne(t *testing.T) {
	t.Parallel()
	p := givingProfile()
	p.Roles = append(p.Roles, Role{Key: "clerk", Level: 1, Rights: []RightKey{"report", "order", "invoices"}, Scopes: []ScopeType{ForClient, ForClients}})
	narrow, wide := served(mandate("report")), served(mandate("report", "order"))
	reporter := giver(givers("handler"), gives("report", oneClient("org_a")))
	both := giver(givers("handler"), gives("report", oneClient("org_a")), gives("order", allClients()))
	for name, c := range map[string]struct {
		caller  *Caller
		clients map[OrganizationID]*Client
		want    error
	}{
		"who holds a part, narrow":      {reporter, narrow, ErrRightNotYours},
		"who holds a part, wide":        {reporter, wide, ErrRightNotYours},
		"who holds it all, narrow":      {both, narrow, nil}, // invoices: no mandate can have room for them
		"who holds it all, wide":        {both, wide, nil},
		"who has all rights, narrow":    {giver(givers("administrator")), narrow, nil},
		"who has all rights, and over":  {giver(givers("administrator")), served(overMandate), ErrAboveMandate},
		"who holds nothing of it there": {giver(givers("superuser")), narrow, ErrRightNotYours},
	} {
		gift := Gift{Assignments: []Assignment{givesRole("clerk", oneClient("org_a"))}, Clients: c.clients}
		if got := c.caller.MayGive(p, gift, testNow); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// To let somebody back in is to give them what they have. What is gone for good
// is nothing to give; a mandate that is over may be followed by another one.
func TestXC5_LettingBackInIsGiving(t *testing.T) {
	t.Parallel()
	p := givingProfile()
	over := served(overMandate)
	gone := Scope{Type: "site", ID: "res_gone"}
	admin, handler := giver(givers("administrator")), giver(givers("handler"))
	clerkOfA := giver(givers("handler"), gives("report", oneClient("org_a")))
	for name, c := range map[string]struct {
		caller  *Caller
		what    Assignment
		clients map[OrganizationID]*Client
		take    error
		back    error
	}{
		"what they hold":                        {admin, gives("order", wholeOrg()), nil, nil, nil},
		"what they lack":                        {handler, gives("order", wholeOrg()), nil, ErrRightNotYours, ErrRightNotYours},
		"a role above":                          {handler, givesRole("administrator", wholeOrg()), nil, ErrRoleNotYours, ErrRoleNotYours},
		"a role that is gone":                   {handler, givesRole("gone", wholeOrg()), nil, nil, nil},
		"a right that is gone":                  {handler, gives("fax", wholeOrg()), nil, nil, nil},
		"a site that is gone":                   {handler, givesRole("administrator", gone), nil, nil, nil},
		"a client that is gone":                 {handler, givesRole("administrator", oneClient("org_b")), over, nil, nil},
		"what does not hold there":              {handler, gives("invoices", under("site", "res_11")), nil, nil, nil},
		"at a client, over, what they lack":     {handler, gives("report", oneClient("org_a")), over, nil, ErrRightNotYours},
		"at a client, over, what they hold":     {clerkOfA, gives("report", oneClient("org_a")), over, nil, nil},
		"at a client, over, what none gives":    {clerkOfA, gives("invoices", oneClient("org_a")), over, nil, nil},
		"at a client, over, a role above":       {handler, givesRole("superuser", oneClient("org_a")), over, nil, ErrRoleNotYours},
		"at a client, over, by all":             {admin, givesRole("superuser", oneClient("org_a")), over, nil, nil},
		"at a client, narrow, what they lack":   {clerkOfA, gives("order", oneClient("org_a")), served(mandate("report")), nil, ErrRightNotYours},
		"at a client, narrow, what they hold":   {clerkOfA, gives("report", oneClient("org_a")), served(mandate("order")), nil, nil},
		"at a client, to come, what they lack":  {handler, gives("report", oneClient("org_a")), served(nextMandate), nil, ErrRightNotYours},
		"at all clients, what they lack":        {clerkOfA, gives("report", allClients()), nil, ErrRightNotYours, ErrRightNotYours},
		"sensitive, which all does not include": {admin, gives("see-whole-id", wholeOrg()), nil, nil, ErrRightNotYours},
	} {
		gift := Gift{Assignments: []Assignment{c.what}, Resources: decisionPlaces, Clients: c.clients}
		if got := c.caller.MayTake(p, gift, testNow); !errors.Is(got, c.take) {
			t.Errorf("%s: takes: %v, want %v", name, got, c.take)
		}
		if got := c.caller.MayReturn(p, gift, testNow); !errors.Is(got, c.back) {
			t.Errorf("%s: lets back in: %v, want %v", name, got, c.back)
		}
	}
}

// An administrator who was made one by an assignment is no lesser one.
func TestAdministratorByAssignmentGivesTheSame(t *testing.T) {
	t.Parallel()
	byRole, byAssignment := giver(givers("administrator")), giver(nil, givesRole("administrator", wholeOrg()))
	elsewhere := giver(nil, givesRole("administrator", under("number", "res_1"), allClients()))
	for _, what := range []Assignment{
		givesRole("administrator", wholeOrg()), gives("permission", wholeOrg()), gives("order", oneClient("org_a")), gives("see-whole-id", wholeOrg()),
	} {
		gift := Gift{Assignments: []Assignment{what}, Clients: served(mandate("order"))}
		one, other := byRole.MayGive(givingProfile(), gift, testNow), byAssignment.MayGive(givingProfile(), gift, testNow)
		if fmt.Sprint(one) != fmt.Sprint(other) {
			t.Errorf("%+v: %v by role, %v by assignment", what, one, other)
		}
	}
	if err := elsewhere.MayGive(givingProfile(), Gift{Roles: givers("administrator")}, testNow); !errors.Is(err, ErrRoleNotYours) {
		t.Errorf("an administrator of a part makes one of the whole: %v", err)
	}
}

// Whoever is not let in gives and takes nothing, whatever they hold.
func TestXB13_WhoIsNotLetInGivesNothing(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Caller){
		"nobody there":           func(c *Caller) { c.Here = Place{Organization: c.Here.Organization} },
		"not activated":          func(c *Caller) { c.Here.Membership.ActivatedAt = time.Time{} },
		"locked":                 func(c *Caller) { c.Here.Membership.Validity = Validity{Type: Locked} },
		"organization suspended": func(c *Caller) { c.Here.Organization.Suspended = true },
		"removed":                func(c *Caller) { c.Here.Membership.RemovedAt = testNow },
	} {
		c := giver(givers("administrator"))
		gift := Gift{Roles: givers("handler")}
		if err := c.MayGive(givingProfile(), gift, testNow); err != nil {
			t.Fatal(err)
		}
		spoil(c)
		for _, gift := range []Gift{gift, {}} {
			if give, take := c.MayGive(givingProfile(), gift, testNow), c.MayTake(givingProfile(), gift, testNow); !errors.Is(give, ErrNotFound) || !errors.Is(take, ErrNotFound) {
				t.Errorf("%s, %d roles: %v, %v", name, len(gift.Roles), give, take)
			}
		}
	}
}

// Of an assignment that may not all be given, exactly what may be is kept.
func TestXC8_SplitKeepsExactlyWhatMayBeGiven(t *testing.T) {
	t.Parallel()
	callers := map[string]*Caller{
		"administrator": giver(givers("administrator")), "superuser": giver(givers("superuser")),
		"of a number": giver(givers("handler"), givesRole("superuser", under("number", "res_1"))),
		"of clients":  giver(givers("superuser"), gives("report", allClients()), gives("order", oneClient("org_a"))),
		"locked":      giver(givers("administrator")),
	}
	callers["locked"].Here.Membership.Validity = Validity{Type: Locked}
	split := 0
	rapid.Check(t, func(t *rapid.T) {
		p := givingProfile()
		caller := callers[rapid.SampledFrom(slices.Sorted(maps.Keys(callers))).Draw(t, "caller")]
		g := drawGrants(t)
		a := Assignment{ID: "asg_1", Roles: g.Roles, Rights: g.Rights, Scopes: g.Scopes}.Sorted()
		places := &Scene{Resources: maps.Clone(decisionPlaces), Clients: served(mandate("report"))}
		maps.DeleteFunc(places.Resources, func(ResourceID, *Resource) bool { return rapid.IntRange(0, 4).Draw(t, "gone") == 0 })
		kept, lost := caller.splits(p, places, a, testNow)
		if len(kept) > 0 && len(lost) > 0 {
			split++
		}
		keeps, loses := (&Membership{Assignments: kept}).grants(), (&Membership{Assignments: lost}).grants()
		if !maps.Equal(plus(keeps, loses), (&Membership{Assignments: []Assignment{a}}).grants()) || len(minus(keeps, loses)) != len(keeps) {
			t.Fatalf("%+v is split into %+v and %+v", a, kept, lost)
		}
		may := func(one grant) bool {
			gift := Assignment{Scopes: []Scope{one.scope}}
			if one.role != "" {
				gift.Roles = []RoleKey{one.role}
			} else {
				gift.Rights = []RightKey{one.right}
			}
			return caller.MayGive(p, Gift{Assignments: []Assignment{gift}, Resources: places.Resources, Clients: places.Clients}, testNow) == nil
		}
		for one := range keeps {
			if !may(one) {
				t.Fatalf("%+v was kept", one)
			}
		}
		for one := range loses {
			if may(one) {
				t.Fatalf("%+v was dropped", one)
			}
		}
		for _, list := range [][]Assignment{kept, lost} {
			for i, part := range list {
				if diff := cmp.Diff(part.Sorted(), part); diff != "" {
					t.Fatalf("not sorted:\n%s", diff)
				}
				for _, other := range list[:i] { // or a thousand places would be a thousand assignments
					if slices.Equal(part.Roles, other.Roles) && slices.Equal(part.Rights, other.Rights) {
						t.Fatalf("%+v could be one", list)
					}
				}
			}
		}
	})
	if split == 0 {
		t.Error("nothing was ever split")
	}
}

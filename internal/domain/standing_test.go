package domain

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func (q question) suspended(where, own bool) question {
	q.Where.Suspended = where
	q.Member.Organization.Suspended = own
	return q
}

// Everything that derives from an organization stops with it: its own people's
// rights, what others do for it, and what its people do for others.
func TestXB13_NothingOfASuspendedOrganizationCounts(t *testing.T) {
	t.Parallel()
	everything := func() question {
		return member(gives("report", allClients()), gives("order", allClients())).withRoles("administrator")
	}
	atA := func() question { return everything().at(clientA, mandate("report", "order")) }
	decideAll(t, []decisionCase{
		{"its own people", everything().suspended(true, true), "report", Suspended},
		{"its own people, on a resource", everything().suspended(true, true).on("res_11"), "order", Suspended},
		{"its own people, who are locked too", everything().suspended(true, true).validity(Validity{Type: Locked}), "report", Suspended},
		{"agents of a suspended client", atA().suspended(true, false), "report", Suspended},
		{"agents of a suspended client, on a resource", atA().suspended(true, false).on("res_a1"), "order", Suspended},
		{"agents of a suspended client, without a mandate", everything().at(clientA).suspended(true, false), "report", Suspended},
		{"people of a suspended agent", atA().suspended(false, true), "report", NotValid},
		{"people of a suspended agent, on a resource", atA().suspended(false, true).on("res_a1"), "order", NotValid},
		{"both", atA().suspended(true, true), "report", Suspended},
		{"opened again", atA().suspended(true, true).suspended(false, false), "report", Allowed},
		{"who is no member learns nothing of it", everything().suspended(true, true).but(func(g *Grounds) { g.Member.Membership = nil }), "report", NoMembership},
	})
}

// In a request it is as if the organization were not there; the operator's
// people still see to it.
func TestXB13_SuspendedOrganizationIsNotThere(t *testing.T) {
	t.Parallel()
	mine, operators := testPlace("org_here", "administrator"), testPlace(OperatorID, "administrator")
	mine.Organization.Suspended = true
	stranger := Place{Organization: mine.Organization}
	for name, c := range map[string]struct {
		caller Caller
		right  RightKey
		want   error
	}{
		"its administrator":                     {Caller{Home: mine, Here: mine}, RightSeeOrganization, ErrNotFound},
		"its administrator, elsewhere at home":  {Caller{Home: testPlace("org_other", "administrator"), Here: mine}, RightEditUsers, ErrNotFound},
		"the operator sees it":                  {Caller{Home: operators, Here: stranger}, RightSeeOrganization, nil},
		"the operator opens it":                 {Caller{Home: operators, Here: stranger}, RightEditOrganization, nil},
		"the operator, who is a user there too": {Caller{Home: operators, Here: mine}, RightEditOrganization, nil},
	} {
		if got := c.caller.Decide(testProfile, c.right, nil, testNow); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if err := c.caller.DecideSomewhere(testProfile, c.right, testNow); !errors.Is(err, c.want) {
			t.Errorf("%s, somewhere: %v, want %v", name, err, c.want)
		}
	}
	if rights := mine.Administers(testProfile, testNow); rights != nil {
		t.Errorf("its administrator may %v", rights)
	}
	if mine.Lets(testProfile, testNow) {
		t.Error("it lets its administrator in")
	}
}

func signInProfile() *Profile {
	p := decisionProfile()
	p.Roles = append(p.Roles, Role{Key: "attestant", Level: 1, NoSignIn: true, Rights: []RightKey{"report"}})
	return p
}

func TestI08_I18_WhoSignsIn(t *testing.T) {
	t.Parallel()
	site := under("site", "res_11")
	for name, c := range map[string]struct {
		roles       []RoleKey
		assignments []Assignment
		signsIn     bool
	}{
		"nothing":                            {nil, nil, true},
		"an ordinary role":                   {givers("handler"), nil, true},
		"a role without sign-in":             {givers("attestant"), nil, false},
		"that on a site":                     {nil, []Assignment{givesRole("attestant", site)}, false},
		"both":                               {givers("attestant", "handler"), nil, true},
		"one here, the other on a site":      {givers("attestant"), []Assignment{givesRole("handler", site)}, true},
		"one on a site, the other here":      {givers("handler"), []Assignment{givesRole("attestant", site)}, true},
		"one at clients":                     {givers("attestant"), []Assignment{givesRole("handler", allClients())}, true},
		"rights beside it":                   {givers("attestant"), []Assignment{gives("order", wholeOrg())}, false},
		"rights alone":                       {nil, []Assignment{gives("order", wholeOrg())}, true},
		"a role that is gone":                {givers("gone"), nil, true},
		"a role that is gone beside it":      {givers("attestant", "gone"), nil, false},
		"a role that is gone, in assignment": {givers("attestant"), []Assignment{givesRole("gone", wholeOrg())}, false},
	} {
		m := &Membership{Roles: c.roles, Assignments: c.assignments}
		if got := m.SignsIn(signInProfile()); got != c.signsIn {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Who has no sign-in has nothing to accept: what they have counts at once, but
// no session does. Locks, terms and removal hold for them as for all.
func TestI08_I18_WithoutSignInRightsCountAndSessionsDoNot(t *testing.T) {
	t.Parallel()
	helsinki := decisionOrg(ownOrg).Zone()
	invited := func(v Validity) func(*Membership) {
		return func(m *Membership) { m.ActivatedAt, m.Validity = time.Time{}, v }
	}
	for name, c := range map[string]struct {
		roles  []RoleKey
		change func(*Membership)
		status Status
		lets   bool
		report Verdict
	}{
		"without sign-in":                    {givers("attestant"), invited(Validity{}), StatusActive, false, Allowed},
		"without sign-in, once activated":    {givers("attestant"), func(*Membership) {}, StatusActive, false, Allowed},
		"without sign-in, locked":            {givers("attestant"), invited(Validity{Type: Locked}), StatusLocked, false, NotValid},
		"without sign-in, over":              {givers("attestant"), invited(Validity{Type: FixedTerm, From: "2026-01-01", To: "2026-05-04"}), StatusExpired, false, NotValid},
		"without sign-in, not yet":           {givers("attestant"), invited(Validity{Type: FixedTerm, From: "2026-05-06", To: "2026-12-31"}), StatusUpcoming, false, NotValid},
		"without sign-in, removed":           {givers("attestant"), func(m *Membership) { m.RemovedAt = testNow }, StatusInactive, false, NotValid},
		"an ordinary role too, invited":      {givers("attestant", "superuser"), invited(Validity{}), StatusInvited, false, NotValid},
		"an ordinary role too, activated":    {givers("attestant", "superuser"), func(*Membership) {}, StatusActive, true, Allowed},
		"an ordinary role, invited":          {givers("superuser"), invited(Validity{}), StatusInvited, false, NotValid},
		"an ordinary role, activated":        {givers("superuser"), func(*Membership) {}, StatusActive, true, Allowed},
		"an ordinary role, removed":          {givers("superuser"), func(m *Membership) { m.RemovedAt = testNow }, StatusInactive, false, NotValid},
		"removed is told before locked":      {givers("superuser"), func(m *Membership) { m.RemovedAt, m.Validity = testNow, Validity{Type: Locked} }, StatusInactive, false, NotValid},
		"an ordinary role that is gone too":  {givers("attestant", "gone"), invited(Validity{}), StatusActive, false, Allowed},
		"a role that is gone and no other":   {givers("gone"), invited(Validity{}), StatusInvited, false, NotValid},
		"a role that is gone, but activated": {givers("gone"), func(*Membership) {}, StatusActive, true, NotAssigned},
	} {
		q := member().withRoles(c.roles...)
		q.Profile = signInProfile()
		c.change(q.Member.Membership)
		if got := q.Member.Membership.Status(q.Profile, testNow, helsinki); got != c.status {
			t.Errorf("%s: status %s, want %s", name, got, c.status)
		}
		if got := q.Member.Lets(q.Profile, testNow); got != c.lets {
			t.Errorf("%s: let in %v", name, got)
		}
		if got := q.Decide("report", testNow); got != c.report {
			t.Errorf("%s: %s, want %s", name, got, c.report)
		}
		// No request of theirs is heard, whatever right they have.
		caller := &Caller{Person: &Person{ID: "usr_1"}, Home: q.Member, Here: q.Member}
		if err := caller.Decide(q.Profile, "report", nil, testNow); (err == nil) != (c.lets && c.report == Allowed) {
			t.Errorf("%s: a request: %v", name, err)
		}
	}
}

// In a portal that asks for a subscription nothing counts without one, but the
// operator's own people need none.
func TestP09_StatusWithoutASubscription(t *testing.T) {
	t.Parallel()
	with := *testProfile
	with.Policies.Subscription = true
	for name, c := range map[string]struct {
		org     OrganizationID
		sub     SubscriptionID
		ended   bool
		profile *Profile
		want    Status
	}{
		"with one":                      {"org_here", "1", false, &with, StatusActive},
		"with one that has ended":       {"org_here", "1", true, &with, StatusUnsubscribed},
		"without":                       {"org_here", "", false, &with, StatusUnsubscribed},
		"without, at the operator's":    {OperatorID, "", false, &with, StatusActive},
		"ended, at the operator's":      {OperatorID, "1", true, &with, StatusActive},
		"without, and none is asked":    {"org_here", "", false, testProfile, StatusActive},
		"ended, and none is asked":      {"org_here", "1", true, testProfile, StatusActive},
		"without, not activated either": {"org_new", "", false, &with, StatusUnsubscribed},
	} {
		place := testPlace(c.org, "user")
		m := place.Membership
		m.Subscription, m.Unsubscribed = c.sub, c.ended
		if c.org == "org_new" {
			m.ActivatedAt = time.Time{}
		}
		if got := m.Status(c.profile, testNow, place.Organization.Zone()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := place.Lets(c.profile, testNow); got != (c.want == StatusActive) {
			t.Errorf("%s: let in %v", name, got)
		}
	}
}

// The operator's people are the administrators of its own organization, however
// they were made that, and nobody else.
func TestXC4_WhoOperates(t *testing.T) {
	t.Parallel()
	byAssignment := func(org OrganizationID, a Assignment) Place {
		p := testPlace(org)
		p.Membership.Assignments = []Assignment{a}
		return p
	}
	locked := testPlace(OperatorID, "administrator")
	locked.Membership.Validity = Validity{Type: Locked}
	invited := testPlace(OperatorID, "administrator")
	invited.Membership.ActivatedAt = time.Time{}
	for name, c := range map[string]struct {
		home Place
		want bool
	}{
		"administrator":                           {testPlace(OperatorID, "administrator"), true},
		"administrator by assignment":             {byAssignment(OperatorID, givesRole("administrator", wholeOrg())), true},
		"who may edit users there":                {byAssignment(OperatorID, gives(RightEditUsers, wholeOrg())), true},
		"administrator of a part":                 {byAssignment(OperatorID, givesRole("administrator", under("number", "res_1"))), false},
		"administrator at clients":                {byAssignment(OperatorID, givesRole("administrator", allClients())), false},
		"user":                                    {testPlace(OperatorID, "user"), false},
		"user who was given the right by name":    {byAssignment(OperatorID, gives(RightOperate, wholeOrg())), false},
		"locked administrator":                    {locked, false},
		"administrator who has not accepted":      {invited, false},
		"customer's administrator":                {testPlace("org_other", "administrator"), false},
		"customer's who was given the right":      {byAssignment("org_other", gives(RightOperate, wholeOrg())), false},
		"nobody":                                  {Place{}, false},
		"nobody there, of the operator's company": {Place{Organization: &Organization{ID: OperatorID, TimeZone: "Europe/Helsinki"}}, false},
	} {
		caller := &Caller{Home: c.home, Here: Place{Organization: &Organization{ID: "org_x", TimeZone: "Europe/Helsinki"}}}
		if got := caller.Operates(testProfile, testNow); got != c.want {
			t.Errorf("%s: operates %v", name, got)
		}
		if err := caller.Decide(testProfile, RightOperate, nil, testNow); (err == nil) != c.want || err != nil && !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
		if err := caller.Decide(testProfile, RightSeeUsers, nil, testNow); (err == nil) != c.want || err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s, in a customer's organization: %v", name, err)
		}
		if got := slices.Contains(c.home.Administers(testProfile, testNow), RightOperate); got != c.want {
			t.Errorf("%s: is told that they operate: %v", name, got)
		}
		g := Grounds{Profile: testProfile, Member: c.home, Where: c.home.Organization}
		if got := g.Decide(RightOperate, testNow); (got == Allowed) != c.want {
			t.Errorf("%s: other modules are told %s", name, got)
		}
	}
	// Whoever operates does so from the place that their session names, not from
	// wherever a request happens to be about.
	operator := testPlace(OperatorID, "administrator")
	if err := (&Caller{Home: testPlace("org_other", "user"), Here: operator}).Decide(testProfile, RightOperate, nil, testNow); !errors.Is(err, ErrForbidden) {
		t.Errorf("by a request about the operator's organization: %v", err)
	}
}

func TestDecideSomewhere(t *testing.T) {
	t.Parallel()
	site, client := under("site", "res_11"), oneClient("org_a")
	for name, c := range map[string]struct {
		roles       []RoleKey
		assignments []Assignment
		want        error
	}{
		"in the organization":             {givers("administrator"), nil, nil},
		"by a right in the organization":  {nil, []Assignment{gives(RightSeeResources, wholeOrg())}, nil},
		"by a right on a site":            {nil, []Assignment{gives(RightSeeResources, site)}, nil},
		"by a role on a site":             {nil, []Assignment{givesRole("administrator", site)}, nil},
		"the second of two":               {nil, []Assignment{gives("order", site), gives(RightSeeResources, client, site)}, nil},
		"another right on a site":         {nil, []Assignment{gives("order", site)}, ErrForbidden},
		"at a client":                     {nil, []Assignment{gives(RightSeeResources, client)}, ErrForbidden},
		"at all clients":                  {nil, []Assignment{givesRole("administrator", allClients())}, ErrForbidden},
		"on a type that there was":        {nil, []Assignment{gives(RightSeeResources, under("hangar", "res_1"))}, ErrForbidden},
		"a role that there was":           {nil, []Assignment{givesRole("gone", site)}, ErrForbidden},
		"nothing":                         {nil, nil, ErrForbidden},
		"on a site, where nobody is told": {givers("handler"), []Assignment{gives("order", site)}, ErrForbidden},
	} {
		q := member(c.assignments...).withRoles(c.roles...)
		caller := &Caller{Home: q.Member, Here: q.Member}
		if got := caller.DecideSomewhere(q.Profile, RightSeeResources, testNow); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		// To all who are not let in, the organization is not there.
		q.validity(Validity{Type: Locked})
		if got := caller.DecideSomewhere(q.Profile, RightSeeResources, testNow); !errors.Is(got, ErrNotFound) {
			t.Errorf("%s, but locked: %v", name, got)
		}
		caller.Here.Organization = nil
		if got := caller.DecideSomewhere(q.Profile, RightSeeResources, testNow); !errors.Is(got, ErrNotFound) {
			t.Errorf("%s, of no organization: %v", name, got)
		}
	}
}

// Who may do anything on a resource knows that it is there, and is told that
// they may not. To everybody else it is as if it were not.
func TestXB1_WhoKnowsOfAResource(t *testing.T) {
	t.Parallel()
	site := under("site", "res_11")
	for name, c := range map[string]struct {
		q    question
		sees bool
	}{
		"everything":                      {member().withRoles("administrator"), true},
		"another right on it":             {member(gives("open-gate", site)), true},
		"to see it":                       {member(gives(RightSeeResources, site)), true},
		"to change it":                    {member(gives(RightEditResources, site)), true},
		"to share it":                     {member(gives(RightShareResource, under("number", "res_1"))), true},
		"to see all there are":            {member(gives(RightSeeResources, wholeOrg())), true},
		"a right on its type, everywhere": {member(gives("open-gate", wholeOrg())), true},
		"a right above it":                {member(gives("invoices", under("number", "res_1"))), false},
		"a right below it":                {member(gives("measure", under("object", "res_111"))), false},
		"a right beside it":               {member(gives("open-gate", under("site", "res_12"))), false},
		"a right in the organization":     {member(gives("report", wholeOrg())), false},
		"a right at clients":              {member(gives("open-gate", allClients())), false},
		"nothing":                         {member(), false},
		"a feature that it does not have": {member(gives("open-gate", under("site", "res_12"))).on("res_12"), false},
		"everything, but locked":          {member().withRoles("administrator").validity(Validity{Type: Locked}), false},
		"everything, but suspended":       {member().withRoles("administrator").suspended(true, true), false},
	} {
		if c.q.Resource == nil {
			c.q.on("res_11")
		}
		if got := c.q.Sees(testNow); got != c.sees {
			t.Errorf("%s: sees it %v", name, got)
		}
		caller := &Caller{Home: c.q.Member, Here: c.q.Member}
		err := caller.Decide(c.q.Profile, "of-tomorrow", c.q.Resource, testNow) // which is no right on a site
		if want := map[bool]error{true: ErrForbidden, false: ErrNotFound}[c.sees]; !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if err := caller.Decide(c.q.Profile, "order", c.q.Resource, testNow); err == nil && name != "everything" {
			t.Errorf("%s: may order", name)
		}
	}
	// The operator sees a customer's resources, and no more than that.
	operator := testPlace(OperatorID, "administrator")
	operator.Organization.TimeZone = "Europe/Helsinki"
	caller := &Caller{Home: operator, Here: Place{Organization: decisionOrg(ownOrg)}}
	for right, want := range map[RightKey]error{
		RightSeeResources: nil, RightEditResources: nil, RightShareResource: ErrNotFound, "order": ErrNotFound,
	} {
		if err := caller.Decide(decisionProfile(), right, decisionPlaces["res_11"], testNow); !errors.Is(err, want) {
			t.Errorf("the operator, %s: %v, want %v", right, err, want)
		}
	}
}

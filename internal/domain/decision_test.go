package domain

import (
	"slices"
	"testing"
	"time"
)

// The places: org_own with the numbers 1 (sites 11 and 12, and object 111 in
// site 11) and 2 (site 21), and the clients org_a (site a1 in number a) and org_b.
const (
	ownOrg  OrganizationID = "org_own"
	clientA OrganizationID = "org_a"
	clientB OrganizationID = "org_b"
)

func decisionProfile() *Profile {
	return &Profile{
		Languages: []Language{English},
		ResourceTypes: []ResourceType{
			{Key: "number"}, {Key: "site", Parent: "number", Features: []FeatureKey{"gate"}}, {Key: "object", Parent: "site"},
		},
		Rights: []RightInfo{
			{Key: "order", On: "site"},
			{Key: "open-gate", On: "site", Feature: "gate"},
			{Key: "invoices", On: "number"},
			{Key: "measure", On: "object"},
			{Key: "report"},
			{Key: "see-whole-id", Sensitive: true},
			{Key: "applications", With: "permission"},
			{Key: "permission"},
		},
		Roles: []Role{
			{Key: "administrator", Level: 3, All: true},
			{Key: "superuser", Level: 2, Rights: []RightKey{"order", "open-gate", "invoices", "measure", "report"}},
			{Key: "handler", Level: 1, Rights: []RightKey{"applications"}},
			{Key: "auditor", Level: 1, All: true, Rights: []RightKey{"see-whole-id"}},
		},
		Mandates: []MandateType{
			{Key: "web", Rights: []RightKey{"order", "report", "applications", "permission", RightSeeResources}},
			{Key: "broker", Rights: []RightKey{"report"}},
		},
	}
}

func decisionOrg(id OrganizationID) *Organization {
	return &Organization{ID: id, TimeZone: "Europe/Helsinki"}
}

var decisionPlaces = map[ResourceID]*Resource{
	"res_1":   {ID: "res_1", Organization: ownOrg, Type: "number"},
	"res_11":  {ID: "res_11", Organization: ownOrg, Type: "site", Path: []ResourceID{"res_1"}, Features: []FeatureKey{"gate"}},
	"res_12":  {ID: "res_12", Organization: ownOrg, Type: "site", Path: []ResourceID{"res_1"}},
	"res_111": {ID: "res_111", Organization: ownOrg, Type: "object", Path: []ResourceID{"res_1", "res_11"}},
	"res_2":   {ID: "res_2", Organization: ownOrg, Type: "number"},
	"res_21":  {ID: "res_21", Organization: ownOrg, Type: "site", Path: []ResourceID{"res_2"}},
	"res_a":   {ID: "res_a", Organization: clientA, Type: "number"},
	"res_a1":  {ID: "res_a1", Organization: clientA, Type: "site", Path: []ResourceID{"res_a"}, Features: []FeatureKey{"gate"}},
}

// question is what a decision is asked, put together step by step.
type question struct{ *Grounds }

// member is an active one with these assignments, asked about in their own organization.
func member(assignments ...Assignment) question {
	return question{&Grounds{
		Profile: decisionProfile(), Where: decisionOrg(ownOrg),
		Member: Place{
			Organization: decisionOrg(ownOrg),
			Membership:   &Membership{Organization: ownOrg, Person: "usr_1", ActivatedAt: testNow.Add(-time.Hour), Assignments: assignments},
		},
	}}
}

// withRoles are the roles for the whole organization.
func (q question) withRoles(roles ...RoleKey) question {
	q.Member.Membership.Roles = roles
	return q
}

func (q question) validity(v Validity) question {
	q.Member.Membership.Validity = v
	return q
}

// on turns the question to a resource, at to a client that has given mandates.
func (q question) on(id ResourceID) question {
	q.Resource = decisionPlaces[id]
	return q
}

func (q question) at(client OrganizationID, given ...Mandate) question {
	q.Where, q.Mandates = decisionOrg(client), &Mandates{Principal: client, Agent: ownOrg, Items: given}
	return q
}

func (q question) but(change func(*Grounds)) question {
	change(q.Grounds)
	return q
}

func gives(right RightKey, scopes ...Scope) Assignment {
	return Assignment{Rights: []RightKey{right}, Scopes: scopes}.Sorted()
}

func givesRole(role RoleKey, scopes ...Scope) Assignment {
	return Assignment{Roles: []RoleKey{role}, Scopes: scopes}.Sorted()
}

func wholeOrg() Scope                    { return Scope{Type: InOrganization} }
func allClients() Scope                  { return Scope{Type: ForClients} }
func oneClient(id string) Scope          { return Scope{Type: ForClient, ID: id} }
func under(t ScopeType, id string) Scope { return Scope{Type: t, ID: id} }

// mandate is one without an end.
func mandate(rights ...RightKey) Mandate {
	return Mandate{ID: "man_1", Type: "web", Rights: rights, From: "2026-01-01"}
}

type decisionCase struct {
	name  string
	g     question
	right RightKey
	want  Verdict
}

func decideAll(t *testing.T, cases []decisionCase) {
	t.Helper()
	for _, c := range cases {
		if got := c.g.Decide(c.right, testNow); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDecideVerdicts(t *testing.T) {
	t.Parallel()
	decideAll(t, []decisionCase{
		{"role for the whole organization", member().withRoles("superuser"), "report", Allowed},
		{"right without a role", member(gives("report", wholeOrg())), "report", Allowed},
		{"role in an assignment", member(givesRole("superuser", wholeOrg())), "report", Allowed},
		{"right of Fullmakt's own", member().withRoles("administrator"), RightEditUsers, Allowed},
		{"second assignment, second scope", member(gives("report"), gives("order", under("site", "res_21"), under("site", "res_11"))).on("res_11"), "order", Allowed},
		{"role that the profile no longer has", member().withRoles("gone"), "report", NotAssigned},
		{"nothing at all", member(), "report", NotAssigned},
		{"assignment without a scope", member(gives("report")), "report", NotAssigned},
		{"other right", member(gives("report", wholeOrg())), "permission", NotAssigned},
		{"right on a site, asked of a number", member().withRoles("administrator").on("res_1"), "order", WrongType},
		{"right on the organization, asked of a site", member().withRoles("administrator").on("res_11"), "report", WrongType},
		{"Fullmakt's right on the organization, asked of a site", member().withRoles("administrator").on("res_11"), RightEditUsers, WrongType},
		{"Fullmakt's right on anything, asked of a site", member().withRoles("administrator").on("res_11"), RightSeeResources, Allowed},
		{"Fullmakt's right on anything, given on a site", member(gives(RightShareResource, under("site", "res_11"))).on("res_111"), RightShareResource, Allowed},
		{"Fullmakt's right on anything, given on a site, asked of another", member(gives(RightShareResource, under("site", "res_11"))).on("res_12"), RightShareResource, NotAssigned},
		{"no place", member().withRoles("administrator").but(func(g *Grounds) { g.Where = nil }), "report", UnknownPlaces},
		{"no membership", member().but(func(g *Grounds) { g.Member.Membership = nil }), "report", NoMembership},
		{"no organization of the member's", member().withRoles("administrator").but(func(g *Grounds) { g.Member.Organization = nil }), "report", NotValid},
	})
}

func TestDecideMemberThatMayNotSignIn(t *testing.T) {
	t.Parallel()
	administrator := func() question { return member(gives("report", allClients())).withRoles("administrator") }
	decideAll(t, []decisionCase{
		{"not activated", administrator().but(func(g *Grounds) { g.Member.Membership.ActivatedAt = time.Time{} }), "report", NotValid},
		{"locked", administrator().validity(Validity{Type: Locked}), "report", NotValid},
		{"expired", administrator().validity(Validity{Type: FixedTerm, From: "2026-01-01", To: "2026-05-04"}), "report", NotValid},
		{"upcoming", administrator().validity(Validity{Type: FixedTerm, From: "2026-05-06", To: "2026-12-31"}), "report", NotValid},
		{"last day", administrator().validity(Validity{Type: FixedTerm, From: "2026-01-01", To: "2026-05-05"}), "report", Allowed},
		{"first day", administrator().validity(Validity{Type: FixedTerm, From: "2026-05-05", To: "2026-12-31"}), "report", Allowed},
		{"locked, at a client", administrator().validity(Validity{Type: Locked}).at(clientA, mandate("report")), "report", NotValid},
		{"expired, at a client", administrator().validity(Validity{Type: FixedTerm, From: "2026-01-01", To: "2026-05-04"}).at(clientA, mandate("report")), "report", NotValid},
	})
}

// The member's days are those of the member's organization, whoever the client is.
func TestDecideMembersDaysAreTheirOrganizations(t *testing.T) {
	t.Parallel()
	g := member(gives("report", allClients())).validity(Validity{Type: FixedTerm, From: "2026-05-01", To: "2026-05-31"}).at(clientA, mandate("report"))
	g.Where.TimeZone = "Europe/Oslo"
	midnight := time.Date(2026, 5, 31, 21, 0, 0, 0, time.UTC) // of June 1 in Helsinki, and an hour before it in Oslo
	for now, want := range map[time.Time]Verdict{midnight.Add(-1): Allowed, midnight: NotValid} {
		if got := g.Decide("report", now); got != want {
			t.Errorf("%v: %s, want %s", now, got, want)
		}
	}
}

func TestA18_OrganizationReachesWhatIsMadeLater(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]question{
		"role":       member().withRoles("superuser"),
		"assignment": member(gives("order", wholeOrg())),
	} {
		g.Resource = &Resource{ID: "res_later", Organization: ownOrg, Type: "site", Path: []ResourceID{"res_of_tomorrow"}}
		if got := g.Decide("order", testNow); got != Allowed {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestP06_AllIncludesRightsOfLater(t *testing.T) {
	t.Parallel()
	g := member().withRoles("administrator")
	g.Profile.Rights = append(g.Profile.Rights, RightInfo{Key: "module-of-tomorrow"})
	if got := g.Decide("module-of-tomorrow", testNow); got != Allowed {
		t.Error(got)
	}
}

func TestXC4_AllNeverIncludesWhatIsSensitive(t *testing.T) {
	t.Parallel()
	sensitiveFromNowOn := member().withRoles("administrator")
	sensitiveFromNowOn.Profile.Rights[4].Sensitive = true
	decideAll(t, []decisionCase{
		{"role of all rights", member().withRoles("administrator"), "see-whole-id", NotAssigned},
		{"role of all rights, in an assignment", member(givesRole("administrator", wholeOrg())), "see-whole-id", NotAssigned},
		{"right that became sensitive", sensitiveFromNowOn, "report", NotAssigned},
		{"role of all rights that also names it", member().withRoles("auditor"), "see-whole-id", Allowed},
		{"given by itself beside all", member(gives("see-whole-id", wholeOrg())).withRoles("administrator"), "see-whole-id", Allowed},
	})
}

// The operator's right is held in the operator's organization and nowhere else.
func TestXC4_AllOfACustomerIsNotTheOperators(t *testing.T) {
	t.Parallel()
	operator := member().withRoles("administrator")
	operator.Member.Membership.Organization, operator.Member.Organization.ID, operator.Where.ID = OperatorID, OperatorID, OperatorID
	decideAll(t, []decisionCase{
		{"customer's administrator", member().withRoles("administrator"), RightOperate, NotAssigned},
		{"operator's administrator", operator, RightOperate, Allowed},
	})
}

// An assignment on a resource reaches it and all below, nothing beside and nothing above.
func TestA23_ResourceReachesWhatIsBelow(t *testing.T) {
	t.Parallel()
	number, site := under("number", "res_1"), under("site", "res_11")
	decideAll(t, []decisionCase{
		{"the number itself", member(gives("invoices", number)).on("res_1"), "invoices", Allowed},
		{"site in the number", member(gives("order", number)).on("res_11"), "order", Allowed},
		{"object in a site in the number", member(gives("measure", number)).on("res_111"), "measure", Allowed},
		{"by a role", member(givesRole("superuser", number)).on("res_12"), "order", Allowed},
		{"site of another number", member(givesRole("superuser", number)).on("res_21"), "order", NotAssigned},
		{"another number", member(givesRole("superuser", number)).on("res_2"), "invoices", NotAssigned},
		{"the organization above", member(givesRole("superuser", number)), "report", NotAssigned},
		{"the site itself", member(givesRole("superuser", site)).on("res_11"), "order", Allowed},
		{"object in the site", member(givesRole("superuser", site)).on("res_111"), "measure", Allowed},
		{"site beside it", member(givesRole("superuser", site)).on("res_12"), "order", NotAssigned},
		{"number above it", member(givesRole("superuser", site)).on("res_1"), "invoices", NotAssigned},
		{"object, asked of the site above", member(gives("order", under("object", "res_111"))).on("res_11"), "order", NotAssigned},
		{"site of an id that begins alike", member(gives("order", under("site", "res_1"))).on("res_21"), "order", NotAssigned},
	})
}

func TestA34_RightAsksForAFeature(t *testing.T) {
	t.Parallel()
	without := decisionPlaces["res_12"]
	given := *without
	given.Features = []FeatureKey{"camera", "gate"}
	decideAll(t, []decisionCase{
		{"site with a gate", member().withRoles("superuser").on("res_11"), "open-gate", Allowed},
		{"site without", member().withRoles("superuser").on("res_12"), "open-gate", NoFeature},
		{"site that was given one", member().withRoles("superuser").but(func(g *Grounds) { g.Resource = &given }), "open-gate", Allowed},
		{"the organization, which has none", member().withRoles("superuser"), "open-gate", NoFeature},
		{"right that asks for none", member().withRoles("superuser").on("res_12"), "order", Allowed},
		{"not given at all", member().on("res_11"), "open-gate", NotAssigned},
	})
}

func TestI21_RoleAsksForThePermissionBesideIt(t *testing.T) {
	t.Parallel()
	decideAll(t, []decisionCase{
		{"the role alone", member().withRoles("handler"), "applications", WithoutOther},
		{"the permission alone", member(gives("permission", wholeOrg())), "applications", NotAssigned},
		{"both", member(gives("permission", wholeOrg())).withRoles("handler"), "applications", Allowed},
		{"the permission, which asks for nothing", member(gives("permission", wholeOrg())), "permission", Allowed},
		{"the permission elsewhere", member(gives("permission", allClients())).withRoles("handler"), "applications", WithoutOther},
		{
			"both at a client",
			member(givesRole("handler", allClients()), gives("permission", oneClient("org_a"))).at(clientA, mandate("applications", "permission")),
			"applications", Allowed,
		},
		{
			"the permission at another client",
			member(givesRole("handler", allClients()), gives("permission", oneClient("org_b"))).at(clientA, mandate("applications", "permission")),
			"applications", WithoutOther,
		},
		// Held is what the member can use, and the mandate has no room for it.
		{
			"the permission above the client's mandate",
			member(givesRole("handler", allClients()), gives("permission", allClients())).at(clientA, mandate("applications")),
			"applications", WithoutOther,
		},
	})
}

func TestV17_WithoutAMandateNothingIsHeldElsewhere(t *testing.T) {
	t.Parallel()
	everything := func() question {
		return member(givesRole("administrator", wholeOrg(), allClients(), oneClient("org_a"))).withRoles("administrator")
	}
	// between is the only mandate that is found, whoever it is from and to.
	between := func(principal, agent OrganizationID) question {
		return everything().at(clientA, mandate("report")).but(func(g *Grounds) { g.Mandates.Principal, g.Mandates.Agent = principal, agent })
	}
	revoked := mandate("report")
	revoked.RevokedAt = testNow.Add(-time.Minute)
	decideAll(t, []decisionCase{
		{"nothing between the two", everything().at(clientA).but(func(g *Grounds) { g.Mandates = nil }), "report", NoMandate},
		{"no mandate", everything().at(clientA), "report", NoMandate},
		{"mandate of another client", between(clientB, ownOrg), "report", NoMandate},
		{"mandate to another agent", between(clientA, clientB), "report", NoMandate},
		{"mandate in the other direction", between(ownOrg, clientA), "report", NoMandate},
		{"revoked mandate", everything().at(clientA, revoked), "report", NoMandate},
		{"a revoked one and one that counts", everything().at(clientA, revoked, mandate("report")), "report", Allowed},
		{"the own organization needs none", everything(), "report", Allowed},
	})
}

func TestV23_CompanyBasedReachesThatClientOnly(t *testing.T) {
	t.Parallel()
	g := func() question {
		return member(gives("report", oneClient("org_a")), gives("order", oneClient("org_b")))
	}
	decideAll(t, []decisionCase{
		{"this right at this client", g().at(clientA, mandate("report", "order")), "report", Allowed},
		{"the other's right at this client", g().at(clientA, mandate("report", "order")), "order", NotAssigned},
		{"this right at the other client", g().at(clientB, mandate("report", "order")), "report", NotAssigned},
		{"a resource of the client's", member(gives("order", oneClient("org_a"))).at(clientA, mandate("order")).on("res_a1"), "order", Allowed},
		{"in the own organization", g(), "report", NotAssigned},
		{"the own organization as if a client", member(gives("report", oneClient("org_own"))), "report", NotAssigned},
	})
}

func TestV26_RoleBasedReachesEveryClient(t *testing.T) {
	t.Parallel()
	for _, client := range []OrganizationID{clientA, clientB, "org_of_tomorrow"} {
		g := member(gives("report", allClients())).at(client, mandate("report"))
		if got := g.Decide("report", testNow); got != Allowed {
			t.Errorf("%s: %s", client, got)
		}
	}
}

func TestV30_RoleBasedNeverReachesTheOwnOrganization(t *testing.T) {
	t.Parallel()
	decideAll(t, []decisionCase{
		{"the organization", member(gives("report", allClients())), "report", NotAssigned},
		{"a resource in it", member(givesRole("administrator", allClients())).on("res_11"), "order", NotAssigned},
		{"with a mandate that it gave itself", member(gives("report", allClients())).at(ownOrg, mandate("report")), "report", NotAssigned},
	})
}

func TestV31_OwnScopesNeverReachAClient(t *testing.T) {
	t.Parallel()
	everything := mandate("report", "order", RightSeeResources)
	decideAll(t, []decisionCase{
		{"role for the whole organization", member().withRoles("administrator").at(clientA, everything), "report", NotAssigned},
		{"scope organization", member(gives("report", wholeOrg())).at(clientA, everything), "report", NotAssigned},
		{"on a resource of the client's", member(gives("order", wholeOrg())).at(clientA, everything).on("res_a1"), "order", NotAssigned},
		{"scope of the client's own resource", member(gives("order", under("site", "res_a1"))).at(clientA, everything).on("res_a1"), "order", NotAssigned},
		{"scope of the client's number", member(gives(RightSeeResources, under("number", "res_a"))).at(clientA, everything).on("res_a1"), RightSeeResources, NotAssigned},
	})
}

// The ceiling is each client's own, whichever way the right was given. It is
// also XC2: what was given above it is refused when it is used.
func TestV25_V29_CeilingOfEachClient(t *testing.T) {
	t.Parallel()
	for way, scope := range map[string][]Scope{
		"role-based":    {allClients()},
		"company-based": {oneClient("org_a"), oneClient("org_b")},
		"both":          {allClients(), oneClient("org_a"), oneClient("org_b")},
	} {
		g := func() question { return member(givesRole("administrator", scope...), gives("order", scope...)) }
		broker := mandate("report", "order")
		broker.Type = "broker"
		ofNoType := mandate("report")
		ofNoType.Type = "gone"
		decideAll(t, []decisionCase{
			{way + ": within A's", g().at(clientA, mandate("report", "order")), "report", Allowed},
			{way + ": above A's", g().at(clientA, mandate("report")), "order", AboveMandate},
			{way + ": A's room is not B's", g().at(clientB, mandate("report")), "order", AboveMandate},
			{way + ": nor is it looked at", g().at(clientB).but(func(g *Grounds) {
				*g.Mandates = Mandates{Principal: clientA, Agent: ownOrg, Items: []Mandate{mandate("order")}}
			}), "order", NoMandate},
			{way + ": within B's", g().at(clientB, mandate("report")), "report", Allowed},
			{way + ": above B's type", g().at(clientB, broker), "order", AboveMandate},
			{way + ": two mandates add up", g().at(clientA, mandate("report"), mandate("order")), "order", Allowed},
			{way + ": an empty one", g().at(clientA, mandate()), "report", AboveMandate},
			{way + ": of a type that is gone", g().at(clientA, ofNoType), "report", AboveMandate},
			{way + ": Fullmakt's own right, which none gives", g().at(clientA, mandate("report")), RightEditUsers, AboveMandate},
			{way + ": a right of later, which no mandate gives", g().at(clientA, mandate("report")), "module-of-tomorrow", AboveMandate},
			{way + ": on a client's resource", g().at(clientA, mandate("order")).on("res_a1"), "order", Allowed},
			{way + ": above it on a client's resource", g().at(clientA, mandate("report")).on("res_a1"), "order", AboveMandate},
		})
	}
}

// The member is the same throughout; only the mandates change. Also XC3 and XC14.
func TestV28_MandatesExtendAndNarrowWithoutAnEdit(t *testing.T) {
	t.Parallel()
	g := member(gives("report", allClients()), gives("order", allClients())).at(clientA)
	before := *g.Member.Membership
	given := &g.Mandates.Items
	for _, step := range []struct {
		name          string
		change        func()
		report, order Verdict
	}{
		{"none yet", func() {}, NoMandate, NoMandate},
		{"a first", func() { *given = append(*given, mandate("report")) }, Allowed, AboveMandate},
		{"a second, with more", func() { *given = append(*given, mandate("report", "order")) }, Allowed, Allowed},
		{"the second shrinks", func() { (*given)[1].Rights = []RightKey{"report"} }, Allowed, AboveMandate},
		{"and grows", func() { (*given)[1].Rights = []RightKey{"order"} }, Allowed, Allowed},
		{"the first is revoked", func() { (*given)[0].RevokedAt = testNow }, AboveMandate, Allowed},
		{"the second is", func() { (*given)[1].RevokedAt = testNow }, NoMandate, NoMandate},
	} {
		step.change()
		report, order := g.Decide("report", testNow), g.Decide("order", testNow)
		if report != step.report || order != step.order {
			t.Errorf("%s: report %s, want %s; order %s, want %s", step.name, report, step.report, order, step.order)
		}
	}
	if after := g.Member.Membership; !slices.EqualFunc(before.Assignments, after.Assignments, func(a, b Assignment) bool {
		return slices.Equal(a.Rights, b.Rights) && slices.Equal(a.Scopes, b.Scopes)
	}) {
		t.Error("a decision changed the member")
	}
}

func TestXC2_ProfileThatTakesARightFromTheTypeNarrowsOlderMandates(t *testing.T) {
	t.Parallel()
	g := member(gives("order", allClients()), gives("report", oneClient("org_a"))).at(clientA, mandate("order", "report"))
	for _, right := range []RightKey{"order", "report"} {
		if got := g.Decide(right, testNow); got != Allowed {
			t.Fatalf("%s before: %s", right, got)
		}
	}
	g.Profile.Mandates[0].Rights = []RightKey{"report"}
	for right, want := range map[RightKey]Verdict{"order": AboveMandate, "report": Allowed} {
		if got := g.Decide(right, testNow); got != want {
			t.Errorf("%s after: %s, want %s", right, got, want)
		}
	}
}

// First and last day are the principal's, of 23 and 25 hours too, and never the agent's.
func TestXC13_MandateDaysAreThePrincipals(t *testing.T) {
	t.Parallel()
	utc := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
	}
	for _, c := range []struct {
		zone       string
		from, to   Date
		begin, end time.Time // the first instant, and the first after it
	}{
		{"Europe/Helsinki", "2026-05-05", "2026-05-05", utc(5, 4, 21), utc(5, 5, 21)},
		{"Europe/Oslo", "2026-05-05", "2026-05-05", utc(5, 4, 22), utc(5, 5, 22)},
		{"Europe/Stockholm", "2026-01-01", "2026-01-31", time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC), utc(1, 31, 23)},
		{"Europe/Helsinki", "2026-03-29", "2026-03-29", utc(3, 28, 22), utc(3, 29, 21)},
		{"Europe/Oslo", "2026-03-29", "2026-03-29", utc(3, 28, 23), utc(3, 29, 22)},
		{"Europe/Mariehamn", "2026-10-25", "2026-10-25", utc(10, 24, 21), utc(10, 25, 22)},
		{"Europe/Stockholm", "2026-10-25", "2026-10-25", utc(10, 24, 22), utc(10, 25, 23)},
	} {
		m := mandate("report")
		m.From, m.To = c.from, c.to
		g := member(gives("report", allClients())).at(clientA, m)
		g.Where.TimeZone, g.Member.Organization.TimeZone = c.zone, "Pacific/Auckland"
		for now, want := range map[time.Time]Verdict{c.begin.Add(-1): NoMandate, c.begin: Allowed, c.end.Add(-1): Allowed, c.end: NoMandate} {
			if now = now.In(time.FixedZone("", -5*3600)); g.Decide("report", now) != want {
				t.Errorf("%s to %s in %s, at %v: %s, want %s", c.from, c.to, c.zone, now.UTC(), g.Decide("report", now), want)
			}
		}
		g.Mandates.Items[0].To = ""
		if got := g.Decide("report", c.end.AddDate(70, 0, 0)); got != Allowed {
			t.Errorf("without a last day: %s", got)
		}
	}
}

func TestXB1_ResourceOfAnotherOrganization(t *testing.T) {
	t.Parallel()
	decideAll(t, []decisionCase{
		{"client's resource in the own organization", member().withRoles("administrator").on("res_a1"), "order", UnknownPlaces},
		{"own resource at a client", member(gives("order", allClients())).at(clientA, mandate("order")).on("res_11"), "order", UnknownPlaces},
		{"one client's resource at another", member(gives("order", allClients())).at(clientB, mandate("order")).on("res_a1"), "order", UnknownPlaces},
		{"named by a scope", member(gives("order", under("site", "res_a1"))).on("res_a1"), "order", UnknownPlaces},
	})
}

// Somebody who is out learns no more than that, and of a place that is not
// there nobody learns anything.
func TestDecideOrderOfReasons(t *testing.T) {
	t.Parallel()
	decideAll(t, []decisionCase{
		{"locked, foreign resource", member().validity(Validity{Type: Locked}).on("res_a1"), "order", UnknownPlaces},
		{"locked, no mandate, not given", member().validity(Validity{Type: Locked}).at(clientA), "report", NotValid},
		{"no mandate, not given", member().at(clientA), "report", NoMandate},
		{"above, not given", member().at(clientA, mandate()), "report", AboveMandate},
	})
}

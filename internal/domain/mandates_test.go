package domain_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// give is a request to let the organization of a business id act for another one.
func (w *world) give(by domain.PersonID, principal domain.OrganizationID, agent string, in domain.NewMandate) (*domain.Mandate, error) {
	w.Helper()
	var given *domain.Mandate
	want := domain.Want{Organization: principal}
	want.ForMandate(domain.OrganizationClaim{Country: "FI", BusinessID: agent})
	err := w.request(by, want, func(c *domain.Change, s *domain.Scene) (err error) {
		_, given, err = domain.GiveMandate(w.Context(), w.store, c, s, w.profile, in)
		return err
	})
	return given, err
}

func (w *world) update(by domain.PersonID, principal domain.OrganizationID, id domain.MandateID, in domain.MandatePatch) error {
	w.Helper()
	return w.request(by, domain.Want{Organization: principal}, func(c *domain.Change, s *domain.Scene) error {
		all, one, err := domain.FindMandate(w.Context(), w.store, principal, id)
		if err != nil {
			return err
		}
		_, err = domain.UpdateMandate(c, s, w.profile, all, one, in)
		return err
	})
}

func (w *world) revoke(by domain.PersonID, principal domain.OrganizationID, id domain.MandateID) error {
	w.Helper()
	return w.request(by, domain.Want{Organization: principal}, func(c *domain.Change, s *domain.Scene) error {
		all, one, err := domain.FindMandate(w.Context(), w.store, principal, id)
		if err != nil {
			return err
		}
		return domain.RevokeMandate(c, s, all, one)
	})
}

func (w *world) find(principal domain.OrganizationID, id domain.MandateID) *domain.Mandate {
	w.Helper()
	_, m, err := domain.FindMandate(w.Context(), w.store, principal, id)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// Nobody hands on what they do not hold, to whom, or for how long.
func TestXC2_GivingAMandate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alpha, beta := w.organization("Alpha"), w.organization("Beta")
	boss, keeper := w.user(alpha, "administrator"), w.user(alpha, "keeper")
	clerk := w.userWith(alpha, domain.Membership{ActivatedAt: noon, Assignments: []domain.Assignment{rights(keys(domain.RightEditMandates, "report"), whole)}})
	onSite := w.userWith(alpha, domain.Membership{ActivatedAt: noon, Roles: []domain.RoleKey{"attestant", "clerk"}, Assignments: []domain.Assignment{rights(keys("order"), clients)}})
	operator := w.operator()
	simple := func(rights ...domain.RightKey) domain.NewMandate {
		return domain.NewMandate{Type: "web", Rights: rights}
	}
	until := func(from, to domain.Date) domain.NewMandate {
		return domain.NewMandate{Type: "web", Rights: keys("report"), From: from, To: to}
	}
	for _, c := range []struct {
		name  string
		by    domain.PersonID
		agent string
		in    domain.NewMandate
		want  error
	}{
		{"all that they hold", boss, "Beta", simple("report", "order"), nil},
		{"by a role", keeper, "Beta", simple("report", "order"), nil},
		{"a part", clerk, "Beta", simple("report"), nil},
		{"more than they hold", clerk, "Beta", simple("report", "order"), domain.ErrRightNotYours},
		{"what they hold elsewhere only", onSite, "Beta", simple("order"), nil}, // as clerks they hold it here too
		{"what the profile does not have", boss, "Beta", simple("fax"), domain.ErrScope},
		{"what is sensitive", boss, "Beta", simple("secret"), domain.ErrRightNotYours},
		{"by the operator, who holds nothing here", operator, "Beta", simple("report", "order"), nil},
		{"to nobody known", boss, "Gamma", simple("report"), domain.ErrNoOrganization},
		{"to themselves", boss, "Alpha", simple("report"), domain.ErrMandateSelf},
		{"to themselves, by the operator", operator, "Alpha", simple("report"), domain.ErrMandateSelf},
		{"from now on", boss, "Beta", until("", ""), nil},
		{"for today", boss, "Beta", until("2026-05-05", "2026-05-05"), nil},
		{"from long ago", boss, "Beta", until("2020-01-01", "2026-05-05"), nil},
		{"later", boss, "Beta", until("2027-01-01", "2027-01-01"), nil},
	} {
		_, err := w.give(c.by, alpha, c.agent, c.in)
		w.is(c.name, err, c.want)
	}
	for name, in := range map[string]domain.NewMandate{
		"until yesterday": until("2026-01-01", "2026-05-04"), "backwards": until("2026-06-02", "2026-06-01"), "from now on until yesterday": until("", "2026-05-04"),
	} {
		_, err := w.give(boss, alpha, "Beta", in)
		w.faulty(name, err, "/to")
	}
	if got := len(w.load(domain.Want{Organization: alpha, Agents: []domain.OrganizationID{beta}}).Agents[beta].Given.Items); got != 9 {
		t.Errorf("%d mandates, want 9", got)
	}
	// Both are told, and by whom.
	for _, org := range []domain.OrganizationID{alpha, beta} {
		if actions := w.audit(org); len(actions) != 9 || slices.ContainsFunc(actions, func(a domain.Action) bool { return a != domain.MandateGiven }) {
			t.Errorf("the audit of %s: %v", org, actions)
		}
	}
}

// Today is the principal's, and the agent's list stands in the agent's alphabet.
func TestXC13_MandateFromTodayIsThePrincipals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = time.Date(2026, 5, 5, 21, 30, 0, 0, time.UTC) // May 6 in Helsinki
	alpha, beta := w.organization("Alpha"), w.organization("Beta")
	boss := w.user(alpha, "administrator")
	b := w.load(domain.Want{Organization: beta}).Organization
	b.Country, b.TimeZone = "NO", "Europe/Oslo"
	w.write(b)
	m, err := w.give(boss, alpha, "Beta", domain.NewMandate{Type: "web", Rights: keys("report"), To: "2026-05-06"})
	w.is("given", err, nil)
	if m.From != "2026-05-06" || !w.find(alpha, m.ID).HoldsAt(w.now, (&domain.Organization{TimeZone: "Europe/Helsinki"}).Zone()) {
		t.Errorf("%+v", m)
	}
	all := w.load(domain.Want{Organization: beta, Clients: []domain.OrganizationID{alpha}}).Clients[alpha].Mandates
	if all.Name != "Alpha" || all.Alphabet != domain.Norwegian {
		t.Errorf("%s in %s", all.Name, all.Alphabet)
	}
}

// Of two organizations only one acts for the other at a time; what is over, or
// was revoked, is in nobody's way.
func TestV19_MandatesMakeNoCircle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alpha, beta := w.organization("Alpha"), w.organization("Beta")
	a, b := w.user(alpha, "administrator"), w.user(beta, "administrator")
	in := domain.NewMandate{Type: "web", Rights: keys("report")}
	first, err := w.give(a, alpha, "Beta", in)
	w.is("there", err, nil)
	_, err = w.give(b, beta, "Alpha", in)
	w.is("and back", err, domain.ErrMandateCycle)
	w.is("revoked", w.revoke(a, alpha, first.ID), nil)
	later := in
	later.From, later.To = "2026-05-07", "2026-05-08"
	second, err := w.give(b, beta, "Alpha", later)
	w.is("and back, later", err, nil)
	_, err = w.give(a, alpha, "Beta", in)
	w.is("there, before it begins", err, domain.ErrMandateCycle)
	w.is("the other one's is not theirs to revoke", w.revoke(a, alpha, second.ID), domain.ErrNotFound)
	w.now = time.Date(2026, 5, 8, 20, 59, 59, 0, time.UTC)
	w.signIn(a)
	_, err = w.give(a, alpha, "Beta", in)
	w.is("there, in the last second", err, domain.ErrMandateCycle)
	w.now = w.now.Add(time.Second)
	_, err = w.give(a, alpha, "Beta", in)
	w.is("there, once it is over", err, nil)
}

// Two organizations that give each other a mandate at the same moment: one of
// them is second.
func TestV19_MandatesMakeNoCircleAtTheSameMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alpha, beta := w.organization("Alpha"), w.organization("Beta")
	a, b := w.user(alpha, "administrator"), w.user(beta, "administrator")
	prepare := func(by domain.PersonID, principal domain.OrganizationID, agent string) *domain.Change {
		want := domain.Want{Organization: principal}
		want.ForMandate(domain.OrganizationClaim{Country: "FI", BusinessID: agent})
		c, err := w.begin(by, want, func(c *domain.Change, s *domain.Scene) error {
			_, _, err := domain.GiveMandate(t.Context(), w.store, c, s, w.profile, domain.NewMandate{Type: "web", Rights: keys("report")})
			return err
		})
		w.is("prepared", err, nil)
		return c
	}
	for round := range 2 { // once from nothing, once from mandates that were revoked
		there, back := prepare(a, alpha, "Beta"), prepare(b, beta, "Alpha")
		w.is("who is first", w.commit(there), nil)
		w.is("who is second", w.commit(back), domain.ErrContended)
		all := w.load(domain.Want{Organization: alpha, Agents: []domain.OrganizationID{beta}}).Agents[beta]
		if len(all.Given.Items) != round+1 || len(all.Received.Items) != 0 {
			t.Errorf("%+v", all)
		}
		w.is("revoked", w.revoke(a, alpha, all.Given.Items[round].ID), nil)
	}
}

// Who uses the portal is not found out by trying.
func TestXA4_UnknownAgentsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alpha := w.organization("Alpha")
	w.organization("Beta")
	boss, operator := w.user(alpha, "administrator"), w.operator()
	in := domain.NewMandate{Type: "web", Rights: keys("report")}
	misses := 0
	for ; misses < 100; misses++ {
		if _, err := w.give(boss, alpha, fmt.Sprint("Nobody ", misses), in); domain.KindOf(err) == domain.Throttled {
			break
		}
	}
	if misses < 5 || misses > 30 {
		t.Errorf("%d tries were answered", misses)
	}
	_, err := w.give(boss, alpha, "Beta", in)
	w.is("one that is here, after all these", err, domain.ErrThrottled)
	_, err = w.give(operator, alpha, "Nobody", in)
	w.is("the operator", err, domain.ErrNoOrganization)
	w.now = w.now.Add(25 * time.Hour)
	w.signIn(boss)
	_, err = w.give(boss, alpha, "Beta", in)
	w.is("the next day", err, nil)
}

// There are only so many between two; those that are over make room.
func TestMandatesBetweenTwoAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alpha, beta := w.organization("Alpha"), w.organization("Beta")
	boss := w.user(alpha, "administrator")
	in := domain.NewMandate{Type: "web", Rights: keys("report")}
	var first *domain.Mandate
	for i := range domain.MaxMandates {
		m, err := w.give(boss, alpha, "Beta", in)
		w.is("given", err, nil)
		if i == 0 {
			first = m
		}
	}
	_, err := w.give(boss, alpha, "Beta", in)
	w.is("one more", err, domain.ErrTooMuch)
	w.is("one is revoked", w.revoke(boss, alpha, first.ID), nil)
	last, err := w.give(boss, alpha, "Beta", in)
	w.is("one in its place", err, nil)
	given := w.load(domain.Want{Organization: alpha, Agents: []domain.OrganizationID{beta}}).Agents[beta].Given.Items
	if len(given) != domain.MaxMandates || given[len(given)-1].ID != last.ID || given[0].ID == first.ID {
		t.Errorf("%d mandates, from %s to %s", len(given), given[0].ID, given[len(given)-1].ID)
	}
}

// Whoever lets a mandate give more, or last longer, gives; whoever narrows it
// does not.
func TestXC5_ChangingAMandate(t *testing.T) {
	t.Parallel()
	date := func(d domain.Date) *domain.Date { return &d }
	list := func(k ...domain.RightKey) *[]domain.RightKey { return &k }
	for name, c := range map[string]struct {
		in        domain.MandatePatch
		boss      error // who holds all of it
		reporter  error // who holds reports only
		pointer   string
		unchanged bool
	}{
		"more rights":             {in: domain.MandatePatch{Rights: list("report", "order", domain.RightSeeResources)}, boss: nil, reporter: domain.ErrRightNotYours},
		"a right that they hold":  {in: domain.MandatePatch{Rights: list("order", "report")}, boss: nil, reporter: nil},
		"less":                    {in: domain.MandatePatch{Rights: list("report")}},
		"nothing":                 {in: domain.MandatePatch{Rights: list()}},
		"the same":                {in: domain.MandatePatch{Rights: list("order"), To: date("2026-12-31")}, unchanged: true},
		"no change":               {in: domain.MandatePatch{}, unchanged: true},
		"longer":                  {in: domain.MandatePatch{To: date("2027-01-01")}, reporter: domain.ErrRightNotYours},
		"without an end":          {in: domain.MandatePatch{To: date("")}, reporter: domain.ErrRightNotYours},
		"shorter":                 {in: domain.MandatePatch{To: date("2026-05-05")}},
		"longer, and less":        {in: domain.MandatePatch{Rights: list("report"), To: date("2027-01-01")}},
		"shorter, and more":       {in: domain.MandatePatch{Rights: list("order", domain.RightSeeResources), To: date("2026-06-01")}, reporter: domain.ErrRightNotYours},
		"until yesterday":         {in: domain.MandatePatch{To: date("2026-05-04")}, pointer: "/to"},
		"until before it began":   {in: domain.MandatePatch{To: date("2019-01-01")}, pointer: "/to"},
		"what the type has not":   {in: domain.MandatePatch{Rights: list("order", "invoices")}, pointer: "/rights/1"},
		"what no profile has":     {in: domain.MandatePatch{Rights: list("fax")}, pointer: "/rights/0"},
		"what is in another type": {in: domain.MandatePatch{Rights: list("attest")}, pointer: "/rights/0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, holdsAll := range []bool{true, false} {
				w := newWorld(t)
				w.profile.Mandates = append(w.profile.Mandates, domain.MandateType{Key: "other", Rights: keys("attest")})
				w.profile.Mandates[0].Rights = keys("report", "order", domain.RightSeeResources)
				alpha := w.organization("Alpha")
				w.organization("Beta")
				operator, want, by := w.operator(), c.boss, w.user(alpha, "administrator")
				if !holdsAll {
					want = c.reporter
					by = w.userWith(alpha, domain.Membership{ActivatedAt: noon, Assignments: []domain.Assignment{rights(keys(domain.RightEditMandates, "report"), whole)}})
				}
				m, err := w.give(operator, alpha, "Beta", domain.NewMandate{Type: "web", Rights: keys("order"), From: "2026-01-01", To: "2026-12-31"})
				w.is("given", err, nil)
				err = w.update(by, alpha, m.ID, c.in)
				now := w.find(alpha, m.ID)
				if c.pointer != "" {
					w.faulty(name, err, c.pointer)
				} else {
					w.is(fmt.Sprintf("%s, who holds all %v", name, holdsAll), err, want)
				}
				written := now.Revision == 2
				if written != (c.pointer == "" && want == nil && !c.unchanged) {
					t.Errorf("holds all %v: revision %d", holdsAll, now.Revision)
				}
				if written && (c.in.Rights != nil && !slices.Equal(now.Rights, *c.in.Rights) || c.in.To != nil && now.To != *c.in.To) {
					t.Errorf("holds all %v: %+v", holdsAll, now)
				}
			}
		})
	}
}

// What is over stays over.
func TestMandateThatIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alpha := w.organization("Alpha")
	w.organization("Beta")
	boss := w.user(alpha, "administrator")
	revoked, err := w.give(boss, alpha, "Beta", domain.NewMandate{Type: "web", Rights: keys("report")})
	w.is("given", err, nil)
	ended, err := w.give(boss, alpha, "Beta", domain.NewMandate{Type: "web", Rights: keys("report"), To: "2026-05-05"})
	w.is("given", err, nil)
	w.is("revoked", w.revoke(boss, alpha, revoked.ID), nil)
	w.now = time.Date(2026, 5, 5, 21, 0, 0, 0, time.UTC) // the next day
	w.signIn(boss)
	to := domain.Date("2027-01-01")
	for name, id := range map[string]domain.MandateID{"revoked": revoked.ID, "ended": ended.ID} {
		w.is(name+", changed", w.update(boss, alpha, id, domain.MandatePatch{To: &to}), domain.ErrMandateOver)
		w.is(name+", revoked", w.revoke(boss, alpha, id), domain.ErrMandateOver)
	}
	w.is("unknown, revoked", w.revoke(boss, alpha, domain.NewMandateID(noon)), domain.ErrNotFound)
	if actions := w.audit(alpha); len(actions) != 3 {
		t.Errorf("audit %v", actions)
	}
}

// What an agent's people may do for a client follows the mandate, whatever they
// were given: nothing of them is edited in between.
func TestV28_MandatesReachTheAgentsPeopleAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alpha, beta := w.organization("Alpha"), w.organization("Beta")
	boss := w.user(alpha, "administrator")
	clerk := w.userWith(beta, domain.Membership{ActivatedAt: noon, Assignments: []domain.Assignment{rights(keys("report", "order"), clients)}})
	site := w.site(alpha)
	revision := w.member(beta, clerk).Revision
	check := func(step string, report, order domain.Verdict) {
		t.Helper()
		if got := w.may(clerk, beta, alpha, nil, "report"); got != report {
			t.Errorf("%s: report %s, want %s", step, got, report)
		}
		if got := w.may(clerk, beta, alpha, site, "order"); got != order {
			t.Errorf("%s: order %s, want %s", step, got, order)
		}
		if got := w.may(clerk, beta, beta, nil, "report"); got != domain.NotAssigned {
			t.Errorf("%s: in their own organization %s", step, got)
		}
	}
	check("before", domain.NoMandate, domain.NoMandate)
	m, err := w.give(boss, alpha, "Beta", domain.NewMandate{Type: "web", Rights: keys("report")})
	w.is("given", err, nil)
	check("given", domain.Allowed, domain.AboveMandate)
	w.is("grown", w.update(boss, alpha, m.ID, domain.MandatePatch{Rights: &[]domain.RightKey{"order"}}), nil)
	check("another right", domain.AboveMandate, domain.Allowed)
	org := w.load(domain.Want{Organization: alpha}).Organization
	org.Suspended = true
	w.write(org)
	check("suspended", domain.Suspended, domain.Suspended)
	org = w.load(domain.Want{Organization: alpha}).Organization
	org.Suspended = false
	w.write(org)
	w.is("revoked", w.revoke(boss, alpha, m.ID), nil)
	check("revoked", domain.NoMandate, domain.NoMandate)
	if got := w.member(beta, clerk).Revision; got != revision {
		t.Errorf("the clerk was edited: revision %d", got)
	}
}

// A mandate that is revoked, or narrowed, while something is being given under
// it: the giving does not stand.
func TestXC11_MandateGoesWhileSomethingIsGivenUnderIt(t *testing.T) {
	t.Parallel()
	invite := func(w *world, client domain.OrganizationID) act {
		return func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.Invite(w.Context(), w.store, c, s, w.profile, domain.Invitation{
				Card:  domain.Card{GivenName: "A", FamilyName: "B", Email: "new@example.com", Language: domain.English},
				Roles: []domain.RoleKey{"clerk"}, Assignments: []domain.Assignment{rights(keys("report"), at(client))},
			})
			return err
		}
	}
	for path, c := range map[string]struct {
		removed bool
		want    func(w *world, org, client domain.OrganizationID, user domain.PersonID) domain.Want
		do      func(w *world, client domain.OrganizationID) act
	}{
		"an assignment": {
			want: func(_ *world, org, _ domain.OrganizationID, user domain.PersonID) domain.Want {
				return domain.Want{Organization: org, User: user}
			},
			do: func(w *world, client domain.OrganizationID) act {
				return func(c *domain.Change, s *domain.Scene) error {
					_, err := domain.ReplaceAssignments(w.Context(), w.store, c, s, w.profile, []domain.Assignment{rights(keys("report"), at(client))})
					return err
				}
			},
		},
		"an invitation": {
			want: func(_ *world, org, client domain.OrganizationID, _ domain.PersonID) domain.Want {
				want := domain.Want{Organization: org}
				want.ForInvitation(domain.Invitation{Card: domain.Card{Email: "new@example.com"}, Assignments: []domain.Assignment{rights(nil, at(client))}})
				return want
			},
			do: invite,
		},
		"a restore": {
			removed: true,
			want: func(_ *world, org, _ domain.OrganizationID, user domain.PersonID) domain.Want {
				return domain.Want{Organization: org, User: user}
			},
			do: func(w *world, _ domain.OrganizationID) act {
				return func(c *domain.Change, s *domain.Scene) error {
					_, _, err := domain.RestoreUser(w.Context(), w.store, c, s, w.profile)
					return err
				}
			},
		},
	} {
		for how, spoil := range map[string]func(w *world, by domain.PersonID, client domain.OrganizationID, id domain.MandateID) error{
			"revoked": func(w *world, by domain.PersonID, client domain.OrganizationID, id domain.MandateID) error {
				return w.revoke(by, client, id)
			},
			"narrowed": func(w *world, by domain.PersonID, client domain.OrganizationID, id domain.MandateID) error {
				return w.update(by, client, id, domain.MandatePatch{Rights: &[]domain.RightKey{"order"}})
			},
		} {
			t.Run(path+", "+how, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				org := w.organization("Firma")
				client := w.client("Client", org, web("report", "order"))
				boss, theirs := w.user(org, "administrator"), w.user(client, "administrator")
				had := domain.Membership{ActivatedAt: noon, Roles: []domain.RoleKey{"clerk"}}
				if c.removed {
					had.RemovedAt, had.Assignments = noon, []domain.Assignment{rights(keys("report"), at(client))}
				}
				user := w.userWith(org, had)
				given, err := w.begin(boss, c.want(w, org, client, user), c.do(w, client))
				w.is("prepared", err, nil)
				id := w.load(domain.Want{Organization: org, Clients: []domain.OrganizationID{client}}).Clients[client].Mandates.Items[0].ID
				w.is("the mandate", spoil(w, theirs, client, id), nil)
				w.is("given after it", w.commit(given), domain.ErrContended)
			})
		}
	}
}

// The other way round, what was given first is of no use once the mandate goes.
func TestXC11_WhatWasGivenGoesWithTheMandate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	client := w.client("Client", org, web("report"))
	boss, theirs, user := w.user(org, "administrator"), w.user(client, "administrator"), w.user(org, "clerk")
	err := w.request(boss, domain.Want{Organization: org, User: user}, func(c *domain.Change, s *domain.Scene) error {
		_, err := domain.ReplaceAssignments(t.Context(), w.store, c, s, w.profile, []domain.Assignment{rights(keys("report"), at(client))})
		return err
	})
	w.is("given", err, nil)
	if got := w.may(user, org, client, nil, "report"); got != domain.Allowed {
		t.Errorf("before: %s", got)
	}
	id := w.load(domain.Want{Organization: org, Clients: []domain.OrganizationID{client}}).Clients[client].Mandates.Items[0].ID
	w.is("revoked", w.revoke(theirs, client, id), nil)
	if got := w.may(user, org, client, nil, "report"); got != domain.NoMandate {
		t.Errorf("after: %s", got)
	}
}

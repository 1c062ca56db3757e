package oracletest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"pgregory.net/rapid"
)

// world is a member, the organizations around them and a clock, kept twice: as
// the values that the domain decides on, changed as the system would change
// them, and as the log of what happened, which is all that the model gets.
type world struct {
	log []any
	now time.Time

	profile       *domain.Profile
	member        *domain.Membership
	organizations map[string]*domain.Organization
	resources     map[string]*domain.Resource
	mandates      map[pairing]*domain.Mandates
	edges         []day // first and last days that something has had
	made          int   // counts ids, which are never used twice
}

// pairing is who has given mandates to whom.
type pairing struct{ principal, agent string }

var (
	zones    = []string{"Europe/Helsinki", "Europe/Oslo", "Europe/Stockholm", "Europe/Mariehamn"}
	kinds    = []string{"number", "site", "object", "sensor"}
	features = []string{"gate", "camera"}
	clients  = []string{"org_a", "org_b"}
	everyone = []string{ownOrganization, "org_a", "org_b"}
	roles    = []string{"chief", "clerk", "guest"}
	powers   = []string{"web", "broker"} // types of mandates
	// days are ordinary ones, ends of months and years, and those of 23 and 25 hours.
	days = []day{
		{2025, time.December, 31},
		{2026, time.January, 1},
		{2026, time.March, 28},
		{2026, time.March, 29},
		{2026, time.March, 30},
		{2026, time.May, 5},
		{2026, time.October, 24},
		{2026, time.October, 25},
		{2026, time.October, 26},
		{2028, time.February, 29},
	}
	// hours are where in a day a clock stands, mostly at its edges.
	hours = []time.Duration{
		-1, 0, 1, time.Hour - 1, time.Hour, 12 * time.Hour,
		23*time.Hour - 1, 23 * time.Hour, 24*time.Hour - 1, 24 * time.Hour, 25*time.Hour - 1, 25 * time.Hour,
	}
)

// rights are Fullmakt's own, then those that the profile declares so far.
func (w *world) rights() []string {
	all := []string{"users:edit", "resources:see"}
	for _, r := range w.profile.Rights {
		all = append(all, string(r.Key))
	}
	return all
}

func pick[E any](t *rapid.T, label string, from []E) E {
	return rapid.SampledFrom(from).Draw(t, label)
}

// some is a subset, in order.
func some(t *rapid.T, label string, from []string) (chosen []string) {
	bits := rapid.IntRange(0, 1<<len(from)-1).Draw(t, label)
	for i, e := range from {
		if bits>>i&1 == 1 {
			chosen = append(chosen, e)
		}
	}
	return chosen
}

func as[T ~string](from []string) (to []T) {
	for _, s := range from {
		to = append(to, T(s))
	}
	return to
}

func (w *world) drawSpan(t *rapid.T) span {
	from := rapid.IntRange(0, len(days)-1).Draw(t, "first day")
	to := min(len(days)-1, from+rapid.IntRange(0, 3).Draw(t, "days"))
	w.edges = append(w.edges, days[from], days[to])
	return span{from: days[from], to: days[to]}
}

func date(d day) domain.Date {
	return domain.Date(fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day))
}

func (w *world) id(prefix string) string {
	w.made++
	return fmt.Sprintf("%s_%d", prefix, w.made)
}

// newWorld draws a world in which something is possible from the start.
func newWorld(t *rapid.T) *world {
	w := &world{
		profile: &domain.Profile{Languages: []domain.Language{domain.English}}, member: &domain.Membership{
			Organization: ownOrganization, Person: "usr_1", Validity: domain.Validity{Type: domain.Indefinite},
		},
		organizations: map[string]*domain.Organization{}, resources: map[string]*domain.Resource{},
		mandates: map[pairing]*domain.Mandates{},
	}
	for _, id := range everyone {
		w.join(id, pick(t, "zone", zones))
	}
	for i, kind := range kinds {
		parent := ""
		if i > 0 {
			parent = pick(t, "lies in", append([]string{"", kinds[i-1], kinds[i-1]}, kinds[:i]...))
		}
		w.profile.ResourceTypes = append(w.profile.ResourceTypes, domain.ResourceType{
			Key: domain.ScopeType(kind), Parent: domain.ScopeType(parent), Features: as[domain.FeatureKey](features),
		})
	}
	for range 5 {
		w.declare(t)
	}
	for _, role := range roles {
		w.define(roleDefined{role: role, all: role == "chief", silent: role == "guest", rights: some(t, "role's rights", w.rights())})
	}
	for _, kind := range powers {
		w.defineMandate(mandateTypeDefined{name: kind, rights: some(t, "type's rights", w.rights())})
	}
	for _, kind := range w.profile.ResourceTypes { // as deep as it gets
		w.makeResourceIn(t, ownOrganization, kind)
	}
	for range 5 {
		w.makeResource(t)
	}
	if rapid.IntRange(0, 9).Draw(t, "not activated") > 0 {
		w.activate()
	}
	w.give(mandateGiven{principal: "org_a", agent: ownOrganization, kind: "web", rights: w.rights(), term: span{from: days[0], open: true}})
	w.assign(t)
	w.setClock(t)
	return w
}

func (w *world) happened(e any) { w.log = append(w.log, e) }

func (w *world) join(id, zone string) {
	w.organizations[id] = &domain.Organization{ID: domain.OrganizationID(id), TimeZone: zone}
	w.happened(organizationJoined{id, zone})
}

// declare adds a right. What it stands beside is one of the same kind of place
// that asks for nothing itself, as a profile must have it.
func (w *world) declare(t *rapid.T) {
	e := rightDeclared{
		right: fmt.Sprintf("right-%d", len(w.profile.Rights)+1), on: pick(t, "on", append([]string{"", ""}, kinds...)),
		sensitive: rapid.IntRange(0, 3).Draw(t, "sensitive") == 0,
	}
	if e.on != "" {
		e.feature = pick(t, "feature", append([]string{"", "", ""}, features...))
	}
	others := []string{""}
	for _, r := range w.profile.Rights {
		if string(r.On) == e.on && r.With == "" && r.Feature == "" {
			others = append(others, string(r.Key))
		}
	}
	e.with = pick(t, "with", others)
	w.profile.Rights = append(w.profile.Rights, domain.RightInfo{
		Key: domain.RightKey(e.right), On: domain.ScopeType(e.on), Feature: domain.FeatureKey(e.feature),
		With: domain.RightKey(e.with), Sensitive: e.sensitive,
	})
	w.happened(e)
}

func (w *world) define(e roleDefined) {
	w.profile.Roles = slices.DeleteFunc(w.profile.Roles, func(r domain.Role) bool { return string(r.Key) == e.role })
	w.profile.Roles = append(w.profile.Roles, domain.Role{
		Key: domain.RoleKey(e.role), All: e.all, NoSignIn: e.silent, Rights: as[domain.RightKey](e.rights),
	})
	w.happened(e)
}

func (w *world) defineMandate(e mandateTypeDefined) {
	w.profile.Mandates = slices.DeleteFunc(w.profile.Mandates, func(m domain.MandateType) bool { return string(m.Key) == e.name })
	w.profile.Mandates = append(w.profile.Mandates, domain.MandateType{Key: domain.MandateTypeKey(e.name), Rights: as[domain.RightKey](e.rights)})
	w.happened(e)
}

func (w *world) makeResource(t *rapid.T) {
	w.makeResourceIn(t, pick(t, "organization", everyone), pick(t, "type", w.profile.ResourceTypes))
}

// makeResourceIn makes one in a place that the profile allows, where there is such a place.
func (w *world) makeResourceIn(t *rapid.T, organization string, kind domain.ResourceType) {
	r := &domain.Resource{ID: domain.ResourceID(w.id("res")), Organization: domain.OrganizationID(organization), Type: kind.Key}
	parent := ""
	if kind.Parent != "" {
		var parents []string
		for _, id := range w.resourceIDs() {
			if p := w.resources[id]; p.Organization == r.Organization && p.Type == kind.Parent {
				parents = append(parents, id)
			}
		}
		if len(parents) == 0 {
			return
		}
		parent = pick(t, "parent", parents)
		p := w.resources[parent]
		r.Path = append(slices.Clone(p.Path), p.ID)
	}
	w.resources[string(r.ID)] = r
	w.happened(resourceMade{id: string(r.ID), kind: string(kind.Key), parent: parent, organization: organization})
	w.setFeatures(string(r.ID), some(t, "features", features))
}

func (w *world) setFeatures(id string, chosen []string) {
	w.resources[id].Features = as[domain.FeatureKey](chosen)
	w.happened(featuresSet{id, chosen})
}

func (w *world) activate() {
	w.member.ActivatedAt = time.Date(2025, time.June, 1, 0, 0, 0, 0, time.UTC)
	w.happened(activated{})
}

// assign gives something somewhere: also in places that are no longer there, or
// of others, which nothing may come of.
func (w *world) assign(t *rapid.T) {
	e := assigned{id: w.id("asg"), roles: some(t, "roles", roles), rights: some(t, "rights", w.rights())}
	for range rapid.IntRange(1, 3).Draw(t, "scopes") {
		scope := reach{kind: pick(t, "scope", []string{"organization", "clients", "client", "client", "resource", "resource", "resource"})}
		switch scope.kind {
		case "client":
			scope.id = pick(t, "client", append([]string{"org_a"}, everyone...))
		case "resource":
			scope.kind, scope.id = "site", "res_0"
			if ids := w.resourceIDs(); len(ids) > 0 {
				scope.id = pick(t, "resource", ids)
				scope.kind = string(w.resources[scope.id].Type)
			}
		}
		e.scopes = append(e.scopes, scope)
	}
	a := domain.Assignment{ID: domain.AssignmentID(e.id), Roles: as[domain.RoleKey](e.roles), Rights: as[domain.RightKey](e.rights)}
	for _, s := range e.scopes {
		a.Scopes = append(a.Scopes, domain.Scope{Type: domain.ScopeType(s.kind), ID: s.id})
	}
	w.member.Assignments = append(w.member.Assignments, a.Sorted())
	w.happened(e)
}

func (w *world) give(e mandateGiven) {
	e.id = w.id("man")
	m := domain.Mandate{
		ID: domain.MandateID(e.id), Type: domain.MandateTypeKey(e.kind), Rights: as[domain.RightKey](e.rights), From: date(e.term.from),
	}
	if !e.term.open {
		m.To = date(e.term.to)
	}
	between := pairing{e.principal, e.agent}
	if w.mandates[between] == nil {
		w.mandates[between] = &domain.Mandates{Principal: domain.OrganizationID(e.principal), Agent: domain.OrganizationID(e.agent)}
	}
	w.mandates[between].Items = append(w.mandates[between].Items, m)
	w.happened(e)
}

// setClock sets the clock to any day, or to one on which something begins or ends.
func (w *world) setClock(t *rapid.T) {
	zone := w.organizations[pick(t, "whose day", everyone)].Zone()
	among := days
	if len(w.edges) > 0 && rapid.IntRange(0, 3).Draw(t, "any day") > 0 {
		among = w.edges
	}
	w.now = pick(t, "day", among).begin(zone).Add(pick(t, "hour", hours)).UTC()
}

func (w *world) resourceIDs() []string { return slices.Sorted(maps.Keys(w.resources)) }

// events are all that can happen to a world.
func (w *world) events() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"clock":                       w.setClock,
		"resource made":               w.makeResource,
		"assigned":                    w.assign,
		"assigned another":            w.assign,
		"activated":                   func(*rapid.T) { w.activate() },
		"resource gone":               w.removeResource,
		"features set":                w.changeFeatures,
		"assignment taken":            w.takeAssignment,
		"whole roles set":             w.setWholeRoles,
		"mandate given":               w.giveMandate,
		"mandate given again":         w.giveMandate,
		"mandate revoked":             w.revokeMandate,
		"mandate changed":             w.changeMandate,
		"term set":                    w.setTerm,
		"role changed":                w.changeRole,
		"mandate type changed":        w.changeMandateType,
		"right declared later":        w.declareLater,
		"let in until further notice": w.letIn,
		"organization suspended":      w.suspend,
		"organization open":           w.reopen,
	}
}

func (w *world) eventNames() []string { return slices.Sorted(maps.Keys(w.events())) }

func (w *world) removeResource(t *rapid.T) {
	ids := slices.DeleteFunc(w.resourceIDs(), func(id string) bool {
		for _, r := range w.resources {
			if slices.Contains(r.Path, domain.ResourceID(id)) {
				return true
			}
		}
		return false
	})
	if len(ids) == 0 {
		return
	}
	id := pick(t, "gone", ids)
	delete(w.resources, id)
	w.happened(resourceGone{id})
}

func (w *world) changeFeatures(t *rapid.T) {
	if ids := w.resourceIDs(); len(ids) > 0 {
		w.setFeatures(pick(t, "of", ids), some(t, "features", features))
	}
}

func (w *world) takeAssignment(t *rapid.T) {
	if len(w.member.Assignments) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.member.Assignments)-1).Draw(t, "taken")
	w.happened(assignmentTaken{string(w.member.Assignments[i].ID)})
	w.member.Assignments = slices.Delete(w.member.Assignments, i, i+1)
}

func (w *world) setWholeRoles(t *rapid.T) {
	chosen := some(t, "whole roles", roles)
	w.member.Roles = as[domain.RoleKey](chosen)
	w.happened(wholeRolesSet{chosen})
}

// giveMandate gives one to the member's organization, or the other way round, or past it.
func (w *world) giveMandate(t *rapid.T) {
	e := mandateGiven{
		principal: pick(t, "principal", clients), agent: ownOrganization, kind: pick(t, "type", powers),
		rights: some(t, "mandate's rights", w.rights()), term: w.drawSpan(t),
	}
	switch rapid.IntRange(0, 5).Draw(t, "direction") {
	case 0:
		e.principal, e.agent = e.agent, e.principal
	case 1:
		e.agent = pick(t, "agent", []string{"org_a", "org_b", "org_c"})
	}
	e.term.open = rapid.Bool().Draw(t, "open")
	w.give(e)
}

// standing is one of the mandates that are not revoked; nil where there is none.
func (w *world) standing(t *rapid.T) *domain.Mandate {
	var standing []*domain.Mandate
	for _, all := range w.mandates {
		for i := range all.Items {
			if m := &all.Items[i]; m.RevokedAt.IsZero() {
				standing = append(standing, m)
			}
		}
	}
	slices.SortFunc(standing, func(a, b *domain.Mandate) int { return cmp.Compare(a.ID, b.ID) })
	if len(standing) == 0 {
		return nil
	}
	return standing[rapid.IntRange(0, len(standing)-1).Draw(t, "mandate")]
}

func (w *world) revokeMandate(t *rapid.T) {
	if m := w.standing(t); m != nil {
		m.RevokedAt = w.now
		w.happened(mandateRevoked{string(m.ID)})
	}
}

func (w *world) changeMandate(t *rapid.T) {
	if m := w.standing(t); m != nil {
		e := mandateChanged{string(m.ID), some(t, "mandate's rights", w.rights())}
		m.Rights = as[domain.RightKey](e.rights)
		w.happened(e)
	}
}

func (w *world) setTerm(t *rapid.T) {
	e := termSet{term: w.drawSpan(t)}
	e.locked = rapid.IntRange(0, 4).Draw(t, "locked") == 0
	w.member.Validity = domain.Validity{Type: domain.FixedTerm, From: date(e.term.from), To: date(e.term.to)}
	if e.locked {
		w.member.Validity = domain.Validity{Type: domain.Locked}
	}
	w.happened(e)
}

func (w *world) letIn(*rapid.T) {
	w.member.Validity = domain.Validity{Type: domain.Indefinite}
	w.happened(termSet{forever: true})
}

// changeRole gives a role other rights, or takes it out of the profile.
func (w *world) changeRole(t *rapid.T) {
	role := pick(t, "role", roles)
	if rapid.IntRange(0, 4).Draw(t, "dropped") == 0 {
		w.profile.Roles = slices.DeleteFunc(w.profile.Roles, func(r domain.Role) bool { return string(r.Key) == role })
		w.happened(roleDropped{role})
		return
	}
	w.define(roleDefined{
		role: role, all: role == "chief", silent: role != "chief" && rapid.Bool().Draw(t, "silent"), rights: some(t, "role's rights", w.rights()),
	})
}

// reopen lets a world go on in which much was closed.
func (w *world) reopen(*rapid.T) {
	for _, id := range everyone {
		if w.organizations[id].Suspended {
			w.organizations[id].Suspended = false
			w.happened(organizationSuspended{id, false})
		}
	}
}

// suspend closes an organization, or opens it again.
func (w *world) suspend(t *rapid.T) {
	id, closed := pick(t, "organization", everyone), rapid.IntRange(0, 2).Draw(t, "closed") == 0
	w.organizations[id].Suspended = closed
	w.happened(organizationSuspended{id, closed})
}

func (w *world) changeMandateType(t *rapid.T) {
	kind := pick(t, "type", powers)
	w.defineMandate(mandateTypeDefined{name: kind, rights: some(t, "type's rights", w.rights())})
	if rapid.IntRange(0, 4).Draw(t, "dropped") == 0 {
		w.profile.Mandates = w.profile.Mandates[:len(w.profile.Mandates)-1]
		w.happened(mandateTypeDefined{name: kind})
	}
}

func (w *world) declareLater(t *rapid.T) {
	if len(w.profile.Rights) < 8 {
		w.declare(t)
	}
}

// decide asks the domain.
func (w *world) decide(right string, where *domain.Organization, resource *domain.Resource) domain.Verdict {
	return w.grounds(where, resource).Decide(domain.RightKey(right), w.now)
}

// grounds are what a decision in a place stands on, with the mandates that are
// found by the two names.
func (w *world) grounds(where *domain.Organization, resource *domain.Resource) *domain.Grounds {
	return &domain.Grounds{
		Profile: w.profile, Member: domain.Place{Membership: w.member, Organization: w.organizations[ownOrganization]},
		Where: where, Resource: resource, Mandates: w.mandates[pairing{string(where.ID), ownOrganization}],
	}
}

// each calls f with every pair of a right and a place, and what the domain says of it.
func (w *world) each(f func(p pair, got domain.Verdict)) {
	for _, right := range w.rights() {
		for _, id := range everyone {
			f(pair{right, id}, w.decide(right, w.organizations[id], nil))
		}
		for _, id := range w.resourceIDs() {
			r := w.resources[id]
			f(pair{right, id}, w.decide(right, w.organizations[string(r.Organization)], r))
		}
	}
}

package domain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Limits of what one user can be given, so that a membership fits one item, and
// of what one request can name, so that it fits one batch read and one transaction.
const (
	MaxAssignments = 200
	MaxScopes      = 5000
	MaxPlaces      = 80  // resources and clients named in one request
	MaxBulkUsers   = 500 // in one bulk operation

	// maxGiven is of all that a user is given, in bytes of its item. It leaves room
	// for the person, and for a lock or a removal, which nothing may prevent.
	maxGiven = 380_000
)

// Grants are roles and rights in scopes: each of them in each.
type Grants struct {
	Roles  []RoleKey
	Rights []RightKey
	Scopes []Scope
	All    bool // every role and right there is in the scopes; only to take away
}

// grant is one role or right in one scope.
type grant struct {
	role  RoleKey
	right RightKey
	scope Scope
}

// grants are all that a membership was given by assignments, each once.
func (m *Membership) grants() map[grant]bool {
	all := map[grant]bool{}
	for _, a := range m.Assignments {
		for _, s := range a.Scopes {
			for _, role := range a.Roles {
				all[grant{role: role, scope: s}] = true
			}
			for _, right := range a.Rights {
				all[grant{right: right, scope: s}] = true
			}
		}
	}
	return all
}

// difference is what a change of assignments gives and takes away.
func difference(before, after *Membership) (given, taken []Assignment) {
	had, has := before.grants(), after.grants()
	return missing(has, had), missing(had, has)
}

// missing are those of the one that the other lacks, as assignments that name
// each scope once.
func missing(of, in map[grant]bool) (out []Assignment) {
	at := map[Scope]*Assignment{}
	for g := range of {
		if in[g] {
			continue
		}
		a := at[g.scope]
		if a == nil {
			a = &Assignment{Scopes: []Scope{g.scope}}
			at[g.scope] = a
		}
		if g.role != "" {
			a.Roles = append(a.Roles, g.role)
		} else {
			a.Rights = append(a.Rights, g.right)
		}
	}
	for _, a := range at {
		out = append(out, a.Sorted())
	}
	slices.SortFunc(out, func(a, b Assignment) int { return compareScopes(a.Scopes[0], b.Scopes[0]) })
	return out
}

// hasOn tells whether the membership was given anything in exactly the scope.
func (m *Membership) hasOn(s Scope) bool {
	return slices.ContainsFunc(m.Assignments, func(a Assignment) bool { return a.holdsIn(s) })
}

// with is the membership with more, in an assignment of the same roles and
// rights if it has one.
func (m *Membership) with(at time.Time, g Grants) *Membership {
	next := *m
	next.Assignments = slices.Clone(m.Assignments)
	more := Assignment{Roles: g.Roles, Rights: g.Rights, Scopes: g.Scopes}.Sorted()
	for i, a := range next.Assignments {
		if slices.Equal(a.Roles, more.Roles) && slices.Equal(a.Rights, more.Rights) {
			a.Scopes = slices.Concat(a.Scopes, more.Scopes)
			next.Assignments[i] = a.Sorted()
			return &next
		}
	}
	more.ID = NewAssignmentID(at)
	next.Assignments = append(next.Assignments, more)
	return &next
}

// without is the membership without some of what it was given, and what that was.
// An assignment of which some scopes lose something is split.
func (m *Membership) without(g Grants) (next *Membership, taken []Assignment) {
	n := *m
	n.Assignments = nil
	for _, a := range m.Assignments {
		less := Assignment{ID: a.ID}
		if !g.All {
			less.Roles = slices.DeleteFunc(slices.Clone(a.Roles), func(r RoleKey) bool { return slices.Contains(g.Roles, r) })
			less.Rights = slices.DeleteFunc(slices.Clone(a.Rights), func(r RightKey) bool { return slices.Contains(g.Rights, r) })
		}
		if len(less.Roles) == len(a.Roles) && len(less.Rights) == len(a.Rights) {
			n.Assignments = append(n.Assignments, a)
			continue
		}
		kept := a
		kept.Scopes = nil
		for _, s := range a.Scopes {
			if slices.Contains(g.Scopes, s) {
				less.Scopes = append(less.Scopes, s)
			} else {
				kept.Scopes = append(kept.Scopes, s)
			}
		}
		if len(kept.Scopes) > 0 {
			n.Assignments = append(n.Assignments, kept)
		}
		if len(less.Scopes) > 0 && len(less.Roles)+len(less.Rights) > 0 {
			if len(kept.Scopes) > 0 {
				less.ID = "" // a new one: see rewrite
			}
			n.Assignments = append(n.Assignments, less)
		}
	}
	_, taken = difference(m, &n)
	return &n, taken
}

// ForPlaces names the places that assignments are about.
func (w *Want) ForPlaces(assignments []Assignment) {
	for _, a := range assignments {
		for _, s := range a.Scopes {
			switch s.Type {
			case InOrganization, ForClients:
			case ForClient:
				w.Clients = append(w.Clients, OrganizationID(s.ID))
			default:
				w.Resources = append(w.Resources, ResourceID(s.ID))
			}
		}
	}
}

// placesOf reads the places of assignments that the scene has not brought along.
func placesOf(ctx context.Context, store Store, s *Scene, assignments []Assignment) (*Scene, error) {
	want := Want{Organization: s.Organization.ID}
	want.ForPlaces(assignments)
	want.Resources = slices.DeleteFunc(want.Resources, func(id ResourceID) bool { return s.Resources[id] != nil })
	want.Clients = slices.DeleteFunc(want.Clients, func(id OrganizationID) bool { return s.Clients[id] != nil })
	if len(want.Resources)+len(want.Clients) == 0 {
		return s, nil
	}
	found, err := store.Load(ctx, want)
	if err != nil {
		return nil, err
	}
	for id, r := range s.Resources {
		found.Resources[id] = r
	}
	for id, c := range s.Clients {
		found.Clients[id] = c
	}
	return found, nil
}

// mayChange holds what a user is given and what is taken from them against the
// caller, and notes what the answer stands on.
func (c *Change) mayChange(caller *Caller, p *Profile, places *Scene, m, next *Membership, given, taken []Assignment) error {
	if !p.Policies.SelfEdit && m.Person == caller.Person.ID {
		return ErrSelf
	}
	take := Gift{Roles: beyond(m, next), Assignments: taken, Resources: places.Resources, Clients: places.Clients}
	if err := caller.MayTake(p, take, c.At); err != nil {
		return err
	}
	give := Gift{Roles: beyond(next, m), Assignments: given, Resources: places.Resources, Clients: places.Clients}
	return caller.MayGive(p, give, c.At)
}

// beyond are the roles for the whole organization that the one has and the other has not.
func beyond(m, other *Membership) []RoleKey {
	return slices.DeleteFunc(slices.Clone(m.Roles), func(r RoleKey) bool { return slices.Contains(other.Roles, r) })
}

// fits refuses more than a membership can hold.
func (m *Membership) fits() error {
	const item = 64 // bytes of an assignment beside what it gives, with an id
	scopes, size := 0, 0
	for _, a := range m.Assignments {
		scopes += len(a.Scopes)
		size += item
		for _, role := range a.Roles {
			size += len(role) + len(`"",`)
		}
		for _, right := range a.Rights {
			size += len(right) + len(`"",`)
		}
		for _, s := range a.Scopes {
			size += len(s.Type) + len(s.ID) + len(`{"type":"","id":""},`)
		}
	}
	for id, title := range m.JobTitles {
		size += len(id) + 2*len(title) + len(`"":"",`) // each quotation mark takes two bytes
	}
	if len(m.Assignments) > MaxAssignments || scopes > MaxScopes || size > maxGiven {
		return ErrTooMuch
	}
	return nil
}

// holdClients makes the change fail if a mandate that something is given under
// has changed since it was read. Who comes back to more clients than one request
// can name is held to as many: to the others the mandates are asked at each use.
func (c *Change) holdClients(places *Scene, given []Assignment) {
	held := map[OrganizationID]bool{}
	for _, a := range given {
		for _, s := range a.Scopes {
			if id := OrganizationID(s.ID); s.Type == ForClient && !held[id] && len(held) < MaxPlaces {
				held[id] = true
				c.Hold(places.Clients[id].Mandates)
			}
		}
	}
}

// rewrite puts a changed membership into the change, with its audit entry.
func (c *Change) rewrite(m, next *Membership, action Action, changes ...FieldChange) {
	for i := range next.Assignments {
		if next.Assignments[i].ID == "" {
			next.Assignments[i].ID = NewAssignmentID(c.At)
		}
	}
	next.Version, next.Revision, next.UpdatedAt = m.Version, m.Revision+1, c.At
	c.Put(next)
	c.Record(m.Organization, action, aboutUser(m.Person), changes...)
}

// assignmentChange is the audit's line of what was taken and given.
func assignmentChange(taken, given []Assignment) FieldChange {
	return FieldChange{Field: "assignments", Before: assignmentList(taken), After: assignmentList(given)}
}

// auditText bounds what an audit entry tells of assignments, in bytes, so that it
// fits its item and a page of them an answer. Only who has gathered more than one
// request can give, and loses it at once, has it counted instead of told.
const auditText = 10_000

func assignmentList(assignments []Assignment) string {
	var groups []Assignment
	for _, a := range assignments {
		groups = a.join(groups)
	}
	var b strings.Builder
	more := 0
	for i, a := range groups {
		if b.Len() > auditText {
			more += len(a.Scopes)
			continue
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(strings.TrimSpace(words(a.Roles)+" "+words(a.Rights)) + " in")
		for _, s := range a.Scopes {
			if b.Len() > auditText {
				more++
				continue
			}
			b.WriteString(strings.TrimSuffix(" "+string(s.Type)+":"+s.ID, ":"))
		}
	}
	if more > 0 {
		fmt.Fprintf(&b, " and %d places more", more)
	}
	return b.String()
}

// changeAccess puts a membership with other roles or assignments into the
// change: every path by which an administrator gives a user something, or takes
// it away, ends here.
func (c *Change) changeAccess(ctx context.Context, store Store, s *Scene, p *Profile, m, next *Membership, changes diff) error {
	given, taken := difference(m, next)
	if len(given)+len(taken) == 0 && words(m.Roles) == words(next.Roles) && len(changes) == 0 {
		return nil
	}
	places, err := placesOf(ctx, store, s, slices.Concat(given, taken))
	if err != nil {
		return err
	}
	if len(given)+len(taken) > 0 || words(m.Roles) != words(next.Roles) {
		if err := c.mayChange(s.Caller, p, places, m, next, given, taken); err != nil {
			return err
		}
		changes.field("roles", words(m.Roles), words(next.Roles))
		if len(given)+len(taken) > 0 {
			changes = append(changes, assignmentChange(taken, given))
		}
		next.retitle(p, given)
		if len(given) > 0 { // what splits when something is taken may be more
			if err := next.fits(); err != nil {
				return err
			}
		}
	}
	next.untitle(taken)
	c.holdClients(places, given)
	if err := c.reseat(s, p, next); err != nil {
		return err
	}
	// Nobody is let in by losing something, a role without sign-in for example.
	more := len(given)+len(beyond(next, m)) > 0
	asked := more && !m.SignsIn(p) && next.SignsIn(p) && next.ActivatedAt.IsZero()
	if asked {
		next.planInvited(p, s.Organization.Zone(), c.At)
	} else {
		next.Plan(p, s.Organization.Zone())
	}
	c.rewrite(m, next, UserUpdated, changes...)
	if asked {
		return c.letIn(ctx, store, s, next)
	}
	return nil
}

// letIn mails an activation link to a user who could not sign in before.
func (c *Change) letIn(ctx context.Context, store Store, s *Scene, m *Membership) error {
	p, err := store.Person(ctx, m.Person)
	if err != nil {
		return err
	}
	scene := *s
	scene.User = p
	ref := LinkRef{Person: p.ID, Purpose: ForActivation, Organization: m.Organization}
	return c.mailLink(ctx, store, &scene, ref, MailActivation, ActivationLife, ActivationSent)
}

// retitle gives the user's default task as a job title where something was given
// on a resource that has them and the user has none yet.
func (m *Membership) retitle(p *Profile, given []Assignment) {
	for _, a := range given {
		for _, s := range a.Scopes {
			t := p.ResourceType(s.Type)
			_, said := m.JobTitles[ResourceID(s.ID)]
			if t != nil && t.JobTitles && m.DefaultTask != "" && !said {
				m.entitle(ResourceID(s.ID), m.DefaultTask)
			}
		}
	}
}

// entitle gives the user a job title on a resource. An empty one says that there
// is to be none, until untitle clears it away.
func (m *Membership) entitle(on ResourceID, title string) {
	titles := map[ResourceID]string{}
	maps.Copy(titles, m.JobTitles)
	titles[on] = title
	m.JobTitles = titles
}

// untitle takes the job titles away on resources where nothing is left beside
// what was taken, and those that are empty.
func (m *Membership) untitle(taken []Assignment) {
	titles := maps.Clone(m.JobTitles)
	for _, a := range taken {
		for _, s := range a.Scopes {
			if !m.hasOn(s) {
				delete(titles, ResourceID(s.ID))
			}
		}
	}
	maps.DeleteFunc(titles, func(_ ResourceID, title string) bool { return title == "" })
	m.JobTitles = titles
}

// ReplaceAssignments gives a user these assignments in the place of all they
// had. One with the id of one they had keeps it.
func ReplaceAssignments(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, assignments []Assignment) (*Membership, error) {
	m := s.Membership
	switch {
	case m == nil || s.User == nil:
		return nil, ErrNotFound
	case !m.RemovedAt.IsZero():
		return nil, ErrInactive
	}
	next := *m
	next.Assignments = nil
	had := map[AssignmentID]bool{}
	for _, a := range m.Assignments {
		had[a.ID] = true
	}
	for _, a := range assignments {
		a = a.Sorted()
		if !had[a.ID] {
			a.ID = NewAssignmentID(c.At)
		}
		delete(had, a.ID) // for one of them
		next.Assignments = append(next.Assignments, a)
	}
	if err := c.changeAccess(ctx, store, s, p, m, &next, nil); err != nil {
		return nil, err
	}
	if c.Empty() {
		return m, nil // with the ids that they have
	}
	return &next, nil
}

// ClearAccess takes from a user everything that they were given: assignments and
// roles. It can be done to somebody who was removed, too, who then comes back
// with nothing.
func ClearAccess(ctx context.Context, store Store, c *Change, s *Scene, p *Profile) error {
	m := s.Membership
	switch {
	case m == nil || s.User == nil:
		return ErrNotFound
	case len(m.Roles)+len(m.Assignments) == 0:
		return ErrNothingGiven
	}
	next := *m
	next.Roles, next.Assignments = nil, nil
	return c.changeAccess(ctx, store, s, p, m, &next, nil)
}

// Bulk is one operation on many users: the same is given to each, or taken.
type Bulk struct {
	Grants
	Take  bool
	Users []PersonID
}

// BulkOutcome is what became of one user in a bulk operation.
type BulkOutcome string

const (
	BulkDone      BulkOutcome = "done"
	BulkUnchanged BulkOutcome = "unchanged" // the user had it already, or had it not
	BulkRefused   BulkOutcome = "refused"   // Err says why
	BulkPending   BulkOutcome = "pending"   // not got to; send the same again
)

// BulkResult is the outcome for one user.
type BulkResult struct {
	Person  PersonID
	Outcome BulkOutcome
	Err     *Error // of BulkRefused, and of the first BulkPending if something failed
}

// ForBulk names what a bulk operation stands on, beside its organization.
func (w *Want) ForBulk(in Bulk) {
	w.Administrators = true
	w.ForPlaces([]Assignment{{Scopes: in.Scopes}})
}

// AssignMany gives or takes for many users. Whether the caller may at all is
// decided before anything is written, and a user who is not the organization's
// refuses the whole. Then each user is a transaction of its own, which stands on
// what was read for it; what was done once is unchanged the next time, so an
// operation that breaks off is sent again as it was.
func AssignMany(ctx context.Context, store Store, c *Change, s *Scene, want Want, p *Profile, in Bulk) ([]BulkResult, error) {
	gift := Gift{Assignments: []Assignment{{Roles: in.Roles, Rights: in.Rights, Scopes: in.Scopes}}, Resources: s.Resources, Clients: s.Clients}
	decide := s.Caller.MayGive
	if in.Take {
		decide = s.Caller.MayTake
	}
	if err := decide(p, gift, c.At); err != nil {
		return nil, err
	}
	if !p.Policies.SelfEdit && slices.Contains(in.Users, s.Caller.Person.ID) {
		return nil, ErrSelf
	}
	members, err := membersOf(ctx, store, s.Organization.ID, in.Users)
	if err != nil {
		return nil, err
	}
	for i, id := range in.Users {
		if members[id] == nil {
			return nil, Fault(fmt.Sprintf("/users/%d", i), "value-unknown", "The organization has no such user.")
		}
	}
	results := make([]BulkResult, len(in.Users))
	for i, id := range in.Users {
		results[i] = BulkResult{Person: id, Outcome: BulkPending}
	}
	for i := range results {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < 2*time.Second {
			break // enough for the answer
		}
		r := &results[i]
		err := c.assignOne(ctx, store, s, want, p, in, members[r.Person], r)
		if err == nil {
			continue
		}
		known, ok := errors.AsType[*Error](err)
		if !ok {
			return nil, err
		}
		r.Err = known
		if known.Kind == Unavailable || known.Kind == Conflict && errors.Is(err, ErrContended) {
			break
		}
		r.Outcome = BulkRefused
	}
	return results, nil
}

// membersOf reads users in batches.
func membersOf(ctx context.Context, store Store, org OrganizationID, users []PersonID) (map[PersonID]*Membership, error) {
	s, err := store.Load(ctx, Want{Organization: org, Users: users})
	if err != nil {
		return nil, err
	}
	return s.Memberships, nil
}

// bulkTries is how often one user is begun anew because others changed them.
const bulkTries = 5

func (c *Change) assignOne(ctx context.Context, store Store, s *Scene, want Want, p *Profile, in Bulk, m *Membership, r *BulkResult) error {
	for try := 1; ; try++ {
		one := &Change{Actor: c.Actor, At: c.At, RequestID: c.RequestID}
		if m == nil || !m.RemovedAt.IsZero() {
			return ErrNotFound
		}
		next := m.bulk(c.At, in)
		scene := *s
		scene.Membership = m
		if err := one.changeAccess(ctx, store, &scene, p, m, next, nil); err != nil {
			return err
		}
		if one.Empty() {
			r.Outcome = BulkUnchanged
			return nil
		}
		s.Caller.Hold(p, one)
		err := store.Commit(ctx, one)
		if err == nil {
			r.Outcome = BulkDone
			s.follow(one)
			return nil
		}
		if !errors.Is(err, ErrContended) || try == bulkTries {
			return err
		}
		// Everything that this stood on is read anew, the caller's own rights included.
		fresh, err := store.Load(ctx, want)
		if err != nil {
			return err
		}
		if err := Authenticate(ctx, store, p, fresh, one); err != nil {
			return err
		}
		if err := fresh.Caller.Decide(p, RightEditUsers, nil, c.At); err != nil {
			return err
		}
		*s = *fresh
		members, err := membersOf(ctx, store, s.Organization.ID, []PersonID{r.Person})
		if err != nil {
			return err
		}
		m = members[r.Person]
	}
}

// bulk is the membership as the operation makes it. Roles in the whole
// organization are the membership's own, as those that it was made with.
func (m *Membership) bulk(at time.Time, in Bulk) *Membership {
	whole := Scope{Type: InOrganization}
	everywhere := slices.Contains(in.Scopes, whole)
	if in.Take {
		next, _ := m.without(in.Grants)
		if everywhere {
			next.Roles = slices.DeleteFunc(slices.Clone(m.Roles), func(r RoleKey) bool { return slices.Contains(in.Roles, r) })
		}
		return next
	}
	next, rest := *m, in.Grants
	if everywhere {
		rest.Scopes = slices.DeleteFunc(slices.Clone(in.Scopes), func(s Scope) bool { return s == whole })
		next.Roles = slices.Clone(m.Roles)
		for _, role := range in.Roles {
			if !slices.Contains(next.Roles, role) {
				next.Roles = append(next.Roles, role)
			}
		}
		if len(in.Rights) > 0 {
			next = *next.with(at, Grants{Rights: in.Rights, Scopes: []Scope{whole}})
		}
	}
	if len(rest.Scopes) > 0 {
		next = *next.with(at, rest)
	}
	if given, _ := difference(m, &next); len(given) == 0 {
		next.Assignments = m.Assignments
	}
	return &next
}

// follow keeps the scene true after a change of it was committed.
func (s *Scene) follow(c *Change) {
	for _, w := range c.Writes {
		if a, ok := w.Entity.(*Administrators); ok && !w.Hold {
			next := *a
			next.Version++
			s.Administrators = &next
		}
	}
}

// words is a list of keys as the audit tells of it.
func words[K ~string](keys []K) string {
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = string(k)
	}
	return strings.Join(texts, " ")
}

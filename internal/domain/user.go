package domain

import (
	"context"
	"slices"
	"time"
)

// Invitation is a new user of an organization.
type Invitation struct {
	Card
	Roles        []RoleKey
	Assignments  []Assignment
	Validity     Validity
	DefaultTask  string
	Mail         MailSettings
	Subscription SubscriptionID // where the portal asks for one
	NationalID   GivenNationalID

	home    OrganizationID // the company that a partner comes from; empty: this one
	pointer string         // to what was said of them, in the request
	sealed  NationalID
}

// HasRole tells whether the invitation holds a role, or the profile adds one.
func (in Invitation) HasRole(p *Profile) bool {
	return len(in.Roles)+len(p.automatic(ByAdministrator)) > 0 ||
		slices.ContainsFunc(in.Assignments, func(a Assignment) bool { return len(a.Roles) > 0 })
}

// ForInvitation names what an invitation stands on, beside its organization.
func (w *Want) ForInvitation(in Invitation) {
	email := in.Email
	w.ForPlaces(in.Assignments)
	w.Subscription = in.Subscription
	w.Email, w.Administrators = email, w.Organization != ""
	w.Attempts = append(w.Attempts, limitMail(MailActivation, w.Organization, email).Key, limitInvitations(w.Organization, email).Key)
}

// Invite makes a user who is mailed an activation link, or who is told of their
// roles where those are without sign-in. An address that is known from elsewhere
// gets the same answer and the same invitation as one that is not: the person
// joins only by opening the link.
func Invite(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile, in Invitation) (*Membership, error) {
	if err := c.mayInvite(s, profile, &in); err != nil {
		return nil, err
	}
	c.holdClients(s, in.Assignments)
	return c.invite(ctx, store, s, s.Organization.ID, s.Organization, profile, in)
}

// mayInvite holds what a new user is to be given against the caller and the
// profile, and adds what the profile gives of itself.
func (c *Change) mayInvite(s *Scene, profile *Profile, in *Invitation) error {
	gift := Gift{Roles: in.Roles, Assignments: in.Assignments, Resources: s.Resources, Clients: s.Clients}
	if err := s.Caller.MayGive(profile, gift, c.At); err != nil {
		return err
	}
	if err := profile.chosen(*in); err != nil {
		return err
	}
	for i := range in.Assignments {
		in.Assignments[i] = in.Assignments[i].Sorted()
		in.Assignments[i].ID = NewAssignmentID(c.At)
	}
	// What a profile gives of itself is nobody's gift. Who is not to sign in gets
	// nothing that would let them.
	if made := (&Membership{Roles: in.Roles, Assignments: in.Assignments}); made.SignsIn(profile) {
		for _, role := range profile.automatic(ByAdministrator) {
			if !slices.Contains(in.Roles, role) {
				in.Roles = append(slices.Clone(in.Roles), role)
			}
		}
	}
	return nil
}

// chosen refuses an invitation that leaves out what the profile wants chosen.
// Who holds all rights in the organization has chosen everything.
func (p *Profile) chosen(in Invitation) error {
	if slices.ContainsFunc(in.Roles, func(key RoleKey) bool { return p.Role(key) != nil && p.Role(key).All }) {
		return nil
	}
	missing := *ErrChoice
	for _, choice := range p.Policies.CreationRequires {
		if !slices.ContainsFunc(in.Assignments, func(a Assignment) bool { return a.chooses(p, choice) }) {
			missing.Fields = append(missing.Fields, FieldError{Pointer: "/assignments", Code: "choice-required", Detail: "Nothing of this is chosen: " + string(choice) + "."})
		}
	}
	if len(missing.Fields) > 0 {
		return &missing
	}
	return nil
}

// chooses tells whether the assignment is a choice of that kind.
func (a *Assignment) chooses(p *Profile, choice CreationChoice) bool {
	if choice == ChooseModules {
		return slices.ContainsFunc(p.Rights, func(r RightInfo) bool { return r.Module && a.gives(p, r.Key) })
	}
	return slices.ContainsFunc(a.Scopes, func(s Scope) bool { return s.Type == ScopeType(choice) || s.Type == InOrganization })
}

// Recommended are the rights that the profile recommends for everybody and that
// the user holds nowhere.
func (m *Membership) Recommended(p *Profile) (missing []RightKey) {
	for _, r := range p.Rights {
		if r.Recommended && m.SignsIn(p) && !p.holds(m.Roles, r.Key) &&
			!slices.ContainsFunc(m.Assignments, func(a Assignment) bool { return a.gives(p, r.Key) }) {
			missing = append(missing, r.Key)
		}
	}
	return missing
}

// invite is Invite for those whose right to it has been decided. The scene
// holds what ForInvitation names; by is the organization whose mail is counted,
// if any.
func (c *Change) invite(ctx context.Context, store Store, s *Scene, by OrganizationID, org *Organization, profile *Profile, in Invitation) (*Membership, error) {
	if err := in.checkNationalID(profile, org.ID); err != nil {
		return nil, err
	}
	limits := []Limit{limitMail(MailActivation, by, in.Email)}
	if by != "" { // the operator may bring in as many customers as there are
		limits = append(limits, limitInvitations(by, in.Email))
	}
	if err := c.count(s, limits...); err != nil {
		return nil, err
	}
	ref := LinkRef{Purpose: ForActivation, Organization: org.ID}
	var p Person
	var old *Link
	ref.Person = NewPersonID()
	claimed := s.EmailClaim.taken(c.At)
	if claimed {
		ref.Person = s.EmailClaim.Person
	}
	var hashes []string
	if in.NationalID.Code.Text != "" {
		var err error
		if hashes, err = hashesOf(ctx, in.NationalID.Vault, org.ID, in.NationalID.Code); err != nil {
			return nil, err
		}
	}
	// Of an address that nobody has the same is read, and is not there.
	known, err := store.Load(ctx, Want{User: ref.Person, Organization: org.ID, Link: ref, NationalIDs: hashes})
	if err != nil {
		return nil, err
	}
	if !claimed {
		p = Person{
			ID: ref.Person, Email: in.Email, GivenName: in.GivenName, FamilyName: in.FamilyName, Phone: in.Phone,
			Language: in.Language, Home: org.ID, Security: 1, Revision: 1, CreatedAt: c.At,
		}
		c.claimEmail(s.EmailClaim, in.Email, p.ID, time.Time{})
	} else {
		switch {
		case known.Membership != nil && !known.Membership.RemovedAt.IsZero():
			return nil, ErrInactive
		case known.Membership != nil:
			return nil, ErrUserExists
		case known.User == nil:
			return nil, ErrContended // erased since
		case len(known.User.Organizations) >= MaxMemberships:
			return nil, ErrTooMany
		}
		p, old = *known.User, known.Link
	}
	if len(hashes) > 0 {
		if in.sealed, err = c.seal(ctx, store, in.NationalID, org.ID, p.ID, NationalID{}, hashes, known.NationalIDs); err != nil {
			return nil, err
		}
	}
	m, err := c.join(s, org, profile, &p, in, time.Time{})
	if err != nil {
		return nil, err
	}
	switch {
	case claimed && !s.EmailClaim.leads():
		// Nobody is reached by an address that somebody had before, and a link to
		// another one is not what was asked for.
	case m.SignsIn(profile):
		c.issue(old, ref, &p, MailActivation, ActivationLife)
	default:
		c.Send(&Mail{Kind: MailNamed, Person: p.ID, Organization: org.ID})
	}
	return m, nil
}

// join puts a new membership into the change, with its person. It is active as
// of a time, or waits for the person to accept.
func (c *Change) join(s *Scene, org *Organization, profile *Profile, p *Person, in Invitation, activated time.Time) (*Membership, error) {
	if in.Validity.at(c.At, org.Zone()) == over {
		return nil, Fault("/validity/to", "dates-past", "The last day has passed.")
	}
	if len(p.Organizations) == 0 {
		p.Home = org.ID
	}
	p.Organizations = append(slices.Clone(p.Organizations), org.ID)
	p.UpdatedAt = c.At
	c.Put(p)
	m := &Membership{
		Revision: 1, Organization: org.ID, Person: p.ID, Kind: Own, Card: in.Card, Home: org.ID, Alphabet: org.Country.alphabet(),
		Roles: in.Roles, Assignments: in.Assignments, Validity: in.Validity, DefaultTask: in.DefaultTask, Mail: in.Mail,
		NationalID: in.sealed, ActivatedAt: activated, CreatedAt: c.At, UpdatedAt: c.At,
	}
	if in.home != "" && in.home != org.ID {
		m.Kind, m.Home = Partner, in.home
	}
	m.retitle(profile, in.Assignments)
	if profile.Policies.Subscription && org.ID != OperatorID {
		if err := c.subscribe(m, s.Subscription); err != nil {
			return nil, err
		}
	}
	m.planInvited(profile, org.Zone(), c.At)
	c.Put(m)
	if m.administers(profile) {
		if err := c.seat(org, s.Administrators, s.Administrators.with(m, profile)); err != nil {
			return nil, err
		}
	}
	var made diff
	made.field("roles", "", words(m.Roles))
	made.field("assignments", "", assignmentList(m.Assignments))
	made.field("kind", "", string(m.Kind))
	if m.Kind == Partner {
		made.field("homeOrganization", "", string(m.Home))
	}
	made.validity(Validity{}, m.Validity)
	made.field("mail", (&Membership{}).mails(profile), m.mails(profile))
	made.personal("subscription", "", string(m.Subscription))
	if m.NationalID.Known() {
		made.field("nationalId", "", fieldGiven)
	}
	c.Record(org.ID, UserCreated, aboutUser(p.ID), made...)
	return m, nil
}

// UserPatch changes a user; nil leaves a field alone.
type UserPatch struct {
	GivenName    *string
	FamilyName   *string
	Phone        *string
	Language     *Language
	Roles        *[]RoleKey
	DefaultTask  *string
	Mail         MailSettings
	Subscription *SubscriptionID
	NationalID   *GivenNationalID
}

// details tells whether the patch changes anything but what the user's access hangs on.
func (in *UserPatch) details() bool {
	return in.GivenName != nil || in.FamilyName != nil || in.Phone != nil || in.Language != nil || in.DefaultTask != nil ||
		len(in.Mail) > 0 || in.NationalID != nil
}

// UpdateUser changes the organization's own copy of a user's details, and the
// user's roles. Where the organization is the person's home, the person's own
// details follow.
func UpdateUser(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile, in UserPatch) (*Membership, error) {
	if s.Membership == nil || s.User == nil {
		return nil, ErrNotFound
	}
	if !s.Membership.RemovedAt.IsZero() {
		return nil, ErrInactive
	}
	if profile.Policies.AccessOnly && s.Membership.Person != s.Caller.Person.ID && in.details() {
		return nil, ErrAccessOnly
	}
	m, p := *s.Membership, *s.User
	var changed diff
	if in.Roles != nil {
		m.Roles = *in.Roles
		if len(m.Roles)+len(m.AssignedRoles()) == 0 {
			return nil, Fault("/roles", "required", "Give at least one role.")
		}
	}
	if in.DefaultTask != nil {
		changed.personal("defaultTask", m.DefaultTask, *in.DefaultTask)
		m.DefaultTask = *in.DefaultTask
	}
	if in.Subscription != nil && *in.Subscription != m.Subscription {
		changed.personal("subscription", string(m.Subscription), string(*in.Subscription))
		// It is what the access hangs on: another one can give all of it back.
		if !profile.Policies.SelfEdit && m.Person == s.Caller.Person.ID {
			return nil, ErrSelf
		}
		if err := mayAll(ctx, store, c, s, profile, s.Membership, s.Caller.MayReturn); err != nil {
			return nil, err
		}
		if err := c.unsubscribe(ctx, store, &m); err != nil {
			return nil, err
		}
		if err := c.subscribe(&m, s.Subscription); err != nil {
			return nil, err
		}
	}
	if in.NationalID != nil {
		if err := c.setNationalID(ctx, store, profile, &m, *in.NationalID, &changed); err != nil {
			return nil, err
		}
	}
	known := len(changed)
	m.Mail = m.Mail.with(in.Mail)
	changed.field("mail", s.Membership.mails(profile), m.mails(profile))
	before := len(changed)
	set := func(name string, field *string, value *string) {
		if value != nil {
			changed.personal(name, *field, *value)
			*field = *value
		}
	}
	set("givenName", &m.GivenName, in.GivenName)
	set("familyName", &m.FamilyName, in.FamilyName)
	set("phone", &m.Phone, in.Phone)
	if in.Language != nil {
		changed.field("language", string(m.Language), string(*in.Language))
		m.Language = *in.Language
	}
	card := len(changed) > before
	if card && m.Kind != Own {
		return nil, ErrPartnerCard
	}
	// Nor does the lower change what the higher is called or reached by.
	if len(changed) > known && m.Person != s.Caller.Person.ID {
		if err := mayAll(ctx, store, c, s, profile, s.Membership, s.Caller.MayTake); err != nil {
			return nil, err
		}
	}
	if card && p.Home == m.Organization && !m.ActivatedAt.IsZero() {
		p.GivenName, p.FamilyName, p.Phone, p.Language = m.GivenName, m.FamilyName, m.Phone, m.Language
		p.UpdatedAt = c.At
		p.Revision++
		c.Put(&p)
	}
	if err := c.changeAccess(ctx, store, s, profile, s.Membership, &m, changed); err != nil {
		return nil, err
	}
	return &m, nil
}

// SetValidity says from when and until when a user is let in, or locks them out.
// A lock takes away all that they have, everything else gives it, and asks for no less.
func SetValidity(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, v Validity) (*Membership, error) {
	m := s.Membership
	switch {
	case m == nil || s.User == nil:
		return nil, ErrNotFound
	case !m.RemovedAt.IsZero():
		return nil, ErrInactive
	case m.Person == s.Caller.Person.ID:
		return nil, ErrSelf
	}
	may := s.Caller.MayReturn
	if v.Type == Locked {
		may = s.Caller.MayTake
	}
	if err := mayAll(ctx, store, c, s, p, m, may); err != nil {
		return nil, err
	}
	next := *m
	next.Validity = v
	var changed diff
	changed.validity(m.Validity, v)
	if len(changed) == 0 {
		return &next, nil
	}
	if err := c.reseat(s, p, &next); err != nil {
		return nil, err
	}
	next.planValidity(p, s.Organization.Zone(), c.At)
	c.rewrite(m, &next, UserValiditySet, changed...)
	return &next, nil
}

// held is what a user had, for the audit of their removal.
func (m *Membership) held() (had diff) {
	had.field("roles", words(m.Roles), "")
	if len(m.Assignments) > 0 {
		had = append(had, assignmentChange(m.Assignments, nil))
	}
	had.personal("subscription", string(m.Subscription), "")
	return had
}

// mayAll holds everything that a user has against the caller.
func mayAll(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, m *Membership, may func(*Profile, Gift, time.Time) error) error {
	places, err := placesOf(ctx, store, s, m.Assignments)
	if err != nil {
		return err
	}
	gift := Gift{Roles: m.Roles, Assignments: m.Assignments, Resources: places.Resources, Clients: places.Clients}
	return may(p, gift, c.At)
}

// RemoveUser takes a user out of the organization. Where the profile says so,
// an own user only becomes inactive, and can be restored. Otherwise the
// membership goes, and somebody who is a user nowhere else is erased: the
// address is free for a new person, and every session and link is dead with the
// person they were for. Of a partner who has an account only the membership goes:
// the account is theirs, and who finds them can make them a partner again.
func RemoveUser(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile) error {
	m, p := s.Membership, s.User
	switch {
	case m == nil || p == nil:
		return ErrNotFound
	case !m.RemovedAt.IsZero():
		return ErrInactive
	case p.ID == s.Caller.Person.ID:
		return ErrSelf
	}
	if err := mayAll(ctx, store, c, s, profile, m, s.Caller.MayTake); err != nil {
		return err
	}
	if s.Link != nil {
		c.Remove(s.Link)
	}
	if m.administers(profile) {
		if err := c.seat(s.Organization, s.Administrators, s.Administrators.without(p.ID)); err != nil {
			return err
		}
	}
	if profile.Policies.RemovalOwn == Deactivate && m.Kind == Own {
		next := *m
		next.RemovedAt = c.At
		next.Plan(profile, s.Organization.Zone())
		c.rewrite(m, &next, UserRemoved, m.held()...)
		return nil
	}
	if err := c.unsubscribe(ctx, store, m); err != nil {
		return err
	}
	c.Remove(m)
	c.reclaim(m.Organization, m.Person, m.NationalID, NationalID{})
	left := *p
	left.Organizations = slices.DeleteFunc(slices.Clone(p.Organizations), func(o OrganizationID) bool { return o == m.Organization })
	switch {
	case len(left.Organizations) > 0:
		if left.Home == m.Organization {
			home, err := nextHome(ctx, store, &left)
			if err != nil {
				return err
			}
			left.Home = home
		}
		left.UpdatedAt = c.At
		c.Put(&left)
	case m.Kind == Partner && p.PasswordHash != "":
		left.Home, left.UpdatedAt = m.Home, c.At
		c.Put(&left)
	default:
		c.Remove(p)
		for _, l := range []*Link{s.EmailChange, s.EmailUndo} {
			if l != nil {
				c.Remove(l)
			}
		}
		if err := c.release(ctx, store, p, s.EmailUndo); err != nil {
			return err
		}
		c.Put(&Erasure{Person: p.ID, Organizations: p.Organizations, At: c.At})
	}
	c.Record(m.Organization, UserRemoved, aboutUser(p.ID), m.held()...)
	return nil
}

// RestoreUser gives a removed user back what they held at removal, but for what
// the caller may not give today, or nobody: that is dropped, and told. The
// person is mailed a new activation link, and where they are a user nowhere else
// chooses a new password with it.
func RestoreUser(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile) (m *Membership, dropped Gift, err error) {
	old, p := s.Membership, s.User
	switch {
	case old == nil || p == nil:
		return nil, dropped, ErrNotFound
	case old.RemovedAt.IsZero():
		return nil, dropped, ErrNotInactive
	}
	places, err := placesOf(ctx, store, s, old.Assignments)
	if err != nil {
		return nil, dropped, err
	}
	next := *old
	next.RemovedAt, next.ActivatedAt, next.Roles, next.Assignments = time.Time{}, time.Time{}, nil, nil
	for _, role := range old.Roles {
		if s.Caller.MayGive(profile, Gift{Roles: []RoleKey{role}}, c.At) == nil {
			next.Roles = append(next.Roles, role)
		} else {
			dropped.Roles = append(dropped.Roles, role)
		}
	}
	for _, a := range old.Assignments {
		kept, lost := s.Caller.splits(profile, places, a, c.At)
		next.Assignments = append(next.Assignments, kept...)
		dropped.Assignments = append(dropped.Assignments, lost...)
	}
	if err := next.fits(); err != nil {
		return nil, dropped, err
	}
	next.untitle(dropped.Assignments)
	c.holdClients(places, next.Assignments)
	if err := c.reseat(s, profile, &next); err != nil {
		return nil, dropped, err
	}
	var changed diff
	// As the entry of the removal told what went, this one tells what came back, and
	// as what was before it, what did not.
	changed.field("roles", words(dropped.Roles), words(next.Roles))
	if len(dropped.Assignments)+len(next.Assignments) > 0 {
		changed = append(changed, assignmentChange(dropped.Assignments, next.Assignments))
	}
	next.planInvited(profile, s.Organization.Zone(), c.At)
	c.rewrite(old, &next, UserRestored, changed...)
	if !next.SignsIn(profile) {
		return &next, dropped, nil
	}
	if len(p.Organizations) == 1 && p.PasswordHash != "" {
		fresh := *p
		fresh.PasswordHash, fresh.UpdatedAt = "", c.At
		fresh.Security++
		c.Put(&fresh)
		changedScene := *s
		changedScene.User = &fresh
		s = &changedScene
	}
	ref := LinkRef{Person: p.ID, Purpose: ForActivation, Organization: next.Organization}
	return &next, dropped, c.mailLink(ctx, store, s, ref, MailActivation, ActivationLife, ActivationSent)
}

// splits divides an assignment into what the caller may give today, and the rest.
func (c *Caller) splits(p *Profile, places *Scene, a Assignment, now time.Time) (kept, lost []Assignment) {
	may := func(one Assignment) bool {
		return c.MayGive(p, Gift{Assignments: []Assignment{one}, Resources: places.Resources, Clients: places.Clients}, now) == nil
	}
	if may(a) {
		return []Assignment{a}, nil
	}
	for _, scope := range a.Scopes {
		keep, lose := Assignment{Scopes: []Scope{scope}}, Assignment{Scopes: []Scope{scope}}
		for _, role := range a.Roles {
			if may(Assignment{Roles: []RoleKey{role}, Scopes: keep.Scopes}) {
				keep.Roles = append(keep.Roles, role)
			} else {
				lose.Roles = append(lose.Roles, role)
			}
		}
		for _, right := range a.Rights {
			if may(Assignment{Rights: []RightKey{right}, Scopes: keep.Scopes}) {
				keep.Rights = append(keep.Rights, right)
			} else {
				lose.Rights = append(lose.Rights, right)
			}
		}
		kept, lost = keep.join(kept), lose.join(lost)
	}
	return kept, lost
}

// join puts an assignment to others, into the one of the same roles and rights
// if there is one. Of nothing it makes nothing.
func (a Assignment) join(others []Assignment) []Assignment {
	if len(a.Roles)+len(a.Rights) == 0 {
		return others
	}
	for i := range others {
		if o := &others[i]; slices.Equal(o.Roles, a.Roles) && slices.Equal(o.Rights, a.Rights) {
			o.Scopes = append(o.Scopes, a.Scopes...)
			return others
		}
	}
	return append(others, a)
}

// ForRemoval names what the removal of a user stands on, beside the user.
func (w *Want) ForRemoval() {
	w.Administrators, w.EmailLinks = true, w.User
	w.Link = LinkRef{Person: w.User, Purpose: ForActivation, Organization: w.Organization}
}

// nextHome is an organization that the person has joined, as an own user if
// there is one, or else any that waits for them to.
func nextHome(ctx context.Context, store Store, p *Person) (OrganizationID, error) {
	places, err := store.Places(ctx, p)
	if err != nil {
		return "", err
	}
	home, joined := p.Organizations[0], false
	for _, place := range places {
		switch {
		case place.Membership.ActivatedAt.IsZero():
		case place.Membership.Kind == Own:
			return place.Organization.ID, nil
		case !joined:
			home, joined = place.Organization.ID, true
		}
	}
	return home, nil
}

// ResendActivation mails a new activation link, which kills the older one.
func ResendActivation(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile) error {
	switch {
	case s.Membership == nil || s.User == nil:
		return ErrNotFound
	case !s.Membership.RemovedAt.IsZero():
		return ErrInactive
	case !s.Membership.SignsIn(profile):
		return ErrNoSignIn
	case !s.Membership.ActivatedAt.IsZero():
		return ErrActivated
	case s.Membership.Undeliverable.Of(s.User.Email) != "":
		return ErrUnreachable
	}
	ref := LinkRef{Person: s.User.ID, Purpose: ForActivation, Organization: s.Organization.ID}
	return c.mailLink(ctx, store, s, ref, MailActivation, ActivationLife, ActivationSent)
}

// ResetByAdministrator mails a user a link to a new password. Nobody but the
// user ever sees it.
func ResetByAdministrator(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile) error {
	switch {
	case s.Membership == nil || s.User == nil:
		return ErrNotFound
	case !s.Membership.RemovedAt.IsZero():
		return ErrInactive
	case s.Membership.Kind != Own:
		return ErrPartnerCard
	case !s.Membership.SignsIn(profile):
		return ErrNoSignIn
	case s.Membership.ActivatedAt.IsZero():
		return ErrNotActivated
	}
	if err := mayAll(ctx, store, c, s, profile, s.Membership, s.Caller.MayTake); err != nil {
		return err
	}
	if s.Membership.Undeliverable.Of(s.User.Email) != "" {
		return ErrUnreachable
	}
	ref := LinkRef{Person: s.User.ID, Purpose: ForPasswordReset, Organization: s.Organization.ID}
	return c.mailLink(ctx, store, s, ref, MailPasswordByAdmin, PasswordResetLife, PasswordResetRequested)
}

// mailLink reads the counters and the link that only now are known by name.
func (c *Change) mailLink(ctx context.Context, store Store, s *Scene, ref LinkRef, kind MailKind, life time.Duration, action Action) error {
	limits := []Limit{limitMail(kind, s.Organization.ID, s.User.Email), limitOrganizationMail(s.Organization.ID)}
	scene, err := store.Load(ctx, Want{Link: ref, Attempts: []string{limits[0].Key, limits[1].Key}})
	if err != nil {
		return err
	}
	if err := c.count(scene, limits...); err != nil {
		return err
	}
	c.issue(scene.Link, ref, s.User, kind, life)
	c.Record(s.Organization.ID, action, aboutUser(s.User.ID))
	return nil
}

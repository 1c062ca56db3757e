package domain

import "context"

// Customer is a new organization with its first administrator.
type Customer struct {
	Name          string
	Country       Country
	BusinessID    string
	Language      Language
	TimeZone      string // empty: the country's
	Administrator Card
	// Subscription is the administrator's, in a portal that asks for one.
	Subscription SubscriptionID
	NationalID   GivenNationalID // of the administrator
}

// ForCustomer names what a new organization stands on.
func (w *Want) ForCustomer(in Customer) {
	w.ForInvitation(Invitation{Card: in.Administrator})
	w.Business = OrganizationClaim{Country: in.Country, BusinessID: in.BusinessID}
}

// CreateOrganization makes a customer organization and invites its first administrator.
func CreateOrganization(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile, in Customer) (*Organization, *Membership, error) {
	return c.found(ctx, store, s, profile, NewOrganizationID(c.At), "", in)
}

func (c *Change) found(ctx context.Context, store Store, s *Scene, profile *Profile, id, mailer OrganizationID, in Customer) (*Organization, *Membership, error) {
	if s.BusinessClaim != nil {
		return c.claim(ctx, store, s, profile, in)
	}
	org := &Organization{
		ID: id, Name: in.Name, Country: in.Country, BusinessID: in.BusinessID, Language: in.Language, TimeZone: in.TimeZone,
	}
	c.newOrganization(profile, org)
	c.Record(id, OrganizationCreated, aboutOrganization(id))

	founding := *s
	founding.Administrators = &Administrators{}
	admin, err := c.appoint(ctx, store, &founding, mailer, org, profile, in)
	return org, admin, err
}

// newOrganization puts an organization into the change that was not there, with
// the claim to its business id.
func (c *Change) newOrganization(p *Profile, org *Organization) {
	org.Revision, org.Alphabet, org.CreatedAt, org.UpdatedAt = 1, p.Country.alphabet(), c.At, c.At
	if org.TimeZone == "" {
		org.TimeZone = zoneOf(org.Country, p)
	}
	c.Put(org)
	c.Put(&OrganizationClaim{Country: org.Country, BusinessID: org.BusinessID, Organization: org.ID})
}

// claim makes a customer of an organization that nobody administers yet, and
// that is there because of somebody's partner.
func (c *Change) claim(ctx context.Context, store Store, s *Scene, p *Profile, in Customer) (*Organization, *Membership, error) {
	id := s.BusinessClaim.Organization
	here, err := store.Load(ctx, Want{Organization: id, Administrators: true})
	if err != nil {
		return nil, nil, err
	}
	if here.Organization == nil || !here.Organization.Unclaimed {
		return nil, nil, ErrOrganizationHere
	}
	org := *here.Organization
	var changed diff
	changed.field("name", org.Name, in.Name)
	changed.field("language", string(org.Language), string(in.Language))
	if in.TimeZone != "" {
		changed.field("timeZone", org.TimeZone, in.TimeZone)
		org.TimeZone = in.TimeZone
	}
	org.Name, org.Language, org.Unclaimed, org.UpdatedAt = in.Name, in.Language, false, c.At
	org.Revision++
	c.Put(&org)
	c.Record(id, OrganizationUpdated, aboutOrganization(id), append(changed, FieldChange{Field: "unclaimed", Before: "true", After: "false"})...)
	scene := *s
	scene.Administrators = here.Administrators
	admin, err := c.appoint(ctx, store, &scene, "", &org, p, in)
	return &org, admin, err
}

// appoint invites the first administrator of an organization.
func (c *Change) appoint(ctx context.Context, store Store, s *Scene, mailer OrganizationID, org *Organization, p *Profile, in Customer) (*Membership, error) {
	if in.Subscription != "" {
		s.Subscription = &Subscription{Organization: org.ID, ID: in.Subscription, Active: true, UpdatedAt: c.At}
		c.Record(org.ID, SubscriptionSet, aboutSubscription(in.Subscription), FieldChange{Field: "status", After: activity(true)})
	}
	return c.invite(ctx, store, s, mailer, org, p, Invitation{
		Card: in.Administrator, Roles: []RoleKey{p.administrator()}, NationalID: in.NationalID, pointer: "/administrator",
	})
}

// administrator is the highest role that administers.
func (p *Profile) administrator() (key RoleKey) {
	level := -1
	for _, r := range p.Roles {
		if p.holds([]RoleKey{r.Key}, RightEditUsers) && r.Level > level {
			key, level = r.Key, r.Level
		}
	}
	return key
}

var zones = map[Country]string{
	"FI": "Europe/Helsinki", "AX": "Europe/Mariehamn", "SE": "Europe/Stockholm", "NO": "Europe/Oslo", "DK": "Europe/Copenhagen",
	"IS": "Atlantic/Reykjavik", "EE": "Europe/Tallinn", "LV": "Europe/Riga", "LT": "Europe/Vilnius",
}

func zoneOf(country Country, p *Profile) string {
	if zone, ok := zones[country]; ok {
		return zone
	}
	return p.TimeZone
}

// SetSuspended closes an organization, with everything that derives from it, or
// opens it again. The operator's own stays open.
func SetSuspended(c *Change, s *Scene, suspended bool) (*Organization, error) {
	switch {
	case s.Organization == nil:
		return nil, ErrNotFound
	case s.Organization.ID == OperatorID:
		return nil, ErrSelf
	case s.Organization.Suspended == suspended:
		return s.Organization, nil
	}
	org := *s.Organization
	org.Suspended = suspended
	org.Revision++
	org.UpdatedAt = c.At
	c.Put(&org)
	text := func(suspended bool) string {
		if suspended {
			return "suspended"
		}
		return "active"
	}
	c.Record(org.ID, OrganizationUpdated, aboutOrganization(org.ID), FieldChange{Field: "status", Before: text(!suspended), After: text(suspended)})
	return &org, nil
}

// OrganizationPatch changes an organization; nil leaves a field alone.
type OrganizationPatch struct {
	Name     *string
	Language *Language
	TimeZone *string
}

// UpdateOrganization changes an organization's details. Its country and
// business id are what it is, and stay.
func UpdateOrganization(c *Change, s *Scene, profile *Profile, in OrganizationPatch) (*Organization, error) {
	org := *s.Organization
	var changed diff
	if in.Name != nil {
		changed.field("name", org.Name, *in.Name)
		org.Name = *in.Name
	}
	if in.Language != nil {
		changed.field("language", string(org.Language), string(*in.Language))
		org.Language = *in.Language
	}
	if in.TimeZone != nil && *in.TimeZone != org.TimeZone {
		// Where the day is another one, terms and mandates begin and end anew: that
		// is for nobody whom they bind.
		if !s.Caller.Operates(profile, c.At) {
			return nil, ErrOperatorOnly
		}
		changed.field("timeZone", org.TimeZone, *in.TimeZone)
		org.TimeZone = *in.TimeZone
	}
	if len(changed) == 0 {
		return &org, nil
	}
	// Where the day is another one, a term may be over.
	if seats := s.Administrators.Seats; !keeps(seats, seats, c.At, s.Organization.Zone(), org.Zone()) {
		return nil, ErrLastAdmin
	}
	org.UpdatedAt = c.At
	org.Revision++
	c.Put(&org)
	c.Record(org.ID, OrganizationUpdated, aboutOrganization(org.ID), changed...)
	return &org, nil
}

// Operator is the company whose portal it is, and its first administrator's address.
type Operator struct {
	Name     string
	Email    Email
	Language Language // of the first administrator
}

// Bootstrap fills an empty store: the operator's organization with one
// administrator, who is mailed, and the key of list cursors. On a store that
// has them it does nothing. There is no default password.
func Bootstrap(ctx context.Context, store Store, c *Change, profile *Profile, operator Operator) error {
	in := Customer{
		Name: operator.Name, Country: profile.Country, BusinessID: "OPERATOR", Language: profile.DefaultLanguage(),
		Administrator: Card{GivenName: "Operator", FamilyName: "Administrator", Email: operator.Email, Language: operator.Language},
	}
	want := Want{Organization: OperatorID, Signing: true}
	want.ForCustomer(in)
	s, err := store.Load(ctx, want)
	if err != nil || s.Organization != nil {
		return err
	}
	key := NewSecret()
	c.Put(&Signing{Keys: []SigningKey{{ID: "1", Secret: key[:]}}})
	_, _, err = c.found(ctx, store, s, profile, OperatorID, OperatorID, in)
	return err
}

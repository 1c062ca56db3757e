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
		return nil, nil, ErrOrganizationHere
	}
	org := &Organization{
		Revision: 1, ID: id, Name: in.Name, Country: in.Country, BusinessID: in.BusinessID, Language: in.Language,
		TimeZone: in.TimeZone, Alphabet: profile.Country.alphabet(), CreatedAt: c.At, UpdatedAt: c.At,
	}
	if org.TimeZone == "" {
		org.TimeZone = zoneOf(in.Country, profile)
	}
	c.Put(org)
	c.Put(&OrganizationClaim{Country: in.Country, BusinessID: in.BusinessID, Organization: id})
	c.Record(id, OrganizationCreated, aboutOrganization(id))

	founding := *s
	founding.Administrators = &Administrators{}
	if in.Subscription != "" {
		founding.Subscription = &Subscription{Organization: id, ID: in.Subscription, Active: true, UpdatedAt: c.At}
		c.Record(id, SubscriptionSet, aboutSubscription(in.Subscription), FieldChange{Field: "status", After: activity(true)})
	}
	admin, err := c.invite(ctx, store, &founding, mailer, org, profile, Invitation{
		Card: in.Administrator, Roles: []RoleKey{profile.administrator()},
	})
	return org, admin, err
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
func UpdateOrganization(c *Change, s *Scene, in OrganizationPatch) (*Organization, error) {
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
	if in.TimeZone != nil {
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

package domain

import (
	"context"
	"errors"
	"slices"
)

// FoundPartner is somebody whom another organization can make its partner.
type FoundPartner struct {
	Person  *Person
	Company *Organization // that they come from
	// Confirmed says that the company itself has them as an own user. Otherwise
	// it is what somebody said who made them a partner.
	Confirmed bool
}

// ForPartnerSearch names what a search stands on, beside its organization.
func (w *Want) ForPartnerSearch(email Email) {
	w.Email = email
	w.Attempts = append(w.Attempts, keys(limitPartnerSearches(w.Session.Person, w.Organization)...)...)
}

// FindPartner finds who has exactly the address, for an organization that may
// make them a partner. It is nil for an address that nobody has, and for
// everybody who is not to be found, after the same reads: for who never opened an
// account or is let in nowhere now, the organization's own users, and the
// operator's. Searches are counted and told to the organization's audit,
// whatever they find.
func FindPartner(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, email Email) (*FoundPartner, error) {
	if !p.Policies.Partners {
		return nil, ErrNoPartners
	}
	if err := c.count(s, limitPartnerSearches(s.Caller.Person.ID, s.Organization.ID)...); err != nil {
		return nil, err
	}
	found, err := findPartner(ctx, store, c, s, p, s.EmailClaim)
	if err != nil && !errors.Is(err, ErrNoPartner) && !errors.Is(err, ErrUserExists) && !errors.Is(err, ErrInactive) {
		return nil, err
	}
	c.recordSearch(s.Organization.ID, email, found != nil)
	return found, nil
}

func (c *Change) recordSearch(org OrganizationID, email Email, found bool) {
	outcome := "nobody"
	if found {
		outcome = "found"
	}
	c.Record(org, PartnerSearched, aboutOrganization(org), FieldChange{Field: "email", After: email.Masked()}, FieldChange{Field: "outcome", After: outcome})
}

// findPartner is the person of a claim as a partner to be. ErrNoPartner: nobody
// is to be found; ErrUserExists and ErrInactive: they are a user here.
func findPartner(ctx context.Context, store Store, c *Change, s *Scene, profile *Profile, claim *EmailClaim) (*FoundPartner, error) {
	here := s.Organization.ID
	p, places, err := whoIs(ctx, store, claim)
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		switch {
		case place.Organization.ID != here:
		case !place.Membership.RemovedAt.IsZero():
			return nil, ErrInactive
		default:
			return nil, ErrUserExists
		}
	}
	if p.PasswordHash == "" || slices.Contains(p.Organizations, OperatorID) {
		return nil, ErrNoPartner
	}
	company := p.Home // of who is a user nowhere any more
	if len(p.Organizations) > 0 {
		at := p.standsIn(places, profile, c)
		if at == nil {
			return nil, ErrNoPartner
		}
		if at.Membership.Kind == Own {
			return &FoundPartner{Person: p, Company: at.Organization, Confirmed: true}, nil
		}
		company = at.Membership.Home
	}
	found, err := store.Load(ctx, Want{Organizations: []OrganizationID{company}})
	if err != nil {
		return nil, err
	}
	// Who comes from here is nobody's partner here.
	if company == here || found.Organizations[company] == nil {
		return nil, ErrNoPartner
	}
	return &FoundPartner{Person: p, Company: found.Organizations[company]}, nil
}

// standsIn is the place that says where the person comes from: of those that let
// them in now their home, or else the first where they are an own user, or else
// the first. It is nil if there is none.
func (p *Person) standsIn(places []Place, profile *Profile, c *Change) (at *Place) {
	for i := range places {
		place := &places[i]
		switch {
		case !place.Lets(profile, c.At):
		case place.Organization.ID == p.Home && place.Membership.Kind == Own:
			return place
		case at == nil, place.Membership.Kind == Own && at.Membership.Kind != Own:
			at = place
		}
	}
	return at
}

// NewPartner is somebody with an account who is to become a partner, and what
// they are to be given.
type NewPartner struct {
	Person PersonID // or:
	Email  Email
	Invitation
}

// ForPartner names what a new partner stands on, beside the organization.
func (w *Want) ForPartner(in NewPartner) {
	w.ForPlaces(in.Assignments)
	w.Subscription, w.Administrators = in.Subscription, true
	w.ForPartnerSearch(in.Email)
}

// AddPartner makes a person of another organization, who has an account, a
// partner of this one at once, and mails them that. Their details stay what they
// and their company say. It counts as a search, so that nobody finds out more by
// adding than by asking.
func AddPartner(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, in NewPartner) (*Membership, error) {
	if !p.Policies.Partners {
		return nil, ErrNoPartners
	}
	if err := c.mayInvite(s, p, &in.Invitation); err != nil {
		return nil, err
	}
	limits := limitPartnerSearches(s.Caller.Person.ID, s.Organization.ID)
	if err := c.count(s, limits...); err != nil {
		return nil, err
	}
	claim := s.EmailClaim
	if in.Person != "" {
		claim = &EmailClaim{Person: in.Person}
	}
	found, err := findPartner(ctx, store, c, s, p, claim)
	if errors.Is(err, ErrNoPartner) {
		record := func(apart *Change) { apart.recordSearch(s.Organization.ID, in.Email, false) }
		if err := c.tally(ctx, store, s, record, limits...); err != nil {
			return nil, err
		}
		return nil, ErrNoPartner
	}
	if err != nil {
		return nil, err
	}
	person := *found.Person
	if len(person.Organizations) >= MaxMemberships {
		return nil, ErrTooMany
	}
	mail := limitMail(MailPartnerAdded, s.Organization.ID, person.Email)
	counted, err := store.Load(ctx, Want{Attempts: keys(mail)})
	if err != nil {
		return nil, err
	}
	if err := c.count(counted, mail); err != nil {
		return nil, err
	}
	in.Card = Card{GivenName: person.GivenName, FamilyName: person.FamilyName, Email: person.Email, Language: person.Language}
	in.home = found.Company.ID
	c.holdClients(s, in.Assignments)
	m, err := c.join(s, s.Organization, p, &person, in.Invitation, c.At)
	if err != nil {
		return nil, err
	}
	kind := MailPartnerAdded
	if !m.SignsIn(p) {
		kind = MailNamed
	}
	c.Send(&Mail{Kind: kind, Person: m.Person, Organization: m.Organization})
	return m, nil
}

// ForCompanysInvitation is ForInvitation of somebody who comes from a company.
func (w *Want) ForCompanysInvitation(in Invitation, company OrganizationClaim) {
	w.ForInvitation(in)
	w.Business = company
	w.Attempts = append(w.Attempts, limitNewCompanies(w.Organization).Key)
}

// InvitePartner makes a user who comes from another company: a partner. They are
// the partner of this organization only. The company, if it is a customer, is
// not asked and not told, and they are no user of it.
//
// A company that the system does not know is made from the public register, and
// administered by nobody. ErrNoRegistry and ErrNoCompany say that the operator
// has to bring it in by hand, ErrUnavailable that it can be tried again.
func InvitePartner(ctx context.Context, store Store, register Registry, c *Change, s *Scene, p *Profile, in Invitation, company OrganizationClaim) (*Membership, error) {
	if !p.Policies.Partners {
		return nil, ErrNoPartners
	}
	if err := c.mayInvite(s, p, &in); err != nil {
		return nil, err
	}
	var err error
	if in.home, err = c.company(ctx, store, register, s, p, company); err != nil {
		return nil, err
	}
	c.holdClients(s, in.Assignments)
	return c.invite(ctx, store, s, s.Organization.ID, s.Organization, p, in)
}

// company finds the organization that somebody comes from, or makes it.
func (c *Change) company(ctx context.Context, store Store, register Registry, s *Scene, p *Profile, claim OrganizationClaim) (OrganizationID, error) {
	switch known := s.BusinessClaim; {
	case known != nil && known.Organization == OperatorID:
		return "", ErrNoCompany
	case known != nil:
		return known.Organization, nil
	}
	if err := c.tally(ctx, store, s, nil, limitNewCompanies(s.Organization.ID)); err != nil {
		return "", err
	}
	found, err := company(ctx, register, claim)
	switch {
	case err != nil:
		return "", err
	case found.Status == CompanyCeased:
		return "", ErrNoCompany
	}
	org := &Organization{
		ID: NewOrganizationID(c.At), Name: found.Name, Country: claim.Country, BusinessID: claim.BusinessID,
		Language: p.DefaultLanguage(), Register: found.Source, Unclaimed: true,
	}
	c.newOrganization(p, org)
	c.Record(org.ID, OrganizationCreated, aboutOrganization(org.ID), FieldChange{Field: "register", After: org.Register})
	return org.ID, nil
}

// company asks the register; ErrNoCompany: it does not know the company.
func company(ctx context.Context, register Registry, claim OrganizationClaim) (*RegisteredCompany, error) {
	found, err := register.Company(ctx, claim.Country, claim.BusinessID)
	if errors.Is(err, ErrNotFound) {
		return nil, ErrNoCompany
	}
	return found, err
}

// ForLookUp names what a look-up of a company stands on.
func (w *Want) ForLookUp(company OrganizationClaim) {
	w.Business = company
	w.Attempts = append(w.Attempts, limitLookUps(w.Session.Home).Key)
}

// LookUpCompany tells what a company is that somebody is to come from, or that is
// to be a customer: the organization if the system knows it, and otherwise what
// the public register says. It is for those who edit users somewhere, in a portal
// with partners, and for the operator.
func LookUpCompany(ctx context.Context, store Store, register Registry, c *Change, s *Scene, p *Profile, claim OrganizationClaim) (*Organization, *RegisteredCompany, error) {
	if err := mayLookUp(ctx, store, c, s, p); err != nil {
		return nil, nil, err
	}
	if err := c.tally(ctx, store, s, nil, limitLookUps(s.Caller.Home.Organization.ID)); err != nil {
		return nil, nil, err
	}
	if s.BusinessClaim == nil {
		found, err := company(ctx, register, claim)
		return nil, found, err
	}
	id := s.BusinessClaim.Organization
	known, err := store.Load(ctx, Want{Organizations: []OrganizationID{id}})
	if err != nil {
		return nil, nil, err
	}
	if known.Organizations[id] == nil || id == OperatorID {
		return nil, nil, ErrNoCompany
	}
	return known.Organizations[id], nil, nil
}

func mayLookUp(ctx context.Context, store Store, c *Change, s *Scene, p *Profile) error {
	places, err := s.Caller.Places(ctx, store)
	if err != nil {
		return err
	}
	edits := slices.ContainsFunc(places, func(at Place) bool { return slices.Contains(at.Administers(p, c.At), RightEditUsers) })
	switch {
	case s.Caller.Home.Organization == nil: // that the session counts by; look-ups are counted for it
		return ErrForbidden
	case s.Caller.Operates(p, c.At):
		return nil
	case !edits:
		return ErrForbidden
	case !p.Policies.Partners:
		return ErrNoPartners
	}
	return nil
}

// PartnerOrganization is a company that partners come from.
type PartnerOrganization struct {
	Organization *Organization
	Partners     int // users of the organization that asks
}

// PartnerOrganizations are those from which at least one user is a partner of the
// organization, in no order. It reads the organization's users whole.
func PartnerOrganizations(ctx context.Context, store Store, org OrganizationID) ([]PartnerOrganization, error) {
	users, err := store.AllUsers(ctx, org)
	if err != nil {
		return nil, err
	}
	partners := map[OrganizationID]int{}
	var want Want
	for _, m := range users {
		if m.Kind != Partner {
			continue
		}
		if partners[m.Home] == 0 {
			want.Organizations = append(want.Organizations, m.Home)
		}
		partners[m.Home]++
	}
	found, err := store.Load(ctx, want)
	if err != nil {
		return nil, err
	}
	var out []PartnerOrganization
	for id, o := range found.Organizations {
		out = append(out, PartnerOrganization{Organization: o, Partners: partners[id]})
	}
	return out, nil
}

package localapp

import (
	"context"
	"fmt"
	"slices"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/profile/profilefile"
	"github.com/fullmakt/fullmakt/internal/store"
)

// Invited is somebody whom Bootstrap has made and the portal mails.
type Invited struct {
	Email        domain.Email
	Organization string
	Roles        []domain.RoleKey // wherever they hold
	SignsIn      bool
}

// loader fills the store with demo data by the domain's own use cases. What
// takes a caller is done as an administrator, so that nobody gets what an
// administrator could not have given them through the API.
type loader struct {
	*App
	store    domain.Store
	operator *domain.Caller
	made     map[domain.OrganizationID]*customer // by their keys in the file
}

// customer is an organization that has been made.
type customer struct {
	*domain.Organization
	administrator *domain.Caller
	resources     map[domain.ResourceID]domain.ResourceID // ids by their keys in the file
	invited       []Invited
}

// loadDemo fills the store with demo data, unless one of its organizations is
// there already.
func (a *App) loadDemo(ctx context.Context, demo *profilefile.Demo) (invited []Invited, err error) {
	l := &loader{App: a, store: store.New(a.config.Table), made: map[domain.OrganizationID]*customer{}}
	for _, o := range demo.Organizations {
		var want domain.Want
		want.ForCustomer(o.Customer)
		if s, err := l.store.Load(ctx, want); err != nil || s.BusinessClaim != nil {
			return nil, err
		}
	}
	operator, err := l.administrator(ctx, domain.OperatorID)
	if err != nil {
		return nil, err
	}
	l.operator = &domain.Caller{Person: operator.Person, Home: operator.Home}
	if err := l.load(ctx, demo); err != nil {
		return nil, fmt.Errorf("demo data, of which a part is in the store now: %w", err)
	}
	for _, o := range demo.Organizations {
		invited = append(invited, l.made[o.Key].invited...)
	}
	return invited, nil
}

// load makes the organizations with all that lies in them, and the mandates
// between them before the users who act under those.
func (l *loader) load(ctx context.Context, demo *profilefile.Demo) error {
	for _, o := range demo.Organizations {
		if err := l.organization(ctx, o); err != nil {
			return fmt.Errorf("organization %s: %w", o.Key, err)
		}
	}
	for _, m := range demo.Mandates {
		if err := l.mandate(ctx, m); err != nil {
			return fmt.Errorf("mandate from %s to %s: %w", m.Principal, m.Agent, err)
		}
	}
	for _, o := range demo.Organizations {
		for _, u := range o.Users {
			if err := l.user(ctx, o.Key, u); err != nil {
				return fmt.Errorf("user %s: %w", u.New.Email, err)
			}
		}
	}
	return nil
}

// do makes one change of what is read, as somebody who has the right to.
func (l *loader) do(ctx context.Context, as *domain.Caller, right domain.RightKey, want domain.Want, use func(*domain.Change, *domain.Scene) error) error {
	c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "demo"}, l.Now(), "demo")
	s, err := l.store.Load(ctx, want)
	if err != nil {
		return err
	}
	caller := *as
	if caller.Here.Organization == nil {
		caller.Here.Organization = s.Organization
	}
	s.Caller = &caller
	if err := s.Caller.Decide(l.config.Profile, right, nil, c.At); err != nil {
		return fmt.Errorf("%s: %w", right, err)
	}
	if err := use(c, s); err != nil || c.Empty() {
		return err
	}
	return l.store.Commit(ctx, c)
}

// administrator is an organization's first, as they will be when they have
// activated their account.
func (l *loader) administrator(ctx context.Context, of domain.OrganizationID) (*domain.Caller, error) {
	s, err := l.store.Load(ctx, domain.Want{Organization: of, Administrators: true})
	if err != nil {
		return nil, err
	}
	s, err = l.store.Load(ctx, domain.Want{Organization: of, User: s.Administrators.Seats[0].Person})
	if err != nil {
		return nil, err
	}
	m := *s.Membership
	if m.ActivatedAt.IsZero() {
		m.ActivatedAt = l.Now()
	}
	place := domain.Place{Membership: &m, Organization: s.Organization}
	return &domain.Caller{Person: s.User, Home: place, Here: place}, nil
}

func (l *loader) organization(ctx context.Context, o profilefile.DemoOrganization) error {
	var want domain.Want
	o.Customer.NationalID.Vault = l.config.Vault
	want.ForCustomer(o.Customer)
	made := &customer{resources: map[domain.ResourceID]domain.ResourceID{}}
	err := l.do(ctx, l.operator, domain.RightOperate, want, func(c *domain.Change, s *domain.Scene) error {
		org, m, err := domain.CreateOrganization(ctx, l.store, c, s, l.config.Profile, o.Customer)
		if err == nil {
			made.Organization = org
			l.invite(made, m)
		}
		return err
	})
	if err != nil {
		return err
	}
	if made.administrator, err = l.administrator(ctx, made.ID); err != nil {
		return err
	}
	l.made[o.Key] = made
	for _, r := range o.Resources {
		if err := l.resource(ctx, made, r); err != nil {
			return fmt.Errorf("resource %s: %w", r.Key, err)
		}
	}
	for _, id := range o.Subscriptions {
		want := domain.Want{Organization: made.ID, Subscription: id, Administrators: true}
		err := l.do(ctx, l.operator, domain.RightOperate, want, func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.SetSubscription(ctx, l.store, c, s, l.config.Profile, id, true)
			return err
		})
		if err != nil {
			return fmt.Errorf("subscription %s: %w", id, err)
		}
	}
	return nil
}

// resource makes a resource as the operator, because some types are theirs to make.
func (l *loader) resource(ctx context.Context, in *customer, r profilefile.DemoResource) error {
	r.New.Parent = in.resources[r.New.Parent]
	want := domain.Want{Organization: in.ID}
	want.ForNewResource(r.New)
	return l.do(ctx, l.operator, domain.RightEditResources, want, func(c *domain.Change, s *domain.Scene) error {
		made, err := domain.CreateResource(c, s, l.config.Profile, r.New)
		if err == nil {
			in.resources[r.Key] = made.ID
		}
		return err
	})
}

func (l *loader) mandate(ctx context.Context, m profilefile.DemoMandate) error {
	principal, agent := l.made[m.Principal], l.made[m.Agent]
	if m.Term != nil {
		m.New.From, m.New.To = l.days(*m.Term, principal)
	}
	want := domain.Want{
		Organization: principal.ID, Business: domain.OrganizationClaim{Country: agent.Country, BusinessID: agent.BusinessID},
	}
	return l.do(ctx, principal.administrator, domain.RightEditMandates, want, func(c *domain.Change, s *domain.Scene) error {
		_, _, err := domain.GiveMandate(ctx, l.store, c, s, l.config.Profile, m.New)
		return err
	})
}

func (l *loader) user(ctx context.Context, of domain.OrganizationID, u profilefile.DemoUser) error {
	org := l.made[of]
	if u.Term != nil {
		from, to := l.days(*u.Term, org)
		u.New.Validity = domain.Validity{Type: domain.FixedTerm, From: from, To: to}
	}
	u.New.NationalID.Vault = l.config.Vault
	u.New.Assignments = slices.Clone(u.New.Assignments)
	for i := range u.New.Assignments {
		a := &u.New.Assignments[i]
		a.Scopes = slices.Clone(a.Scopes)
		for j := range a.Scopes {
			s := &a.Scopes[j]
			switch {
			case s.Type == domain.ForClient:
				s.ID = string(l.made[domain.OrganizationID(s.ID)].ID)
			case s.ID != "":
				s.ID = string(org.resources[domain.ResourceID(s.ID)])
			}
		}
	}
	want := domain.Want{Organization: org.ID}
	want.ForInvitation(u.New)
	invite := func(c *domain.Change, s *domain.Scene) (*domain.Membership, error) {
		return domain.Invite(ctx, l.store, c, s, l.config.Profile, u.New)
	}
	if from := l.made[u.From]; from != nil {
		company := domain.OrganizationClaim{Country: from.Country, BusinessID: from.BusinessID}
		want.ForCompanysInvitation(u.New, company)
		invite = func(c *domain.Change, s *domain.Scene) (*domain.Membership, error) {
			// The company is here: no register is asked.
			return domain.InvitePartner(ctx, l.store, nil, c, s, l.config.Profile, u.New, company)
		}
	}
	return l.do(ctx, org.administrator, domain.RightEditUsers, want, func(c *domain.Change, s *domain.Scene) error {
		m, err := invite(c, s)
		if err == nil {
			l.invite(org, m)
		}
		return err
	})
}

// invite notes who is mailed.
func (l *loader) invite(of *customer, m *domain.Membership) {
	roles := append(slices.Clone(m.Roles), m.AssignedRoles()...)
	of.invited = append(of.invited, Invited{Email: m.Email, Organization: of.Name, Roles: roles, SignsIn: m.SignsIn(l.config.Profile)})
}

// days are the first and the last day of a term that is counted from today.
func (l *loader) days(t profilefile.DemoTerm, org *customer) (from, to domain.Date) {
	zone := org.Zone()
	now := l.Now().In(zone)
	return domain.Today(now.AddDate(0, 0, t.From), zone), domain.Today(now.AddDate(0, 0, t.To), zone)
}

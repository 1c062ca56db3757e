package profile

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/profiles"
)

// noon is when everything in these tests happens.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// office is a customer of a portal, small enough to read off what must hold.
type office struct {
	*testing.T
	profile  *domain.Profile
	org      *domain.Organization
	mandates map[domain.OrganizationID]*domain.Mandates // given to it, by principal
}

func open(t *testing.T, name string) *office {
	t.Helper()
	p, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return &office{
		T: t, profile: p, org: &domain.Organization{ID: "org_own", TimeZone: p.TimeZone}, mandates: map[domain.OrganizationID]*domain.Mandates{},
	}
}

// user is somebody with roles for the whole organization.
func (o *office) user(roles ...domain.RoleKey) *domain.Membership {
	o.Helper()
	for _, role := range roles {
		if o.profile.Role(role) == nil {
			o.Fatalf("there is no role %s", role)
		}
	}
	return &domain.Membership{Organization: o.org.ID, Roles: roles, ActivatedAt: noon.Add(-time.Hour), Subscription: "one"}
}

// with gives somebody an assignment more.
func with(m *domain.Membership, roles []domain.RoleKey, rights []domain.RightKey, scopes ...domain.Scope) *domain.Membership {
	m.Assignments = append(m.Assignments, domain.Assignment{Roles: roles, Rights: rights, Scopes: scopes}.Sorted())
	return m
}

func roles(keys ...domain.RoleKey) []domain.RoleKey    { return keys }
func rights(keys ...domain.RightKey) []domain.RightKey { return keys }

// thing is a resource of the office's; in is what it lies in.
func (o *office) thing(of domain.ScopeType, id domain.ResourceID, in *domain.Resource, features ...domain.FeatureKey) *domain.Resource {
	o.Helper()
	t := o.profile.ResourceType(of)
	r := &domain.Resource{ID: id, Organization: o.org.ID, Type: of, Features: features}
	var parent domain.ScopeType
	if in != nil {
		r.Path, parent = append(slices.Clone(in.Path), in.ID), in.Type
	}
	if t == nil || t.Parent != parent {
		o.Fatalf("a %s does not lie in %q", of, parent)
	}
	return r
}

func on(r *domain.Resource) domain.Scope { return domain.Scope{Type: r.Type, ID: string(r.ID)} }

func client(id domain.OrganizationID) domain.Scope {
	return domain.Scope{Type: domain.ForClient, ID: string(id)}
}

var (
	organization = domain.Scope{Type: domain.InOrganization}
	clients      = domain.Scope{Type: domain.ForClients}
)

// here asks for rights on a resource of the office's, or nil: the organization itself.
func (o *office) here(m *domain.Membership, where *domain.Resource, want domain.Verdict, rights ...domain.RightKey) {
	o.Helper()
	o.at(o.org, m, where, want, rights...)
}

// at asks for rights in an organization, perhaps a client.
func (o *office) at(org *domain.Organization, m *domain.Membership, where *domain.Resource, want domain.Verdict, rights ...domain.RightKey) {
	o.Helper()
	if len(rights) == 0 {
		o.Fatal("nothing is asked")
	}
	g := domain.Grounds{
		Profile: o.profile, Member: domain.Place{Membership: m, Organization: o.org},
		Where: org, Resource: where, Mandates: o.mandates[org.ID],
	}
	for _, right := range rights {
		if got := g.Decide(right, noon); got != want {
			o.Errorf("%s on %+v: got %s, want %s", right, where, got, want)
		}
	}
}

// declared are the profile's own rights on a type of resource, in its order.
func (o *office) declared(on domain.ScopeType) (keys []domain.RightKey) {
	for _, r := range o.profile.Rights {
		if r.On == on {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// give asks whether somebody may give this.
func (o *office) give(m *domain.Membership, gift domain.Gift) error {
	here := domain.Place{Membership: m, Organization: o.org}
	return (&domain.Caller{Home: here, Here: here}).MayGive(o.profile, gift, noon)
}

// without is the list without some of it.
func without(list []domain.RightKey, some ...domain.RightKey) []domain.RightKey {
	return slices.DeleteFunc(slices.Clone(list), func(k domain.RightKey) bool { return slices.Contains(some, k) })
}

// userManagement is what opens the view in which users are administered.
var userManagement = []domain.RightKey{domain.RightSeeUsers, domain.RightEditUsers, domain.RightSendActivation}

// The role that a customer's first administrator gets can give all that the
// profile has: what it cannot give would never be given to anybody.
func TestFirstAdministratorCanGiveWhateverThereIs(t *testing.T) {
	t.Parallel()
	for _, name := range profiles.Names() {
		o := open(t, name)
		first := o.profile.Roles[0] // the five name it first
		for _, r := range o.profile.Roles {
			if r.Level > first.Level || r.All && r.Key != first.Key {
				t.Errorf("%s: %s stands beside or above %s", name, r.Key, first.Key)
			}
		}
		boss := o.user(first.Key)
		things := map[domain.ResourceID]*domain.Resource{}
		scopes := map[domain.ScopeType]domain.Scope{domain.InOrganization: organization, domain.ForClients: clients}
		in := map[domain.ScopeType]*domain.Resource{}
		for _, rt := range o.profile.ResourceTypes {
			r := o.thing(rt.Key, domain.ResourceID("res_"+rt.Key), in[rt.Parent], rt.Features...)
			things[r.ID], in[rt.Key], scopes[rt.Key] = r, r, on(r)
		}
		customer := &domain.Organization{ID: "org_client", TimeZone: o.profile.TimeZone}
		served := &domain.Client{Organization: customer, Mandates: &domain.Mandates{Principal: customer.ID, Agent: o.org.ID}}
		for _, mt := range o.profile.Mandates {
			served.Mandates.Items = append(served.Mandates.Items, domain.Mandate{Type: mt.Key, Rights: mt.Rights, From: "2026-01-01"})
		}
		scopes[domain.ForClient] = client(customer.ID)

		may := func(what domain.Assignment) error {
			return o.give(boss, domain.Gift{
				Assignments: []domain.Assignment{what}, Resources: things,
				Clients: map[domain.OrganizationID]*domain.Client{customer.ID: served},
			})
		}
		for _, r := range o.profile.Roles {
			for _, s := range r.Scopes {
				if err := may(domain.Assignment{Roles: roles(r.Key), Scopes: []domain.Scope{scopes[s]}}); err != nil {
					t.Errorf("%s: %s for %s: %v", name, r.Key, s, err)
				}
			}
			if !slices.Contains(r.Scopes, domain.InOrganization) {
				if err := o.give(boss, domain.Gift{Roles: roles(r.Key)}); !errors.Is(err, domain.ErrScope) {
					t.Errorf("%s: %s for the whole organization: %v", name, r.Key, err)
				}
			}
		}
		for _, r := range o.profile.Rights {
			places := []domain.Scope{organization}
			if r.On != "" {
				places = append(places, scopes[r.On])
			}
			for _, s := range places {
				if err := may(domain.Assignment{Rights: rights(r.Key), Scopes: []domain.Scope{s}}); err != nil {
					t.Errorf("%s: %s for %s: %v", name, r.Key, s.Type, err)
				}
			}
		}
		for _, mt := range o.profile.Mandates {
			if err := may(domain.Assignment{Rights: mt.Rights, Scopes: []domain.Scope{clients, client(customer.ID)}}); err != nil {
				t.Errorf("%s: rights of a %s mandate: %v", name, mt.Key, err)
			}
		}
	}
}

// Every right and role explains itself, in all four languages.
func TestV18_EveryRightAndRoleHasAnInfoTextInFourLanguages(t *testing.T) {
	t.Parallel()
	for _, name := range profiles.Names() {
		o := open(t, name)
		texts := map[string][2]domain.Text{}
		for _, r := range o.profile.Rights {
			texts["right "+string(r.Key)] = [2]domain.Text{r.Name, r.Info}
		}
		for _, r := range o.profile.Roles {
			texts["role "+string(r.Key)] = [2]domain.Text{r.Name, r.Info}
		}
		for what, pair := range texts {
			for _, l := range domain.Languages {
				if pair[0][l] == "" || pair[1][l] == "" || pair[0][l] == pair[1][l] {
					t.Errorf("%s: %s is called %q and explained by %q in %s", name, what, pair[0][l], pair[1][l], l)
				}
			}
		}
	}
}

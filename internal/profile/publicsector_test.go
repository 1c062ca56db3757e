package profile

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// asked is everything that can be asked in the organization itself.
func asked(o *office) []domain.RightKey {
	return append(o.declared(""), without(domain.AdministrativeRights, domain.RightSeeNationalIDs)...)
}

// only demands that somebody may do just this in the organization itself.
func (o *office) only(m *domain.Membership, may ...domain.RightKey) {
	o.Helper()
	if len(may) > 0 {
		o.here(m, nil, domain.Allowed, may...)
	}
	o.here(m, nil, domain.NotAssigned, without(asked(o), may...)...)
}

func TestI01_I23_PublicSectorRolesMayJustTheirOwn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		id, role string
		may      []domain.RightKey
	}{
		{"I11", "orderer", rights(domain.RightSeeOrganization, "order")},
		{"I13", "agent-orderer", rights(domain.RightSeeOrganization, domain.RightSeeResources)},
		{"I14_I15", "contact-person", rights(domain.RightSeeOrganization, domain.RightSeeUsers, "agreement:news")},
		{"I19_I20", "agent-handler", rights(domain.RightSeeOrganization, domain.RightSeeUsers, domain.RightSeeResources)},
		{"I23", "connection-handler", rights(domain.RightSeeOrganization, "order")},
		{"I26", "own-cases-handler", rights("own-cases")},
		{"I28", "default", rights(domain.RightSeeOrganization)},
	} {
		t.Run(tc.id, func(t *testing.T) {
			t.Parallel()
			o := open(t, "public-sector")
			o.only(o.user(domain.RoleKey(tc.role)), tc.may...)
		})
	}
	o := open(t, "public-sector")
	o.here(o.user("administrator"), nil, domain.Allowed, asked(o)...) // I01 to I04
}

func TestI07_I08_I16_I17_I18_PublicSectorApprovesAndSignsWithoutSignIn(t *testing.T) {
	t.Parallel()
	o := open(t, "public-sector")
	for role, may := range map[domain.RoleKey]domain.RightKey{"attestant": "attest", "signatory": "agreement:sign"} {
		r := o.profile.Role(role)
		if !r.NoSignIn || !slices.Equal(r.Rights, rights(may)) || r.All {
			t.Errorf("%s is %+v", role, r)
		}
		// Who has no credentials never activates; what they have counts, and no session of theirs ever does.
		person := o.user(role)
		person.ActivatedAt = domain.Membership{}.ActivatedAt
		o.only(person, may)
		if (domain.Place{Membership: person, Organization: o.org}).Lets(o.profile, noon) {
			t.Errorf("%s lets its person in", role)
		}
	}
	for _, r := range o.profile.Roles {
		if r.NoSignIn != (r.Key == "attestant" || r.Key == "signatory") {
			t.Errorf("%s, without sign-in: %v", r.Key, r.NoSignIn)
		}
	}
}

func TestI13_PublicSectorAgentOrdererOrdersWithinAgentAssignments(t *testing.T) {
	t.Parallel()
	o := open(t, "public-sector")
	north, south := o.thing("agent-assignment", "res_north", nil), o.thing("agent-assignment", "res_south", nil)
	all := o.user("agent-orderer")
	o.here(all, north, domain.Allowed, "agent-order")
	o.here(all, south, domain.Allowed, "agent-order")
	one := with(o.user(), roles("agent-orderer"), nil, on(north))
	o.here(one, north, domain.Allowed, "agent-order")
	o.here(one, south, domain.NotAssigned, "agent-order")
	o.here(o.user("orderer"), north, domain.NotAssigned, "agent-order")
}

func TestI21_PublicSectorHandlingTakesTheRoleAndThePermission(t *testing.T) {
	t.Parallel()
	o := open(t, "public-sector")
	north, south := o.thing("agent-assignment", "res_north", nil), o.thing("agent-assignment", "res_south", nil)
	permission := rights("agent-permission")

	o.here(o.user("agent-handler"), north, domain.WithoutOther, "application:handle")
	o.here(with(o.user("default"), nil, permission, on(north)), north, domain.NotAssigned, "application:handle")

	handler := with(o.user("agent-handler"), nil, permission, on(north))
	o.here(handler, north, domain.Allowed, "application:handle")
	o.here(handler, south, domain.WithoutOther, "application:handle")
}

func TestI23_PublicSectorConnectionHandlerMayWhatAnOrdererMay(t *testing.T) {
	t.Parallel()
	p := open(t, "public-sector").profile
	if diff := cmp.Diff(p.Role("orderer").Rights, p.Role("connection-handler").Rights); diff != "" {
		t.Errorf("rights (-orderer +connection handler):\n%s", diff)
	}
}

func TestI27_I28_I29_PublicSectorRoleOfItselfDependsOnTheOrigin(t *testing.T) {
	t.Parallel()
	p := open(t, "public-sector").profile
	got := map[domain.Origin][]domain.RoleKey{}
	for _, r := range p.Roles {
		for _, origin := range r.DefaultFor {
			got[origin] = append(got[origin], r.Key)
		}
	}
	want := map[domain.Origin][]domain.RoleKey{
		domain.ByThemselves: roles("own-cases-handler"), domain.ByAdministrator: roles("default"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles by origin (-want +got):\n%s", diff)
	}
	if !p.Policies.SelfRegistration {
		t.Error("nobody can register themselves")
	}
}

func TestI30_PublicSectorRolesCombine(t *testing.T) {
	t.Parallel()
	o := open(t, "public-sector")
	o.only(o.user("orderer", "contact-person"),
		domain.RightSeeOrganization, domain.RightSeeUsers, "order", "agreement:news")
	o.only(o.user("orderer", "attestant"), domain.RightSeeOrganization, "order", "attest") // I10
	if p := o.profile; p.DefaultLanguage() != domain.Swedish || p.TimeZone != "Europe/Stockholm" || p.Country != "SE" {
		t.Errorf("it speaks %s in %s, %s", p.DefaultLanguage(), p.TimeZone, p.Country)
	}
}

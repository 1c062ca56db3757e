package profile

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

var siteRights = []domain.RightKey{
	"order", "equipment:list", "equipment:maintain", "equipment:pickup", "equipment:return-date", "equipment:comment", "access-control",
}

var manageSites = []domain.RightKey{domain.RightSeeResources, domain.RightEditResources, domain.RightShareResource}

// yard is a rental customer: two worksites under one customer number, one under
// another, all with access control, and one without.
type yard struct {
	*office
	number1, number2, mill, bridge, tower, plain *domain.Resource
}

func openYard(t *testing.T) yard {
	t.Helper()
	y := yard{office: open(t, "rental")}
	y.number1, y.number2 = y.thing("customer-number", "res_1", nil), y.thing("customer-number", "res_2", nil)
	y.mill = y.thing("worksite", "res_mill", y.number1, "access-control")
	y.bridge = y.thing("worksite", "res_bridge", y.number1, "access-control")
	y.tower = y.thing("worksite", "res_tower", y.number2, "access-control")
	y.plain = y.thing("worksite", "res_plain", y.number1)
	return y
}

func TestA16_A17_A18_RentalAdministratorMayEverythingEvenLaterOn(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	boss := y.user("administrator")
	y.here(boss, nil, domain.Allowed, append(without(domain.AdministrativeRights, domain.RightSeeNationalIDs), "released:later")...)
	y.here(boss, nil, domain.NotAssigned, domain.RightSeeNationalIDs) // sensitive, and nobody's where there are none
	later := y.thing("worksite", "res_later", y.thing("customer-number", "res_3", nil), "access-control")
	for _, site := range []*domain.Resource{y.mill, y.tower, later} {
		y.here(boss, site, domain.Allowed, append(slices.Clone(siteRights), manageSites...)...)
	}
	y.here(boss, y.number2, domain.Allowed, manageSites...)

	// Everything of a customer's: not what is the operator's.
	here := domain.Place{Membership: boss, Organization: y.org}
	if err := (&domain.Caller{Home: here, Here: here}).Decide(y.profile, domain.RightOperate, nil, noon); !errors.Is(err, domain.ErrForbidden) {
		t.Errorf("a customer's administrator has the operator's right: %v", err)
	}
}

func TestA09_A25_RentalOnlyAdministratorsOpenUserManagement(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	y.here(y.user("administrator"), nil, domain.Allowed, userManagement...)
	y.here(y.user("superuser"), nil, domain.NotAssigned, append(userManagement, domain.RightEditOrganization)...)
	worker := with(y.user(), roles("user"), siteRights, on(y.mill))
	y.here(worker, nil, domain.NotAssigned, domain.AdministrativeRights...)
}

func TestA20_A21_A22_RentalSuperuserMayAllOnEverySiteButAccessControl(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	super := y.user("superuser")
	later := y.thing("worksite", "res_later", y.number2, "access-control")
	for _, site := range []*domain.Resource{y.mill, y.bridge, y.tower, later} {
		y.here(super, site, domain.Allowed, append(without(siteRights, "access-control"), manageSites...)...)
		y.here(super, site, domain.NotAssigned, "access-control")
	}
	y.here(super, nil, domain.NotAssigned, "released:later")
}

func TestA23_A24_RentalSuperuserIsBoundToTheChosenCustomerNumbers(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	super := with(y.user(), roles("superuser"), nil, on(y.number1))
	y.here(super, y.number1, domain.Allowed, manageSites...)
	later := y.thing("worksite", "res_later", y.number1)
	for _, site := range []*domain.Resource{y.mill, y.bridge, later} {
		y.here(super, site, domain.Allowed, append(without(siteRights, "access-control"), manageSites...)...)
	}
	for _, other := range []*domain.Resource{y.number2, y.tower, nil} {
		y.here(super, other, domain.NotAssigned, manageSites...)
	}
	y.here(super, y.tower, domain.NotAssigned, siteRights...)

	both := with(y.user(), roles("superuser"), nil, on(y.number1), on(y.number2))
	y.here(both, y.tower, domain.Allowed, append(without(siteRights, "access-control"), manageSites...)...)
}

func TestA26_A27_RentalUserSeesOnlyWorksitesThatWereGiven(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	sees := func(m *domain.Membership, where *domain.Resource) bool {
		return (&domain.Grounds{Profile: y.profile, Member: domain.Place{Membership: m, Organization: y.org}, Where: y.org, Resource: where}).Sees(noon)
	}
	// To see a worksite is a right that can be given alone, or comes with any other.
	for right, may := range map[domain.RightKey]domain.Verdict{domain.RightSeeResources: domain.Allowed, "order": domain.NotAssigned} {
		worker := with(y.user("user"), nil, rights(right), on(y.mill))
		y.here(worker, y.mill, domain.Allowed, right)
		y.here(worker, y.mill, may, domain.RightSeeResources)
		y.here(worker, y.mill, domain.NotAssigned, append(without(siteRights, right), domain.RightEditResources, domain.RightShareResource)...)
		if !sees(worker, y.mill) {
			t.Errorf("who has the right %s does not see the worksite", right)
		}
		for _, other := range []*domain.Resource{y.bridge, y.tower, y.number1} {
			y.here(worker, other, domain.NotAssigned, domain.RightSeeResources)
			if sees(worker, other) {
				t.Errorf("who has the right %s elsewhere sees %s", right, other.ID)
			}
		}
		y.here(worker, nil, domain.NotAssigned, domain.RightSeeResources)
	}
	// The level of access alone shows none, chosen for the company or for a worksite.
	if sees(y.user("user"), y.mill) || sees(with(y.user("user"), roles("user"), nil, on(y.mill)), y.mill) {
		t.Error("the role alone shows a worksite")
	}
	// The catalogue belongs to worksites, whatever it will hold one day.
	if diff := cmp.Diff(siteRights, y.declared("worksite")); diff != "" {
		t.Errorf("site rights (-want +got):\n%s", diff)
	}
}

func TestA28_A33_RentalSiteRightsHoldOneByOneAndSiteBySite(t *testing.T) {
	t.Parallel()
	for id, right := range map[string]domain.RightKey{
		"A28": "order", "A29": "equipment:list", "A30": "equipment:maintain",
		"A31": "equipment:pickup", "A32": "equipment:return-date", "A33": "equipment:comment",
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			y := openYard(t)
			worker := with(y.user(), roles("user"), rights(right), on(y.mill))
			y.here(worker, y.mill, domain.Allowed, right)
			y.here(worker, y.bridge, domain.NotAssigned, right)
			y.here(worker, y.tower, domain.NotAssigned, right)
			y.here(worker, y.mill, domain.NotAssigned, without(siteRights, right)...)
			y.here(worker, y.number1, domain.WrongType, right)
		})
	}
}

func TestA34_RentalAccessControlAsksForTheProductOnTheSite(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	guard := with(y.user(), roles("user"), rights("access-control"), on(y.mill), on(y.plain))
	y.here(guard, y.mill, domain.Allowed, "access-control")
	y.here(guard, y.plain, domain.NoFeature, "access-control")
	y.here(guard, y.bridge, domain.NotAssigned, "access-control")
	y.here(y.user("administrator"), y.plain, domain.NoFeature, "access-control")
}

func TestA45_RentalRemovesForGood(t *testing.T) {
	t.Parallel()
	p := open(t, "rental").profile
	want := domain.Policies{RemovalOwn: domain.Erase, SelfEdit: true, FixedTerm: true, Reminders: []int{30, 14, 3}, NationalID: domain.NotAsked}
	if diff := cmp.Diff(want, p.Policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	if !p.ResourceType("customer-number").Operator || p.ResourceType("worksite").Operator { // A17, A22, A23
		t.Error("the rental company makes customer numbers, and its customers worksites")
	}
	if p.DefaultLanguage() != domain.Finnish || !slices.Equal(p.Languages, domain.Languages) || p.TimeZone != "Europe/Helsinki" || p.Country != "FI" {
		t.Errorf("it speaks %v in %s, %s", p.Languages, p.TimeZone, p.Country)
	}
}

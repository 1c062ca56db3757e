package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// firm is an accounting firm with clients: the bakery has given a mandate for
// the web service, the sawmill one to a broker, the garage none.
type firm struct {
	*office
	bakery, sawmill, garage *domain.Organization
}

func openFirm(t *testing.T) firm {
	t.Helper()
	f := firm{office: open(t, "insurance")}
	customer := func(id domain.OrganizationID) *domain.Organization {
		return &domain.Organization{ID: id, TimeZone: f.profile.TimeZone}
	}
	f.bakery, f.sawmill, f.garage = customer("org_bakery"), customer("org_sawmill"), customer("org_garage")
	f.mandated(f.bakery, "web-service")
	f.mandated(f.sawmill, "broker")
	return f
}

// mandated adds a mandate of the type, with all that the type has room for.
func (f *firm) mandated(by *domain.Organization, of domain.MandateTypeKey) *domain.Mandate {
	f.Helper()
	t := f.profile.MandateType(of)
	if t == nil {
		f.Fatalf("there is no mandate %s", of)
	}
	all := f.mandates[by.ID]
	if all == nil {
		all = &domain.Mandates{Principal: by.ID, Agent: f.org.ID}
		f.mandates[by.ID] = all
	}
	all.Items = append(all.Items, domain.Mandate{Type: of, Rights: t.Rights, From: "2026-01-01"})
	return &all.Items[len(all.Items)-1]
}

func TestV02_InsuranceTwoRolesEnterUserManagement(t *testing.T) {
	t.Parallel()
	f := openFirm(t)
	f.here(f.user("main-user"), nil, domain.Allowed, userManagement...)
	f.here(f.user("access-rights-controller"), nil, domain.Allowed, userManagement...)
	f.here(with(f.user("user"), nil, f.declared(""), organization), nil, domain.NotAssigned, userManagement...)
}

func TestV17_InsuranceWithoutMandateRightsConcernTheOwnCompanyOnly(t *testing.T) {
	t.Parallel()
	f := openFirm(t)
	f.mandates = nil
	clerk := with(f.user("user"), nil, rights("insurance:see"), organization, clients, client(f.bakery.ID))
	f.here(clerk, nil, domain.Allowed, "insurance:see")
	for _, other := range []*domain.Organization{f.bakery, f.sawmill, f.garage} {
		f.at(other, clerk, nil, domain.NoMandate, "insurance:see")
	}
}

func TestV19_V20_InsuranceHasTwoTypesOfMandate(t *testing.T) {
	t.Parallel()
	var types []domain.MandateTypeKey
	for _, m := range openFirm(t).profile.Mandates {
		types = append(types, m.Key)
	}
	if diff := cmp.Diff([]domain.MandateTypeKey{"web-service", "broker"}, types); diff != "" {
		t.Errorf("mandates (-want +got):\n%s", diff)
	}
}

func TestV21_V23_V26_InsuranceRightsByCompanyByRoleOrBoth(t *testing.T) {
	t.Parallel()
	f := openFirm(t)
	company := with(f.user("user"), nil, rights("insurance:see"), client(f.bakery.ID))
	f.at(f.bakery, company, nil, domain.Allowed, "insurance:see")
	f.at(f.sawmill, company, nil, domain.NotAssigned, "insurance:see")

	every := with(f.user("user"), nil, rights("insurance:see"), clients)
	f.at(f.bakery, every, nil, domain.Allowed, "insurance:see")
	f.at(f.sawmill, every, nil, domain.Allowed, "insurance:see")
	f.at(f.garage, every, nil, domain.NoMandate, "insurance:see")

	both := with(with(f.user("user"), nil, rights("insurance:see"), clients), nil, rights("payroll:report"), client(f.bakery.ID))
	f.at(f.bakery, both, nil, domain.Allowed, "insurance:see", "payroll:report")
	f.at(f.sawmill, both, nil, domain.Allowed, "insurance:see")
	f.at(f.bakery, both, nil, domain.NotAssigned, "invoices:see")

	// A role can be given for clients as a right can, under the same ceiling.
	main := with(f.user("user"), roles("main-user"), nil, client(f.bakery.ID))
	f.at(f.bakery, main, nil, domain.Allowed, f.profile.MandateType("web-service").Rights...)
	f.at(f.bakery, main, nil, domain.AboveMandate, domain.RightEditUsers, "pensions:see")
	f.here(main, nil, domain.NotAssigned, f.declared("")...)
}

func TestV25_V29_InsuranceMandateIsTheCeilingForEachClient(t *testing.T) {
	t.Parallel()
	f := openFirm(t)
	all := f.declared("")
	for name, given := range map[string][]domain.Scope{
		"by company": {client(f.bakery.ID), client(f.sawmill.ID)}, "by role": {clients},
	} {
		clerk := with(f.user("user"), nil, all, given...)
		for _, tc := range []struct {
			where   *domain.Organization
			mandate domain.MandateTypeKey
		}{{f.bakery, "web-service"}, {f.sawmill, "broker"}} {
			ceiling := f.profile.MandateType(tc.mandate).Rights
			f.at(tc.where, clerk, nil, domain.Allowed, ceiling...)
			f.at(tc.where, clerk, nil, domain.AboveMandate, without(all, ceiling...)...)
		}
		f.at(f.bakery, clerk, nil, domain.AboveMandate, "quotes:request", "pensions:see")
		f.at(f.sawmill, clerk, nil, domain.AboveMandate, "payroll:report", "pensions:see")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	// The client itself may have given less than the type has room for.
	f.mandates[f.bakery.ID].Items[0].Rights = rights("insurance:see", "pensions:see")
	clerk := with(f.user("user"), nil, all, clients)
	f.at(f.bakery, clerk, nil, domain.Allowed, "insurance:see")
	f.at(f.bakery, clerk, nil, domain.AboveMandate, "payroll:report", "pensions:see")
}

func TestV28_InsuranceMandatesExtendAndNarrowWithoutAnEdit(t *testing.T) {
	t.Parallel()
	f := openFirm(t)
	clerk := with(f.user("user"), nil, rights("insurance:see", "payroll:report"), clients)
	f.at(f.garage, clerk, nil, domain.NoMandate, "insurance:see")
	given := f.mandated(f.garage, "web-service")
	f.at(f.garage, clerk, nil, domain.Allowed, "insurance:see", "payroll:report")
	given.Rights = rights("insurance:see")
	f.at(f.garage, clerk, nil, domain.Allowed, "insurance:see")
	f.at(f.garage, clerk, nil, domain.AboveMandate, "payroll:report")
	given.RevokedAt = noon
	f.at(f.garage, clerk, nil, domain.NoMandate, "insurance:see")
	f.at(f.bakery, clerk, nil, domain.Allowed, "insurance:see")
}

func TestV30_V31_InsuranceRightsForAllClientsNeverTouchTheOwnCompany(t *testing.T) {
	t.Parallel()
	f := openFirm(t)
	all := f.declared("")
	f.here(with(f.user("user"), nil, all, clients), nil, domain.NotAssigned, all...)
	f.here(with(f.user("user"), nil, all, client(f.bakery.ID)), nil, domain.NotAssigned, all...)
	own := with(f.user("user"), nil, all, organization)
	f.here(own, nil, domain.Allowed, all...)
	f.at(f.bakery, own, nil, domain.NotAssigned, f.profile.MandateType("web-service").Rights...)
	f.at(f.bakery, f.user("main-user"), nil, domain.NotAssigned, "insurance:see")
}

// What is sensitive is in no "all": the main user has it by name.
func TestInsuranceSensitiveRightIsNamed(t *testing.T) {
	t.Parallel()
	f := openFirm(t)
	f.here(f.user("main-user"), nil, domain.Allowed, f.declared("")...)
	f.here(f.user("access-rights-controller"), nil, domain.NotAssigned, "pensions:see", domain.RightEditMandates, domain.RightEditOrganization)
	f.here(f.user("access-rights-controller"), nil, domain.Allowed, without(f.declared(""), "pensions:see")...)
	main := f.profile.Role("main-user")
	main.Rights = nil
	f.here(f.user("main-user"), nil, domain.NotAssigned, "pensions:see")
}

func TestV10_V14_InsurancePolicies(t *testing.T) {
	t.Parallel()
	p := open(t, "insurance").profile
	want := domain.Policies{RemovalOwn: domain.Erase, SelfEdit: true, FixedTerm: true, Reminders: []int{30, 14, 3}, NationalID: domain.MustBeGiven}
	if diff := cmp.Diff(want, p.Policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	if p.DefaultLanguage() != domain.Finnish || p.TimeZone != "Europe/Helsinki" || p.Country != "FI" {
		t.Errorf("it speaks %s in %s, %s", p.DefaultLanguage(), p.TimeZone, p.Country)
	}
}

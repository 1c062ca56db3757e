package profile

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func TestP05_TelecomHasTwoTypesOfUser(t *testing.T) {
	t.Parallel()
	var types []domain.RoleKey
	for _, r := range open(t, "telecom").profile.Roles {
		types = append(types, r.Key)
	}
	if diff := cmp.Diff(roles("superuser", "user"), types); diff != "" {
		t.Errorf("types of user (-want +got):\n%s", diff)
	}
}

func TestP06_TelecomSuperuserHasEveryNumberAndModuleEvenLaterOn(t *testing.T) {
	t.Parallel()
	o := open(t, "telecom")
	super, modules := o.user("superuser"), o.declared("customer-number")
	for _, id := range []domain.ResourceID{"res_sales", "res_later"} {
		o.here(super, o.thing("customer-number", id, nil), domain.Allowed, modules...)
	}
	o.here(super, nil, domain.Allowed, "released:later")
	if len(modules) != len(o.profile.Rights) {
		t.Errorf("of %d rights, %d are on customer numbers", len(o.profile.Rights), len(modules))
	}
	for _, r := range o.profile.Rights {
		if !r.Module {
			t.Errorf("%s is no module", r.Key)
		}
	}
}

func TestP04_P07_TelecomUserHasChosenModulesOnChosenNumbers(t *testing.T) {
	t.Parallel()
	o := open(t, "telecom")
	sales, depot, board := o.thing("customer-number", "res_sales", nil), o.thing("customer-number", "res_depot", nil), o.thing("customer-number", "res_board", nil)
	modules := o.declared("customer-number")
	chosen := rights("dashboard", "invoices")

	head := with(o.user("user"), nil, chosen, on(sales), on(depot))
	for _, number := range []*domain.Resource{sales, depot} {
		o.here(head, number, domain.Allowed, chosen...)
		o.here(head, number, domain.NotAssigned, without(modules, chosen...)...)
	}
	o.here(head, board, domain.NotAssigned, modules...)
	o.here(o.user("user"), sales, domain.NotAssigned, modules...) // the type alone gives nothing
}

func TestP09_P10_TelecomAccessStandsOnASubscription(t *testing.T) {
	t.Parallel()
	o := open(t, "telecom")
	number := o.thing("customer-number", "res_sales", nil)
	for name, m := range map[string]*domain.Membership{
		"superuser": o.user("superuser"), "user": with(o.user("user"), nil, o.declared("customer-number"), on(number)),
	} {
		o.here(m, number, domain.Allowed, o.declared("customer-number")...)
		m.Unsubscribed = true
		o.here(m, number, domain.NotValid, o.declared("customer-number")...)
		m.Unsubscribed, m.Subscription = false, ""
		o.here(m, number, domain.NotValid, o.declared("customer-number")...)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestP11_TelecomRecommendsTheDashboardAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, r := range open(t, "telecom").profile.Rights {
		if r.Recommended != (r.Key == "dashboard") {
			t.Errorf("%s, recommended: %v", r.Key, r.Recommended)
		}
	}
}

func TestP02_P13_P14_P15_TelecomOnlySuperusersManageUsers(t *testing.T) {
	t.Parallel()
	o := open(t, "telecom")
	number := o.thing("customer-number", "res_sales", nil)
	o.here(o.user("superuser"), nil, domain.Allowed, userManagement...)
	o.here(with(o.user("user"), nil, o.declared("customer-number"), on(number)), nil, domain.NotAssigned, userManagement...)
}

func TestP21_TelecomSuperusersPromoteAndUsersDoNot(t *testing.T) {
	t.Parallel()
	o := open(t, "telecom")
	for _, role := range roles("superuser", "user") {
		if err := o.give(o.user("superuser"), domain.Gift{Roles: roles(role)}); err != nil {
			t.Errorf("a superuser makes a %s: %v", role, err)
		}
	}
	if err := o.give(o.user("user"), domain.Gift{Roles: roles("superuser")}); !errors.Is(err, domain.ErrRoleNotYours) {
		t.Errorf("a user makes a superuser: %v", err)
	}
}

func TestP09_P17_P22_P23_P24_TelecomPolicies(t *testing.T) {
	t.Parallel()
	p := open(t, "telecom").profile
	want := domain.Policies{
		RemovalOwn: domain.Erase, SelfEdit: false, AccessOnly: true, Subscription: true, NationalID: domain.NotAsked,
		CreationRequires: []domain.CreationChoice{"customer-number", domain.ChooseModules},
	}
	if diff := cmp.Diff(want, p.Policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	if !p.ResourceType("customer-number").Operator {
		t.Error("customers make customer numbers themselves")
	}
	if p.DefaultLanguage() != domain.Norwegian || p.TimeZone != "Europe/Oslo" || p.Country != "NO" {
		t.Errorf("it speaks %s in %s, %s", p.DefaultLanguage(), p.TimeZone, p.Country)
	}
}

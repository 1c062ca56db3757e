package profile

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/profiles"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, name := range profiles.Names() {
		p, err := Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if faults := Check(p); len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nothing", "..", "../rental", "rental/", "/etc"} {
		if p, err := Load(name); err == nil || p != nil || !strings.Contains(err.Error(), "there are: ") {
			t.Errorf("%q: got %v, %v; want an error that says what there is", name, p, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	compiled, err := profiles.Compiled("rental")
	if err != nil {
		t.Fatal(err)
	}
	good := string(compiled)
	for name, data := range map[string]string{
		"nothing":        "",
		"not JSON":       "key: rental",
		"unknown member": strings.Replace(good, `"key"`, `"colour": "red", "key"`, 1),
		"another type":   strings.Replace(good, `"level": 3`, `"level": "3"`, 1),
		"cut short":      good[:len(good)-10],
		"two values":     good + "{}",
	} {
		if p, err := Parse([]byte(data)); data == good || err == nil || p != nil {
			t.Errorf("%s: got %v, %v", name, p, err)
		}
	}
}

func rental(t *testing.T) *domain.Profile {
	t.Helper()
	p, err := Load("rental")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// may asks the domain what somebody with one role of the profile may do in
// their organization.
func may(p *domain.Profile, role domain.RoleKey, right domain.RightKey) bool {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	here := domain.Place{
		Membership:   &domain.Membership{Roles: []domain.RoleKey{role}, ActivatedAt: now.Add(-time.Hour)},
		Organization: &domain.Organization{TimeZone: p.TimeZone},
	}
	err := (&domain.Caller{Home: here, Here: here}).Decide(p, right, now)
	if err != nil && !errors.Is(err, domain.ErrForbidden) {
		panic(err)
	}
	return err == nil
}

var siteRights = []domain.RightKey{
	"order", "equipment:list", "equipment:maintain", "equipment:pickup", "equipment:return-date", "equipment:comment", "access-control",
}

func TestA16_A18_RentalAdministratorMayEverythingEvenLaterOn(t *testing.T) {
	t.Parallel()
	p := rental(t)
	for _, right := range slices.Concat(domain.AdministrativeRights, siteRights, []domain.RightKey{"released:later"}) {
		if !may(p, "administrator", right) {
			t.Errorf("the administrator may not %s", right)
		}
	}
	if may(p, "administrator", domain.RightOperate) {
		t.Error("a customer's administrator has the operator's right")
	}
}

func TestA21_A25_RentalSuperuserMayAllOnSitesButAccessControl(t *testing.T) {
	t.Parallel()
	p := rental(t)
	for _, right := range slices.Concat(domain.AdministrativeRights, siteRights, []domain.RightKey{"released:later"}) {
		want := slices.Contains(siteRights, right) && right != "access-control" || right == domain.RightSeeOrganization
		if may(p, "superuser", right) != want {
			t.Errorf("superuser, %s: got %v", right, !want)
		}
	}
}

func TestA09_RentalUserAdministersNothing(t *testing.T) {
	t.Parallel()
	p := rental(t)
	for _, right := range slices.Concat(domain.AdministrativeRights, siteRights) {
		if may(p, "user", right) {
			t.Errorf("the user may %s everywhere", right)
		}
	}
}

func TestA28_A34_RentalDeclaresTheSiteRights(t *testing.T) {
	t.Parallel()
	var declared []domain.RightKey
	for _, r := range rental(t).Rights {
		declared = append(declared, r.Key)
	}
	if !slices.Equal(declared, siteRights) {
		t.Errorf("declared are %v, want %v", declared, siteRights)
	}
}

func TestA45_RentalRemovesForGood(t *testing.T) {
	t.Parallel()
	p := rental(t)
	if p.Policies != (domain.Policies{RemovalOwn: domain.Erase, SelfEdit: true, FixedTerm: true}) {
		t.Errorf("policies are %+v", p.Policies)
	}
	if p.DefaultLanguage() != domain.Finnish || !slices.Equal(p.Languages, domain.Languages) || p.TimeZone != "Europe/Helsinki" || p.Country != "FI" {
		t.Errorf("it speaks %v in %s, %s", p.Languages, p.TimeZone, p.Country)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load("rental"); err != nil {
			b.Fatal(err)
		}
	}
}

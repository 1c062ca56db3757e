package localapp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/profile/profilefile"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/profiles"
)

// withDemo is a process with a profile's demo data, as it is or changed.
func withDemo(t *testing.T, name string, change ...func(*profilefile.Demo)) (a *App, invited []Invited, err error) {
	t.Helper()
	a = newApp(t)
	if a.config.Profile, err = profile.Load(name); err != nil {
		t.Fatal(err)
	}
	data, err := profiles.Demo(name)
	if err != nil {
		t.Fatal(err)
	}
	demo, faults := profilefile.ParseDemo("demo.yaml", data, a.config.Profile)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, change := range change {
		change(demo)
	}
	invited, err = a.Bootstrap(t.Context(), "operator@example.com", domain.English, demo)
	return a, invited, err
}

// found is everybody and everything in the store, by what they are called.
type found struct {
	organizations map[string]*domain.Organization
	people        map[domain.Email]*domain.Membership
	resources     map[string]*domain.Resource
}

func find(t *testing.T, a *App) found {
	t.Helper()
	f := found{map[string]*domain.Organization{}, map[domain.Email]*domain.Membership{}, map[string]*domain.Resource{}}
	ctx, s, all := t.Context(), store.New(a.config.Table), domain.PageRequest{Limit: 100}
	organizations, err := s.Organizations(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range organizations.Items {
		f.organizations[o.Name] = o
		users, err := s.AllUsers(ctx, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range users {
			f.people[m.Email] = m
		}
		for _, of := range a.config.Profile.ResourceTypes {
			page, err := s.Resources(ctx, o.ID, of.Key, all)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Items {
				f.resources[r.Name] = r
			}
		}
	}
	return f
}

// What the READMEs of the profiles say of the people in their demo data, once
// those have activated their accounts.
func TestDemoPeopleMayWhatTheREADMEsSay(t *testing.T) {
	t.Parallel()
	type question struct {
		person domain.Email
		right  domain.RightKey
		where  string // an organization; empty: the person's own
		on     string // a resource there; empty: the organization itself
		want   domain.Verdict
	}
	for name, questions := range map[string][]question{
		"rental": {
			{"onni.malli@esimerkkirakennus.example", "order", "", "Tehtaan laajennus", domain.Allowed},
			{"onni.malli@esimerkkirakennus.example", "access-control", "", "Tehtaan laajennus", domain.NotAssigned},
			{"onni.malli@esimerkkirakennus.example", domain.RightSeeUsers, "", "", domain.NotAssigned},
			{"iida.koe@esimerkkirakennus.example", "order", "", "Tehtaan laajennus", domain.Allowed},
			{"iida.koe@esimerkkirakennus.example", "order", "", "Sataman toimistotalo", domain.NotAssigned},
			{"eetu.nayte@esimerkkirakennus.example", "order", "", "Koulun peruskorjaus", domain.Allowed},
			{"eetu.nayte@esimerkkirakennus.example", "order", "", "Tehtaan laajennus", domain.NotAssigned},
			{"siiri.mallikas@esimerkkirakennus.example", "access-control", "", "Sataman toimistotalo", domain.Allowed},
			{"siiri.mallikas@esimerkkirakennus.example", "access-control", "", "Koulun peruskorjaus", domain.NoFeature},
			{"leo.kesa@esimerkkirakennus.example", "equipment:list", "", "Tehtaan laajennus", domain.Allowed},
		},
		"telecom": {
			{"kari.prove@eksempelfjord.example", "invoices", "", "Salg", domain.Allowed},
			{"kari.prove@eksempelfjord.example", "invoices", "", "Ledelse", domain.NotAssigned},
			{"kari.prove@eksempelfjord.example", "orders", "", "Salg", domain.NotAssigned},
			{"lars.test@eksempelfjord.example", "sim-cards", "", "Verksted", domain.Allowed},
			{"lars.test@eksempelfjord.example", "dashboard", "", "Verksted", domain.NotAssigned},
			{"ida.eksempel@eksempelfjord.example", domain.RightEditUsers, "", "", domain.Allowed},
			{"ida.eksempel@eksempelfjord.example", "reports", "", "Ledelse", domain.Allowed},
		},
		"public-sector": {
			{"karin.prov@exempelregionen.example", "order", "", "", domain.Allowed},
			{"karin.prov@exempelregionen.example", "attest", "", "", domain.NotAssigned},
			{"goran.attest@exempelregionen.example", "attest", "", "", domain.Allowed},
			{"sara.exempel@exempelregionen.example", "attest", "", "", domain.Allowed},
			{"lennart.firma@exempelregionen.example", "agreement:sign", "", "", domain.Allowed},
			{"maja.prov@exempelregionen.example", "application:handle", "", "Tjänstekort", domain.Allowed},
			{"maja.prov@exempelregionen.example", "application:handle", "", "Katalogtjänst", domain.WithoutOther},
			{"ove.kontakt@exempelregionen.example", domain.RightSeeUsers, "", "", domain.Allowed},
			{"hanna.teknik@provkoping.example", "order", "", "", domain.Allowed},
			{"per.agent@provkoping.example", "agent-order", "", "E-legitimation", domain.Allowed},
		},
		"insurance": {
			{"vaino.malli@tilitoimisto-esimerkki.example", domain.RightEditUsers, "", "", domain.Allowed},
			{"vaino.malli@tilitoimisto-esimerkki.example", "pensions:see", "", "", domain.NotAssigned},
			{"aada.nayte@tilitoimisto-esimerkki.example", "payroll:report", "Leipomo Näyte Oy", "", domain.Allowed},
			{"aada.nayte@tilitoimisto-esimerkki.example", "payroll:report", "", "", domain.NotAssigned},
			{"eino.koe@tilitoimisto-esimerkki.example", "insurance:see", "Leipomo Näyte Oy", "", domain.Allowed},
			{"eino.koe@tilitoimisto-esimerkki.example", "insurance:edit", "Leipomo Näyte Oy", "", domain.AboveMandate},
			{"eino.koe@tilitoimisto-esimerkki.example", "insurance:edit", "Försäkringsmäklare Exempel Ab", "", domain.NoMandate},
			{"eino.koe@tilitoimisto-esimerkki.example", "insurance:see", "", "", domain.NotAssigned},
			{"eino.koe@tilitoimisto-esimerkki.example", "invoices:see", "", "", domain.Allowed},
			{"venla.sijainen@tilitoimisto-esimerkki.example", "pensions:see", "", "", domain.Allowed},
			{"toivo.kassa@leipomo-nayte.example", "certificates:order", "", "", domain.Allowed},
			{"ture.maklare@maklare-exempel.example", "quotes:request", "Leipomo Näyte Oy", "", domain.Allowed},
			{"ture.maklare@maklare-exempel.example", "quotes:request", "", "", domain.NotAssigned},
		},
		"construction": {
			{"kaisa.malli@rakennuttaja-esimerkki.example", domain.RightEditResources, "", "Talo B", domain.Allowed},
			{"kaisa.malli@rakennuttaja-esimerkki.example", "object:documents", "", "Talo B", domain.NotAssigned},
			{"matti.koe@rakennuttaja-esimerkki.example", "object:approve", "", "Talo B", domain.Allowed},
			{"matti.koe@rakennuttaja-esimerkki.example", "object:approve", "", "Liikuntasali", domain.NotAssigned},
			{"elsa.nayte@rakennuttaja-esimerkki.example", "object:publish", "", "Liikuntasali", domain.Allowed},
			{"elsa.nayte@rakennuttaja-esimerkki.example", "object:approve", "", "Liikuntasali", domain.NotAssigned},
			{"urho.talo@rakennuttaja-esimerkki.example", domain.RightShareResource, "", "Talo A", domain.Allowed},
			{"urho.talo@rakennuttaja-esimerkki.example", "object:documents", "", "Talo B", domain.NotAssigned},
			{"lahja.raportti@rakennuttaja-esimerkki.example", "reports", "", "", domain.Allowed},
			{"lahja.raportti@rakennuttaja-esimerkki.example", "object:documents", "", "Liikuntasali", domain.Allowed},
			{"armas.piirto@arkkitehdit-nayte.example", "project:documents", "", "Kirjastokilpailu", domain.Allowed},
			{"pihla.piirros@arkkitehdit-nayte.example", "project:documents", "", "Satamakeskus", domain.Allowed},
			{"pihla.piirros@arkkitehdit-nayte.example", "project:publish", "", "Satamakeskus", domain.NotAssigned},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _, err := withDemo(t, name)
			if err != nil {
				t.Fatal(err)
			}
			f := find(t, a)
			for _, q := range questions {
				m := f.people[q.person]
				if m == nil {
					t.Errorf("%s is nowhere", q.person)
					continue
				}
				ask := domain.Question{Person: m.Person, From: m.Organization, Where: m.Organization}
				if q.where != "" {
					ask.Where = f.organizations[q.where].ID
				}
				if q.on != "" {
					ask.Resource = f.resources[q.on].ID
				}
				s, err := store.New(a.config.Table).Load(t.Context(), domain.Want{Questions: []domain.Question{ask}})
				if err != nil {
					t.Fatal(err)
				}
				g := s.Grounds[0]
				g.Profile, g.Member.Membership.ActivatedAt = a.config.Profile, start
				if got := g.Decide(q.right, start); got != q.want {
					t.Errorf("%s, %s in %q on %q: %s, want %s", q.person, q.right, q.where, q.on, got, q.want)
				}
			}
		})
	}
}

// Terms count from the day of loading, whichever that is.
func TestDemoTermsAndTitles(t *testing.T) {
	t.Parallel()
	a, _, err := withDemo(t, "rental")
	if err != nil {
		t.Fatal(err)
	}
	leo := find(t, a).people["leo.kesa@esimerkkirakennus.example"]
	if want := (domain.Validity{Type: domain.FixedTerm, From: "2026-11-02", To: "2027-01-01"}); leo.Validity != want {
		t.Errorf("valid %+v, want %+v", leo.Validity, want)
	}
	if a, _, err = withDemo(t, "construction"); err != nil {
		t.Fatal(err)
	}
	f := find(t, a)
	want := map[domain.ResourceID]string{f.resources["Satamakeskus"].ID: "Vastaava työnjohtaja"}
	if diff := cmp.Diff(want, f.people["matti.koe@rakennuttaja-esimerkki.example"].JobTitles); diff != "" {
		t.Errorf("job titles (-want +got):\n%s", diff)
	}
	if titles := f.people["urho.talo@rakennuttaja-esimerkki.example"].JobTitles; len(titles) > 0 {
		t.Errorf("titles without a default task: %v", titles)
	}
}

// Everybody who was invited is mailed once, and only those with sign-in get a link.
func TestDemoMails(t *testing.T) {
	t.Parallel()
	a, invited, err := withDemo(t, "public-sector")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Run(t.Context(), "mail-dispatch", nil); err != nil {
		t.Fatal(err)
	}
	type mailed struct {
		To   domain.Email
		Link bool
	}
	var want, got []mailed
	for _, i := range invited {
		want = append(want, mailed{i.Email, i.SignsIn})
	}
	for _, m := range a.config.Mailbox.Messages() {
		got = append(got, mailed{m.To, len(m.Links) > 0})
	}
	order := func(a, b mailed) int { return strings.Compare(string(a.To), string(b.To)) }
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
}

// A demo is no way around what holds for everybody: what an administrator could
// not give, no demo gives.
func TestDemoGivesNothingThatAnAdministratorCouldNot(t *testing.T) {
	t.Parallel()
	firm := func(d *profilefile.Demo) *profilefile.DemoOrganization { return &d.Organizations[0] }
	aada := func(d *profilefile.Demo) *domain.Assignment { return &firm(d).Users[1].New.Assignments[0] }
	for name, test := range map[string]struct {
		change func(*profilefile.Demo)
		want   error
	}{
		"above the mandate":      {func(d *profilefile.Demo) { aada(d).Rights = append(aada(d).Rights, "insurance:edit") }, domain.ErrAboveMandate},
		"at who gave no mandate": {func(d *profilefile.Demo) { aada(d).Scopes[0].ID = "broker" }, domain.ErrAboveMandate},
		"for no such place":      {func(d *profilefile.Demo) { aada(d).Roles = []domain.RoleKey{"access-rights-controller"} }, domain.ErrScope},
		"mandates in a circle": {func(d *profilefile.Demo) {
			back := d.Mandates[0]
			back.Principal, back.Agent = back.Agent, back.Principal
			d.Mandates = append(d.Mandates, back)
		}, domain.ErrMandateCycle},
		"somebody twice": {func(d *profilefile.Demo) { firm(d).Users = append(firm(d).Users, firm(d).Users[0]) }, domain.ErrUserExists},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := withDemo(t, "insurance", test.change)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), "a part is in the store now") {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// What is there stays as it is, also when somebody has changed it since.
func TestDemoLeavesAFilledStoreAlone(t *testing.T) {
	t.Parallel()
	a, _, err := withDemo(t, "rental")
	if err != nil {
		t.Fatal(err)
	}
	data, err := profiles.Demo("rental")
	if err != nil {
		t.Fatal(err)
	}
	demo, faults := profilefile.ParseDemo("demo.yaml", data, a.config.Profile)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	before := len(find(t, a).people)
	demo.Organizations[1].Customer.BusinessID = "555555-6666" // one that is not there yet
	invited, err := a.Bootstrap(context.Background(), "other@example.com", domain.English, demo)
	if err != nil || invited != nil || len(find(t, a).people) != before {
		t.Errorf("invited %v, %v", invited, err)
	}
}

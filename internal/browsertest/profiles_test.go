package browsertest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A module, a customer number and a subscription are what the telecom portal
// wants of a new user, and the dashboard is what it recommends.
func TestP23_TelecomUserIsInvitedWithAllThatIsNeeded(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo", "--profile", "telecom")
	v := s.administrator("sigrid.eksempel@eksempelfjord.example")
	nora := person{givenName: "Nora", familyName: "Ny", email: "nora.ny@eksempelfjord.example"}

	v.beginInvitation(nora)
	v.shows("#user-access-hint", "A new user must have: Customer number, Modules.")
	v.click("#user-save")
	v.told("Subscription: This is required.", "Access: Still to be chosen: Customer number, Modules.")
	v.tick("Salg 700100")
	v.click("#user-save")
	v.told("Subscription: This is required.", "In these places: Choose at least one role or right.")
	v.tick("Invoices")
	v.fill("#user-subscription", "K-70099")
	v.shoot("invite")
	v.click("#user-save")
	v.told("Subscription: There is no active subscription with this number that is free.")
	v.shoot("refused")
	v.refused("422 POST /v1/organizations/{id}/users")
	v.fill("#user-subscription", "K-70015")
	v.sendInvitation(nora)
	v.shows("[data-testid=warning]", "Recommended for everybody, and not given: Dashboard.")
	v.shoot("warned")
	sales := v.resource(s, "customer-number", "Salg")
	v.wantAssignments(s, nora, assignment{Rights: []string{"invoices"}, Scopes: []scope{{"customer-number", sales}}})

	// Whoever has every module is asked for none.
	v.click("#invite")
	v.click("#role-superuser")
	v.shows("#user-access-hint", "The chosen role holds everywhere. Nothing has to be chosen here.")
	v.gone("#user-dialog [data-testid=access-row]")
	v.click("#user-cancel")

	// Access is changed where it was given.
	v.click(row(nora, "user-access"))
	v.shows("#access-dialog summary", "Customer number: Salg\nInvoices")
	v.click("#access-dialog [data-testid=access-row] > summary")
	v.tick("Dashboard Recommended")
	v.shoot("access")
	v.click("#access-save")
	v.gone("#access-dialog[open]")
	v.shows("#message", "The access of Nora Ny has been saved.")
	v.wantAssignments(s, nora, assignment{Rights: []string{"dashboard", "invoices"}, Scopes: []scope{{"customer-number", sales}}})

	// P23: that is all that is changed here, since the details are theirs.
	v.click(row(nora, "user-edit"))
	v.shows("#user-note", "In this portal the person keeps their own details. You decide on the roles.")
	if enabled := eval[[]string](v, `() => [...document.querySelectorAll('#user-form .field > :is(input, select):enabled')].map(input => input.id)`); !slices.Equal(enabled, []string{"user-subscription"}) {
		t.Errorf("can be changed of a user: %q", enabled)
	}
	v.click("#user-cancel")

	// Nobody changes their own access, and who has no right on anything has none here.
	if eval[bool](v, `row => document.querySelector(row) !== null`, row(person{email: "sigrid.eksempel@eksempelfjord.example"}, "user-access")) {
		t.Error("one's own access is offered to be changed")
	}
}

// A user gets rights on worksites of a customer number, a superuser has a
// customer number, and an administrator needs nothing.
func TestA39_A42_A43_A44_A48_A49_A50_A51_A53_A54_A55_A56_A57_V11_RentalUsers(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo")
	v := s.administrator("aino.esimerkki@esimerkkirakennus.example")
	pekka := person{givenName: "Pekka", familyName: "Uusi", email: "pekka.uusi@esimerkkirakennus.example"}
	south, harbour := v.resource(s, "customer-number", "Etelän työmaat"), v.resource(s, "worksite", "Sataman toimistotalo")
	for _, name := range []string{"Silta", "Torni", "Koulu", "Tehdas"} { // enough to search in
		v.api(s, http.MethodPost, "/resources", map[string]string{"type": "worksite", "parent": south, "name": name})
	}

	v.beginInvitation(pekka)
	v.choose("#user-dialog [data-testid=access-within]", south)
	v.gone("#user-dialog [data-testid=pick] [value='" + v.resource(s, "worksite", "Tehtaan laajennus") + "']")
	v.fill("#user-dialog .row-body [type=search]", "satam")
	v.wait("one worksite to be found", `() => document.querySelectorAll('#user-dialog [data-testid=pick]').length === 1`)
	v.tick("Sataman toimistotalo 100101 · Etelän työmaat")
	v.tick("Ordering")
	v.tick("Return dates")
	v.shoot("invite")
	if found := decoded[listed](v, v.api(s, http.MethodGet, "/users?q=pekka", nil)).Items; len(found) > 0 {
		t.Errorf("made before it was saved: %v", found)
	}
	v.sendInvitation(pekka)
	s.mail(1, "activation", pekka.email)
	v.shows(row(pekka, "user-status"), "Invited")
	v.wantAssignments(s, pekka, assignment{Rights: []string{"equipment:return-date", "order"}, Scopes: []scope{{"worksite", harbour}}})

	saara := person{givenName: "Saara", familyName: "Uusi", email: "saara.uusi@esimerkkirakennus.example"}
	v.beginInvitation(saara)
	v.click("[data-testid=role-narrow][data-role=superuser]")
	v.wantRoles()
	v.tick("Etelän työmaat 100100")
	v.shoot("superuser")
	v.sendInvitation(saara)
	v.shows(row(saara, "user-roles"), "In some places: Superuser")
	s.mail(1, "activation", saara.email)
	v.wantAssignments(s, saara, assignment{Roles: []string{"superuser"}, Scopes: []scope{{"customer-number", south}}})

	paula := person{givenName: "Paula", familyName: "Uusi", email: "paula.uusi@esimerkkirakennus.example"}
	v.beginInvitation(paula)
	v.click("#role-administrator")
	v.gone("#user-dialog [data-testid=access-row]")
	v.sendInvitation(paula)
	s.mail(1, "activation", paula.email)
	v.wantAssignments(s, paula)

	// All of it can be changed.
	v.click(row(pekka, "user-edit"))
	v.fill("#user-phone", "+358 40 1234567")
	v.click("#role-superuser")
	v.click("#user-save")
	v.gone("#user-dialog[open]")
	v.shows(row(pekka, "user-roles"), "Superuser, User")
	v.click(row(pekka, "user-access"))
	v.click("#access-dialog [data-testid=access-row] > summary")
	v.tick("Return dates")
	v.tick("Access control")
	v.click("#access-save")
	v.gone("#access-dialog[open]")
	v.wantAssignments(s, pekka, assignment{Rights: []string{"access-control", "order"}, Scopes: []scope{{"worksite", harbour}}})

	// The list is searched, filtered and sorted.
	v.shoot("users")
	v.fill("#users-search", "uus")
	v.shows("#users-count", "Users: 3")
	v.click("#filters > summary")
	v.click("#filter-rights [value=order]")
	v.shows("#users-count", "There are no such users.") // nobody has activated yet
	v.shoot("filters")
	v.click("#filter-clear")
	v.click("#export")
	v.shows("#exported", "Open the spreadsheet (3 users)")
	v.choose("#filter-role", "superuser")
	v.names("Uusi, Pekka", "Uusi, Saara")
	v.choose("#filter-role", "")
	v.shows("#users-count", "Users: 3")
	v.click("th[data-sort=email] button")
	v.names("Uusi, Paula", "Uusi, Pekka", "Uusi, Saara")
	v.click("th[data-sort=email] button")
	v.names("Uusi, Saara", "Uusi, Pekka", "Uusi, Paula")
}

// A removed user is found among the removed, and comes back with what is left
// of what they had.
func TestB05_B06_B07_B08_B09_B24_B25_B27_B28_ConstructionUsers(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo", "--profile", "construction")
	v := s.administrator("eino.esimerkki@rakennuttaja-esimerkki.example")
	veikko := person{givenName: "Veikko", familyName: "Uusi", email: "veikko.uusi@rakennuttaja-esimerkki.example"}
	elsa := person{givenName: "Elsa", familyName: "Näyte", email: "elsa.nayte@rakennuttaja-esimerkki.example"}
	harbour, school := v.resource(s, "project", "Satamakeskus"), v.resource(s, "project", "Koulun peruskorjaus")

	// B19: roles on several projects at once.
	v.beginInvitation(veikko)
	v.fill("#user-defaultTask", "Työnjohtaja")
	v.click("#user-dialog [data-testid=access-add]")
	v.tick("Satamakeskus P-101")
	v.tick("Koulun peruskorjaus P-102")
	v.wantRoles("report-reader")
	v.tick("Project manager")
	v.wantRoles() // the lowest one was for who has no other
	v.shoot("invite")
	v.sendInvitation(veikko)
	v.wantAssignments(s, veikko, assignment{Roles: []string{"project-manager"}, Scopes: []scope{{"project", harbour}, {"project", school}}})

	// The list begins with all, who can be told apart.
	pihla := person{email: "pihla.piirros@arkkitehdit-nayte.example"}
	v.at("/users", row(pihla))
	v.click("#views [data-view=own]")
	v.gone(row(pihla))
	v.click("#views [data-view=partner]")
	v.names("Piirros, Pihla")
	v.click("#views [data-view=all]")

	v.shows(row(elsa, "user-roles"), "In some places: Project member")
	v.click(row(elsa, "user-remove"))
	v.shows("#remove-note", "You can restore the user later, under Removed.")
	v.click("#remove-confirm")
	v.gone(row(elsa))
	v.api(s, http.MethodDelete, "/resources/"+v.resource(s, "object", "Liikuntasali")+"?confirm=true", nil)
	v.api(s, http.MethodDelete, "/resources/"+school+"?confirm=true", nil)
	v.click("#views [data-view=inactive]")
	v.at("/users", row(elsa))
	v.shoot("removed")
	v.click(row(elsa, "user-restore"))
	v.gone(row(elsa))
	v.shows("#message", "Elsa Näyte has been restored. A mail with a link to a new password is on its way to elsa.nayte@rakennuttaja-esimerkki.example.")
	v.shoot("restored")
	v.click("#views [data-view=all]")
	v.at("/users", row(elsa))
	v.wantAssignments(s, elsa, assignment{Roles: []string{"project-member"}, Scopes: []scope{{"project", harbour}}})
	s.mail(2, "activation", elsa.email)

	// A removed user is stripped of everything, while there is something.
	v.click(row(elsa, "user-remove"))
	v.click("#remove-confirm")
	v.gone(row(elsa))
	v.click("#views [data-view=inactive]")
	v.click(row(elsa, "user-strip"))
	v.click("#remove-confirm")
	v.gone(row(elsa, "user-strip"))
	v.wantAssignments(s, elsa)
}

// What the restorer may not give is told to have stayed away.
func TestWhatDoesNotComeBackIsTold(t *testing.T) {
	t.Parallel()
	s := serve(t, "--profile", changedProfile(t, "rental", map[string]string{
		"    rights:\n      - organization:see\n": "    rights:\n      - organization:see\n      - users:see\n      - users:edit\n", // of the superuser
		"    own: erase": "    own: deactivate",
	}))
	helper := person{"Hely", "Auttaja", "hely.auttaja@example.com", "two warm mittens"}
	boss := person{givenName: "Outi", familyName: "Ylin", email: "outi.ylin@example.com"}
	office := s.visitor()
	office.activate(s.link(1, "activation", operator.email), operator)
	office.signIn(operator, "/users")
	office.invite(helper, "superuser")
	office.invite(boss, "administrator", "user")
	office.click(row(boss, "user-remove"))
	office.click("#remove-confirm")
	office.gone(row(boss))

	v := s.visitor()
	v.activate(s.link(1, "activation", helper.email), helper)
	v.signIn(helper, "/users")
	v.click("#views [data-view=inactive]")
	v.click(row(boss, "user-restore"))
	v.shows("[data-testid=dropped]", "This did not come back, since it cannot be given today:\n\nAdministrator – The whole organization, also what is added later")
	v.shoot("dropped")
	v.click("#views [data-view=all]")
	v.shows(row(boss, "user-roles"), "User")
}

// I08 and I18: an attestant is named, gets no account, and no role beside.
func TestPublicSectorAttestantAlone(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo", "--profile", "public-sector")
	v := s.administrator("marta.exempelsson@exempelregionen.example")
	gun := person{givenName: "Gun", familyName: "Ny", email: "gun.ny@exempelregionen.example"}
	olle := person{givenName: "Olle", familyName: "Ny", email: "olle.ny@exempelregionen.example"}

	v.beginInvitation(gun)
	v.wantRoles("default")
	v.click("#role-attestant")
	v.wantRoles("attestant")
	v.shows("#user-note", "With this role alone there is no account: mails reach the person, who does not sign in.")
	v.shoot("attestant")
	v.sendInvitation(gun)
	v.shows("#message", "Gun Ny has been added, and is told of it by mail.")
	v.shows(row(gun, "user-roles"), "Attestant")
	v.shows(row(gun, "user-status"), "Active")
	v.gone(row(gun, "user-resend"))
	v.shoot("users")
	s.mail(1, "named", gun.email)

	// Beside a role with sign-in, the role that everybody has is back.
	v.beginInvitation(olle)
	v.click("#role-attestant")
	v.click("#role-orderer")
	v.wantRoles("attestant", "default", "orderer")
	v.sendInvitation(olle)
	v.shows(row(olle, "user-status"), "Invited")
	v.at("/users", row(olle, "user-resend"))
}

// Somebody may be let in from a day to another one, and be locked out meanwhile.
func TestInsuranceUserForAFixedTerm(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo", "--profile", "insurance")
	v := s.administrator("helmi.esimerkki@tilitoimisto-esimerkki.example")
	tuuli := person{givenName: "Tuuli", familyName: "Sijainen", email: "tuuli.sijainen@tilitoimisto-esimerkki.example"}

	v.beginInvitation(tuuli)
	v.fill("#user-idCode", "010594Y9031")
	v.choose("#user-dialog [data-testid=access-type]", "clients")
	v.tick("Payroll reporting")
	v.click("#user-valid-fixedTerm")
	v.click("#user-save")
	v.told("First day: This is required.", "Last day: This is required.")
	v.date("#user-valid-from", "2126-03-01")
	v.date("#user-valid-to", "2126-02-01")
	v.click("#user-save")
	v.told("Last day: The last day is before the first.")
	v.date("#user-valid-to", "2126-05-31")
	v.click("#user-save")
	v.told("Code: This is no national id of the country. Check each sign.")
	v.shoot("invite")
	v.refused("400 POST /v1/organizations/{id}/users", "400 POST /v1/organizations/{id}/users")
	v.fill("#user-idCode", "010594Y9032")
	v.sendInvitation(tuuli)
	v.shows(row(tuuli, "user-term"), "1 Mar 2126 – 31 May 2126")
	v.wantAssignments(s, tuuli, assignment{Rights: []string{"payroll:report"}, Scopes: []scope{{Type: "clients"}}})

	v.click(row(tuuli, "user-validity"))
	v.click("#validity-locked")
	v.fill("#validity-reason", "On leave")
	v.shoot("lock")
	v.click("#validity-save")
	v.gone("#validity-dialog[open]")
	v.shows(row(tuuli, "user-status"), "Locked")
	v.shoot("users")
	v.click(row(tuuli, "user-validity"))
	v.click("#validity-indefinite")
	v.click("#validity-save")
	v.shows(row(tuuli, "user-status"), "Invited")
	v.shows("#message", "Tuuli Sijainen is no longer locked out.")

	// Väinö may give what he has himself, and is told what he may not.
	vaino := s.administrator("vaino.malli@tilitoimisto-esimerkki.example")
	vaino.click(row(tuuli, "user-access"))
	vaino.click("#access-dialog [data-testid=access-add]")
	vaino.tick("Pension decisions of employees Sensitive")
	vaino.click("#access-save")
	vaino.shows("[data-testid=refusal]", "Pension decisions of employees – The whole organization, also what is added later")
	vaino.shoot("refused")
	vaino.refused("422 PUT /v1/organizations/{id}/users/{id}/assignments")
}

// administrator activates somebody of the demo data and opens their list, in English.
func (s *server) administrator(email string) *tab {
	s.t.Helper()
	p := person{email: email, password: "six small lighthouses"}
	v := s.visitor()
	v.activate(s.link(1, "activation", email), p)
	v.signIn(p, "/users")
	v.at("/users", row(p))
	v.choose("#language-menu", "en")
	v.wait("the page in English", `() => document.documentElement.lang === 'en'`)
	return v
}

// tick clicks the box with a label in the dialog that is open, once nothing
// there is about to move.
func (v *tab) tick(label string) {
	v.t.Helper()
	v.gone("dialog[open] [aria-busy]")
	id := await(v, "a box "+label, func(id string) bool { return id != "" }, `label => {
		const text = node => node.textContent.replace(/\s+/g, ' ').trim();
		const found = [...document.querySelectorAll('dialog[open] .choice label')].find(node => text(node) === label && node.checkVisibility());
		return found?.htmlFor ?? '';
	}`, label)
	selector := `[id="` + id + `"]`
	before := eval[bool](v, `selector => document.querySelector(selector).checked`, selector)
	v.click(selector)
	v.wait(label+" to be ticked", `(selector, before) => String(document.querySelector(selector).checked) !== before`, selector, map[bool]string{true: "true", false: "false"}[before])
}

// date fills in a day; what is typed depends on the browser's language.
func (v *tab) date(selector, day string) {
	v.t.Helper()
	v.choose(selector, day)
}

// told waits until the summary of the form tells of exactly these.
func (v *tab) told(want ...string) {
	v.t.Helper()
	v.shows("dialog[open] [data-testid=error-summary]", "Check the following:\n\n"+strings.Join(want, "\n"))
}

// names waits until these users are listed in this order.
func (v *tab) names(want ...string) {
	v.t.Helper()
	v.wait("the list "+strings.Join(want, "; "), `(...want) => {
		const names = [...document.querySelectorAll('[data-testid=user-name]')].map(node => node.innerText.trim());
		return names.join('\n') === want.join('\n');
	}`, want...)
}

func (v *tab) wantRoles(want ...string) {
	v.t.Helper()
	got := eval[[]string](v, `() => [...document.querySelectorAll('#user-roles :checked')].map(box => box.value).toSorted()`)
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		v.t.Errorf("roles that are ticked (-want +got):\n%s", diff)
	}
}

// api calls the API for the organization on the page, as who is signed in there.
func (v *tab) api(s *server, method, path string, body any) []byte {
	v.t.Helper()
	token := eval[string](v, `() => sessionStorage.getItem('fullmakt:session')`)
	call := func(method, path string, body any) []byte {
		data := []byte{}
		if body != nil {
			var err error
			if data, err = json.Marshal(body); err != nil {
				v.t.Fatal(err)
			}
		}
		a := s.call(method, path, token, string(data))
		if a.status >= 300 {
			v.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
		return a.body
	}
	me := decoded[struct {
		Memberships []struct{ OrganizationID string }
	}](v, call(http.MethodGet, "/v1/me", nil))
	return call(method, "/v1/organizations/"+me.Memberships[0].OrganizationID+path, body)
}

func decoded[T any](v *tab, data []byte) (value T) {
	v.t.Helper()
	if err := json.Unmarshal(data, &value); err != nil {
		v.t.Fatalf("%v: %s", err, data)
	}
	return value
}

type listed struct {
	Items []struct{ ID, Name, Email string }
}

// resource is the id of one.
func (v *tab) resource(s *server, of, name string) string {
	v.t.Helper()
	for _, item := range decoded[listed](v, v.api(s, http.MethodGet, "/resources?limit=200&type="+of, nil)).Items {
		if item.Name == name {
			return item.ID
		}
	}
	v.t.Fatalf("there is no %s %q", of, name)
	return ""
}

type assignment struct {
	Roles, Rights []string
	Scopes        []scope
}

type scope struct{ Type, ID string }

// wantAssignments demands that a user has these, and nothing else.
func (v *tab) wantAssignments(s *server, p person, want ...assignment) {
	v.t.Helper()
	id := eval[string](v, `row => document.querySelector(row)?.dataset.user ?? ''`, row(p))
	got := decoded[struct{ Items []assignment }](v, v.api(s, http.MethodGet, "/users/"+id+"/assignments", nil)).Items
	if diff := cmp.Diff(append([]assignment{}, want...), append([]assignment{}, got...)); diff != "" {
		v.t.Errorf("assignments of %s (-want +got):\n%s", p.email, diff)
	}
}

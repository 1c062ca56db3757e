package browsertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/fullmakt/fullmakt/portal"
)

// person is somebody made up.
type person struct {
	givenName, familyName, email, password string
}

// operator is whom the program invites first, by default.
var operator = person{"Operator", "Administrator", "operator@example.com", "seven quiet harbours"}

// TestMainPath is the portal's reason to be, from an empty store to a password
// that was forgotten.
func TestMainPath(t *testing.T) {
	t.Parallel()
	s := serve(t)
	admin := person{"Aada", "Alku", "aada.alku@alpha.example", "nine slow rivers"}
	colleague := person{"Kalle", "Kesken", "kalle.kesken@alpha.example", "forgotten so soon"}
	other := person{"Otso", "Odottaa", "otso.odottaa@alpha.example", "never chosen at all"}

	// The operator, invited by an empty store, makes a customer.
	if !strings.Contains(s.invited, operator.email) {
		t.Errorf("whom to activate first: %q", s.invited)
	}
	back := s.visitor()
	first := s.link(1, "activation", operator.email)
	back.openMail(first)
	back.clickInMail(first)
	back.choosePassword(operator)
	back.signIn(operator, "/users")
	back.shows(row(operator, "user-name"), "Administrator, Operator")
	back.makeCustomer(s, "Alpha Oy", admin)

	// The customer's administrator activates and sees who is there.
	office := s.visitor()
	office.activate(s.link(1, "activation", admin.email), admin)
	office.signIn(admin, "/users")
	office.shows("#heading", "Users of Alpha Oy")
	office.shows("#users-count", "Users: 1")
	office.shows(row(admin, "user-name"), "Alku, Aada")
	office.shows(row(admin, "user-status"), "Active")

	// A colleague is invited, activates, and signs in on two devices.
	office.invite(colleague)
	office.shows(row(colleague, "user-status"), "Invited")
	laptop, phone := s.visitor(), s.visitor()
	invitation := s.link(1, "activation", colleague.email)
	laptop.openMail(invitation)
	laptop.click(fmt.Sprintf("a[href=%q]", invitation))
	laptop.choosePassword(colleague)
	laptop.signIn(colleague, "/account")
	laptop.shows("#me-name", "Kalle Kesken")
	laptop.shoot("account")
	phone.signIn(colleague, "/account")

	// The password is forgotten and reset on one of them.
	laptop.signOut()
	laptop.click("#forgot-password")
	laptop.at("/forgot-password", "#forgot-password-form")
	laptop.fill("#email", colleague.email)
	laptop.shoot("forgot-password")
	laptop.click("#send-link")
	laptop.at("/forgot-password", "#forgot-password-done")
	reset := s.link(1, "password-reset", colleague.email)
	remembered := colleague
	remembered.password = "remembered from now on"
	laptop.reset(reset, remembered)
	s.mail(1, "password-changed", colleague.email)

	// The other device is signed out, the old password is dead, the new one works.
	phone.click("#nav-account")
	phone.at("/sign-in", "#notice")
	phone.shows("#notice", "You have been signed out. Sign in again to go on.")
	phone.refused("401 GET /v1/me")
	phone.enter(colleague)
	phone.at("/sign-in", "[data-testid=error-summary]")
	phone.shoot("sign-in-refused")
	phone.refused("401 POST /v1/sessions")
	phone.signIn(remembered, "/account")

	// Both links are used up, and say so.
	laptop.visit(reset)
	laptop.at("/reset-password", "#reset-invalid")
	laptop.wantNoToken("/reset-password")
	laptop.refused("400 POST /v1/password-resets/check")
	laptop.visit(invitation)
	laptop.at("/activate", "#activate-invalid")
	laptop.wantNoToken("/activate")
	laptop.shoot("link-used")
	laptop.refused("400 POST /v1/activations/check")

	// The administrator sees the colleague active, and corrects the name.
	office.shows(row(colleague, "user-status"), "Invited")
	office.comeBack(11 * time.Second)
	office.shows(row(colleague, "user-status"), "Active")
	office.click(row(colleague, "user-edit"))
	office.fill("#user-familyName", "Valmis")
	office.shoot("user-edit")
	office.click("#user-save")
	office.shows(row(colleague, "user-name"), "Valmis, Kalle")
	office.gone("#user-dialog[open]")
	office.shows("#message", "The details of Kalle Valmis have been saved.")

	// Another one is invited twice, which kills the first link, and then removed.
	office.invite(other)
	replaced := s.link(1, "activation", other.email)
	office.click(row(other, "user-resend"))
	office.shows("#message", "A new invitation is on its way to otso.odottaa@alpha.example. The earlier link does not work any more.")
	second := s.link(2, "activation", other.email)
	laptop.visit(replaced)
	laptop.at("/activate", "#activate-invalid")
	laptop.refused("400 POST /v1/activations/check")
	laptop.visit(second)
	laptop.at("/activate", "#activate-form")
	office.click(row(other, "user-remove"))
	office.shoot("user-remove")
	office.click("#remove-confirm")
	office.gone(row(other))
	office.shows("#users-count", "Users: 2")
	office.shoot("users")
	laptop.fill("#password", other.password)
	laptop.fill("#repeat", other.password)
	laptop.click("#activate")
	laptop.at("/activate", "#activate-invalid")
	laptop.refused("400 POST /v1/activations")
}

// What somebody may not do is not offered, and no page tries it.
func TestOnlyWhatIsAllowedIsOffered(t *testing.T) {
	t.Parallel()
	const sees = "    rights:\n      - organization:see\n" // of the superuser
	s := serve(t, "--profile", changedProfile(t, "rental", map[string]string{sees: sees + "      - users:see\n      - users:send-activation\n"}))
	helper := person{"Hely", "Auttaja", "hely.auttaja@example.com", "two warm mittens"}
	user := person{"Kaisa", "Tavallinen", "kaisa.tavallinen@example.com", "four long winters"}
	waiting := person{"Otso", "Odottaa", "otso.odottaa@example.com", ""}
	office := s.visitor()
	office.activate(s.link(1, "activation", operator.email), operator)
	office.signIn(operator, "/users")
	office.invite(helper, "superuser")
	office.invite(user)
	office.invite(waiting)
	offered := func(v *tab, p person, want ...string) {
		t.Helper()
		v.at("/users", row(p))
		got := eval[[]string](v, `row => [...document.querySelectorAll(row + ' .actions button')].map(button => button.dataset.testid)`, row(p))
		if !slices.Equal(got, want) {
			t.Errorf("offered for %s: %q, want %q", p.email, got, want)
		}
	}
	offered(office, operator, "user-reset", "user-edit", "user-access")
	offered(office, waiting, "user-resend", "user-edit", "user-access", "user-validity", "user-remove")

	// Who may see the users and send invitations again does that.
	v := s.visitor()
	v.activate(s.link(1, "activation", helper.email), helper)
	v.signIn(helper, "/users")
	offered(v, operator)
	offered(v, helper)
	offered(v, waiting, "user-resend")
	v.hides("#invite")
	v.click(row(waiting, "user-name"))
	v.hides("#user-dialog")
	v.click(row(waiting, "user-resend"))
	v.shows("#message", "A new invitation is on its way to otso.odottaa@example.com. The earlier link does not work any more.")
	v.shoot("users-helper")

	// Who may see no users is not led to them, and is told whom to ask.
	v = s.visitor()
	v.activate(s.link(1, "activation", user.email), user)
	v.signIn(user, "/account")
	v.hides("#nav-users")
	eval[bool](v, `() => window.isOld = true`)
	v.click(".brand")
	v.wait("the brand to lead somewhere", `() => !window.isOld`)
	v.at("/account", "#account")
	v.visit(s.url + "/users")
	v.at("/users", "#users-refused")
	v.hides("#nav-users")
	v.hides("#invite")
	v.shows("#users-refused .notice", "Only an administrator of your company can manage its users.")
	v.shoot("users-refused")
}

// changedProfile is a profile's file with some of its text, where it is first, in the place of other.
func changedProfile(t *testing.T, key string, changes map[string]string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "profiles", key, "profile.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	profile := string(data)
	for before, after := range changes {
		if !strings.Contains(profile, before) {
			t.Fatalf("the profile %s has no %q", key, before)
		}
		profile = strings.Replace(profile, before, after, 1)
	}
	file := filepath.Join(t.TempDir(), "changed.yaml")
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Going back shows nothing of a session that has ended.
func TestGoingBackAfterSigningOut(t *testing.T) {
	t.Parallel()
	s := serve(t)
	v := s.visitor()
	v.activate(s.link(1, "activation", operator.email), operator)
	v.signIn(operator, "/users")
	v.at("/users", row(operator))
	eval[chromedp.Void](v, `() => addEventListener('pageshow', ({ persisted }) => {
		sessionStorage.setItem('seen', persisted + ' ' + document.querySelector('#users-rows tr').checkVisibility({ visibilityProperty: true }));
	})`)
	v.click("#nav-account")
	v.at("/account", "#account")
	v.signOut()
	eval[chromedp.Void](v, `() => history.back()`)
	v.shows("#notice", "Sign in first.")
	v.at("/sign-in", "#sign-in-form")
	if got := eval[string](v, `() => sessionStorage.getItem('seen') ?? 'opened anew'`); strings.HasSuffix(got, " true") {
		t.Errorf("kept by the browser, and seen: %s", got)
	}
}

// Who has chosen no language gets their own when they sign in; the menu then
// changes all that is on a page, and is remembered.
func TestLanguageMenu(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo")
	v := s.visitor()
	aino := person{email: "aino.esimerkki@esimerkkirakennus.example", password: "kolme hidasta jokea"}
	v.activate(s.link(1, "activation", aino.email), aino)
	v.shows("h1", "Sign in")
	v.signIn(aino, "/users")
	v.speaks("fi", "Organisaation Esimerkkirakennus Oy käyttäjät", "Nimi", "Tila")
	for _, language := range [][]string{
		{"sv", "Användare i Esimerkkirakennus Oy", "Namn", "Status"},
		{"nb", "Brukere i Esimerkkirakennus Oy", "Navn", "Status"},
		{"en", "Users of Esimerkkirakennus Oy", "Name", "Status"},
		{"fi", "Organisaation Esimerkkirakennus Oy käyttäjät", "Nimi", "Tila"},
	} {
		v.choose("#language-menu", language[0])
		v.speaks(language...)
		v.shoot("users-" + language[0])
	}
	v.choose("#language-menu", "sv")
	v.signOut()
	v.speaks("sv", "Logga in")
	for _, language := range [][]string{{"fi", "Kirjaudu sisään"}, {"nb", "Logg inn"}, {"en", "Sign in"}, {"sv", "Logga in"}} {
		v.choose("#language-menu", language[0])
		v.speaks(language...)
	}
	v.visit(s.url + "/forgot-password")
	v.speaks("sv", "Har du glömt ditt lösenord?")
}

// speaks waits until the page is in a language: its heading, and columns of
// the list of users.
func (v *tab) speaks(language ...string) {
	v.t.Helper()
	v.wait(fmt.Sprintf("the page in %q", language), `(language, heading, ...columns) => {
		const shown = [...document.querySelectorAll('thead th')].map(th => th.innerText.trim());
		return document.documentElement.lang === language && document.querySelector('h1').innerText.trim() === heading &&
			document.getElementById('language-menu').value === language && columns.every(column => shown.includes(column));
	}`, language...)
}

// Scanners of mail open each link, some in a real browser.
func TestXA14_OpeningALinkDoesNotUseItUp(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo")
	astrid := person{email: "astrid.exempelsson@exempelbygg.example", password: "tre stilla hamnar"}
	link := s.link(1, "activation", astrid.email)
	for range 20 {
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			if a := s.call(method, strings.TrimPrefix(link, s.url), "", ""); a.status != http.StatusOK {
				t.Fatalf("%s: %d", method, a.status)
			}
		}
	}
	scanner := s.visitor()
	for range 3 {
		scanner.visit(link)
		scanner.at("/activate", "#activate-form")
	}
	// Loading the page again is not opening the link again.
	do(scanner, chromedp.Reload())
	scanner.at("/activate", "#activate-missing")
	s.visitor().activate(link, astrid)
}

// No page may be shown inside one of another site, where it could be clicked
// on unknowingly.
func TestXI8_NoPageCanBeFramed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var frames strings.Builder
	pages := 0
	for _, path := range portal.Paths() {
		if path == "/portal/" { // what the pages load
			continue
		}
		pages++
		a := s.call(http.MethodGet, path, "", "")
		if policy := a.header.Get("Content-Security-Policy"); a.status != http.StatusOK || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: %d with policy %q", path, a.status, policy)
		}
		fmt.Fprintf(&frames, "<iframe src=%q></iframe>", s.url+path)
	}
	if pages == 0 {
		t.Fatal("there are no pages")
	}

	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, frames.String())
	}))
	defer site.Close()
	v := unwatched(t, site.URL)
	v.visit(site.URL)
	err := eventually(func() error {
		faults := v.wrong()
		refused := slices.DeleteFunc(slices.Clone(faults), func(fault string) bool { return !strings.Contains(fault, "frame-ancestors 'none'") })
		if len(refused) != pages {
			return fmt.Errorf("%d of %d frames were refused: %q", len(refused), pages, faults)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The other tests are worth as much as what a tab takes note of.
func TestATabSeesWhatGoesWrong(t *testing.T) {
	t.Parallel()
	const page = `<!doctype html><title>wrong</title><p style="color: red">x</p>
		<script src="/script"></script><img src="http://elsewhere.example/picture">`
	const script = `console.error('said'); fetch('/absent'); setTimeout(() => { throw new Error('thrown') }); eval('0')`
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src *")
			fmt.Fprint(w, page)
		case "/script":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, script)
		case "/favicon.ico": // asked for by the browser itself
		default:
			http.NotFound(w, r)
		}
	}))
	defer site.Close()
	v := unwatched(t, site.URL)
	v.visit(site.URL)
	v.wait("the page to have asked for all", `() => performance.getEntriesByName(location.origin + '/absent').length > 0`)
	v.refused("404 GET /absent")
	for _, want := range []string{
		"said", "thrown", "inline style", "unsafe-eval",
		"request to elsewhere: GET http://elsewhere.example/picture", "request failed",
	} {
		err := eventually(func() error {
			faults := v.wrong()
			if !slices.ContainsFunc(faults, func(fault string) bool { return strings.Contains(fault, want) }) {
				return fmt.Errorf("no fault tells of %q: %q", want, faults)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// openMail opens the mail with a link in the mailbox.
func (v *tab) openMail(link string) {
	v.t.Helper()
	v.visit(v.url + "/_local/mail")
	v.click(fmt.Sprintf("details:has(a[href=%q]) summary", link))
	v.shoot("mailbox")
}

// clickInMail clicks the button in the mail that is open. The frame that shows
// it is a page of its own, which the one around it cannot look into.
func (v *tab) clickInMail(link string) {
	v.t.Helper()
	eval[chromedp.Void](v, `() => document.querySelector('details[open] iframe').scrollIntoView()`)
	place := `selector => { const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect(); return [x, y, width, height]; }`
	frame, button := v.frame("details[open] iframe"), fmt.Sprintf("td a[href=%q]", link)
	around, at := eval[[]float64](v, place, "details[open] iframe"), eval[[]float64](frame, place, button)
	x, y := around[0]+at[0]+at[2]/2, around[1]+at[1]+at[3]/2
	// What is under the pointer is known a moment after it was scrolled there.
	err := eventually(func() error {
		do(v, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
		if !eval[bool](frame, `selector => document.querySelector(selector).matches(':hover')`, button) {
			return errors.New("it is not under the pointer")
		}
		return nil
	})
	if err != nil {
		v.t.Fatalf("waited for the button in the mail: %v", err)
	}
	do(v, chromedp.MouseClickXY(x, y))
}

// activate opens the link of an invitation, chooses a password and goes to sign-in.
func (v *tab) activate(link string, p person) {
	v.t.Helper()
	v.visit(link)
	v.choosePassword(p)
}

// choosePassword is what follows once the link of an invitation is open.
func (v *tab) choosePassword(p person) {
	v.t.Helper()
	v.at("/activate", "#activate-form")
	v.wantNoToken("/activate")
	v.fill("#password", p.password)
	v.fill("#repeat", p.password)
	v.shoot("activate")
	v.click("#activate")
	v.at("/activate", "#activate-done")
	v.click("#to-sign-in")
	v.at("/sign-in", "#sign-in-form")
	if got := v.value("#email"); got != p.email {
		v.t.Errorf("after activation %q is to sign in, want %q", got, p.email)
	}
}

// reset opens the link to a new password, and chooses one.
func (v *tab) reset(link string, p person) {
	v.t.Helper()
	v.visit(link)
	v.at("/reset-password", "#reset-form")
	v.wantNoToken("/reset-password")
	v.fill("#password", p.password)
	v.fill("#repeat", p.password)
	v.shoot("reset-password")
	v.click("#reset")
	v.at("/reset-password", "#reset-done")
}

// wantNoToken demands that the address bar shows a page and nothing else.
func (v *tab) wantNoToken(path string) {
	v.t.Helper()
	if got := eval[string](v, `() => location.href`); got != v.url+path {
		v.t.Errorf("the address bar shows %q, want %q", got, v.url+path)
	}
}

// signIn signs in; home is the page that this leads to.
func (v *tab) signIn(p person, home string) {
	v.t.Helper()
	v.enter(p)
	v.at(home, "#sign-out")
}

// enter tries to sign in.
func (v *tab) enter(p person) {
	v.t.Helper()
	v.visit(v.url + "/sign-in")
	v.fill("#email", p.email)
	v.fill("#password", p.password)
	v.shoot("sign-in")
	v.click("#sign-in")
}

func (v *tab) signOut() {
	v.t.Helper()
	v.click("#sign-out")
	v.at("/sign-in", "#notice")
}

// row selects a user in the list, or a part of their row.
func row(p person, part ...string) string {
	selector := fmt.Sprintf("#users-rows [data-email=%q]", p.email)
	for _, id := range part {
		selector += fmt.Sprintf(" [data-testid=%q]", id)
	}
	return selector
}

// invite invites a colleague, with the lowest role and these.
func (v *tab) invite(p person, roles ...string) {
	v.t.Helper()
	v.beginInvitation(p)
	for _, role := range roles {
		v.click("#role-" + role)
	}
	v.shoot("user-invite")
	v.sendInvitation(p)
}

// beginInvitation says who is to be invited.
func (v *tab) beginInvitation(p person) {
	v.t.Helper()
	v.click("#invite")
	v.fill("#user-givenName", p.givenName)
	v.fill("#user-familyName", p.familyName)
	v.fill("#user-email", p.email)
}

func (v *tab) sendInvitation(p person) {
	v.t.Helper()
	v.click("#user-save")
	v.at("/users", row(p))
	v.gone("#user-dialog[open]")
}

// makeCustomer makes an organization with its first administrator. There is no
// page for it: a company's own systems do it through the API.
func (v *tab) makeCustomer(s *server, name string, admin person) {
	v.t.Helper()
	token := eval[string](v, `() => sessionStorage.getItem('fullmakt:session')`)
	body, err := json.Marshal(map[string]any{
		"name": name, "country": "FI", "businessId": "2077474-0", "language": "en",
		"administrator": map[string]string{"givenName": admin.givenName, "familyName": admin.familyName, "email": admin.email},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	if a := s.call(http.MethodPost, "/v1/organizations", token, string(body)); a.status != http.StatusCreated {
		v.t.Fatalf("organization-create: %d %s", a.status, a.body)
	}
}

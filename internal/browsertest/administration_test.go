package browsertest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/sheet"
)

// A newcomer administers a builder's users: thirty come from a file, the list is
// looked through and exported, one goes and comes back, and a partner comes from
// a company that only the public register knows.
func TestB03_B10_B11_B24_B25_B34_B35_B44_B45_B48_TheNewcomersWalk(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo", "--profile", "construction")
	v := s.administrator("eino.esimerkki@rakennuttaja-esimerkki.example")

	// The template is filled in, with a few mistakes.
	v.click("#import")
	eval[chromedp.Void](v, `() => {
		const make = URL.createObjectURL;
		URL.createObjectURL = blob => {
			blob.text().then(text => { window.template = text; });
			return make(blob);
		};
	}`)
	v.click("#import-template")
	template := await(v, "the template", func(text string) bool { return text != "" }, `() => window.template ?? ''`)
	if want := "Family name;Given name;E-mail address;Phone number;Language;Roles;Place;Default task\r\n"; template != want {
		t.Errorf("the template is %q, want %q", template, want)
	}
	v.shoot("import")
	var rows []string
	row30 := func(i int) person {
		return person{
			givenName: "Uusi", familyName: fmt.Sprintf("Tulokas%02d", i),
			email: fmt.Sprintf("tulokas.%02d@rakennuttaja-esimerkki.example", i), password: "eleven tall spruces",
		}
	}
	for i := range 30 {
		p, roles, place := row30(i), "Report reader", ""
		if i >= 20 {
			roles, place = "Project member", "Project:P-101"
		}
		rows = append(rows, strings.Join([]string{p.familyName, p.givenName, p.email, "", "en", roles, place, ""}, ";"))
	}
	wrong := []string{
		"Palvelu;Paula;info@rakennuttaja-esimerkki.example;;fi;Report reader;;", // which is worth a warning
		"Virhe;Viivi;viivi.virhe;;en;Report reader;;",
		"Virhe;Veeti;veeti.virhe@rakennuttaja-esimerkki.example;;en;Emperor;;",
		"Malli;Kaisa;kaisa.malli@rakennuttaja-esimerkki.example;;fi;Project coordinator;;",
	}

	// A file without its headings, or of another kind, is refused as a whole.
	v.upload("#import-file", "strange.csv", "Whatever;Nothing\r\n1;2\r\n")
	v.click("#import-send")
	v.told("File: The heading of column A is not known. Compare with the template.",
		"File: The heading of column B is not known. Compare with the template.",
		"File: Columns for given name, family name and e-mail address are needed. Compare with the template.")
	v.shoot("import-refused")
	v.upload("#import-file", "empty.csv", template)
	v.click("#import-send")
	v.told("File: There is no row below the headings.")
	v.refused("400 POST /v1/organizations/{id}/users/import", "400 POST /v1/organizations/{id}/users/import")

	// A dry run tells what would become of each row, and does nothing.
	v.upload("#import-file", "people.csv", template+strings.Join(append(slices.Clone(rows), wrong...), "\r\n")+"\r\n")
	v.click("#import-send")
	v.shows("#import-counts", "Cannot be invited 2\nTo be invited 31\nIs a user already 1")
	v.shows("#import-rows [data-row='33'] td:last-child", "E-mail address: Give an e-mail address such as name@example.com.")
	v.shows("#import-rows [data-row='34'] td:last-child", "Roles: There is no such thing in the portal.")
	v.shows("#import-rows [data-row='2'] td", "To be invited")
	v.shows("#import-rows [data-outcome=ok] td:last-child", "The address looks like a mailbox that several people read. Users have an address of their own.")
	v.shows("#import-send", "Invite 31 people")
	v.shoot("import-checked")
	if found := decoded[listed](v, v.api(s, http.MethodGet, "/users?q=tulokas", nil)).Items; len(found) > 0 {
		t.Errorf("invited by a dry run: %v", found)
	}
	v.click("#import-send")
	v.shows("#import-counts", "Cannot be invited 2\nInvited 31\nIs a user already 1")
	v.hides("#import-send")
	v.shoot("import-done")
	v.click("#import-close")
	v.shows("#message", "31 invitations are on their way.")
	if found := decoded[listed](v, v.api(s, http.MethodGet, "/users?limit=200&q=tulokas", nil)).Items; len(found) != 30 {
		t.Errorf("%d were invited, want 30", len(found))
	}
	v.shoot("users")

	// Somebody invited so gets in.
	newcomer := row30(29)
	s.visitor().activate(s.link(1, "activation", newcomer.email), newcomer)

	// The list is searched, filtered and sorted; the export is what is listed.
	v.fill("#users-search", "tulokas0")
	v.shows("#users-count", "Users: 10")
	v.click("#filters > summary")
	v.choose("#filter-role", "report-reader")
	v.choose("#filter-status", "invited")
	v.click("th[data-sort=email] button")
	v.click("th[data-sort=email] button")
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprintf("Tulokas%02d, Uusi", 9-i))
	}
	v.names(want...)
	v.shoot("filtered")
	v.click("#export")
	v.shows("#exported", "Open the spreadsheet (10 users)")
	v.shoot("exported")
	file := v.get(eval[string](v, `() => document.getElementById('exported').href`))
	exported, err := sheet.Read(sheet.XLSX, file, sheet.Limits{Rows: 100, Columns: 50, Unpacked: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range exported[1:] {
		got = append(got, row.Cells[0].Text+", "+row.Cells[1].Text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("users in the workbook (-listed +exported):\n%s", diff)
	}
	v.click("#filter-clear")
	v.click("#filters > summary")
	v.fill("#users-search", "")

	// One is removed, restored, and back with a mail.
	v.fill("#users-search", newcomer.email)
	v.shows("#users-count", "Users: 1")
	v.click(row(newcomer, "user-remove"))
	v.click("#remove-confirm")
	v.gone(row(newcomer))
	v.click("#views [data-view=inactive]")
	v.click(row(newcomer, "user-restore"))
	v.gone(row(newcomer))
	newcomer.password = "back among the spruces"
	again := s.visitor()
	again.activate(s.link(2, "activation", newcomer.email), newcomer)
	again.signIn(newcomer, "/account")
	again.shows("#me-name", "Uusi Tulokas29")
	v.click("#views [data-view=all]")
	v.shows(row(newcomer, "user-status"), "Active")
	v.shows(row(newcomer, "user-roles"), "In some places: Project member")

	// A partner, of a company that the portal does not know yet.
	ville := person{givenName: "Ville", familyName: "Vieras", email: "ville.vieras@keksitty.example", password: "nine small boats"}
	v.click("#partner")
	v.fill("#partner-email", ville.email)
	v.click("#partner-search")
	v.shows("#partner-outcome", "Nobody who could be added was found by this address. You can invite a new person in the name of their own company.")
	v.shoot("partner-nobody")
	v.click("#partner-new")
	v.fill("#user-givenName", ville.givenName)
	v.fill("#user-familyName", ville.familyName)
	if got := v.value("#user-email"); got != ville.email {
		t.Errorf("the address is %q once nobody was found by %q", got, ville.email)
	}
	v.wantRoles() // nothing of itself, for who comes from elsewhere
	v.shoot("partner-new")
	v.click("#user-company-other")
	v.fill("#user-company-businessId", "9900001-7")
	v.click("#user-company-look-up")
	v.shows("[data-testid=company-refused]", "This is no business id of the country. Check each sign.")
	v.refused("400 GET /v1/registry/FI/9900001-7")
	v.fill("#user-company-businessId", "9900001-8")
	v.click("#user-save")
	v.told("Business id: Look the company up first, to see which one it is.")
	v.click("#user-company-look-up")
	v.shows("[data-testid=company-registered] .strong", "Keksitty Esimerkki Oy")
	v.shoot("partner-company")
	v.tick("Satamakeskus P-101")
	v.tick("Project member")
	v.sendInvitation(ville)
	v.shows(row(ville, "user-status"), "Invited")
	v.shoot("partner")
	guest := s.visitor()
	guest.activate(s.link(1, "activation", ville.email), ville)
	guest.signIn(ville, "/account")

	// One of another customer's own people is found by the whole address.
	armas := person{givenName: "Armas", familyName: "Piirto", email: "armas.piirto@arkkitehdit-nayte.example", password: "one paper house"}
	s.visitor().activate(s.link(1, "activation", armas.email), armas)
	v.click("#partner")
	v.fill("#partner-email", armas.email)
	v.click("#partner-search")
	v.shows("#user-note", "Armas Piirto belongs to Arkkitehtitoimisto Näyte Oy, which keeps their details. They get access at once and are told of it by mail.")
	v.shoot("partner-found")
	v.tick("Satamakeskus P-101")
	v.tick("Project member")
	v.click("#user-save")
	v.shows("#message", "Armas Piirto is a partner now, and is told of it by mail.")
	s.mail(1, "partner-added", armas.email)
	v.click("#views [data-view=partner]")
	v.names("Piirros, Pihla", "Piirto, Armas", "Vieras, Ville")

	// Companies that have partners here are offered.
	v.click("#partner")
	v.fill("#partner-email", "veera.vieras@keksitty.example")
	v.click("#partner-search")
	v.click("#partner-new")
	v.shows("#user-company-choice", "Arkkitehtitoimisto Näyte Oy · FI 9999997-6\nKeksitty Esimerkki Oy · FI 9900001-8")
	v.shoot("partner-companies")
	v.click("#user-cancel")

	// All of that can be read by the administrator, and by nobody without the right.
	v.click("#nav-audit")
	v.at("/audit", "#audit-rows tr")
	v.shoot("audit")
	v.choose("#audit-action", "user.restored")
	v.shows("#audit-count", "Events: 1")
	v.shows("#audit-rows td:nth-of-type(3) div", "Uusi Tulokas29")
	v.choose("#audit-action", "partner.searched")
	v.shows("#audit-count", "Events: 3")
	v.choose("#audit-action", "user.created")
	v.shows("#audit-rows tr:first-child td:last-child", "Access: Project member – Project Satamakeskus\nKind of user: partner\nHome organization: Arkkitehtitoimisto Näyte Oy")
	v.choose("#audit-action", "")
	v.fill("#audit-actor", "tulokas29")
	v.shows("#audit-actor-hint", "Choose somebody from the list.")
	v.wait("the newcomer to be offered", `() => [...document.querySelectorAll('#audit-actors option')].some(option => option.value.startsWith('Tulokas29, Uusi'))`)
	v.fill("#audit-actor", "Tulokas29, Uusi · "+newcomer.email)
	v.shows("#audit-count", "Events: 2") // both activations
	v.shoot("audit-filtered")
	v.date("#audit-to", "2020-01-01")
	v.shows("#audit-count", "There is no such activity.")
	v.shoot("audit-none")
	v.click("#audit-clear")
	v.wait("all of it again", `() => document.querySelectorAll('#audit-rows tr').length > 20`)
	if got := v.value("#audit-actor"); got != "" {
		t.Errorf("the filters are cleared, and somebody is still named: %q", got)
	}
	first := eval[int](v, `() => document.querySelectorAll('#audit-rows tr').length`)
	v.click("#audit-more")
	v.wait("more of it", `before => document.querySelectorAll('#audit-rows tr').length > Number(before)`, fmt.Sprint(first))
	for _, language := range []string{"fi", "sv", "nb"} {
		v.choose("#language-menu", language)
		v.wait("the page in "+language, `language => document.documentElement.lang === language`, language)
		v.shoot("audit-" + language)
	}
	again.hides("#nav-audit")
	again.visit(s.url + "/audit")
	again.at("/audit", "#audit-refused")
}

// A national id is masked, found by whole, and shown to who gives a password and
// a reason.
func TestV10_NationalIDIsShownToWhoGivesAPasswordAndAReason(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo", "--profile", "insurance")
	v := s.administrator("helmi.esimerkki@tilitoimisto-esimerkki.example")
	aada := person{email: "aada.nayte@tilitoimisto-esimerkki.example"}

	v.click("#id-search")
	v.fill("#id-search-code", "210991X917")
	v.click("#id-search-send")
	v.told("Code: This is no national id of the country. Check each sign.")
	v.refused("400 POST /v1/organizations/{id}/users/search")
	v.fill("#id-search-code", "010594Y9032")
	v.click("#id-search-send")
	v.shows("#id-search-outcome", "No user has this national id.")
	v.fill("#id-search-code", "210991X917V")
	v.click("#id-search-send")
	v.shows("#id-search-outcome", "Näyte, Aada "+aada.email+" Invited")
	v.shoot("found")
	v.click("#id-search-outcome .link")
	v.gone("#id-search-dialog[open]")
	v.shows("#user-nationalId-shown", "FI •••")
	v.shoot("masked")

	v.click("#user-reveal")
	v.click("#reveal-send")
	v.told("Your own password: This is required.", "Reason: This is required.")
	v.fill("#reveal-password", "not this one at all")
	v.fill("#reveal-reason", "A call about the pension case")
	v.shoot("reveal")
	v.click("#reveal-send")
	v.told("Your own password: This is not your current password.")
	v.refused("422 POST /v1/organizations/{id}/users/{id}/national-id/reveal")
	v.fill("#reveal-password", "six small lighthouses")
	v.click("#reveal-send")
	v.shows("#user-nationalId-shown", "FI 210991X917V")
	v.hides("#user-reveal")
	v.shoot("shown")
	v.click("#user-cancel")
	v.click(row(aada, "user-edit"))
	v.shows("#user-nationalId-shown", "FI •••")
	v.click("#user-cancel")

	// Who may not see them is offered nothing of it.
	vaino := s.administrator("vaino.malli@tilitoimisto-esimerkki.example")
	vaino.hides("#id-search")
	vaino.click(row(aada, "user-edit"))
	vaino.shows("#user-nationalId-shown", "FI •••")
	vaino.hides("#user-reveal")
}

// upload chooses a file with a name and a content.
func (v *tab) upload(selector, name, content string) {
	v.t.Helper()
	file := filepath.Join(v.t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		v.t.Fatal(err)
	}
	do(v, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{file}))
}

// get fetches what a link in the page leads to.
func (v *tab) get(address string) []byte {
	v.t.Helper()
	res, err := http.Get(address)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		v.t.Fatalf("%s: %d %v", address, res.StatusCode, err)
	}
	return data
}

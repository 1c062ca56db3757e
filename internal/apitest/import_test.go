package apitest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// importing is a request to import a file.
func importing(c Customer, format string, file []byte, dry bool) Request {
	return Request{Method: "POST", Path: c.Path("/users/import"), Token: c.Token, Body: Object{"format": format, "file": file, "dryRun": dry}}
}

// became is what became of each row: its outcome, and its faults by column.
func became(a Answer) (rows []string) {
	for _, item := range a.Items() {
		item := item.(Object)
		line := fmt.Sprintf("%v %v", item["row"], item["outcome"])
		faults, _ := item["faults"].([]any)
		for _, f := range faults {
			f := f.(Object)
			if column, ok := f["column"]; ok {
				line += fmt.Sprintf(" %v:%v", column, f["code"])
			} else {
				line += fmt.Sprintf(" %v", f["code"])
			}
		}
		rows = append(rows, line)
	}
	return rows
}

// imports imports a file and demands what becomes of its rows.
func (w *World) imports(c Customer, format string, file []byte, dry bool, want ...string) Answer {
	w.T.Helper()
	a := w.Want(http.StatusOK, importing(c, format, file, dry))
	if d := cmp.Diff(want, became(a)); d != "" {
		w.T.Errorf("dry run %v: (-want +got)\n%s", dry, d)
	}
	return a
}

// workbook is a small xlsx file, written by hand.
func workbook(t testing.TB, rows ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{
		"xl/workbook.xml": `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
			`<sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData>` + strings.Join(rows, "") + `</sheetData></worksheet>`,
	} {
		part, err := z.Create(name)
		if err == nil {
			_, err = part.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sheetRow is a row of texts; cells that are XML already stay as they are.
func sheetRow(cells ...string) string {
	var b strings.Builder
	for _, c := range cells {
		if !strings.HasPrefix(c, "<") {
			c = `<c t="inlineStr"><is><t>` + c + `</t></is></c>`
		}
		b.WriteString(c)
	}
	return "<row>" + b.String() + "</row>"
}

func TestImport(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Customer("alpha")
		number := w.Resource(c, "customer-number", "", "1001")
		w.Want(http.StatusOK, w.Edit("PATCH", c.Path("/resources/"+number), "", w.Operator(), Object{"reference": "1001"}))
		w.Invite(c, "here@alpha.example", "user")
		removed := w.Invite(c, "removed@alpha.example", "user")
		w.SetRemoved(c, removed)
		const headings = "Sukunimi;Etunimi;Sähköpostiosoite;phone;Språk;Roles;Voimassa alkaen;validTo;Kohde;Oletustehtävä;Tila\r\n"
		file := []byte("\ufeff" + headings +
			"Åberg;Östen;OSTEN@alpha.example;'+358 40 1234567;SV;Käyttäjä;;;;Site 12;Kutsuttu\r\n" +
			"Öst;Änne;anne@alpha.example;;;\"user, Superuser\";1.11.2026;2027-02-28;;;\r\n" +
			"Ärla;Åke;ake@alpha.example;;fi;superuser;;;Asiakasnumero: 1001;;\r\n" +
			";;;;;;;;;;\r\n" +
			"Here;Ina;here@alpha.example;;;user;;;;;\r\n" +
			"Ed;Ulf;removed@alpha.example;;;user;;;;;\r\n" +
			"Åberg;Two;osten@ALPHA.example;;;user;;;;;\r\n" +
			";Nils;nils;12;de;boss;2026-13-01;;site:1;;\r\n" +
			"None;Nils;none@alpha.example;;;user;2025-01-01;2025-02-01;;;\r\n" +
			"Place;No;place@alpha.example;;;superuser;;;customer-number:9;;\r\n" +
			"Scope;No;scope@alpha.example;;;administrator;;;customer-number:1001;;\r\n" +
			"Sum;=1+1;sum@alpha.example;;;user;;;;;\r\n")
		want := []string{
			"2 ok", "3 ok", "4 ok", "6 unchanged", "7 refused email:user-inactive", "8 refused email:value-repeated",
			"9 refused roles:value-unknown resource:value-invalid familyName:required email:email-invalid phone:phone-invalid language:value-unknown " +
				"validFrom:date-invalid validTo:date-invalid", "10 refused validTo:dates-past", "11 refused resource:value-unknown",
			"12 refused roles:scope-not-fitting", "13 refused givenName:formula-refused",
		}
		before := w.kept()
		a := w.imports(c, "csv", file, true, want...)
		if a.Body["complete"] != true || before != w.kept() || len(w.Mails("osten@alpha.example")) != 0 {
			t.Errorf("the dry run did something: %s", a.Raw)
		}
		for i := range want {
			want[i] = strings.Replace(want[i], " ok", " invited", 1)
		}
		a = w.imports(c, "csv", file, false, want...)
		if a.Body["complete"] != true {
			t.Errorf("%s", a.Raw)
		}
		user := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + a.Text("items/0/user")), Token: c.Token})
		for path, want := range map[string]string{
			"familyName": "Åberg", "givenName": "Östen", "email": "osten@alpha.example", "phone": "+358401234567", "language": "sv", "roles": "[user]",
			"defaultTask": "Site 12", "validity/type": "indefinite", "status": "invited",
		} {
			if user.Text(path) != want {
				t.Errorf("%s is %s", path, user.Text(path))
			}
		}
		user = w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + a.Text("items/1/user")), Token: c.Token})
		for path, want := range map[string]string{"language": "fi", "roles": "[user superuser]", "validity/from": "2026-11-01", "validity/to": "2027-02-28"} {
			if user.Text(path) != want {
				t.Errorf("%s is %s", path, user.Text(path))
			}
		}
		given := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + a.Text("items/2/user") + "/assignments"), Token: c.Token})
		if given.Text("items/0/scopes/0/id") != number || given.Text("items/0/roles/0") != "superuser" {
			t.Errorf("given %s", given.Raw)
		}
		if mails := w.Mails("osten@alpha.example"); len(mails) != 1 || mails[0].Kind != domain.MailActivation || mails[0].Language != domain.Swedish {
			t.Errorf("mails %+v", mails)
		}
		w.Activate("anne@alpha.example", Password)
		w.SignIn("anne@alpha.example", Password)
		// Sent again it does nothing that was done.
		for i := range want {
			want[i] = strings.Replace(want[i], " invited", " unchanged", 1)
		}
		before = w.kept()
		w.imports(c, "csv", file, false, want...)
		if before != w.kept() {
			t.Error("the second time did something")
		}
	})
}

// kept is Dump where the driver has one.
func (w *World) kept() string {
	w.T.Helper()
	if _, ok := w.Base.(*sqlitetable.Table); ok {
		return w.Dump()
	}
	return ""
}

func TestImportXLSX(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	header := sheetRow("familyName", "givenName", "email", "roles", "validFrom", "validTo")
	file := workbook(t, header,
		sheetRow("Åberg", "Östen", "osten@alpha.example", "user", "<c><v>46327</v></c>", "<c><v>46445</v></c>"),
		sheetRow("Sum", "&apos;=Nils", "nils@alpha.example", "user"),
		sheetRow("Sum", "<c t=\"str\"><f>1+1</f><v>Innocent</v></c>", "sum@alpha.example", "user"),
		sheetRow("Part", "Day", "part@alpha.example", "user", "<c><v>46327.5</v></c>", "<c><v>46445</v></c>"),
	)
	a := w.imports(c, "xlsx", file, false, "2 invited", "3 invited", "4 refused givenName:formula-refused", "5 refused validFrom:date-invalid")
	user := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + a.Text("items/0/user")), Token: c.Token})
	if user.Text("validity/from") != "2026-11-01" || user.Text("validity/to") != "2027-02-27" {
		t.Errorf("validity %s", user.Raw)
	}
	user = w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + a.Text("items/1/user")), Token: c.Token})
	if user.Text("givenName") != "=Nils" {
		t.Errorf("%s", user.Raw)
	}
}

// B10: what was exported can be added to and imported; who is there is left alone.
func TestB10_ExportsCanBeImported(t *testing.T) {
	t.Parallel()
	w := New(t)
	defer w.Planned()
	c := people(w)
	for _, language := range []string{"fi", "sv", "nb", "en"} {
		_, file := w.exports(c, "format=csv&sort=email&language="+language)
		more := slices.Concat(file, []byte("New;Nils;"+language+"@alpha.example;'+358401234567;;;user\r\n"))
		a := w.Want(http.StatusOK, importing(c, "csv", more, false))
		rows := became(a)
		for _, row := range rows[:len(rows)-1] {
			if !strings.HasSuffix(row, " unchanged") {
				t.Errorf("%s: %v", language, rows)
			}
		}
		if !strings.HasSuffix(rows[len(rows)-1], " invited") {
			t.Errorf("%s: %v", language, rows)
		}
		w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: c.Path("/users/" + a.Text(fmt.Sprintf("items/%d/user", len(rows)-1))), Token: c.Token})
	}
	_, file := w.exports(c, "")
	for _, row := range became(w.Want(http.StatusOK, importing(c, "xlsx", file, false))) {
		if !strings.HasSuffix(row, " unchanged") {
			t.Errorf("xlsx: %s", row)
		}
	}
}

func TestImportOfNoUse(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	const headings = "familyName;givenName;email;roles\n"
	many := func(n int) []byte {
		var b strings.Builder
		b.WriteString(headings)
		for i := range n {
			fmt.Fprintf(&b, "N;N;n%d@alpha.example;user\n", i)
		}
		return []byte(b.String())
	}
	bomb := workbook(t, sheetRow("familyName"), strings.Repeat(" ", 32<<20))
	before := w.Dump()
	for name, c := range map[string]struct {
		request       Request
		pointer, code string
	}{
		"another format":        {importing(c, "pdf", many(1), false), "/format", "value-unknown"},
		"no file":               {importing(c, "csv", []byte{}, false), "/file", "value-invalid"},
		"not base64":            {Request{Method: "POST", Path: c.Path("/users/import"), Token: c.Token, Body: Object{"format": "csv", "file": "åäö"}}, "/file", "value-invalid"},
		"only headings":         {importing(c, "csv", many(0), false), "/file", "required"},
		"too many rows":         {importing(c, "csv", many(501), false), "/file", "too-long"},
		"XD9 a zip bomb":        {importing(c, "xlsx", bomb, false), "/file", "too-long"},
		"CSV called xlsx":       {importing(c, "xlsx", many(1), false), "/file", "file-unreadable"},
		"xlsx called CSV":       {importing(c, "csv", workbook(t, sheetRow("a")), false), "/file", "file-not-utf8"},
		"Windows-1252":          {importing(c, "csv", []byte(headings+"\xc5berg;N;n@alpha.example;user"), false), "/file", "file-not-utf8"},
		"an unknown column":     {importing(c, "csv", []byte("familyName;givenName;email;isAdmin\nA;B;c@alpha.example;1"), false), "/file/columns/3", "value-unknown"},
		"a column twice":        {importing(c, "csv", []byte("familyName;Sukunimi;givenName;email\nA;B;C;c@alpha.example"), false), "/file/columns/1", "value-repeated"},
		"a column is missing":   {importing(c, "csv", []byte("familyName;givenName\nA;B"), false), "/file/columns", "required"},
		"a heading is computed": {importing(c, "csv", []byte("=email;givenName;familyName;email\nA;B;C;c@alpha.example"), false), "/file/columns/0", "value-unknown"},
	} {
		a := w.Fails(http.StatusBadRequest, "invalid", c.request)
		if a.Text("errors/0/pointer") != c.pointer || a.Text("errors/0/code") != c.code {
			t.Errorf("%s: %s", name, a.Raw)
		}
	}
	if after := w.Dump(); after != before {
		t.Errorf("something has changed:\n%s", Difference(before, after))
	}
	// As many as there can be fit into a request.
	a := w.Want(http.StatusOK, importing(c, "csv", many(500), true))
	if rows := became(a); len(rows) != 500 || rows[499] != "501 ok" || a.Body["complete"] != true {
		t.Errorf("%.500s", a.Raw)
	}
}

// XE10: an import breaks off halfway, is sent again as it was, and everybody is
// invited exactly once.
func TestXE10_ImportBreaksOff(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]tabletest.Fault{"before": tabletest.Down, "after": tabletest.LostAnswer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, spoil := spoiled(t)
			c := w.Customer("alpha")
			var file strings.Builder
			file.WriteString("familyName,givenName,email,roles\n")
			for i := range 250 {
				fmt.Fprintf(&file, "N%d,N,n%d@alpha.example,user\n", i, i)
			}
			n := 0
			spoil(func(call tabletest.Call) tabletest.Fault {
				if call.Method == tabletest.Transact {
					if n++; n == 130 {
						return fault
					}
				}
				return tabletest.Fault{}
			})
			first := w.Want(http.StatusOK, importing(c, "csv", []byte(file.String()), false))
			spoil(nil)
			count := map[string]int{}
			for _, row := range became(first) {
				_, outcome, _ := strings.Cut(row, " ")
				count[outcome]++
			}
			if d := cmp.Diff(map[string]int{"invited": 129, "pending unavailable": 1, "pending": 120}, count); d != "" || first.Body["complete"] != false {
				t.Errorf("complete %v: %s", first.Body["complete"], d)
			}
			second := w.Want(http.StatusOK, importing(c, "csv", []byte(file.String()), false))
			if second.Body["complete"] != true {
				t.Errorf("%.500s", second.Raw)
			}
			ids := map[string]bool{}
			for _, item := range second.Items() {
				ids[item.(Object)["user"].(string)] = true
			}
			a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?count=true"), Token: c.Token})
			if len(ids) != 250 || a.Text("count") != "251" {
				t.Errorf("%d users, and the list has %s", len(ids), a.Text("count"))
			}
			w.Dispatch()
			mails := map[string]int{}
			for range 4 { // a round sends a hundred
				w.Dispatch()
			}
			for _, m := range w.Mailbox.Messages() {
				mails[string(m.To)]++
			}
			for i := range 250 {
				if address := fmt.Sprintf("n%d@alpha.example", i); mails[address] != 1 {
					t.Errorf("%d mails to %s", mails[address], address)
				}
			}
		})
	}
}

// An import gives no more than its caller may, row by row.
func TestXC4_ImportGivesNoMoreThanTheCallerMay(t *testing.T) {
	t.Parallel()
	w := On(t, SQLite(t), Options{Alter: func(p *domain.Profile) {
		r := p.Role("superuser")
		r.Rights = append(slices.Clone(r.Rights), domain.RightSeeUsers, domain.RightEditUsers)
	}})
	c := w.Customer("alpha")
	_, token := w.Join(c, "super@alpha.example", "superuser")
	mine := c
	mine.Token = token
	file := []byte("familyName;givenName;email;roles\nA;A;a@alpha.example;administrator\nB;B;b@alpha.example;user\nC;C;c@alpha.example;user,administrator\n")
	for _, dry := range []bool{true, false} {
		good := map[bool]string{true: "3 ok", false: "3 invited"}[dry]
		w.imports(mine, "csv", file, dry, "2 refused roles:role-not-yours-to-give", good, "4 refused roles:role-not-yours-to-give")
	}
	w.lists(c, "email=%40alpha&sort=email&status=invited", "b")
}

// The limit on invitations holds; what has to wait is pending, and goes out
// when the same is sent later. A dry run counts nothing.
func TestImportIsHeldToTheLimitOfInvitations(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	file := func(from int) []byte {
		var b strings.Builder
		b.WriteString("familyName\tgivenName\temail\troles\n")
		for i := range 500 {
			fmt.Fprintf(&b, "N\tN\tn%d@alpha.example\tuser\n", from+i)
		}
		return []byte(b.String())
	}
	for range 3 {
		w.Want(http.StatusOK, importing(c, "csv", file(0), true))
	}
	count := map[string]int{}
	for _, from := range []int{0, 500} {
		a := w.Want(http.StatusOK, importing(c, "csv", file(from), false))
		for _, row := range became(a) {
			_, outcome, _ := strings.Cut(row, " ")
			count[outcome]++
		}
		if from == 500 && a.Body["complete"] != false {
			t.Error("it is complete")
		}
	}
	if count["invited"] < 700 || count["invited"] > 850 || count["pending throttled"] != 1000-count["invited"] {
		t.Errorf("%v", count)
	}
	w.Pass(25 * time.Hour)
	c.Token = w.SignIn(c.AdminEmail, Password)
	a := w.Want(http.StatusOK, importing(c, "csv", file(500), false))
	outcomes := map[string]int{}
	for _, row := range became(a) {
		_, outcome, _ := strings.Cut(row, " ")
		outcomes[outcome]++
	}
	if len(outcomes) != 2 || outcomes["invited"] != count["pending throttled"] || a.Body["complete"] != true {
		t.Errorf("%v after %v", outcomes, count)
	}
}

// An address that is known elsewhere gets the same answer as one that is not,
// from a dry run too, even where the person can be a user of no more organizations.
func TestXA5_ImportTellsNothingOfOthers(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	w.Join(beta, "known@beta.example", "user")
	file := []byte("familyName;givenName;email;roles\nA;A;known@beta.example;user\nB;B;unknown@beta.example;user\n")
	for _, dry := range []bool{true, false} {
		a := w.Want(http.StatusOK, importing(alpha, "csv", file, dry))
		known, unknown := maps.Clone(a.Items()[0].(Object)), maps.Clone(a.Items()[1].(Object))
		for _, o := range []Object{known, unknown} {
			delete(o, "user")
			delete(o, "row")
			delete(o, "email") // as the caller wrote it
		}
		if d := cmp.Diff(known, unknown); d != "" {
			t.Error(d)
		}
	}
}

// V10: where the portal asks for national ids, an import brings them.
func TestV10_ImportWithNationalIDs(t *testing.T) {
	t.Parallel()
	w := With(t, "insurance")
	c := w.Customer("alpha")
	file := []byte("familyName;givenName;email;roles;Henkilötunnus\n" +
		"A;A;a@alpha.example;user;" + canary + "\n" +
		"B;B;b@alpha.example;user;fi: 020594X902N\n" +
		"C;C;c@alpha.example;user;\n" +
		"D;D;d@alpha.example;user;010594Y9033\n" +
		"E;E;e@alpha.example;user;" + canary + "\n" +
		"F;F;f@alpha.example;user;XX:1\n")
	a := w.imports(c, "csv", file, false, "2 invited", "3 invited", "4 refused nationalId:required", "5 refused nationalId:national-id-invalid",
		"6 refused nationalId:national-id-exists", "7 refused nationalId:value-unknown")
	for _, trace := range traces {
		if strings.Contains(string(a.Raw), trace) || strings.Contains(w.Dump(), trace) || strings.Contains(w.Log.String(), trace) {
			t.Errorf("%s is somewhere", trace)
		}
	}
	found := w.Want(http.StatusOK, search(c, c.Token, Object{"code": canary}))
	if !strings.Contains(string(found.Raw), a.Text("items/0/user")) {
		t.Errorf("%s", found.Raw)
	}
}

package apitest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// fetch gets a file by its link, from this machine.
func (w *World) fetch(link string) (status int, header http.Header, content []byte) {
	w.T.Helper()
	u, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(link, Portal+"/_local/files/") {
		w.T.Fatalf("link %s: %v", link, err)
	}
	w.From("127.0.0.1")
	defer w.From("192.0.2.1")
	res, err := http.Get(w.URL + u.Path)
	if err != nil {
		w.T.Fatal(err)
	}
	defer res.Body.Close()
	content, err = io.ReadAll(res.Body)
	if err != nil {
		w.T.Fatal(err)
	}
	return res.StatusCode, res.Header, content
}

// exports makes an export and fetches it.
func (w *World) exports(c Customer, query string) (Answer, []byte) {
	w.T.Helper()
	a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/export?" + query), Token: c.Token})
	status, _, content := w.fetch(a.Text("url"))
	if status != http.StatusOK {
		w.T.Fatalf("the file: %d %s", status, content)
	}
	return a, content
}

// gridCell is a cell of an xlsx file as it is in the file.
type gridCell struct {
	Text    string // of a text cell
	Number  string // of any other
	Form    string // of numbers
	Bold    bool
	Formula bool
}

// day and moment read a number by its form.
func (c gridCell) String() string {
	if c.Number == "" {
		return c.Text
	}
	n, err := strconv.ParseFloat(c.Number, 64)
	if err != nil {
		return "not a number: " + c.Number
	}
	t := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(math.Round(n*24*3600)) * time.Second)
	switch c.Form {
	case "yyyy-mm-dd":
		return t.Format("2006-01-02")
	case "yyyy-mm-dd hh:mm":
		return t.Format("2006-01-02 15:04")
	}
	return "a number of the form " + c.Form
}

// grid reads the only sheet of an xlsx file: not with the library that wrote it
// nor with the reader of imports, so that neither's idea of the format is what counts.
func grid(t testing.TB, file []byte) (rows [][]gridCell, sheet string) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	part := func(name string, into any) string {
		f, err := archive.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		text, err := io.ReadAll(f)
		if err == nil {
			err = xml.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return string(text)
	}
	var styles struct {
		Forms []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Fonts []struct {
			Bold *struct{} `xml:"b"`
		} `xml:"fonts>font"`
		Formats []struct {
			Form int `xml:"numFmtId,attr"`
			Font int `xml:"fontId,attr"`
		} `xml:"cellXfs>xf"`
	}
	part("xl/styles.xml", &styles)
	forms := map[int]string{}
	for _, f := range styles.Forms {
		forms[f.ID] = f.Code
	}
	var content struct {
		Rows []struct {
			Number int `xml:"r,attr"`
			Cells  []struct {
				At      string    `xml:"r,attr"`
				Type    string    `xml:"t,attr"`
				Style   int       `xml:"s,attr"`
				Formula *struct{} `xml:"f"`
				Value   string    `xml:"v"`
				Text    string    `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	sheet = part("xl/worksheets/sheet1.xml", &content)
	for i, r := range content.Rows {
		if r.Number != i+1 {
			t.Fatalf("row %d is called %d", i+1, r.Number)
		}
		var row []gridCell
		for _, c := range r.Cells {
			for string(rune('A'+len(row))) != strings.TrimRight(c.At, "0123456789") {
				row = append(row, gridCell{})
			}
			format := styles.Formats[c.Style]
			cell := gridCell{Form: forms[format.Form], Bold: styles.Fonts[format.Font].Bold != nil, Formula: c.Formula != nil}
			switch c.Type {
			case "inlineStr":
				cell.Text = c.Text
			case "":
				cell.Number = c.Value
			default:
				t.Fatalf("%s is of the type %s", c.At, c.Type)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows, sheet
}

// people makes users of all sorts, some of whom would do harm in a spreadsheet.
func people(w *World) Customer {
	c, beta := w.Customer("alpha"), w.Customer("beta")
	number := w.Resource(c, "customer-number", "", "1001")
	said := func(given, family string, more Object) Object {
		more["givenName"], more["familyName"] = given, family
		return more
	}
	w.InviteWith(c, "osten@alpha.example", said("Östen", "Åberg", Object{
		"roles": []string{"user"}, "phone": "+358 40 1234567", "defaultTask": "=HYPERLINK(\"http://x.example\")",
		"validity": Object{"type": "fixedTerm", "from": "2026-11-01", "to": "2027-02-28"},
	}))
	w.Activate("osten@alpha.example", Password)
	w.SignIn("osten@alpha.example", Password)
	w.InviteWith(c, "zeb@alpha.example", said("=cmd|' /C calc'!A1", "Zorn; \"x\"", Object{"roles": []string{"user", "superuser"}, "defaultTask": "＝1+1"}))
	ake := w.InviteWith(c, "ake@alpha.example", said("+Åke", "-Ärla", Object{"assignments": []Object{Assignment([]string{"superuser"}, nil, Scope("customer-number", number))}}))
	w.InviteWith(c, "anne@alpha.example", said("Änne", "Öst", Object{"roles": []string{"user"}, "defaultTask": "007"}))
	w.PastAPI(c, ake, func(m *domain.Membership) { m.Kind, m.Home = domain.Partner, domain.OrganizationID(beta.ID) })
	return c
}

// asExported is what the list shows of a user, as an export in English has it.
func (w *World) asExported(u Object, homes map[string]string) []string {
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		w.T.Fatal(err)
	}
	text := func(name string) string {
		s, _ := u[name].(string)
		if s != "" && strings.ContainsRune("=+-@＝", []rune(s)[0]) && name != "phone" {
			s = "'" + s
		}
		return s
	}
	moment := func(name string) string {
		if u[name] == nil {
			return ""
		}
		t, err := time.Parse(time.RFC3339, u[name].(string))
		if err != nil {
			w.T.Fatal(err)
		}
		return t.In(zone).Format("2006-01-02 15:04")
	}
	roles := func(name string) string {
		var names []string
		for _, key := range u[name].([]any) {
			names = append(names, w.Profile.Role(domain.RoleKey(key.(string))).Name[domain.English])
		}
		return strings.Join(names, ", ")
	}
	validity := u["validity"].(Object)
	from, _ := validity["from"].(string)
	to, _ := validity["to"].(string)
	return []string{
		text("familyName"), text("givenName"), text("email"), text("phone"),
		map[string]string{"own": "Own user", "partner": "Partner"}[u["kind"].(string)], homes[u["homeOrganization"].(string)],
		roles("roles"), roles("assignedRoles"),
		map[string]string{"active": "Active", "invited": "Invited", "inactive": "Removed"}[u["status"].(string)],
		from, to, text("defaultTask"), moment("activatedAt"), moment("lastSignInAt"), moment("createdAt"),
	}
}

var englishHeadings = []string{
	"Family name", "Given name", "E-mail address", "Phone number", "Kind of user", "Home organization", "Roles", "Roles in some places",
	"Status", "Valid from", "Valid to", "Default task", "Activated", "Last sign-in here", "Created",
}

// B10, B11: the file has what the list shows, cell by cell, whatever the filter and the order.
func TestB10_B11_ExportIsTheList(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := people(w)
		beta := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations", Token: w.Operator()})
		homes := map[string]string{}
		for _, o := range beta.Items() {
			homes[o.(Object)["id"].(string)] = o.(Object)["name"].(string)
		}
		for nth, query := range []string{
			"", "sort=-name", "sort=email", "sort=-createdAt", "sort=role", "q=%C3%A5", "status=invited&sort=-email", "role=superuser", "kind=partner",
			"right=order", "q=nobody", "status=inactive",
		} {
			if nth == 6 { // so many exports are throttled
				w.Pass(3 * time.Hour)
				c.Token = w.SignIn(c.AdminEmail, Password)
			}
			var want [][]string
			for cursor := ""; ; {
				page := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?limit=2&" + query + cursor), Token: c.Token})
				for _, u := range page.Items() {
					want = append(want, w.asExported(u.(Object), homes))
				}
				if page.Text("next") == "" {
					break
				}
				cursor = "&cursor=" + url.QueryEscape(page.Text("next"))
			}
			a, file := w.exports(c, "language=en&"+query)
			rows, sheet := grid(t, file)
			var got [][]string
			for i, row := range rows {
				line := make([]string, len(englishHeadings))
				for j, cell := range row {
					line[j] = cell.String()
					if cell.Bold != (i == 0) || cell.Formula || cell.Text != "" && i > 0 && cell.Form != "@" {
						t.Errorf("%s: row %d, column %d: %+v", query, i, j, cell)
					}
				}
				got = append(got, line)
			}
			if d := cmp.Diff(append([][]string{englishHeadings}, want...), got); d != "" {
				t.Errorf("%s: (-list +export)\n%s", query, d)
			}
			if a.Text("count") != text(len(want)) || a.Text("format") != "xlsx" {
				t.Errorf("%s: %s", query, a.Raw)
			}
			if !strings.Contains(sheet, fmt.Sprintf(`<autoFilter ref="$A$1:$O$%d"`, len(want)+1)) || !strings.Contains(sheet, `state="frozen"`) {
				t.Errorf("%s: %.3000s", query, sheet)
			}

			_, file = w.exports(c, "format=csv&language=en&"+query)
			text, marked := bytes.CutPrefix(file, []byte("\xef\xbb\xbf"))
			in := csv.NewReader(bytes.NewReader(text))
			in.Comma = ';'
			lines, err := in.ReadAll()
			if err != nil || !marked {
				t.Fatalf("%s: %q, %v", query, file, err)
			}
			for _, line := range want {
				if strings.HasPrefix(line[3], "+") {
					line[3] = "'" + line[3] // a spreadsheet would make a sum of it
				}
			}
			if d := cmp.Diff(append([][]string{englishHeadings}, want...), lines); d != "" {
				t.Errorf("%s: (-list +CSV)\n%s", query, d)
			}
		}
	})
}

// Headings and values are in the language that is asked for, or the caller's.
func TestB10_ExportInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	for language, want := range map[string][2]string{
		"": {"Sukunimi", "Järjestelmänvalvoja"}, "fi": {"Sukunimi", "Järjestelmänvalvoja"}, "sv": {"Efternamn", "Administratör"},
		"nb": {"Etternavn", "Administrator"}, "en": {"Family name", "Administrator"},
	} {
		_, file := w.exports(c, "language="+language)
		rows, _ := grid(t, file)
		if rows[0][0].Text != want[0] || rows[1][6].Text != want[1] {
			t.Errorf("%q: %+v", language, rows)
		}
	}
	// The operator's own people read what they speak.
	a := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/organizations/" + string(domain.OperatorID) + "/users/export", Token: w.Operator()})
	_, _, file := w.fetch(a.Text("url"))
	if rows, _ := grid(t, file); rows[0][0].Text != "Family name" {
		t.Errorf("%+v", rows)
	}
}

// XD9: no value of an export is a formula, in either format.
func TestXD9_ExportsHoldNoFormulas(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := people(w)
	_, file := w.exports(c, "sort=email")
	rows, sheet := grid(t, file)
	if strings.Contains(sheet, "<f>") || strings.Contains(sheet, "<f ") {
		t.Errorf("a formula in %s", sheet)
	}
	for _, c := range []struct {
		row, column int
		want        string
	}{{5, 1, "'=cmd|' /C calc'!A1"}, {5, 11, "'＝1+1"}, {2, 0, "'-Ärla"}, {2, 1, "'+Åke"}, {4, 11, "'=HYPERLINK(\"http://x.example\")"}, {4, 3, "+358401234567"}, {3, 11, "007"}} {
		if got := rows[c.row][c.column]; got.Text != c.want || got.Number != "" || got.Form != "@" {
			t.Errorf("row %d, column %d: %+v, want %s", c.row, c.column, got, c.want)
		}
	}
	_, file = w.exports(c, "format=csv")
	in := csv.NewReader(bytes.NewReader(file))
	in.Comma = ';'
	lines, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range slices.Concat(lines...) {
		if field != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(field)[0]) {
			t.Errorf("a field begins as a formula does: %q", field)
		}
	}
}

// XH10: the whole list leaves the portal only with its own right, in the audit
// log, not again and again, and saying where it comes from.
func TestXH10_ExportOfTheWholeCompany(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := people(w)
	_, superuser := w.Join(c, "super@alpha.example", "superuser")
	path := c.Path("/users/export")
	w.Fails(http.StatusForbidden, "forbidden", Request{Method: "GET", Path: path, Token: superuser})
	w.Fails(http.StatusNotFound, "not-found", Request{Method: "GET", Path: path, Token: w.Operator()}) // who runs the portal sees the list, and takes none
	w.Fails(http.StatusUnauthorized, "unauthenticated", Request{Method: "GET", Path: path})

	a, file := w.exports(c, "q=%C3%85berg&email=osten&phone=358&name=sten&role=user&status=active&sort=-email&signedInSince=2026-11-01T00:00:00Z&language=en")
	audit := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/audit?limit=1"), Token: c.Token}).Items()[0].(Object)
	want := []any{
		Object{"field": "format", "before": "", "after": "xlsx"},
		Object{"field": "filters", "before": "", "after": "q name email phone role=user status=active signedInSince=2026-11-01T00:00:00Z sort=-email"},
		Object{"field": "count", "before": "", "after": "1"},
	}
	if d := cmp.Diff(want, audit["changes"]); d != "" || audit["action"] != "users.exported" || audit["actor"].(Object)["id"] != c.AdminID {
		t.Errorf("audit %v: %s", audit, d)
	}
	// The request that made a copy is in the copy.
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	core, err := archive.Open("docProps/core.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(core)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range []string{c.ID, c.AdminID, audit["requestId"].(string)} {
		if !strings.Contains(string(text), trace) {
			t.Errorf("the file does not tell %s: %s", trace, text)
		}
	}
	if strings.Contains(w.Log.String(), a.Text("url")) || strings.Contains(w.Dump(), a.Text("url")) {
		t.Error("the link is kept")
	}

	// No receipt keeps the link either.
	again := Request{Method: "GET", Path: path, Token: c.Token, Headers: []Header{{"Idempotency-Key", "k"}}}
	if one, two := w.Want(http.StatusOK, again), w.Want(http.StatusOK, again); one.Text("url") == two.Text("url") {
		t.Error("the same link twice")
	}
	refused := 0
	for range 20 {
		if a := w.Send(Request{Method: "GET", Path: path, Token: c.Token}); a.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("there is no end to it")
	}
	w.Pass(2 * time.Hour)
	w.Want(http.StatusOK, Request{Method: "GET", Path: path, Token: w.SignIn(c.AdminEmail, Password)})
}

// The link opens for five minutes, on this machine only.
func TestXH10_LinksToExportsEnd(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/export?format=csv"), Token: c.Token})
	expires, err := time.Parse(time.RFC3339, a.Text("expiresAt"))
	if err != nil || expires.Sub(w.Now()).Round(time.Second) != 5*time.Minute {
		t.Errorf("it expires at %v, %v", expires, err)
	}
	u, err := url.Parse(a.Text("url"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := http.Get(w.URL + u.Path)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.Body.Close()
	if elsewhere.StatusCode != http.StatusForbidden {
		t.Errorf("from elsewhere: %d", elsewhere.StatusCode)
	}
	w.Pass(4 * time.Minute)
	_, header, _ := w.fetch(a.Text("url"))
	want := map[string]string{
		"Content-Type": "text/csv; charset=utf-8; header=present", "Content-Disposition": "attachment; filename=users-2026-11-02.csv",
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	}
	for name, value := range want {
		if header.Get(name) != value {
			t.Errorf("%s: %s", name, header.Get(name))
		}
	}
	w.Pass(2 * time.Minute)
	for _, link := range []string{a.Text("url"), Portal + "/_local/files/", Portal + "/_local/files/x"} {
		if status, _, _ := w.fetch(link); status != http.StatusNotFound {
			t.Errorf("%s: %d", link, status)
		}
	}
}

func TestExportFaults(t *testing.T) {
	t.Parallel()
	w := New(t)
	c := w.Customer("alpha")
	for _, query := range []string{"format=pdf", "language=de", "sort=x", "limit=5", "count=true", "role=boss", "resource=" + absentResource} {
		w.Fails(http.StatusBadRequest, "invalid", Request{Method: "GET", Path: c.Path("/users/export?" + query), Token: c.Token})
	}
}

// XF23: fifty thousand users fit into what a function has: the answer is a
// link, and neither the list's file nor its rows are whole in memory.
func TestXF23_FiftyThousandUsers(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	const users = 50_000
	db, err := sqlitetable.Open(filepath.Join(t.TempDir(), "fullmakt.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := On(t, db, Options{})
	c := w.Customer("alpha")
	w.Populate(c, users)
	left := leftovers(t)
	for _, format := range []string{"xlsx", "csv"} {
		runtime.GC()
		peak, stop := watchHeap()
		began := time.Now()
		a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/export?sort=email&format=" + format), Token: c.Token})
		took, most := time.Since(began), peak()
		stop()
		if a.Text("count") != text(users+1) || len(a.Raw) > 1000 {
			t.Errorf("%s", a.Raw)
		}
		_, _, file := w.fetch(a.Text("url"))
		t.Logf("%s: %d users in %v, %d bytes, heap at most %d MB", format, users, took.Round(time.Millisecond), len(file), most>>20)
		if most > 256<<20 {
			t.Errorf("%s: a heap of %d MB, with a function of 512 MB in mind", format, most>>20)
		}
		if format == "xlsx" {
			rows, _ := grid(t, file)
			if len(rows) != users+2 || rows[2][2].Text != "n0@populated.example" || rows[users+1][2].Text != "n9@populated.example" {
				t.Errorf("%d rows: %v, %v", len(rows), rows[2], rows[len(rows)-1])
			}
		} else if n := bytes.Count(file, []byte("\r\n")); n != users+2 {
			t.Errorf("%d lines", n)
		}
	}
	if more := leftovers(t); more > left {
		t.Errorf("%d files are left over", more-left)
	}
}

// leftovers counts the temporary files of exports.
func leftovers(t *testing.T) int {
	t.Helper()
	ours, err := filepath.Glob(filepath.Join(os.TempDir(), "ex*-*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(slices.DeleteFunc(ours, func(name string) bool {
		base := filepath.Base(name)
		return !strings.HasPrefix(base, "export-") && !strings.HasPrefix(base, "excelize-")
	}))
}

// watchHeap follows the heap of the process until stop.
func watchHeap() (peak func() uint64, stop func()) {
	var mu sync.Mutex
	var most uint64
	done, ended := make(chan struct{}), make(chan struct{})
	look := func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		mu.Lock()
		defer mu.Unlock()
		most = max(most, sample[0].Value.Uint64())
	}
	go func() {
		defer close(ended)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				look()
			}
		}
	}()
	return func() uint64 { look(); mu.Lock(); defer mu.Unlock(); return most }, func() { close(done); <-ended }
}

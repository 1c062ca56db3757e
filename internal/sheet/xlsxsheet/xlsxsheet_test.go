package xlsxsheet

import (
	"archive/zip"
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/sheet"
)

func write(t *testing.T, table sheet.Table, rows ...[]sheet.Cell) []byte {
	t.Helper()
	var out bytes.Buffer
	table.Rows = len(rows)
	w, err := Open(&out, table)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// part is one of the file's.
func part(t *testing.T, file []byte, name string) string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var table = sheet.Table{
	Name: "Users", Origin: "2026-11-02 · us & them", At: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
	Columns: []sheet.Column{
		{Heading: "Name", Width: 20},
		{Heading: "Phone", Kind: sheet.Phone, Width: 18},
		{Heading: "Day", Kind: sheet.Day, Width: 12},
		{Heading: "When", Kind: sheet.Moment, Width: 18.5},
	},
}

// Values are text or dates, and never formulas, whatever they look like.
func TestXD9_CellsAreTextsAndDates(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 21, 22, 30, 0, 0, time.UTC).In(zone) // the 22nd there
	file := write(t, table,
		[]sheet.Cell{{Text: "=HYPERLINK(\"http://x\")"}, {Text: "+358401234567"}, {Time: at}, {Time: at}},
		[]sheet.Cell{{Text: "＝1"}, {Text: "+1+1"}, {}, {}},
		[]sheet.Cell{{Text: "<&> \t å 42"}, {}, {}, {}},
	)
	got := part(t, file, "xl/worksheets/sheet1.xml")
	if strings.Contains(got, "<f") {
		t.Errorf("a formula in %s", got)
	}
	rows, err := sheet.Read(sheet.XLSX, file, sheet.Limits{Rows: 10, Columns: 10, Unpacked: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	type cell struct {
		Text   string
		Number bool
	}
	var read [][]cell
	for _, row := range rows {
		var cells []cell
		for _, v := range row.Cells {
			cells = append(cells, cell{v.Text, v.Number})
		}
		read = append(read, cells)
	}
	if d := cmp.Diff([][]cell{
		{{"Name", false}, {"Phone", false}, {"Day", false}, {"When", false}},
		{{"=HYPERLINK(\"http://x\")", false}, {"+358401234567", false}, {"46348.020833333336", true}, {"46348.020833333336", true}},
		{{"＝1", false}, {"+1+1", false}},
		{{"<&> \t å 42", false}},
	}, read); d != "" {
		t.Error(d)
	}
	// The reader takes the apostrophe away; in the file it is.
	for _, text := range []string{"&#39;=HYPERLINK", "&#39;＝1", "&#39;+1+1", ">+358401234567<"} {
		if !strings.Contains(got, text) {
			t.Errorf("no %s in %s", text, got)
		}
	}
}

func TestSheetIsReadyToUse(t *testing.T) {
	t.Parallel()
	file := write(t, table, []sheet.Cell{{Text: "Aino"}, {}, {}, {}})
	got := part(t, file, "xl/worksheets/sheet1.xml")
	for _, want := range []string{
		`<cols><col min="1" max="1" width="20" customWidth="1"/><col min="2" `, `<col min="4" max="4" width="18.5" customWidth="1"/></cols>`,
		`ySplit="1"`, `state="frozen"`, `<autoFilter ref="$A$1:$D$2"`, `us &amp;&amp; them`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	styles := part(t, file, "xl/styles.xml")
	for _, want := range []string{`formatCode="yyyy-mm-dd"`, `formatCode="yyyy-mm-dd hh:mm"`, `<b val="1"`} {
		if !strings.Contains(styles, want) {
			t.Errorf("no %s in %s", want, styles)
		}
	}
	core := part(t, file, "docProps/core.xml")
	if !strings.Contains(core, "us &amp; them") || !strings.Contains(core, "2026-11-02T09:00:00Z") || regexp.MustCompile(`(?i)xuri|excelize`).MatchString(core) {
		t.Errorf("properties %s", core)
	}
	if got := part(t, file, "xl/workbook.xml"); !strings.Contains(got, `name="Users"`) {
		t.Errorf("workbook %s", got)
	}
}

func TestWhatCannotBeASheet(t *testing.T) {
	t.Parallel()
	if _, err := Open(io.Discard, sheet.Table{Name: "a/b", Columns: table.Columns}); err == nil {
		t.Error("a name that no sheet can have")
	}
	if _, err := Open(io.Discard, sheet.Table{Name: "a"}); err == nil {
		t.Error("no columns")
	}
}

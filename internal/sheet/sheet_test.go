package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var limits = Limits{Rows: 5, Columns: 4, Unpacked: 1 << 20}

func TestXD9_Safe(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "Aino": "Aino", "a=b": "a=b", "'x": "'x", "1-2": "1-2",
		"=1+1": "'=1+1", "+358401234567": "'+358401234567", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "\x00=1": "'\x00=1",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠x": "'＠x",
	} {
		if got := Safe(in); got != want {
			t.Errorf("Safe(%q) = %q, want %q", in, got, want)
		}
		if got := unsafe(Safe(in)); got != in {
			t.Errorf("%q comes back as %q", in, got)
		}
	}
}

func TestXD9_IsNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"+358401234567": true, "+": false, "": false, "358": false, "+1+1": false, "+1 2": false, "+١": false} {
		if IsNumber(in) != want {
			t.Errorf("IsNumber(%q) = %v", in, !want)
		}
	}
}

func TestXD9_WriteCSV(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := WriteCSV(&out, Table{Columns: []Column{{Heading: "Name"}, {Heading: "+Phone", Kind: Phone}, {Heading: "Day", Kind: Day}, {Heading: "When", Kind: Moment}}})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 2, 22, 30, 0, 0, time.UTC).In(zone)
	for _, row := range [][]Cell{
		{{Text: `=HYPERLINK("x");"å"`}, {Text: "+358401234567"}, {Time: at}, {Time: at}},
		{{Text: "a\nb"}, {}, {}, {}},
	} {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffName;'+Phone;Day;When\r\n" +
		`"'=HYPERLINK(""x"");""å""";'+358401234567;2026-11-03;2026-11-03 00:30` + "\r\n" +
		"\"a\r\nb\";;;\r\n"
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}

// texts are the cells of rows, by their numbers.
func texts(rows []Row) map[int][]string {
	out := map[int][]string{}
	for _, row := range rows {
		for _, v := range row.Cells {
			text := v.Text
			if v.Formula {
				text = "formula"
			}
			out[row.Number] = append(out[row.Number], text)
		}
	}
	return out
}

func TestReadCSV(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		want map[int][]string
		err  error
	}{
		"semicolons":                {"a;b\n1;2,5", map[int][]string{1: {"a", "b"}, 2: {"1", "2,5"}}, nil},
		"commas":                    {"a,b\r\n1,2;5\r\n", map[int][]string{1: {"a", "b"}, 2: {"1", "2;5"}}, nil},
		"tabs":                      {"a\tb\n1\t2,5", map[int][]string{1: {"a", "b"}, 2: {"1", "2,5"}}, nil},
		"quoted headings":           {"\"a;b;c\",d\n1,2", map[int][]string{1: {"a;b;c", "d"}, 2: {"1", "2"}}, nil},
		"a byte order mark":         {"\ufeffa;b", map[int][]string{1: {"a", "b"}}, nil},
		"one column":                {"a\nå", map[int][]string{1: {"a"}, 2: {"å"}}, nil},
		"empty lines and cells":     {"a;b\n\n;;\n ; 2 ;\n", map[int][]string{1: {"a", "b"}, 4: {"", "2"}}, nil},
		"a quoted line end":         {"a;b\n\"1\n2\";3\n4;5", map[int][]string{1: {"a", "b"}, 2: {"1\n2", "3"}, 4: {"4", "5"}}, nil},
		"XD9 formula":               {"a;b\n=1+1;'=1", map[int][]string{1: {"a", "b"}, 2: {"formula", "=1"}}, nil},
		"nothing":                   {"", map[int][]string{}, nil},
		"Windows-1252":              {"a;b\nP\xe4ivi;2", nil, ErrNotUTF8},
		"UTF-16":                    {"\xff\xfea\x00;\x00b\x00", nil, ErrNotUTF8},
		"UTF-16 without its mark":   {"a\x00;\x00b\x00", nil, ErrUnreadable},
		"a quote that does not end": {"a;\"b\n1;2", nil, ErrUnreadable},
		"a quote inside":            {"a;b\"c\n", nil, ErrUnreadable},
		"too many rows":             {"a\n1\n2\n3\n4\n5", nil, ErrTooLarge},
		"rows that are empty":       {"a\n1\n2\n3\n4\n;\n;\n", map[int][]string{1: {"a"}, 2: {"1"}, 3: {"2"}, 4: {"3"}, 5: {"4"}}, nil},
		"too many columns":          {"a;b;c;d;e", nil, ErrTooLarge},
	} {
		rows, err := Read(CSV, []byte(c.file), limits)
		if !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		if d := cmp.Diff(c.want, texts(rows)); c.err == nil && d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// parts are those of a workbook with these rows in its first sheet.
func parts(sheet string) map[string]string {
	return map[string]string{
		"xl/workbook.xml": `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
			`<sheets><sheet name="B" sheetId="2" r:id="rId7"/><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId7" Target="/xl/worksheets/sheet2.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>wrong sheet</v></c></row></sheetData></worksheet>`,
		"xl/worksheets/sheet2.xml":   `<worksheet><sheetData>` + sheet + `</sheetData></worksheet>`,
		"xl/sharedStrings.xml":       `<sst><si><t>shared</t></si><si><r><t>in </t></r><r><t>parts</t></r><rPh><t>said</t></rPh></si></sst>`,
	}
}

func pack(t *testing.T, parts map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
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

func TestReadXLSX(t *testing.T) {
	t.Parallel()
	text := func(at, text string) string {
		return fmt.Sprintf(`<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, at, text)
	}
	for name, c := range map[string]struct {
		rows string
		want map[int][]string
		err  error
	}{
		"texts of all kinds": {
			`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>` + text("C1", " in line ") + `<c r="D1"><v>46328</v></c></row>`,
			map[int][]string{1: {"shared", "in parts", "in line", "46328"}},
			nil,
		},
		"gaps": {
			`<row r="2">` + text("B2", "b") + `</row><row r="4"><c r="A4" s="3"/></row><row r="7">` + text("A7", "a") + text("C7", "c") + `</row>`,
			map[int][]string{2: {"", "b"}, 7: {"a", "", "c"}},
			nil,
		},
		"without references":       {`<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row><row><c t="str"><v>c</v></c></row>`, map[int][]string{1: {"a", "b"}, 2: {"c"}}, nil},
		"XD9 a formula":            {`<row r="1"><c r="A1" t="str"><f>1+1</f><v>innocent</v></c><c r="B1"><f/></c></row>`, map[int][]string{1: {"formula", "formula"}}, nil},
		"XD9 an apostrophe":        {`<row r="1">` + text("A1", "&apos;=1") + `</row>`, map[int][]string{1: {"=1"}}, nil},
		"empty cells far away":     {`<row r="1">` + text("A1", "a") + `<c r="XFD1" s="1"/></row>`, map[int][]string{1: {"a"}}, nil},
		"too many columns":         {`<row r="1">` + text("E1", "a") + `</row>`, nil, ErrTooLarge},
		"a column that is none":    {`<row r="1">` + text("AAAAAAAAAAAAAAAA1", "a") + `</row>`, nil, ErrTooLarge},
		"too many rows":            {strings.Repeat(`<row>`+text("A1", "a")+`</row>`, 6), nil, ErrTooLarge},
		"cells in another order":   {`<row r="1">` + text("B1", "a") + text("A1", "b") + `</row>`, nil, ErrUnreadable},
		"a text that is not there": {`<row r="1"><c r="A1" t="s"><v>2</v></c></row>`, nil, ErrUnreadable},
		"half an element":          {`<row r="1"><c r="A1"`, nil, ErrUnreadable},
		"an entity of its own":     {`<row r="1"><c r="A1" t="str"><v>&lol;</v></c></row>`, nil, ErrUnreadable},
	} {
		rows, err := Read(XLSX, pack(t, parts(c.rows)), limits)
		if !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		if d := cmp.Diff(c.want, texts(rows)); c.err == nil && d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for name, file := range map[string][]byte{"nothing": nil, "no archive": []byte("PK"), "another archive": pack(t, map[string]string{"a": "b"})} {
		if _, err := Read(XLSX, file, limits); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What unpacks to more than the limit is refused when the limit is reached,
// whichever part it is in, and whatever the archive says of sizes.
func TestXD9_ZipBombs(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat(" ", 32<<20)
	for _, part := range []string{"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/worksheets/sheet2.xml"} {
		p := parts("")
		p[part] = strings.Replace(p[part], ">", ">"+zeros, 1)
		file := pack(t, p)
		if len(file) > 100<<10 {
			t.Fatalf("%d bytes", len(file))
		}
		if _, err := Read(XLSX, file, limits); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", part, err)
		}
	}
	many := map[string]string{}
	for i := range maxParts + 1 {
		many[fmt.Sprint(i)] = ""
	}
	if _, err := Read(XLSX, pack(t, many), limits); !errors.Is(err, ErrTooLarge) {
		t.Errorf("many parts: %v", err)
	}
}

func TestDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value Value
		want  string
		ok    bool
	}{
		{Value{}, "", true},
		{Value{Text: "2026-11-22"}, "2026-11-22", true},
		{Value{Text: "22.11.2026"}, "2026-11-22", true},
		{Value{Text: "1.2.2026"}, "2026-02-01", true},
		{Value{Text: "46348", Number: true, epoch: 1900}, "2026-11-22", true},
		{Value{Text: "44886", Number: true, epoch: 1904}, "2026-11-22", true},
		{Value{Text: "46348.5", Number: true}, "", false},
		{Value{Text: "1e300", Number: true}, "", false},
		{Value{Text: "NaN", Number: true}, "", false},
		{Value{Text: "-1", Number: true}, "", false},
		{Value{Text: "46348"}, "", false},
		{Value{Text: "31.2.2026"}, "", false},
		{Value{Text: "11/22/2026"}, "", false},
	} {
		if got, ok := c.value.Day(); got != c.want || ok != c.ok {
			t.Errorf("%+v: %q, %v", c.value, got, ok)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a;b\n1;2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []Format{CSV, XLSX} {
			rows, err := Read(format, data, limits)
			if err == nil && len(rows) > limits.Rows {
				t.Errorf("%d rows", len(rows))
			}
		}
	})
}

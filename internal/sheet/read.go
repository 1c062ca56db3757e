package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What Read refuses.
var (
	// ErrUnreadable is of a file that is not of its format.
	ErrUnreadable = errors.New("sheet: the file is not of its format")
	// ErrNotUTF8 is of CSV in another encoding.
	ErrNotUTF8 = errors.New("sheet: the text is not UTF-8")
	// ErrTooLarge is of more rows, columns or unpacked bytes than the limits let through.
	ErrTooLarge = errors.New("sheet: the file is too large")
)

// Limits of what is read.
type Limits struct {
	Rows     int   // that are not empty, with the headings
	Columns  int   // that are not empty
	Unpacked int64 // bytes of an xlsx file's parts together
}

// Row is one that is not empty.
type Row struct {
	Number int // as spreadsheets count them; of CSV the line
	Cells  []Value
}

// Value is what was in a cell.
type Value struct {
	Text    string // without white space around it
	Number  bool   // it is kept as a number
	Formula bool   // it is computed; whatever is kept as its value is not to be trusted
	epoch   int    // year that days are counted from
}

// Read reads the first sheet of a file.
func Read(f Format, data []byte, limits Limits) ([]Row, error) {
	if f == CSV {
		return readCSV(data, limits)
	}
	return readXLSX(data, limits)
}

// Day is the calendar day in the cell: a number of days, as spreadsheets keep
// them, or a text such as 2026-11-22 or 22.11.2026. An empty cell has none.
func (v Value) Day() (day string, ok bool) {
	if v.Number {
		days, err := strconv.ParseFloat(v.Text, 64)
		if err != nil || days != math.Trunc(days) || days < 1 || days > 200_000 {
			return "", false
		}
		// The count of 1900 has a 29 February that there never was.
		start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
		if v.epoch == 1904 {
			start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		return start.AddDate(0, 0, int(days)).Format(dayForm), true
	}
	for _, form := range []string{dayForm, "2.1.2006"} {
		if t, err := time.Parse(form, v.Text); err == nil {
			return t.Format(dayForm), true
		}
	}
	return "", v.Text == ""
}

// rows gathers those that are not empty.
type rows struct {
	limits Limits
	all    []Row
}

func (r *rows) add(row Row) error {
	used := 0
	for i, v := range row.Cells {
		if v.Text != "" || v.Formula {
			used = i + 1
		}
	}
	if used == 0 {
		return nil
	}
	if used > r.limits.Columns || len(r.all) == r.limits.Rows {
		return ErrTooLarge
	}
	row.Cells = row.Cells[:used]
	r.all = append(r.all, row)
	return nil
}

// readCSV reads CSV in UTF-8. Another encoding is refused rather than guessed:
// a name that was guessed wrong is in a mail before anybody sees it.
func readCSV(data []byte, limits Limits) ([]Row, error) {
	data = bytes.TrimPrefix(data, []byte(bom))
	switch {
	case !utf8.Valid(data):
		return nil, ErrNotUTF8
	case bytes.IndexByte(data, 0) >= 0:
		return nil, ErrUnreadable
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = comma(data), -1, true
	found := rows{limits: limits}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return found.all, nil
		}
		if err != nil {
			return nil, ErrUnreadable
		}
		line, _ := in.FieldPos(0)
		row := Row{Number: line}
		for _, field := range record {
			text := strings.TrimSpace(field)
			row.Cells = append(row.Cells, Value{Text: unsafe(text), Formula: strings.HasPrefix(text, "=")})
		}
		if err := found.add(row); err != nil {
			return nil, err
		}
	}
}

// comma is what stands between the fields of the first line, and most often.
func comma(data []byte) rune {
	best, most, quoted := ';', 0, false
	counts := map[rune]int{}
	for _, r := range string(data) {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n' || r == '\r':
			return best
		case r == ';' || r == ',' || r == '\t':
			if counts[r]++; counts[r] > most {
				best, most = r, counts[r]
			}
		}
	}
	return best
}

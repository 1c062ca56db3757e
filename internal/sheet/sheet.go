// Package sheet is tables as files that people open in a spreadsheet: CSV both
// ways, and the reading of xlsx. The writing of xlsx is in xlsxsheet, with the
// library that it takes.
package sheet

import (
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Format of a file.
type Format string

// The formats.
const (
	XLSX Format = "xlsx"
	CSV  Format = "csv"
)

// ContentType is the media type of the format.
func (f Format) ContentType() string {
	if f == CSV {
		return "text/csv; charset=utf-8; header=present"
	}
	return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
}

// Kind says what the cells of a column are.
type Kind int

// The kinds of columns.
const (
	Text   Kind = iota
	Phone       // a number in international form
	Day         // a calendar day
	Moment      // a day and a time of it, on the clock of the Cell's zone
)

// Column of a table.
type Column struct {
	Heading string
	Kind    Kind
	Width   float64 // in characters
}

// Cell is a Text, or where the column is of days or moments a Time; zero is an
// empty cell.
type Cell struct {
	Text string
	Time time.Time
}

// Table is what is written before its rows.
type Table struct {
	Name    string // of the sheet
	Origin  string // where the table comes from, so that a copy which turns up can be traced
	At      time.Time
	Columns []Column
	Rows    int // how many will be written, without the headings
}

// Writer writes a table row by row.
type Writer interface {
	// Row writes a cell for each column.
	Row(cells []Cell) error
	// Close ends the file, which is nothing before; it does not close what is
	// written to. What was begun is closed in any case.
	Close() error
}

// Open begins a table.
type Open func(w io.Writer, t Table) (Writer, error)

// How days and moments are told as text.
const (
	dayForm    = time.DateOnly
	momentForm = "2006-01-02 15:04"
)

// formulaic are what spreadsheets take for the beginning of a formula, or skip
// before one, in both of the widths that they know.
const formulaic = "=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20"

// Formulaic tells whether a spreadsheet could take a text for a formula.
func Formulaic(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size > 0 && strings.ContainsRune(formulaic, r)
}

// Safe is a text that no spreadsheet takes for a formula: one that could be
// one gets an apostrophe in front, as ASVS 5.0 1.2.10 asks.
func Safe(s string) string {
	if Formulaic(s) {
		return "'" + s
	}
	return s
}

// unsafe takes away what Safe has put in front.
func unsafe(s string) string {
	if rest, quoted := strings.CutPrefix(s, "'"); quoted && Formulaic(rest) {
		return rest
	}
	return s
}

// IsNumber tells whether a phone number is nothing but a + and digits, so that
// nothing else can hide in it.
func IsNumber(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && digits != "" && strings.Trim(digits, "0123456789") == ""
}

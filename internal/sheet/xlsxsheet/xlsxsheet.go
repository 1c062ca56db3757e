// Package xlsxsheet writes tables as xlsx. It alone imports the library for
// that, which only the function that exports is to carry.
package xlsxsheet

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/fullmakt/fullmakt/internal/sheet"
)

// Open begins a table as xlsx: bold headings that stay in view, with a filter on
// each; days and moments as dates; all else as text, whatever it looks like.
// Rows go to a temporary file, and to w when the table is closed.
func Open(w io.Writer, t sheet.Table) (sheet.Writer, error) {
	f := excelize.NewFile()
	x := &writer{to: w, file: f, columns: t.Columns, cells: make([]any, len(t.Columns))}
	if err := x.begin(t); err != nil {
		return nil, errors.Join(fmt.Errorf("xlsx: %w", err), f.Close())
	}
	return x, nil
}

type writer struct {
	to      io.Writer
	file    *excelize.File
	stream  *excelize.StreamWriter
	columns []sheet.Column
	styles  map[sheet.Kind]int
	cells   []any
	rows    int
}

func (x *writer) begin(t sheet.Table) error {
	f := x.file
	if err := f.SetSheetName("Sheet1", t.Name); err != nil {
		return err
	}
	at := t.At.UTC().Format(time.RFC3339)
	if err := f.SetDocProps(&excelize.DocProperties{Title: t.Name, Description: t.Origin, Created: at, Modified: at}); err != nil {
		return err
	}
	// What is printed tells where it comes from, too. An & begins a code there.
	if err := f.SetHeaderFooter(t.Name, &excelize.HeaderFooterOptions{OddFooter: "&L" + strings.ReplaceAll(t.Origin, "&", "&&")}); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(len(t.Columns), t.Rows+1)
	if err != nil {
		return err
	}
	if err := f.AutoFilter(t.Name, "A1:"+last, nil); err != nil {
		return err
	}
	bold, err := x.makeStyles()
	if err != nil {
		return err
	}
	if x.stream, err = f.NewStreamWriter(t.Name); err != nil {
		return err
	}
	for i, c := range slices.Backward(t.Columns) { // the stream puts each before the others, and they are to be in order
		if err := x.stream.SetColWidth(i+1, i+1, c.Width); err != nil {
			return err
		}
		x.cells[i] = excelize.Cell{StyleID: bold, Value: sheet.Safe(c.Heading)}
	}
	if err := x.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return x.write()
}

// makeStyles makes the styles, and returns that of the headings.
func (x *writer) makeStyles() (bold int, err error) {
	x.styles = map[sheet.Kind]int{}
	for kind, form := range map[sheet.Kind]string{sheet.Text: "@", sheet.Phone: "@", sheet.Day: "yyyy-mm-dd", sheet.Moment: "yyyy-mm-dd hh:mm"} {
		if x.styles[kind], err = x.file.NewStyle(&excelize.Style{CustomNumFmt: &form}); err != nil {
			return 0, err
		}
	}
	return x.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
}

func (x *writer) Row(cells []sheet.Cell) error {
	for i, c := range x.columns {
		style, text := x.styles[c.Kind], cells[i].Text
		switch {
		case c.Kind == sheet.Phone && sheet.IsNumber(text): // a text cell, which nothing computes
			x.cells[i] = excelize.Cell{StyleID: style, Value: text}
		case c.Kind == sheet.Text, c.Kind == sheet.Phone:
			x.cells[i] = excelize.Cell{StyleID: style, Value: sheet.Safe(text)}
		case cells[i].Time.IsZero():
			x.cells[i] = nil
		default:
			x.cells[i] = excelize.Cell{StyleID: style, Value: serial(cells[i].Time)}
		}
		if text == "" && (c.Kind == sheet.Text || c.Kind == sheet.Phone) {
			x.cells[i] = nil
		}
	}
	if err := x.write(); err != nil {
		return fmt.Errorf("xlsx: %w", err)
	}
	return nil
}

// serial is a moment as spreadsheets count it: the days since 30 December 1899
// on the clock of its zone.
func serial(t time.Time) float64 {
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	return wall.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
}

func (x *writer) write() error {
	x.rows++
	cell, err := excelize.CoordinatesToCellName(1, x.rows)
	if err != nil {
		return err
	}
	return x.stream.SetRow(cell, x.cells)
}

func (x *writer) Close() error {
	err := x.stream.Flush()
	if err == nil {
		_, err = x.file.WriteTo(x.to)
	}
	if err = errors.Join(err, x.file.Close()); err != nil {
		return fmt.Errorf("xlsx: %w", err)
	}
	return nil
}

package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
)

// bom tells spreadsheets that a file is UTF-8.
const bom = "\ufeff"

// WriteCSV begins a table as CSV (RFC 4180), in UTF-8 with a byte order mark,
// with semicolons between the fields, as spreadsheets of the Nordic countries
// expect it. Phone numbers are quoted as formulas are: a spreadsheet would take
// them for sums, and show a number without its +.
func WriteCSV(w io.Writer, t Table) (Writer, error) {
	if _, err := io.WriteString(w, bom); err != nil {
		return nil, fmt.Errorf("csv: %w", err)
	}
	c := &csvWriter{out: csv.NewWriter(w), columns: t.Columns, record: make([]string, len(t.Columns))}
	c.out.Comma, c.out.UseCRLF = ';', true
	for i, column := range t.Columns {
		c.record[i] = Safe(column.Heading)
	}
	return c, c.write()
}

type csvWriter struct {
	out     *csv.Writer
	columns []Column
	record  []string
}

func (c *csvWriter) Row(cells []Cell) error {
	for i, column := range c.columns {
		cell := cells[i]
		switch {
		case column.Kind == Text || column.Kind == Phone:
			c.record[i] = Safe(cell.Text)
		case cell.Time.IsZero():
			c.record[i] = ""
		case column.Kind == Day:
			c.record[i] = cell.Time.Format(dayForm)
		default:
			c.record[i] = cell.Time.Format(momentForm)
		}
	}
	return c.write()
}

func (c *csvWriter) write() error {
	if err := c.out.Write(c.record); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	return nil
}

func (c *csvWriter) Close() error {
	c.out.Flush()
	if err := c.out.Error(); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	return nil
}

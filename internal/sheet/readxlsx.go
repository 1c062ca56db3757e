package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
)

// maxParts bounds the files in an xlsx file.
const maxParts = 1000

// workbook is an xlsx file: XML in a zip archive.
type workbook struct {
	parts map[string]*zip.File
	left  int64 // bytes that may still be unpacked
	texts []string
	epoch int
}

func readXLSX(data []byte, limits Limits) ([]Row, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, ErrUnreadable
	}
	if len(archive.File) > maxParts {
		return nil, ErrTooLarge
	}
	w := &workbook{parts: map[string]*zip.File{}, left: limits.Unpacked, epoch: 1900}
	for _, f := range archive.File {
		w.parts[f.Name] = f
	}
	name, err := w.firstSheet()
	if err != nil {
		return nil, err
	}
	if err := w.readTexts(); err != nil {
		return nil, err
	}
	return w.readSheet(name, limits)
}

// open reads a part, as far as the limit of all parts together lets it: what
// the archive says of its size is the word of who made it.
func (w *workbook) open(name string) (*xml.Decoder, func(), error) {
	f := w.parts[name]
	if f == nil {
		return nil, nil, ErrUnreadable
	}
	r, err := f.Open()
	if err != nil {
		return nil, nil, ErrUnreadable
	}
	return xml.NewDecoder(&bounded{r, &w.left}), func() { r.Close() }, nil
}

type bounded struct {
	io.Reader
	left *int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if *b.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := b.Reader.Read(p[:min(int64(len(p)), *b.left)])
	*b.left -= int64(n)
	return n, err
}

// failure is what an error of reading XML comes to.
func failure(err error) error {
	if errors.Is(err, ErrTooLarge) {
		return ErrTooLarge
	}
	return ErrUnreadable
}

// each calls element for the beginning of every element of a part. What it has
// to do with what is inside it reads from the decoder.
func (w *workbook) each(name string, element func(d *xml.Decoder, e xml.StartElement) error) error {
	d, shut, err := w.open(name)
	if err != nil {
		return err
	}
	defer shut()
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return failure(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			if err := element(d, e); err != nil {
				return failure(err)
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// firstSheet finds the part of the first sheet.
func (w *workbook) firstSheet() (name string, err error) {
	relation := ""
	err = w.each("xl/workbook.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			if on := attribute(e, "date1904"); on == "1" || on == "true" {
				w.epoch = 1904
			}
		case "sheet":
			if relation == "" {
				for _, a := range e.Attr {
					if a.Name.Local == "id" && a.Name.Space != "" {
						relation = a.Value
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	err = w.each("xl/_rels/workbook.xml.rels", func(_ *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local == "Relationship" && attribute(e, "Id") == relation && relation != "" {
			target := attribute(e, "Target")
			if rooted, ok := strings.CutPrefix(target, "/"); ok {
				name = rooted
			} else {
				name = path.Join("xl", target)
			}
		}
		return nil
	})
	return name, err
}

// readTexts reads the texts that cells name by their number.
func (w *workbook) readTexts() error {
	const name = "xl/sharedStrings.xml"
	if w.parts[name] == nil {
		return nil
	}
	return w.each(name, func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, err := textIn(d)
		w.texts = append(w.texts, text)
		return err
	})
}

// textIn reads the text in an element up to its end: what is in its t elements,
// but for those that say how it is pronounced.
func textIn(d *xml.Decoder) (string, error) {
	var b strings.Builder
	inText := false
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "rPh" {
				if err := d.Skip(); err != nil {
					return "", err
				}
				continue
			}
			depth++
			inText = t.Name.Local == "t"
		case xml.EndElement:
			depth--
			inText = false
		case xml.CharData:
			if inText {
				b.Write(t)
			}
		}
	}
	return b.String(), nil
}

func (w *workbook) readSheet(name string, limits Limits) ([]Row, error) {
	found := rows{limits: limits}
	row := Row{}
	err := w.each(name, func(d *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "row":
			if err := found.add(row); err != nil {
				return err
			}
			number := row.Number + 1
			if r := attribute(e, "r"); r != "" {
				var err error
				if number, err = strconv.Atoi(r); err != nil {
					return err
				}
			}
			row = Row{Number: number}
		case "c":
			column := len(row.Cells)
			if r := attribute(e, "r"); r != "" {
				column = columnOf(r)
			}
			v, err := w.value(d, attribute(e, "t"))
			if err != nil || v == (Value{epoch: w.epoch}) {
				return err
			}
			if column < len(row.Cells) {
				return ErrUnreadable
			}
			if column >= limits.Columns {
				return ErrTooLarge
			}
			for len(row.Cells) < column {
				row.Cells = append(row.Cells, Value{})
			}
			row.Cells = append(row.Cells, v)
		}
		return nil
	})
	if err == nil {
		err = found.add(row)
	}
	return found.all, err
}

// columnOf is the number of the column in a reference such as B7, from 0.
func columnOf(reference string) int {
	n := 0
	for _, r := range reference {
		if r < 'A' || r > 'Z' || n > 1<<20 {
			break
		}
		n = n*26 + int(r-'A') + 1
	}
	return n - 1
}

// value reads a cell, up to its end.
func (w *workbook) value(d *xml.Decoder, of string) (v Value, err error) {
	v.epoch = w.epoch
	text := ""
	for {
		token, err := d.Token()
		if err != nil {
			return v, err
		}
		e, begins := token.(xml.StartElement)
		if _, ends := token.(xml.EndElement); ends {
			break
		}
		if !begins {
			continue
		}
		switch e.Name.Local {
		case "f":
			v.Formula = true
			err = d.Skip()
		case "v":
			text, err = plain(d)
		case "is":
			text, err = textIn(d)
		default:
			err = d.Skip()
		}
		if err != nil {
			return v, err
		}
	}
	switch of {
	case "s":
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= len(w.texts) {
			return v, ErrUnreadable
		}
		text = w.texts[n]
	case "", "n":
		v.Number = text != ""
	}
	v.Text = strings.TrimSpace(text)
	if !v.Number {
		v.Text = unsafe(v.Text)
	}
	return v, nil
}

// plain reads an element of nothing but text, up to its end.
func plain(d *xml.Decoder) (string, error) {
	var b strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			return "", ErrUnreadable
		case xml.EndElement:
			return b.String(), nil
		}
	}
}

// Package i18n holds what speaking four languages takes: texts kept as data,
// the choice of a language, and the order of names. The texts themselves lie
// beside the code that uses them (those of mails in internal/mail/texts), so
// that a change to a mail is one folder, and a function that only sorts names
// carries none.
package i18n

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Catalog is the texts of one area by language and key. A text may hold
// placeholders such as {organization}.
type Catalog struct {
	area  string
	texts map[domain.Language]map[string]string
}

// Read reads an area's texts, one JSON object per language in the files
// <area>.<language>.json. The catalog is whole or not at all: every language
// has the same keys, no text is empty, and a key's placeholders are the same in
// every language. The error names all that is wrong.
func Read(files fs.FS, area string) (*Catalog, error) {
	c := &Catalog{area: area, texts: map[domain.Language]map[string]string{}}
	var faults []error
	for _, l := range domain.Languages {
		name := fmt.Sprintf("%s.%s.json", area, l)
		data, err := fs.ReadFile(files, name)
		if err == nil {
			c.texts[l], err = parse(data)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	if len(faults) == 0 {
		faults = c.faults()
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("texts of %s: %w", area, errors.Join(faults...))
	}
	return c, nil
}

// parse reads one object of strings. encoding/json alone would let the second
// of two equal keys win without a word.
func parse(data []byte) (map[string]string, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	texts := map[string]string{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var text string
		if err := d.Decode(&text); err != nil {
			return nil, fmt.Errorf("%v: %w", key, err)
		}
		if _, twice := texts[key.(string)]; twice {
			return nil, fmt.Errorf("%v: twice", key)
		}
		texts[key.(string)] = text
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return texts, nil
}

func (c *Catalog) faults() (faults []error) {
	all := map[string]bool{}
	for _, texts := range c.texts {
		for key := range texts {
			all[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		var want []string
		for i, l := range domain.Languages {
			text, ok := c.texts[l][key]
			switch {
			case !ok:
				faults = append(faults, fmt.Errorf("%s has no %s", l, key))
			case strings.TrimSpace(text) == "":
				faults = append(faults, fmt.Errorf("%s: %s is empty", l, key))
			}
			got := placeholders(text)
			if i == 0 {
				want = got
			}
			if ok && !slices.Equal(got, want) {
				faults = append(faults, fmt.Errorf("%s: %s has the placeholders %v, and %v in %s", l, key, got, want, domain.Languages[0]))
			}
		}
	}
	return faults
}

// placeholder is compiled when there are texts: most functions have none.
var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[a-z]+\}`) })

func placeholders(text string) []string {
	found := placeholder().FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// Text is a text with its placeholders filled from values, whose keys are
// written without braces. Braces inside a value stay as they are. A text or a
// value that is missing is an error.
func (c *Catalog) Text(l domain.Language, key string, values map[string]string) (string, error) {
	text, ok := c.texts[l][key]
	if !ok {
		return "", fmt.Errorf("texts of %s: no %q in %q", c.area, key, l)
	}
	var missing error
	text = placeholder().ReplaceAllStringFunc(text, func(p string) string {
		value, ok := values[p[1:len(p)-1]]
		if !ok {
			missing = fmt.Errorf("texts of %s: %s: no value for %s", c.area, key, p)
		}
		return value
	})
	return text, missing
}

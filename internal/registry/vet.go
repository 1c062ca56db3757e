package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Lengths of a register's texts, in characters. The longest names that the
// registers allow are near 200.
const (
	maxName  = 250
	maxForm  = 100
	maxLine  = 200
	maxLines = 6
	maxCode  = 20
)

// vet makes an answer one that can be shown, or tells why it cannot be
// believed: it is about another company, or its name is no name. Other texts
// that are not in order are left out.
func vet(c *domain.RegisteredCompany, country domain.Country, id string) error {
	if answered, ok := domain.CheckBusinessID(country, c.BusinessID); !ok || answered != id {
		return fmt.Errorf("asked for %s, answered about %.40q", id, c.BusinessID)
	}
	c.Country, c.BusinessID = country, id
	name, ok := line(c.Name, maxName)
	if !ok || !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return errors.New("the name is not one that can be shown")
	}
	c.Name = name
	c.Form = domain.LegalForm{Code: lineOrNone(c.Form.Code, maxCode), Text: lineOrNone(c.Form.Text, maxForm)}
	var lines []string
	for _, l := range c.AddressLines {
		if l = lineOrNone(l, maxLine); l != "" && len(lines) < maxLines {
			lines = append(lines, l)
		}
	}
	c.AddressLines = lines
	c.PostalCode, c.City = lineOrNone(c.PostalCode, maxCode), lineOrNone(c.City, maxLine)
	if !slices.Contains([]domain.CompanyStatus{domain.CompanyActive, domain.CompanyWindingUp, domain.CompanyCeased}, c.Status) {
		c.Status = domain.CompanyUnknown
	}
	return nil
}

func lineOrNone(s string, most int) string {
	s, _ = line(s, most)
	return s
}

// line makes one line of a text: any space becomes one space, and characters
// that cannot be seen go. Markup and more than most characters are no slip of a
// clerk's: there is no line then.
func line(s string, most int) (string, bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r), r == utf8.RuneError,
			unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if strings.ContainsAny(s, "<>") || utf8.RuneCountInString(s) > most {
		return "", false
	}
	return s, true
}

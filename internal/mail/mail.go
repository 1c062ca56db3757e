// Package mail writes the mails: a letter says who gets which mail about what,
// Render makes the message of it in the receiver's language, as text and as
// HTML. All mails share one layout; their texts are data in texts/.
package mail

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Letter is all that a mail tells. Lengths are the business of whoever took
// the names in; what could break out of a line or turn its reading direction
// is refused here too.
type Letter struct {
	Kind     domain.MailKind
	ID       domain.MailID
	Language domain.Language
	To       domain.Email
	// At least one of the names is there. The mail greets with the given name.
	GivenName, FamilyName string
	Organization          string    // by name; the mails about one's own account do without
	Roles                 []string  // by name; of MailNamed only
	Link                  string    // absolute, with its token; empty for MailPasswordChanged, MailNamed and MailPartnerAdded
	LinkExpires           time.Time // shown to the minute, never later than it is
	Zone                  *time.Location
	Day                   domain.Date         // of the mails about a membership's days, and of MailDigest
	Digest                []domain.DigestLine // of MailDigest only
	More                  int                 // lines that found no room
	Operator              string              // whose portal it is, by name
}

// Render writes the letter. An error says that the letter, or a translation,
// is not complete; it holds nothing personal and no link.
func Render(l Letter) (domain.Message, error) {
	m, err := render(l)
	if err != nil {
		return domain.Message{}, fmt.Errorf("mail %s: render %s: %w", l.ID, l.Kind, err)
	}
	return m, nil
}

func render(l Letter) (domain.Message, error) {
	if err := l.check(); err != nil {
		return domain.Message{}, err
	}
	s, err := stationery()
	if err != nil {
		return domain.Message{}, err
	}
	p, err := newPage(s.texts, l)
	if err != nil {
		return domain.Message{}, err
	}
	var text, html strings.Builder
	if err := s.text.Execute(&text, p); err != nil {
		return domain.Message{}, err
	}
	if err := s.html.Execute(&html, p); err != nil {
		return domain.Message{}, err
	}
	m := domain.Message{
		ID: l.ID, To: l.To, Kind: l.Kind, Language: l.Language,
		Name:    strings.TrimSpace(l.GivenName + " " + l.FamilyName),
		Subject: p.Subject, Text: text.String(), HTML: html.String(),
	}
	if l.Link != "" {
		m.Links = []string{l.Link}
	}
	return m, nil
}

// check refuses a letter that cannot become a mail.
func (l Letter) check() error {
	linked, inOrganization, named, dated := false, false, false, false
	switch l.Kind {
	case domain.MailBegun, domain.MailEnding, domain.MailLastAdministrator, domain.MailEnded, domain.MailDigest, domain.MailAgreement:
		inOrganization, dated = true, true
	case domain.MailActivation, domain.MailActivationReminder, domain.MailPasswordByAdmin:
		linked, inOrganization = true, true
	case domain.MailPasswordReset, domain.MailEmailChange, domain.MailEmailChanging:
		linked = true
	case domain.MailPartnerAdded:
		inOrganization = true
	case domain.MailPasswordChanged:
	case domain.MailNamed:
		inOrganization, named = true, true
	default:
		return errors.New("there is no such mail")
	}
	if named != (len(l.Roles) > 0) {
		return errors.New("roles that have no place in it, or none")
	}
	if (l.Kind == domain.MailDigest) != (len(l.Digest) > 0) {
		return errors.New("lines that have no place in it, or none")
	}
	if _, ok := domain.ParseDate(string(l.Day)); dated != ok {
		return errors.New("a day that has no place in it, or none")
	}
	type field struct {
		name, value string
		required    bool
	}
	fields := []field{
		{"receiver", string(l.To), true},
		{"given name", l.GivenName, false},
		{"family name", l.FamilyName, false},
		{"name", l.GivenName + l.FamilyName, true},
		{"organization", l.Organization, inOrganization},
		{"operator", l.Operator, true},
	}
	for _, role := range l.Roles {
		fields = append(fields, field{"role", role, true})
	}
	for _, line := range l.Digest {
		fields = append(fields, field{"name in a line", line.Name, true}, field{"organization in a line", line.OrganizationName, true})
	}
	for _, field := range fields {
		if field.required && strings.TrimSpace(field.value) == "" {
			return fmt.Errorf("no %s", field.name)
		}
		if !utf8.ValidString(field.value) || strings.ContainsFunc(field.value, unprintable) {
			return fmt.Errorf("the %s holds what is not text", field.name)
		}
	}
	switch {
	case !linked && l.Link != "":
		return errors.New("a link that has no place in it")
	case linked && !isWebAddress(l.Link):
		return errors.New("the link is not an absolute web address")
	case linked && (l.LinkExpires.IsZero() || l.Zone == nil):
		return errors.New("no expiry of the link, or no zone to tell it in")
	}
	return nil
}

// unprintable characters end a line, do what a terminal does, or turn the
// direction of what stands behind them.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// isWebAddress tells whether s is an address that mail programs take as one
// link. Whatever is wrong with it must not be shown: it may hold a token.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

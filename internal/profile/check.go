package profile

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Fault is one thing that is wrong with a profile.
type Fault struct {
	Pointer string // JSON pointer into the document
	Message string
}

// Check reports everything in a profile that makes no sense, in the order of
// the document.
func Check(p *domain.Profile) []Fault {
	c := checker{p: p}
	c.general()
	c.roles()
	c.rights()
	c.policies()
	return c.faults
}

type checker struct {
	p      *domain.Profile
	faults []Fault
}

func (c *checker) add(pointer, format string, args ...any) {
	c.faults = append(c.faults, Fault{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) general() {
	if !isKey(c.p.Key) {
		c.add("/key", "%q is not a key: lower-case words with hyphens between them", c.p.Key)
	}
	if len(c.p.Languages) == 0 {
		c.add("/languages", "name at least one language; the first is the default")
	}
	for i, l := range c.p.Languages {
		pointer := fmt.Sprintf("/languages/%d", i)
		switch {
		case !slices.Contains(domain.Languages, l):
			c.add(pointer, "unknown language %q", l)
		case slices.Contains(c.p.Languages[:i], l):
			c.add(pointer, "language %q is named twice", l)
		}
	}
	// LoadLocation knows two names that are no zone of anybody's.
	if _, err := time.LoadLocation(c.p.TimeZone); err != nil || c.p.TimeZone == "" || c.p.TimeZone == "Local" {
		c.add("/timeZone", "unknown time zone %q", c.p.TimeZone)
	}
	if !c.p.Country.Known() {
		c.add("/country", "unknown country %q", c.p.Country)
	}
}

func (c *checker) roles() {
	known := slices.Clone(domain.AdministrativeRights)
	for _, r := range c.p.Rights {
		known = append(known, r.Key)
	}
	var seen []domain.RoleKey
	highest, administering, administered := 0, 0, false
	for i, r := range c.p.Roles {
		pointer := fmt.Sprintf("/roles/%d", i)
		if !isKey(string(r.Key)) {
			c.add(pointer+"/key", "%q is not a key: lower-case words with hyphens between them", r.Key)
		}
		if slices.Contains(seen, r.Key) {
			c.add(pointer+"/key", "there already is a role %q", r.Key)
		}
		seen = append(seen, r.Key)
		c.text(pointer+"/name", r.Name)
		c.text(pointer+"/info", r.Info)
		if r.Level < 1 {
			c.add(pointer+"/level", "a level is 1 or higher")
		}
		for j, right := range r.Rights {
			pointer := fmt.Sprintf("%s/rights/%d", pointer, j)
			if !slices.Contains(known, right) {
				c.add(pointer, "unknown right %q", right)
			}
			if slices.Contains(r.Rights[:j], right) {
				c.add(pointer, "right %q is named twice", right)
			}
			if see := seeing[right]; see != "" && !slices.Contains(r.Rights, see) {
				c.add(pointer, "right %q is of no use without %q", right, see)
			}
		}
		highest = max(highest, r.Level)
		if r.All || slices.Contains(r.Rights, domain.RightEditUsers) {
			administering, administered = max(administering, r.Level), true
		}
	}
	switch {
	case !administered:
		c.add("/roles", "no role can administer: one must hold %q", domain.RightEditUsers)
	case administering < highest:
		// Nobody gives a role above their own.
		c.add("/roles", "nobody could give the roles above level %d, the highest that holds %q", administering, domain.RightEditUsers)
	}
}

// seeing is what one must see to edit it.
var seeing = map[domain.RightKey]domain.RightKey{
	domain.RightEditOrganization: domain.RightSeeOrganization,
	domain.RightEditUsers:        domain.RightSeeUsers,
}

func (c *checker) rights() {
	var seen []domain.RightKey
	for i, r := range c.p.Rights {
		pointer := fmt.Sprintf("/rights/%d", i)
		area, right, two := strings.Cut(string(r.Key), ":")
		switch {
		case !isKey(area) || two && !isKey(right) || r.Key == All:
			c.add(pointer+"/key", "%q is not a key of a right: lower-case words with hyphens between them, at most one colon, and not %q", r.Key, All)
		case r.Key == domain.RightOperate || slices.Contains(domain.AdministrativeRights, r.Key):
			c.add(pointer+"/key", "%q is a right of Fullmakt's own and is not declared", r.Key)
		case slices.Contains(seen, r.Key):
			c.add(pointer+"/key", "there already is a right %q", r.Key)
		}
		seen = append(seen, r.Key)
		c.text(pointer+"/name", r.Name)
		c.text(pointer+"/info", r.Info)
	}
}

func (c *checker) policies() {
	switch own := c.p.Policies.RemovalOwn; own {
	case domain.Erase, domain.Deactivate:
	default:
		c.add("/policies/removal/own", "unknown policy %q: %q or %q", own, domain.Erase, domain.Deactivate)
	}
}

// text demands the text in every language of the profile, and in no other.
func (c *checker) text(pointer string, t domain.Text) {
	for _, l := range domain.Languages {
		text, ok := t[l]
		switch {
		case !ok && c.p.Speaks(l):
			c.add(pointer+"/"+string(l), "no text in %q", l)
		case ok && !c.p.Speaks(l) && len(c.p.Languages) > 0:
			c.add(pointer+"/"+string(l), "text in %q, which the profile does not have", l)
		case ok && !isLine(text):
			c.add(pointer+"/"+string(l), "%q is not one line of text without spaces around it", text)
		}
	}
	for _, l := range unknown(t) {
		c.add(pointer+"/"+string(l), "unknown language %q", l)
	}
}

// unknown are the languages of a text that are none of Fullmakt's, sorted.
func unknown(t domain.Text) (languages []domain.Language) {
	for l := range t {
		if !slices.Contains(domain.Languages, l) {
			languages = append(languages, l)
		}
	}
	slices.Sort(languages)
	return languages
}

func isLine(s string) bool {
	return s != "" && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) })
}

// isKey tells whether s is lower-case words with hyphens between them.
func isKey(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for word := range strings.SplitSeq(s, "-") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}

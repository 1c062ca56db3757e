package mail

import (
	"cmp"
	"embed"
	"errors"
	htmltemplate "html/template"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	texttemplate "text/template"
	"time"
	"unicode/utf8"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/i18n"
)

// page is what the layouts show.
type page struct {
	Language                  domain.Language
	Subject, Heading          string
	Greeting, Reason          string
	Groups                    []group // only of a digest
	More                      string
	Action, Button            string // the next four only with a link
	Link, Fallback, Expires   string
	Advice, Closing, Operator string
	Automatic                 string
}

// group is a part of a digest.
type group struct {
	Heading string
	Lines   []string
}

// digestOrder is the order of a digest's groups: what matters most first.
var digestOrder = []domain.DigestItemKind{domain.DigestLastAdministrator, domain.DigestEnding, domain.DigestEnded, domain.DigestUnclaimed}

func newPage(texts *i18n.Catalog, l Letter) (page, error) {
	var faults []error
	values := map[string]string{
		"name":         cmp.Or(strings.TrimSpace(l.GivenName), strings.TrimSpace(l.FamilyName)),
		"organization": l.Organization,
		"operator":     l.Operator,
		"roles":        strings.Join(l.Roles, ", "),
	}
	text := func(key string) string {
		s, err := texts.Text(l.Language, key, values)
		if err != nil {
			faults = append(faults, err)
		}
		return s
	}
	date := func(year int, month time.Month, day int) {
		values["day"], values["year"] = strconv.Itoa(day), strconv.Itoa(year)
		if months := strings.Fields(text("months")); len(months) == 12 {
			values["month"] = months[month-1]
		}
		values["date"] = text("date")
	}
	if at, err := time.Parse(time.DateOnly, string(l.Day)); err == nil {
		date(at.Date())
	}
	own := func(key string) string { return text(string(l.Kind) + "." + key) }

	p := page{
		Language: l.Language, Operator: l.Operator,
		Subject: own("subject"), Heading: own("heading"), Reason: own("reason"), Advice: own("advice"),
		Greeting: text("greeting"), Closing: text("closing"), Automatic: text("automatic"),
	}
	if l.Link != "" {
		at := l.LinkExpires.In(l.Zone)
		date(at.Date())
		values["hour"], values["minute"] = at.Format("15"), at.Format("04")
		if l.Language == domain.Finnish {
			values["hour"] = strconv.Itoa(at.Hour())
		}
		values["when"] = text("when")
		values["zone"] = l.Zone.String()
		if country, ok := zones[l.Zone.String()]; ok {
			values["zone"] = text("zone." + country)
		}
		p.Link, p.Action, p.Button = l.Link, own("action"), own("button")
		p.Fallback, p.Expires = text("fallback"), text("expires")
	}
	for _, kind := range digestOrder {
		if !slices.ContainsFunc(l.Digest, func(line domain.DigestLine) bool { return line.Kind == kind }) {
			continue
		}
		g := group{Heading: own(string(kind))}
		for _, line := range l.Digest {
			if line.Kind == kind {
				at, _ := time.Parse(time.DateOnly, string(line.Day))
				date(at.Date())
				values["person"], values["other"] = strings.TrimSpace(line.Name), line.OrganizationName
				g.Lines = append(g.Lines, own(string(kind)+".line"))
			}
		}
		p.Groups = append(p.Groups, g)
	}
	if l.More > 0 {
		values["count"] = strconv.Itoa(l.More)
		p.More = own("more")
	}
	return p, errors.Join(faults...)
}

// zones that people know by the name of a country; others go by their own.
var zones = map[string]string{
	"Europe/Copenhagen": "denmark",
	"Europe/Helsinki":   "finland",
	"Europe/Mariehamn":  "finland",
	"Europe/Oslo":       "norway",
	"Europe/Stockholm":  "sweden",
}

//go:embed texts layouts
var files embed.FS

// stationery is read at the first letter: a function that may never write one
// does not pay for it at its start.
var stationery = sync.OnceValues(func() (*sheets, error) {
	data, err := fs.Sub(files, "texts")
	if err != nil {
		return nil, err
	}
	texts, err := i18n.Read(data, "mail")
	if err != nil {
		return nil, err
	}
	text, err := texttemplate.New("mail.txt.tmpl").Funcs(texttemplate.FuncMap{"wrap": wrap}).ParseFS(files, "layouts/mail.txt.tmpl")
	if err != nil {
		return nil, err
	}
	html, err := htmltemplate.ParseFS(files, "layouts/mail.html.tmpl")
	if err != nil {
		return nil, err
	}
	return &sheets{texts: texts, text: text, html: html}, nil
})

type sheets struct {
	texts *i18n.Catalog
	text  *texttemplate.Template
	html  *htmltemplate.Template
}

// columns is how wide a line of the text gets.
const columns = 72

// wrap breaks a paragraph at its spaces. A longer word keeps its line whole.
func wrap(paragraph string) string {
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(paragraph) {
		n := utf8.RuneCountInString(word)
		switch {
		case width == 0:
		case width+1+n > columns:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += n
	}
	return b.String()
}

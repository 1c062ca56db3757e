package mail

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/fullmakt/fullmakt/internal/domain"
)

var update = flag.Bool("update", false, "write the golden files anew; then read them")

var kinds = []domain.MailKind{
	domain.MailActivation, domain.MailPasswordReset, domain.MailPasswordByAdmin, domain.MailPasswordChanged, domain.MailNamed, domain.MailPartnerAdded, domain.MailEmailChange, domain.MailEmailChanging,
	domain.MailBegun, domain.MailEnding, domain.MailLastAdministrator, domain.MailEnded, domain.MailActivationReminder, domain.MailDigest, domain.MailAgreement,
}

const (
	activationLink = "https://portal.example.com/activate#token=fml_00000000000000000000000001000000000000000000000000020123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	confirmLink    = "https://portal.example.com/confirm-email#token=fml_00000000000000000000000001000000000000000000000000020123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	undoLink       = "https://portal.example.com/undo-email#token=fml_00000000000000000000000001000000000000000000000000020123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	resetLink      = "https://portal.example.com/reset-password#token=fml_00000000000000000000000001000000000000000000000000020123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func letter(t testing.TB, kind domain.MailKind, l domain.Language) Letter {
	letter := Letter{
		Kind: kind, ID: "mai_01jdv7xg0000000000000000ab", Language: l, To: "maija.meikalainen@example.com",
		GivenName: "Maija", FamilyName: "Meikäläinen", Organization: "Rakennus Esimerkki Oy", Operator: "Nordrent",
		Link: resetLink, LinkExpires: time.Date(2026, 11, 29, 12, 5, 59, 0, time.UTC), Zone: zone(t, "Europe/Helsinki"),
	}
	switch kind {
	case domain.MailActivation, domain.MailActivationReminder:
		letter.Link = activationLink
	case domain.MailDigest:
		letter.Link, letter.LinkExpires, letter.Day, letter.More = "", time.Time{}, "2026-11-22", 17
		for i, kind := range []domain.DigestItemKind{domain.DigestUnclaimed, domain.DigestEnding, domain.DigestEnded, domain.DigestEnding, domain.DigestLastAdministrator} {
			day := domain.Date(fmt.Sprintf("2026-12-%02d", i+1))
			letter.Digest = append(letter.Digest, domain.DigestLine{
				DigestItem: domain.DigestItem{Kind: kind, Day: day},
				Name:       fmt.Sprintf("Matti Meikäläinen %d.", i+1), OrganizationName: "Toinen Esimerkki Oy",
			})
		}
	case domain.MailBegun, domain.MailEnding, domain.MailLastAdministrator, domain.MailEnded, domain.MailAgreement:
		letter.Link, letter.LinkExpires, letter.Day = "", time.Time{}, "2026-11-30"
	case domain.MailEmailChange:
		letter.Link = confirmLink
	case domain.MailEmailChanging:
		letter.Link = undoLink
	case domain.MailPasswordChanged, domain.MailPartnerAdded:
		letter.Link, letter.LinkExpires = "", time.Time{}
	case domain.MailNamed:
		letter.Link, letter.LinkExpires, letter.Roles = "", time.Time{}, []string{"Attestant", "Signatory"}
	}
	return letter
}

func rendered(t testing.TB, l Letter) domain.Message {
	t.Helper()
	m, err := Render(l)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The golden files show every mail whole; the text's first line is the subject.
func TestGoldenFiles(t *testing.T) {
	t.Parallel()
	golden := map[string]bool{}
	for _, kind := range kinds {
		for _, l := range domain.Languages {
			m := rendered(t, letter(t, kind, l))
			for ext, got := range map[string]string{"txt": "Subject: " + m.Subject + "\n\n" + m.Text, "html": m.HTML} {
				name := filepath.Join("testdata", fmt.Sprintf("%s.%s.%s", kind, l, ext))
				golden[name] = true
				if *update {
					if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		}
	}
	found, err := filepath.Glob("testdata/*.*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if !golden[name] {
			t.Errorf("%s belongs to no mail", name)
		}
	}
}

func TestRenderFillsTheMessage(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		for _, language := range domain.Languages {
			l := letter(t, kind, language)
			m := rendered(t, l)
			want := domain.Message{
				ID: l.ID, To: l.To, Name: "Maija Meikäläinen", Kind: kind, Language: language,
				Subject: m.Subject, Text: m.Text, HTML: m.HTML,
			}
			if l.Link != "" {
				want.Links = []string{l.Link}
			}
			if diff := cmp.Diff(want, m); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", kind, language, diff)
			}
			for _, personal := range []string{l.GivenName, l.FamilyName, string(l.To), strings.Split(string(l.To), "@")[0], "token"} {
				if strings.Contains(m.Subject, personal) {
					t.Errorf("%s %s: the subject %q tells %q", kind, language, m.Subject, personal)
				}
			}
			if l.Link == "" && (strings.Contains(m.Text, "://") || strings.Contains(m.HTML, "href")) {
				t.Errorf("%s %s: there is a link", kind, language)
			}
			if l.Link != "" {
				if !slices.Contains(strings.Split(m.Text, "\n"), l.Link) {
					t.Errorf("%s %s: the link has no line of its own", kind, language)
				}
				if n := hrefs(t, m.HTML)[l.Link]; n != 2 {
					t.Errorf("%s %s: %d links in the HTML go to the address, want the button and the address itself", kind, language, n)
				}
			}
			for line := range strings.Lines(m.Text) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns && strings.TrimSpace(line) != l.Link {
					t.Errorf("%s %s: a line of %d characters: %q", kind, language, n, line)
				}
			}
			if strings.ContainsAny(m.Subject+m.Text, "{}\r") || strings.Contains(m.HTML, "{{") {
				t.Errorf("%s %s: something is left unfilled", kind, language)
			}
			if !strings.Contains(m.HTML, fmt.Sprintf("<html lang=%q>", language)) {
				t.Errorf("%s %s: the HTML does not say its language", kind, language)
			}
		}
	}
}

func TestExpiryIsToldInTheZone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		language domain.Language
		at       string
		zone     string
		want     string
	}{
		{domain.Finnish, "2026-11-29T12:05:00Z", "Europe/Helsinki", "29.11.2026 klo 14.05 asti (Suomen aikaa)"},
		{domain.Swedish, "2026-11-29T12:05:00Z", "Europe/Helsinki", "29 november 2026 kl. 14.05 (finsk tid)"},
		{domain.Norwegian, "2026-11-29T12:05:00Z", "Europe/Oslo", "29. november 2026 kl. 13.05 (norsk tid)"},
		{domain.English, "2026-11-29T12:05:00Z", "Europe/Helsinki", "29 November 2026 at 14:05 (Finnish time)"},
		{domain.Finnish, "2026-03-04T22:05:00Z", "Europe/Helsinki", "5.3.2026 klo 0.05 asti (Suomen aikaa)"},
		{domain.English, "2026-03-04T22:05:00Z", "Europe/Mariehamn", "5 March 2026 at 00:05 (Finnish time)"},
		{domain.Swedish, "2026-12-31T23:00:00Z", "Europe/Stockholm", "1 januari 2027 kl. 00.00 (svensk tid)"},
		{domain.Norwegian, "2026-06-30T22:00:00Z", "Europe/Copenhagen", "1. juli 2026 kl. 00.00 (dansk tid)"},
		{domain.English, "2026-11-29T12:05:00Z", "Europe/Berlin", "29 November 2026 at 13:05 (Europe/Berlin)"},
		{domain.English, "2026-11-29T12:05:00Z", "UTC", "29 November 2026 at 12:05 (UTC)"},
		// On both sides of the changes of the clock.
		{domain.Finnish, "2026-03-29T00:59:59Z", "Europe/Helsinki", "29.3.2026 klo 2.59 asti"},
		{domain.Finnish, "2026-03-29T01:00:00Z", "Europe/Helsinki", "29.3.2026 klo 4.00 asti"},
		{domain.Finnish, "2026-10-25T00:59:59Z", "Europe/Helsinki", "25.10.2026 klo 3.59 asti"},
		{domain.Finnish, "2026-10-25T02:00:00Z", "Europe/Helsinki", "25.10.2026 klo 4.00 asti"},
	} {
		l := letter(t, domain.MailPasswordReset, test.language)
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		l.LinkExpires, l.Zone = at, zone(t, test.zone)
		m := rendered(t, l)
		if text := strings.Join(strings.Fields(m.Text), " "); !strings.Contains(text, test.want) {
			t.Errorf("no %q in %q", test.want, text)
		}
		if !strings.Contains(m.HTML, test.want) {
			t.Errorf("no %q in the HTML", test.want)
		}
	}
	for _, language := range domain.Languages {
		months := map[string]bool{}
		for month := time.January; month <= time.December; month++ {
			l := letter(t, domain.MailActivation, language)
			l.LinkExpires = time.Date(2026, month, 15, 12, 0, 0, 0, time.UTC)
			m := rendered(t, l)
			months[m.Text] = true
			if want := " " + month.String() + " "; language == domain.English && !strings.Contains(m.HTML, want) {
				t.Errorf("no %q in %q", want, m.HTML)
			}
		}
		if len(months) != 12 {
			t.Errorf("%s: %d months", language, len(months))
		}
	}
}

func TestRenderRefusesWhatIsNotComplete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind   domain.MailKind
		change func(*Letter)
		want   string
	}{
		"no translation":               {domain.MailActivation, func(l *Letter) { l.Language = "da" }, `"da"`},
		"no language":                  {domain.MailActivation, func(l *Letter) { l.Language = "" }, `""`},
		"a request that is no mail":    {domain.MailActivation, func(l *Letter) { l.Kind = domain.MailResetRequest }, "no such mail"},
		"unknown kind":                 {domain.MailActivation, func(l *Letter) { l.Kind = "" }, "no such mail"},
		"no receiver":                  {domain.MailActivation, func(l *Letter) { l.To = "" }, "no receiver"},
		"no name":                      {domain.MailActivation, func(l *Letter) { l.GivenName, l.FamilyName = "", " " }, "no name"},
		"no organization":              {domain.MailActivation, func(l *Letter) { l.Organization = "" }, "no organization"},
		"no organization of the admin": {domain.MailPasswordByAdmin, func(l *Letter) { l.Organization = " " }, "no organization"},
		"no operator":                  {domain.MailPasswordChanged, func(l *Letter) { l.Operator = "" }, "no operator"},
		"no link":                      {domain.MailPasswordReset, func(l *Letter) { l.Link = "" }, "the link"},
		"relative link":                {domain.MailPasswordReset, func(l *Letter) { l.Link = "/reset-password#token=fml_1" }, "the link"},
		"link without a scheme":        {domain.MailPasswordReset, func(l *Letter) { l.Link = "//portal.example.com/#token=fml_1" }, "the link"},
		"link that runs":               {domain.MailPasswordReset, func(l *Letter) { l.Link = "javascript:alert(1)" }, "the link"},
		"link with a space":            {domain.MailPasswordReset, func(l *Letter) { l.Link = "https://portal.example.com/ #token=fml_1" }, "the link"},
		"link with a line break":       {domain.MailPasswordReset, func(l *Letter) { l.Link = "https://portal.example.com/\n#token=fml_1" }, "the link"},
		"no expiry":                    {domain.MailPasswordReset, func(l *Letter) { l.LinkExpires = time.Time{} }, "no expiry"},
		"no zone":                      {domain.MailPasswordReset, func(l *Letter) { l.Zone = nil }, "no expiry"},
		"no role":                      {domain.MailNamed, func(l *Letter) { l.Roles = nil }, "roles"},
		"role without a name":          {domain.MailNamed, func(l *Letter) { l.Roles[1] = " " }, "no role"},
		"role in another mail":         {domain.MailActivation, func(l *Letter) { l.Roles = []string{"Attestant"} }, "roles"},
		"named in no organization":     {domain.MailNamed, func(l *Letter) { l.Organization = "" }, "no organization"},
		"link to what needs none":      {domain.MailNamed, func(l *Letter) { l.Link = activationLink }, "no place"},
		"link in a notice":             {domain.MailPasswordChanged, func(l *Letter) { l.Link = resetLink }, "no place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := letter(t, test.kind, domain.English)
			test.change(&l)
			refused(t, l, test.want)
		})
	}
}

// refused wants an error, no message, and neither name nor link in the log.
func refused(t *testing.T, l Letter, want string) {
	t.Helper()
	m, err := Render(l)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("%v, want %q", err, want)
	}
	if diff := cmp.Diff(domain.Message{}, m); diff != "" {
		t.Errorf("there is a message:\n%s", diff)
	}
	for _, secret := range []string{"Maija", "Meikäläinen", "maija", "fml_"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error %q tells %q", err, secret)
		}
	}
}

func TestRenderDoesWithoutWhatAMailDoesNotTell(t *testing.T) {
	t.Parallel()
	for _, kind := range []domain.MailKind{domain.MailPasswordReset, domain.MailPasswordChanged, domain.MailEmailChange, domain.MailEmailChanging} {
		l := letter(t, kind, domain.Swedish)
		l.Organization = ""
		rendered(t, l)
	}
	l := letter(t, domain.MailActivation, domain.Swedish)
	l.GivenName = ""
	m := rendered(t, l)
	if m.Name != "Meikäläinen" || !strings.HasPrefix(m.Text, "Hej Meikäläinen!\n") {
		t.Errorf("%q, %q", m.Name, m.Text)
	}
}

func TestXD3_HeaderInjectionIsRefused(t *testing.T) {
	t.Parallel()
	bad := []string{
		"\r\nBcc: eve@example.com", "\n", "\r", "\x00", "\x1b[2J", "\x7f", "\u0085", "\u2028", "\u2029", "\u202e", "\u2066", "\xff",
	}
	for field, change := range map[string]func(*Letter, string){
		"given name":   func(l *Letter, s string) { l.GivenName += s },
		"family name":  func(l *Letter, s string) { l.FamilyName += s },
		"organization": func(l *Letter, s string) { l.Organization += s },
		"operator":     func(l *Letter, s string) { l.Operator += s },
		"role": func(l *Letter, s string) {
			l.Kind, l.Link, l.Roles = domain.MailNamed, "", []string{"Attestant", "R" + s}
		},
		"receiver": func(l *Letter, s string) { l.To += domain.Email(s) },
		"link":     func(l *Letter, s string) { l.Link += s },
	} {
		for _, s := range bad {
			t.Run(fmt.Sprintf("%s %q", field, s), func(t *testing.T) {
				t.Parallel()
				l := letter(t, domain.MailActivation, domain.Finnish)
				change(&l, s)
				refused(t, l, "the "+field)
			})
		}
	}
}

func TestXD4_MarkupInNamesIsText(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		`<b>O'Brien & Söner</b>`,
		`<a href="https://evil.example">Hello</a>`,
		`</title><script>alert(1)</script>`,
		`</style></head><body onload=alert(1)>`,
		`" onmouseover="alert(1)`,
		`--><!-- &lt;b&gt;`,
		`{{.Link}} {operator} {name} {`,
		"javascript:alert(1)",
		strings.Repeat("A<i>", 500),
	} {
		for _, kind := range kinds {
			for _, language := range domain.Languages {
				plain := letter(t, kind, language)
				l := plain
				l.GivenName, l.FamilyName, l.Organization, l.Operator = name, name, name, name
				for i := range l.Roles {
					l.Roles[i] = name
				}
				m := rendered(t, l)
				if diff := cmp.Diff(structure(t, rendered(t, plain).HTML), structure(t, m.HTML)); diff != "" {
					t.Errorf("%s %s: %.40q changes the HTML (-want +got):\n%s", kind, language, name, diff)
				}
				if shown := text(t, m.HTML); !strings.Contains(shown, name) {
					t.Errorf("%s %s: %.40q is not shown as it is: %s", kind, language, name, shown)
				}
			}
		}
	}
}

// walk visits the nodes of a document.
func walk(t testing.TB, document string, visit func(*html.Node)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		visit(n)
	}
}

// structure lists a document's elements with their attributes, but no texts.
func structure(t testing.TB, document string) (elements []string) {
	walk(t, document, func(n *html.Node) {
		switch n.Type {
		case html.ElementNode:
			elements = append(elements, fmt.Sprint(n.Data, n.Attr))
		case html.CommentNode:
			elements = append(elements, "comment "+n.Data)
		}
	})
	return elements
}

func text(t testing.TB, document string) string {
	var b strings.Builder
	walk(t, document, func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	})
	return b.String()
}

func hrefs(t testing.TB, document string) map[string]int {
	found := map[string]int{}
	walk(t, document, func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "href" {
				found[a.Val]++
			}
		}
	})
	return found
}

func TestWrap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zåäö]{1,90}`), 1, 40).Draw(t, "words")
		wrapped := wrap(strings.Join(words, " "))
		if diff := cmp.Diff(words, strings.Fields(wrapped)); diff != "" {
			t.Fatalf("the words are others (-want +got):\n%s", diff)
		}
		lines := strings.Split(wrapped, "\n")
		for i, line := range lines {
			if n := utf8.RuneCountInString(line); n > columns && strings.Contains(line, " ") {
				t.Fatalf("a line of %d: %q", n, line)
			}
			if i > 0 {
				first, _, _ := strings.Cut(line, " ")
				if utf8.RuneCountInString(lines[i-1])+1+utf8.RuneCountInString(first) <= columns {
					t.Fatalf("%q has room for %q", lines[i-1], first)
				}
			}
		}
	})
}

package mailaddr

import (
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func TestParse(t *testing.T) {
	t.Parallel()
	local64 := strings.Repeat("a", 64)
	host63 := strings.Repeat("b", 63)
	for in, want := range map[string]domain.Email{
		"aino@example.com":                "aino@example.com",
		"  aino@example.com\u00a0":        "aino@example.com",
		"Aino.Korhonen@Example.COM":       "aino.korhonen@example.com",
		"aino+laskut@example.com":         "aino+laskut@example.com",
		"!#$%&'*+-/=?^_`{|}~@example.com": "!#$%&'*+-/=?^_`{|}~@example.com",
		"1@example.com":                   "1@example.com",
		"info@9292.example":               "info@9292.example",
		"info@a.b.c.example":              "info@a.b.c.example",
		"åsa@example.com":                 "",
		"info@työmaa.example":             "info@xn--tymaa-kua.example",
		"info@TYÖMAA.example":             "info@xn--tymaa-kua.example",
		"info@xn--tymaa-kua.example":      "info@xn--tymaa-kua.example",
		"info@XN--TYMAA-KUA.example":      "info@xn--tymaa-kua.example",
		"info@straße.example":             "info@xn--strae-oqa.example",
		"info@пример.испытание":           "info@xn--e1afmkfd.xn--80akhbyknj4f",
		"info@παράδειγμα.example":         "info@xn--hxajbheg2az3al.example",
		"info@例え.テスト":                     "info@xn--r8jz45g.xn--zckzah",
		local64 + "@example.com":          domain.Email(local64 + "@example.com"),
		"a@" + host63 + ".example":        domain.Email("a@" + host63 + ".example"),
		local64 + "@" + host63 + "." + host63 + "." + strings.Repeat("c", 53) + ".example": domain.Email(local64 + "@" + host63 + "." + host63 + "." + strings.Repeat("c", 53) + ".example"),
	} {
		got, err := Parse(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q (%v), want %q", in, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("b", 63)
	for name, in := range map[string]string{
		"empty":                     "",
		"spaces":                    "   ",
		"no @":                      "aino.example.com",
		"only @":                    "@",
		"nothing before":            "@example.com",
		"nothing behind":            "aino@",
		"two @":                     "aino@korhonen@example.com",
		"display name":              "Aino Korhonen <aino@example.com>",
		"angle brackets":            "<aino@example.com>",
		"mailto":                    "mailto:aino@example.com",
		"two addresses":             "aino@example.com,eino@example.com",
		"two with semicolon":        "aino@example.com; eino@example.com",
		"comment":                   "aino(home)@example.com",
		"comment in the domain":     "aino@example(x).com",
		"quoted":                    `"aino korhonen"@example.com`,
		"quoted @":                  `"aino@home"@example.com`,
		"backslash":                 `ai\no@example.com`,
		"space inside":              "aino korhonen@example.com",
		"space before @":            "aino @example.com",
		"space behind @":            "aino@ example.com",
		"IPv4 literal":              "aino@[192.0.2.1]",
		"IPv6 literal":              "aino@[IPv6:2001:db8::1]",
		"bare IPv4":                 "aino@192.0.2.1",
		"hexadecimal IPv4":          "aino@192.0.2.0x1",
		"full-width IPv4":           "aino@１９２.０.２.１",
		"numeric top level":         "aino@example.123",
		"single-letter top level":   "aino@example.c",
		"one label":                 "aino@localhost",
		"trailing dot":              "aino@example.com.",
		"ideographic trailing dot":  "aino@example.com。",
		"leading dot":               "aino@.example.com",
		"double dot":                "aino@example..com",
		"local leading dot":         ".aino@example.com",
		"local trailing dot":        "aino.@example.com",
		"local double dot":          "aino..korhonen@example.com",
		"leading hyphen":            "aino@-example.com",
		"trailing hyphen":           "aino@example-.com",
		"underscore in the domain":  "aino@exa_mple.com",
		"percent in the domain":     "aino@exa%6dple.com",
		"port":                      "aino@example.com:25",
		"path":                      "aino@example.com/x",
		"line feed":                 "aino@example.com\n",
		"header injection":          "aino@example.com\r\nBcc: eino@example.com",
		"NUL":                       "aino\x00@example.com",
		"tab":                       "aino\t@example.com",
		"delete":                    "aino\x7f@example.com",
		"C1 control":                "aino@exam\u0085ple.com",
		"not UTF-8":                 "aino@ex\xff\xfemple.com",
		"not UTF-8 before the @":    "ai\xc3no@example.com",
		"A-label of nothing":        "aino@xn--.com",
		"A-label of ASCII":          "aino@xn--example-.com",
		"A-label of rubbish":        "aino@xn--0000h.com",
		"A-label of capitals":       "aino@xn--tymaa-2oa.com",
		"A-label not normal":        "aino@xn--tyomaa-yyd.example",
		"unassigned":                "aino@exam\u0378ple.com",
		"digit before Hebrew":       "aino@1א.example",
		"Latin in Hebrew":           "aino@אa1.example",
		"local too long":            strings.Repeat("a", 65) + "@example.com",
		"label too long":            "a@" + label + "b.example",
		"IDN label too long":        "a@" + strings.Repeat("ä", 60) + ".example",
		"domain too long":           "a@" + strings.Repeat(label+".", 4) + "example",
		"address too long":          strings.Repeat("a", 64) + "@" + label + "." + label + "." + strings.Repeat("c", 54) + ".example",
		"far too long":              strings.Repeat("a", 1<<20) + "@example.com",
		"spaces that are too many":  strings.Repeat(" ", 1<<20) + "aino@example.com",
		"full-width @":              "aino＠example.com",
		"full-width @ behind":       "aino@example＠b.com",
		"a second @ in small form":  "aino@example﹫b.com",
		"slash from a ligature":     "aino@ex℀mple.com",
		"percent sign, full width":  "aino@ex％mple.com",
		"question mark, full width": "aino@ex？mple.com",
	} {
		if got, err := Parse(in); err == nil || got != "" {
			t.Errorf("%s: %.80q is read as %q (%v)", name, in, got, err)
		} else if len(in) > 3 && strings.Contains(err.Error(), in) {
			t.Errorf("%s: the error repeats the input: %v", name, err)
		}
	}
}

// One address is one person, however it is written.
func TestXD6_SpellingsOfOneAddress(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"case of the local part":      {"Aino@example.com", "aino@example.com"},
		"case of the domain":          {"aino@EXAMPLE.com", "aino@example.com"},
		"spaces around":               {" aino@example.com ", "aino@example.com"},
		"IDN and A-label":             {"aino@bücher.example", "aino@xn--bcher-kva.example"},
		"composed and decomposed":     {"aino@bücher.example", "aino@bu\u0308cher.example"},
		"case of an IDN":              {"aino@BÜCHER.example", "aino@bücher.example"},
		"case of an A-label":          {"aino@Xn--BCHER-kva.example", "aino@bücher.example"},
		"full width in the domain":    {"aino@ｅｘａｍｐｌｅ.com", "aino@example.com"},
		"ideographic full stop":       {"aino@example。com", "aino@example.com"},
		"Kelvin sign in the domain":   {"aino@\u212aauppa.example", "aino@kauppa.example"},
		"long s in the domain":        {"aino@\u017falo.example", "aino@salo.example"},
		"ligature in the domain":      {"aino@\ufb01rma.example", "aino@firma.example"},
		"final sigma of a lower case": {"aino@ΠΑΡΆΔΕΙΓΜΑ.example", "aino@παράδειγμα.example"},
	} {
		a, errA := Parse(pair[0])
		b, errB := Parse(pair[1])
		if errA != nil || errB != nil || a != b {
			t.Errorf("%s: %q is %q (%v), %q is %q (%v)", name, pair[0], a, errA, pair[1], b, errB)
		}
	}
}

func TestXD6_DifferentAddressesStayDifferent(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"tag":             {"aino+a@example.com", "aino@example.com"},
		"dot":             {"a.ino@example.com", "aino@example.com"},
		"sharp s":         {"aino@straße.example", "aino@strasse.example"},
		"umlaut":          {"aino@bücher.example", "aino@bucher.example"},
		"dotless i":       {"aino@fırma.example", "aino@firma.example"},
		"a whole script":  {"aino@сосо.example", "aino@coco.example"},
		"subdomain":       {"aino@a.example.com", "aino@example.com"},
		"å and a with o ": {"aino@å.example", "aino@a.example"},
	} {
		a, errA := Parse(pair[0])
		b, errB := Parse(pair[1])
		if errA != nil || errB != nil || a == b {
			t.Errorf("%s: %q is %q (%v), %q is %q (%v)", name, pair[0], a, errA, pair[1], b, errB)
		}
	}
}

func TestXD6_ConfusablesAreRefused(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"Kelvin sign":                       "\u212aalle@example.com",
		"long s":                            "\u017falo@example.com",
		"full width":                        "ａｉｎｏ@example.com",
		"ligature":                          "\ufb01rma@example.com",
		"dotted capital I":                  "a\u0130no@example.com",
		"dotless i":                         "a\u0131no@example.com",
		"Cyrillic a":                        "\u0430ino@example.com",
		"superscript":                       "aino\u00b2@example.com",
		"zero-width space":                  "ai\u200bno@example.com",
		"zero-width joiner":                 "aino@exam\u200dple.com",
		"zero-width non-joiner":             "aino@exam\u200cple.com",
		"joiner where Persian wants it":     "aino@نامه\u200cای.example",
		"soft hyphen":                       "aino@exam\u00adple.com",
		"word joiner":                       "aino@exam\u2060ple.com",
		"byte order mark":                   "\ufeffaino@example.com",
		"variation selector":                "aino@exam\ufe0fple.com",
		"grapheme joiner":                   "aino@exam\u034fple.com",
		"Hangul filler":                     "aino@exam\u3164ple.com",
		"right-to-left override":            "aino@\u202emoc.elpmaxe",
		"left-to-right isolate":             "aino@\u2066example.com",
		"tag character":                     "aino@example\U000e0061.com",
		"Latin and Cyrillic":                "aino@ex\u0430mple.com",
		"Latin and Greek":                   "aino@g\u03bf\u03bfgle.example",
		"Latin and Armenian":                "aino@\u0570ello.example",
		"Latin and Cherokee":                "aino@ex\u13aample.example",
		"Cyrillic and Greek":                "aino@\u0440\u03bf\u0440.example",
		"Greek and Armenian":                "aino@\u03b1\u0570.example",
		"mixed, second label":               "aino@example.c\u043em",
		"mixed, as an A-label":              "aino@xn--exmple-4nf.com",
		"mixed with a mark of its own":      "aino@exam\u0483ple.com",
		"A-label with a zero-width joiner":  "aino@xn--example-k06c.com",
		"A-label with a variation selector": "aino@xn--example-6573b.com",
	} {
		if got, err := Parse(in); err == nil {
			t.Errorf("%s: %q is read as %q", name, in, got)
		}
	}
}

// What comes out goes in again unchanged, whatever went in.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"aino@example.com", " Aino.Korhonen+x@EXAMPLE.com ", "aino@bücher.example", "aino@bu\u0308cher.example",
		"aino@xn--bcher-kva.example", "aino@straße.example", "aino@ｅｘａｍｐｌｅ。com", "info@例え.テスト", "aino@ex\u0430mple.com",
		"aino@[192.0.2.1]", "\u212aalle@example.com", "aino@xn--.com", "aino@xn--a-0hc.com", "aino@נסיון.example",
		"aino@\u1e9e.example", "aino@\u03c2.example", "aino@\u0130.example", "a@a.\u0e33a", "a@0.xn--0", "a@1.xn--4ca", "@", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		email, err := Parse(in)
		if err != nil {
			if email != "" {
				t.Errorf("%q: %q and an error: %v", in, email, err)
			}
			return
		}
		again, err := Parse(string(email))
		if err != nil || again != email {
			t.Errorf("%q became %q, which became %q (%v)", in, email, again, err)
		}
		if len(email) > maxAddress || strings.Count(string(email), "@") != 1 || strings.ContainsFunc(string(email), func(r rune) bool {
			return r <= ' ' || r >= 0x7f || r >= 'A' && r <= 'Z'
		}) {
			t.Errorf("%q became %q, which is not canonical", in, email)
		}
	})
}

package registry

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestXD19_Line(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "Oy": "Oy", "  Å  Ö\t": "Å Ö", "a\r\nb": "a b", "a\u2028b\u2029c\u0085d": "a b c d", "a\u00a0\u2003b": "a b",
		"a\x00\x1b[31mb": "a[31mb", "\ufeffa\u200b\u200d\u2060b": "ab", "\u202eyO\u202c": "yO", "\u2066a\u2069": "a", "a\u00adb": "ab",
		"a\ufe0f\U000e0100": "a", "\U000e0041\U000e007f": "", "\u3164\u115f": "", "a\ue000\U0010ffff": "a", "a\ufffd\xffb": "ab",
		"Tom & Jerry's \"A/B\" 100 % @Home (publ)": "Tom & Jerry's \"A/B\" 100 % @Home (publ)",
	} {
		if got, ok := line(in, 200); got != want || !ok {
			t.Errorf("line(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"a<b", "a>b", "<", strings.Repeat("ä", 201)} {
		if got, ok := line(in, 200); ok || got != "" {
			t.Errorf("line(%.20q) = %q, want none", in, got)
		}
	}
	if _, ok := line(strings.Repeat("ä", 200), 200); !ok {
		t.Error("200 characters are too many")
	}
}

func TestXD19_LineAlways(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringN(-1, -1, 400).Draw(t, "text")
		got, ok := line(s, 100)
		if !ok && got != "" || utf8.RuneCountInString(got) > 100 || !utf8.ValidString(got) || strings.TrimSpace(got) != got {
			t.Fatalf("%q, %v", got, ok)
		}
		if strings.ContainsAny(got, "<>") || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Fatalf("%q", got)
		}
		if again, ok := line(got, 100); !ok || again != got {
			t.Fatalf("%q becomes %q", got, again)
		}
	})
}

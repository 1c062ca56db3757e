package password

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fullmakt/fullmakt/internal/domain"
)

var _ domain.Hasher = (*Hasher)(nil)

func TestCommon(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"password", "12345678", "qwertyuiop", "PASSWORD", "trustno1", "friend of emily",
		"salasana", "Salasana123", "salasana2026!", "Lösenord1", "Lo\u0308senord1", "losenord!!", "Passord123", "hejsan123", "Hejsan2026",
		"kesä2026?", "Kesa2026!", "Sommar2026", "Sommer-2026", "Höst2026!", "Høst2026!", "Vår2026!", "Winter26!", "Syyskuu2026", "december24",
		"qwertyuiopå", "asdfghjklöä", "Käyttäjä1", "helsinki00100", "summer 2026",
		"password12345678",
	} {
		if !Common(password) {
			t.Errorf("%q is not known as common", password)
		}
	}
	for _, password := range []string{
		"", "korppi ja kettu", "Vxq7-trm2-Lk9w", "hevoskärry puimuri", "passwordpuimuri",
		"2026kesäkuunilta", "kesä2026?x", "salasana 493817265",
	} {
		if Common(password) {
			t.Errorf("%q is called common", password)
		}
	}
}

// Every line is found, also the first and the last, and nothing between them.
func TestListed(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]string{"international": international, "nordic": nordic, "one": "b\n", "none": ""} {
		for line := range strings.Lines(list) {
			line = strings.TrimSuffix(line, "\n")
			if !listed(list, line) {
				t.Errorf("%s: %q is not found", name, line)
			}
			if listed(list, line+"\x00") {
				t.Errorf("%s: %q with a zero behind it is found", name, line)
			}
		}
		for _, line := range []string{"", "\x00", "\U0010ffff"} {
			if listed(list, line) {
				t.Errorf("%s: %q is found", name, line)
			}
		}
	}
}

func TestListsAreAsTheSearchNeedsThem(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		list  string
		least int
	}{"international": {international, 10_000}, "nordic": {nordic, 100}} {
		lines := strings.SplitAfter(tc.list, "\n")
		if last := lines[len(lines)-1]; last != "" {
			t.Errorf("%s: %q, the last line, has no end", name, last)
		}
		lines = lines[:len(lines)-1]
		if len(lines) < tc.least {
			t.Errorf("%s: only %d lines", name, len(lines))
		}
		for i, line := range lines {
			word := strings.TrimSuffix(line, "\n")
			if word == "" || word != strings.ToLower(prepare(word)) || !utf8.ValidString(word) || utf8.RuneCountInString(word) > 128 {
				t.Errorf("%s: line %d, %q, is not a lower-case NFC entry", name, i+1, word)
			}
			if name == "nordic" && listed(international, word) {
				t.Errorf("nordic: %q is in the international list already", word)
			}
		}
		if !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
			t.Errorf("%s: not sorted, or an entry twice", name)
		}
	}
}

func BenchmarkCommon(b *testing.B) {
	for b.Loop() {
		Common("korppi ja kettu 2026")
	}
}

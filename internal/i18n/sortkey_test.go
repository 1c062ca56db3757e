package i18n

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func TestSortKeyOrdersNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		languages []domain.Language
		names     []string
	}{
		"the Nordic letters in Finnish, Swedish and English": {
			[]domain.Language{domain.Finnish, domain.Swedish, domain.English},
			[]string{"Aalto", "Ahonen", "Anttila", "Virtanen", "Wirén", "Yli-Mattila", "Zetterberg", "Åberg", "Ågren", "Åkesson", "Äijälä", "Älander", "Ærø", "Öberg", "Ødegård", "Öhman", "Östman"},
		},
		"the Nordic letters in Norwegian": {
			[]domain.Language{domain.Norwegian},
			[]string{"Abelsen", "Dahl", "Hansen", "Wang", "Zachariassen", "Äijälä", "Ærland", "Öberg", "Ødegård", "Ørstavik", "Øyen", "Åberg", "Aagaard", "Ålesund", "Åsen", "Aasen", "Åsheim"},
		},
		"aa is only Norwegian": {
			[]domain.Language{domain.Finnish, domain.Swedish, domain.English},
			[]string{"Aagaard", "Aaltonen", "Aasen", "Abelsen", "Åsen"},
		},
		"aa before an accent is two letters": {
			[]domain.Language{domain.Norwegian},
			[]string{"Ba", "Baå", "Bå", "Baa", "Baab"},
		},
		"ü is y": {
			domain.Languages,
			[]string{"Müller", "Mynttinen", "Mzila", "Mäkinen"},
		},
		"accents after the plain letter, and only between otherwise equal names": {
			domain.Languages,
			[]string{"Andre", "André", "Andrea", "Andrée", "Andreen", "Lind", "Lindén", "Lindfors"},
		},
		"letters with strokes, and two letters in one": {
			domain.Languages,
			[]string{"Dorđević", "Dorđevid", "Gudmundur", "Guðmundur", "Laska", "Łaska", "Laslo", "Strasse", "Straße", "Thor", "Þór", "Thorir"},
		},
		"small before capital, and only between otherwise equal names": {
			domain.Languages,
			[]string{"von Essen", "Von Essen", "VON ESSEN", "von Essén"},
		},
		"the shorter word first": {
			domain.Languages,
			[]string{"de la Cruz", "De Vries", "Dean", "Dekker", "Delacruz", "Devries"},
		},
		"nothing, digits, letters, other scripts": {
			[]domain.Language{domain.Finnish, domain.Swedish, domain.English},
			[]string{"", "112", "3M", "A1", "Åbo", "Öz", "Αθηνά", "Иванов", "Йорк", "محمد", "김"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, l := range test.languages {
				got := slices.Clone(test.names)
				slices.Reverse(got)
				slices.SortStableFunc(got, func(a, b string) int { return cmp.Compare(SortKey(l, a), SortKey(l, b)) })
				if diff := gocmp.Diff(test.names, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", l, diff)
				}
			}
		})
	}
}

func TestSortKeyPartsDecideInTurn(t *testing.T) {
	t.Parallel()
	want := [][2]string{
		{"A", "Bc"},
		{"Ab", "a"},
		{"Ab", "B"},
		{"Ab Cd", "A"},
		{"Abc", ""},
		{"Abc", "Åke"},
		{"Abd", "A"},
		{"Lind", "Ömer"},
		{"Linde", "Anna"},
		{"Lindé", "Bo"},
		{"Linde", "Carl"},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortStableFunc(got, func(a, b [2]string) int {
		return cmp.Compare(SortKey(domain.Swedish, a[:]...), SortKey(domain.Swedish, b[:]...))
	})
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSortKeyIgnoresSpelling(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"O'Brien", "O’Brien", "OBrien"},
		{"Anna-Maria", "Anna Maria", " Anna  Maria ", "Anna\u00a0Maria", "Anna – Maria"},
		{"Åström", norm.NFD.String("Åström")},
		{"St. Olav", "St Olav"},
		{"Bob", "B\u00adob", "B\u200bob", "B\x00ob", "Bob\u0007", "B\xffob", "\U0010ffffBob"},
	} {
		for _, l := range domain.Languages {
			for _, name := range same[1:] {
				if a, b := SortKey(l, same[0]), SortKey(l, name); a != b {
					t.Errorf("%s: %q gives %q, and %q gives %q", l, same[0], a, name, b)
				}
			}
		}
	}
}

// The keys are stored: a change of this list orders old names against new ones wrongly.
func TestSortKeyIsPinned(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		language      domain.Language
		family, given string
		want          string
	}{
		{domain.Finnish, "Mäkelä", "Anna-Liisa", "m|kel|,anna-liisa  1,100001"},
		{domain.Swedish, "von Essén", "Åsa", "von-essen,{sa 00000002 00001,1"},
		{domain.Norwegian, "Aasen", "Bjørn", "}sen,bj|rn z 1,1"},
		{domain.English, "Иванов", "", "~00@h~00@b~00@`~00@m~00@n~00@b,  1"},
	} {
		if got := SortKey(test.language, test.family, test.given); got != test.want {
			t.Errorf("%s: %s, %s: %q, want %q", test.language, test.family, test.given, got, test.want)
		}
	}
}

// name draws names of everything that a key must cope with.
func name() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-zÅÄÖåäöÆØæøÜüéèßÞđ' -]{0,12}`),
		rapid.StringMatching(`[Aa\x{30a}\x{308}\x{301}]{0,6}`),
		rapid.String(),
		rapid.StringN(200, 400, -1),
	)
}

func TestSortKeyIsBoundedASCII(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(domain.Languages).Draw(t, "language")
		key := SortKey(l, name().Draw(t, "family"), name().Draw(t, "given"))
		if len(key) > 500 {
			t.Fatalf("%d bytes", len(key))
		}
		if i := strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			t.Fatalf("%q at %d", key, i)
		}
	})
}

// What the family name decides, no given name and no case undoes.
func TestSortKeyFamilyBeforeGiven(t *testing.T) {
	t.Parallel()
	letters := func(key string) string { s, _, _ := strings.Cut(key, " "); return s }
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(domain.Languages).Draw(t, "language")
		short := rapid.StringMatching(`[A-Za-zÅÄÖåäöÆØæøÜüéèßÞđ' -]{0,12}`)
		a, b := short.Draw(t, "a"), short.Draw(t, "b")
		before := cmp.Compare(letters(SortKey(l, a)), letters(SortKey(l, b)))
		if before == 0 {
			return
		}
		given := [2]string{short.Draw(t, "a's given"), short.Draw(t, "b's given")}
		if got := cmp.Compare(SortKey(l, a, given[0]), SortKey(l, b, given[1])); got != before {
			t.Fatalf("%q and %q: %d alone, %d with %q", a, b, before, got, given)
		}
		if got := cmp.Compare(SortKey(l, strings.ToUpper(a), given[0]), SortKey(l, strings.ToLower(b), given[1])); got != before {
			t.Fatalf("%q and %q: %d as written, %d in other case", a, b, before, got)
		}
	})
}

// The store appends "#" and an id, so that no two keys are the same.
func TestSortKeyWithAnIDBehind(t *testing.T) {
	t.Parallel()
	names := []string{"", "a", "A", "á", "Á", "å", "ab", "aB", "Ab", "áb", "a b", "a-B", "a1", "1", "aa", "中"}
	for _, l := range domain.Languages {
		var keys []string
		for _, family := range names {
			for _, given := range names {
				keys = append(keys, SortKey(l, family, given))
			}
		}
		for _, a := range keys {
			for _, b := range keys {
				if got := cmp.Compare(a+"#2", b+"#1"); a != b && got != cmp.Compare(a, b) {
					t.Errorf("%s: %q and %q: %d with ids", l, a, b, got)
				}
			}
		}
	}
}

// Cutting a long key keeps the order, equal at worst.
func TestSortKeyCutKeepsOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(domain.Languages).Draw(t, "language")
		head := strings.Repeat("x", rapid.IntRange(480, 505).Draw(t, "length"))
		tail := rapid.StringMatching(`[a-zåäö中あЖ]{0,6}`)
		a, b := tail.Draw(t, "a"), tail.Draw(t, "b")
		want := cmp.Compare(SortKey(l, a), SortKey(l, b))
		if got := cmp.Compare(SortKey(l, head+a), SortKey(l, head+b)); got != want && got != 0 {
			t.Fatalf("%q and %q: %d alone, %d behind %d letters", a, b, want, got, len(head))
		}
	})
}

// The Unicode collation for Swedish is an order made by others. Both must agree
// on every pair of names, down to case. Each letter has one accent here: which
// of é and è comes first is no promise.
func TestSortKeyAgreesWithUnicode(t *testing.T) {
	t.Parallel()
	oracle := collate.New(language.Swedish)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.StringMatching(`[a-eo-zA-CÅåäöÖæøéáñüÜ]{1,3}( [a-eo-zA-CÅåäöÖæøéáñüÜ]{1,3})?`)
		a, b := names.Draw(t, "a"), names.Draw(t, "b")
		if want, got := oracle.CompareString(a, b), cmp.Compare(SortKey(domain.Swedish, a), SortKey(domain.Swedish, b)); got != want {
			t.Fatalf("%q and %q: %d, Unicode says %d", a, b, got, want)
		}
	})
}

// Every accented Latin letter of the common blocks sorts with its base letter.
func TestSortKeyFoldsEveryAccent(t *testing.T) {
	t.Parallel()
	own := "åäöüőű"
	for r := rune(0xc0); r <= 0x1eff; r++ {
		if r == 0x250 {
			r = 0x1e00
		}
		d := norm.NFD.String(string(r))
		if len(d) == len(string(r)) && d == string(r) || d[0] >= 0x80 || strings.ContainsAny(own, norm.NFC.String(strings.ToLower(string([]rune(d)[:2])))) {
			continue
		}
		for _, l := range domain.Languages {
			letter, rest, _ := strings.Cut(SortKey(l, string(r)), " ")
			if letter != strings.ToLower(d[:1]) || rest == "" {
				t.Errorf("%s: %c sorts as %q %q", l, r, letter, rest)
			}
		}
	}
}

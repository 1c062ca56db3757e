package i18n

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// sortKeyMax is the length of the longest key in bytes.
const sortKeyMax = 500

// What keys are made of, in the order of their bytes: space, comma, hyphen,
// digits, letters, "{" "|" "}" for the letters behind z, "~". Keys are ASCII,
// so cutting one at sortKeyMax splits no character and keeps the order.
const (
	endOfLevel = " "
	endOfPart  = ","
	wordBreak  = "-"
	firstLast  = "{" // the first of the three letters behind z
	secondLast = "|"
	thirdLast  = "}"
	foreign    = "~" // before four digits for a character of another script
)

// element is one thing that is ordered: usually a letter.
type element struct {
	base   string // its place in the alphabet
	accent byte   // what tells it from others at that place
	upper  bool
}

const (
	plain   = '0' // the letter that the place belongs to
	variant = 'z' // another letter at that place
)

// SortKey turns the parts of a name (the family name first, say) into a key
// whose byte order is the order of names in the language. Names are told apart
// by letters first, then by accents, then by case (small before capital):
//
//   - Digits come before letters, a–z before the Nordic letters, other scripts last.
//   - Finnish, Swedish and English: z å ä ö, with æ like ä, ø and ő like ö.
//   - Norwegian: z æ ø å, with ä like æ, ö and ő like ø, aa like å.
//   - ü and ű sort like y, as in Nordic telephone books; ð and đ like d, þ like
//     th, ß like ss, œ like oe, ł like l. Every other accent is folded into its
//     letter, also in other scripts: é like e.
//   - Spaces and hyphens part words, and a word that ends comes first: de la
//     Cruz, Dean. Other punctuation and symbols do not count: O'Brien, Obrien.
//   - A part decides before the next one is looked at: ("A", "Bc"), ("Ab", "a").
//
// Names that differ in nothing but punctuation and spacing share a key, and so
// do names whose difference lies behind what a key can hold. The key has at most
// 500 bytes, all of them ASCII from space to "~". It can be followed by "#" and
// an id without changing the order. Keys of different languages, or of different
// numbers of parts, do not compare.
//
// The alphabets are our own since the ready-made ones order Norwegian names
// wrongly, and since keys are stored: they must not change with a library. What
// we take from one, the decomposition of accented letters, Unicode never changes.
func SortKey(language domain.Language, parts ...string) string {
	letters := swedishLetters
	if language == domain.Norwegian {
		letters = norwegianLetters
	}
	var bases, accents, cases []string
	for _, part := range parts {
		var base, accent, upper strings.Builder
		for _, e := range elements(part, letters) {
			base.WriteString(e.base)
			accent.WriteByte(e.accent)
			if e.upper {
				upper.WriteByte('1')
			} else {
				upper.WriteByte('0')
			}
		}
		bases = append(bases, base.String())
		// Nothing is the least of accents and of cases: most keys end early.
		accents = append(accents, strings.TrimRight(accent.String(), "0"))
		cases = append(cases, strings.TrimRight(upper.String(), "0"))
	}
	key := strings.Join(bases, endOfPart) +
		endOfLevel + strings.TrimRight(strings.Join(accents, endOfPart), endOfPart) +
		endOfLevel + strings.TrimRight(strings.Join(cases, endOfPart), endOfPart)
	return key[:min(len(key), sortKeyMax)]
}

// Letters with a place of their own, by their decomposed form in small letters.
// A base of two places is two letters.
type alphabet map[string]element

const (
	ring      = "\u030a"
	diaeresis = "\u0308"
	doubled   = "\u030b" // Hungarian double acute: a long ö or ü
)

var swedishLetters = alphabet{
	"a" + ring:      {base: firstLast, accent: plain},
	"a" + diaeresis: {base: secondLast, accent: plain},
	"æ":             {base: secondLast, accent: variant},
	"o" + diaeresis: {base: thirdLast, accent: plain},
	"ø":             {base: thirdLast, accent: variant},
	"o" + doubled:   {base: thirdLast, accent: variant},
}

var norwegianLetters = alphabet{
	"æ":             {base: firstLast, accent: plain},
	"a" + diaeresis: {base: firstLast, accent: variant},
	"ø":             {base: secondLast, accent: plain},
	"o" + diaeresis: {base: secondLast, accent: variant},
	"o" + doubled:   {base: secondLast, accent: variant},
	"a" + ring:      {base: thirdLast, accent: plain},
	"aa":            {base: thirdLast, accent: variant},
}

// commonLetters have the same place in every language.
var commonLetters = alphabet{
	"u" + diaeresis: {base: "y", accent: variant},
	"u" + doubled:   {base: "y", accent: variant},
	"ð":             {base: "d", accent: variant},
	"đ":             {base: "d", accent: variant},
	"þ":             {base: "th", accent: variant},
	"ß":             {base: "ss", accent: variant},
	"œ":             {base: "oe", accent: variant},
	"ł":             {base: "l", accent: variant},
	"ħ":             {base: "h", accent: variant},
	"ı":             {base: "i", accent: variant},
	"ŋ":             {base: "n", accent: variant},
	"ŧ":             {base: "t", accent: variant},
	"ǥ":             {base: "g", accent: variant},
	"ʒ":             {base: "z", accent: variant},
}

// elements takes a part of a name apart.
func elements(part string, letters alphabet) (found []element) {
	runes := []rune(norm.NFD.String(part))
	pending := false // a word break, unless the part ends first
	add := func(e element) {
		if pending && len(found) > 0 {
			found = append(found, element{base: wordBreak, accent: plain})
		}
		pending = false
		found = append(found, e)
	}
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if accent(r) {
			// Of several accents the last one tells; before any letter none does.
			if n := len(found); n > 0 && !pending {
				found[n-1].accent = accentWeight(r)
			}
			continue
		}
		small := unicode.ToLower(r)
		if two, ok := pair(runes[i:]); ok {
			if e, ok := find(letters, two); ok {
				e.upper = small != r
				add(e)
				i++
				continue
			}
		}
		switch e, ok := find(letters, string(small)); {
		case ok:
			e.upper = small != r
			add(e)
		case small >= 'a' && small <= 'z', small >= '0' && small <= '9':
			add(element{base: string(small), accent: plain, upper: small != r})
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r):
			pending = true
		case unicode.IsPunct(r), unicode.IsSymbol(r), !unicode.IsGraphic(r):
		default:
			add(element{base: foreign + digits(small), accent: plain, upper: small != r})
		}
	}
	return found
}

// pair is the first two of the runes in small letters, a letter with its accent
// or two bare letters: in "aå" there is no "aa".
func pair(runes []rune) (string, bool) {
	if len(runes) < 2 || len(runes) > 2 && !accent(runes[1]) && accent(runes[2]) {
		return "", false
	}
	return string(unicode.ToLower(runes[0])) + string(unicode.ToLower(runes[1])), true
}

func find(letters alphabet, s string) (element, bool) {
	if e, ok := letters[s]; ok {
		return e, true
	}
	e, ok := commonLetters[s]
	return e, ok
}

// accent tells whether r is a mark of the kind that letters of Latin, Greek
// and Cyrillic carry. Marks of other scripts are vowels, and count as letters.
func accent(r rune) bool { return r >= 0x300 && r <= 0x36f }

// accentWeight lies between plain and variant; those that no European language
// uses share one.
func accentWeight(r rune) byte { return byte(plain + 1 + min(r-0x300, variant-plain-2)) } //nolint:gosec // G115: below variant, which is a byte

// digits writes a character in four digits of 64 that order as the characters do.
func digits(r rune) string {
	return string([]rune{'0' + r>>18&63, '0' + r>>12&63, '0' + r>>6&63, '0' + r&63})
}

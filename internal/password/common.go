package password

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The lists are searched where the linker has put them: nothing is unpacked
// when a process starts. Their lines are in lower case and in byte order; where
// they come from is in NOTICE.md.
var (
	//go:embed international.txt
	international string
	//go:embed nordic.txt
	nordic string
)

// longestTail is how much after a common word still makes a common password:
// a year, a date, 123 and a mark. What is longer is a secret of its own.
const longestTail = 8

// Common tells whether a password is among those that guessers try first: on
// a list, or a word of a list with some digits and signs behind it, as
// Salasana2026! is. Case does not matter.
func Common(password string) bool {
	word := strings.ToLower(prepare(password))
	stem := strings.TrimRightFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
	if utf8.RuneCountInString(word[len(stem):]) > longestTail {
		stem = word
	}
	for _, list := range []string{international, nordic} {
		if listed(list, word) || listed(list, stem) {
			return true
		}
	}
	return false
}

// Common is the function Common, where a domain.Hasher is wanted.
func (h *Hasher) Common(password string) bool { return Common(password) }

// listed looks a line up by halving the list.
func listed(list, line string) bool {
	for list != "" {
		start := strings.LastIndexByte(list[:len(list)/2], '\n') + 1
		end := start + strings.IndexByte(list[start:], '\n')
		switch strings.Compare(line, list[start:end]) {
		case -1:
			list = list[:start]
		case +1:
			list = list[end+1:]
		default:
			return true
		}
	}
	return false
}

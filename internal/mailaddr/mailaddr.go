// Package mailaddr makes the one canonical form of an e-mail address from what
// people type.
package mailaddr

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// The bounds of RFC 5321, in bytes of the canonical form, and one on what is
// read at all: no domain in any script needs more.
const (
	maxLocal   = 64
	maxAddress = 254
	maxInput   = 1024
)

// Parse returns the canonical form of an address: the local part in lower-case
// ASCII, the domain in lower-case A-labels. Its errors say in a few words what
// is wrong and repeat nothing of the input.
//
// A bare address is wanted, with spaces around it at most. The local part is
// an ASCII dot-atom, for SES delivers to no other; with that, look-alikes that
// lower-casing or NFKC would fold into ASCII (the Kelvin sign, the long s, full
// width) are refused rather than taken for somebody else's address.
func Parse(s string) (domain.Email, error) {
	if len(s) > maxInput {
		return "", errors.New("longer than an address can be")
	}
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.Is(unicode.Zs, r) })
	if strings.ContainsFunc(s, invisible) {
		return "", errors.New("contains a space or an invisible character")
	}
	if strings.Count(s, "@") != 1 {
		return "", errors.New("an address has exactly one @")
	}
	local, host, _ := strings.Cut(s, "@")
	if err := checkLocal(local); err != nil {
		return "", err
	}
	host, err := canonicalHost(host)
	if err != nil {
		return "", err
	}
	email := strings.ToLower(local) + "@" + host
	if len(email) > maxAddress {
		return "", errors.New("longer than 254 characters")
	}
	return domain.Email(email), nil
}

// invisible characters make two addresses that look the same. IDNA drops some
// of them silently, so they are refused before it sees them.
func invisible(r rune) bool {
	return !unicode.IsGraphic(r) || unicode.IsSpace(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// checkLocal accepts a dot-atom (RFC 5322): words of atext with single dots between.
func checkLocal(local string) error {
	if len(local) > maxLocal {
		return errors.New("more than 64 characters before the @")
	}
	for word := range strings.SplitSeq(local, ".") {
		if word == "" {
			return errors.New("nothing before the @, or a dot too many there")
		}
		for i := range len(word) {
			if !atext(word[i]) {
				return errors.New("a character before the @ that we cannot send mail to")
			}
		}
	}
	return nil
}

func atext(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// names is UTS 46 for look-ups with every check that it has.
var names = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

func canonicalHost(host string) (string, error) {
	ascii, err := names.ToASCII(host)
	if err != nil || strings.HasSuffix(ascii, ".") {
		return "", errors.New("the domain behind the @ is not valid")
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 0 {
		return "", errors.New("the domain behind the @ has no dot")
	}
	// Every top-level domain starts with a letter; the last part of an IP
	// address, however it is written, does not.
	if top := ascii[dot+1:]; len(top) < 2 || top[0] < 'a' || top[0] > 'z' {
		return "", errors.New("the domain behind the @ does not end in a top-level domain")
	}
	shown, err := names.ToUnicode(ascii)
	if err != nil {
		return "", errors.New("the domain behind the @ is not valid")
	}
	for label := range strings.SplitSeq(shown, ".") {
		if mixed(label) {
			return "", errors.New("the domain behind the @ mixes scripts")
		}
	}
	return ascii, nil
}

// lookalikes are the scripts whose letters are mistaken for each other's. A label
// with a letter of one of them has no letter of any other script.
var lookalikes = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic}

func mixed(label string) bool {
	for _, script := range lookalikes {
		in := func(r rune) bool { return unicode.Is(script, r) }
		out := func(r rune) bool { return !unicode.In(r, script, unicode.Common, unicode.Inherited) }
		if strings.ContainsFunc(label, in) && strings.ContainsFunc(label, out) {
			return true
		}
	}
	return false
}

package domain

import (
	"strings"
	"unicode/utf8"
)

// The length of passwords, in characters.
const (
	PasswordMin = 8
	PasswordMax = 128
)

// Hasher hashes and compares passwords, at the same cost whatever the outcome.
type Hasher interface {
	// Hash makes the PHC string that is stored.
	Hash(password string) (string, error)
	// Verify compares. Against an empty stored hash it does the same work and is false.
	Verify(stored, password string) bool
	// Common tells whether the password is on the list of common ones.
	Common(password string) bool
}

// CheckPassword reports what is wrong with a new password at pointer. There
// are no rules of composition (NIST SP 800-63B): it must be long enough, not
// a common one, and hold more than the person's own words.
func CheckPassword(h Hasher, password, pointer string, words []string, faults *Faults) {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		faults.Add(pointer, "password-invalid", "The password is not valid text.")
	case n < PasswordMin:
		faults.Add(pointer, "password-too-short", "The password must have at least 8 characters.")
	case n > PasswordMax:
		faults.Add(pointer, "password-too-long", "The password can have at most 128 characters.")
	case h.Common(password):
		faults.Add(pointer, "password-common", "This is one of the passwords that are tried first.")
	case ownWords(password, words):
		faults.Add(pointer, "password-own-words", "The password is too close to a name or the e-mail address.")
	}
}

// ownWords tells whether little is left of the password without a word of the
// person's: fewer characters than a password must have.
func ownWords(password string, words []string) bool {
	lower := strings.ToLower(password)
	for _, phrase := range words {
		for _, w := range strings.FieldsFunc(strings.ToLower(phrase), func(r rune) bool { return strings.ContainsRune(" .-_@+'", r) }) {
			if utf8.RuneCountInString(w) >= 3 && strings.Contains(lower, w) &&
				utf8.RuneCountInString(strings.ReplaceAll(lower, w, "")) < PasswordMin {
				return true
			}
		}
	}
	return false
}

// words of a person, as ownWords wants them.
func (p *Person) words(organization string) []string {
	return []string{p.GivenName, p.FamilyName, string(p.Email), organization}
}

// setPassword checks and sets a new password, which ends everything that the
// old one let in.
func (p *Person) setPassword(h Hasher, c *Change, password, pointer, organization string) error {
	var faults Faults
	CheckPassword(h, password, pointer, p.words(organization), &faults)
	if err := faults.Err(); err != nil {
		return err
	}
	stored, err := h.Hash(password)
	if err != nil {
		return ErrInternal.Because(err)
	}
	p.PasswordHash = stored
	p.Security++
	p.UpdatedAt = c.At
	return nil
}

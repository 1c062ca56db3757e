package domain

import (
	"strings"
)

// Email is an address in its one canonical form: the local part in lower-case
// ASCII, the domain in lower-case A-labels. Two spellings of an address are
// the same person exactly when their canonical forms are equal; +tags and dots
// count as written. Package mailaddr makes it from what people type.
type Email string

// Masked shows enough of an address to recognise one's own, and no more.
func (e Email) Masked() string {
	local, host, ok := strings.Cut(string(e), "@")
	if !ok {
		return ""
	}
	show := local[:1]
	if len(local) > 3 {
		show = local[:2]
	}
	return show + "***@" + host
}

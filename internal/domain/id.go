package domain

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// Ids carry their type and are never reused: a prefix, an underscore and a UUID
// in 26 characters of Crockford's base 32, as the TypeID specification has it.
// They are UUIDv7, which sort by the time they were made at, except those of
// persons: an organization that invites an address must not read from the id
// that the person has been here for years.
type (
	OrganizationID string // org_…
	PersonID       string // usr_…
	SessionID      string // ses_…
	LinkID         string // lnk_…
	MailID         string // mai_…
	AuditID        string // aud_…
	AssignmentID   string // asg_…
	ResourceID     string // res_…
	MandateID      string // man_…
	ServiceID      string // svc_…
	// SubscriptionID is the operator's own name of a subscription.
	SubscriptionID string
)

// OperatorID is the operator's own organization. There is one per deployment,
// so its id needs no looking up.
const OperatorID OrganizationID = "org_00000000000000000000000000"

func NewOrganizationID(at time.Time) OrganizationID { return OrganizationID(newID("org", at)) }
func NewSessionID(at time.Time) SessionID           { return SessionID(newID("ses", at)) }
func NewLinkID(at time.Time) LinkID                 { return LinkID(newID("lnk", at)) }
func NewMailID(at time.Time) MailID                 { return MailID(newID("mai", at)) }
func NewAuditID(at time.Time) AuditID               { return AuditID(newID("aud", at)) }

func NewAssignmentID(at time.Time) AssignmentID { return AssignmentID(newID("asg", at)) }
func NewResourceID(at time.Time) ResourceID     { return ResourceID(newID("res", at)) }
func NewMandateID(at time.Time) MandateID       { return MandateID(newID("man", at)) }
func NewServiceID(at time.Time) ServiceID       { return ServiceID(newID("svc", at)) }

func (id OrganizationID) Valid() bool { return validID("org", string(id)) }
func (id PersonID) Valid() bool       { return validID("usr", string(id)) }
func (id SessionID) Valid() bool      { return validID("ses", string(id)) }
func (id MailID) Valid() bool         { return validID("mai", string(id)) }
func (id AuditID) Valid() bool        { return validID("aud", string(id)) }
func (id AssignmentID) Valid() bool   { return validID("asg", string(id)) }
func (id ResourceID) Valid() bool     { return validID("res", string(id)) }
func (id MandateID) Valid() bool      { return validID("man", string(id)) }
func (id ServiceID) Valid() bool      { return validID("svc", string(id)) }

const (
	crockford  = "0123456789abcdefghjkmnpqrstvwxyz"
	suffixSize = 26
)

// NewPersonID makes a UUIDv4 (RFC 9562, section 5.4).
func NewPersonID() PersonID {
	var u [16]byte
	rand.Read(u[:])
	return PersonID(typeID("usr", u, 4))
}

// newID makes a UUIDv7 of our clock's time, with the fraction of the
// millisecond in the 12 bits behind it (RFC 9562, sections 5.7 and 6.2, method 3).
func newID(prefix string, at time.Time) string {
	var random [8]byte
	rand.Read(random[:])
	return timeID(prefix, at, random)
}

func timeID(prefix string, at time.Time, random [8]byte) string {
	var u [16]byte
	copy(u[8:], random[:])
	ms := at.UnixMilli()
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i)) //nolint:gosec // G115: byte by byte
	}
	fraction := at.Nanosecond() % 1e6 * 4096 / 1e6
	u[6], u[7] = byte(fraction>>8), byte(fraction) //nolint:gosec // G115: byte by byte
	return typeID(prefix, u, 7)
}

// leastAuditID comes before the ids of all entries of that millisecond and later.
func leastAuditID(at time.Time) AuditID {
	return AuditID(timeID("aud", at.Truncate(time.Millisecond), [8]byte{}))
}

// at is the millisecond that the id was made in; of what is no id, none.
func (id AuditID) at() time.Time {
	if !id.Valid() {
		return time.Time{}
	}
	const bits = 50 // that hold the milliseconds, behind two of nothing
	var ms int64
	for _, c := range suffix(id)[:bits/5] {
		ms = ms<<5 | int64(strings.IndexRune(crockford, c))
	}
	return time.UnixMilli(ms).UTC()
}

func typeID(prefix string, u [16]byte, version byte) string {
	u[6] = u[6]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80

	// 128 bits behind two zero bits are 26 groups of five, the last group first.
	var out [suffixSize]byte
	hi, lo := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	for i := suffixSize - 1; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return prefix + "_" + string(out[:])
}

func validID(prefix, id string) bool {
	suffix, ok := strings.CutPrefix(id, prefix+"_")
	return ok && validSuffix(suffix)
}

func validSuffix(s string) bool {
	if len(s) != suffixSize || s[0] > '7' {
		return false
	}
	for i := range len(s) {
		if !strings.Contains(crockford, s[i:i+1]) {
			return false
		}
	}
	return true
}

func suffix[T ~string](id T) string { return string(id[len(id)-suffixSize:]) }

// Secret is what a token proves: 256 random bits, or a MAC of that size.
type Secret [32]byte

// NewSecret draws a secret.
func NewSecret() (s Secret) {
	rand.Read(s[:])
	return s
}

func (s Secret) text() string { return base64.RawURLEncoding.EncodeToString(s[:]) }

// secretSize is the length of a secret's text.
const secretSize = 43

// hash is what is stored of a token. The tokens hold 256 random bits, so
// a plain hash is enough: there is nothing to guess.
func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

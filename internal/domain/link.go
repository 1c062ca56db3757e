package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
)

// Purpose is what a one-time link is for.
type Purpose string

const (
	ForActivation    Purpose = "activation"
	ForPasswordReset Purpose = "password-reset"
	ForEmailChange   Purpose = "email-change" // goes to the new address
	ForEmailUndo     Purpose = "email-undo"   // goes to the one before
)

// How long links live.
const (
	ActivationLife    = 7 * 24 * time.Hour
	PasswordResetLife = time.Hour
	EmailChangeLife   = 24 * time.Hour
	EmailUndoLife     = 7 * 24 * time.Hour
)

// Link is the one current one-time link of a person for a purpose (and, for an
// activation, an organization): a newer one takes its place, which kills it.
type Link struct {
	LinkRef
	Version   int64
	ID        LinkID
	Hash      string // of the token; empty until the mail with it is about to leave
	Email     Email  // the address it goes to
	Security  int64  // the person's, when it was made
	CreatedAt time.Time
	ExpiresAt time.Time
}

// LinkRef says where a link is kept.
type LinkRef struct {
	Person       PersonID
	Purpose      Purpose
	Organization OrganizationID
}

// LinkToken is the secret that a mail carries, taken apart.
type LinkToken struct {
	LinkRef
	text string
}

const linkPrefix = "fml_"

// ParseLinkToken takes a token for a purpose apart; ok is false for what cannot be one.
func ParseLinkToken(text string, purpose Purpose) (t LinkToken, ok bool) {
	rest, ok := strings.CutPrefix(text, linkPrefix)
	if !ok || len(rest) != 2*suffixSize+secretSize {
		return t, false
	}
	person, org := rest[:suffixSize], rest[suffixSize:2*suffixSize]
	if !validSuffix(person) || !validSuffix(org) {
		return t, false
	}
	ref := LinkRef{Person: PersonID("usr_" + person), Purpose: purpose, Organization: OrganizationID("org_" + org)}
	return LinkToken{LinkRef: ref, text: text}, true
}

func (t LinkToken) String() string { return t.text }

// Minter computes the MAC behind a link's token with a key that the table does
// not hold. Nobody who only reads the table can make a token, and a mail that
// has to be sent a second time carries the same one.
type Minter func(message []byte) (Secret, error)

// Mint makes the link's token. It is the same every time.
func (l *Link) Mint(mint Minter) (LinkToken, error) {
	s, err := mint([]byte(strings.Join([]string{"link", string(l.Purpose), string(l.Person), string(l.Organization), string(l.ID)}, "\x00")))
	if err != nil {
		return LinkToken{}, err
	}
	text := linkPrefix + suffix(l.Person) + suffix(l.Organization) + s.text()
	return LinkToken{LinkRef: l.LinkRef, text: text}, nil
}

// HMACMinter mints with a key in memory: on a laptop, and in tests.
func HMACMinter(key []byte) Minter {
	return func(message []byte) (s Secret, err error) {
		mac := hmac.New(sha256.New, key)
		mac.Write(message)
		copy(s[:], mac.Sum(nil))
		return s, nil
	}
}

// counts tells whether the link is still for this person as they are now. A
// password or an address that was set since ends a password reset and a change of
// the address. An invitation stays, since whoever has a password by then has to
// type it. So does the way back to an address, whatever somebody who stole the
// account has set since.
func (l *Link) counts(p *Person) bool {
	switch l.Purpose {
	case ForEmailUndo:
		return l.Email != p.Email || l.Security == p.Security
	case ForEmailChange:
		return l.Security == p.Security
	case ForPasswordReset:
		return l.Email == p.Email && l.Security == p.Security
	}
	return l.Email == p.Email
}

// Live tells whether token opens the link at this moment for its person.
// A nil link or person opens nothing.
func (l *Link) Live(t LinkToken, p *Person, now time.Time) bool {
	return l != nil && p != nil && l.Hash != "" && l.counts(p) && now.Before(l.ExpiresAt) &&
		subtle.ConstantTimeCompare([]byte(l.Hash), []byte(hash(t.text))) == 1
}

// Seal notes the token that is about to leave.
func (l *Link) Seal(t LinkToken) { l.Hash = hash(t.text) }

// issue puts a new link in the place of an older one, and its mail.
func (c *Change) issue(old *Link, ref LinkRef, p *Person, kind MailKind, life time.Duration) {
	c.mail(c.replace(old, ref, p, p.Email, life), kind)
}

// replace puts a new link to an address in the place of an older one. It opens
// nothing before a mail with it leaves.
func (c *Change) replace(old *Link, ref LinkRef, p *Person, to Email, life time.Duration) *Link {
	l := &Link{
		LinkRef: ref, ID: NewLinkID(c.At), Email: to, Security: p.Security,
		CreatedAt: c.At, ExpiresAt: c.At.Add(life),
	}
	if old != nil {
		l.Version = old.Version
	}
	c.Put(l)
	return l
}

func (c *Change) mail(l *Link, kind MailKind) {
	c.Send(&Mail{Kind: kind, Person: l.Person, Organization: l.Organization, Link: l.ID})
}

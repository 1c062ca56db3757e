package domain

import (
	"crypto/subtle"
	"slices"
	"strings"
	"time"
)

// How long sessions live, and how often their use is written down: once a
// minute, so an idle session ends after 29 to 30 minutes, never later.
const (
	SessionIdle     = 30 * time.Minute
	SessionAbsolute = 12 * time.Hour
	SessionTouch    = time.Minute
)

// Session is a signed-in person on one device.
type Session struct {
	Version   int64
	ID        SessionID
	Person    PersonID
	Hash      string // of the token
	Security  int64  // the person's, when it was made; a lower one is over
	UserAgent string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time // absolute
}

// SessionToken is the opaque bearer token, taken apart. Besides the secret it
// holds the keys of everything that says whether it counts, so that all of it
// comes in one batch read.
type SessionToken struct {
	Person PersonID
	ID     SessionID
	Home   OrganizationID
	text   string
}

const sessionPrefix = "fms_"

func newSessionToken(p *Person, id SessionID, s Secret) SessionToken {
	home := p.Home
	if slices.Contains(p.Organizations, OperatorID) {
		home = OperatorID // whoever operates does so wherever they come from
	}
	text := sessionPrefix + suffix(p.ID) + suffix(id) + suffix(home) + s.text()
	return SessionToken{Person: p.ID, ID: id, Home: home, text: text}
}

// ParseSessionToken takes a token apart; ok is false for what cannot be one.
func ParseSessionToken(text string) (t SessionToken, ok bool) {
	rest, ok := strings.CutPrefix(text, sessionPrefix)
	if !ok || len(rest) != 3*suffixSize+secretSize {
		return t, false
	}
	person, id, home := rest[:suffixSize], rest[suffixSize:2*suffixSize], rest[2*suffixSize:3*suffixSize]
	if !validSuffix(person) || !validSuffix(id) || !validSuffix(home) {
		return t, false
	}
	return SessionToken{
		Person: PersonID("usr_" + person), ID: SessionID("ses_" + id), Home: OrganizationID("org_" + home), text: text,
	}, true
}

func (t SessionToken) String() string { return t.text }

// Live tells whether the session counts at this moment for its person.
func (s *Session) Live(p *Person, now time.Time) bool {
	return p != nil && s.Person == p.ID && s.Security == p.Security &&
		now.Before(s.ExpiresAt) && now.Before(s.SeenAt.Add(SessionIdle))
}

// Proves tells whether the token is the session's.
func (s *Session) Proves(t SessionToken) bool {
	return subtle.ConstantTimeCompare([]byte(s.Hash), []byte(hash(t.text))) == 1
}

// Open starts a session for the person, who has just proven a password.
func (c *Change) Open(p *Person, userAgent string) (*Session, SessionToken) {
	id := NewSessionID(c.At)
	token := newSessionToken(p, id, NewSecret())
	s := &Session{
		ID: id, Person: p.ID, Hash: hash(token.text), Security: p.Security, UserAgent: userAgent,
		CreatedAt: c.At, SeenAt: c.At, ExpiresAt: c.At.Add(SessionAbsolute),
	}
	c.Put(s)
	return s, token
}

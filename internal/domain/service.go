package domain

import (
	"crypto/subtle"
	"slices"
	"strings"
	"time"
)

// ServiceClient is another module of the portal, which asks what people may do.
// It never changes anything.
type ServiceClient struct {
	Version   int64
	ID        ServiceID
	Name      string
	Scopes    []ServiceScope
	Rights    []RightKey // that it may ask about; empty: all
	Hash      string     // of the token
	CreatedAt time.Time
	RevokedAt time.Time
}

// ServiceScope is something that a service client may do.
type ServiceScope string

const (
	MayEvaluate ServiceScope = "evaluate" // ask whether somebody may do something
	MaySearch   ServiceScope = "search"   // ask who may do something, and what somebody may do
)

// ServiceScopes are all of them.
var ServiceScopes = []ServiceScope{MayEvaluate, MaySearch}

// ServiceToken is a service client's credential, taken apart.
type ServiceToken struct {
	ID   ServiceID
	text string
}

const servicePrefix = "fmc_"

// ParseServiceToken takes a credential apart; ok is false for what cannot be one.
func ParseServiceToken(text string) (t ServiceToken, ok bool) {
	rest, ok := strings.CutPrefix(text, servicePrefix)
	if !ok || len(rest) != suffixSize+secretSize || !validSuffix(rest[:suffixSize]) {
		return t, false
	}
	return ServiceToken{ID: ServiceID("svc_" + rest[:suffixSize]), text: text}, true
}

func (t ServiceToken) String() string { return t.text }

// AuthenticateService says whether the credential opens the service client and
// the client may do what the scope says.
func AuthenticateService(s *Scene, t ServiceToken, scope ServiceScope, c *Change) error {
	svc := s.Service
	if svc == nil || !svc.RevokedAt.IsZero() || subtle.ConstantTimeCompare([]byte(svc.Hash), []byte(hash(t.text))) != 1 {
		return ErrUnauthenticated
	}
	if !slices.Contains(svc.Scopes, scope) {
		return ErrForbidden
	}
	c.Actor = Actor{Type: ByService, ID: string(svc.ID)}
	return nil
}

// MayAsk tells whether the service client may ask about a right.
func (s *ServiceClient) MayAsk(right RightKey) bool {
	return len(s.Rights) == 0 || slices.Contains(s.Rights, right)
}

// NewService is a service client to be.
type NewService struct {
	Name   string
	Scopes []ServiceScope
	Rights []RightKey
}

// CreateService makes a service client and its credential, which is kept nowhere.
func CreateService(c *Change, in NewService) (*ServiceClient, ServiceToken) {
	id := NewServiceID(c.At)
	token := ServiceToken{ID: id, text: servicePrefix + suffix(id) + NewSecret().text()}
	s := &ServiceClient{ID: id, Name: in.Name, Scopes: in.Scopes, Rights: in.Rights, Hash: hash(token.text), CreatedAt: c.At}
	c.Put(s)
	c.Record(OperatorID, ServiceCreated, aboutService(id),
		FieldChange{Field: "name", After: s.Name}, FieldChange{Field: "scopes", After: words(s.Scopes)}, FieldChange{Field: "rights", After: words(s.Rights)})
	return s, token
}

// RevokeService ends a service client at once.
func RevokeService(c *Change, s *Scene) error {
	if s.Service == nil || !s.Service.RevokedAt.IsZero() {
		return ErrNotFound
	}
	over := *s.Service
	over.RevokedAt = c.At
	c.Put(&over)
	c.Record(OperatorID, ServiceRevoked, aboutService(over.ID))
	return nil
}

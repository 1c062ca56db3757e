package domain

import (
	"context"
	"errors"
	"slices"
)

// Credentials are what somebody signs in with.
type Credentials struct {
	Email     Email
	Password  string
	Source    string // address of the caller, as the gateway saw it
	UserAgent string
}

// SignedIn is a new session.
type SignedIn struct {
	Token   SessionToken
	Session *Session
	Person  *Person
	Places  []Place // all memberships
}

// SignIn opens a session. Whoever may not sign in gets ErrSignIn, whatever the
// reason, after the same reads and the same hash.
func SignIn(ctx context.Context, store Store, h Hasher, c *Change, profile *Profile, in Credentials) (*SignedIn, error) {
	scene, err := takeAttempts(ctx, store, c, Want{Email: in.Email}, in.Email, in.Source)
	if err != nil {
		return nil, err
	}
	p, places, err := whoIs(ctx, store, scene.EmailClaim)
	if err != nil {
		return nil, err
	}
	if !h.Verify(p.PasswordHash, in.Password) || !anyLets(places, profile, c.At) {
		if err := blame(ctx, store, c, scene, in.Source); err != nil {
			return nil, err
		}
		return nil, ErrSignIn
	}
	if err := forgive(ctx, store, c, scene, in.Email, in.Source); err != nil {
		return nil, err
	}

	c.Actor = Actor{Type: ByPerson, ID: string(p.ID)}
	session, token := c.Open(p, in.UserAgent)
	// Somebody in one organization signs in to that one. Of several, only
	// what they do next tells to which.
	if len(places) == 1 {
		m := *places[0].Membership
		m.LastSignInAt = c.At
		c.Put(SignInMark{&m})
	}
	return &SignedIn{Token: token, Session: session, Person: p, Places: places}, nil
}

// whoIs reads the holder of an address. For nobody, and for one that somebody had
// before, it makes the same reads, of things that cannot exist, and returns a
// person without a password.
func whoIs(ctx context.Context, store Store, claim *EmailClaim) (*Person, []Place, error) {
	id := NewPersonID()
	if claim.leads() {
		id = claim.Person
	}
	p, err := store.Person(ctx, id)
	if errors.Is(err, ErrNotFound) {
		p, err = &Person{ID: id, Organizations: []OrganizationID{OperatorID}}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	places, err := store.Places(ctx, p)
	return p, places, err
}

// Places are the caller's memberships; they are read only if the request has
// not brought all of them along.
func (c *Caller) Places(ctx context.Context, store Store) ([]Place, error) {
	if orgs := c.Person.Organizations; len(orgs) == 1 && c.Home.Membership != nil && c.Home.Membership.Organization == orgs[0] {
		return []Place{c.Home}, nil
	}
	return store.Places(ctx, c.Person)
}

// Authenticate says whether the scene's session counts at this moment: that it
// is live, and that at least one membership lets its person in today.
func Authenticate(ctx context.Context, store Store, profile *Profile, scene *Scene, c *Change) error {
	caller := scene.Caller
	if caller == nil || !caller.Session.Live(caller.Person, c.At) {
		return ErrUnauthenticated
	}
	if !anyLets([]Place{caller.Here, caller.Home}, profile, c.At) {
		places, err := store.Places(ctx, caller.Person)
		if err != nil {
			return err
		}
		if !anyLets(places, profile, c.At) {
			return ErrUnauthenticated
		}
	}
	c.Actor = Actor{Type: ByPerson, ID: string(caller.Person.ID)}
	return nil
}

// Touch writes down that a session is in use, at most once a SessionTouch, and
// not where the change itself has written or ended it.
func Touch(ctx context.Context, store Store, scene *Scene, c *Change) error {
	session := *scene.Caller.Session
	written := slices.ContainsFunc(c.Writes, func(w Write) bool {
		s, ok := w.Entity.(*Session)
		return ok && s.ID == session.ID
	})
	if written || c.At.Before(session.SeenAt.Add(SessionTouch)) {
		return nil
	}
	session.SeenAt = c.At
	touch := &Change{Actor: c.Actor, At: c.At, RequestID: c.RequestID}
	touch.Put(&session)
	// Who loses the race was beaten by another request of the same session, or
	// by its end.
	if err := store.Commit(ctx, touch); err != nil && !errors.Is(err, ErrContended) {
		return err
	}
	return nil
}

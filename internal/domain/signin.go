package domain

import (
	"context"
	"errors"
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
func SignIn(ctx context.Context, store Store, h Hasher, c *Change, in Credentials) (*SignedIn, error) {
	mine := limitAccountAndSource(in.Email, in.Source)
	source := limitSource(in.Source)
	scene, err := takeAttempts(ctx, store, c, Want{Email: in.Email}, mine, source, limitAccount(in.Email))
	if err != nil {
		return nil, err
	}
	p, places, err := whoIs(ctx, store, scene.EmailClaim)
	if err != nil {
		return nil, err
	}
	if !h.Verify(p.PasswordHash, in.Password) || !anyLets(places, c.At) {
		return nil, ErrSignIn
	}
	if err := forgive(ctx, store, c, scene, mine, source); err != nil {
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

// whoIs reads the holder of an address. For nobody it makes the same reads, of
// things that cannot exist, and returns a person without a password.
func whoIs(ctx context.Context, store Store, claim *EmailClaim) (*Person, []Place, error) {
	id := NewPersonID()
	if claim != nil {
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

// forgive takes the attempt back that succeeded: the person's own counter
// starts anew, and a busy company behind one address is not held up by its
// own people. Losing that race to another attempt does no harm.
func forgive(ctx context.Context, store Store, c *Change, taken *Scene, mine, source Limit) error {
	undo := &Change{Actor: c.Actor, At: c.At, RequestID: c.RequestID}
	undo.Remove(taken.Attempts[mine.Key])
	back := *taken.Attempts[source.Key]
	back.Count--
	undo.Put(&back)
	if err := store.Commit(ctx, undo); err != nil && !errors.Is(err, ErrContended) {
		return err
	}
	return nil
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
func Authenticate(ctx context.Context, store Store, scene *Scene, c *Change) error {
	caller := scene.Caller
	if caller == nil || !caller.Session.Live(caller.Person, c.At) {
		return ErrUnauthenticated
	}
	if !anyLets([]Place{caller.Here, caller.Home}, c.At) {
		places, err := store.Places(ctx, caller.Person)
		if err != nil {
			return err
		}
		if !anyLets(places, c.At) {
			return ErrUnauthenticated
		}
	}
	c.Actor = Actor{Type: ByPerson, ID: string(caller.Person.ID)}
	return nil
}

// Touch writes down that a session is in use, at most once a SessionTouch.
func Touch(ctx context.Context, store Store, scene *Scene, c *Change) error {
	session := *scene.Caller.Session
	if c.At.Before(session.SeenAt.Add(SessionTouch)) {
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

package domain

import (
	"context"
	"errors"
	"slices"
	"time"
)

// MaxImport is how many invitations one import holds.
const MaxImport = 500

// ImportRow is an invitation among many.
type ImportRow struct {
	Invitation
	// Place is a resource, by the operator's number for it, that the roles hold on
	// instead of in the whole organization; zero: there is none.
	Place ResourceRef
	// Broken says that the row has faults of form: nobody is invited by it.
	Broken bool
}

// ImportOutcome is what became of one row of an import.
type ImportOutcome string

const (
	ImportOK        ImportOutcome = "ok"        // of a dry run: it would be invited
	ImportInvited   ImportOutcome = "invited"   // a user, who is mailed
	ImportUnchanged ImportOutcome = "unchanged" // the address is a user's already
	ImportRefused   ImportOutcome = "refused"   // Err says why
	ImportPending   ImportOutcome = "pending"   // not got to, or to wait; send the same again
)

// ImportResult is the outcome for one row.
type ImportResult struct {
	Outcome ImportOutcome
	Person  PersonID // of ImportInvited and ImportUnchanged
	Err     *Error   // of ImportRefused but for broken rows, and of an ImportPending that something kept back
}

// ImportUsers invites many people, each in a transaction of its own and exactly
// as if they were invited one by one: with all that an invitation stands on,
// the caller's own rights included, read anew for each. Whose address is a
// user's already is left alone, so that an import that breaks off is sent again
// as it was. A dry run decides the same and writes nothing.
func ImportUsers(ctx context.Context, store Store, c *Change, s *Scene, want Want, p *Profile, rows []ImportRow, dry bool) ([]ImportResult, error) {
	users, err := store.AllUsers(ctx, s.Organization.ID)
	if err != nil {
		return nil, err
	}
	known := map[Email]*Membership{}
	for _, m := range users {
		known[m.Email] = m
	}
	results := make([]ImportResult, len(rows))
	for i := range results {
		results[i].Outcome = ImportPending
	}
	for i, row := range rows {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < 2*time.Second {
			break // enough for the answer
		}
		r := &results[i]
		if m := known[row.Email]; m != nil && m.RemovedAt.IsZero() {
			r.Outcome, r.Person = ImportUnchanged, m.Person
			continue
		}
		if row.Broken {
			r.Outcome = ImportRefused
			continue
		}
		person, err := c.importOne(ctx, store, want, p, row, dry)
		if err == nil {
			r.Outcome, r.Person = ImportInvited, person
			if dry {
				r.Outcome, r.Person = ImportOK, ""
			}
			continue
		}
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return nil, err
		}
		switch r.Err = e; {
		case dry && (errors.Is(err, ErrTooMany) || errors.Is(err, ErrUserExists)):
			// A dry run costs nothing, so it must not tell who is a user elsewhere, nor
			// who of the users has another address by now than the organization knows.
			r.Outcome, r.Err = ImportOK, nil
		case errors.Is(err, ErrUserExists): // since the users were read
			r.Outcome, r.Err = ImportUnchanged, nil
		case e.Kind == Throttled: // others may have a turn yet
		case e.Kind == Unavailable, e.Kind == Unauthenticated, errors.Is(err, ErrContended), errors.Is(err, ErrForbidden):
			return results, nil // nothing that comes after would fare better
		default:
			r.Outcome = ImportRefused
		}
	}
	return results, nil
}

// importOne is one request to invite.
func (c *Change) importOne(ctx context.Context, store Store, want Want, p *Profile, row ImportRow, dry bool) (PersonID, error) {
	for try := 1; ; try++ {
		person, err := c.inviteRow(ctx, store, want, p, row, dry)
		if !errors.Is(err, ErrContended) || try == bulkTries {
			return person, err
		}
		pause(ctx, try)
	}
}

func (c *Change) inviteRow(ctx context.Context, store Store, want Want, p *Profile, row ImportRow, dry bool) (PersonID, error) {
	one, in := c.apart(), row.Invitation
	want.Attempts = slices.Clip(want.Attempts)
	want.ForInvitation(in)
	want.Reference = row.Place
	s, err := store.Load(ctx, want)
	if err != nil {
		return "", err
	}
	if err := Authenticate(ctx, store, p, s, one); err != nil {
		return "", err
	}
	if err := s.Caller.Decide(p, RightEditUsers, nil, c.At); err != nil {
		return "", ErrForbidden.Because(err) // lost while the import was under way
	}
	if row.Place != (ResourceRef{}) {
		if s.Reference == nil {
			return "", Fault("/resource", "value-unknown", "The organization has no such resource.")
		}
		in.Assignments = []Assignment{{Roles: in.Roles, Scopes: []Scope{{Type: row.Place.Type, ID: string(s.Reference.Resource)}}}}
		in.Roles = nil
		places, err := placesOf(ctx, store, s, in.Assignments)
		if err != nil {
			return "", err
		}
		s.Resources = places.Resources
	}
	m, err := Invite(ctx, store, one, s, p, in)
	if err != nil || dry {
		return "", err
	}
	s.Caller.Hold(p, one)
	return m.Person, store.Commit(ctx, one)
}

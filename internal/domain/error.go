package domain

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is; whoever talks to the outside
// chooses its own words for each kind, HTTP for example a status.
type Kind int

const (
	Internal        Kind = iota // a fault of ours; nothing of it is shown
	Invalid                     // the request cannot be understood or breaks a rule of form
	Unauthenticated             // nobody is signed in, or no longer
	Forbidden                   // signed in, seen, and not allowed
	NotFound                    // absent, or not for the caller to know of
	Conflict                    // the present state does not allow it
	Stale                       // the caller has seen an older version
	Required                    // the caller must say which version it has seen
	Refused                     // well formed, and a rule of the organization or the profile forbids it
	Throttled                   // too often; RetryAfter says when
	Unavailable                 // something we depend on does not answer now
	TooLarge                    // more than we read
	Unsupported                 // a content type we do not read
	NotAllowed                  // a method that this path does not have
)

// Error is the one error type of Fullmakt. Code is stable, part of the API and
// the key of its translations; Detail is a safe English sentence. Cause is for
// the log only and never leaves the process.
type Error struct {
	Kind       Kind
	Code       Code
	Detail     string
	Fields     []FieldError
	RetryAfter time.Duration // of Throttled and Unavailable
	Affected   int           // how many it would have touched
	Cause      error
}

// Code names an error for programs.
type Code string

// FieldError is one fault in one member of a request.
type FieldError struct {
	Pointer string // JSON pointer into the body, "?name" of a query parameter, "#Name" of a header, "{name}" of the path
	Code    Code
	Detail  string
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.Cause)
	}
	return string(e.Code)
}

func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy of e with a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Affecting returns a copy of e that says how many it would have touched.
func (e *Error) Affecting(n int) *Error {
	c := *e
	c.Affected = n
	return &c
}

// KindOf is the kind of err; an error that is not ours is Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// The errors of the domain. Their codes are pinned by a test: clients and
// translations depend on them.
var (
	ErrInternal         = &Error{Kind: Internal, Code: "internal", Detail: "Something went wrong on our side."}
	ErrUnavailable      = &Error{Kind: Unavailable, Code: "unavailable", Detail: "The service cannot answer right now.", RetryAfter: 2 * time.Second}
	ErrNotFound         = &Error{Kind: NotFound, Code: "not-found", Detail: "There is no such thing here."}
	ErrForbidden        = &Error{Kind: Forbidden, Code: "forbidden", Detail: "You do not have the right to do this."}
	ErrUnauthenticated  = &Error{Kind: Unauthenticated, Code: "unauthenticated", Detail: "Sign in first."}
	ErrSignIn           = &Error{Kind: Unauthenticated, Code: "sign-in-failed", Detail: "The e-mail address and the password do not match, or sign-in is not possible now."}
	ErrLink             = &Error{Kind: Invalid, Code: "link-invalid", Detail: "The link has been used, has expired or is not complete. Ask for a new one."}
	ErrWrongPassword    = &Error{Kind: Refused, Code: "password-wrong", Detail: "The current password is not right."}
	ErrEmailChanged     = &Error{Kind: Conflict, Code: "email-changed-lately", Detail: "The e-mail address was changed a few days ago. It can be changed again when that cannot be undone any more."}
	ErrStale            = &Error{Kind: Stale, Code: "stale", Detail: "It has been changed since you read it. Read it again."}
	ErrVersionRequired  = &Error{Kind: Required, Code: "if-match-required", Detail: "Send If-Match with the ETag that you read."}
	ErrContended        = &Error{Kind: Conflict, Code: "contended", Detail: "Others are changing the same thing right now. Try again.", RetryAfter: time.Second}
	ErrThrottled        = &Error{Kind: Throttled, Code: "throttled", Detail: "Too many attempts. Wait a while."}
	ErrUserExists       = &Error{Kind: Conflict, Code: "user-exists", Detail: "The organization already has a user with this e-mail address."}
	ErrOrganizationHere = &Error{Kind: Conflict, Code: "organization-exists", Detail: "There already is an organization with this country and business id."}
	ErrActivated        = &Error{Kind: Conflict, Code: "already-activated", Detail: "The user has activated the account already."}
	ErrUnreachable      = &Error{Kind: Conflict, Code: "email-undeliverable", Detail: "Mails to this e-mail address come back. Nothing is sent to it until it is another one."}
	ErrNotActivated     = &Error{Kind: Conflict, Code: "not-activated", Detail: "The user has not activated the account yet."}
	ErrLastAdmin        = &Error{Kind: Conflict, Code: "last-administrator", Detail: "The organization would lose its last administrator."}
	ErrSelf             = &Error{Kind: Refused, Code: "self", Detail: "You cannot do this to yourself."}
	ErrRoleNotYours     = &Error{Kind: Refused, Code: "role-not-yours-to-give", Detail: "You cannot give or take this role."}
	ErrRightNotYours    = &Error{Kind: Refused, Code: "right-not-yours-to-give", Detail: "You cannot give or take this right here."}
	ErrScope            = &Error{Kind: Refused, Code: "scope-not-fitting", Detail: "This role or right is not given in such a place."}
	ErrAboveMandate     = &Error{Kind: Refused, Code: "above-mandate", Detail: "The client's mandate has no room for this right."}
	ErrOperatorOnly     = &Error{Kind: Forbidden, Code: "operator-only", Detail: "Only the operator of the portal can do this."}
	ErrResourceExists   = &Error{Kind: Conflict, Code: "resource-exists", Detail: "There already is a resource of this type with this reference."}
	ErrResourceNotEmpty = &Error{Kind: Conflict, Code: "resource-not-empty", Detail: "Other resources lie in it. Remove them first."}
	ErrResourceInUse    = &Error{Kind: Conflict, Code: "resource-in-use", Detail: "Users would lose what they were given on it. Send confirm=true to go on."}
	ErrTooMuch          = &Error{Kind: Refused, Code: "too-much", Detail: "This is more than can be kept or changed at once."}
	ErrChoice           = &Error{Kind: Refused, Code: "choice-required", Detail: "Something must be chosen for a new user that was not."}
	ErrNoSignIn         = &Error{Kind: Conflict, Code: "no-sign-in", Detail: "The user's roles are without sign-in, so there is no account to open."}
	ErrInactive         = &Error{Kind: Conflict, Code: "user-inactive", Detail: "The user has been removed and can be restored."}
	ErrNotInactive      = &Error{Kind: Conflict, Code: "user-not-inactive", Detail: "The user has not been removed."}
	ErrNothingGiven     = &Error{Kind: Conflict, Code: "nothing-given", Detail: "The user has no roles and no assignments that could be taken away."}
	ErrSubscription     = &Error{Kind: Refused, Code: "subscription-missing", Detail: "There is no active subscription of this number that is free."}
	ErrNationalIDExists = &Error{Kind: Conflict, Code: "national-id-exists", Detail: "The organization already has a user with this national id."}
	ErrNoNationalID     = &Error{Kind: Conflict, Code: "no-national-id", Detail: "No national id of the user is known."}
	ErrMandateCycle     = &Error{Kind: Refused, Code: "mandate-cycle", Detail: "That organization has given you a mandate. Neither can act for the other at once."}
	ErrMandateSelf      = &Error{Kind: Refused, Code: "mandate-self", Detail: "An organization needs no mandate of its own."}
	ErrMandateOver      = &Error{Kind: Conflict, Code: "mandate-over", Detail: "The mandate has ended."}
	ErrNoOrganization   = &Error{Kind: Refused, Code: "organization-unknown", Detail: "No organization with this country and business id uses the portal."}
	ErrPartnerCard      = &Error{Kind: Forbidden, Code: "not-own-user", Detail: "The person belongs to another organization, which keeps their details."}
	ErrAccessOnly       = &Error{Kind: Forbidden, Code: "access-only", Detail: "In this portal nobody but the person changes a user's details."}
	ErrNoPartners       = &Error{Kind: Refused, Code: "partners-not-used", Detail: "The portal has no partner users."}
	ErrNoPartner        = &Error{Kind: Refused, Code: "partner-unknown", Detail: "There is nobody who can be added by this."}
	ErrNoRegistry       = &Error{Kind: Refused, Code: "registry-missing", Detail: "No public register is connected for this country. The operator of the portal can add the organization."}
	ErrNoCompany        = &Error{Kind: Refused, Code: "company-unknown", Detail: "The public register has no such company in operation. The operator of the portal can add the organization."}
	ErrTooMany          = &Error{Kind: Refused, Code: "too-many-memberships", Detail: "The person is a user of too many organizations."}
	ErrKeyReused        = &Error{Kind: Refused, Code: "idempotency-key-reused", Detail: "This Idempotency-Key was used for another request."}
	ErrCursor           = Fault("?cursor", "cursor-invalid", "The cursor is not one of this list's.")
)

// Fault is an Invalid error about one member.
func Fault(pointer string, code Code, detail string) *Error {
	return Faults{{Pointer: pointer, Code: code, Detail: detail}}.error()
}

// Faults gathers what is wrong with a request, so that all of it is told at once.
type Faults []FieldError

// maxFaults bounds what is told of one request.
const maxFaults = 50

// Add notes one fault, if there are not too many already.
func (f *Faults) Add(pointer string, code Code, detail string) {
	if len(*f) >= maxFaults {
		return
	}
	*f = append(*f, FieldError{Pointer: pointer, Code: code, Detail: detail})
}

// Err is nil without faults, and one Invalid error with them.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f.error()
}

func (f Faults) error() *Error {
	return &Error{Kind: Invalid, Code: "invalid", Detail: "The request is not valid.", Fields: f}
}

// Package endpoint is what an endpoint is: a declaration that says everything
// about it, and a typed handler. Lambda mains, the local server, OpenAPI, CDK
// routes and IAM policies are derived from the declaration.
package endpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Spec declares an endpoint.
type Spec struct {
	ID      string // also the function's name and folder
	Method  string
	Path    string // "/v1/organizations/{org}/users/{user}"
	Summary string // one sentence for the reader of the API
	Access  Access
	Needs   []Need
	Status  int // of success
	// Hashes says that it computes a password hash: the function gets the
	// memory, and so the processor, for that.
	Hashes bool
	// Whole says that it works through a whole organization: the function gets
	// the processor and the time for that.
	Whole bool
	// Secret says that the answer holds a secret, so that no receipt keeps it.
	Secret bool
	// Open says that the protocol is somebody else's: what is not known of a
	// body is ignored, and null is as good as nothing.
	Open bool
	// Errors are those of its own; what every endpoint can answer is added.
	Errors []*domain.Error
}

// Access says who may call: exactly one of Right, Service, Signed and Public. An
// endpoint without one does not start.
type Access struct {
	// Right is one in the organization of the path, on the resource of the path
	// where it names one; or the operator's.
	Right     domain.RightKey
	Somewhere bool                // the right, if only on some resource; the handler decides on which
	Self      bool                // or whoever the path's user is, for themselves
	Service   domain.ServiceScope // a service client that may do this
	Signed    string              // anybody signed in, and why that is enough
	Public    string              // anybody, and why
}

// Right lets in who has a right.
func Right(key domain.RightKey) Access { return Access{Right: key} }

// Somewhere lets in who has a right in the organization or on anything in it.
func Somewhere(key domain.RightKey) Access { return Access{Right: key, Somewhere: true} }

// RightOrSelf lets in who has a right, and the user whom the request is about.
func RightOrSelf(key domain.RightKey) Access { return Access{Right: key, Self: true} }

// Service lets in service clients.
func Service(scope domain.ServiceScope) Access { return Access{Service: scope} }

// Signed lets in everybody with a session.
func Signed(reason string) Access { return Access{Signed: reason} }

// Public lets in everybody.
func Public(reason string) Access { return Access{Public: reason} }

// Need is a permission that a function gets, on a laptop as in AWS.
type Need string

const (
	ReadItems   Need = "read-items"   // batch reads by key
	QueryTable  Need = "query-table"  // ranges of the table
	QueryNames  Need = "query-names"  // ranges of the index by name
	QueryTimes  Need = "query-times"  // ranges of the index by time
	WriteItems  Need = "write-items"  // puts in transactions
	CheckItems  Need = "check-items"  // conditions in transactions on what is not written
	DeleteItems Need = "delete-items" // deletes in transactions
	SendMail    Need = "send-mail"
	MintLinks   Need = "mint-links"  // the MAC key of one-time links
	OwnAddress  Need = "own-address" // the base of the API's own addresses
	WriteFiles  Need = "write-files" // files that are fetched by a link, and spreadsheets to put there
	// ReadRegistry is public company registers, whose answers are kept in the table.
	ReadRegistry Need = "read-registry"
	SealFields   Need = "seal-fields"  // to encrypt what the table must not tell
	OpenFields   Need = "open-fields"  // to decrypt it
	IndexFields  Need = "index-fields" // the keyed hashes that it is found by
	HearMails    Need = "hear-mails"   // which topic the sender tells of mails on
)

// Needs are all of them.
var Needs = []Need{ReadItems, QueryTable, QueryNames, QueryTimes, WriteItems, CheckItems, DeleteItems, SendMail, MintLinks, OwnAddress, WriteFiles, ReadRegistry, SealFields, OpenFields, IndexFields, HearMails}

// isID tells whether s is words with dashes between them. (Regular expressions
// for this and for paths would be compiled at every start.)
func isID(s string) bool {
	words := strings.Split(s, "-")
	return len(words) > 1 && !slices.ContainsFunc(words, func(w string) bool { return !only(w, "") })
}

// isPath tells whether s is segments, each a name or a parameter in braces.
func isPath(s string) bool {
	segments := strings.Split(s, "/")
	return len(segments) > 1 && segments[0] == "" && !slices.ContainsFunc(segments[1:], func(segment string) bool {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			name, closed := strings.CutSuffix(name, "}")
			return !closed || !only(name, "")
		}
		return !only(segment, "0123456789.-")
	})
}

// only tells whether s is small letters and others, and at least one.
func only(s, others string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && !strings.ContainsRune(others, r) })
}

// InSession tells whether who calls is somebody signed in.
func (s Spec) InSession() bool { return s.Access.Public == "" && s.Access.Service == "" }

// Check reports a declaration that does not say everything.
func (s Spec) Check() error {
	access := 0
	for _, a := range []string{string(s.Access.Right), string(s.Access.Service), s.Access.Signed, s.Access.Public} {
		if a != "" {
			access++
		}
	}
	switch {
	case !isID(s.ID):
		return fmt.Errorf("endpoint %q: the id is not of the form noun-verb", s.ID)
	case !isPath(s.Path):
		return fmt.Errorf("endpoint %s: path %q", s.ID, s.Path)
	case s.Summary == "":
		return fmt.Errorf("endpoint %s: no summary", s.ID)
	case access != 1:
		return fmt.Errorf("endpoint %s: say exactly one of Right, Service, Signed, Public", s.ID)
	case s.Status < 200 || s.Status > 299:
		return fmt.Errorf("endpoint %s: success status %d", s.ID, s.Status)
	case s.Needing(SendMail), s.Needing(MintLinks):
		return fmt.Errorf("endpoint %s: mail is a job's business; put it into the outbox", s.ID)
	case s.Access.Public == "" && !s.Needing(ReadItems):
		return fmt.Errorf("endpoint %s: who calls cannot be read without %s", s.ID, ReadItems)
	case s.Needing(ReadRegistry) && (!s.Needing(ReadItems) || !s.Needing(WriteItems)):
		return fmt.Errorf("endpoint %s: answers of registers are kept, which takes %s and %s", s.ID, ReadItems, WriteItems)
	case s.Needing(OpenFields) && !s.Secret:
		return fmt.Errorf("endpoint %s: what is sealed in the table is open in no receipt: it is Secret", s.ID)
	case s.Access.Service != "" && s.Needing(WriteItems):
		return fmt.Errorf("endpoint %s: service clients only ask", s.ID)
	}
	return nil
}

// Needing tells whether the endpoint declares the need.
func (s Spec) Needing(n Need) bool { return slices.Contains(s.Needs, n) }

// Package check reads a whole store and proves what must hold of it at every
// moment: section J of the list of abuses. It writes nothing.
//
// It goes through the items once, in the order of their keys, and keeps of each
// no more than the others are held against; audits are then read again with their
// seals. What it reports names things by ids, and by keys as far as they are made of
// ids: what else is in them may be a customer's own words, or a stranger's.
package check

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Table is what is checked: a table that shows all of its items, by partition
// and sort key.
type Table interface {
	table.Table
	Dump(ctx context.Context) iter.Seq2[table.Item, error]
}

// Options say how a store is to be read.
type Options struct {
	Profile *domain.Profile
	Now     time.Time
	// Vault opens national ids; nil: it is only checked that each is claimed.
	Vault domain.Vault
	// Anchors are ends of audits as they were noted elsewhere, as of VerifyAudit.
	Anchors map[domain.OrganizationID]domain.AuditAnchor
}

// Invariant is one of the section J, or Items.
type Invariant int

// Items is what all others stand on: that what is there can be read, and is of a
// kind that this version knows.
const Items Invariant = 0

// Fault says what is wrong. It is what a repair goes by.
type Fault string

const (
	Unreadable Fault = "unreadable" // it cannot be read, or is of no known kind

	EmailUnclaimed    Fault = "email-unclaimed"      // a person's address is not claimed for them
	EmailAstray       Fault = "email-claim-astray"   // a claimed address leads to nobody
	EmailTorn         Fault = "email-change-torn"    // a person has one address, and another one is claimed for them
	NoOrganization    Fault = "organization-missing" // of what lies in its partition
	MemberUnlisted    Fault = "membership-unlisted"  // its person does not know of it, or is not there
	MemberMissing     Fault = "membership-missing"   // a person knows of it, and it is not there
	PersonNowhere     Fault = "person-nowhere"       // a user nowhere, who never had an account
	CardAddress       Fault = "card-address"         // of somebody who has joined is not the person's
	BusinessUnclaimed Fault = "business-unclaimed"   // an organization's business id is not claimed for it
	BusinessAstray    Fault = "business-claim-astray"
	RefUnclaimed      Fault = "reference-unclaimed" // a resource's reference is not claimed for it
	RefAstray         Fault = "reference-claim-astray"
	RefTorn           Fault = "reference-change-torn" // a resource has one reference, and only another one is claimed for it

	Unadministered Fault = "unadministered"

	AboveMandate Fault = "above-mandate" // somebody could do more at a client than its mandates, as given, have room for
	AboveProfile Fault = "above-profile" // somebody could do more than the profile lets be given there
	MandateCycle Fault = "mandate-cycle" // two organizations act for each other

	SessionAccepted Fault = "session-accepted" // of somebody who is not active
	SessionTooLong  Fault = "session-too-long"
	LinkTooLong     Fault = "link-too-long"

	Unaudited     Fault = "unaudited"       // no audit entry is of its last change
	EffectMissing Fault = "effect-missing"  // the audit tells of what is not there
	AuditBroken   Fault = "audit-not-whole" // the chain does not verify
	NoActor       Fault = "no-actor"

	LinkSpent    Fault = "link-not-consumed" // its effect is there
	LinkAstray   Fault = "link-astray"       // nobody is there whom it could let in
	LinkMissing  Fault = "link-missing"      // it is gone without its effect
	LinkUnsealed Fault = "link-unsealed"     // a mail with its token has left
	Unactivated  Fault = "activation-missing"
	NoPassword   Fault = "password-missing"

	MailOverdue Fault = "mail-overdue"
	MailState   Fault = "mail-state"
	MailMissing Fault = "mail-missing" // of a link nobody was ever told

	ErasedThere Fault = "erased-person-there"

	IDUnclaimed Fault = "national-id-unclaimed"
	IDAstray    Fault = "national-id-claim-astray"
	IDBroken    Fault = "national-id-broken"

	SeatsWrong        Fault = "administrators-wrong"
	ChildrenWrong     Fault = "children-wrong"
	SubscriptionWrong Fault = "subscription-wrong"
	SealedWrong       Fault = "sealed-entries-wrong"
	PlaceWrong        Fault = "keys-wrong" // its keys, indexes or end are not what it says of itself

	Foreign Fault = "foreign" // it refers to another organization's

	ApprovalUnknown Fault = "approval-unknown" // something of approvals, of which this version knows nothing
)

// Violation is something that does not hold.
type Violation struct {
	Invariant Invariant
	Fault     Fault
	Key       table.Key // of the item that shows it
	Detail    string    // ids and numbers

	Organization domain.OrganizationID
	Person       domain.PersonID
	Entity       domain.Entity // as it was read, where a repair needs it
	Count        int           // what a count should be
}

// String is the violation as it may be shown to anybody.
func (v Violation) String() string {
	return Plain(fmt.Sprintf("%s: %s %s", v.Fault, ids(v.Key), v.Detail))
}

// idPart is what keys are made of beside other people's words: our own, ids, hashes,
// numbers of seals, and days.
var idPart = regexp.MustCompile(`^(ORG|ADMINS|USER|RES|MANDATES|SUB|NID|PERSON|LINK|SESSION|EMAIL|AUDIT|SEAL|CHAIN|SWEEP|ERASED|MAIL|DIGEST|JOB|RUN|` +
	`ATTEMPTS|RECEIPT|SERVICES|SIGNING|activation|password-reset|email-change|email-undo|[a-z]{3}_[0-9a-z]{1,26}|[0-9a-f]{64}|000[0-9]{9}|` +
	`20[0-9]{2}-[0-9]{2}-[0-9]{2}|\*|)$`)

// ids leaves of a key what is an id, up to the first part that is none: behind it, as
// in a reference, a business id or what this version does not know, are other
// people's words.
func ids(key table.Key) string {
	known := true
	leave := func(text string) string {
		parts := strings.Split(text, "#")
		for i, part := range parts {
			if known = known && idPart.MatchString(part); !known {
				parts[i] = "…"
				if i == 0 && (part == "REF" || part == "BUSINESS") {
					parts[i] = part
				}
			}
		}
		return strings.Join(parts, "#")
	}
	pk := leave(key.PK)
	return pk + " " + leave(key.SK)
}

// Plain is a text of a store that nobody vouches for, without what a terminal would
// obey.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Result is what was found of one invariant.
type Result struct {
	Invariant  Invariant
	Title      string
	Looked     int64 // how many things were looked at
	Violations []Violation
	// Notes are exceptions that may be, and that somebody should know of, and what was
	// not looked at for what reason.
	Notes []string
}

// Report is what a check has found.
type Report struct {
	Items   int64
	Results []Result
	// Chains are where the audits end, to be noted elsewhere.
	Chains []*domain.AuditCheck
}

var titles = []string{
	"items can be read",
	"claims: each person one address, each address, business id and reference its one holder, each membership its person",
	"each company with users has an effective administrator",
	"no right above a mandate as it was given, or beyond what the profile lets be given",
	"no session or link of who is not active, and none that lives too long",
	"each change has its audit entry, and the chains of seals verify",
	"no link consumed without its effect, and no effect beside its link",
	"each mail is sent, waits for less than its limit, or was given up; each link has its mail",
	"nothing is left of who was erased",
	"each national id opens as its own and is claimed by its hash",
	"what is counted or derived equals a recount",
	"nothing refers to another organization's but by a mandate or membership",
	"approvals have their distinct persons",
}

// Violations are all of them.
func (r *Report) Violations() (all []Violation) {
	for _, one := range r.Results {
		all = append(all, one.Violations...)
	}
	return all
}

// told bounds how many violations of an invariant are printed.
const told = 50

// Print says what was found, and nothing of anybody.
func (r *Report) Print(w io.Writer) error {
	var b strings.Builder
	for _, one := range r.Results {
		name := fmt.Sprintf("J%d", one.Invariant)
		if one.Invariant == Items {
			name = "-"
		}
		fmt.Fprintf(&b, "%-4s %8d looked at, %d violations: %s\n", name, one.Looked, len(one.Violations), one.Title)
		for i, v := range one.Violations {
			if i == told {
				fmt.Fprintf(&b, "     and %d more\n", len(one.Violations)-told)
				break
			}
			fmt.Fprintf(&b, "     %s\n", v)
		}
		for i, note := range one.Notes {
			if i == told {
				fmt.Fprintf(&b, "     and %d more of these\n", len(one.Notes)-told)
				break
			}
			fmt.Fprintf(&b, "     note: %s\n", Plain(note))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Run checks a store.
func Run(ctx context.Context, t Table, o Options) (*Report, error) {
	c := newChecker(t, o)
	for item, err := range t.Dump(ctx) {
		if err != nil {
			return nil, err
		}
		if err := c.item(ctx, item); err != nil {
			return nil, err
		}
	}
	c.leave()
	c.conclude()
	if err := c.verifyAudits(ctx); err != nil {
		return nil, err
	}
	for i := range c.report.Results {
		slices.SortStableFunc(c.report.Results[i].Violations, func(a, b Violation) int {
			return strings.Compare(string(a.Fault)+a.Key.PK+a.Key.SK, string(b.Fault)+b.Key.PK+b.Key.SK)
		})
	}
	return &c.report, nil
}

// found notes a violation.
func (c *checker) found(of Invariant, fault Fault, key table.Key, detail string, more ...func(*Violation)) {
	v := Violation{Invariant: of, Fault: fault, Key: key, Detail: detail}
	for _, add := range more {
		add(&v)
	}
	r := &c.report.Results[of]
	r.Violations = append(r.Violations, v)
}

func of(org domain.OrganizationID, person domain.PersonID) func(*Violation) {
	return func(v *Violation) { v.Organization, v.Person = org, person }
}

func entity(e domain.Entity) func(*Violation) { return func(v *Violation) { v.Entity = e } }

func (c *checker) looked(at ...Invariant) {
	for _, i := range at {
		c.report.Results[i].Looked++
	}
}

func (c *checker) note(of Invariant, format string, args ...any) {
	r := &c.report.Results[of]
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// stamp is something at a moment, in eight bytes.
type stamp uint64

// stamp of what happened to a subject. An empty organization is any.
func (c *checker) stamp(org domain.OrganizationID, subjectType, id string, at time.Time) stamp {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, s := range []string{string(org), subjectType, id} {
		h.WriteString(s)
		h.WriteByte(0)
	}
	ms := at.UnixMilli()
	for i := range 8 {
		h.WriteByte(byte(ms >> (8 * i))) //nolint:gosec // G115: byte by byte
	}
	return stamp(h.Sum64())
}

// item takes one item in.
func (c *checker) item(ctx context.Context, item table.Item) error {
	c.report.Items++
	c.looked(Items)
	if item.PK != c.partition {
		c.leave()
		c.partition = item.PK
	}
	e, err := store.Entity(item)
	if err != nil {
		if !store.PutAside(item) { // it rings an alarm where it is
			c.found(Items, Unreadable, item.Key, "")
		}
		return nil
	}
	if e == nil {
		return nil
	}
	if !c.place(item, e) {
		return nil
	}
	switch e := e.(type) {
	case *domain.AuditEntry:
		c.audited(item.Key, e)
	case *domain.AuditSeal:
		c.sealed[e.Organization] += int64(len(e.Entries))
		c.audits[domain.OrganizationID(strings.TrimPrefix(item.PK, "SEAL#"))] = true
	case *domain.AuditChain:
		c.looked(10)
		if n := c.sealed[e.Organization]; n != e.Entries {
			c.found(10, SealedWrong, item.Key, fmt.Sprintf("says %d, has %d", e.Entries, n))
		}
	case *domain.OrganizationClaim:
		c.businesses[e.Organization] = append(c.businesses[e.Organization], e)
	case *domain.EmailClaim:
		c.claimed(item.Key, e)
	case *domain.Erasure:
		c.erased[e.Person] = e
	case *domain.Mail:
		c.mail(item.Key, e)
	case *domain.Digest:
		c.digest(item.Key, e)
	case *domain.Organization:
		c.organization(item.Key, e)
	case *domain.Administrators:
		c.here.seats, c.here.seatsKey = e, item.Key
	case *domain.Mandates:
		c.mandate(item.Key, e)
	case *domain.NationalIDClaim:
		c.here.ids[e.Hash] = e
	case *domain.ResourceClaim:
		c.here.references[e.ResourceRef] = e
	case *domain.Resource:
		c.resource(item.Key, e)
	case *domain.Subscription:
		c.here.subscriptions[e.ID] = e
		c.changed(item.Key, e, e.Organization, "subscription", string(e.ID), e.UpdatedAt)
	case *domain.Membership:
		return c.membership(ctx, item.Key, e)
	case *domain.Link:
		c.links = append(c.links, e)
	case *domain.Person:
		c.person(item.Key, e)
	case *domain.Session:
		c.session(item.Key, e)
	case *domain.ServiceClient:
		at := e.CreatedAt
		if !e.RevokedAt.IsZero() {
			at = e.RevokedAt
		}
		c.changed(item.Key, e, domain.OperatorID, "service", string(e.ID), at)
	}
	return nil
}

// place holds an item's keys against what it says of itself, and tells whether it
// can be held against others.
func (c *checker) place(item table.Item, e domain.Entity) (there bool) {
	c.looked(10)
	want, err := store.Place(e)
	if err != nil {
		c.found(Items, Unreadable, item.Key, "")
		return false
	}
	if want.Key != item.Key {
		// In another organization's partition it is more than a wrong key.
		if strings.HasPrefix(item.PK, "ORG#") && want.PK != item.PK {
			c.looked(11)
			c.found(11, Foreign, item.Key, "says that it is in "+ids(table.Key{PK: want.PK}))
			return false
		}
		c.found(10, PlaceWrong, item.Key, "")
		return true
	}
	aside := store.PutAside(item)
	for _, index := range []table.Index{table.ByName, table.ByTime} {
		is, ought := item.Index[index], want.Index[index]
		if is != ought && (!aside || index != table.ByTime || is.SK != ought.SK) {
			c.found(10, PlaceWrong, item.Key, "in the index "+string(index))
		}
	}
	if !item.ExpiresAt.Equal(want.ExpiresAt) {
		c.found(10, PlaceWrong, item.Key, "in when it ends")
	}
	return true
}

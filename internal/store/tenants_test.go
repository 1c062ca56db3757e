package store

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// owner is the organization whose list an entity shows in.
func owner(e domain.Entity) domain.OrganizationID {
	switch e := e.(type) {
	case *domain.Membership:
		return e.Organization
	case domain.SignInMark:
		return e.Organization
	case domain.Resealed:
		return e.Organization
	case domain.Planned:
		return e.Organization
	case *domain.Resource:
		return e.Organization
	case *domain.Mandates:
		return e.Agent // the principal finds its own by their key
	}
	return ""
}

// person is the one whose list an entity shows in, wherever they are a user:
// only the operator exports and erases people.
func person(e domain.Entity) domain.PersonID {
	if m, ok := e.(*domain.Mail); ok {
		return m.Person
	}
	return ""
}

// shared are the partitions of an index that hold things of several
// organizations. Nobody lists them but the operator and the job that sends mail.
var shared = map[table.Index][]string{table.ByName: {"ORGS"}, table.ByTime: {"MAIL#DUE"}}

// ofJobs are further ones, that only jobs read: what is to be sealed, and whom
// the clock has come to.
var ofJobs = regexp.MustCompile(`^(AUDIT#DAY#\d{4}-\d\d-\d\d#[0-7]|AGENDA#[0-7]|MAIL#(DEAD|UNDELIVERED))$`)

// states are all entities, each in every state that puts it into another list.
func states() (all []domain.Entity) {
	w := everything()
	all = append(w.entities(), domain.SignInMark{Membership: w.membership}, domain.SignInMark{Membership: w.removed}, domain.Resealed{Membership: w.removed}, domain.Planned{Membership: w.membership}, domain.Sealed{Link: w.activation})
	for _, state := range []domain.MailState{domain.MailQueued, domain.MailSending, domain.MailSent, domain.MailDropped, domain.MailDead, domain.MailBounced} {
		m := *w.mail
		m.State = state
		all = append(all, &m)
	}
	// Texts that try to be part of a key.
	for _, name := range []string{"", "#", "ORG#" + string(org2), "\u2028ORGS", strings.Repeat("å", 500)} {
		m, r, given, o := *w.membership, *w.resource, *w.mandates, *w.organization
		m.FamilyName, m.GivenName, r.Name, r.Reference, given.Name, o.Name = name, name, name, name, name, name
		all = append(all, &m, &r, &given, &o)
	}
	for _, of := range []domain.ScopeType{"number", "worksite", "removed", "received", "users"} {
		r := *w.resource
		r.Type = of
		all = append(all, &r)
	}
	revoked := *w.mandates
	revoked.Items = slices.Clone(revoked.Items)
	revoked.Items[1].RevokedAt = time.Now()
	return append(all, &revoked)
}

// Whoever reads a partition of an index reads one organization's things, unless
// it is one of few partitions that are named here.
func TestXB9_IndexPartitionsBeginWithTheirOwner(t *testing.T) {
	t.Parallel()
	partitions := map[string]string{} // and what is in them
	for _, e := range states() {
		r, err := rowOf(e)
		if err != nil {
			t.Fatal(err)
		}
		for index, key := range r.index {
			own := "ORG#" + string(owner(e))
			switch {
			case slices.Contains(shared[index], key.PK):
			case index == table.ByTime && ofJobs.MatchString(key.PK):
			case person(e) != "" && key.PK == "PERSON#"+string(person(e))+"#MAIL":
			case owner(e) == "" || key.PK != own && !strings.HasPrefix(key.PK, own+"#"):
				t.Errorf("%T shows in %s %q, which is not its owner's", e, index, key.PK)
			}
			kind := strings.TrimPrefix(fmt.Sprintf("%T", e), "*")
			if kind == "domain.SignInMark" || kind == "domain.Resealed" || kind == "domain.Planned" {
				kind = "domain.Membership"
			}
			if other := partitions[key.PK]; other != "" && other != kind {
				t.Errorf("%s and %s share the partition %q", kind, other, key.PK)
			}
			partitions[key.PK] = kind
			if len(key.SK) > table.MaxKeySize {
				t.Errorf("%T has a sort key of %d bytes", e, len(key.SK))
			}
		}
	}
	for _, kind := range []string{"domain.Membership", "domain.Resource", "domain.Mandates", "domain.Organization", "domain.Mail", "domain.AuditEntry"} {
		if !slices.Contains(slices.Collect(maps.Values(partitions)), kind) {
			t.Errorf("no %s shows in any index", kind)
		}
	}
}

// The fixtures hold every entity that the domain has; one that is added is held
// to all of these tests.
func TestFixturesAreAllThereIs(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../domain/change.go")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, e := range states() {
		of := reflect.TypeOf(e)
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		have[of.Name()] = true
	}
	found := regexp.MustCompile(`(?m)^func \(\*?(\w+)\) trivial\(\) bool`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 20 {
		t.Fatalf("only %d entities were found in the domain", len(found))
	}
	for _, name := range found {
		if !have[name[1]] {
			t.Errorf("no fixture of %s", name[1])
		}
	}
}

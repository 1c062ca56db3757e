// Package body holds the shapes that several endpoints send or receive, and
// the reading of what people type into them.
package body

import (
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mailaddr"
)

// Person is who somebody is.
type Person struct {
	ID         domain.PersonID `json:"id"`
	GivenName  string          `json:"givenName" example:"Aino"`
	FamilyName string          `json:"familyName" example:"Virtanen"`
	Email      domain.Email    `json:"email" format:"email" example:"aino.virtanen@example.com"`
	Language   domain.Language `json:"language" enum:"fi,sv,nb,en" example:"fi"`
}

// PersonOf shows a person.
func PersonOf(p *domain.Person) Person {
	return Person{ID: p.ID, GivenName: p.GivenName, FamilyName: p.FamilyName, Email: p.Email, Language: p.Language}
}

// Membership is where somebody is a user.
type Membership struct {
	OrganizationID   domain.OrganizationID `json:"organizationId"`
	OrganizationName string                `json:"organizationName" example:"Mallinosturit Oy"`
	Kind             domain.MembershipKind `json:"kind" enum:"own,partner"`
	Roles            []domain.RoleKey      `json:"roles" description:"Keys of the profile's roles." example:"[\"user\"]"`
	Status           domain.Status         `json:"status" enum:"invited,active,upcoming,expired,locked,unsubscribed,inactive" example:"active"`
	Rights           []domain.RightKey     `json:"rights" description:"What the person may administer there now, so that a portal knows what to show." example:"[\"users:see\"]"`
	Mail             Mail                  `json:"mail"`
}

// MembershipsOf shows places.
func MembershipsOf(places []domain.Place, profile *domain.Profile, now time.Time) []Membership {
	out := make([]Membership, len(places))
	for i, p := range places {
		out[i] = Membership{
			Rights:         p.Administers(profile, now),
			OrganizationID: p.Organization.ID, OrganizationName: p.Organization.Name, Kind: p.Membership.Kind,
			Roles: p.Membership.Roles, Status: p.Membership.Status(profile, now, p.Organization.Zone()), Mail: MailOfMember(p.Membership, profile),
		}
	}
	return out
}

// Empty is an object without members.
type Empty struct{}

// Change replaces the value of an optional member by what read makes of it.
func Change[T any](value *T, read func(T) T) {
	if value != nil {
		*value = read(*value)
	}
}

// Lengths of texts, in characters.
const (
	maxName         = 100
	maxLine         = 200
	maxEmail        = 254
	maxSubscription = 100
)

// Email reads an address.
func Email(s, pointer string, faults *domain.Faults) domain.Email {
	if s == "" {
		faults.Add(pointer, "required", "This is needed.")
		return ""
	}
	email, err := mailaddr.Parse(s)
	if err != nil {
		faults.Add(pointer, "email-invalid", "This is not an e-mail address that can be used here.")
	}
	return email
}

// Text demands a text of at most most characters.
func Text(s, pointer string, most int, faults *domain.Faults) {
	switch {
	case s == "":
		faults.Add(pointer, "required", "This is needed.")
	case utf8.RuneCountInString(s) > most:
		faults.Add(pointer, "too-long", "This is too long.")
	}
}

// linkLike is what mail programs make a link of though it does not say so.
// It is compiled by the first name, and not by every start.
var linkLike = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[\pL\pN]\.\pL{2,}/`) })

// Name reads a name of a person or an organization: one line of text without
// anything that a mail or a page could take for more than a name.
func Name(s, pointer string, faults *domain.Faults) string {
	line(s, pointer, faults)
	s = strings.Join(strings.Fields(s), " ")
	Text(s, pointer, maxName, faults)
	lower := strings.ToLower(s)
	if linkLike().MatchString(lower) || strings.Contains(lower, "://") || strings.Contains(lower, "www.") || strings.ContainsAny(s, "<>@") ||
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) && s != "" {
		faults.Add(pointer, "value-invalid", "A name has no markup and no addresses in it.")
	}
	return s
}

// Line reads an optional line of text.
func Line(s, pointer string, faults *domain.Faults) string { return upTo(maxLine, s, pointer, faults) }

// SubscriptionID reads the operator's own name of a subscription, if there is one.
func SubscriptionID(s, pointer string, faults *domain.Faults) domain.SubscriptionID {
	return domain.SubscriptionID(upTo(maxSubscription, s, pointer, faults))
}

// Subscription reads the one that somebody is to have access under, where the
// portal asks for one.
func Subscription(s domain.SubscriptionID, p *domain.Profile, pointer string, faults *domain.Faults) domain.SubscriptionID {
	if s != "" && !p.Policies.Subscription {
		faults.Add(pointer, "value-unexpected", "The portal asks for no subscriptions.")
	}
	return SubscriptionID(string(s), pointer, faults)
}

func upTo(most int, s, pointer string, faults *domain.Faults) string {
	line(s, pointer, faults)
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > most {
		faults.Add(pointer, "too-long", "This is too long.")
	}
	return s
}

func line(s, pointer string, faults *domain.Faults) {
	if strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point) || r == utf8.RuneError
	}) {
		faults.Add(pointer, "value-invalid", "This has characters that cannot be seen.")
	}
}

// Phone reads an optional number in international form, into E.164.
func Phone(s, pointer string, faults *domain.Faults) string {
	digits := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\u00a0", "").Replace(s)
	if digits == "" {
		return ""
	}
	number, plus := strings.CutPrefix(digits, "+")
	if !plus || len(number) < 7 || len(number) > 15 || number[0] == '0' || strings.Trim(number, "0123456789") != "" {
		faults.Add(pointer, "phone-invalid", "Give the number in international form, such as +358 40 1234567.")
		return ""
	}
	return digits
}

// Language reads a language of the profile; an empty one is the fallback.
func Language(s domain.Language, fallback domain.Language, p *domain.Profile, pointer string, faults *domain.Faults) domain.Language {
	if s == "" {
		return fallback
	}
	if !p.Speaks(s) {
		faults.Add(pointer, "value-unknown", "The portal does not speak this language.")
	}
	return s
}

package user

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/i18n"
)

// filters say which users are asked for, and in which order: of a list and of
// an export alike.
type filters struct {
	Text          string                `query:"q" json:"-" maxLength:"100" description:"In the name or the address; from one character."`
	Name          string                `query:"name" json:"-" maxLength:"100" description:"In the name."`
	Email         string                `query:"email" json:"-" maxLength:"254" description:"In the address."`
	Phone         string                `query:"phone" json:"-" maxLength:"30" description:"In the number."`
	Role          domain.RoleKey        `query:"role" json:"-" description:"Held for the organization or somewhere in it."`
	Rights        []domain.RightKey     `query:"right" json:"-" description:"Which they may use now, all of them: on the resource, if one is given, or else somewhere, clients included."`
	Resource      domain.ResourceID     `query:"resource" json:"-" description:"On which they have something."`
	Home          domain.OrganizationID `query:"homeOrganization" json:"-"`
	Kind          domain.MembershipKind `query:"kind" json:"-" enum:"own,partner"`
	Status        domain.Status         `query:"status" json:"-" enum:"invited,active,upcoming,expired,locked,unsubscribed,inactive" description:"inactive: those who were removed and can be restored, whom nothing else shows."`
	Undeliverable string                `query:"emailUndeliverable" json:"-" enum:"true" description:"true: those to whose address nothing is sent, since mails come back from it."`
	// The last sign-in is the one in this organization.
	SignedInSince    string `query:"signedInSince" json:"-" format:"date-time" description:"Whose last sign-in here was then or later."`
	NotSignedInSince string `query:"notSignedInSince" json:"-" format:"date-time" description:"Who has not signed in here since then, or never."`
	Sort             string `query:"sort" json:"-" enum:"name,-name,email,-email,phone,-phone,role,-role,kind,-kind,status,-status,homeOrganization,-homeOrganization,lastSignInAt,-lastSignInAt,createdAt,-createdAt" description:"With - the other way round; by name if left out."`

	query domain.UserQuery
}

// order is what a list is sorted by, as text that sorts as it does.
type order func(m *domain.Membership, status domain.Status) string

var orders = map[string]order{
	"name":             func(*domain.Membership, domain.Status) string { return "" }, // which decides between equals anyway
	"email":            func(m *domain.Membership, _ domain.Status) string { return string(m.Email) },
	"phone":            func(m *domain.Membership, _ domain.Status) string { return m.Phone },
	"kind":             func(m *domain.Membership, _ domain.Status) string { return string(m.Kind) },
	"status":           func(_ *domain.Membership, s domain.Status) string { return string(s) },
	"homeOrganization": func(m *domain.Membership, _ domain.Status) string { return string(m.Home) },
	"lastSignInAt":     func(m *domain.Membership, _ domain.Status) string { return timeText(m.LastSignInAt) },
	"createdAt":        func(m *domain.Membership, _ domain.Status) string { return timeText(m.CreatedAt) },
	"role": func(m *domain.Membership, _ domain.Status) string {
		var text strings.Builder
		for _, r := range slices.Concat(m.Roles, m.AssignedRoles()) {
			text.WriteString(string(r) + " ")
		}
		return text.String()
	},
}

// timeText sorts as times do; never comes first.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000")
}

var statuses = []domain.Status{
	domain.StatusInvited, domain.StatusActive, domain.StatusUpcoming, domain.StatusExpired, domain.StatusLocked,
	domain.StatusUnsubscribed, domain.StatusInactive,
}

func (in *filters) read(p *domain.Profile, faults *domain.Faults) {
	in.query = domain.UserQuery{
		Text: body.Line(in.Text, "?q", faults), Name: body.Line(in.Name, "?name", faults), Email: body.Line(in.Email, "?email", faults),
		Phone: body.Line(in.Phone, "?phone", faults), Role: in.Role, Rights: in.Rights, Home: in.Home, Kind: in.Kind, Status: in.Status,
		Undeliverable:    in.Undeliverable != "",
		SignedInSince:    moment(in.SignedInSince, "?signedInSince", faults),
		NotSignedInSince: moment(in.NotSignedInSince, "?notSignedInSince", faults),
	}
	unknown := func(name string, given, known bool) {
		if given && !known {
			faults.Add("?"+name, "value-unknown", "There is no such thing in the portal.")
		}
	}
	unknown("role", in.Role != "", p.Role(in.Role) != nil)
	for _, right := range in.Rights {
		unknown("right", true, p.Knows(right))
	}
	unknown("resource", in.Resource != "", in.Resource.Valid())
	unknown("homeOrganization", in.Home != "", in.Home.Valid())
	unknown("kind", in.Kind != "", in.Kind == domain.Own || in.Kind == domain.Partner)
	unknown("status", in.Status != "", slices.Contains(statuses, in.Status))
	unknown("emailUndeliverable", in.Undeliverable != "", in.Undeliverable == "true")
	unknown("sort", in.Sort != "", orders[strings.TrimPrefix(in.Sort, "-")] != nil)
}

// moment reads an optional time.
func moment(s, pointer string, faults *domain.Faults) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		faults.Add(pointer, "value-invalid", "Give a time such as 2026-11-02T09:00:00Z.")
	}
	return t
}

// want names the resource asked about.
func (in *filters) want(want *domain.Want) {
	if in.Resource != "" {
		want.Resources = append(want.Resources, in.Resource)
	}
}

// finder finds what is asked for.
func (in *filters) finder(ctx context.Context, call *endpoint.Call) (*domain.Finder, error) {
	if in.Resource != "" {
		if in.query.Resource = call.Scene.Resources[in.Resource]; in.query.Resource == nil {
			return nil, domain.Fault("?resource", "value-unknown", "The organization has no such resource.")
		}
	}
	return domain.NewFinder(ctx, call.Store, call.Profile, call.Scene.Organization, in.query, call.Now())
}

// whole tells whether the order asks for the whole list to be read.
func (in *filters) whole() bool { return in.Sort != "" && in.Sort != "name" }

// placed is a user with their place in the list.
type placed struct {
	*domain.Membership
	place string
}

// sorted is the whole list in order. Equals are by name, and of one name by id,
// so that everybody has a place of their own and pages keep to it.
func (in *filters) sorted(ctx context.Context, call *endpoint.Call, f *domain.Finder) ([]placed, error) {
	all, err := f.All(ctx)
	if err != nil {
		return nil, err
	}
	column, back := strings.CutPrefix(in.Sort, "-")
	by, zone := orders[cmp.Or(column, "name")], call.Scene.Organization.Zone()
	list := make([]placed, len(all))
	for i, m := range all {
		name := i18n.SortKey(m.Alphabet, m.FamilyName, m.GivenName) + "\x00" + string(m.Person)
		list[i] = placed{m, by(m, m.Status(call.Profile, call.Now(), zone)) + "\x00" + name}
	}
	slices.SortFunc(list, func(a, b placed) int {
		if back {
			a, b = b, a
		}
		return cmp.Compare(a.place, b.place)
	})
	return list, nil
}

// after cuts off what earlier pages have shown.
func (in *filters) after(list []placed, place string) []placed {
	if place == "" {
		return list
	}
	back := strings.HasPrefix(in.Sort, "-")
	i := slices.IndexFunc(list, func(m placed) bool { return !back && m.place > place || back && m.place < place })
	if i < 0 {
		return nil
	}
	return list[i:]
}

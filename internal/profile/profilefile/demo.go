package profilefile

import (
	"fmt"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mailaddr"
	"github.com/fullmakt/fullmakt/internal/nationalid"
)

// Demo is what fills an empty local store, so that a portal can be tried.
// Nothing in it has an id yet: an organization or a resource is referred to by
// the key that it has in the file, in the places where the domain has the id.
type Demo struct {
	Organizations []DemoOrganization
	Mandates      []DemoMandate
}

// DemoOrganization is a customer with what lies in it.
type DemoOrganization struct {
	Key           domain.OrganizationID
	Customer      domain.Customer
	Subscriptions []domain.SubscriptionID // that are active, the administrator's among them
	Resources     []DemoResource          // each after what it lies in
	Users         []DemoUser
}

// DemoResource is a resource of the organization's.
type DemoResource struct {
	Key domain.ResourceID
	New domain.NewResource
}

// DemoUser is a user of the organization's, beside the administrator.
type DemoUser struct {
	New  domain.Invitation
	From domain.OrganizationID // that a partner comes from; empty: none
	Term *DemoTerm             // nil: until further notice
}

// DemoMandate is one that an organization gives another.
type DemoMandate struct {
	Principal, Agent domain.OrganizationID
	New              domain.NewMandate
	Term             *DemoTerm // nil: from today, without an end
}

// DemoTerm is a first and a last day, counted from the day on which the demo data is loaded.
type DemoTerm struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// demo is how the demo data is written.
type demo struct {
	Organizations []demoOrganization `json:"organizations"`
	Mandates      []demoMandate      `json:"mandates,omitzero"`
}

type demoOrganization struct {
	Key           domain.OrganizationID   `json:"key"`
	Name          string                  `json:"name"`
	Country       domain.Country          `json:"country"`
	BusinessID    string                  `json:"businessId"`
	Language      domain.Language         `json:"language"`
	Subscriptions []domain.SubscriptionID `json:"subscriptions,omitzero"`
	Administrator demoAdministrator       `json:"administrator"`
	Resources     []demoResource          `json:"resources,omitzero"`
	Users         []demoUser              `json:"users,omitzero"`
}

type demoAdministrator struct {
	GivenName    string                `json:"givenName"`
	FamilyName   string                `json:"familyName"`
	Email        string                `json:"email"`
	Language     domain.Language       `json:"language"`
	Subscription domain.SubscriptionID `json:"subscription,omitzero"`
	NationalID   string                `json:"nationalId,omitzero"` // an artificial one of the organization's country
}

type demoResource struct {
	Key       domain.ResourceID   `json:"key"`
	Type      domain.ScopeType    `json:"type"`
	Name      string              `json:"name"`
	Reference string              `json:"reference,omitzero"`
	Features  []domain.FeatureKey `json:"features,omitzero"`
	Resources []demoResource      `json:"resources,omitzero"` // that lie in it
}

type demoUser struct {
	GivenName    string                `json:"givenName"`
	FamilyName   string                `json:"familyName"`
	Email        string                `json:"email"`
	Language     domain.Language       `json:"language"`
	Roles        []domain.RoleKey      `json:"roles,omitzero"`
	Assignments  []demoAssignment      `json:"assignments,omitzero"`
	Validity     *DemoTerm             `json:"validity,omitzero"`
	DefaultTask  string                `json:"defaultTask,omitzero"`
	Subscription domain.SubscriptionID `json:"subscription,omitzero"`
	NationalID   string                `json:"nationalId,omitzero"` // an artificial one of the organization's country
	From         domain.OrganizationID `json:"from,omitzero"`       // another organization, of a partner
}

type demoAssignment struct {
	Roles  []domain.RoleKey  `json:"roles,omitzero"`
	Rights []domain.RightKey `json:"rights,omitzero"`
	// In names places: resources, clients, or the words organization and clients.
	In []string `json:"in"`
}

type demoMandate struct {
	Principal domain.OrganizationID `json:"principal"`
	Agent     domain.OrganizationID `json:"agent"`
	Type      domain.MandateTypeKey `json:"type"`
	Rights    []domain.RightKey     `json:"rights"`
	Validity  *DemoTerm             `json:"validity,omitzero"`
}

// ParseDemo reads the demo data of a profile, business ids and addresses into
// their canonical form. file is the name that the faults begin with; with faults
// there is no demo. Whether the administrators may give what their users get is
// for the domain to say, when it is loaded.
func ParseDemo(file string, data []byte, p *domain.Profile) (*Demo, Faults) {
	var d demo
	r := &demoReader{reader: newReader(file), profile: p, organizations: map[domain.OrganizationID]bool{}}
	r.read(data, &d)
	for i, o := range d.Organizations {
		pointer := fmt.Sprintf("/organizations/%d", i)
		r.key(pointer+"/key", string(o.Key), r.organizations[o.Key])
		r.organizations[o.Key] = true
	}
	out := &Demo{}
	for i, o := range d.Organizations {
		out.Organizations = append(out.Organizations, r.organization(fmt.Sprintf("/organizations/%d", i), o, out.Organizations))
	}
	for i, m := range d.Mandates {
		out.Mandates = append(out.Mandates, r.mandate(fmt.Sprintf("/mandates/%d", i), m))
	}
	if faults := r.sorted(); len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

// demoReader judges demo data, with what the file has told up to now.
type demoReader struct {
	*reader
	profile       *domain.Profile
	organizations map[domain.OrganizationID]bool
	// Of the organization that is being read:
	places        map[string]domain.ScopeType // its resources, by key
	subscriptions map[domain.SubscriptionID]bool
	people        map[domain.Email]bool
	country       domain.Country
	codes         map[string]bool // national ids
}

func (r *demoReader) organization(pointer string, o demoOrganization, before []DemoOrganization) DemoOrganization {
	r.places, r.people, r.subscriptions = map[string]domain.ScopeType{}, map[domain.Email]bool{}, map[domain.SubscriptionID]bool{}
	r.country, r.codes = o.Country, map[string]bool{}
	id, ok := domain.CheckBusinessID(o.Country, o.BusinessID)
	switch {
	case !o.Country.Known():
		r.judge(pointer+"/country", fmt.Sprintf("unknown country %q", o.Country))
	case !ok:
		r.judge(pointer+"/businessId", fmt.Sprintf("%q is no business id of %s", o.BusinessID, o.Country))
	case slices.ContainsFunc(before, func(b DemoOrganization) bool {
		return b.Customer.Country == o.Country && b.Customer.BusinessID == id
	}):
		r.judge(pointer+"/businessId", fmt.Sprintf("there already is an organization with %q", id))
	}
	r.text(pointer+"/name", o.Name)
	r.language(pointer+"/language", o.Language)
	for i, s := range o.Subscriptions {
		at := fmt.Sprintf("%s/subscriptions/%d", pointer, i)
		if !r.profile.Policies.Subscription {
			r.judge(at, "the profile asks for no subscriptions")
		}
		if _, twice := r.subscriptions[s]; twice {
			r.judge(at, fmt.Sprintf("subscription %q is named twice", s))
		}
		r.subscriptions[s] = false
	}

	a := o.Administrator
	out := DemoOrganization{
		Key: o.Key, Subscriptions: o.Subscriptions,
		Customer: domain.Customer{
			Name: o.Name, Country: o.Country, BusinessID: id, Language: o.Language,
			Administrator: domain.Card{GivenName: a.GivenName, FamilyName: a.FamilyName, Email: domain.Email(a.Email), Language: a.Language},
			Subscription:  a.Subscription,
		},
	}
	r.card(pointer+"/administrator", &out.Customer.Administrator)
	r.subscription(pointer+"/administrator", a.Subscription)
	out.Customer.NationalID = r.nationalID(pointer+"/administrator", a.NationalID, true)
	for i, t := range o.Resources {
		out.Resources = append(out.Resources, r.resources(fmt.Sprintf("%s/resources/%d", pointer, i), demoResource{}, t)...)
	}
	for i, u := range o.Users {
		out.Users = append(out.Users, r.user(fmt.Sprintf("%s/users/%d", pointer, i), o.Key, u))
	}
	return out
}

// resources are a resource and those that lie in it.
func (r *demoReader) resources(pointer string, in, t demoResource) []DemoResource {
	_, twice := r.places[string(t.Key)]
	r.key(pointer+"/key", string(t.Key), twice || r.organizations[domain.OrganizationID(t.Key)])
	r.places[string(t.Key)] = t.Type
	r.text(pointer+"/name", t.Name)
	known := r.profile.ResourceType(t.Type)
	switch {
	case known == nil:
		r.judge(pointer+"/type", fmt.Sprintf("unknown resource type %q", t.Type))
	case known.Parent != in.Type:
		r.judge(pointer+"/type", fmt.Sprintf("a %s does not lie here", t.Type))
	}
	for i, f := range t.Features {
		if known != nil && !slices.Contains(known.Features, f) {
			r.judge(fmt.Sprintf("%s/features/%d", pointer, i), fmt.Sprintf("resource type %q has no feature %q", t.Type, f))
		}
	}
	out := []DemoResource{{Key: t.Key, New: domain.NewResource{
		ResourceRef: domain.ResourceRef{Type: t.Type, Reference: t.Reference}, Parent: in.Key, Name: t.Name, Features: t.Features,
	}}}
	for i, below := range t.Resources {
		out = append(out, r.resources(fmt.Sprintf("%s/resources/%d", pointer, i), t, below)...)
	}
	return out
}

func (r *demoReader) user(pointer string, of domain.OrganizationID, u demoUser) DemoUser {
	out := DemoUser{Term: u.Validity, From: u.From, New: domain.Invitation{
		Card:  domain.Card{GivenName: u.GivenName, FamilyName: u.FamilyName, Email: domain.Email(u.Email), Language: u.Language},
		Roles: u.Roles, DefaultTask: u.DefaultTask, Subscription: u.Subscription,
	}}
	r.card(pointer, &out.New.Card)
	if u.From != "" {
		r.other(pointer+"/from", u.From, of)
		if !r.profile.Policies.Partners {
			r.judge(pointer+"/from", "the profile has no partners")
		}
	}
	r.subscription(pointer, u.Subscription)
	out.New.NationalID = r.nationalID(pointer, u.NationalID, u.From == "")
	r.known(pointer, u.Roles, nil)
	if u.Validity != nil && !r.profile.Policies.FixedTerm {
		r.judge(pointer+"/validity", "the profile has no fixed terms")
	}
	r.term(pointer, u.Validity)
	for i, a := range u.Assignments {
		at := fmt.Sprintf("%s/assignments/%d", pointer, i)
		r.known(at, a.Roles, a.Rights)
		given := domain.Assignment{Roles: a.Roles, Rights: a.Rights}
		for j, name := range a.In {
			given.Scopes = append(given.Scopes, r.scope(fmt.Sprintf("%s/in/%d", at, j), of, name))
		}
		out.New.Assignments = append(out.New.Assignments, given)
	}
	if !out.New.HasRole(r.profile) {
		r.judge(pointer, "a user has at least one role")
	}
	return out
}

// nationalID demands a code that nobody else here has, of an own user where the
// profile does.
func (r *demoReader) nationalID(pointer, text string, own bool) (given domain.GivenNationalID) {
	needed := own && r.profile.Policies.NationalID == domain.MustBeGiven
	switch {
	case text == "" && needed:
		r.judge(pointer, "the profile asks for a national id")
	case text == "":
	case !r.profile.AsksNationalID():
		r.judge(pointer+"/nationalId", "the profile asks for no national ids")
	case !own:
		r.judge(pointer+"/nationalId", "the national id of a partner is not kept")
	default:
		issuer, known := nationalid.Issuer(string(r.country))
		if !known {
			r.judge(pointer+"/nationalId", fmt.Sprintf("the national ids of %s are not known here", r.country))
			return given
		}
		code, ok := nationalid.Parse(issuer, text, nationalid.Rules{Artificial: true, Today: time.Now()})
		_, somebodys := nationalid.Parse(issuer, text, nationalid.Rules{Today: time.Now()})
		switch {
		case !ok || somebodys:
			r.judge(pointer+"/nationalId", fmt.Sprintf("%q is no artificial national id of %s", text, r.country))
		case r.codes[code]:
			r.judge(pointer+"/nationalId", fmt.Sprintf("somebody else has the national id %q", code))
		}
		r.codes[code] = true
		given.Code = domain.IdentityCode{Country: domain.Country(issuer), Text: code}
	}
	return given
}

// scope is the place of a name: a resource of the organization's, another
// organization as its client, or what the word says.
func (r *demoReader) scope(pointer string, of domain.OrganizationID, name string) domain.Scope {
	word := domain.ScopeType(name)
	if word == domain.InOrganization || word == domain.ForClients {
		return domain.Scope{Type: word}
	}
	if t, ok := r.places[name]; ok {
		return domain.Scope{Type: t, ID: name}
	}
	r.other(pointer, domain.OrganizationID(name), of)
	return domain.Scope{Type: domain.ForClient, ID: name}
}

// other demands an organization, and another than than.
func (r *demoReader) other(pointer string, key, than domain.OrganizationID) {
	if !r.organizations[key] || key == than {
		r.judge(pointer, fmt.Sprintf("there is nothing called %q here", key))
	}
}

func (r *demoReader) mandate(pointer string, m demoMandate) DemoMandate {
	r.other(pointer+"/principal", m.Principal, "")
	r.other(pointer+"/agent", m.Agent, m.Principal)
	t := r.profile.MandateType(m.Type)
	if t == nil {
		r.judge(pointer+"/type", fmt.Sprintf("unknown mandate %q", m.Type))
	}
	for i, right := range m.Rights {
		if t != nil && !slices.Contains(t.Rights, right) {
			r.judge(fmt.Sprintf("%s/rights/%d", pointer, i), fmt.Sprintf("a %s mandate has no room for the right %q", m.Type, right))
		}
	}
	r.term(pointer, m.Validity)
	return DemoMandate{Principal: m.Principal, Agent: m.Agent, New: domain.NewMandate{Type: m.Type, Rights: m.Rights}, Term: m.Validity}
}

// key demands one that nothing else has that can be referred to in the same place.
func (r *demoReader) key(pointer, key string, taken bool) {
	switch word := domain.ScopeType(key); {
	case key == "" || word == domain.InOrganization || word == domain.ForClients:
		r.judge(pointer, fmt.Sprintf("%q is no key", key))
	case taken:
		r.judge(pointer, fmt.Sprintf("there already is something called %q", key))
	}
}

func (r *demoReader) text(pointer, s string) {
	if s == "" {
		r.judge(pointer, "this is empty")
	}
}

func (r *demoReader) language(pointer string, l domain.Language) {
	if !r.profile.Speaks(l) {
		r.judge(pointer, fmt.Sprintf("the profile does not have the language %q", l))
	}
}

// card demands names, a language, and an address that nobody else here has.
func (r *demoReader) card(pointer string, c *domain.Card) {
	r.text(pointer+"/givenName", c.GivenName)
	r.text(pointer+"/familyName", c.FamilyName)
	r.language(pointer+"/language", c.Language)
	email, err := mailaddr.Parse(string(c.Email))
	switch {
	case err != nil:
		r.judge(pointer+"/email", fmt.Sprintf("%q: %v", c.Email, err))
	case r.people[email]:
		r.judge(pointer+"/email", fmt.Sprintf("the organization already has a user with %q", email))
	}
	r.people[email] = true
	c.Email = email
}

// subscription demands a free one of the organization's where the profile asks for one.
func (r *demoReader) subscription(pointer string, s domain.SubscriptionID) {
	taken, known := r.subscriptions[s]
	switch {
	case s == "" && r.profile.Policies.Subscription:
		r.judge(pointer, "the profile asks for a subscription")
	case s != "" && !known:
		r.judge(pointer+"/subscription", fmt.Sprintf("the organization has no subscription %q", s))
	case taken:
		r.judge(pointer+"/subscription", fmt.Sprintf("somebody else has the subscription %q", s))
	}
	if s != "" {
		r.subscriptions[s] = true
	}
}

func (r *demoReader) known(pointer string, roles []domain.RoleKey, rights []domain.RightKey) {
	for i, key := range roles {
		if r.profile.Role(key) == nil {
			r.judge(fmt.Sprintf("%s/roles/%d", pointer, i), fmt.Sprintf("unknown role %q", key))
		}
	}
	for i, key := range rights {
		if !r.profile.Knows(key) {
			r.judge(fmt.Sprintf("%s/rights/%d", pointer, i), fmt.Sprintf("unknown right %q", key))
		}
	}
}

// term demands a last day that is not over when the demo data is loaded.
func (r *demoReader) term(pointer string, t *DemoTerm) {
	if t != nil && (t.To < 0 || t.To < t.From) {
		r.judge(pointer+"/validity", "the last day has passed, or comes before the first")
	}
}

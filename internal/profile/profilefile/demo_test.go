package profilefile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

const sampleDemo = `organizations:
  - key: first
    name: Näyte Oy
    country: FI
    businessId: "99999992"
    language: en
    subscriptions: [one, two]
    administrator:
      givenName: Aino
      familyName: Näyte
      email: Aino@NÄYTE.example
      language: en
      subscription: one
    resources:
      - key: north
        type: yard
        name: North
        reference: "10"
        resources:
          - {key: barn, type: shed, name: Barn, features: [lock]}
      - {key: south, type: yard, name: South}
    users:
      - givenName: Ulla
        familyName: Näyte
        email: ulla@nayte.example
        language: en
        subscription: two
        roles: [boss]
        defaultTask: Carpenter
        validity: {from: -1, to: 30}
        assignments:
          - {roles: [keeper], rights: [open, sign], in: [south, barn]}
          - {rights: [look], in: [organization, clients, other]}
  - key: other
    name: Prøve AS
    country: NO
    businessId: 123 456 785
    language: en
    subscriptions: [three]
    administrator: {givenName: Ulla, familyName: Prøve, email: ulla@nayte.example, language: en, subscription: three, nationalId: "10915596784"}
mandates:
  - {principal: other, agent: first, type: proxy, rights: [look]}
  - {principal: other, agent: first, type: proxy, rights: [sign], validity: {from: 5, to: 5}}
`

func wideProfile(t *testing.T) *domain.Profile {
	t.Helper()
	p, faults := Parse("wide.yaml", []byte(wide))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

func TestParseDemo(t *testing.T) {
	t.Parallel()
	got, faults := ParseDemo("demo.yaml", []byte(sampleDemo), wideProfile(t))
	want := &Demo{
		Organizations: []DemoOrganization{
			{
				Key: "first", Subscriptions: []domain.SubscriptionID{"one", "two"},
				Customer: domain.Customer{
					Name: "Näyte Oy", Country: "FI", BusinessID: "9999999-2", Language: "en", Subscription: "one",
					Administrator: domain.Card{GivenName: "Aino", FamilyName: "Näyte", Email: "aino@xn--nyte-loa.example", Language: "en"},
				},
				Resources: []DemoResource{
					{Key: "north", New: domain.NewResource{ResourceRef: domain.ResourceRef{Type: "yard", Reference: "10"}, Name: "North"}},
					{Key: "barn", New: domain.NewResource{
						ResourceRef: domain.ResourceRef{Type: "shed"}, Parent: "north", Name: "Barn", Features: []domain.FeatureKey{"lock"},
					}},
					{Key: "south", New: domain.NewResource{ResourceRef: domain.ResourceRef{Type: "yard"}, Name: "South"}},
				},
				Users: []DemoUser{{
					Term: &DemoTerm{From: -1, To: 30},
					New: domain.Invitation{
						Card:  domain.Card{GivenName: "Ulla", FamilyName: "Näyte", Email: "ulla@nayte.example", Language: "en"},
						Roles: []domain.RoleKey{"boss"}, DefaultTask: "Carpenter", Subscription: "two",
						Assignments: []domain.Assignment{
							{
								Roles: []domain.RoleKey{"keeper"}, Rights: []domain.RightKey{"open", "sign"},
								Scopes: []domain.Scope{{Type: "yard", ID: "south"}, {Type: "shed", ID: "barn"}},
							},
							{
								Rights: []domain.RightKey{"look"},
								Scopes: []domain.Scope{{Type: domain.InOrganization}, {Type: domain.ForClients}, {Type: domain.ForClient, ID: "other"}},
							},
						},
					},
				}},
			},
			{
				Key: "other", Subscriptions: []domain.SubscriptionID{"three"},
				Customer: domain.Customer{
					Name: "Prøve AS", Country: "NO", BusinessID: "123456785", Language: "en", Subscription: "three",
					NationalID:    domain.GivenNationalID{Code: domain.IdentityCode{Country: "NO", Text: "10915596784"}},
					Administrator: domain.Card{GivenName: "Ulla", FamilyName: "Prøve", Email: "ulla@nayte.example", Language: "en"},
				},
			},
		},
		Mandates: []DemoMandate{
			{Principal: "other", Agent: "first", New: domain.NewMandate{Type: "proxy", Rights: []domain.RightKey{"look"}}},
			{Principal: "other", Agent: "first", New: domain.NewMandate{Type: "proxy", Rights: []domain.RightKey{"sign"}}, Term: &DemoTerm{From: 5, To: 5}},
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(domain.Invitation{}, domain.GivenNationalID{}, domain.NationalID{})); diff != "" || len(faults) > 0 {
		t.Errorf("demo (-want +got):\n%s\nfaults: %v", diff, faults)
	}
}

func TestParseDemoFaults(t *testing.T) {
	t.Parallel()
	p := wideProfile(t)
	for name, tc := range map[string]struct {
		edits []string
		want  []string // "line: message"; every fault, in order
	}{
		// The form.
		"number for an id":         {[]string{`"99999992"`, "99999992"}, []string{`5: want text: put 99999992 in quotes`}},
		"no family name":           {[]string{"      familyName: Näyte\n      email: Aino", "      email: Aino"}, []string{`8: "familyName" is missing`}},
		"unknown member":           {[]string{"      givenName: Aino", "      phone: '1'\n      givenName: Aino"}, []string{`9: unknown member "phone"`}},
		"unknown of a user":        {[]string{"        roles: [boss]", "        role: [boss]"}, []string{`28: unknown member "role"`}},
		"unknown of a resource":    {[]string{"features: [lock]", "feature: lock"}, []string{`20: unknown member "feature"`}},
		"unknown of an assignment": {[]string{"{rights: [look], in:", "{rights: [look], on: [north], in:"}, []string{`33: unknown member "on"`}},
		"no place":                 {[]string{", in: [south, barn]", ""}, []string{`32: "in" is missing`}},
		"half a term":              {[]string{"{from: -1, to: 30}", "{to: 30}"}, []string{`30: "from" is missing`}},
		"all of it missing":        {[]string{sampleDemo, "{}"}, []string{`1: "organizations" is missing`}},

		// Organizations and people.
		"wrong check digit":   {[]string{"99999992", "99999993"}, []string{`5: "99999993" is no business id of FI`}},
		"unknown country":     {[]string{"country: NO", "country: UK"}, []string{`36: unknown country "UK"`, `40: the national ids of UK are not known here`}},
		"organization twice":  {[]string{"country: NO\n    businessId: 123 456 785", "country: FI\n    businessId: 9999999-2"}, []string{`37: there already is an organization with "9999999-2"`, `40: "10915596784" is no artificial national id of FI`}},
		"key twice":           {[]string{"key: other", "key: first"}, []string{`33: there is nothing called "other" here`, `34: there already is something called "first"`, `42: there is nothing called "other" here`, `43: there is nothing called "other" here`}},
		"no key":              {[]string{"key: first", `key: ""`}, []string{`2: "" is no key`, `42: there is nothing called "first" here`, `43: there is nothing called "first" here`}},
		"language not spoken": {[]string{"    language: en\n    subscriptions: [three]", "    language: sv\n    subscriptions: [three]"}, []string{`38: the profile does not have the language "sv"`}},
		"no name":             {[]string{"Prøve AS", `""`}, []string{`35: this is empty`}},
		"bad address":         {[]string{"Aino@NÄYTE.example", "aino"}, []string{`11: "aino": an address has exactly one @`}},
		"person twice":        {[]string{"email: ulla@nayte.example\n", "email: aino@näyte.example\n"}, []string{`25: the organization already has a user with "aino@xn--nyte-loa.example"`}},

		// Resources.
		"resource twice":        {[]string{"key: south, type", "key: barn, type"}, []string{`21: there already is something called "barn"`, `32: there is nothing called "south" here`}},
		"called as a client":    {[]string{"key: south, type", "key: other, type"}, []string{`21: there already is something called "other"`, `32: there is nothing called "south" here`}},
		"called as a word":      {[]string{"{key: south, type: yard", "{key: clients, type: yard"}, []string{`21: "clients" is no key`, `32: there is nothing called "south" here`}},
		"unknown type":          {[]string{"key: south, type: yard", "key: south, type: garden"}, []string{`21: unknown resource type "garden"`}},
		"in the wrong place":    {[]string{"key: south, type: yard", "key: south, type: shed"}, []string{`21: a shed does not lie here`}},
		"in the wrong resource": {[]string{"type: shed, name: Barn, features: [lock]", "type: yard, name: Barn"}, []string{`20: a yard does not lie here`}},
		"unknown feature":       {[]string{"[lock]", "[roof]"}, []string{`20: resource type "shed" has no feature "roof"`}},

		// What users are given.
		"unknown role":          {[]string{"roles: [boss]", "roles: [chief]"}, []string{`28: unknown role "chief"`}},
		"unknown role assigned": {[]string{"roles: [keeper]", "roles: [boss, chief]"}, []string{`32: unknown role "chief"`}},
		"unknown right":         {[]string{"[open, sign]", "[open, shut]"}, []string{`32: unknown right "shut"`}},
		"unknown place":         {[]string{"[south, barn]", "[south, west]"}, []string{`32: there is nothing called "west" here`}},
		"client of itself":      {[]string{"clients, other]", "clients, first]"}, []string{`33: there is nothing called "first" here`}},
		"term that is over":     {[]string{"{from: -1, to: 30}", "{from: -5, to: -1}"}, []string{`30: the last day has passed, or comes before the first`}},
		"term reversed":         {[]string{"{from: -1, to: 30}", "{from: 9, to: 8}"}, []string{`30: the last day has passed, or comes before the first`}},

		// Subscriptions.
		"no subscription":      {[]string{"        subscription: two\n", ""}, []string{`23: the profile asks for a subscription`}},
		"unknown subscription": {[]string{"subscription: two", "subscription: ten"}, []string{`27: the organization has no subscription "ten"`}},
		"another's":            {[]string{"subscription: two", "subscription: one"}, []string{`27: somebody else has the subscription "one"`}},
		"somebody's code":      {[]string{`"10915596784"`, `"13097248022"`}, []string{`40: "13097248022" is no artificial national id of NO`}},
		"no code":              {[]string{`"10915596784"`, `"1091559678"`}, []string{`40: "1091559678" is no artificial national id of NO`}},
		"code twice":           {[]string{"        subscription: two\n", "        subscription: two\n        nationalId: 010594Y9032\n", "      email: Aino@NÄYTE.example\n", "      email: Aino@NÄYTE.example\n      nationalId: 010594Y9032\n"}, []string{`29: somebody else has the national id "010594Y9032"`}},
		"subscription twice":   {[]string{"[three]", "[three, three]"}, []string{`39: subscription "three" is named twice`}},

		// Mandates.
		"unknown principal":  {[]string{"- {principal: other, agent: first, type: proxy, rights: [look]}", "- {principal: nobody, agent: first, type: proxy, rights: [look]}"}, []string{`42: there is nothing called "nobody" here`}},
		"to itself":          {[]string{"agent: first, type: proxy, rights: [look]", "agent: other, type: proxy, rights: [look]"}, []string{`42: there is nothing called "other" here`}},
		"unknown mandate":    {[]string{"type: proxy, rights: [look]", "type: regency, rights: [look]"}, []string{`42: unknown mandate "regency"`}},
		"above the ceiling":  {[]string{"rights: [look]}", "rights: [look, open]}"}, []string{`42: a proxy mandate has no room for the right "open"`}},
		"mandate that ended": {[]string{"{from: 5, to: 5}", "{from: 5, to: 4}"}, []string{`43: the last day has passed, or comes before the first`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := sampleDemo
			for i := 0; i < len(tc.edits); i += 2 {
				if strings.Count(text, tc.edits[i]) != 1 {
					t.Fatalf("%q is %d times in the sample, want once", tc.edits[i], strings.Count(text, tc.edits[i]))
				}
				text = strings.Replace(text, tc.edits[i], tc.edits[i+1], 1)
			}
			demo, faults := ParseDemo("demo.yaml", []byte(text), p)
			var got []string
			for _, f := range faults {
				got = append(got, fmt.Sprintf("%d: %s", f.Line, f.Message))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || demo != nil {
				t.Errorf("a demo: %v, faults (-want +got):\n%s", demo != nil, diff)
			}
		})
	}
}

// What a profile does not have is not in its demo data.
func TestParseDemoOfAPlainProfile(t *testing.T) {
	t.Parallel()
	p, faults := Parse("sample.yaml", []byte(spoilt(t, "fixedTerm: true", "fixedTerm: false")))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	_, faults = ParseDemo("demo.yaml", []byte(`organizations:
  - key: one
    name: One
    country: FI
    businessId: 9999999-2
    language: en
    subscriptions: [one]
    administrator: {givenName: A, familyName: B, email: a@one.example, language: en}
    users:
      - {givenName: C, familyName: D, email: c@one.example, language: en, validity: {from: 0, to: 1}}
`), p)
	want := "demo.yaml:7: the profile asks for no subscriptions\ndemo.yaml:10: the profile has no fixed terms\ndemo.yaml:10: a user has at least one role"
	if got := faults.Error(); got != want {
		t.Errorf("faults:\n%s", got)
	}
}

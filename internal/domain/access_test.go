package domain

import (
	"errors"
	"testing"
	"time"
)

var testProfile = &Profile{
	Languages: []Language{Finnish, English}, Country: "FI", TimeZone: "Europe/Helsinki",
	Roles: []Role{
		{Key: "administrator", Level: 3, All: true, Scopes: []ScopeType{InOrganization}},
		{Key: "deputy", Level: 2, Rights: []RightKey{RightSeeUsers, RightEditUsers, RightSeeOrganization}, Scopes: []ScopeType{InOrganization}},
		{Key: "user", Level: 1, Rights: []RightKey{RightSeeOrganization}, Scopes: []ScopeType{InOrganization}},
	},
	Policies: Policies{RemovalOwn: Erase, SelfEdit: true},
}

var testNow = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

func testPlace(id OrganizationID, roles ...RoleKey) Place {
	return Place{
		Organization: &Organization{ID: id, TimeZone: "Europe/Helsinki", Country: "FI"},
		Membership:   &Membership{Organization: id, Person: "usr_1", Roles: roles, ActivatedAt: testNow.Add(-time.Hour)},
	}
}

func TestDecide(t *testing.T) {
	here, other := OrganizationID("org_here"), OrganizationID("org_other")
	locked := testPlace(here, "administrator")
	locked.Membership.Validity = Validity{Type: Locked}
	stranger := Place{Organization: &Organization{ID: here, TimeZone: "Europe/Helsinki"}}
	for name, c := range map[string]struct {
		caller Caller
		right  RightKey
		want   error
	}{
		"administrator edits users":                {Caller{Here: testPlace(here, "administrator")}, RightEditUsers, nil},
		"administrator has rights of later":        {Caller{Here: testPlace(here, "administrator")}, "invented:tomorrow", nil},
		"user edits users":                         {Caller{Here: testPlace(here, "user")}, RightEditUsers, ErrForbidden},
		"role that the profile no longer has":      {Caller{Here: testPlace(here, "gone")}, RightSeeOrganization, ErrForbidden},
		"locked administrator":                     {Caller{Here: locked}, RightEditUsers, ErrNotFound},
		"another organization's administrator":     {Caller{Here: stranger, Home: testPlace(other, "administrator")}, RightSeeUsers, ErrNotFound},
		"organization that is not there":           {Caller{Home: testPlace(other, "administrator")}, RightSeeUsers, ErrNotFound},
		"operator sees a customer's users":         {Caller{Here: stranger, Home: testPlace(OperatorID, "administrator")}, RightSeeUsers, nil},
		"operator sends an activation again":       {Caller{Here: stranger, Home: testPlace(OperatorID, "administrator")}, RightSendActivation, nil},
		"operator edits a customer's users":        {Caller{Here: stranger, Home: testPlace(OperatorID, "administrator")}, RightEditUsers, ErrNotFound},
		"operator's plain user sees a customer":    {Caller{Here: stranger, Home: testPlace(OperatorID, "user")}, RightSeeUsers, ErrNotFound},
		"operator asks for what is not there":      {Caller{Home: testPlace(OperatorID, "administrator")}, RightSeeUsers, ErrNotFound},
		"operator makes customers":                 {Caller{Home: testPlace(OperatorID, "administrator")}, RightOperate, nil},
		"customer's administrator makes customers": {Caller{Home: testPlace(other, "administrator"), Here: testPlace(other, "administrator")}, RightOperate, ErrForbidden},
	} {
		if got := c.caller.Decide(testProfile, c.right, nil, testNow); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestXC1_NobodyGivesARoleAboveTheirOwn(t *testing.T) {
	levels := map[RoleKey]int{"administrator": 3, "deputy": 2, "user": 1}
	for mine, m := range levels {
		for given, g := range levels {
			caller := Caller{Here: testPlace("org_here", mine)}
			if got := caller.MayGive(testProfile, Gift{Roles: []RoleKey{given}}, testNow) == nil; got != (g <= m) {
				t.Errorf("%s gives %s: %v", mine, given, got)
			}
		}
	}
	operator := Caller{Home: testPlace(OperatorID, "administrator")}
	if operator.MayGive(testProfile, Gift{Roles: []RoleKey{"user"}}, testNow) == nil {
		t.Error("the operator gives roles in a customer organization")
	}
	if caller := (Caller{Here: testPlace("org_here", "administrator")}); caller.MayGive(testProfile, Gift{Roles: []RoleKey{"unknown"}}, testNow) == nil {
		t.Error("an unknown role is given")
	}
}

func TestChangesNeedAnActorAndAnAuditEntry(t *testing.T) {
	person := &Person{ID: NewPersonID()}
	for name, c := range map[string]struct {
		change Change
		record bool
		ok     bool
	}{
		"nobody":                  {Change{Writes: []Write{{Entity: &Attempts{}}}}, false, false},
		"person without an id":    {Change{Actor: Actor{Type: ByPerson}, Writes: []Write{{Entity: &Attempts{}}}}, false, false},
		"weight without an audit": {Change{Actor: Actor{Type: ByJob, ID: "j"}, Writes: []Write{{Entity: person}}}, false, false},
		"weight with an audit":    {Change{Actor: Actor{Type: ByJob, ID: "j"}, Writes: []Write{{Entity: person}}}, true, true},
		"trivial without":         {Change{Actor: Actor{Type: ByPublic}, Writes: []Write{{Entity: &Attempts{}}}}, false, true},
		"removal without":         {Change{Actor: Actor{Type: ByPublic}, Writes: []Write{{Entity: person, Remove: true}}}, false, false},
	} {
		if c.record {
			c.change.Record("org_x", UserCreated, aboutUser(person.ID))
		}
		if got := c.change.Check() == nil; got != c.ok {
			t.Errorf("%s: %v", name, c.change.Check())
		}
	}
}

func TestLastEffectiveAdministratorStays(t *testing.T) {
	org := &Organization{ID: "org_here", TimeZone: "Europe/Helsinki"}
	on, invited := Seat{Person: "a", Activated: true}, Seat{Person: "b"}
	chief := Seat{Person: "h", Activated: true, Chief: true}
	lockedSeat := Seat{Person: "c", Activated: true, Validity: Validity{Type: Locked}}
	ending := Seat{Person: "e", Activated: true, Validity: Validity{Type: FixedTerm, From: "2026-01-01", To: "2026-12-31"}}
	for name, c := range map[string]struct {
		before, after []Seat
		want          error
	}{
		"the chief goes":               {[]Seat{chief, on}, []Seat{on}, ErrLastAdmin},
		"of two chiefs one goes":       {[]Seat{chief, {Person: "i", Activated: true, Chief: true}}, []Seat{chief}, nil},
		"an invited chief is left":     {[]Seat{chief, {Person: "i", Chief: true}}, []Seat{{Person: "i", Chief: true}}, ErrLastAdmin},
		"another than the chief goes":  {[]Seat{chief, on}, []Seat{chief}, nil},
		"one of two goes":              {[]Seat{on, {Person: "d", Activated: true}}, []Seat{on}, nil},
		"the last goes":                {[]Seat{on}, nil, ErrLastAdmin},
		"an invited one is left":       {[]Seat{on, invited}, []Seat{invited}, ErrLastAdmin},
		"a locked one is left":         {[]Seat{on, lockedSeat}, []Seat{lockedSeat}, ErrLastAdmin},
		"one of two invited goes":      {[]Seat{invited, {Person: "d"}}, []Seat{invited}, nil},
		"the only invited goes":        {[]Seat{invited}, nil, ErrLastAdmin},
		"the first one comes, invited": {nil, []Seat{invited}, nil},
		"one with an end is left":      {[]Seat{on, ending}, []Seat{ending}, ErrLastAdmin},
		"of two with an end, one goes": {[]Seat{ending, {Person: "f", Activated: true, Validity: ending.Validity}}, []Seat{ending}, nil},
	} {
		change := Change{At: testNow}
		if got := change.seat(org, &Administrators{Seats: c.before}, c.after); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestOwnWordsInPasswords(t *testing.T) {
	words := []string{"Ulla-Maija", "Ö", "ulla.maija@firma.example", "Firma Oy"}
	for password, bad := range map[string]bool{
		"ulla1234": true, "FIRMA2026!": true, "maijaulla": true, "firmafirma1": true,
		"ulla likes long walks": false, "kolme pientä porsasta": false, "example1": true, "öööööööö1": false,
	} {
		if ownWords(password, words) != bad {
			t.Errorf("%q: own words %v", password, !bad)
		}
	}
}

func TestEmailMask(t *testing.T) {
	for e, want := range map[Email]string{"a@x.example": "a***@x.example", "abcd@x.example": "ab***@x.example", "": ""} {
		if e.Masked() != want {
			t.Errorf("%s: %s", e, e.Masked())
		}
	}
}

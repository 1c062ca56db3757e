package profilefile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/profile"
)

// wide is a profile with all that one can have.
const wide = `key: wide
languages: [en]
timeZone: Europe/Oslo
country: NO
resourceTypes:
  - key: yard
    name: {en: Yard}
  - key: shed
    name: {en: Shed}
    parent: yard
    features: [lock]
roles:
  - key: boss
    name: {en: Boss}
    info: {en: Everything.}
    level: 2
    rights: [all, diary, national-ids:see]
    scopes: [organization, client, clients]
  - key: keeper
    name: {en: Keeper}
    info: {en: Of sheds.}
    level: 1
    rights: [resources:see, open]
    scopes: [yard, shed]
  - key: signer
    name: {en: Signer}
    info: {en: By mail.}
    level: 1
    rights: [sign]
    signIn: false
  - key: guest
    name: {en: Guest}
    info: {en: Looks.}
    level: 1
    rights: [look]
    defaultFor: [administrator, self]
rights:
  - key: open
    name: {en: Open}
    info: {en: Opens.}
    on: shed
    feature: lock
    with: resources:see
  - key: look
    name: {en: Look}
    info: {en: Looks.}
    on: organization
    module: true
    recommended: true
  - {key: sign, name: {en: Sign}, info: {en: Signs.}}
  - {key: diary, name: {en: Diary}, info: {en: Reads.}, sensitive: true}
mandates:
  - key: proxy
    name: {en: Proxy}
    info: {en: For others.}
    rights: [look, sign]
policies:
  removal: {own: erase}
  selfEdit: false
  fixedTerm: true
  partners: true
  nationalId: optional
  selfRegistration: true
  subscription: {required: true}
  creation: {requires: [shed, modules]}
  accessOnly: true
  reminders: [20, 5]
mail: {notices: false}
`

func TestParseWide(t *testing.T) {
	t.Parallel()
	en := func(s string) domain.Text { return domain.Text{domain.English: s} }
	organization := []domain.ScopeType{domain.InOrganization}
	want := &domain.Profile{
		Key: "wide", Languages: []domain.Language{"en"}, TimeZone: "Europe/Oslo", Country: "NO",
		ResourceTypes: []domain.ResourceType{
			{Key: "yard", Name: en("Yard")},
			{Key: "shed", Name: en("Shed"), Parent: "yard", Features: []domain.FeatureKey{"lock"}},
		},
		Roles: []domain.Role{
			{
				Key: "boss", Name: en("Boss"), Info: en("Everything."), Level: 2, Rights: []domain.RightKey{"diary", domain.RightSeeNationalIDs}, All: true,
				Scopes: []domain.ScopeType{domain.InOrganization, domain.ForClient, domain.ForClients},
			},
			{
				Key: "keeper", Name: en("Keeper"), Info: en("Of sheds."), Level: 1, Rights: []domain.RightKey{"resources:see", "open"},
				Scopes: []domain.ScopeType{"yard", "shed"},
			},
			{
				Key: "signer", Name: en("Signer"), Info: en("By mail."), Level: 1, Rights: []domain.RightKey{"sign"},
				Scopes: organization, NoSignIn: true,
			},
			{
				Key: "guest", Name: en("Guest"), Info: en("Looks."), Level: 1, Rights: []domain.RightKey{"look"},
				Scopes: organization, DefaultFor: []domain.Origin{domain.ByAdministrator, domain.ByThemselves},
			},
		},
		Rights: []domain.RightInfo{
			{Key: "open", Name: en("Open"), Info: en("Opens."), On: "shed", Feature: "lock", With: "resources:see"},
			{Key: "look", Name: en("Look"), Info: en("Looks."), Module: true, Recommended: true},
			{Key: "sign", Name: en("Sign"), Info: en("Signs.")},
			{Key: "diary", Name: en("Diary"), Info: en("Reads."), Sensitive: true},
		},
		Mandates: []domain.MandateType{{Key: "proxy", Name: en("Proxy"), Info: en("For others."), Rights: []domain.RightKey{"look", "sign"}}},
		Mail:     domain.MailSettings{domain.TopicNotices: false},
		Policies: domain.Policies{
			RemovalOwn: domain.Erase, FixedTerm: true, Reminders: []int{20, 5}, AccessOnly: true, Partners: true, NationalID: domain.MayBeGiven, SelfRegistration: true,
			Subscription: true, CreationRequires: []domain.CreationChoice{"shed", domain.ChooseModules},
		},
	}
	got, faults := Parse("wide.yaml", []byte(wide))
	if diff := cmp.Diff(want, got); diff != "" || len(faults) > 0 {
		t.Fatalf("profile (-want +got):\n%s\n%v", diff, faults)
	}
	compiled, err := Compile([]byte(wide))
	if err != nil {
		t.Fatal(err)
	}
	again, err := profile.Parse(compiled)
	if diff := cmp.Diff(got, again); diff != "" || err != nil {
		t.Errorf("compiled, the profile is another (-written +compiled):\n%s%v", diff, err)
	}
}

func TestParseWhoseResourcesAre(t *testing.T) {
	t.Parallel()
	p, faults := Parse("wide.yaml", []byte(strings.Replace(wide, "{en: Yard}", "{en: Yard}\n    operator: true\n    jobTitles: true", 1)))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	yard, shed := p.ResourceType("yard"), p.ResourceType("shed")
	if !yard.Operator || !yard.JobTitles || shed.Operator || shed.JobTitles {
		t.Errorf("%+v, %+v", yard, shed)
	}
}

// What is left out is what the written default is.
func TestParseDefaults(t *testing.T) {
	t.Parallel()
	short, faults := Parse("short.yaml", []byte(sample))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	long, faults := Parse("long.yaml", []byte(spoilt(t,
		"country: FI\n", "country: FI\nresourceTypes: []\n",
		"    level: 2\n", "    level: 2\n    scopes: [organization]\n    signIn: true\n",
		"{fi: Saa arkistoida., en: May file.}", "{fi: Saa arkistoida., en: May file.}\n    on: organization\n    module: false",
		"policies:\n", "mandates: []\npolicies:\n  nationalId: none\n  partners: false\n  subscription: {required: false}\n",
	)))
	if diff := cmp.Diff(short, long); diff != "" || len(faults) > 0 {
		t.Errorf("profile (-short +long):\n%s\n%v", diff, faults)
	}
}

func TestParseWideFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edits []string
		want  []string // "line: message"; every fault, in order
	}{
		// The form.
		"unknown in a resource type": {[]string{"    parent: yard", "    parents: yard"}, []string{`10: unknown member "parents"`}},
		"unknown in a mandate":       {[]string{"{en: For others.}", "{en: For others.}\n    scopes: []"}, []string{`56: unknown member "scopes"`}},
		"sign-in is no word":         {[]string{"signIn: false", "signIn: never"}, []string{`30: want true or false`}},
		"operator is no word":        {[]string{"    parent: yard", "    parent: yard\n    operator: mine"}, []string{`11: want true or false`}},
		"requires left out":          {[]string{"{requires: [shed, modules]}", "{}"}, []string{`65: "requires" is missing`}},

		// Resource types.
		"type twice":          {[]string{"  - key: shed", "  - key: yard"}, []string{`8: there already is a resource type "yard"`, `24: unknown scope "shed"`, `41: unknown resource type "shed"`, `65: unknown choice "shed": "modules" or a resource type`}},
		"type called client":  {[]string{"  - key: yard", "  - key: client"}, []string{`6: "client" is a word of Fullmakt's own and no key of a resource type`, `10: unknown resource type "yard"`, `24: unknown scope "yard"`}},
		"type called modules": {[]string{"  - key: yard\n    name: {en: Yard}", "  - key: yard\n    name: {en: Yard}\n  - {key: modules, name: {en: Modules}}"}, []string{`8: "modules" is a word of Fullmakt's own and no key of a resource type`}},
		"parent unknown":      {[]string{"parent: yard", "parent: garden"}, []string{`10: unknown resource type "garden"`}},
		"in itself":           {[]string{"parent: yard", "parent: shed"}, []string{`10: resource type "shed" lies in itself`}},
		"in a circle":         {[]string{"{en: Yard}", "{en: Yard}\n    parent: shed"}, []string{`8: resource type "yard" lies in itself`}},
		"no name in a type":   {[]string{"{en: Shed}", "{}"}, []string{`9: no text in "en"`}},
		"feature twice":       {[]string{"[lock]", "[lock, lock]"}, []string{`11: feature "lock" is named twice`}},
		"bad feature":         {[]string{"[lock]", "[lock, Key]"}, []string{`11: "Key" is not a key: lower-case words with hyphens between them`}},

		// Rights.
		"on what is not there":   {[]string{"on: shed", "on: barn"}, []string{`41: unknown resource type "barn"`}},
		"feature not there":      {[]string{"feature: lock", "feature: roof"}, []string{`42: resource type "shed" has no feature "roof"`}},
		"feature of the whole":   {[]string{"    on: organization\n", "    feature: lock\n"}, []string{`47: the organization has no features: say with "on" which resource type has it`}},
		"with what is unknown":   {[]string{"with: resources:see", "with: stare"}, []string{`43: unknown right "stare"`}},
		"with what is elsewhere": {[]string{"with: resources:see", "with: look"}, []string{`43: right "look" is one on another type of resource than "open"`}},
		"with what is above all": {[]string{"with: resources:see", "with: users:see"}, []string{`43: right "users:see" is never held on a resource, as "open" is`}},
		"with a chain":           {[]string{"with: resources:see", "with: shut", "  - {key: sign,", "  - {key: shut, name: {en: Shut}, info: {en: Shuts.}, on: shed, with: resources:see}\n  - {key: sign,"}, []string{`43: right "shut" itself counts only beside another: nothing follows a chain`}},
		"with in a circle": {
			[]string{"with: resources:see", "with: shut", "  - {key: sign,", "  - {key: shut, name: {en: Shut}, info: {en: Shuts.}, on: shed, with: open}\n  - {key: sign,"},
			[]string{`43: right "shut" itself counts only beside another: nothing follows a chain`, `50: right "open" itself counts only beside another: nothing follows a chain`},
		},
		"with what asks for more": {[]string{"    feature: lock\n    with: resources:see", "    with: shut", "  - {key: sign,", "  - {key: shut, name: {en: Shut}, info: {en: Shuts.}, on: shed, feature: lock}\n  - {key: sign,"}, []string{`42: right "shut" asks for the feature "lock", and "open" does not`}},
		"with what has no room":   {[]string{"[look, sign]", "[look, open]"}, []string{`43: right "open" is in a mandate, and "resources:see" in none`}},
		"with itself":             {[]string{"with: resources:see", "with: open"}, []string{`43: right "open" is always held with itself`}},
		"sensitive, held by no":   {[]string{"[all, diary, national-ids:see]", "[all, national-ids:see]"}, []string{`51: nobody could give the right diary: "boss", the highest role that administers, does not hold it`}},
		"in all already":          {[]string{"[all, diary, national-ids:see]", "[all, diary, look, national-ids:see]"}, []string{`17: right "look" is in "all" already`}},

		// Roles.
		"scope unknown":             {[]string{"[yard, shed]", "[yard, barn]"}, []string{`24: unknown scope "barn"`}},
		"scope twice":               {[]string{"[yard, shed]", "[yard, shed, yard]"}, []string{`24: scope "yard" is named twice`}},
		"no scope":                  {[]string{"[yard, shed]", "[]"}, []string{`24: name at least one place where the role is given`}},
		"never holds":               {[]string{"[resources:see, open]", "[resources:see, look]"}, []string{`23: right "look" can hold nowhere that the role is given`}},
		"own right never holds":     {[]string{"[resources:see, open]", "[open, users:see]"}, []string{`23: right "users:see" can hold nowhere that the role is given`}},
		"below, but not above":      {[]string{"on: shed", "on: yard", "[yard, shed]", "[shed]", "    feature: lock\n", ""}, []string{`23: right "open" can hold nowhere that the role is given`}},
		"above every ceiling":       {[]string{"[yard, shed]", "[clients]"}, []string{`23: right "resources:see" can hold nowhere that the role is given`, `23: right "open" can hold nowhere that the role is given`}},
		"clients without mandates":  {[]string{wide[strings.Index(wide, "mandates:"):strings.Index(wide, "policies:")], ""}, []string{`18: there are no clients, because the profile has no mandates`, `18: there are no clients, because the profile has no mandates`}},
		"administers unseen":        {[]string{"rights: [sign]", "rights: all"}, []string{`29: a role without sign-in cannot administer`}},
		"uses unseen":               {[]string{"rights: [sign]", "rights: [sign, users:see]"}, []string{`29: right "users:see" is of no use without sign-in`}},
		"edits without seeing":      {[]string{"[resources:see, open]", "[resources:share, open]"}, []string{`23: right "resources:share" is of no use without "resources:see"`}},
		"origin unknown":            {[]string{"[administrator, self]", "[import, self]"}, []string{`36: unknown origin "import": "administrator" or "self"`}},
		"origin twice":              {[]string{"[administrator, self]", "[self, self]"}, []string{`36: origin "self" is named twice`}},
		"self, and nobody does":     {[]string{"  selfRegistration: true\n", ""}, []string{`36: nobody registers themselves: the policy selfRegistration is off`}},
		"self, without sign-in":     {[]string{"[administrator, self]", "[administrator, self]\n    signIn: false"}, []string{`36: who registers themselves signs in, and the role has no sign-in`}},
		"administers of itself":     {[]string{"rights: [look]\n", "rights: all\n"}, []string{`36: a role that administers is never given of itself`}},
		"of itself, but not at all": {[]string{"rights: [look]\n", "rights: []\n    scopes: [shed]\n"}, []string{`37: a role that is given of itself must be one for the organization`}},
		"more than the first":       {[]string{"[all, diary, national-ids:see]", "[users:see, users:edit, open, look, sign, diary, national-ids:see]"}, []string{`23: nobody could give the right resources:see: "boss", the highest role that administers, does not hold it`}},
		"all, and the first not":    {[]string{"[all, diary, national-ids:see]", "[users:see, users:edit, open, look, sign, diary, national-ids:see]", "[resources:see, open]\n    scopes: [yard, shed]", "all"}, []string{`23: nobody could give all rights: "boss", the highest role that administers, does not hold it`}},

		"notice unknown":   {[]string{"info: {en: Reads.}, sensitive: true}", "info: {en: Reads.}, sensitive: true, notice: weather}"}, []string{`51: unknown notice: there is "agreement-changed"`}},
		"notice somewhere": {[]string{"    feature: lock\n", "    feature: lock\n    notice: agreement-changed\n"}, []string{`43: a notice goes to those who hold a right in the whole organization`}},

		// Mandates.
		"ceiling unknown":     {[]string{"[look, sign]", "[look, stare]"}, []string{`56: unknown right "stare"`}},
		"ceiling of our own":  {[]string{"[look, sign]", "[look, users:see]"}, []string{`56: right "users:see" is one of Fullmakt's own: nobody administers a client`}},
		"ceiling, sensitive":  {[]string{"[look, sign]", "[look, diary]"}, []string{`56: right "diary" is sensitive and in no mandate`}},
		"ceiling twice":       {[]string{"[look, sign]", "[look, look]"}, []string{`56: right "look" is named twice`}},
		"ceiling of nothing":  {[]string{"[look, sign]", "[]"}, []string{`56: a mandate without rights gives nothing`}},
		"mandate unexplained": {[]string{"{en: For others.}", "{}"}, []string{`55: no text in "en"`}},
		"mandate twice":       {[]string{"policies:", "  - {key: proxy, name: {en: A}, info: {en: B}, rights: [look]}\npolicies:"}, []string{`57: there already is a mandate "proxy"`}},

		// Mail.
		"topic unknown":    {[]string{"{notices: false}", "{offers: false}"}, []string{`68: unknown topic "offers"`}},
		"topic is no word": {[]string{"{notices: false}", "{notices: never}"}, []string{`68: want true or false`}},

		// Policies.
		"reminders of nothing":  {[]string{"  fixedTerm: true\n", "  fixedTerm: false\n"}, []string{`67: there are no fixed terms whose end to remind of`}},
		"reminders out of turn": {[]string{"[20, 5]", "[20, 20, 366, 0]"}, []string{`67: want fewer days than before it`, `67: want 1 to 365 days`, `67: want fewer days than before it`, `67: want 1 to 365 days`}},
		"national id":           {[]string{"nationalId: optional", "nationalId: maybe"}, []string{`62: unknown policy "maybe": "none", "optional" or "required"`}},
		"national ids unused":   {[]string{"[all, diary, national-ids:see]", "[all, diary]"}, []string{`62: what nobody could ever use is not asked for: no role holds "national-ids:see"`}},
		"none to see":           {[]string{"nationalId: optional", "nationalId: none"}, []string{`17: right "national-ids:see" is of no use: there are no national ids`}},
		"none seen by list":     {[]string{"rights: [look]", "rights: [look, national-ids:see]"}, []string{`35: right "national-ids:see" is of no use without "users:see"`}},
		"self without role":     {[]string{"[administrator, self]", "[administrator]"}, []string{`63: who registers themselves gets no role: one must be default for "self"`}},
		"unknown choice":        {[]string{"[shed, modules]", "[barn, modules]"}, []string{`65: unknown choice "barn": "modules" or a resource type`}},
		"choice twice":          {[]string{"[shed, modules]", "[shed, shed]"}, []string{`65: choice "shed" is named twice`}},
		"no module to choose":   {[]string{"    module: true\n", ""}, []string{`64: there are no modules to choose: no right is one`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := wide
			for i := 0; i < len(tc.edits); i += 2 {
				if strings.Count(text, tc.edits[i]) != 1 {
					t.Fatalf("%q is %d times in the profile, want once", tc.edits[i], strings.Count(text, tc.edits[i]))
				}
				text = strings.Replace(text, tc.edits[i], tc.edits[i+1], 1)
			}
			p, faults := Parse("wide.yaml", []byte(text))
			if p != nil {
				t.Error("there is a profile in spite of the faults")
			}
			var got []string
			for _, f := range faults {
				got = append(got, fmt.Sprintf("%d: %s", f.Line, f.Message))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

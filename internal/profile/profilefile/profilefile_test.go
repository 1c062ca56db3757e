package profilefile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/profiles"
)

// sample is a small profile that every case below spoils in its own way.
const sample = `key: sample
languages: [fi, en]
timeZone: Europe/Helsinki
country: FI
roles:
  - key: boss
    name: {fi: Pomo, en: Boss}
    info:
      fi: Voi kaiken.
      en: Can do everything.
    level: 2
    rights: all
  - key: clerk
    name: {fi: Virkailija, en: Clerk}
    info: {fi: Tekee työn., en: Does the work.}
    level: 1
    rights:
      - users:see
      - file # the portal's own
rights:
  - key: file
    name: {fi: Arkistointi, en: Filing}
    info: {fi: Saa arkistoida., en: May file.}
policies:
  removal: {own: deactivate}
  selfEdit: false
  fixedTerm: true
`

// spoilt is the sample with replacements made: pairs of old and new.
func spoilt(t *testing.T, edits ...string) string {
	t.Helper()
	s := sample
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(s, edits[i]) != 1 {
			t.Fatalf("%q is %d times in the sample, want once", edits[i], strings.Count(s, edits[i]))
		}
		s = strings.Replace(s, edits[i], edits[i+1], 1)
	}
	return s
}

func TestParse(t *testing.T) {
	t.Parallel()
	p, faults := Parse("sample.yaml", []byte(sample))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if boss := p.Role("boss"); boss == nil || !boss.All || len(boss.Rights) > 0 || boss.Info["en"] != "Can do everything." || boss.Level != 2 {
		t.Errorf("boss is %+v", boss)
	}
	if clerk := p.Role("clerk"); clerk == nil || clerk.All || !slices.Equal(clerk.Rights, []domain.RightKey{"users:see", "file"}) {
		t.Errorf("clerk is %+v", clerk)
	}
	compiled, err := Compile([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	again, err := profile.Parse(compiled)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, again); diff != "" {
		t.Errorf("compiled, the profile is another (-written +compiled):\n%s", diff)
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edits []string
		want  []string // "line: message"; every fault, in order
	}{
		// The form.
		"unknown member":          {[]string{"country: FI\n", "country: FI\ncolour: red\n"}, []string{`5: unknown member "colour"`}},
		"unknown member, nested":  {[]string{"{own: deactivate}", "{own: deactivate, partner: detach}"}, []string{`25: unknown member "partner"`}},
		"another case":            {[]string{"timeZone:", "timezone:"}, []string{`1: "timeZone" is missing`, `3: unknown member "timezone"`}},
		"missing member":          {[]string{"  selfEdit: false\n", ""}, []string{`24: "selfEdit" is missing`}},
		"missing in a list":       {[]string{"    level: 1\n", ""}, []string{`13: "level" is missing`}},
		"duplicate key":           {[]string{"country: FI\n", "country: FI\ncountry: SE\n"}, []string{`5: "country" is there already, on line 4`}},
		"duplicate key in a flow": {[]string{"{fi: Pomo, en: Boss}", "{fi: Pomo, en: Boss, fi: Johtaja}"}, []string{`7: "fi" is there already, on line 7`}},
		"text for a list":         {[]string{"languages: [fi, en]", "languages: fi"}, []string{`2: want a list`}},
		"another word than all":   {[]string{"rights: all", "rights: everything"}, []string{`12: want a list or "all"`}},
		"list for a text":         {[]string{"country: FI", "country: [FI]"}, []string{`4: want text`}},
		"number for a text":       {[]string{"key: sample", "key: 2026"}, []string{`1: want text: put 2026 in quotes`}},
		"truth for a text":        {[]string{"fi: Pomo", "fi: true"}, []string{`7: want text: put true in quotes`}},
		"text for a number":       {[]string{"level: 2", "level: high"}, []string{`11: want a whole number`}},
		"fraction":                {[]string{"level: 2", "level: 2.5"}, []string{`11: want a whole number`}},
		"yes for true":            {[]string{"selfEdit: false", "selfEdit: no"}, []string{`26: want true or false`}},
		"nothing":                 {[]string{"country: FI", "country:"}, []string{`4: nothing is given`}},
		"null":                    {[]string{"rights: all", "rights: null"}, []string{`12: nothing is given`}},
		"list for members":        {[]string{"removal: {own: deactivate}", "removal: [deactivate]"}, []string{`25: want members with a name each`}},
		"anchor":                  {[]string{"country: FI", "country: &home FI"}, []string{`4: anchors, aliases and tags are not used here`}},
		"alias":                   {[]string{"country: FI", "country: *home"}, []string{`4: anchors, aliases and tags are not used here`}},
		"tag":                     {[]string{"country: FI", "country: !!str FI"}, []string{`4: anchors, aliases and tags are not used here`}},
		"merge key":               {[]string{"  selfEdit: false", "  <<: {selfEdit: false}"}, []string{`24: "selfEdit" is missing`, `26: << is not a name`}},

		// The meaning.
		"bad key":                 {[]string{"key: sample", "key: Sample"}, []string{`1: "Sample" is not a key: lower-case words with hyphens between them`}},
		"unknown language":        {[]string{"[fi, en]", "[fi, en, da]"}, []string{`2: unknown language "da"`}},
		"language twice":          {[]string{"[fi, en]", "[fi, en, fi]"}, []string{`2: language "fi" is named twice`}},
		"no language":             {[]string{"[fi, en]", "[]"}, []string{`2: name at least one language; the first is the default`}},
		"unknown zone":            {[]string{"Europe/Helsinki", "Europe/Helsingfors"}, []string{`3: unknown time zone "Europe/Helsingfors"`}},
		"zone of the machine":     {[]string{"Europe/Helsinki", "Local"}, []string{`3: unknown time zone "Local"`}},
		"empty zone":              {[]string{"Europe/Helsinki", `""`}, []string{`3: unknown time zone ""`}},
		"unknown country":         {[]string{"country: FI", "country: SF"}, []string{`4: unknown country "SF"`}},
		"unknown right":           {[]string{"- users:see", "- users:sea"}, []string{`18: unknown right "users:sea"`}},
		"right twice":             {[]string{"- users:see", "- file"}, []string{`19: right "file" is named twice`}},
		"all beside another":      {[]string{"- users:see", "- all"}, []string{`19: right "file" is in "all" already`}},
		"all, not the first":      {[]string{"- file # the portal's own", "- all"}, []string{`19: unknown right "all"`}},
		"the operator's right":    {[]string{"- users:see", "- operator:organizations"}, []string{`18: unknown right "operator:organizations"`}},
		"edit without see":        {[]string{"- users:see", "- organization:edit"}, []string{`18: right "organization:edit" is of no use without "organization:see"`}},
		"role twice":              {[]string{"key: clerk", "key: boss"}, []string{`13: there already is a role "boss"`}},
		"bad role key":            {[]string{"key: clerk", "key: filing clerk"}, []string{`13: "filing clerk" is not a key: lower-case words with hyphens between them`}},
		"level 0":                 {[]string{"level: 1", "level: 0"}, []string{`16: a level is 1 or higher`}},
		"nobody administers":      {[]string{"rights: all", "rights: [users:see]"}, []string{`5: no role can administer: one must hold "users:edit"`}},
		"administrator too low":   {[]string{"level: 1", "level: 3"}, []string{`5: nobody could give the roles above level 2, the highest that holds "users:edit"`}},
		"missing text":            {[]string{"      en: Can do everything.\n", ""}, []string{`8: no text in "en"`}},
		"text in a language more": {[]string{"{fi: Pomo, en: Boss}", "{fi: Pomo, en: Boss, sv: Chef}"}, []string{`7: text in "sv", which the profile does not have`}},
		"text in no language":     {[]string{"{fi: Pomo, en: Boss}", "{fi: Pomo, en: Boss, dk: Chef}"}, []string{`7: unknown language "dk"`}},
		"empty text":              {[]string{"Can do everything.", `""`}, []string{`10: "" is not one line of text without spaces around it`}},
		"text of two lines":       {[]string{"Can do everything.", "|-\n        Can do\n        everything."}, []string{`10: "Can do\neverything." is not one line of text without spaces around it`}},
		"right declared twice":    {[]string{"policies:", "  - {key: file, name: {fi: A, en: B}, info: {fi: C, en: D}}\npolicies:"}, []string{`24: there already is a right "file"`}},
		"own right declared":      {[]string{"policies:", "  - {key: 'users:see', name: {fi: A, en: B}, info: {fi: C, en: D}}\npolicies:"}, []string{`24: "users:see" is a right of Fullmakt's own and is not declared`}},
		"operator's declared":     {[]string{"policies:", "  - {key: 'operator:organizations', name: {fi: A, en: B}, info: {fi: C, en: D}}\npolicies:"}, []string{`24: "operator:organizations" is a right of Fullmakt's own and is not declared`}},
		"right called all":        {[]string{"policies:", "  - {key: all, name: {fi: A, en: B}, info: {fi: C, en: D}}\npolicies:"}, []string{`24: "all" is not a key of a right: lower-case words with hyphens between them, at most one colon, and not "all"`}},
		"unknown policy":          {[]string{"own: deactivate", "own: forget"}, []string{`25: unknown policy "forget": "erase" or "deactivate"`}},

		// What cannot be known is not guessed at: one fault each, not a chain of them.
		"no chain from a typo":       {[]string{"    rights: all", "    right: all"}, []string{`6: "rights" is missing`, `12: unknown member "right"`}},
		"no chain from no languages": {[]string{"languages: [fi, en]\n", ""}, []string{`1: "languages" is missing`}},

		// Faults far apart, of both kinds, are told together and by line.
		"all at once": {
			[]string{"country: FI", "country: Finland", "level: 2", "level: two", "- users:see", "- users:sea", "own: deactivate", "own: forget", "fixedTerm: true", "fixedTerms: true"},
			[]string{
				`4: unknown country "Finland"`, `11: want a whole number`, `18: unknown right "users:sea"`, `24: "fixedTerm" is missing`,
				`25: unknown policy "forget": "erase" or "deactivate"`, `27: unknown member "fixedTerms"`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, faults := Parse("sample.yaml", []byte(spoilt(t, tc.edits...)))
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

func TestParseWhatIsNoProfile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ data, want string }{
		"empty":         {"", "f.yaml:1: want exactly one YAML document"},
		"a comment":     {"# nothing\n", "f.yaml:1: want exactly one YAML document"},
		"two documents": {sample + "---\n" + sample, "f.yaml:1: want exactly one YAML document"},
		"a list":        {"- key: sample\n", "f.yaml:1: want members with a name each"},
		"a word":        {"\n\nsample\n", "f.yaml:3: want members with a name each"},
		"broken":        {"key: sample\nlanguages: [fi, en\n", "f.yaml:2: "},
		"a tab":         {"key: sample\npolicies:\n\tselfEdit: true\n", "f.yaml:3: "},
	} {
		p, faults := Parse("f.yaml", []byte(tc.data))
		if p != nil || len(faults) == 0 || !strings.HasPrefix(faults[0].String(), tc.want) {
			t.Errorf("%s: got %v and faults %q, want %q", name, p, faults, tc.want)
		}
		if strings.HasSuffix(tc.want, "document") && len(faults) != 1 {
			t.Errorf("%s: %d faults, want one: %q", name, len(faults), faults)
		}
	}
}

func TestParseFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "mine.yaml")
	if err := os.WriteFile(path, []byte(spoilt(t, "country: FI", "country: SF")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, faults := ParseFile(path); len(faults) != 1 || faults.Error() != path+`:4: unknown country "SF"` {
		t.Errorf("got %q", faults.Error())
	}
	absent := filepath.Join(dir, "absent.yaml")
	if p, faults := ParseFile(absent); p != nil || len(faults) != 1 || !strings.HasPrefix(faults.Error(), absent+": ") {
		t.Errorf("a file that is not there: %v, %q", p, faults.Error())
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	compiled, err := Compile([]byte(spoilt(t, "country: FI", "country: SF")))
	if compiled != nil || err == nil || !strings.Contains(err.Error(), "profile.yaml:4: ") {
		t.Errorf("got %d bytes, %v", len(compiled), err)
	}
}

// What the binaries embed is what the readable file says today, and its
// demo data can be used.
func TestProfilesAreCompiled(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../profiles/*/profile.yaml")
	if err != nil || len(files) == 0 || len(files) != len(profiles.Names()) {
		t.Fatalf("%d profiles in the folder (%v), %d embedded", len(files), err, len(profiles.Names()))
	}
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := Compile(data)
		if err != nil {
			t.Errorf("%s:\n%v", name, err)
			continue
		}
		embedded, err := profiles.Compiled(name)
		if err != nil || string(embedded) != string(compiled) {
			t.Errorf("%s: profile.json is not what profile.yaml gives (%v); generate it again", name, err)
		}
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if p.Key != name {
			t.Errorf("the profile in folder %s calls itself %s", name, p.Key)
		}
		data, err = profiles.Demo(name)
		if err != nil {
			t.Fatal(err)
		}
		if demo, faults := ParseDemo("demo.yaml", data, p); len(faults) > 0 || len(demo.Organizations) == 0 {
			t.Errorf("%s: demo data\n%v", name, faults)
		}
	}
}

// Whatever is written, there is a profile or there are faults, and the faults
// name lines of the file.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		sample, sampleDemo, "", "{}", "[]", "key: &a [*a]", "? a\n: b", "a: !!x", "<<: *b", "--- |\n x\n...\n", "- - -", "\"\\x\"", "key:\n- a\n  b: c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		p, faults := Parse("f.yaml", []byte(data))
		if (p == nil) != (len(faults) > 0) {
			t.Errorf("a profile (%v) and %d faults", p, len(faults))
		}
		for _, fault := range faults {
			if fault.Line < 0 || fault.Line > strings.Count(strings.ReplaceAll(data, "\r", "\n"), "\n")+2 {
				t.Errorf("%v: there is no such line", fault)
			}
		}
	})
}

package requirements

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t *testing.T) []requirement {
	t.Helper()
	list, err := parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheListIsWhole(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, portal := range []struct {
		letter string
		ids    int
	}{{"A", 57}, {"P", 24}, {"I", 30}, {"V", 31}, {"B", 56}} {
		for i := range portal.ids {
			want = append(want, fmt.Sprintf("%s%02d", portal.letter, i+1))
		}
	}
	issue := regexp.MustCompile(`^(issue [0-9]+|no issue yet: [a-z-]+)$`)
	for _, r := range mustParse(t) {
		got = append(got, r.id)
		if r.status == later && !issue.MatchString(r.reason) {
			t.Errorf("%s comes with %q, which is no issue", r.id, r.reason)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func TestListsThatAreRefused(t *testing.T) {
	t.Parallel()
	const good = "A01\tOne\n"
	for name, data := range map[string]string{
		"no text":        good + "A02\n",
		"empty text":     good + "A02\t\n",
		"no reason":      good + "A02\tTwo\tlater\n",
		"empty reason":   good + "A02\tTwo\tlater\t\n",
		"unknown status": good + "A02\tTwo\tsoon\tissue 4\n",
		"too many":       good + "A02\tTwo\tlater\tissue 4\tor 5\n",
		"twice":          good + "A01\tOne again\n",
		"no id":          good + "XA1\tAn attack\n",
		"empty line":     good + "\n",
	} {
		if list, err := parse(data); err == nil {
			t.Errorf("%s: %v", name, list)
		}
	}
	list, err := parse(good + "A02\tTwo\tlater\tissue 4\n")
	if got := fmt.Sprintf("%q", list); err != nil || got != `[{"A01" "One" "" ""} {"A02" "Two" "later" "issue 4"}]` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestNamesThatCover(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source string
		want   string // id and name of each, with a semicolon between them
	}{
		"a test":                   {`func TestA45_Gone(t *testing.T) {}`, "A45 x TestA45_Gone"},
		"nothing but the id":       {`func TestA45(t *testing.T) {}`, "A45 x TestA45"},
		"several":                  {`func TestA11_V13_Both(t *testing.T) {}`, "A11 x TestA11_V13_Both; V13 x TestA11_V13_Both"},
		"an attack among them":     {`func TestXC3_V28_Both(t *testing.T) {}`, "V28 x TestXC3_V28_Both"},
		"no such requirement":      {`func TestA99_Typo(t *testing.T) {}`, "A99 x TestA99_Typo"},
		"a subtest":                {`func TestX(t *testing.T) { t.Run("A20 no grant", f) }`, "A20 x TestX/A20 no grant"},
		"a subtest of a world":     {`func TestX(t *testing.T) { each(t, func(w *world) { w.Run("A20, A21", f) }) }`, "A20 x TestX/A20, A21; A21 x TestX/A20, A21"},
		"a subtest's beginning":    {`func TestX(t *testing.T) { t.Run("A20 on "+driver+".", f) }`, "A20 x TestX/A20 on …"},
		"a helper's subtest":       {`func moves(t *testing.T) { t.Run("A20 no grant", f) }`, "A20 x moves/A20 no grant"},
		"rows":                     {`func TestX(t *testing.T) { for range []struct{ name, role string }{{"A26 one", "A27"}, {"A28_A29", ""}} {} }`, "A26 x TestX/A26 one; A28 x TestX/A28_A29; A29 x TestX/A28_A29"},
		"rows with their fields":   {`func TestX(t *testing.T) { rows(t, []row{{name: "A26 one", role: "A27"}, {role: "A28", id: "A29"}}) }`, "A26 x TestX/A26 one; A29 x TestX/A29"},
		"keys":                     {`func TestX(t *testing.T) { for range map[string]string{"A26 one": "A27", "A28": "order"} {} }`, "A26 x TestX/A26 one; A28 x TestX/A28"},
		"tables in a table":        {`var x = map[string][]*row{"rental": {{"A26 one"}}, "telecom": {{"P06 all"}}}`, "A26 x A26 one; P06 x P06 all"},
		"an attack":                {`func TestXA20_Locked(t *testing.T) { t.Run("XB1 another's", f) }`, ""},
		"not at the beginning":     {`func TestGone_A45(t *testing.T) { t.Run("the A20", f); t.Run("as "+"A20", f) }`, ""},
		"part of a word":           {`func TestA45Gone(t *testing.T) { t.Run("A20-A25", f); t.Run("A20"+name, f); t.Run("A200", f); t.Run("a20 no", f) }`, ""},
		"other words":              {`func TestX(t *testing.T) { t.Run("A4 paper", f); t.Run("C05 else", f); t.Run("", f) }`, ""},
		"not a test":               {`func A45_Gone(t *testing.T) {}; func (s suite) TestA45_Gone(t *testing.T) {}; func TestA45_Given() {}; func BenchmarkA45_(b *testing.B) {}`, ""},
		"not a name":               {`func TestX(t *testing.T) { s := "A20 no"; t.Error("A21 no"); t.Run(s, f); cmd.Run("A22 no") } // A23`, ""},
		"values that are no rows":  {`var a, b, c = []string{"A20", "A21"}, map[string][]string{"rental": {"A22"}}, row{"A23", "A24"}`, ""},
		"bodies that are no rows":  {`var a, b = object{"A20": object{"A21": 1}}, []object{{"id": "A22"}}`, ""},
		"numbers and other things": {`func TestX(t *testing.T) { for range [2]row{0: {20}, 1: {name()}} { t.Run(fmt.Sprint(20), f) } }`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := claims(fstest.MapFS{"x/x_test.go": {Data: []byte("package x\n" + test.source)}})
			var got []string
			for _, c := range found {
				got = append(got, c.id+" "+c.test)
			}
			if s := strings.Join(got, "; "); s != test.want || err != nil {
				t.Errorf("got  %s\nwant %s\n%v", s, test.want, err)
			}
		})
	}
}

func TestFilesThatAreRead(t *testing.T) {
	t.Parallel()
	data := &fstest.MapFile{Data: []byte("package x\nfunc TestA45_(t *testing.T) {}")}
	files := fstest.MapFS{}
	for _, name := range []string{
		"root_test.go", "infra/go.mod", "infra/infra_test.go", "internal/x/deep/y_test.go",
		"internal/x/y.go", "internal/x/_y_test.go", ".tools/y_test.go", "internal/_x/y_test.go", "internal/testdata/x/y_test.go", "portal/node_modules/y_test.go",
	} {
		files[name] = data
	}
	found, err := claims(files)
	if got := fmt.Sprint(found); err != nil || got != "[{A45 infra TestA45_} {A45 internal/x/deep TestA45_} {A45 . TestA45_}]" {
		t.Errorf("%s, %v", got, err)
	}

	files["internal/x/broken_test.go"] = &fstest.MapFile{Data: []byte("package x\nfunc TestA46_(")}
	if _, err := claims(files); err == nil || !strings.Contains(err.Error(), "internal/x/broken_test.go:2") {
		t.Errorf("a file that is no Go: %v", err)
	}
}

// What is planted in these tests is no requirement's test.
func TestThisPackageCoversNothing(t *testing.T) {
	t.Parallel()
	if found, err := claims(os.DirFS(".")); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// whole is a project whose tests cover all that they should, and no more.
func whole(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, r := range mustParse(t) {
		if r.status == "" {
			files["x/"+r.id+"_test.go"] = &fstest.MapFile{Data: []byte("package x\nfunc Test" + r.id + "_(t *testing.T) {}")}
		}
	}
	return files
}

func TestReport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plant  func(files fstest.MapFS)
		line   string // that the report has
		faults string
	}{
		"all is well": {
			func(fstest.MapFS) {},
			"  A20  covered                A superuser reaches the company's worksites with no grant per site [x TestA20_]\n", "",
		},
		"later": {
			func(fstest.MapFS) {},
			"  I09  later                  Who attests is signed out; inside a session it is refused [no issue yet: attestations]\n", "",
		},
		"not a back-end matter": {
			func(fstest.MapFS) {},
			"  A19  not a back-end matter  The administrator role is given with care [advice]\n", "",
		},
		"twice": {
			func(files fstest.MapFS) { files["y/y_test.go"] = files["x/A20_test.go"] },
			"[x TestA20_, and 1 more]\n", "",
		},
		"missing": {
			func(files fstest.MapFS) { delete(files, "x/A20_test.go"); delete(files, "x/P06_test.go") },
			"  A20  missing                A superuser reaches the company's worksites with no grant per site [no test]\n",
			"neither covered nor listed with a reason: A20, P06",
		},
		"unknown": {
			func(files fstest.MapFS) {
				files["y/y_test.go"] = &fstest.MapFile{Data: []byte("package y\nfunc TestA20_A99_(t *testing.T) { t.Run(`B00 none`, f) }")}
			},
			"  A20  covered ",
			"there is no requirement A99, which is named by y TestA20_A99_\nthere is no requirement B00, which is named by y TestA20_A99_/B00 none",
		},
		"listed and covered": {
			func(files fstest.MapFS) {
				files["y/y_test.go"] = &fstest.MapFile{Data: []byte("package y\nfunc TestA19_I09_(t *testing.T) {}")}
			},
			"  I09  covered                Who attests is signed out; inside a session it is refused [y TestA19_I09_]\n",
			"A19 is listed as not back end (advice), yet y TestA19_I09_ covers it\nI09 is listed as later (no issue yet: attestations), yet y TestA19_I09_ covers it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := whole(t)
			test.plant(files)
			var out bytes.Buffer
			got := ""
			if err := Report(&out, files); err != nil {
				got = err.Error()
			}
			if got != test.faults {
				t.Errorf("faults:\n%s\nwant:\n%s", got, test.faults)
			}
			if !strings.Contains(out.String(), test.line) {
				t.Errorf("no line %q in\n%s", test.line, &out)
			}
		})
	}
}

func TestReportCounts(t *testing.T) {
	t.Parallel()
	list := mustParse(t)
	counts := map[string]int{}
	for _, r := range list {
		counts[r.status]++
	}
	files := whole(t)
	delete(files, "x/A20_test.go")
	var out bytes.Buffer
	if err := Report(&out, files); err == nil {
		t.Error("one is missing")
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if want := len(list) + len(portals) + 1; len(lines) != want || lines[0] != "A. Rental" {
		t.Errorf("%d lines for %d, the first is %q", len(lines), want, lines[0])
	}
	want := fmt.Sprintf("198 requirements: %d covered, %d later, %d not a back-end matter, 1 missing", counts[""]-1, counts[later], counts[notBackEnd])
	if last := lines[len(lines)-1]; last != want {
		t.Errorf("got  %s\nwant %s", last, want)
	}
}

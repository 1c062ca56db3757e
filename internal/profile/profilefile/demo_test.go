package profilefile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

const sampleDemo = `organizations:
  - name: Näyte Oy
    country: FI
    businessId: "99999992"
    language: fi
    administrator:
      givenName: Aino
      familyName: Näyte
      email: Aino@NÄYTE.example
      language: en
  - name: Prøve AS
    country: NO
    businessId: 123 456 785
    language: en
    administrator: {givenName: Per, familyName: Prøve, email: per@prove.example, language: en}
`

func TestParseDemo(t *testing.T) {
	t.Parallel()
	p := &domain.Profile{Languages: []domain.Language{"fi", "en"}}
	got, faults := ParseDemo("demo.yaml", []byte(sampleDemo), p)
	want := []domain.Customer{
		{
			Name: "Näyte Oy", Country: "FI", BusinessID: "9999999-2", Language: "fi",
			Administrator: domain.Card{GivenName: "Aino", FamilyName: "Näyte", Email: "aino@xn--nyte-loa.example", Language: "en"},
		},
		{
			Name: "Prøve AS", Country: "NO", BusinessID: "123456785", Language: "en",
			Administrator: domain.Card{GivenName: "Per", FamilyName: "Prøve", Email: "per@prove.example", Language: "en"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(faults) > 0 {
		t.Errorf("customers (-want +got):\n%s\nfaults: %v", diff, faults)
	}
}

func TestParseDemoFaults(t *testing.T) {
	t.Parallel()
	p := &domain.Profile{Languages: []domain.Language{"fi", "en"}}
	for name, tc := range map[string]struct {
		old, new string
		want     []string
	}{
		"number for an id":    {`"99999992"`, "99999992", []string{`4: want text: put 99999992 in quotes`}},
		"wrong check digit":   {"99999992", "99999993", []string{`4: "99999993" is no business id of FI`}},
		"unknown country":     {"country: NO", "country: UK", []string{`12: unknown country "UK"`}},
		"bad address":         {"per@prove.example", "per", []string{`15: "per": an address has exactly one @`}},
		"language not spoken": {"    language: fi", "    language: sv", []string{`5: the profile does not have the language "sv"`}},
		"no name":             {"Näyte Oy", `""`, []string{`2: this is empty`}},
		"no family name":      {"      familyName: Näyte\n", "", []string{`6: "familyName" is missing`}},
		"unknown member":      {"      givenName: Aino", "      phone: '1'\n      givenName: Aino", []string{`7: unknown member "phone"`}},
		"organization twice":  {"country: NO\n    businessId: 123 456 785", "country: FI\n    businessId: 9999999-2", []string{`13: there already is an organization with "9999999-2"`}},
		"person twice":        {"per@prove.example", "aino@xn--nyte-loa.example", []string{`15: there already is a person with "aino@xn--nyte-loa.example"`}},
		"all of it missing":   {sampleDemo, "{}", []string{`1: "organizations" is missing`}},
	} {
		if strings.Count(sampleDemo, tc.old) != 1 {
			t.Fatalf("%s: %q is not once in the sample", name, tc.old)
		}
		customers, faults := ParseDemo("demo.yaml", []byte(strings.Replace(sampleDemo, tc.old, tc.new, 1)), p)
		var got []string
		for _, f := range faults {
			got = append(got, fmt.Sprintf("%d: %s", f.Line, f.Message))
		}
		if diff := cmp.Diff(tc.want, got); diff != "" || customers != nil {
			t.Errorf("%s: %d customers, faults (-want +got):\n%s", name, len(customers), diff)
		}
	}
}

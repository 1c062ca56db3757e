package domain

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckBusinessID(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		country Country
		in      string
		want    string // empty: refused
	}{
		{"FI", "2077474-0", "2077474-0"},
		{"FI", "0112038-9", "0112038-9"},
		{"FI", "0116297-6", "0116297-6"},
		{"FI", "0100130-4", "0100130-4"},
		{"FI", "2331972-7", "2331972-7"},
		{"FI", "7019376-8", "7019376-8"},
		{"FI", "20774740", "2077474-0"},
		{"FI", " 2077474-0 ", "2077474-0"},
		{"FI", "112038-9", "0112038-9"},
		{"FI", "2077474-1", ""},
		{"FI", "0111111-1", ""},
		{"FI", "1120389", ""}, // six digits and a check digit, or seven and none?
		{"FI", "2077474", ""},
		{"FI", "2077474-", ""},
		{"FI", "207747-40", ""},
		{"FI", "2077474--0", ""},
		{"FI", "2077474-0-0", ""},
		{"FI", "207 7474-0", ""},
		{"FI", "٢٠٧٧٤٧٤-٠", ""},
		{"FI", "12038-9", ""},
		{"FI", "", ""},

		{"SE", "556036-0793", "556036-0793"},
		{"SE", "556016-0680", "556016-0680"},
		{"SE", "212000-0142", "212000-0142"},
		{"SE", "559071-9539", "559071-9539"},
		{"SE", "556903-8671", "556903-8671"},
		{"SE", "5560360793", "556036-0793"},
		{"SE", "165560360793", "556036-0793"},
		{"SE", "16556036-0793", "556036-0793"},
		{"SE", "556036-0794", ""},
		{"SE", "195560360793", ""},
		{"SE", "5560-360793", ""},
		{"SE", "556036-07-93", ""},
		{"SE", "-5560360793", ""},
		{"SE", "556036+0793", ""},
		{"SE", "850709-9805", ""}, // valid personnummer, and so of a human being
		{"SE", "880320-0016", ""},
		{"SE", "1655603607", ""},
		{"SE", "55603607931", ""},

		{"NO", "974760673", "974760673"},
		{"NO", "982463718", "982463718"},
		{"NO", "976030788", "976030788"},
		{"NO", "988077917", "988077917"},
		{"NO", "123456785", "123456785"},
		{"NO", "974 760 673", "974760673"},
		{"NO", "974760674", ""},
		{"NO", "974760673MVA", ""},
		{"NO", "97476067", ""},
		{"NO", "9747606730", ""},
		{"NO", "-74760673", ""},

		{"AX", "2077474-0", "2077474-0"},
		{"SJ", "974760674", ""},
		{"DE", "hrb 86891", "HRB 86891"},
		{"DK", "12345678", "12345678"},
		{"GB", "sc123456", "SC123456"},
		{"CH", "CHE-123.456.789", "CHE-123.456.789"},
		{"DE", "A", ""},
		{"DE", strings.Repeat("A", 20), strings.Repeat("A", 20)},
		{"DE", strings.Repeat("A", 21), ""},
		{"DE", "-12", ""},
		{"DE", "12.", ""},
		{"DE", "1  2", ""},
		{"DE", "12\x00", ""},
		{"DE", "12/3", ""},
		{"DE", "ſı", ""}, // upper-cased, these would be SI
		{"DE", "ÄÖ", ""},

		{"XX", "123456", ""},
		{"fi", "2077474-0", ""},
		{"", "2077474-0", ""},
	} {
		got, ok := CheckBusinessID(tc.country, tc.in)
		if got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s %q: got %q, %v; want %q", tc.country, tc.in, got, ok, tc.want)
		}
		if again, ok := CheckBusinessID(tc.country, got); got != "" && (again != got || !ok) {
			t.Errorf("%s %q: its canonical form %q became %q, %v", tc.country, tc.in, got, again, ok)
		}
	}
}

// A check digit is there to catch a wrong digit: every one of them must be.
func TestCheckBusinessIDCatchesEveryWrongDigit(t *testing.T) {
	t.Parallel()
	for country, right := range map[Country]string{"FI": "20774740", "SE": "5560360793", "NO": "974760673"} {
		for i := range right {
			for d := '0'; d <= '9'; d++ {
				id := right[:i] + string(d) + right[i+1:]
				if _, ok := CheckBusinessID(country, id); ok != (id == right) {
					t.Errorf("%s %s: got %v", country, id, ok)
				}
			}
		}
	}
}

// Where the check digit would be 10, there is no such number.
func TestCheckBusinessIDWithoutCheckDigit(t *testing.T) {
	t.Parallel()
	for number, country := range map[string]Country{"2000018": "FI", "98000001": "NO"} {
		for d := range 10 {
			if got, ok := CheckBusinessID(country, fmt.Sprint(number, d)); ok {
				t.Errorf("%s %s%d is taken for %s", country, number, d, got)
			}
		}
	}
}

func TestCountryKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []Country{"FI", "SE", "NO", "AX", "SJ", "AD", "ZW", "GB"} {
		if !c.Known() {
			t.Errorf("%q is not known", c)
		}
	}
	for _, c := range []Country{"", "F", "fi", "XX", "UK", "EU", "FIN", "D ", " A", "FI SE", "DA"} {
		if c.Known() {
			t.Errorf("%q is known", c)
		}
	}
	if n := len(strings.Fields(countries)); n != 249 {
		t.Errorf("%d countries, want the 249 of ISO 3166-1", n)
	}
}

package nationalid

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	today  = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	real   = Rules{Today: today}
	tests  = Rules{Today: today, Artificial: true}
	in2032 = Rules{Today: time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC)}
)

func TestXD20_V10_Codes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, code string
		rules         Rules
		want          string // empty: refused
	}{
		{"FI", "131052-308T", real, "131052-308T"},
		{"FI", " 131052-308t ", real, "131052-308T"},
		{"AX", "131052-308T", real, "131052-308T"},
		{"FI", "210281-9988", tests, "210281-9988"},
		{"FI", "010594Y9032", tests, "010594Y9032"},
		{"FI", "020594X902N", tests, "020594X902N"},
		{"FI", "030594W903B", tests, "030594W903B"},
		{"FI", "040594V9030", tests, "040594V9030"},
		{"FI", "050594U903M", tests, "050594U903M"},
		{"FI", "010516B903X", tests, "010516B903X"},
		{"FI", "020516C902J", tests, "020516C902J"},
		{"FI", "030516D9037", tests, "030516D9037"},
		{"FI", "010501E9032", tests, "010501E9032"},
		{"FI", "020503F9037", tests, "020503F9037"},
		{"FI", "020504A902E", tests, "020504A902E"},
		{"FI", "020504A902E", real, ""},  // nobody's
		{"FI", "131052-308U", tests, ""}, // check character
		{"FI", "310252-308Y", tests, ""}, // no such day
		{"FI", "010190-999K", tests, ""}, // printed on a page, and wrong
		{"FI", "131052*308T", tests, ""}, // no century
		{"FI", "131052308T", tests, ""},
		{"FI", "131052-3O8T", tests, ""},
		{"FI", "", tests, ""},

		{"SE", "850709-9805", real, "198507099805"},
		{"SE", "8507099805", real, "198507099805"},
		{"SE", "198507099805", real, "198507099805"},
		{"SE", "19850709-9805", real, "198507099805"},
		{"SE", "880320-0016", real, "198803200016"},
		{"SE", "890102-3286", real, "198901023286"},
		{"SE", "850709+9805", real, "188507099805"},
		{"SE", "850709-9806", real, ""},
		{"SE", "850732-9805", real, ""},
		{"SE", "850709*9805", real, ""},
		{"SE", "198507-099805", real, ""},
		{"SE", "T850709-9805", real, ""},
		{"SE", "5560360793", real, ""}, // an organization's

		{"NO", "13097248022", real, "13097248022"},
		{"NO", "130972 48022", real, "13097248022"},
		{"NO", "29029648784", real, "29029648784"},
		{"NO", "29020075838", real, "29020075838"},
		{"NO", "15021951940", real, "15021951940"},
		{"NO", "53097248016", real, "53097248016"},  // D
		{"NO", "13527248013", real, "13527248013"},  // H
		{"NO", "68467038838", real, "68467038838"},  // D and H
		{"NO", "10915596784", tests, "10915596784"}, // synthetic
		{"NO", "10915596784", real, ""},
		{"NO", "01013200064", real, ""},
		{"NO", "01013200064", in2032, "01013200064"},
		{"NO", "13097248023", real, ""},
		{"NO", "13097248012", real, ""},
		{"NO", "32097248022", real, ""},

		{"DK", "0101011234", tests, ""},
		{"", "131052-308T", tests, ""},
	} {
		got, ok := Parse(c.country, c.code, c.rules)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s %q: %q %v, want %q", c.country, c.code, got, ok, c.want)
		}
	}
}

// One wrong digit is always found, and so are two neighbours that have changed
// places, but for 0 and 9 in a Luhn sum.
func TestXD20_OneMistakeIsFound(t *testing.T) {
	t.Parallel()
	codes := map[string][]string{
		"FI": {"131052-308T"}, "SE": {"198507099805", "198803200016", "198901023286"}, "NO": {"13097248022", "29029648784", "15021951940"},
	}
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"FI", "SE", "NO"}).Draw(t, "country")
		code := []byte(rapid.SampledFrom(codes[country]).Draw(t, "code"))
		first := 0
		if country == "SE" {
			first = 2 // the century is outside the sum
		}
		var digits []int // places
		for i := first; i < len(code); i++ {
			if '0' <= code[i] && code[i] <= '9' {
				digits = append(digits, i)
			}
		}
		i := rapid.SampledFrom(digits).Draw(t, "place")
		code[i] = '0' + (code[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "more")))%10
		if got, ok := Parse(country, string(code), tests); ok {
			t.Fatalf("%s %s passes as %s", country, code, got)
		}
	})
}

// What comes out goes in again, unchanged.
func TestCanonicalIsStable(t *testing.T) {
	t.Parallel()
	for country, code := range map[string]string{"FI": "131052-308t", "SE": "850709-9805", "NO": "130972 48022"} {
		once, ok := Parse(country, code, real)
		twice, again := Parse(country, once, real)
		if !ok || !again || once != twice {
			t.Errorf("%s: %q then %q", country, once, twice)
		}
	}
}

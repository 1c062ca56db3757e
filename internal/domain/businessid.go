package domain

import "strings"

// countries are the codes that ISO 3166-1 assigns.
const countries = "" +
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS " +
	"BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE " +
	"EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM " +
	"HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC " +
	"LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA " +
	"NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO " +
	"TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"

// Known tells whether the code is assigned.
func (c Country) Known() bool {
	return len(c) == 2 && !strings.Contains(string(c), " ") && strings.Contains(countries, string(c))
}

// CheckBusinessID tells whether an organization of the country can have the
// business id, and writes it in its one canonical form, under which it is
// unique. What the register itself would say of it is another question.
//
//   - FI, AX: Y-tunnus, 1234567-1. The hyphen may be left out; the six digits of
//     old ids are padded, if the hyphen shows that they are six.
//   - SE: organisationsnummer, 123456-1234, also without its hyphen, also with
//     the 16 of the twelve-digit form before it. The number of a sole trader is
//     that of a human being (its third digit is below 2), and is refused.
//   - NO, SJ: organisasjonsnummer, nine digits, with spaces or without.
//   - elsewhere: 2 to 20 capital letters and digits, with single hyphens, dots
//     or spaces between them.
func CheckBusinessID(country Country, id string) (canonical string, ok bool) {
	id = strings.TrimSpace(id)
	switch country {
	case "FI", "AX":
		return finnishID(id)
	case "SE":
		return swedishID(id)
	case "NO", "SJ":
		return norwegianID(id)
	}
	if !country.Known() {
		return "", false
	}
	return foreignID(id)
}

func finnishID(id string) (string, bool) {
	number, check, hyphen := strings.Cut(id, "-")
	switch {
	case !hyphen && len(id) == 8:
		number, check = id[:7], id[7:]
	case hyphen && len(number) == 6:
		number = "0" + number
	}
	if len(number) != 7 || len(check) != 1 || !digits(number+check) {
		return "", false
	}
	// The check digit has weight 1, and what would need a 10 is not issued.
	if weighted(number+check, 7, 9, 10, 5, 8, 4, 2, 1)%11 != 0 {
		return "", false
	}
	return number + "-" + check, true
}

func swedishID(id string) (string, bool) {
	if number, check, hyphen := strings.Cut(id, "-"); hyphen {
		if len(check) != 4 {
			return "", false
		}
		id = number + check
	}
	if len(id) == 12 {
		id = strings.TrimPrefix(id, "16")
	}
	if len(id) != 10 || !digits(id) || id[2] < '2' || !luhn(id) {
		return "", false
	}
	return id[:6] + "-" + id[6:], true
}

func norwegianID(id string) (string, bool) {
	id = strings.ReplaceAll(id, " ", "")
	if len(id) != 9 || !digits(id) || weighted(id, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 != 0 {
		return "", false
	}
	return id, true
}

func foreignID(id string) (string, bool) {
	if len(id) < 2 || len(id) > 20 {
		return "", false
	}
	separated := true // as the start and a separator are
	upper := []byte(id)
	for i, c := range upper {
		switch {
		case 'a' <= c && c <= 'z':
			upper[i] -= 'a' - 'A'
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case !separated && (c == '-' || c == '.' || c == ' '):
			separated = true
			continue
		default:
			return "", false
		}
		separated = false
	}
	if separated {
		return "", false
	}
	return string(upper), true
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// weighted adds up the digits times their weights.
func weighted(number string, weights ...int) (sum int) {
	for i, w := range weights {
		sum += int(number[i]-'0') * w
	}
	return sum
}

// luhn is the check of ISO/IEC 7812-1 over a number of even length.
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

package i18n

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// understood maps the languages whose speakers read one of ours without effort.
var understood = map[string]domain.Language{"no": domain.Norwegian, "nn": domain.Norwegian, "da": domain.Norwegian}

// Match picks the offered language that an Accept-Language header (RFC 9110,
// section 12.5.4) wants most; of equal wishes the one named first. Regions do
// not matter. Without a wish that can be met it is the first offered, and empty
// when none is.
func Match(acceptLanguage string, offered []domain.Language) domain.Language {
	var best domain.Language
	if len(offered) > 0 {
		best = offered[0]
	}
	most := 0.0
	for wish := range strings.SplitSeq(acceptLanguage, ",") {
		tag, weight, weighted := strings.Cut(wish, ";")
		q := 1.0
		if weighted {
			q = quality(weight)
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		l, ok := understood[primary]
		if !ok {
			l = domain.Language(primary)
		}
		if q > most && slices.Contains(offered, l) {
			best, most = l, q
		}
	}
	return best
}

// quality reads "q=0.8"; 0, which is never met, when it is not of that form.
func quality(weight string) float64 {
	name, value, _ := strings.Cut(strings.TrimSpace(weight), "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if !strings.EqualFold(strings.TrimSpace(name), "q") || err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

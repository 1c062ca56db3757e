package i18n

import (
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	all := domain.Languages // Finnish first
	for _, test := range []struct {
		header  string
		offered []domain.Language
		want    domain.Language
	}{
		{"sv", all, domain.Swedish},
		{"sv-FI", all, domain.Swedish},
		{"SV-fi", all, domain.Swedish},
		{"nb-NO", all, domain.Norwegian},
		{"no", all, domain.Norwegian},
		{"nn-NO, en;q=0.5", all, domain.Norwegian},
		{"da", all, domain.Norwegian},
		{"da, sv;q=0.9", []domain.Language{domain.Finnish, domain.Swedish}, domain.Swedish},
		{"en-GB,en;q=0.9,sv;q=0.8", all, domain.English},
		{"en;q=0.7, sv ; q=0.8", all, domain.Swedish},
		{"en;q=0.8, sv;q=0.8", all, domain.English},
		{"de-DE, fr;q=0.9, nb;q=0.1", all, domain.Norwegian},
		{"zh-Hans", all, domain.Finnish},
		{"se", all, domain.Finnish},
		{"*", []domain.Language{domain.English, domain.Finnish}, domain.English},
		{"", []domain.Language{domain.Norwegian, domain.Finnish}, domain.Norwegian},
		{"fi", []domain.Language{domain.Swedish}, domain.Swedish},
		{"fi", nil, ""},
		{"sv;q=0", all, domain.Finnish},
		{"sv;q=2, en;q=NaN, nb;q=x, nb;q, nb;v=1", all, domain.Finnish},
		{"svenska, english", all, domain.Finnish},
		{strings.Repeat("xx,", 10000) + "sv", all, domain.Swedish},
		{";;;,,=,q=1,-,sv\x00,\xff", all, domain.Finnish},
	} {
		if got := Match(test.header, test.offered); got != test.want {
			t.Errorf("%.40q of %v: %q, want %q", test.header, test.offered, got, test.want)
		}
	}
}

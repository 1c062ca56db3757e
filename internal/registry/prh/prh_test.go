package prh_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/drivertest"
	"github.com/fullmakt/fullmakt/internal/registry/httpjson"
	"github.com/fullmakt/fullmakt/internal/registry/prh"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
)

var suite = drivertest.Suite{
	Register: registrytest.PRH, Country: "FI",
	Known: "9900001-8", Name: "Keksitty Esimerkki Oy", Other: "9900002-6", Unknown: "9900011-4",
	Members: []string{"totalResults", "companies", "businessId", "names", "tradeRegisterStatus"},
	Open: func(address string, client *httpjson.Client) (registry.Driver, error) {
		return prh.New(drivertest.Below(address, registrytest.PRH), client)
	},
}

func TestXD19_Driver(t *testing.T) { drivertest.Run(t, suite) }

func TestB48_Companies(t *testing.T) {
	t.Parallel()
	oy := domain.LegalForm{Code: "16", Text: "Osakeyhtiö"}
	for id, want := range map[string]domain.RegisteredCompany{
		"9900001-8": {
			Name: "Keksitty Esimerkki Oy", Form: oy, Status: domain.CompanyActive,
			AddressLines: []string{"Esimerkkikatu 17-19 B 4a"}, PostalCode: "00100", City: "HELSINKI",
		},
		"9900002-6": {Name: "Lakannut Esimerkki Oy", Status: domain.CompanyCeased},
		"9900003-4": {Name: "Konkurssissa Esimerkki Oy", Form: oy, Status: domain.CompanyWindingUp},
		"9900004-2": {
			Name: "Påhittat Exempel på Åland Ab", Form: oy, Status: domain.CompanyActive,
			AddressLines: []string{"c/o Exempelbyrån", "PL 12"}, PostalCode: "22101", City: "MARIEHAMN",
		},
		"9900005-0": {Name: "Saneerattava Esimerkki Oyj", Form: domain.LegalForm{Code: "17", Text: "Public limited company"}, Status: domain.CompanyActive},
		"9900006-9": {
			Name: "Keksityn Ulkomaisen Sivuliike", Status: domain.CompanyUnknown,
			AddressLines: []string{"Exempelvägen 3 SE-451 75 Uddevalla", "SE"},
		},
	} {
		want.Country, want.BusinessID, want.Source, want.FetchedAt = "FI", id, prh.Source, drivertest.Now
		got, err := suite.Company(t, id)
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", id, err, diff)
		}
	}
}

// Associations, sole traders and foreign companies are often not there.
func TestB50_NotThere(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"totalResults":0,"companies":[]}`, `{"companies":[],"totalResults":0,"new":{"member":1}}`} {
		if c, err := suite.Answered(t, registrytest.JSON(body)); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s: %+v, %v", body, c, err)
		}
	}
	if c, err := suite.Answered(t, registrytest.Status(404)); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("404: %+v, %v", c, err)
	}
	for _, body := range []string{`{"companies":[]}`, `{"totalResults":0}`, `{"totalResults":1,"companies":[]}`, `{"totalResults":0,"companies":null}`} {
		if c, err := suite.Answered(t, registrytest.JSON(body)); !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("%s: %+v, %v", body, c, err)
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	const none, registered = `"companySituations": [],`, `"tradeRegisterStatus": "1"`
	for _, c := range []struct {
		from, to string
		want     domain.CompanyStatus
	}{
		{"", "", domain.CompanyActive},
		{registered, `"tradeRegisterStatus": "4"`, domain.CompanyCeased},
		{registered, registered + `, "endDate": "2025-06-30"`, domain.CompanyCeased},
		{registered, registered + `, "endDate": null`, domain.CompanyActive},
		{registered, `"tradeRegisterStatus": "3"`, domain.CompanyUnknown},
		{registered, `"another": "1"`, domain.CompanyUnknown},
		{none, `"companySituations": [{"type": "KONK"}],`, domain.CompanyWindingUp},
		{none, `"companySituations": [{"type": "SANE"}, {"type": "SELTILA", "endDate": null}],`, domain.CompanyWindingUp},
		{none, `"companySituations": [{"type": "KONK", "endDate": "2025-06-30"}],`, domain.CompanyActive},
		{none, `"companySituations": [{"type": "SANE"}],`, domain.CompanyActive},
		{none, `"companySituations": null,`, domain.CompanyActive},
	} {
		fault := registrytest.None
		if c.from != "" {
			fault = registrytest.Replace(c.from, c.to)
		}
		got, err := suite.Answered(t, fault)
		if err != nil || got.Status != c.want {
			t.Errorf("%s: %+v, %v; want %s", c.to, got, err, c.want)
		}
	}
}

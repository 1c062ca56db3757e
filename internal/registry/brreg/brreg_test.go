package brreg_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/brreg"
	"github.com/fullmakt/fullmakt/internal/registry/drivertest"
	"github.com/fullmakt/fullmakt/internal/registry/httpjson"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
)

var suite = drivertest.Suite{
	Register: registrytest.Brreg, Country: "NO",
	Known: "123400011", Name: "OPPDIKTET EKSEMPEL AS", Other: "123400038", Unknown: "123400097",
	Members: []string{"organisasjonsnummer", "navn", "organisasjonsform", "konkurs", "respons_klasse"},
	Open: func(address string, client *httpjson.Client) (registry.Driver, error) {
		return brreg.New(drivertest.Below(address, registrytest.Brreg), client)
	},
}

func TestXD19_Driver(t *testing.T) { drivertest.Run(t, suite) }

func TestB48_Companies(t *testing.T) {
	t.Parallel()
	as := domain.LegalForm{Code: "AS", Text: "Aksjeselskap"}
	for id, want := range map[string]domain.RegisteredCompany{
		"123400011": {
			Name: "OPPDIKTET EKSEMPEL AS", Form: as, Status: domain.CompanyActive,
			AddressLines: []string{"Oppdiktet gate 1", "Inngang B"}, PostalCode: "7030", City: "TRONDHEIM",
		},
		"123400038": {Name: "SLETTET EKSEMPEL AS", Form: as, Status: domain.CompanyCeased},
		"123400046": {
			Name: "EKSEMPEL I KONKURS AS", Form: as, Status: domain.CompanyWindingUp,
			AddressLines: []string{"Postboks 13"}, PostalCode: "7001", City: "TRONDHEIM",
		},
		"123400054": {
			Name: "OPPDIKTET UTENLANDSK FORETAK", Form: domain.LegalForm{Code: "NUF", Text: "Norskregistrert utenlandsk foretak"},
			Status: domain.CompanyActive, AddressLines: []string{"Exempelgatan 1", "111 22 Stockholm", "Sverige"},
		},
		"123400062": {Name: "EKSEMPEL UNDER AVVIKLING AS", Form: as, Status: domain.CompanyWindingUp},
		"123400070": {Name: "EKSEMPEL UNDER TVANGSAVVIKLING AS", Form: as, Status: domain.CompanyWindingUp},
	} {
		want.Country, want.BusinessID, want.Source, want.FetchedAt = "NO", id, brreg.Source, drivertest.Now
		got, err := suite.Company(t, id)
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", id, err, diff)
		}
	}
}

func TestB50_NotThere(t *testing.T) {
	t.Parallel()
	if c, err := suite.Company(t, registrytest.RemovedFromBrreg); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("removed from the open data: %+v, %v", c, err)
	}
	for _, status := range []int{404, 410} {
		if c, err := suite.Answered(t, registrytest.Status(status)); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%d: %+v, %v", status, c, err)
		}
	}
}

// A class of entities that we do not know may be one that is no more.
func TestAnotherClass(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]domain.CompanyStatus{"Enhet": domain.CompanyActive, "": domain.CompanyActive, "SlettetEnhet": domain.CompanyCeased, "NyKlasse": domain.CompanyUnknown} {
		c, err := suite.Answered(t, registrytest.Replace(`"respons_klasse": "Enhet"`, `"respons_klasse": "`+class+`"`))
		if err != nil || c.Status != want {
			t.Errorf("%q: %+v, %v; want %s", class, c, err, want)
		}
	}
}

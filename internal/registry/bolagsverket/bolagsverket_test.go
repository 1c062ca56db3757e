package bolagsverket_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/bolagsverket"
	"github.com/fullmakt/fullmakt/internal/registry/drivertest"
	"github.com/fullmakt/fullmakt/internal/registry/httpjson"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
)

func config(address string) bolagsverket.Config {
	return bolagsverket.Config{
		URL:      drivertest.Below(address, registrytest.Bolagsverket),
		TokenURL: drivertest.Below(address, registrytest.BolagsverketTokens),
		ClientID: registrytest.ClientID, ClientSecret: registrytest.ClientSecret,
	}
}

var suite = drivertest.Suite{
	Register: registrytest.Bolagsverket, Country: "SE",
	Known: "499999-0015", Name: "Påhittat Exempel AB", Other: "499999-0023", Unknown: "499999-0098",
	Members: []string{"organisationer", "organisationsidentitet", "organisationsnamn", "avregistreradOrganisation"},
	Open: func(address string, client *httpjson.Client) (registry.Driver, error) {
		return bolagsverket.New(config(address), client, func() time.Time { return drivertest.Now })
	},
}

func TestXD19_Driver(t *testing.T) { drivertest.Run(t, suite) }

// tokens is the same suite with the faults where clients are let in.
func TestXD19_Tokens(t *testing.T) {
	t.Parallel()
	granted := func(token, kind string) registrytest.Fault {
		return registrytest.JSON(`{"access_token":"` + token + `","token_type":"` + kind + `","expires_in":3600}`)
	}
	var taken atomic.Int64
	for name, fault := range map[string]registrytest.Fault{
		"302":                registrytest.Redirect(302, "/elsewhere"),
		"401":                registrytest.Status(401),
		"429":                registrytest.Status(429),
		"500":                registrytest.Status(500),
		"page":               registrytest.HTML(200, "text/html"),
		"page as JSON":       registrytest.HTML(200, "application/json"),
		"truncated":          registrytest.Truncated,
		"cut off":            registrytest.CutOff,
		"ten gigabytes":      registrytest.TenGigabytes(&taken),
		"slow":               registrytest.Slow,
		"reset":              registrytest.Reset(2),
		"null":               registrytest.JSON("null"),
		"no token":           granted("", "Bearer"),
		"another kind":       granted("x", "mac"),
		"a line too many":    granted(`x\r\nHost: elsewhere.example.com`, "Bearer"),
		"letters of no kind": granted("ö", "Bearer"),
		"too long":           granted(strings.Repeat("x", 9<<10), "Bearer"),
		"another type":       registrytest.JSON(`{"access_token":["x"],"token_type":"Bearer","expires_in":3600}`),
		"refused where used": granted("x", "Bearer"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := registrytest.New()
			server := httptest.NewServer(fake)
			defer server.Close()
			fake.Break(registrytest.BolagsverketTokens, fault)
			client := httpjson.New(httpjson.Config{Plain: true, Time: 1500 * time.Millisecond})
			driver, err := bolagsverket.New(config(server.URL), client, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			c, err := driver.Company(t.Context(), suite.Known)
			if err == nil || errors.Is(err, domain.ErrNotFound) || time.Since(began) > 4*time.Second {
				t.Errorf("%+v, %v after %v", c, err, time.Since(began))
			}
			if err != nil && (strings.Contains(err.Error(), registrytest.ClientSecret) || len(err.Error()) > 500) {
				t.Errorf("the error says too much: %v", err)
			}
			// The token that was refused is not used again.
			fake.Break(registrytest.BolagsverketTokens, nil)
			if c, err := driver.Company(t.Context(), suite.Known); err != nil || c.Name != suite.Name {
				t.Errorf("after the fault: %+v, %v", c, err)
			}
		})
	}
	if n := taken.Load(); n > 32<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestTokenIsUsedUntilItExpires(t *testing.T) {
	t.Parallel()
	fake := registrytest.New()
	var grants atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == registrytest.BolagsverketTokens {
			grants.Add(1)
		}
		fake.ServeHTTP(w, r)
	}))
	defer server.Close()
	now := drivertest.Now
	driver, err := bolagsverket.New(config(server.URL), httpjson.New(httpjson.Config{Plain: true}), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	ask := func(want int64) {
		t.Helper()
		if _, err := driver.Company(t.Context(), suite.Known); err != nil || grants.Load() != want {
			t.Errorf("%v, %d tokens so far; want %d", err, grants.Load(), want)
		}
	}
	ask(1)
	now = now.Add(59 * time.Minute)
	ask(1)
	now = now.Add(31 * time.Second) // less than the margin before its end
	ask(2)
	for expiresIn, want := range map[string]int64{"0": 2, "-5": 2, "null": 2, "9223372036854775807": 1} {
		fake.Break(registrytest.BolagsverketTokens, registrytest.Replace(`"expires_in":3600`, `"expires_in":`+expiresIn))
		now = now.Add(48 * time.Hour)
		grants.Store(0)
		ask(1)
		ask(want)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	client := httpjson.New(httpjson.Config{})
	right := config("https://registry.example.com")
	for name, change := range map[string]func(*bolagsverket.Config){
		"no id": func(c *bolagsverket.Config) { c.ClientID = "" }, "no secret": func(c *bolagsverket.Config) { c.ClientSecret = "" },
		"plain token address": func(c *bolagsverket.Config) { c.TokenURL = "http://registry.example.com" },
		"no token address":    func(c *bolagsverket.Config) { c.TokenURL = "" },
	} {
		c := right
		change(&c)
		if _, err := bolagsverket.New(c, client, time.Now); err == nil || strings.Contains(err.Error(), registrytest.ClientSecret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := bolagsverket.New(right, client, time.Now); err != nil {
		t.Error(err)
	}
}

func TestB48_Companies(t *testing.T) {
	t.Parallel()
	ab := domain.LegalForm{Code: "AB", Text: "Aktiebolag"}
	stockholm := domain.RegisteredCompany{AddressLines: []string{"Exempelgatan 1"}, PostalCode: "11122", City: "STOCKHOLM"}
	at := func(place domain.RegisteredCompany, name string, status domain.CompanyStatus) domain.RegisteredCompany {
		place.Name, place.Form, place.Status = name, ab, status
		return place
	}
	careOf := stockholm
	careOf.AddressLines = []string{"c/o Exempelbyrån", "Exempelgatan 1"}
	for id, want := range map[string]domain.RegisteredCompany{
		"499999-0015": at(careOf, "Påhittat Exempel AB", domain.CompanyActive),
		"499999-0023": at(stockholm, "Avregistrerat Exempel AB", domain.CompanyCeased),
		"499999-0031": at(stockholm, "Exempel i konkurs AB", domain.CompanyWindingUp),
		"499999-0049": at(domain.RegisteredCompany{}, "Exempel under rekonstruktion AB", domain.CompanyActive),
		"499999-0072": at(domain.RegisteredCompany{AddressLines: []string{"Example Road 1, Exampleton", "Storbritannien"}}, "Exempel i likvidation AB", domain.CompanyWindingUp),
	} {
		want.Country, want.BusinessID, want.Source, want.FetchedAt = "SE", id, bolagsverket.Source, drivertest.Now
		got, err := suite.Company(t, id)
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", id, err, diff)
		}
	}
}

func TestB50_NotThere(t *testing.T) {
	t.Parallel()
	if c, err := suite.Company(t, "499999-0064"); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("an authority: %+v, %v", c, err)
	}
	for body, want := range map[string]error{
		`{"organisationer":[]}`:   domain.ErrNotFound,
		`{"organisationer":null}`: domain.ErrUnavailable,
		`{"dokument":[]}`:         domain.ErrUnavailable,
		`{"organisationer":[{"organisationsidentitet":null,"organisationsnamn":{"fel":{"typ":"ORGANISATION_FINNS_EJ"}}}]}`:      domain.ErrNotFound,
		`{"organisationer":[{"organisationsidentitet":null,"organisationsnamn":{"fel":{"typ":"OTILLGANGLIG_UPPGIFTSKALLA"}}}]}`: domain.ErrUnavailable,
	} {
		if c, err := suite.Answered(t, registrytest.JSON(body)); !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v", body, c, err)
		}
	}
}

// A part that could not be found out may be the one that says bankrupt.
func TestXF17_HalfAnAnswer(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"499999-0056", "499999-0080"} {
		if c, err := suite.Company(t, id); !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("%s: %+v, %v", id, c, err)
		}
	}
	// What Statistics Sweden does not know is not of interest.
	c, err := suite.Answered(t, registrytest.Replace(`"verksamOrganisation": {
  "kod": "JA",
  "dataproducent": "SCB",
  "fel": null`, `"verksamOrganisation": {
  "kod": null,
  "dataproducent": "SCB",
  "fel": {"typ": "TIMEOUT"}`))
	if err != nil || c.Status != domain.CompanyActive {
		t.Errorf("%+v, %v", c, err)
	}
}

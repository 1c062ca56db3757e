// Package bolagsverket asks the Swedish Companies Registration Office for its
// valuable data sets (värdefulla datamängder, API version 1). They are free,
// for clients that have registered.
package bolagsverket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry/httpjson"
)

const (
	// Source is the register's name.
	Source = "Bolagsverket"
	// PublicURL is where the register answers, and PublicTokenURL where it lets clients in.
	PublicURL      = "https://gw.api.bolagsverket.se/vardefulla-datamangder/v1"
	PublicTokenURL = "https://portal.api.bolagsverket.se/oauth2/token" //nolint:gosec // G101: it is where tokens come from

	scope = "vardefulla-datamangder:read"
)

// Config says where the register is, and as whom to ask it.
type Config struct {
	URL, TokenURL          string
	ClientID, ClientSecret string
}

// Driver is a registry.Driver. It holds on to its access token: another process
// takes its own.
type Driver struct {
	config Config
	client *httpjson.Client
	clock  func() time.Time

	mu    sync.Mutex
	token token
}

// New makes a driver of the register.
func New(c Config, client *httpjson.Client, clock func() time.Time) (*Driver, error) {
	base, err := client.Base(c.URL)
	tokenURL, tokenErr := client.Base(c.TokenURL)
	if c.ClientID == "" || c.ClientSecret == "" {
		err = errors.Join(err, errors.New("the client has no id or no secret"))
	}
	if err := errors.Join(err, tokenErr); err != nil {
		return nil, fmt.Errorf("bolagsverket: %w", err)
	}
	c.URL, c.TokenURL = base, tokenURL
	return &Driver{config: c, client: client, clock: clock}, nil
}

// Company implements registry.Driver.
func (d *Driver) Company(ctx context.Context, id string) (*domain.RegisteredCompany, error) {
	access, err := d.access(ctx)
	if err != nil {
		return nil, fmt.Errorf("bolagsverket: access token: %w", err)
	}
	question, err := json.Marshal(question{Number: strings.ReplaceAll(id, "-", "")})
	if err != nil {
		return nil, fmt.Errorf("bolagsverket: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.config.URL+"/organisationer", bytes.NewReader(question))
	if err != nil {
		return nil, fmt.Errorf("bolagsverket: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+access)
	var a answer
	if err := d.client.Do(req, &a); err != nil {
		if status, ok := errors.AsType[*httpjson.StatusError](err); ok && status.Status == http.StatusUnauthorized {
			d.forget(access)
		}
		return nil, fmt.Errorf("bolagsverket: %w", err)
	}
	switch {
	case a.Organizations == nil:
		return nil, errors.New("bolagsverket: an answer without organizations")
	case len(a.Organizations) == 0:
		return nil, domain.ErrNotFound
	}
	// Only sole traders have several, one per name, and their numbers are not asked for.
	o := a.Organizations[0]
	if err := o.fault(); err != nil {
		return nil, err
	}
	address := o.Address.Address
	return &domain.RegisteredCompany{
		BusinessID: o.Identity.Number, Name: o.name(), Form: domain.LegalForm{Code: o.Form.Code, Text: o.Form.Text},
		AddressLines: address.lines(), PostalCode: address.PostalCode, City: address.City,
		Status: o.status(), Source: Source,
	}, nil
}

type question struct {
	Number string `json:"identitetsbeteckning"`
}

type answer struct {
	Organizations []organization `json:"organisationer"`
}

// organization is the part that is read: what the office itself knows, and
// nothing of Statistics Sweden's, which comes in the same answer. Every part
// can be null, and can hold a fault in the place of its values.
type organization struct {
	Identity struct {
		Number string `json:"identitetsbeteckning"`
	} `json:"organisationsidentitet"`
	Names struct {
		Fault *fault `json:"fel"`
		List  []struct {
			Name string `json:"namn"`
			Type struct {
				Code string `json:"kod"`
			} `json:"organisationsnamntyp"`
		} `json:"organisationsnamnLista"`
	} `json:"organisationsnamn"`
	Form struct {
		Fault *fault `json:"fel"`
		Code  string `json:"kod"`
		Text  string `json:"klartext"`
	} `json:"organisationsform"`
	Deregistered struct {
		Fault *fault `json:"fel"`
		Date  string `json:"avregistreringsdatum"`
	} `json:"avregistreradOrganisation"`
	Ongoing struct {
		Fault *fault      `json:"fel"`
		List  []procedure `json:"pagaendeAvvecklingsEllerOmstruktureringsforfarandeLista"`
	} `json:"pagaendeAvvecklingsEllerOmstruktureringsforfarande"`
	Address struct {
		Fault   *fault        `json:"fel"`
		Address postalAddress `json:"postadress"`
	} `json:"postadressOrganisation"`
}

// fault says why a part has no values.
type fault struct {
	Type string `json:"typ"`
}

const unknown = "ORGANISATION_FINNS_EJ"

// fault is what keeps the answer from being used: the office does not know the
// organization, or could not find out all that we show of it. Half an answer
// would make a bankrupt company look sound.
func (o *organization) fault() error {
	if o.Names.Fault != nil && o.Names.Fault.Type == unknown {
		return domain.ErrNotFound
	}
	for part, f := range map[string]*fault{
		"organisationsnamn": o.Names.Fault, "organisationsform": o.Form.Fault, "avregistreradOrganisation": o.Deregistered.Fault,
		"pagaendeAvvecklingsEllerOmstruktureringsforfarande": o.Ongoing.Fault, "postadressOrganisation": o.Address.Fault,
	} {
		if f != nil && f.Type != unknown {
			return fmt.Errorf("bolagsverket: %s: %.40q", part, f.Type)
		}
	}
	return nil
}

func (o *organization) name() string {
	for _, n := range o.Names.List {
		if n.Type.Code == "FORETAGSNAMN" {
			return n.Name
		}
	}
	if len(o.Names.List) > 0 {
		return o.Names.List[0].Name
	}
	return ""
}

func (o *organization) status() domain.CompanyStatus {
	switch {
	case o.Deregistered.Date != "":
		return domain.CompanyCeased
	case slices.ContainsFunc(o.Ongoing.List, procedure.ends):
		return domain.CompanyWindingUp
	}
	return domain.CompanyActive
}

// procedure is one that winds an organization up or changes its shape.
type procedure struct {
	Code string `json:"kod"`
}

// ends tells whether it is a bankruptcy (konkurs) or a liquidation. The others
// are restructurings, mergers and divisions.
func (p procedure) ends() bool { return p.Code == "KK" || p.Code == "LI" }

type postalAddress struct {
	CareOf     string `json:"coAdress"`
	Line       string `json:"utdelningsadress"`
	PostalCode string `json:"postnummer"`
	City       string `json:"postort"`
	Country    string `json:"land"`
}

func (a postalAddress) lines() []string {
	if a.Country == "SE" || strings.EqualFold(a.Country, "Sverige") {
		a.Country = ""
	}
	return []string{a.CareOf, a.Line, a.Country}
}

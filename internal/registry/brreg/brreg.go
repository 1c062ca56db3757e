// Package brreg asks the Norwegian Central Coordinating Register for Legal
// Entities, Enhetsregisteret, of the Brønnøysund Register Centre (open; NLOD).
package brreg

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry/httpjson"
)

const (
	// Source is the register's name.
	Source = "Brønnøysundregistrene"
	// PublicURL is where the public register answers.
	PublicURL = "https://data.brreg.no/enhetsregisteret/api"
	// MediaType pins the version of the answers.
	MediaType = "application/vnd.brreg.enhetsregisteret.enhet.v2+json"
)

// Driver is a registry.Driver.
type Driver struct {
	base   string
	client *httpjson.Client
}

// New makes a driver of the register whose addresses begin with base.
func New(base string, client *httpjson.Client) (*Driver, error) {
	base, err := client.Base(base)
	if err != nil {
		return nil, fmt.Errorf("brreg: %w", err)
	}
	return &Driver{base: base, client: client}, nil
}

// Company implements registry.Driver.
func (d *Driver) Company(ctx context.Context, id string) (*domain.RegisteredCompany, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.base+"/enheter/"+url.PathEscape(id), nil)
	if err != nil {
		return nil, fmt.Errorf("brreg: %w", err)
	}
	req.Header.Set("Accept", MediaType)
	var e entity
	if err := d.client.Do(req, &e); err != nil {
		status, ok := errors.AsType[*httpjson.StatusError](err)
		// What is gone was taken out of the open data, with its name.
		if ok && (status.Status == http.StatusNotFound || status.Status == http.StatusGone) {
			return nil, domain.ErrNotFound
		}
		return nil, fmt.Errorf("brreg: %w", err)
	}
	address := e.Business
	if address == nil {
		address = e.Postal
	}
	if address == nil {
		address = new(postalAddress)
	}
	return &domain.RegisteredCompany{
		BusinessID: e.Number, Name: e.Name, Form: domain.LegalForm{Code: e.Form.Code, Text: e.Form.Text},
		AddressLines: address.lines(), PostalCode: address.PostalCode, City: address.City,
		Status: e.status(), Source: Source,
	}, nil
}

// entity is the part that is read, of living and of deleted ones.
type entity struct {
	Class  string `json:"respons_klasse"`
	Number string `json:"organisasjonsnummer"`
	Name   string `json:"navn"`
	Form   struct {
		Code string `json:"kode"`
		Text string `json:"beskrivelse"`
	} `json:"organisasjonsform"`
	Business   *postalAddress `json:"forretningsadresse"`
	Postal     *postalAddress `json:"postadresse"`
	Deleted    string         `json:"slettedato"`
	Bankrupt   bool           `json:"konkurs"`
	Liquidated bool           `json:"underAvvikling"`
	Dissolved  bool           `json:"underTvangsavviklingEllerTvangsopplosning"`
}

type postalAddress struct {
	Lines       []string `json:"adresse"` // with nulls among them
	PostalCode  string   `json:"postnummer"`
	City        string   `json:"poststed"`
	Country     string   `json:"land"`
	CountryCode string   `json:"landkode"`
}

// A deleted entity is answered like a living one, with status 200.
func (e *entity) status() domain.CompanyStatus {
	switch {
	case e.Deleted != "", e.Class == "SlettetEnhet":
		return domain.CompanyCeased
	case e.Bankrupt, e.Liquidated, e.Dissolved:
		return domain.CompanyWindingUp
	case e.Class == "", e.Class == "Enhet":
		return domain.CompanyActive
	}
	return domain.CompanyUnknown
}

func (a *postalAddress) lines() []string {
	if a.CountryCode == "" || a.CountryCode == "NO" {
		return a.Lines
	}
	return append(a.Lines, a.Country)
}

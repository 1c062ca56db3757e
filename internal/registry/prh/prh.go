// Package prh asks the open data of the Finnish Patent and Registration Office
// and its Business Information System, YTJ (API version 3; no key; CC BY 4.0).
package prh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry/httpjson"
)

const (
	// Source is the register's name.
	Source = "PRH"
	// PublicURL is where the public register answers.
	PublicURL = "https://avoindata.prh.fi/opendata-ytj-api/v3"
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
		return nil, fmt.Errorf("prh: %w", err)
	}
	return &Driver{base: base, client: client}, nil
}

// Company implements registry.Driver.
func (d *Driver) Company(ctx context.Context, id string) (*domain.RegisteredCompany, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.base+"/companies?businessId="+url.QueryEscape(id), nil)
	if err != nil {
		return nil, fmt.Errorf("prh: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	var a answer
	if err := d.client.Do(req, &a); err != nil {
		if status, ok := errors.AsType[*httpjson.StatusError](err); ok && status.Status == http.StatusNotFound {
			return nil, domain.ErrNotFound
		}
		return nil, fmt.Errorf("prh: %w", err)
	}
	switch {
	case a.Total == nil || a.Companies == nil || len(a.Companies) == 0 && *a.Total != 0:
		return nil, errors.New("prh: an answer without companies")
	case len(a.Companies) == 0:
		return nil, domain.ErrNotFound
	}
	c := a.Companies[0]
	out := &domain.RegisteredCompany{
		BusinessID: c.BusinessID.Value, Name: c.name(), Form: c.form(), Status: c.status(), Source: Source,
	}
	if address, ok := c.address(); ok {
		out.AddressLines, out.PostalCode, out.City = address.lines(), address.PostCode, address.city()
	}
	return out, nil
}

// answer is the part that is read. What is not known is left out of it.
type answer struct {
	Total     *int      `json:"totalResults"`
	Companies []company `json:"companies"`
}

type company struct {
	BusinessID struct {
		Value string `json:"value"`
	} `json:"businessId"`
	Names      []name      `json:"names"`
	Forms      []form      `json:"companyForms"`
	Situations []situation `json:"companySituations"`
	Addresses  []address   `json:"addresses"`
	// TradeRegisterStatus is "1" while it is in the trade register and "4" after.
	// (The member "status" is "2" for the living and the dead.)
	TradeRegisterStatus string `json:"tradeRegisterStatus"`
	EndDate             string `json:"endDate"`
}

type name struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // "1": the company's name; others are parallel and auxiliary names
	From    string `json:"registrationDate"`
	EndDate string `json:"endDate"`
}

type form struct {
	Type         string `json:"type"`
	EndDate      string `json:"endDate"`
	Descriptions []struct {
		Language string `json:"languageCode"`
		Text     string `json:"description"`
	} `json:"descriptions"`
}

type situation struct {
	Type    string `json:"type"` // KONK bankruptcy, SELTILA liquidation, SANE restructuring
	EndDate string `json:"endDate"`
}

type address struct {
	Type              int    `json:"type"` // 1: visiting, 2: postal
	CareOf            string `json:"co"`
	Street            string `json:"street"`
	BuildingNumber    string `json:"buildingNumber"`
	Entrance          string `json:"entrance"`
	ApartmentNumber   string `json:"apartmentNumber"`
	ApartmentIDSuffix string `json:"apartmentIdSuffix"`
	PostOfficeBox     string `json:"postOfficeBox"`
	FreeAddressLine   string `json:"freeAddressLine"` // of addresses abroad, with underscores for spaces
	PostCode          string `json:"postCode"`
	Country           string `json:"country"`
	PostOffices       []struct {
		City     string `json:"city"`
		Language string `json:"languageCode"`
	} `json:"postOffices"`
}

const finnish = "1" // language code

// name is the company's present name, or the last one of a company that is no more.
func (c company) name() string {
	var best name
	for _, n := range c.Names {
		if n.Type != "1" {
			continue
		}
		present, bestPresent := n.EndDate == "", best.EndDate == ""
		if best.Name == "" || present && !bestPresent || present == bestPresent && n.From > best.From {
			best = n
		}
	}
	return best.Name
}

func (c company) form() domain.LegalForm {
	i := slices.IndexFunc(c.Forms, func(f form) bool { return f.EndDate == "" })
	if i < 0 {
		return domain.LegalForm{}
	}
	out := domain.LegalForm{Code: c.Forms[i].Type}
	for _, d := range c.Forms[i].Descriptions {
		if out.Text == "" || d.Language == finnish {
			out.Text = d.Text
		}
	}
	return out
}

func (c company) status() domain.CompanyStatus {
	switch {
	case c.EndDate != "", c.TradeRegisterStatus == "4":
		return domain.CompanyCeased
	case slices.ContainsFunc(c.Situations, func(s situation) bool {
		return s.EndDate == "" && (s.Type == "KONK" || s.Type == "SELTILA")
	}):
		return domain.CompanyWindingUp
	case c.TradeRegisterStatus == "1":
		return domain.CompanyActive
	}
	return domain.CompanyUnknown
}

// address is the visiting address, or else the postal one.
func (c company) address() (address, bool) {
	for _, wanted := range []int{1, 2} {
		if i := slices.IndexFunc(c.Addresses, func(a address) bool { return a.Type == wanted }); i >= 0 {
			return c.Addresses[i], true
		}
	}
	return address{}, false
}

func (a address) lines() (lines []string) {
	if a.CareOf != "" && !strings.HasPrefix(strings.ToLower(a.CareOf), "c/o") {
		a.CareOf = "c/o " + a.CareOf
	}
	if a.PostOfficeBox != "" {
		a.PostOfficeBox = "PL " + a.PostOfficeBox
	}
	if a.Country == "FI" {
		a.Country = ""
	}
	// Lookup drops the empty lines and the spaces too many.
	street := strings.Join([]string{a.Street, a.BuildingNumber, a.Entrance, a.ApartmentNumber + a.ApartmentIDSuffix}, " ")
	return []string{a.CareOf, street, a.PostOfficeBox, strings.ReplaceAll(a.FreeAddressLine, "_", " "), a.Country}
}

func (a address) city() (city string) {
	for _, p := range a.PostOffices {
		if city == "" || p.Language == finnish {
			city = p.City
		}
	}
	return city
}

package body

import (
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/nationalid"
)

// NationalID in JSON, on its way in. It never comes back.
type NationalID struct {
	Country domain.Country `json:"country,omitzero" enum:"FI,SE,NO" description:"That has issued it; the organization's country by default."`
	Code    string         `json:"code" required:"true" maxLength:"20" format:"password" description:"A Finnish henkilötunnus, a Swedish personnummer or samordningsnummer, or a Norwegian fødselsnummer or D-number, whole." example:"010594Y9032"`
}

// MaskedNationalID in JSON.
type MaskedNationalID struct {
	Country domain.Country `json:"country" enum:"FI,SE,NO" example:"FI"`
	Masked  string         `json:"masked" example:"•••" description:"The same for every code, since a part of it already tells a birthday."`
}

// MaskedNationalIDOf shows that a user has one; nil if not.
func MaskedNationalIDOf(m *domain.Membership) *MaskedNationalID {
	if !m.NationalID.Known() {
		return nil
	}
	return &MaskedNationalID{Country: m.NationalID.Country, Masked: domain.IdentityCode{}.String()}
}

// Read checks a code; home is the country that it is of if nothing else is said.
func (in NationalID) Read(call *endpoint.Call, home domain.Country, pointer string) (domain.IdentityCode, error) {
	country, named := in.Country, in.Country != ""
	if !named {
		country = home
	}
	issuer, known := nationalid.Issuer(string(country))
	switch {
	case named && (!known || issuer != string(country)):
		return domain.IdentityCode{}, domain.Fault(pointer+"/country", "value-unknown", "The codes of this country are not known here.")
	case !known:
		return domain.IdentityCode{}, domain.Fault(pointer+"/country", "required", "Say whether it is of FI, SE or NO.")
	}
	code, ok := nationalid.Parse(issuer, in.Code, nationalid.Rules{Artificial: call.ArtificialIDs, Today: call.Now()})
	if !ok {
		return domain.IdentityCode{}, domain.Fault(pointer+"/code", "national-id-invalid", "This is no national id of the country.")
	}
	return domain.IdentityCode{Country: domain.Country(issuer), Text: code}, nil
}

// Given is the code as a user is given it, sealed by the call's vault. A nil one is not given.
func (in *NationalID) Given(call *endpoint.Call, home domain.Country, pointer string) (given domain.GivenNationalID, err error) {
	given.Vault = call.Vault
	if in != nil {
		given.Code, err = in.Read(call, home, pointer)
	}
	return given, err
}

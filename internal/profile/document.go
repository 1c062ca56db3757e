package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Document is how a profile is written. Its JSON names are those of
// profile.yaml too; every member must be there.
type Document struct {
	Key       string            `json:"key"`
	Languages []domain.Language `json:"languages"`
	TimeZone  string            `json:"timeZone"`
	Country   domain.Country    `json:"country"`
	Roles     []Role            `json:"roles"`
	Rights    []Right           `json:"rights"`
	Policies  Policies          `json:"policies"`
}

// Role is how a role is written.
type Role struct {
	Key    domain.RoleKey `json:"key"`
	Name   domain.Text    `json:"name"`
	Info   domain.Text    `json:"info"`
	Level  int            `json:"level"`
	Rights RoleRights     `json:"rights"`
}

// RoleRights are the rights of a role, or the one word all.
type RoleRights []domain.RightKey

// All is the word that stands for all rights of the organization.
const All domain.RightKey = "all"

// Word is what may be written in the place of the list.
func (RoleRights) Word() string { return string(All) }

func (r RoleRights) all() bool { return len(r) == 1 && r[0] == All }

// Right is how a right is written.
type Right struct {
	Key  domain.RightKey `json:"key"`
	Name domain.Text     `json:"name"`
	Info domain.Text     `json:"info"`
}

// Policies is how the policies are written.
type Policies struct {
	Removal   Removal `json:"removal"`
	SelfEdit  bool    `json:"selfEdit"`
	FixedTerm bool    `json:"fixedTerm"`
}

// Removal says what becomes of users who are removed.
type Removal struct {
	Own domain.RemovalPolicy `json:"own"`
}

// Profile is the profile that the document describes. Check judges it.
func (d *Document) Profile() *domain.Profile {
	p := &domain.Profile{
		Key: d.Key, Languages: d.Languages, TimeZone: d.TimeZone, Country: d.Country,
		Policies: domain.Policies{
			RemovalOwn: d.Policies.Removal.Own,
			SelfEdit:   d.Policies.SelfEdit,
			FixedTerm:  d.Policies.FixedTerm,
		},
	}
	for _, r := range d.Roles {
		role := domain.Role{Key: r.Key, Name: r.Name, Info: r.Info, Level: r.Level, Rights: r.Rights}
		if r.Rights.all() {
			role.Rights, role.All = nil, true
		}
		p.Roles = append(p.Roles, role)
	}
	for _, r := range d.Rights {
		p.Rights = append(p.Rights, domain.RightInfo{Key: r.Key, Name: r.Name, Info: r.Info})
	}
	return p
}

// Parse reads the compiled form. It refuses what is not of that form and
// leaves the rest to Check, which every profile has passed before it was compiled.
func Parse(compiled []byte) (*domain.Profile, error) {
	in := json.NewDecoder(bytes.NewReader(compiled))
	in.DisallowUnknownFields()
	var d Document
	if err := in.Decode(&d); err != nil {
		return nil, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return d.Profile(), nil
}

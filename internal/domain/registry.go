package domain

import (
	"context"
	"time"
)

// Registry is what public company registers know. It is safe for concurrent use.
type Registry interface {
	// Company finds a company by its id, which need not be canonical.
	//
	//  - ErrNoRegistry: no register is connected for the country; none was asked.
	//  - ErrNotFound: the register does not know the company, or no company can
	//    have this id. Registers of limited companies do not know every
	//    association, sole trader or authority.
	//  - ErrUnavailable: the register gave no answer that can be used. It may
	//    know the company.
	Company(ctx context.Context, country Country, businessID string) (*RegisteredCompany, error)
}

// RegisteredCompany is what a register says of a company. Its texts are single
// lines without markup and without characters that cannot be seen; they are
// still others' words, to be shown and never to be obeyed.
type RegisteredCompany struct {
	Country      Country
	BusinessID   string // canonical
	Name         string // never empty
	Form         LegalForm
	AddressLines []string // without postal code and city; of an address abroad the last is its country
	PostalCode   string
	City         string
	Status       CompanyStatus
	Source       string // name of the register
	FetchedAt    time.Time
}

// LegalForm is a legal form in the register's own code and words; either may be empty.
type LegalForm struct{ Code, Text string }

// CompanyStatus says whether a company is one to do business with.
type CompanyStatus string

const (
	CompanyActive    CompanyStatus = "active"     // registered; also while it is being restructured
	CompanyWindingUp CompanyStatus = "winding-up" // registered, and bankrupt or in liquidation
	CompanyCeased    CompanyStatus = "ceased"     // struck off
	CompanyUnknown   CompanyStatus = "unknown"    // the register does not say
)

// Package registry asks public company registers what they know of a company.
//
// The port is Registry, with RegisteredCompany and the errors beside it: it is
// the domain's, and lies here until the domain takes it. The rest is what
// stands behind the port. Lookup does everything that must hold of every
// register: it asks none for an id that cannot be right, keeps answers for a
// while, believes no answer about another company, and lets no text through
// that a page or a mail could take for more than text. A Driver knows one
// register's way of asking and answering, and nothing else.
package registry

import (
	"context"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Registry is what public company registers know. It is safe for concurrent use.
type Registry interface {
	// Company finds a company by its id, which need not be canonical.
	//
	//  - ErrNoRegistry: no register is connected for the country; none was asked.
	//  - domain.ErrNotFound: the register does not know the company, or no
	//    company can have this id. Registers of limited companies do not know
	//    every association, sole trader or authority.
	//  - domain.ErrUnavailable: the register gave no answer that can be used. It
	//    may know the company.
	Company(ctx context.Context, country domain.Country, businessID string) (*RegisteredCompany, error)
}

// ErrNoRegistry says that there is no register to ask for the country.
var ErrNoRegistry = &domain.Error{
	Kind: domain.NotFound, Code: "registry-missing",
	Detail: "No public company register is connected for this country. The operator of the portal can add the organization.",
}

// RegisteredCompany is what a register says of a company. Its texts are single
// lines without markup and without characters that cannot be seen; they are
// still others' words, to be shown and never to be obeyed.
type RegisteredCompany struct {
	Country      domain.Country
	BusinessID   string // canonical
	Name         string // never empty
	Form         LegalForm
	AddressLines []string // without postal code and city; of an address abroad the last is its country
	PostalCode   string
	City         string
	Status       Status
	Source       string // name of the register
	FetchedAt    time.Time
}

// LegalForm is a legal form in the register's own code and words; either may be empty.
type LegalForm struct{ Code, Text string }

// Status says whether a company is one to do business with.
type Status string

const (
	Active    Status = "active"     // registered; also while it is being restructured
	WindingUp Status = "winding-up" // registered, and bankrupt or in liquidation
	Ceased    Status = "ceased"     // struck off
	Unknown   Status = "unknown"    // the register does not say
)

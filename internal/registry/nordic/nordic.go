// Package nordic connects the public company registers of the Nordic countries.
package nordic

import (
	"errors"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/bolagsverket"
	"github.com/fullmakt/fullmakt/internal/registry/brreg"
	"github.com/fullmakt/fullmakt/internal/registry/httpjson"
	"github.com/fullmakt/fullmakt/internal/registry/prh"
)

// Config says where the registers are. One without an address is not connected.
type Config struct {
	PRH          string
	Brreg        string
	Bolagsverket bolagsverket.Config
	Plain        bool // allows http: for fakes on this machine
	Clock        func() time.Time
}

// Public is the configuration of the registers that are open to everybody.
func Public() Config { return Config{PRH: prh.PublicURL, Brreg: brreg.PublicURL, Clock: time.Now} }

// Drivers are the drivers of a registry.Lookup, by the countries whose
// companies are in a register; the error tells all that is wrong with the
// configuration. Nothing is asked yet.
func Drivers(c Config) (map[domain.Country]registry.Driver, error) {
	drivers := map[domain.Country]registry.Driver{}
	var faults []error
	connect := func(driver registry.Driver, err error, countries ...domain.Country) {
		faults = append(faults, err)
		for _, country := range countries {
			drivers[country] = driver
		}
	}
	// A client each: a register that hangs takes no other one's turns.
	client := func() *httpjson.Client { return httpjson.New(httpjson.Config{Plain: c.Plain}) }
	if c.PRH != "" {
		d, err := prh.New(c.PRH, client())
		connect(d, err, "FI", "AX")
	}
	if c.Brreg != "" {
		d, err := brreg.New(c.Brreg, client())
		connect(d, err, "NO", "SJ")
	}
	if c.Bolagsverket != (bolagsverket.Config{}) {
		d, err := bolagsverket.New(c.Bolagsverket, client(), c.Clock)
		connect(d, err, "SE")
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return drivers, nil
}

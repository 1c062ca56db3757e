package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"strings"
)

// gateway is where requests to a published port of this container come from,
// if the machine that it is on sends them.
func gateway() (netip.Addr, error) {
	routes, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return netip.Addr{}, err
	}
	return defaultRoute(string(routes))
}

// defaultRoute reads Linux's table of routes: interface, destination and
// gateway, the addresses in the processor's order of bytes.
func defaultRoute(table string) (netip.Addr, error) {
	for line := range strings.Lines(table) {
		columns := strings.Fields(line)
		if len(columns) < 3 || columns[1] != "00000000" {
			continue
		}
		raw, err := hex.DecodeString(columns[2])
		if err != nil || len(raw) != 4 {
			continue
		}
		var ip [4]byte
		binary.NativeEndian.PutUint32(ip[:], binary.BigEndian.Uint32(raw))
		return netip.AddrFrom4(ip), nil
	}
	return netip.Addr{}, errors.New("there is no default route")
}

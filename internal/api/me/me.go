// Package me is what people see and change of themselves.
package me

import (
	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{Get(), Update(), Mail(), Password()}
}

type response struct {
	body.Person
	Phone            string                `json:"phone" pattern:"^([+][1-9][0-9]{6,14})?$" description:"E.164; empty for none." example:"+358401234567"`
	HomeOrganization domain.OrganizationID `json:"homeOrganization" description:"Keeps the person's details."`
	Memberships      []body.Membership     `json:"memberships"`
}

func responseOf(call *endpoint.Call, p *domain.Person, places []domain.Place) response {
	call.ETag = endpoint.ETag(p.Revision)
	return response{
		Person: body.PersonOf(p), Phone: p.Phone, HomeOrganization: p.Home,
		Memberships: body.MembershipsOf(places, call.Profile, call.Now()),
	}
}

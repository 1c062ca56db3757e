// Package profile is what kind of portal this is.
package profile

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{Get()} }

// Get shows the profile.
func Get() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "profile-get", Method: http.MethodGet, Path: "/v1/profile", Status: http.StatusOK,
		Summary: "Shows the portal's languages, roles and rights.",
		Access:  endpoint.Public("the sign-in page needs it, and it tells of nobody"),
	}, nil, get)
}

type getRequest struct{}

type response struct {
	Key       string            `json:"key"`
	Languages []domain.Language `json:"languages" description:"The first is the default."`
	TimeZone  string            `json:"timeZone" description:"IANA name." example:"Europe/Helsinki"`
	Country   domain.Country    `json:"country" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	Roles     []role            `json:"roles"`
	Rights    []right           `json:"rights"`
}

type role struct {
	Key    domain.RoleKey    `json:"key"`
	Name   domain.Text       `json:"name"`
	Info   domain.Text       `json:"info"`
	Level  int               `json:"level" description:"The higher, the more the role may."`
	All    bool              `json:"all" description:"All rights, later ones included."`
	Rights []domain.RightKey `json:"rights"`
}

type right struct {
	Key  domain.RightKey `json:"key"`
	Name domain.Text     `json:"name"`
	Info domain.Text     `json:"info"`
}

func get(_ context.Context, call *endpoint.Call, _ *getRequest) (response, error) {
	p := call.Profile
	out := response{Key: p.Key, Languages: p.Languages, TimeZone: p.TimeZone, Country: p.Country}
	for _, r := range p.Roles {
		out.Roles = append(out.Roles, role{Key: r.Key, Name: r.Name, Info: r.Info, Level: r.Level, All: r.All, Rights: r.Rights})
	}
	for _, r := range p.Rights {
		out.Rights = append(out.Rights, right(r))
	}
	return out, nil
}

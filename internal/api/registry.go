// Package api is the registry: the explicit list of all endpoints. Everything
// else that knows of endpoints derives from it or is tested equal to it.
package api

import (
	"slices"

	"github.com/fullmakt/fullmakt/internal/api/access"
	"github.com/fullmakt/fullmakt/internal/api/activation"
	"github.com/fullmakt/fullmakt/internal/api/assignment"
	"github.com/fullmakt/fullmakt/internal/api/audit"
	"github.com/fullmakt/fullmakt/internal/api/authzen"
	"github.com/fullmakt/fullmakt/internal/api/client"
	"github.com/fullmakt/fullmakt/internal/api/emailchange"
	"github.com/fullmakt/fullmakt/internal/api/emailundo"
	"github.com/fullmakt/fullmakt/internal/api/mandate"
	"github.com/fullmakt/fullmakt/internal/api/me"
	"github.com/fullmakt/fullmakt/internal/api/organization"
	"github.com/fullmakt/fullmakt/internal/api/partner"
	"github.com/fullmakt/fullmakt/internal/api/passwordreset"
	"github.com/fullmakt/fullmakt/internal/api/person"
	"github.com/fullmakt/fullmakt/internal/api/profile"
	"github.com/fullmakt/fullmakt/internal/api/registry"
	"github.com/fullmakt/fullmakt/internal/api/resource"
	"github.com/fullmakt/fullmakt/internal/api/service"
	"github.com/fullmakt/fullmakt/internal/api/session"
	"github.com/fullmakt/fullmakt/internal/api/subscription"
	"github.com/fullmakt/fullmakt/internal/api/user"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints are all of them, noun by noun.
func Endpoints() []endpoint.Endpoint {
	return slices.Concat(
		session.Endpoints(),
		activation.Endpoints(),
		passwordreset.Endpoints(),
		me.Endpoints(),
		emailchange.Endpoints(),
		emailundo.Endpoints(),
		organization.Endpoints(),
		subscription.Endpoints(),
		user.Endpoints(),
		partner.Endpoints(),
		registry.Endpoints(),
		assignment.Endpoints(),
		resource.Endpoints(),
		mandate.Endpoints(),
		client.Endpoints(),
		audit.Endpoints(),
		person.Endpoints(),
		profile.Endpoints(),
		service.Endpoints(),
		access.Endpoints(),
		authzen.Endpoints(),
	)
}

package organization

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Get shows an organization.
func Get() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "organization-get", Method: http.MethodGet, Path: "/v1/organizations/{org}", Status: http.StatusOK,
		Summary: "Shows an organization.",
		Access:  endpoint.Right(domain.RightSeeOrganization),
		Needs:   []endpoint.Need{endpoint.ReadItems},
	}, nil, get)
}

type getRequest struct {
	Org domain.OrganizationID `path:"org" json:"-"`
}

func get(_ context.Context, call *endpoint.Call, _ *getRequest) (organization, error) {
	return shown(call, call.Scene.Organization), nil
}

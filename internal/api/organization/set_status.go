package organization

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// SetStatus closes an organization or opens it again.
func SetStatus() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "organization-set-status", Method: http.MethodPut, Path: "/v1/organizations/{org}/status", Status: http.StatusOK,
		Summary: "Suspends an organization, with everything that derives from it, at the next request; or makes it active again.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrStale, domain.ErrVersionRequired, domain.ErrSelf},
	}, nil, setStatus)
}

type setStatusRequest struct {
	Org     domain.OrganizationID `path:"org" json:"-"`
	IfMatch string                `header:"If-Match" json:"-" required:"true"`
	Status  status                `json:"status" required:"true" enum:"active,suspended" example:"suspended"`
}

func (in *setStatusRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	if in.Status != active && in.Status != suspended {
		faults.Add("/status", "value-unknown", "Use active or suspended.")
	}
}

func setStatus(_ context.Context, call *endpoint.Call, in *setStatusRequest) (organization, error) {
	if call.Scene.Organization == nil {
		return organization{}, domain.ErrNotFound
	}
	if err := call.Match(call.Scene.Organization.Revision); err != nil {
		return organization{}, err
	}
	org, err := domain.SetSuspended(call.Change, call.Scene, in.Status == suspended)
	if err != nil {
		return organization{}, err
	}
	return shown(call, org), nil
}

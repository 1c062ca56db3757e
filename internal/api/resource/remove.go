package resource

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Remove takes a resource away.
func Remove() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "resource-remove", Method: http.MethodDelete, Path: "/v1/organizations/{org}/resources/{resource}", Status: http.StatusNoContent,
		Summary: "Removes a resource in which no others lie, and takes from its users what they were given on it. Unconfirmed, it only tells how many they are. Broken off, send it again.",
		Access:  endpoint.Right(domain.RightEditResources),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.WriteItems, endpoint.CheckItems, endpoint.DeleteItems},
		Errors:  []*domain.Error{domain.ErrOperatorOnly, domain.ErrResourceNotEmpty, domain.ErrResourceInUse, domain.ErrLastAdmin},
	}, func(_ *removeRequest, want *domain.Want) { want.Administrators = true }, remove)
}

type removeRequest struct {
	Org      domain.OrganizationID `path:"org" json:"-"`
	Resource domain.ResourceID     `path:"resource" json:"-"`
	Confirm  string                `query:"confirm" json:"-" enum:"true,false" default:"false" description:"Whether to go on although users lose something."`
}

func (in *removeRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	if in.Confirm != "" && in.Confirm != "true" && in.Confirm != "false" {
		faults.Add("?confirm", "value-invalid", "Say true or false.")
	}
}

func remove(ctx context.Context, call *endpoint.Call, in *removeRequest) (endpoint.None, error) {
	err := domain.RemoveResource(ctx, call.Store, call.Change, call.Scene, call.Profile, call.Resource, in.Confirm == "true")
	return endpoint.None{}, err
}

package resource

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Update changes a resource.
func Update() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "resource-update", Method: http.MethodPatch, Path: "/v1/organizations/{org}/resources/{resource}", Status: http.StatusOK,
		Summary: "Changes a resource's name, reference or, by the operator, features. What it is and where it lies stays.",
		Access:  endpoint.Right(domain.RightEditResources),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems, endpoint.DeleteItems},
		Errors:  []*domain.Error{domain.ErrStale, domain.ErrVersionRequired, domain.ErrOperatorOnly, domain.ErrResourceExists},
	}, nil, update)
}

type updateRequest struct {
	Org       domain.OrganizationID `path:"org" json:"-"`
	Resource  domain.ResourceID     `path:"resource" json:"-"`
	IfMatch   string                `header:"If-Match" json:"-" required:"true"`
	Name      *string               `json:"name,omitempty" minLength:"1" maxLength:"100" example:"Harbour"`
	Reference *string               `json:"reference,omitempty" maxLength:"200" description:"The operator's own number for it; empty for none." example:"W-1017"`
	Features  *[]domain.FeatureKey  `json:"features,omitempty" uniqueItems:"true" description:"All that it has, of what its type may have." example:"[\"access-control\"]"`
}

func (in *updateRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	body.Change(in.Name, func(s string) string { return body.Name(s, "/name", faults) })
	body.Change(in.Reference, func(s string) string { return body.Line(s, "/reference", faults) })
}

func update(ctx context.Context, call *endpoint.Call, in *updateRequest) (resource, error) {
	if err := call.Match(call.Resource.Revision); err != nil {
		return resource{}, err
	}
	// Which features there are, only the resource's type tells.
	if t := call.Profile.ResourceType(call.Resource.Type); in.Features != nil && t != nil {
		var faults domain.Faults
		if features(*in.Features, t, &faults); len(faults) > 0 {
			return resource{}, faults.Err()
		}
	}
	patch := domain.ResourcePatch{Name: in.Name, Reference: in.Reference, Features: in.Features}
	r, err := domain.UpdateResource(ctx, call.Store, call.Change, call.Scene, call.Profile, call.Resource, patch)
	if err != nil {
		return resource{}, err
	}
	return shown(call, r), nil
}

package resource

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Create makes a resource.
func Create() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "resource-create", Method: http.MethodPost, Path: "/v1/organizations/{org}/resources", Status: http.StatusCreated,
		Summary: "Makes a resource in the organization, or in another resource. Some types are the operator's to make, and so is what a resource has.",
		Access:  endpoint.Somewhere(domain.RightEditResources), // on the parent: domain.CreateResource
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrOperatorOnly, domain.ErrResourceExists},
	}, func(in *createRequest, want *domain.Want) { want.ForNewResource(in.resource) }, create)
}

type createRequest struct {
	Org       domain.OrganizationID `path:"org" json:"-"`
	Type      domain.ScopeType      `json:"type" required:"true" minLength:"1" description:"Key of one of the profile's resource types." example:"worksite"`
	Parent    domain.ResourceID     `json:"parent,omitzero" description:"The resource that it lies in, where the type lies in another one."`
	Name      string                `json:"name" required:"true" minLength:"1" maxLength:"100" example:"Harbour"`
	Reference string                `json:"reference,omitzero" maxLength:"200" description:"The operator's own number for it. No other resource of the type in the organization has it." example:"W-1017"`
	Features  []domain.FeatureKey   `json:"features,omitempty" uniqueItems:"true" description:"What it has, of what its type may have; the operator says." example:"[]"`

	resource domain.NewResource
}

func (in *createRequest) Read(p *domain.Profile, faults *domain.Faults) {
	if t := typeOf(in.Type, "/type", p, faults); t != nil {
		features(in.Features, t, faults)
	}
	if in.Parent != "" && !in.Parent.Valid() {
		faults.Add("/parent", "value-invalid", "This is not the id of a resource.")
	}
	in.resource = domain.NewResource{
		ResourceRef: domain.ResourceRef{Type: in.Type, Reference: body.Line(in.Reference, "/reference", faults)},
		Parent:      in.Parent, Name: body.Name(in.Name, "/name", faults), Features: in.Features,
	}
}

func create(_ context.Context, call *endpoint.Call, in *createRequest) (resource, error) {
	r, err := domain.CreateResource(call.Change, call.Scene, call.Profile, in.resource)
	if err != nil {
		return resource{}, err
	}
	call.Location = "/v1/organizations/" + string(r.Organization) + "/resources/" + string(r.ID)
	return shown(call, r), nil
}

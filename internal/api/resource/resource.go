// Package resource is what access is given on inside an organization.
package resource

import (
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{List(), Create(), Get(), Update(), Remove(), Users(), UsersUpdate()}
}

// resource in JSON.
type resource struct {
	ID             domain.ResourceID     `json:"id"`
	OrganizationID domain.OrganizationID `json:"organizationId"`
	Type           domain.ScopeType      `json:"type" description:"Key of one of the profile's resource types." example:"worksite"`
	Parent         domain.ResourceID     `json:"parent,omitzero" description:"The resource that it lies in; absent where that is the organization itself."`
	Path           []domain.ResourceID   `json:"path" description:"All that it lies in, from the outermost to its parent."`
	Name           string                `json:"name" example:"Harbour"`
	Reference      string                `json:"reference" description:"The operator's own number for it; empty for none." example:"W-1017"`
	Features       []domain.FeatureKey   `json:"features" description:"What it has, of what its type may have." example:"[\"access-control\"]"`
	CreatedAt      time.Time             `json:"createdAt"`
	UpdatedAt      time.Time             `json:"updatedAt"`
}

func resourceOf(r *domain.Resource) resource {
	return resource{
		ID: r.ID, OrganizationID: r.Organization, Type: r.Type, Parent: r.Parent(), Path: r.Path, Name: r.Name, Reference: r.Reference,
		Features: r.Features, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// shown is one resource with its tag.
func shown(call *endpoint.Call, r *domain.Resource) resource {
	call.ETag = endpoint.ETag(r.Revision)
	return resourceOf(r)
}

// oneRequest is a request about one resource without a body.
type oneRequest struct {
	Org      domain.OrganizationID `path:"org" json:"-"`
	Resource domain.ResourceID     `path:"resource" json:"-"`
}

// typeOf reads a type of resources; nil if the profile has none of that key.
func typeOf(key domain.ScopeType, pointer string, p *domain.Profile, faults *domain.Faults) *domain.ResourceType {
	t := p.ResourceType(key)
	switch {
	case key == "":
		faults.Add(pointer, "required", "This is needed.")
	case t == nil:
		faults.Add(pointer, "value-unknown", "There is no such type of resource.")
	}
	return t
}

// features reads what a resource of a type has, and puts it in order.
func features(in []domain.FeatureKey, t *domain.ResourceType, faults *domain.Faults) {
	known := map[domain.FeatureKey]bool{}
	for _, f := range t.Features {
		known[f] = true
	}
	body.Each(in, func(f domain.FeatureKey) bool { return known[f] }, "/features", faults)
	slices.Sort(in)
}

package resource

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List lists an organization's resources of a type.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "resource-list", Method: http.MethodGet, Path: "/v1/organizations/{org}/resources", Status: http.StatusOK,
		Summary: "Lists the resources of a type by name, as far as the caller may know of them. A page can have fewer than were asked for, and not be the last. A new resource may take a moment to show.",
		// domain.FindResources decides: on each resource, and before that on the organization.
		Access: endpoint.Signed("every member may ask, and what they may not know of does not show"),
		Needs:  []endpoint.Need{endpoint.ReadItems, endpoint.QueryNames},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct {
	Org    domain.OrganizationID `path:"org" json:"-"`
	Type   domain.ScopeType      `query:"type" json:"-" required:"true" minLength:"1" description:"Key of one of the profile's resource types." example:"worksite"`
	Parent domain.ResourceID     `query:"parent" json:"-" description:"Only what lies directly in this resource."`
	Text   string                `query:"q" json:"-" maxLength:"200" description:"Only those with this in the name or the reference, in whichever case." example:"harbour"`
	endpoint.Paging
}

func (in *listRequest) Read(p *domain.Profile, faults *domain.Faults) {
	typeOf(in.Type, "?type", p, faults)
	if in.Parent != "" && !in.Parent.Valid() {
		faults.Add("?parent", "value-invalid", "This is not the id of a resource.")
	}
	in.Text = body.Line(in.Text, "?q", faults)
}

type listResponse struct {
	Items []resource `json:"items"`
	Next  string     `json:"next" description:"The cursor of the next page; empty: there is none."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	query := domain.ResourceQuery{Type: in.Type, Parent: in.Parent, Text: in.Text}
	page, err := domain.FindResources(ctx, call.Store, call.Caller(), call.Profile, query, req, call.Now())
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: make([]resource, len(page.Items))}
	for i, r := range page.Items {
		out.Items[i] = resourceOf(r)
	}
	out.Next, err = call.Next(page.Next)
	return out, err
}

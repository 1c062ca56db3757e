package partner

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/i18n"
)

// Organizations lists where the partners come from.
func Organizations() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "partner-organizations", Method: http.MethodGet, Path: "/v1/organizations/{org}/partner-organizations", Status: http.StatusOK,
		Summary: "Lists, by name, the companies from which at least one person is a partner user here. It costs as much as the organization has users.",
		Access:  endpoint.Right(domain.RightSeeUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable},
	}, nil, organizations)
}

type organizationsRequest struct {
	Org domain.OrganizationID `path:"org" json:"-"`
}

type organizationsResponse struct {
	Items []organization `json:"items"`
}

// organization that partners come from, in JSON.
type organization struct {
	ID         domain.OrganizationID `json:"id"`
	Name       string                `json:"name" example:"Mallinosturit Oy"`
	Country    domain.Country        `json:"country" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	BusinessID string                `json:"businessId" example:"9000000-3"`
	Partners   int                   `json:"partners" description:"How many of its people are partner users here." example:"1"`
}

func organizations(ctx context.Context, call *endpoint.Call, in *organizationsRequest) (organizationsResponse, error) {
	found, err := domain.PartnerOrganizations(ctx, call.Store, in.Org)
	if err != nil {
		return organizationsResponse{}, err
	}
	alphabet := call.Scene.Organization.Alphabet
	slices.SortFunc(found, func(a, b domain.PartnerOrganization) int {
		return cmp.Or(
			cmp.Compare(i18n.SortKey(alphabet, a.Organization.Name), i18n.SortKey(alphabet, b.Organization.Name)),
			cmp.Compare(a.Organization.ID, b.Organization.ID),
		)
	})
	out := organizationsResponse{Items: make([]organization, len(found))}
	for i, f := range found {
		o := f.Organization
		out.Items[i] = organization{ID: o.ID, Name: o.Name, Country: o.Country, BusinessID: o.BusinessID, Partners: f.Partners}
	}
	return out, nil
}

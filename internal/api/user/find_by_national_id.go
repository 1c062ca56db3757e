package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// FindByNationalID finds the user who has a national id.
func FindByNationalID() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-find-by-national-id", Method: http.MethodPost, Path: "/v1/organizations/{org}/users/search", Status: http.StatusOK,
		Summary: "Finds the user who has exactly a national id. The audit tells of each search, without the id.",
		Access:  endpoint.Right(domain.RightSeeNationalIDs),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems, endpoint.IndexFields},
		Errors:  []*domain.Error{domain.ErrThrottled},
	}, func(_ *findByNationalIDRequest, want *domain.Want) { want.ForNationalIDSearch() }, findByNationalID)
}

type findByNationalIDRequest struct {
	Org        domain.OrganizationID `path:"org" json:"-"`
	NationalID body.NationalID       `json:"nationalId" required:"true"`
}

type findByNationalIDResponse struct {
	Items []user `json:"items" description:"The one who has it, removed or not; or nobody."`
}

func findByNationalID(ctx context.Context, call *endpoint.Call, in *findByNationalIDRequest) (findByNationalIDResponse, error) {
	out := findByNationalIDResponse{Items: []user{}}
	code, err := in.NationalID.Read(call, call.Scene.Organization.Country, "/nationalId")
	if err != nil {
		return out, err
	}
	m, err := domain.FindByNationalID(ctx, call.Store, call.Vault, call.Change, call.Scene, call.Profile, code)
	if err != nil || m == nil {
		return out, err
	}
	out.Items = append(out.Items, userOf(m, call.Profile, call.Now(), call.Scene.Organization.Zone()))
	return out, nil
}

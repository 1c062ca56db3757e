package organization

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Update changes an organization.
func Update() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "organization-update", Method: http.MethodPatch, Path: "/v1/organizations/{org}", Status: http.StatusOK,
		Summary: "Changes an organization's name or language; and its time zone, which is the operator's to change.",
		Access:  endpoint.Right(domain.RightEditOrganization),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors:  []*domain.Error{domain.ErrStale, domain.ErrVersionRequired, domain.ErrLastAdmin, domain.ErrOperatorOnly},
	}, func(_ *updateRequest, want *domain.Want) { want.Administrators = true }, update)
}

type updateRequest struct {
	Org      domain.OrganizationID `path:"org" json:"-"`
	IfMatch  string                `header:"If-Match" json:"-" required:"true"`
	Name     *string               `json:"name,omitempty" minLength:"1" maxLength:"100" example:"Mallinosturit Oy"`
	Language *domain.Language      `json:"language,omitempty" enum:"fi,sv,nb,en"`
	TimeZone *string               `json:"timeZone,omitempty" minLength:"1" description:"IANA name." example:"Europe/Helsinki"`
}

func (in *updateRequest) Read(p *domain.Profile, faults *domain.Faults) {
	body.Change(in.Name, func(s string) string { return body.Name(s, "/name", faults) })
	body.Change(in.Language, func(l domain.Language) domain.Language { return body.Language(l, "", p, "/language", faults) })
	body.Change(in.TimeZone, func(s string) string {
		if s == "" {
			faults.Add("/timeZone", "required", "This is needed.")
		}
		return zone(s, "/timeZone", faults)
	})
}

func update(_ context.Context, call *endpoint.Call, in *updateRequest) (organization, error) {
	if err := call.Match(call.Scene.Organization.Revision); err != nil {
		return organization{}, err
	}
	patch := domain.OrganizationPatch{Name: in.Name, Language: in.Language, TimeZone: in.TimeZone}
	org, err := domain.UpdateOrganization(call.Change, call.Scene, call.Profile, patch)
	if err != nil {
		return organization{}, err
	}
	return shown(call, org), nil
}

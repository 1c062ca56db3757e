package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Create invites somebody.
func Create() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-create", Method: http.MethodPost, Path: "/v1/organizations/{org}/users", Status: http.StatusCreated,
		Summary: "Makes a user and mails them an activation link.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems},
		Errors:  []*domain.Error{domain.ErrUserExists, domain.ErrTooMany, domain.ErrThrottled, domain.ErrRoleNotYours},
	}, func(in *createRequest, want *domain.Want) { want.ForInvitation(in.invitation.Email) }, create)
}

type createRequest struct {
	Org         domain.OrganizationID `path:"org" json:"-"`
	GivenName   string                `json:"givenName" required:"true" minLength:"1" maxLength:"100" example:"Aino"`
	FamilyName  string                `json:"familyName" required:"true" minLength:"1" maxLength:"100" example:"Virtanen"`
	Email       string                `json:"email" required:"true" format:"email" maxLength:"254" example:"aino.virtanen@example.com"`
	Phone       string                `json:"phone,omitzero" description:"International form." example:"+358 40 1234567"`
	Language    domain.Language       `json:"language,omitzero" enum:"fi,sv,nb,en" description:"The profile's first by default."`
	Roles       []domain.RoleKey      `json:"roles" required:"true" minItems:"1" uniqueItems:"true" description:"Keys of the profile's roles." example:"[\"user\"]"`
	Validity    validity              `json:"validity,omitzero" description:"Until further notice by default." example:"{\"type\":\"indefinite\"}"`
	DefaultTask string                `json:"defaultTask,omitzero" maxLength:"200" example:"Site 12"`

	invitation domain.Invitation
}

func (in *createRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.invitation = domain.Invitation{
		Card: domain.Card{
			GivenName:  body.Name(in.GivenName, "/givenName", faults),
			FamilyName: body.Name(in.FamilyName, "/familyName", faults),
			Email:      body.Email(in.Email, "/email", faults),
			Phone:      body.Phone(in.Phone, "/phone", faults),
			Language:   body.Language(in.Language, p.DefaultLanguage(), p, "/language", faults),
		},
		Roles:       body.Roles(in.Roles, p, "/roles", faults),
		Validity:    in.Validity.read("/validity", faults),
		DefaultTask: body.Line(in.DefaultTask, "/defaultTask", faults),
	}
	in.invitation.Validity.Check(p, "/validity", faults)
}

func create(ctx context.Context, call *endpoint.Call, in *createRequest) (user, error) {
	m, err := domain.Invite(ctx, call.Store, call.Change, call.Scene, call.Profile, in.invitation)
	if err != nil {
		return user{}, err
	}
	call.Location = "/v1/organizations/" + string(m.Organization) + "/users/" + string(m.Person)
	return shown(call, m), nil
}

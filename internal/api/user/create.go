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
		Summary: "Makes a user and mails them an activation link; or a partner user, who comes from another company. One that the system does not know is made from the public register.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems, endpoint.ReadRegistry, endpoint.SealFields, endpoint.IndexFields},
		Errors: []*domain.Error{
			domain.ErrUserExists, domain.ErrTooMany, domain.ErrThrottled, domain.ErrRoleNotYours,
			domain.ErrRightNotYours, domain.ErrScope, domain.ErrAboveMandate, domain.ErrChoice, domain.ErrSubscription, domain.ErrInactive, domain.ErrTooMuch,
			domain.ErrNoPartners, domain.ErrNoRegistry, domain.ErrNoCompany, domain.ErrNationalIDExists, domain.ErrPartnerCard,
		},
	}, func(in *createRequest, want *domain.Want) {
		if in.HomeOrganization != nil {
			want.ForCompanysInvitation(in.invitation, in.company)
			return
		}
		want.ForInvitation(in.invitation)
	}, create)
}

type createRequest struct {
	Org         domain.OrganizationID `path:"org" json:"-"`
	GivenName   string                `json:"givenName" required:"true" minLength:"1" maxLength:"100" example:"Aino"`
	FamilyName  string                `json:"familyName" required:"true" minLength:"1" maxLength:"100" example:"Virtanen"`
	Email       string                `json:"email" required:"true" format:"email" maxLength:"254" example:"aino.virtanen@example.com"`
	Phone       string                `json:"phone,omitzero" description:"International form." example:"+358 40 1234567"`
	Language    domain.Language       `json:"language,omitzero" enum:"fi,sv,nb,en" description:"The profile's first by default."`
	Roles       []domain.RoleKey      `json:"roles,omitempty" uniqueItems:"true" description:"Those that hold for the whole organization; keys of the profile's roles. Needed unless an assignment holds a role, or the profile gives one of itself." example:"[\"user\"]"`
	Assignments []body.Assignment     `json:"assignments,omitempty" description:"What holds in some places only, and rights without a role."`
	Validity    body.Validity         `json:"validity,omitzero" description:"Until further notice by default." example:"{\"type\":\"indefinite\"}"`
	DefaultTask string                `json:"defaultTask,omitzero" maxLength:"200" example:"Site 12" description:"Becomes the job title on resources that have one."`
	Mail        body.MailSettings     `json:"mail,omitzero" description:"Mails that the user is to get or not; the user can change it."`
	// Subscription is for portals that ask for one.
	Subscription domain.SubscriptionID `json:"subscription,omitzero" maxLength:"100" description:"An active subscription of the organization's, where the portal asks for one." example:"+4790000001"`
	// NationalID is for portals that keep them.
	NationalID *body.NationalID `json:"nationalId,omitempty" description:"Of an own user, where the portal asks for it. It is unique in the organization, and shown to nobody but who asks to see it."`
	// HomeOrganization is for portals with partners.
	HomeOrganization *body.Company `json:"homeOrganization,omitempty" description:"The company that a partner comes from; this organization by default."`

	invitation domain.Invitation
	company    domain.OrganizationClaim
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
		Roles:        in.Roles,
		Assignments:  body.Assignments(in.Assignments, p, "/assignments", faults),
		Validity:     in.Validity.Read("/validity", faults),
		DefaultTask:  body.Line(in.DefaultTask, "/defaultTask", faults),
		Mail:         in.Mail.Read(),
		Subscription: body.Subscription(in.Subscription, p, "/subscription", faults),
	}
	body.Keys(in.Roles, nil, p, "", faults)
	if !in.invitation.HasRole(p) {
		faults.Add("/roles", "required", "Give at least one role.")
	}
	in.invitation.Validity.Check(p, "/validity", faults)
	if in.HomeOrganization != nil {
		in.company = in.HomeOrganization.Read("/homeOrganization", faults)
	}
}

func create(ctx context.Context, call *endpoint.Call, in *createRequest) (user, error) {
	var m *domain.Membership
	var err error
	if in.invitation.NationalID, err = in.NationalID.Given(call, call.Scene.Organization.Country, "/nationalId"); err != nil {
		return user{}, err
	}
	if in.HomeOrganization != nil {
		m, err = domain.InvitePartner(ctx, call.Store, call.Registry, call.Change, call.Scene, call.Profile, in.invitation, in.company)
	} else {
		m, err = domain.Invite(ctx, call.Store, call.Change, call.Scene, call.Profile, in.invitation)
	}
	if err != nil {
		return user{}, err
	}
	call.Location = "/v1/organizations/" + string(m.Organization) + "/users/" + string(m.Person)
	return shown(call, m), nil
}

package partner

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Add makes somebody a partner.
func Add() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "partner-add", Method: http.MethodPost, Path: "/v1/organizations/{org}/partners", Status: http.StatusCreated,
		Summary: "Makes a user of another organization a partner user of this one at once, and mails them that. Somebody without an account is made with user-create.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors: []*domain.Error{
			domain.ErrNoPartners, domain.ErrNoPartner, domain.ErrUserExists, domain.ErrInactive, domain.ErrTooMany, domain.ErrThrottled, domain.ErrRoleNotYours,
			domain.ErrRightNotYours, domain.ErrScope, domain.ErrAboveMandate, domain.ErrChoice, domain.ErrSubscription, domain.ErrTooMuch,
		},
	}, func(in *addRequest, want *domain.Want) { want.ForPartner(in.partner) }, add)
}

type addRequest struct {
	Org          domain.OrganizationID `path:"org" json:"-"`
	User         domain.PersonID       `json:"user,omitzero" description:"The id of who was found; or give the address."`
	Email        string                `json:"email,omitzero" format:"email" maxLength:"254" description:"The whole address; or give the id." example:"armas.piirto@example.com"`
	Roles        []domain.RoleKey      `json:"roles,omitempty" uniqueItems:"true" description:"As of a user who is created." example:"[\"report-reader\"]"`
	Assignments  []body.Assignment     `json:"assignments,omitempty" description:"As of a user who is created."`
	Validity     body.Validity         `json:"validity,omitzero" description:"Until further notice by default." example:"{\"type\":\"indefinite\"}"`
	DefaultTask  string                `json:"defaultTask,omitzero" maxLength:"200" example:"Architect" description:"Becomes the job title on resources that have one."`
	Mail         body.MailSettings     `json:"mail,omitzero" description:"As of a user who is created."`
	Subscription domain.SubscriptionID `json:"subscription,omitzero" maxLength:"100" description:"An active subscription of the organization's, where the portal asks for one." example:"+4790000001"`

	partner domain.NewPartner
}

func (in *addRequest) Read(p *domain.Profile, faults *domain.Faults) {
	switch {
	case in.User != "" && in.Email != "":
		faults.Add("/user", "value-unexpected", "Give the id or the address, not both.")
	case in.User == "":
		in.partner.Email = exactly(in.Email, "/email", faults)
	case !in.User.Valid():
		faults.Add("/user", "value-invalid", "This is not the id of a user.")
	}
	in.partner.Person = in.User
	in.partner.Invitation = domain.Invitation{
		Roles:        in.Roles,
		Assignments:  body.Assignments(in.Assignments, p, "/assignments", faults),
		Validity:     in.Validity.Read("/validity", faults),
		DefaultTask:  body.Line(in.DefaultTask, "/defaultTask", faults),
		Mail:         in.Mail.Read(),
		Subscription: body.Subscription(in.Subscription, p, "/subscription", faults),
	}
	body.Keys(in.Roles, nil, p, "", faults)
	if !in.partner.HasRole(p) {
		faults.Add("/roles", "required", "Give at least one role.")
	}
	in.partner.Validity.Check(p, "/validity", faults)
}

// partner in JSON: the rest of a user is read as any user's.
type partner struct {
	ID               domain.PersonID       `json:"id"`
	OrganizationID   domain.OrganizationID `json:"organizationId"`
	Kind             domain.MembershipKind `json:"kind" enum:"partner" example:"partner"`
	GivenName        string                `json:"givenName" example:"Armas"`
	FamilyName       string                `json:"familyName" example:"Piirto"`
	Email            domain.Email          `json:"email" format:"email" example:"armas.piirto@example.com"`
	HomeOrganization domain.OrganizationID `json:"homeOrganization" description:"The company that they come from."`
	Roles            []domain.RoleKey      `json:"roles" description:"Those that hold for the whole organization; keys of the profile's roles." example:"[\"report-reader\"]"`
	Status           domain.Status         `json:"status" enum:"active,upcoming,locked" example:"active"`
	Warnings         []body.Warning        `json:"warnings,omitempty" description:"What is allowed and worth a second look."`
}

func add(ctx context.Context, call *endpoint.Call, in *addRequest) (partner, error) {
	m, err := domain.AddPartner(ctx, call.Store, call.Change, call.Scene, call.Profile, in.partner)
	if err != nil {
		return partner{}, err
	}
	return partner{
		ID: m.Person, OrganizationID: m.Organization, Kind: m.Kind, GivenName: m.GivenName, FamilyName: m.FamilyName, Email: m.Email,
		HomeOrganization: m.Home, Roles: m.Roles, Status: m.Status(call.Profile, call.Now(), call.Scene.Organization.Zone()),
		Warnings: body.WarningsOf(m, call.Profile),
	}, nil
}

package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Update changes a user.
func Update() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-update", Method: http.MethodPatch, Path: "/v1/organizations/{org}/users/{user}", Status: http.StatusOK,
		Summary: "Changes a user's details or roles; in some portals only the roles and the subscription.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems, endpoint.DeleteItems, endpoint.SealFields, endpoint.IndexFields},
		Errors: []*domain.Error{
			domain.ErrStale, domain.ErrVersionRequired, domain.ErrPartnerCard, domain.ErrAccessOnly, domain.ErrSelf, domain.ErrLastAdmin, domain.ErrRoleNotYours,
			domain.ErrRightNotYours, domain.ErrScope, domain.ErrInactive, domain.ErrSubscription, domain.ErrThrottled, domain.ErrNationalIDExists,
		},
	}, func(in *updateRequest, want *domain.Want) {
		want.Administrators = true
		if in.Subscription != nil {
			want.Subscription = *in.Subscription
		}
	}, update)
}

type updateRequest struct {
	Org          domain.OrganizationID  `path:"org" json:"-"`
	User         domain.PersonID        `path:"user" json:"-"`
	IfMatch      string                 `header:"If-Match" json:"-" required:"true"`
	GivenName    *string                `json:"givenName,omitempty" minLength:"1" maxLength:"100" example:"Aino"`
	FamilyName   *string                `json:"familyName,omitempty" minLength:"1" maxLength:"100" example:"Virtanen"`
	Phone        *string                `json:"phone,omitempty" description:"International form; empty for none." example:"+358 40 1234567"`
	Language     *domain.Language       `json:"language,omitempty" enum:"fi,sv,nb,en"`
	Roles        *[]domain.RoleKey      `json:"roles,omitempty" uniqueItems:"true" description:"Those that hold for the whole organization." example:"[\"user\"]"`
	DefaultTask  *string                `json:"defaultTask,omitempty" maxLength:"200" description:"Empty for none." example:"Site 12"`
	Mail         body.MailSettings      `json:"mail,omitzero" description:"Mails that the user is to get or not; the user can change it."`
	Subscription *domain.SubscriptionID `json:"subscription,omitempty" minLength:"1" maxLength:"100" description:"Another active subscription of the organization's, where the portal asks for one." example:"+4790000001"`
	NationalID   *body.NationalID       `json:"nationalId,omitempty" description:"Of an own user, where the portal asks for it; an empty code for none."`
}

func (in *updateRequest) Read(p *domain.Profile, faults *domain.Faults) {
	body.Change(in.GivenName, func(s string) string { return body.Name(s, "/givenName", faults) })
	body.Change(in.FamilyName, func(s string) string { return body.Name(s, "/familyName", faults) })
	body.Change(in.Phone, func(s string) string { return body.Phone(s, "/phone", faults) })
	body.Change(in.Language, func(l domain.Language) domain.Language { return body.Language(l, "", p, "/language", faults) })
	body.Change(in.Roles, func(r []domain.RoleKey) []domain.RoleKey { body.Keys(r, nil, p, "", faults); return r })
	body.Change(in.Subscription, func(s domain.SubscriptionID) domain.SubscriptionID {
		if s = body.Subscription(s, p, "/subscription", faults); s == "" {
			faults.Add("/subscription", "required", "This is needed.")
		}
		return s
	})
	body.Change(in.DefaultTask, func(s string) string { return body.Line(s, "/defaultTask", faults) })
}

func update(ctx context.Context, call *endpoint.Call, in *updateRequest) (user, error) {
	if call.Scene.Membership == nil {
		return user{}, domain.ErrNotFound
	}
	if err := call.Match(call.Scene.Membership.Revision); err != nil {
		return user{}, err
	}
	var given *domain.GivenNationalID
	if in.NationalID != nil {
		given = &domain.GivenNationalID{}
		if *in.NationalID != (body.NationalID{}) {
			var err error
			if *given, err = in.NationalID.Given(call, call.Scene.Organization.Country, "/nationalId"); err != nil {
				return user{}, err
			}
		}
	}
	m, err := domain.UpdateUser(ctx, call.Store, call.Change, call.Scene, call.Profile, domain.UserPatch{
		GivenName: in.GivenName, FamilyName: in.FamilyName, Phone: in.Phone, Language: in.Language,
		Roles: in.Roles, DefaultTask: in.DefaultTask, Mail: in.Mail.Read(), Subscription: in.Subscription, NationalID: given,
	})
	if err != nil {
		return user{}, err
	}
	return shown(call, m), nil
}

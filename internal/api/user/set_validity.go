package user

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// SetValidity says when a user is let in.
func SetValidity() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-set-validity", Method: http.MethodPut, Path: "/v1/organizations/{org}/users/{user}/validity", Status: http.StatusOK,
		Summary: "Says from when and until when a user is let in, or locks them out. It counts from their next request.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors: []*domain.Error{
			domain.ErrStale, domain.ErrVersionRequired, domain.ErrInactive, domain.ErrSelf, domain.ErrLastAdmin, domain.ErrRoleNotYours, domain.ErrRightNotYours,
		},
	}, func(_ *setValidityRequest, want *domain.Want) { want.Administrators = true }, setValidity)
}

type setValidityRequest struct {
	Org     domain.OrganizationID `path:"org" json:"-"`
	User    domain.PersonID       `path:"user" json:"-"`
	IfMatch string                `header:"If-Match" json:"-" required:"true"`
	body.Validity

	next domain.Validity
}

func (in *setValidityRequest) Read(p *domain.Profile, faults *domain.Faults) {
	if in.Type == "" {
		faults.Add("/type", "required", "This is needed.")
	}
	in.next = in.Validity.Read("", faults)
	in.next.Check(p, "", faults)
}

func setValidity(ctx context.Context, call *endpoint.Call, in *setValidityRequest) (user, error) {
	if call.Scene.Membership == nil {
		return user{}, domain.ErrNotFound
	}
	if err := call.Match(call.Scene.Membership.Revision); err != nil {
		return user{}, err
	}
	m, err := domain.SetValidity(ctx, call.Store, call.Change, call.Scene, call.Profile, in.next)
	if err != nil {
		return user{}, err
	}
	return shown(call, m), nil
}

package me

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Mail says which mails the caller wants.
func Mail() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "me-mail", Method: http.MethodPatch, Path: "/v1/me/organizations/{org}/mail", Status: http.StatusOK,
		Summary: "Says which mails that can be done without the caller wants from an organization. Mails with a link and those about the safety of the account come always.",
		Access:  endpoint.Signed("everybody may say what they are written about"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems},
		Errors:  []*domain.Error{domain.ErrThrottled},
	}, func(_ *mailRequest, want *domain.Want) { want.ForMailSettings() }, mail)
}

type mailRequest struct {
	Org domain.OrganizationID `path:"org" json:"-"`
	body.MailSettings
}

func mail(_ context.Context, call *endpoint.Call, in *mailRequest) (body.Mail, error) {
	m, err := domain.UpdateMail(call.Change, call.Scene, call.Profile, in.Read())
	if err != nil {
		return body.Mail{}, err
	}
	return body.MailOfMember(m, call.Profile), nil
}

package me

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Update changes the caller's own details.
func Update() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "me-update", Method: http.MethodPatch, Path: "/v1/me", Status: http.StatusOK,
		Summary: "Changes the caller's own language and phone number.",
		Access:  endpoint.Signed("everybody may change their own details"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems},
		Errors:  []*domain.Error{domain.ErrStale, domain.ErrVersionRequired},
	}, nil, update)
}

type updateRequest struct {
	IfMatch  string           `header:"If-Match" json:"-" required:"true"`
	Language *domain.Language `json:"language,omitempty" enum:"fi,sv,nb,en"`
	Phone    *string          `json:"phone,omitempty" description:"International form; empty for none." example:"+358 40 1234567"`
}

func (in *updateRequest) Read(p *domain.Profile, faults *domain.Faults) {
	body.Change(in.Language, func(l domain.Language) domain.Language { return body.Language(l, "", p, "/language", faults) })
	body.Change(in.Phone, func(s string) string { return body.Phone(s, "/phone", faults) })
}

func update(ctx context.Context, call *endpoint.Call, in *updateRequest) (response, error) {
	me := call.Caller()
	if err := call.Match(me.Person.Revision); err != nil {
		return response{}, err
	}
	p, places, err := domain.UpdateDetails(ctx, call.Store, call.Change, me, domain.Details{Language: in.Language, Phone: in.Phone})
	if err != nil {
		return response{}, err
	}
	return responseOf(call, p, places), nil
}

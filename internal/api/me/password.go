package me

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Password changes the caller's password.
func Password() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "me-password", Method: http.MethodPut, Path: "/v1/me/password", Status: http.StatusNoContent,
		Summary: "Changes the caller's password and ends all their other sessions.",
		Access:  endpoint.Signed("everybody may change their own password, who knows it"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.DeleteItems},
		Hashes:  true,
		Errors:  []*domain.Error{domain.ErrWrongPassword, domain.ErrThrottled},
	}, nil, password)
}

type passwordRequest struct {
	CurrentPassword string `json:"currentPassword" required:"true" format:"password" minLength:"1" maxLength:"512"`
	NewPassword     string `json:"newPassword" required:"true" format:"password" minLength:"8" maxLength:"128"`
}

func (in *passwordRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	body.Text(in.CurrentPassword, "/currentPassword", 512, faults)
}

func password(ctx context.Context, call *endpoint.Call, in *passwordRequest) (endpoint.None, error) {
	return endpoint.None{}, domain.ChangePassword(ctx, call.Store, call.Hasher, call.Change, call.Caller(), in.CurrentPassword, in.NewPassword, call.Source)
}

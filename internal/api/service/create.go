package service

import (
	"context"
	"net/http"
	"slices"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Create makes a service client.
func Create() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "service-create", Method: http.MethodPost, Path: "/v1/services", Status: http.StatusCreated, Secret: true,
		Summary: "Makes a service client and shows its token, which is kept nowhere: sent again, the request makes another client.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
	}, nil, create)
}

type createRequest struct {
	Name   string                `json:"name" required:"true" minLength:"1" maxLength:"100" example:"Orders"`
	Scopes []domain.ServiceScope `json:"scopes" required:"true" minItems:"1" uniqueItems:"true" items.enum:"evaluate,search" description:"evaluate: to ask whether somebody may do something; search: to ask who may, and what somebody may." example:"[\"evaluate\"]"`
	Rights []domain.RightKey     `json:"rights,omitempty" uniqueItems:"true" description:"What it may ask about; every right by default." example:"[\"order\"]"`
}

func (in *createRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.Name = body.Name(in.Name, "/name", faults)
	if len(in.Scopes) == 0 {
		faults.Add("/scopes", "required", "Say what it may do.")
	}
	known := func(s domain.ServiceScope) bool { return slices.Contains(domain.ServiceScopes, s) }
	body.Each(in.Scopes, known, "/scopes", faults)
	body.Rights(in.Rights, p, "/rights", faults)
}

type createResponse struct {
	service
	Token string `json:"token" description:"Goes into the Authorization header, behind Bearer."`
}

func create(_ context.Context, call *endpoint.Call, in *createRequest) (createResponse, error) {
	s, token := domain.CreateService(call.Change, domain.NewService{Name: in.Name, Scopes: in.Scopes, Rights: in.Rights})
	return createResponse{service: serviceOf(s), Token: token.String()}, nil
}

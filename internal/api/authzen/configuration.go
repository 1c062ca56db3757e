// Package authzen tells where the access endpoints are: the metadata of the
// OpenID AuthZEN Authorization API 1.0.
package authzen

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{Configuration()} }

// Configuration is the metadata.
func Configuration() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "authzen-configuration", Method: http.MethodGet, Path: "/.well-known/authzen-configuration", Status: http.StatusOK,
		Summary: "Tells where the access endpoints are (AuthZEN policy decision point metadata).",
		Access:  endpoint.Public("it tells of nobody, and modules look here before they can call"),
		Needs:   []endpoint.Need{endpoint.OwnAddress},
	}, nil, configuration)
}

type configurationRequest struct{}

type configurationResponse struct {
	DecisionPoint  string `json:"policy_decision_point" example:"https://api.example.com"`
	Evaluation     string `json:"access_evaluation_endpoint" example:"https://api.example.com/access/v1/evaluation"`
	Evaluations    string `json:"access_evaluations_endpoint" example:"https://api.example.com/access/v1/evaluations"`
	SearchSubject  string `json:"search_subject_endpoint" example:"https://api.example.com/access/v1/search/subject"`
	SearchResource string `json:"search_resource_endpoint" example:"https://api.example.com/access/v1/search/resource"`
	SearchAction   string `json:"search_action_endpoint" example:"https://api.example.com/access/v1/search/action"`
}

// configuration stands on what was configured only: an address that a request
// names would send modules, and their credentials, to whoever sent it.
func configuration(_ context.Context, call *endpoint.Call, _ *configurationRequest) (configurationResponse, error) {
	base := call.PublicURL
	return configurationResponse{
		DecisionPoint:  base,
		Evaluation:     base + "/access/v1/evaluation",
		Evaluations:    base + "/access/v1/evaluations",
		SearchSubject:  base + "/access/v1/search/subject",
		SearchResource: base + "/access/v1/search/resource",
		SearchAction:   base + "/access/v1/search/action",
	}, nil
}

package mandate

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Get shows a mandate.
func Get() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "mandate-get", Method: http.MethodGet, Path: "/v1/organizations/{org}/mandates/{mandate}", Status: http.StatusOK,
		Summary: "Shows a mandate that the organization has given.",
		Access:  endpoint.Right(domain.RightSeeMandates),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable},
	}, nil, get)
}

func get(ctx context.Context, call *endpoint.Call, in *oneRequest) (mandate, error) {
	all, m, err := find(ctx, call, in.Org, in.Mandate)
	if err != nil {
		return mandate{}, err
	}
	agent, err := agentOf(ctx, call, all)
	if err != nil {
		return mandate{}, err
	}
	return shown(call, m, agent), nil
}

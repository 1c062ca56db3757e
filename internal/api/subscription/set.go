package subscription

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Set notes what the operator says of a subscription.
func Set() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "subscription-set", Method: http.MethodPut, Path: "/v1/organizations/{org}/subscriptions/{subscription}", Status: http.StatusOK,
		Summary: "Notes whether a subscription of the organization's is active. Access under it comes and goes with it, at the next request.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
	}, func(in *setRequest, want *domain.Want) {
		want.Subscription, want.Administrators = in.id, true
	}, set)
}

type setRequest struct {
	Org          domain.OrganizationID `path:"org" json:"-"`
	Subscription string                `path:"subscription" json:"-" description:"The operator's own name of it: 1 to 100 characters." example:"+4790000001"`
	Status       status                `json:"status" required:"true" enum:"active,ended" example:"active"`

	id domain.SubscriptionID
}

func (in *setRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	in.id = body.SubscriptionID(in.Subscription, "{subscription}", faults)
	if in.id == "" {
		faults.Add("{subscription}", "required", "This is needed.")
	}
	if in.Status != active && in.Status != ended {
		faults.Add("/status", "value-unknown", "Use active or ended.")
	}
}

func set(ctx context.Context, call *endpoint.Call, in *setRequest) (subscription, error) {
	s, err := domain.SetSubscription(ctx, call.Store, call.Change, call.Scene, call.Profile, in.id, in.Status == active)
	if err != nil {
		return subscription{}, err
	}
	return subscriptionOf(s), nil
}

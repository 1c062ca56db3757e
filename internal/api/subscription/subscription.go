// Package subscription is what the operator says of the subscriptions that
// users' access hangs on.
package subscription

import (
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{List(), Set()} }

// subscription in JSON.
type subscription struct {
	ID        domain.SubscriptionID `json:"id" description:"The operator's own name of it." example:"+4790000001"`
	Status    status                `json:"status" enum:"active,ended" example:"active"`
	User      domain.PersonID       `json:"user,omitzero" description:"Who has access under it; absent: it is free."`
	UpdatedAt time.Time             `json:"updatedAt"`
}

type status string

const (
	active status = "active"
	ended  status = "ended"
)

func subscriptionOf(s *domain.Subscription) subscription {
	out := subscription{ID: s.ID, Status: ended, User: s.Person, UpdatedAt: s.UpdatedAt}
	if s.Active {
		out.Status = active
	}
	return out
}

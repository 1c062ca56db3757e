// Package service is the service clients: the portal's other modules, which ask
// what people may do.
package service

import (
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{Create(), List(), Revoke()} }

// service client in JSON. Its credential is told once, when it is made.
type service struct {
	ID        domain.ServiceID      `json:"id"`
	Name      string                `json:"name" example:"Orders"`
	Scopes    []domain.ServiceScope `json:"scopes" description:"What it may do: evaluate, search." example:"[\"evaluate\"]"`
	Rights    []domain.RightKey     `json:"rights" description:"What it may ask about; none: every right." example:"[\"order\"]"`
	CreatedAt time.Time             `json:"createdAt"`
	RevokedAt time.Time             `json:"revokedAt,omitzero" description:"Absent while it counts."`
}

func serviceOf(s *domain.ServiceClient) service {
	return service{
		ID: s.ID, Name: s.Name, Scopes: s.Scopes, Rights: append([]domain.RightKey{}, s.Rights...),
		CreatedAt: s.CreatedAt, RevokedAt: s.RevokedAt,
	}
}

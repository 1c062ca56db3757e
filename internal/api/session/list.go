package session

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List shows where the caller is signed in.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "session-list", Method: http.MethodGet, Path: "/v1/me/sessions", Status: http.StatusOK,
		Summary: "Lists the caller's own sessions.",
		Access:  endpoint.Signed("everybody may see their own sessions"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable},
	}, nil, list)
}

type listRequest struct{}

type listResponse struct {
	Items []listItem `json:"items"`
	Next  string     `json:"next" description:"Always empty: the hundred newest are all that is shown."`
}

type listItem struct {
	ID        domain.SessionID `json:"id"`
	Current   bool             `json:"current" description:"The session of this request."`
	UserAgent string           `json:"userAgent" description:"As the browser named itself."`
	CreatedAt time.Time        `json:"createdAt"`
	SeenAt    time.Time        `json:"seenAt" description:"Last use, to the minute."`
	ExpiresAt time.Time        `json:"expiresAt"`
}

func list(ctx context.Context, call *endpoint.Call, _ *listRequest) (listResponse, error) {
	me := call.Caller()
	sessions, err := call.Store.Sessions(ctx, me.Person.ID)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: []listItem{}}
	for _, s := range sessions {
		if s.Live(me.Person, call.Now()) {
			out.Items = append(out.Items, listItem{
				ID: s.ID, Current: s.ID == me.Session.ID, UserAgent: s.UserAgent,
				CreatedAt: s.CreatedAt, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt,
			})
		}
	}
	return out, nil
}

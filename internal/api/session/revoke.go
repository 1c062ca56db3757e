package session

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Revoke ends a session.
func Revoke() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "session-revoke", Method: http.MethodDelete, Path: "/v1/me/sessions/{session}", Status: http.StatusNoContent,
		Summary: "Ends one of the caller's own sessions; `current` signs out.",
		Access:  endpoint.Signed("everybody may end their own sessions"),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.WriteItems, endpoint.DeleteItems},
	}, nil, revoke)
}

type revokeRequest struct {
	Session string `path:"session" json:"-" description:"A session id, or current."`
}

func revoke(ctx context.Context, call *endpoint.Call, in *revokeRequest) (endpoint.None, error) {
	me := call.Caller()
	if in.Session == "current" || in.Session == string(me.Session.ID) {
		call.Change.Remove(me.Session)
		return endpoint.None{}, nil
	}
	sessions, err := call.Store.Sessions(ctx, me.Person.ID)
	if err != nil {
		return endpoint.None{}, err
	}
	for _, s := range sessions {
		if string(s.ID) == in.Session && s.Live(me.Person, call.Now()) {
			call.Change.Remove(s)
			return endpoint.None{}, nil
		}
	}
	return endpoint.None{}, domain.ErrNotFound
}

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
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.DeleteItems},
	}, func(in *revokeRequest, want *domain.Want) {
		if id := domain.SessionID(in.Session); id.Valid() {
			want.OtherSession = id
		}
	}, revoke)
}

// current is the word for the session of the request.
const current = "current"

type revokeRequest struct {
	Session string `path:"session" json:"-" description:"A session id, or current."`
}

func revoke(_ context.Context, call *endpoint.Call, in *revokeRequest) (endpoint.None, error) {
	me := call.Caller()
	s := call.Scene.OtherSession
	if in.Session == current {
		s = me.Session
	}
	if s == nil || !s.Live(me.Person, call.Now()) {
		return endpoint.None{}, domain.ErrNotFound
	}
	call.Change.Remove(s)
	return endpoint.None{}, nil
}

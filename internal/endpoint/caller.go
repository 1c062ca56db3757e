package endpoint

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// credential is what a request shows of who calls: nothing, the token of a
// session or that of a service client.
type credential struct {
	service domain.ServiceToken
	session domain.SessionToken
}

var nobody credential

// credential reads the one that the endpoint asks for and wants read what it opens.
func (e Endpoint) credential(r *http.Request, want *domain.Want) (who credential, err error) {
	if e.Access.Public != "" {
		return nobody, nil
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	text = strings.TrimSpace(text)
	ok := strings.EqualFold(scheme, "Bearer")
	switch {
	case !ok:
	case e.Access.Service != "":
		who.service, ok = domain.ParseServiceToken(text)
		want.Service = who.service.ID
	default:
		who.session, ok = domain.ParseSessionToken(text)
		want.Session = who.session
	}
	if !ok {
		return nobody, domain.ErrUnauthenticated
	}
	return who, nil
}

func (c credential) authenticate(ctx context.Context, deps Deps, spec Spec, scene *domain.Scene, change *domain.Change) error {
	switch {
	case c == nobody:
		return nil
	case spec.Access.Service != "":
		return domain.AuthenticateService(scene, c.service, spec.Access.Service, change)
	}
	return domain.Authenticate(ctx, deps.Store, deps.Profile, scene, change)
}

// decide asks the domain for the right that the endpoint declares.
func (e Endpoint) decide(p *domain.Profile, scene *domain.Scene, r *http.Request, now time.Time) error {
	id := r.PathValue("resource")
	at := scene.Resources[domain.ResourceID(id)]
	switch {
	case e.Access.Right == "":
		return nil
	case id != "" && at == nil:
		return domain.ErrNotFound
	case e.Access.Self && scene.Caller.Here.Lets(p, now) && r.PathValue("user") == string(scene.Caller.Person.ID):
		return nil
	case e.Access.Somewhere:
		return scene.Caller.DecideSomewhere(p, e.Access.Right, now)
	}
	return scene.Caller.Decide(p, e.Access.Right, at, now)
}

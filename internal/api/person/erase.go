package person

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Erase forgets a person.
func Erase() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "person-erase", Method: http.MethodDelete, Path: "/v1/people/{user}", Status: http.StatusNoContent,
		Summary: "Erases a person from all organizations, at once and for good. An erasure that broke off is finished by asking again.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.QueryNames, endpoint.WriteItems, endpoint.CheckItems, endpoint.DeleteItems},
		Errors:  []*domain.Error{domain.ErrSelf, domain.ErrLastAdmin},
	}, func(in *eraseRequest, want *domain.Want) { want.ForErasure(in.User) }, erase)
}

type eraseRequest struct {
	User  domain.PersonID `path:"user" json:"-"`
	Force string          `query:"force" json:"-" enum:"true,false" default:"false" description:"Also where an organization loses its last administrator by it. The operator's own never does."`
}

func (in *eraseRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	if in.Force != "" && in.Force != "true" && in.Force != "false" {
		faults.Add("?force", "value-invalid", "Say true or false.")
	}
}

func erase(ctx context.Context, call *endpoint.Call, in *eraseRequest) (endpoint.None, error) {
	return endpoint.None{}, domain.ErasePerson(ctx, call.Store, call.Change, call.Scene, call.Profile, in.Force == "true")
}

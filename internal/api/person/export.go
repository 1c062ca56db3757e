package person

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Export tells everything that is known of a person.
func Export() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "person-export", Method: http.MethodGet, Path: "/v1/people/{user}/export", Status: http.StatusOK,
		Summary: "Tells everything that is known of a person in any organization, for the operator to hand to that person and to nobody else. It is in the audit log.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.QueryNames, endpoint.WriteItems, endpoint.CheckItems},
		Secret:  true, // no receipt keeps a copy
		Whole:   true,
	}, func(_ *exportRequest, want *domain.Want) { endpoint.WantPaging(want) }, export)
}

type exportRequest struct {
	User   domain.PersonID `path:"user" json:"-"`
	Cursor string          `query:"cursor" json:"-" description:"The next of the part before, which goes on with the audit and has nothing else."`
}

type exportResponse struct {
	Document
	Next string `json:"next" description:"The cursor of the rest of the audit; empty: there is none."`
}

func export(ctx context.Context, call *endpoint.Call, in *exportRequest) (out exportResponse, err error) {
	after, err := call.After(in.Cursor)
	if err != nil {
		return out, err
	}
	d, err := domain.Disclose(ctx, call.Store, call.Change, call.Scene, after)
	if err != nil {
		return out, err
	}
	out.Document = DocumentOf(d)
	out.Next, err = call.Next(d.Audit.Next)
	return out, err
}

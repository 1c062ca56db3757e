// Package audit is who did what.
package audit

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{List()} }

// List lists what happened in an organization.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "audit-list", Method: http.MethodGet, Path: "/v1/organizations/{org}/audit", Status: http.StatusOK,
		Summary: "Lists who changed what in the organization, the newest first.",
		Access:  endpoint.Right(domain.RightSeeAudit),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct {
	Org domain.OrganizationID `path:"org" json:"-"`
	endpoint.Paging
}

type listResponse struct {
	Items []entry `json:"items"`
	Next  string  `json:"next" description:"The cursor of the next page; empty: there is none."`
}

type entry struct {
	ID        domain.AuditID `json:"id"`
	At        time.Time      `json:"at"`
	Actor     actor          `json:"actor"`
	Action    domain.Action  `json:"action" example:"user.updated"`
	Subject   subject        `json:"subject"`
	Changes   []change       `json:"changes"`
	RequestID string         `json:"requestId"`
}

type actor struct {
	Type domain.ActorType `json:"type" enum:"person,job,public"`
	ID   string           `json:"id" description:"Of a person or a job; empty for the public."`
}

type subject struct {
	Type string `json:"type" enum:"user,organization,resource,mandate,subscription,service"`
	ID   string `json:"id"`
}

type change struct {
	Field  string `json:"field" example:"roles"`
	Before string `json:"before" example:"user"`
	After  string `json:"after" example:"superuser"`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	page, err := call.Store.Audit(ctx, in.Org, req)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: make([]entry, len(page.Items))}
	for i, a := range page.Items {
		e := entry{
			ID: a.ID, At: a.At, Actor: actor(a.Actor), Action: a.Action, Subject: subject(a.Subject), RequestID: a.RequestID,
			Changes: make([]change, len(a.Changes)),
		}
		for j, c := range a.Changes {
			e.Changes[j] = change(c)
		}
		out.Items[i] = e
	}
	out.Next, err = call.Next(page.Next)
	return out, err
}

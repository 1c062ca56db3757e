// Package audit is who did what.
package audit

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{List()} }

// List lists what happened in an organization.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "audit-list", Method: http.MethodGet, Path: "/v1/organizations/{org}/audit", Status: http.StatusOK,
		Summary: "Lists who changed what in the organization, the newest first. With filters a page can have fewer entries than were asked for, even none, and not be the last.",
		Access:  endpoint.Right(domain.RightSeeAudit),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct {
	Org         domain.OrganizationID `path:"org" json:"-"`
	Actor       string                `query:"actor" json:"-" description:"Id of who did it: a person or a job."`
	SubjectType string                `query:"subjectType" json:"-" enum:"user,organization,resource,mandate,subscription,service" description:"What it was done to."`
	Subject     string                `query:"subject" json:"-" description:"Id of what it was done to."`
	Action      domain.Action         `query:"action" json:"-" description:"For example user.updated."`
	From        string                `query:"from" json:"-" format:"date-time" description:"Not before this."`
	To          string                `query:"to" json:"-" format:"date-time" description:"Before this."`
	endpoint.Paging

	filter domain.AuditFilter
}

func (in *listRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	in.filter = domain.AuditFilter{
		Actor: in.Actor, Subject: domain.Subject{Type: in.SubjectType, ID: in.Subject}, Action: in.Action,
		From: moment(in.From, "?from", faults), To: moment(in.To, "?to", faults),
	}
	if !slices.Contains([]string{"", "user", "organization", "resource", "mandate", "subscription", "service"}, in.SubjectType) {
		faults.Add("?subjectType", "value-unknown", "There is no such type.")
	}
	if !in.filter.To.IsZero() && in.filter.To.Before(in.filter.From) {
		faults.Add("?to", "dates-reversed", "The end is before the beginning.")
	}
}

// moment reads a time; without one it is zero.
func moment(s, pointer string, faults *domain.Faults) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 2000 || t.Year() > 2199 {
		faults.Add(pointer, "date-invalid", "Give a time as 2026-11-22T09:00:00Z.")
		return time.Time{}
	}
	return t
}

type listResponse struct {
	Items []body.AuditEntry `json:"items"`
	Next  string            `json:"next" description:"The cursor of the next page; empty: there is none."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	page, err := domain.FindAudit(ctx, call.Store, in.Org, in.filter, req)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: make([]body.AuditEntry, len(page.Items))}
	for i, a := range page.Items {
		out.Items[i] = body.AuditEntryOf(a)
	}
	out.Next, err = call.Next(page.Next)
	return out, err
}

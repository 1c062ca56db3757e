package client

import (
	"context"
	"net/http"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List lists clients.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "client-list", Method: http.MethodGet, Path: "/v1/organizations/{org}/clients", Status: http.StatusOK,
		Summary: "Lists by name the organizations that this one may act for today. A page can hold fewer than were asked for, even none, and have a next.",
		Access:  endpoint.Right(domain.RightSeeMandates),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryNames},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct {
	Org domain.OrganizationID `path:"org" json:"-"`
	endpoint.Paging
}

type listResponse struct {
	Items []client `json:"items"`
	Next  string   `json:"next" description:"The cursor of the next page; empty: there is none."`
}

// client in JSON.
type client struct {
	Organization organization      `json:"organization"`
	Mandates     []mandate         `json:"mandates" description:"Those that count today."`
	Rights       []domain.RightKey `json:"rights" description:"All that they have room for together: nobody can do more for the client." example:"[\"invoices:see\"]"`
}

// organization is as much of one as its agents see.
type organization struct {
	ID         domain.OrganizationID `json:"id"`
	Name       string                `json:"name" example:"Mallinosturit Oy"`
	Country    domain.Country        `json:"country" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2." example:"FI"`
	BusinessID string                `json:"businessId" example:"9000000-3"`
}

// mandate is one that counts.
type mandate struct {
	Type   domain.MandateTypeKey `json:"type" description:"Key of one of the profile's types." example:"web-service"`
	Rights []domain.RightKey     `json:"rights" example:"[\"invoices:see\"]"`
	From   domain.Date           `json:"from" format:"date"`
	To     domain.Date           `json:"to,omitzero" format:"date" description:"The last day, included; absent: until it is revoked."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	page, err := call.Store.Received(ctx, in.Org, req)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: []client{}}
	if len(page.Items) > 0 && !call.Scene.Organization.Suspended {
		want := domain.Want{Organization: in.Org}
		for _, pair := range page.Items {
			want.Clients = append(want.Clients, pair.Principal)
		}
		found, err := call.Store.Load(ctx, want)
		if err != nil {
			return listResponse{}, err
		}
		for _, id := range want.Clients {
			if c := found.Clients[id]; c != nil {
				if room := c.Room(call.Profile, call.Now()); len(room) > 0 {
					out.Items = append(out.Items, clientOf(c, room, call.Now()))
				}
			}
		}
	}
	out.Next, err = call.Next(page.Next)
	return out, err
}

func clientOf(c *domain.Client, room []domain.RightKey, now time.Time) client {
	o := c.Organization
	out := client{Organization: organization{o.ID, o.Name, o.Country, o.BusinessID}, Rights: room}
	for _, m := range c.Mandates.Items {
		if m.HoldsAt(now, o.Zone()) {
			out.Mandates = append(out.Mandates, mandate{m.Type, m.Rights, m.From, m.To})
		}
	}
	return out
}

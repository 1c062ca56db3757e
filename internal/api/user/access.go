package user

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Access shows what a user may do.
func Access() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-access", Method: http.MethodGet, Path: "/v1/organizations/{org}/users/{user}/access", Status: http.StatusOK,
		Summary: "Shows what a user may do at this moment: in the organization, on resources, and for clients.",
		Access:  endpoint.RightOrSelf(domain.RightSeeUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryNames},
	}, func(_ *accessRequest, want *domain.Want) { endpoint.WantPaging(want) }, access)
}

type accessRequest struct {
	Org  domain.OrganizationID `path:"org" json:"-"`
	User domain.PersonID       `path:"user" json:"-"`
	endpoint.Paging
}

type accessResponse struct {
	Status    domain.Status     `json:"status" enum:"invited,active,upcoming,expired,locked,unsubscribed,inactive" description:"Nobody but an active user may do anything." example:"active"`
	Rights    []domain.RightKey `json:"rights" description:"In the whole organization." example:"[\"users:see\"]"`
	Resources []resourceAccess  `json:"resources" description:"The places that the user was given something on, behind the companies on the pages."`
	Companies *companies        `json:"companies,omitempty" description:"Clients of today for which the user was given something, by name. Absent where the organization has no clients."`
	Roles     []roleAccess      `json:"roles,omitzero" description:"The rights that the user was given for all clients. Absent where the organization has no clients."`
	Next      string            `json:"next" description:"The cursor of the next page; empty: there is none. A page can hold fewer companies and resources than were asked for, even none, and have a next."`
}

// resourceAccess is what a user may do on a resource.
type resourceAccess struct {
	Type   domain.ScopeType  `json:"type" description:"Key of a resource type." example:"worksite"`
	ID     domain.ResourceID `json:"id"`
	Name   string            `json:"name" example:"Harbour"`
	Rights []domain.RightKey `json:"rights" description:"On it or on what lies in it, there if it has the feature that a right asks for." example:"[\"order\"]"`
}

type companies struct {
	Items []companyAccess `json:"items"`
}

// companyAccess is what a user may do for a client.
type companyAccess struct {
	ID       domain.OrganizationID `json:"id"`
	Name     string                `json:"name" example:"Mallinosturit Oy"`
	Assigned []domain.RightKey     `json:"assigned" description:"Given for this company alone, whether or not its mandates have room for it now." example:"[\"invoices:see\"]"`
	Rights   []domain.RightKey     `json:"rights" description:"What the user may do now, by what was given for the company and for all clients together." example:"[\"invoices:see\"]"`
}

// roleAccess is a right that was given for all clients.
type roleAccess struct {
	Right     domain.RightKey         `json:"right" example:"invoices:see"`
	Companies []domain.OrganizationID `json:"companies" description:"Those on this page for which the user may do it now."`
}

func access(ctx context.Context, call *endpoint.Call, in *accessRequest) (accessResponse, error) {
	m, org := call.Scene.Membership, call.Scene.Organization
	if m == nil {
		return accessResponse{}, domain.ErrNotFound
	}
	req, err := call.Page(in.Paging)
	if err != nil {
		return accessResponse{}, err
	}
	page, err := readAccess(ctx, call, req)
	if err != nil {
		return accessResponse{}, err
	}
	here := domain.Grounds{Profile: call.Profile, Member: domain.Place{Membership: m, Organization: org}, Where: org}
	out := accessResponse{
		Status: m.Status(call.Profile, call.Now(), org.Zone()), Rights: here.Rights(call.Now()),
		Resources: make([]resourceAccess, len(page.resources)),
	}
	for i, r := range page.resources {
		on := here
		on.Resource = r
		out.Resources[i] = resourceAccess{r.Type, r.ID, r.Name, on.Within(call.Now())}
	}
	if page.hasClients {
		out.Companies = &companies{companiesOf(here, page.clients, call.Now())}
		out.Roles = rolesOf(m.Given(call.Profile, domain.Scope{Type: domain.ForClients}), out.Companies.Items)
	}
	out.Next, err = call.Next(page.next)
	return out, err
}

// companiesOf shows the clients for which the user was given something.
func companiesOf(here domain.Grounds, clients []*domain.Client, now time.Time) []companyAccess {
	out := []companyAccess{}
	for _, c := range clients {
		at := here
		at.Where, at.Mandates = c.Organization, c.Mandates
		one := companyAccess{
			ID: c.Organization.ID, Name: c.Organization.Name, Rights: at.Rights(now),
			Assigned: here.Member.Membership.Given(here.Profile, domain.Scope{Type: domain.ForClient, ID: string(c.Organization.ID)}),
		}
		if len(one.Assigned)+len(one.Rights) > 0 {
			out = append(out, one)
		}
	}
	return out
}

func rolesOf(given []domain.RightKey, companies []companyAccess) []roleAccess {
	out := make([]roleAccess, len(given))
	for i, right := range given {
		out[i] = roleAccess{Right: right, Companies: []domain.OrganizationID{}}
		for _, c := range companies {
			if slices.Contains(c.Rights, right) {
				out[i].Companies = append(out[i].Companies, c.ID)
			}
		}
	}
	return out
}

// accessPage is where a user may do something, a part of it.
type accessPage struct {
	clients    []*domain.Client // that one may act for today, by name
	resources  []*domain.Resource
	hasClients bool
	next       string
}

// The lists that a page can begin in. A cursor is one of them and where in it
// the page before ended.
const (
	inCompanies     = "c"
	behindCompanies = "R" // in the resources
	besideNothing   = "r" // in the resources of an organization without clients
)

// readAccess reads a page: what was received is one query, and what it and the
// user's scopes name one batch.
func readAccess(ctx context.Context, call *endpoint.Call, req domain.PageRequest) (out accessPage, err error) {
	part, after := inCompanies, ""
	if req.After != "" {
		part, after = req.After[:1], req.After[1:]
	}
	want := domain.Want{Organization: call.Scene.Organization.ID}
	out.hasClients = part == behindCompanies || part == inCompanies && after != ""
	if part == inCompanies && len(call.Profile.Mandates) > 0 {
		received, err := call.Store.Received(ctx, want.Organization, domain.PageRequest{Limit: req.Limit, After: after})
		if err != nil {
			return out, err
		}
		for _, pair := range received.Items {
			want.Clients = append(want.Clients, pair.Principal)
		}
		if after = ""; received.Next != "" {
			out.hasClients, out.next = true, inCompanies+received.Next
		}
	}
	more := false
	if out.next == "" {
		want.Resources, more = placesOf(call, domain.ResourceID(after), req.Limit-len(want.Clients))
	}
	if len(want.Clients)+len(want.Resources) == 0 {
		return out, nil
	}
	found, err := call.Store.Load(ctx, want)
	if err != nil {
		return out, err
	}
	for _, id := range want.Clients {
		if c := found.Clients[id]; c != nil && len(c.Room(call.Profile, call.Now())) > 0 {
			out.clients, out.hasClients = append(out.clients, c), true
		}
	}
	for _, id := range want.Resources {
		if r := found.Resources[id]; r != nil {
			out.resources = append(out.resources, r)
		}
		after = string(id)
	}
	switch {
	case more && out.hasClients:
		out.next = behindCompanies + after
	case more:
		out.next = besideNothing + after
	}
	return out, nil
}

// placesOf are the resources behind one that the user's scopes name, at most
// limit of them, and whether there are more.
func placesOf(call *endpoint.Call, after domain.ResourceID, limit int) (places []domain.ResourceID, more bool) {
	for _, a := range call.Scene.Membership.Assignments {
		for _, s := range a.Scopes {
			if id := domain.ResourceID(s.ID); id > after && call.Profile.ResourceType(s.Type) != nil {
				places = append(places, id)
			}
		}
	}
	slices.Sort(places)
	places = slices.Compact(places)
	n := min(limit, len(places))
	return places[:n], n < len(places)
}

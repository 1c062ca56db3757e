package mandate

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// List lists mandates.
func List() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "mandate-list", Method: http.MethodGet, Path: "/v1/organizations/{org}/mandates", Status: http.StatusOK,
		Summary: "Lists the mandates that the organization has given, past ones included; or those that it was given, by the principal's name.",
		Access:  endpoint.Right(domain.RightSeeMandates),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.QueryNames},
	}, func(_ *listRequest, want *domain.Want) { endpoint.WantPaging(want) }, list)
}

type listRequest struct {
	Org       domain.OrganizationID `path:"org" json:"-"`
	Direction direction             `query:"direction" json:"-" enum:"given,received" default:"given" description:"A new one that was received may take a moment to show, and of a principal that has revoked all of its mandates none are shown."`
	endpoint.Paging
}

// direction says on which side of the mandates the organization is.
type direction string

const (
	given    direction = "given"
	received direction = "received"
)

func (in *listRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	switch in.Direction {
	case "", given, received:
	default:
		faults.Add("?direction", "value-unknown", "Use given or received.")
	}
}

type listResponse struct {
	Items []mandate `json:"items"`
	Next  string    `json:"next" description:"The cursor of the next page; empty: there is none."`
}

func list(ctx context.Context, call *endpoint.Call, in *listRequest) (listResponse, error) {
	req, err := call.Page(in.Paging)
	if err != nil {
		return listResponse{}, err
	}
	read := call.Store.Given
	if in.Direction == received {
		read = call.Store.Received
	}
	var at position
	at.parse(req.After)
	req.After = at.after
	page, err := read(ctx, in.Org, req)
	if err != nil {
		return listResponse{}, err
	}
	all, err := withNames(ctx, call, page.Items)
	if err != nil {
		return listResponse{}, err
	}
	out := listResponse{Items: all[min(at.skip, len(all)):]}
	next := position{page.Next, max(0, at.skip-len(all))}
	if len(out.Items) > req.Limit {
		out.Items, next = out.Items[:req.Limit], position{at.after, at.skip + req.Limit}
	}
	if next != (position{}) {
		out.Next, err = call.Next(next.String())
	}
	return out, err
}

// position in a list of mandates: the store lists pairs of organizations, each
// with all between the two, so a page can end within a pair.
type position struct {
	after string // where the store's page begins
	skip  int    // mandates from there that were shown before
}

func (p position) String() string { return strconv.Itoa(p.skip) + " " + p.after }

// parse reads what String wrote; an empty text is the beginning.
func (p *position) parse(s string) {
	skip, after, _ := strings.Cut(s, " ")
	p.skip, _ = strconv.Atoi(skip)
	p.after = after
}

// withNames shows all mandates of pairs, whose other organizations it reads.
func withNames(ctx context.Context, call *endpoint.Call, pairs []*domain.Mandates) ([]mandate, error) {
	if len(pairs) == 0 {
		return []mandate{}, nil
	}
	here := call.Scene.Organization
	var want domain.Want
	for _, pair := range pairs {
		want.Organizations = append(want.Organizations, pair.Principal, pair.Agent)
	}
	s, err := call.Store.Load(ctx, want)
	if err != nil {
		return nil, err
	}
	s.Organizations[here.ID] = here
	var out []mandate
	for _, pair := range pairs {
		for i := range pair.Items {
			out = append(out, mandateOf(&pair.Items[i], s.Organizations[pair.Principal], s.Organizations[pair.Agent], call.Now()))
		}
	}
	return out, nil
}

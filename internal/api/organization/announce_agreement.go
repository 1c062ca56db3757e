package organization

import (
	"context"
	"net/http"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// AnnounceAgreement tells an organization's people that the agreement changes.
func AnnounceAgreement() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "organization-announce-agreement", Method: http.MethodPost, Path: "/v1/organizations/{org}/agreement-changes", Status: http.StatusAccepted,
		Summary: "Mails everybody whom it concerns that the organization's agreement with the operator changes: those who hold a right with the notice agreement-changed.",
		Access:  endpoint.Right(domain.RightOperate),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
	}, nil, announceAgreement)
}

type announceAgreementRequest struct {
	Org  domain.OrganizationID `path:"org" json:"-"`
	From domain.Date           `json:"from" required:"true" format:"date" description:"The first day of the changed agreement." example:"2027-01-01"`
}

func (in *announceAgreementRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	if _, ok := domain.ParseDate(string(in.From)); !ok {
		faults.Add("/from", "date-invalid", "Give the day as YYYY-MM-DD.")
	}
}

func announceAgreement(_ context.Context, call *endpoint.Call, in *announceAgreementRequest) (endpoint.None, error) {
	change := domain.AgreementChange{Organization: in.Org, From: in.From}
	return endpoint.None{}, domain.AnnounceAgreement(call.Change, call.Scene, change)
}

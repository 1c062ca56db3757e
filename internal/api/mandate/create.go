package mandate

import (
	"context"
	"net/http"
	"slices"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Create gives a mandate.
func Create() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "mandate-create", Method: http.MethodPost, Path: "/v1/organizations/{org}/mandates", Status: http.StatusCreated,
		Summary: "Lets another organization act for this one, from one day to another or until it is revoked.",
		Access:  endpoint.Right(domain.RightEditMandates),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems, endpoint.CheckItems},
		Errors: []*domain.Error{
			domain.ErrNoOrganization, domain.ErrMandateSelf, domain.ErrMandateCycle, domain.ErrRightNotYours, domain.ErrTooMuch, domain.ErrThrottled,
		},
	}, func(in *createRequest, want *domain.Want) { want.ForMandate(in.agent) }, create)
}

type createRequest struct {
	Org    domain.OrganizationID `path:"org" json:"-"`
	Agent  body.Company          `json:"agent" required:"true" description:"The other organization."`
	Type   domain.MandateTypeKey `json:"type" required:"true" minLength:"1" description:"Key of one of the profile's types." example:"web-service"`
	Rights []domain.RightKey     `json:"rights,omitempty" uniqueItems:"true" minItems:"1" description:"Of those of the type; all of them by default. Nobody hands on a right that they do not hold." example:"[\"invoices:see\"]"`
	From   domain.Date           `json:"from,omitzero" format:"date" description:"The first day, in the organization's time zone; today by default."`
	To     domain.Date           `json:"to,omitzero" format:"date" description:"The last day, included; until it is revoked by default."`

	agent domain.OrganizationClaim
}

func (in *createRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.agent = in.Agent.Read("/agent", faults)
	if t := p.MandateType(in.Type); t == nil {
		faults.Add("/type", "value-unknown", "The portal has no mandates of this type.")
	} else if in.Rights == nil {
		in.Rights = slices.Clone(t.Rights)
	} else {
		rights(in.Rights, func(r domain.RightKey) bool { return slices.Contains(t.Rights, r) }, faults)
	}
	day(in.From, "/from", faults)
	day(in.To, "/to", faults)
}

// day checks an optional day.
func day(d domain.Date, pointer string, faults *domain.Faults) {
	if _, ok := domain.ParseDate(string(d)); !ok && d != "" {
		faults.Add(pointer, "date-invalid", "Give the day as YYYY-MM-DD.")
	}
}

func create(ctx context.Context, call *endpoint.Call, in *createRequest) (mandate, error) {
	agent, m, err := domain.GiveMandate(ctx, call.Store, call.Change, call.Scene, call.Profile, domain.NewMandate{
		Type: in.Type, Rights: in.Rights, From: in.From, To: in.To,
	})
	if err != nil {
		return mandate{}, err
	}
	call.Location = "/v1/organizations/" + string(in.Org) + "/mandates/" + string(m.ID)
	return shown(call, m, agent), nil
}

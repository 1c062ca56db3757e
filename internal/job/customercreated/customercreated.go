// Package customercreated makes a customer's organization when another of the
// operator's systems has got the customer.
package customercreated

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
)

// ID is the job's, and the detail-type of its events.
const ID = "customer-created"

// Job is started by the event. It does what organization-create does, for a
// customer who is there already nothing.
func Job() job.Job {
	return job.Job{
		ID: ID, Summary: "Makes a new customer's organization, and mails its first administrator.",
		Trigger: job.Trigger{Event: ID},
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.WriteItems},
		Run:     run,
	}
}

// Detail of the event. It has no national id, because events are kept and passed
// on: a portal that asks for one of everybody makes its customers by
// organization-create.
type Detail struct {
	Name          string          `json:"name"`
	Country       domain.Country  `json:"country"` // ISO 3166-1 alpha-2
	BusinessID    string          `json:"businessId"`
	Language      domain.Language `json:"language"` // the profile's first by default
	Administrator struct {
		GivenName    string                `json:"givenName"`
		FamilyName   string                `json:"familyName"`
		Email        string                `json:"email"`
		Phone        string                `json:"phone"`
		Language     domain.Language       `json:"language"`     // the organization's by default
		Subscription domain.SubscriptionID `json:"subscription"` // where the portal asks for one
	} `json:"administrator"`
}

// Result says whether the organization was made now.
type Result struct {
	Organization domain.OrganizationID `json:"organization"`
	Made         bool                  `json:"made"`
}

func (d *Detail) read(p *domain.Profile) (domain.Customer, error) {
	var faults domain.Faults
	claim := body.CompanyAt(d.Country, d.BusinessID, "/country", "/businessId", &faults)
	language := body.Language(d.Language, p.DefaultLanguage(), p, "/language", &faults)
	a := d.Administrator
	c := domain.Customer{
		Name: body.Name(d.Name, "/name", &faults), Country: claim.Country, BusinessID: claim.BusinessID, Language: language,
		Administrator: domain.Card{
			GivenName:  body.Name(a.GivenName, "/administrator/givenName", &faults),
			FamilyName: body.Name(a.FamilyName, "/administrator/familyName", &faults),
			Email:      body.Email(a.Email, "/administrator/email", &faults),
			Phone:      body.Phone(a.Phone, "/administrator/phone", &faults),
			Language:   body.Language(cmp.Or(a.Language, language), language, p, "/administrator/language", &faults),
		},
		Subscription: body.Subscription(a.Subscription, p, "/administrator/subscription", &faults),
	}
	return c, job.Refused(faults)
}

func run(ctx context.Context, deps job.Deps, raw json.RawMessage) (any, error) {
	var in Detail
	if _, err := job.ReadEvent(raw, ID, &in); err != nil {
		return nil, err
	}
	customer, err := in.read(deps.Profile)
	if err != nil {
		return nil, err
	}
	var want domain.Want
	want.ForCustomer(customer)
	// Somebody may be made a user of another organization at the same time: read again, and decide again.
	for range 3 {
		var scene *domain.Scene
		if scene, err = deps.Store.Load(ctx, want); err != nil {
			return nil, err
		}
		change := deps.Change(ID)
		org, _, made := domain.CreateOrganization(ctx, deps.Store, change, scene, deps.Profile, customer)
		if errors.Is(made, domain.ErrOrganizationHere) {
			return Result{Organization: scene.BusinessClaim.Organization}, nil
		}
		if made != nil {
			return nil, made
		}
		if err = deps.Store.Commit(ctx, change); err == nil {
			return Result{Organization: org.ID, Made: true}, nil
		}
		if !errors.Is(err, domain.ErrContended) {
			return nil, err
		}
	}
	return nil, err
}

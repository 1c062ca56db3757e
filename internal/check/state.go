package check

import (
	"hash/maphash"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
)

// checker is a check that is under way. Keys come in order, so that attempts,
// audits, claims, the ledger and mails are known before the organizations, those
// with their users before the persons, and sessions come last.
type checker struct {
	Options
	store  domain.Store
	report Report
	seed   maphash.Seed

	partition string
	here      *partition // the organization that is being read
	links     []*domain.Link

	stamps    map[stamp]bool                   // of the audit entries
	activated map[member]bool                  // as the audit tells it
	alive     map[member]bool                  // memberships that the audit tells of, until they are come to
	things    map[thing]bool                   // the same of resources
	given     map[domain.MandateID]mandateTold // mandates as the audit tells of them
	audits    map[domain.OrganizationID]bool   // that there are
	sealed    map[domain.OrganizationID]int64

	businesses map[domain.OrganizationID][]*domain.OrganizationClaim
	people     map[domain.PersonID]*known
	erased     map[domain.PersonID]*domain.Erasure
	mails      map[domain.LinkID]letter // that carry a link
	asked      map[member]domain.LinkID // whose mail with an activation link is still to leave

	organizations map[domain.OrganizationID]*domain.Organization
	resources     map[domain.ResourceID]domain.OrganizationID
	mandates      map[pair]*domain.Mandates
	received      map[domain.OrganizationID][]domain.OrganizationID // whose mandates somebody has
	acting        []*domain.Membership                              // that were given something at clients
	dangling      []reference                                       // to what was not in the same organization
	homes         []reference
}

type member struct {
	organization domain.OrganizationID
	person       domain.PersonID
}

type thing struct {
	organization domain.OrganizationID
	id           string
}

// pair is of a principal and an agent.
type pair struct{ principal, agent domain.OrganizationID }

// mandateTold is a mandate as its audit entries have it.
type mandateTold struct {
	rights  []string
	to      domain.Date
	revoked bool
}

// letter is what is known of a mail with a link.
type letter struct{ begun bool }

// reference is something in an organization that names something elsewhere.
type reference struct {
	in  domain.OrganizationID
	key table.Key
	id  string
}

// known is what there is of a person before the person is come to.
type known struct {
	claims   []claim
	places   []place
	is       bool // come to
	security int64
	password bool
	lists    []domain.OrganizationID
}

type claim struct {
	key   table.Key
	email domain.Email
	until time.Time
}

// place is a membership, as far as the person's things are held against it.
type place struct {
	key       table.Key
	org       domain.OrganizationID
	email     domain.Email
	activated bool
	removed   bool
	signsIn   bool
	lets      bool // as the domain decides
	stands    bool // as it is recounted here
}

// partition is an organization with what lies in it, while it is read.
type partition struct {
	organization  *domain.Organization
	key           table.Key
	seats         *domain.Administrators
	seatsKey      table.Key
	resources     map[domain.ResourceID]*domain.Resource
	resourceKeys  map[domain.ResourceID]table.Key
	references    map[domain.ResourceRef]*domain.ResourceClaim // until their resource is come to
	unclaimed     []*domain.Resource                           // by their references
	ids           map[string]*domain.NationalIDClaim
	subscriptions map[domain.SubscriptionID]*domain.Subscription
	recount       map[domain.PersonID]domain.Seat
	users         int // not removed
	effective     int
	excused       string // why there may be no effective administrator
}

func newChecker(t Table, o Options) *checker {
	c := &checker{
		Options: o, store: store.New(t), seed: maphash.MakeSeed(), stamps: map[stamp]bool{}, activated: map[member]bool{}, alive: map[member]bool{},
		things: map[thing]bool{}, given: map[domain.MandateID]mandateTold{}, audits: map[domain.OrganizationID]bool{}, sealed: map[domain.OrganizationID]int64{},
		businesses: map[domain.OrganizationID][]*domain.OrganizationClaim{}, people: map[domain.PersonID]*known{}, erased: map[domain.PersonID]*domain.Erasure{},
		mails: map[domain.LinkID]letter{}, asked: map[member]domain.LinkID{}, organizations: map[domain.OrganizationID]*domain.Organization{},
		resources: map[domain.ResourceID]domain.OrganizationID{}, mandates: map[pair]*domain.Mandates{},
		received: map[domain.OrganizationID][]domain.OrganizationID{},
	}
	for i, title := range titles {
		c.report.Results = append(c.report.Results, Result{Invariant: Invariant(i), Title: title})
	}
	c.here = newPartition()
	return c
}

func newPartition() *partition {
	return &partition{
		resources: map[domain.ResourceID]*domain.Resource{}, resourceKeys: map[domain.ResourceID]table.Key{}, references: map[domain.ResourceRef]*domain.ResourceClaim{},
		ids: map[string]*domain.NationalIDClaim{}, subscriptions: map[domain.SubscriptionID]*domain.Subscription{}, recount: map[domain.PersonID]domain.Seat{},
	}
}

func (c *checker) of(id domain.PersonID) *known {
	k := c.people[id]
	if k == nil {
		k = &known{}
		c.people[id] = k
	}
	return k
}

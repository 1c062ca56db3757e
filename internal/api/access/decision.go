package access

import (
	"cmp"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Why a question is not put to the domain. What is put there is denied for the
// domain's reasons.
const (
	notYoursToAsk  = "not-yours-to-ask" // the service client may not ask about the right
	unknownRight   = "unknown-right"    // there is no such right
	noOrganization = "no-organization"  // it does not say in which organization
)

// decision is what comes of one question.
type decision struct {
	Decision bool     `json:"decision"`
	Context  *because `json:"context,omitempty" description:"Why not."`
}

// because says why somebody may not, or why nothing was found.
type because struct {
	Reason string        `json:"reason,omitzero" enum:"no-membership,not-valid,suspended,no-mandate,above-mandate,not-assigned,wrong-type,no-feature,without-other,unknown-places,unknown-right,not-yours-to-ask,no-organization"`
	Status domain.Status `json:"status,omitzero" enum:"invited,upcoming,expired,locked,unsubscribed,inactive" description:"Of the subject, where what they have does not count now."`
	Error  *failure      `json:"error,omitempty" description:"What is wrong with this one of several evaluations."`
}

// failure is what is wrong with one of several evaluations.
type failure struct {
	Status  int    `json:"status" example:"400"`
	Message string `json:"message" example:"/evaluations/0/resource: This is needed."`
}

// question is what an evaluation or a search asks, understood. What is only
// sought is empty.
type question struct {
	right  domain.RightKey
	on     domain.ScopeType // the type of resource, or InOrganization
	about  domain.Question
	denied string // why there is nothing to look up; empty: there is
}

// ask makes a question of entities that have been checked.
func ask(p *domain.Profile, s subject, a action, r resource) question {
	q := question{right: domain.RightKey(a.Name), on: domain.ScopeType(r.Type)}
	within := r.Properties.organization()
	where := within
	if q.on == domain.InOrganization {
		where = cmp.Or(r.ID, within)
	} else {
		q.about.Resource = domain.ResourceID(r.ID)
	}
	q.about.Person, q.about.Where = domain.PersonID(s.ID), domain.OrganizationID(where)
	q.about.From = domain.OrganizationID(cmp.Or(s.Properties.organization(), where))
	switch {
	case where == "":
		q.denied = noOrganization
	case q.on != domain.InOrganization && p.ResourceType(q.on) == nil, !q.about.Where.Valid(),
		q.on == domain.InOrganization && within != "" && within != where, q.about.Resource != "" && !q.about.Resource.Valid():
		q.denied = string(domain.UnknownPlaces)
	case s.Type != user, s.ID != "" && !q.about.Person.Valid(), !q.about.From.Valid():
		q.denied = string(domain.NoMembership)
	}
	return q
}

// want names what the question stands on.
func (q question) want(w *domain.Want) {
	if q.denied == "" {
		w.Questions = append(w.Questions, q.about)
	}
}

// refused says why the question is not put to the domain; nil: it is.
func (q question) refused(service *domain.ServiceClient, p *domain.Profile) *because {
	switch {
	case !service.MayAsk(q.right):
		return &because{Reason: notYoursToAsk}
	case !p.Knows(q.right):
		return &because{Reason: unknownRight}
	case q.denied != "":
		return &because{Reason: q.denied}
	}
	return nil
}

// fits tells whether the grounds are about what was asked: without its resource
// a question would be one about the whole organization.
func (q question) fits(g *domain.Grounds) bool {
	return g.Where != nil && (q.on == domain.InOrganization || g.Resource != nil && g.Resource.Type == q.on)
}

// verdict decides the question.
func (q question) verdict(g *domain.Grounds, now time.Time) domain.Verdict {
	if !q.fits(g) {
		return domain.UnknownPlaces
	}
	return g.Decide(q.right, now)
}

// denial says why not.
func denial(v domain.Verdict, g *domain.Grounds, now time.Time) *because {
	why := &because{Reason: string(v)}
	if v == domain.NotValid {
		status := g.Member.Membership.Status(g.Profile, now, g.Member.Organization.Zone())
		if status != domain.StatusActive { // else it is their organization that does not count
			why.Status = status
		}
	}
	return why
}

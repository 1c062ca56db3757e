package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

func (c *checker) organization(key table.Key, o *domain.Organization) {
	c.here.organization, c.here.key = o, key
	c.organizations[o.ID] = o
	c.changed(key, o, o.ID, "organization", string(o.ID), o.UpdatedAt)
	claims := c.businesses[o.ID]
	delete(c.businesses, o.ID)
	c.looked(1)
	switch {
	case o.BusinessID != "" && len(claims) == 0:
		c.found(1, BusinessUnclaimed, key, "", of(o.ID, ""), entity(o))
	case o.BusinessID == "" && len(claims) > 0:
		c.businesses[o.ID] = claims // which lead to nobody who has them
	}
	for i, claim := range claims {
		if o.BusinessID != "" && (i > 0 || claim.Country != o.Country || claim.BusinessID != o.BusinessID) {
			c.found(1, BusinessAstray, key, "", of(o.ID, ""), entity(claim))
		}
	}
}

func (c *checker) resource(key table.Key, r *domain.Resource) {
	c.here.resources[r.ID], c.here.resourceKeys[r.ID] = r, key
	c.resources[r.ID] = r.Organization
	delete(c.things, thing{r.Organization, string(r.ID)})
	c.changed(key, r, r.Organization, "resource", string(r.ID), r.UpdatedAt)
	if r.Reference == "" {
		return
	}
	c.looked(1)
	ref := domain.ResourceRef{Type: r.Type, Reference: r.Reference}
	claim := c.here.references[ref]
	delete(c.here.references, ref)
	if claim == nil || claim.Resource != r.ID {
		c.here.unclaimed = append(c.here.unclaimed, r)
	}
}

// leave concludes what lies in one organization, once all of it was read.
func (c *checker) leave() {
	h := c.here
	c.here = newPartition()
	if strings.HasPrefix(c.partition, "PERSON#") {
		c.leavePerson()
	}
	if !strings.HasPrefix(c.partition, "ORG#") {
		return
	}
	org := domain.OrganizationID(strings.TrimPrefix(c.partition, "ORG#"))
	if h.organization == nil {
		c.found(1, NoOrganization, table.Key{PK: c.partition, SK: "ORG"}, "")
		return
	}
	c.claimedReferences(org, h)
	for _, claim := range h.ids {
		c.looked(9)
		c.found(9, IDAstray, h.key, "of "+string(claim.Person), of(org, claim.Person), entity(claim))
	}
	for _, sub := range h.subscriptions {
		c.looked(10)
		if sub.Person != "" {
			c.found(10, SubscriptionWrong, h.key, "one is of "+string(sub.Person)+", who has not got it", of(org, sub.Person), entity(sub))
		}
	}
	children := map[domain.ResourceID]int{}
	for id, r := range h.resources {
		c.looked(11)
		for i, above := range r.Path {
			switch in := h.resources[above]; {
			case in == nil:
				c.dangling = append(c.dangling, reference{org, h.resourceKeys[id], string(above)})
			case i == len(r.Path)-1:
				children[above]++
			}
		}
	}
	for id, r := range h.resources {
		c.looked(10)
		if r.Children != children[id] {
			c.found(10, ChildrenWrong, h.resourceKeys[id], fmt.Sprintf("says %d, has %d", r.Children, children[id]), of(org, ""), entity(r),
				func(v *Violation) { v.Count = children[id] })
		}
	}
	c.administrators(org, h)
}

// claimedReferences concludes the claims that lead to no resource which has the
// reference, and the resources without their claim. Where the two meet, it is half
// of a change, and nobody knows which half was to stay.
func (c *checker) claimedReferences(org domain.OrganizationID, h *partition) {
	strays := map[domain.ResourceID][]*domain.ResourceClaim{}
	for _, claim := range h.references {
		strays[claim.Resource] = append(strays[claim.Resource], claim)
	}
	for _, r := range h.unclaimed {
		fault := RefUnclaimed
		if len(strays[r.ID]) > 0 {
			fault = RefTorn
			delete(strays, r.ID)
		}
		c.found(1, fault, h.resourceKeys[r.ID], "", of(org, ""), entity(r))
	}
	for id, claims := range strays {
		for _, claim := range claims {
			c.found(1, RefAstray, h.key, "of "+string(id), of(org, ""), entity(claim))
		}
	}
}

// administrators holds the seats against the memberships, and asks whether
// anybody can administer the organization now.
func (c *checker) administrators(org domain.OrganizationID, h *partition) {
	c.looked(10)
	stored := map[domain.PersonID]domain.Seat{}
	if h.seats != nil {
		for _, s := range h.seats.Seats {
			stored[s.Person] = s
		}
	}
	same := len(stored) == len(h.recount) && (h.seats == nil || len(h.seats.Seats) == len(stored))
	for person, seat := range h.recount {
		same = same && stored[person] == seat
	}
	if !same {
		key := h.seatsKey
		if h.seats == nil {
			key = table.Key{PK: c.partition, SK: "ADMINS"}
		}
		c.found(10, SeatsWrong, key, fmt.Sprintf("says %d, there are %d", len(stored), len(h.recount)), of(org, ""))
	}
	if h.users == 0 {
		return
	}
	c.looked(2)
	switch {
	case h.effective > 0:
	case h.organization.Suspended:
		c.note(2, "%s is suspended: nobody acts in it", org)
	case h.excused != "":
		c.note(2, "%s has no effective administrator: %s", org, h.excused)
	case len(h.recount) == 0 && slices.Contains(c.forced(), org):
		c.note(2, "%s has no administrator: the last was erased", org)
	default:
		c.found(2, Unadministered, h.key, fmt.Sprintf("%d users", h.users), of(org, ""))
	}
}

// forced are the organizations that somebody was erased from, who may have been
// the last administrator: the operator can force that.
func (c *checker) forced() (orgs []domain.OrganizationID) {
	for _, e := range c.erased {
		orgs = append(orgs, e.Organizations...)
	}
	return orgs
}

// administers counts somebody of whom an organization is administered.
func (c *checker) administers(m *domain.Membership, at domain.Place) {
	h := c.here
	if !m.RemovedAt.IsZero() {
		return
	}
	h.users++
	seat, ok := m.Seat(c.Profile)
	if !ok {
		return
	}
	h.recount[m.Person] = seat
	if slices.Contains(at.Administers(c.Profile, c.Now), domain.RightEditUsers) {
		h.effective++
		return
	}
	// What the calendar, the operator or an unanswered mail brings about, and is told of.
	switch {
	case m.ActivatedAt.IsZero():
		h.excused = "who is to administer it was invited and has not come"
	case m.Validity.Type == domain.FixedTerm:
		h.excused = "it is not the time of who administers it; the operator was told"
	case seat.Barred:
		h.excused = "the subscription of who administers it has ended"
	}
}

func (c *checker) membership(ctx context.Context, key table.Key, m *domain.Membership) error {
	h, org := c.here, c.here.organization
	id := member{m.Organization, m.Person}
	delete(c.alive, id)
	c.changed(key, m, m.Organization, "user", string(m.Person), m.UpdatedAt)
	c.gone(key, m.Person)

	at := domain.Place{Membership: m, Organization: org}
	c.administers(m, at)
	p := place{
		key: key, org: m.Organization, email: m.Email, activated: !m.ActivatedAt.IsZero(), removed: !m.RemovedAt.IsZero(), signsIn: m.SignsIn(c.Profile),
	}
	if org != nil {
		p.lets, p.stands = at.Lets(c.Profile, c.Now), c.stands(m, org)
		c.ownRights(key, m, org)
	}
	k := c.of(m.Person)
	k.places = append(k.places, p)

	c.looked(6)
	if c.activated[id] && !p.activated {
		c.found(6, Unactivated, key, "", of(m.Organization, m.Person))
	}

	c.references(key, m)
	if m.Subscription != "" {
		c.looked(10)
		sub := h.subscriptions[m.Subscription]
		delete(h.subscriptions, m.Subscription)
		if sub == nil || sub.Person != m.Person || sub.Active == m.Unsubscribed {
			c.found(10, SubscriptionWrong, key, "", of(m.Organization, m.Person), entity(m))
		}
	}
	return c.nationalID(ctx, key, m)
}

// references looks at what a membership names.
func (c *checker) references(key table.Key, m *domain.Membership) {
	h := c.here
	c.looked(11)
	named := func(id string) {
		if h.resources[domain.ResourceID(id)] == nil {
			c.dangling = append(c.dangling, reference{m.Organization, key, id})
		}
	}
	clients := false
	for _, a := range m.Assignments {
		for _, s := range a.Scopes {
			switch s.Type {
			case domain.InOrganization:
			case domain.ForClients, domain.ForClient:
				clients = true
			default:
				named(s.ID)
			}
		}
	}
	for id := range m.JobTitles {
		named(string(id))
	}
	if clients {
		c.acting = append(c.acting, m)
	}
	if m.Kind == domain.Partner {
		c.homes = append(c.homes, reference{m.Organization, key, string(m.Home)})
	}
	if m.Kind == domain.Own && m.Home != m.Organization {
		c.found(11, Foreign, key, "an own user comes from "+string(m.Home))
	}
}

func (c *checker) nationalID(ctx context.Context, key table.Key, m *domain.Membership) error {
	if !m.NationalID.Known() {
		return nil
	}
	c.looked(9)
	claim := c.here.ids[m.NationalID.Hash]
	if claim != nil && claim.Person == m.Person {
		delete(c.here.ids, m.NationalID.Hash)
	} else {
		c.found(9, IDUnclaimed, key, "", of(m.Organization, m.Person), entity(m))
	}
	if c.Vault == nil {
		return nil
	}
	switch err := domain.ProveNationalID(ctx, c.Vault, m); {
	case domain.KindOf(err) == domain.Unavailable:
		return fmt.Errorf("check: the vault does not answer: %w", err)
	case err != nil:
		c.found(9, IDBroken, key, "", of(m.Organization, m.Person))
	}
	return nil
}

// gone notes what there is of somebody who was erased.
func (c *checker) gone(key table.Key, person domain.PersonID) {
	c.looked(8)
	if e := c.erased[person]; e != nil {
		c.found(8, ErasedThere, key, "", of("", person), entity(e))
	}
}

func (c *checker) claimed(key table.Key, e *domain.EmailClaim) {
	k := c.of(e.Person)
	k.claims = append(k.claims, claim{key, e.Email, e.Until})
	if e.Until.IsZero() || c.Now.Before(e.Until) {
		c.gone(key, e.Person)
	}
}

func (c *checker) person(key table.Key, p *domain.Person) {
	k := c.of(p.ID)
	k.is, k.security, k.password, k.lists = true, p.Security, p.PasswordHash != "", p.Organizations
	c.changed(key, p, "", "user", string(p.ID), p.UpdatedAt)
	c.gone(key, p.ID)

	c.looked(1)
	leads, torn := false, false
	for _, claim := range k.claims {
		if claim.until.IsZero() {
			leads, torn = leads || claim.email == p.Email, torn || claim.email != p.Email
		}
	}
	switch {
	case torn, !leads && len(k.claims) > 0: // also by an address that was kept, to go back to
		c.found(1, EmailTorn, key, "", of("", p.ID))
	case !leads:
		c.found(1, EmailUnclaimed, key, "", of("", p.ID), entity(p))
	}
	listed := map[domain.OrganizationID]bool{}
	for _, org := range p.Organizations {
		listed[org] = true
	}
	joined, activated := 0, false
	for _, at := range k.places {
		if !listed[at.org] {
			c.found(1, MemberUnlisted, at.key, "", of(at.org, p.ID))
			continue
		}
		joined++
		activated = activated || at.activated && at.signsIn
		if at.activated && at.email != p.Email {
			c.found(1, CardAddress, at.key, "", of(at.org, p.ID))
		}
	}
	for _, org := range p.Organizations {
		if !slices.ContainsFunc(k.places, func(at place) bool { return at.org == org }) {
			c.found(1, MemberMissing, key, "in "+string(org), of(org, p.ID), entity(p))
		}
	}
	if len(p.Organizations) == 0 && !k.password {
		c.found(1, PersonNowhere, key, "", of("", p.ID), entity(p))
	}
	c.looked(6)
	if activated && !k.password && c.erased[p.ID] == nil {
		c.found(6, NoPassword, key, "", of("", p.ID))
	}
}

// leavePerson concludes a person's links.
func (c *checker) leavePerson() {
	id := domain.PersonID(strings.TrimPrefix(c.partition, "PERSON#"))
	k := c.of(id)
	links := c.links
	c.links = nil
	for _, l := range links {
		c.link(l, k)
	}
	for _, at := range k.places {
		m := member{at.org, id}
		asked, waits := c.asked[m]
		has := slices.ContainsFunc(links, func(l *domain.Link) bool { return l.Purpose == domain.ForActivation && l.Organization == at.org })
		if waits && !has && !at.activated && !at.removed {
			c.found(6, LinkMissing, at.key, "its mail is still to leave: "+string(asked), of(at.org, id))
		}
	}
}

func linkKey(l *domain.Link) table.Key {
	sk := "LINK#" + string(l.Purpose)
	if l.Purpose == domain.ForActivation {
		sk += "#" + string(l.Organization)
	}
	return table.Key{PK: "PERSON#" + string(l.Person), SK: sk}
}

// link holds a link against its effect and its mail.
func (c *checker) link(l *domain.Link, k *known) {
	c.looked(4, 6, 7)
	key := linkKey(l)
	c.gone(key, l.Person)
	if !k.is {
		c.found(6, LinkAstray, key, "", of(l.Organization, l.Person), entity(l))
		return
	}
	if life := lives[l.Purpose]; l.ExpiresAt.After(l.CreatedAt.Add(life)) || l.CreatedAt.After(c.Now.Add(skew)) {
		c.found(4, LinkTooLong, key, "", of(l.Organization, l.Person), entity(l))
	}
	if l.Purpose == domain.ForActivation {
		i := slices.IndexFunc(k.places, func(at place) bool { return at.org == l.Organization })
		switch {
		case i < 0:
			c.found(6, LinkAstray, key, "", of(l.Organization, l.Person), entity(l))
		case k.places[i].activated:
			c.found(6, LinkSpent, key, "", of(l.Organization, l.Person), entity(l))
		}
	}
	mail, told := c.mails[l.ID]
	switch {
	case !told && c.Now.Before(l.ExpiresAt):
		c.found(7, MailMissing, key, string(l.ID), of(l.Organization, l.Person))
	case mail.begun && l.Hash == "":
		c.found(6, LinkUnsealed, key, string(l.ID), of(l.Organization, l.Person))
	}
}

// mandate takes in all mandates of a pair.
func (c *checker) mandate(key table.Key, all *domain.Mandates) {
	c.mandates[pair{all.Principal, all.Agent}] = all
	c.received[all.Agent] = append(c.received[all.Agent], all.Principal)
	for _, m := range all.Items {
		for _, org := range []domain.OrganizationID{all.Principal, all.Agent} {
			c.changed(key, all, org, "mandate", string(m.ID), m.UpdatedAt)
		}
	}
}

func (c *checker) digest(key table.Key, d *domain.Digest) {
	c.looked(11)
	for _, line := range d.Items {
		// The operator is told of every organization that is to be without administrators.
		if line.Organization != d.Organization && d.Organization != domain.OperatorID {
			c.found(11, Foreign, key, "names "+string(line.Organization))
			return
		}
	}
}

// conclude does what can only be done when everything was read.
func (c *checker) conclude() {
	for org, claims := range c.businesses {
		for _, claim := range claims {
			c.found(1, BusinessAstray, table.Key{PK: "BUSINESS", SK: "BUSINESS"}, "of "+string(org), of(org, ""), entity(claim))
		}
	}
	for id, k := range c.people {
		if k.is {
			continue
		}
		for _, at := range k.places {
			c.found(1, MemberUnlisted, at.key, "", of(at.org, id))
		}
		for _, claim := range k.claims {
			if claim.until.IsZero() || c.Now.Before(claim.until) {
				c.found(1, EmailAstray, claim.key, "", of("", id), entity(&domain.EmailClaim{Email: claim.email, Person: id, Until: claim.until}))
			}
		}
	}
	for m := range c.alive {
		key := table.Key{PK: "ORG#" + string(m.organization), SK: "USER#" + string(m.person)}
		c.found(5, EffectMissing, key, "", of(m.organization, m.person))
	}
	for t := range c.things {
		c.found(5, EffectMissing, table.Key{PK: "ORG#" + string(t.organization), SK: "RES#" + t.id}, "", of(t.organization, ""))
	}
	for _, d := range c.dangling {
		// What is nowhere any more holds nowhere.
		if in, there := c.resources[domain.ResourceID(d.id)]; there && in != d.in {
			c.found(11, Foreign, d.key, d.id+" is of "+string(in), of(d.in, ""))
		}
	}
	for _, h := range c.homes {
		c.looked(11)
		if c.organizations[domain.OrganizationID(h.id)] == nil {
			c.found(11, Foreign, h.key, "comes from "+h.id+", which is not there", of(h.in, ""))
		}
	}
	for p, all := range c.mandates {
		c.looked(11)
		key := table.Key{PK: "ORG#" + string(p.principal), SK: "MANDATES#" + string(p.agent)}
		if c.organizations[p.principal] == nil || c.organizations[p.agent] == nil || p.principal == p.agent {
			c.found(11, Foreign, key, "", of(all.Principal, ""))
		}
	}
	c.clients()
	if c.Vault == nil {
		c.note(9, "not opened: no vault was given")
	}
	c.note(12, "not applicable: attestations, the only approvals by several people, are not in this version; anything of them would be reported")
}

package domain_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// share says what users have on a resource.
func (w *world) share(by domain.PersonID, r *domain.Resource, users ...domain.ResourceUser) error {
	w.Helper()
	want := domain.Want{Organization: r.Organization}
	for _, u := range users {
		want.Users = append(want.Users, u.Person)
	}
	return w.request(by, want, func(c *domain.Change, s *domain.Scene) error {
		_, err := domain.UpdateResourceUsers(w.Context(), w.store, c, s, w.profile, r, users)
		return err
	})
}

// Only what users have directly on the resource changes, only of those named,
// and all of it or nothing.
func TestA22_UsersOfAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	boss := w.user(org, "administrator")
	site, other := w.site(org), w.site(org)
	give := func(a ...domain.Assignment) domain.PersonID {
		return w.userWith(org, domain.Membership{ActivatedAt: noon, DefaultTask: "weld", Assignments: a})
	}
	worker := give(rights(keys("order"), on(site), on(other)), rights(keys("report"), whole))
	newcomer, gone := give(), give()
	fellow := w.userWith(org, domain.Membership{
		ActivatedAt: noon, Assignments: []domain.Assignment{roles("clerk", on(site))},
		JobTitles: map[domain.ResourceID]string{site.ID: "foreman", other.ID: "welder"},
	})
	w.remove(boss, org, gone)
	keeper := w.userWith(org, domain.Membership{ActivatedAt: noon, Assignments: []domain.Assignment{rights(keys("order", domain.RightShareResource), on(site))}})
	for _, c := range []struct {
		name  string
		by    domain.PersonID
		users []domain.ResourceUser
		want  error
	}{
		{"more than they hold", keeper, []domain.ResourceUser{{Person: newcomer, Roles: []domain.RoleKey{"clerk"}}}, domain.ErrRoleNotYours},
		{"what they hold", keeper, []domain.ResourceUser{{Person: newcomer, Rights: keys("order")}}, nil},
		{"taken from one who has more", keeper, []domain.ResourceUser{{Person: fellow}}, domain.ErrRoleNotYours},
		{"the second refused, and so the first", keeper, []domain.ResourceUser{{Person: newcomer}, {Person: fellow}}, domain.ErrRoleNotYours},
		{"one who is removed", boss, []domain.ResourceUser{{Person: gone, Rights: keys("order")}}, domain.ErrNotFound},
		{"one who is nobody", boss, []domain.ResourceUser{{Person: domain.NewPersonID(), Rights: keys("order")}}, domain.ErrNotFound},
		{"what does not hold there", boss, []domain.ResourceUser{{Person: newcomer, Rights: keys("report")}}, domain.ErrScope},
		{"several", boss, []domain.ResourceUser{{Person: worker, Roles: []domain.RoleKey{"clerk"}}, {Person: fellow}}, nil},
		{"as it is", boss, []domain.ResourceUser{{Person: worker, Roles: []domain.RoleKey{"clerk"}}, {Person: fellow}}, nil},
	} {
		before := w.member(org, worker).Revision
		w.is(c.name, w.share(c.by, site, c.users...), c.want)
		if c.name == "as it is" && w.member(org, worker).Revision != before {
			t.Error("what was as it is was written again")
		}
	}
	for person, want := range map[domain.PersonID][]string{
		worker:   {"clerk in site " + string(site.ID), "order in site " + string(other.ID), "report in organization"},
		newcomer: {"order in site " + string(site.ID)},
		fellow:   nil,
	} {
		if got := told(w.member(org, person).Assignments); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for person, want := range map[domain.PersonID]map[domain.ResourceID]string{
		newcomer: {site.ID: "weld"}, worker: {site.ID: "weld"}, fellow: {other.ID: "welder"},
	} {
		if got := w.member(org, person).JobTitles; !maps.Equal(got, want) {
			t.Errorf("job titles %v, want %v", got, want)
		}
	}
	var crowd []domain.ResourceUser
	for range domain.MaxResourceUsers {
		crowd = append(crowd, domain.ResourceUser{Person: give(), Rights: keys("order")})
	}
	w.is("as many as can be", w.share(boss, site, crowd...), nil)
}

// Several people who could not sign in are let in by one request: each is
// mailed, and the mails are counted.
func TestI08_SeveralAreLetInAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	boss, site := w.user(org, "administrator"), w.site(org)
	var users []domain.ResourceUser
	for range 3 {
		silent := w.userWith(org, domain.Membership{Roles: []domain.RoleKey{"attestant"}})
		users = append(users, domain.ResourceUser{Person: silent, Roles: []domain.RoleKey{"clerk"}})
	}
	more := slices.Clone(users)
	for i := range more {
		more[i].Roles = []domain.RoleKey{"named"}
	}
	w.is("another role without sign-in", w.share(boss, site, more...), nil)
	if got := w.mails(); len(got) != 0 {
		t.Errorf("mails %v", got)
	}
	w.is("a role with sign-in", w.share(boss, site, users...), nil)
	for _, u := range users {
		if got := w.mails()[u.Person]; !slices.Equal(got, []domain.MailKind{domain.MailActivation}) {
			t.Errorf("mails %v", got)
		}
		if got := w.may(u.Person, org, org, nil, "attest"); got != domain.NotValid {
			t.Errorf("before they accept: %s", got)
		}
	}
	if a := w.load(domain.Want{Attempts: []string{"mail-by/" + string(org)}}).Attempts["mail-by/"+string(org)]; a == nil || a.Count != 3 {
		t.Errorf("counted: %+v", a)
	}
	// Nobody is let in by losing something, though it was what kept them out.
	silent := w.userWith(org, domain.Membership{Roles: []domain.RoleKey{"attestant"}, Assignments: []domain.Assignment{rights(keys("report"), whole)}})
	in := domain.Bulk{
		Grants: domain.Grants{Roles: []domain.RoleKey{"attestant"}, Scopes: []domain.Scope{whole}}, Take: true, Users: []domain.PersonID{silent},
	}
	want := domain.Want{Organization: org}
	want.ForBulk(in)
	w.is("the role goes", w.request(boss, want, func(c *domain.Change, s *domain.Scene) error {
		_, err := domain.AssignMany(t.Context(), w.store, c, s, want, w.profile, in)
		return err
	}), nil)
	if m := w.member(org, silent); len(m.Roles) > 0 || w.mails()[silent] != nil || w.may(silent, org, org, nil, "report") != domain.NotValid {
		t.Errorf("%+v, mails %v", m, w.mails()[silent])
	}
}

// A resource goes with what users were given on it, never with what lies in it,
// and not before somebody has said so.
func TestA22_RemovingAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := w.organization("Firma")
	boss, site := w.user(org, "administrator"), w.site(org)
	number := site.Path[0]
	worker := w.userWith(org, domain.Membership{
		ActivatedAt: noon, JobTitles: map[domain.ResourceID]string{site.ID: "welder"},
		Assignments: []domain.Assignment{rights(keys("order", domain.RightSeeResources), on(site), domain.Scope{Type: "number", ID: string(number)})},
	})
	removed := w.userWith(org, domain.Membership{ActivatedAt: noon, RemovedAt: noon, Assignments: []domain.Assignment{roles("clerk", on(site))}})
	remove := func(id domain.ResourceID, confirmed bool) error {
		return w.request(boss, domain.Want{Organization: org, Resources: []domain.ResourceID{id}}, func(c *domain.Change, s *domain.Scene) error {
			return domain.RemoveResource(w.Context(), w.store, c, s, w.profile, s.Resources[id], confirmed)
		})
	}
	w.is("what something lies in", remove(number, true), domain.ErrResourceNotEmpty)
	err := remove(site.ID, false)
	w.is("what is in use", err, domain.ErrResourceInUse)
	if e, _ := errors.AsType[*domain.Error](err); e.Affected != 2 {
		t.Errorf("%d affected", e.Affected)
	}
	w.is("confirmed", remove(site.ID, true), nil)
	if w.resource(org, site.ID) != nil || w.resource(org, number).Children != 0 {
		t.Errorf("%+v in %+v", w.resource(org, site.ID), w.resource(org, number))
	}
	m := w.member(org, worker)
	want := []string{"order in number " + string(number), "resources:see in number " + string(number)}
	if got := told(m.Assignments); !slices.Equal(got, want) || len(m.JobTitles) != 0 {
		t.Errorf("%q, %v", got, m.JobTitles)
	}
	if got := told(w.member(org, removed).Assignments); got != nil {
		t.Errorf("of one who was removed: %q", got)
	}
	if got := w.may(worker, org, org, site, "order"); got != domain.UnknownPlaces {
		t.Errorf("on what is gone: %s", got)
	}
	w.is("what now is empty, and in use", remove(number, false), domain.ErrResourceInUse)
	w.is("the same, confirmed", remove(number, true), nil)
}

// Something is made where it belongs and by whom it may be; two of one number
// are not.
func TestA22_MakingAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.profile.ResourceTypes = append(w.profile.ResourceTypes, domain.ResourceType{Key: "contract", Operator: true})
	org, elsewhere := w.organization("Firma"), w.organization("Other")
	site, foreign := w.site(org), w.site(elsewhere)
	number := site.Path[0]
	boss, operator := w.user(org, "administrator"), w.operator()
	keeper := w.userWith(org, domain.Membership{ActivatedAt: noon, Assignments: []domain.Assignment{rights(keys(domain.RightEditResources), domain.Scope{Type: "number", ID: string(number)})}})
	worker := w.userWith(org, domain.Membership{ActivatedAt: noon, Assignments: []domain.Assignment{rights(keys("invoices"), domain.Scope{Type: "number", ID: string(number)})}})
	create := func(by domain.PersonID, in domain.NewResource) error {
		want := domain.Want{Organization: org}
		want.ForNewResource(in)
		return w.request(by, want, func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.CreateResource(c, s, w.profile, in)
			return err
		})
	}
	of := func(t domain.ScopeType, parent domain.ResourceID, reference string) domain.NewResource {
		return domain.NewResource{ResourceRef: domain.ResourceRef{Type: t, Reference: reference}, Parent: parent, Name: "N"}
	}
	featured := of("site", number, "")
	featured.Features = []domain.FeatureKey{"gate"}
	for _, c := range []struct {
		name string
		by   domain.PersonID
		in   domain.NewResource
		want error
	}{
		{"a number", boss, of("number", "", "1"), nil},
		{"a second of the same reference", boss, of("number", "", "1"), domain.ErrResourceExists},
		{"another type of the same reference", boss, of("site", number, "1"), nil},
		{"in a number that they keep", keeper, of("site", number, "2"), nil},
		{"in the organization, of which they keep a part", keeper, of("number", "", "3"), domain.ErrForbidden},
		{"in a number that they only know of", worker, of("site", number, ""), domain.ErrForbidden},
		{"in what is not there", boss, of("site", domain.NewResourceID(noon), ""), domain.ErrNotFound},
		{"in another organization's", boss, of("site", foreign.Path[0], ""), domain.ErrNotFound},
		{"in what they do not know of", worker, of("site", site.ID, ""), domain.ErrNotFound},
		{"the operator's type", boss, of("contract", "", ""), domain.ErrOperatorOnly},
		{"the operator's type, by them", operator, of("contract", "", ""), nil},
		{"with features", boss, featured, domain.ErrOperatorOnly},
		{"with features, by the operator", operator, featured, nil},
	} {
		err := create(c.by, c.in)
		w.is(c.name, err, c.want)
	}
	for name, in := range map[string]domain.NewResource{
		"a site in nothing": of("site", "", ""), "a site in a site": of("site", site.ID, ""), "a number in a number": of("number", number, ""),
	} {
		err := create(boss, in)
		w.faulty(name, err, "/parent")
	}
	if got := w.resource(org, number).Children; got != 1+3 {
		t.Errorf("%d children", got)
	}
}

// Something is put into a resource that goes at the same moment.
func TestResourceIsNotLeftWithoutWhatItLiesIn(t *testing.T) {
	t.Parallel()
	for _, madeFirst := range []bool{true, false} {
		w := newWorld(t)
		org := w.organization("Firma")
		boss := w.user(org, "administrator")
		number := &domain.Resource{ID: domain.NewResourceID(noon), Organization: org, Type: "number", Name: "N", Revision: 1}
		w.write(number)
		in := domain.NewResource{ResourceRef: domain.ResourceRef{Type: "site"}, Parent: number.ID, Name: "S"}
		want := domain.Want{Organization: org}
		want.ForNewResource(in)
		made, err := w.begin(boss, want, func(c *domain.Change, s *domain.Scene) error {
			_, err := domain.CreateResource(c, s, w.profile, in)
			return err
		})
		w.is("made", err, nil)
		gone, err := w.begin(boss, want, func(c *domain.Change, s *domain.Scene) error {
			return domain.RemoveResource(t.Context(), w.store, c, s, w.profile, s.Resources[number.ID], true)
		})
		w.is("gone", err, nil)
		first, second := made, gone
		if !madeFirst {
			first, second = gone, made
		}
		w.is("who is first", w.commit(first), nil)
		w.is("who is second", w.commit(second), domain.ErrContended)
	}
}

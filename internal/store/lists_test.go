package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/i18n"
	"github.com/fullmakt/fullmakt/internal/table"
)

// paged reads a whole list in pages of n.
func paged[E any](t *testing.T, n int, list func(context.Context, domain.PageRequest) (domain.Page[E], error), name func(E) string) (names []string) {
	t.Helper()
	req := domain.PageRequest{Limit: n}
	for {
		page, err := list(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Items {
			names = append(names, name(e))
		}
		if page.Next == "" {
			return names
		}
		if len(page.Items) != n {
			t.Fatalf("a page of %d, and not the last", len(page.Items))
		}
		req.After = page.Next
	}
}

func TestUsersByName(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var all []domain.Entity
		user := func(org domain.OrganizationID, id domain.PersonID, alphabet domain.Language, family, given string) {
			all = append(all, &domain.Membership{Organization: org, Person: id, Alphabet: alphabet, Card: domain.Card{FamilyName: family, GivenName: given}})
		}
		for i, name := range [][2]string{{"Öberg", "A"}, {"Ääri", "A"}, {"Zetterberg", "A"}, {"Åberg", "B"}, {"Åberg", "A"}, {"aalto", "A"}, {"Virtanen", "A"}} {
			user(org, domain.PersonID(fmt.Sprintf("usr_%d", i)), "sv", name[0], name[1])
		}
		user(org, "usr_9", "sv", "Virtanen", "A") // alike; the id tells them apart
		for i, name := range []string{"Ås", "Ødegaard", "Ærlig", "Zen"} {
			user(org2, domain.PersonID(fmt.Sprintf("usr_%d", i)), "nb", name, "N")
		}
		commit(t, s, puts(all...))
		full := func(m *domain.Membership) string { return m.FamilyName + " " + m.GivenName + " " + string(m.Person) }
		list := func(of domain.OrganizationID) func(context.Context, domain.PageRequest) (domain.Page[*domain.Membership], error) {
			return func(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Membership], error) {
				return s.Users(ctx, of, req)
			}
		}
		swedish := []string{"aalto A usr_5", "Virtanen A usr_6", "Virtanen A usr_9", "Zetterberg A usr_2", "Åberg A usr_4", "Åberg B usr_3", "Ääri A usr_1", "Öberg A usr_0"}
		for _, n := range []int{1, 2, 3, len(swedish) - 1, len(swedish), 100} {
			if diff := cmp.Diff(swedish, paged(t, n, list(org), full)); diff != "" {
				t.Errorf("pages of %d:\n%s", n, diff)
			}
		}
		norwegian := []string{"Zen N usr_3", "Ærlig N usr_2", "Ødegaard N usr_1", "Ås N usr_0"}
		if diff := cmp.Diff(norwegian, paged(t, 3, list(org2), full)); diff != "" {
			t.Error(diff)
		}
		if names := paged(t, 3, list(org3), full); names != nil {
			t.Errorf("nobody's: %v", names)
		}

		// Who is renamed moves, and who is removed goes.
		moved := *all[0].(*domain.Membership)
		moved.Version, moved.FamilyName = 1, "Aho"
		gone := *all[5].(*domain.Membership)
		gone.Version = 1
		commit(t, s, change(domain.Write{Entity: &moved}, domain.Write{Entity: &gone, Remove: true}))
		if diff := cmp.Diff(append([]string{"Aho A usr_0"}, swedish[1:7]...), paged(t, 2, list(org), full)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestResourcesByName(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var all []domain.Entity
		make := func(in domain.OrganizationID, of domain.ScopeType, id domain.ResourceID, name, reference string) {
			all = append(all, &domain.Resource{Organization: in, Type: of, ID: id, Name: name, Reference: reference, Alphabet: "sv"})
		}
		for i, name := range [][2]string{{"Ängen", ""}, {"Zonen", ""}, {"Åsen", "20"}, {"Åsen", "10"}, {"asfalt", ""}, {"Åsen", "10"}} {
			make(org, "site", domain.ResourceID(fmt.Sprintf("res_%d", i)), name[0], name[1])
		}
		// One type is no part of another, even where its key begins alike.
		make(org, "site-unit", "res_6", "Bergen", "")
		make(org, "number", "res_7", "Bergen", "")
		make(org2, "site", "res_8", "Bergen", "")
		commit(t, s, puts(all...))
		list := func(of domain.ScopeType) func(context.Context, domain.PageRequest) (domain.Page[*domain.Resource], error) {
			return func(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Resource], error) {
				return s.Resources(ctx, org, of, req)
			}
		}
		id := func(r *domain.Resource) string { return string(r.ID) }
		want := []string{"res_4", "res_1", "res_3", "res_5", "res_2", "res_0"}
		for _, n := range []int{1, 4, 6, 100} {
			if diff := cmp.Diff(want, paged(t, n, list("site"), id)); diff != "" {
				t.Errorf("pages of %d:\n%s", n, diff)
			}
		}
		for of, want := range map[domain.ScopeType][]string{"site-unit": {"res_6"}, "number": {"res_7"}, "object": nil} {
			if diff := cmp.Diff(want, paged(t, 2, list(of), id)); diff != "" {
				t.Errorf("%s:\n%s", of, diff)
			}
		}
		// By ids it is the same order, of whatever type; another organization's are not there.
		some, err := s.ResourcesAmong(t.Context(), org, []domain.ResourceID{"res_0", "res_8", "res_4", "res_2", "res_4"})
		if err != nil {
			t.Fatal(err)
		}
		var among []string
		for _, r := range some.Items {
			among = append(among, id(r))
		}
		if diff := cmp.Diff([]string{"res_4", "res_2", "res_0"}, among); diff != "" {
			t.Error(diff)
		}
		if page, err := s.Resources(t.Context(), org, "site", domain.PageRequest{Limit: 10, After: some.Keys[1]}); err != nil || len(page.Items) != 1 || page.Items[0].ID != "res_0" {
			t.Errorf("behind one of them: %v, %v", page.Items, err)
		}

		// What is renamed moves, and what is removed goes.
		moved, gone := *all[0].(*domain.Resource), *all[1].(*domain.Resource)
		moved.Version, moved.Name, gone.Version = 1, "Aa", 1
		commit(t, s, change(domain.Write{Entity: &moved}, domain.Write{Entity: &gone, Remove: true}))
		if diff := cmp.Diff([]string{"res_0", "res_4", "res_3", "res_5", "res_2"}, paged(t, 2, list("site"), id)); diff != "" {
			t.Error(diff)
		}
	})
}

// Who is removed and can be restored is in a list of their own, and in the whole one.
func TestRemovedUsers(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		user := func(version int64, id domain.PersonID, removed time.Time) *domain.Membership {
			return &domain.Membership{
				Version: version, Organization: org, Person: id, Alphabet: "fi", Card: domain.Card{FamilyName: "F", GivenName: string(id)}, RemovedAt: removed,
			}
		}
		id := func(m *domain.Membership) string { return string(m.Person) }
		lists := func(step string, here, gone []string) {
			t.Helper()
			users := func(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Membership], error) {
				return s.Users(ctx, org, req)
			}
			removed := func(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Membership], error) {
				return s.Removed(ctx, org, req)
			}
			if diff := cmp.Diff(here, paged(t, 1, users, id)); diff != "" {
				t.Errorf("%s: users\n%s", step, diff)
			}
			if diff := cmp.Diff(gone, paged(t, 1, removed, id)); diff != "" {
				t.Errorf("%s: removed\n%s", step, diff)
			}
			all, err := s.AllUsers(t.Context(), org)
			if err != nil || len(all) != 3 {
				t.Errorf("%s: all %v, %v", step, all, err)
			}
		}
		commit(t, s, puts(user(0, "usr_a", time.Time{}), user(0, "usr_b", time.Time{}), user(0, "usr_c", time.Time{})))
		lists("made", []string{"usr_a", "usr_b", "usr_c"}, nil)
		commit(t, s, puts(user(1, "usr_b", now), user(1, "usr_c", now)))
		lists("removed", []string{"usr_a"}, []string{"usr_b", "usr_c"})
		commit(t, s, puts(user(2, "usr_b", time.Time{})))
		lists("restored", []string{"usr_a", "usr_b"}, []string{"usr_c"})
	})
}

// An agent's list is of all who may still let it act, in the order of their names
// as they were last written; a principal's own list keeps what is over.
func TestMandatesGivenAndReceived(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		between := func(version int64, principal, agent domain.OrganizationID, name string, revoked ...bool) *domain.Mandates {
			m := &domain.Mandates{Version: version, Principal: principal, Agent: agent, Name: name, Alphabet: "sv"}
			for i, over := range revoked {
				one := domain.Mandate{ID: domain.MandateID(fmt.Sprintf("man_%d", i)), From: "2020-01-01", To: "2020-01-02"} // long past
				if over {
					one.RevokedAt = now
				}
				m.Items = append(m.Items, one)
			}
			return m
		}
		received := func() []string {
			t.Helper()
			list := func(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Mandates], error) {
				return s.Received(ctx, org3, req)
			}
			return paged(t, 1, list, func(m *domain.Mandates) string { return string(m.Principal) })
		}
		given := func(by domain.OrganizationID) []string {
			t.Helper()
			list := func(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Mandates], error) {
				return s.Given(ctx, by, req)
			}
			return paged(t, 1, list, func(m *domain.Mandates) string { return string(m.Agent) })
		}
		commit(t, s, puts(
			between(0, org, org3, "Öst", false), between(0, org2, org3, "Zen", true, false), between(0, org, org2, "Öst", true),
			// What else an organization has, under keys beside these.
			&domain.Organization{ID: org, Name: "Öst"}, &domain.Administrators{Organization: org}, &domain.Membership{Organization: org, Person: "usr_1"},
			&domain.Resource{Organization: org, ID: "res_1"}, &domain.Subscription{Organization: org, ID: "1"},
		))
		for _, step := range []struct {
			name     string
			write    *domain.Mandates
			received []string
		}{
			{"given", nil, []string{string(org2), string(org)}},
			{"renamed", between(1, org2, org3, "Öz", true, false), []string{string(org), string(org2)}},
			{"one of two revoked already, and now the other", between(2, org2, org3, "Öz", true, true), []string{string(org)}},
			{"given anew", between(3, org2, org3, "Aa", true, true, false), []string{string(org2), string(org)}},
			{"the other's revoked", between(1, org, org3, "Öst", true), []string{string(org2)}},
			{"all revoked", between(4, org2, org3, "Aa", true, true, true), nil},
		} {
			if step.write != nil {
				commit(t, s, puts(step.write))
			}
			if diff := cmp.Diff(step.received, received()); diff != "" {
				t.Errorf("%s: received\n%s", step.name, diff)
			}
			if diff := cmp.Diff([]string{string(org2), string(org3)}, given(org)); diff != "" {
				t.Errorf("%s: given\n%s", step.name, diff)
			}
		}
		if got := given(org3); got != nil {
			t.Errorf("given by the agent: %v", got)
		}
	})
}

func TestSubscriptionsAndServices(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var all []domain.Entity
		var want []string
		for i := range 5 {
			id := domain.NewServiceID(now.Add(time.Duration(i-5) * time.Second))
			all, want = append(all, &domain.ServiceClient{ID: id}), append(want, string(id))
			all = append(all, &domain.Subscription{Organization: org, ID: domain.SubscriptionID(fmt.Sprintf("+47 9000 000%d", i))})
		}
		all = append(all, &domain.Subscription{Organization: org2, ID: "+47 9000 0000"}) // another's of the same number
		commit(t, s, puts(all...))
		for _, n := range []int{1, 4, 5} {
			if diff := cmp.Diff(want, paged(t, n, s.Services, func(c *domain.ServiceClient) string { return string(c.ID) })); diff != "" {
				t.Errorf("services, the oldest first, in pages of %d:\n%s", n, diff)
			}
			list := func(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.Subscription], error) {
				return s.Subscriptions(ctx, org, req)
			}
			got := paged(t, n, list, func(sub *domain.Subscription) string { return string(sub.Organization) + " " + string(sub.ID) })
			slices.Sort(got)
			for i, sub := range got {
				if len(got) != 5 || sub != fmt.Sprintf("%s +47 9000 000%d", org, i) {
					t.Errorf("subscriptions in pages of %d: %q", n, got)
				}
			}
		}
	})
}

// All users are read whatever their number, and nothing else that the
// organization has beside them.
func TestAllUsersOverManyPages(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		const many = 2050 // more than two pages of what is read at once
		want := map[domain.PersonID]bool{}
		var all []domain.Entity
		for _, id := range persons(many) {
			all = append(all, &domain.Membership{Organization: org, Person: id, Card: domain.Card{FamilyName: "F"}})
			want[id] = true
		}
		all = append(all,
			&domain.Membership{Organization: org2, Person: "usr_1"}, &domain.Organization{ID: org}, &domain.Administrators{Organization: org},
			&domain.Resource{Organization: org, ID: "res_1"}, &domain.Mandates{Principal: org, Agent: org2}, &domain.Subscription{Organization: org, ID: "1"},
		)
		for part := range slices.Chunk(all, 90) {
			commit(t, s, puts(part...))
		}
		found, err := s.AllUsers(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range found {
			if !want[m.Person] {
				t.Fatalf("%s is there twice, or should not be", m.Person)
			}
			delete(want, m.Person)
		}
		if len(want) > 0 {
			t.Errorf("%d users are missing", len(want))
		}
	})
}

func TestOrganizationsByName(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var all []domain.Entity
		for i, name := range []string{"Öst", "Beta", "Åre", "alpha", "Äng", "Beta"} {
			all = append(all, &domain.Organization{ID: domain.OrganizationID(fmt.Sprintf("org_%d", i)), Name: name, Alphabet: "sv"})
		}
		commit(t, s, puts(all...))
		want := []string{"org_3", "org_1", "org_5", "org_2", "org_4", "org_0"}
		for _, n := range []int{1, 4, 6} {
			if diff := cmp.Diff(want, paged(t, n, s.Organizations, func(o *domain.Organization) string { return string(o.ID) })); diff != "" {
				t.Errorf("pages of %d:\n%s", n, diff)
			}
		}
	})
}

func TestAuditNewestFirst(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var want []string
		for i := range 5 {
			c := domain.NewChange(domain.Actor{Type: domain.ByPublic}, now.Add(time.Duration(i/2)*time.Millisecond), fmt.Sprint(i))
			c.Record(org, domain.UserCreated, domain.Subject{})
			c.Record(org, domain.UserActivated, domain.Subject{}) // of the same moment
			c.Record(org2, domain.UserRemoved, domain.Subject{})
			if i%2 == 1 {
				c.Writes = c.Writes[:0]
				c.Record(org2, domain.UserRemoved, domain.Subject{})
			} else {
				want = append(want, fmt.Sprint(domain.UserCreated, i), fmt.Sprint(domain.UserActivated, i))
			}
			commit(t, s, c)
		}
		slices.Reverse(want)
		list := func(ctx context.Context, req domain.PageRequest) (domain.Page[*domain.AuditEntry], error) {
			return s.Audit(ctx, org, domain.AuditSpan{}, req)
		}
		for _, n := range []int{1, 4, 6, 7} {
			if diff := cmp.Diff(want, paged(t, n, list, func(a *domain.AuditEntry) string { return string(a.Action) + a.RequestID })); diff != "" {
				t.Errorf("pages of %d:\n%s", n, diff)
			}
		}
	})
}

func TestDueMailByTime(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var all []domain.Entity
		for id, m := range map[string]struct {
			state domain.MailState
			after time.Duration
		}{
			"now": {domain.MailQueued, 0}, "earlier": {domain.MailQueued, -time.Hour}, "lease over": {domain.MailSending, -time.Millisecond},
			"soon": {domain.MailQueued, time.Millisecond}, "being sent": {domain.MailSending, time.Minute}, "last year": {domain.MailQueued, -365 * 24 * time.Hour},
			"sent": {domain.MailSent, -time.Hour}, "dropped": {domain.MailDropped, -time.Hour}, "dead": {domain.MailDead, -time.Hour},
			"bounced": {domain.MailBounced, -time.Hour}, "spam": {domain.MailComplained, -time.Hour}, "delivered": {domain.MailDelivered, -time.Hour},
		} {
			all = append(all, &domain.Mail{ID: domain.MailID("mai_" + id), State: m.state, NotBefore: now.Add(m.after), CreatedAt: now})
		}
		commit(t, s, puts(all...))
		due := func(at time.Time, limit int) (ids []domain.MailID) {
			for req := (domain.PageRequest{Limit: limit}); ; {
				page, err := s.DueMail(t.Context(), at, req)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, page.Items...)
				if req.After = page.Next; req.After == "" {
					return ids
				}
			}
		}
		want := []domain.MailID{"mai_last year", "mai_earlier", "mai_lease over", "mai_now", "mai_soon", "mai_being sent"}
		if diff := cmp.Diff(want[:4], due(now, 100)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[:4], due(now.In(time.FixedZone("", 3600)).Add(999*time.Microsecond), 100)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[:4], due(now, 3)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, due(now.Add(time.Hour), 100)); diff != "" {
			t.Error(diff)
		}
		for shelf, want := range map[domain.MailShelf][]domain.MailID{
			domain.MailsDue: want, domain.MailsDead: {"mai_dead"}, domain.MailsUndelivered: {"mai_bounced", "mai_spam"}, domain.MailsAside: nil,
		} {
			page, err := s.MailsOn(t.Context(), shelf, domain.PageRequest{Limit: 100})
			if diff := cmp.Diff(want, page.Items); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", shelf, err, diff)
			}
		}
		// What has been sent is not due any more.
		i := slices.IndexFunc(all, func(e domain.Entity) bool { return e.(*domain.Mail).ID == "mai_now" })
		sent := *all[i].(*domain.Mail)
		sent.Version, sent.State = 1, domain.MailSent
		commit(t, s, puts(&sent))
		if diff := cmp.Diff(want[:3], due(now, 100)); diff != "" {
			t.Error(diff)
		}
	})
}

// Places come in the person's own order, and only those that are whole.
func TestPlaces(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		p := &domain.Person{ID: domain.NewPersonID()}
		var all []domain.Entity
		for i := range domain.MaxMemberships {
			id := domain.NewOrganizationID(now.Add(-time.Duration(i) * time.Second))
			p.Organizations = append(p.Organizations, id)
			if i != 3 { // left: no membership
				all = append(all, &domain.Membership{Organization: id, Person: p.ID})
			}
			if i != 7 { // gone: no organization
				all = append(all, &domain.Organization{ID: id})
			}
		}
		all = append(all, &domain.Membership{Organization: org, Person: p.ID}, &domain.Organization{ID: org}) // not theirs
		commit(t, s, puts(all...))
		places, err := s.Places(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		var got []domain.OrganizationID
		for _, place := range places {
			if place.Membership.Organization != place.Organization.ID || place.Membership.Person != p.ID {
				t.Errorf("%+v", place)
			}
			got = append(got, place.Organization.ID)
		}
		want := slices.Concat(p.Organizations[:3], p.Organizations[4:7], p.Organizations[8:])
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSessionsNewestFirst(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		p, other := &domain.Person{ID: domain.NewPersonID(), Home: org}, &domain.Person{ID: domain.NewPersonID(), Home: org}
		var want []domain.SessionID
		at := now
		for _, n := range []int{60, 45} {
			c := domain.NewChange(domain.Actor{Type: domain.ByPublic}, at, "")
			for range n {
				c.At = c.At.Add(time.Millisecond)
				session, _ := c.Open(p, "")
				want = append(want, session.ID)
			}
			c.Open(other, "")
			commit(t, s, c)
			at = c.At
		}
		slices.Reverse(want)
		sessions, err := s.Sessions(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []domain.SessionID
		for _, session := range sessions {
			got = append(got, session.ID)
		}
		if diff := cmp.Diff(want[:100], got); diff != "" {
			t.Error(diff)
		}
	})
}

// Where a thing is, what lists it and when it may be forgotten: keys are
// stored, and permissions are cut to their prefixes.
func TestRows(t *testing.T) {
	t.Parallel()
	w := everything()
	w.person.ID, w.membership.Person, w.session.Person, w.session.ID = "usr_1", "usr_1", "usr_1", "ses_1"
	w.activation.Person, w.reset.Person, w.mail.Person, w.mail.ID, w.audit.ID = "usr_1", "usr_1", "usr_1", "mai_1", "aud_1"
	w.change.Person, w.undo.Person = "usr_1", "usr_1"
	w.removed.Person, w.resource.ID, w.service.ID = "usr_2", "res_1", "svc_1"
	w.removed.Agenda.Next = time.Time{}
	ended := *w.mandates
	ended.Items = slices.Clone(ended.Items)
	ended.Items[1].RevokedAt = now
	sent, stranger := *w.mail, *w.attempts
	sent.State, stranger.Known = domain.MailSent, false
	const o = "ORG#" + string(org)
	day := 24 * time.Hour
	byName := func(pk, sk string) map[table.Index]table.Key {
		return map[table.Index]table.Key{table.ByName: {PK: pk, SK: sk}}
	}
	user := row{key: table.Key{PK: o, SK: "USER#usr_1"}, index: byName(o, i18n.SortKey("sv", "Åkesson", "Aino-Liisa")+"#usr_1")}
	user.index[table.ByTime] = table.Key{PK: "AGENDA#4", SK: "2026-11-02T10:00:00.123Z#" + string(org) + "#usr_1"}
	mandates := table.Key{PK: "ORG#" + string(org2), SK: "MANDATES#" + string(org)}
	activation := row{key: table.Key{PK: "PERSON#usr_1", SK: "LINK#activation#" + string(org)}, expires: now.Add(time.Hour + day)}
	for name, test := range map[string]struct {
		entity domain.Entity
		want   row
	}{
		"person": {w.person, row{key: table.Key{PK: "PERSON#usr_1", SK: "PERSON"}}},
		// SHA-256 of the address
		"e-mail":            {w.email, row{key: table.Key{PK: "EMAIL#01ca3e0e71ee1fc1757b410ffe3f2ffbed2a51562d95d0a2ef0836ad0b651797", SK: "EMAIL"}, expires: now.Add(time.Hour)}},
		"e-mail for good":   {&domain.EmailClaim{Email: w.email.Email}, row{key: table.Key{PK: "EMAIL#01ca3e0e71ee1fc1757b410ffe3f2ffbed2a51562d95d0a2ef0836ad0b651797", SK: "EMAIL"}}},
		"membership":        {w.membership, user},
		"sign-in":           {domain.SignInMark{Membership: w.membership}, user},
		"resealed":          {domain.Resealed{Membership: w.membership}, user},
		"planned":           {domain.Planned{Membership: w.membership}, user},
		"digest":            {w.digest, row{key: table.Key{PK: "DIGEST#" + string(org), SK: "2026-11-02"}, expires: time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)}},
		"run":               {w.run, row{key: table.Key{PK: "JOB#job-1", SK: "RUN"}}},
		"organization":      {w.organization, row{key: table.Key{PK: o, SK: "ORG"}, index: byName("ORGS", i18n.SortKey("sv", "Esimerkki Oy")+"#"+string(org))}},
		"business":          {w.business, row{key: table.Key{PK: "BUSINESS#FI#9999999-2", SK: "BUSINESS"}}},
		"administrators":    {w.administrators, row{key: table.Key{PK: o, SK: "ADMINS"}}},
		"session":           {w.session, row{key: table.Key{PK: "SESSION#usr_1", SK: "ses_1"}, expires: now.Add(domain.SessionAbsolute)}},
		"activation":        {w.activation, activation},
		"sealed":            {domain.Sealed{Link: w.activation}, activation},
		"reset":             {w.reset, row{key: table.Key{PK: "PERSON#usr_1", SK: "LINK#password-reset"}, expires: now.Add(time.Hour + day)}},
		"change of address": {w.change, row{key: table.Key{PK: "PERSON#usr_1", SK: "LINK#email-change"}, expires: now.Add(time.Hour + day)}},
		"its undoing":       {w.undo, row{key: table.Key{PK: "PERSON#usr_1", SK: "LINK#email-undo"}, expires: now.Add(time.Hour + day)}},
		"mail": {w.mail, row{
			key: table.Key{PK: "MAIL#mai_1", SK: "mai_1"}, expires: now.Add(30 * day),
			index: map[table.Index]table.Key{
				table.ByTime: {PK: "MAIL#DUE", SK: "2026-11-02T09:01:00.123Z#mai_1"}, table.ByName: {PK: "PERSON#usr_1#MAIL", SK: "mai_1"},
			},
		}},
		"sent mail": {&sent, row{key: table.Key{PK: "MAIL#mai_1", SK: "mai_1"}, expires: now.Add(30 * day), index: byName("PERSON#usr_1#MAIL", "mai_1")}},
		"audit": {w.audit, row{
			key:   table.Key{PK: "AUDIT#" + string(org), SK: "aud_1"},
			index: map[table.Index]table.Key{table.ByTime: {PK: "AUDIT#DAY#2026-11-02#2", SK: "2026-11-02T09:00:00.123Z#aud_1"}},
		}},
		"seal":          {w.seal, row{key: table.Key{PK: "SEAL#" + string(org), SK: "000000000007"}}},
		"chain":         {w.chain, row{key: table.Key{PK: "SEAL#" + string(org), SK: "CHAIN"}}},
		"sweep":         {w.sweep, row{key: table.Key{PK: "SEAL#SWEEP", SK: "SWEEP"}}},
		"erasure":       {w.erasure, row{key: table.Key{PK: "ERASED", SK: "usr_4"}}},
		"attempts":      {w.attempts, row{key: table.Key{PK: "ATTEMPTS#sign-in/1", SK: "ATTEMPTS"}, expires: now.Add(30 * day)}},
		"of a stranger": {&stranger, row{key: table.Key{PK: "ATTEMPTS#sign-in/1", SK: "ATTEMPTS"}, expires: now.Add(day)}},
		"receipt":       {w.receipt, row{key: table.Key{PK: "RECEIPT#key", SK: "RECEIPT"}, expires: now.Add(time.Hour)}},
		"removed":       {w.removed, row{key: table.Key{PK: o, SK: "USER#usr_2"}, index: byName(o+"#REMOVED", i18n.SortKey("sv", "Åkesson", "Aino-Liisa")+"#usr_2")}},
		"resource":      {w.resource, row{key: table.Key{PK: o, SK: "RES#res_1"}, index: byName(o+"#RES#worksite", i18n.SortKey("sv", w.resource.Name, w.resource.Reference)+"#res_1")}},
		"reference":     {w.reference, row{key: table.Key{PK: o, SK: "REF#worksite#Työmaa #7"}}},
		"mandates":      {w.mandates, row{key: mandates, index: byName(o+"#RECEIVED", i18n.SortKey("sv", "Asiakas Oy")+"#"+string(org2))}},
		"ended mandate": {&ended, row{key: mandates}},
		// SHA-256 of the number
		"subscription": {w.subscription, row{key: table.Key{PK: o, SK: "SUB#d41d2f7475d7d4953ac320c5556699d055035af91aa09844f48f925ec450d744"}}},
		"service":      {w.service, row{key: table.Key{PK: "SERVICES", SK: "svc_1"}}},
		"signing":      {w.signing, row{key: table.Key{PK: "SIGNING", SK: "SIGNING"}}},
	} {
		got, err := rowOf(test.entity)
		if err != nil {
			t.Fatal(err)
		}
		got.record = nil
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(row{})); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

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
			return s.Audit(ctx, org, req)
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
		} {
			all = append(all, &domain.Mail{ID: domain.MailID("mai_" + id), State: m.state, NotBefore: now.Add(m.after), CreatedAt: now})
		}
		commit(t, s, puts(all...))
		due := func(at time.Time, limit int) (ids []domain.MailID) {
			mails, err := s.DueMail(t.Context(), at, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mails {
				ids = append(ids, m.ID)
			}
			return ids
		}
		want := []domain.MailID{"mai_last year", "mai_earlier", "mai_lease over", "mai_now", "mai_soon", "mai_being sent"}
		if diff := cmp.Diff(want[:4], due(now, 100)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[:4], due(now.In(time.FixedZone("", 3600)).Add(999*time.Microsecond), 100)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[:2], due(now, 2)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, due(now.Add(time.Hour), 100)); diff != "" {
			t.Error(diff)
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
	w.activation.Person, w.reset.Person, w.mail.ID, w.audit.ID = "usr_1", "usr_1", "mai_1", "aud_1"
	sent, stranger := *w.mail, *w.attempts
	sent.State, stranger.Known = domain.MailSent, false
	const o = "ORG#" + string(org)
	day := 24 * time.Hour
	byName := func(pk, sk string) map[table.Index]table.Key {
		return map[table.Index]table.Key{table.ByName: {PK: pk, SK: sk}}
	}
	user := row{key: table.Key{PK: o, SK: "USER#usr_1"}, index: byName(o, i18n.SortKey("sv", "Åkesson", "Aino-Liisa")+"#usr_1")}
	activation := row{key: table.Key{PK: "PERSON#usr_1", SK: "LINK#activation#" + string(org)}, expires: now.Add(time.Hour + day)}
	for name, test := range map[string]struct {
		entity domain.Entity
		want   row
	}{
		"person": {w.person, row{key: table.Key{PK: "PERSON#usr_1", SK: "PERSON"}}},
		// SHA-256 of the address
		"e-mail":         {w.email, row{key: table.Key{PK: "EMAIL#01ca3e0e71ee1fc1757b410ffe3f2ffbed2a51562d95d0a2ef0836ad0b651797", SK: "EMAIL"}}},
		"membership":     {w.membership, user},
		"sign-in":        {domain.SignInMark{Membership: w.membership}, user},
		"organization":   {w.organization, row{key: table.Key{PK: o, SK: "ORG"}, index: byName("ORGS", i18n.SortKey("sv", "Esimerkki Oy")+"#"+string(org))}},
		"business":       {w.business, row{key: table.Key{PK: "BUSINESS#FI#9999999-2", SK: "BUSINESS"}}},
		"administrators": {w.administrators, row{key: table.Key{PK: o, SK: "ADMINS"}}},
		"session":        {w.session, row{key: table.Key{PK: "SESSION#usr_1", SK: "ses_1"}, expires: now.Add(domain.SessionAbsolute)}},
		"activation":     {w.activation, activation},
		"sealed":         {domain.Sealed{Link: w.activation}, activation},
		"reset":          {w.reset, row{key: table.Key{PK: "PERSON#usr_1", SK: "LINK#password-reset"}, expires: now.Add(time.Hour + day)}},
		"mail": {w.mail, row{
			key: table.Key{PK: "MAIL#mai_1", SK: "mai_1"}, expires: now.Add(30 * day),
			index: map[table.Index]table.Key{table.ByTime: {PK: "MAIL#DUE", SK: "2026-11-02T09:01:00.123Z#mai_1"}},
		}},
		"sent mail":     {&sent, row{key: table.Key{PK: "MAIL#mai_1", SK: "mai_1"}, expires: now.Add(30 * day)}},
		"audit":         {w.audit, row{key: table.Key{PK: "AUDIT#" + string(org), SK: "aud_1"}}},
		"attempts":      {w.attempts, row{key: table.Key{PK: "ATTEMPTS#sign-in/1", SK: "ATTEMPTS"}, expires: now.Add(30 * day)}},
		"of a stranger": {&stranger, row{key: table.Key{PK: "ATTEMPTS#sign-in/1", SK: "ATTEMPTS"}, expires: now.Add(day)}},
		"receipt":       {w.receipt, row{key: table.Key{PK: "RECEIPT#key", SK: "RECEIPT"}, expires: now.Add(time.Hour)}},
		"signing":       {w.signing, row{key: table.Key{PK: "SIGNING", SK: "SIGNING"}}},
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

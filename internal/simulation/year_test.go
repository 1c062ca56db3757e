package simulation

import (
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

// year is one that passes.
type year struct {
	*world
	models  []*model
	mails   map[line]int
	digests map[domain.DigestRef]map[domain.DigestItem]int
	last    time.Time // run that was finished
	killed  int
	again   int // mails that were being sent when their sending was killed
}

func newYear(tb testing.TB, members, terms, organizations int) *year {
	y := &year{
		world: newWorld(tb, organizations), mails: map[line]int{}, digests: map[domain.DigestRef]map[domain.DigestItem]int{}, last: start,
	}
	y.crowd(members - terms)
	c := y.change()
	for i := range terms {
		org := y.customer(i)
		m := &model{org: org, zone: org.Zone(), days: y.profile.Policies.Reminders, told: map[domain.Date][]int{}}
		var v domain.Validity
		silent := i%20 == 0 // asked in, and never comes
		if !silent {
			v = y.draw()
		}
		member := y.member(org, "user", v)
		if silent {
			member.ActivatedAt, member.Agenda.InvitedAt = time.Time{}, y.now
			member.Plan(y.profile, m.zone)
			m.asked = y.now
		}
		m.who, m.term, m.from, m.to = member.Person, v.Type == domain.FixedTerm, v.From, v.To
		m.says(y.now)
		y.models = append(y.models, m)
		y.put(c, member)
		if len(c.Writes) == 90 || i == terms-1 {
			y.commit(c)
			c = y.change()
		}
	}
	return y
}

// draw is a fixed term that is not over.
func (y *year) draw() domain.Validity {
	from := y.now.AddDate(0, 0, y.random.IntN(200)-150)
	to := y.now.AddDate(0, 0, y.random.IntN(200))
	if to.Before(from) {
		to = from
	}
	return domain.Validity{Type: domain.FixedTerm, From: domain.Date(from.Format(time.DateOnly)), To: domain.Date(to.Format(time.DateOnly))}
}

// hour is a run, killed or not, and the mails that it gives.
func (y *year) hour() {
	y.Helper()
	busy := 0
	for _, m := range y.models {
		mails, entries := m.due(y.now, y.last)
		for _, l := range mails {
			y.mails[l]++
		}
		for _, e := range entries {
			ref := domain.DigestRef{Organization: e.item.Organization, Day: e.leaves}
			if y.digests[ref] == nil {
				y.digests[ref] = map[domain.DigestItem]int{}
			}
			y.digests[ref][e.item]++
		}
		busy += len(mails) + len(entries)
	}
	y.last = y.now
	if busy > 0 {
		for range y.random.IntN(3) {
			y.killed++
			y.broken(1+y.random.IntN(10+4*busy), func() error { return y.run(1 + y.random.IntN(2)) })
			y.now = y.now.Add(2*time.Minute + time.Second) // the lease of who was killed
		}
		if y.random.IntN(4) == 0 {
			if err := y.run(3); err != nil {
				y.Fatal(err)
			}
		}
	}
	for range 1 + y.random.IntN(9)/8 { // now and then it is started twice
		if err := y.run(1); err != nil {
			y.Fatal(err)
		}
	}
	if y.random.IntN(20) == 0 {
		before := len(y.sent)
		y.broken(1+y.random.IntN(12), y.dispatch)
		if len(y.sent) > before {
			y.again++
		}
		y.now = y.now.Add(domain.MailLease)
	}
	if err := y.dispatch(); err != nil {
		y.Fatal(err)
	}
}

// edit is something that an administrator does to somebody.
func (y *year) edit() {
	y.Helper()
	m := y.models[y.random.IntN(len(y.models))]
	if !m.asked.IsZero() {
		return
	}
	s, err := y.store.Load(y.Context(), domain.Want{Organization: m.org.ID, User: m.who, Administrators: true, Link: domain.LinkRef{
		Person: m.who, Purpose: domain.ForActivation, Organization: m.org.ID,
	}})
	if err != nil {
		y.Fatal(err)
	}
	var admin domain.Place
	for i, org := range y.orgs {
		if org.ID == m.org.ID {
			admin = domain.Place{Membership: y.admins[i], Organization: org}
		}
	}
	s.Caller = &domain.Caller{Person: &domain.Person{ID: admin.Membership.Person}, Home: admin, Here: admin}
	c := domain.NewChange(domain.Actor{Type: domain.ByPerson, ID: string(admin.Membership.Person)}, y.now, "test")
	set := func(v domain.Validity) {
		if _, err := domain.SetValidity(y.Context(), y.store, c, s, y.profile, v); err != nil {
			y.Fatal(err)
		}
		m.locked, m.term = v.Type == domain.Locked, v.Type == domain.FixedTerm
		if m.term {
			m.from, m.to = v.From, v.To
			if !y.now.Before(day(m.to, 1, m.zone)) {
				m.ended = m.to // who sets a day that has passed knows
			}
		}
	}
	was := s.Membership.Validity
	switch n := y.random.IntN(10); {
	case m.removed:
		next, _, err := domain.RestoreUser(y.Context(), y.store, c, s, y.profile)
		if err != nil {
			y.Fatal(err)
		}
		next.ActivatedAt = y.now // they come at once
		next.Plan(y.profile, m.zone)
		m.removed = false
	case m.locked || n < 5:
		set(y.draw())
	case n < 7 && was.Type == domain.FixedTerm:
		was.To = max(was.From, domain.Date(day(was.To, y.random.IntN(60)-20, time.UTC).Format(time.DateOnly)))
		if was.To == m.to {
			return
		}
		set(was)
	case n < 8:
		set(domain.Validity{Type: domain.Locked})
	case n < 9:
		if err := domain.RemoveUser(y.Context(), y.store, c, s, y.profile); err != nil {
			y.Fatal(err)
		}
		m.removed = true
	default:
		set(domain.Validity{Type: domain.Indefinite})
	}
	if c.Empty() {
		return
	}
	m.says(y.now)
	if err := y.store.Commit(y.Context(), c); err != nil {
		y.Fatal(err)
	}
}

// pass lets days pass.
func (y *year) pass(days, edits int) {
	y.Helper()
	perHour := float64(edits) / float64(days*12)
	owed, out := 0.0, 0
	for hour := 1; hour <= days*24; hour++ {
		y.now = start.Add(time.Duration(hour) * time.Hour)
		if y.random.IntN(24*40) == 0 {
			out = y.random.IntN(5 * 24) // hours in which nothing runs
		}
		if out--; out >= 0 {
			continue
		}
		y.hour()
		// Nothing is edited between a midnight and the morning when its mails leave:
		// what is not so any more by then is not sent.
		if y.now.Hour() >= 9 && y.now.Hour() < 21 {
			y.now = start.Add(time.Duration(hour)*time.Hour + 40*time.Minute)
			for owed += perHour; owed >= 1; owed-- {
				y.edit()
			}
		}
	}
	// Some days more, to a noon by which the last digests have left.
	for hour := 1; hour <= 60; hour++ {
		y.now = start.Add(time.Duration(days*24+hour) * time.Hour)
		y.hour()
	}
}

// holds compares what came of the year with the models.
func (y *year) holds() {
	y.Helper()
	mails, told := map[line]int{}, map[domain.DigestRef]int{}
	y.items("MAIL#", func(item table.Item) {
		var m struct {
			ID            domain.MailID
			Kind          domain.MailKind
			State, Reason string
			Organization  domain.OrganizationID
			Person        domain.PersonID
			Day           domain.Date
		}
		if err := json.Unmarshal(item.Body, &m); err != nil {
			y.Fatal(err)
		}
		switch m.Kind {
		case domain.MailDigests, domain.MailActivation: // not a mail yet, and not the clock's
			return
		case domain.MailDigest:
			told[domain.DigestRef{Organization: m.Organization, Day: m.Day}]++
		default:
			mails[line{m.Kind, m.Organization, m.Person, m.Day}]++
		}
		if m.State != "sent" || y.sent[m.ID] == 0 {
			y.Errorf("%s of %s to %s: %s, %s", m.Kind, m.Day, m.Person, m.State, m.Reason)
		}
	})
	if diff := cmp.Diff(y.mails, mails); diff != "" {
		y.Errorf("mails (-want +got):\n%s", diff)
	}
	twice := 0
	for _, n := range y.sent {
		if n > 1 {
			twice += n - 1
		}
	}
	if twice > y.again {
		y.Errorf("%d mails were sent twice, and only %d sendings broken off", twice, y.again)
	}

	// Each digest has its lines once, and goes to each administrator once.
	stored := 0
	y.items("DIGEST#", func(table.Item) { stored++ })
	if stored != len(y.digests) {
		y.Errorf("%d digests, want %d", stored, len(y.digests))
	}
	for ref, want := range y.digests {
		s, err := y.store.Load(y.Context(), domain.Want{Digests: []domain.DigestRef{ref}})
		if err != nil {
			y.Fatal(err)
		}
		got := map[domain.DigestItem]int{}
		if d := s.Digests[ref]; d != nil {
			for _, item := range d.Items {
				got[item]++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			y.Errorf("the digest of %s on %s (-want +got):\n%s", ref.Organization, ref.Day, diff)
		}
		if told[ref] != 1 {
			y.Errorf("the digest of %s on %s has become %d mails", ref.Organization, ref.Day, told[ref])
		}
	}

	ends, expired := 0, 0
	for _, m := range y.models {
		ends += m.ends
		s, err := y.store.Load(y.Context(), domain.Want{Organization: m.org.ID, User: m.who})
		if err != nil {
			y.Fatal(err)
		}
		again := *s.Membership
		again.Plan(y.profile, m.zone)
		if diff := cmp.Diff(again.Agenda, s.Membership.Agenda); diff != "" {
			y.Errorf("%s is not planned as it is:\n%s", m.who, diff)
		}
		if next := again.Agenda.Next; !next.IsZero() && !next.After(y.now) {
			y.Errorf("%s is due since %v", m.who, next)
		}
		if got := s.User.Security; got != int64(1+m.ends) {
			y.Errorf("the sessions of %s have ended %d times, want %d", m.who, got-1, m.ends)
		}
	}
	for _, org := range y.orgs {
		for req := (domain.PageRequest{Limit: 1000}); ; {
			page, err := y.store.Audit(y.Context(), org.ID, domain.AuditSpan{}, req)
			if err != nil {
				y.Fatal(err)
			}
			for _, e := range page.Items {
				if e.Action == domain.UserExpired {
					expired++
				}
			}
			if req.After = page.Next; req.After == "" {
				break
			}
		}
	}
	if expired != ends {
		y.Errorf("%d ends in the audit, want %d", expired, ends)
	}
	page, err := y.store.Aside(y.Context(), domain.PageRequest{Limit: 10})
	if err != nil || len(page.Items) > 0 {
		y.Errorf("put aside: %v, %v", page.Items, err)
	}
	if y.killed == 0 || ends == 0 || len(y.digests) == 0 {
		y.Errorf("nothing has happened: %d killed, %d ends, %d digests", y.killed, ends, len(y.digests))
	}
}

// A year of hourly runs, with moved dates, kills at any call, runs at the same
// time and days without one: each thing is told exactly once.
func TestXG9_XG10_XG11_XG15_XF12_AYear(t *testing.T) {
	t.Parallel()
	y := newYear(t, 10_000, 300, 20)
	y.pass(366, 1_200)
	y.holds()
	t.Logf("%d mails, %d digests, %d runs killed", len(y.mails), len(y.digests), y.killed)
}

// cost is what a run reads and writes on a day on which 50 of so many memberships
// end, and an hour later, when none does.
func cost(tb testing.TB, members int) (day, idle tabletest.Counts, took time.Duration) {
	w := newWorld(tb, 10)
	w.crowd(members - 50)
	c := w.change()
	for i := range 50 {
		m := w.member(w.customer(i), "user", domain.Validity{Type: domain.FixedTerm, From: "2027-08-01", To: "2027-09-04"})
		m.Agenda.Reminded = domain.Reminder{To: "2027-09-04", Days: 0}
		m.Plan(w.profile, w.customer(i).Zone())
		w.put(c, m)
		if len(c.Writes) >= 90 || i == 49 {
			w.commit(c)
			c = w.change()
		}
	}
	measure := func() tabletest.Counts {
		w.count.Reset()
		begin := time.Now()
		if err := w.run(1); err != nil {
			tb.Fatal(err)
		}
		took = max(took, time.Since(begin))
		return w.count.Counts()
	}
	w.now = time.Date(2027, 9, 4, 22, 0, 0, 0, time.UTC) // midnight everywhere
	day = measure()
	w.now = w.now.Add(time.Hour)
	return day, measure(), took
}

// A run costs what is due, never what there is.
func TestARunCostsWhatIsDue(t *testing.T) {
	t.Parallel()
	few, none, _ := cost(t, 1_000)
	many, idle, _ := cost(t, 20_000)
	if diff := cmp.Diff(none, idle); diff != "" {
		t.Errorf("with nothing due, of 1,000 and of 20,000:\n%s", diff)
	}
	if idle.ItemsQueried != 0 || idle.Ops > 2 {
		t.Errorf("a run with nothing due: %+v", idle)
	}
	within(t, few, many)
	t.Logf("50 due: %+v; nothing due: %+v", many, idle)
}

// within demands that two runs cost the same, by a tenth.
func within(tb testing.TB, a, b tabletest.Counts) {
	tb.Helper()
	for name, n := range map[string][2]int{
		"reads": {a.Gets + a.Queries, b.Gets + b.Queries}, "items read": {a.ItemsGot + a.ItemsQueried, b.ItemsGot + b.ItemsQueried},
		"transactions": {a.Transacts, b.Transacts}, "operations": {a.Ops, b.Ops},
	} {
		if 10*max(n[0], n[1]) > 11*min(n[0], n[1]) {
			tb.Errorf("%s: %d and %d", name, n[0], n[1])
		}
	}
}

// One run in 10,000 memberships and in 1,000,000.
func BenchmarkARunInAMillion(b *testing.B) {
	for b.Loop() {
		few, none, _ := cost(b, 10_000)
		many, idle, took := cost(b, 1_000_000)
		within(b, few, many)
		within(b, none, idle)
		b.ReportMetric(float64(many.ItemsGot+many.ItemsQueried), "items/50-due")
		b.ReportMetric(float64(idle.Gets+idle.Queries), "reads/idle")
		b.ReportMetric(float64(took.Milliseconds()), "ms/50-due")
	}
}

// The year of a million memberships.
func BenchmarkAYearOfAMillion(b *testing.B) {
	for b.Loop() {
		begin := time.Now()
		y := newYear(b, 1_000_000, 20_000, 1_000)
		made := time.Since(begin)
		y.pass(366, 60_000)
		y.holds()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		b.ReportMetric(made.Minutes(), "min/making")
		b.ReportMetric(time.Since(begin).Minutes(), "min")
		b.ReportMetric(float64(memory.Sys>>20), "MB-of-Go")
		b.Logf("%d mails, %d digests, %d runs killed", len(y.mails), len(y.digests), y.killed)
	}
}

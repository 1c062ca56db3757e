package domain

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// calendars are zones whose days the tests of time are about: those of the
// customers, one whose clock used to jump over midnight, and one whose still does.
var calendars = []string{"Europe/Helsinki", "Europe/Stockholm", "Europe/Oslo", "Europe/Mariehamn", "America/Sao_Paulo", "Africa/Cairo"}

func drawZone(t *rapid.T, names []string) *time.Location {
	z, err := time.LoadLocation(rapid.SampledFrom(names).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// drawDay is a day of which plain random ones are too rarely: where the clock
// changes, leap days, and the ends of months and years.
func drawDay(t *rapid.T, z *time.Location) Date {
	year := rapid.IntRange(1996, 2036).Draw(t, "year")
	noon := func(month time.Month, day int) time.Time { return time.Date(year, month, day, 12, 0, 0, 0, z) }
	var days []time.Time
	switch rapid.IntRange(0, 5).Draw(t, "kind of day") {
	case 0, 1:
		for day := noon(1, 1); day.Year() == year; day = day.AddDate(0, 0, 1) {
			_, before := day.AddDate(0, 0, -1).Zone()
			if _, offset := day.Zone(); offset != before {
				days = append(days, day.AddDate(0, 0, -1), day, day.AddDate(0, 0, 1))
			}
		}
	case 2:
		days = []time.Time{noon(2, 28), noon(2, 29), noon(3, 1)}
	case 3:
		days = []time.Time{noon(12, 30), noon(12, 31), noon(1, 1)}
	case 4:
		days = []time.Time{noon(time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 0)}
	}
	if len(days) == 0 {
		days = []time.Time{noon(1, rapid.IntRange(1, 365).Draw(t, "day of the year"))}
	}
	return Date(rapid.SampledFrom(days).Draw(t, "day").Format(time.DateOnly))
}

// midnight is when a day begins by the clock on the wall, looked at every quarter
// of an hour: no zone's clock changes in between.
func midnight(day Date, z *time.Location) time.Time {
	utc, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		panic(err)
	}
	for at := utc.Add(-15 * time.Hour); ; at = at.Add(15 * time.Minute) {
		if at.In(z).Format(time.DateOnly) >= string(day) {
			return at
		}
	}
}

// later is the day so many days later, counted one by one on a calendar of its own.
func later(day Date, n int) Date {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		panic(err)
	}
	return Date(t.Add(time.Duration(n) * 24 * time.Hour).Format(time.DateOnly)) // in UTC every day has 24 hours
}

// A term holds from the first moment of its first day to the last second of its
// last, whatever the clock does on those days.
func TestXG3_ATermIsOfCalendarDays(t *testing.T) {
	t.Parallel()
	holds := func(t rapid.TB, z *time.Location, from Date, days int) {
		v := Validity{Type: FixedTerm, From: from, To: later(from, days)}
		begin, end := midnight(v.From, z), midnight(later(v.To, 1), z)
		if got := v.From.Start(z); !got.Equal(begin) {
			t.Errorf("%s begins at %v, want %v", v.From, got, begin)
		}
		if got := v.To.days(1).Start(z); !got.Equal(end) {
			t.Errorf("%s ends at %v, want %v", v.To, got, end)
		}
		for _, c := range []struct {
			at   time.Time
			want standing
		}{{begin.Add(-time.Second), notYet}, {begin, valid}, {end.Add(-time.Second), valid}, {end, over}} {
			if got := v.at(c.at, z); got != c.want {
				t.Errorf("%+v in %v at %v: %d, want %d", v, z, c.at, got, c.want)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		z := drawZone(t, calendars)
		holds(t, z, drawDay(t, z), rapid.SampledFrom([]int{0, 0, 1, 30, 365}).Draw(t, "days"))
	})
	lengths := map[time.Duration]int{}
	for _, name := range calendars {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for day := Date("2028-01-01"); day < "2029-01-01"; day = later(day, 1) {
			lengths[midnight(later(day, 1), z).Sub(midnight(day, z))]++
			holds(t, z, day, 0)
		}
	}
	for _, hours := range []time.Duration{23, 24, 25} {
		if lengths[hours*time.Hour] == 0 {
			t.Errorf("no day of %d hours: %v", hours, lengths)
		}
	}
}

// noStore is of people who have one organization, and whose links are gone.
type noStore struct{ Store }

func (noStore) Load(context.Context, Want) (*Scene, error) { return &Scene{}, nil }

// told is something that the clock has told, as the decision page has it.
type told struct {
	what OccasionKind
	day  Date // the last
	days int  // before it
}

// life is a membership in the hands of administrators and of the clock, with
// what was done of late, in words of its own.
type life struct {
	rapid.TB
	profile *Profile
	member  Membership
	zone    *time.Location
	now     time.Time
	zones   []*time.Location // since it was planned: the clock may come by any of them
	set     time.Time        // when the validity was
	told    map[told]bool
	ended   Date // the last day whose end was told last
}

// run is a run of the job, to which the index shows the membership if it is due.
func (l *life) run() {
	if next := l.member.Agenda.Next; next.IsZero() || next.After(l.now) {
		return
	}
	c := NewChange(Actor{Type: ByJob, ID: "test"}, l.now, "")
	org := &Organization{ID: "org_test", TimeZone: l.zone.String()}
	scene := &Scene{Organization: org, Membership: &l.member, User: &Person{ID: l.member.Person}, Administrators: &Administrators{}}
	if err := attend(context.Background(), noStore{}, c, scene, l.profile, org); err != nil {
		l.Fatal(err)
	}
	var mails []*Mail
	for _, w := range c.Writes {
		switch e := w.Entity.(type) {
		case Planned:
			l.member = *e.Membership
		case *Mail:
			if e.Kind != MailDigests {
				mails = append(mails, e)
			}
		}
	}
	for _, m := range mails {
		l.tell(m)
	}
	l.zones = []*time.Location{l.zone}
	if next := l.member.Agenda.Next; !next.IsZero() && !next.After(l.now) {
		l.Fatalf("after the run of %v the clock has to come at %v", l.now, next)
	}
}

// tell holds what is told against what may be.
func (l *life) tell(m *Mail) {
	v := l.member.Validity
	if !l.member.RemovedAt.IsZero() || v.Type != FixedTerm {
		l.Fatalf("%s is told of somebody who is removed, locked or without an end: %+v", m.Kind, l.member)
	}
	over := !l.now.Before(midnight(later(v.To, 1), l.zone))
	switch m.Kind {
	case MailEnded:
		if !over || m.Day != v.To || l.ended == v.To {
			l.Fatalf("at %v the end of %s is told, of %+v; the last was of %s", l.now, m.Day, v, l.ended)
		}
		l.ended = v.To
	case MailEnding:
		days := l.member.Agenda.Reminded.Days
		begun := midnight(later(v.To, -days), l.zone)
		this := told{Ending, m.Day, days}
		if over || m.Day != v.To || l.told[this] || l.now.Before(begun) || !begun.After(l.set) || !begun.After(midnight(v.From, l.zone)) {
			l.Fatalf("at %v %d days before %s are told of, of %+v set at %v", l.now, days, m.Day, v, l.set)
		}
		for _, fewer := range l.profile.Policies.Reminders {
			if fewer < days && (l.told[told{Ending, m.Day, fewer}] || !l.now.Before(midnight(later(v.To, -fewer), l.zone))) {
				l.Fatalf("at %v %d days before %s are told of, though %d were or are to be", l.now, days, m.Day, fewer)
			}
		}
		l.told[this] = true
	case MailBegun:
		if this := (told{Begins, v.From, 0}); over || l.now.Before(midnight(v.From, l.zone)) || m.Day != v.From {
			l.Fatalf("at %v %v is told of, of %+v", l.now, this, v)
		}
	default:
		l.Fatalf("%s is told of somebody who has come", m.Kind)
	}
}

// owed demands, after a run, that whatever had become due while the date stood
// was told, and that the clock comes back in time for the rest.
func (l *life) owed() {
	v := l.member.Validity
	if !l.member.RemovedAt.IsZero() || v.Type != FixedTerm {
		if !l.member.Agenda.Next.IsZero() {
			l.Fatalf("the clock is to come at %v to %+v", l.member.Agenda.Next, l.member)
		}
		return
	}
	// Where the zone was changed, the clock may come by either midnight.
	midnights := func(day Date) (all []time.Time) {
		for _, z := range l.zones {
			all = append(all, midnight(day, z))
		}
		return all
	}
	earliest := func(day Date) time.Time { return slices.MinFunc(midnights(day), time.Time.Compare) }
	latest := func(day Date) time.Time { return slices.MaxFunc(midnights(day), time.Time.Compare) }
	next := func(at time.Time) {
		if n := l.member.Agenda.Next; len(l.zones) == 1 && (n.IsZero() || n.After(at)) {
			l.Fatalf("at %v the clock is to come at %v, want %v at the latest: %+v", l.now, n, at, l.member)
		}
	}
	end := latest(later(v.To, 1))
	switch {
	case l.ended == v.To:
		return
	case !l.now.Before(end):
		l.Fatalf("at %v nobody has told of the end of %s", l.now, v.To)
	}
	next(end)
	if first := midnight(v.From, l.zone); first.After(l.now) && first.After(l.set) {
		next(first)
	}
	fewest := slices.Min(append([]int{1 << 20}, l.reminded()...))
	for _, days := range l.profile.Policies.Reminders {
		day := later(v.To, -days)
		at := latest(day)
		if days >= fewest || !earliest(day).After(l.set) || !at.After(latest(v.From)) {
			continue
		}
		if at.After(l.now) {
			next(at)
			continue
		}
		if !l.now.Before(midnight(later(v.To, 1), l.zone)) {
			continue // the clock comes for the end, by the old zone
		}
		l.Fatalf("at %v nobody has told of %d days before %s, set at %v: %+v", l.now, days, v.To, l.set, l.member)
	}
}

// reminded are the days before the last day that now stands, of which was told.
func (l *life) reminded() (days []int) {
	for one := range l.told {
		if one.what == Ending && one.day == l.member.Validity.To {
			days = append(days, one.days)
		}
	}
	return days
}

// lasts sets the validity, as an administrator does.
func (l *life) lasts(v Validity) {
	if l.member.Validity == v {
		return
	}
	if v.Type != FixedTerm || v.To != l.member.Validity.To {
		l.ended = l.member.Agenda.Ended
	}
	l.member.Validity = v
	l.member.planValidity(l.profile, l.zone, l.now)
	if v.Type == FixedTerm && !l.now.Before(midnight(later(v.To, 1), l.zone)) {
		l.ended = v.To // who sets a day that has passed knows
	}
	l.set, l.zones = l.now, []*time.Location{l.zone}
}

func (l *life) today() Date { return Date(l.now.In(l.zone).Format(time.DateOnly)) }

// Whatever is moved, locked, removed and brought back, and however late the
// runs are: of a last day each reminder comes once at most, none is missed that
// became due while the day stood, and the end is told once.
func TestXG3_XG11_XG15_WhatIsDueIsToldOnce(t *testing.T) {
	t.Parallel()
	seen := map[told]int{}
	for _, name := range calendars {
		home := zone(t, name)
		rapid.Check(t, func(t *rapid.T) { live(t, home, seen) })
	}
	for _, one := range []told{{what: Ending, days: 30}, {what: Ending, days: 14}, {what: Ending, days: 3}, {what: Ends}} {
		if seen[one] == 0 {
			t.Errorf("nothing was told of %+v: %v", one, seen)
		}
	}
}

// live is a life of whatever happens, in a zone, and notes what was told in it.
func live(t *rapid.T, home *time.Location, seen map[told]int) {
	reminders := rapid.SampledFrom([][]int{{30, 14, 3}, {14}, {3, 30}, {60, 30, 14, 7, 3, 1, 0}, nil}).Draw(t, "reminders")
	l := &life{
		TB: t, profile: &Profile{Policies: Policies{FixedTerm: true, Reminders: reminders}}, told: map[told]bool{}, zone: home,
	}
	l.now = midnight(drawDay(t, l.zone), l.zone).Add(time.Duration(rapid.IntRange(-70*24, 24).Draw(t, "hours off")) * time.Hour)
	l.member = Membership{Organization: "org_test", Person: "usr_test", ActivatedAt: l.now}
	l.set, l.zones = l.now, []*time.Location{l.zone}
	l.member.planInvited(l.profile, l.zone, l.now)
	lock := Validity{Type: Locked}
	before := Validity{}
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		switch rapid.IntRange(0, 12).Draw(t, "step") {
		case 0, 1, 2, 3: // days of hourly runs
			for range 24 * rapid.SampledFrom([]int{1, 1, 3, 13, 20}).Draw(t, "days of runs") {
				l.now = l.now.Add(time.Hour)
				l.run()
				if n := l.member.Agenda.Next; !n.IsZero() && !n.After(l.now) {
					t.Fatalf("%v has passed the run of %v", n, l.now)
				}
			}
			l.owed()
		case 4, 5: // none for some time, and then one
			l.now = l.now.Add(time.Duration(rapid.SampledFrom([]int{1, 5, 23, 25, 5 * 24, 40 * 24, 200 * 24}).Draw(t, "hours without a run")) * time.Hour)
			l.run()
			l.owed()
		case 6, 7, 8:
			first := later(l.today(), rapid.SampledFrom([]int{0, -300, 1, 5}).Draw(t, "first day"))
			last := later(first, rapid.SampledFrom([]int{0, 1, 2, 3, 4, 13, 14, 15, 29, 30, 31, 32, 60, 299, 300, 301, 303, 314, 330, 331}).Draw(t, "term"))
			l.lasts(Validity{Type: FixedTerm, From: first, To: last})
		case 9: // a day that stood before, or nearly
			if v := l.member.Validity; v.Type == FixedTerm {
				v.To = max(v.From, later(v.To, rapid.SampledFrom([]int{-30, -1, 1, 7, 30}).Draw(t, "moved by")))
				l.lasts(v)
			}
		case 10:
			if l.member.Validity == lock {
				l.lasts(before)
			} else {
				before = l.member.Validity
				l.lasts(lock)
			}
		case 11:
			if l.member.RemovedAt.IsZero() {
				l.member.RemovedAt = l.now
				l.member.Plan(l.profile, l.zone)
			} else {
				l.member.RemovedAt = time.Time{}
				l.member.planInvited(l.profile, l.zone, l.now)
				l.member.ActivatedAt = l.now
				l.member.Plan(l.profile, l.zone)
				l.set = l.now
			}
			l.zones = []*time.Location{l.zone}
		case 12:
			l.zone = drawZone(t, calendars[:4])
			l.zones = append(l.zones, l.zone)
		}
	}
	for one := range l.told {
		seen[told{what: Ending, days: one.days}]++
	}
	if l.ended != "" {
		seen[told{what: Ends}]++
	}
}

// An organization gets another zone around the hour of a reminder, or of the end,
// and the old one back: what was told is not told again, and what was not comes
// by the later midnight.
func TestXG4_XG15_AnotherZoneRepeatsNothing(t *testing.T) {
	t.Parallel()
	helsinki, stockholm := zone(t, "Europe/Helsinki"), zone(t, "Europe/Stockholm")
	for _, c := range [][2]*time.Location{{helsinki, stockholm}, {stockholm, helsinki}} {
		for moved := -3; moved <= 3; moved++ {
			for back := 1; back <= 4; back++ {
				for _, edit := range []func(*life){
					func(*life) {},
					func(l *life) { l.member.Plan(l.profile, l.zone) },
					func(l *life) { l.member.planInvited(l.profile, l.zone, l.now) },
				} {
					l := &life{
						TB: t, profile: &Profile{Policies: Policies{FixedTerm: true, Reminders: []int{3}}}, told: map[told]bool{},
						zone: c[0], now: time.Date(2027, 3, 20, 9, 0, 0, 0, time.UTC),
					}
					l.member = Membership{Organization: "org_test", Person: "usr_test", ActivatedAt: l.now}
					l.lasts(Validity{Type: FixedTerm, From: "2027-01-01", To: "2027-03-28"})
					for _, day := range []Date{"2027-03-25", "2027-03-29"} {
						at := midnight(day, c[0])
						for ; l.now.Before(at.Add(12 * time.Hour)); l.now = l.now.Add(time.Hour) {
							switch l.now {
							case at.Add(time.Duration(moved) * time.Hour):
								l.zone = c[1]
							case at.Add(time.Duration(moved+back) * time.Hour):
								l.zone = c[0]
							}
							l.zones = append(l.zones, l.zone)
							l.run()
							if l.now.Equal(at) && len(l.told) > 0 { // somebody edits them then, in the other zone
								l.zone = c[1]
								edit(l)
							}
						}
					}
					if len(l.told) != 1 || l.ended != "2027-03-28" {
						t.Errorf("from %v, moved by %d hours and back after %d: %v, %q", c[0], moved, back, l.told, l.ended)
					}
				}
			}
		}
	}
}

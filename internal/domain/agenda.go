package domain

import (
	"slices"
	"time"
)

// When somebody who was invited and has not come is written to once more, and
// when the administrators are told. The first is the end of the first link.
const (
	remindInvited = ActivationLife
	listInvited   = 2 * ActivationLife
)

// Agenda is where the clock stands with a membership. Whoever changes what the
// clock has to do with it plans it anew; nothing that is decided waits for it.
type Agenda struct {
	Since     time.Time // every occasion up to this moment was done
	Next      time.Time // the first occasion that is not; zero: none
	SetAt     time.Time // when the validity was set: no reminder of before then is made up for
	InvitedAt time.Time // when the person was last asked in
	Reminded  Reminder  // the last, of an end
	Ended     Date      // the last day, once its end was seen to
}

// Reminder is what somebody was reminded of: their last day, and how many days
// before it.
type Reminder struct {
	To   Date
	Days int
}

// OccasionKind is what the clock brings.
type OccasionKind string

const (
	Begins     OccasionKind = "begins"     // the first day
	Ending     OccasionKind = "ending"     // so many days before the last
	Ends       OccasionKind = "ends"       // the last day has passed
	Unanswered OccasionKind = "unanswered" // invited and never came: to be reminded
	Unclaimed  OccasionKind = "unclaimed"  // reminded, and still did not come
)

// Occasion is a moment at which something becomes due.
type Occasion struct {
	Kind OccasionKind
	At   time.Time
	Days int // of Ending: before the last day
}

// occasions are those that are still to come or to be done, in the order of time.
func (m *Membership) occasions(p *Profile, zone *time.Location) (list []Occasion) {
	if !m.RemovedAt.IsZero() || m.Validity.Type == Locked {
		return nil
	}
	add := func(kind OccasionKind, at, since time.Time, days int) {
		if at.After(since) {
			list = append(list, Occasion{kind, at, days})
		}
	}
	asked, never := m.Agenda.InvitedAt, time.Time{}
	end := never
	if v := m.Validity; v.Type == FixedTerm {
		first := v.From.Start(zone)
		end = v.To.days(1).Start(zone)
		since := m.Agenda.Since
		if m.Agenda.SetAt.After(since) {
			since = m.Agenda.SetAt
		}
		add(Begins, first, since, 0)
		for _, days := range p.Policies.Reminders {
			told := m.Agenda.Reminded.To == v.To && m.Agenda.Reminded.Days <= days
			if at := v.To.days(-days).Start(zone); at.After(first) && !told {
				add(Ending, at, since, days)
			}
		}
		if m.Agenda.Ended != v.To {
			add(Ends, end, never, 0)
		}
		if asked.Before(first) && !asked.IsZero() {
			asked = first // until then there is nothing to come for
		}
	}
	if m.ActivatedAt.IsZero() && m.SignsIn(p) && !asked.IsZero() {
		for kind, after := range map[OccasionKind]time.Duration{Unanswered: remindInvited, Unclaimed: listInvited} {
			if at := asked.Add(after); end.IsZero() || at.Before(end) {
				add(kind, at, m.Agenda.Since, 0)
			}
		}
	}
	slices.SortFunc(list, func(a, b Occasion) int { return a.At.Compare(b.At) })
	return list
}

// due are the occasions that have come by a moment and are worth doing then: of
// several reminders the last, and of somebody whose time is over only that.
func (m *Membership) due(p *Profile, zone *time.Location, now time.Time) (due []Occasion) {
	for _, o := range m.occasions(p, zone) {
		if o.At.After(now) {
			break
		}
		if o.Kind == Ends {
			return []Occasion{o}
		}
		due = slices.DeleteFunc(due, func(before Occasion) bool {
			return before.Kind == o.Kind || before.Kind == Unanswered && o.Kind == Unclaimed
		})
		due = append(due, o)
	}
	return due
}

// Plan sets when the clock has to come next. Who cannot sign in has not been
// asked in: whatever they lose later, the clock does not ask them.
func (m *Membership) Plan(p *Profile, zone *time.Location) {
	if !m.SignsIn(p) {
		m.Agenda.InvitedAt = time.Time{}
	}
	m.Agenda.Next = time.Time{}
	if list := m.occasions(p, zone); len(list) > 0 {
		m.Agenda.Next = list[0].At
	}
}

// planValidity is Plan after the validity has been set.
func (m *Membership) planValidity(p *Profile, zone *time.Location, now time.Time) {
	m.Agenda.SetAt = now
	if m.Validity.at(now, zone) == over {
		m.Agenda.Ended = m.Validity.To // whoever sets a day that has passed knows
	}
	m.Plan(p, zone)
}

// planInvited is Plan of somebody who has just been asked in.
func (m *Membership) planInvited(p *Profile, zone *time.Location, now time.Time) {
	m.Agenda = Agenda{Since: now, SetAt: now, InvitedAt: now, Reminded: m.Agenda.Reminded, Ended: m.Agenda.Ended}
	m.Plan(p, zone)
}

package simulation

import (
	"slices"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// line is something that is told: to somebody in a mail, or to the
// administrators in a digest.
type line struct {
	what domain.MailKind
	org  domain.OrganizationID
	who  domain.PersonID
	day  domain.Date
}

// entry is a line of the digest of a day.
type entry struct {
	leaves domain.Date
	item   domain.DigestItem
}

// model is what should come of a membership, in the words of the decision page:
// it is asked at every run that was finished.
type model struct {
	org  *domain.Organization
	who  domain.PersonID
	zone *time.Location

	term, locked, removed bool
	from, to              domain.Date
	set                   time.Time // when that was said
	asked                 time.Time // zero: has come

	begin, end time.Time
	days       []int
	moments    []time.Time // of the days before

	told  map[domain.Date][]int // days before each last day that were told
	ended domain.Date
	ends  int
}

// day is the beginning of a day on the organization's calendar.
func day(d domain.Date, plus int, zone *time.Location) time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		panic(err)
	}
	return time.Date(t.Year(), t.Month(), t.Day()+plus, 0, 0, 0, 0, zone)
}

// says notes what an administrator has said.
func (m *model) says(now time.Time) {
	m.set = now
	if !m.term {
		return
	}
	m.begin, m.end, m.moments = day(m.from, 0, m.zone), day(m.to, 1, m.zone), m.moments[:0]
	for _, days := range m.days {
		m.moments = append(m.moments, day(m.to, -days, m.zone))
	}
}

// due is what a run tells that the one before it could not have.
func (m *model) due(now, last time.Time) (mails []line, entries []entry) {
	if m.removed || m.locked {
		return nil, nil
	}
	fresh := func(at, since time.Time) bool { return at.After(since) && !at.After(now) }
	mail := func(kind domain.MailKind, of domain.Date) {
		mails = append(mails, line{kind, m.org.ID, m.who, of})
	}
	note := func(kind domain.DigestItemKind, of domain.Date) {
		leaves := now.In(m.zone)
		if leaves.Hour() >= 8 {
			leaves = leaves.AddDate(0, 0, 1)
		}
		item := domain.DigestItem{Kind: kind, Organization: m.org.ID, Person: m.who, Day: of}
		entries = append(entries, entry{domain.Date(leaves.Format(time.DateOnly)), item})
	}
	if !m.asked.IsZero() {
		week := 7 * 24 * time.Hour
		switch {
		case fresh(m.asked.Add(2*week), last):
			note(domain.DigestUnclaimed, domain.Date(m.asked.In(m.zone).Format(time.DateOnly)))
		case fresh(m.asked.Add(week), last):
			mail(domain.MailActivationReminder, "")
		}
		return mails, entries
	}
	if !m.term {
		return nil, nil
	}
	if m.set.After(last) {
		last = m.set
	}
	if !now.Before(m.end) {
		if m.ended != m.to {
			m.ended = m.to
			m.ends++
			mail(domain.MailEnded, m.to)
			note(domain.DigestEnded, m.to)
		}
		return mails, entries
	}
	if fresh(m.begin, last) {
		mail(domain.MailBegun, m.from)
	}
	fewest := -1
	for i, at := range m.moments {
		if fresh(at, last) && at.After(m.begin) && (fewest < 0 || m.days[i] < fewest) {
			fewest = m.days[i]
		}
	}
	if fewest >= 0 && !slices.ContainsFunc(m.told[m.to], func(told int) bool { return told <= fewest }) {
		m.told[m.to] = append(m.told[m.to], fewest)
		mail(domain.MailEnding, m.to)
		note(domain.DigestEnding, m.to)
	}
	return mails, entries
}

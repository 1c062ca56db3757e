package domain

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A mandate's days are those of the principal's calendar, the last one included,
// be they of 23, 24 or 25 hours.
func TestXC13_MandateOnTheEdgesOfItsDays(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for name, c := range map[string]struct {
		zone       string
		from, to   Date
		begin, end string // the first instant, and the first after it; no end: never
	}{
		"a day":                 {"Europe/Helsinki", "2026-05-05", "2026-05-05", "2026-05-04T21:00:00Z", "2026-05-05T21:00:00Z"},
		"a day, further west":   {"Europe/Oslo", "2026-05-05", "2026-05-05", "2026-05-04T22:00:00Z", "2026-05-05T22:00:00Z"},
		"the day of 23 hours":   {"Europe/Helsinki", "2026-03-29", "2026-03-29", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"},
		"the day of 25 hours":   {"Europe/Helsinki", "2026-10-25", "2026-10-25", "2026-10-24T21:00:00Z", "2026-10-25T22:00:00Z"},
		"the leap day":          {"Europe/Stockholm", "2028-02-29", "2028-02-29", "2028-02-28T23:00:00Z", "2028-02-29T23:00:00Z"},
		"over the year's end":   {"Europe/Stockholm", "2026-12-31", "2027-01-01", "2026-12-30T23:00:00Z", "2027-01-01T23:00:00Z"},
		"no last day":           {"Europe/Helsinki", "2026-05-05", "", "2026-05-04T21:00:00Z", ""},
		"until the end of days": {"Europe/Helsinki", "2026-05-05", "2199-12-31", "2026-05-04T21:00:00Z", "2199-12-31T22:00:00Z"},
	} {
		m := Mandate{From: c.from, To: c.to}
		zone := (&Organization{TimeZone: c.zone}).Zone()
		check := func(when time.Time, holds, over bool, status MandateStatus) {
			t.Helper()
			when = when.In(time.FixedZone("", 9*3600)) // whatever zone the clock is in
			if got := m.HoldsAt(when, zone); got != holds {
				t.Errorf("%s, at %v: holds %v", name, when.UTC(), got)
			}
			if got := m.over(when, zone); got != over {
				t.Errorf("%s, at %v: over %v", name, when.UTC(), got)
			}
			if got := m.Status(when, zone); got != status {
				t.Errorf("%s, at %v: %s, want %s", name, when.UTC(), got, status)
			}
			all := &Mandates{Items: []Mandate{{From: "2020-01-01", To: "2020-01-01"}, m}}
			if got := all.open(when, zone); got == over {
				t.Errorf("%s, at %v: open %v", name, when.UTC(), got)
			}
		}
		begin := at(c.begin)
		check(begin.Add(-1), false, false, MandateIsUpcoming)
		check(begin, true, false, MandateIsActive)
		if c.end == "" {
			check(begin.AddDate(150, 0, 0), true, false, MandateIsActive)
		} else {
			check(at(c.end).Add(-1), true, false, MandateIsActive)
			check(at(c.end), false, true, MandateIsEnded)
		}
		// Revoked, it is over whatever its days are.
		m.RevokedAt = begin.Add(-time.Hour)
		for _, when := range []time.Time{begin.Add(-1), begin, begin.AddDate(150, 0, 0)} {
			check(when, false, true, MandateIsRevoked)
		}
	}
	for _, none := range []*Mandates{nil, {}} {
		if none.open(testNow, time.UTC) {
			t.Error("no mandate is an open one")
		}
	}
}

// Room is what the mandates that hold give together, and nothing else has any.
func TestV24_RoomOfSeveralMandates(t *testing.T) {
	t.Parallel()
	p := decisionProfile()
	zone := decisionOrg(clientA).Zone()
	today := Today(testNow, zone)
	one := func(change func(*Mandate), of MandateTypeKey, rights ...RightKey) Mandate {
		m := mandate(rights...)
		m.Type = of
		if change != nil {
			change(&m)
		}
		return m
	}
	for name, c := range map[string]struct {
		items []Mandate
		want  []RightKey
	}{
		"none":                         {nil, nil},
		"one":                          {[]Mandate{one(nil, "web", "report", "order")}, []RightKey{"order", "report"}},
		"two, once each":               {[]Mandate{one(nil, "web", "report", "order"), one(nil, "broker", "report")}, []RightKey{"order", "report"}},
		"more than the type":           {[]Mandate{one(nil, "broker", "report", "order")}, []RightKey{"report"}},
		"what the type has, not named": {[]Mandate{one(nil, "web")}, nil},
		"type that is gone":            {[]Mandate{one(nil, "gone", "report")}, nil},
		"right that is gone":           {[]Mandate{one(nil, "web", "fax", "order")}, []RightKey{"order"}},
		"one that is revoked":          {[]Mandate{one(func(m *Mandate) { m.RevokedAt = testNow }, "web", "order"), one(nil, "web", "report")}, []RightKey{"report"}},
		"one that is over":             {[]Mandate{one(func(m *Mandate) { m.To = "2026-05-04" }, "web", "order")}, nil},
		"one that is not yet":          {[]Mandate{one(func(m *Mandate) { m.From = "2026-05-06" }, "web", "order")}, nil},
		"the first and the last day":   {[]Mandate{one(func(m *Mandate) { m.From, m.To = today, today }, "web", "order")}, []RightKey{"order"}},
		"one over, the other holds it": {[]Mandate{one(func(m *Mandate) { m.To = "2026-05-04" }, "web", "order"), one(nil, "web", "order")}, []RightKey{"order"}},
		"a right of Fullmakt's own":    {[]Mandate{one(nil, "web", "report", RightSeeResources)}, []RightKey{RightSeeResources, "report"}},
	} {
		got := (&Mandates{Items: c.items}).Room(p, testNow, zone)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		// Room is what a decision lets pass.
		for _, right := range p.EveryRight() {
			g := member(gives(right, allClients()), gives("permission", allClients())).at(clientA, c.items...)
			v := g.Decide(right, testNow)
			if room := slices.Contains(got, right); room != (v != NoMandate && v != AboveMandate) {
				t.Errorf("%s: room for %s %v, and the decision is %s", name, right, room, v)
			}
		}
	}
	if got := (*Mandates)(nil).Room(p, testNow, zone); got != nil {
		t.Errorf("of no mandates at all: %v", got)
	}
	// A closed client has no room for anything.
	client := &Client{Organization: decisionOrg(clientA), Mandates: &Mandates{Items: []Mandate{mandate("report")}}}
	if got := client.Room(p, testNow); !slices.Equal(got, []RightKey{"report"}) {
		t.Errorf("open: %v", got)
	}
	client.Organization.Suspended = true
	if got := client.Room(p, testNow); got != nil {
		t.Errorf("closed: %v", got)
	}
}

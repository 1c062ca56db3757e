package domain

import (
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// The last day is included: it ends where the next calendar day of the zone
// begins, on days of 23, 24 and 25 hours.
func TestXG1_LastDayIsIncludedToTheSecond(t *testing.T) {
	helsinki, oslo := zone(t, "Europe/Helsinki"), zone(t, "Europe/Oslo")
	for _, c := range []struct {
		to   Date
		zone *time.Location
		end  string
	}{
		{"2026-03-29", helsinki, "2026-03-29T21:00:00Z"}, // 23 hours
		{"2026-10-25", helsinki, "2026-10-25T22:00:00Z"}, // 25 hours
		{"2026-12-31", helsinki, "2026-12-31T22:00:00Z"},
		{"2028-02-29", oslo, "2028-02-29T23:00:00Z"},
		{"2026-06-30", oslo, "2026-06-30T22:00:00Z"},
	} {
		v := Validity{Type: FixedTerm, From: "2026-01-01", To: c.to}
		end, err := time.Parse(time.RFC3339, c.end)
		if err != nil {
			t.Fatal(err)
		}
		if v.at(end.Add(-time.Second), c.zone) != valid {
			t.Errorf("%s is over a second before its end", c.to)
		}
		if v.at(end, c.zone) != over {
			t.Errorf("%s is not over at its end", c.to)
		}
	}
}

func TestXG2_FirstDayBeginsAtMidnightOfTheZone(t *testing.T) {
	v := Validity{Type: FixedTerm, From: "2026-03-29", To: "2026-04-30"}
	begin := time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC)
	if v.at(begin.Add(-time.Second), zone(t, "Europe/Helsinki")) != notYet || v.at(begin, zone(t, "Europe/Helsinki")) != valid {
		t.Error("the first day does not begin at midnight in Helsinki")
	}
	if v.at(begin, zone(t, "Europe/Stockholm")) != notYet {
		t.Error("an hour earlier it is not yet that day in Stockholm")
	}
}

func TestXG6_ImpossibleDaysAreRefused(t *testing.T) {
	terms := &Profile{Policies: Policies{FixedTerm: true}}
	for _, v := range []Validity{
		{Type: FixedTerm, From: "2026-06-31", To: "2026-07-01"},
		{Type: FixedTerm, From: "2026-07-02", To: "2026-07-01"},
		{Type: FixedTerm, From: "2026-07-02"},
		{Type: FixedTerm, From: "0000-01-01", To: "2026-07-01"},
		{Type: FixedTerm, From: "2026-01-01", To: "9999-12-31"},
		{Type: FixedTerm, From: "2026-1-1", To: "2026-07-01"},
		{Type: "sometimes"},
		{Type: Indefinite, From: "2026-07-02"},
		{Type: Locked, To: "2026-07-02"},
		{Type: Indefinite, Reason: "none"},
	} {
		var faults Faults
		if v.Check(terms, "/validity", &faults); len(faults) == 0 {
			t.Errorf("%+v passes", v)
		}
	}
	for _, v := range []Validity{{}, {Type: Indefinite}, {Type: Locked, Reason: "left"}, {Type: FixedTerm, From: "2028-02-29", To: "2028-02-29"}} {
		var faults Faults
		if v.Check(terms, "/validity", &faults); len(faults) > 0 {
			t.Errorf("%+v: %v", v, faults)
		}
	}
}

func TestStatusIsDerived(t *testing.T) {
	now, z := time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC), zone(t, "Europe/Helsinki")
	past := Validity{Type: FixedTerm, From: "2026-01-01", To: "2026-05-04"}
	future := Validity{Type: FixedTerm, From: "2026-05-06", To: "2026-12-31"}
	for _, c := range []struct {
		activated bool
		v         Validity
		want      Status
	}{
		{false, Validity{}, StatusInvited},
		{true, Validity{}, StatusActive},
		{false, future, StatusInvited},
		{true, future, StatusUpcoming},
		{false, past, StatusExpired},
		{true, past, StatusExpired},
		{true, Validity{Type: Locked}, StatusLocked},
		{false, Validity{Type: Locked}, StatusLocked},
	} {
		m := Membership{Validity: c.v}
		if c.activated {
			m.ActivatedAt = now.Add(-time.Hour)
		}
		if got := m.Status(testProfile, now, z); got != c.want {
			t.Errorf("activated %v, %+v: %s, want %s", c.activated, c.v, got, c.want)
		}
	}
}

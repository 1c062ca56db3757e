package domain

import "time"

// Date is a calendar day, YYYY-MM-DD, in a zone that its context names.
// The form sorts and compares as the days do.
type Date string

// ParseDate reads a day; ok is false for what is no day of the years 1900 to 2199.
func ParseDate(s string) (d Date, ok bool) {
	t, err := time.Parse(time.DateOnly, s)
	return Date(s), err == nil && t.Year() >= 1900 && t.Year() < 2200
}

// Today is the day of a moment in a zone.
func Today(now time.Time, zone *time.Location) Date { return Date(now.In(zone).Format(time.DateOnly)) }

// after tells whether the day is still to come at a moment in a zone, before
// whether it is over. Neither makes a string, as a Date of the moment would.
func (d Date) after(now time.Time, zone *time.Location) bool {
	var today [len(time.DateOnly)]byte
	return string(d) > string(now.In(zone).AppendFormat(today[:0], time.DateOnly))
}

func (d Date) before(now time.Time, zone *time.Location) bool {
	var today [len(time.DateOnly)]byte
	return string(d) < string(now.In(zone).AppendFormat(today[:0], time.DateOnly))
}

// days is the day so many days later, or earlier.
func (d Date) days(n int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(0, 0, n).Format(time.DateOnly))
}

// Start is the first moment that is of the day in a zone. Where the clock jumps
// over midnight, the day begins later.
func (d Date) Start(zone *time.Location) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), zone)
	if err != nil {
		return time.Time{}
	}
	for d.after(t, zone) {
		t = t.Add(time.Minute)
	}
	return t.UTC()
}

// ValidityType says how a validity is bounded.
type ValidityType string

const (
	Indefinite ValidityType = "indefinite"
	FixedTerm  ValidityType = "fixedTerm"
	Locked     ValidityType = "locked"
)

// Validity says when a membership lets its person in. The zero value is until further notice.
type Validity struct {
	Type     ValidityType
	From, To Date   // of FixedTerm: the first and the last day, both included
	Reason   string // of Locked
}

// standing is what a validity says at a moment.
type standing int

const (
	valid standing = iota
	notYet
	over
	locked
)

// at compares days in the organization's zone: a day is whatever the calendar
// there calls one, of 23, 24 or 25 hours.
func (v Validity) at(now time.Time, zone *time.Location) standing {
	switch v.Type {
	case Locked:
		return locked
	case FixedTerm:
		if v.From.after(now, zone) {
			return notYet
		}
		if v.To.before(now, zone) {
			return over
		}
	}
	return valid
}

// text is the validity as the audit tells of it: without a lock's reason, which
// somebody wrote of somebody.
func (v Validity) text() string {
	switch v.Type {
	case FixedTerm:
		return string(v.Type) + " " + string(v.From) + " " + string(v.To)
	case Locked:
		return string(v.Type)
	}
	return string(Indefinite)
}

// Check reports a validity that makes no sense, or that the portal does not have.
func (v Validity) Check(p *Profile, pointer string, faults *Faults) {
	if v.Type != FixedTerm && v.From+v.To != "" {
		faults.Add(pointer+"/from", "value-unexpected", "Only a fixed term has days.")
	}
	if v.Type != Locked && v.Reason != "" {
		faults.Add(pointer+"/reason", "value-unexpected", "Only a lock has a reason.")
	}
	switch v.Type {
	case Indefinite, Locked, "":
	case FixedTerm:
		if !p.Policies.FixedTerm {
			faults.Add(pointer+"/type", "value-unknown", "The portal has no fixed terms.")
		}
		_, okFrom := ParseDate(string(v.From))
		_, okTo := ParseDate(string(v.To))
		if !okFrom {
			faults.Add(pointer+"/from", "date-invalid", "Give the first day as YYYY-MM-DD.")
		}
		if !okTo {
			faults.Add(pointer+"/to", "date-invalid", "Give the last day as YYYY-MM-DD.")
		}
		if okFrom && okTo && v.To < v.From {
			faults.Add(pointer+"/to", "dates-reversed", "The last day is before the first.")
		}
	default:
		faults.Add(pointer+"/type", "value-unknown", "Use indefinite, fixedTerm or locked.")
	}
}

package domain

import (
	"slices"
	"time"
)

// Mandate is a power of attorney: the principal lets the agent act for it. It
// is a ceiling: the agent's people can do for the principal what they are
// given, and never more than it says.
type Mandate struct {
	ID        MandateID
	Principal OrganizationID
	Agent     OrganizationID
	Type      MandateTypeKey
	Rights    []RightKey
	From, To  Date // first and last day in the principal's zone, both included; an empty To is open
	RevokedAt time.Time
	CreatedAt time.Time
}

// holds tells whether the mandate counts at a moment.
func (m *Mandate) holds(now time.Time, zone *time.Location) bool {
	return m.RevokedAt.IsZero() && !m.From.after(now, zone) && (m.To == "" || !m.To.before(now, zone))
}

// lets tells whether the mandate's ceiling has room for the right. What the
// profile has taken out of the type since is out of the mandate too.
func (m *Mandate) lets(p *Profile, right RightKey) bool {
	t := p.MandateType(m.Type)
	return t != nil && slices.Contains(t.Rights, right) && slices.Contains(m.Rights, right)
}

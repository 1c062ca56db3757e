package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// audited takes in an entry: that something happened to a subject at a moment, and
// of some actions what has to be there since.
func (c *checker) audited(key table.Key, e *domain.AuditEntry) {
	c.looked(5)
	org := domain.OrganizationID(strings.TrimPrefix(key.PK, "AUDIT#"))
	c.audits[org] = true
	c.stamps[c.stamp(e.Organization, e.Subject.Type, e.Subject.ID, e.At)] = true
	c.stamps[c.stamp("", e.Subject.Type, e.Subject.ID, e.At)] = true
	if e.Actor.Type == "" || e.Actor.Type != domain.ByPublic && e.Actor.ID == "" {
		c.found(5, NoActor, key, "")
	}
	if kind, _, _ := strings.Cut(string(e.Action), "."); kind == "attestation" || kind == "approval" {
		c.looked(12)
		c.found(12, ApprovalUnknown, key, string(e.Action))
	}
	user := member{e.Organization, domain.PersonID(e.Subject.ID)}
	switch e.Action {
	case domain.UserCreated, domain.UserRestored:
		c.alive[user] = true
		delete(c.activated, user)
	case domain.UserActivated:
		c.activated[user] = true
	case domain.UserRemoved, domain.UserErased: // it may be there still, to be restored
		delete(c.alive, user)
	case domain.ResourceCreated:
		c.things[thing{e.Organization, e.Subject.ID}] = true
	case domain.ResourceRemoved:
		delete(c.things, thing{e.Organization, e.Subject.ID})
	case domain.MandateGiven, domain.MandateUpdated, domain.MandateRevoked:
		c.retell(e)
	case domain.StoreRepaired: // what it was about may have been taken away
		delete(c.alive, user)
		delete(c.things, thing{e.Organization, e.Subject.ID})
	}
}

// retell makes a mandate of what the principal's audit says of it.
func (c *checker) retell(e *domain.AuditEntry) {
	id := domain.MandateID(e.Subject.ID)
	m := c.given[id]
	for _, f := range e.Changes {
		switch f.Field {
		case "principal":
			return // the agent's copy
		case "rights":
			m.rights = strings.Fields(f.After)
		case "to":
			m.to = domain.Date(f.After)
		}
	}
	m.revoked = m.revoked || e.Action == domain.MandateRevoked
	c.given[id] = m
}

// changed holds the moment of an entity's last change against the audit.
func (c *checker) changed(key table.Key, e domain.Entity, org domain.OrganizationID, subjectType, id string, at time.Time) {
	c.looked(5)
	if !c.stamps[c.stamp(org, subjectType, id, at)] {
		c.found(5, Unaudited, key, "", of(org, ""), entity(e))
	}
}

// mail holds an outbox item against what can become of one.
func (c *checker) mail(key table.Key, m *domain.Mail) {
	c.looked(7)
	switch m.State {
	case domain.MailQueued, domain.MailSending:
		if c.Now.Sub(m.NotBefore) > mailLimit {
			c.found(7, MailOverdue, key, "due "+m.NotBefore.UTC().Format(time.RFC3339))
		}
		if m.Kind == domain.MailActivation || m.Kind == domain.MailActivationReminder {
			c.asked[member{m.Organization, m.Person}] = m.Link
		}
	case domain.MailSent, domain.MailDelivered, domain.MailBounced, domain.MailComplained:
		if m.MessageID == "" || m.SentAt.IsZero() {
			c.found(7, MailState, key, string(m.State)+", and nobody has sent it")
		}
	case domain.MailDropped, domain.MailDead:
	default:
		c.found(7, MailState, key, "")
	}
	if m.Person == "" || m.Email != "" {
		// Who asked to reset a password may be nobody; what was resolved keeps no address.
		if m.Email != "" && m.State != domain.MailQueued && m.State != domain.MailSending && m.State != domain.MailDead {
			c.looked(8)
			c.found(8, ErasedThere, key, "it keeps an address after it was seen to")
		}
	}
	if m.Link != "" {
		begun := m.State != domain.MailQueued && m.State != domain.MailDropped && m.State != domain.MailDead
		was := c.mails[m.Link]
		c.mails[m.Link] = letter{begun: was.begun || begun}
	}
}

// mailLimit is how long a mail may be due: its tries end after about eight hours,
// and a day's quota of the sender passes in one.
const mailLimit = 26 * time.Hour

// verifyAudits holds each audit against its seals.
func (c *checker) verifyAudits(ctx context.Context) error {
	for _, org := range slices.Sorted(maps.Keys(c.audits)) {
		found, err := domain.VerifyAudit(ctx, c.store, org, c.Anchors[org])
		if domain.KindOf(err) == domain.Unavailable {
			return err
		}
		if err != nil {
			// An entry or a seal that cannot be read was reported as that; the chain around
			// it cannot be told of.
			c.found(5, AuditBroken, table.Key{PK: "AUDIT#" + string(org), SK: "*"}, "cannot be read")
			continue
		}
		c.report.Chains = append(c.report.Chains, found)
		for _, f := range found.Findings {
			if f.Fault == domain.AuditLate {
				continue
			}
			key := table.Key{PK: "AUDIT#" + string(org), SK: string(f.Entry)}
			if f.Entry == "" {
				key = table.Key{PK: "SEAL#" + string(org), SK: fmt.Sprintf("%012d", f.Seal)}
			}
			c.found(5, AuditBroken, key, string(f.Fault), of(org, ""))
		}
	}
	for _, org := range slices.Sorted(maps.Keys(c.Anchors)) {
		if !c.audits[org] {
			c.found(5, AuditBroken, table.Key{PK: "SEAL#" + string(org), SK: "*"}, "gone")
		}
	}
	return nil
}

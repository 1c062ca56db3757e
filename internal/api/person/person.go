// Package person is people as the operator answers for them: what is known of
// somebody, wherever they are a user, and that it is forgotten.
package person

import (
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint { return []endpoint.Endpoint{Export(), Erase()} }

// Document is everything that is known of a person, or a later part of it.
type Document struct {
	Person      keptPerson        `json:"person"`
	Memberships []keptMembership  `json:"memberships"`
	Sessions    []keptSession     `json:"sessions" description:"The hundred newest, those that are over too."`
	Links       []keptLink        `json:"links" description:"One-time links that were mailed."`
	Mails       []keptMail        `json:"mails" description:"That were sent in the last thirty days."`
	Audit       []body.AuditEntry `json:"audit" description:"What the person did, and what was done to them, in the organizations where they are a user."`
}

type keptPerson struct {
	body.Person
	Phone              string                     `json:"phone,omitzero"`
	HomeOrganization   domain.OrganizationID      `json:"homeOrganization"`
	EmailUndeliverable domain.UndeliverableReason `json:"emailUndeliverable,omitzero" enum:"bounced,complained" description:"Mails to the address come back, or were said to be spam."`
	HasPassword        bool                       `json:"hasPassword" description:"It is stored as a hash, from which nobody can tell it."`
	CreatedAt          time.Time                  `json:"createdAt"`
	UpdatedAt          time.Time                  `json:"updatedAt"`
}

// keptMembership is what an organization keeps of the person.
type keptMembership struct {
	OrganizationID   domain.OrganizationID        `json:"organizationId"`
	OrganizationName string                       `json:"organizationName"`
	Kind             domain.MembershipKind        `json:"kind" enum:"own,partner"`
	GivenName        string                       `json:"givenName"`
	FamilyName       string                       `json:"familyName"`
	Email            domain.Email                 `json:"email" format:"email"`
	Phone            string                       `json:"phone,omitzero"`
	Language         domain.Language              `json:"language" enum:"fi,sv,nb,en"`
	HomeOrganization domain.OrganizationID        `json:"homeOrganization"`
	NationalID       *body.MaskedNationalID       `json:"nationalId,omitempty" description:"Absent where none is kept. The organization can show it whole."`
	Roles            []domain.RoleKey             `json:"roles"`
	Assignments      []body.Assignment            `json:"assignments"`
	Validity         body.Validity                `json:"validity"`
	DefaultTask      string                       `json:"defaultTask,omitzero"`
	JobTitles        map[domain.ResourceID]string `json:"jobTitles,omitempty" description:"By the resources that they are on."`
	Mail             map[domain.MailTopic]bool    `json:"mail,omitempty" description:"Which mails were chosen or turned off, by topic."`
	Subscription     domain.SubscriptionID        `json:"subscription,omitzero"`
	ActivatedAt      time.Time                    `json:"activatedAt,omitzero"`
	LastSignInAt     time.Time                    `json:"lastSignInAt,omitzero"`
	RemovedAt        time.Time                    `json:"removedAt,omitzero" description:"Of who was removed and can be restored."`
	CreatedAt        time.Time                    `json:"createdAt"`
	UpdatedAt        time.Time                    `json:"updatedAt"`
}

type keptSession struct {
	ID        domain.SessionID `json:"id"`
	UserAgent string           `json:"userAgent"`
	CreatedAt time.Time        `json:"createdAt"`
	SeenAt    time.Time        `json:"seenAt"`
	ExpiresAt time.Time        `json:"expiresAt"`
}

type keptLink struct {
	Purpose        domain.Purpose        `json:"purpose"`
	OrganizationID domain.OrganizationID `json:"organizationId"`
	Email          domain.Email          `json:"email" format:"email"`
	CreatedAt      time.Time             `json:"createdAt"`
	ExpiresAt      time.Time             `json:"expiresAt"`
}

type keptMail struct {
	ID             domain.MailID         `json:"id"`
	Kind           domain.MailKind       `json:"kind"`
	State          domain.MailState      `json:"state" enum:"queued,sending,sent,dropped,dead,delivered,bounced,complained"`
	OrganizationID domain.OrganizationID `json:"organizationId,omitzero"`
	CreatedAt      time.Time             `json:"createdAt"`
	SentAt         time.Time             `json:"sentAt,omitzero"`
}

// DocumentOf shows a disclosure.
func DocumentOf(d *domain.Disclosure) Document {
	p := d.Person
	out := Document{
		Person: keptPerson{
			Person: body.PersonOf(p), Phone: p.Phone, HomeOrganization: p.Home, HasPassword: p.PasswordHash != "", EmailUndeliverable: p.Undeliverable.Of(p.Email), CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
		},
		Memberships: []keptMembership{}, Sessions: []keptSession{}, Links: []keptLink{}, Mails: []keptMail{}, Audit: []body.AuditEntry{},
	}
	for _, place := range d.Places {
		out.Memberships = append(out.Memberships, membershipOf(place))
	}
	for _, s := range d.Sessions {
		out.Sessions = append(out.Sessions, keptSession{s.ID, s.UserAgent, s.CreatedAt, s.SeenAt, s.ExpiresAt})
	}
	for _, l := range d.Links {
		out.Links = append(out.Links, keptLink{l.Purpose, l.Organization, l.Email, l.CreatedAt, l.ExpiresAt})
	}
	for _, m := range d.Mails {
		out.Mails = append(out.Mails, keptMail{m.ID, m.Kind, m.State, m.Organization, m.CreatedAt, m.SentAt})
	}
	for _, e := range d.Audit.Items {
		out.Audit = append(out.Audit, body.AuditEntryOf(e))
	}
	return out
}

func membershipOf(at domain.Place) keptMembership {
	m := at.Membership
	v := body.Validity(m.Validity)
	if v.Type == "" {
		v.Type = domain.Indefinite
	}
	return keptMembership{
		OrganizationID: m.Organization, OrganizationName: at.Organization.Name, Kind: m.Kind, GivenName: m.GivenName, FamilyName: m.FamilyName,
		Email: m.Email, Phone: m.Phone, Language: m.Language, HomeOrganization: m.Home, NationalID: body.MaskedNationalIDOf(m),
		Roles: append([]domain.RoleKey{}, m.Roles...), Assignments: body.AssignmentsOf(m.Assignments), Validity: v, DefaultTask: m.DefaultTask,
		JobTitles: m.JobTitles, Mail: m.Mail, Subscription: m.Subscription, ActivatedAt: m.ActivatedAt, LastSignInAt: m.LastSignInAt, RemovedAt: m.RemovedAt,
		CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
}

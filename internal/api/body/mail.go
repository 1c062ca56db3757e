package body

import "github.com/fullmakt/fullmakt/internal/domain"

// Mail says which mails that can be done without somebody gets, topic by topic.
type Mail struct {
	Notices    bool `json:"notices" description:"That they were made a partner, or given roles without sign-in."`
	Reminders  bool `json:"reminders" description:"That their time ends; to administrators also what becomes of their users."`
	Agreements bool `json:"agreements" description:"About the customer agreement."`
}

// MailOf shows which topics are wanted.
func MailOf(wants func(domain.MailTopic) bool) Mail {
	return Mail{Notices: wants(domain.TopicNotices), Reminders: wants(domain.TopicReminders), Agreements: wants(domain.TopicAgreements)}
}

// MailOfMember shows what a user wants from the organization.
func MailOfMember(m *domain.Membership, p *domain.Profile) Mail {
	return MailOf(func(t domain.MailTopic) bool { return m.WantsMail(p, t) })
}

// MailSettings change Mail; a topic that is left out stays as it is.
type MailSettings struct {
	Notices    *bool `json:"notices,omitempty" example:"false"`
	Reminders  *bool `json:"reminders,omitempty" example:"true"`
	Agreements *bool `json:"agreements,omitempty" example:"true"`
}

// Read makes settings of what was said, if anything was.
func (s MailSettings) Read() domain.MailSettings {
	settings := domain.MailSettings{}
	for topic, wanted := range map[domain.MailTopic]*bool{
		domain.TopicNotices: s.Notices, domain.TopicReminders: s.Reminders, domain.TopicAgreements: s.Agreements,
	} {
		if wanted != nil {
			settings[topic] = *wanted
		}
	}
	return settings
}

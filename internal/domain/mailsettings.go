package domain

import (
	"maps"
	"slices"
)

// MailTopic is what a mail is about that somebody can do without.
type MailTopic string

// TopicNotices is of mails that tell somebody of something given to them, and ask for nothing.
const TopicNotices MailTopic = "notices"

// TopicReminders is of mails that tell of days to come: the end of one's own
// time, and to administrators what becomes of their users.
const TopicReminders MailTopic = "reminders"

// TopicAgreements is of mails about the customer agreement.
const TopicAgreements MailTopic = "agreements"

// MailTopics are those that there are.
var MailTopics = []MailTopic{TopicNotices, TopicReminders, TopicAgreements}

// topic of a kind. It is empty for mails that nobody can turn off: those with a
// link, and those about the safety of the account.
func (k MailKind) topic() MailTopic {
	switch k {
	case MailNamed, MailPartnerAdded:
		return TopicNotices
	case MailEnding, MailDigest:
		return TopicReminders
	case MailAgreement:
		return TopicAgreements
	}
	return ""
}

// MailSettings say of topics whether mails about them are wanted. One that they
// do not name is as the portal has it.
type MailSettings map[MailTopic]bool

// with are the settings with what is said anew.
func (s MailSettings) with(said MailSettings) MailSettings {
	if len(said) == 0 {
		return s
	}
	out := MailSettings{}
	maps.Copy(out, s)
	maps.Copy(out, said)
	return out
}

// Mails tells whether the portal sends mails about the topic to those who have said nothing.
func (p *Profile) Mails(topic MailTopic) bool {
	wanted, said := p.Mail[topic]
	return wanted || !said
}

// WantsMail tells whether the person wants mails about the topic from the organization.
func (m *Membership) WantsMail(p *Profile, topic MailTopic) bool {
	if wanted, said := m.Mail[topic]; said {
		return wanted
	}
	return p.Mails(topic)
}

// mails are the topics that are wanted, for the audit.
func (m *Membership) mails(p *Profile) string {
	return words(slices.DeleteFunc(slices.Clone(MailTopics), func(t MailTopic) bool { return !m.WantsMail(p, t) }))
}

// ForMailSettings names what choosing one's mails stands on.
func (w *Want) ForMailSettings() {
	w.Attempts = append(w.Attempts, limitMailSettings(w.Session.Person).Key)
}

// UpdateMail says which mails the caller wants from the organization that the
// request is about.
func UpdateMail(c *Change, s *Scene, profile *Profile, said MailSettings) (*Membership, error) {
	caller := s.Caller
	m := caller.Here.Membership
	if !caller.Here.Lets(profile, c.At) {
		return nil, ErrNotFound // to the organization they are nobody, or not yet
	}
	next := *m
	next.Mail = m.Mail.with(said)
	var changed diff
	changed.field("mail", m.mails(profile), next.mails(profile))
	if len(changed) == 0 {
		return m, nil
	}
	if err := c.count(s, limitMailSettings(m.Person)); err != nil {
		return nil, err
	}
	next.UpdatedAt = c.At // and no new revision: nobody is to keep an administrator's edit away by this
	c.Put(&next)
	c.Record(m.Organization, UserDetailsChanged, aboutUser(m.Person), changed...)
	return &next, nil
}

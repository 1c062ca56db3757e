package browsertest

import (
	"encoding/json"
	"testing"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
)

// comesBack makes up what SES says of a mail to an address that there is not.
func (s *server) comesBack(m mail) {
	s.t.Helper()
	object := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			s.t.Fatal(err)
		}
		return string(text)
	}
	type o = map[string]any
	// The mailbox calls a mail by the name of its file.
	said := object(o{"eventType": "Bounce", "bounce": o{"bounceType": "Permanent", "timestamp": m.At}, "mail": o{
		"messageId": m.At.UTC().Format("20060102T150405.000000000Z") + "-" + m.ID, "destination": []string{m.To}, "tags": o{"mail": []string{m.ID}},
	}})
	event := object(o{"Records": []o{{"Sns": o{"MessageId": "1", "TopicArn": localapp.MailTopic, "Message": said}}}})
	err := eventually(func() error { // who sends may not have noted it yet
		if a := s.call("POST", "/_local/jobs/mail-feedback", "", event); a.status != 200 || string(a.body) != `{"job":"mail-feedback","result":{"noted":1,"ignored":0}}` {
			return &unexpected{a}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

type unexpected struct{ answer }

func (u *unexpected) Error() string { return string(u.body) }

// XF9: an invitation comes back. The administrator sees it on the user, and why
// it cannot be sent again.
func TestXF9_AnInvitationComesBack(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo")
	v := s.administrator("astrid.exempelsson@exempelbygg.example")
	nils := person{givenName: "Nils", familyName: "Nyman", email: "nils.nyman@exempelbygg.example"}
	v.invite(nils)
	badge := row(nils, "user-undeliverable")
	v.gone(badge)
	s.comesBack(s.mail(1, "activation", nils.email))
	v.visit(s.url + "/users")
	v.shows(badge, "Mails come back")
	v.shows(row(nils, "user-status"), "Invited")
	v.shoot("undeliverable")
	v.click(row(nils, "user-resend"))
	v.wait("the reason", `() => document.querySelector('#message').innerText.includes('Mails to this e-mail address come back')`)
	v.refused("409 POST /v1/organizations/{id}/users/{id}/activation")
}

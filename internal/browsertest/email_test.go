package browsertest

import "testing"

// XA26: somebody changes their address, by a mail that they open where nobody is
// signed in, and changes it back by the one to the old address.
func TestXA26_AnAddressIsChangedAndChangedBack(t *testing.T) {
	t.Parallel()
	s := serve(t, "--demo")
	before := person{email: "astrid.exempelsson@exempelbygg.example", password: "six small lighthouses"}
	after := person{email: "astrid@exempelposten.example", password: before.password}
	v := s.administrator(before.email)
	v.click("#nav-account")
	v.at("/account", "#email-form")
	v.fill("#email", after.email)
	v.fill("#email-password", "not that one")
	v.click("#save-email")
	v.shows("#email-password-fault", "This is not your current password.")
	v.refused("422 POST /v1/me/email")
	v.fill("#email-password", before.password)
	v.shoot("email-change")
	v.click("#save-email")
	v.shows("#message", "If nobody else has the address astrid@exempelposten.example, a mail with a link is on its way there. The link works for 24 hours. We have also written to the address that you have now.")

	// A mail opens in a tab of its own, in which nobody is signed in yet.
	mailbox := s.visitor()
	link := s.link(1, "email-change", after.email)
	mailbox.visit(link)
	mailbox.at("/sign-in", "#notice")
	mailbox.fill("#email", before.email)
	mailbox.fill("#password", before.password)
	mailbox.click("#sign-in")
	mailbox.at("/confirm-email", "#confirm-form")
	mailbox.wantNoToken("/confirm-email")
	mailbox.shoot("confirm-email")
	mailbox.click("#confirm")
	mailbox.at("/confirm-email", "#confirm-done")
	mailbox.click("#to-account")
	mailbox.at("/account", "#me-email")
	mailbox.shows("#me-email", after.email)
	mailbox.visit(link)
	mailbox.at("/confirm-email", "#confirm-form")
	mailbox.click("#confirm")
	mailbox.at("/confirm-email", "#confirm-invalid")
	mailbox.refused("400 POST /v1/email-changes")
	v.click("#nav-users")
	v.at("/sign-in", "#notice")
	v.refused("401 GET /v1/me")

	owner := s.visitor()
	undo := s.link(1, "email-changing", before.email)
	owner.visit(undo)
	owner.at("/undo-email", "#undo-form")
	owner.wantNoToken("/undo-email")
	owner.fill("#password", "another quiet harbour")
	owner.fill("#repeat", "another quiet harbour")
	owner.shoot("undo-email")
	owner.click("#undo")
	owner.at("/undo-email", "#undo-done")
	owner.click("#to-sign-in")
	owner.at("/sign-in", "#sign-in-form")
	if got := owner.value("#email"); got != before.email {
		t.Errorf("%q is to sign in", got)
	}
	owner.fill("#password", "another quiet harbour")
	owner.click("#sign-in")
	owner.at("/users", row(before))
	mailbox.visit(undo)
	mailbox.at("/undo-email", "#undo-invalid")
	mailbox.refused("400 POST /v1/email-undos/check")
}

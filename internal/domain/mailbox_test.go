package domain

import "testing"

func TestI25_SharedMailboxes(t *testing.T) {
	t.Parallel()
	for email, want := range map[Email]bool{
		"info@alpha.example": true, "office@alpha.example": true, "sales@alpha.example": true, "noreply@alpha.example": true,
		"no-reply@alpha.example": true, "do_not.reply@alpha.example": true, "admin@alpha.example": true, "customer.service@alpha.example": true,
		"myynti@alpha.example": true, "asiakaspalvelu@alpha.example": true, "toimisto@alpha.example": true, "laskutus@alpha.example": true,
		"kundtjanst@alpha.example": true, "kund-tjanst@alpha.example": true, "forsaljning@alpha.example": true, "vaxeln@alpha.example": true,
		"post@alpha.example": true, "firmapost@alpha.example": true, "postmottak@alpha.example": true, "salg@alpha.example": true,
		"info2@alpha.example": true, "info.tampere@alpha.example": true, "info+portal@alpha.example": true, "myynti-oulu@alpha.example": true,

		"aino.virtanen@info.example": false, "aino@alpha.example": false, "aino.info@alpha.example": false, "a.info@alpha.example": false,
		"postman@alpha.example": false, "informatics@alpha.example": false, "itta.korpi@alpha.example": false, "aino+info@alpha.example": false,
		"2026@alpha.example": false, "_@alpha.example": false, "": false,
	} {
		if got := email.Shared(); got != want {
			t.Errorf("%s: %v", email, got)
		}
	}
}

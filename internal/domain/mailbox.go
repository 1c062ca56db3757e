package domain

import (
	"strings"
	"sync"
)

// shared are the names of mailboxes that several people read, in the languages
// of the portals, without marks and digits. The first address that is asked
// about makes the set, and not every start.
var shared = sync.OnceValue(func() map[string]bool { return wordSet(sharedWords) })

const sharedWords = `
	abuse accounting accounts accountspayable admin administration administrator billing booking bookings careers
	contact contactus customercare customerservice donotreply email enquiries everyone finance frontdesk hello
	help helpdesk hostmaster hr humanresources info information inquiries invoice invoices invoicing it itsupport
	jobs legal mail mailbox management marketing media news newsletter noreply office order orders payroll
	postmaster press privacy procurement purchasing reception recruitment root sales secretary security service
	servicedesk staff support team webmaster

	ajanvaraus asiakaspalvelu asiakkaat hallinto hankinnat hankinta henkilosto huolto ittuki johto kirjaamo
	kirjanpito korjaamo laskut laskutus markkinointi myynti neuvonta osto ostolaskut ostot palkanlaskenta
	palkat palvelu posti rekry rekrytointi sahkoposti talous taloushallinto tiedotus tilaukset tilaus toimisto
	tuki tyomaa tyonjohto vastaanotto varasto viestinta yhteys yllapito

	bestallning bokforing bokning diarium drift ekonomi epost faktura fakturor felanmalan forsaljning
	forvaltning ingasvar inkop jobb kontakt kontor kontoret kund kundservice kundsupport kundtjanst lager
	ledning loner marknad marknadsforing ordrar personal receptionen redovisning registrator rekrytering
	salj svarainte vaxel vaxeln verkstad

	administrasjon arkiv bestilling byggeplass fakturamottak firmapost ikkesvar innkjop kunde kundesenter
	kundeservice kundesupport ledelse lonn marked markedsforing okonomi ordre post postmottak regnskap
	rekruttering resepsjon salg sentralbord svarikke verksted
`

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// Shared tells whether the address looks like one that several people read:
// info@, info.tampere@ and kund-tjanst@ do. It is a guess, good for a warning.
func (e Email) Shared() bool {
	const marks = ".-_"
	local, _, _ := strings.Cut(string(e), "@")
	local, _, _ = strings.Cut(local, "+")
	first, whole := local, strings.NewReplacer(".", "", "-", "", "_", "").Replace(local)
	if i := strings.IndexAny(local, marks); i >= 0 {
		first = local[:i]
	}
	named := func(s string) bool { return shared()[strings.TrimRight(s, "0123456789")] }
	return named(first) || named(whole)
}

package seed

import "github.com/fullmakt/fullmakt/internal/domain"

// country is what customers from there are like. Everybody is made up.
type country struct {
	code     domain.Country
	zone     string
	language domain.Language
	alphabet domain.Language // that lists are in the order of
	phone    string          // before six digits
	idForm   string          // of a business id, before its check digit
	legal    string
	given    []string
	family   []string
	firms    []string
	places   []string
}

var countries = []country{
	{
		code: "FI", zone: "Europe/Helsinki", language: domain.Finnish, alphabet: domain.Swedish, phone: "+358409", idForm: "8%06d-", legal: "Oy",
		given: []string{
			"Aino", "Åke", "Ämma", "Eetu", "Essi", "Hannes", "Helmi", "Iiris", "Jyrki", "Kyösti", "Lempi", "Löylyn", "Määttä", "Niilo", "Oiva", "Päivi", "Riitta", "Seppo", "Sointu", "Tyyne", "Väinö", "Yrjö", "Östen", "Ilta-Maria",
		},
		family: []string{
			"Aalto", "Åkerlund", "Ääri", "Etelälä", "Hämäläinen", "Höyry", "Itkonen", "Järvenpää", "Koskinen", "Kärkkäinen", "Lähteenmäki", "Mäkelä", "Nieminen", "Öhman", "Pöyhönen", "Räsänen", "Salmi", "Törmä", "Uusitalo", "Virtanen", "Yli-Ylä", "von Ämmälä",
		},
		firms: []string{"Mallirakennus", "Esimerkkityö", "Äänivalli", "Öljymäki", "Koesähkö", "Näyteputki"}, places: []string{"Hämeentie", "Satama", "Yläkatu", "Ääritie", "Koskenranta"},
	},
	{
		code: "SE", zone: "Europe/Stockholm", language: domain.Swedish, alphabet: domain.Swedish, phone: "+4670999", idForm: "559%06d", legal: "AB",
		given: []string{
			"Åsa", "Örjan", "Älva", "Bo", "Cæsar", "Désirée", "Elsa", "Göran", "Håkan", "Inga-Lill", "Jörgen", "Kåre", "Märta", "Nils", "Ove", "Pär", "Rut", "Sören", "Tove", "Ulla", "Wilma", "Ylva", "Zäta",
		},
		family: []string{
			"Andersson", "Ångström", "Älvsjö", "Österberg", "Bergström", "Björk", "Dahl", "Ekblad", "Fjällman", "Gås", "Hägg", "Lövgren", "Måne", "Nyström", "Påhlsson", "Rönn", "Sjöö", "Tägt", "Wåhlin", "Zäll", "af Ölund",
		},
		firms: []string{"Exempelbygg", "Provrör", "Ängens Maskin", "Öresmåla Frakt", "Åsens Tak", "Mönsterel"}, places: []string{"Kajen", "Ängsvägen", "Östra torget", "Bruket", "Åbacken"},
	},
	{
		code: "NO", zone: "Europe/Oslo", language: domain.Norwegian, alphabet: domain.Norwegian, phone: "+4792999", idForm: "99%06d", legal: "AS",
		given: []string{
			"Æsa", "Ørjan", "Åse", "Bjørn", "Dagfinn", "Eirik", "Frøya", "Gråbein", "Håkon", "Ingrid", "Jøran", "Kåre", "Lærke", "Målfrid", "Njål", "Øystein", "Pål", "Ragnhild", "Sæbjørn", "Tordis", "Unni", "Vår", "Ådne",
		},
		family: []string{
			"Aasen", "Ødegård", "Ærlig", "Åsland", "Bø", "Dæhlie", "Eksempel", "Fjære", "Grønås", "Hæreid", "Kjær", "Løvås", "Mæland", "Nygård", "Øvrebø", "Rønning", "Tråholt", "Ulvær", "Våge", "Aabø",
		},
		firms: []string{"Eksempelbygg", "Prøvefrakt", "Ærfugl Maskin", "Østlys", "Åmot Rør", "Mønstertak"}, places: []string{"Brygga", "Åsveien", "Ødegården", "Sjøgata", "Ærestad"},
	},
}

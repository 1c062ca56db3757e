// Package registrytest stands in for the public company registers, on a laptop
// and in tests: it asks and answers as they do, about companies that are made
// up. Their ids have right check digits and lie in ranges that are not issued.
package registrytest

import (
	"embed"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/fullmakt/fullmakt/internal/registry/bolagsverket"
	"github.com/fullmakt/fullmakt/internal/registry/brreg"
	"github.com/fullmakt/fullmakt/internal/registry/nordic"
)

// Where the fake serves each register, below its own address.
const (
	PRH                = "/prh"
	Brreg              = "/brreg"
	Bolagsverket       = "/bolagsverket"
	BolagsverketTokens = "/bolagsverket-tokens"
)

// The client that the fake of Bolagsverket lets in, and the token it gives.
const (
	ClientID     = "fake client"
	ClientSecret = "fake:secret"
	accessToken  = "fake-access-token"
)

// RemovedFromBrreg is the id of an entity that was taken out of the open data.
const RemovedFromBrreg = "123400089"

// The answers, one per company: the member of PRH's list, the whole of
// Enhetsregisteret's, the member of Bolagsverket's.
//
//go:embed answers
var answers embed.FS

// Fake serves all three registers. It is safe for concurrent use.
type Fake struct {
	mux *http.ServeMux

	mu     sync.Mutex
	faults map[string]Fault
}

// New makes a fake in which everything works.
func New() *Fake {
	f := &Fake{mux: http.NewServeMux(), faults: map[string]Fault{}}
	f.serve("GET", PRH, "/companies", companies)
	f.serve("GET", Brreg, "/enheter/{id}", entity)
	f.serve("POST", Bolagsverket, "/organisationer", organizations)
	f.serve("POST", BolagsverketTokens, "", grant)
	return f
}

// Config connects to all of the registers of a fake at this address.
func Config(address string) nordic.Config {
	c := nordic.Public()
	c.PRH, c.Brreg, c.Plain = address+PRH, address+Brreg, true
	c.Bolagsverket = bolagsverket.Config{
		URL: address + Bolagsverket, TokenURL: address + BolagsverketTokens, ClientID: ClientID, ClientSecret: ClientSecret,
	}
	return c
}

// Break lets a register (PRH, …) answer with a fault from now on; nil mends it.
func (f *Fake) Break(register string, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[register] = fault
}

// ServeHTTP implements http.Handler.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

func (f *Fake) serve(method, register, path string, answer func(*http.Request) Answer) {
	f.mux.HandleFunc(method+" "+register+path, func(w http.ResponseWriter, r *http.Request) {
		right := answer(r)
		f.mu.Lock()
		fault := f.faults[register]
		f.mu.Unlock()
		if fault == nil {
			fault = None
		}
		fault(w, r, right)
	})
}

// Answer is what a register says.
type Answer struct {
	Status int
	Type   string // content type
	Body   []byte
}

func jsonAnswer(status int, body string) Answer {
	return Answer{Status: status, Type: "application/json", Body: []byte(body)}
}

// company is the answer about one, without what stands around it.
func company(register, id string) (string, bool) {
	if strings.Trim(id, "0123456789-") != "" {
		return "", false
	}
	text, err := answers.ReadFile("answers" + register + "/" + id + ".json")
	return string(text), err == nil
}

func companies(r *http.Request) Answer {
	id := r.URL.Query().Get("businessId")
	if id == "" {
		return jsonAnswer(http.StatusBadRequest, `{"timestamp":"2026-01-02T03:04:05.000+00:00","message":"No search criteria","errorcode":4}`)
	}
	if c, ok := company(PRH, id); ok {
		return jsonAnswer(http.StatusOK, `{"totalResults":1,"companies":[`+c+`]}`)
	}
	return jsonAnswer(http.StatusOK, `{"totalResults":0,"companies":[]}`)
}

func entity(r *http.Request) Answer {
	id := r.PathValue("id")
	e, ok := company(Brreg, id)
	switch {
	case r.Header.Get("Accept") != brreg.MediaType:
		return Answer{Status: http.StatusNotAcceptable}
	case id == RemovedFromBrreg:
		return jsonAnswer(http.StatusGone, `{"organisasjonsnummer":"`+id+`","slettedato":"2024-11-26"}`)
	case !ok:
		return Answer{Status: http.StatusNotFound}
	}
	return Answer{Status: http.StatusOK, Type: brreg.MediaType + ";charset=UTF-8", Body: []byte(e)}
}

func grant(r *http.Request) Answer {
	// The id and the secret are form-encoded before they are joined (RFC 6749, 2.3.1).
	id, secret, ok := r.BasicAuth()
	switch {
	case !ok || id != "fake+client" || secret != "fake%3Asecret":
		return jsonAnswer(http.StatusUnauthorized, `{"error":"invalid_client","error_description":"A valid OAuth client could not be found"}`)
	case r.PostFormValue("grant_type") != "client_credentials":
		return jsonAnswer(http.StatusBadRequest, `{"error":"unsupported_grant_type"}`)
	case r.PostFormValue("scope") != "vardefulla-datamangder:read":
		return jsonAnswer(http.StatusBadRequest, `{"error":"invalid_scope"}`)
	}
	return jsonAnswer(http.StatusOK, `{"access_token":"`+accessToken+`","scope":"vardefulla-datamangder:read","token_type":"Bearer","expires_in":3600}`)
}

// unknownOrganization is what there is of a number that nobody has: faults.
const unknownOrganization = `{"organisationsidentitet":{"identitetsbeteckning":%q,"typ":{"kod":"ORGANISATIONSNUMMER","klartext":"Organisationsnummer"}},
 "namnskyddslopnummer":null,"registreringsland":null,"avregistreradOrganisation":null,"avregistreringsorsak":null,
 "organisationsnamn":{"organisationsnamnLista":null,"dataproducent":"Bolagsverket","fel":{"typ":"ORGANISATION_FINNS_EJ","felBeskrivning":"Organisationen finns inte."}},
 "organisationsform":{"kod":null,"klartext":null,"dataproducent":"Bolagsverket","fel":{"typ":"ORGANISATION_FINNS_EJ","felBeskrivning":"Organisationen finns inte."}},
 "verksamOrganisation":{"kod":null,"dataproducent":"SCB","fel":{"typ":"ORGANISATION_FINNS_EJ","felBeskrivning":"Organisationen finns inte."}},
 "postadressOrganisation":{"postadress":null,"dataproducent":"Bolagsverket","fel":{"typ":"ORGANISATION_FINNS_EJ","felBeskrivning":"Organisationen finns inte."}}}`

func organizations(r *http.Request) Answer {
	var asked struct {
		Number string `json:"identitetsbeteckning"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<10))
	switch {
	case r.Header.Get("Authorization") != "Bearer "+accessToken:
		return jsonAnswer(http.StatusUnauthorized, `{"type":"about:blank","instance":"authentication","status":401,"title":"Unauthorized"}`)
	case err != nil, json.Unmarshal(body, &asked) != nil, len(asked.Number) != 10, strings.Trim(asked.Number, "0123456789") != "":
		return jsonAnswer(http.StatusBadRequest, `{"type":"about:blank","instance":"validation.client","status":400,"title":"Bad Request","detail":"Felaktigt format."}`)
	}
	o, ok := company(Bolagsverket, asked.Number[:6]+"-"+asked.Number[6:])
	if !ok {
		o = fmt.Sprintf(unknownOrganization, asked.Number)
	}
	return jsonAnswer(http.StatusOK, `{"organisationer":[`+o+`]}`)
}

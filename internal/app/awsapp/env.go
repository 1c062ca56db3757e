package awsapp

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// The environment variables that configure a function.
const (
	EnvRegion           = "AWS_REGION"                      // set by Lambda itself
	EnvTable            = "FULLMAKT_TABLE"                  // name of the table
	EnvMetrics          = "FULLMAKT_METRICS"                // namespace of metrics; may be empty: there are none
	EnvOriginKeys       = "FULLMAKT_ORIGIN_KEYS"            // SHA-256 of the keys of the portal's distribution, in hexadecimal, with commas between them; may be empty: the gateway is open
	EnvProfile          = "FULLMAKT_PROFILE"                // name of one of the profiles in the binary
	EnvMailFrom         = "FULLMAKT_MAIL_FROM"              // bare address that mails come from
	EnvConfigurationSet = "FULLMAKT_MAIL_CONFIGURATION_SET" // of SES; may be empty
	EnvOperatorName     = "FULLMAKT_OPERATOR_NAME"          // of the company whose portal it is
	EnvPortalURL        = "FULLMAKT_PORTAL_URL"             // base of the links in mails and of the API, without a slash at its end
	EnvMailRate         = "FULLMAKT_MAIL_RATE"              // mails that one run may send in a second
	EnvMailTopic        = "FULLMAKT_MAIL_TOPIC"             // ARN of the topic on which SES tells of mails
	EnvLinkKey          = "FULLMAKT_LINK_KEY"               // id, ARN or alias of the KMS key that mints one-time links
	EnvFileBucket       = "FULLMAKT_FILE_BUCKET"            // of S3, for files that are fetched by a link

	EnvFieldKey      = "FULLMAKT_FIELD_KEY"      // id, ARN or alias of the KMS key that seals fields
	EnvIndexKeys     = "FULLMAKT_INDEX_KEYS"     // of those that hash fields, the newest first, with commas between them
	EnvArtificialIDs = "FULLMAKT_ARTIFICIAL_IDS" // true: national ids that are nobody's are let in; for tests

	// Bases of the addresses of public company registers, if they are not at their public ones.
	EnvPRH   = "FULLMAKT_REGISTRY_PRH_URL"
	EnvBrreg = "FULLMAKT_REGISTRY_BRREG_URL"
	// The client that Bolagsverket, which asks for one, lets in; without it Swedish companies are not looked up.
	EnvBolagsverketID     = "FULLMAKT_REGISTRY_BOLAGSVERKET_CLIENT_ID"
	EnvBolagsverketSecret = "FULLMAKT_REGISTRY_BOLAGSVERKET_CLIENT_SECRET" //nolint:gosec // G101: it is the name of a variable
)

// FilePrefix begins the names of all objects in the bucket of files. A function
// that puts files there may do so below it only.
const FilePrefix = "exports/"

// Variables are the ones that a function with these needs is given by its
// deployment; the first of the two must not be empty.
func Variables(needs []endpoint.Need) (required, optional []string) {
	required, optional = []string{EnvTable, EnvProfile}, []string{EnvMetrics}
	if slices.Contains(needs, endpoint.SendMail) {
		required = append(required, EnvMailFrom, EnvOperatorName, EnvPortalURL, EnvMailRate)
		optional = append(optional, EnvConfigurationSet)
	}
	if slices.Contains(needs, endpoint.HearMails) {
		required = append(required, EnvMailTopic)
	}
	if slices.Contains(needs, endpoint.OwnAddress) {
		required = append(required, EnvPortalURL)
	}
	if slices.Contains(needs, endpoint.MintLinks) {
		required = append(required, EnvLinkKey)
	}
	if slices.Contains(needs, endpoint.WriteFiles) {
		required = append(required, EnvFileBucket)
	}
	sealing := slices.Contains(needs, endpoint.SealFields) || slices.Contains(needs, endpoint.OpenFields)
	if sealing {
		required = append(required, EnvFieldKey)
	}
	if slices.Contains(needs, endpoint.IndexFields) {
		required = append(required, EnvIndexKeys)
	}
	if sealing || slices.Contains(needs, endpoint.IndexFields) {
		optional = append(optional, EnvArtificialIDs)
	}
	if slices.Contains(needs, endpoint.ReadRegistry) {
		optional = append(optional, EnvPRH, EnvBrreg, EnvBolagsverketID, EnvBolagsverketSecret)
	}
	return required, optional
}

// EndpointVariables are the ones that an endpoint with these needs is given.
func EndpointVariables(needs []endpoint.Need) (required, optional []string) {
	required, optional = Variables(needs)
	return required, append(optional, EnvOriginKeys)
}

// PageVariables are the ones that the function of the portal's pages is given;
// they may be empty.
func PageVariables() []string { return []string{EnvMetrics, EnvOriginKeys} }

// Env reads the configuration of a function, and gathers what is wrong with it
// so that all of it is told at once.
type Env struct {
	lookup func(name string) string
	faults []error
}

// Required reads a variable that must be there and pass the check.
func (e *Env) Required(name string, check func(value string) error) string {
	value := e.lookup(name)
	if value == "" {
		e.Fault(name, errors.New("is missing"))
		return ""
	}
	return e.checked(name, value, check)
}

// Optional reads a variable that may be missing or empty.
func (e *Env) Optional(name string, check func(value string) error) string {
	value := e.lookup(name)
	if value == "" {
		return ""
	}
	return e.checked(name, value, check)
}

func (e *Env) checked(name, value string, check func(string) error) string {
	if err := check(value); err != nil {
		e.Fault(name, err)
	}
	return value
}

// Fault notes what is wrong with a variable, once.
func (e *Env) Fault(name string, err error) {
	fault := fmt.Errorf("%s %w", name, err)
	if !slices.ContainsFunc(e.faults, func(noted error) bool { return noted.Error() == fault.Error() }) {
		e.faults = append(e.faults, fault)
	}
}

// lacks notes a need that the function's main has no part for.
func (e *Env) lacks(n endpoint.Need) {
	e.Fault("the need "+string(n), errors.New("has no part in the function's main"))
}

// Err is all that is wrong; nil when the function can start.
func (e *Env) Err() error { return errors.Join(e.faults...) }

// Region is the function's own.
func (e *Env) Region() string { return e.Required(EnvRegion, Name(30, "-")) }

// Endpoint is where an AWS service is, if not at its own place; the variable is
// the one that the AWS SDKs know, AWS_ENDPOINT_URL_ and the service.
func (e *Env) Endpoint(service string) string {
	return e.Optional("AWS_ENDPOINT_URL_"+service, func(value string) error {
		// In `sam local` the service is on another container's plain address.
		err := webAddress(value)
		if errors.Is(err, errPlain) && e.lookup("AWS_SAM_LOCAL") == "true" {
			return nil
		}
		return err
	})
}

// ArtificialIDs tells whether national ids that are nobody's are let in.
func (e *Env) ArtificialIDs() bool {
	return e.Optional(EnvArtificialIDs, func(value string) error {
		if value != "true" && value != "false" {
			return errors.New("is neither true nor false")
		}
		return nil
	}) == "true"
}

// PortalURL is the base of the links in mails.
func (e *Env) PortalURL() string {
	return e.Required(EnvPortalURL, func(value string) error {
		if strings.HasSuffix(value, "/") {
			return errors.New("ends with a slash")
		}
		return webAddress(value)
	})
}

// Metrics is the namespace of the function's metrics; empty: there are none.
func (e *Env) Metrics() string { return e.Optional(EnvMetrics, Name(255, "_.-/#:")) }

// OriginKeys are the hashes of the keys that the portal's distribution may bring.
func (e *Env) OriginKeys() (keys [][sha256.Size]byte) {
	e.Optional(EnvOriginKeys, func(value string) error {
		for text := range strings.SplitSeq(value, ",") {
			hash, err := hex.DecodeString(text)
			if err != nil || len(hash) != sha256.Size {
				return fmt.Errorf("are not hashes of %d bytes in hexadecimal", sha256.Size)
			}
			keys = append(keys, [sha256.Size]byte(hash))
		}
		return nil
	})
	return keys
}

// mostMails is more than SES lets anybody send in a second.
const mostMails = 10000

// MailRate is how many mails one run may send in a second.
func (e *Env) MailRate() (rate int) {
	e.Required(EnvMailRate, func(value string) (err error) {
		if rate, err = strconv.Atoi(value); err != nil || rate < 1 || rate > mostMails {
			return fmt.Errorf("is no number from 1 to %d", mostMails)
		}
		return nil
	})
	return rate
}

// Name checks that a value is at most most letters and digits of ASCII, and
// others. (A regular expression with such a count costs a millisecond of every start.)
func Name(most int, others string) func(value string) error {
	return func(value string) error {
		if len(value) > most || strings.ContainsFunc(value, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(others, r)
		}) {
			return fmt.Errorf("is not at most %d letters, digits and %s", most, others)
		}
		return nil
	}
}

// Line checks that a value is one line of text.
func Line(value string) error {
	if strings.TrimSpace(value) != value || !utf8.ValidString(value) ||
		strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("is not one line of text")
	}
	return nil
}

var errPlain = errors.New("is neither https nor on this machine")

// webAddress checks that a value is an address that nobody else can listen to:
// https, or on this machine.
func webAddress(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(value, "?# ") {
		return errors.New("is not the address of a site")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return errPlain
	}
	return nil
}

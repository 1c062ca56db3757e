package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/mail/sesmail"
	"github.com/fullmakt/fullmakt/internal/profile"
)

// Config is what one environment has of its own.
type Config struct {
	Env          string // its name, and part of the names of what is in it
	Profile      string // name of a profile in the binaries
	OperatorName string // of the company whose portal it is
	PortalURL    string // base of the links in mails, without a slash at its end
	MailFrom     string // bare address that mails come from; SES verifies its domain
	FileBucket   string // name, unique in the world, of the bucket for files that are fetched by a link
	AlarmEmail   string // who is told of alarms; may be empty
	// MailRate is how many mails a second the account's SES takes; 0: ten. In the
	// sandbox it is one.
	MailRate int
	// BolagsverketSecret names a secret of Secrets Manager with the members clientId
	// and clientSecret, of the client that Bolagsverket lets in. Without it Swedish
	// companies are not looked up.
	BolagsverketSecret string
	// IndexKeys are the names of the keys that hash what encrypted fields are found
	// by, the newest first; none: one, called 1.
	IndexKeys []string
	// ArtificialIDs lets in national ids that are nobody's, where all is a test.
	ArtificialIDs bool
	// ReserveConcurrency sets executions aside for functions that must neither
	// starve nor eat the others. An account whose quota is still 10 has none to
	// set aside.
	ReserveConcurrency bool
}

// Name is the environment's name for a thing; without a part, for the one that
// needs no other name.
func (c *Config) Name(part ...string) string {
	return strings.Join(append([]string{"fullmakt", c.Env}, part...), "-")
}

// MailDomain is the domain that SES verifies.
func (c *Config) MailDomain() string {
	_, domain, _ := strings.Cut(c.MailFrom, "@")
	return domain
}

// LinkKeyAlias names the key of one-time links, plainly, so that functions can
// be told of it without a reference that `sam local` cannot follow.
func (c *Config) LinkKeyAlias() string { return "alias/" + c.Name("links") }

// Variables are the environment variables that a function with these needs
// asks for, as plain values; what has none is an error.
func (c *Config) Variables(needs []endpoint.Need) (map[string]*string, error) {
	var aliases []string
	for _, name := range c.indexKeys() {
		aliases = append(aliases, c.IndexKeyAlias(name))
	}
	known := map[string]string{
		awsapp.EnvTable:            c.Name(),
		awsapp.EnvProfile:          c.Profile,
		awsapp.EnvMailFrom:         c.MailFrom,
		awsapp.EnvConfigurationSet: c.Name(),
		awsapp.EnvMailRate:         strconv.Itoa(c.mailRate() / c.mailRuns()),
		awsapp.EnvMailTopic:        c.mailTopic(),
		awsapp.EnvOperatorName:     c.OperatorName,
		awsapp.EnvPortalURL:        c.PortalURL,
		awsapp.EnvLinkKey:          c.LinkKeyAlias(),
		awsapp.EnvPRH:              "", // the public one
		awsapp.EnvBrreg:            "",

		awsapp.EnvBolagsverketID:     c.bolagsverket("clientId"),
		awsapp.EnvBolagsverketSecret: c.bolagsverket("clientSecret"),

		awsapp.EnvFileBucket: c.FileBucket,

		awsapp.EnvFieldKey:      c.FieldKeyAlias(),
		awsapp.EnvIndexKeys:     strings.Join(aliases, ","),
		awsapp.EnvArtificialIDs: strconv.FormatBool(c.ArtificialIDs),
	}
	required, optional := awsapp.Variables(needs)
	values := map[string]*string{}
	for _, name := range append(required, optional...) {
		value, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("no value for the variable %s", name)
		}
		values[name] = &value
	}
	return values, nil
}

// defaultMailRate is below what SES gives every account outside of the sandbox.
const defaultMailRate = 10

func (c *Config) mailRate() int { return cmp.Or(c.MailRate, defaultMailRate) }

// mailRuns is how many runs of the job that sends may be under way at once: one
// for the stream and one for the clock. Each keeps to its part of the rate; they
// know nothing of each other.
func (c *Config) mailRuns() int { return min(c.mailRate(), 2) }

// mailTopic is the name of the topic on which SES tells of mails.
func (c *Config) mailTopic() string { return c.Name("mails") }

// FieldKeyAlias names the key that seals fields of the table.
func (c *Config) FieldKeyAlias() string { return "alias/" + c.Name("fields") }

// IndexKeyAlias names a key that hashes what fields are found by.
func (c *Config) IndexKeyAlias(name string) string { return "alias/" + c.Name("index", name) }

// indexKeys are the names of those, the newest first.
func (c *Config) indexKeys() []string {
	if len(c.IndexKeys) == 0 {
		return []string{"1"}
	}
	return c.IndexKeys
}

// bolagsverket refers to a member of the secret. CloudFormation looks it up when
// it deploys, so that it is in no template.
func (c *Config) bolagsverket(member string) string {
	if c.BolagsverketSecret == "" {
		return ""
	}
	return "{{resolve:secretsmanager:" + c.BolagsverketSecret + ":SecretString:" + member + "}}"
}

var envForm = regexp.MustCompile(`^[a-z][a-z0-9]{1,11}$`)

// readConfig reads the environment of that name from the context, and reports
// all that is wrong with it.
func readConfig(env string, environments any) (*Config, error) {
	all, _ := environments.(map[string]any)
	settings, ok := all[env].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("no environment %q in cdk.json: there are %s", env, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	r := reader{left: maps.Clone(settings)}
	c := &Config{
		Env:          env,
		Profile:      r.text("profile", isProfile),
		OperatorName: r.text("operatorName", awsapp.Line),
		PortalURL:    r.text("portalUrl", isSite),
		MailFrom:     r.text("mailFrom", isSender),
		FileBucket:   r.text("fileBucket", isBucket),
	}
	if _, given := r.left["alarmEmail"]; given {
		c.AlarmEmail = r.text("alarmEmail", isAddress)
	}
	if _, given := r.left["mailRate"]; given {
		c.MailRate = r.number("mailRate", 1, 10000)
	}
	if _, given := r.left["bolagsverketSecret"]; given {
		c.BolagsverketSecret = r.text("bolagsverketSecret", awsapp.Name(512, "/_+=.@-"))
	}
	if _, given := r.left["indexKeys"]; given {
		c.IndexKeys = r.names("indexKeys")
	}
	if _, given := r.left["artificialIds"]; given {
		c.ArtificialIDs = r.flag("artificialIds")
	}
	c.ReserveConcurrency = r.flag("reserveConcurrency")
	if !envForm.MatchString(env) {
		r.fault("the name is not of the form %s", envForm)
	}
	for _, name := range slices.Sorted(maps.Keys(r.left)) {
		r.fault("%s is no setting", name)
	}
	if len(r.faults) > 0 {
		return nil, fmt.Errorf("environment %s in cdk.json:\n%w", env, errors.Join(r.faults...))
	}
	return c, nil
}

// reader takes settings, and gathers what is wrong with them.
type reader struct {
	left   map[string]any // not taken yet
	faults []error
}

func (r *reader) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf(format, args...))
}

func (r *reader) text(name string, check func(string) error) string {
	value, ok := r.left[name].(string)
	delete(r.left, name)
	if !ok || value == "" {
		r.fault("%s is missing or no text", name)
		return ""
	}
	if err := check(value); err != nil {
		r.fault("%s %q %w", name, value, err)
	}
	return value
}

var keyForm = regexp.MustCompile(`^[a-z0-9]{1,20}$`)

// names reads a list of names, none of them twice.
func (r *reader) names(name string) (names []string) {
	list, _ := r.left[name].([]any)
	delete(r.left, name)
	if len(list) == 0 {
		r.fault("%s is no list of names", name)
	}
	for _, v := range list {
		text, _ := v.(string)
		if !keyForm.MatchString(text) || slices.Contains(names, text) {
			r.fault("%s: %v is not of the form %s, or is there twice", name, v, keyForm)
		}
		names = append(names, text)
	}
	return names
}

func (r *reader) number(name string, least, most int) int {
	value, ok := r.left[name].(float64)
	delete(r.left, name)
	if n := int(value); ok && float64(n) == value && least <= n && n <= most {
		return n
	}
	r.fault("%s is no number from %d to %d", name, least, most)
	return least
}

func (r *reader) flag(name string) bool {
	value, ok := r.left[name].(bool)
	delete(r.left, name)
	if !ok {
		r.fault("%s is neither true nor false", name)
	}
	return value
}

func isProfile(name string) error {
	p, err := profile.Load(name)
	if err != nil {
		return fmt.Errorf("names no profile: %w", err)
	}
	if missing := profile.Missing(p); len(missing) > 0 {
		return fmt.Errorf("names a profile that asks for what this version does not have yet: %s", strings.Join(missing, ", "))
	}
	return nil
}

func isSite(value string) error {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || value != "https://"+u.Host+u.EscapedPath():
		return errors.New("is not the https address of a site")
	case strings.HasSuffix(value, "/"):
		return errors.New("ends with a slash")
	}
	return nil
}

// isSender asks who will send, so that what passes here also starts there.
func isSender(value string) error {
	if _, err := sesmail.New(sesmail.Config{Region: "eu-north-1", From: value}); err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	return nil
}

var bucketForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]$`)

// isBucket lets no dots through, with which a bucket has no certificate.
func isBucket(value string) error {
	if !bucketForm.MatchString(value) {
		return fmt.Errorf("is not of the form %s", bucketForm)
	}
	return nil
}

func isAddress(value string) error {
	if a, err := mail.ParseAddress(value); err != nil || a.Address != value {
		return errors.New("is not a bare address")
	}
	return nil
}

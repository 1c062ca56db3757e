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
	// Edge is what the portal's distribution stands on. Without one there is none,
	// and the API is open to everybody at the address that AWS gives it.
	Edge *Edge
	// Restored is a table that functions use in the place of the stack's own, after
	// an older state was brought back.
	Restored *Restored
	// LocalServices declares the variables that say where AWS services are:
	// `sam local` fills only what is declared.
	LocalServices bool
	// X86 says that the functions were built for another machine than Lambda's
	// cheaper one: `sam local` runs what the machine under it runs.
	X86 bool
}

// Restored is a table that DynamoDB has restored a state to, which it does to a new
// one only.
type Restored struct {
	Table  string // name
	Stream string // ARN of its stream
}

// Edge is the way from the portal's address to the API.
type Edge struct {
	Certificate    string   // ARN of the one for the portal's host, in us-east-1
	APIHost        string   // name that the distribution calls the API by
	APICertificate string   // ARN of the one for that, in the region of the API
	OriginKeys     []string // SHA-256 of the keys that the distribution may bring, in hexadecimal
}

// Name is the environment's name for a thing; without a part, for the one that
// needs no other name.
func (c *Config) Name(part ...string) string {
	return strings.Join(append([]string{"fullmakt", c.Env}, part...), "-")
}

// Table is the name of the table that functions use.
func (c *Config) Table() string {
	if c.Restored != nil {
		return c.Restored.Table
	}
	return c.Name()
}

// MailDomain is the domain that SES verifies.
func (c *Config) MailDomain() string {
	_, domain, _ := strings.Cut(c.MailFrom, "@")
	return domain
}

// LinkKeyAlias names the key of one-time links, plainly, so that functions can
// be told of it without a reference that `sam local` cannot follow.
func (c *Config) LinkKeyAlias() string { return "alias/" + c.Name("links") }

// values are those of environment variables, as plain text; what has none is an
// error.
func (c *Config) values(variables []string) (map[string]*string, error) {
	var aliases []string
	for _, name := range c.indexKeys() {
		aliases = append(aliases, c.IndexKeyAlias(name))
	}
	known := map[string]string{
		awsapp.EnvTable:            c.Table(),
		awsapp.EnvMetrics:          c.Name(),
		awsapp.EnvOriginKeys:       c.originKeys(),
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
	values := map[string]*string{}
	for _, name := range variables {
		value, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("no value for the variable %s", name)
		}
		values[name] = &value
	}
	return values, nil
}

// OriginSecret names the secret, in us-east-1, of the key that the distribution
// brings; its hash is among the edge's.
func (c *Config) OriginSecret() string { return c.Name("origin-key") }

func (c *Config) originKeys() string {
	if c.Edge == nil {
		return ""
	}
	return strings.Join(c.Edge.OriginKeys, ",")
}

// portalHost is the host of the portal's address.
func (c *Config) portalHost() string { return strings.TrimPrefix(c.PortalURL, "https://") }

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
		c.IndexKeys = r.texts("indexKeys", keyForm)
	}
	if _, given := r.left["artificialIds"]; given {
		c.ArtificialIDs = r.flag("artificialIds")
	}
	c.Edge = r.edge(c.PortalURL)
	if _, given := r.left["restored"]; given {
		c.Restored = r.restored(c.Name())
	}
	if _, given := r.left["localServices"]; given {
		c.LocalServices = r.flag("localServices")
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

// isX86 reads the context value arch.
func isX86(arch any) (bool, error) {
	switch arch {
	case nil, "arm64":
		return false, nil
	case "x86_64":
		return true, nil
	}
	return false, fmt.Errorf("arch: there are arm64 and x86_64, and no %v", arch)
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

// edge reads the settings of the distribution, or that there is to be none.
func (r *reader) edge(portalURL string) *Edge {
	settings, given := r.left["edge"].(map[string]any)
	open := r.left["open"]
	delete(r.left, "edge")
	delete(r.left, "open")
	switch {
	case given && open != nil:
		r.fault("edge and open: it is one or the other")
	case open == true:
		return nil
	case !given:
		r.fault("edge is missing: how the portal's host leads to the API (or open: true, which lets everybody at the API itself)")
		return nil
	}
	if u, err := url.Parse(portalURL); err == nil && isSite(portalURL) == nil && u.Path != "" {
		r.fault("portalUrl %q has a path, and the portal is a host", portalURL)
	}
	in := &reader{left: maps.Clone(settings)}
	e := &Edge{
		Certificate:    in.text("certificate", isCertificate("us-east-1")),
		APIHost:        in.text("apiHost", isHost),
		APICertificate: in.text("apiCertificate", isCertificate("[a-z0-9-]+")),
		OriginKeys:     in.texts("originKeys", keyHashForm),
	}
	for _, name := range slices.Sorted(maps.Keys(in.left)) {
		in.fault("%s is no setting", name)
	}
	for _, fault := range in.faults {
		r.fault("edge: %w", fault)
	}
	return e
}

// restored reads which table is in the place of the stack's own.
func (r *reader) restored(own string) *Restored {
	settings, _ := r.left["restored"].(map[string]any)
	delete(r.left, "restored")
	in := &reader{left: maps.Clone(settings)}
	t := &Restored{Table: in.text("table", isTable(own))}
	if len(in.faults) == 0 {
		t.Stream = in.text("stream", isStream(t.Table))
	}
	delete(in.left, "stream")
	for _, name := range slices.Sorted(maps.Keys(in.left)) {
		in.fault("%s is no setting", name)
	}
	for _, fault := range in.faults {
		r.fault("restored: %w", fault)
	}
	return t
}

var (
	keyForm     = regexp.MustCompile(`^[a-z0-9]{1,20}$`)
	keyHashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
	hostForm    = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

// texts reads a list of texts of a form, none of them twice.
func (r *reader) texts(name string, form *regexp.Regexp) (texts []string) {
	list, _ := r.left[name].([]any)
	delete(r.left, name)
	if len(list) == 0 {
		r.fault("%s is no list of texts", name)
	}
	for _, v := range list {
		text, _ := v.(string)
		if !form.MatchString(text) || slices.Contains(texts, text) {
			r.fault("%s: %v is not of the form %s, or is there twice", name, v, form)
		}
		texts = append(texts, text)
	}
	return texts
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

func isHost(value string) error {
	if !hostForm.MatchString(value) {
		return fmt.Errorf("is not of the form %s", hostForm)
	}
	return nil
}

// isCertificate checks the ARN of a certificate in a region.
func isCertificate(region string) func(string) error {
	form := regexp.MustCompile(`^arn:aws:acm:` + region + `:[0-9]{12}:certificate/[0-9a-f-]{36}$`)
	return func(value string) error {
		if !form.MatchString(value) {
			return fmt.Errorf("is not of the form %s", form)
		}
		return nil
	}
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

var tableForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// isTable asks for another table than the stack's own.
func isTable(own string) func(string) error {
	return func(value string) error {
		switch {
		case value == own:
			return errors.New("is the stack's own table; leave the setting out")
		case !tableForm.MatchString(value):
			return fmt.Errorf("is not of the form %s", tableForm)
		}
		return nil
	}
}

// isStream asks for the ARN of a table's stream.
func isStream(of string) func(string) error {
	form := regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/` + regexp.QuoteMeta(of) + `/stream/[0-9T:.-]+$`)
	return func(value string) error {
		if !form.MatchString(value) {
			return fmt.Errorf("is not of the form %s", form)
		}
		return nil
	}
}

package main

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
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
	AlarmEmail   string // who is told of alarms; may be empty
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
	known := map[string]string{
		awsapp.EnvTable:            c.Name(),
		awsapp.EnvProfile:          c.Profile,
		awsapp.EnvMailFrom:         c.MailFrom,
		awsapp.EnvConfigurationSet: c.Name(),
		awsapp.EnvOperatorName:     c.OperatorName,
		awsapp.EnvPortalURL:        c.PortalURL,
		awsapp.EnvLinkKey:          c.LinkKeyAlias(),
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
	}
	if _, given := r.left["alarmEmail"]; given {
		c.AlarmEmail = r.text("alarmEmail", isAddress)
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

func isAddress(value string) error {
	if a, err := mail.ParseAddress(value); err != nil || a.Address != value {
		return errors.New("is not a bare address")
	}
	return nil
}

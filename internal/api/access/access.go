// Package access tells the portal's other modules what people may do, in the
// words of the OpenID AuthZEN Authorization API 1.0
// (https://openid.net/specs/authorization-api-1_0.html).
//
// The subject is a person, by id; the resource an organization or something in
// one; the action a right. Nothing of a request is believed but ids: a context,
// and properties other than the organization, are accepted and count for nothing.
package access

import (
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Endpoints of this noun.
func Endpoints() []endpoint.Endpoint {
	return []endpoint.Endpoint{Evaluation(), Evaluations(), SearchSubject(), SearchResource(), SearchAction()}
}

// The types of entities beside the profile's types of resources.
const (
	user         = "user"
	organization = string(domain.InOrganization)
)

// subject is who would do something.
type subject struct {
	Type       string      `json:"type" required:"true" minLength:"1" description:"Always user." example:"user"`
	ID         string      `json:"id" required:"true" minLength:"1" description:"The person's id." example:"usr_01k9a2b3c4d5e6f7g8h9jkmnpq"`
	Properties *properties `json:"properties,omitempty"`
}

// action is what they would do.
type action struct {
	Name string `json:"name" required:"true" minLength:"1" description:"The key of a right." example:"users:see"`
}

// resource is what they would do it on.
type resource struct {
	Type       string      `json:"type" required:"true" minLength:"1" description:"One of the profile's resource types, or organization." example:"worksite"`
	ID         string      `json:"id" required:"true" minLength:"1" description:"The resource's id, or the organization's." example:"res_01k9a2b3c4d5e6f7g8h9jkmnpq"`
	Properties *properties `json:"properties,omitempty"`
}

// sought is an entity that a search is for; an id of it counts for nothing.
type sought struct {
	Type       string      `json:"type" required:"true" minLength:"1" example:"user"`
	Properties *properties `json:"properties,omitempty"`
}

// properties are those that count.
type properties struct {
	Organization string `json:"organization,omitzero" description:"Of a subject: the organization that they act from; the resource's if left out. Of a resource: the organization that it is in. Without it nothing is found but organizations." example:"org_01k9a2b3c4d5e6f7g8h9jkmnpq"`
}

func (p *properties) organization() string {
	if p == nil {
		return ""
	}
	return p.Organization
}

// surroundings are accepted and count for nothing: whoever asks does not say
// what time it is.
type surroundings map[string]any

// text notes a text that has to be there and is not.
func text(s, pointer string, faults *domain.Faults) {
	if s == "" {
		faults.Add(pointer, "required", "This is needed.")
	}
}

func (s *subject) check(pointer string, faults *domain.Faults) {
	if s == nil {
		text("", pointer, faults)
		return
	}
	text(s.Type, pointer+"/type", faults)
	text(s.ID, pointer+"/id", faults)
}

func (a *action) check(pointer string, faults *domain.Faults) {
	if a == nil {
		text("", pointer, faults)
		return
	}
	text(a.Name, pointer+"/name", faults)
}

func (r *resource) check(pointer string, faults *domain.Faults) {
	if r == nil {
		text("", pointer, faults)
		return
	}
	text(r.Type, pointer+"/type", faults)
	text(r.ID, pointer+"/id", faults)
}

func (s *sought) check(pointer string, faults *domain.Faults) {
	if s == nil {
		text("", pointer, faults)
		return
	}
	text(s.Type, pointer+"/type", faults)
}

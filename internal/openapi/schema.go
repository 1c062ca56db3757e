package openapi

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go/openapi31"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// schemas is where components are.
const schemas = "#/components/schemas/"

// reflector makes schemas of Go types as endpoint's JSON has them: nothing is
// ever null, objects have no members but the declared ones (those of a foreign
// protocol may), and a member without omitempty or omitzero is always there.
func reflector(spec *openapi31.Spec, n *names) *openapi31.Reflector {
	r := openapi31.NewReflector()
	r.Spec = spec
	for _, id := range []struct {
		of     any
		prefix string
		what   string
	}{
		{domain.OrganizationID(""), "org", "An organization's id."},
		{domain.PersonID(""), "usr", "A person's id, the same in every organization."},
		{domain.ResourceID(""), "res", "A resource's id."},
		{domain.SessionID(""), "ses", "A session's id."},
		{domain.AuditID(""), "aud", "An audit entry's id."},
		{domain.MandateID(""), "man", "A mandate's id."},
		{domain.ServiceID(""), "svc", "A service client's id."},
	} {
		r.AddTypeMapping(id.of, *new(jsonschema.Schema).WithType(jsonschema.String.Type()).
			WithPattern("^" + id.prefix + "_[0-7][0-9a-hjkmnp-tv-z]{25}$").WithDescription(id.what).
			WithExamples(exampleOf(id.prefix)))
	}
	r.AddTypeMapping(domain.Text{}, text())
	r.AddTypeMapping(time.Time{}, *new(jsonschema.Schema).WithType(jsonschema.String.Type()).
		WithFormat("date-time").WithPattern("Z$").WithExamples("2026-11-02T09:00:00.000Z"))
	r.DefaultOptions = append(r.DefaultOptions,
		jsonschema.InterceptDefName(func(t reflect.Type, _ string) string { return n.of(t) }),
		jsonschema.InterceptProp(member),
		jsonschema.InterceptSchema(n.closed),
	)
	return r
}

// addSchema adds the component of a type that no operation is reflected with.
func addSchema(r *openapi31.Reflector, of any) error {
	var faults []error
	collect := func(name string, s jsonschema.Schema) {
		m, err := s.ToSchemaOrBool().ToSimpleMap()
		faults = append(faults, err)
		r.Spec.ComponentsEns().WithSchemasItem(name, m)
	}
	_, err := r.Reflect(of, jsonschema.DefinitionsPrefix(schemas), jsonschema.RootRef, jsonschema.CollectDefinitions(collect))
	return errors.Join(append(faults, err)...)
}

// exampleOf is an id that is nobody's.
func exampleOf(prefix string) string { return prefix + "_01k9a2b3c4d5e6f7g8h9jkmnpq" }

// text is a text in the profile's languages, which are some of Fullmakt's.
func text() jsonschema.Schema {
	var s jsonschema.Schema
	s.WithType(jsonschema.Object.Type()).WithDescription("A text in each of the profile's languages.")
	for _, l := range domain.Languages {
		s.WithPropertiesItem(string(l), jsonschema.String.ToSchemaOrBool())
	}
	s.WithAdditionalProperties(no())
	return s
}

// member says whether an object's member is required.
func member(p jsonschema.InterceptPropParams) error {
	if !p.Processed {
		return nil
	}
	p.PropertySchema.RemoveType(jsonschema.Null)
	if p.Context.PropertyNameTag != "json" {
		return nil // a parameter
	}
	options := strings.Split(p.Field.Tag.Get("json"), ",")[1:]
	optional := slices.Contains(options, "omitempty") || slices.Contains(options, "omitzero")
	switch required := slices.Contains(p.ParentSchema.Required, p.Name); {
	case required && optional:
		return fmt.Errorf("%s is tagged required and may be left out", p.Name)
	case !required && !optional:
		p.ParentSchema.Required = append(p.ParentSchema.Required, p.Name)
	}
	return nil
}

// closed says that an object has no other members, unless its protocol is
// somebody else's and may grow.
func (n *names) closed(p jsonschema.InterceptSchemaParams) (stop bool, err error) {
	v := reflect.Indirect(p.Value)
	if p.Processed && p.Context.PropertyNameTag == "json" && v.Kind() == reflect.Struct && p.Schema.HasType(jsonschema.Object) && !n.open[v.Type().PkgPath()] {
		p.Schema.WithAdditionalProperties(no())
	}
	return false, nil
}

func no() jsonschema.SchemaOrBool { return *new(jsonschema.SchemaOrBool).WithTypeBoolean(false) }

// names are the components' names: a request or response of one endpoint is
// named for the endpoint, another type of an endpoint's package for the noun
// and itself, and what is shared for itself. Two types never share a name.
type names struct {
	nouns map[string]string // by package path
	open  map[string]bool   // packages whose endpoints ignore what they do not know
	types map[reflect.Type]string
	given map[string]reflect.Type
	clash error
}

func newNames(endpoints []endpoint.Endpoint) *names {
	n := &names{nouns: map[string]string{}, open: map[string]bool{}, types: map[reflect.Type]string{}, given: map[string]reflect.Type{}}
	for _, e := range endpoints {
		if noun, err := nounOf(e); err == nil {
			n.nouns[e.In.PkgPath()], n.open[e.In.PkgPath()] = camel(noun), e.Open
		}
	}
	for _, e := range endpoints {
		n.types[e.In] = camel(e.ID) + "Request"
		if _, named := n.types[e.Out]; !named && strings.HasSuffix(e.Out.Name(), "Response") {
			n.types[e.Out] = camel(e.ID) + "Response"
		}
	}
	return n
}

func (n *names) of(t reflect.Type) string {
	name, ok := n.types[t]
	if !ok {
		noun := n.nouns[t.PkgPath()]
		if name = upper(t.Name()); name == "Response" {
			name = noun
		}
		name = noun + strings.TrimPrefix(name, noun)
	}
	if other, taken := n.given[name]; taken && other != t {
		n.clash = fmt.Errorf("openapi: %v and %v would both be %s", other, t, name)
	}
	n.given[name] = t
	return name
}

// nounOf is the part of an endpoint's id that names its package: the package
// of password-reset-check is passwordreset.
func nounOf(e endpoint.Endpoint) (string, error) {
	words := strings.Split(e.ID, "-")
	for n := range words {
		if strings.Join(words[:n], "") == path.Base(e.In.PkgPath()) {
			return strings.Join(words[:n], "-"), nil
		}
	}
	return "", fmt.Errorf("openapi: %s: its request type is declared in %s, which is not the package of its noun", e.ID, e.In.PkgPath())
}

func camel(id string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(id, "-") {
		b.WriteString(upper(word))
	}
	return b.String()
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

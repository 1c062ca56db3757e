package openapi

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

const (
	sessionScheme  = "session"
	serviceScheme  = "service"
	idempotencyKey = "Idempotency-Key"
	ifMatch        = "If-Match"

	// extensionRight is the right that a caller needs, for programs.
	extensionRight = "x-right"
)

// describer adds operations to a document.
type describer struct {
	reflector *openapi31.Reflector
	endpoints []endpoint.Endpoint
}

func (d describer) add(e endpoint.Endpoint, noun string) error {
	oc, err := d.reflector.NewOperationContext(e.Method, e.Path)
	if err != nil {
		return err
	}
	oc.SetID(e.ID)
	oc.SetTags(noun)
	oc.SetSummary(e.Summary)
	oc.SetDescription(access(e.Access))
	oc.AddReqStructure(reflect.New(e.In).Interface())
	var body any
	if e.Out != reflect.TypeFor[endpoint.None]() {
		body = reflect.New(e.Out).Interface()
	}
	oc.AddRespStructure(body, openapi.WithHTTPStatus(e.Status))
	if err := d.reflector.AddOperation(oc); err != nil {
		return err
	}
	item := d.reflector.Spec.Paths.MapOfPathItemValues[e.Path]
	op, err := item.Operation(e.Method)
	if err != nil {
		return err
	}
	if e.HasBody() != (op.RequestBody != nil) {
		return fmt.Errorf("%s has no body", e.Method)
	}
	d.finish(op, e)
	return nil
}

// finish sets what reflection does not know.
func (d describer) finish(op *openapi31.Operation, e endpoint.Endpoint) {
	if op.RequestBody != nil {
		op.RequestBody.RequestBody.WithRequired(true)
	}
	for i := range op.Parameters {
		if p := op.Parameters[i].Parameter; sharedParameters[p.Name] != nil {
			op.Parameters[i] = shared(p.Name)
		} else {
			delete(p.Schema, "description") // the parameter has it
		}
	}
	if keepsReceipts(e) {
		op.Parameters = append(op.Parameters, shared(idempotencyKey))
	}
	switch {
	case e.InSession():
		op.WithSecurity(map[string][]string{sessionScheme: {}})
	case e.Access.Service != "":
		op.WithSecurity(map[string][]string{serviceScheme: {}})
	default:
		// The field would be left out when it is empty.
		op.WithMapOfAnythingItem("security", []any{})
	}
	if e.Access.Right != "" {
		op.WithMapOfAnythingItem(extensionRight, e.Access.Right)
	}
	op.Responses.MapOfResponseOrReferenceValues[strconv.Itoa(e.Status)].Response.Headers = d.successHeaders(e)
	for status, errs := range problems(e) {
		op.Responses.WithMapOfResponseOrReferenceValuesItem(strconv.Itoa(status), addProblem(d.reflector.Spec, status, errs))
	}
}

func access(a endpoint.Access) string {
	switch {
	case a.Public != "":
		return "Needs no session: " + a.Public + "."
	case a.Signed != "":
		return "Needs a session: " + a.Signed + "."
	case a.Service != "":
		return "Needs a service client with the scope `" + string(a.Service) + "`."
	case a.Somewhere:
		return "Needs the right `" + string(a.Right) + "` in the organization or on something in it."
	case a.Self:
		return "Needs the right `" + string(a.Right) + "`, or to be about the caller."
	}
	return "Needs the right `" + string(a.Right) + "`."
}

// keepsReceipts tells whether an Idempotency-Key has an effect.
func keepsReceipts(e endpoint.Endpoint) bool {
	return e.InSession() && !e.Secret && e.Needing(endpoint.WriteItems)
}

// matches tells whether the endpoint reads If-Match.
func matches(e endpoint.Endpoint) bool {
	return slices.ContainsFunc(reflect.VisibleFields(e.In), func(f reflect.StructField) bool { return f.Tag.Get("header") == ifMatch })
}

// successHeaders are the headers of a success: what a change with If-Match
// answers with carries its tag wherever it is shown, and what is created has an
// address if there is an endpoint to get it.
func (d describer) successHeaders(e endpoint.Endpoint) map[string]openapi31.HeaderOrReference {
	h := map[string]openapi31.HeaderOrReference{}
	for _, other := range d.endpoints {
		if matches(other) && shows(e.Out, other.Out) {
			h["ETag"] = header("The version of what is shown, for `If-Match`.", "string", `"1"`, true)
		}
		below, ok := strings.CutPrefix(other.Path, e.Path+"/{")
		if e.Status == http.StatusCreated && other.Method == http.MethodGet && ok && !strings.Contains(below, "/") {
			h["Location"] = header("The path of what was created: `"+other.Path+"`.", "string", nil, true)
		}
	}
	return h
}

// shows tells whether out is the type, or embeds it, and there is something in it.
func shows(out, t reflect.Type) bool {
	embeds := func(f reflect.StructField) bool { return f.Anonymous && f.Type == t }
	return t.NumField() > 0 && (out == t || slices.ContainsFunc(reflect.VisibleFields(out), embeds))
}

func header(description, kind string, example any, required bool) openapi31.HeaderOrReference {
	schema := map[string]any{"type": kind}
	if example != nil {
		schema["examples"] = []any{example}
	}
	return openapi31.HeaderOrReference{Header: new(openapi31.Header).WithRequired(required).WithDescription(description).WithSchema(schema)}
}

// sharedParameters are those of many endpoints, by the header's name.
var sharedParameters = map[string]*openapi31.Parameter{
	idempotencyKey: headerParameter(idempotencyKey, "Makes repeating the request harmless: a second one with the same key gets the answer of the first.", false,
		map[string]any{"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$", "examples": []any{"8f14e45f-ceea-467f-a3d1-6b1a2c3d4e5f"}}),
	ifMatch: headerParameter(ifMatch, "The `ETag` of what is to be changed, as it was read.", true,
		map[string]any{"type": "string", "examples": []any{`"1"`}}),
}

func headerParameter(name, description string, required bool, schema map[string]any) *openapi31.Parameter {
	return new(openapi31.Parameter).WithName(name).WithIn(openapi31.ParameterInHeader).
		WithRequired(required).WithDescription(description).WithSchema(schema)
}

func addSharedParameters(spec *openapi31.Spec) {
	for name, p := range sharedParameters {
		spec.ComponentsEns().WithParametersItem(name, openapi31.ParameterOrReference{Parameter: p})
	}
}

func shared(name string) openapi31.ParameterOrReference {
	return openapi31.ParameterOrReference{Reference: new(openapi31.Reference).WithRef("#/components/parameters/" + name)}
}

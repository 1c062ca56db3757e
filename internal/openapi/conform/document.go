package conform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is the part of OpenAPI that is needed here.
type document struct {
	Paths      map[string]map[string]operationObject
	Components struct {
		Responses map[string]responseObject
	}
}

type operationObject struct {
	RequestBody *struct {
		Content map[string]json.RawMessage
	}
	Responses map[string]responseObject
}

type responseObject struct {
	Ref     string `json:"$ref"`
	Headers map[string]struct {
		Required bool
		Schema   struct{ Type string }
	}
	Content map[string]json.RawMessage
	Codes   []string `json:"x-codes"`
}

// reader compiles the schemas of a document.
type reader struct {
	document document
	compiler *jsonschema.Compiler
}

// location names the document to the compiler.
const location = "urn:openapi"

func newReader(text []byte) (*reader, error) {
	r := &reader{compiler: jsonschema.NewCompiler()}
	if err := json.Unmarshal(text, &r.document); err != nil {
		return nil, err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.compiler.AssertFormat()
	return r, r.compiler.AddResource(location, v)
}

func (r *reader) schema(pointer string) (*jsonschema.Schema, error) {
	return r.compiler.Compile(location + pointer)
}

func (r *reader) operation(at string, o operationObject) (*operation, error) {
	op := &operation{responses: map[int]response{}}
	var err error
	if o.RequestBody != nil {
		if op.request, err = r.schema(at + pointer("requestBody", "content", "application/json", "schema")[1:]); err != nil {
			return nil, err
		}
	}
	for status, res := range o.Responses {
		code, err := strconv.Atoi(status)
		if err != nil {
			return nil, fmt.Errorf("response %q: %w", status, err)
		}
		where := at + pointer("responses", status)[1:]
		if res.Ref != "" {
			where, res = res.Ref, r.document.Components.Responses[strings.TrimPrefix(res.Ref, "#/components/responses/")]
		}
		if op.responses[code], err = r.response(where, res); err != nil {
			return nil, err
		}
	}
	return op, nil
}

func (r *reader) response(at string, o responseObject) (response, error) {
	out := response{headers: map[string]header{}, codes: o.Codes}
	if len(o.Content) > 1 {
		return out, fmt.Errorf("%s: several media types", at)
	}
	for media := range o.Content {
		s, err := r.schema(at + pointer("content", media, "schema")[1:])
		if err != nil {
			return out, err
		}
		out.content, out.body = media, s
	}
	for name, h := range o.Headers {
		s, err := r.schema(at + pointer("headers", name, "schema")[1:])
		if err != nil {
			return out, err
		}
		out.headers[name] = header{schema: s, required: h.Required, number: h.Schema.Type != "string"}
	}
	return out, nil
}

// pointer is a JSON pointer as a fragment.
func pointer(path ...string) string {
	var b strings.Builder
	b.WriteByte('#')
	for _, p := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(p))
	}
	return b.String()
}

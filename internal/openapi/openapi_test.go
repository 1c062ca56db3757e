package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/fullmakt/fullmakt/docs"
	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/openapi"
	"github.com/fullmakt/fullmakt/internal/openapi/conform"
	"github.com/fullmakt/fullmakt/internal/sample"
)

// object is a JSON object.
type object = map[string]any

// document is the committed one, decoded.
func document(t *testing.T) object {
	t.Helper()
	var doc object
	if err := json.Unmarshal(docs.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// at is what a path of names leads to; nil if nothing is there.
func at(v any, path ...string) any {
	for _, name := range path {
		o, _ := v.(object)
		v = o[name]
	}
	return v
}

func TestTheCommittedDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	want, err := openapi.Document(api.Endpoints())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(docs.OpenAPI, want) {
		t.Error("docs/openapi.json does not describe the registry: run `go run ./cmd/fullmakt generate`")
	}
	again, err := openapi.Document(api.Endpoints())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, again) {
		t.Error("the same endpoints gave two documents")
	}
}

func TestTheDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/openapi-3.1-2022-10-07.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:oas", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("urn:oas")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(docs.OpenAPI))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Error(err)
	}
	delete(doc.(object), "info")
	if s.Validate(doc) == nil {
		t.Error("a document without info passes, so the check checks nothing")
	}
}

func TestEveryEndpointIsThereOnce(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for _, e := range api.Endpoints() {
		want[e.ID] = e.Method + " " + e.Path
	}
	got := map[string]string{}
	for path, item := range at(document(t), "paths").(object) {
		for method, op := range item.(object) {
			id := at(op, "operationId").(string)
			if got[id] != "" {
				t.Errorf("%s is there twice", id)
			}
			got[id] = strings.ToUpper(method) + " " + path
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Every example is one: of a schema, a header, a parameter, a media type.
func TestEveryExampleIsValid(t *testing.T) {
	t.Parallel()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(docs.OpenAPI))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("urn:openapi", doc); err != nil {
		t.Fatal(err)
	}
	examples := 0
	check := func(pointer string, example any) {
		examples++
		s, err := c.Compile("urn:openapi#" + pointer)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(example); err != nil {
			t.Errorf("%s: %v", pointer, err)
		}
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	var walk func(pointer string, v any)
	walk = func(pointer string, v any) {
		switch v := v.(type) {
		case []any:
			for i, item := range v {
				walk(fmt.Sprint(pointer, "/", i), item)
			}
		case object:
			if list, ok := v["examples"].([]any); ok {
				for _, example := range list {
					check(pointer, example)
				}
			}
			if example, ok := v["example"]; ok {
				check(pointer+"/schema", example)
			}
			for name, item := range v {
				if name != "example" && name != "examples" {
					walk(pointer+"/"+escape.Replace(name), item)
				}
			}
		}
	}
	walk("", doc)
	if examples < 50 {
		t.Errorf("only %d examples were found", examples)
	}
}

// The sample events are requests that succeed, so the description must allow them.
func TestTheSampleRequestsAreAsDescribed(t *testing.T) {
	t.Parallel()
	checker, err := conform.New(docs.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range api.Endpoints() {
		text, err := sample.Event(e.Spec)
		if err != nil {
			t.Fatal(err)
		}
		var event struct{ RawPath, Body string }
		if err := json.Unmarshal(text, &event); err != nil {
			t.Fatal(err)
		}
		if err := checker.Request(e.Method, event.RawPath, []byte(event.Body)); err != nil {
			t.Error(err)
		}
	}
}

// What follows from a declaration, by example.
func TestWhatOperationsSay(t *testing.T) {
	t.Parallel()
	doc := document(t)
	operations := map[string]object{}
	for _, item := range at(doc, "paths").(object) {
		for _, op := range item.(object) {
			operations[at(op, "operationId").(string)] = op.(object)
		}
	}
	parameters := func(op object) (names []string) {
		list, _ := op["parameters"].([]any)
		for _, p := range list {
			name, _ := at(p, "name").(string)
			if ref, ok := at(p, "$ref").(string); ok {
				name = ref[strings.LastIndex(ref, "/")+1:]
			}
			names = append(names, name)
		}
		return names
	}
	type said struct {
		Tags, Parameters, Statuses, Headers []string
		Public, Body                        bool
		Right                               any
	}
	say := func(id string) (s said) {
		op := operations[id]
		for _, tag := range op["tags"].([]any) {
			s.Tags = append(s.Tags, tag.(string))
		}
		s.Parameters = parameters(op)
		s.Statuses = slices.Sorted(maps.Keys(op["responses"].(object)))
		success, _ := at(op, "responses", s.Statuses[0], "headers").(object)
		s.Headers = slices.Sorted(maps.Keys(success))
		s.Public = len(op["security"].([]any)) == 0
		s.Body = at(op, "requestBody", "required") == true
		s.Right = op["x-right"]
		return s
	}
	for id, want := range map[string]said{
		"session-create": {
			Tags: []string{"session"}, Public: true, Body: true,
			Statuses: []string{"201", "400", "401", "409", "413", "415", "429", "500", "503"},
		},
		"password-reset-check": {
			Tags: []string{"password-reset"}, Public: true, Body: true, Statuses: []string{"200", "400", "413", "415", "500", "503"},
		},
		"session-revoke": {
			Tags: []string{"session"}, Parameters: []string{"session", "Idempotency-Key"},
			Statuses: []string{"204", "400", "401", "404", "409", "422", "500", "503"},
		},
		"user-list": {
			Tags: []string{"user"}, Right: "users:see", Parameters: []string{
				"q", "name", "email", "phone", "role", "right", "resource", "homeOrganization", "kind", "status",
				"emailUndeliverable", "signedInSince", "notSignedInSince", "sort", "count", "limit", "cursor", "org",
			},
			Statuses: []string{"200", "400", "401", "403", "404", "500", "503"},
		},
		"user-create": {
			Tags: []string{"user"}, Parameters: []string{"org", "Idempotency-Key"}, Right: "users:edit", Body: true, Headers: []string{"ETag", "Location"},
			Statuses: []string{"201", "400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503"},
		},
		"user-update": {
			Tags: []string{"user"}, Parameters: []string{"org", "user", "If-Match", "Idempotency-Key"}, Right: "users:edit", Body: true, Headers: []string{"ETag"},
			Statuses: []string{"200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429", "500", "503"},
		},
		"organization-create": {
			Tags: []string{"organization"}, Parameters: []string{"Idempotency-Key"}, Right: "operator:organizations", Body: true, Headers: []string{"ETag", "Location"},
			Statuses: []string{"201", "400", "401", "403", "409", "413", "415", "422", "429", "500", "503"},
		},
	} {
		if d := cmp.Diff(want, say(id)); d != "" {
			t.Errorf("%s: %s", id, d)
		}
	}
	for pointer, want := range map[string]any{
		"Validity/required":                       []any{"type"},
		"User/additionalProperties":               false,
		"User/properties/createdAt/format":        "date-time",
		"User/properties/id/$ref":                 "#/components/schemas/PersonID",
		"PersonID/pattern":                        "^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$",
		"UserUpdateRequest/properties/roles/type": "array", // and never null
		"UserUpdateRequest/required":              nil,
		"Text/properties/nb/type":                 "string",
		"Text/additionalProperties":               false,
		"Problem/properties/errors/items/$ref":    "#/components/schemas/ProblemField",
		"OrganizationCreateResponse/required": []any{
			"id", "name", "country", "businessId", "language", "timeZone", "status", "createdAt", "updatedAt", "administrator",
		},
	} {
		if d := cmp.Diff(want, at(at(doc, "components", "schemas"), strings.Split(pointer, "/")...)); d != "" {
			t.Errorf("%s: %s", pointer, d)
		}
	}
}

// A mistake in a declaration is found when the document is made.
func TestEndpointsThatCannotBeDescribed(t *testing.T) {
	t.Parallel()
	type lost struct {
		Name string `json:"name" required:"true"`
	}
	e := endpoint.New(endpoint.Spec{
		ID: "nobody-create", Method: http.MethodPost, Path: "/v1/nobodies", Status: http.StatusCreated, Summary: "Is nowhere.",
		Access: endpoint.Public("a test"),
	}, nil, func(context.Context, *endpoint.Call, *lost) (endpoint.None, error) { return endpoint.None{}, nil })
	if _, err := openapi.Document([]endpoint.Endpoint{e}); err == nil || !strings.Contains(err.Error(), "nobody-create") {
		t.Errorf("a request type outside of its noun's package: %v", err)
	}
	all := api.Endpoints()
	if _, err := openapi.Document(append(all, all[0])); err == nil || !strings.Contains(err.Error(), all[0].ID) {
		t.Errorf("an endpoint twice: %v", err)
	}
}

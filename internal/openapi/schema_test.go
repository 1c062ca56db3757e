package openapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// The nouns of these tests are "openapi", as their types are declared here.

type shapeRequest struct {
	Name  string    `json:"name" required:"true"`
	Note  *string   `json:"note,omitempty"`
	Tags  *[]string `json:"tags,omitempty"`
	Since time.Time `json:"since,omitzero"`
	Inner shape     `json:"inner,omitzero"`
}

type shape struct {
	base
	Lists [][]string     `json:"lists"`
	Sizes map[string]int `json:"sizes"`
	Next  *shape         `json:"next,omitempty"`
}

type base struct {
	At time.Time `json:"at"`
}

func of[In any](id string) endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: id, Method: http.MethodPost, Path: "/v1/" + id, Status: http.StatusOK, Summary: "A test.", Access: endpoint.Public("a test"),
	}, nil, func(context.Context, *endpoint.Call, *In) (endpoint.None, error) { return endpoint.None{}, nil })
}

func TestSchemasAreWhatTheJSONIs(t *testing.T) {
	t.Parallel()
	text, err := Document([]endpoint.Endpoint{of[shapeRequest]("openapi-shape")})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc.Components.Schemas, "Problem")
	delete(doc.Components.Schemas, "ProblemField")
	type object = map[string]any
	instant := object{"type": "string", "format": "date-time", "pattern": "Z$", "examples": []any{"2026-11-02T09:00:00.000Z"}}
	list := object{"type": "array", "items": object{"type": "string"}}
	want := object{
		"OpenapiShapeRequest": object{
			"type": "object", "additionalProperties": false, "required": []any{"name"},
			"properties": object{
				"name": object{"type": "string"}, "note": object{"type": "string"}, "tags": list, "since": instant,
				"inner": object{"$ref": "#/components/schemas/OpenapiShape"},
			},
		},
		"OpenapiShape": object{
			"type": "object", "additionalProperties": false, "required": []any{"at", "lists", "sizes"},
			"properties": object{
				"at": instant, "lists": object{"type": "array", "items": list},
				"sizes": object{"type": "object", "additionalProperties": object{"type": "integer"}},
				"next":  object{"$ref": "#/components/schemas/OpenapiShape"},
			},
		},
	}
	if d := cmp.Diff(want, doc.Components.Schemas); d != "" {
		t.Error(d)
	}
}

type contradictoryRequest struct {
	Name string `json:"name,omitzero" required:"true"`
}

type clashRequest struct {
	One twin `json:"one"`
	Two Twin `json:"two"`
}

type (
	twin struct {
		A string `json:"a"`
	}
	Twin struct {
		B string `json:"b"`
	}
)

func TestTypesThatCannotBeDescribed(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]endpoint.Endpoint{
		"required and may be left out": of[contradictoryRequest]("openapi-contradict"),
		"would both be OpenapiTwin":    of[clashRequest]("openapi-clash"),
	} {
		if _, err := Document([]endpoint.Endpoint{e}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error that says %q, got %v", want, err)
		}
	}
}

// The objects of a protocol that is somebody else's may have members that are
// not described.
func TestSchemasOfForeignProtocolsAreOpen(t *testing.T) {
	t.Parallel()
	foreign := of[shapeRequest]("openapi-shape")
	foreign.Open = true
	text, err := Document([]endpoint.Endpoint{foreign})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for name, closed := range map[string]bool{"OpenapiShapeRequest": false, "OpenapiShape": false, "Problem": true} {
		if _, says := doc.Components.Schemas[name]["additionalProperties"]; says != closed || doc.Components.Schemas[name] == nil {
			t.Errorf("%s: %v", name, doc.Components.Schemas[name])
		}
	}
}

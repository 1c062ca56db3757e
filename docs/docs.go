// Package docs holds the API's description.
package docs

import _ "embed"

// OpenAPI is the description in OpenAPI 3.1, as generated from the registry.
//
//go:embed openapi.json
var OpenAPI []byte

// Package docsui shows the API's description in a browser, to be read and
// tried. Everything that the page needs comes from this process.
package docsui

import (
	"net/http"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"github.com/fullmakt/fullmakt/docs"
)

// Path is where Handler must be served, and Document is the description there.
const (
	Path     = "/docs/"
	Document = Path + "openapi.json"
)

// policy lets the page call the API of its own origin, and nothing else.
// Swagger UI has its start and its styles in the page.
const policy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves Swagger UI under Path, and the document as Document.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Fullmakt", SwaggerJSON: Document, BasePath: Path,
		SettingsUI: map[string]string{"tryItOutEnabled": "true", "displayOperationId": "true", "defaultModelsExpandDepth": "1"},
	}))
	mux.HandleFunc("GET "+Document, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(docs.OpenAPI)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

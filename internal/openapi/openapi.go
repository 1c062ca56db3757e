// Package openapi derives the API's description from the registry of
// endpoints. It runs when files are generated and in tests, never in a Lambda.
package openapi

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/swaggest/openapi-go/openapi31"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Version is that of the API as described; it moves with what callers see.
const Version = "0.1.0"

// description tells what holds for all operations; two quotes
// stand for a backtick.
var description = strings.ReplaceAll(fmt.Sprintf(`The user administration behind a company's customer portal.

**Sessions.** ''session-create'' gives an opaque bearer token; send it as ''Authorization: Bearer …''. A session ends
after %.0f minutes without a request and %.0f hours after it began. Endpoints that need no session say why. An
organization where the caller is not a user is answered with 404.

**JSON.** Bodies are ''application/json'' of at most %d KB. Unknown and repeated members and ''null'' are refused (but
where AuthZEN has them ignored); leave a member out instead. Unknown query parameters are refused too. Times are RFC 3339 in UTC, days are ''YYYY-MM-DD'', ids
carry their type.

**Errors** are problem documents (RFC 9457). ''code'' is stable; each answer here lists the codes that it can have.
Faults in the request are listed in ''errors'', each with a pointer to its member.

**Lists** come in pages: send ''next'' as ''?cursor='' to get the page behind; an empty one says that there is none.

**Changes.** What can be changed has an ''ETag''. Send it as ''If-Match'' with the change: without it the answer is 428,
and 412 if somebody else was faster. A write sent with an ''Idempotency-Key'' can be repeated with the same key for
%.0f hours: it takes effect once and gets the same answer.
`, domain.SessionIdle.Minutes(), domain.SessionAbsolute.Hours(), endpoint.MaxBody>>10, domain.ReceiptLife.Hours()), "''", "`")

// Document describes the endpoints in OpenAPI 3.1: the same endpoints give the
// same bytes of indented JSON.
func Document(endpoints []endpoint.Endpoint) ([]byte, error) {
	spec := openapi31.Spec{Openapi: "3.1.0"}
	spec.Info.WithTitle("Fullmakt").WithVersion(Version).WithDescription(description)
	spec.Info.LicenseEns().WithName("Apache-2.0").WithIdentifier("Apache-2.0")
	// Relative, so that whatever host shows the document is the one that is called.
	spec.WithServers(*new(openapi31.Server).WithURL("/"))
	spec.SetHTTPBearerTokenSecurity(sessionScheme, "opaque", "The token that session-create gives.")
	spec.SetHTTPBearerTokenSecurity(serviceScheme, "opaque", "The token that service-create gives.")
	addSharedParameters(&spec)

	names := newNames(endpoints)
	d := describer{reflector: reflector(&spec, names), endpoints: endpoints}
	if err := addSchema(d.reflector, endpoint.Problem{}); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	tagged := map[string]bool{}
	for _, e := range endpoints {
		noun, err := nounOf(e)
		if err != nil {
			return nil, err
		}
		if !tagged[noun] {
			tagged[noun] = true
			spec.Tags = append(spec.Tags, openapi31.Tag{Name: noun})
		}
		if err := d.add(e, noun); err != nil {
			return nil, fmt.Errorf("openapi: %s: %w", e.ID, err)
		}
	}
	if names.clash != nil {
		return nil, names.clash
	}
	raw, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	// encoding/json escapes for HTML; a description is for reading.
	out, err := jsontext.AppendFormat(nil, raw, jsontext.Multiline(true), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return append(out, '\n'), nil
}

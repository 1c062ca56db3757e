package openapi

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/swaggest/openapi-go/openapi31"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// extensionCodes are the codes that an answer can have, for programs.
const extensionCodes = "x-codes"

// Errors that endpoint makes where it finds them.
var (
	errMember    = domain.Fault("/extra", "member-unknown", "There is no such member here.")
	errParameter = domain.Fault("?extra", "parameter-unknown", "There is no such parameter here.")
)

// problems are the errors that the endpoint can answer with, by status: its
// own, and those that follow from what it declares.
func problems(e endpoint.Endpoint) map[int][]*domain.Error {
	errs := []*domain.Error{domain.ErrInternal, domain.ErrUnavailable, endpoint.ErrQuery}
	if e.HasBody() {
		errs = append(errs, errMember, endpoint.ErrJSON, endpoint.ErrTooLarge, endpoint.ErrContentType)
	} else {
		errs = append(errs, errParameter, endpoint.ErrBodyUnexpected)
	}
	if e.Access.Public == "" {
		errs = append(errs, domain.ErrUnauthenticated)
	}
	if e.Access.Right != "" || e.Access.Service != "" {
		errs = append(errs, domain.ErrForbidden)
	}
	if strings.Contains(e.Path, "{") {
		errs = append(errs, domain.ErrNotFound)
	}
	if e.Needing(endpoint.WriteItems) || e.Needing(endpoint.DeleteItems) {
		errs = append(errs, domain.ErrContended)
	}
	if keepsReceipts(e) {
		errs = append(errs, domain.ErrKeyReused)
	}
	if matches(e) {
		errs = append(errs, domain.ErrVersionRequired, domain.ErrStale)
	}
	errs = append(errs, e.Errors...)

	byStatus := map[int][]*domain.Error{}
	for _, err := range errs {
		status := endpoint.Statuses[err.Kind]
		if !slices.ContainsFunc(byStatus[status], func(have *domain.Error) bool { return have.Code == err.Code }) {
			byStatus[status] = append(byStatus[status], err)
		}
	}
	for _, errs := range byStatus {
		slices.SortFunc(errs, func(a, b *domain.Error) int { return cmp.Compare(a.Code, b.Code) })
	}
	return byStatus
}

// addProblem describes the answer with one of errs, which have the status in
// common. An answer that has one code is the same everywhere, so it is shared
// under the code's name.
func addProblem(spec *openapi31.Spec, status int, errs []*domain.Error) openapi31.ResponseOrReference {
	lines, codes := make([]string, len(errs)), make([]domain.Code, len(errs))
	for i, e := range errs {
		lines[i], codes[i] = fmt.Sprintf("- `%s`: %s", e.Code, e.Detail), e.Code
	}
	r := new(openapi31.Response).WithDescription(strings.Join(lines, "\n")).WithMapOfAnythingItem(extensionCodes, codes).
		WithContentItem("application/problem+json", *new(openapi31.MediaType).
			WithSchema(map[string]any{"$ref": schemas + "Problem"}).WithExample(exampleProblem(status, errs)))
	switch status {
	case http.StatusUnauthorized:
		r.WithHeadersItem("WWW-Authenticate", header("The scheme of sessions.", "string", "Bearer", true))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		r.WithHeadersItem("Retry-After", header("Seconds to wait.", "integer", 2, true))
	case http.StatusConflict:
		r.WithHeadersItem("Retry-After", header("Seconds to wait, where waiting helps.", "integer", 1, false))
	}
	if len(errs) > 1 {
		return openapi31.ResponseOrReference{Response: r}
	}
	r.Description = errs[0].Detail
	name := camel(string(codes[0]))
	spec.ComponentsEns().WithResponsesItem(name, openapi31.ResponseOrReference{Response: r})
	return openapi31.ResponseOrReference{Reference: new(openapi31.Reference).WithRef("#/components/responses/" + name)}
}

// exampleProblem is the answer that tells most: one with faults, if there is one.
func exampleProblem(status int, errs []*domain.Error) endpoint.Problem {
	e := slices.MaxFunc(errs, func(a, b *domain.Error) int { return len(a.Fields) - len(b.Fields) })
	p := endpoint.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: string(e.Code), Detail: e.Detail, RequestID: "6e6f5ac41d1f6a0b",
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, endpoint.ProblemField{Pointer: f.Pointer, Code: string(f.Code), Detail: f.Detail})
	}
	return p
}

package docsui_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/docs"
	"github.com/fullmakt/fullmakt/internal/openapi/docsui"
)

func get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	docsui.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

var link = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

func TestThePageNeedsNobodyElse(t *testing.T) {
	t.Parallel()
	page := get("/docs/")
	if page.Code != http.StatusOK || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", page.Code, page.Header().Get("Content-Type"))
	}
	policy := page.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
		t.Errorf("policy %q lets others in", policy)
	}
	links := link.FindAllStringSubmatch(page.Body.String(), -1)
	if len(links) < 4 {
		t.Fatalf("only %d links in the page", len(links))
	}
	for _, l := range links {
		if !strings.HasPrefix(l[1], docsui.Path) {
			t.Errorf("%s is not of this site", l[1])
		}
		if asset := get(l[1]); asset.Code != http.StatusOK || asset.Body.Len() == 0 {
			t.Errorf("%s: %d, %d bytes", l[1], asset.Code, asset.Body.Len())
		}
	}
	if !strings.Contains(page.Body.String(), docsui.Document) {
		t.Errorf("the page does not show %s", docsui.Document)
	}
}

func TestTheDocument(t *testing.T) {
	t.Parallel()
	w := get(docsui.Document)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" || !bytes.Equal(w.Body.Bytes(), docs.OpenAPI) {
		t.Errorf("%d %s, %d bytes", w.Code, w.Header().Get("Content-Type"), w.Body.Len())
	}
	if w := get("/docs/nothing"); w.Code != http.StatusNotFound {
		t.Errorf("/docs/nothing: %d", w.Code)
	}
}

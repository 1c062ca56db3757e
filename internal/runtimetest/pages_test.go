package runtimetest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/portal"
)

// The pages' function needs nothing, and answers with a page as it is served
// on a laptop.
func TestPages(t *testing.T) {
	t.Parallel()
	f := launch(t, binary(portal.ID), nil)
	r := f.request(sampleEvent(t, portal.ID))
	if r.StatusCode != http.StatusOK || r.Headers["Content-Type"] != "text/html; charset=utf-8" || !strings.Contains(r.Body, "<!doctype html>") {
		t.Errorf("answer %+v", r)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache",
	} {
		if r.Headers[name] != want {
			t.Errorf("%s is %q", name, r.Headers[name])
		}
	}
	if csp := r.Headers["Content-Security-Policy"]; !strings.Contains(csp, "script-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %q", csp)
	}
}

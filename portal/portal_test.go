package portal

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func TestEveryLanguageHasTheSameTexts(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`\{\w+\}`)
	placeholders := func(text string) []string { return slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))) }
	english := texts(t, "en")
	for _, language := range languages {
		own := texts(t, language)
		if diff := cmp.Diff(keys(english), keys(own)); diff != "" {
			t.Errorf("keys of %s (-en +%s):\n%s", language, language, diff)
		}
		for key, text := range own {
			if text == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s: %s is empty or has spaces around it: %q", language, key, text)
			}
			if diff := cmp.Diff(placeholders(english[key]), placeholders(text)); diff != "" {
				t.Errorf("%s: what %s is filled in with (-en +%s):\n%s", language, key, language, diff)
			}
		}
	}
}

// In scripts a key is a literal with a dot in it, or a code of the API behind
// one of a few prefixes.
func TestEveryTextIsUsedAndEveryUseHasAText(t *testing.T) {
	t.Parallel()
	inPage := regexp.MustCompile(`data-(?:text|name)="([^"]*)"`)
	inScript := regexp.MustCompile(`'([a-zA-Z]+\.[a-zA-Z.-]+)'`)
	prefix := regexp.MustCompile("`([a-z]+\\.)\\$\\{")

	used := map[string]bool{"brand.noScript": true} // by the Go code
	prefixes := map[string]bool{}
	pages, scripts := embedded(t, ".html"), embedded(t, ".js")
	for _, page := range pages {
		for _, m := range inPage.FindAllStringSubmatch(page, -1) {
			used[m[1]] = true
		}
	}
	for _, script := range scripts {
		for _, m := range inScript.FindAllStringSubmatch(script, -1) {
			used[m[1]] = true
		}
		for _, m := range prefix.FindAllStringSubmatch(script, -1) {
			prefixes[m[1]] = true
		}
	}
	if diff := cmp.Diff([]string{
		"action.", "change.", "column.", "company.", "error.", "outcome.", "right.", "status.", "subject.", "value.", "warning.",
	}, keys(prefixes)); diff != "" {
		t.Fatalf("prefixes (-known +used):\n%s", diff)
	}

	english := texts(t, "en")
	for key := range used {
		if english[key] == "" {
			t.Errorf("%q is used and has no text", key)
		}
	}
	sources := slices.Concat(slices.Collect(maps.Values(scripts)), goSources(t))
	for key := range english {
		before, code, _ := strings.Cut(key, ".")
		if !used[key] && (!prefixes[before+"."] || !mentioned(sources, code)) {
			t.Errorf("%q has a text and is never used", key)
		}
	}
}

// Codes that the pages cannot meet, or can say no more about than that
// something did not work.
var withoutText = []string{
	"cursor-invalid", "idempotency-key-reused", "if-match-required", "mail-throttled", "mail-undeliverable", "organization-exists", "unauthenticated",
}

func TestEveryErrorOfTheDomainHasAText(t *testing.T) {
	t.Parallel()
	english := texts(t, "en")
	declared := regexp.MustCompile(`Code: "([a-z-]+)"`)
	found := 0
	for _, source := range goSources(t, "domain") {
		for _, m := range declared.FindAllStringSubmatch(source, -1) {
			found++
			if has := english["error."+m[1]] != ""; has == slices.Contains(withoutText, m[1]) {
				t.Errorf("error %s: text is %v, and so is its being left out", m[1], has)
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d errors only: are they declared in another way now?", found)
	}
	for _, status := range []domain.Status{
		domain.StatusInvited, domain.StatusActive, domain.StatusUpcoming, domain.StatusExpired, domain.StatusLocked,
		domain.StatusUnsubscribed, domain.StatusInactive,
	} {
		if english["status."+string(status)] == "" {
			t.Errorf("status %s has no text", status)
		}
	}
	for _, right := range domain.AdministrativeRights {
		if english["right."+string(right)] == "" {
			t.Errorf("right %s has no text", right)
		}
	}
}

// Whatever can be in the audit is told in words, and offered to be looked for.
func TestEveryActionHasAText(t *testing.T) {
	t.Parallel()
	english := texts(t, "en")
	page := embedded(t, ".js")["assets/audit.js"]
	declared := regexp.MustCompile(`Action = "([a-z-]+\.[a-z-]+)"`)
	found := 0
	for _, source := range goSources(t, "domain") {
		for _, m := range declared.FindAllStringSubmatch(source, -1) {
			found++
			if english["action."+m[1]] == "" || !strings.Contains(page, "'action."+m[1]+"'") {
				t.Errorf("action %s has no text, or is not offered", m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d actions only: are they declared in another way now?", found)
	}
}

// An import reads the headings of the template that the page makes.
func TestTemplateHasTheHeadingsThatAnImportReads(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		data, err := os.ReadFile(filepath.Join("..", "internal", "api", "user", "texts", "sheet."+language+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var sheet map[string]string
		if err := json.Unmarshal(data, &sheet); err != nil {
			t.Fatal(err)
		}
		found := 0
		for key, text := range texts(t, language) {
			if strings.HasPrefix(key, "column.") {
				found++
				if sheet[key] != text {
					t.Errorf("%s: the heading %s is %q, and %q in a sheet", language, key, text, sheet[key])
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: no headings", language)
		}
	}
}

// XD23: what people have entered is never taken for markup, and the policy
// does not have to be loosened for any page.
func TestXD23_PagesHoldNoTextNoInlineCodeAndNoWayToWriteMarkup(t *testing.T) {
	t.Parallel()
	tag := regexp.MustCompile(`<[^>]*>`)
	inline := regexp.MustCompile(`(?i)<style|<script(?:\s+type="module")?>|\s(?:style|on\w+)=|javascript:|https?://`)
	for name, page := range embedded(t, ".html") {
		if text := strings.TrimSpace(tag.ReplaceAllString(page, "")); text != "" {
			t.Errorf("%s: text outside the catalogues: %q", name, text)
		}
		if found := inline.FindString(page); found != "" {
			t.Errorf("%s: %q", name, found)
		}
		if want := `<script type="module" src="/portal/` + strings.TrimSuffix(filepath.Base(name), ".html") + `.js">`; !strings.Contains(page, want) {
			t.Errorf("%s: no %s", name, want)
		}
	}
	markup := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|DOMParser|createContextualFragment|eval\(|new Function|\.style\b|https?://`)
	const namespace = "http://www.w3.org/2000/svg"
	for name, script := range embedded(t, ".js") {
		if found := markup.FindString(strings.ReplaceAll(script, namespace, "")); found != "" {
			t.Errorf("%s: %q", name, found)
		}
	}
}

// XD2: no page goes to an address that it was given.
func TestXD2_PagesGoToKnownPathsOnly(t *testing.T) {
	t.Parallel()
	goes := regexp.MustCompile(`location\.(?:assign|replace)\(([^;]*)\);|location(?:\.href)?\s*=[^=]([^;]*);|window\.open`)
	known := []string{`'/sign-in'`, `confirmationWaits() ? '/confirm-email' : seesUsers() ? '/users' : '/account'`}
	for name, script := range embedded(t, ".js") {
		for _, m := range goes.FindAllStringSubmatch(script, -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: %s", name, m[0])
			}
		}
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	handler := Handler()
	for _, c := range []struct {
		method, path string
		status       int
		contentType  string
	}{
		{"GET", "/sign-in", 200, "text/html; charset=utf-8"},
		{"GET", "/activate", 200, "text/html; charset=utf-8"},
		{"GET", "/reset-password", 200, "text/html; charset=utf-8"},
		{"GET", "/confirm-email", 200, "text/html; charset=utf-8"},
		{"HEAD", "/undo-email", 200, "text/html; charset=utf-8"},
		{"GET", "/forgot-password", 200, "text/html; charset=utf-8"},
		{"GET", "/users", 200, "text/html; charset=utf-8"},
		{"GET", "/account?lang=sv", 200, "text/html; charset=utf-8"},
		{"GET", "/audit", 200, "text/html; charset=utf-8"},
		{"HEAD", "/activate", 200, "text/html; charset=utf-8"},
		{"GET", "/portal/portal.css", 200, "text/css; charset=utf-8"},
		{"GET", "/portal/users.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/portal/texts/nb.json", 200, "application/json"},
		{"GET", "/portal/mark.svg", 200, "image/svg+xml"},
		{"POST", "/sign-in", 405, "text/plain; charset=utf-8"},
		{"DELETE", "/portal/portal.css", 405, "text/plain; charset=utf-8"},
		{"GET", "/", 404, "text/plain; charset=utf-8"},
		{"GET", "/sign-in.html", 404, "text/plain; charset=utf-8"},
		{"GET", "/sign-in/", 404, "text/plain; charset=utf-8"},
		{"GET", "/portal/", 404, "text/plain; charset=utf-8"},
		{"GET", "/portal/texts/", 404, "text/plain; charset=utf-8"},
		{"GET", "/portal/../portal.go", 404, "text/plain; charset=utf-8"},
		{"GET", "/portal/%2e%2e/pages/users.html", 404, "text/plain; charset=utf-8"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			t.Parallel()
			answer := answerTo(handler, c.method, c.path, "")
			want := map[string]string{
				"Content-Type":                 c.contentType,
				"Content-Security-Policy":      policy,
				"X-Content-Type-Options":       "nosniff",
				"X-Frame-Options":              "DENY",
				"Referrer-Policy":              "no-referrer",
				"Cross-Origin-Opener-Policy":   "same-origin",
				"Cross-Origin-Resource-Policy": "same-origin",
			}
			if c.status == 200 {
				want["Cache-Control"] = "no-cache"
			}
			if c.status == 405 {
				want["Allow"] = "GET, HEAD"
			}
			got := map[string]string{}
			for name := range want {
				got[name] = answer.Header().Get(name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if answer.Code != c.status {
				t.Errorf("status %d, want %d", answer.Code, c.status)
			}
			if empty := answer.Body.Len() == 0; empty != (c.method == "HEAD") {
				t.Errorf("a body of %d bytes", answer.Body.Len())
			}
		})
	}
}

func TestHandlerSpares304(t *testing.T) {
	t.Parallel()
	handler := Handler()
	etag := answerTo(handler, "GET", "/portal/portal.css", "").Header().Get("ETag")
	if answer := answerTo(handler, "GET", "/portal/portal.css", etag); answer.Code != 304 || answer.Body.Len() > 0 {
		t.Errorf("status %d with %d bytes for the ETag that is current", answer.Code, answer.Body.Len())
	}
	if answer := answerTo(handler, "GET", "/portal/portal.css", `"another"`); answer.Code != 200 {
		t.Errorf("status %d for another ETag", answer.Code)
	}
}

func TestPathsCoverWhatIsServed(t *testing.T) {
	t.Parallel()
	want := []string{"/account", "/activate", "/audit", "/confirm-email", "/forgot-password", "/portal/", "/reset-password", "/sign-in", "/undo-email", "/users"}
	if diff := cmp.Diff(want, Paths()); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// What a page or a script refers to is there.
func TestNothingIsMissing(t *testing.T) {
	t.Parallel()
	served := load()
	for _, f := range served {
		if f.contentType == "" {
			t.Errorf("a file without a content type: %.40s", f.content)
		}
	}
	own := regexp.MustCompile(`(?:src|href)="(/[^"#]*)"|from '\.(/[^']*)'|\.href = '(/[^']*)'`)
	for name, content := range embedded(t, ".html", ".js") {
		for _, m := range own.FindAllStringSubmatch(content, -1) {
			at := m[1] + m[3]
			if m[2] != "" {
				at = "/portal" + m[2]
			}
			if _, ok := served[at]; !ok {
				t.Errorf("%s refers to %s", name, at)
			}
		}
	}
}

func TestWithoutScriptEveryLanguageIsThere(t *testing.T) {
	t.Parallel()
	for _, path := range Paths() {
		if path == "/portal/" {
			continue
		}
		body := answerTo(Handler(), "GET", path, "").Body.String()
		for _, language := range languages {
			if want := `<p lang="` + language + `">` + texts(t, language)["brand.noScript"] + `</p>`; !strings.Contains(body, want) {
				t.Errorf("%s: no %s", path, want)
			}
		}
	}
}

func answerTo(h http.Handler, method, path, etag string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	return answer
}

func texts(t *testing.T, language string) map[string]string {
	t.Helper()
	texts, err := catalogue(language)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// embedded reads the files with one of these endings; there are some.
func embedded(t *testing.T, endings ...string) map[string]string {
	t.Helper()
	return read(t, files, endings...)
}

// goSources reads the Go code in these folders below internal, tests left out.
func goSources(t *testing.T, folders ...string) []string {
	t.Helper()
	var sources []string
	for name, content := range read(t, os.DirFS(filepath.Join(append([]string{"..", "internal"}, folders...)...)), ".go") {
		if !strings.HasSuffix(name, "_test.go") {
			sources = append(sources, content)
		}
	}
	return sources
}

func read(t *testing.T, from fs.FS, endings ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains(endings, filepath.Ext(name)) {
			return err
		}
		content, err := fs.ReadFile(from, name)
		found[name] = string(content)
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d files with %v: %v", len(found), endings, err)
	}
	return found
}

// mentioned tells whether a source holds the code as a literal.
func mentioned(sources []string, code string) bool {
	return slices.ContainsFunc(sources, func(source string) bool {
		return strings.Contains(source, `"`+code+`"`) || strings.Contains(source, `'`+code+`'`)
	})
}

// Package portal holds the web pages of a portal: sign-in, activation, a
// forgotten password, the organization's users and what they did, and one's own
// account. They are plain files without a build step, and they call only the public API.
package portal

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// ID names the function that serves the pages.
const ID = "portal-pages"

//go:embed pages assets
var files embed.FS

// languages of the texts, in the order of the language menu.
var languages = []string{"fi", "sv", "nb", "en"}

// policy lets a page use what comes from its own origin and nothing else:
// no inline script or style, no framing, no form to elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// types are the content types of what is embedded. Package mime is not asked:
// it lets the machine it runs on decide.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".svg":  "image/svg+xml",
}

// file is what is served at a path.
type file struct {
	content     []byte
	contentType string
	etag        string
}

// Paths are the patterns of http.ServeMux that Handler answers: each page, and
// "/portal/" for what the pages load.
func Paths() []string {
	patterns := []string{"/portal/"}
	for p := range load() {
		if !strings.HasPrefix(p, "/portal/") {
			patterns = append(patterns, p)
		}
	}
	slices.Sort(patterns)
	return patterns
}

// Handler serves the pages, such as /sign-in, and their assets below /portal/.
// It answers GET and HEAD, and 404 for every path that it does not have.
func Handler() http.Handler {
	// What is served is made by the first request, and not by the start of a function.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		f, ok := load()[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		default:
			header.Set("Content-Type", f.contentType)
			header.Set("Cache-Control", "no-cache")
			header.Set("ETag", f.etag)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
		}
	})
}

// load makes what is served at each path, once. It panics when the embedded
// files are not as this package left them, which its tests would have told.
var load = sync.OnceValue(func() map[string]file {
	served := map[string]file{}
	notice, err := noScript()
	if err != nil {
		panic(err)
	}
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		at := "/portal/" + strings.TrimPrefix(name, "assets/")
		if page, ok := strings.CutPrefix(name, "pages/"); ok {
			at = "/" + strings.TrimSuffix(page, ".html")
			content = bytes.Replace(content, []byte("<noscript></noscript>"), notice, 1)
		}
		sum := sha256.Sum256(content)
		served[at] = file{content, types[path.Ext(name)], `"` + hex.EncodeToString(sum[:16]) + `"`}
		return err
	})
	if err != nil {
		panic(err)
	}
	return served
})

// noScript says in all languages that a page needs JavaScript: without it,
// nothing could choose one.
func noScript() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<noscript>")
	for _, language := range languages {
		texts, err := catalogue(language)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, `<p lang="%s">%s</p>`, language, html.EscapeString(texts["brand.noScript"]))
	}
	b.WriteString("</noscript>")
	return b.Bytes(), nil
}

// catalogue reads the texts of a language.
func catalogue(language string) (map[string]string, error) {
	data, err := files.ReadFile("assets/texts/" + language + ".json")
	if err != nil {
		return nil, err
	}
	var texts map[string]string
	if err := json.Unmarshal(data, &texts); err != nil {
		return nil, fmt.Errorf("texts of %s: %w", language, err)
	}
	return texts, nil
}

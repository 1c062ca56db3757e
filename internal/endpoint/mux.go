package endpoint

import (
	"log/slog"
	"net/http"
	"strings"
)

// Mux serves endpoints side by side, each with the dependencies that give
// returns for it. Paths and methods without one get problem documents.
func Mux(endpoints []Endpoint, log *slog.Logger, give func(Endpoint) Deps) http.Handler {
	mux := http.NewServeMux()
	allowed := map[string][]string{} // methods by path
	for _, e := range endpoints {
		mux.Handle(e.Method+" "+e.Path, e.Handler(give(e)))
		allowed[e.Path] = append(allowed[e.Path], e.Method)
	}
	for path, methods := range allowed {
		allow := strings.Join(methods, ", ")
		notAllowed := NotAllowed(log)
		refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", allow)
			notAllowed.ServeHTTP(w, r)
		})
		mux.Handle(path, refuse)
		// ServeMux would answer HEAD with GET's handler; the gateway has no such route.
		if !strings.Contains(allow, http.MethodHead) && strings.Contains(allow, http.MethodGet) {
			mux.Handle("HEAD "+path, refuse)
		}
	}
	mux.Handle("/", NotFound(log))
	return mux
}

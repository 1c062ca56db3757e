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
	type path struct {
		methods []string
		serve   map[string]http.Handler
	}
	// ServeMux goes by paths alone: by methods too it would answer HEAD with
	// GET's handler, where the gateway has no such route, and it would not take
	// a path that is a special case of another one for other methods.
	paths := map[string]*path{}
	for _, e := range endpoints {
		p := paths[e.Path]
		if p == nil {
			p = &path{serve: map[string]http.Handler{}}
			paths[e.Path] = p
		}
		p.methods, p.serve[e.Method] = append(p.methods, e.Method), e.Handler(give(e))
	}
	notAllowed := NotAllowed(log)
	for pattern, p := range paths {
		allow := strings.Join(p.methods, ", ")
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if h := p.serve[r.Method]; h != nil {
				h.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Allow", allow)
			notAllowed.ServeHTTP(w, r)
		})
	}
	mux.Handle("/", NotFound(log))
	return mux
}

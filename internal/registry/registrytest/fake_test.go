package registrytest

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry/brreg"
)

// What is made up has right ids, in ranges that no register gives out: Finnish
// ones from 99 on, Norwegian ones that begin with 1, Swedish ones with 4.
func TestMadeUpCompanies(t *testing.T) {
	t.Parallel()
	seen := 0
	for register, of := range map[string]struct {
		country domain.Country
		prefix  string
	}{PRH: {"FI", "99"}, Brreg: {"NO", "1"}, Bolagsverket: {"SE", "499999-"}} {
		names, err := fs.Glob(answers, "answers"+register+"/*.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			seen++
			id := strings.TrimSuffix(path.Base(name), ".json")
			if canonical, ok := domain.CheckBusinessID(of.country, id); !ok || canonical != id || !strings.HasPrefix(id, of.prefix) {
				t.Errorf("%s is not an id of %s", id, of.country)
			}
			text, ok := company(register, id)
			var answer map[string]any
			if err := json.Unmarshal([]byte(text), &answer); !ok || err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !strings.Contains(text, `"`+id+`"`) && !strings.Contains(text, `"`+strings.ReplaceAll(id, "-", "")+`"`) {
				t.Errorf("%s is about somebody else", name)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d companies", seen)
	}
}

// The fake is served on laptops: no path leads out of its answers.
func TestXD19_FakeReadsItsAnswersOnly(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"..", "../prh/9900001-8", "..%2fprh%2f9900001-8", "", "%00"} {
		r := httptest.NewRequest(http.MethodGet, Brreg+"/enheter/"+id, nil)
		r.Header.Set("Accept", brreg.MediaType)
		w := httptest.NewRecorder()
		New().ServeHTTP(w, r)
		if w.Code == http.StatusOK {
			t.Errorf("%q: %s", id, w.Body)
		}
	}
}

// The fake asks of its callers what the registers do.
func TestFakeIsStrict(t *testing.T) {
	t.Parallel()
	token := "Bearer " + accessToken
	for name, c := range map[string]struct {
		method, target, body string
		header               map[string]string
		want                 int
	}{
		"no criteria":        {"GET", PRH + "/companies", "", nil, 400},
		"version not pinned": {"GET", Brreg + "/enheter/123400011", "", map[string]string{"Accept": "application/json"}, 406},
		"removed":            {"GET", Brreg + "/enheter/" + RemovedFromBrreg, "", map[string]string{"Accept": brreg.MediaType}, 410},
		"no token":           {"POST", Bolagsverket + "/organisationer", `{"identitetsbeteckning":"4999990015"}`, nil, 401},
		"with hyphen":        {"POST", Bolagsverket + "/organisationer", `{"identitetsbeteckning":"499999-0015"}`, map[string]string{"Authorization": token}, 400},
		"right":              {"POST", Bolagsverket + "/organisationer", `{"identitetsbeteckning":"4999990015"}`, map[string]string{"Authorization": token}, 200},
		"no client":          {"POST", BolagsverketTokens, "grant_type=client_credentials", nil, 401},
		"nowhere":            {"GET", "/", "", nil, 404},
	} {
		r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		New().ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

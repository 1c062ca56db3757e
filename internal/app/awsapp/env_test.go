package awsapp

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/registry"
)

func env(variables map[string]string) *Env {
	return &Env{lookup: func(name string) string { return variables[name] }}
}

func TestXF19_PortalURL(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{
		"https://portal.example.com": true, "https://portal.example.com:8443/users": true,
		"http://localhost:8080": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true,
		"":                   false,
		"portal.example.com": false, "//portal.example.com": false, "https:": false, "https:///x": false, "ftp://portal.example.com": false,
		"javascript:alert(1)": false, "http://portal.example.com": false, "http://127.0.0.1.example.com": false, "http://localhost.example.com": false,
		"https://portal.example.com/": false, "https://portal.example.com?x=1": false, "https://portal.example.com#x": false,
		"https://user:password@portal.example.com": false, "https://portal.example.com/a b": false, "https://portal.example.com\n": false,
	} {
		e := env(map[string]string{EnvPortalURL: value})
		if e.PortalURL(); (e.Err() == nil) != ok {
			t.Errorf("%q: %v", value, e.Err())
		}
	}
}

func TestXF19_Endpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value, sam string
		ok         bool
	}{
		{"", "", true},
		{"http://127.0.0.1:8000", "", true},
		{"https://vpce.example.com", "", true},
		{"http://dynamodb:8000", "", false},
		{"http://dynamodb:8000", "true", true},
		{"ftp://dynamodb:8000", "true", false},
		{"dynamodb", "true", false},
	} {
		e := env(map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": c.value, "AWS_SAM_LOCAL": c.sam})
		if got := e.Endpoint("DYNAMODB"); got != c.value || (e.Err() == nil) != c.ok {
			t.Errorf("%+v: %q, %v", c, got, e.Err())
		}
	}
}

func TestXF19_OriginKeys(t *testing.T) {
	t.Parallel()
	one, other := strings.Repeat("ab", 32), strings.Repeat("0F", 32)
	for value, n := range map[string]int{
		"": 0, one: 1, one + "," + other: 2,
		",": -1, one + ",": -1, one[2:]: -1, one + "00": -1, "zz" + one[2:]: -1, one + " " + other: -1,
	} {
		e := env(map[string]string{EnvOriginKeys: value})
		if keys := e.OriginKeys(); n < 0 && e.Err() == nil || n >= 0 && (e.Err() != nil || len(keys) != n) {
			t.Errorf("%q: %d keys, %v", value, len(keys), e.Err())
		}
	}
}

// A function of pages that does not know who may ask does not serve.
func TestXF19_Pages(t *testing.T) {
	t.Parallel()
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.URL.Path)) })
	for keys, ok := range map[string]bool{"": true, strings.Repeat("ab", 32): true, "wrong": false} {
		handler, err := servePages("portal-pages", pages, env(map[string]string{EnvOriginKeys: keys}), slog.New(slog.DiscardHandler))
		if (err == nil) != ok || ok && handler == nil {
			t.Errorf("keys %q: %v", keys, err)
		}
	}
}

func TestXF19_Texts(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{
		"Exempeluthyrning AB": true, "Kone & Työ Oy": true,
		" x": false, "x ": false, "a\nb": false, "a\x00b": false, "a\u202eb": false, "a\u2028b": false, "\xff": false,
	} {
		if (Line(value) == nil) != ok {
			t.Errorf("Line(%q) = %v", value, Line(value))
		}
	}
	for value, ok := range map[string]bool{
		"fullmakt-Prod_2.x": true, strings.Repeat("a", 20): true,
		strings.Repeat("a", 21): false, "a b": false, "a/b": false, "å": false, "a\n": false,
	} {
		if (Name(20, "-_.")(value) == nil) != ok {
			t.Errorf("Name(%q) = %v", value, Name(20, "-_.")(value))
		}
	}
}

// All faults are told at once, each once, and nothing is connected to before.
func TestXF19_FaultsTogether(t *testing.T) {
	t.Parallel()
	e := env(map[string]string{EnvTable: "a table", "AWS_ENDPOINT_URL_DYNAMODB": "x"})
	_, err := start(e, slog.New(slog.DiscardHandler), []endpoint.Need{endpoint.ReadItems}, func(b base) lambda.Handler {
		b.env.Region()
		return nil
	})
	if err == nil {
		t.Fatal("it starts")
	}
	for _, name := range []string{EnvTable, EnvProfile, EnvRegion, "AWS_ENDPOINT_URL_DYNAMODB"} {
		if strings.Count(err.Error(), name+" ") != 1 {
			t.Errorf("%s is not told of once: %v", name, err)
		}
	}
}

// Deployments give a function what Variables says.
func TestVariablesAreThoseThatAreRead(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	e := &Env{lookup: func(name string) string {
		read[name] = true
		return map[string]string{EnvRegion: "eu-north-1", EnvTable: "fullmakt", EnvProfile: "rental"}[name]
	}}
	type request struct{}
	spec := endpoint.Spec{
		ID: "thing-get", Method: http.MethodGet, Path: "/v1/thing", Summary: "Shows it.", Status: http.StatusOK, Access: endpoint.Public("it is for tests"),
	}
	get := endpoint.New[request, endpoint.None](spec, nil, nil)
	if _, err := start(e, slog.New(slog.DiscardHandler), nil, func(b base) lambda.Handler { return serve(get, nil, b) }); err != nil {
		t.Fatal(err)
	}
	required, optional := EndpointVariables(nil)
	for _, name := range append(append(required, optional...), EnvRegion, "AWS_ENDPOINT_URL_DYNAMODB") {
		if !read[name] {
			t.Errorf("%s is not read", name)
		}
		delete(read, name)
	}
	for name := range read {
		t.Errorf("%s is read and not in Variables", name)
	}
}

// Public registers are where they are unless a deployment says otherwise; the
// one that asks for a client is there only with all that it asks for.
func TestXF19_Registers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		variables map[string]string
		fault     string
		sweden    bool
	}{
		{map[string]string{}, "", false},
		{map[string]string{EnvPRH: "https://registers.example.com/prh", EnvBrreg: "http://127.0.0.1:9999/brreg"}, "", false},
		{map[string]string{EnvBolagsverketID: "id", EnvBolagsverketSecret: "a secret"}, "", true},
		{map[string]string{EnvPRH: "http://registers.example.com/prh"}, EnvPRH, false},
		{map[string]string{EnvBrreg: "https://registers.example.com/brreg/"}, "FULLMAKT_REGISTRY_", false},
		{map[string]string{EnvBolagsverketID: "id"}, "the client has no id or no secret", false},
		{map[string]string{EnvBolagsverketSecret: "a secret"}, "the client has no id or no secret", false},
	} {
		e := env(c.variables)
		registers := registers(base{env: e}).(*registry.Lookup)
		if err := e.Err(); (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%v: %v", c.variables, err)
		}
		if err := e.Err(); err != nil {
			if strings.Contains(err.Error(), "a secret") {
				t.Errorf("the fault tells the secret: %v", err)
			}
			continue
		}
		for _, country := range []domain.Country{"FI", "AX", "NO", "SE"} {
			if want := country != "SE" || c.sweden; (registers.Drivers[country] != nil) != want {
				t.Errorf("%v: a register of %s is there: %t", c.variables, country, !want)
			}
		}
	}
	_, optional := Variables([]endpoint.Need{endpoint.ReadRegistry})
	if want := []string{EnvMetrics, EnvPRH, EnvBrreg, EnvBolagsverketID, EnvBolagsverketSecret}; !slices.Equal(optional, want) {
		t.Errorf("variables %v, want %v", optional, want)
	}
}

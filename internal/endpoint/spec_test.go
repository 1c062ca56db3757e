package endpoint

import (
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func goodSpec() Spec {
	return Spec{
		ID: "thing-edit", Method: "PATCH", Path: "/v1/things/{thing}", Summary: "Edits a thing.", Status: 200,
		Access: Signed("everybody has things"), Needs: []Need{ReadItems, WriteItems},
	}
}

func TestSpecSaysEverything(t *testing.T) {
	t.Parallel()
	if err := goodSpec().Check(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		spoil func(*Spec)
		says  string // empty: nothing is wrong
	}{
		"no id":                   {func(s *Spec) { s.ID = "" }, "noun-verb"},
		"one word":                {func(s *Spec) { s.ID = "thing" }, "noun-verb"},
		"capital in the id":       {func(s *Spec) { s.ID = "Thing-edit" }, "noun-verb"},
		"id that ends in a dash":  {func(s *Spec) { s.ID = "thing-" }, "noun-verb"},
		"three words":             {func(s *Spec) { s.ID = "thing-part-edit" }, ""},
		"no path":                 {func(s *Spec) { s.Path = "" }, "path"},
		"relative path":           {func(s *Spec) { s.Path = "v1/things" }, "path"},
		"slash at the end":        {func(s *Spec) { s.Path = "/v1/things/" }, "path"},
		"rest of the path":        {func(s *Spec) { s.Path = "/v1/{rest...}" }, "path"},
		"half a parameter":        {func(s *Spec) { s.Path = "/v1/a{thing}" }, "path"},
		"parameter left open":     {func(s *Spec) { s.Path = "/v1/{thing" }, "path"},
		"parameter of no name":    {func(s *Spec) { s.Path = "/v1/{}" }, "path"},
		"capital in the path":     {func(s *Spec) { s.Path = "/v1/Things" }, "path"},
		"file name":               {func(s *Spec) { s.Path = "/v1/openapi.json" }, ""},
		"no summary":              {func(s *Spec) { s.Summary = "" }, "summary"},
		"nobody may call":         {func(s *Spec) { s.Access = Access{} }, "exactly one"},
		"two may call":            {func(s *Spec) { s.Access.Public = "as well" }, "exactly one"},
		"all may call":            {func(s *Spec) { s.Access = Access{Right: "users:see", Signed: "a", Public: "b"} }, "exactly one"},
		"a service and a person":  {func(s *Spec) { s.Access.Service = domain.MayEvaluate }, "exactly one"},
		"somewhere, but no right": {func(s *Spec) { s.Access = Access{Somewhere: true} }, "exactly one"},
		"themselves, no right":    {func(s *Spec) { s.Access = Access{Self: true} }, "exactly one"},
		"no status":               {func(s *Spec) { s.Status = 0 }, "status"},
		"199":                     {func(s *Spec) { s.Status = 199 }, "status"},
		"299":                     {func(s *Spec) { s.Status = 299 }, ""},
		"300":                     {func(s *Spec) { s.Status = 300 }, "status"},
		"mails":                   {func(s *Spec) { s.Needs = append(s.Needs, SendMail) }, "outbox"},
		"mints":                   {func(s *Spec) { s.Needs = append(s.Needs, MintLinks) }, "outbox"},
		"opens, with a receipt":   {func(s *Spec) { s.Needs = append(s.Needs, OpenFields) }, "Secret"},
		"opens, without one":      {func(s *Spec) { s.Needs, s.Secret = append(s.Needs, OpenFields), true }, ""},
		"session that is unread":  {func(s *Spec) { s.Needs = []Need{WriteItems} }, "who calls"},
		"right that is unread":    {func(s *Spec) { s.Access, s.Needs = Right("users:see"), nil }, "who calls"},
		"service that is unread":  {func(s *Spec) { s.Access, s.Needs = Service(domain.MaySearch), nil }, "who calls"},
		"service that writes":     {func(s *Spec) { s.Access = Service(domain.MaySearch) }, "only ask"},
		"service that asks":       {func(s *Spec) { s.Access, s.Needs = Service(domain.MaySearch), []Need{ReadItems, QueryNames} }, ""},
		"public and reads nought": {func(s *Spec) { s.Access, s.Needs = Public("a list"), nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := goodSpec()
			test.spoil(&s)
			err := s.Check()
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestWhoIsInASession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access Access
		want   bool
	}{
		"right": {Right("users:see"), true}, "somewhere": {Somewhere("users:see"), true}, "right or self": {RightOrSelf("users:see"), true},
		"signed": {Signed("a test"), true}, "service": {Service(domain.MaySearch), false}, "public": {Public("a test"), false},
	} {
		if got := (Spec{Access: test.access}).InSession(); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

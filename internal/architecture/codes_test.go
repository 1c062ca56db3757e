package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Codes are part of the API and keys of translations. One that changes or goes
// breaks somebody: this list only grows.
var pinned = []string{
	"above-mandate", "access-only", "already-activated", "body-unexpected", "business-id-invalid", "choice-required",
	"company-unknown", "contended", "content-type", "cursor-invalid", "date-invalid", "dates-past", "dates-reversed",
	"email-changed-lately", "email-invalid", "email-unchanged", "email-undeliverable", "file-not-utf8", "file-unreadable", "forbidden", "formula-refused", "idempotency-key-reused",
	"if-match-required", "internal", "invalid", "json-invalid", "json-too-deep", "last-administrator", "link-invalid",
	"mail-throttled", "mail-undeliverable", "mandate-cycle", "mandate-over", "mandate-self", "member-repeated", "member-unknown",
	"method-not-allowed", "national-id-exists", "national-id-invalid", "no-national-id", "no-sign-in", "not-activated",
	"not-found", "not-own-user", "nothing-given", "null-not-allowed", "operator-only", "organization-exists",
	"organization-unknown", "parameter-repeated", "parameter-unknown", "parent-wrong", "partner-unknown",
	"partners-not-used", "password-common", "password-invalid", "password-own-words", "password-too-long",
	"password-too-short", "password-wrong", "phone-invalid", "query-invalid", "registry-missing", "required",
	"resource-exists", "resource-in-use", "resource-not-empty", "right-not-yours-to-give", "role-not-yours-to-give",
	"scope-not-fitting", "self", "sign-in-failed", "stale", "subscription-missing", "throttled", "too-large",
	"too-long", "too-many-memberships", "too-much", "type-wrong", "unauthenticated", "unavailable", "user-exists",
	"user-inactive", "user-not-inactive", "value-invalid", "value-repeated", "value-unexpected", "value-unknown",
}

func TestErrorCodesArePinned(t *testing.T) {
	found := map[string]bool{}
	var names []string
	for _, folder := range []string{"domain", "endpoint", "api/*"} {
		some, err := filepath.Glob("../" + folder + "/*.go")
		if err != nil || len(some) == 0 {
			t.Fatal(folder, err)
		}
		names = append(names, some...)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
					collect(found, n.Value)
				}
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				if (name == "Fault" || name == "Add") && len(n.Args) == 3 {
					collect(found, n.Args[1])
				}
			}
			return true
		})
	}
	for _, code := range pinned {
		if !found[code] {
			t.Errorf("code %q is gone", code)
		}
		delete(found, code)
	}
	for code := range found {
		t.Errorf("code %q is new: pin it", code)
	}
}

func collect(found map[string]bool, e ast.Expr) {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		code, _ := strconv.Unquote(lit.Value)
		found[code] = true
	}
}

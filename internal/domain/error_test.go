package domain

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Codes are part of the API and keys of translations. One that changes or goes
// breaks somebody: this list only grows.
var pinned = []string{
	"already-activated", "contended", "cursor-invalid", "date-invalid", "dates-reversed", "forbidden", "idempotency-key-reused",
	"if-match-required", "internal", "invalid", "last-administrator", "link-invalid", "mail-undeliverable", "not-activated",
	"not-found", "not-own-user", "organization-exists", "password-common", "password-invalid", "password-own-words",
	"password-too-long", "password-too-short", "password-wrong", "role-not-yours-to-give", "self", "sign-in-failed", "stale",
	"throttled", "too-many-memberships", "unauthenticated", "unavailable", "user-exists", "value-unknown",
}

func TestErrorCodesArePinned(t *testing.T) {
	found := map[string]bool{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
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

func TestErrorsCompareByCode(t *testing.T) {
	wrapped := fmt.Errorf("reading: %w", ErrUnavailable.Because(errors.New("socket")))
	if !errors.Is(wrapped, ErrUnavailable) || errors.Is(wrapped, ErrNotFound) {
		t.Error("an error with a cause is no longer found by its code")
	}
	if KindOf(wrapped) != Unavailable || KindOf(errors.New("other")) != Internal {
		t.Error("kinds are not those of the wrapped errors")
	}
	if ErrUnavailable.Cause != nil {
		t.Error("Because changed the error it was called on")
	}
}

func TestFaultsAreToldTogether(t *testing.T) {
	var f Faults
	if f.Err() != nil {
		t.Error("no faults are an error")
	}
	f.Add("/a", "required", "x")
	f.Add("/b", "too-long", "y")
	e, ok := errors.AsType[*Error](f.Err())
	if !ok || e.Kind != Invalid || !slices.Equal(e.Fields, []FieldError{{"/a", "required", "x"}, {"/b", "too-long", "y"}}) {
		t.Errorf("faults: %+v", e)
	}
}

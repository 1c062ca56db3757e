package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/profiles"
)

// No Go code knows a profile: neither by its name, nor by a role, a right or
// whatever else it declares. Tests and what exists for them may.
func TestNoCodeKnowsAProfile(t *testing.T) {
	words := map[string]string{}
	for _, name := range profiles.Names() {
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		words[name] = "a profile"
		for _, r := range p.ResourceTypes {
			words[string(r.Key)] = "a resource type of " + name
			for _, f := range r.Features {
				words[string(f)] = "a feature in " + name
			}
		}
		for _, r := range p.Roles {
			words[string(r.Key)] = "a role of " + name
		}
		for _, r := range p.Rights {
			words[string(r.Key)] = "a right of " + name
		}
		for _, m := range p.Mandates {
			words[string(m.Key)] = "a mandate of " + name
		}
	}
	delete(words, "user")          // what the API calls a membership
	delete(words, "administrator") // an origin of users
	named := 0
	for file, literals := range literals(t) {
		for _, l := range literals {
			switch what := words[l.text]; {
			case file == "cmd/fullmakt/serve.go" && what == "a profile":
				named++ // what serve takes if nothing is said
			case what != "":
				t.Errorf("%s:%d: %q is %s", file, l.line, l.text, what)
			}
		}
	}
	if named != 1 {
		t.Errorf("serve names %d profiles, want the one that it takes by default", named)
	}
}

type literal struct {
	text string
	line int
}

// literals are the string literals of the module's Go files, by file, but for
// those of tests and of what is made for tests.
func literals(t *testing.T) map[string][]literal {
	t.Helper()
	root := filepath.Join("..", "..")
	found := map[string][]literal{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		file = filepath.ToSlash(file)
		if entry.IsDir() {
			if strings.HasPrefix(entry.Name(), ".") && file != "." || slices.Contains([]string{"profiles", "internal/apitest", "internal/sample", "tools/sam"}, file) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		found[file] = nil
		ast.Inspect(parsed, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if text, err := strconv.Unquote(l.Value); err == nil {
					found[file] = append(found[file], literal{text, set.Position(l.Pos()).Line})
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 100 {
		t.Fatalf("only %d files", len(found))
	}
	return found
}

package requirements

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

var (
	idForm     = regexp.MustCompile(`^[AIPVB][0-9]{2}$`)
	attackForm = regexp.MustCompile(`^X[A-Z][0-9]+$`)
)

// claim is an id that leads the name of a test, a subtest or a row.
type claim struct {
	id   string
	test string // its folder and name
}

// claims are those of all test files that the go command would see, in the
// order of the paths; other modules below root are read too.
func claims(root fs.FS) ([]claim, error) {
	var found []claim
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "node_modules") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !strings.HasSuffix(base, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			r := reader{place: path.Dir(name) + " "}
			if f, ok := decl.(*ast.FuncDecl); ok {
				if isTest(f) {
					r.claim(strings.TrimPrefix(f.Name.Name, "Test"), f.Name.Name)
				}
				r.place += f.Name.Name + "/"
			}
			ast.Inspect(decl, r.visit)
			found = append(found, r.found...)
		}
		return nil
	})
	return found, err
}

func isTest(f *ast.FuncDecl) bool {
	return f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" && len(f.Type.Params.List) == 1
}

// reader collects the claims of one declaration.
type reader struct {
	place string // before the name in claim.test
	found []claim
}

func (r *reader) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Run" && len(n.Args) == 2 {
			r.name(n.Args[0])
		}
	case *ast.CompositeLit:
		r.table(n, n.Type)
	}
	return true
}

// table reads a literal of type t: itself, if it is a table, and the tables
// directly in it, whose own types are left out.
func (r *reader) table(lit *ast.CompositeLit, t ast.Expr) {
	var elem ast.Expr
	switch t := t.(type) {
	case *ast.ArrayType:
		elem = t.Elt
	case *ast.MapType:
		elem = t.Value
	default:
		return
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			r.name(kv.Key)
			e = kv.Value
		}
		inner, ok := e.(*ast.CompositeLit)
		if !ok || inner.Type != nil {
			continue
		}
		switch elem.(type) {
		case *ast.ArrayType, *ast.MapType:
			r.table(inner, elem)
		default:
			r.row(inner)
		}
	}
}

func (r *reader) row(lit *ast.CompositeLit) {
	for i, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if field, ok := kv.Key.(*ast.Ident); ok && (field.Name == "id" || field.Name == "name") {
				r.name(kv.Value)
			}
		} else if i == 0 {
			r.name(e)
		}
	}
}

// name reads a name that is, or begins with, a string literal.
func (r *reader) name(e ast.Expr) {
	rest := ""
	for {
		sum, ok := e.(*ast.BinaryExpr)
		if !ok {
			break
		}
		e, rest = sum.X, "…"
	}
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			r.claim(text+rest, text+rest)
		}
	}
}

func (r *reader) claim(words, name string) {
	for _, word := range strings.FieldsFunc(words, func(c rune) bool { return c == ' ' || c == ',' || c == '_' }) {
		switch {
		case idForm.MatchString(word):
			r.found = append(r.found, claim{word, r.place + name})
		case !attackForm.MatchString(word):
			return
		}
	}
}

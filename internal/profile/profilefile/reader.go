package profilefile

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader reads YAML into a struct by its JSON names and notes every fault, not
// only the first. Each member that is not marked omitzero must be there, and
// none that the struct does not have. Anchors, aliases, tags and merge keys are
// refused: a profile says everything where one looks for it.
type reader struct {
	faults Faults
	lines  map[string]int      // where each JSON pointer is
	faulty map[string]struct{} // pointers at which the form is wrong
	file   string
}

func newReader(file string) *reader {
	return &reader{file: file, lines: map[string]int{}, faulty: map[string]struct{}{}}
}

// read fills the struct that into points to. What is faulty stays as it is.
func (r *reader) read(data []byte, into any) {
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, message := 0, err.Error()
		if syntax, ok := errors.AsType[yaml.Error](err); ok {
			line, message = syntax.GetToken().Position.Line, syntax.GetMessage()
		}
		r.fault("", line, "%s", message)
		return
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		r.fault("", 1, "want exactly one YAML document")
		return
	}
	r.value(file.Docs[0].Body, "", lineOf(file.Docs[0].Body), reflect.ValueOf(into).Elem())
}

// fault notes that the form is wrong at a pointer.
func (r *reader) fault(pointer string, line int, format string, args ...any) {
	r.faulty[pointer] = struct{}{}
	r.faults = append(r.faults, Fault{File: r.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// judge notes that the meaning is wrong at a pointer, unless the form is wrong
// there, above or below: then the meaning is not known.
func (r *reader) judge(pointer, message string) {
	for faulty := range r.faulty {
		if within(pointer, faulty) || within(faulty, pointer) {
			return
		}
	}
	r.faults = append(r.faults, Fault{File: r.file, Line: r.line(pointer), Message: message})
}

func within(pointer, other string) bool {
	return strings.HasPrefix(pointer+"/", other+"/")
}

// line is where a pointer is, or the nearest above it that is there.
func (r *reader) line(pointer string) int {
	for {
		if line, ok := r.lines[pointer]; ok || pointer == "" {
			return line
		}
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
	}
}

func (r *reader) value(n ast.Node, pointer string, line int, v reflect.Value) {
	r.lines[pointer] = line
	switch n.Type() {
	case ast.NullType:
		r.fault(pointer, line, "nothing is given")
		return
	case ast.AnchorType, ast.AliasType, ast.TagType:
		r.fault(pointer, line, "anchors, aliases and tags are not used here")
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.structure(n, pointer, line, v)
	case reflect.Map:
		if members, ok := r.members(n, pointer, line); ok {
			v.Set(reflect.MakeMap(v.Type()))
			for _, m := range members {
				e := reflect.New(v.Type().Elem()).Elem()
				r.value(m.node, pointer+"/"+m.name, m.line, e)
				v.SetMapIndex(reflect.ValueOf(m.name).Convert(v.Type().Key()), e)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(n, pointer, line, v.Elem())
	case reflect.Slice:
		r.list(n, pointer, line, v)
	case reflect.String:
		text, ok := textOf(n)
		if _, scalar := n.(ast.ScalarNode); scalar && !ok {
			r.fault(pointer, line, "want text: put %s in quotes", n)
		} else if !ok {
			r.fault(pointer, line, "want text")
		}
		v.SetString(text)
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
		} else {
			r.fault(pointer, line, "want true or false")
		}
	case reflect.Int:
		if i, err := strconv.Atoi(n.String()); err == nil && n.Type() == ast.IntegerType {
			v.SetInt(int64(i))
		} else {
			r.fault(pointer, line, "want a whole number")
		}
	default:
		panic(fmt.Sprintf("profilefile: cannot read into a %s", v.Type()))
	}
}

func (r *reader) structure(n ast.Node, pointer string, line int, v reflect.Value) {
	members, ok := r.members(n, pointer, line)
	if !ok {
		return
	}
	given := map[string]member{}
	for _, m := range members {
		given[m.name] = m
	}
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		m, ok := given[name]
		switch {
		case ok:
			r.value(m.node, pointer+"/"+name, m.line, v.Field(i))
		case options != "omitzero":
			r.fault(pointer+"/"+name, line, "%q is missing", name)
		}
		delete(given, name)
	}
	for _, m := range members {
		if _, left := given[m.name]; left {
			r.fault(pointer+"/"+m.name, m.line, "unknown member %q", m.name)
		}
	}
}

func (r *reader) list(n ast.Node, pointer string, line int, v reflect.Value) {
	word, ok := v.Interface().(interface{ Word() string })
	if text, isText := textOf(n); ok && isText && text == word.Word() {
		v.Set(reflect.Append(v, reflect.ValueOf(text).Convert(v.Type().Elem())))
		return
	}
	list, isList := n.(*ast.SequenceNode)
	if !isList {
		want := "want a list"
		if ok {
			want += fmt.Sprintf(" or %q", word.Word())
		}
		r.fault(pointer, line, "%s", want)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, item := range list.Values {
		r.value(item, fmt.Sprintf("%s/%d", pointer, i), lineOf(item), v.Index(i))
	}
}

type member struct {
	name string
	line int
	node ast.Node
}

// members are those of a mapping, each once.
func (r *reader) members(n ast.Node, pointer string, line int) (members []member, ok bool) {
	mapping, ok := n.(*ast.MappingNode)
	if !ok {
		r.fault(pointer, line, "want members with a name each")
		return nil, false
	}
	first := map[string]int{}
	for _, m := range mapping.Values {
		name, isText := textOf(m.Key)
		line := lineOf(m.Key)
		before, twice := first[name]
		switch {
		case !isText:
			r.fault(pointer, line, "%s is not a name", m.Key)
		case twice:
			r.fault(pointer+"/"+name, line, "%q is there already, on line %d", name, before)
		default:
			first[name] = line
			members = append(members, member{name, line, m.Value})
		}
	}
	return members, true
}

func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

func lineOf(n ast.Node) int { return n.GetToken().Position.Line }

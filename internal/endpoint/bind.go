package endpoint

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Limits of what is read.
const (
	MaxBody  = 256 << 10 // bytes
	maxDepth = 32        // levels of JSON
	// maxPointer bounds what of a member's name an answer repeats.
	maxPointer = 200
)

// binder fills a request type.
type binder struct {
	params []param
	body   bool
}

type param struct {
	index        []int
	source, name string
}

// bind reads the tags of a request type.
func bind(t reflect.Type) (b binder) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		fromBody := true
		for _, source := range []string{"path", "query", "header"} {
			if name := f.Tag.Get(source); name != "" {
				b.params = append(b.params, param{index: f.Index, source: source, name: name})
				fromBody = false
			}
		}
		b.body = b.body || fromBody
	}
	return b
}

func (b binder) decode(r *http.Request, body []byte, in any, foreign bool) error {
	if b.body {
		if err := unmarshal(body, in, foreign); err != nil {
			return err
		}
	}
	var faults domain.Faults
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ErrQuery
	}
	known := map[string]bool{}
	v := reflect.ValueOf(in).Elem()
	for _, p := range b.params {
		switch p.source {
		case "path":
			v.FieldByIndex(p.index).SetString(r.PathValue(p.name))
		case "header":
			v.FieldByIndex(p.index).SetString(r.Header.Get(p.name))
		case "query":
			known[p.name] = true
			setQuery(v.FieldByIndex(p.index), p.name, query[p.name], &faults)
		}
	}
	for name := range query {
		if !known[name] {
			faults.Add("?"+strings.ToValidUTF8(name, "\uFFFD"), "parameter-unknown", "There is no such parameter here.")
		}
	}
	return faults.Err()
}

func setQuery(field reflect.Value, name string, values []string, faults *domain.Faults) {
	switch {
	case len(values) == 0:
	case field.Kind() == reflect.Slice:
		for _, value := range values {
			field.Set(reflect.Append(field, reflect.ValueOf(value).Convert(field.Type().Elem())))
		}
	case len(values) > 1:
		faults.Add("?"+name, "parameter-repeated", "Give this parameter once.")
	case field.Kind() == reflect.Int:
		n, err := strconv.Atoi(values[0])
		if err != nil {
			faults.Add("?"+name, "value-invalid", "Give a whole number.")
		}
		field.SetInt(int64(n))
	default:
		field.SetString(values[0])
	}
}

// readBody reads a JSON body of bounded size, or nothing where none is expected.
func readBody(w http.ResponseWriter, r *http.Request, expected bool) ([]byte, error) {
	if !expected {
		if n, _ := r.Body.Read(make([]byte, 1)); n > 0 {
			return nil, ErrBodyUnexpected
		}
		return nil, nil
	}
	if r.ContentLength > MaxBody {
		return nil, ErrTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, ErrTooLarge
	}
	if err != nil {
		return nil, ErrJSON.Because(err)
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, ErrContentType
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, ErrContentType
	}
	return body, nil
}

// unmarshal is strict: no unknown or repeated members, names as they are
// written, no null, no depth, nothing behind the value. A foreign protocol may
// have members that we do not know, and null.
func unmarshal(body []byte, in any, foreign bool) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return jsonFault(err)
		}
		if d.StackDepth() > maxDepth {
			return domain.Fault(string(d.StackPointer()), "json-too-deep", "The JSON is nested too deeply.")
		}
		if token.Kind() == 'n' && !foreign {
			return domain.Fault(string(d.StackPointer()), "null-not-allowed", "Leave a member out instead of sending null.")
		}
	}
	if err := json.Unmarshal(body, in, json.RejectUnknownMembers(!foreign)); err != nil {
		return jsonFault(err)
	}
	return nil
}

func jsonFault(err error) error {
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		pointer := trim(string(semantic.JSONPointer), maxPointer)
		if errors.Is(err, json.ErrUnknownName) {
			return domain.Fault(pointer, "member-unknown", "There is no such member here.")
		}
		return domain.Fault(pointer, "type-wrong", "The value is not of the type that is expected here.")
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok && errors.Is(err, jsontext.ErrDuplicateName) {
		return domain.Fault(trim(string(syntactic.JSONPointer), maxPointer), "member-repeated", "The member is there twice.")
	}
	return ErrJSON.Because(err)
}

func marshal(out any) ([]byte, error) {
	return json.Marshal(out, json.Deterministic(true))
}

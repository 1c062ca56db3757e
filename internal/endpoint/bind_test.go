package endpoint

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// sample has a member of every sort that requests have.
type sample struct {
	Name  string   `json:"name"`
	Count int      `json:"count"`
	On    bool     `json:"on"`
	Tags  []string `json:"tags,omitzero"`
	Inner struct {
		Text *string `json:"text,omitzero"`
	} `json:"inner"`
	Tree any `json:"tree,omitzero"`
}

// nested is a member whose value lies n levels deep, the object itself counted.
func nested(n int) string {
	return `{"tree":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
}

func TestJSONIsStrict(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body          string
		code, pointer string // of the one fault; no code: none
	}{
		"empty object":        {`{}`, "", ""},
		"white space":         {" \t\r\n{ \"name\" : \"N\" } \n", "", ""},
		"unknown":             {`{"nom":"N"}`, "member-unknown", "/nom"},
		"unknown inside":      {`{"inner":{"txt":""}}`, "member-unknown", "/inner/txt"},
		"unknown, escaped":    {`{"a/b~c":1}`, "member-unknown", "/a~1b~0c"},
		"another case":        {`{"Name":"N"}`, "member-unknown", "/Name"},
		"Go's name":           {`{"TAGS":[]}`, "member-unknown", "/TAGS"},
		"twice":               {`{"name":"N","name":"M"}`, "member-repeated", "/name"},
		"twice, one escaped":  {`{"name":"N","\u006eame":"M"}`, "member-repeated", "/name"},
		"twice inside":        {`{"tree":[{"a":1,"a":1}]}`, "member-repeated", "/tree/0/a"},
		"null member":         {`{"name":null}`, "null-not-allowed", "/name"},
		"null pointer":        {`{"inner":{"text":null}}`, "null-not-allowed", "/inner/text"},
		"null in a list":      {`{"tags":["a",null]}`, "null-not-allowed", "/tags/1"},
		"null":                {`null`, "null-not-allowed", ""},
		"text that says null": {`{"name":"null"}`, "", ""},
		"32 levels":           {nested(32), "", ""},
		"33 levels":           {nested(33), "json-too-deep", "/tree" + strings.Repeat("/0", 31)},
		"number for text":     {`{"name":1}`, "type-wrong", "/name"},
		"text for number":     {`{"count":"1"}`, "type-wrong", "/count"},
		"fraction":            {`{"count":1.5}`, "type-wrong", "/count"},
		"too large a number":  {`{"count":9223372036854775808}`, "type-wrong", "/count"},
		"text for truth":      {`{"on":"true"}`, "type-wrong", "/on"},
		"text for a list":     {`{"tags":"a"}`, "type-wrong", "/tags"},
		"number in a list":    {`{"tags":["a",2]}`, "type-wrong", "/tags/1"},
		"list for an object":  {`{"inner":[]}`, "type-wrong", "/inner"},
		"list":                {`[]`, "type-wrong", ""},
		"text":                {`"name"`, "type-wrong", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := unmarshal([]byte(test.body), new(sample), false)
			if test.code == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || e.Kind != domain.Invalid || len(e.Fields) != 1 {
				t.Fatalf("got %v, want one fault", err)
			}
			if e.Fields[0].Pointer != test.pointer || string(e.Fields[0].Code) != test.code {
				t.Errorf("got %+v", e.Fields[0])
			}
		})
	}
}

// In somebody else's protocol members may come that we do not know, and null is
// as good as nothing. All else stays as strict: two readings of one body are an attack.
func TestForeignJSON(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body          string
		want          sample
		code, pointer string
	}{
		"unknown":             {body: `{"nom":"N","name":"N"}`, want: sample{Name: "N"}},
		"unknown inside":      {body: `{"inner":{"txt":{"deep":[1]}}}`},
		"another case":        {body: `{"Name":"N"}`},
		"null":                {body: `null`},
		"null member":         {body: `{"name":null,"count":null,"tags":null,"inner":null,"tree":null}`},
		"null pointer":        {body: `{"inner":{"text":null}}`},
		"twice":               {body: `{"name":"N","name":"M"}`, code: "member-repeated", pointer: "/name"},
		"twice, and unknown":  {body: `{"nom":1,"nom":2}`, code: "member-repeated", pointer: "/nom"},
		"33 levels":           {body: nested(33), code: "json-too-deep", pointer: "/tree" + strings.Repeat("/0", 31)},
		"33 levels, unknown":  {body: strings.Replace(nested(33), "tree", "wood", 1), code: "json-too-deep", pointer: "/wood" + strings.Repeat("/0", 31)},
		"number for text":     {body: `{"name":1}`, code: "type-wrong", pointer: "/name"},
		"text for a list":     {body: `{"tags":"a"}`, code: "type-wrong", pointer: "/tags"},
		"list for the object": {body: `[]`, code: "type-wrong", pointer: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got sample
			err := unmarshal([]byte(test.body), &got, true)
			if test.code != "" {
				if !hasFault(err, test.pointer, test.code) {
					t.Errorf("got %v", err)
				}
				return
			}
			if diff := gocmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// What is no JSON at all has no place to point at, and its text is not told.
func TestNoJSON(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing": "", "only space": " \n", "two values": `{}{}`, "two lines": "{}\n{}", "trailing word": `{} x`, "trailing comma": `{"name":"N",}`,
		"half": `{"name":"N"`, "half a text": `{"name":"`, "comment": `{/*a*/}`, "single quotes": `{'name':'N'}`, "no quotes": `{name:"N"}`,
		"NaN": `{"tree":NaN}`, "leading zero": `{"count":01}`, "byte order mark": "\ufeff{}", "NUL": "\x00", "control in a text": "{\"name\":\"a\nb\"}",
		"invalid UTF-8":              "{\"name\":\"a\xffb\"}",
		"invalid UTF-8 in a name":    "{\"a\xff\":1}",
		"overlong UTF-8":             "{\"name\":\"\xc0\xaf\"}",
		"surrogate in UTF-8":         "{\"name\":\"\xed\xa0\x80\"}",
		"half a surrogate":           `{"name":"\ud800"}`,
		"surrogates the wrong way":   `{"name":"\udc00\ud800"}`,
		"unknown escape":             `{"name":"\x41"}`,
		"the other kind of brackets": `{]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, foreign := range []bool{false, true} {
				err := unmarshal([]byte(body), new(sample), foreign)
				if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != ErrJSON.Code || e.Kind != domain.Invalid || e.Detail != ErrJSON.Detail || len(e.Fields) > 0 {
					t.Errorf("foreign %v: got %v", foreign, err)
				}
			}
		})
	}
}

// Whatever comes in, it is read, or is an error that can be told.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		`{"name":"N","count":1,"on":true,"tags":["a"],"inner":{"text":""},"tree":{"a":[1.5]}}`, `{}`, ``, `null`, `[`, `{}{}`, nested(32), nested(33),
		`{"nom":1}`, `{"Name":"N"}`, `{"name":"N","name":"N"}`, `{"a/~\u0000\ud83d\ude00":1}`, `{"name":"\ud800"}`, "{\"\xff\":1}", "{\"name\":\"\xff\"}",
		`{"count":1e999}`, `{"count":-0}`, `{"tags":[null]}`, "{\"\u2028\":1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		// What is read strictly is read the same when the protocol is foreign.
		var in, foreign sample
		err, errForeign := unmarshal(body, &in, false), unmarshal(body, &foreign, true)
		if err == nil && (errForeign != nil || !reflect.DeepEqual(in, foreign)) {
			t.Fatalf("%q: %+v, and foreign %+v, %v", body, in, foreign, errForeign)
		}
		if err == nil {
			out, err := marshal(in)
			if err != nil {
				t.Fatalf("%q was read and cannot be written: %v", body, err)
			}
			var again sample
			if err := unmarshal(out, &again, false); err != nil {
				t.Fatalf("%q became %q: %v", body, out, err)
			}
			if !reflect.DeepEqual(in, again) { // go-cmp takes exponential time for nested lists
				t.Fatalf("%q became %q", body, out)
			}
			return
		}
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != domain.Invalid {
			t.Fatalf("%q: %v", body, err)
		}
		p := Problem{Code: string(e.Code), Detail: e.Detail}
		for _, f := range e.Fields {
			p.Errors = append(p.Errors, ProblemField{f.Pointer, string(f.Code), f.Detail})
		}
		if _, err := marshal(p); err != nil {
			t.Fatalf("%q: %+v cannot be told: %v", body, p, err)
		}
	})
}

// role is a text of a type of its own.
type role string

// request has a member from every place, some of them from within.
type request struct {
	Thing string `path:"thing" json:"-"`
	Match string `header:"If-Match" json:"-"`
	Filter
	Paging
	Name string `json:"name"`
}

// Filter is embedded, as Paging is.
type Filter struct {
	Query string `query:"q" json:"-"`
	Roles []role `query:"role" json:"-"`
}

func TestBinding(t *testing.T) {
	t.Parallel()
	b := bind(reflect.TypeFor[request]())
	if !b.body {
		t.Error("no body")
	}
	read := func(t *testing.T, query, body string) (request, error) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "/v1/things/a%2Fb", strings.NewReader(body))
		r.URL.RawQuery = query
		r.SetPathValue("thing", "a/b")
		r.Header.Set("If-Match", `"7"`)
		var in request
		err := b.decode(r, []byte(body), &in, false)
		return in, err
	}

	in, err := read(t, "q=%C3%A5+%26&limit=7&cursor=c.1&role=user&role=", `{"name":"N"}`)
	if err != nil {
		t.Fatal(err)
	}
	want := request{
		Thing: "a/b", Match: `"7"`, Name: "N",
		Filter: Filter{Query: "å &", Roles: []role{"user", ""}}, Paging: Paging{Limit: 7, Cursor: "c.1"},
	}
	if diff := gocmp.Diff(want, in); diff != "" {
		t.Error(diff)
	}

	// What has another place is no member of the body.
	for _, name := range []string{"Thing", "thing", "Match", "If-Match", "q", "Query", "limit", "Limit", "Paging", "Filter"} {
		if _, err := read(t, "", `{"`+name+`":""}`); !hasFault(err, "/"+name, "member-unknown") {
			t.Errorf("%s in the body: %v", name, err)
		}
	}
	for _, test := range []struct{ query, pointer, code string }{
		{"q=a&q=b", "?q", "parameter-repeated"},
		{"limit=1&limit=1", "?limit", "parameter-repeated"},
		{"limit=", "?limit", "value-invalid"},
		{"limit=1.0", "?limit", "value-invalid"},
		{"limit=+%201", "?limit", "value-invalid"},
		{"limit=99999999999999999999", "?limit", "value-invalid"},
		{"Q=a", "?Q", "parameter-unknown"},
		{"name=N", "?name", "parameter-unknown"},
		{"thing=other", "?thing", "parameter-unknown"},
		{"=", "?", "parameter-unknown"},
		{"%ff=1", "?\ufffd", "parameter-unknown"},
	} {
		if _, err := read(t, test.query, `{}`); !hasFault(err, test.pointer, test.code) {
			t.Errorf("?%s: %v", test.query, err)
		}
	}
	for _, query := range []string{"q=%zz", "q=1;limit=2", "%"} {
		if _, err := read(t, query, `{}`); !errors.Is(err, ErrQuery) {
			t.Errorf("?%s: %v", query, err)
		}
	}
	// All that is wrong with the query is told at once.
	_, err = read(t, "x=1&limit=a&q=1&q=2", `{}`)
	e, _ := errors.AsType[*domain.Error](err)
	if e == nil {
		t.Fatal("no error")
	}
	slices.SortFunc(e.Fields, func(a, b domain.FieldError) int { return cmp.Compare(a.Pointer, b.Pointer) })
	var pointers []string
	for _, f := range e.Fields {
		pointers = append(pointers, f.Pointer)
	}
	if diff := gocmp.Diff([]string{"?limit", "?q", "?x"}, pointers); diff != "" {
		t.Error(diff)
	}
}

func hasFault(err error, pointer, code string) bool {
	e, ok := errors.AsType[*domain.Error](err)
	return ok && len(e.Fields) == 1 && e.Fields[0].Pointer == pointer && string(e.Fields[0].Code) == code
}

func TestWhatHasABody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in   any
		body bool
	}{
		"nothing":  {None{}, false},
		"embedded": {struct{ Paging }{}, false},
		"only a path": {struct {
			Thing string `path:"thing"`
		}{}, false},
		"not exported": {struct{ read string }{}, false},
		"member": {struct {
			Name string `json:"name"`
		}{}, true},
		"both": {request{}, true},
	} {
		if b := bind(reflect.TypeOf(test.in)); b.body != test.body {
			t.Errorf("%s: body %v", name, b.body)
		}
	}
}

// bodyOf is a request with a body of n bytes of JSON.
func bodyOf(n int) *http.Request {
	text := `{"name":"` + strings.Repeat("a", n-len(`{"name":""}`)) + `"}`
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size    int
		chunked bool
		err     error
	}{
		"at most":           {MaxBody, false, nil},
		"at most, chunked":  {MaxBody, true, nil},
		"too large":         {MaxBody + 1, false, ErrTooLarge},
		"too large, hidden": {MaxBody + 1, true, ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := bodyOf(test.size)
			if test.chunked {
				r.ContentLength = -1
			}
			body, err := readBody(httptest.NewRecorder(), r, true)
			if !errors.Is(err, test.err) || err == nil && len(body) != test.size {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
	// What says that it is too large is not read at all.
	r := httptest.NewRequest(http.MethodPost, "/", unread{t})
	r.ContentLength = MaxBody + 1
	if _, err := readBody(httptest.NewRecorder(), r, true); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

func TestBodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader(`{"name":`), broken{}))
	r.Header.Set("Content-Type", "application/json")
	if _, err := readBody(httptest.NewRecorder(), r, true); !errors.Is(err, ErrJSON) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestContentType(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		content, encoding string
		ok                bool
	}{
		{"application/json", "", true},
		{"Application/JSON", "", true},
		{"application/json; charset=utf-8", "", true},
		{`application/json;charset="UTF-8"`, "", true},
		{"application/json", "identity", true},
		{"", "", false},
		{"text/plain", "", false},
		{"text/plain; application/json", "", false},
		{"application/x-www-form-urlencoded", "", false},
		{"application/merge-patch+json", "", false},
		{"application/json; charset=iso-8859-1", "", false},
		{"application/json; charset", "", false},
		{"application/json, text/plain", "", false},
		{"application/json", "gzip", false},
	} {
		r := bodyOf(20)
		r.Header.Set("Content-Type", test.content)
		r.Header.Set("Content-Encoding", test.encoding)
		if _, err := readBody(httptest.NewRecorder(), r, true); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrContentType) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestBodyThatIsNotExpected(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(" "))
	if _, err := readBody(httptest.NewRecorder(), r, false); !errors.Is(err, ErrBodyUnexpected) {
		t.Errorf("got %v", err)
	}
	r = httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Content-Type", "text/plain") // of nothing
	if body, err := readBody(httptest.NewRecorder(), r, false); err != nil || body != nil {
		t.Errorf("got %q, %v", body, err)
	}
}

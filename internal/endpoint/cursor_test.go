package endpoint

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func key(id string, fill byte) domain.SigningKey {
	return domain.SigningKey{ID: id, Secret: bytes.Repeat([]byte{fill}, 32)}
}

// list is a call of a list.
func list(person domain.PersonID, target string, at time.Time, keys ...domain.SigningKey) *Call {
	return &Call{
		Scene:   &domain.Scene{Signing: &domain.Signing{Keys: keys}},
		Change:  domain.NewChange(domain.Actor{ID: string(person)}, at, ""),
		Request: httptest.NewRequest(http.MethodGet, target, nil),
	}
}

func TestXB7_XI11_Cursor(t *testing.T) {
	t.Parallel()
	const (
		me, other = domain.PersonID("usr_me"), domain.PersonID("usr_other")
		here      = "/v1/things?status=active&status=locked&q=%C3%A5"
		after     = "esimerkki aino#usr_1"
	)
	one, two, three := key("1", 1), key("2", 2), key("3", 3)
	cursor, err := list(me, here, start, one, two).Next(after)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(cursor, "2.") {
		t.Errorf("not by the newest key: %s", cursor)
	}
	if again, _ := list(me, here, start, one, two).Next(after); again == cursor {
		t.Error("two cursors are alike")
	}
	flipped := []byte(cursor)
	flipped[len(flipped)-10] ^= 1
	for name, test := range map[string]struct {
		call   *Call
		cursor string
		ok     bool
	}{
		"the next page":          {list(me, here, start, one, two), cursor, true},
		"with a limit":           {list(me, here+"&limit=7&cursor=x", start, one, two), cursor, true},
		"parameters turned":      {list(me, "/v1/things?q=%c3%a5&status=active&status=locked", start, one, two), cursor, true},
		"a newer key has come":   {list(me, here, start, one, two, three), cursor, true},
		"the older key is gone":  {list(me, here, start, two), cursor, true},
		"its key is gone":        {list(me, here, start, one, three), cursor, false},
		"its key is another":     {list(me, here, start, key("2", 9)), cursor, false},
		"no keys":                {list(me, here, start), cursor, false},
		"a day later":            {list(me, here, start.Add(24*time.Hour), two), cursor, true},
		"a day and a second":     {list(me, here, start.Add(24*time.Hour+time.Second), two), cursor, false},
		"another caller":         {list(other, here, start, two), cursor, false},
		"another path":           {list(me, "/v1/others?status=active&status=locked&q=%C3%A5", start, two), cursor, false},
		"without filters":        {list(me, "/v1/things", start, two), cursor, false},
		"one filter less":        {list(me, "/v1/things?status=active&q=%C3%A5", start, two), cursor, false},
		"one filter more":        {list(me, here+"&role=user", start, two), cursor, false},
		"values the other way":   {list(me, "/v1/things?status=locked&status=active&q=%C3%A5", start, two), cursor, false},
		"changed":                {list(me, here, start, two), string(flipped), false},
		"cut":                    {list(me, here, start, two), cursor[:len(cursor)-4], false},
		"the key's id alone":     {list(me, here, start, two), "2.", false},
		"no key's id":            {list(me, here, start, two), "AAAA", false},
		"not base64":             {list(me, here, start, two), "2.%%%%", false},
		"no more than the nonce": {list(me, here, start, two), "2." + strings.Repeat("A", 16), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := test.call.Page(Paging{Limit: 7, Cursor: test.cursor})
			switch {
			case test.ok && (err != nil || page != domain.PageRequest{Limit: 7, After: after}):
				t.Errorf("got %+v, %v", page, err)
			case !test.ok && (!errors.Is(err, domain.ErrCursor) && !hasFault(err, "?cursor", "cursor-invalid") || page.After != ""):
				t.Errorf("got %+v, %v", page, err)
			}
		})
	}
}

// A list that is asked for in a body has the same path and no filters whatever
// is asked: its cursors belong to the question.
func TestXB7_CursorOfAQuestion(t *testing.T) {
	t.Parallel()
	asked := func(question string) *Call {
		c := list("svc_1", "/access/v1/search/subject", start, key("1", 1))
		c.Change.Actor.ID, c.Question = "svc_1", question
		return c
	}
	cursor, err := asked("who may order").Next("usr_1")
	if err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]string{"who may order": "usr_1", "who may approve": "", "": ""} {
		after, err := asked(question).After(cursor)
		if after != want || hasFault(err, "?cursor", "cursor-invalid") != (want == "") {
			t.Errorf("%q: %q, %v", question, after, err)
		}
	}
	other := asked("who may order")
	other.Change.Actor.ID = "svc_2"
	if after, err := other.After(cursor); after != "" || !hasFault(err, "?cursor", "cursor-invalid") {
		t.Errorf("another service's: %q, %v", after, err)
	}
	if after, err := asked("who may order").After(""); after != "" || err != nil {
		t.Errorf("the beginning: %q, %v", after, err)
	}
}

// Where a page ended is a name; a cursor does not tell it.
func TestCursorTellsNothing(t *testing.T) {
	t.Parallel()
	k := key("1", 1)
	cursor, err := list("usr_me", "/v1/things", start, k).Next("esimerkki aino#usr_1")
	if err != nil || strings.Contains(cursor, "aino") {
		t.Errorf("%s, %v", cursor, err)
	}
	if end, err := list("usr_me", "/v1/things", start, k).Next(""); end != "" || err != nil {
		t.Errorf("the end is %q, %v", end, err)
	}
	call := list("usr_me", "/v1/things", start)
	if _, err := call.Next("x"); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("without keys: %v", err)
	}
	call.Scene.Signing = nil
	if _, err := call.Next("x"); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("without an item: %v", err)
	}
	if _, err := call.Page(Paging{Limit: 1, Cursor: cursor}); !errors.Is(err, domain.ErrCursor) {
		t.Errorf("without an item: %v", err)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		query string
		limit int
		want  int // 0: refused
	}{
		{"", 0, DefaultLimit},
		{"?limit=1", 1, 1},
		{"?limit=200", MaxLimit, 200},
		{"?limit=0", 0, 0},
		{"?limit=-1", -1, 0},
		{"?limit=201", 201, 0},
	} {
		page, err := list("usr_me", "/v1/things"+test.query, start).Page(Paging{Limit: test.limit})
		if test.want > 0 && (err != nil || page.Limit != test.want) || test.want == 0 && !hasFault(err, "?limit", "value-invalid") {
			t.Errorf("%q: %+v, %v", test.query, page, err)
		}
	}
	var want domain.Want
	WantPaging(&want)
	if !want.Signing {
		t.Error("the keys of cursors are not read")
	}
}

package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// Dump is every item of a world on SQLite, a line each, but for those that
// every request may write: the last use of sessions, and counted attempts.
func (w *World) Dump() string {
	w.T.Helper()
	return w.dump(func(pk string) bool { return !strings.HasPrefix(pk, "SESSION#") && !strings.HasPrefix(pk, "ATTEMPTS#") })
}

// DumpAll is every item.
func (w *World) DumpAll() string {
	w.T.Helper()
	return w.dump(func(string) bool { return true })
}

func (w *World) dump(keep func(pk string) bool) string {
	w.T.Helper()
	var lines []string
	for item, err := range w.Base.(*sqlitetable.Table).Dump(context.Background()) {
		if err != nil {
			w.T.Fatal(err)
		}
		if keep(item.PK) {
			lines = append(lines, fmt.Sprintf("%s %s v%d %s", item.PK, item.SK, item.Version, item.Body))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Difference is the lines that are in only one of two dumps.
func Difference(before, after string) string {
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out []string
	for _, l := range was {
		if !slices.Contains(is, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range is {
		if !slices.Contains(was, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}

// text is a value as JSON.
func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// StreamEvent is what the table's stream would tell mail-dispatch of all
// outbox items that there are.
func (w *World) StreamEvent() json.RawMessage {
	w.T.Helper()
	var records []Object
	for item, err := range w.Base.(*sqlitetable.Table).Dump(context.Background()) {
		if err != nil {
			w.T.Fatal(err)
		}
		if strings.HasPrefix(item.PK, "MAIL#") {
			keys := Object{"pk": Object{"S": item.PK}, "sk": Object{"S": item.SK}}
			records = append(records, Object{"eventName": "INSERT", "dynamodb": Object{"SequenceNumber": item.SK, "Keys": keys}})
		}
	}
	return json.RawMessage(text(Object{"Records": records}))
}

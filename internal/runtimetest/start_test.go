package runtimetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/session"
	"github.com/fullmakt/fullmakt/internal/runtimeapi"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
)

// A function starts not much slower than one that does nothing, until it asks for
// its first event. The budget is twice, which make bench-lambda holds all of them
// to; a test runs beside others, and asserts only what no load of the machine explains.
func TestStartBesideAnEmptyFunctions(t *testing.T) {
	dynamo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Write([]byte(`{"Responses":{},"UnprocessedKeys":{}}`))
	}))
	t.Cleanup(dynamo.Close)
	e := session.List()
	env := runtimeapi.Environment(dynamotable.Config{Table: "fullmakt", Endpoint: dynamo.URL}, "", e.Needs)

	// Whatever else the machine does makes a start longer and never shorter, so
	// the shortest ones of both are compared, of as many as that takes.
	const enough, most = 15, 150
	empty, full := time.Hour, time.Hour
	for n := 0; n < enough || n < most && full > 2*empty; n++ {
		f := launch(t, binary("empty"), nil)
		empty = min(empty, f.wait().Sub(f.Began))
		f.Stop()

		f = launch(t, binary(e.ID), env)
		full = min(full, f.wait().Sub(f.Began))
		f.Stop()
	}
	t.Logf("an empty function starts in %v; %s in %v (%.2f times that)", empty, e.ID, full, float64(full)/float64(empty))
	// Beside other tests the ratio swings by half: what is twice the budget is no noise.
	if full > 4*empty {
		t.Errorf("more than four times as long")
	}
}

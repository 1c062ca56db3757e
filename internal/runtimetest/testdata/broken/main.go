// Command broken is a function that fails in the way that BROKEN names.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
)

type request struct{}

func main() {
	panics := func(context.Context, *endpoint.Call, *request) (endpoint.None, error) { panic("on purpose") }
	spec := endpoint.Spec{
		ID: "broken-endpoint", Method: http.MethodGet, Path: "/v1/broken", Summary: "Panics.", Status: http.StatusNoContent,
		Access: endpoint.Public("it is for tests"),
	}
	broken := job.Job{ID: "broken-job", Run: func(_ context.Context, _ job.Deps, event json.RawMessage) (any, error) {
		if string(event) == `"fail"` {
			return nil, errors.New("failed on purpose")
		}
		panic("on purpose")
	}}
	switch os.Getenv("BROKEN") {
	case "endpoint":
		awsapp.Serve(endpoint.New(spec, nil, panics))
	case "declaration":
		spec.Access = endpoint.Access{}
		awsapp.Serve(endpoint.New(spec, nil, panics))
	case "job":
		awsapp.Run(broken)
	case "wiring":
		broken.Needs = []endpoint.Need{endpoint.SendMail}
		awsapp.Run(broken)
	}
}

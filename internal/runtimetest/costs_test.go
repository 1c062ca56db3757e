package runtimetest

import (
	"testing"

	"github.com/fullmakt/fullmakt/internal/lambdabench"
)

// What a request costs is on the page of performance, and it is the same every
// time. The times there are not: they are of one machine and one day.
func TestThePageOfPerformanceSaysWhatRequestsCost(t *testing.T) {
	t.Parallel()
	costs, err := lambdabench.Bench{Root: root, Bin: binaries}.Costs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := lambdabench.CheckCosts(root, costs); err != nil {
		t.Errorf("run make bench-lambda-costs and commit:\n%v", err)
	}
}

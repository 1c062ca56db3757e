package lambdabench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Seven endpoints of 72 may be slow, and jobs and pages are not counted.
func TestBudget(t *testing.T) {
	t.Parallel()
	for slow, kept := range map[int]bool{0: true, 7: true, 8: false, 72: false} {
		times := &Times{All: []Ratios{{Function: Function{ID: "a job"}, Start: 9}}}
		for n := range 72 {
			r := Ratios{Function: Function{ID: fmt.Sprint(n), Endpoint: true}, Start: Budget}
			if n < slow {
				r.Start = 2.01
			}
			times.All = append(times.All, r)
		}
		if err := times.Check(); (err == nil) != kept {
			t.Errorf("%d slow ones: %v", slow, err)
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	const keys = `{"RequestItems":{"t":{"ConsistentRead":%t,"Keys":[{"pk":{"S":"1"}},{"pk":{"S":"2"}},{"pk":{"S":"3"}}]}}}`
	for _, c := range []struct {
		name, body, answer string
		units              func(body, answer []byte) (float64, error)
		want               float64
	}{
		{"all there", fmt.Sprintf(keys, true), `{"Responses":{"t":[{},{},{}]},"ConsumedCapacity":[{"CapacityUnits":4}]}`, batchUnits, 4},
		{"one there", fmt.Sprintf(keys, true), `{"Responses":{"t":[{}]},"ConsumedCapacity":[{"CapacityUnits":1}]}`, batchUnits, 3},
		{"none there", fmt.Sprintf(keys, false), `{"Responses":{"t":[]},"ConsumedCapacity":[{"CapacityUnits":0}]}`, batchUnits, 1.5},
		{"page", `{}`, `{"ConsumedCapacity":{"CapacityUnits":2.5}}`, queryUnits, 2.5},
		{"empty page", `{}`, `{"ConsumedCapacity":{"CapacityUnits":0}}`, queryUnits, 0.5},
		{"empty page, consistently", `{"ConsistentRead":true}`, `{"ConsumedCapacity":{"CapacityUnits":0}}`, queryUnits, 1},
	} {
		if got, err := c.units([]byte(c.body), []byte(c.answer)); err != nil || got != c.want {
			t.Errorf("%s: %v units, %v; want %v", c.name, got, err, c.want)
		}
	}
}

// The parts are written, what people have written stays, and a stale row is named.
func TestPage(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	name := filepath.Join(root, filepath.FromSlash(Page))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	page := "Before.\n" + costsPart.begin() + "old\n" + costsPart.end() + "Between.\n" + timesPart.begin() + timesPart.end() + "After.\n"
	if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	costs := []Cost{{Function: Function{ID: "me-get"}, Answer: Usage{Reads: 1, ReadUnits: 4}, Others: map[string]int{"KMS GenerateMac": 2, "KMS Decrypt": 1}}}
	for range 2 {
		if err := Write(root, costs, &Times{All: []Ratios{{Function: Function{ID: "me-get"}, Start: 1.5}}}); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Before.", "Between.", "After.", "| me-get   |           1 |", "KMS Decrypt, 2 × KMS GenerateMac", "1.50"} {
		if strings.Count(string(written), text) != 1 {
			t.Errorf("%q is not there once:\n%s", text, written)
		}
	}
	if strings.Contains(string(written), "old") {
		t.Error("what was there is there still")
	}
	if err := CheckCosts(root, costs); err != nil {
		t.Error(err)
	}
	costs[0].Answer.ReadUnits = 5
	if err := CheckCosts(root, costs); err == nil || !strings.Contains(err.Error(), "me-get") {
		t.Errorf("a stale page: %v", err)
	}
}

// What people do is done by functions that there are.
func TestJourneys(t *testing.T) {
	t.Parallel()
	for _, j := range journeys {
		for _, id := range j.functions {
			if !slices.ContainsFunc(Functions(), func(f Function) bool { return f.ID == id }) {
				t.Errorf("%s: there is no function %s", j.what, id)
			}
		}
	}
}

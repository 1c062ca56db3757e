package metric

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The line is as CloudWatch's specification has it.
func TestOf(t *testing.T) {
	t.Parallel()
	for namespace, want := range map[string]any{
		"fullmakt-test": map[string]any{
			"Timestamp": 1767225600000.0,
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace": "fullmakt-test", "Dimensions": []any{[]any{"job"}},
				"Metrics": []any{map[string]any{"Name": "sent", "Unit": "Count"}, map[string]any{"Name": "late", "Unit": "Seconds"}},
			}},
		},
		"": nil,
	} {
		var line bytes.Buffer
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		slog.New(slog.NewJSONHandler(&line, nil)).Info("measured",
			"job", "mail-dispatch", "sent", 3, "late", 1, Of(namespace, at, "job", Measure{"sent", Count}, Measure{"late", Seconds}))
		var got map[string]any
		if err := json.Unmarshal(line.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got["_aws"]); d != "" {
			t.Errorf("namespace %q (-want +got):\n%s", namespace, d)
		}
		if got["sent"] != 3.0 || got["job"] != "mail-dispatch" {
			t.Errorf("the line is %s", &line)
		}
	}
}

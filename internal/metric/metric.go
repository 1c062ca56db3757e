// Package metric makes metrics of log lines, in CloudWatch's embedded metric
// format: the line says which of its members are measures, and no call to
// CloudWatch holds up an answer.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package metric

import (
	"log/slog"
	"time"
)

// Units of measures, as CloudWatch names them.
const (
	Count   = "Count"
	Seconds = "Seconds"
)

// Measure names a member of the line, a number, and its unit.
type Measure struct {
	Name string
	Unit string
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []Measure
}

// Of is the member that makes metrics of others of the same line, at a time. The
// member that dimension names tells several metrics of a name apart; it must be
// a text with few values. Without a namespace there are no metrics.
func Of(namespace string, at time.Time, dimension string, measures ...Measure) slog.Attr {
	if namespace == "" {
		return slog.Attr{} // which slog leaves out
	}
	return slog.Group("_aws",
		slog.Int64("Timestamp", at.UnixMilli()),
		slog.Any("CloudWatchMetrics", []directive{{Namespace: namespace, Dimensions: [][]string{{dimension}}, Metrics: measures}}))
}

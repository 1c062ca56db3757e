package apitest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// XA6: the other half of the comparison of unknown and known people, which
// takes time and so is no test: interleaved pairs, their medians, and how often
// the known one was slower (half of the time, if nothing tells them apart).
// Run with: go test -run '^$' -bench XA6 -benchtime 200x ./internal/apitest
func BenchmarkXA6SignInOfUnknownPeople(b *testing.B) {
	w := New(b)
	alpha := w.Customer("alpha")
	w.Join(alpha, "known@alpha.example", "user")
	times := map[string][]time.Duration{}
	emails := []string{"known@alpha.example", "unknown@alpha.example"}
	for b.Loop() {
		if rand.N(2) == 0 {
			slices.Reverse(emails)
		}
		for _, email := range emails {
			begin := time.Now()
			w.Send(Request{Method: "POST", Path: "/v1/sessions", Body: Object{"email": email, "password": "wrong and wrong"}})
			times[email] = append(times[email], time.Since(begin))
		}
		w.Pass(time.Hour) // past every throttle
	}
	known, unknown := times["known@alpha.example"], times["unknown@alpha.example"]
	slower := 0
	for i := range known {
		if known[i] > unknown[i] {
			slower++
		}
	}
	median := func(d []time.Duration) float64 { slices.Sort(d); return float64(d[len(d)/2]) }
	b.ReportMetric(float64(slower)/float64(len(known)), "known-slower")
	b.ReportMetric(median(known)/median(unknown), "median-ratio")
}

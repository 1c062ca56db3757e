package domain

import (
	"testing"
	"time"
)

func TestXA7_DelaysGrowAndAreForgotten(t *testing.T) {
	l := Limit{Key: "k", Free: 5, First: 30 * time.Second, Most: 15 * time.Minute}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var a *Attempts
	for i := range 5 {
		if w := l.wait(a, now); w != 0 {
			t.Fatalf("attempt %d has to wait %s", i, w)
		}
		a = l.next(a, now)
	}
	for i, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute} {
		if w := l.wait(a, now); w != want {
			t.Errorf("failure %d: wait %s, want %s", i+5, w, want)
		}
		now = now.Add(want)
		if w := l.wait(a, now); w != 0 {
			t.Errorf("failure %d: still %s to wait after waiting", i+5, w)
		}
		a = l.next(a, now)
	}
	// To wait as long as one has to is not enough to begin anew; twice that is.
	if w := l.wait(a, now.Add(l.Most-time.Second)); w != time.Second {
		t.Errorf("the longest wait has %s left", w)
	}
	if a = l.next(a, now.Add(2*l.Most)); a.Count != 1 {
		t.Errorf("after %s of quiet the count is %d", 2*l.Most, a.Count)
	}
}

func TestThrottledTellsWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{time.Millisecond: time.Second, 90 * time.Second: 90 * time.Second, 1600 * time.Millisecond: 2 * time.Second} {
		e := throttled(wait)
		if e.RetryAfter != want || e.Kind != Throttled {
			t.Errorf("%s: %s", wait, e.RetryAfter)
		}
	}
}

func TestOneSubscriberIsOneSource(t *testing.T) {
	for _, pair := range [][2]string{{"2001:db8::1", "2001:db8::ffff:1"}, {"fe80::1%eth0", "fe80::2"}} {
		if network(pair[0]) != network(pair[1]) {
			t.Errorf("%s and %s are two sources", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"192.0.2.1", "192.0.2.2"}, {"2001:db8:0:1::1", "2001:db8:0:2::1"}, {"::ffff:192.0.2.1", "::ffff:192.0.2.2"}, {"x", "y"}} {
		if network(pair[0]) == network(pair[1]) {
			t.Errorf("%s and %s are one source", pair[0], pair[1])
		}
	}
}

package domain

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// Attempts counts what is throttled: sign-ins of an account or a source, mails
// to an address. An attempt is counted before it is made, so that parallel ones
// cannot slip through.
type Attempts struct {
	Version int64
	Key     string // see the Limit functions; holds a hash, never an address
	Count   int
	LastAt  time.Time
}

// Limit is a rule: Free attempts at once, then one each First, doubling up to Most.
// After Most without an attempt all is forgotten.
type Limit struct {
	Key         string
	Free        int
	First, Most time.Duration
}

// The limits. An account is throttled hard per source and softly overall, so
// that a stranger's failures do not shut its owner out.
func limitAccountAndSource(e Email, source string) Limit {
	return Limit{Key: "sign-in/" + hash(string(e)+"\x00"+network(source)), Free: 5, First: 30 * time.Second, Most: 15 * time.Minute}
}

func limitAccount(e Email) Limit {
	return Limit{Key: "account/" + hash(string(e)), Free: 50, First: 10 * time.Second, Most: 15 * time.Minute}
}

func limitSource(source string) Limit {
	return Limit{Key: "source/" + hash(network(source)), Free: 100, First: 5 * time.Second, Most: 15 * time.Minute}
}

// network is what one caller has of an address: all of an IPv4 one, and of an
// IPv6 one the 64 bits that a subscriber is given.
func network(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil || addr.Unmap().Is4() {
		return source
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return source
	}
	return prefix.String()
}

// Three mails of a kind to one address, then one an hour.
func limitMail(kind MailKind, e Email) Limit {
	return Limit{Key: "mail/" + string(kind) + "/" + hash(string(e)), Free: 3, First: time.Hour, Most: time.Hour}
}

func limitResetSource(source string) Limit {
	return Limit{Key: "reset/" + hash(network(source)), Free: 30, First: time.Minute, Most: time.Hour}
}

func limitOrganizationMail(org OrganizationID) Limit {
	return Limit{Key: "mail-by/" + string(org), Free: 200, First: 10 * time.Second, Most: time.Hour}
}

// Until is when the stored attempts stop to matter.
func (l Limit) until(a *Attempts) time.Time { return a.LastAt.Add(l.Most) }

// wait is how long the next attempt has to wait.
func (l Limit) wait(a *Attempts, now time.Time) time.Duration {
	if a == nil || a.Count < l.Free || !now.Before(l.until(a)) {
		return 0
	}
	delay := l.First << min(a.Count-l.Free, 20)
	if delay > l.Most || delay <= 0 {
		delay = l.Most
	}
	return max(0, a.LastAt.Add(delay).Sub(now))
}

// next is the item that counts one more attempt.
func (l Limit) next(a *Attempts, now time.Time) *Attempts {
	if a == nil {
		return &Attempts{Key: l.Key, Count: 1, LastAt: now}
	}
	n := *a
	n.Count, n.LastAt = a.Count+1, now
	if !now.Before(l.until(a)) {
		n.Count = 1
	}
	return &n
}

// count puts one more attempt of each limit into a change, or is ErrThrottled
// with the longest wait.
func (c *Change) count(s *Scene, limits ...Limit) error {
	var wait time.Duration
	for _, l := range limits {
		wait = max(wait, l.wait(s.Attempts[l.Key], c.At))
	}
	if wait > 0 {
		return throttled(wait)
	}
	for _, l := range limits {
		c.Put(l.next(s.Attempts[l.Key], c.At))
	}
	return nil
}

func throttled(wait time.Duration) *Error {
	e := *ErrThrottled
	e.RetryAfter = wait.Round(time.Second)
	if e.RetryAfter < time.Second {
		e.RetryAfter = time.Second
	}
	return &e
}

// takeAttempts counts in a transaction of its own, before what is counted, and
// returns what else it was asked to read, with the attempts as they are now.
// Parallel attempts run into each other's versions; who keeps losing is
// throttled too.
func takeAttempts(ctx context.Context, store Store, c *Change, want Want, limits ...Limit) (*Scene, error) {
	for _, l := range limits {
		want.Attempts = append(want.Attempts, l.Key)
	}
	for range 8 {
		scene, err := store.Load(ctx, want)
		if err != nil {
			return nil, err
		}
		take := &Change{Actor: c.Actor, At: c.At, RequestID: c.RequestID}
		if err := take.count(scene, limits...); err != nil {
			return nil, err
		}
		err = store.Commit(ctx, take)
		if errors.Is(err, ErrContended) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, w := range take.Writes {
			taken := *w.Entity.(*Attempts)
			taken.Version++
			scene.Attempts[taken.Key] = &taken
		}
		return scene, nil
	}
	return nil, throttled(time.Second)
}

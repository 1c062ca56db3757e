package domain

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
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
	// Known says that the right password came from this source before.
	Known bool
}

// Limit is a rule: Free attempts at once, then one each First, doubling up to Most.
// After twice Most without an attempt all is forgotten. A daily one is Free
// attempts a day, in UTC, and no more.
type Limit struct {
	Key         string
	Free        int
	First, Most time.Duration
	Daily       bool
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

// limitMail is three mails of a kind to one address, then one an hour. Those that
// an organization sends count for that organization: what another one sends to
// the same address must not show.
func limitMail(kind MailKind, by OrganizationID, e Email) Limit {
	return Limit{Key: "mail/" + string(kind) + "/" + hash(string(by)+"\x00"+string(e)), Free: 3, First: time.Hour, Most: time.Hour}
}

// limitEmailChanges is of changes of their address that a person asks for, each of
// which mails the address that they have.
func limitEmailChanges(of PersonID) Limit {
	return Limit{Key: "email-change/" + string(of), Free: 5, Daily: true}
}

// limitMailSettings is of a person's choices of mails, each of which is audited.
func limitMailSettings(of PersonID) Limit {
	return Limit{Key: "mail-settings/" + string(of), Free: 50, Daily: true}
}

func limitResetSource(source string) Limit {
	return Limit{Key: "reset/" + hash(network(source)), Free: 30, First: time.Minute, Most: time.Hour}
}

// limitInvitations bounds what a stolen session of an administrator can do to
// strangers. It counts in eight parts, by address, so that people who are
// invited at the same time do not wait for each other.
func limitInvitations(by OrganizationID, e Email) Limit {
	sum := sha256.Sum256([]byte(e))
	return Limit{Key: fmt.Sprintf("invite/%s/%d", by, sum[0]%8), Free: 100, First: time.Minute, Most: 12 * time.Hour}
}

// limitOrganizationMail is of the mails that an administrator asks for again.
func limitOrganizationMail(org OrganizationID) Limit {
	return Limit{Key: "mail-by/" + string(org), Free: 200, First: 10 * time.Second, Most: time.Hour}
}

// limitExports is of whole lists that leave an organization.
func limitExports(org OrganizationID) Limit {
	return Limit{Key: "export/" + string(org), Free: 20, First: time.Minute, Most: time.Hour}
}

// limitUnknown is of look-ups, by an organization's administrators, of others
// that do not use the portal.
func limitUnknown(by OrganizationID) Limit {
	return Limit{Key: "unknown/" + string(by), Free: 20, First: time.Minute, Most: 12 * time.Hour}
}

// limitPartnerSearches are of searches for people of other organizations by
// their address: a day's of one user, and of all users of an organization.
func limitPartnerSearches(by PersonID, in OrganizationID) []Limit {
	return []Limit{
		{Key: "partner-search-by/" + string(by), Free: 100, Daily: true},
		{Key: "partner-search/" + string(in), Free: 300, Daily: true},
	}
}

// limitTakenNationalIDs is of users that were to be given the national id of another one.
func limitTakenNationalIDs(in OrganizationID) Limit {
	return Limit{Key: "national-id-taken/" + string(in), Free: 20, First: time.Minute, Most: 12 * time.Hour}
}

// limitReveals are of national ids that are seen whole: a day's by one user, and
// by all users of an organization.
func limitReveals(by PersonID, in OrganizationID) []Limit {
	return []Limit{
		{Key: "national-id-seen-by/" + string(by), Free: 50, Daily: true},
		{Key: "national-id-seen/" + string(in), Free: 200, Daily: true},
	}
}

// limitNationalIDSearches are of searches by a national id, as limitReveals.
func limitNationalIDSearches(by PersonID, in OrganizationID) []Limit {
	return []Limit{
		{Key: "national-id-searched-by/" + string(by), Free: 100, Daily: true},
		{Key: "national-id-searched/" + string(in), Free: 300, Daily: true},
	}
}

// limitLookUps is of companies that an organization's people look up.
func limitLookUps(by OrganizationID) Limit {
	return Limit{Key: "look-up/" + string(by), Free: 200, Daily: true}
}

// limitNewCompanies is of companies that an organization's people bring into the system.
func limitNewCompanies(by OrganizationID) Limit {
	return Limit{Key: "new-company/" + string(by), Free: 100, Daily: true}
}

// keys of the limits, to be read.
func keys(limits ...Limit) (keys []string) {
	for _, l := range limits {
		keys = append(keys, l.Key)
	}
	return keys
}

// until is when the stored attempts stop to matter. It lies behind the longest
// wait, or waiting that long would be enough to begin anew.
func (l Limit) until(a *Attempts) time.Time {
	if l.Daily {
		return a.LastAt.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	return a.LastAt.Add(2 * l.Most)
}

// wait is how long the next attempt has to wait.
func (l Limit) wait(a *Attempts, now time.Time) time.Duration {
	if a == nil || a.Count < l.Free || !now.Before(l.until(a)) {
		return 0
	}
	if l.Daily {
		return l.until(a).Sub(now)
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
		if counted := c.counted(l); counted != nil {
			counted.Count++
			continue
		}
		c.Put(l.next(s.Attempts[l.Key], c.At))
	}
	return nil
}

// counted is what the change writes of a limit already: a transaction writes
// nothing twice.
func (c *Change) counted(l Limit) *Attempts {
	for _, w := range c.Writes {
		if a, ok := w.Entity.(*Attempts); ok && a.Key == l.Key {
			return a
		}
	}
	return nil
}

func throttled(wait time.Duration) *Error {
	e := *ErrThrottled
	e.RetryAfter = max(time.Second, (wait + time.Second - 1).Truncate(time.Second))
	return &e
}

// takeAttempts counts an attempt at an account in a transaction of its own,
// before it is made, and returns what else it was asked to read. Parallel
// attempts run into each other's versions; who keeps losing is throttled too.
//
// A source that the account has been used from before is held to its own
// counter only: strangers who guess elsewhere do not shut the owner out. What
// comes from a source is looked at here, and counted only when it fails, so
// that a whole company can sign in at once from behind one address.
func takeAttempts(ctx context.Context, store Store, c *Change, want Want, e Email, source string) (*Scene, error) {
	mine, account, origin := limitAccountAndSource(e, source), limitAccount(e), limitSource(source)
	want.Attempts = []string{mine.Key, account.Key, origin.Key}
	for try := range 8 {
		scene, err := store.Load(ctx, want)
		if err != nil {
			return nil, err
		}
		if wait := origin.wait(scene.Attempts[origin.Key], c.At); wait > 0 {
			return nil, throttled(wait)
		}
		limits := []Limit{mine}
		if a := scene.Attempts[mine.Key]; a == nil || !a.Known {
			limits = append(limits, account)
		}
		take := c.apart()
		if err := take.count(scene, limits...); err != nil {
			return nil, err
		}
		err = store.Commit(ctx, take)
		if errors.Is(err, ErrContended) {
			pause(ctx, try)
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

// blame counts a failure for the source that it came from.
func blame(ctx context.Context, store Store, c *Change, taken *Scene, source string) error {
	l := limitSource(source)
	return c.settle(ctx, store, taken, []string{l.Key}, func(apart *Change, s *Scene) {
		apart.Put(l.next(s.Attempts[l.Key], c.At))
	})
}

// miss counts a look-up that has found nothing, in a transaction of its own, and
// only then is what the caller is told: parallel ones cannot slip through.
func (c *Change) miss(ctx context.Context, store Store, s *Scene, l Limit, told error) error {
	if err := c.tally(ctx, store, s, nil, l); err != nil {
		return err
	}
	return told
}

// tally counts an attempt of each limit in a transaction of its own, with what
// the audit tells of it: it counts whatever becomes of the request.
func (c *Change) tally(ctx context.Context, store Store, s *Scene, record func(apart *Change), limits ...Limit) error {
	for try := range 8 {
		apart := c.apart()
		if err := apart.count(s, limits...); err != nil {
			return err
		}
		if record != nil {
			record(apart)
		}
		err := store.Commit(ctx, apart)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrContended) {
			return err
		}
		pause(ctx, try)
		if s, err = store.Load(ctx, Want{Attempts: keys(limits...)}); err != nil {
			return err
		}
	}
	return throttled(time.Second)
}

// forgive clears what was counted, once the person has shown that it was them,
// and remembers where from. It is apart from what they do then, which is not
// to fail because somebody else is guessing at the same moment.
func forgive(ctx context.Context, store Store, c *Change, taken *Scene, e Email, source string) error {
	mine, account := limitAccountAndSource(e, source), limitAccount(e)
	return c.settle(ctx, store, taken, []string{mine.Key, account.Key}, func(apart *Change, s *Scene) {
		known := &Attempts{Key: mine.Key, LastAt: c.At, Known: true}
		if a := s.Attempts[mine.Key]; a != nil {
			known.Version = a.Version
		}
		apart.Put(known)
		if a := s.Attempts[account.Key]; a != nil {
			apart.Remove(a)
		}
	})
}

// settle writes counters in a transaction of its own. Others may be at them too:
// who loses every try leaves them as they are, which does little harm.
func (c *Change) settle(ctx context.Context, store Store, s *Scene, keys []string, write func(apart *Change, s *Scene)) error {
	for try := range 4 {
		apart := c.apart()
		write(apart, s)
		err := store.Commit(ctx, apart)
		if !errors.Is(err, ErrContended) {
			return err
		}
		pause(ctx, try)
		if s, err = store.Load(ctx, Want{Attempts: keys}); err != nil {
			return err
		}
	}
	return nil
}

// apart is an empty change of the same actor, for what is committed before.
func (c *Change) apart() *Change {
	return &Change{Actor: c.Actor, At: c.At, RequestID: c.RequestID}
}

// pause waits a little before the next try, longer each time and never alike.
func pause(ctx context.Context, try int) {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(time.Duration(try+1) * 10 * time.Millisecond)): //nolint:gosec // G404: it spreads waits, and need not be secret
	}
}

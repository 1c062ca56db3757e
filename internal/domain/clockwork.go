package domain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// AgendaShards are the parts that the memberships waiting for the clock are kept
// in, so that no part has to take all writes.
const AgendaShards = 8

// How a run holds its lease. A run that has not been heard of for that long is
// taken to be over, and whatever it still tries to write fails.
const (
	runLease  = 2 * time.Minute
	runBatch  = 100              // memberships read at once
	runMargin = 15 * time.Second // that a batch may need: with less left none is begun
)

// JobRun is the lease of a job of which there is one at a time, with what its
// last run came to. Its version is the fence: every transaction of a run holds it.
type JobRun struct {
	Version   int64
	Job       string
	Until     time.Time // it is held up to then; zero: it is free
	StartedAt time.Time
	EndedAt   time.Time // zero: the last run has not ended, or broke off
	Tally
}

// Tally is what a run came to.
type Tally struct {
	Due         int       // memberships that the clock had come to
	Done        int       // of those, seen to
	Failed      int       // of those, put aside
	OldestDueAt time.Time // of the longest overdue; zero: none was due
}

// DueMembership names one that the clock has come to.
type DueMembership struct {
	Organization OrganizationID
	Person       PersonID
	At           time.Time
}

// Clockwork does what the clock brings to memberships: it ends what is over, and
// tells people in time. What counts is decided by the clock alone, with or
// without it.
type Clockwork struct {
	Store   Store
	Profile *Profile
	Begin   func() *Change // a change of this moment, by the job
	// Failed is told of a membership that was put aside.
	Failed func(DueMembership, error)
}

// ErrRunning: another run is under way.
var ErrRunning = errors.New("another run is under way")

// Run sees to all memberships that are due, each in a transaction of its own. It
// stops before the context's deadline, and the next run goes on. ErrRunning;
// ErrUnavailable.
func (k Clockwork) Run(ctx context.Context) (tally Tally, err error) {
	r := &run{Clockwork: k}
	if err := r.take(ctx); err != nil {
		return tally, err
	}
	err = r.shards(ctx)
	return r.lease.Tally, errors.Join(err, r.release(context.WithoutCancel(ctx)))
}

// run is one run of the clockwork.
type run struct {
	Clockwork
	lease JobRun
}

// take takes the lease.
func (r *run) take(ctx context.Context) error {
	c := r.Begin()
	s, err := r.Store.Load(ctx, Want{Run: c.Actor.ID})
	if err != nil {
		return err
	}
	if s.Run != nil {
		r.lease = *s.Run
	}
	if c.At.Before(r.lease.Until) {
		return ErrRunning
	}
	r.lease.Job, r.lease.StartedAt, r.lease.EndedAt, r.lease.Tally = c.Actor.ID, c.At, time.Time{}, Tally{}
	return r.renew(ctx, c, c.At.Add(runLease))
}

// renew writes the lease. Who has lost it has lost the run.
func (r *run) renew(ctx context.Context, c *Change, until time.Time) error {
	next := r.lease
	next.Until = until
	c.Put(&next)
	err := r.Store.Commit(ctx, c)
	if errors.Is(err, ErrContended) {
		return ErrRunning
	}
	if err != nil {
		return err
	}
	r.lease = next
	r.lease.Version++
	return nil
}

// release gives the lease back. That somebody else has it by now is no error.
func (r *run) release(ctx context.Context) error {
	c := r.Begin()
	r.lease.EndedAt = c.At
	if err := r.renew(ctx, c, time.Time{}); !errors.Is(err, ErrRunning) {
		return err
	}
	return nil
}

func (r *run) shards(ctx context.Context) error {
	for shard := range AgendaShards {
		for after := ""; ; {
			if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < runMargin {
				return nil
			}
			page, err := r.Store.DueMemberships(ctx, shard, r.Begin().At, PageRequest{Limit: runBatch, After: after})
			if err != nil {
				return err
			}
			if err := r.page(ctx, page.Items); err != nil {
				return err
			}
			if after = page.Next; after == "" {
				break
			}
		}
	}
	return nil
}

// page sees to some memberships, whose organizations are read once: the days of
// their digests hang on their zones.
func (r *run) page(ctx context.Context, due []DueMembership) error {
	if len(due) == 0 {
		return nil
	}
	c := r.Begin()
	if err := r.renew(ctx, c, c.At.Add(runLease)); err != nil {
		return err
	}
	orgs := map[OrganizationID]bool{OperatorID: true}
	for _, d := range due {
		orgs[d.Organization] = true
	}
	s, err := r.Store.Load(ctx, Want{Organizations: slices.Collect(maps.Keys(orgs))})
	if err != nil {
		return err
	}
	for _, d := range due {
		r.lease.Due++
		if r.lease.OldestDueAt.IsZero() || d.At.Before(r.lease.OldestDueAt) {
			r.lease.OldestDueAt = d.At
		}
		switch err := r.one(ctx, d, s.Organizations); {
		case err == nil:
			r.lease.Done++
		case errors.Is(err, ErrRunning), KindOf(err) == Unavailable:
			return err
		case errors.Is(err, ErrContended):
			// Somebody changes it right now. It is due still, at the next run.
		default:
			r.lease.Failed++
			if r.Failed != nil {
				r.Failed(d, err)
			}
			if err := r.Store.PutAside(ctx, d.Organization, d.Person); err != nil {
				return err
			}
		}
	}
	return nil
}

// one sees to a membership. It is tried again when somebody has just changed it.
func (r *run) one(ctx context.Context, d DueMembership, orgs map[OrganizationID]*Organization) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	want := Want{Organization: d.Organization, User: d.Person, Administrators: true, Run: r.lease.Job}
	now := r.Begin().At
	for _, id := range []OrganizationID{d.Organization, OperatorID} {
		if org := orgs[id]; org != nil {
			day, _ := digestDay(now, org.Zone())
			want.Digests = append(want.Digests, DigestRef{Organization: id, Day: day})
		}
	}
	for try := range 3 {
		s, err := r.Store.Load(ctx, want)
		if err != nil {
			return err
		}
		if s.Run == nil || s.Run.Version != r.lease.Version {
			return ErrRunning
		}
		c := r.Begin()
		c.At = now // the digests that were read are of this moment
		if err := attend(ctx, r.Store, c, s, r.Profile, orgs[OperatorID]); err != nil {
			return err
		}
		if c.Empty() {
			return nil
		}
		c.Hold(s.Run)
		if err = r.Store.Commit(ctx, c); !errors.Is(err, ErrContended) {
			return err
		}
		pause(ctx, try)
	}
	return ErrContended
}

// attend does what the clock has brought to a membership by the change's moment.
func attend(ctx context.Context, store Store, c *Change, s *Scene, p *Profile, operator *Organization) error {
	m, org, person := s.Membership, s.Organization, s.User
	if m == nil || org == nil || person == nil || m.Agenda.Next.IsZero() || m.Agenda.Next.After(c.At) {
		return nil // seen to, or gone: the index lags behind
	}
	next := *m
	zone := org.Zone()
	due := m.due(p, zone, c.At)
	for _, o := range due {
		switch o.Kind {
		case Ends:
			if err := c.ends(ctx, store, s, p, &next, operator); err != nil {
				return err
			}
		case Ending:
			c.reminds(s, &next, o.Days, operator)
		case Begins, Unanswered:
			if err := c.welcomes(ctx, store, s, p, &next, o.Kind); err != nil {
				return err
			}
		case Unclaimed:
			day := Today(m.Agenda.InvitedAt, zone)
			c.tell(s, org, DigestItem{Kind: DigestUnclaimed, Organization: org.ID, Person: m.Person, Day: day})
		}
	}
	// Up to the last of them, and no further: in another zone, which the organization
	// may get or have got, others come sooner or later.
	if n := len(due); n > 0 && due[n-1].At.After(next.Agenda.Since) {
		next.Agenda.Since = due[n-1].At
	}
	next.Plan(p, zone)
	c.Put(Planned{&next})
	return nil
}

// Planned is a membership of which nothing changes but its agenda.
type Planned struct{ *Membership }

// ends sees to a membership that is over: the sessions of somebody who is let in
// nowhere else end, and they and the administrators are told.
func (c *Change) ends(ctx context.Context, store Store, s *Scene, p *Profile, next *Membership, operator *Organization) error {
	org, last := s.Organization, next.Validity.To
	next.Agenda.Ended = last
	c.Record(org.ID, UserExpired, aboutUser(next.Person), FieldChange{Field: "validity", Before: next.Validity.text()})
	c.tell(s, org, DigestItem{Kind: DigestEnded, Organization: org.ID, Person: next.Person, Day: last})
	if !next.ActivatedAt.IsZero() || !next.SignsIn(p) { // else nothing of theirs ends
		c.Send(&Mail{Kind: MailEnded, Person: next.Person, Organization: org.ID, Day: last})
	}
	if s.unled(c.At, next.Person) {
		c.tell(s, operator, DigestItem{Kind: DigestLastAdministrator, Organization: org.ID, Person: next.Person, Day: last})
	}
	if len(s.User.Organizations) > 1 {
		places, err := store.Places(ctx, s.User)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(places, func(at Place) bool { return at.Lets(p, c.At) }) {
			return nil
		}
	}
	person := *s.User
	person.Security++
	person.UpdatedAt = c.At
	c.Put(&person)
	return nil
}

// unled tells whether, with somebody's seat, the organization loses at this
// moment the last who administers it.
func (s *Scene) unled(at time.Time, person PersonID) bool {
	n, _ := effective(s.Administrators.Seats, at, s.Organization.Zone())
	return n == 0 && seatOf(s.Administrators.Seats, person).Person != ""
}

// reminds tells somebody, and the administrators, of a last day.
func (c *Change) reminds(s *Scene, next *Membership, days int, operator *Organization) {
	org, last, zone := s.Organization, next.Validity.To, s.Organization.Zone()
	next.Agenda.Reminded = Reminder{To: last, Days: days}
	item := DigestItem{Kind: DigestEnding, Organization: org.ID, Person: next.Person, Day: last}
	c.tell(s, org, item)
	m := &Mail{Kind: MailEnding, Person: next.Person, Organization: org.ID, Day: last}
	if s.unled(last.days(1).Start(zone), next.Person) {
		m.Kind, item.Kind = MailLastAdministrator, DigestLastAdministrator
		c.tell(s, operator, item)
	}
	c.Send(m)
	if _, leaves := digestDay(c.At, zone); Today(leaves, zone) == Today(c.At, zone) {
		m.NotBefore = leaves // nobody is woken by it
	}
}

// welcomes tells somebody that they can sign in now, or asks them once more.
func (c *Change) welcomes(ctx context.Context, store Store, s *Scene, p *Profile, next *Membership, why OccasionKind) error {
	if !next.SignsIn(p) {
		return nil
	}
	if !next.ActivatedAt.IsZero() {
		c.Send(&Mail{Kind: MailBegun, Person: next.Person, Organization: next.Organization, Day: next.Validity.From})
		return nil
	}
	if next.Agenda.InvitedAt.IsZero() {
		return nil // nobody is let in by losing a role without sign-in
	}
	kind := MailActivation
	if why == Unanswered {
		kind = MailActivationReminder
	}
	ref := LinkRef{Person: next.Person, Purpose: ForActivation, Organization: next.Organization}
	scene, err := store.Load(ctx, Want{Link: ref})
	if err != nil {
		return err
	}
	c.issue(scene.Link, ref, s.User, kind, ActivationLife)
	c.Record(next.Organization, ActivationSent, aboutUser(next.Person))
	return nil
}

package maildispatch

import (
	"context"
	"time"
)

// pace keeps the mails of one run apart, so that no second has more of them than
// the sender takes. Runs at the same time know nothing of each other: each gets
// its part of the rate, and their number is bounded where they are deployed.
type pace struct {
	every time.Duration // zero: there is no hurry to hold back
	next  time.Time
}

// paceOf is so many mails a second; 0: as many as there are.
func paceOf(rate int) pace {
	if rate <= 0 {
		return pace{}
	}
	return pace{every: time.Second / time.Duration(rate)}
}

// wait waits for the next mail's turn.
func (p *pace) wait(ctx context.Context) error {
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	turn := p.next.Sub(now)
	p.next = p.next.Add(p.every)
	if turn == 0 {
		return nil
	}
	timer := time.NewTimer(turn)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

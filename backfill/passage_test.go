package backfill

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestPassage: a hold lets nobody in and waits for those inside; whoever waits goes in, or is told, when it ends.
func TestPassage(t *testing.T) {
	for _, switched := range []bool{true, false} {
		p := newPassage()
		must(t, p.enter(t.Context()))
		held, waited := make(chan error, 1), make(chan error, 1)
		var release func()
		go func() {
			var err error
			release, err = p.hold(t.Context())
			held <- err
		}()
		for begun := false; !begun; {
			p.mu.Lock()
			begun = p.held != nil
			p.mu.Unlock()
		}
		if _, err := p.hold(t.Context()); !errors.Is(err, errHeld) {
			t.Errorf("a second hold: %v", err)
		}
		go func() { waited <- p.enter(t.Context()) }()
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := p.enter(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("let in during a hold: %v", err)
		}
		cancel()
		select {
		case <-held:
			t.Error("held while somebody was inside")
		default:
		}
		p.leave()
		must(t, <-held)
		if switched {
			p.end()
		}
		release()
		if err := <-waited; switched != errors.Is(err, ErrSwitched) {
			t.Errorf("switched %v: %v", switched, err)
		}
		if err := p.enter(t.Context()); switched != errors.Is(err, ErrSwitched) {
			t.Errorf("afterwards, switched %v: %v", switched, err)
		}
	}
}

// TestHoldTimesOut: somebody who stays inside ends the hold, and nothing is different then.
func TestHoldTimesOut(t *testing.T) {
	p := newPassage()
	must(t, p.enter(t.Context()))
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.hold(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("held: %v", err)
	}
	must(t, p.enter(t.Context()))
	p.leave()
	p.leave()
	release, err := p.hold(t.Context())
	must(t, err)
	release()
}

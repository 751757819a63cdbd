package backfill

import (
	"context"
	"errors"
	"sync"
)

// ErrSwitched: the folder has gone over to the destination's numbers since it was opened. What was known of it by number
// means nothing any more: the client has to open it again.
var ErrSwitched = errors.New("the folder was renewed; it has to be opened again")

// passage is the way into a folder for clients' operations. It can be held: then nobody is let in, and it is waited for
// those inside. It is no lock: who is inside may talk to a server, and who holds it has a time limit.
type passage struct {
	mu     sync.Mutex
	inside int
	held   chan struct{} // closed when the hold ends; nil if there is none
	empty  chan struct{} // closed when the last one has left during a hold

	life   context.Context // ends when the folder has switched
	closed context.CancelFunc
}

func newPassage() *passage {
	p := &passage{}
	p.life, p.closed = context.WithCancel(context.Background())
	return p
}

// enter waits out a hold. Whoever was let in leaves.
func (p *passage) enter(ctx context.Context) error {
	for {
		p.mu.Lock()
		held := p.held
		if p.life.Err() != nil {
			p.mu.Unlock()
			return ErrSwitched
		}
		if held == nil {
			p.inside++
			p.mu.Unlock()
			return nil
		}
		p.mu.Unlock()
		select {
		case <-held:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *passage) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inside--; p.inside == 0 && p.empty != nil {
		close(p.empty)
		p.empty = nil
	}
}

// errHeld: somebody else holds the folder.
var errHeld = errors.New("the folder is held already")

// hold lets nobody in and waits for those inside, until ctx ends. release ends the hold.
func (p *passage) hold(ctx context.Context) (release func(), err error) {
	p.mu.Lock()
	if p.held != nil {
		p.mu.Unlock()
		return nil, errHeld
	}
	held, empty := make(chan struct{}), make(chan struct{})
	p.held = held
	if p.inside > 0 {
		p.empty = empty
	} else {
		close(empty)
	}
	p.mu.Unlock()
	release = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.held, p.empty = nil, nil
		close(held)
	}
	select {
	case <-empty:
		return release, nil
	case <-ctx.Done():
		release()
		return nil, ctx.Err()
	}
}

// end is told when the folder has switched: nobody is let in any more, and those who wait are told. The hold stays the
// holder's to release.
func (p *passage) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed()
}

// over tells whether the folder has switched.
func (p *passage) over() bool { return p.life.Err() != nil }

// pass lets a client's operation into the folder; done ends it.
func (m *Mailbox) pass(ctx context.Context) (done func(), err error) {
	if err := m.f.passage.enter(ctx); err != nil {
		return nil, err
	}
	return m.f.passage.leave, nil
}

// Life ends when the folder has switched to other numbers: then every command fails with ErrSwitched, and the client
// has to be told.
func (m *Mailbox) Life() context.Context { return m.f.passage.life }
